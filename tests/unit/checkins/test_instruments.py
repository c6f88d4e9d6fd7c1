"""Each instrument is whole, and scores what its publication says at every edge (docs/instruments.md)."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.checkins.instruments import Instrument, instrument, names

ALL = [instrument(name) for name in names()]
DAYS = ("2", "3", "4", "5", "6", "7a", "7b", "7c", "7d", "7e", "7f", "7g", "10", "11", "13", "16")
USE, RISK, PROTECTIVE = ("4", "5", "6"), ("1", "2", "3", "8", "11", "15"), ("9", "10", "12", "13", "14", "16")


def named(one: Instrument) -> str:
    return one.id


def summing_to(one: Instrument, items: tuple[str, ...], total: int) -> dict[str, int]:
    """Return answers to these items that add up to a total."""
    answers = {}
    for item_id in items:
        answers[item_id] = max(value for value in one.item(item_id).values if value <= total)
        total -= answers[item_id]
    assert total == 0
    return answers


@pytest.mark.parametrize(
    ("name", "items", "languages"),
    [
        ("bam7", 23, {"en"}),
        ("bam30", 23, {"en"}),
        ("phq9", 9, {"en", "es"}),
        ("phq8", 8, {"en", "es"}),
        ("gad7", 7, {"en", "es"}),
    ],
)
def test_an_instrument_has_all_of_its_items_with_their_source_and_licence(
    name: str, items: int, languages: set[str]
) -> None:
    one = instrument(name)

    assert len({item.id for item in one.items}) == items
    assert one.languages == languages
    assert one.licence
    assert one.source


def test_nothing_is_shipped_that_these_tests_dont_know() -> None:
    assert names() == ["bam30", "bam7", "gad7", "phq8", "phq9"]


@pytest.mark.parametrize("name", ["bam7", "bam30"])
def test_the_bam_has_three_subscales_of_these_items_and_ranges_and_no_total(name: str) -> None:
    one = instrument(name)
    ranges = {
        score.id: (
            score.items,
            sum(min(one.item(item_id).values) for item_id in score.items),
            sum(max(one.item(item_id).values) for item_id in score.items),
        )
        for score in one.scores
    }

    assert ranges == {"use": (USE, 0, 12), "risk": (RISK, 0, 24), "protective": (PROTECTIVE, 0, 24)}
    assert not [score for score in one.scores if score.bands]


@pytest.mark.parametrize(
    ("name", "days"), [("bam30", ["0", "1-3", "4-8", "9-15", "16-30"]), ("bam7", ["0", "1", "2-3", "4-5", "6-7"])]
)
def test_the_two_bams_ask_about_their_own_period(name: str, days: list[str]) -> None:
    one = instrument(name)

    for item_id in DAYS:
        assert [option.words["en"].replace("\N{EN DASH}", "-") for option in one.item(item_id).options] == days
        assert f"past {name.removeprefix('bam')} days" in one.item(item_id).words["en"]
    assert [option.value for option in one.item("14").options] == [0, 4]


@pytest.mark.parametrize(
    ("name", "score", "total", "band"),
    [
        *(("phq9", "total", total, band) for total, band in [(0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild")]),
        *(("phq9", "total", total, "moderate") for total in (10, 14)),
        *(("phq9", "total", total, "moderately_severe") for total in (15, 19)),
        *(("phq9", "total", total, "severe") for total in (20, 27)),
        *(("phq8", "total", total, band) for total, band in [(0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild")]),
        *(("phq8", "total", total, "moderate") for total in (10, 14)),
        *(("phq8", "total", total, "moderately_severe") for total in (15, 19)),
        *(("phq8", "total", total, "severe") for total in (20, 24)),
        *(("gad7", "total", total, band) for total, band in [(0, "minimal"), (4, "minimal"), (5, "mild"), (9, "mild")]),
        *(("gad7", "total", total, "moderate") for total in (10, 14)),
        *(("gad7", "total", total, "severe") for total in (15, 21)),
        *(
            (name, score, total, "positive" if total >= 3 else "negative")
            for name, score in [("phq9", "phq2"), ("phq8", "phq2"), ("gad7", "gad2")]
            for total in range(7)
        ),
    ],
)
def test_a_total_lies_in_its_published_band(name: str, score: str, total: int, band: str) -> None:
    one = instrument(name)
    items = next(each.items for each in one.scores if each.id == score)

    scored = one.scored(summing_to(one, items, total))[score]

    assert (scored.value, scored.band, scored.missing) == (total, band, ())


def test_the_worked_example_of_the_bam_comes_out() -> None:
    """docs/instruments.md works it by hand."""
    answers = {"1": 2, "2": 2, "3": 3, "4": 1, "5": 0, "6": 0, "8": 3, "9": 2, "10": 1}
    answers |= {"11": 1, "12": 0, "13": 2, "14": 4, "15": 2, "16": 3, "17": 2}

    scored = instrument("bam7").scored(answers)

    assert {score: found.value for score, found in scored.items()} == {"use": 1, "risk": 13, "protective": 12}


def test_no_alcohol_means_no_heavy_day_and_no_drugs_means_none_of_them() -> None:
    """The instrument skips items 5 and 7 then: they are answered, not missing."""
    one = instrument("bam7")

    assert one.scored({"4": 0, "6": 0})["use"].value == 0
    assert one.completed({"6": 0})["7e"] == 0
    assert one.scored({"4": 1, "6": 0})["use"].value is None


def test_what_is_missing_is_no_zero() -> None:
    one = instrument("phq9")

    scored = one.scored({str(item): 2 for item in range(1, 9)})

    assert (scored["total"].value, scored["total"].missing) == (None, ("9",))
    assert (scored["total"].lowest, scored["total"].highest, scored["total"].band) == (16, 19, "moderately_severe")
    assert scored["phq2"].value == 4
    assert one.scored({}) == {}


@pytest.mark.parametrize(
    ("name", "answers", "field"),
    [
        ("phq9", {"9": 4}, "9"),
        ("phq9", {"9": -1}, "9"),
        ("phq9", {"10": 0}, "10"),
        ("phq8", {"9": 1}, "9"),
        ("bam7", {"14": 1}, "14"),
        ("bam7", {"4": 1, "5": 2}, "5"),
        ("bam7", {"4": 0, "5": 1}, "5"),
        ("bam7", {"6": 0, "7e": 1}, "7e"),
        ("bam7", {"6": 2, "7a": 3}, "7a"),
    ],
)
def test_what_can_not_be_is_refused_with_its_question(name: str, answers: dict[str, int], field: str) -> None:
    assert [fault.field for fault in instrument(name).faults(answers)] == [field]


@st.composite
def answered(draw: st.DrawFn) -> tuple[Instrument, dict[str, int]]:
    one = draw(st.sampled_from(ALL))
    items = draw(st.sets(st.sampled_from([item.id for item in one.items])))
    return one, {item_id: draw(st.sampled_from(one.item(item_id).values)) for item_id in sorted(items)}


@given(answered())
def test_a_score_is_what_adding_up_by_hand_gives(case: tuple[Instrument, dict[str, int]]) -> None:
    one, answers = case
    told = dict(answers)
    if one.id.startswith("bam"):
        if answers.get("4") == 0:
            told.setdefault("5", 0)
        if answers.get("6") == 0:
            told = {f"7{letter}": 0 for letter in "abcdefg"} | told

    for score in one.scores:
        scored = one.scored(answers).get(score.id)
        given = [told[item_id] for item_id in score.items if item_id in told]
        if scored is None:
            assert given == []
            continue
        assert scored.lowest == sum(given)
        assert scored.value == (sum(given) if len(given) == len(score.items) else None)
        assert scored.lowest <= scored.highest


@given(answered(), st.data())
def test_answers_that_come_later_keep_a_score_within_its_bounds(
    case: tuple[Instrument, dict[str, int]], data: st.DataObject
) -> None:
    one, answers = case
    more = dict(answers)
    for item in one.items:
        if item.id not in one.completed(answers):
            more[item.id] = data.draw(st.sampled_from(item.values))

    for score, before in one.scored(answers).items():
        after = one.scored(more)[score].value
        assert after is not None
        assert before.lowest <= after <= before.highest
