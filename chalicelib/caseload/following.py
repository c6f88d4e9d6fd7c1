"""
Keep each person's row: worked out anew from what is stored, each time something of it changed.

So it doesn't matter in which order changes are heard of, or how often. The row is read before all that it is made of,
and written only over the version that was read: what was worked out from older facts never comes over newer ones.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Protocol

from chalicelib.caseload.attention import (
    HELP_FOR,
    DueContact,
    Facts,
    HeldUntil,
    LastContact,
    NotReachable,
    OpenTask,
    Reach,
    Run,
    of_task,
)
from chalicelib.caseload.domain import Last, last_of, stands
from chalicelib.caseload.service import Cadences, Contacts
from chalicelib.checkins.domain import CheckIn
from chalicelib.enrollment.changing import People
from chalicelib.enrollment.channels import NO_END
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import IN_CARE
from chalicelib.errors import Conflict
from chalicelib.outreach.categories import CATEGORIES, closes_of
from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.recurrence import local_date
from chalicelib.tasks.domain import State as TaskState
from chalicelib.tasks.domain import Task
from chalicelib.tasks.service import Tasks

TRIES = 5

LOOKS_BACK = timedelta(days=28)
"""How far back check-ins without an answer are counted."""

MOST_TASKS = 12
"""So many open tasks are in a row; of the others it has the number."""

MAY_BE_OPEN = 2
"""So many of the newest check-ins may still be answered: one a day, each until some hour of the next."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """A person's row of a programme, with its version (0: none there); ``facts`` None: they aren't in care there."""

    version: int
    facts: Facts | None


class Rows(Protocol):
    """One row for each person in care, by programme."""

    def find(self, programme_id: str, person_id: str) -> Row:
        """Return a row as it is now."""
        ...

    def put(self, programme_id: str, person_id: str, row: Row, *, now: datetime) -> bool:
        """Put it over the version before it; False if that is no longer the present one."""
        ...

    def of_programme(self, programme_id: str) -> Iterator[Facts]:
        """Give what is kept of all people in care there, in no order; may be a moment behind."""
        ...


class Answers(Protocol):
    """Answers to check-ins."""

    def latest_answered(self, person_id: str) -> CheckIn | None:
        """Return the check-in of the latest local date that has an answer, as it is now."""
        ...


class Asked(Protocol):
    """What was sent."""

    def between(
        self, person_id: str, first: date, last: date, *, limit: int = 1000, consistent: bool = False
    ) -> list[Entry]:
        """Return a person's entries of these local dates, both included, newest first."""
        ...


class Calls(Protocol):
    """Calls for help."""

    def called_at(self, person_id: str) -> datetime | None:
        """Return when a person last called for help; None if never."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """All that rows are made of, and where they are kept."""

    people: People
    contacts: Contacts
    cadences: Cadences
    answers: Answers
    asked: Asked
    tasks: Tasks
    calls: Calls
    rows: Rows


def keep_up(person_id: str, *, now: datetime, sources: Sources) -> int:
    """
    Bring a person's rows up to date, in each programme where they have or had an episode; return how many changed.

    :raises Conflict: if they keep being changed by others at the same moment
    """
    record = sources.people.record(person_id)
    if record is None:
        return 0
    programmes = sorted({episode.programme_id for episode in record.episodes})
    return sum(keep_up_in(programme_id, person_id, now=now, sources=sources) for programme_id in programmes)


def keep_up_in(programme_id: str, person_id: str, *, now: datetime, sources: Sources) -> bool:
    """
    Bring a person's row of one programme up to date; return whether it changed.

    :raises Conflict: if it keeps being changed by others at the same moment
    """
    for _ in range(TRIES):
        before = sources.rows.find(programme_id, person_id)
        facts = work_out(programme_id, person_id, now=now, sources=sources)
        if facts == before.facts:
            return False
        after = Row(version=before.version + 1, facts=facts)
        if sources.rows.put(programme_id, person_id, after, now=now):
            return True
    raise Conflict("the row is being changed by others")


def keep_up_programme(
    programme_id: str, *, after: str | None, limit: int, now: datetime, sources: Sources
) -> tuple[int, int, str | None]:
    """Bring a page of a programme's rows up to date; return the numbers of people and of changes, and a key."""
    members, last = sources.people.members(programme_id, after=after, limit=limit)
    changed = sum(keep_up_in(programme_id, one.person_id, now=now, sources=sources) for one in members)
    return len(members), changed, last


