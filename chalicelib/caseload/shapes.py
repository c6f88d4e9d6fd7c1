"""What the doors to contacts and cadences take and show."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.caseload.domain import LONGEST_CADENCE, LONGEST_NOTE, Contact, Draft, How, Outcome, Stand
from chalicelib.edge.http import Instant, Wire
from chalicelib.privacy.domain import Role

Name = Annotated[str, Described(max_length=200, pattern=r"^[A-Za-z0-9._~:@=-]+$")]


class NewContact(Wire):
    """That a member of staff tried to reach the person, or (``corrects``) that an earlier line says so wrongly."""

    how: How
    outcome: Annotated[Outcome, Described(description="`withdrawn`: only of a correction; it never took place.")]
    at: Annotated[
        Instant | None, Described(description="When, within the last 30 days; now, or as corrected, if left out.")
    ] = None
    note: Annotated[
        str, Described(max_length=LONGEST_NOTE, description="A working note for staff; no counselling notes.")
    ] = ""
    task_id: Annotated[Name | None, Described(description="The task that it answers; it stays open.")] = None
    corrects: Annotated[Name | None, Described(description="The id of the line that this one replaces.")] = None
    as_role: Annotated[
        Role | None, Described(description="For somebody with several roles: the one in which they did it.")
    ] = None

    def draft(self) -> Draft:
        """Read it."""
        return Draft(
            how=self.how,
            outcome=self.outcome,
            at=self.at,
            note=self.note.replace("\r\n", "\n").strip(),
            task_id=self.task_id,
            corrects=self.corrects,
        )


class ShownContact(Wire):
    """A line of the outreach log. One with ``correctedBy`` no longer counts."""

    id: str
    person_id: str
    at: datetime
    how: How
    outcome: Outcome
    role: Role
    by: Annotated[str, Described(description="The sign-in's id.")]
    noted_at: datetime
    note: str
    task_id: str | None
    corrects: str | None
    corrected_by: str | None


class NewCadence(Wire):
    """Every how many days the role means to reach the person, and from which of the person's dates on."""

    every_days: Annotated[int, Described(ge=1, le=LONGEST_CADENCE)]
    starts_on: date


class ShownCadence(Wire):
    """A cadence: `nextDue` is so many days after the role last reached the person, by the person's dates."""

    role: Role
    every_days: int
    starts_on: date
    last_reached_at: datetime | None
    next_due: date
    due: bool
    overdue: bool
    set_by: Annotated[str, Described(description="The sign-in's id.")]
    set_at: datetime


class CadenceList(Wire):
    """A person's cadences."""

    items: list[ShownCadence]


def shown_contact(contact: Contact) -> ShownContact:
    """Show a line."""
    return ShownContact(
        id=contact.id,
        person_id=contact.person_id,
        at=contact.at,
        how=contact.how,
        outcome=contact.outcome,
        role=contact.role,
        by=contact.by,
        noted_at=contact.noted_at,
        note=contact.note,
        task_id=contact.task_id,
        corrects=contact.corrects,
        corrected_by=contact.corrected_by,
    )


def shown_cadence(stand: Stand) -> ShownCadence:
    """Show how a cadence stands."""
    cadence = stand.cadence
    return ShownCadence(
        role=cadence.role,
        every_days=cadence.every_days,
        starts_on=cadence.starts_on,
        last_reached_at=stand.reached_at,
        next_due=stand.due_on,
        due=stand.is_due,
        overdue=stand.is_overdue,
        set_by=cadence.by,
        set_at=cadence.set_at,
    )
