"""What is celebrated of the date that a person counts from: which milestones, and the schedule that brings them."""

from datetime import date, datetime, time, timedelta

from chalicelib.enrollment.domain import CheckInPreference, Person
from chalicelib.outreach.anniversaries import Anniversaries
from chalicelib.outreach.categories import DAYS
from chalicelib.outreach.domain import Due, Schedule
from chalicelib.outreach.service import coming_after

MILESTONES = ("d1", "d7", "d14", "d30", "d60", "d90", "m6", "m9", "m18", "y")
"""Those that most people know, and the two that apps added: 7 and 14 days (domain rules 2)."""

MONTHLY = ("m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11")
"""What many groups add."""

ANNOUNCED_FOR = timedelta(hours=48)
"""What is older when its date becomes known counts as reached already, and nothing is sent for it (domain rules 2)."""

HOUR = time(9)
"""When those are congratulated who have no check-ins, whose hour it would be."""


def hour_of(check_in: Schedule | None) -> time:
    """Return the wall time at which a person is congratulated: that of their check-ins."""
    return CheckInPreference.of(check_in).at if check_in else HOUR


def celebrations(
    person: Person, of: date, *, at: time, version: int, now: datetime, but: tuple[str, ...] = ()
) -> tuple[Schedule, tuple[Due, ...]]:
    """
    Return the schedule of the milestones counted from ``of``, and its due rows; ``but`` are those not to come again.

    ``version`` is the person's, which grows even while there is no schedule: what waits of one before is void.
    """
    when = Anniversaries(of=of, each=MILESTONES, at=at, zone=person.zone, but=but)
    schedule = Schedule(person_id=person.id, kind=DAYS, version=version, when=when, since=now)
    return schedule, coming_after(now - ANNOUNCED_FOR, schedule, now=now)
