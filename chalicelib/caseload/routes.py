"""The doors to the outreach log and to cadences; importing it brings the slice's other doors along."""

from http import HTTPStatus

from chalicelib.caseload import programme_routes, service
from chalicelib.caseload.domain import STAFF, NoSuchCadence
from chalicelib.caseload.doors import doors
from chalicelib.caseload.shapes import (
    CadenceList,
    NewCadence,
    NewContact,
    ShownCadence,
    ShownContact,
    shown_cadence,
    shown_contact,
)
from chalicelib.caseload.store import LINE, DynamoCadences, DynamoContacts
from chalicelib.edge.http import Answer, Asked, Page, PageQuery
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, Invalid
from chalicelib.privacy.domain import Act, Field, Role, Rule
from chalicelib.privacy.matrix import MATRIX
from chalicelib.tasks.store import DynamoTasks

__all__ = ["doors", "programme_routes"]


@doors.door(
    "POST",
    "/people/{person_id}/contacts",
    summary="Note that one tried to reach a person, or correct a line that says so",
    rule=Rule(act=Act.WRITE, field=Field.CONTACTS, subject="person_id", purpose="note a contact with somebody"),
    body=NewContact,
    answer=ShownContact,
    status=HTTPStatus.CREATED,
    created=True,
)
def note_contact(asked: Asked, person_id: str) -> Answer:
    """Add a line to the log, with who and when."""
    role = _role(asked)
    contact = service.note_contact(
        person_id,
        asked.body.draft(),
        by=asked.who.subject,
        role=role,
        programme_id=asked.granted.programme_id,
        reads_all=any(Act.READ in allowed.acts for allowed in MATRIX[asked.granted.role].get(Field.CONTACTS, ())),
        now=asked.now,
        people=DynamoPeople(),
        contacts=DynamoContacts(),
        tasks=DynamoTasks(),
        new_id=new_id,
    )
    return Answer(body=shown_contact(contact))


@doors.door(
    "GET",
    "/people/{person_id}/contacts",
    summary="The staff's log of contacts with a person, the latest first",
    rule=Rule(act=Act.LIST, field=Field.CONTACTS, subject="person_id", purpose="see the contacts with somebody"),
    query=PageQuery,
    answer=Page[ShownContact],
)
def list_contacts(asked: Asked, person_id: str) -> Answer:
    """List a page."""
    found, last = DynamoContacts().page(person_id, before=asked.after(prefix=LINE), limit=asked.query.limit)
    return Answer(body=Page[ShownContact](items=[shown_contact(one) for one in found], next=asked.next(last)))


@doors.door(
    "GET",
    "/people/{person_id}/cadences",
    summary="How often each role of the staff means to reach a person, and when that is due",
    rule=Rule(act=Act.LIST, field=Field.TASKS, subject="person_id", purpose="see when somebody is to be reached"),
    answer=CadenceList,
)
def list_cadences(asked: Asked, person_id: str) -> Answer:
    """List them."""
    found = service.cadences_of(
        person_id, now=asked.now, people=DynamoPeople(), contacts=DynamoContacts(), cadences=DynamoCadences()
    )
    return Answer(body=CadenceList(items=[shown_cadence(one) for one in found]))


@doors.door(
    "PUT",
    "/people/{person_id}/cadences/{staff_role}",
    summary="Have a role of the staff reach a person every so many days; the same again changes nothing",
    rule=Rule(act=Act.WRITE, field=Field.TASKS, subject="person_id", purpose="set how often to reach somebody"),
    body=NewCadence,
    answer=ShownCadence,
)
def put_cadence(asked: Asked, person_id: str, staff_role: str) -> Answer:
    """Set it, in place of the role's."""
    stand = service.set_cadence(
        person_id,
        _role_named(staff_role),
        every_days=asked.body.every_days,
        starts_on=asked.body.starts_on,
        by=asked.who.subject,
        now=asked.now,
        people=DynamoPeople(),
        contacts=DynamoContacts(),
        cadences=DynamoCadences(),
    )
    return Answer(body=shown_cadence(stand))


@doors.door(
    "DELETE",
    "/people/{person_id}/cadences/{staff_role}",
    summary="No longer have a role reach a person every so many days",
    rule=Rule(act=Act.WRITE, field=Field.TASKS, subject="person_id", purpose="no longer set how often to reach"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def delete_cadence(asked: Asked, person_id: str, staff_role: str) -> Answer:  # noqa: ARG001 (access was decided on it)
    """Take it away; again changes nothing."""
    DynamoCadences().remove(person_id, _role_named(staff_role))
    return Answer()


def _role_named(text: str) -> Role:
    if text not in set(STAFF):
        raise NoSuchCadence("There are cadences for clinicians, case managers and peer specialists.")
    return Role(text)


def _role(asked: Asked) -> Role:
    """
    Return the role in which the contact took place: the one that opened the door, or another that they hold there.

    :raises Invalid: if they name one that they don't hold, or that reaches nobody
    """
    wanted: Role | None = asked.body.as_role
    if wanted is None:
        return asked.granted.role
    if wanted not in STAFF or not asked.who.has(wanted, asked.granted.programme_id):
        raise Invalid(Fault(field="asRole", reason="must be a role of the staff that you hold in the programme"))
    return wanted
