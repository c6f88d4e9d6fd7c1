"""Stay in touch after care, choose how often, leave it, and find the way back."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime
from itertools import count
from typing import Protocol

from chalicelib.enrollment.after_care import (
    CONTACT,
    NotAfterCare,
    Pace,
    chosen,
    graduated_on,
    pace_of,
    staying,
    suggested,
)
from chalicelib.enrollment.changing import Change, People, change_record, find_person, next_of
from chalicelib.enrollment.consents import Will, following, granted
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.preferences import Preference
from chalicelib.enrollment.texts import current_text
from chalicelib.errors import Conflict
from chalicelib.outreach.kinds import STAY
from chalicelib.outreach.recurrence import local_date
from chalicelib.tasks.domain import Kind, Task, task_for
from chalicelib.tasks.domain import State as TaskState

AFTER = frozenset({State.GRADUATED, State.ALUMNI})


class TextReplaced(Conflict):
    """The text that was agreed to is no longer the one that is shown."""


class Tasks(Protocol):
    """The tasks, to open one."""

    def of_person(self, person_id: str) -> list[Task]:
        """Return all of a person's tasks, in no order."""
        ...

    def open(self, task: Task) -> bool:
        """Write a task that isn't there yet; False if one of its name is there, open or done."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Touch:
    """How somebody stays in touch. ``suggested`` is what the time since graduation would have it; they choose."""

    graduated_on: date | None
    agreed: bool
    pace: Pace
    suggested: Pace | None


def touch_of(record: Record, *, now: datetime) -> Touch:
    """Return how somebody stays in touch now."""
    after = record.episode.state in AFTER
    since = graduated_on(record.episode, record.person.zone) if after else None
    return Touch(
        graduated_on=since,
        agreed=after and CONTACT in record.live_consents(at=now),
        pace=pace_of(record.schedules) if record.episode.state is State.ALUMNI else Pace.NONE,
        suggested=suggested(since, today=local_date(now, record.person.zone)) if since else None,
    )


def stay(
    person_id: str, pace: Pace, *, text_version: int, locale: str, will: Will, now: datetime, people: People
) -> Record:
    """
    Record that a person wants to stay in touch, at this pace: consent, episode and hellos in one write.

    The same again changes nothing; who is an alumnus already only chooses the pace, and agrees anew where they had
    left it.

    :raises TextReplaced: if the text that they read has been replaced
    :raises NotAfterCare: if their care isn't over as planned
    """
    text = current_text(CONTACT, locale)
    if text.version != text_version:
        raise TextReplaced("this text is not the present one; show the present one and ask again")

    def decide(record: Record) -> Change:
        record.must_be_alive()
        if record.episode.state not in AFTER:
            raise NotAfterCare("this is for the time after care")
        change, at = next_of(record), following(record.consents, CONTACT, now)
        if CONTACT not in record.live_consents(at=at):
            row = granted(person_id, text, None, episode=record.episode.number, will=will, now=at)
            change = replace(change, consents=(row,))
        if record.episode.state is State.GRADUATED:
            return staying(record, change, pace=pace, now=now)
        return chosen(record, change, pace, now=now)

    return change_record(person_id, decide, people=people)


def choose(person_id: str, pace: Pace, *, now: datetime, people: People) -> Record:
    """
    Have an alumnus asked as often as they want.

    :raises NotAfterCare: if they are none, or agreed to nothing
    """

    def decide(record: Record) -> Change:
        if CONTACT not in record.live_consents(at=following(record.consents, CONTACT, now)):
            raise NotAfterCare("they don't stay in touch")
        return chosen(record, next_of(record), pace, now=now)

    return change_record(person_id, decide, people=people)


def decline(person_id: str, *, will: Will, now: datetime, people: People) -> None:
    """Record that a graduate doesn't want to be asked again; the door stays open. Again changes nothing."""

    def decide(record: Record) -> Change:
        off = Preference(category=STAY, off=frozenset({None}), changed_at=now, via=will.via, by=will.by or None)
        return replace(next_of(record), preferences=(off,), keeps_who=True)

    if not any(one.category == STAY and None in one.off for one in find_person(person_id, people=people).preferences):
        change_record(person_id, decide, people=people)


def way_back(person_id: str, *, now: datetime, people: People, tasks: Tasks) -> Task:
    """
    Have somebody call a person who would like to talk; pressed again while nobody has, it is the same call.

    :raises NoSuchPerson: if there is none
    :raises HasDied: if they have
    """
    record = find_person(person_id, people=people)
    record.must_be_alive()
    zone = record.person.zone
    on = local_date(now, zone)
    for number in count(1):
        waiting = _waiting(tasks.of_person(person_id))
        if waiting:
            return waiting
        task = task_for(
            Kind.RE_ENGAGEMENT,
            f"{on}" if number == 1 else f"{on}-{number}",
            programme_id=record.episode.programme_id,
            person_id=person_id,
            at=now,
            zone=zone,
        )
        if tasks.open(task):
            return task
    raise AssertionError("count() never ends")


def _waiting(tasks: Iterable[Task]) -> Task | None:
    found = [one for one in tasks if one.kind is Kind.RE_ENGAGEMENT and one.state is TaskState.OPEN]
    return min(found, key=lambda one: one.opened_at, default=None)
