"""Calendar entries, read back by parsers of others: vobject for entries, dateutil for zones."""

from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import StringIO
from itertools import islice
from typing import Any
from zoneinfo import ZoneInfo

import pytest
import vobject
from dateutil.rrule import rrule, rruleset, rrulestr
from dateutil.tz import tzical
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.outreach.clock_changes import YEARS, changes, timezone
from chalicelib.outreach.invites import (
    LASTS,
    Invite,
    Method,
    Part,
    cancelled,
    cancelled_once,
    requested,
    requested_once,
    uid_of,
    withdrawn,
)
from chalicelib.outreach.recurrence import Once, Recurrence, next_occurrence
from tests.build import NEW_YORK, utc

INVITE = Invite(
    uid=uid_of("0f" * 16, "appointment-1", "care.example"),
    sequence=3,
    summary="Cita, con ñ; y \\ más",
    link="https://app.example",
    organizer=("Care Team", "replies@care.example"),
    attendee="ana@example.com",
    at=utc("2026-11-25T14:00:00.123456"),
)
WEEKLY = Recurrence(at=time(18), rule="FREQ=WEEKLY;BYDAY=TU,TH", zone=NEW_YORK, starts_on=date(2026, 11, 25))
ZONES = (
    NEW_YORK,
    "US/Arizona",
    "America/Santiago",
    "Europe/Dublin",
    "Africa/Casablanca",
    "Africa/Cairo",
    "Asia/Jerusalem",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "UTC",
)


def read(part: Part | None) -> Any:
    assert part is not None
    return vobject.readOne(part.ics.decode())


def event(part: Part | None) -> Any:
    return read(part).vevent


def instants(part: Part | None, how_many: int) -> list[datetime]:
    """Return when a calendar finds it to take place, by what the entry itself says of its zone."""
    assert part is not None
    lines = part.ics.decode().replace("\r\n ", "").splitlines()
    own = {name: [line for line in lines if line.startswith(name)] for name in ("DTSTART;", "RRULE:", "EXDATE;")}
    start = own["DTSTART;"][0]
    zone = tzical(StringIO(part.ics.decode())).get(start.partition("=")[2].partition(":")[0])
    assert zone is not None

    def wall(line: str) -> datetime:
        return datetime.strptime(line.rpartition(":")[2], "%Y%m%dT%H%M%S").replace(tzinfo=zone)

    # The rules of zones come before the entry's own.
    rules = [line for line in own["RRULE:"] if lines.index(line) > lines.index(start)]
    found = rruleset()
    found.rdate(wall(start))
    for line in rules:
        read_rule = rrulestr(line, dtstart=wall(start))
        assert isinstance(read_rule, rrule)
        found.rrule(read_rule)
    for line in own["EXDATE;"]:
        found.exdate(wall(line))
    return [at.astimezone(UTC) for at in islice(found, how_many)]


def ours(when: Recurrence, how_many: int) -> list[datetime]:
    at = datetime.combine(when.starts_on, time(0), tzinfo=UTC) - timedelta(days=2)
    found: list[datetime] = []
    while len(found) < how_many and (following := next_occurrence(when, after=at)):
        at = following.at
        found.append(at)
    return found


def test_an_invitation_is_for_one_person_and_says_nothing_but_what_it_must() -> None:
    part = requested(INVITE, WEEKLY)
    found = event(part)

    assert read(part).method.value == "REQUEST"
    assert part is not None
    assert part.method is Method.REQUEST
    assert found.uid.value == INVITE.uid
    assert found.sequence.value == "3"
    assert found.dtstamp.value == utc("2026-11-25T14:00")
    assert found.summary.value == "Cita, con ñ; y \\ más"
    assert [one.value for one in found.attendee_list] == ["mailto:ana@example.com"]
    assert found.organizer.value == "mailto:replies@care.example"
    assert found.contents["class"][0].value == "PRIVATE"
    assert (found.url.value, found.description.value) == ("https://app.example", "https://app.example")
    assert found.dtstart.value.tzinfo is not None
    assert part.ics.count(b"TZID=America/New_York:20261126T180000") == 1
    # No bell, no place, no status, nobody's name.
    assert not {"valarm", "location", "status", "contact", "categories"} & set(found.contents)
    assert "CN" not in found.attendee.params


def test_lines_are_folded_at_75_octets_and_end_as_they_must() -> None:
    part = requested(replace(INVITE, summary="ñ" * 200), WEEKLY)

    assert part is not None
    assert max(len(line) for line in part.ics.split(b"\r\n")) <= 75
    assert part.ics.count(b"\r\n") == part.ics.count(b"\n")
    assert event(part).summary.value == "ñ" * 200


@pytest.mark.parametrize("slipped", ["Cita\r\nATTENDEE:mailto:eve@example.com", "Cita\nBEGIN:VALARM"])
def test_a_line_break_in_a_text_makes_no_line(slipped: str) -> None:
    found = event(requested(replace(INVITE, summary=slipped), WEEKLY))

    assert len(found.attendee_list) == 1
    assert "valarm" not in found.contents


@pytest.mark.parametrize("address", ["ana@example.com\r\nATTENDEE:mailto:eve@example.com", "a@b.example\nX:1"])
def test_a_line_break_in_an_address_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="CR or LF"):
        requested(replace(INVITE, attendee=address), WEEKLY)


def test_a_series_has_the_same_name_always_and_tells_nothing_by_it() -> None:
    assert uid_of("p", "appointment-1", "d.example") == uid_of("p", "appointment-1", "d.example")
    others = {uid_of("q", "appointment-1", "d.example"), uid_of("p", "appointment-2", "d.example")}
    assert uid_of("p", "appointment-1", "d.example") not in others
    assert len(others) == 2
    assert "appointment" not in uid_of("p", "appointment-1", "d.example")


