"""Why a person needs somebody of the staff, and whom first: rules over what is kept of each, at an instant."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from chalicelib.caseload.domain import How, Outcome
from chalicelib.enrollment.channels import NO_END
from chalicelib.enrollment.episodes import State
from chalicelib.outreach.domain import Hold
from chalicelib.outreach.recurrence import local_date, resolve
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Kind, Severity

LONG_RUN = 3
"""So many check-ins in a row without an answer are a long run (domain rules 1.3)."""

HELP_FOR = timedelta(days=28)
"""How long a call for help stays a reason where nobody noted that they reached the person."""

MOST_REASONS = 6
"""So many of a person's reasons, the most pressing ones, decide about their place."""


class Why(StrEnum):
    """Why a person needs somebody, the most pressing first: this order is the list's (docs/caseload.md)."""

    HELP_ASKED = "help_asked"
    CRISIS_OVERDUE = "crisis_overdue"
    CRISIS_OPEN = "crisis_open"
    CRISIS_HOLD = "crisis_hold"
    URGENT_OVERDUE = "urgent_overdue"
    URGENT_OPEN = "urgent_open"
    OUTREACH_OVERDUE = "outreach_overdue"
    OUTREACH_OPEN = "outreach_open"
    LONG_SILENCE = "long_silence"
    UNREACHABLE = "unreachable"
    FOLLOW_UP_OVERDUE = "follow_up_overdue"
    FOLLOW_UP_OPEN = "follow_up_open"
    REVIEW_OVERDUE = "review_overdue"
    REVIEW_OPEN = "review_open"
    CADENCE_OVERDUE = "cadence_overdue"
    CADENCE_DUE = "cadence_due"
    TASK_OVERDUE = "task_overdue"
    TASK_OPEN = "task_open"
    CONVERSATION_HOLD = "conversation_hold"
    MISSED = "missed"


_RANK = {why: rank for rank, why in enumerate(Why)}
_END = (len(_RANK), 0)

_TASKS = {
    Severity.CRISIS: (Why.CRISIS_OVERDUE, Why.CRISIS_OPEN),
    Severity.URGENT: (Why.URGENT_OVERDUE, Why.URGENT_OPEN),
    Severity.OUTREACH: (Why.OUTREACH_OVERDUE, Why.OUTREACH_OPEN),
    Severity.FOLLOW_UP: (Why.FOLLOW_UP_OVERDUE, Why.FOLLOW_UP_OPEN),
    Severity.REVIEW: (Why.REVIEW_OVERDUE, Why.REVIEW_OPEN),
    None: (Why.TASK_OVERDUE, Why.TASK_OPEN),
}
_AS_PRESSING_AS = {Kind.TALK_TODAY: Severity.URGENT, Kind.RETURN_TO_USE: Severity.FOLLOW_UP}
"""Tasks that are no flags and yet about how the person is."""

_RULE = re.compile(r"(.+?)-\d{4}-\d{2}-\d{2}\b")


class NotReachable(StrEnum):
    """Why no message can reach a person."""

    NO_CHANNEL = "no_channel"
    NONE_WORKS = "none_works"
    NO_CONSENT = "no_consent"


