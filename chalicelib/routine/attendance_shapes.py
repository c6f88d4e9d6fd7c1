"""What the doors to attendance take and show."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.routine.attendance import Attendance, Presence
from chalicelib.routine.attending import MOST_AT_ONCE, Refused, Said
from chalicelib.routine.domain import LONGEST_MINUTES, Kind

CalendarDate = date


class AttendanceSent(Wire):
    """Whether somebody came. ``minutes``: how many of those planned they were there; left out: all of them."""

    presence: Presence
    minutes: Annotated[int | None, Described(ge=1, le=LONGEST_MINUTES)] = None


class EntrySent(AttendanceSent):
    """Whether one of a session's people came."""

    person_id: Annotated[str, Described(min_length=1, max_length=64, pattern=r"^[A-Za-z0-9._-]+$")]


class SessionSent(Wire):
    """Who came to a session. Whoever isn't named stays as noted."""

    people: Annotated[list[EntrySent], Described(min_length=1, max_length=MOST_AT_ONCE)]


class AttendanceQuery(Wire):
    """From which date to which, both included; left out: the last four weeks."""

    first: Annotated[CalendarDate | None, Described(alias="from")] = None
    last: Annotated[CalendarDate | None, Described(alias="to")] = None


class ShownAttendance(Wire):
    """What was noted of a person and a session. ``minutes`` of ``plannedMinutes``; ``by`` is a sign-in's id."""

    person_id: str
    item_id: str
    on: CalendarDate
    kind: Kind
    at: datetime
    planned_minutes: int
    presence: Presence
    minutes: int
    noted_at: datetime
    by: str


class AttendanceList(Wire):
    """What was noted of a person's sessions, the latest first."""

    items: list[ShownAttendance]


class WrongField(Wire):
    """What is wrong with a field of an entry."""

    field: str
    reason: str


class RefusedEntry(Wire):
    """An entry that was not noted; ``index`` is its place in ``people``, from 0."""

    index: int
    errors: list[WrongField]


class SessionNoted(Wire):
    """What stands noted now, and which entries were refused. The same list can be sent again."""

    items: list[ShownAttendance]
    refused: list[RefusedEntry]


def said_of(sent: AttendanceSent) -> Said:
    """Return what was sent."""
    return Said(presence=sent.presence, minutes=sent.minutes)


def shown_attendance(one: Attendance) -> ShownAttendance:
    """Show what was noted."""
    if one.presence is None:
        raise ValueError("what was taken back isn't shown")
    return ShownAttendance(
        person_id=one.person_id,
        item_id=one.item_id,
        on=one.on,
        kind=one.kind,
        at=one.at,
        planned_minutes=one.planned,
        presence=one.presence,
        minutes=one.minutes,
        noted_at=one.noted_at,
        by=one.by,
    )


def shown_session(noted: Iterable[Attendance], refused: Iterable[Refused]) -> SessionNoted:
    """Show how a list was taken."""
    return SessionNoted(
        items=[shown_attendance(one) for one in noted],
        refused=[
            RefusedEntry(
                index=one.index, errors=[WrongField(field=fault.field, reason=fault.reason) for fault in one.faults]
            )
            for one in refused
        ],
    )
