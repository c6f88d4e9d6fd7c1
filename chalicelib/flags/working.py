"""By when somebody has to look: hours that pass, working hours, working days. Holidays are not known here."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from chalicelib.flags.rules import Within
from chalicelib.outreach.recurrence import local_date, resolve

SATURDAY = 5
_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkingTime:
    """When a programme's staff work: Monday to Friday, from and to a wall time in the person's zone."""

    opens: time = time(9)
    closes: time = time(17)


WORKING_TIME = WorkingTime()
"""What a programme begins with."""


def due_at(within: Within, *, at: datetime, zone: str, working: WorkingTime) -> datetime:
    """Return by when it has to be done that came up ``at`` an instant."""
    if within.working_days is not None:
        return _end_of(within.working_days, at, zone, working)
    if within.working_hours is not None:
        return _after(timedelta(hours=within.working_hours), at, zone, working)
    return at + timedelta(hours=within.hours or 0)


def _end_of(days: int, at: datetime, zone: str, working: WorkingTime) -> datetime:
    on = local_date(at, zone)
    if not days:
        return _same_day(on, at, zone, working)
    while days:
        on += _DAY
        days -= on.weekday() < SATURDAY
    return resolve(on, working.closes, zone)


def _same_day(on: date, at: datetime, zone: str, working: WorkingTime) -> datetime:
    """Return the end of this working day, or, once that is over, when the next one begins: nobody can look before."""
    closes = resolve(on, working.closes, zone)
    if on.weekday() < SATURDAY and at < closes:
        return closes
    on += _DAY
    while on.weekday() >= SATURDAY:
        on += _DAY
    return resolve(on, working.opens, zone)


def _after(left: timedelta, at: datetime, zone: str, working: WorkingTime) -> datetime:
    on = local_date(at, zone)
    while True:
        opens, closes = resolve(on, working.opens, zone), resolve(on, working.closes, zone)
        begins = max(at, opens)
        if on.weekday() < SATURDAY and begins < closes:
            if left <= closes - begins:
                return begins + left
            left -= closes - begins
        on += _DAY
