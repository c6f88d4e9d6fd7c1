"""Series hold what was answered and nothing else: gaps stay gaps, and instruments stay apart."""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.checkins.domain import Answer, CheckIn, Revision, Source
from chalicelib.outreach.domain import Entry, Status
from chalicelib.progress.measures import measures
from chalicelib.progress.series import FURTHEST_APART, State, asked, joined, points
from tests.unit.progress.test_trends import CRAVING, TODAY, USE, point

NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)


def check_in(on: date, *answers: Mapping[str, int], form: str = "weekly", disputed: bool = False) -> CheckIn:
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    return CheckIn(
        person_id="p",
        on=on,
        form=form,
        revisions=tuple(
            Revision(answer=Answer(form_version=1, values=values), at=at, source=Source.APP) for values in answers
        ),
        disputed_at=NOW if disputed else None,
    )


def entry(on: date, status: Status, *, kind: str = "check_in", bounced: bool = False) -> Entry:
    at = datetime(on.year, on.month, on.day, 14, tzinfo=UTC)
    return Entry(
        person_id="p",
        kind=kind,
        on=on,
        due_at=at,
        status=status,
        attempt=1,
        claimed_at=at,
        bounced_at=at if bounced else None,
    )


def test_a_score_with_answers_left_out_lies_between_two_numbers() -> None:
    (found,) = points([check_in(TODAY, {"bam7.4": 1, "bam7.5": 0})], USE)

    assert (found.value, found.lowest, found.highest, found.missing) == (None, 1, 5, ("6",))


def test_the_answer_that_counts_is_the_last() -> None:
    use = {"bam7.4": 1, "bam7.5": 0, "bam7.6": 0}

    assert [one.value for one in points([check_in(TODAY, use, use | {"bam7.6": 2})], USE)] == [3]


def test_eight_questions_and_nine_and_seven_days_and_thirty_are_never_one_series() -> None:
    nine = check_in(TODAY, {f"phq9.{item}": 1 for item in range(1, 10)})
    eight = check_in(TODAY - timedelta(days=7), {f"phq8.{item}": 1 for item in range(1, 9)})

    assert [one.value for one in points([nine, eight], measures()["phq9.total"])] == [9]
    assert [one.value for one in points([nine, eight], measures()["phq8.total"])] == [8]
    assert not [name for name in measures() if name.startswith("bam30")], "no form asks about thirty days"


def test_what_was_not_answered_is_no_point() -> None:
    assert points([check_in(TODAY, {"mood": 3}, form="daily")], CRAVING) == []
    assert points([check_in(TODAY, form="daily")], CRAVING) == []


def test_every_measure_that_rules_can_be_about_is_known() -> None:
    from chalicelib.flags.names import NAMES  # noqa: PLC0415 (one name of it, once)

    assert set(measures()) == set(NAMES) - {"plan", "homework", "goal_step"}
    assert all(one.lowest < one.highest for one in measures().values())


def test_each_check_in_is_answered_unanswered_not_sent_or_open() -> None:
    days = [TODAY - timedelta(days=back) for back in range(7)]
    entries = [
        entry(days[0], Status.SENT),
        entry(days[1], Status.SENT),
        entry(days[2], Status.SENT, bounced=True),
        entry(days[3], Status.SKIPPED),
        entry(days[4], Status.FAILED),
        entry(days[5], Status.SENT),
        entry(days[6], Status.SENT, kind="milestone-days"),
    ]
    answered = [
        check_in(days[5], {"mood": 3}, form="daily"),
        check_in(days[1], {"mood": 3}, form="daily", disputed=True),
        check_in(days[6], {"bam7.1": 1}),
    ]

    found = asked(answered, entries, zone="America/New_York", now=NOW)

    assert [(one.on, one.form, one.state) for one in reversed(found)] == [
        (days[0], "daily", State.OPEN),
        (days[1], "daily", State.UNANSWERED),
        (days[2], "daily", State.NOT_SENT),
        (days[3], "daily", State.NOT_SENT),
        (days[4], "daily", State.NOT_SENT),
        (days[5], "daily", State.ANSWERED),
        (days[6], "weekly", State.ANSWERED),
    ]


@given(
    st.dictionaries(st.integers(0, 60), st.sampled_from(["whole", "partial", "disputed"]), max_size=40),
    st.sets(st.integers(0, 60), max_size=20),
)
def test_a_line_joins_neighbours_only_and_jumps_over_nothing(answers: dict[int, str], without: set[int]) -> None:
    made = {"whole": point, "partial": lambda back, low: point(back, low, low + 1), "disputed": point}
    known = sorted(
        (
            made[kind](back, 3) if kind != "disputed" else point(back, 3, disputed=True)
            for back, kind in answers.items()
        ),
        key=lambda one: one.on,
    )
    missing = {TODAY - timedelta(days=back) for back in without - set(answers)}

    runs = list(joined(known, measure=CRAVING, without=missing))

    whole = [one for one in known if one.value is not None and not one.disputed]
    assert [one for run in runs for one in run] == whole, "nothing is lost, added or filled in"
    broken = missing | {one.on for one in known if one not in whole}
    for run in runs:
        for before, after in pairwise(run):
            assert after.on - before.on <= FURTHEST_APART["daily"]
            assert not [on for on in broken if before.on < on < after.on]
    for earlier, later in pairwise(runs):
        gap = later[0].on - earlier[-1].on
        assert gap > FURTHEST_APART["daily"] or [on for on in broken if earlier[-1].on < on < later[0].on]
