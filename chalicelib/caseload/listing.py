"""The caseload, whoever needs somebody first; and what a member of staff has to do."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.caseload.attention import Facts, Place, Reason, for_peers, place, reasons
from chalicelib.caseload.following import Rows, is_here, with_record
from chalicelib.enrollment.domain import Record
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Role

HOLDS_FOR = timedelta(hours=12)
"""How long one can go on paging as of the instant at which one began."""


class Copies(Protocol):
    """The copies of people's records, as they are now: without names, care teams, and what is past."""

    def records(self, person_ids: Iterable[str]) -> Mapping[str, Record]:
        """Return those of these people."""
        ...

    def held(self, person_ids: Iterable[str], subject: str) -> frozenset[str]:
        """Return those of these people whose care team names this account."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Reader:
    """Who reads the list. ``in_full`` False: a peer specialist, who may know of silence and their own cadence only."""

    subject: str
    in_full: bool
    only_care_team: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class After:
    """Where a page ended: the place of its last person in the order as of an instant."""

    as_of: datetime
    place: Place


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One person of the list, and why they stand where they do. ``record`` is the copy of theirs."""

    facts: Facts
    record: Record
    reasons: list[Reason]


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """A page of the list, as of an instant. ``after`` None: it was the last."""

    as_of: datetime
    lines: list[Line]
    after: After | None


def caseload(
    programme_id: str,
    *,
    reader: Reader,
    after: After | None,
    limit: int,
    now: datetime,
    rows: Rows,
    copies: Copies,
) -> Listed:
    """
    Return a page of the people in care of a programme, whoever needs somebody first.

    The whole caseload is put in order, and only then cut. All pages go by the instant of the first one, so that nobody
    moves because a clock went on; who moves because something happened may be shown twice, or is on the first page.
    What decides about access to those shown is read anew: fewer than ``limit`` may be left.
    """
    as_of = now
    if after and now - HOLDS_FOR <= after.as_of <= now:
        as_of = after.as_of
    placed = sorted(
        (
            (place(_reasons(facts, reader, at=as_of), facts.person_id), facts)
            for facts in rows.of_programme(programme_id)
            if not reader.only_care_team or reader.subject in facts.care_team
        ),
        key=lambda one: one[0],
    )
    beyond = [one for one in placed if after is None or one[0] > after.place]
    shown = beyond[:limit]
    ids = [facts.person_id for _, facts in shown]
    records = copies.records(ids)
    if reader.only_care_team:
        held = copies.held(ids, reader.subject)
        records = {person_id: record for person_id, record in records.items() if person_id in held}
    lines = []
    for _, facts in shown:
        record = records.get(facts.person_id)
        if record and is_here(record, programme_id):
            present = with_record(facts, record, at=as_of)
            lines.append(Line(facts=present, record=record, reasons=_reasons(present, reader, at=as_of)))
    last = After(as_of=as_of, place=shown[-1][0]) if len(beyond) > limit else None
    return Listed(as_of=as_of, lines=lines, after=last)


def _reasons(facts: Facts, reader: Reader, *, at: datetime) -> list[Reason]:
    found = reasons(facts, at=at)
    return found if reader.in_full else for_peers(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Workload:
    """How many things a member of staff has to do; what is overdue is not due any more, and nothing counts twice."""

    tasks_due: int = 0
    tasks_overdue: int = 0
    cadences_due: int = 0
    cadences_overdue: int = 0

    def __add__(self, other: "Workload") -> "Workload":
        """Return both together."""
        return Workload(
            tasks_due=self.tasks_due + other.tasks_due,
            tasks_overdue=self.tasks_overdue + other.tasks_overdue,
            cadences_due=self.cadences_due + other.cadences_due,
            cadences_overdue=self.cadences_overdue + other.cadences_overdue,
        )


def workload(subject: str, *, roles: Iterable[tuple[str, Role]], now: datetime, rows: Rows) -> Workload:
    """
    Return what an account has to do today, by the roles (programme id, role) that it holds.

    It counts for people whose care team names the account: open tasks of its role that are due by the end of the
    person's day, or overdue, and cadences of its role whose day has come, or is over. One query for each programme.
    """
    held: dict[str, set[Role]] = {}
    for programme_id, role in roles:
        held.setdefault(programme_id, set()).add(role)
    return sum(
        (
            _work_with(facts, held[programme_id], now=now)
            for programme_id in sorted(held)
            for facts in rows.of_programme(programme_id)
            if subject in facts.care_team
        ),
        Workload(),
    )


def _work_with(facts: Facts, roles: set[Role], *, now: datetime) -> Workload:
    today = local_date(now, facts.zone)
    found = Workload()
    for task in facts.tasks:
        if task.owner not in roles:
            continue
        if now >= task.due_at:
            found = replace(found, tasks_overdue=found.tasks_overdue + 1)
        elif local_date(task.due_at, facts.zone) <= today:
            found = replace(found, tasks_due=found.tasks_due + 1)
    for cadence in facts.cadences:
        if cadence.role in roles and today > cadence.due_on:
            found = replace(found, cadences_overdue=found.cadences_overdue + 1)
        elif cadence.role in roles and today == cadence.due_on:
            found = replace(found, cadences_due=found.cadences_due + 1)
    return found
