"""
What comes for a person by a rule: their check-ins, and the reminders that they or their staff set.

A reminder is discreet: its message says that there is something to look at, never the title.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime

from chalicelib.enrollment.changing import Change, People, change_record, edited, in_calendars, next_of, scheduled
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.showable import line_fault
from chalicelib.errors import Conflict, Fault, Invalid, NotFound, Stale, refuse
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.checking import when_faults
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.kinds import APPOINTMENT, CARING, CHECK_IN, HELLO, MILESTONE
from chalicelib.outreach.recurrence import When, next_occurrence

MOST_REMINDERS = 20
"""How many reminders a person may have: all of them are read with the person at each send."""

LONGEST_TITLE = 80


class NoSuchSchedule(NotFound):
    """The person has no such schedule."""


class TooManyReminders(Conflict):
    """The person has as many reminders as anyone may."""


class CheckInsStay(Conflict):
    """Check-ins are paused, or asked at another time, not edited as a reminder or removed."""


Plan = Callable[[str], When]
"""Says when, given the person's zone, which is taken where none is named."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """What to change of a schedule; None stays. ``keeps_zone`` goes with ``plan``."""

    title: str | None = None
    plan: Plan | None = None
    keeps_zone: bool = False
    paused: bool | None = None


def set_reminder(
    person_id: str,
    plan: Plan,
    *,
    title: str,
    keeps_zone: bool,
    now: datetime,
    people: People,
    new_id: Callable[[], str],
    paused: bool = False,
) -> Schedule:
    """
    Set a reminder. With as many as anyone may have, those that are over make room.

    :raises Invalid: names everything that is wrong with it
    :raises TooManyReminders: if none is over
    """
    kind = f"{APPOINTMENT}-{new_id()}"

    def decide(record: Record) -> Change:
        record.must_be_alive()
        when = plan(record.person.zone)
        refuse([*title_faults(title), *when_faults(when, now=now)])
        reminders = [one for one in record.schedules if category_name(one.kind) == APPOINTMENT]
        over = [one.kind for one in reminders if next_occurrence(one.when, after=now) is None]
        is_full = len(reminders) >= MOST_REMINDERS
        if is_full and not over:
            raise TooManyReminders(f"a person has at most {MOST_REMINDERS} reminders")
        schedule = Schedule(
            person_id=person_id,
            kind=kind,
            version=1,
            when=when,
            title=title.strip(),
            keeps_zone=keeps_zone,
            since=now,
            paused=paused,
        )
        change = replace(next_of(record), no_schedules=tuple(over) if is_full else (), keeps_who=True)
        change = scheduled(change, schedule, now=now)
        return in_calendars(record, change, now=now)

    return find_schedule(change_record(person_id, decide, people=people), kind)


def edit_schedule(person_id: str, kind: str, edit: Edit, *, version: int, now: datetime, people: People) -> Schedule:
    """
    Change a reminder, or pause or resume it or the check-ins. What waits of the version before is void at once.

    :raises Stale: if ``version`` isn't the schedule's present one
    :raises Invalid: names everything that is wrong
    :raises CheckInsStay: if check-ins would get another title or rule
    :raises NoSuchSchedule: if it isn't the person's
    """

    def decide(record: Record) -> Change:
        record.must_be_alive()
        present = find_schedule(record, kind)
        if present.version != version:
            raise Stale("the schedule was changed meanwhile")
        if category_name(kind) in {CHECK_IN, HELLO} and (edit.title is not None or edit.plan is not None):
            raise CheckInsStay("check-ins have no title, and their times are the check-in preferences")
        when = edit.plan(record.person.zone) if edit.plan else present.when
        faults = [] if edit.title is None else title_faults(edit.title)
        refuse([*faults, *(when_faults(when, now=now) if edit.plan else ())])
        schedule = replace(
            present,
            version=version + 1,
            title=present.title if edit.title is None else edit.title.strip(),
            when=when,
            keeps_zone=edit.keeps_zone if edit.plan else present.keeps_zone,
            paused=present.paused if edit.paused is None else edit.paused,
        )
        change = edited(replace(next_of(record), keeps_who=True), present, schedule, now=now)
        if edit.plan and not schedule.paused and all(due.due_at <= now for due in change.dues):
            raise Invalid(Fault(field="when", reason="is on a date whose reminder has come already; set another one"))
        return in_calendars(record, change, now=now)

    return find_schedule(change_record(person_id, decide, people=people), kind)


def remove_reminder(person_id: str, kind: str, *, now: datetime, people: People) -> None:
    """
    Forget a reminder; its due row is void at once.

    :raises NoSuchSchedule: if it isn't the person's
    :raises CheckInsStay: if it isn't a reminder
    """

    def decide(record: Record) -> Change:
        find_schedule(record, kind)
        if category_name(kind) != APPOINTMENT:
            raise CheckInsStay("check-ins can be paused, not removed")
        return in_calendars(record, replace(next_of(record), no_schedules=(kind,), keeps_who=True), now=now)

    change_record(person_id, decide, people=people)


def shown_schedules(record: Record) -> list[Schedule]:
    """Return what of the person's schedules is shown here: celebrations and hellos tell a date of few eyes."""
    return [schedule for schedule in record.schedules if category_name(schedule.kind) not in {MILESTONE, CARING}]


def find_schedule(record: Record, kind: str) -> Schedule:
    """
    Return one of the person's schedules that are shown.

    :raises NoSuchSchedule: if it isn't theirs
    """
    for schedule in shown_schedules(record):
        if schedule.kind == kind:
            return schedule
    raise NoSuchSchedule("there is no such schedule")


def title_faults(title: str) -> list[Fault]:
    """Return what is wrong with a reminder's title: one line of text."""
    text = title.strip()
    if not text:
        return [Fault(field="title", reason="is missing")]
    if len(text) > LONGEST_TITLE:
        return [Fault(field="title", reason=f"is longer than {LONGEST_TITLE} characters")]
    return [Fault(field="title", reason=fault)] if (fault := line_fault(text)) else []
