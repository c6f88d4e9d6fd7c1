"""Who is told of a task, when, and by which message: rules without a store or a clock (docs/rules.md)."""

from collections.abc import Callable, Collection, Iterable
from datetime import UTC, datetime, timedelta

from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Due
from chalicelib.outreach.kinds import STAFF_ALERT, STAFF_WORK
from chalicelib.outreach.service import not_behind
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from chalicelib.tasks.domain import ANSWERS_FOR_IT, State, Step, Task

LEAVES = timedelta(hours=1)
"""A pressing task waits for somebody's work to begin only where at least so long is left then."""


def whose(roles: Iterable[Role], *, care_team: Collection[str], staff: Collection[Member]) -> list[Member]:
    """
    Return the members whose work something of these roles is, about a person with this care team.

    Of each role those on the care team, else all of that role; if there is nobody of any, who answers for the
    programme. ``staff`` are those who count: the active ones, or the ones who can be reached.
    """
    found: dict[str, Member] = {}
    for role in roles:
        of_role = [member for member in staff if role in member.roles]
        held = [member for member in of_role if member.account in care_team]
        found |= {member.id: member for member in held or of_role}
    if not found:
        found = {member.id: member for member in staff if ANSWERS_FOR_IT in member.roles}
    return [found[key] for key in sorted(found)]


def told_at(task: Task, step: Step, member: Member) -> datetime:
    """
    Return when a member is told of a step.

    Of a crisis at once, at any hour. Of another pressing task that just opened: when their work begins, but only where
    it is due within their hours and ``LEAVES`` is left by then; otherwise at once, by night too, since whoever set the
    term meant somebody to look before it ends. A pressing one that is overdue waits for nobody. What isn't pressing
    waits until they are at work.
    """
    if task.is_crisis:
        return step.at
    if not task.is_pressing:
        return member.at_work_from(step.at)
    if step.number > 0 or not member.works_at(task.due_at):
        return step.at
    begins = member.at_work_from(step.at)
    return begins if begins == step.at or begins + LEAVES <= task.due_at else step.at


def telling(task: Task, step: Step, *, care_team: Collection[str], staff: Iterable[Member], now: datetime) -> list[Due]:
    """
    Return what tells the right members of a step of a task; the same for the same step, however often it is asked.

    The date that names it is the step's own in UTC, whatever the member's zone: so a member whose hours or zone are
    changed meanwhile is still told once.
    """
    reachable = [member for member in staff if member.is_reachable(at=now)]
    kind = kind_of(task, step)
    dues = []
    # Who is asleep is no less asleep for being told again: of an overdue crisis all of these roles are told.
    near = frozenset[str]() if task.is_crisis and step.number > 0 else care_team
    found = whose(step.roles, care_team=near, staff=reachable)
    if not found and task.is_crisis:
        # Whoever can be reached at all: better told of what isn't their work than of a death.
        found = sorted(reachable, key=lambda member: member.id)
    for member in found:
        at = told_at(task, step, member).replace(microsecond=0)
        due = Due(person_id=member.id, kind=kind, on=step.at.astimezone(UTC).date(), at=at, due_at=at, version=1)
        dues.append(not_behind(due, now=now))
    return dues


def kind_of(task: Task, step: Step) -> str:
    """Return the kind of the message that tells of a step; what it is about stays unreadable."""
    return f"{STAFF_ALERT if task.is_crisis else STAFF_WORK}-{task.reference}-{step.number}"


def reference_of(kind: str) -> str | None:
    """Return the reference of the task that a kind of message tells of; None where it tells of no single one."""
    if category_name(kind) not in {STAFF_ALERT, STAFF_WORK}:
        return None
    return kind.split("-")[1] if kind.count("-") == 2 else None  # noqa: PLR2004 (category, reference, step)


def is_theirs(task: Task, member: Member, *, care_team: Collection[str], staff: Collection[Member]) -> bool:
    """Say whether a task is a member's work: it is open, and theirs by role and care team, or nobody else's."""
    if task.state is not State.OPEN:
        return False
    active = [one for one in staff if one.is_active]
    return any(one.id == member.id for one in whose((task.owner,), care_team=care_team, staff=active))


CareTeam = Callable[[str], Collection[str]]
"""Gives the accounts on a person's care team."""


def count_of(
    tasks: Iterable[Task], member: Member, *, care_team_of: CareTeam, staff: Collection[Member], most: int
) -> int:
    """Count those of the tasks that are a member's work, up to ``most``; each person is looked at once."""
    held: dict[str, Collection[str]] = {}
    number = 0
    for task in tasks:
        if task.person_id not in held:
            held[task.person_id] = care_team_of(task.person_id)
        number += is_theirs(task, member, care_team=held[task.person_id], staff=staff)
        if number == most:
            break
    return number
