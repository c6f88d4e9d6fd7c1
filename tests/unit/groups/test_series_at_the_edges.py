"""Series of meetings at their edges: days on which clocks change, rules without an end or a date, and a late word."""

from collections.abc import Sequence
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from chalicelib.groups import belonging, service
from chalicelib.groups.bells import Sort, bells_at, next_look
from chalicelib.groups.calendars import entry_of
from chalicelib.groups.checking import part_faults
from chalicelib.groups.domain import Group, Kind, Tell
from chalicelib.groups.ringing import REMEMBERED_FOR, StillTrue, meant_by
from chalicelib.groups.series import Cause, Change, Series
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.invites import Invite, Part, cancelled_once, requested
from tests.build import utc
from tests.fakes import FakeLedger
from tests.fakes_groups import FakeGroups, FakeMembers
from tests.unit.groups.test_meeting_series import MINUTE, NEXT, SET, THURSDAY, a_part, a_series, moved, off

SPRING, AUTUMN = date(2027, 3, 14), date(2027, 11, 7)
START = utc("2026-11-26T23:00")


def invite(series: Series) -> Invite:
    return Invite(
        uid="u@care.example",
        sequence=series.version - 1,
        summary="Appointment",
        link="https://app.example",
        organizer=("Care Team", "replies@care.example"),
        attendee="ana@example.com",
        at=SET,
    )


@pytest.mark.parametrize(
    ("at", "on", "start"),
    [
        # The gap takes the offset before it, the hour that comes twice counts the first time (RFC 5545 3.3.5).
        ("02:30", SPRING, "2027-03-14T07:30"),
        ("01:30", AUTUMN, "2027-11-07T05:30"),
        ("18:00", SPRING, "2027-03-14T22:00"),
        ("18:00", AUTUMN, "2027-11-07T23:00"),
    ],
)
def test_an_exception_on_the_day_of_a_change_of_clocks_is_of_that_date_alone(at: str, on: date, start: str) -> None:
    series = a_series(a_part(rule="FREQ=WEEKLY;BYDAY=SU", at=at, since=date(2027, 3, 7)))
    meeting = series.meeting(on)
    assert meeting
    assert meeting.at == utc(start)
    week = timedelta(days=7)
    before = [series.meeting(on + each * week) for each in (-1, 1) if on + each * week >= date(2027, 3, 7)]

    called_off = series.changed(off(on), now=SET)
    later = series.changed(moved(on, meeting.at + timedelta(hours=3)), now=SET)

    for after in (called_off, later):
        assert [(one.on, one.was_at) for one in after.news] == [(on, meeting.at)]
        around = [after.meeting(one.on) for one in before if one]
        assert [(one.on, one.at, one.off) for one in around if one] == [(one.on, one.at, None) for one in before if one]
    assert called_off.meeting(on) == next(iter(called_off.meetings(meeting.at, meeting.at + MINUTE)))
    assert [one.on for one in later.meetings(meeting.at, meeting.at + timedelta(hours=4))] == [on]
    # Calendars are told the wall time that the rule gives, also one that clocks skip: they read it as we do.
    entry = entry_of(called_off, on)
    assert entry
    gone: Any = Calendar.from_ical(cancelled_once(invite(series), entry.when, on=on).ics).walk("VEVENT")[0]
    wall = gone["RECURRENCE-ID"].dt
    assert (wall.date(), f"{wall:%H:%M}") == (on, at)


@pytest.mark.parametrize("rule", ["FREQ=DAILY", "FREQ=WEEKLY;INTERVAL=2;BYDAY=TH", "FREQ=MONTHLY;BYMONTHDAY=31"])
def test_a_rule_that_never_ends_is_looked_at_as_far_as_needed_and_no_further(rule: str) -> None:
    series = a_series(a_part(rule=rule, since=date(2020, 1, 1)))
    for now in (SET, utc("2099-12-30T12:00")):
        assert len(series.upcoming(after=now, limit=5)) == 5
        following = next_look(series, after=now)
        assert following
        assert now < following <= now + timedelta(days=70)
    entry = entry_of(series, series.upcoming(after=SET, limit=1)[0].on)
    assert entry
    part: Part | None = requested(invite(series), entry.when)
    assert part
    assert b"UNTIL" not in part.ics
    assert b"COUNT" not in part.ics


