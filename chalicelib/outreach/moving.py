"""What an edit, or a move to another zone, does to what waits: nothing twice on a date, nothing left out for long."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.outreach.domain import Due, Schedule
from chalicelib.outreach.recurrence import Occurrence, in_zone, next_occurrence

LONGEST_SILENCE = timedelta(hours=36)
"""What comes each day is not left out for longer than this by a move (domain rules 6)."""

_LOOK_BACK = timedelta(days=3)


def moved(schedule: Schedule, *, zone: str, now: datetime) -> tuple[Schedule, Due | None]:
    """
    Return a schedule as it goes on in another zone, and its due row there (None: nothing comes any more).

    What came already under a local date doesn't come again under it. What had not come yet, and whose time the new
    zone has behind it already, comes at once where the silence would get longer than ``LONGEST_SILENCE`` otherwise: a
    move from Denver to New York at 8:30 must not cost the reminder of 9:00. Where a date is lived twice, by crossing
    the date line to the west, it has one occurrence all the same.
    """
    after = replace(schedule, when=in_zone(schedule.when, zone), version=schedule.version + 1)
    if schedule.paused:
        return after, None
    last, pending = _last(schedule, now), next_occurrence(schedule.when, after=now)
    following = _next_on_another_date(after, last, now)
    if pending and _would_be_missed(pending, last, following):
        at = now.replace(microsecond=0)
        return after, _due(after, Occurrence(on=pending.on, at=at))
    return after, _due(after, following) if following else None


def replanned(schedule: Schedule, following: Schedule, *, now: datetime) -> Due | None:
    """
    Return the due row of the edited schedule that follows ``schedule``; None if nothing comes any more.

    A local date on which the one before came already is left out: the ledger has it, and what was sent is not repeated.
    """
    last = None if schedule.paused else _last(schedule, now)
    found = None if following.paused else _next_on_another_date(following, last, now)
    return _due(following, found) if found else None


def _next_on_another_date(schedule: Schedule, last: Occurrence | None, now: datetime) -> Occurrence | None:
    found = next_occurrence(schedule.when, after=now)
    while found and last and found.on <= last.on:
        found = next_occurrence(schedule.when, after=found.at)
    return found


def _would_be_missed(pending: Occurrence, last: Occurrence | None, following: Occurrence | None) -> bool:
    if following is None:
        return True
    if pending.on >= following.on:
        return False
    return last is None or following.at - last.at > LONGEST_SILENCE


def _last(schedule: Schedule, now: datetime) -> Occurrence | None:
    found, at = None, now - _LOOK_BACK
    while (following := next_occurrence(schedule.when, after=at)) and following.at <= now:
        found, at = following, following.at
    return found


def _due(schedule: Schedule, occurrence: Occurrence) -> Due:
    return Due(
        person_id=schedule.person_id,
        kind=schedule.kind,
        on=occurrence.on,
        at=occurrence.at,
        due_at=occurrence.at,
        version=schedule.version,
    )
