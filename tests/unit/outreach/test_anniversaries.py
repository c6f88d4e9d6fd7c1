"""Anniversaries against an oracle that walks the calendar a day at a time."""

from calendar import monthrange
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.enrollment.celebrating import MILESTONES, milestones_of
from chalicelib.enrollment.programmes import Programme
from chalicelib.outreach.anniversaries import Anniversaries
from chalicelib.outreach.domain import Due, Schedule
from chalicelib.outreach.moving import moved
from chalicelib.outreach.recurrence import date_exists, falls_on, next_occurrence, resolve
from chalicelib.outreach.service import coming_after, first_due
from chalicelib.outreach.written import read, written

CASES = 600
ZONES = ["America/New_York", "America/Phoenix", "Pacific/Apia", "Pacific/Honolulu", "Africa/Cairo", "America/Havana"]
ZONES += ["Europe/London", "Australia/Lord_Howe", "Asia/Kolkata", "America/Santiago", "Pacific/Kiritimati", "UTC"]
ENDS = [(2, 29), (1, 31), (1, 30), (3, 31), (5, 31), (8, 31), (10, 31), (12, 31), (4, 30), (6, 30), (11, 30)]


def at_an_end(year: int, end: tuple[int, int]) -> date:
    month, day = end
    return date(year, month, min(day, monthrange(year, month)[1]))


ANCHORS = st.one_of(
    st.builds(at_an_end, st.sampled_from([2000, 2004, 2020, 2024]), st.just((2, 29))),
    st.builds(at_an_end, st.integers(1995, 2030), st.sampled_from(ENDS)),
    st.dates(date(1990, 1, 1), date(2035, 12, 31)),
)
TIMES = st.times().map(lambda at: at.replace(microsecond=0))
SETS = st.sampled_from(
    [MILESTONES, milestones_of(Programme(id="iop", name="", every_month=True)), ("d1", "m1", "m2", "m3", "m12", "y")]
)


def walked(of: date, each: tuple[str, ...], *, last: date) -> Iterator[tuple[str, date]]:
    """Give what comes, by walking day after day and asking of each how far it is: no arithmetic of months."""
    days = 0
    months = 0
    for on in (of + timedelta(days=number) for number in range((last - of).days + 1)):
        days = (on - of).days
        ends_month = (on + timedelta(days=1)).day == 1
        is_month = on > of and (on.day == of.day or (ends_month and on.day < of.day))
        months += is_month
        names = [f"d{days}"] + ([f"m{months}"] if is_month else [])
        if is_month and months % 12 == 0:
            names.append(f"y{months // 12}")
        known = [name for name in names if name in each or (name.startswith("y") and "y" in each)]
        if known:
            yield known[0], on


@given(of=ANCHORS, each=SETS, years=st.integers(0, 4))
@settings(max_examples=CASES)
def test_dates_are_those_that_a_walk_through_the_calendar_finds(of: date, each: tuple[str, ...], years: int) -> None:
    last = of + timedelta(days=years * 366 + 40)
    when = Anniversaries(of=of, each=each, at=time(9), zone="UTC")

    found = when.until(last)

    assert found == list(walked(of, each, last=last))
    assert [when.name_on(on) for _, on in found] == [name for name, _ in found]
    after = of
    for name, on in found:
        assert when.following(after) == (name, on)
        after = on


@given(of=ANCHORS, at=TIMES, zone=st.sampled_from(ZONES), years=st.integers(0, 3))
@settings(max_examples=CASES // 3)
def test_each_falls_due_once_at_the_persons_hour_and_date(of: date, at: time, zone: str, years: int) -> None:
    last = of + timedelta(days=years * 366 + 40)
    when = Anniversaries(of=of, each=MILESTONES, at=at, zone=zone)
    after = datetime.combine(of, time(), tzinfo=UTC) - timedelta(days=2)

    found = []
    while (coming := next_occurrence(when, after=after)) and coming.on <= last:
        found.append(coming)
        after = coming.at

    days = [on for _, on in walked(of, MILESTONES, last=last) if date_exists(on, zone)]
    assert [one.on for one in found] == days
    assert all(one.at == resolve(one.on, at, zone) for one in found)
    assert all(falls_on(when, one.on) and not falls_on(when, one.on + timedelta(days=3)) for one in found)


@given(of=ANCHORS, at=TIMES, zones=st.lists(st.sampled_from(ZONES), min_size=1, max_size=4), data=st.data())
@settings(max_examples=CASES // 3)
def test_whatever_zones_somebody_moves_through_each_comes_once(
    of: date, at: time, zones: list[str], data: st.DataObject
) -> None:
    began = datetime.combine(of, time(12), tzinfo=UTC)
    when = Anniversaries(of=of, each=MILESTONES, at=at, zone=zones[0])
    schedule = Schedule(person_id="p1", kind="milestone-days", version=1, when=when, since=began)
    until = began + timedelta(days=120)
    told: list[date] = []
    first = first_due(schedule, after=began)
    rows = [first] if first else []
    moves = sorted(data.draw(st.integers(1, 100 * 24)) for _ in zones[1:])

    for hours, zone in [*zip(moves, zones[1:], strict=True), (120 * 24, "")]:
        now = began + timedelta(hours=hours)
        rows = _fallen(schedule, rows, told, now)
        if zone:
            schedule, dues = moved(schedule, zone=zone, now=now)
            rows = list(dues)

    known = [on for _, on in walked(of, MILESTONES, last=until.date() + timedelta(days=2))]
    assert set(told) <= set(known)
    # At noon in London it may be tomorrow already where somebody lives, and the first day with it.
    surely = [on for on in known if of + timedelta(days=1) < on < until.date() - timedelta(days=2)]
    assert {on for on in surely if all(date_exists(on, zone) for zone in zones)} <= set(told)


def _fallen(schedule: Schedule, rows: list[Due], told: list[date], now: datetime) -> list[Due]:
    """Let what is due by now fall due, each bringing the next along as delivery does, and return what waits."""
    while due := [row for row in rows if row.at <= now]:
        rows = [row for row in rows if row.at > now]
        for one in due:
            # An occurrence that comes again is known to the ledger by its date.
            if one.on not in told:
                told.append(one.on)
            if not one.was_deferred:
                rows += coming_after(one.due_at, schedule, now=one.at)
    return rows


@pytest.mark.parametrize(
    ("name", "on"),
    [("d30", "2026-03-02"), ("d90", "2026-05-01"), ("m6", "2026-07-31"), ("m18", "2027-07-31"), ("y1", "2027-01-31")],
)
def test_months_are_no_multiple_of_thirty_days(name: str, on: str) -> None:
    when = Anniversaries(of=date(2026, 1, 31), each=MILESTONES, at=time(9), zone="UTC")

    assert when.name_on(date.fromisoformat(on)) == name


def test_years_of_a_leap_day_are_clamped_and_come_back_to_it() -> None:
    when = Anniversaries(of=date(2024, 2, 29), each=("y",), at=time(9), zone="UTC")

    assert [str(on) for _, on in when.until(date(2028, 12, 31))] == [
        "2025-02-28",
        "2026-02-28",
        "2027-02-28",
        "2028-02-29",
    ]


def test_what_is_left_out_does_not_come_and_the_calendar_ends() -> None:
    when = Anniversaries(of=date(9997, 12, 31), each=MILESTONES, at=time(9), zone="UTC", but=("d1", "y1"))

    assert when.following(date(9997, 12, 31)) == ("d7", date(9998, 1, 7))
    assert when.name_on(date(9998, 12, 31)) is None
    assert when.following(date(9999, 12, 31)) is None
    assert read(written(when)) == when
