"""The weekly check-in: asked on one weekday for those who have it, beside the daily one."""

from dataclasses import replace
from datetime import datetime, time

from chalicelib.enrollment.changing import Change, People, change_record, edited, next_of, scheduled
from chalicelib.enrollment.domain import CheckInPreference, Record
from chalicelib.enrollment.reminders import find_schedule
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.kinds import WEEKLY_CHECK_IN


def ask_weekly(person_id: str, *, day: str, at: time, now: datetime, people: People) -> Schedule:
    """
    Have a person asked the weekly questions on this weekday (``MO`` … ``SU``) at this local time; again is fine.

    :raises NoSuchPerson: if there is none
    """

    def decide(record: Record) -> Change:
        record.must_be_alive()
        change, present = next_of(record), _present(record)
        preference = CheckInPreference(at=at, days=frozenset({day}))
        version = present.version + 1 if present else 1
        schedule = preference.schedule(record.person, version=version, now=now, kind=WEEKLY_CHECK_IN)
        if present is None:
            return scheduled(change, schedule, now=now)
        return edited(change, present, replace(schedule, paused=present.paused), now=now)

    return find_schedule(change_record(person_id, decide, people=people), WEEKLY_CHECK_IN)


def stop_weekly(person_id: str, *, people: People) -> None:
    """Ask the weekly questions no more; nothing to stop is fine."""

    def decide(record: Record) -> Change:
        gone = (WEEKLY_CHECK_IN,) if _present(record) else ()
        return replace(next_of(record), no_schedules=gone)

    change_record(person_id, decide, people=people)


def _present(record: Record) -> Schedule | None:
    return next((schedule for schedule in record.schedules if schedule.kind == WEEKLY_CHECK_IN), None)
