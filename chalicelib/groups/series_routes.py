"""The doors of staff to series of meetings, and to single ones: set, moved, called off."""

from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Instant, Page, Wire
from chalicelib.edge.ids import new_id
from chalicelib.groups import service
from chalicelib.groups.doors import doors, found_group
from chalicelib.groups.series import Change, Series
from chalicelib.groups.shapes import (
    Dates,
    Moved,
    Plan,
    ShownMeeting,
    ShownSeries,
    shown_meeting,
    shown_series,
)
from chalicelib.groups.store import DynamoGroups
from chalicelib.privacy.domain import Act, Field, Rule

LONGEST_LIST = timedelta(days=92)

_EDIT = Rule(act=Act.WRITE, field=Field.GROUPS, programme="programme_id", purpose="set when a group meets")
_SEE = Rule(act=Act.LIST, field=Field.GROUPS, programme="programme_id", purpose="see when a group meets")


class MeetingQuery(Wire):
    """From when on, and for how long."""

    since: Annotated[Instant | None, Described(description="Left out: now.")] = None
    days: Annotated[int, Described(ge=1, le=LONGEST_LIST.days)] = 31


@doors.door(
    "POST",
    "/programmes/{programme_id}/groups/{group_id}/series",
    summary="Have a group meet by a rule",
    rule=_EDIT,
    body=Plan,
    answer=ShownSeries,
    status=HTTPStatus.CREATED,
    created=True,
)
def add_series(asked: Asked, programme_id: str, group_id: str) -> Answer:
    """Set it."""
    group = found_group(asked, programme_id, group_id)
    part = asked.body.part(now=asked.now)
    series = service.add_series(group, part, by=asked.who.subject, now=asked.now, groups=DynamoGroups(), new_id=new_id)
    return _answer(series, at=f"/programmes/{programme_id}/groups/{group_id}/series/{series.id}")


@doors.door(
    "GET",
    "/programmes/{programme_id}/groups/{group_id}/series/{series_id}",
    summary="How a series of meetings goes",
    rule=Rule(act=Act.READ, field=Field.GROUPS, programme="programme_id", purpose="see when a group meets"),
    answer=ShownSeries,
)
def show_series(asked: Asked, programme_id: str, group_id: str, series_id: str) -> Answer:
    """Show it."""
    group = found_group(asked, programme_id, group_id)
    return _answer(service.find_series(group, series_id, groups=DynamoGroups()))


@doors.door(
    "PUT",
    "/programmes/{programme_id}/groups/{group_id}/series/{series_id}",
    summary="Change a series from `startsOn` on; what was before stays, and so does what is off",
    rule=_EDIT,
    body=Plan,
    answer=ShownSeries,
    edits=True,
)
def edit_series(asked: Asked, programme_id: str, group_id: str, series_id: str) -> Answer:
    """Change it; members hear of those of the next two weeks that are other now."""
    groups = DynamoGroups()
    series = service.find_series(found_group(asked, programme_id, group_id), series_id, groups=groups)
    part = asked.body.part(now=asked.now)
    return _answer(service.go_on(series, part, version=asked.if_match or 0, now=asked.now, groups=groups))


@doors.door(
    "POST",
    "/programmes/{programme_id}/groups/{group_id}/series/{series_id}/cancellations",
    summary="Call off the meetings of these dates: a holiday, or one of them. Again changes nothing",
    rule=_EDIT,
    body=Dates,
    answer=Page[ShownMeeting],
)
def call_off(asked: Asked, programme_id: str, group_id: str, series_id: str) -> Answer:
    """Call them off; members hear of it."""
    body: Dates = asked.body
    groups = DynamoGroups()
    series = service.find_series(found_group(asked, programme_id, group_id), series_id, groups=groups)
    after = service.call_off(series, body.dates, body.cause, now=asked.now, groups=groups)
    found = [meeting for on in sorted(set(body.dates)) if (meeting := after.meeting(on))]
    return Answer(body=Page[ShownMeeting](items=[shown_meeting(one) for one in found]))


@doors.door(
    "GET",
    "/programmes/{programme_id}/groups/{group_id}/meetings",
    summary="A group's meetings, those that are off too",
    rule=_SEE,
    query=MeetingQuery,
    answer=Page[ShownMeeting],
)
def list_meetings(asked: Asked, programme_id: str, group_id: str) -> Answer:
    """List them."""
    groups = DynamoGroups()
    group = found_group(asked, programme_id, group_id)
    first: datetime = asked.query.since or asked.now
    found = [
        meeting
        for series_id in group.series
        if (series := groups.series(series_id))
        for meeting in series.meetings(first, first + timedelta(days=asked.query.days))
    ]
    items = [shown_meeting(one) for one in sorted(found, key=lambda one: (one.at, one.id))]
    return Answer(body=Page[ShownMeeting](items=items))


@doors.door(
    "PUT",
    "/programmes/{programme_id}/groups/{group_id}/meetings/{meeting_id}",
    summary="Have one meeting at another time, longer, or elsewhere; one that was off takes place again",
    rule=_EDIT,
    body=Moved,
    answer=ShownMeeting,
)
def move_meeting(asked: Asked, programme_id: str, group_id: str, meeting_id: str) -> Answer:
    """Move it; members hear of another time."""
    body: Moved = asked.body
    groups = DynamoGroups()
    group = found_group(asked, programme_id, group_id)
    series, meeting = service.find_meeting(group, meeting_id, groups=groups)
    change = Change(
        on=meeting.on,
        lasts=timedelta(minutes=body.minutes) if body.minutes else None,
        link=body.link,
        set_at=asked.now,
        version=0,
    )
    at = body.at.replace(second=0, microsecond=0)
    after = service.move(series, meeting.on, at=at, change=change, now=asked.now, groups=groups)
    return Answer(body=shown_meeting(after.meeting(meeting.on) or meeting))


def _answer(series: Series, *, at: str | None = None) -> Answer:
    return Answer(body=shown_series(series), etag=series.version, headers={"Location": at} if at else {})
