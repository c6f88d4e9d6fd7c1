"""
Entries in a member's own calendar: to join a group puts its meetings there, to leave takes them out.

What has to be told follows from what is stored: whether they are a member, and since when, or since when no more.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chalicelib.groups.calendars import entry_of
from chalicelib.groups.domain import Group, Member
from chalicelib.groups.series import Meeting, Series
from chalicelib.outreach.domain import Due, Reason, Recipient
from chalicelib.outreach.kinds import INVITE
from chalicelib.outreach.moments import Moment, Shows
from chalicelib.outreach.service import at_once, not_behind

_BEGINS = f"{INVITE}-meeting-"
_WRITTEN = "%Y%m%dT%H%M%S"
_AHEAD = 20
"""Of so many next meetings one has to take place for a series to be entered, or taken out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """Into a series' meetings, since somebody joined its group at this instant, or out of them, since they left."""

    series_id: str
    joined: bool
    at: datetime

    @property
    def kind(self) -> str:
        """The kind of the occurrence that tells a calendar."""
        return f"{_BEGINS}{self.series_id}-{'in' if self.joined else 'out'}-{self.at:{_WRITTEN}}"


def way_of(kind: str) -> Way | None:
    """Return what an occurrence of this kind tells a calendar; None if it is nothing of a group's."""
    if not kind.startswith(_BEGINS):
        return None
    try:
        series_id, way, at = kind.removeprefix(_BEGINS).split("-")
        return Way(series_id=series_id, joined=way == "in", at=datetime.strptime(at, _WRITTEN).replace(tzinfo=UTC))
    except ValueError:
        return None


def tells(
    recipient: Recipient, member: Member | None, left_at: datetime | None, series: Iterable[Series], *, now: datetime
) -> list[Due]:
    """Return what tells the calendar of who wants entries that they joined, or left; the same again is the same."""
    at = member.joined_at if member else left_at
    if at is None or not recipient.calendar_invites:
        return []
    kinds = [Way(series_id=one.id, joined=member is not None, at=at).kind for one in series if _next(one, now)]
    return [not_behind(at_once(recipient.person_id, kind, zone=recipient.zone, now=at), now=now) for kind in kinds]


def against(
    way: Way, series: Series | None, group: Group | None, member: Member | None, *, now: datetime
) -> Reason | None:
    """Return why a calendar must not be told this any more: they left or came back since, or nothing is ahead."""
    if series is None or group is None or _next(series, now) is None:
        return Reason.CANCELLED
    if way.joined:
        is_so = member is not None and group.is_live and member.joined_at.replace(microsecond=0) == way.at
    else:
        is_so = member is None
    return None if is_so else Reason.CANCELLED


def moment_of(way: Way, series: Series, *, now: datetime) -> Moment | None:
    """Return the next meeting, with all of the series to be entered, or none of it; None if there is none."""
    meeting = _next(series, now)
    entry = entry_of(series, meeting.on) if meeting else None
    if meeting is None or entry is None:
        return None
    return Moment(at=meeting.at, entry=replace(entry, shows=Shows.ALL if way.joined else Shows.NOTHING))


def _next(series: Series, now: datetime) -> Meeting | None:
    return next((one for one in series.upcoming(after=now, limit=_AHEAD) if one.off is None), None)
