"""
What an edit, or a move to another zone, does to what waits: nothing lost, nothing twice on a date, no long silence.

A new version makes the due rows of the one before void. One of them may have fallen due already and not have ended: in
quiet hours, or on its way this second. So it is put again; the ledger knows whether it was sent.
"""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.outreach.categories import closes_at
from chalicelib.outreach.domain import Due, Schedule
from chalicelib.outreach.recurrence import Occurrence, in_zone, next_occurrence

LONGEST_SILENCE = timedelta(hours=36)
"""What comes each day is not left out for longer than this by a move (domain rules 6)."""

_LOOK_BACK = timedelta(days=3)


def replanned(before: Schedule, after: Schedule, *, now: datetime) -> tuple[Schedule, tuple[Due, ...]]:
    """
    Return ``after``, the version that an edit of ``before`` makes, as it counts from now on, and its due rows.

    A local date on which the one before fell due is left out from there on: what was sent is not repeated.
    """
    last = None if before.paused else _last(before, now)
    after = replace(after, since=now, fell_due=last)
    if after.paused:
        return after, ()
    following = _next_on_another_date(after, last, now)
    return after, _unended(after, last, now) + ((_due(after, following),) if following else ())


def moved(schedule: Schedule, *, zone: str, now: datetime) -> tuple[Schedule, tuple[Due, ...]]:
    """
    Return a schedule as it goes on in another zone, and its due rows there.

    What fell due already under a local date doesn't come again under it. What had not, and whose time the new zone has
    behind it already, comes at once where the silence would get longer than ``LONGEST_SILENCE`` otherwise: a move from
    Denver to New York at 8:30 must not cost the reminder of 9:00. Where a date is lived twice, by crossing the date
    line to the west, it has one occurrence all the same.
    """
    after = replace(schedule, when=in_zone(schedule.when, zone), version=schedule.version + 1, since=now, fell_due=None)
    if schedule.paused:
        return after, ()
    last, pending = _last(schedule, now), next_occurrence(schedule.when, after=now)
    following = _next_on_another_date(after, last, now)
    if pending and _would_be_missed(pending, last, following):
        following = Occurrence(on=pending.on, at=now.replace(microsecond=0))
    came = following if following and following.at <= now else last
    return replace(after, fell_due=came), _unended(after, last, now) + ((_due(after, following),) if following else ())


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
    """Return the last time that it fell due, by this version or one before; a date that had its time has no other."""
    earliest = now - _LOOK_BACK
    found = schedule.fell_due if schedule.fell_due and schedule.fell_due.at > earliest else None
    at = max(earliest, schedule.since or earliest)
    while (following := next_occurrence(schedule.when, after=at)) and following.at <= now:
        at = following.at
        if found is None or following.on > found.on:
            found = following
    return found


def _unended(schedule: Schedule, last: Occurrence | None, now: datetime) -> tuple[Due, ...]:
    if last is None:
        return ()
    # Whatever waits for longer than its instant counts as deferred, so that it doesn't bring the next one along.
    due = replace(_due(schedule, last), at=now.replace(microsecond=0))
    return (due,) if closes_at(due, schedule.when.zone) > now else ()


def _due(schedule: Schedule, occurrence: Occurrence) -> Due:
    return Due(
        person_id=schedule.person_id,
        kind=schedule.kind,
        on=occurrence.on,
        at=occurrence.at,
        due_at=occurrence.at,
        version=schedule.version,
    )
