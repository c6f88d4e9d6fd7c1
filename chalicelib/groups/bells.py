"""
Bells: one thing about one meeting, told to all whom it is for. Which there are, when, and whether one still rings.

There is no row per member and meeting: each series has one row that says when to look at it next, a look makes the
bells whose time has come, and each is fanned out then (outreach/fanning.py). A look can be repeated: a bell's id says
all that it is about.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import ClassVar

from chalicelib.groups.domain import BEFORE, Member, Said, Tell
from chalicelib.groups.series import OPENS, STILL_COMING_IN, Meeting, News, Series, meeting_id
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Reason
from chalicelib.outreach.fanning import LEAD, FanOut, soonest
from chalicelib.outreach.kinds import MEETING
from chalicelib.outreach.recurrence import next_occurrence

SLEEPS = timedelta(days=180)
"""After so long a series is looked at again that has no meeting within a year, but one some day."""


RINGS_FOR = timedelta(days=1)
"""So long after a change its bell is made, by a look that may be late; what is there already stays as it is."""


class Sort(StrEnum):
    """What a bell tells, as the kinds of its occurrences have it."""

    DAY = "24h"
    HOUR = "1h"
    NOW = "now"
    MOVED = "moved"
    CANCELLED = "cancelled"


CHANGES = frozenset({Sort.MOVED, Sort.CANCELLED})
TELLS: Mapping[Sort, Tell] = MappingProxyType({Sort.DAY: Tell.DAY, Sort.HOUR: Tell.HOUR, Sort.NOW: Tell.NOW})
"""Which of a member's choices a reminder goes by."""

_WRITTEN = "%Y%m%dT%H%M"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """
    What a bell is about: which meeting, and ``at`` which start, or (a change) with which ``version`` of its series.

    As a word it is a bell's id, and with the category before it the kind of its occurrences.
    """

    sort: Sort
    series_id: str
    on: date
    at: datetime | None = None
    version: int | None = None

    @property
    def id(self) -> str:
        """All of it in one word."""
        last = f"{self.at:{_WRITTEN}}" if self.at else str(self.version)
        return f"{self.sort}-{self.series_id}-{self.on:%Y%m%d}-{last}"

    @property
    def kind(self) -> str:
        """The kind of the occurrences."""
        return f"{MEETING}-{self.id}"

    @property
    def meeting(self) -> str:
        """The name of the meeting."""
        return meeting_id(self.series_id, self.on)


def about_of(kind: str) -> About | None:
    """Return what an occurrence of this kind is about; None if it is no meeting."""
    if category_name(kind) != MEETING:
        return None
    try:
        _, sort, series_id, on, last = kind.split("-")
        is_change = Sort(sort) in CHANGES
        return About(
            sort=Sort(sort),
            series_id=series_id,
            on=datetime.strptime(on, "%Y%m%d").replace(tzinfo=UTC).date(),
            at=None if is_change else datetime.strptime(last, _WRITTEN).replace(tzinfo=UTC),
            version=int(last) if is_change else None,
        )
    except ValueError:
        return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Bell(FanOut):
    """
    One thing about one meeting of a group.

    ``meets_at`` is the start that it tells of; ``was_at`` (of a change) the one before. ``to_all``: also for members
    who never said that they come.
    """

    A_SECOND: ClassVar[int] = 25
    """10,000 members take under seven minutes; what the e-mail account can't take yet waits for its turn (pacing)."""

    group_id: str
    about: About
    meets_at: datetime
    was_at: datetime | None = None
    to_all: bool = True

    @property
    def kind(self) -> str:
        """The kind of its occurrences."""
        return self.about.kind

    @property
    def on(self) -> date:
        """The date that names its occurrences: that of the meeting, in UTC."""
        return self.meets_at.date()

    def is_for(self, member: Member) -> bool:
        """Say whether it is for a member, by what is kept with them; the rest is asked when it is sent."""
        if member.joined_at > self.begins_at:
            return False
        if self.about.sort in CHANGES:
            return self.to_all or member.expects(self.about.meeting)
        return TELLS[self.about.sort] in member.tell and member.said(self.about.meeting) is not Said.NO


def bells_at(series: Series, *, now: datetime) -> list[Bell]:
    """
    Return the bells of a series whose time has come by ``now`` and isn't over.

    Of a meeting's reminders only the latest: what should have come before it came then, or too late. What should have
    come before the meeting was set, or moved, doesn't come at all: members were told of that instead.
    """
    found = [bell for meeting in _near(series, now) if (bell := _reminder(meeting, now=now))]
    return [*found, *(_bell_of(series, news) for news in series.news if _is_fresh(news, now))]


