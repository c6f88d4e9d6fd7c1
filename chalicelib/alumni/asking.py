"""
Ask who graduated whether they want to stay in touch: once, and once more a week later; then never again.

Silence is an answer. What they said, or that they are in care again, is asked when a question is about to go out.
"""

from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.after_care import CONTACT, graduated_on
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import STAY, STAY_AGAIN, STAY_ASK
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.service import not_behind

AGAIN_IN = timedelta(days=7)
"""How long after the question it is asked once more (domain rule of this project)."""

A_DAY = timedelta(days=1)


class Records(Protocol):
    """The records of people."""

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person; None if there is no such person."""
        ...


def questions(record: Record, *, now: datetime) -> list[Due]:
    """
    Return the question and its one reminder, for who graduated and agreed to nothing yet; the same each time.

    Who was written down as a graduate when they were enrolled left long ago, and isn't asked.
    """
    at = record.episode.graduated_at
    if at is None or record.episode.state is not State.GRADUATED or CONTACT in record.live_consents(at=now):
        return []
    found = []
    for kind, later in ((STAY_ASK, timedelta()), (STAY_AGAIN, AGAIN_IN)):
        asked_at = at.replace(microsecond=0) + later
        on = local_date(asked_at, record.person.zone)
        due = Due(person_id=record.person.id, kind=kind, on=on, at=asked_at, due_at=asked_at, version=1)
        if asked_at > now - AGAIN_IN:
            found.append(not_behind(due, now=now))
    return found


def objection(due: Due, *, records: Records, now: datetime) -> Reason | None:
    """Return why the question must not be asked any more; of other occurrences there is nothing to say."""
    if category_name(due.kind) != STAY:
        return None
    record = records.record(due.person_id)
    if record is None or record.episode.state is not State.GRADUATED or CONTACT in record.live_consents(at=now):
        return Reason.CANCELLED
    asked_on = graduated_on(record.episode, record.person.zone)
    if due.kind == STAY_AGAIN:
        asked_on += AGAIN_IN
    # A move may have changed the date by one; another graduation has questions of its own.
    return None if abs(due.on - asked_on) <= A_DAY else Reason.CANCELLED
