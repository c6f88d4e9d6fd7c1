"""When a rule holds: figures at its edges, what is missing, and what was never a person's silence."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.flags.rules import (
    Answered,
    History,
    Missed,
    Number,
    Ran,
    Rose,
    Rule,
    Told,
    Within,
    defaults,
    raised,
    rule_of,
    written,
)
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Severity
from tests.build import utc

TODAY = date(2026, 11, 25)
NOON = utc("2026-11-25T17:00")


def told(days: int = 0, **values: int | Number | str) -> Told:
    """Return what was said so many days ago; a name of a score has ``__`` for its dot."""
    names = {name.replace("__", "."): value for name, value in values.items()}
    return Told(
        on=TODAY - timedelta(days=days),
        form="daily",
        at=NOON - timedelta(days=days),
        numbers={
            name: value if isinstance(value, tuple) else (value, value)
            for name, value in names.items()
            if not isinstance(value, str)
        },
        choices={name: value for name, value in names.items() if isinstance(value, str)},
    )


def held(*said: Told, missed: int = 0) -> list[str]:
    """Return the names of the default rules that hold."""
    return [one.rule.id for one in raised(defaults(), History(told=said, missed=missed))]


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        (told(craving=8), []),
        (told(craving=9), ["craving_severe"]),
        (told(plan="talk"), ["wants_to_talk"]),
        (told(plan="not_fully"), []),
        (told(phq9__9=0), []),
        (told(phq9__9=1), ["self_harm_thoughts_some"]),
        (told(phq9__9=2), ["self_harm_thoughts"]),
        (told(phq9__9=3), ["self_harm_thoughts"]),
        (told(bam7__use=0), []),
        (told(bam7__use=1), ["use_reported"]),
        (told(bam7__7e=0), []),
        (told(bam7__7e=1), ["opioid_use_reported"]),
        (told(bam7__risk=11), []),
        (told(bam7__risk=12), ["risk_high"]),
        (told(bam7__protective=13), []),
        (told(bam7__protective=12), ["protection_low"]),
        (told(phq9__total=14), []),
        (told(phq9__total=15), ["low_mood_phq9"]),
        (told(phq8__total=15), ["low_mood_phq8"]),
        (told(gad7__total=14), []),
        (told(gad7__total=15), ["worry_high"]),
    ],
)
def test_each_threshold_holds_from_its_edge_on(said: Told, rules: list[str]) -> None:
    assert held(said) == rules


@pytest.mark.parametrize(
    ("said", "rules"),
    [
        # A use that was reported is one, whatever else was left out.
        (told(bam7__use=(1, 9)), ["use_reported"]),
        (told(bam7__use=(0, 8)), []),
        (told(bam7__risk=(12, 24)), ["risk_high"]),
        (told(bam7__risk=(11, 23)), []),
        # Little that helps is only known where the rest couldn't make it more.
        (told(bam7__protective=(4, 12)), ["protection_low"]),
        (told(bam7__protective=(0, 24)), []),
    ],
)
def test_what_is_missing_raises_nothing_by_itself(said: Told, rules: list[str]) -> None:
    assert held(said) == rules


def test_nothing_said_raises_nothing() -> None:
    assert held() == []


def test_an_older_answer_raises_nothing_again() -> None:
    assert held(told(1, craving=10, plan="talk"), told(mood=5)) == []


@pytest.mark.parametrize(
    ("before", "holds"),
    [
        ([told(1, craving=7)], True),
        ([told(1, craving=6)], False),
        ([told(2, craving=7)], False),
        ([told(2, craving=9), told(1, mood=3)], False),
        ([], False),
    ],
)
def test_high_two_days_running_means_two_dates_in_a_row(before: list[Told], *, holds: bool) -> None:
    assert ("craving_high_twice" in held(*before, told(craving=7))) is holds


@pytest.mark.parametrize(
    ("before", "holds"),
    [
        ([told(2, craving=1)], True),
        ([told(2, craving=2)], False),
        ([told(3, craving=0)], False),
        ([told(2, craving=1), told(1, craving=4)], True),
        ([], False),
    ],
)
def test_a_rise_counts_from_the_lowest_within_its_hours(before: list[Told], *, holds: bool) -> None:
    assert ("craving_rose" in held(*before, told(craving=5))) is holds


def test_a_rise_since_the_last_time_leaves_out_what_was_before_that() -> None:
    assert held(told(14, phq9__total=2), told(7, phq9__total=4), told(phq9__total=9)) == ["low_mood_rose_phq9"]
    assert held(told(14, phq9__total=2), told(7, phq9__total=5), told(phq9__total=9)) == []


def test_a_time_when_only_the_first_questions_were_asked_hides_no_rise() -> None:
    partly = told(7, phq9__phq2=2, phq9__total=(2, 23))

    assert held(told(14, phq9__total=5), partly, told(phq9__total=14)) == ["low_mood_rose_phq9"]


def test_three_in_a_row_that_were_not_answered_are_silence() -> None:
    assert held(missed=2) == []
    assert held(missed=3) == ["silent"]


def test_a_flag_says_for_which_figures() -> None:
    history = History(told=[told(1, craving=8), told(craving=9)])

    found = {one.rule.id: one.because for one in raised(defaults(), history)}

    assert found == {
        "craving_severe": "craving=9 (2026-11-25)",
        "craving_high_twice": "craving=8 (2026-11-24), craving=9 (2026-11-25)",
    }


def test_the_default_table_survives_being_written_down() -> None:
    assert [rule_of(written(rule)) for rule in defaults()] == list(defaults())
    assert len({rule.id for rule in defaults()}) == len(defaults())


CONDITIONS = st.one_of(
    st.builds(Answered, of=st.just("craving"), at_least=st.integers(0, 10)),
    st.builds(Answered, of=st.just("plan"), is_=st.sampled_from(["yes", "talk"])),
    st.builds(Ran, of=st.just("craving"), at_least=st.integers(0, 10), days=st.integers(2, 4)),
    st.builds(Rose, of=st.just("craving"), by=st.integers(1, 10), hours=st.none() | st.integers(1, 96)),
    st.builds(Missed, in_a_row=st.integers(1, 5)),
)
CRAVINGS = st.lists(st.none() | st.integers(0, 10), max_size=8)


@given(CONDITIONS, CRAVINGS, st.integers(0, 6))
def test_a_rule_holds_as_a_reader_of_the_diary_would_say(
    condition: Answered | Ran | Rose | Missed, diary: list[int | None], missed: int
) -> None:
    """The diary has a craving for each of the last days, or None where nothing was said; the last is today's."""
    said = [told(len(diary) - 1 - n, craving=value) for n, value in enumerate(diary) if value is not None]
    rule = Rule(id="r", when=condition, severity=Severity.URGENT, owner=Role.CLINICIAN, within=Within(hours=1))
    holds = bool(list(raised([rule], History(told=said, missed=missed))))
    # The newest that was said is "today" for a rule, whenever that was.
    while diary and diary[-1] is None:
        diary.pop()
    match condition:
        case Missed():
            expected = missed >= condition.in_a_row
        case Answered(is_=str()):
            expected = False
        case Answered():
            expected = bool(diary) and diary[-1] is not None and diary[-1] >= (condition.at_least or 0)
        case Ran():
            last = diary[-condition.days :]
            expected = len(last) == condition.days and all(n is not None and n >= condition.at_least for n in last)
        case Rose():
            earlier = [n for n in diary[:-1] if n is not None]
            if condition.hours is not None:
                earlier = (
                    [n for n in diary[:-1][-(condition.hours // 24) :] if n is not None]
                    if condition.hours >= 24
                    else []
                )
            else:
                earlier = earlier[-1:]
            expected = bool(earlier) and diary[-1] is not None and diary[-1] - min(earlier) >= condition.by
    assert holds is expected
