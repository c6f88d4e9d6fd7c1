"""What the doors to groups take and show."""

from datetime import date, datetime, timedelta
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field as Described

from chalicelib.edge.http import Instant, Wire
from chalicelib.groups.domain import LONGEST_NAME, MOST_FACILITATORS, Group, Kind, Said
from chalicelib.groups.presence import Presence
from chalicelib.groups.series import Cause, Meeting, Part, Series
from chalicelib.outreach.recurrence import Recurrence

Account = Annotated[str, Described(pattern=r"^[A-Za-z0-9._~:@=-]{1,128}$")]
CalendarDate = date
Clock = Annotated[str, Described(pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="Local wall time, HH:MM.")]
Minutes = Annotated[int, Described(ge=1, le=1440)]
Link = Annotated[
    str,
    Described(
        min_length=1, max_length=1000, description="Where they meet by video: https. No message and no calendar has it."
    ),
]
_MINUTE = timedelta(minutes=1)


class NewGroup(Wire):
    """A group of a programme. ``name`` is shown behind a sign-in only."""

    kind: Kind
    name: Annotated[str, Described(max_length=4 * LONGEST_NAME)]
    language: Annotated[str, Described(max_length=8)]
    facilitators: Annotated[list[Account], Described(max_length=4 * MOST_FACILITATORS)]
    open: Annotated[bool, Described(description="Whether alumni may join by themselves.")] = False


class EditedGroup(Wire):
    """A group as it is to be; ``closed`` ends it: nobody is told of anything of it any more."""

    name: Annotated[str, Described(max_length=4 * LONGEST_NAME)]
    language: Annotated[str, Described(max_length=8)]
    facilitators: Annotated[list[Account], Described(max_length=4 * MOST_FACILITATORS)]
    open: bool
    closed: bool = False


class ShownGroup(Wire):
    """A group, as staff see it."""

    id: str
    kind: Kind
    name: str
    language: str
    facilitators: list[str]
    open: bool
    closed: bool
    members: int
    series: list[str]


class Plan(Wire):
    """How a series meets: a rule of days (RFC 5545) at a wall time, in the zone of the meeting, from a date on."""

    rule: Annotated[str, Described(max_length=400, examples=["FREQ=WEEKLY;BYDAY=TH"])]
    time: Clock
    time_zone: Annotated[str, Described(max_length=100)]
    starts_on: CalendarDate
    minutes: Minutes
    link: Link

    def part(self, *, now: datetime) -> Part:
        """Return it as a part of a series."""
        at = datetime.strptime(self.time, "%H:%M").time()  # noqa: DTZ007 (a wall time)
        when = Recurrence(at=at, rule=self.rule.strip().upper(), zone=self.time_zone, starts_on=self.starts_on)
        return Part(when=when, lasts=self.minutes * _MINUTE, link=self.link, set_at=now)


class ShownSeries(Wire):
    """A series of meetings; ``parts`` are how it meets from each first date on."""

    id: str
    parts: list[Plan]


class Dates(Wire):
    """Dates of a series that are off, and why. No message says why."""

    dates: Annotated[list[CalendarDate], Described(min_length=1, max_length=60)]
    cause: Cause


class Moved(Wire):
    """A meeting as it is to be; what is left out stays as the series has it. One that was off takes place again."""

    at: Annotated[Instant, Described(description="When it begins.")]
    minutes: Minutes | None = None
    link: Link | None = None


class ShownMeeting(Wire):
    """A meeting as staff see it. ``local`` is its start in the zone of the meeting."""

    id: str
    series_id: str
    on: CalendarDate
    at: datetime
    local: str
    time_zone: str
    minutes: int
    off: Cause | None
    moved: bool
    link: str


class ShownMember(Wire):
    """Who is in a group. ``name`` null: not on the programme's list."""

    member_id: str
    name: str | None
    joined_at: datetime
    rules_agreed: bool
    answer: Annotated[Said | None, Described(description="About the meeting that was asked for.")] = None
    presence: Presence | None = None
    verified: bool | None = None


class ShownFormer(Wire):
    """Who is in a group no more. They left, or it is for them no more: which of these is nowhere said."""

    member_id: str
    name: str | None
    left_at: datetime
    says: str = "They are in this group no more."


class FormerMembers(Wire):
    """Who is in a group no more, the last first."""

    items: list[ShownFormer]


class Counts(Wire):
    """How many mean to come."""

    yes: int
    no: int
    maybe: int
    open: Annotated[int, Described(description="Members who answered nothing.")]


class Noted(Wire):
    """Whether a member came, as who facilitates saw it."""

    presence: Presence


def shown_group(group: Group, *, members: int) -> ShownGroup:
    """Show a group to staff."""
    return ShownGroup(
        id=group.id,
        kind=group.kind,
        name=group.name,
        language=group.language,
        facilitators=sorted(group.facilitators),
        open=group.is_open,
        closed=not group.is_live,
        members=members,
        series=list(group.series),
    )


def shown_series(series: Series) -> ShownSeries:
    """Show a series to staff."""
    return ShownSeries(
        id=series.id,
        parts=[
            Plan(
                rule=part.when.rule,
                time=f"{part.when.at:%H:%M}",
                time_zone=part.when.zone,
                starts_on=part.since,
                minutes=part.lasts // _MINUTE,
                link=part.link,
            )
            for part in series.parts
        ],
    )


def shown_meeting(meeting: Meeting) -> ShownMeeting:
    """Show a meeting to staff."""
    return ShownMeeting(
        id=meeting.id,
        series_id=meeting.series_id,
        on=meeting.on,
        at=meeting.at,
        local=local_text(meeting.at, meeting.zone),
        time_zone=meeting.zone,
        minutes=meeting.lasts // _MINUTE,
        off=meeting.off,
        moved=meeting.at != meeting.planned,
        link=meeting.link,
    )


def local_text(at: datetime, zone: str) -> str:
    """Return an instant as a clock in a zone shows it."""
    return at.astimezone(ZoneInfo(zone)).replace(tzinfo=None).isoformat(timespec="minutes")
