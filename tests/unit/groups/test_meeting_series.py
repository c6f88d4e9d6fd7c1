"""Series of meetings: one name for each, whatever is edited; each in its own zone; and when bells ring."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.groups.bells import About, Bell, Sort, about_of, bells_at, next_look
from chalicelib.groups.domain import BEFORE, Tell
from chalicelib.groups.series import Cause, Change, NoSuchMeeting, Part, Series, TooManyChanges, named
from chalicelib.groups.written import read_series, written_series
from chalicelib.outreach.fanning import LEAD
from chalicelib.outreach.recurrence import Recurrence
from tests.build import utc

SET = utc("2026-11-24T18:00")
THURSDAY = date(2026, 11, 26)
NEXT = date(2026, 12, 3)
HOUR = timedelta(hours=1)
MINUTE = timedelta(minutes=1)


def a_part(
    *, rule: str = "FREQ=WEEKLY;BYDAY=TH", at: str = "18:00", since: date = THURSDAY, zone: str = "America/New_York"
) -> Part:
    when = Recurrence(at=time.fromisoformat(at), rule=rule, zone=zone, starts_on=since)
    return Part(when=when, lasts=HOUR, link="https://video.example/7", set_at=SET)


def a_series(part: Part | None = None) -> Series:
    return Series(id="5e" * 16, group_id="60" * 16, parts=(part or a_part(),), by="fay")


def off(on: date, *, now: datetime = SET) -> Change:
    return Change(on=on, off=Cause.HOLIDAY, set_at=now, version=0)


def moved(on: date, at: datetime, *, now: datetime = SET) -> Change:
    return Change(on=on, at=at, set_at=now, version=0)


def starts(series: Series, first: str = "2026-11-20T00:00", days: int = 30) -> dict[date, datetime]:
    since = utc(first)
    return {one.on: one.at for one in series.meetings(since, since + timedelta(days=days)) if not one.off}


def test_a_meeting_keeps_its_wall_time_in_its_own_zone_over_a_change_of_clocks() -> None:
    series = a_series(a_part(since=date(2026, 10, 29)))

    found = starts(series, "2026-10-28T00:00", 14)

    assert found == {date(2026, 10, 29): utc("2026-10-29T22:00"), date(2026, 11, 5): utc("2026-11-05T23:00")}


def test_a_meeting_that_is_moved_keeps_its_name_also_into_another_week() -> None:
    later = utc("2026-12-04T02:00")
    series = a_series().changed(moved(THURSDAY, later), now=SET)

    meeting = series.meeting(THURSDAY)
    assert meeting is not None
    assert (meeting.id, meeting.at, meeting.planned) == (f"{'5e' * 16}-20261126", later, utc("2026-11-26T23:00"))
    assert [one.on for one in series.meetings(utc("2026-12-03T00:00"), utc("2026-12-05T00:00"))] == [NEXT, THURSDAY]
    assert named(meeting.id) == ("5e" * 16, THURSDAY)
    assert THURSDAY not in {one.on for one in series.meetings(utc("2026-11-26T00:00"), utc("2026-11-28T00:00"))}


@pytest.mark.parametrize("name", ["", "x", "x-1", "x-20261301", "x-20261126-", "x y-20261126", "-20261126"])
def test_what_names_no_meeting_is_answered_as_none(name: str) -> None:
    with pytest.raises(NoSuchMeeting):
        named(name)


def test_a_series_that_goes_on_otherwise_keeps_the_names_of_dates_that_stay_and_what_is_off() -> None:
    series = a_series().changed(off(NEXT), now=SET).changed(moved(date(2026, 12, 10), utc("2026-12-11T03:00")), now=SET)
    after = series.going_on(a_part(at="19:00", since=NEXT), now=SET)

    assert starts(after) == {THURSDAY: utc("2026-11-26T23:00"), date(2026, 12, 10): utc("2026-12-11T00:00"),
                             date(2026, 12, 17): utc("2026-12-18T00:00")}  # fmt: skip
    shown = after.meeting(NEXT)
    assert shown is not None
    assert shown.off is Cause.HOLIDAY
    # Of the moved one they hear at once; of one that is on in two weeks, the reminder says when.
    assert {one.on: one.at for one in after.news} == {NEXT: None, date(2026, 12, 10): utc("2026-12-11T03:00")}


def test_a_date_that_a_series_does_not_have_any_more_is_news_to_those_who_wait_for_it() -> None:
    after = a_series().going_on(a_part(rule="FREQ=WEEKLY;BYDAY=FR", since=date(2026, 11, 25)), now=SET)

    assert [(one.on, one.at, one.was_at, one.to_all) for one in after.news] == [
        (THURSDAY, None, utc("2026-11-26T23:00"), False),
        (NEXT, None, utc("2026-12-03T23:00"), False),
    ]
    assert [bell.about.sort for bell in bells_at(after, now=SET)] == [Sort.CANCELLED, Sort.CANCELLED]


def test_once_everybody_was_told_of_a_date_everybody_hears_of_what_follows() -> None:
    soon = utc("2026-11-26T12:00")
    series = a_series().changed(moved(THURSDAY, utc("2026-12-20T23:00"), now=soon), now=soon)
    assert series.news[0].to_all is True

    after = series.changed(off(THURSDAY, now=soon + HOUR), now=soon + HOUR)
    assert (after.news[0].at, after.news[0].to_all) == (None, True)
    far = a_series().changed(off(date(2026, 12, 17)), now=SET)
    assert far.news[0].to_all is False


def test_a_series_keeps_so_many_changes_and_forgets_old_ones() -> None:
    series = a_series(a_part(rule="FREQ=DAILY", since=date(2025, 1, 1)))
    for number in range(200):
        series = series.changed(off(date(2026, 12, 1) + timedelta(days=number)), now=SET)
    with pytest.raises(TooManyChanges):
        series.changed(off(date(2026, 11, 30)), now=SET)
    assert len(series.changed(off(date(2028, 9, 2)), now=utc("2028-09-01T00:00")).changes) == 1


def test_what_is_written_down_is_read_back() -> None:
    series = a_series().changed(off(NEXT), now=SET).changed(moved(THURSDAY, utc("2026-11-27T03:00")), now=SET)
    series = series.going_on(a_part(at="19:00", since=date(2026, 12, 10)), now=SET)

    again = read_series(
        written_series(series), series_id=series.id, group_id=series.group_id, by=series.by, version=series.version
    )
    assert again == series


@given(
    sort=st.sampled_from(Sort),
    on=st.dates(date(2020, 1, 1), date(2099, 1, 1)),
    version=st.integers(1, 9999),
    at=st.datetimes(datetime(2020, 1, 1), datetime(2099, 1, 1)),
)
def test_what_a_bell_is_about_is_read_back_from_its_kind(sort: Sort, on: date, version: int, at: datetime) -> None:
    is_change = sort in {Sort.MOVED, Sort.CANCELLED}
    at = at.replace(second=0, microsecond=0, tzinfo=SET.tzinfo)
    about = About(
        sort=sort, series_id="ab" * 16, on=on, at=None if is_change else at, version=version if is_change else None
    )

    assert about_of(about.kind) == about
    assert about_of(f"notice-{about.id}") is None


@pytest.mark.parametrize(
    "kind", ["meeting", "meeting-24h-x", "meeting-24h-x-y-z", "meeting-5h-x-20261126-20261126T2300"]
)
def test_a_kind_that_nobody_made_is_about_nothing(kind: str) -> None:
    assert about_of(kind) is None


def rung(series: Series, first: datetime, last: datetime, *, every: timedelta) -> dict[str, Bell]:
    """Look as the tick does, from one look to the next, at minutes; keep each bell once."""
    found: dict[str, Bell] = {}
    look: datetime | None = first
    while look is not None and look <= last:
        now = look + every
        for bell in bells_at(series, now=now):
            found.setdefault(bell.id, bell)
        look = next_look(series, after=now)
    return found


@settings(max_examples=60)
@given(late=st.integers(0, 8), since=st.integers(0, 6 * 24 * 60))
def test_each_meeting_rings_each_of_its_bells_once_at_its_time_however_late_a_look_is(late: int, since: int) -> None:
    series = a_series(a_part(rule="FREQ=DAILY"))
    first = utc("2026-11-28T00:00") + since * MINUTE

    bells = rung(series, first, first + timedelta(days=4), every=late * MINUTE)

    for meeting in series.meetings(first + timedelta(hours=26), first + timedelta(days=4)):
        ours = {bell.about.sort: bell for bell in bells.values() if bell.about.on == meeting.on}
        assert set(ours) == {Sort.DAY, Sort.HOUR, Sort.NOW}
        for sort, bell in ours.items():
            assert bell.at == meeting.at - BEFORE[Tell(sort.value)]
            assert bell.begins_at <= bell.at - LEAD + late * MINUTE


def test_what_should_have_come_before_a_meeting_was_set_does_not_come() -> None:
    now = utc("2026-11-26T10:00")
    series = a_series(replace(a_part(), set_at=now))
    bells = rung(series, now, utc("2026-11-27T00:00"), every=timedelta())

    assert sorted(bell.about.sort for bell in bells.values()) == [Sort.HOUR, Sort.NOW]


def test_a_meeting_that_is_moved_rings_anew_and_one_that_is_off_does_not() -> None:
    now = utc("2026-11-26T22:30")
    later = a_series().changed(moved(THURSDAY, utc("2026-11-27T02:00"), now=now), now=now)
    bells = rung(later, now, utc("2026-11-27T03:00"), every=timedelta())
    assert [bell.about.sort for bell in bells.values()] == [Sort.MOVED, Sort.HOUR, Sort.NOW]
    assert {bell.meets_at for bell in bells.values()} == {utc("2026-11-27T02:00")}

    gone = a_series().changed(off(THURSDAY, now=now), now=now)
    bells = rung(gone, now, utc("2026-11-27T03:00"), every=timedelta())
    assert [bell.about.sort for bell in bells.values()] == [Sort.CANCELLED]


def test_an_outage_brings_only_what_is_still_of_use() -> None:
    series = a_series()
    assert [bell.about.sort for bell in bells_at(series, now=utc("2026-11-26T12:00"))] == [Sort.DAY]
    assert [bell.about.sort for bell in bells_at(series, now=utc("2026-11-26T22:30"))] == [Sort.HOUR]
    assert [bell.about.sort for bell in bells_at(series, now=utc("2026-11-26T23:05"))] == [Sort.NOW]
    assert bells_at(series, now=utc("2026-11-26T23:10")) == []


def test_a_series_that_is_over_is_not_looked_at_any_more() -> None:
    series = a_series(a_part(rule="FREQ=WEEKLY;BYDAY=TH;COUNT=1"))
    assert next_look(series, after=utc("2026-11-27T00:00")) is None
    yearly = a_series(a_part(rule="FREQ=YEARLY;INTERVAL=3"))
    assert next_look(yearly, after=utc("2026-11-27T00:00")) == utc("2026-11-27T00:00") + timedelta(days=180)
