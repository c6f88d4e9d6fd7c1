"""
Reminders of homework and wellness activities, for who asks for them.

They are schedules like any other reminder, so that outreach alone decides on them, and as discreet. What a programme's
calendar says, and whether it is done already, is asked when one is about to go out.
"""

from dataclasses import replace
from datetime import datetime, time

from chalicelib.enrollment import reminders
from chalicelib.enrollment.changing import People, find_person
from chalicelib.enrollment.domain import Record
from chalicelib.outreach.domain import Due, Reason, Schedule
from chalicelib.outreach.kinds import APPOINTMENT
from chalicelib.outreach.recurrence import When, local_date, next_occurrence
from chalicelib.routine.domain import TO_DO, NoSuchItem, item_of
from chalicelib.routine.lineage import before, lineage
from chalicelib.routine.service import NotToDo, Routines, find_template, view_of
from chalicelib.routine.weeks import the_one

ITEM = "item-"
"""What the names of these reminders begin with, after their category's."""


def item_kind(item_id: str) -> str:
    """Return the kind of the reminder of an item."""
    return f"{APPOINTMENT}-{ITEM}{item_id}"


def remind_of_item(
    person_id: str, item_id: str, *, at: time | None, people: People, routines: Routines, now: datetime
) -> Schedule:
    """
    Remind a person of an item on each of its dates, and of what an edit makes of it, at its time or another one.

    The same again changes nothing.

    :raises NoSuchItem: if they have no such item any more
    :raises NotToDo: if it is a session, of which the calendar tells
    """
    zone = find_person(person_id, people=people).person.zone
    today = local_date(now, zone)
    view = view_of(person_id, between=(today, today), people=people, routines=routines, now=now)
    found = [each for each in view.series if each.item.id == item_id and (each.last is None or each.last >= today)]
    item = item_of(tuple(each.item for each in found), item_id)
    if item.kind not in TO_DO:
        raise NotToDo("reminders are of homework and wellness activities")
    becomes = [each.item for each in view.series if item_id in before(view.template.items, each.item.id)]
    whens = [(one, replace(one.when(zone), at=at or one.at)) for one in (item, *becomes)]
    # What comes no more before it becomes another has nothing left to remind of.
    coming = [(one, when) for one, when in whens if next_occurrence(when, after=now)] or whens[:1]
    first, *_ = [
        put_reminder(person_id, item_kind(one.id), when, title=one.title, people=people, now=now)
        for one, when in coming
    ]
    return first


def forget_item(person_id: str, item_id: str, *, people: People, routines: Routines, now: datetime) -> None:
    """Remind of an item no more, nor of what it was before an edit or becomes; where nothing does, nothing changes."""
    record = find_person(person_id, people=people)
    template = find_template(record.episode.programme_id, routines=routines)
    for one in lineage(template.items, item_id):
        forget_reminder(person_id, item_kind(one), people=people, now=now)


def put_reminder(
    person_id: str, kind: str, when: When, *, title: str, people: People, now: datetime, paused: bool = False
) -> Schedule:
    """
    Set a reminder under a name of its own, or change the one that is there; the same again changes nothing.

    It goes by the person's zone, and moves with them. A new one begins ``paused`` or not; one that is there stays so.
    """
    present = _present(find_person(person_id, people=people), kind)
    if present is None:
        name = kind.removeprefix(f"{APPOINTMENT}-")
        return reminders.set_reminder(
            person_id,
            lambda _: when,
            title=title,
            keeps_zone=False,
            now=now,
            people=people,
            new_id=lambda: name,
            paused=paused,
        )
    if (present.when, present.title) == (when, title):
        return present
    edit = reminders.Edit(title=title, plan=lambda _: when)
    return reminders.edit_schedule(person_id, kind, edit, version=present.version, now=now, people=people)


def forget_reminder(person_id: str, kind: str, *, people: People, now: datetime) -> None:
    """Remind of it no more; where nothing does, nothing changes."""
    if _present(find_person(person_id, people=people), kind):
        reminders.remove_reminder(person_id, kind, now=now, people=people)


def objection(due: Due, *, people: People, routines: Routines, now: datetime) -> Reason | None:
    """Return why the reminder of an item must not go out: that date of it is off or moved, or it is done already."""
    if not due.kind.startswith(item_kind("")):
        return None
    item_id, on = due.kind.removeprefix(item_kind("")), due.on
    try:
        view = view_of(due.person_id, between=(on, on), people=people, routines=routines, now=now)
        series = the_one(view.series, item_id, on)
    except NoSuchItem:
        return Reason.CANCELLED
    said = routines.completions(due.person_id, on, on)
    is_done = any(one.item_id == item_id and one.is_done for one in said)
    return Reason.CANCELLED if is_done or on in series.departures else None


def _present(record: Record, kind: str) -> Schedule | None:
    return next((schedule for schedule in record.schedules if schedule.kind == kind), None)
