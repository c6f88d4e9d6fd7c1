"""When hellos come: eleven in a year, each at a waking hour of its own, whatever clocks and calendars do."""

from datetime import UTC, date, datetime, time, timedelta
from itertools import pairwise
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.caring.domain import STEPS, birthday_of, dates_of
from chalicelib.outreach.anniversaries import date_of
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.moving import moved
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import Anniversaries, Occurrence, next_occurrence
from chalicelib.outreach.written import read, written

DAYS = st.dates(min_value=date(2023, 1, 1), max_value=date(2037, 12, 31))
BIRTHDAYS = st.one_of(
    st.none(), st.just("0229"), st.dates(date(2000, 1, 1), date(2000, 12, 31)).map(lambda on: f"{on:%m%d}")
)
ZONES = st.sampled_from(["America/New_York", "Europe/Madrid", "Africa/Cairo", "Australia/Lord_Howe", "UTC"])
CLOCK = st.builds(time, st.integers(0, 23), st.sampled_from([0, 15, 30, 45]))
QUIET = st.builds(QuietHours, start=CLOCK, end=CLOCK)
NIGHT = QuietHours(start=time(21), end=time(8))


def all_of(when: Anniversaries) -> list[Occurrence]:
    found = []
    after = datetime.combine(when.of, time(), tzinfo=UTC) - timedelta(days=2)
    while coming := next_occurrence(when, after=after):
        found.append(coming)
        after = coming.at
    return found


def awake_minutes(quiet: QuietHours) -> int:
    return ((quiet.start.hour - quiet.end.hour) * 60 + quiet.start.minute - quiet.end.minute) % 1440 or 1440


@given(of=DAYS, birthday=BIRTHDAYS, zone=ZONES, quiet=QUIET)
def test_eleven_come_in_a_year_one_a_date_and_the_first_on_the_next_day(
    of: date, birthday: str | None, zone: str, quiet: QuietHours
) -> None:
    when = dates_of(of, birthday=birthday, seed="p", quiet=quiet, zone=zone)
    found = all_of(when)

    days = [one.on for one in found]
    steps = {date_of(name, of) for name in STEPS}
    births = [on for on in days if birthday and when.name_on(on) == f"b{birthday}"]
    assert days == sorted(steps | set(births))  # type: ignore[type-var]
    assert (days[0], len(steps), len(births)) == (of + timedelta(days=1), 10, birthday is not None)
    for on in births:
        assert of < on <= of + timedelta(days=366)
        assert f"{on:%m%d}" == birthday or (birthday == "0229" and f"{on:%m%d}" == "0228")


@given(of=DAYS, birthday=BIRTHDAYS, zone=ZONES, quiet=QUIET)
def test_each_comes_at_a_waking_hour_and_never_twice_running_at_the_same(
    of: date, birthday: str | None, zone: str, quiet: QuietHours
) -> None:
    found = all_of(dates_of(of, birthday=birthday, seed="p", quiet=quiet, zone=zone))

    # Around a change of clocks a wall time may be none; delivery waits for quiet hours all the same.
    kept = [one for one in found if not near_a_change(one, zone)]
    assert len(kept) >= len(found) - 4
    assert all(quiet.ends_after(one.at, zone) is None for one in kept)
    if awake_minutes(quiet) > 150 and len(kept) == len(found):
        hours = [one.at.astimezone(ZoneInfo(zone)).hour for one in found]
        assert all(hour != following for hour, following in pairwise(hours))


def near_a_change(one: Occurrence, zone: str) -> bool:
    before = (one.at - timedelta(hours=3)).astimezone(ZoneInfo(zone)).utcoffset()
    return before != (one.at + timedelta(hours=3)).astimezone(ZoneInfo(zone)).utcoffset()


@given(of=DAYS, birthday=BIRTHDAYS, now=st.integers(0, 400 * 24))
def test_none_comes_before_it_was_agreed_to_and_the_same_seed_gives_the_same_hours(
    of: date, birthday: str | None, now: int
) -> None:
    when = dates_of(of, birthday=birthday, seed="p", quiet=NIGHT, zone="America/New_York")
    agreed = datetime.combine(of, time(), tzinfo=UTC) + timedelta(hours=now)

    coming = next_occurrence(when, after=agreed)

    assert coming is None or coming.at > agreed
    assert dates_of(of, birthday=birthday, seed="p", quiet=NIGHT, zone="America/New_York") == when
    assert read(written(when)) == when


def test_hours_differ_from_person_to_person() -> None:
    mine, yours = (dates_of(date(2026, 11, 24), birthday=None, seed=seed, quiet=NIGHT, zone="UTC") for seed in "ab")

    assert mine.hours != yours.hours
    assert len(set(mine.hours)) > 3


def test_whoever_moves_gets_each_at_the_same_wall_time_there() -> None:
    when = dates_of(date(2026, 11, 24), birthday=None, seed="p", quiet=NIGHT, zone="America/New_York")
    schedule = Schedule(person_id="p", kind="caring-series", version=1, when=when)

    after, dues = moved(schedule, zone="America/Denver", now=datetime(2026, 11, 24, 12, tzinfo=UTC))

    assert dues[0].on == date(2026, 11, 25)
    assert dues[0].at.astimezone(ZoneInfo("America/Denver")).time() == when.hours[0]
    assert [one.on for one in all_of(when)] == [one.on for one in all_of(read(written(after.when)))]  # type: ignore[arg-type]


@pytest.mark.parametrize("text", ["02-30", "13-01", "0229", "2-9", "00-00", "", "02-29\n"])
def test_a_birthday_is_a_day_of_some_year(text: str) -> None:
    assert birthday_of("02-29") == "0229"
    with pytest.raises(ValueError, match=r"."):
        birthday_of(text)
