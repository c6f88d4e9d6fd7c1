"""Meetings in a member's own calendar: one series under one name, its dates moved and called off, the newest wins."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

import pytest
from icalendar import Calendar

from chalicelib.groups.bells import About, Sort
from chalicelib.groups.calendars import entry_of
from chalicelib.groups.entries import Way, moment_of, way_of
from chalicelib.groups.series import Series
from chalicelib.outreach.domain import DetailLevel, Entry, Status
from chalicelib.outreach.inviting import Calendars
from chalicelib.outreach.moments import Moment
from tests.build import PERSON, a_recipient, an_email, utc
from tests.unit.groups.test_meeting_series import NEXT, SET, THURSDAY, a_part, a_series, moved, off

CALENDARS = Calendars(address="replies@care.example", page="https://app.example")
LATER = utc("2026-11-27T01:30")


def parts(
    series: Series, on: date, *, wants: bool = True, detail: DetailLevel = DetailLevel.DISCREET
) -> tuple[str, list[Any]] | None:
    """Return what a message about a date brings: the method and its events."""
    meeting = series.meeting(on)
    assert meeting is not None
    about = About(sort=Sort.DAY, series_id=series.id, on=on, at=meeting.at)
    entry = Entry(
        person_id=PERSON, kind=about.kind, on=on, due_at=SET, status=Status.CLAIMED, attempt=1, claimed_at=SET
    )
    recipient = replace(a_recipient(), calendar_invites=wants, moment=Moment(at=meeting.at, entry=entry_of(series, on)))
    part = CALENDARS.part_for(entry, recipient, an_email(detail=detail), language="en")
    if part is None:
        return None
    calendar = Calendar.from_ical(part.ics)
    assert b"video" not in part.ics
    assert b"circle" not in part.ics
    assert part.ics.count(b"ATTENDEE") == len(calendar.walk("VEVENT"))
    return str(calendar["METHOD"]), list(calendar.walk("VEVENT"))


def test_a_reminder_brings_the_series_to_who_wants_entries_and_to_nobody_else() -> None:
    series = a_series()
    assert parts(series, THURSDAY, wants=False) is None
    found = parts(series, THURSDAY)
    assert found is not None
    method, (event,) = found

    assert (method, str(event["SUMMARY"]), event["SEQUENCE"]) == ("REQUEST", "Appointment", 0)
    assert event["DTSTART"].dt == datetime(2026, 11, 26, 18, tzinfo=event["DTSTART"].dt.tzinfo)
    assert event["DURATION"].dt == timedelta(hours=1)
    assert event["RRULE"].to_ical() == b"FREQ=WEEKLY;BYDAY=TH"
    said = parts(series, THURSDAY, detail=DetailLevel.STANDARD)
    assert said is not None
    assert str(said[1][0]["SUMMARY"]) == "Meeting"


def test_one_that_is_moved_or_off_changes_that_date_alone_and_the_series_tells_of_both() -> None:
    series = a_series().changed(moved(THURSDAY, LATER), now=SET).changed(off(NEXT), now=SET)

    found = parts(series, THURSDAY)
    assert found is not None
    assert (found[0], found[1][0]["RECURRENCE-ID"].dt.date(), found[1][0]["SEQUENCE"]) == ("REQUEST", THURSDAY, 2)
    assert found[1][0]["DTSTART"].dt == LATER
    gone = parts(series, NEXT)
    assert gone is not None
    assert (gone[0], gone[1][0]["RECURRENCE-ID"].dt.date(), str(gone[1][0]["STATUS"])) == ("CANCEL", NEXT, "CANCELLED")

    whole = parts(series, date(2026, 12, 10))
    assert whole is not None
    master, other = whole[1]
    assert master["EXDATE"].dts[0].dt.date() == NEXT
    assert other["RECURRENCE-ID"].dt.date() == THURSDAY
    assert len({str(event["UID"]) for event in (*found[1], *gone[1], *whole[1])}) == 1


@pytest.mark.parametrize("detail", list(DetailLevel))
def test_to_join_brings_the_whole_series_whatever_comes_next_and_to_leave_takes_all_of_it_out(
    detail: DetailLevel,
) -> None:
    series = a_series().changed(off(THURSDAY), now=SET).changed(moved(NEXT, LATER), now=SET)
    found: list[tuple[str, list[Any]]] = []
    for joined in (True, False):
        way = Way(series_id=series.id, joined=joined, at=SET)
        assert way_of(way.kind) == way
        entry = Entry(
            person_id=PERSON,
            kind=way.kind,
            on=SET.date(),
            due_at=SET,
            status=Status.CLAIMED,
            attempt=1,
            claimed_at=SET,
        )
        who = replace(a_recipient(), calendar_invites=True, moment=moment_of(way, series, now=SET))
        part = CALENDARS.part_for(entry, who, an_email(detail=detail), language="en")
        assert part is not None
        assert not [said for said in (b"video", b"circle", b"group", b"left") if said in part.ics.lower()]
        calendar = Calendar.from_ical(part.ics)
        found.append((str(calendar["METHOD"]), list(calendar.walk("VEVENT"))))

    (request, (master, other)), (cancel, (gone,)) = found
    assert (request, cancel) == ("REQUEST", "CANCEL")
    assert (master["EXDATE"].dts[0].dt.date(), other["RECURRENCE-ID"].dt.date()) == (THURSDAY, NEXT)
    # The whole of it, out of this calendar alone: for the others it goes on (RFC 5546 3.2.5).
    assert not {"RECURRENCE-ID", "STATUS"} & set(gone)
    assert len({str(one["UID"]) for one in (master, other, gone)}) == 1
    assert gone["SEQUENCE"] >= master["SEQUENCE"]
    assert str(master["SUMMARY"]) == ("Appointment" if detail is DetailLevel.DISCREET else "Meeting")


@pytest.mark.parametrize("kind", ["invite-item-abc-3", "invite-meeting-x", "invite-meeting-x-in-soon", "meeting-1h"])
def test_what_is_no_way_into_or_out_of_meetings_is_none(kind: str) -> None:
    assert way_of(kind) is None


def test_a_series_that_goes_on_otherwise_takes_the_place_of_what_was_before() -> None:
    series = a_series().going_on(a_part(at="19:00", since=date(2026, 12, 10)), now=SET)
    before, after = parts(series, NEXT), parts(series, date(2026, 12, 10))
    assert before is not None
    assert after is not None

    assert before[1][0]["RRULE"].to_ical() == b"FREQ=WEEKLY;UNTIL=20261209T230000Z;BYDAY=TH"
    assert after[1][0]["RRULE"].to_ical() == b"FREQ=WEEKLY;BYDAY=TH"
    assert after[1][0]["DTSTART"].dt.hour == 19
    assert before[1][0]["UID"] == after[1][0]["UID"]
    assert before[1][0]["SEQUENCE"] == after[1][0]["SEQUENCE"] == 1


@pytest.mark.parametrize("rule", ["FREQ=WEEKLY;BYDAY=TH;COUNT=2", "FREQ=WEEKLY;BYDAY=TH;UNTIL=20261203"])
def test_a_part_that_ends_by_itself_keeps_its_end(rule: str) -> None:
    series = a_series(a_part(rule=rule)).going_on(a_part(at="19:00", since=date(2026, 12, 31)), now=SET)

    entry = entry_of(series, THURSDAY)
    assert entry is not None
    assert entry.when.rule == rule
    assert entry_of(series, date(2026, 12, 10)) is None
