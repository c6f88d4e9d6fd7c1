"""Note contacts with people, and set how often each role means to reach them."""

from collections.abc import Callable, Iterator
from datetime import date, datetime
from typing import Protocol

from chalicelib.caseload.domain import (
    STAFF,
    Cadence,
    Contact,
    Draft,
    NoSuchCadence,
    Stand,
    check_cadence,
    contact_id,
    draft_faults,
    last_of,
    stands,
)
from chalicelib.enrollment.changing import People, find_person
from chalicelib.errors import Fault, refuse
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Role
from chalicelib.tasks.service import Tasks

_NOT_THEIRS = Fault(field="corrects", reason="is no contact that can be corrected")
_NO_TASK = Fault(field="taskId", reason="is no task of this person's that can be named here")


class Contacts(Protocol):
    """The outreach log of all people. Nothing in it is ever changed."""

    def add(self, contact: Contact) -> None:
        """
        Add a line, in the place of the one that it corrects, if any.

        :raises AlreadyCorrected: if another line stands there already
        """
        ...

    def find(self, person_id: str, contact_id: str) -> Contact | None:
        """Return a line."""
        ...

    def page(self, person_id: str, *, before: str | None, limit: int) -> tuple[list[Contact], str | None]:
        """Return lines by when they took place, the latest first, and the key to go on after; None at the end."""
        ...

    def newest(self, person_id: str) -> Iterator[Contact]:
        """Give all lines as they are now, the latest first, reading no further than is asked for."""
        ...


class Cadences(Protocol):
    """How often each role means to reach each person."""

    def of_person(self, person_id: str) -> list[Cadence]:
        """Return a person's, as they are now, in no order."""
        ...

    def put(self, cadence: Cadence) -> None:
        """Put it in place of the role's."""
        ...

    def remove(self, person_id: str, role: Role) -> None:
        """Take the role's away; none there is fine."""
        ...


def note_contact(
    person_id: str,
    draft: Draft,
    *,
    by: str,
    role: Role,
    programme_id: str,
    reads_all: bool,
    now: datetime,
    people: People,
    contacts: Contacts,
    tasks: Tasks,
    new_id: Callable[[], str],
) -> Contact:
    """
    Note that a member of staff tried to reach a person, or that an earlier line says so wrongly.

    Who may not read the log and the tasks (``reads_all`` False) corrects their own lines alone and names no task, and
    is answered the same whether there is one.

    :raises NoSuchPerson: if there is none
    :raises Invalid: names what is wrong
    :raises AlreadyCorrected: if the line was corrected already
    """
    find_person(person_id, people=people)
    before = contacts.find(person_id, draft.corrects) if draft.corrects else None
    if before and not reads_all and before.by != by:
        before = None
    faults = draft_faults(draft, now=now, before=before)
    if draft.corrects and before is None:
        faults.append(_NOT_THEIRS)
    if draft.task_id and not (reads_all and tasks.find(person_id, draft.task_id)):
        faults.append(_NO_TASK)
    refuse(faults)
    at = draft.at or (before.at if before else now)
    contact = Contact(
        id=contact_id(at, new_id()),
        person_id=person_id,
        programme_id=programme_id,
        at=at,
        how=draft.how,
        outcome=draft.outcome,
        role=before.role if before and before.by != by else role,
        by=by,
        noted_at=now,
        note=draft.note,
        task_id=draft.task_id,
        corrects=draft.corrects,
    )
    contacts.add(contact)
    return contact


def set_cadence(
    person_id: str,
    role: Role,
    *,
    every_days: int,
    starts_on: date,
    by: str,
    now: datetime,
    people: People,
    contacts: Contacts,
    cadences: Cadences,
) -> Stand:
    """
    Have a role reach a person every so many days, from a local date on; the same again changes nothing.

    :raises NoSuchPerson: if there is none
    :raises HasDied: if the person has died
    :raises Invalid: names what is wrong
    :raises NoSuchCadence: if the role reaches nobody
    """
    if role not in STAFF:
        raise NoSuchCadence("there are cadences for clinicians, case managers and peer specialists")
    record = find_person(person_id, people=people)
    record.must_be_alive()
    check_cadence(every_days, starts_on, today=local_date(now, record.person.zone))
    present = next((one for one in cadences.of_person(person_id) if one.role is role), None)
    if present is None or (present.every_days, present.starts_on) != (every_days, starts_on):
        present = Cadence(person_id=person_id, role=role, every_days=every_days, starts_on=starts_on, by=by, set_at=now)
        cadences.put(present)
    last = last_of(contacts.newest(person_id), of=[role])
    (stand,) = stands([present], last, zone=record.person.zone, not_before=record.episode.admitted_on, now=now)
    return stand


def cadences_of(
    person_id: str, *, now: datetime, people: People, contacts: Contacts, cadences: Cadences
) -> list[Stand]:
    """
    Return how a person's cadences stand.

    :raises NoSuchPerson: if there is none
    """
    record = find_person(person_id, people=people)
    found = cadences.of_person(person_id)
    last = last_of(contacts.newest(person_id), of=[one.role for one in found])
    return stands(found, last, zone=record.person.zone, not_before=record.episode.admitted_on, now=now)
