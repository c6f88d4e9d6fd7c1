"""The doors to attendance: staff note who came, and the person sees what was noted."""

from datetime import timedelta
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, refuse
from chalicelib.flags.store import DynamoCareRules
from chalicelib.outreach.checking import EARLIEST
from chalicelib.privacy.domain import Act, Field, Rule
from chalicelib.routine import attending
from chalicelib.routine.attendance_shapes import (
    AttendanceList,
    AttendanceQuery,
    AttendanceSent,
    SessionNoted,
    SessionSent,
    ShownAttendance,
    said_of,
    shown_attendance,
    shown_session,
)
from chalicelib.routine.attendance_store import DynamoAttendances
from chalicelib.routine.attending import Said
from chalicelib.routine.doors import doors
from chalicelib.routine.programme_routes import LATEST, date_of
from chalicelib.routine.store import DynamoRoutines
from chalicelib.tasks.store import DynamoTasks

SHOWN_FOR = timedelta(days=28)
LONGEST = timedelta(days=366)

_NOTE = Rule(act=Act.WRITE, field=Field.ATTENDANCE, subject="person_id", purpose="note who came to a session")
_EACH = Rule(act=Act.WRITE, field=Field.ATTENDANCE, purpose="note who came to a session")


@doors.door(
    "PUT",
    "/people/{person_id}/routine/items/{item_id}/attendance/{on}",
    summary="Note whether a person came to a session of a date; the same again changes nothing",
    rule=_NOTE,
    body=AttendanceSent,
    answer=ShownAttendance,
)
def put_attendance(asked: Asked, person_id: str, item_id: str, on: str) -> Answer:
    """Note it."""
    noted = attending.note_attendance(
        person_id, item_id, date_of(on), said_of(asked.body), by=asked.who.subject, desk=desk(), now=asked.now
    )
    return Answer(body=shown_attendance(noted) if noted else None)


@doors.door(
    "DELETE",
    "/people/{person_id}/routine/items/{item_id}/attendance/{on}",
    summary="Take back what was noted, so that nobody knows whether they came; again changes nothing",
    rule=_NOTE,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_attendance(asked: Asked, person_id: str, item_id: str, on: str) -> Answer:
    """Take it back; a flag that it raised stays until somebody notes what they did."""
    said = Said(presence=None)
    attending.note_attendance(person_id, item_id, date_of(on), said, by=asked.who.subject, desk=desk(), now=asked.now)
    return Answer()


@doors.door(
    "PUT",
    "/programmes/{programme_id}/routine/items/{item_id}/attendance/{on}",
    summary="Note who came to a session of a programme; each entry by itself, the same again changes nothing",
    # Whoever may see attendance here gets in; each person is decided on, and written down, by themselves.
    rule=Rule(
        act=Act.LIST,
        field=Field.ATTENDANCE,
        programme="programme_id",
        purpose="note who came to a session",
        narrows=True,
    ),
    body=SessionSent,
    answer=SessionNoted,
)
def put_session_attendance(asked: Asked, programme_id: str, item_id: str, on: str) -> Answer:
    """Note it."""
    sent: SessionSent = asked.body
    noted, refused = attending.note_session(
        programme_id,
        item_id,
        date_of(on),
        [(one.person_id, said_of(one)) for one in sent.people],
        may=lambda person_id: doors.decide_too(asked, _EACH, person_id=person_id, programme_id=programme_id),
        by=asked.who.subject,
        desk=desk(),
        now=asked.now,
    )
    return Answer(body=shown_session(noted, refused))


@doors.door(
    "GET",
    "/people/{person_id}/attendance",
    summary="To which sessions a person came, as staff noted it, the latest first",
    rule=Rule(act=Act.LIST, field=Field.ATTENDANCE, subject="person_id", purpose="see who came to sessions"),
    query=AttendanceQuery,
    answer=AttendanceList,
)
def list_attendance(asked: Asked, person_id: str) -> Answer:
    """List it, without sessions that the programme took off."""
    last = asked.query.last or asked.now.date() + timedelta(days=1)
    first = asked.query.first or min(last, LATEST) - SHOWN_FOR
    faults = [
        Fault(field=name, reason="is no date that there can be sessions on")
        for name, given in (("from", first), ("to", last))
        if not EARLIEST <= given < LATEST
    ]
    if not faults and not timedelta() <= last - first <= LONGEST:
        faults.append(Fault(field="from", reason="must not be after `to`, nor more than 366 days before it"))
    refuse(faults)
    found = attending.attended(
        person_id,
        first=first,
        last=last,
        people=DynamoPeople(),
        routines=DynamoRoutines(),
        attendances=DynamoAttendances(),
    )
    return Answer(body=AttendanceList(items=[shown_attendance(one) for one in found]))


def desk() -> attending.Desk:
    """Return what noting attendance works with."""
    return attending.Desk(
        people=DynamoPeople(),
        routines=DynamoRoutines(),
        attendances=DynamoAttendances(),
        care_rules=DynamoCareRules(),
        tasks=DynamoTasks(),
    )
