"""What supporters say to staff: that they are worried about the person, or need help themselves. It changes nothing."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Protocol

from chalicelib.enrollment.showable import lines_fault
from chalicelib.errors import Fault, Invalid, TooSoon
from chalicelib.family.domain import A_DAY, Tie
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Kind, Severity, Task, task_for

LONGEST = 1000
MOST_A_DAY = 5
"""How many a supporter may write of one person in 24 hours; what says danger is always taken."""


class TooManyConcerns(TooSoon):
    """The supporter wrote as much as one may for now."""


class Worry(StrEnum):
    """How pressing it is, as the supporter says."""

    DANGER = "danger"
    """Somebody's life may be in danger now."""
    WORRIED = "worried"
    SOON = "soon"
    """Something that staff should know, and that can wait."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Of how pressing a task it becomes, whose, and within which time; None: by the terms of its kind."""

    severity: Severity
    owner: Role
    within: timedelta | None


TERMS = {
    Worry.DANGER: Terms(severity=Severity.CRISIS, owner=Role.CLINICIAN, within=timedelta(minutes=15)),
    Worry.WORRIED: Terms(severity=Severity.OUTREACH, owner=Role.CASE_MANAGER, within=timedelta(days=1)),
    Worry.SOON: Terms(severity=Severity.FOLLOW_UP, owner=Role.CASE_MANAGER, within=None),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Concern:
    """
    What a supporter wrote to staff about a person.

    ``may_name``: they agreed that staff tell the person whom it comes from; else staff must not.
    """

    id: str
    person_id: str
    tie_id: str
    at: datetime
    worry: Worry
    text: str
    may_name: bool


class Concerns(Protocol):
    """What supporters said."""

    def add(self, concern: Concern, task: Task) -> None:
        """Write what a supporter said together with the task that has somebody read it."""
        ...

    def of_person(self, person_id: str) -> list[Concern]:
        """Return all about a person, the latest first."""
        ...


class Tasks(Protocol):
    """Where tasks are opened."""

    def open(self, task: Task) -> bool:
        """Write a task that isn't there yet; False if one of its name is there."""
        ...


def raise_concern(
    tie: Tie,
    worry: Worry,
    text: str,
    *,
    may_name: bool,
    programme_id: str,
    zone: str,
    now: datetime,
    concerns: Concerns,
    new_id: Callable[[], str],
) -> Concern:
    """
    Take down what a supporter is worried about, with a task for staff: nobody's date, streak or plan changes by it.

    ``programme_id``: the one that holds the person now, whose staff can act on it; they may have moved since.

    :raises Invalid: if the text can't be taken; what says danger needs none
    :raises TooManyConcerns: if they wrote enough of this person for now
    """
    text = text.strip()
    if fault := _fault(text, worry):
        raise Invalid(Fault(field="text", reason=fault))
    if worry is not Worry.DANGER:
        _must_have_room(tie, now=now, concerns=concerns)
    concern = Concern(
        id=new_id(), person_id=tie.person_id, tie_id=tie.id, at=now, worry=worry, text=text, may_name=may_name
    )
    concerns.add(concern, _task(concern, programme_id=programme_id, zone=zone))
    return concern


def _fault(text: str, worry: Worry) -> str | None:
    if not text and worry is not Worry.DANGER:
        return "is missing"
    if len(text) > LONGEST:
        return f"is longer than {LONGEST} characters"
    return lines_fault(text)


def _must_have_room(tie: Tie, *, now: datetime, concerns: Concerns) -> None:
    lately = [one.at for one in concerns.of_person(tie.person_id) if one.tie_id == tie.id and one.at > now - A_DAY]
    if len(lately) >= MOST_A_DAY:
        raise TooManyConcerns(
            "that would be more than one writes in a day; call the programme", again_at=lately[MOST_A_DAY - 1] + A_DAY
        )


def _task(concern: Concern, *, programme_id: str, zone: str) -> Task:
    terms = TERMS[concern.worry]
    task = task_for(
        Kind.CONCERN,
        concern.id,
        programme_id=programme_id,
        person_id=concern.person_id,
        at=concern.at,
        zone=zone,
    )
    due_at = concern.at + terms.within if terms.within else task.due_at
    return replace(task, severity=terms.severity, owner=terms.owner, due_at=due_at)


def ask_for_help(tie: Tie, *, programme_id: str, zone: str, now: datetime, tasks: Tasks) -> bool:
    """
    Have somebody of the staff talk with a supporter about themselves; the same day again is the same task.

    ``programme_id``: as of a concern. Those who had the person before could open nothing about them any more.
    """
    task = task_for(
        Kind.SUPPORTER_HELP,
        f"{tie.id}-{now:%Y-%m-%d}-{programme_id}",
        programme_id=programme_id,
        person_id=tie.person_id,
        at=now,
        zone=zone,
    )
    return tasks.open(task)
