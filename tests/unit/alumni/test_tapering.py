"""How often alumni are asked: whatever they choose and however often they change it, never twice within a period."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.enrollment.after_care import CONTACT, Pace, chosen, pace_of, rule_of, suggested
from chalicelib.enrollment.changing import after, next_of
from chalicelib.enrollment.consents import Action, Consent, Via
from chalicelib.enrollment.domain import Person, Record
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.kinds import HELLO
from chalicelib.outreach.recurrence import Recurrence, next_occurrence

LEAST = {Pace.WEEKLY: 7, Pace.MONTHLY: 28, Pace.QUARTERLY: 89}
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
ZONES = ("America/New_York", "America/Los_Angeles", "Africa/Cairo", "Pacific/Apia", "Australia/Lord_Howe")
paces = st.sampled_from(list(Pace))


def an_alumnus(zone: str = "America/New_York", *, at: datetime = NOW) -> Record:
    person = Person(id="p", external_id="A-1", given_name="Ana", family_name="Lee", language="en", zone=zone)
    episode = Episode(
        number=1, programme_id="iop", state=State.ALUMNI, admitted_on=date(2026, 1, 1), changed_at=at, graduated_at=at
    )
    agreed = Consent(person_id="p", scope=CONTACT, action=Action.GRANTED, at=at, via=Via.WEB, by="ana")
    return Record(person=person, episodes=(episode,), consents=(agreed,))


def choosing(record: Record, pace: Pace, *, now: datetime) -> Record:
    return after(record, chosen(record, next_of(record), pace, now=now))


def hello(record: Record) -> Schedule | None:
    return next((one for one in record.schedules if one.kind == HELLO), None)


@settings(max_examples=60)
@given(
    zone=st.sampled_from(ZONES),
    begins=st.datetimes(datetime(2024, 1, 1), datetime(2028, 12, 31), timezones=st.just(UTC)),
    choices=st.lists(st.tuples(st.integers(0, 130), paces), min_size=1, max_size=6),
)
def test_no_two_hellos_lie_closer_than_the_period_of_the_later_one(
    zone: str, begins: datetime, choices: list[tuple[int, Pace]]
) -> None:
    record, now = an_alumnus(zone, at=begins), begins
    asked: list[tuple[date, Pace]] = []
    for days, pace in [*choices, (400, Pace.NONE)]:
        until = now + timedelta(days=days)
        schedule = hello(record)
        at = now
        while schedule and (found := next_occurrence(schedule.when, after=at)) and found.at <= until:
            # What an edit left out since its date had its time already is no second one.
            if not (schedule.fell_due and found.on <= schedule.fell_due.on):
                asked.append((found.on, pace_of(record.schedules)))
            at = found.at
        now = until
        record = choosing(record, pace, now=now)

    for (before, _), (later, pace) in pairwise(asked):
        assert (later - before).days >= LEAST[pace], (before, later, pace)


@given(on=st.dates(date(2024, 1, 1), date(2030, 12, 31)), pace=st.sampled_from([Pace.MONTHLY, Pace.QUARTERLY]))
@example(on=date(2024, 12, 30), pace=Pace.QUARTERLY)
@example(on=date(2024, 12, 31), pace=Pace.MONTHLY)
def test_the_first_is_a_whole_period_away(on: date, pace: Pace) -> None:
    _, begins = rule_of(pace, after=on)
    assert (begins - on).days >= LEAST[pace]


@given(on=st.dates(date(2024, 1, 1), date(2030, 12, 31)), pace=st.sampled_from([Pace.MONTHLY, Pace.QUARTERLY]))
def test_each_month_or_quarter_has_exactly_one(on: date, pace: Pace) -> None:
    rule, begins = rule_of(pace, after=on)
    when = Recurrence(at=time(9), rule=rule, zone="America/New_York", starts_on=begins)
    found, at = [], datetime.combine(begins, time(), tzinfo=UTC) - timedelta(days=1)
    for _ in range(13):
        occurrence = next_occurrence(when, after=at)
        assert occurrence
        found.append(occurrence.on)
        at = occurrence.at

    months = [each.year * 12 + each.month for each in found]
    step = 1 if pace is Pace.MONTHLY else 3
    assert [later - before for before, later in pairwise(months)] == [step] * 12
    assert found[0] == begins


def test_hellos_keep_their_hour_when_clocks_change() -> None:
    record = choosing(an_alumnus(), Pace.WEEKLY, now=NOW)
    schedule = hello(record)
    assert schedule
    at, hours = NOW, set()
    for _ in range(40):
        found = next_occurrence(schedule.when, after=at)
        assert found
        hours.add((found.at.hour, found.on.month in {12, 1, 2}))
        at = found.at

    assert hours >= {(14, True), (13, False)}


@pytest.mark.parametrize(
    ("days", "expected"), [(0, Pace.WEEKLY), (89, Pace.WEEKLY), (90, Pace.MONTHLY), (365, Pace.QUARTERLY)]
)
def test_what_is_suggested_goes_by_the_time_since(days: int, expected: Pace) -> None:
    assert suggested(date(2026, 1, 31), today=date(2026, 1, 31) + timedelta(days=days)) is expected


@given(st.lists(paces, max_size=5), paces)
def test_what_is_chosen_is_what_holds_and_again_changes_nothing(before: list[Pace], pace: Pace) -> None:
    record = an_alumnus()
    for each in [*before, pace]:
        record = choosing(record, each, now=NOW)

    assert pace_of(record.schedules) is pace
    again = chosen(record, next_of(record), pace, now=NOW)
    assert (again.schedules, again.no_schedules, again.dues) == ((), (), ())


def test_a_choice_voids_what_waits_of_the_one_before() -> None:
    record = choosing(an_alumnus(), Pace.WEEKLY, now=NOW)
    first = hello(record)
    record = choosing(record, Pace.NONE, now=NOW + timedelta(days=1))
    assert hello(record) is None
    second = hello(choosing(record, Pace.WEEKLY, now=NOW + timedelta(days=2)))

    assert first
    assert second
    assert second.version > first.version


def test_a_paused_hello_can_be_chosen_again() -> None:
    record = choosing(an_alumnus(), Pace.WEEKLY, now=NOW)
    paused = tuple(replace(one, paused=True) for one in record.schedules)
    record = choosing(replace(record, schedules=paused), Pace.WEEKLY, now=NOW + timedelta(days=1))

    assert pace_of(record.schedules) is Pace.WEEKLY
