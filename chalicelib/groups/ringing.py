"""Ring the bells of meetings: look which have come, say whom each is for, and whether it still rings when sent."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from types import MappingProxyType
from typing import Protocol

from chalicelib.groups.bells import TELLS, About, Bell, about_of, bells_at, heard_by, next_look, objection
from chalicelib.groups.belonging import Members
from chalicelib.groups.calendars import entry_of
from chalicelib.groups.domain import Group, Kind
from chalicelib.groups.entries import against, moment_of, way_of
from chalicelib.groups.series import News, Series
from chalicelib.groups.service import Groups
from chalicelib.outreach.domain import Due, Entry, Reason, Status
from chalicelib.outreach.fanning import FanOuts, Meant
from chalicelib.outreach.moments import Moment

A_MINUTE = 200
"""How many series are looked at in a minute, those first that have waited longest; the rest a minute later."""

AGAIN_IN = timedelta(seconds=30)
"""A series that could not be looked at waits so long, for the next tick, behind those that came meanwhile."""

REMEMBERED_FOR = timedelta(seconds=5)
"""How long a process goes by what it last read of a series before it asks again: a message takes about as long."""

MOST_REMEMBERED = 100


class Looks(Protocol):
    """When to look at which series."""

    def coming(self, *, by: datetime, limit: int) -> list[tuple[datetime, str]]:
        """Return which are to be looked at by now, the earliest first, and since when."""
        ...

    def put(self, at: datetime, series_id: str) -> None:
        """Have a series looked at then; again is the same row."""
        ...

    def remove(self, at: datetime, series_id: str) -> None:
        """Let it go; gone already is fine."""
        ...


class Bells(FanOuts[Bell], Protocol):
    """Where bells are kept."""

    def add(self, bell: Bell) -> None:
        """Keep a new bell, to be fanned out; one that is kept under its id stays as it is."""
        ...


class Ledger(Protocol):
    """What became of messages."""

    def get(self, person_id: str, kind: str, on: date) -> Entry | None:
        """Return the entry of an occurrence as it stands now."""
        ...


Invited = Callable[[Group, str, datetime], bool]
"""Says, when a message is about to be sent, whether a member may hear of the group's meetings just now."""


def everybody(_group: Group, _recipient_id: str, _now: datetime) -> bool:
    """Invite whoever is a member."""
    return True


ANYBODY: Mapping[Kind, Invited] = MappingProxyType({})
"""Asks of no kind of group."""


def look(series_id: str, since: datetime, *, now: datetime, groups: Groups, looks: Looks, bells: Bells) -> int:
    """
    Keep the bells of a series whose time has come, and have it looked at when the next one's does; return how many.

    Safe to repeat, and to die anywhere in: a bell that is there stays as it is, the next look is the same row, and the
    one that this answers goes last.
    """
    series = groups.series(series_id)
    group = groups.find(series.group_id) if series else None
    found: list[Bell] = []
    if series and group and group.is_live:
        found = bells_at(series, now=now)
        for bell in found:
            bells.add(bell)
        following = next_look(series, after=now)
        if following:
            looks.put(following, series_id)
    looks.remove(since, series_id)
    return len(found)


def meant_by(members: Members) -> Meant[Bell]:
    """Return what gives whom a bell is for, of the next so many members of its group."""

    def meant(bell: Bell, limit: int) -> tuple[Sequence[str], str | None]:
        found, after = members.of_group(bell.group_id, after=bell.after, limit=limit)
        return [member.recipient_id for member in found if bell.is_for(member)], after

    return meant


@dataclass(slots=True)
class StillTrue:
    """Answers, at the moment of sending, whether a member is still to be told, and of when."""

    groups: Groups
    members: Members
    ledger: Ledger
    clock: Callable[[], datetime]
    _known: dict[str, tuple[datetime, Series | None, Group | None]] = field(default_factory=dict)

    def __call__(self, due: Due, *, invited: Mapping[Kind, Invited] = ANYBODY) -> Reason | None:
        """Return why this occurrence must not go out any more, None if nothing speaks against it."""
        now = self.clock()
        if way := way_of(due.kind):
            series, group = self._read(way.series_id, now)
            member = self.members.find(group.id, due.person_id) if group else None
            return against(way, series, group, member, now=now)
        about = about_of(due.kind)
        if about is None:
            return None
        series, group = self._read(about.series_id, now)
        if group is None or not group.is_live:
            return Reason.CANCELLED
        member = self.members.find(group.id, due.person_id)
        reason = objection(
            about, series, member, now=now, was_told=lambda news: self._was_told(due.person_id, news, about)
        )
        if reason is None and not invited.get(group.kind, everybody)(group, due.person_id, now):
            return Reason.NO_CONSENT
        return reason

    def moment(self, due: Due) -> Moment | None:
        """Return when what a message tells of takes place, or would have; None if nobody knows any more."""
        if way := way_of(due.kind):
            series, _ = self._read(way.series_id, self.clock())
            return moment_of(way, series, now=self.clock()) if series else None
        about = about_of(due.kind)
        series, _ = self._read(about.series_id, self.clock()) if about else (None, None)
        if about is None or series is None:
            return None
        if about.at is not None:
            return Moment(at=about.at, entry=entry_of(series, about.on))
        news = next((one for one in series.news if one.on == about.on and one.version == about.version), None)
        if news is None:
            return None
        member = self.members.find(series.group_id, due.person_id)
        by = heard_by(about, news, member) if member else None
        return Moment(at=news.at or news.was_at, entry=entry_of(series, about.on), heard_by=by)

    def _was_told(self, recipient_id: str, news: News, about: About) -> bool:
        kinds = [About(sort=sort, series_id=about.series_id, on=about.on, at=news.was_at).kind for sort in TELLS]
        entries = (self.ledger.get(recipient_id, kind, news.was_at.date()) for kind in kinds)
        return any(entry is not None and entry.status is Status.SENT for entry in entries)

    def _read(self, series_id: str, now: datetime) -> tuple[Series | None, Group | None]:
        known = self._known.get(series_id)
        # A clock that was moved back counts as the time gone by.
        if known and timedelta() <= now - known[0] < REMEMBERED_FOR:
            return known[1:]
        series = self.groups.series(series_id)
        group = self.groups.find(series.group_id) if series else None
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[series_id] = (now, series, group)
        return series, group
