"""The doors to what comes for a person by a rule, and to a look at its next times."""

from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.enrollment import reminders
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.reminder_shapes import (
    NewReminder,
    PreviewQuery,
    PreviewWanted,
    ScheduleEdit,
    ScheduleList,
    ShownSchedule,
    ShownScheduleWithTimes,
    TimeList,
    keeps_zone,
    shown_schedule,
    shown_times,
    when_of,
)
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import refuse
from chalicelib.outreach.checking import when_faults
from chalicelib.outreach.coming import preview
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.recurrence import When
from chalicelib.privacy.domain import Act, Field, Role, Rule

_NO_TITLES = frozenset({Role.PROGRAM_ADMIN})
"""A title may say what somebody is treated for; who runs the programme needs the times only."""


@doors.door(
    "GET",
    "/people/{person_id}/schedules",
    summary="Everything that comes for a person by a rule: check-ins and reminders",
    rule=Rule(act=Act.LIST, field=Field.PREFERENCES, subject="person_id", purpose="see what comes for somebody"),
    answer=ScheduleList,
)
def list_schedules(asked: Asked, person_id: str) -> Answer:
    """List them."""
    record = find_person(person_id, people=DynamoPeople())
    return Answer(body=ScheduleList(items=[_shown(asked, schedule) for schedule in reminders.shown_schedules(record)]))


@doors.door(
    "GET",
    "/people/{person_id}/schedules/{schedule_id}",
    summary="One of them with its next times, and in words what changes of clocks do to them",
    rule=Rule(act=Act.READ, field=Field.PREFERENCES, subject="person_id", purpose="see what comes for somebody"),
    query=PreviewQuery,
    answer=ShownScheduleWithTimes,
)
def show_schedule(asked: Asked, person_id: str, schedule_id: str) -> Answer:
    """Show it."""
    record = find_person(person_id, people=DynamoPeople())
    schedule = reminders.find_schedule(record, schedule_id)
    shown = _shown(asked, schedule)
    times = _times(asked, record, schedule.when, asked.query)
    body = ShownScheduleWithTimes(
        **{name: getattr(shown, name) for name in type(shown).model_fields}, times=times.items
    )
    return Answer(body=body, etag=schedule.version)


@doors.door(
    "POST",
    "/people/{person_id}/reminders",
    summary="Set a reminder of a date: once, recurring, or so long before or after one. Its messages are discreet",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="set a reminder"),
    body=NewReminder,
    answer=ShownSchedule,
    status=HTTPStatus.CREATED,
    created=True,
)
def set_reminder(asked: Asked, person_id: str) -> Answer:
    """Set it."""
    sent: NewReminder = asked.body
    schedule = reminders.set_reminder(
        person_id,
        lambda zone: when_of(sent.when, zone=zone),
        title=sent.title,
        keeps_zone=keeps_zone(sent.when),
        now=asked.now,
        people=DynamoPeople(),
        new_id=new_id,
    )
    location = {"Location": f"/people/{person_id}/schedules/{schedule.kind}"}
    return Answer(body=_shown(asked, schedule), etag=schedule.version, headers=location)


@doors.door(
    "PATCH",
    "/people/{person_id}/schedules/{schedule_id}",
    summary="Edit a reminder, or pause or resume it or the check-ins; holds for what waits already",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="change what comes for somebody"),
    body=ScheduleEdit,
    answer=ShownSchedule,
    edits=True,
)
def edit_schedule(asked: Asked, person_id: str, schedule_id: str) -> Answer:
    """Change what was sent."""
    sent: ScheduleEdit = asked.body
    when = sent.when
    schedule = reminders.edit_schedule(
        person_id,
        schedule_id,
        reminders.Edit(
            title=sent.title,
            plan=(lambda zone: when_of(when, zone=zone)) if when else None,
            keeps_zone=keeps_zone(when) if when else False,
            paused=sent.paused,
        ),
        version=asked.if_match or 0,
        now=asked.now,
        people=DynamoPeople(),
    )
    return Answer(body=_shown(asked, schedule), etag=schedule.version)


@doors.door(
    "DELETE",
    "/people/{person_id}/schedules/{schedule_id}",
    summary="Forget a reminder",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="remove a reminder"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_reminder(asked: Asked, person_id: str, schedule_id: str) -> Answer:
    """Forget it."""
    reminders.remove_reminder(person_id, schedule_id, now=asked.now, people=DynamoPeople())
    return Answer()


@doors.door(
    "POST",
    "/people/{person_id}/schedule-preview",
    summary="The next times of a rule that isn't stored, in the person's zone where it names none. Changes nothing",
    rule=Rule(act=Act.READ, field=Field.PREFERENCES, subject="person_id", purpose="look at a rule's next times"),
    body=PreviewWanted,
    answer=TimeList,
)
def preview_schedule(asked: Asked, person_id: str) -> Answer:
    """Work them out."""
    sent: PreviewWanted = asked.body
    record = find_person(person_id, people=DynamoPeople())
    when = when_of(sent.when, zone=record.person.zone)
    faults = when_faults(when, now=asked.now)
    refuse(faults)
    return Answer(body=_times(asked, record, when, sent))


def _shown(asked: Asked, schedule: Schedule) -> ShownSchedule:
    return shown_schedule(schedule, titles=asked.granted.role not in _NO_TITLES, now=asked.now)


def _times(asked: Asked, record: Record, when: When, wanted: PreviewQuery | PreviewWanted) -> TimeList:
    language = wanted.locale or record.person.language
    return TimeList(items=shown_times(preview(when, after=asked.now, count=wanted.count, language=language)))