def test_one_date_that_is_cancelled_or_moved_names_it_as_the_series_does() -> None:
    on, moved_to = date(2026, 12, 8), utc("2026-12-09T18:30")

    off = event(cancelled_once(INVITE, WEEKLY, on=on))
    moved = event(requested_once(INVITE, WEEKLY, on=on, moved_to=moved_to))

    for found in (off, moved):
        assert found.contents["recurrence-id"][0].value.astimezone(UTC) == utc("2026-12-08T23:00")
        assert found.uid.value == INVITE.uid
    assert off.status.value == "CANCELLED"
    assert moved.dtstart.value.astimezone(UTC) == moved_to
    assert moved.dtend.value - moved.dtstart.value == LASTS


def test_a_cancellation_says_so_and_a_withdrawal_does_not() -> None:
    off, taken = cancelled(INVITE), withdrawn(INVITE, comment="Invitation withdrawn")

    assert (off.method, taken.method) == (Method.CANCEL, Method.CANCEL)
    assert event(off).status.value == "CANCELLED"
    assert "status" not in event(taken).contents
    assert event(taken).comment.value == "Invitation withdrawn"
    assert [one.value for one in event(taken).attendee_list] == ["mailto:ana@example.com"]


def test_dates_that_do_not_take_place_are_left_out() -> None:
    part = requested(replace(INVITE, without=(date(2026, 12, 1), date(2026, 12, 3))), WEEKLY)

    assert instants(part, 3) == [utc("2026-11-26T23:00"), utc("2026-12-08T23:00"), utc("2026-12-10T23:00")]
    assert part is not None
    assert part.ics.count(b"EXDATE;TZID=America/New_York:") == 2


def test_a_single_date_is_one() -> None:
    part = requested(INVITE, Once(on=date(2027, 3, 14), at=time(9), zone=NEW_YORK))

    assert instants(part, 9) == [utc("2027-03-14T13:00")]
    assert "rrule" not in event(part).contents


def test_in_utc_no_zone_is_told_of() -> None:
    part = requested(INVITE, Once(on=date(2027, 3, 14), at=time(9), zone="UTC"))

    assert part is not None
    assert b"DTSTART:20270314T090000Z" in part.ics
    assert b"VTIMEZONE" not in part.ics


def test_what_never_comes_is_no_invitation() -> None:
    assert requested(INVITE, replace(WEEKLY, rule="FREQ=DAILY;UNTIL=20260101")) is None


RULES = st.sampled_from(
    [
        "FREQ=DAILY",
        "FREQ=DAILY;INTERVAL=3;COUNT=9",
        "FREQ=WEEKLY;BYDAY=MO,WE,FR",
        "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU",
        "FREQ=WEEKLY;BYDAY=SA;UNTIL=20270501",
        "FREQ=WEEKLY;BYDAY=SA;UNTIL=20270501T120000Z",
        "FREQ=MONTHLY;BYDAY=-1FR",
        "FREQ=MONTHLY;BYMONTHDAY=31",
        "FREQ=MONTHLY;INTERVAL=2;BYDAY=2TU",
        "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
    ]
)


@settings(deadline=None, max_examples=60)
@given(
    rule=RULES,
    zone=st.sampled_from([zone for zone in ZONES if zone != "UTC"]),
    at=st.builds(time, st.integers(0, 23), st.sampled_from([0, 30])),
    starts_on=st.dates(date(2026, 1, 1), date(2027, 12, 31)),
)
def test_a_calendar_finds_the_same_instants_as_the_engine(rule: str, zone: str, at: time, starts_on: date) -> None:
    """Sixty times of a series. Wall times that clocks skip or repeat are dateutil's to read in its own way."""
    when = Recurrence(at=at, rule=rule, zone=zone, starts_on=starts_on)
    part = requested(INVITE, when)
    if part is None:
        assert ours(when, 1) == []
        return
    known_until = utc("2035-12-01T00:00")

    def comparable(found: list[datetime]) -> list[datetime]:
        return [one for one in found if one < known_until and exists(one, when)]

    assert comparable(instants(part, 60)) == comparable(ours(when, 60))


def exists(instant: datetime, when: Recurrence) -> bool:
    local = instant.astimezone(ZoneInfo(when.zone))
    return local.time() == when.at and local.replace(fold=0).utcoffset() == local.replace(fold=1).utcoffset()


@pytest.mark.parametrize("zone", ZONES)
def test_a_zone_changes_its_clocks_when_it_should(zone: str) -> None:
    """By the parser of dateutil, a minute before and after each change, over all years that are told of."""
    component = timezone(zone, 2026).to_ical().decode()
    theirs = tzical(StringIO(component)).get(zone)
    assert theirs is not None

    seen = 0
    for change in changes(zone, first=2026, last=2026 + YEARS):
        instant = (change.on - change.before).replace(tzinfo=UTC)
        for at in (instant - timedelta(minutes=1), instant + timedelta(hours=3)):
            local = at.astimezone(ZoneInfo(zone))
            assert local.replace(tzinfo=theirs).utcoffset() == local.utcoffset(), (zone, at)
            seen += 1
    assert seen > 0 or not list(changes(zone, first=2026, last=2026 + YEARS))


@pytest.mark.parametrize(
    ("zone", "rules"), [(NEW_YORK, 2), ("Europe/Dublin", 2), ("Africa/Casablanca", 0), ("US/Arizona", 0)]
)
def test_a_zone_is_told_by_rule_where_it_has_one(zone: str, rules: int) -> None:
    component = timezone(zone, 2026).to_ical().decode()

    assert component.count("RRULE:") == rules
    assert component.count("BEGIN:STANDARD") >= 1
