"""Pursue open tasks until somebody does them: tell when they open, and again, more widely, while they stay open."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import datetime, time, timedelta
from typing import Protocol

from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import STAFF_DIGEST
from chalicelib.outreach.recurrence import local_date, resolve
from chalicelib.staff.domain import Member
from chalicelib.staff.telling import CareTeam, count_of, reference_of, telling, whose
from chalicelib.tasks.domain import State, Step, Task

A_MINUTE = 100
"""How many steps of open tasks are looked at in a minute; the rest a minute later."""

AGAIN_IN = timedelta(seconds=30)
"""A step that could not be taken waits so long, for the next tick, behind those that came meanwhile."""

MOST_COUNTED = 99
"""Up to how many things a day's message counts: of more than that the number says nothing."""
MOST_LOOKED_AT = 500
"""How many open tasks of a programme a day's message looks at, those due first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Climb:
    """A step of an open task that is to be looked at when its instant comes."""

    at: datetime
    person_id: str
    task_id: str
    number: int


class Members(Protocol):
    """A programme's staff."""

    def of_programme(self, programme_id: str) -> list[Member]:
        """Return all of a programme's staff, removed ones too."""
        ...

    def with_id(self, recipient_id: str) -> Member | None:
        """Return whom outreach calls so."""
        ...


class Tasks(Protocol):
    """The tasks, to look at."""

    def find(self, person_id: str, task_id: str) -> Task | None:
        """Return a task as it is now."""
        ...

    def of_programme(
        self, programme_id: str, *, state: State, after: str | None, limit: int
    ) -> tuple[list[Task], str | None]:
        """Return open tasks by when they are due, and the key to go on after."""
        ...


class Climbs(Protocol):
    """What has to be looked at later, and which task a message is about."""

    def keep(self, task: Task) -> None:
        """Keep which task a reference stands for."""
        ...

    def task_of(self, reference: str) -> tuple[str, str] | None:
        """Return the person and the task that a reference stands for."""
        ...

    def put(self, climb: Climb) -> None:
        """Have a step looked at when its instant comes; again is the same."""
        ...

    def coming(self, *, by: datetime, limit: int) -> list[Climb]:
        """Return those whose instant came by now, the earliest first."""
        ...

    def remove(self, climb: Climb) -> None:
        """Let it go; gone already is fine."""
        ...


class Dues(Protocol):
    """What is waiting to fall due."""

    def put(self, dues: Iterable[Due]) -> None:
        """Write these due rows; again is the same rows."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What pursuing works with. ``hurry`` hands over at once what can't wait for a tick."""

    tasks: Tasks
    members: Members
    climbs: Climbs
    dues: Dues
    care_team_of: CareTeam
    hurry: Callable[[Iterable[Due]], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What came of a step: how many are told, and whether none of those whose it is can be."""

    members: int = 0
    is_untold: bool = False


def open_up(person_id: str, task_id: str, *, now: datetime, desk: Desk) -> Told:
    """Tell at once of a task that was opened, and no minute later, when the tick would find its first step."""
    task = desk.tasks.find(person_id, task_id)
    return climb(_climb(task, task.ladder[0]), now=now, desk=desk) if task is not None else Told()


def climb(coming: Climb, *, now: datetime, desk: Desk) -> Told:
    """
    Tell of a step whose instant came, if the task is still open, and have the next one looked at when that comes.

    Safe to repeat: each write is named by the task, and what was sent is in the ledger. The row goes last, so that
    whoever dies before that leaves it to be done again.
    """
    task = desk.tasks.find(coming.person_id, coming.task_id)
    told = Told()
    if task is not None and task.state is State.OPEN:
        desk.climbs.keep(task)
        if coming.number > 0 or task.is_pressing:
            told = _tell(task, task.ladder[coming.number], now=now, desk=desk)
        if coming.number + 1 < len(task.ladder):
            desk.climbs.put(_climb(task, task.ladder[coming.number + 1]))
    desk.climbs.remove(coming)
    return told


def put_off(coming: Climb, *, now: datetime, desk: Desk) -> None:
    """Have a step that could not be taken looked at again in a while, behind those that came meanwhile."""
    desk.climbs.put(replace(coming, at=now.replace(microsecond=0) + AGAIN_IN))
    desk.climbs.remove(coming)


def objection(due: Due, *, desk: Desk) -> Reason | None:
    """Return why a message to staff must not go out any more: what it tells of is done."""
    reference = reference_of(due.kind)
    if reference is None:
        return None
    named = desk.climbs.task_of(reference)
    task = desk.tasks.find(*named) if named else None
    return None if task is not None and task.state is State.OPEN else Reason.CANCELLED


Others = Callable[[Member, datetime], int]
"""Counts what a member has to do today besides tasks."""


def no_others(_member: Member, _now: datetime) -> int:
    """Count nothing besides tasks."""
    return 0


def due_today(due: Due, *, now: datetime, desk: Desk, others: Others = no_others) -> int:
    """Return how many things a member has to do by the end of their day, overdue ones too; 0 where nothing counts."""
    member = desk.members.with_id(due.person_id)
    if due.kind != STAFF_DIGEST or member is None:
        return 0
    ends = resolve(local_date(now, member.zone) + timedelta(days=1), time(), member.zone)
    found, _ = desk.tasks.of_programme(member.programme_id, state=State.OPEN, after=None, limit=MOST_LOOKED_AT)
    counted = count_of(
        (task for task in found if task.due_at < ends),
        member,
        care_team_of=desk.care_team_of,
        staff=desk.members.of_programme(member.programme_id),
        most=MOST_COUNTED,
    )
    return min(counted + others(member, now), MOST_COUNTED)


def _climb(task: Task, step: Step) -> Climb:
    return Climb(at=step.at, person_id=task.person_id, task_id=task.id, number=step.number)


def _tell(task: Task, step: Step, *, now: datetime, desk: Desk) -> Told:
    staff = desk.members.of_programme(task.programme_id)
    dues = telling(task, step, care_team=desk.care_team_of(task.person_id), staff=staff, now=now)
    desk.dues.put(dues)
    desk.hurry(due for due in dues if due.at <= now)
    # Where a crisis went to others than those whose it is, somebody should look at the programme all the same.
    reachable = [member for member in staff if member.is_reachable(at=now)]
    return Told(members=len(dues), is_untold=not whose(step.roles, care_team=(), staff=reachable))