@pytest.mark.parametrize("rule", ["FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=DAILY;UNTIL=20261101"])
def test_a_rule_that_yields_nothing_is_refused_and_harmless_where_it_is(rule: str) -> None:
    part = a_part(rule=rule)
    assert [fault.field for fault in part_faults(part, now=SET)] == ["when.rule"]

    series = a_series(part)
    assert (series.upcoming(after=SET, limit=5), bells_at(series, now=SET), next_look(series, after=SET)) == (
        [],
        [],
        None,
    )
    assert (series.meeting(THURSDAY), entry_of(series, THURSDAY)) == (None, None)


def of_many(number: int) -> tuple[FakeGroups, FakeMembers, Series]:
    groups, members, series = FakeGroups(), FakeMembers(), a_series()
    group = Group(
        id="60" * 16,
        programme_id="iop-evening",
        kind=Kind.ALUMNI,
        name="x",
        language="en",
        facilitators=frozenset({"fay"}),
        is_open=True,
        by="admin",
        made_at=SET,
    )
    groups.add(group)
    groups.add_series(series, group, look_at=None)
    for each in range(number):
        who = f"{each:032x}"
        belonging.join(group, who, by="staff", now=SET, members=members)
        belonging.choose(group.id, who, [Tell.NOW], members=members)
    return groups, members, series


@pytest.mark.parametrize("seconds", [1, 60, 110])
def test_a_cancellation_amid_the_fan_out_of_starting_now_stops_all_that_did_not_leave_yet(seconds: int) -> None:
    groups, members, series = of_many(5)
    now = START - 2 * MINUTE
    clock = [now]
    still_true = StillTrue(groups, members, FakeLedger(), clock=lambda: clock[0])
    (bell,) = bells_at(series, now=now)
    meant = meant_by(members)
    first, after = meant(bell, 2)
    assert (bell.about.sort, len(first)) == (Sort.NOW, 2)

    def told(who: Sequence[str], at: datetime) -> list[Reason | None]:
        clock[0] = at
        return [
            still_true(Due(person_id=one, kind=bell.kind, on=bell.on, at=bell.at, due_at=bell.at, version=1))
            for one in who
        ]

    assert told(first, now) == [None, None]
    off_at = now + timedelta(seconds=seconds)
    service.call_off(series, [THURSDAY], Cause.TECHNICAL, now=off_at, groups=groups)

    # The rest of the fan-out goes on; of a process that knew the series, after the seconds that it goes by that.
    rest, _ = meant_by(members)(bell, 5)
    assert after
    assert told(rest, max(off_at, now + REMEMBERED_FOR)) == [Reason.CANCELLED] * 5
    present = groups.series(series.id)
    assert present
    # There is no time left to tell of it before the start, and afterwards nobody is: page and app say that it is off.
    looks = (off_at, *(START + minutes * MINUTE for minutes in range(6)))
    rung = [bell.about.sort for at in looks for bell in bells_at(present, now=at)]
    assert rung == []
    assert [one.on for one in present.upcoming(after=START, limit=2) if one.off is None] == [NEXT]


def test_a_move_is_a_change_of_the_same_meeting_whatever_the_fan_out_is_at() -> None:
    groups, members, series = of_many(1)
    now = START - 2 * MINUTE
    (bell,) = bells_at(series, now=now)
    change = Change(on=THURSDAY, set_at=now, version=0)
    service.move(series, THURSDAY, at=START + timedelta(hours=1), change=change, now=now, groups=groups)
    due = Due(person_id=f"{0:032x}", kind=bell.kind, on=bell.on, at=bell.at, due_at=bell.at, version=1)

    assert StillTrue(groups, members, FakeLedger(), clock=lambda: now)(due) is Reason.CANCELLED
