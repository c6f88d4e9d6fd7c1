"""What the doors of members to their own groups and meetings take and show."""

from datetime import datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.groups.domain import Group, Kind, Member, Said, Tell
from chalicelib.groups.presence import Presence
from chalicelib.groups.series import Cause, Meeting
from chalicelib.groups.shapes import local_text

_MINUTE = timedelta(minutes=1)


class OwnGroup(Wire):
    """A group that somebody is in. ``rules`` are what is agreed to before the first meeting."""

    id: str
    name: str
    kind: Kind
    tell: list[Tell]
    rules_agreed: bool
    rules_version: int
    rules: list[str]


class OpenGroup(Wire):
    """A group that somebody may join by themselves."""

    id: str
    name: str
    language: str


class OwnGroups(Wire):
    """The groups that somebody is in, and those that are open to them."""

    items: list[OwnGroup]
    open: list[OpenGroup]


class Choice(Wire):
    """Of what to be told before each meeting; none: of changes only."""

    tell: Annotated[list[Tell], Described(max_length=3)]


class Agreed(Wire):
    """The version of the rules that was read."""

    version: int


class OwnMeeting(Wire):
    """A meeting in its member's own time. ``change``: off, or moved from its usual time."""

    id: str
    group_id: str
    group: str
    at: datetime
    local: Annotated[str, Described(description="Its start on the person's own clock, without an offset.")]
    time_zone: str
    zone_name: Annotated[str, Described(description="What that zone is called at that moment, for example EDT.")]
    minutes: int
    off: Cause | None
    moved: bool
    answer: Said | None


class OwnMeetings(Wire):
    """Somebody's next meetings, those that are off too."""

    items: list[OwnMeeting]


class Answered(Wire):
    """Whether somebody means to come."""

    answer: Said


class Arrived(Wire):
    """Where the meeting is: to be followed now, and not to be kept."""

    link: str


class PastMeeting(Wire):
    """A meeting that somebody was expected at."""

    meeting_id: str
    at: datetime
    presence: Presence
    verified: bool


class PastMeetings(Wire):
    """To which meetings somebody came, newest first."""

    items: list[PastMeeting]


class Names(Wire):
    """What members of a group are called who agreed to be seen by the others."""

    names: list[str]


def own_meeting(group: Group, member: Member, meeting: Meeting, *, zone: str) -> OwnMeeting:
    """Show a meeting to one of its members, on their own clock."""
    return OwnMeeting(
        id=meeting.id,
        group_id=group.id,
        group=group.name,
        at=meeting.at,
        local=local_text(meeting.at, zone),
        time_zone=zone,
        zone_name=meeting.at.astimezone(ZoneInfo(zone)).tzname() or zone,
        minutes=meeting.lasts // _MINUTE,
        off=meeting.off,
        moved=meeting.at != meeting.planned,
        answer=member.said(meeting.id),
    )
