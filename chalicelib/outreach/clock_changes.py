"""
A zone's clock changes as calendars want them (RFC 5545 3.6.5): a rule where there is one, else each date.

The icalendar library lists each date of the years it is asked for. Outlook goes by rules alone, and a series without an
end needs one anyway.
"""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from chalicelib.outreach.rrule import DAYS

if TYPE_CHECKING:
    from icalendar import Timezone

YEARS = 10
"""For how many years ahead changes are looked at; where they follow no rule, none is known beyond."""

_DAY = timedelta(days=1)
_WEEK = 7


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """One change of a zone's clocks: the wall time before it at which it happens, and the offsets around it."""

    on: datetime
    before: timedelta
    after: timedelta
    name: str


def changes(zone: str, *, first: int, last: int) -> Iterator[Change]:
    """Give the changes from the year ``first`` up to, but not in, the year ``last``."""
    known, at, end = ZoneInfo(zone), datetime(first, 1, 1, tzinfo=UTC), datetime(last, 1, 1, tzinfo=UTC)
    while at < end:
        following = at + _DAY
        if _offset(at, known) != _offset(following, known):
            instant = _between(at, following, known)
            yield Change(
                on=(instant + _offset(at, known)).replace(tzinfo=None),
                before=_offset(at, known),
                after=_offset(following, known),
                name=instant.astimezone(known).tzname() or zone,
            )
        at = following


def _offset(at: datetime, zone: ZoneInfo) -> timedelta:
    return at.astimezone(zone).utcoffset() or timedelta()


def _between(low: datetime, high: datetime, zone: ZoneInfo) -> datetime:
    """Return the first instant, to the minute, at which the offset is no longer that of ``low``."""
    before = _offset(low, zone)
    minutes, most = 0, int((high - low).total_seconds()) // 60
    while most - minutes > 1:
        middle = (minutes + most) // 2
        same = _offset(low + timedelta(minutes=middle), zone) == before
        minutes, most = (middle, most) if same else (minutes, middle)
    return low + timedelta(minutes=most)


def yearly(dates: list[datetime], *, last: int) -> str | None:
    """Return the rule that these dates follow, one in each year up to ``last``; None if they follow none."""
    first = dates[0]
    years = [at.year for at in dates]
    same = {(at.month, at.weekday(), at.time()) for at in dates}
    if len(dates) < YEARS // 2 or years != list(range(first.year, last + 1)) or len(same) > 1:
        return None
    nth = {(at.day - 1) // _WEEK + 1 for at in dates}
    is_last = all(at.day + _WEEK > monthrange(at.year, at.month)[1] for at in dates)
    if is_last or len(nth) == 1:
        which = -1 if is_last else nth.pop()
        return f"FREQ=YEARLY;BYMONTH={first.month};BYDAY={which}{DAYS[first.weekday()]}"
    return None


@lru_cache(maxsize=64)
def timezone(zone: str, year: int) -> "Timezone":
    """Return the VTIMEZONE of a zone for what takes place from ``year`` on."""
    from icalendar import Timezone, TimezoneDaylight, TimezoneStandard, vRecur

    start, last = datetime(year - 1, 1, 1), year + YEARS
    found: dict[tuple[timedelta, timedelta, str], list[datetime]] = {}
    for change in changes(zone, first=year - 1, last=last + 1):
        found.setdefault((change.before, change.after, change.name), []).append(change.on)
    known = Timezone()
    known.add("tzid", zone)
    here = start.replace(tzinfo=ZoneInfo(zone))
    offset = here.utcoffset() or timedelta()
    for (before, after, name), dates in {(offset, offset, here.tzname() or zone): [start], **found}.items():
        part = TimezoneDaylight() if after > before else TimezoneStandard()
        part.add("dtstart", dates[0])
        part.add("tzoffsetfrom", before)
        part.add("tzoffsetto", after)
        part.add("tzname", name)
        rule = yearly(dates, last=last)
        if rule:
            part.add("rrule", vRecur.from_ical(rule))
        else:
            for on in dates[1:]:
                # A line each: of several on one line, ical.js (Thunderbird's) reads the first.
                part.add("rdate", on)
        known.add_component(part)
    return known