def work_out(programme_id: str, person_id: str, *, now: datetime, sources: Sources) -> Facts | None:
    """Return what the list needs to know of a person; None if they aren't in care in the programme."""
    record = sources.people.record(person_id)
    if record is None or not is_here(record, programme_id):
        return None
    found = sources.cadences.of_person(person_id)
    last = last_of(sources.contacts.newest(person_id), of=[one.role for one in found])
    zone, admitted_on = record.person.zone, record.episode.admitted_on
    answered = sources.answers.latest_answered(person_id)
    today = local_date(now, zone)
    first = max(answered.on, today - LOOKS_BACK) if answered else today - LOOKS_BACK
    # Around the date line somebody's check-in may bear the date of tomorrow.
    asked = sources.asked.between(person_id, first, today + timedelta(days=1), consistent=True)
    tasks = [one for one in sources.tasks.of_person(person_id) if one.programme_id == programme_id]
    called_at = sources.calls.called_at(person_id)
    most_pressing, more = _tasks(tasks)
    return replace(
        _with_contacts(of_record(record, at=now), last),
        answered_at=_second(answered.answered_at) if answered and answered.answered_at else None,
        answered_on=answered.on if answered else None,
        run=run_of(asked, answered.on if answered else None, zone=zone),
        cadences=tuple(
            DueContact(role=one.cadence.role, every_days=one.cadence.every_days, due_on=one.due_on)
            for one in stands(found, last, zone=zone, not_before=admitted_on, now=now)
        ),
        tasks=most_pressing,
        more_tasks=more,
        help_asked_at=_second(called_at) if called_at and called_at >= now - HELP_FOR else None,
    )


def is_here(record: Record, programme_id: str) -> bool:
    """Say whether a person is in care in this programme."""
    return record.episode.programme_id == programme_id and record.episode.state in IN_CARE


def of_record(record: Record, *, at: datetime) -> Facts:
    """Return what a person's record says, as of an instant; nothing of what lies elsewhere."""
    person, episode = record.person, record.episode
    return Facts(
        person_id=person.id,
        name=f"{person.first_name} {person.family_name}".strip(),
        zone=person.zone,
        state=episode.state,
        admitted_on=episode.admitted_on,
        care_team=frozenset(carer.subject for carer in record.care_team),
        holds=tuple(
            HeldUntil(kind=hold.kind, until=_second(hold.until), since=_second(hold.since))
            for hold in sorted(record.holds, key=lambda hold: hold.kind)
        ),
        reach=_reach(record, at=at),
    )


def with_record(facts: Facts, record: Record, *, at: datetime) -> Facts:
    """Return the facts with what a copy of the person's record says at this moment: it has neither names nor team."""
    now = of_record(record, at=at)
    return replace(facts, zone=now.zone, state=now.state, admitted_on=now.admitted_on, holds=now.holds, reach=now.reach)


def run_of(entries: Sequence[Entry], answered_on: date | None, *, zone: str) -> Run | None:
    """
    Return the check-ins that were sent since the last answer and have none; None if there are none.

    What was never sent, or bounced, is nobody's silence (as ``checkins.silence`` has it).
    """
    asked = sorted(
        (
            entry
            for entry in entries
            if entry.kind == CHECK_IN
            and entry.status is Status.SENT
            and entry.bounced_at is None
            and (answered_on is None or entry.on > answered_on)
        ),
        key=lambda entry: entry.on,
    )
    if not asked:
        return None
    closes = [closes_of(CHECK_IN, on=one.on, due_at=one.due_at, zone=zone) for one in asked[-MAY_BE_OPEN:]]
    return Run(earlier=len(asked) - len(closes), closes=tuple(map(_second, closes)), since=asked[0].on)


def _with_contacts(facts: Facts, last: Last) -> Facts:
    contact = last.contact
    shown = (
        LastContact(at=_second(contact.at), how=contact.how, outcome=contact.outcome, role=contact.role)
        if contact
        else None
    )
    return replace(facts, last_contact=shown, reached_at=_second(last.reached_at) if last.reached_at else None)


def _tasks(tasks: Iterable[Task]) -> tuple[tuple[OpenTask, ...], int]:
    """Return the most pressing open tasks, and the number of the others."""
    still_open = [
        OpenTask(
            id=task.id,
            severity=task.severity,
            owner=task.owner,
            opened_at=_second(task.opened_at),
            due_at=_second(task.due_at),
            because=task.because,
        )
        for task in tasks
        if task.state is TaskState.OPEN
    ]
    still_open.sort(key=lambda task: (of_task(task, at=task.due_at).place, task.id))
    return tuple(still_open[:MOST_TASKS]), len(still_open[MOST_TASKS:])


def _reach(record: Record, *, at: datetime) -> Reach:
    scopes = CATEGORIES[CHECK_IN].consent or {}
    consents = record.live_consents(at=at)
    ends: list[datetime] = []
    works = False
    for channel in record.channels:
        until = channel.used_until()
        if until is None or until <= at:
            continue
        works = True
        consent = consents.get(scopes[channel.kind])
        if consent:
            ends.append(min(until, consent.expires_at or NO_END))
    if ends:
        until = max(ends)
        return Reach(until=until if until == NO_END else _second(until))
    if works:
        return Reach(until=None, why=NotReachable.NO_CONSENT)
    return Reach(until=None, why=NotReachable.NONE_WORKS if record.channels else NotReachable.NO_CHANNEL)


def _second(at: datetime) -> datetime:
    return at.replace(microsecond=0)
