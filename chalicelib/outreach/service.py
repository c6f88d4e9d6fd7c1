"""What falls due next: from schedules and from what should go out at once, to due rows."""

from datetime import datetime

from chalicelib.outreach.domain import Due, Schedule
from chalicelib.outreach.recurrence import local_date, next_occurrence


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


def at_once(person_id: str, kind: str, *, zone: str, now: datetime) -> Due:
    """Return a due for something that isn't on a schedule and should go out now."""
    at = now.replace(microsecond=0)
    return Due(person_id=person_id, kind=kind, on=local_date(at, zone), at=at, due_at=at, version=1)
