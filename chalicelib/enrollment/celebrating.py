"""What is celebrated of the date that a person counts from: which milestones, and the schedule that brings them."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from chalicelib.enrollment.changing import Change
from chalicelib.enrollment.domain import CheckInPreference, Person, Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programmes import Programme
from chalicelib.outreach.anniversaries import Anniversaries
from chalicelib.outreach.domain import Due, Schedule
from chalicelib.outreach.kinds import ALUMNI_DAYS, DAYS
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.service import coming_after

MILESTONES = ("d1", "d7", "d14", "d30", "d60", "d90", "m6", "m9", "m18", "y")
"""Those that most people know, and the two that apps added: 7 and 14 days (domain rules 2)."""

ALUMNI = ("d30", "d90", "m6", "y")
"""Since the person became an alumnus."""

_MONTHLY = ("m4", "m5", "m6", "m7", "m8", "m9", "m10", "m11")
"""What many groups add."""

ANNOUNCED_FOR = timedelta(hours=48)
"""What is older when its date becomes known counts as reached already, and nothing is sent for it (domain rules 2)."""

HOUR = time(9)
"""When those are congratulated who have no check-ins, whose hour it would be."""


def milestones_of(programme: Programme) -> tuple[str, ...]:
    """Return the milestones that a programme celebrates."""
    return tuple(dict.fromkeys((*MILESTONES, *_MONTHLY))) if programme.every_month else MILESTONES


def hour_of(check_in: Schedule | None) -> time:
    """Return the wall time at which a person is congratulated: that of their check-ins."""
    return CheckInPreference.of(check_in).at if check_in else HOUR


def celebrations(
    person: Person,
    of: date,
    *,
    at: time,
    version: int,
    now: datetime,
    but: tuple[str, ...] = (),
    each: tuple[str, ...],
    kind: str = DAYS,
) -> tuple[Schedule, tuple[Due, ...]]:
    """
    Return the schedule of the milestones counted from ``of``, and its due rows; ``but`` are those not to come again.

    ``version`` is the person's, which grows even while there is no schedule: what waits of one before is void.
    """
    when = Anniversaries(of=of, each=each, at=at, zone=person.zone, but=but)
    schedule = Schedule(person_id=person.id, kind=kind, version=version, when=when, since=now)
    return schedule, coming_after(now - ANNOUNCED_FOR, schedule, now=now)


def as_alumni(record: Record, change: Change, *, now: datetime) -> Change:
    """Add what is celebrated since the person became an alumnus, or take it away from who is admitted again."""
    is_one = change.episode.state is State.ALUMNI
    if is_one and record.episode.state is not State.ALUMNI:
        schedule, dues = celebrations(
            change.person,
            local_date(change.episode.changed_at, change.person.zone),
            at=hour_of(record.check_in),
            version=change.person.version,
            now=now,
            kind=ALUMNI_DAYS,
            each=ALUMNI,
        )
        return replace(change, schedules=(*change.schedules, schedule), dues=(*change.dues, *dues))
    if not is_one and any(schedule.kind == ALUMNI_DAYS for schedule in record.schedules):
        others = tuple(schedule for schedule in change.schedules if schedule.kind != ALUMNI_DAYS)
        return replace(change, schedules=others, no_schedules=(*change.no_schedules, ALUMNI_DAYS))
    return change


def alumni_times(record: Record, *, today: date) -> Iterator[tuple[int, date, date]]:
    """Give the episodes after which the person was an alumnus: its number, since when, and until when."""
    for episode, following in zip(record.episodes, (*record.episodes[1:], None), strict=True):
        if episode.state is State.ALUMNI:
            since = local_date(episode.changed_at, record.person.zone)
            yield episode.number, since, min(today, following.admitted_on) if following else today
