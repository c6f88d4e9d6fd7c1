"""The doors to a person's week: what is planned, what was done, and what they have of their own."""

from datetime import time
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.reminders import title_faults
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Invalid
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Act, Field, Relationship, Rule
from chalicelib.routine import (
    attendance_routes,
    calendar_routes,
    goal_routes,
    owning,
    programme_routes,
    reminding,
    service,
)
from chalicelib.routine.attendance_store import DynamoAttendances
from chalicelib.routine.domain import Own
from chalicelib.routine.doors import doors
from chalicelib.routine.programme_routes import date_of
from chalicelib.routine.shapes import (
    ItemReminder,
    NewItem,
    OwnSent,
    ShownCompletion,
    ShownItem,
    ShownOwn,
    ShownReminder,
    ShownWeek,
    WeekQuery,
    item_sent,
    shown_completion,
    shown_item,
    shown_own,
    shown_reminder,
    shown_week,
)
from chalicelib.routine.store import DynamoRoutines

__all__ = ["attendance_routes", "calendar_routes", "doors", "goal_routes", "programme_routes"]

_SEE = Rule(act=Act.READ, field=Field.CARE_PLAN, subject="person_id", purpose="see somebody's week")
_CHANGE = Rule(act=Act.WRITE, field=Field.CARE_PLAN, subject="person_id", purpose="change somebody's week")
_TICK = Rule(act=Act.WRITE, field=Field.CARE_PLAN, subject="person_id", purpose="note what somebody did")


@doors.door(
    "GET",
    "/people/{person_id}/week",
    summary="Seven days of a person in their zone: sessions, homework, wellness, what was done, and who came",
    rule=_SEE,
    query=WeekQuery,
    answer=ShownWeek,
)
def show_week(asked: Asked, person_id: str) -> Answer:
    """Show it; to staff with the hours. Whoever may see somebody's week may see their attendance (access.md)."""
    week = service.my_week(
        person_id,
        first=asked.query.starts,
        people=DynamoPeople(),
        routines=DynamoRoutines(),
        attendances=DynamoAttendances(),
        now=asked.now,
    )
    return Answer(body=shown_week(week, totals=not _is_self(asked)))


@doors.door(
    "GET",
    "/people/{person_id}/routine",
    summary="What a person has besides their programme's week, and without",
    rule=_SEE,
    answer=ShownOwn,
)
def show_own(asked: Asked, person_id: str) -> Answer:
    """Show it."""
    return _shown(asked, DynamoRoutines().own(person_id))


@doors.door(
    "PUT",
    "/people/{person_id}/routine",
    summary="Leave items of the programme out for a person, from today on; staff also set their level of care",
    rule=_CHANGE,
    body=OwnSent,
    answer=ShownOwn,
    edits=True,
)
def put_own(asked: Asked, person_id: str) -> Answer:
    """Settle it."""
    sent: OwnSent = asked.body
    is_self, routines = _is_self(asked), DynamoRoutines()
    own = owning.settle(
        person_id,
        left_out=frozenset(sent.left_out),
        level=sent.level,
        by_self=is_self,
        version=asked.if_match or 0,
        people=DynamoPeople(),
        routines=routines,
        now=asked.now,
    )
    return _shown(asked, own)


@doors.door(
    "POST",
    "/people/{person_id}/routine/items",
    summary="Add an item that only this person has: a wellness activity; staff may add any kind",
    rule=_CHANGE,
    body=NewItem,
    answer=ShownItem,
    status=HTTPStatus.CREATED,
    created=True,
)
def add_item(asked: Asked, person_id: str) -> Answer:
    """Add it."""
    sent: NewItem = asked.body
    if faults := title_faults(sent.title):
        raise Invalid(*faults)
    item = owning.add_own(
        person_id,
        item_sent(sent, new_id(), now=asked.now),
        by_self=_is_self(asked),
        people=DynamoPeople(),
        routines=DynamoRoutines(),
        now=asked.now,
    )
    return Answer(body=shown_item(item), headers={"Location": f"/people/{person_id}/routine/items/{item.id}"})


@doors.door(
    "DELETE",
    "/people/{person_id}/routine/items/{item_id}",
    summary="Let an item of the person's own end; weeks gone by keep it",
    rule=_CHANGE,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_item(asked: Asked, person_id: str, item_id: str) -> Answer:
    """Let it end."""
    owning.remove_own(person_id, item_id, people=DynamoPeople(), routines=DynamoRoutines(), now=asked.now)
    return Answer()


@doors.door(
    "PUT",
    "/people/{person_id}/routine/items/{item_id}/done/{on}",
    summary="Note that homework or a wellness activity of a date is done; late is fine, again changes nothing",
    rule=_TICK,
    answer=ShownCompletion,
)
def put_done(asked: Asked, person_id: str, item_id: str, on: str) -> Answer:
    """Note it."""
    return _said(asked, person_id, item_id, on, is_done=True)


@doors.door(
    "DELETE",
    "/people/{person_id}/routine/items/{item_id}/done/{on}",
    summary="Note that it is not done after all; again changes nothing",
    rule=_TICK,
    answer=ShownCompletion,
)
def undo_done(asked: Asked, person_id: str, item_id: str, on: str) -> Answer:
    """Note it."""
    return _said(asked, person_id, item_id, on, is_done=False)


@doors.door(
    "PUT",
    "/people/{person_id}/routine/items/{item_id}/reminder",
    summary="Remind of homework or a wellness activity on each of its dates, discreetly; again changes nothing",
    rule=_CHANGE,
    body=ItemReminder,
    answer=ShownReminder,
)
def put_item_reminder(asked: Asked, person_id: str, item_id: str) -> Answer:
    """Set it, or change its time."""
    sent: ItemReminder = asked.body
    schedule = reminding.remind_of_item(
        person_id,
        item_id,
        at=time.fromisoformat(sent.time) if sent.time else None,
        people=DynamoPeople(),
        routines=DynamoRoutines(),
        now=asked.now,
    )
    return Answer(body=shown_reminder(schedule, now=asked.now))


@doors.door(
    "DELETE",
    "/people/{person_id}/routine/items/{item_id}/reminder",
    summary="Remind of it no more; again changes nothing",
    rule=_CHANGE,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_item_reminder(asked: Asked, person_id: str, item_id: str) -> Answer:
    """Forget it."""
    reminding.forget_item(person_id, item_id, people=DynamoPeople(), routines=DynamoRoutines(), now=asked.now)
    return Answer()


def _said(asked: Asked, person_id: str, item_id: str, on: str, *, is_done: bool) -> Answer:
    said = service.say_done(
        person_id,
        item_id,
        date_of(on),
        is_done=is_done,
        by=asked.who.subject,
        people=DynamoPeople(),
        routines=DynamoRoutines(),
        now=asked.now,
    )
    return Answer(body=shown_completion(said))


def _shown(asked: Asked, own: Own) -> Answer:
    zone = find_person(own.person_id, people=DynamoPeople()).person.zone
    body = shown_own(own, level=not _is_self(asked), today=local_date(asked.now, zone))
    return Answer(body=body, etag=own.version)


def _is_self(asked: Asked) -> bool:
    return asked.granted.relationship is Relationship.SELF
