"""
What a daily reminder must do around each change of clocks, worked out by walking UTC minute by minute.

Shares no code with Cairn: all it asks of anybody is ``utcoffset`` of one instant, again and again.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

FROM, TO = datetime(2020, 1, 1, tzinfo=UTC), datetime(2038, 1, 1, tzinfo=UTC)
WALL_TIMES = [time(minutes // 60, minutes % 60) for minutes in range(0, 3 * 60 + 31, 15)]
"""00:00 to 03:30 in quarter hours."""

_PROBE = 12 * 3600
_MINUTE = timedelta(minutes=1)
AROUND = timedelta(hours=60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """A zone's clocks change at ``at``, the first instant of the new offset (both in whole minutes)."""

    at: datetime
    before: timedelta
    after: timedelta

    @property
    def pattern(self) -> tuple[timedelta, timedelta, time]:
        """What decides how reminders go around it: both offsets, and the local time that it comes at."""
        return self.before, self.after, (self.at + self.before).time()

    @property
    def dates(self) -> list[date]:
        """The local dates on both of its sides, and one more on each: those it can touch, and those it must not."""
        first = (self.at - _MINUTE + self.before).date() - timedelta(days=1)
        last = (self.at + self.after).date() + timedelta(days=1)
        return [first + timedelta(days=days) for days in range((last - first).days + 1)]


def changes(zone: ZoneInfo) -> Iterator[Change]:
    """Give every change of a zone's offset from 2020 to 2037, found by asking each twelve hours, then halving."""
    at, end = int(FROM.timestamp()), int(TO.timestamp())
    before = _offset(zone, at)
    while at < end:
        later = at + _PROBE
        after = _offset(zone, later)
        if after != before:
            low, high = at, later
            while high - low > 60:
                middle = (low + high) // 120 * 60
                low, high = (middle, high) if _offset(zone, middle) == before else (low, middle)
            yield Change(at=datetime.fromtimestamp(high, UTC), before=before, after=after)
        at, before = later, after


def _offset(zone: ZoneInfo, at: int) -> timedelta:
    offset = datetime.fromtimestamp(at, zone).utcoffset()
    assert offset is not None
    return offset


Fires = dict[tuple[int, time], timedelta]
"""By how many days after the first of a change's dates, and wall time: how long after the change it fires."""


def walk(zone: ZoneInfo, change: Change) -> Fires:
    """
    Walk the UTC minutes around a change and say when each wall time's reminder fires on each date.

    A wall time that is met fires when it is first met. One that is jumped over fires so long after the last minute
    before the jump as the clock would have needed to it (RFC 5545 3.3.5). A date that is never met has none.
    """
    first, dates = change.dates[0], change.dates
    met: dict[tuple[date, time], datetime] = {}
    seen: set[date] = set()
    jumps: list[tuple[datetime, datetime, datetime]] = []
    at, end = change.at - AROUND, change.at + AROUND
    shown: datetime | None = None
    while at < end:
        local = (at.astimezone(zone)).replace(tzinfo=None)
        if shown and local > shown + _MINUTE:
            jumps.append((at - _MINUTE, shown, local))
        met.setdefault((local.date(), local.time()), at)
        seen.add(local.date())
        at, shown = at + _MINUTE, local
    fires: Fires = {}
    for on in dates:
        for wall in WALL_TIMES:
            fired = met.get((on, wall))
            wanted = datetime.combine(on, wall)
            for minute, from_, to in jumps:
                if fired is None and on in seen and from_ < wanted < to:
                    fired = minute + (wanted - from_)
            if fired:
                fires[(on - first).days, wall] = fired - change.at
    return fires
