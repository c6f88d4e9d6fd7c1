"""
Series of meetings: a rule in the zone of the meeting, what was changed of single dates, and the meetings that follow.

A meeting is named by its series and the date that the rule gives it, so that it stays the same one however it is moved.
"""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from chalicelib.errors import Conflict, NotFound
from chalicelib.outreach.recurrence import Recurrence, local_date, next_occurrence

LONGEST = timedelta(hours=8)
MOST_PARTS = 40
MOST_CHANGES = 200
"""Changed dates that a series keeps: all of them are read whenever it is looked at."""

CHANGES_LAST = timedelta(days=400)
"""How long a changed date is kept after it has passed."""

TOLD_WITHIN = timedelta(hours=48)
"""So long before a meeting a change of it is told to every member; earlier, to those who said that they come."""

LOOKS_AHEAD = timedelta(days=14)
"""Which meetings of a series that goes on otherwise are told of as changed; of later ones the reminder says when."""

OPENS = timedelta(minutes=15)
"""So long before the start the link is given."""

STILL_COMING_IN = timedelta(minutes=10)
"""So long after its start a member can still be told that a meeting is starting."""

FURTHEST = timedelta(days=366)
"""No single meeting is moved further ahead."""

_ID = re.compile(r"([0-9A-Za-z]{1,64})-([0-9]{8})")


class NoSuchMeeting(NotFound):
    """There is no such meeting, or not for this caller."""


class MeetingOver(Conflict):
    """The meeting has begun, or is over."""


class TooManyChanges(Conflict):
    """The series holds as many changes as it may."""


