"""When something falls due: local wall time + recurrence + IANA zone -> UTC. Knows nothing of people or messages."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo, available_timezones

from dateutil.rrule import rrulestr

LONGEST_WAIT = timedelta(days=3660)
"""A rule that doesn't fall due within ten years never will."""

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""Weekdays as RFC 5545 3.3.10 writes them, Monday first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recurrence:
    """
    A wall-clock rule: ``rule`` is an RFC 5545 RRULE of whole days, ``at`` the local time, ``zone`` an IANA name.

    ``starts_on`` anchors rules with an interval.
    """

    at: time
    rule: str
    zone: str
    starts_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Occurrence:
    """One time that a rule falls due: its local date, which names it, and its instant in UTC."""

    on: date
    at: datetime


@lru_cache(maxsize=1)
def _zones() -> frozenset[str]:
    # These two are in the files of some systems; the one is whatever the host has, the other no place at all.
    return frozenset(available_timezones() - {"localtime", "Factory"})


def is_zone(name: str) -> bool:
    """Say whether ``name`` is a zone or a backward link of the IANA database (``US/Eastern`` is, ``EST5EDT4`` not)."""
    return name in _zones()


def weekly(days: frozenset[str]) -> str:
    """Return the RRULE for these weekdays (two letters each, as in ``DAYS``); all seven are daily."""
    if days == frozenset(DAYS):
        return "FREQ=DAILY"
    return "FREQ=WEEKLY;BYDAY=" + ",".join(day for day in DAYS if day in days)


def resolve(on: date, at: time, zone: str) -> datetime:
    """
    Return the instant, in UTC, of a local date and wall time.

    A time in a gap takes the offset before the gap, a time that occurs twice is the first (RFC 5545 3.3.5).
    """
    return datetime.combine(on, at, tzinfo=ZoneInfo(zone)).replace(fold=0).astimezone(UTC)


def local_date(instant: datetime, zone: str) -> date:
    """Return the calendar date in ``zone`` at ``instant``."""
    return instant.astimezone(ZoneInfo(zone)).date()


def next_occurrence(recurrence: Recurrence, *, after: datetime) -> Occurrence:
    """
    Return the first occurrence strictly later than ``after`` (an aware instant).

    A date that its zone never had (Apia, 30 December 2011) has no occurrence.

    :raises ValueError: if the rule never falls due again within ten years
    """
    rule = rrulestr(recurrence.rule, dtstart=datetime.combine(recurrence.starts_on, time()))
    # From the day before the local date, since a gap can carry a wall time over midnight.
    first = datetime.combine(local_date(after, recurrence.zone) - timedelta(days=1), time())
    for day in rule.xafter(first, inc=True):
        if day - first > LONGEST_WAIT:
            break
        at = resolve(day.date(), recurrence.at, recurrence.zone)
        if at > after and date_exists(day.date(), recurrence.zone):
            return Occurrence(on=day.date(), at=at)
    raise ValueError("this recurrence never falls due again")


def date_exists(on: date, zone: str) -> bool:
    """Say whether ``zone`` had the date at all: crossing the date line leaves one out."""
    return local_date(resolve(on, time(12), zone), zone) == on
