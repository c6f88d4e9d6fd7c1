"""
When something falls due, in each of its forms -> UTC. Knows nothing of people or messages.

``Recurrence`` comes again, ``Once`` doesn't; ``Elapsed`` is so long before or after another moment, ``OnDay`` at a wall
time so many days before or after a date. These two differ when clocks change in between (domain rules 6).
``Anniversaries`` are at a wall time on several dates after one.
"""

from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from chalicelib.outreach.anniversaries import Anniversaries, shifted
from chalicelib.outreach.rrule import DAYS, days, parse

__all__ = [
    "DAYS",
    "Anniversaries",
    "Elapsed",
    "Occurrence",
    "OnDay",
    "Once",
    "Recurrence",
    "When",
    "date_exists",
    "falls_on",
    "in_zone",
    "is_zone",
    "local_date",
    "next_occurrence",
    "resolve",
    "shifted",
    "weekly",
]

LONGEST_WAIT = timedelta(days=3660)
"""A rule that doesn't fall due within ten years never will."""

_ONE_DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """
    A wall-clock rule: ``rule`` is an RFC 5545 RRULE of whole days, ``at`` the local time, ``zone`` an IANA name.

    ``starts_on`` is its first possible date and anchors rules with an interval.
    """

    at: time
    rule: str
    zone: str
    starts_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """One date and wall time in a zone."""

    on: date
    at: time
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """
    So much elapsed time after (or, negative, before) another moment or each of a series: "24 hours before".

    ``zone`` only says which local date names it; the moment keeps its own. Two of a daily series that come to lie on
    one local date, which a change of clocks around midnight can do, have one name and so are one message.
    """

    of: Recurrence | Once
    by: timedelta
    zone: str


@dataclass(frozen=True, slots=True, kw_only=True)
class OnDay:
    """
    At a wall time, so many ``months`` and then ``days`` after (or before) a date: "the day before, at 9:00".

    ``of`` is the date, or a moment or series, whose dates are those in ``zone``. A month that is too short is clamped
    to its last day, always counted from ``of`` (31 January -> 28 February -> 31 March; domain rules 2). ``months`` go
    with a single date only.
    """

    of: date | Once | Recurrence
    days: int
    at: time
    zone: str
    months: int = 0


When = Recurrence | Once | Elapsed | OnDay | Anniversaries


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that something falls due: its local date, which names it, and its instant in UTC."""

    on: date
    at: datetime


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # These two are in the files of some systems; the one is whatever the host has, the other no place at all.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def is_zone(name: str) -> bool:
    """Say whether ``name`` is a zone or a backward link of the IANA database (``US/Eastern`` is, ``EST5EDT4`` not)."""
    return name in _zones()


def weekly(on: frozenset[str]) -> str:
    """Return the RRULE for these weekdays (two letters each, as in ``DAYS``); all seven are daily."""
    if on == frozenset(DAYS):
        return "FREQ=DAILY"
    return "FREQ=WEEKLY;BYDAY=" + ",".join(day for day in DAYS if day in on)


def resolve(on: date, at: time, zone: str) -> datetime:
    """
    Return the instant, in UTC, of a local date and wall time.

    A time in a gap takes the offset before the gap, a time that occurs twice is the first (RFC 5545 3.3.5).
    """
    return datetime.combine(on, at, tzinfo=ZoneInfo(zone)).replace(fold=0).astimezone(UTC)


def local_date(instant: datetime, zone: str) -> date:
    """Return the calendar date in ``zone`` at ``instant``."""
    return instant.astimezone(ZoneInfo(zone)).date()


def date_exists(on: date, zone: str) -> bool:
    """Say whether ``zone`` had the date at all: crossing the date line leaves one out (Apia, 30 December 2011)."""
    return local_date(resolve(on, time(12), zone), zone) == on


def in_zone(when: When, zone: str) -> When:
    """Return the same wall times in another zone; a moment that something is counted from stays where it is."""
    return replace(when, zone=zone)


def next_occurrence(when: When, *, after: datetime) -> Occurrence | None:
    """
    Return the first occurrence strictly later than ``after`` (an aware instant); None if there is no more.

    A date that its zone never had has no occurrence, and neither has what would come more than ten years later.
    """
    match when:
        case Recurrence():
            return _next_of_rule(when, after)
        case Once():
            found = _on(when.on, when.at, when.zone)
        case Elapsed():
            moment = next_occurrence(when.of, after=after - when.by)
            if moment is None:
                return None
            at = moment.at + when.by
            found = Occurrence(on=local_date(at, when.zone), at=at)
        case Anniversaries():
            return _next_anniversary(when, after)
        case OnDay(of=Recurrence() as series):
            return _next_of_days(when, series, after)
        case OnDay(of=Once() as once):
            found = _shifted_on(when, local_date(resolve(once.on, once.at, once.zone), when.zone))
        case OnDay(of=date() as on):
            found = _shifted_on(when, on)
    return found if found and found.at > after else None


def falls_on(when: When, on: date) -> bool:
    """Say whether there is an occurrence that bears this local date."""
    after = resolve(on, time(), when.zone) - 2 * _ONE_DAY
    while (found := next_occurrence(when, after=after)) and found.on < on:
        after = found.at
    return found is not None and found.on == on


def _next_of_rule(when: Recurrence, after: datetime) -> Occurrence | None:
    rule = parse(when.rule)
    # From the day before the local date, since a gap can carry a wall time over midnight.
    first = local_date(after, when.zone) - _ONE_DAY
    for on in days(rule, when.starts_on, first=first, last=max(first, when.starts_on) + LONGEST_WAIT):
        found = _on(on, when.at, when.zone)
        if found is None or found.at <= after:
            continue
        ended = isinstance(rule.until, datetime) and found.at > rule.until
        return None if ended else found
    return None


def _next_anniversary(when: Anniversaries, after: datetime) -> Occurrence | None:
    on = local_date(after, when.zone) - _ONE_DAY
    while coming := when.following(on):
        found = _on(coming[1], when.at_of(coming[0]), when.zone)
        if found and found.at > after:
            return found
        on = coming[1]
    return None


def _next_of_days(when: OnDay, series: Recurrence, after: datetime) -> Occurrence | None:
    # Two days cover the widest difference between two zones' dates.
    before = after - timedelta(days=when.days + 2)
    while moment := next_occurrence(series, after=before):
        found = _shifted_on(when, local_date(moment.at, when.zone))
        if found and found.at > after:
            return found
        before = moment.at
    return None


def _shifted_on(when: OnDay, of: date) -> Occurrence | None:
    return _on(shifted(of, months=when.months, days=when.days), when.at, when.zone)


def _on(on: date, at: time, zone: str) -> Occurrence | None:
    instant = resolve(on, at, zone)
    # Only a wall time that a gap carried over midnight leaves open whether the date was ever there.
    exists = local_date(instant, zone) == on or date_exists(on, zone)
    return Occurrence(on=on, at=instant) if exists else None
