"""
Calendar entries by e-mail (RFC 5545, RFC 5546 iTIP): one recipient, discreet, and nothing but ours in them.

Calendars are shared with families and employers: what an entry says is neutral, it leads to our own sign-in page, it
rings no bell of ours, and no other member is ever in it. A calendar takes the highest SEQUENCE of a UID for the truth.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from zoneinfo import ZoneInfo

from chalicelib.outreach.clock_changes import timezone
from chalicelib.outreach.recurrence import Once, Recurrence, next_occurrence, resolve
from chalicelib.outreach.rrule import parse

if TYPE_CHECKING:
    from icalendar import Event

LASTS = timedelta(hours=1)
"""How long an entry takes up where nobody tells us; an hour is what calendars assume themselves."""

PRODUCT = "-//Care Team//Calendar//EN"


class Method(StrEnum):
    """What a calendar is asked to do (RFC 5546 1.4)."""

    REQUEST = "REQUEST"
    CANCEL = "CANCEL"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The text/calendar part of a message."""

    method: Method
    ics: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Invite:
    """
    A date or a series in one person's calendar.

    ``sequence`` comes from stored state and grows by every change. ``organizer`` is (name, address), ``attendee`` the
    recipient's address. ``without`` are dates of the series that don't take place. ``lasts`` is how long it takes.
    """

    uid: str
    sequence: int
    summary: str
    link: str
    organizer: tuple[str, str]
    attendee: str
    at: datetime
    without: tuple[date, ...] = ()
    lasts: timedelta = LASTS


def uid_of(person_id: str, kind: str, domain: str) -> str:
    """Return the name of a person's series in calendars: always the same, and telling nothing of either."""
    return f"{sha256(f'cairn invite {person_id} {kind}'.encode()).hexdigest()[:40]}@{domain}"


def requested(
    invite: Invite, when: Recurrence | Once, *, moved: Mapping[date, datetime] = MappingProxyType({})
) -> Part | None:
    """
    Return what puts a date or series into a calendar, or its new shape over the old one; None if it never comes.

    ``moved`` are dates of the series at another instant: each an event of its own beside that of the series.
    """
    first = next_occurrence(when, after=_before(when))
    if first is None:
        return None
    event = _event(invite)
    event.add("dtstart", wall(first.on, when.at, when.zone))
    event.add("duration", invite.lasts)
    if isinstance(when, Recurrence):
        event.add("rrule", rule_of(when))
        for on in invite.without:
            # As RFC 5545 3.8.5.1 wants it: of the same form as DTSTART.
            event.add("exdate", wall(on, when.at, when.zone))
    others = [_moved(invite, when, on, at) for on, at in moved.items()] if isinstance(when, Recurrence) else []
    return _part(Method.REQUEST, event, *others, zone=when.zone, since=first.on)


def requested_once(invite: Invite, when: Recurrence, *, on: date, moved_to: datetime) -> Part:
    """Return what moves one date of a series; ``moved_to`` is an instant."""
    local = moved_to.astimezone(ZoneInfo(when.zone))
    return _part(Method.REQUEST, _moved(invite, when, on, moved_to), zone=when.zone, since=min(on, local.date()))


def _moved(invite: Invite, when: Recurrence, on: date, to: datetime) -> "Event":
    event = _event(invite)
    event.add("recurrence-id", wall(on, when.at, when.zone))
    event.add("dtstart", to.astimezone(ZoneInfo(when.zone)))
    event.add("dtend", (to + invite.lasts).astimezone(ZoneInfo(when.zone)))
    return event


def cancelled(invite: Invite) -> Part:
    """Return what takes the whole of it out of a calendar: it doesn't take place."""
    event = _event(invite)
    event.add("status", "CANCELLED")
    return _part(Method.CANCEL, event)


def cancelled_once(invite: Invite, when: Recurrence, *, on: date) -> Part:
    """Return what takes one date of a series out of a calendar."""
    event = _event(invite)
    event.add("status", "CANCELLED")
    event.add("recurrence-id", wall(on, when.at, when.zone))
    return _part(Method.CANCEL, event, zone=when.zone, since=on)


def withdrawn(invite: Invite, *, comment: str) -> Part:
    """Return what takes it out of this person's calendar only: for others it goes on, so that it has no STATUS."""
    event = _event(invite)
    event.add("comment", comment)
    return _part(Method.CANCEL, event)


def _event(invite: Invite) -> "Event":
    from icalendar import Event, vCalAddress, vText

    name, address = invite.organizer
    organizer = vCalAddress(f"mailto:{address}")
    organizer.params["CN"] = vText(name)
    attendee = vCalAddress(f"mailto:{invite.attendee}")
    attendee.params.update(CUTYPE="INDIVIDUAL", ROLE="REQ-PARTICIPANT", PARTSTAT="NEEDS-ACTION", RSVP="FALSE")
    event = Event()
    values: Iterable[tuple[str, Any]] = (
        ("uid", invite.uid),
        ("sequence", invite.sequence),
        ("dtstamp", invite.at.astimezone(UTC).replace(microsecond=0)),
        ("organizer", organizer),
        ("attendee", attendee),
        ("summary", invite.summary),
        ("class", "PRIVATE"),
        ("url", invite.link),
        ("description", invite.link),
    )
    for key, value in values:
        event.add(key, value)
    return event


def wall(on: date, at: time, zone: str) -> datetime:
    """Return a wall time as it is, also where clocks skip it: RFC 5545 3.3.5 reads it as ``resolve`` does."""
    return datetime.combine(on, at, tzinfo=ZoneInfo(zone))


def _before(when: Recurrence | Once) -> datetime:
    on = when.starts_on if isinstance(when, Recurrence) else when.on
    return resolve(on, time(0), when.zone) - timedelta(days=1)


def rule_of(when: Recurrence) -> Any:  # noqa: ANN401 (the library's own type, which is imported late)
    """Return a rule as an entry with a zone has it."""
    from icalendar import vRecur

    rule = vRecur.from_ical(when.rule.upper())
    until = parse(when.rule).until
    if until is not None:
        # In UTC where DTSTART has a zone (RFC 5545 3.3.10); a date means the whole of it, which the wall time ends.
        rule["UNTIL"] = until if isinstance(until, datetime) else _end_of(until, when)
    return rule


def _end_of(until: date, when: Recurrence) -> datetime:
    try:
        return resolve(until, when.at, when.zone)
    except OverflowError:
        # The last evening of all time in the west is beyond what can be written in UTC.
        return datetime.max.replace(microsecond=0, tzinfo=UTC)


def _part(method: Method, *events: "Event", zone: str | None = None, since: date | None = None) -> Part:
    from icalendar import Calendar

    calendar = Calendar()
    for key, value in (("prodid", PRODUCT), ("version", "2.0"), ("calscale", "GREGORIAN"), ("method", method.value)):
        calendar.add(key, value)
    # In UTC there is nothing to tell: times end in Z.
    if zone and since and zone != "UTC":
        calendar.add_component(timezone(zone, since.year))
    for event in events:
        calendar.add_component(event)
    return Part(method=method, ics=calendar.to_ical())
