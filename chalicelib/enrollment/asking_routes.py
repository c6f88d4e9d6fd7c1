"""The doors to when a person is asked, each day and each week. ``…/schedules/check_in`` pauses it."""

from datetime import time
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked, Wire
from chalicelib.enrollment import service, weekly
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.domain import CheckInPreference, Record
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reminder_shapes import ShownSchedule, shown_schedule
from chalicelib.enrollment.shapes import Clock, Day, Preferences, ShownPreferences
from chalicelib.enrollment.showing import clock, preference_of, shown_preferences
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.privacy.domain import Act, Field, Rule


class WeeklyTime(Wire):
    """When to ask: the weekday and the local time."""

    day: Day
    time: Clock


@doors.door(
    "PUT",
    "/people/{person_id}/weekly-check-in",
    summary="Have the weekly questions asked on this weekday; the same again changes nothing that matters",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="change when somebody is asked"),
    body=WeeklyTime,
    answer=ShownSchedule,
)
def put_weekly_check_in(asked: Asked, person_id: str) -> Answer:
    """Set it."""
    body: WeeklyTime = asked.body
    schedule = weekly.ask_weekly(
        person_id, day=body.day, at=time.fromisoformat(body.time), now=asked.now, people=DynamoPeople()
    )
    return Answer(body=shown_schedule(schedule, titles=False, now=asked.now))


@doors.door(
    "DELETE",
    "/people/{person_id}/weekly-check-in",
    summary="Ask the weekly questions no more",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="change when somebody is asked"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_weekly_check_in(_asked: Asked, person_id: str) -> Answer:
    """Stop it."""
    weekly.stop_weekly(person_id, people=DynamoPeople())
    return Answer()


@doors.door(
    "GET",
    "/people/{person_id}/check-in-preferences",
    summary="When a person is asked, and left alone",
    rule=Rule(act=Act.READ, field=Field.PREFERENCES, subject="person_id", purpose="see when somebody is asked"),
    answer=ShownPreferences,
)
def show_preferences(_asked: Asked, person_id: str) -> Answer:
    """Show them."""
    return _preferences(find_person(person_id, people=DynamoPeople()))


@doors.door(
    "PUT",
    "/people/{person_id}/check-in-preferences",
    summary="Say when to ask a person, and when to leave them alone",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="change when somebody is asked"),
    body=Preferences,
    answer=ShownPreferences,
    edits=True,
)
def put_preferences(asked: Asked, person_id: str) -> Answer:
    """Put them in place of those before."""
    sent: Preferences = asked.body
    record = service.prefer_check_ins(
        person_id,
        preference_of(sent.check_in),
        quiet_from=clock(sent.quiet_hours.start),
        quiet_to=clock(sent.quiet_hours.end),
        version=asked.if_match or 0,
        now=asked.now,
        people=DynamoPeople(),
    )
    return _preferences(record)


def _preferences(record: Record) -> Answer:
    programme = service.find_programme(record.episode.programme_id, programmes=DynamoProgrammes())
    check_in = CheckInPreference.of(record.check_in) if record.check_in else None
    shown = shown_preferences(record.person, check_in, programme.quiet_hours)
    return Answer(body=shown, etag=record.person.version)
