"""What one person adds to a report: weeks, stays, silences, milestones and flags, each by its definition."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment.episodes import Episode, State
from chalicelib.errors import Invalid
from chalicelib.milestones.domain import Award
from chalicelib.outreach.domain import Entry, Status
from chalicelib.privacy.domain import Role
from chalicelib.progress.series import Asked
from chalicelib.progress.series import State as Answered
from chalicelib.reports.domain import Period, period_of
from chalicelib.reports.tally import Facts, Tally, is_in_care, is_of, read, silences, tally_of
from chalicelib.tasks.domain import Kind, Task
from tests.build import NEW_YORK

PERIOD = Period(first=date(2026, 9, 1), last=date(2026, 10, 31))
PROGRAMME = "iop-evening"


def noon(on: date) -> datetime:
    return datetime(on.year, on.month, on.day, 17, tzinfo=UTC)


def a_stay(*, admitted: str = "2026-08-01", state: State = State.ACTIVE, changed: str = "2026-08-01") -> Episode:
    return Episode(
        number=1,
        programme_id=PROGRAMME,
        state=state,
        admitted_on=date.fromisoformat(admitted),
        changed_at=noon(date.fromisoformat(changed)),
    )


def facts(
    *,
    states: str = "",
    first: date = date(2026, 9, 7),
    contacts: Sequence[datetime] = (),
    episodes: Sequence[Episode] = (),
    answered: Sequence[date] = (),
    awards: Sequence[Award] = (),
    flags: Sequence[Task] = (),
) -> Facts:
    """Return somebody whose check-ins came out so, a letter a day: a answered, u unanswered, n not sent, o open."""
    by_letter = {"a": Answered.ANSWERED, "u": Answered.UNANSWERED, "n": Answered.NOT_SENT, "o": Answered.OPEN}
    dates = [first + timedelta(days=place) for place in range(len(states))]
    entries = [
        Entry(
            person_id="p",
            kind="check_in",
            on=on,
            due_at=noon(on),
            status=Status.SKIPPED if letter == "n" else Status.SENT,
            attempt=1,
            claimed_at=noon(on),
        )
        for on, letter in zip(dates, states, strict=True)
    ]
    return Facts(
        zone=NEW_YORK,
        episodes=episodes or (a_stay(),),
        asked=[Asked(on=on, form="daily", state=by_letter[letter]) for on, letter in zip(dates, states, strict=True)],
        entries=entries,
        active_on=frozenset(answered),
        contacts=contacts,
        awards=awards,
        flags=flags,
    )


def tally(known: Facts) -> Tally:
    return tally_of(known, PERIOD, programme_id=PROGRAMME)


def test_a_week_counts_what_reached_the_person_and_what_we_failed_to_send_apart() -> None:
    found = tally(facts(states="aaunnao" + "nnnnnnn"))

    counts = {week: tuple(each) for week, each in found.weeks.items()}
    assert counts == {"2026-09-07": (1, 3, 1, 1, 2), "2026-09-14": (0, 0, 0, 1, 7)}


def test_only_weeks_that_lie_within_the_period_as_a_whole_are_counted() -> None:
    found = tally(facts(states="a" * 14, first=date(2026, 8, 31)))

    assert set(found.weeks) == {"2026-09-07"}, "1 September is a Tuesday"


def test_a_silence_begins_when_the_third_in_a_row_is_over_and_ends_with_the_first_contact() -> None:
    known = facts(states="uuuu", contacts=[noon(date(2026, 9, 6)), noon(date(2026, 9, 12))])

    # The time of a check-in is over at the end of its day or the next morning.
    ((since, contact),) = silences(known)

    assert date(2026, 9, 9) <= since.date() <= date(2026, 9, 10)
    assert contact == noon(date(2026, 9, 12))
    (hours,) = tally(known).silences
    assert hours == pytest.approx((contact - since) / timedelta(hours=1))


@pytest.mark.parametrize(
    ("states", "contacts", "number"),
    [
        ("uu", [], 0),
        ("uuu", [], 1),
        ("unuu", [], 1),
        ("nnnn", [], 0),
        ("uuuuuuu", [], 1),
        # Staff reached them on the second day.
        ("uuu", [8], 0),
        ("uuuuu", [8], 1),
        ("uuuauuu", [10], 2),
        ("uuo", [], 0),
    ],
)
def test_a_run_of_three_is_a_silence_and_a_longer_one_is_one(states: str, contacts: list[int], number: int) -> None:
    known = facts(states=states, contacts=[noon(date(2026, 9, day)) + timedelta(hours=2) for day in contacts])

    assert len(silences(known)) == number


def test_who_is_silent_still_has_no_hours_and_counts() -> None:
    assert tally(facts(states="uuu")).silences == (None,)


def test_only_the_first_silence_that_begins_in_the_period_counts() -> None:
    before = facts(states="uuu", first=date(2026, 8, 20))
    twice = facts(states="uuuauuu", contacts=[noon(date(2026, 9, 10))])

    assert tally(before).silences == ()
    assert len(tally(twice).silences) == 1
    assert tally(twice).silences != (None,)


@pytest.mark.parametrize(
    ("state", "changed", "on", "stays"),
    [
        (State.ACTIVE, "2026-08-01", "2026-10-01", True),
        (State.ON_HOLD, "2026-09-15", "2026-10-01", True),
        (State.DISCHARGED_EARLY, "2026-09-15", "2026-09-14", True),
        (State.DISCHARGED_EARLY, "2026-09-15", "2026-09-15", False),
        (State.GRADUATED, "2026-09-15", "2026-10-01", False),
        (State.ALUMNI, "2026-09-15", "2026-09-01", True),
        (State.ACTIVE, "2026-08-01", "2026-07-31", False),
    ],
)
def test_somebody_is_in_care_from_admission_until_the_stay_is_over(
    state: State, changed: str, on: str, *, stays: bool
) -> None:
    assert is_in_care(a_stay(state=state, changed=changed), date.fromisoformat(on), NEW_YORK) is stays


def test_a_cohort_counts_whose_day_has_come_who_is_in_care_and_who_engaged() -> None:
    stay = a_stay(admitted="2026-09-01", state=State.DISCHARGED_EARLY, changed="2026-10-20")
    found = tally(facts(episodes=[stay], answered=[date(2026, 9, 18)]))

    # 30 days: 1 October, 14 days before which is 17 September; 60 days: 31 October, after the discharge.
    assert tuple(found.cohorts["2026-09"]) == (1, 1, 1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0)
    earlier = tally(facts(episodes=[stay], answered=[date(2026, 9, 17)]))
    assert tuple(earlier.cohorts["2026-09"])[:4] == (1, 1, 1, 0)


def test_who_was_admitted_outside_the_period_or_only_referred_is_in_no_cohort() -> None:
    assert tally(facts(episodes=[a_stay(admitted="2026-08-31")])).cohorts == {}
    assert tally(facts(episodes=[a_stay(admitted="2026-09-01", state=State.REFERRED)])).cohorts == {}


def test_who_died_is_in_no_figure_of_a_later_day() -> None:
    stay = a_stay(admitted="2026-09-01", state=State.DECEASED, changed="2026-10-20")

    assert tuple(tally(facts(episodes=[stay])).cohorts["2026-09"]) == (1, 1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0)


def test_milestones_count_people_by_kind_and_only_those_of_the_period() -> None:
    days = [("d30", "2026-09-05"), ("d30", "2026-10-05"), ("d7", "2026-08-31"), ("m6", "2026-10-31")]
    awards = [Award(run=place, name=name, on=date.fromisoformat(on)) for place, (name, on) in enumerate(days)]

    assert tally(facts(awards=awards)).milestones == {"d30": 1, "m6": 1}


def a_flag(about: str, opened: datetime, done: datetime | None = None, programme_id: str = PROGRAMME) -> Task:
    return Task(
        programme_id=programme_id,
        person_id="p",
        kind=Kind.FLAG,
        about=about,
        owner=Role.CLINICIAN,
        opened_at=opened,
        due_at=opened,
        done_at=done,
    )


def test_flags_count_by_the_rule_with_the_time_to_their_review() -> None:
    at = noon(date(2026, 9, 10))
    flags = [
        a_flag("craving_severe-2026-09-10-daily", at, at + timedelta(hours=5)),
        a_flag("craving_severe-2026-09-11-daily", at + timedelta(days=1)),
        a_flag("silent-2026-09-10", at, at + timedelta(hours=3)),
        a_flag("silent-2026-08-10", at - timedelta(days=31)),
        a_flag("silent-2026-09-12", at, programme_id="other"),
    ]

    assert tally(facts(flags=flags)).flags == {"craving_severe": (1, (5.0, None)), "silent": (1, (3.0,))}


def test_a_date_belongs_to_the_programme_of_the_stay_that_had_begun() -> None:
    stays = (a_stay(), replace(a_stay(admitted="2026-10-01"), number=2, programme_id="other"))

    assert is_of(PROGRAMME, date(2026, 9, 30), stays)
    assert not is_of(PROGRAMME, date(2026, 10, 1), stays)
    assert is_of(PROGRAMME, date(2026, 7, 1), stays)
    assert not is_of(PROGRAMME, date(2026, 7, 1), ())


@given(st.lists(st.text(alphabet="auno", max_size=60), min_size=2, max_size=5))
def test_people_add_up_in_any_order_and_a_tally_comes_back_as_it_was_written(states: list[str]) -> None:
    tallies = [tally(facts(states=each)) for each in states]

    there, back = sum(tallies, Tally()), sum(reversed(tallies), Tally())

    assert there.people == len(states)
    assert there.weeks == back.weeks
    assert sorted(map(str, there.silences)) == sorted(map(str, back.silences))
    assert read(there.written()) == there
    assert sum((there, Tally()), Tally()) == there


@pytest.mark.parametrize(
    ("first", "last", "field"),
    [
        ("2026-09-02", "2026-10-31", "from"),
        ("2026-09-01", "2026-10-30", "to"),
        ("2026-09-01", "2026-11-30", "to"),
        ("2025-09-01", "2026-09-30", "to"),
        ("2026-10-01", "2026-09-30", "to"),
        ("1999-12-01", "1999-12-31", "from"),
        ("9999-12-01", "9999-12-31", "to"),
    ],
)
def test_a_period_is_of_whole_months_that_are_over(first: str, last: str, field: str) -> None:
    with pytest.raises(Invalid) as raised:
        period_of(date.fromisoformat(first), date.fromisoformat(last), today=date(2026, 11, 24))

    assert raised.value.faults[0].field == field


def test_twelve_months_are_a_period() -> None:
    found = period_of(date(2025, 11, 1), date(2026, 10, 31), today=date(2026, 11, 1))

    assert len(list(found.months())) == 12
    assert len(list(found.weeks())) == 51
