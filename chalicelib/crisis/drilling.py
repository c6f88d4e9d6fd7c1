"""How a drill ends that nobody acknowledged: unlike a crisis, by itself."""

from datetime import datetime, timedelta

from chalicelib.crisis.domain import Crisis, Event, What
from chalicelib.crisis.log import after
from chalicelib.crisis.ports import Desk

LASTS = timedelta(hours=1)
"""When a drill that nobody acknowledged is given up: unlike a crisis, it must not wake everybody all night."""


def is_over(crisis: Crisis, *, now: datetime) -> bool:
    """Say whether a drill has lasted long enough; a crisis never has."""
    return crisis.is_drill and crisis.is_unanswered and now >= crisis.opened_at + LASTS


def give_up(crisis: Crisis, *, now: datetime, desk: Desk) -> None:
    """End a drill that nobody acknowledged, and have operators know."""
    if close(crisis, by=None, now=now, desk=desk):
        desk.note("DrillUnanswered", 1)


def close(crisis: Crisis, *, by: str | None, now: datetime, desk: Desk) -> bool:
    """End a drill; False if it was changed meanwhile."""
    event = Event(number=crisis.version + 1, what=What.CLOSE, at=now, by=by)
    return desk.crises.save(after(crisis, event), [event], look_at=now)
