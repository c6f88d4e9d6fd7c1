from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.outreach.recurrence import DAYS, Occurrence, Recurrence, When, is_zone, next_occurrence, resolve, weekly
from tests.build import utc

ZONES = [
    "America/New_York",
    "America/Phoenix",
    "Europe/London",
    "Africa/Cairo",
    "America/Havana",
    "Australia/Lord_Howe",
    "Asia/Kolkata",
    "Pacific/Apia",
    "America/Santiago",
    "Pacific/Chatham",
]


def daily(at: str, zone: str, starts_on: date = date(2026, 1, 1), rule: str = "FREQ=DAILY") -> Recurrence:
    return Recurrence(at=time.fromisoformat(at), rule=rule, zone=zone, starts_on=starts_on)


def the_next(when: When, after: datetime) -> Occurrence:
    found = next_occurrence(when, after=after)
    assert found is not None
    return found


@pytest.mark.parametrize(
    ("zone", "on", "at", "expected"),
    [
        # RFC 5545 3.3.5: a gap takes the offset before it, an overlap its first occurrence.
        ("America/New_York", date(2027, 3, 14), "02:30", "2027-03-14T07:30"),
        ("America/New_York", date(2027, 11, 7), "01:30", "2027-11-07T05:30"),
        ("Europe/London", date(2027, 3, 28), "01:30", "2027-03-28T01:30"),
        ("Australia/Lord_Howe", date(2026, 10, 4), "02:15", "2026-10-03T15:45"),
        ("America/Phoenix", date(2027, 3, 14), "02:30", "2027-03-14T09:30"),
    ],
)
def test_a_wall_time_resolves_as_rfc_5545_says(zone: str, on: date, at: str, expected: str) -> None:
    assert resolve(on, time.fromisoformat(at), zone) == utc(expected)


def test_half_past_two_still_comes_on_the_night_that_has_none() -> None:
    rule = daily("02:30", "America/New_York")

    found = the_next(rule, utc("2027-03-14T00:00"))

    assert (found.on, found.at) == (date(2027, 3, 14), utc("2027-03-14T07:30"))
    assert the_next(rule, found.at).at == utc("2027-03-15T06:30")


def test_a_date_that_a_zone_left_out_has_no_occurrence() -> None:
    rule = daily("09:00", "Pacific/Apia", starts_on=date(2011, 12, 1))

    found = the_next(rule, utc("2011-12-30T05:00"))

    assert found.on == date(2011, 12, 31)


def test_weekdays_are_those_of_the_local_date() -> None:
    rule = daily("20:00", "Pacific/Honolulu", rule=weekly(frozenset({"MO", "WE", "FR"})))

    found = the_next(rule, utc("2026-11-24T12:00"))

    assert found.on == date(2026, 11, 25)  # a Wednesday in Honolulu, already Thursday in UTC
    assert found.at == utc("2026-11-26T06:00")


def test_all_seven_days_are_daily() -> None:
    assert weekly(frozenset(DAYS)) == "FREQ=DAILY"


def test_a_rule_that_never_falls_due_has_no_next() -> None:
    never = daily("09:00", "UTC", rule="FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30")

    assert next_occurrence(never, after=utc("2026-01-01T00:00")) is None


def test_zones_are_names_of_the_database_and_nothing_else() -> None:
    assert [is_zone(name) for name in ("US/Eastern", "America/Trinity", "EST5EDT4", "localtime", "Factory", "")] == [
        True,
        False,
        False,
        False,
        False,
        False,
    ]


@settings(max_examples=400, deadline=None)
@given(
    zone=st.sampled_from(ZONES),
    at=st.times().map(lambda at: at.replace(second=0, microsecond=0)),
    start=st.datetimes(datetime(2024, 1, 1), datetime(2036, 1, 1)),
)
def test_daily_comes_once_per_local_date_and_always_later(zone: str, at: time, start: datetime) -> None:
    rule = Recurrence(at=at, rule="FREQ=DAILY", zone=zone, starts_on=start.date() - timedelta(days=30))
    after = start.replace(tzinfo=UTC)

    first = the_next(rule, after)
    second = the_next(rule, first.at)

    assert first.at > after
    assert second.at > first.at
    assert second.on == first.on + timedelta(days=1)
    local = first.at.astimezone(ZoneInfo(zone))
    in_gap = local.time().replace(tzinfo=None) != at
    assert (local.date() == first.on) or in_gap
    # Nothing was left out in between: the date before the first had its instant at or before `after`.
    assert resolve(first.on - timedelta(days=1), at, zone) <= after
