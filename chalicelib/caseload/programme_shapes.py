"""What the door to the caseload shows of a person, as far as who asks may see."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.caseload.attention import Facts, NotReachable, OpenTask, Reason, Why, is_reachable
from chalicelib.caseload.domain import How, Outcome
from chalicelib.caseload.listing import Line
from chalicelib.edge.http import PageQuery, Wire
from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import ChannelKind, Hold
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Kind, Severity


class CaseloadQuery(PageQuery):
    """How much of the caseload."""

    limit: Annotated[int, Described(ge=1, le=100, description="How many people at most in one page.")] = 50


class ShownReason(Wire):
    """
    Why a person needs somebody. The order of kinds is in docs/caseload.md.

    `since`: since when; of a task or cadence, by when it is or was due. `number`: of check-ins missed in a row.
    """

    why: Why
    since: datetime | None
    task_id: str | None
    role: Role | None
    number: int | None


class ShownLastContact(Wire):
    """The last line of the outreach log, without its note."""

    at: datetime
    how: How
    outcome: Outcome
    role: Role


class ShownCheckIns(Wire):
    """The last answer to a check-in, and how many since were missed in a row, from which date on."""

    last_answered_at: datetime | None
    last_answered_on: date | None
    missed: int
    missed_since: date | None


class ShownOpenTask(Wire):
    """A flag or another open task: which rule raised it, because of what, and whose it is by when."""

    id: str
    kind: Kind
    rule: str | None
    because: str | None
    severity: Severity | None
    opened_at: datetime
    owner: Role
    due_at: datetime
    overdue: bool


class ShownDueContact(Wire):
    """When a role is to reach the person next."""

    role: Role
    every_days: int
    next_due: date
    due: bool
    overdue: bool


class ShownHeld(Wire):
    """A hold that is live."""

    kind: Hold
    since: datetime
    until: datetime


class ShownChannelHealth(Wire):
    """One way to reach the person; `troubles` say why it isn't used, or not for everything."""

    kind: ChannelKind
    usable: bool
    troubles: list[str]


class ShownReach(Wire):
    """Whether messages reach the person, and if not, why."""

    reachable: bool
    why: NotReachable | None
    channels: list[ShownChannelHealth]


class CaseloadRow(Wire):
    """One person in care. What is null for a peer specialist isn't theirs to see."""

    person_id: str
    name: str
    state: State | None
    admitted_on: date | None
    week: Annotated[int | None, Described(description="Of the present episode; the first is 1.")]
    attention: Annotated[list[ShownReason], Described(description="The most pressing reason first.")]
    last_contact: ShownLastContact | None
    check_ins: ShownCheckIns
    tasks: list[ShownOpenTask] | None
    more_tasks: Annotated[int | None, Described(description="So many more are open than `tasks` shows.")]
    cadences: list[ShownDueContact]
    holds: list[ShownHeld] | None
    help_asked_at: Annotated[datetime | None, Described(description="Their last call for help within 28 days.")]
    reach: ShownReach | None


class Caseload(Wire):
    """A page of the caseload, as of an instant. ``next`` is the address of the page after it, or null."""

    as_of: datetime
    items: list[CaseloadRow]
    next: str | None


def shown_row(line: Line, *, in_full: bool, at: datetime) -> CaseloadRow:
    """Show a person; to a peer specialist by first name, with silence and their own cadence only."""
    facts, last = line.facts, line.facts.last_contact
    return CaseloadRow(
        person_id=facts.person_id,
        name=facts.name if in_full else line.record.person.first_name,
        state=facts.state if in_full else None,
        admitted_on=facts.admitted_on if in_full else None,
        week=facts.week(at=at) if in_full else None,
        attention=[_reason(reason) for reason in line.reasons],
        last_contact=ShownLastContact(at=last.at, how=last.how, outcome=last.outcome, role=last.role)
        if last and (in_full or last.role is Role.PEER_SPECIALIST)
        else None,
        check_ins=_check_ins(facts, at),
        tasks=[_task(task, at) for task in facts.tasks] if in_full else None,
        more_tasks=facts.more_tasks if in_full else None,
        cadences=_cadences(facts, at, in_full=in_full),
        holds=[ShownHeld(kind=hold.kind, since=hold.since, until=hold.until) for hold in facts.holds if at < hold.until]
        if in_full
        else None,
        help_asked_at=facts.help_asked_at if in_full else None,
        reach=_reach(facts, line.record, at) if in_full else None,
    )


def _reason(reason: Reason) -> ShownReason:
    return ShownReason(
        why=reason.why, since=reason.since, task_id=reason.task_id, role=reason.role, number=reason.number
    )


def _check_ins(facts: Facts, at: datetime) -> ShownCheckIns:
    missed = facts.run.missed(at=at) if facts.run else 0
    return ShownCheckIns(
        last_answered_at=facts.answered_at,
        last_answered_on=facts.answered_on,
        missed=missed,
        missed_since=facts.run.since if facts.run and missed else None,
    )


def _task(task: OpenTask, at: datetime) -> ShownOpenTask:
    return ShownOpenTask(
        id=task.id,
        kind=task.kind,
        rule=task.rule,
        because=task.because,
        severity=task.severity,
        opened_at=task.opened_at,
        owner=task.owner,
        due_at=task.due_at,
        overdue=at >= task.due_at,
    )


def _cadences(facts: Facts, at: datetime, *, in_full: bool) -> list[ShownDueContact]:
    today = local_date(at, facts.zone)
    return [
        ShownDueContact(
            role=one.role,
            every_days=one.every_days,
            next_due=one.due_on,
            due=today >= one.due_on,
            overdue=today > one.due_on,
        )
        for one in facts.cadences
        if in_full or one.role is Role.PEER_SPECIALIST
    ]


def _reach(facts: Facts, record: Record, at: datetime) -> ShownReach:
    consents = record.live_consents(at=at).keys()
    reachable = is_reachable(facts, at=at)
    return ShownReach(
        reachable=reachable,
        why=None if reachable else facts.reach.why or NotReachable.NONE_WORKS,
        channels=[
            ShownChannelHealth(
                kind=channel.kind,
                usable=channel.is_usable(at=at) and _scope(channel) in consents,
                troubles=_troubles(channel, at) + ([] if _scope(channel) in consents else ["no_consent"]),
            )
            for channel in record.channels
        ],
    )


def _scope(channel: Channel) -> str:
    return (CATEGORIES[CHECK_IN].consent or {})[channel.kind]


def _troubles(channel: Channel, at: datetime) -> list[str]:
    found = []
    if channel.gone_at is not None:
        found.append("dead")
    elif not channel.is_usable(at=at):
        found.append("unconfirmed" if channel.used_until() is None else "silent")
    if channel.complained_at is not None:
        found.append("complaint")
    return found