def _is_fresh(news: News, now: datetime) -> bool:
    return max(now, soonest(news.set_at)) < news.tells_until and now < news.set_at + RINGS_FOR


def _near(series: Series, now: datetime) -> Iterator[Meeting]:
    last = now + max(BEFORE.values()) + LEAD + timedelta(minutes=1)
    return (one for one in series.meetings(now - STILL_COMING_IN, last) if one.off is None)


def _reminder(meeting: Meeting, *, now: datetime) -> Bell | None:
    begun = [sort for sort, tell in TELLS.items() if meeting.at - BEFORE[tell] - LEAD <= now]
    if not begun:
        return None
    sort = min(begun, key=lambda sort: BEFORE[TELLS[sort]])
    at = meeting.at - BEFORE[TELLS[sort]]
    if at < meeting.set_at or now >= closes(sort, meeting.at):
        return None
    about = About(sort=sort, series_id=meeting.series_id, on=meeting.on, at=meeting.at)
    return _bell(about, meeting.group_id, at=at, meets_at=meeting.at, now=now)


def _bell_of(series: Series, news: News) -> Bell:
    sort = Sort.CANCELLED if news.at is None else Sort.MOVED
    about = About(sort=sort, series_id=series.id, on=news.on, version=news.version)
    bell = _bell(about, series.group_id, at=soonest(news.set_at), meets_at=news.at or news.was_at, now=news.set_at)
    return replace(bell, was_at=news.was_at, to_all=news.to_all)


def _bell(about: About, group_id: str, *, at: datetime, meets_at: datetime, now: datetime) -> Bell:
    now = now.replace(microsecond=0)
    return Bell(id=about.id, at=at, created_at=now, moved_at=now, group_id=group_id, about=about, meets_at=meets_at)


def closes(sort: Sort, meets_at: datetime) -> datetime:
    """Return the instant from which it is too late to tell this of a meeting that begins then."""
    return meets_at if sort in {Sort.DAY, Sort.HOUR, Sort.MOVED} else meets_at + STILL_COMING_IN


def next_look(series: Series, *, after: datetime) -> datetime | None:
    """Return when to look at a series next, so that no bell of it is missed; None: it has no meeting any more."""
    upcoming = [meeting for meeting in series.upcoming(after=after, limit=4) if meeting.at > after]
    begins = [meeting.at - before - LEAD for meeting in upcoming if not meeting.off for before in BEFORE.values()]
    if coming := [at for at in begins if at > after]:
        return min(coming)
    if upcoming:
        # All of them are off, or the last of all is about to begin.
        return upcoming[-1].at
    return after + SLEEPS if next_occurrence(series.parts[-1].when, after=after) else None


def objection(
    about: About, series: Series | None, member: Member | None, *, now: datetime, was_told: Callable[[News], bool]
) -> Reason | None:
    """
    Return why a member must not be told this any more, at the moment of telling; None if nothing speaks against it.

    The meeting at this start, the member, their choices and their answer: all as they are now. Who said that they don't
    come hears of a change only if others counted on them once, or they were told of the meeting (``was_told``).
    """
    if series is None or member is None:
        return Reason.CANCELLED
    if about.sort in CHANGES:
        news = next((one for one in series.news if one.on == about.on), None)
        if news is None or news.version != about.version:
            return Reason.CANCELLED
        if member.said(about.meeting) is Said.NO and not member.expects(about.meeting) and not was_told(news):
            return Reason.OPTED_OUT
        return Reason.LATE if now >= news.tells_until else None
    return _against(about, series.meeting(about.on), member, now=now)


def heard_by(about: About, news: News, member: Member) -> datetime | None:
    """
    Return by when a member has to have heard of a change, lest they get up for nothing; None if they wouldn't.

    It is when the meeting's door opens, at its start before or at the new one, whichever is earlier. They would who
    said yes or maybe, and who said nothing and wants to be told an hour before, or when it starts.
    """
    said = member.said(about.meeting)
    comes = said in {Said.YES, Said.MAYBE} or (said is None and bool(member.tell & {Tell.HOUR, Tell.NOW}))
    return min(news.was_at, news.at or news.was_at) - OPENS if comes else None


def _against(about: About, meeting: Meeting | None, member: Member, *, now: datetime) -> Reason | None:
    if meeting is None or meeting.off or meeting.at != about.at:
        return Reason.CANCELLED
    if TELLS[about.sort] not in member.tell or member.said(about.meeting) is Said.NO:
        return Reason.OPTED_OUT
    return Reason.LATE if now >= closes(about.sort, meeting.at) else None
