"""The doors to a programme's week and to what departs from it."""

from datetime import date, time
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.reminders import title_faults
from chalicelib.errors import Fault, Invalid, NotFound, refuse
from chalicelib.outreach.checking import EARLIEST
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Act, Field, Role, Rule
from chalicelib.routine import setting
from chalicelib.routine.domain import Level, NoSuchItem, Template
from chalicelib.routine.doors import doors
from chalicelib.routine.programme_shapes import (
    DepartureList,
    DepartureQuery,
    DepartureSent,
    ShownDeparture,
    ShownTemplate,
    VersionQuery,
    WeekSent,
    shown_departure,
    shown_template,
)
from chalicelib.routine.service import find_template
from chalicelib.routine.shapes import item_sent
from chalicelib.routine.store import DynamoRoutines

STAFF = frozenset({Role.CLINICIAN, Role.CASE_MANAGER, Role.PROGRAM_ADMIN})
"""Who sees levels of care."""

LATEST = date(2999, 1, 1)
"""A path's dates are earlier: at either end of the calendar there is nothing to count from."""


@doors.door(
    "GET",
    "/programmes/{programme_id}/routine",
    summary="A programme's week as it is now, or one of its versions",
    rule=Rule(act=Act.READ, field=Field.PROGRAMME, programme="programme_id", purpose="see a programme's week"),
    query=VersionQuery,
    answer=ShownTemplate,
)
def show_routine(asked: Asked, programme_id: str) -> Answer:
    """Show it."""
    wanted = asked.query.version
    template = find_template(programme_id, version=wanted, routines=DynamoRoutines())
    if wanted and template.version != wanted:
        raise NotFound("there is no such version")
    return _shown(asked, template)


@doors.door(
    "PUT",
    "/programmes/{programme_id}/routine",
    summary="Set the items of a programme's week from a date on; weeks gone by stay as they were",
    rule=Rule(act=Act.WRITE, field=Field.PROGRAMME, programme="programme_id", purpose="set a programme's week"),
    body=WeekSent,
    answer=ShownTemplate,
    edits=True,
)
def put_routine(asked: Asked, programme_id: str) -> Answer:
    """Set it."""
    sent: WeekSent = asked.body
    faults = [
        Fault(field=f"items.{place}.{fault.field}", reason=fault.reason)
        for place, item in enumerate(sent.items)
        for fault in title_faults(item.title)
    ]
    refuse(faults)
    levels = sent.levels and tuple(
        Level(code=one.code, minutes=one.minutes, approved_by=one.approved_by, approved_on=one.approved_on)
        for one in sent.levels
    )
    template = setting.set_template(
        programme_id,
        tuple(item_sent(item, item.id, now=asked.now) for item in sent.items),
        from_on=sent.starts,
        level=sent.level,
        levels=levels or None,
        version=asked.if_match or 0,
        by=asked.who.subject,
        now=asked.now,
        routines=DynamoRoutines(),
        new_id=new_id,
    )
    return _shown(asked, template)


@doors.door(
    "GET",
    "/programmes/{programme_id}/routine/departures",
    summary="What departs from a programme's week between two dates: sessions off or moved, and why",
    rule=Rule(act=Act.LIST, field=Field.PROGRAMME, programme="programme_id", purpose="see a programme's week"),
    query=DepartureQuery,
    answer=DepartureList,
)
def list_departures(asked: Asked, programme_id: str) -> Answer:
    """List them."""
    found = DynamoRoutines().departures(programme_id, (asked.query.starts, asked.query.to))
    return Answer(body=DepartureList(items=[shown_departure(one) for one in found if not one.is_lifted]))


@doors.door(
    "PUT",
    "/programmes/{programme_id}/routine/items/{item_id}/departures/{on}",
    summary="Let an item not take place on one of its dates, or move that date; the same again changes nothing",
    rule=Rule(act=Act.WRITE, field=Field.PROGRAMME, programme="programme_id", purpose="set a programme's week"),
    body=DepartureSent,
    answer=ShownDeparture,
)
def put_departure(asked: Asked, programme_id: str, item_id: str, on: str) -> Answer:
    """Put it in the place of what was said of that date before."""
    sent: DepartureSent = asked.body
    moved_to, reason = sent.moved_to, sent.reason.strip()
    if not reason:
        raise Invalid(Fault(field="reason", reason="is missing"))
    departure = setting.depart(
        programme_id,
        item_id,
        date_of(on),
        moved_to=(moved_to.date, time.fromisoformat(moved_to.time)) if moved_to else None,
        reason=reason,
        by=asked.who.subject,
        now=asked.now,
        routines=DynamoRoutines(),
    )
    return Answer(body=shown_departure(departure))


@doors.door(
    "DELETE",
    "/programmes/{programme_id}/routine/items/{item_id}/departures/{on}",
    summary="Let an item take place as planned again on that date; again changes nothing",
    rule=Rule(act=Act.WRITE, field=Field.PROGRAMME, programme="programme_id", purpose="set a programme's week"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def lift_departure(asked: Asked, programme_id: str, item_id: str, on: str) -> Answer:
    """Lift what was said of it."""
    setting.lift(programme_id, item_id, date_of(on), by=asked.who.subject, now=asked.now, routines=DynamoRoutines())
    return Answer()


def date_of(text: str) -> date:
    """
    Return the date that a path names.

    :raises NoSuchItem: if it is none, or of a year in which nothing can be planned
    """
    try:
        on = date.fromisoformat(text)
    except ValueError:
        raise NoSuchItem("there is no such date") from None
    if not EARLIEST <= on < LATEST:
        raise NoSuchItem("there is no such date")
    return on


def _shown(asked: Asked, template: Template) -> Answer:
    today = None if asked.query and asked.query.version else local_date(asked.now, setting.NO_ZONE)
    body = shown_template(template, levels=asked.granted.role in STAFF, today=today)
    return Answer(body=body, etag=template.version)