@dataclass(frozen=True, slots=True, kw_only=True)
class LastContact:
    """The last line of the outreach log that counts."""

    at: datetime
    how: How
    outcome: Outcome
    role: Role


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    Check-ins sent and not answered since the last answer, the first for the date ``since``.

    ``closes`` are when the time of the newest is over, at most two; ``earlier`` is the number of those before, whose
    time was over when they came.
    """

    earlier: int
    closes: tuple[datetime, ...]
    since: date

    def missed(self, *, at: datetime) -> int:
        """Return how many are missed: of the newest, those whose time is over."""
        return self.earlier + sum(closes <= at for closes in self.closes)


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenTask:
    """An open task: what the list shows of it."""

    id: str
    severity: Severity | None
    owner: Role
    opened_at: datetime
    due_at: datetime
    because: str | None = None

    @property
    def kind(self) -> Kind:
        """What has to be done."""
        return Kind(self.id.partition("-")[0])

    @property
    def rule(self) -> str | None:
        """Of a flag, the care rule that raised it."""
        found = _RULE.match(self.id.removeprefix("flag-")) if self.kind is Kind.FLAG else None
        return found[1] if found else None

    @property
    def presses(self) -> Severity | None:
        """How pressing it is; None if it isn't about how the person is."""
        return self.severity or _AS_PRESSING_AS.get(self.kind)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueContact:
    """By which local date a role is to reach the person next."""

    role: Role
    every_days: int
    due_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class HeldUntil:
    """A hold."""

    kind: Hold
    until: datetime
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """Until when a message can reach the person as things stand: ``NO_END`` for good, None not at all, and ``why``."""

    until: datetime | None
    why: NotReachable | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What is kept of a person for the list: nothing in it changes as time passes. Instants are whole seconds.

    ``care_team`` are accounts. ``tasks`` are the most pressing open ones, ``more_tasks`` the number of the others.
    ``reached_at``: when anybody of the staff last reached them. ``help_asked_at``: their last call for help of late.
    """

    person_id: str
    name: str
    zone: str
    state: State
    admitted_on: date
    care_team: frozenset[str] = frozenset()
    last_contact: LastContact | None = None
    reached_at: datetime | None = None
    answered_at: datetime | None = None
    answered_on: date | None = None
    run: Run | None = None
    tasks: tuple[OpenTask, ...] = ()
    more_tasks: int = 0
    cadences: tuple[DueContact, ...] = ()
    holds: tuple[HeldUntil, ...] = ()
    reach: Reach = Reach(until=NO_END)
    help_asked_at: datetime | None = None

    def week(self, *, at: datetime) -> int | None:
        """Return the week of care that they are in, the first being 1; None before the day of admission."""
        days = (local_date(at, self.zone) - self.admitted_on).days
        return days // 7 + 1 if days >= 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """
    Why a person needs somebody, and since (or by) when; None: since ever. Of two of one kind the earlier comes first.

    ``task_id``, ``role`` (of a cadence) or ``number`` (of check-ins missed) say what it is about.
    """

    why: Why
    since: datetime | None
    task_id: str | None = None
    role: Role | None = None
    number: int | None = None

    @property
    def place(self) -> tuple[int, int]:
        """Where it stands among all reasons."""
        return _RANK[self.why], int(self.since.timestamp()) if self.since else 0


Place = tuple[tuple[tuple[int, int], ...], str]
"""Where a person stands in the list: their reasons' places in order, closed by the end of reasons; then their id."""


def reasons(facts: Facts, *, at: datetime) -> list[Reason]:
    """Return why a person needs somebody at an instant, the most pressing reason first."""
    return sorted(_reasons(facts, at), key=lambda reason: (reason.place, reason.task_id or "", reason.role or ""))


def for_peers(found: list[Reason]) -> list[Reason]:
    """Return those that a peer specialist may know: silence, and their own cadence (domain rules 4.4)."""
    return [
        reason
        for reason in found
        if reason.why in {Why.LONG_SILENCE, Why.MISSED} or reason.role is Role.PEER_SPECIALIST
    ]


def place(found: list[Reason], person_id: str) -> Place:
    """
    Return where a person with these reasons stands.

    Reasons are compared one by one, and whoever still has one when the other has none comes first: so another reason
    never moves anybody down.
    """
    return (*sorted(reason.place for reason in found)[:MOST_REASONS], _END), person_id


def of_task(task: OpenTask, *, at: datetime) -> Reason:
    """Return the reason that an open task is."""
    overdue, still_open = _TASKS[task.presses]
    return Reason(why=overdue if at >= task.due_at else still_open, since=task.due_at, task_id=task.id)


def _reasons(facts: Facts, at: datetime) -> Iterator[Reason]:
    asked_at = facts.help_asked_at
    if asked_at and at < asked_at + HELP_FOR and not (facts.reached_at and facts.reached_at > asked_at):
        yield Reason(why=Why.HELP_ASKED, since=asked_at)
    for task in facts.tasks:
        yield of_task(task, at=at)
    for hold in facts.holds:
        if at < hold.until:
            why = Why.CRISIS_HOLD if hold.kind is Hold.CRISIS else Why.CONVERSATION_HOLD
            yield Reason(why=why, since=hold.since)
    missed = facts.run.missed(at=at) if facts.run else 0
    if facts.run and missed:
        why = Why.LONG_SILENCE if missed >= LONG_RUN else Why.MISSED
        yield Reason(why=why, since=_begins(facts.run.since, facts.zone), number=missed)
    if facts.state is not State.ON_HOLD and not is_reachable(facts, at=at):
        yield Reason(why=Why.UNREACHABLE, since=facts.reach.until)
    today = local_date(at, facts.zone)
    for cadence in facts.cadences:
        if today >= cadence.due_on:
            why = Why.CADENCE_OVERDUE if today > cadence.due_on else Why.CADENCE_DUE
            yield Reason(why=why, since=_begins(cadence.due_on, facts.zone), role=cadence.role)


def is_reachable(facts: Facts, *, at: datetime) -> bool:
    """Say whether a message can reach the person at this instant."""
    return facts.reach.until is not None and at < facts.reach.until


def _begins(on: date, zone: str) -> datetime:
    return resolve(on, time(), zone)