class Cause(StrEnum):
    """Why a meeting is off, for staff and members behind their sign-in. No message says it."""

    HOLIDAY = "holiday"
    FACILITATOR = "facilitator"
    TECHNICAL = "technical"
    WEATHER = "weather"
    OTHER = "other"


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    How a series goes from ``when.starts_on`` on, until the next part begins.

    ``when`` has the zone of the meeting. ``link`` is where they meet: shown behind a sign-in, never in a message.
    ``set_at`` says since when it is so.
    """

    when: Recurrence
    lasts: timedelta
    link: str
    set_at: datetime

    @property
    def since(self) -> date:
        """The first date that it may give, which also names it."""
        return self.when.starts_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    What is other than planned with the meeting of one date: off and why, or at another instant, longer, elsewhere.

    ``version`` is that of the series with it.
    """

    on: date
    off: Cause | None = None
    at: datetime | None = None
    lasts: timedelta | None = None
    link: str | None = None
    set_at: datetime
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class News:
    """
    What members have to hear of a date: the meeting is at another instant (``at``), or off (None). The last word on it.

    ``was_at`` is its start before. ``to_all``: once everybody was told, everybody hears of each further change.
    """

    on: date
    at: datetime | None
    was_at: datetime
    set_at: datetime
    version: int
    to_all: bool

    @property
    def tells_until(self) -> datetime:
        """From when on it is too late to tell: it has begun, or would have, and whoever was coming knows."""
        return self.at or self.was_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Meeting:
    """
    One meeting. ``at`` and ``ends`` are instants in UTC, ``zone`` that of the meeting, ``planned`` its instant by rule.

    ``set_at`` says since when it is as it is; ``version`` the series' version then, or its present one.
    """

    series_id: str
    group_id: str
    on: date
    at: datetime
    planned: datetime
    lasts: timedelta
    link: str
    zone: str
    off: Cause | None
    set_at: datetime
    version: int
    part: Part = field(repr=False)

    @property
    def id(self) -> str:
        """Its name for good, in one word."""
        return meeting_id(self.series_id, self.on)

    @property
    def ends(self) -> datetime:
        """When it ends."""
        return self.at + self.lasts


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """
    Meetings by a rule. ``parts`` are in order of time; ``version`` grows by every change, and calendars count by it.

    ``news`` is what members have to hear of single dates, until its time is over.
    """

    id: str
    group_id: str
    parts: tuple[Part, ...]
    changes: tuple[Change, ...] = ()
    news: tuple[News, ...] = ()
    by: str
    version: int = 1

    def meeting(self, on: date) -> Meeting | None:
        """Return the meeting that bears this date, off or not; None if no part gives one."""
        for part, ends in self.spans():
            if part.since <= on and (ends is None or on < ends):
                found = next_occurrence(part.when, after=_just_before(part, on))
                # A gap can carry a wall time over midnight; the date that names it is still that of the rule.
                while found and found.on < on:
                    found = next_occurrence(part.when, after=found.at)
                return self._made(part, found.on, found.at) if found and found.on == on else None
        return None

    def meetings(self, first: datetime, last: datetime) -> list[Meeting]:
        """Return those that begin from ``first`` on and before ``last``, off or not, in order."""
        changed = {change.on for change in self.changes}
        found = [meeting for on in changed if (meeting := self.meeting(on))]
        for part, ends in self.spans():
            for on, at in _dates(part, first, last):
                if ends is not None and on >= ends:
                    break
                if on not in changed:
                    found.append(self._made(part, on, at))
        return sorted((one for one in found if first <= one.at < last), key=lambda one: (one.at, one.on))

    def upcoming(self, *, after: datetime, limit: int) -> list[Meeting]:
        """Return the next meetings that end later than ``after``, off or not; none further than a year ahead."""
        found: list[Meeting] = []
        width, first, end = timedelta(days=35), after - LONGEST, after + FURTHEST
        while len(found) < limit and first < end:
            found += [one for one in self.meetings(first, first + width) if one.ends > after]
            first += width
        return found[:limit]

    def spans(self) -> Iterator[tuple[Part, date | None]]:
        """Give each part with the date on which the next one begins; None for the last."""
        for part, following in zip(self.parts, (*self.parts[1:], None), strict=True):
            yield part, following.since if following else None

    def _made(self, part: Part, on: date, at: datetime) -> Meeting:
        change = next((one for one in self.changes if one.on == on), None)
        return Meeting(
            series_id=self.id,
            group_id=self.group_id,
            on=on,
            at=change.at if change and change.at else at,
            planned=at,
            lasts=change.lasts if change and change.lasts else part.lasts,
            link=change.link if change and change.link else part.link,
            zone=part.when.zone,
            off=change.off if change else None,
            set_at=max(part.set_at, change.set_at) if change else part.set_at,
            version=change.version if change else self.version,
            part=part,
        )

    def changed(self, change: Change, *, now: datetime) -> "Series":
        """
        Return the series with one date as this says.

        :raises TooManyChanges: if it holds as many as it may
        """
        oldest = local_date(now, "UTC") - CHANGES_LAST
        kept = tuple(one for one in self.changes if one.on != change.on and one.on >= oldest)
        if len(kept) >= MOST_CHANGES:
            raise TooManyChanges(f"a series keeps at most {MOST_CHANGES} changed dates")
        after = replace(change, version=self.version + 1)
        changes = tuple(sorted((*kept, after), key=lambda one: one.on))
        return replace(self, changes=changes, version=self.version + 1).with_news([change.on], self, now=now)

    def going_on(self, part: Part, *, now: datetime) -> "Series":
        """
        Return the series with this part from its first date on; dates from there on are no longer moved, but stay off.

        :raises TooManyChanges: if it has as many parts as it may
        """
        before = tuple(one for one in self.parts if one.since < part.since)
        if len(before) >= MOST_PARTS:
            raise TooManyChanges(f"a series can be changed at most {MOST_PARTS} times; begin another one")
        changes = tuple(one for one in self.changes if one.on < part.since or one.off)
        after = replace(self, parts=(*before, part), changes=changes, version=self.version + 1)
        dates = {one.on for one in self.meetings(now, now + LOOKS_AHEAD) if one.on >= part.since}
        return after.with_news(sorted(dates), self, now=now)

    def with_news(self, dates: Iterable[date], before: "Series", *, now: datetime) -> "Series":
        """Return the series with the news of what is other on these dates than it was before."""
        kept = {one.on: one for one in self.news if one.tells_until > now}
        for on in dates:
            was, present = before.meeting(on), self.meeting(on)
            at = present.at if present and not present.off else None
            if was is None or at == (None if was.off else was.at):
                continue
            soon = min(was.at, at or was.at) <= now + TOLD_WITHIN
            to_all = soon or (on in kept and kept[on].to_all)
            kept[on] = News(on=on, at=at, was_at=was.at, set_at=now, version=self.version, to_all=to_all)
        return replace(self, news=tuple(kept[on] for on in sorted(kept)))


def meeting_id(series_id: str, on: date) -> str:
    """Return the name of the meeting of a series that bears this date."""
    return f"{series_id}-{on:%Y%m%d}"


def named(text: str) -> tuple[str, date]:
    """
    Return the series and the date that a meeting's name holds.

    :raises NoSuchMeeting: if it is no such name
    """
    match = _ID.fullmatch(text)
    try:
        return match[1], datetime.strptime(match[2], "%Y%m%d").replace(tzinfo=UTC).date()  # type: ignore[index]
    except (TypeError, ValueError):
        raise NoSuchMeeting("there is no such meeting") from None


def _just_before(part: Part, on: date) -> datetime:
    return datetime.combine(on, part.when.at, tzinfo=UTC) - timedelta(days=2)


def _dates(part: Part, first: datetime, last: datetime) -> Iterator[tuple[date, datetime]]:
    after = first - timedelta(microseconds=1)
    while (found := next_occurrence(part.when, after=after)) and found.at < last:
        yield found.on, found.at
        after = found.at
