"""What falls due next: from schedules and from what should go out at once, to due rows."""

from dataclasses import replace
from datetime import datetime, timedelta

from chalicelib.outreach.domain import Due, Recipient, Schedule, Waiting
from chalicelib.outreach.recurrence import falls_on, local_date, next_occurrence

STILL_LOOKED_AT = timedelta(minutes=5)
"""A row that is put with an instant as old as this is still found: its hour can't be finished yet (ticking)."""


def first_due(schedule: Schedule, *, after: datetime) -> Due | None:
    """Return the first thing that falls due by this schedule later than ``after``; None if nothing does any more."""
    occurrence = None if schedule.paused else next_occurrence(schedule.when, after=after)
    if occurrence is None:
        return None
    return Due(
        person_id=schedule.person_id,
        kind=schedule.kind,
        on=occurrence.on,
        at=occurrence.at,
        due_at=occurrence.at,
        version=schedule.version,
    )


def following(due: Due, recipient: Recipient, *, now: datetime) -> tuple[Due, ...]:
    """
    Return what the due's schedule brings next; nothing if it brings nothing more.

    What should have come a while ago comes now, and counts as deferred: so it doesn't bring the next one along, and
    that comes with it from here, up to the first that is still to come.
    """
    schedule = recipient.schedule(due.kind)
    return coming_after(due.due_at, schedule, now=now) if schedule else ()


def coming_after(after: datetime, schedule: Schedule, *, now: datetime) -> tuple[Due, ...]:
    """Return what a schedule brings later than ``after``, up to the first that brings along what follows it."""
    found: list[Due] = []
    while coming := first_due(schedule, after=after):
        found.append(not_behind(coming, now=now))
        if found[-1] is coming:
            break
        after = coming.due_at
    return tuple(found)


def still_comes(waiting: Waiting, recipient: Recipient) -> bool:
    """Say whether the schedule that brought what waits still brings it on that date: an edit may have moved it."""
    schedule = recipient.schedule(waiting.kind)
    return schedule is not None and falls_on(schedule.when, waiting.on)


def not_behind(due: Due, *, now: datetime) -> Due:
    """
    Return the due as it may be put: what should have come a while ago comes now.

    The hour that it belongs to may be finished, and nobody looks there any more.
    """
    return due if due.at >= now - STILL_LOOKED_AT else replace(due, at=now.replace(microsecond=0))


def at_once(person_id: str, kind: str, *, zone: str, now: datetime) -> Due:
    """Return a due for something that isn't on a schedule and should go out now."""
    at = now.replace(microsecond=0)
    return Due(person_id=person_id, kind=kind, on=local_date(at, zone), at=at, due_at=at, version=1)
