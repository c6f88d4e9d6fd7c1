"""
Recurrence rules of whole days (RFC 5545 3.3.10): read strictly, walked with work that no rule can make large.

Not python-dateutil's, which counts from the first day each time, loops to the year 9999 where a rule never fits, and
takes rules that fire each second (docs/decisions/0021-rules-of-whole-days.md). The tests hold one against the other.
"""

import re
from calendar import isleap, monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from itertools import islice

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")
"""Weekdays as RFC 5545 3.3.10 writes them, Monday first."""

LONGEST_TEXT = 200
MOST_TIMES = 1000
"""The largest COUNT: nearly three years of days."""

_WEEK = 7
_MONTHS = 12
_COUNTED_WITHIN = timedelta(days=366 * 100)
_DAY = re.compile(r"([+-]?[1-9][0-9]?)?(MO|TU|WE|TH|FR|SA|SU)")
_NUMBER = re.compile(r"[1-9][0-9]{0,5}")
_SIGNED = re.compile(r"[+-]?[1-9][0-9]?")
_UNTIL = re.compile(r"[0-9]{8}(T[0-9]{6}Z)?")


class Freq(StrEnum):
    """How long a rule's period is. Shorter ones than a day are refused."""

    DAILY = "DAILY"
    WEEKLY = "WEEKLY"
    MONTHLY = "MONTHLY"
    YEARLY = "YEARLY"


LONGEST_INTERVAL = {Freq.DAILY: 3650, Freq.WEEKLY: 520, Freq.MONTHLY: 120, Freq.YEARLY: 10}
"""Ten years: what comes more rarely is a date of its own."""


class NotARule(ValueError):
    """The text is no rule that can be kept; the message says why, without the text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """
    A rule as RFC 5545 means it. ``by_day`` holds (which one, weekday from 0): 0 is each, 2 the second, -1 the last.

    ``until`` is the last date, or the last instant where the rule gives a time of UTC.
    """

    freq: Freq
    interval: int = 1
    by_day: frozenset[tuple[int, int]] = frozenset()
    by_month_day: frozenset[int] = frozenset()
    by_month: frozenset[int] = frozenset()
    count: int | None = None
    until: date | datetime | None = None
    week_starts: int = 0


@lru_cache(maxsize=1024)
def parse(text: str) -> Rule:
    """
    Return the rule that a text means.

    :raises NotARule: if it isn't one of whole days, or holds what isn't kept here
    """
    if len(text) > LONGEST_TEXT:
        raise NotARule(f"has more than {LONGEST_TEXT} characters")
    parts: dict[str, str] = {}
    for part in text.upper().split(";"):
        name, is_one, value = part.partition("=")
        if not is_one or not value or name in parts:
            raise NotARule("is not a rule of RFC 5545: NAME=value, each name once, with semicolons between")
        parts[name] = value
    if "COUNT" in parts and "UNTIL" in parts:
        raise NotARule("has both COUNT and UNTIL")
    freq = _freq(parts.pop("FREQ", ""))
    rule = Rule(
        freq=freq,
        interval=_number(parts.pop("INTERVAL", "1"), "INTERVAL", LONGEST_INTERVAL[freq]),
        by_day=_by_day(parts.pop("BYDAY", None)),
        by_month_day=_by_number(parts.pop("BYMONTHDAY", None), "BYMONTHDAY", -31, 31),
        by_month=_by_number(parts.pop("BYMONTH", None), "BYMONTH", 1, _MONTHS),
        count=_number(parts.pop("COUNT"), "COUNT", MOST_TIMES) if "COUNT" in parts else None,
        until=_until(parts.pop("UNTIL")) if "UNTIL" in parts else None,
        week_starts=_week_starts(parts.pop("WKST", "MO")),
    )
    if parts:
        raise NotARule("may hold FREQ, INTERVAL, BYDAY, BYMONTHDAY, BYMONTH, COUNT, UNTIL and WKST, nothing else")
    _must_fit(rule)
    return rule


def _freq(text: str) -> Freq:
    if text in {"SECONDLY", "MINUTELY", "HOURLY"}:
        raise NotARule("comes more than once a day")
    if text not in list(Freq):
        raise NotARule("needs a FREQ: DAILY, WEEKLY, MONTHLY or YEARLY")
    return Freq(text)


def _number(text: str, name: str, most: int) -> int:
    if not _NUMBER.fullmatch(text) or int(text) > most:
        raise NotARule(f"has {name} outside 1 to {most}")
    return int(text)


def _by_day(text: str | None) -> frozenset[tuple[int, int]]:
    found = [_DAY.fullmatch(part) for part in text.split(",")] if text is not None else []
    days = frozenset((int(day[1] or 0), DAYS.index(day[2])) for day in found if day)
    if len(days) != len(found):
        raise NotARule("has a BYDAY that is not of weekdays like MO or -1FR, each once")
    return days


def _by_number(text: str | None, name: str, least: int, most: int) -> frozenset[int]:
    parts = text.split(",") if text is not None else []
    written = _SIGNED if least < 0 else _NUMBER
    numbers = frozenset(int(part) for part in parts if written.fullmatch(part))
    if len(numbers) != len(parts) or not all(least <= number <= most for number in numbers):
        raise NotARule(f"has a {name} that is not of numbers from {least} to {most}, each once")
    return numbers


def _until(text: str) -> date | datetime:
    if not _UNTIL.fullmatch(text):
        raise NotARule("has an UNTIL that is not YYYYMMDD or YYYYMMDDTHHMMSSZ")
    try:
        if "T" in text:
            return datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
        return datetime.strptime(text, "%Y%m%d").replace(tzinfo=UTC).date()
    except ValueError:
        raise NotARule("has an UNTIL that is no date") from None


def _week_starts(text: str) -> int:
    if text not in DAYS:
        raise NotARule("has a WKST that is no weekday")
    return DAYS.index(text)


def _must_fit(rule: Rule) -> None:
    # RFC 5545 3.3.10: which parts a frequency may have. Numbers before weekdays need a month or a year to count in.
    which = {number for number, _ in rule.by_day}
    if which - {0} and rule.freq in {Freq.DAILY, Freq.WEEKLY}:
        raise NotARule("has a BYDAY with a number, which only MONTHLY and YEARLY may have")
    in_year = rule.freq is Freq.YEARLY and not rule.by_month
    most = 53 if in_year else 5
    if any(abs(number) > most for number in which):
        raise NotARule(f"has a BYDAY with a number beyond {most}")
    if rule.by_month_day and rule.freq is Freq.WEEKLY:
        raise NotARule("has a BYMONTHDAY, which WEEKLY may not have")


def days(rule: Rule, start: date, *, first: date, last: date) -> Iterator[date]:
    """
    Give, in order, the dates from ``first`` to ``last`` on which a rule that begins on ``start`` falls.

    Looks at each date in between once at most.
    """
    if rule.count is not None:
        last = min(last, _last_of(rule, start))
    if rule.until is not None:
        # An instant's date is another one elsewhere, by a day at most; who resolves the time compares the instants.
        until = _later(rule.until.date(), _ONE) if isinstance(rule.until, datetime) else rule.until
        last = min(last, until)
    yield from _days(rule, start, first=first, last=last)


_ONE = timedelta(days=1)


@lru_cache(maxsize=256)
def _last_of(rule: Rule, start: date) -> date:
    counted = islice(_days(rule, start, first=start, last=_later(start, _COUNTED_WITHIN)), rule.count)
    return max(counted, default=start)


def _days(rule: Rule, start: date, *, first: date, last: date) -> Iterator[date]:
    day = max(first, start)
    while day <= last:
        in_phase = _in_phase(rule, start, day)
        if in_phase != day:
            day = in_phase
        elif rule.by_month and day.month not in rule.by_month:
            day = _month(day.year * _MONTHS + day.month)
        else:
            if _fits(rule, start, day):
                yield day
            day = _later(day, _ONE)
        if day == date.max:
            return


def _in_phase(rule: Rule, start: date, day: date) -> date:
    """Return ``day``, or the first date of the next period that counts where its own doesn't."""
    every = rule.interval
    match rule.freq:
        case Freq.DAILY:
            missing = (start - day).days % every
            return _later(day, timedelta(days=missing)) if missing else day
        case Freq.WEEKLY:
            monday, its = _week(rule, day), _week(rule, start)
            over = (monday - its).days // _WEEK % every
            return _later(monday, timedelta(weeks=every - over)) if over else day
        case Freq.MONTHLY:
            month = day.year * _MONTHS + day.month - 1
            over = (month - (start.year * _MONTHS + start.month - 1)) % every
            return _month(month + every - over) if over else day
        case Freq.YEARLY:
            over = (day.year - start.year) % every
            return _month((day.year + every - over) * _MONTHS) if over else day


def _fits(rule: Rule, start: date, day: date) -> bool:
    if not rule.by_day and not rule.by_month_day:
        return _fits_start(rule, start, day)
    if rule.by_month_day and not {day.day, day.day - _length(day) - 1} & rule.by_month_day:
        return False
    return not rule.by_day or any((number, day.weekday()) in rule.by_day for number in (0, *_which(rule, day)))


def _fits_start(rule: Rule, start: date, day: date) -> bool:
    match rule.freq:
        case Freq.DAILY:
            return True
        case Freq.WEEKLY:
            return day.weekday() == start.weekday()
        case Freq.MONTHLY:
            return day.day == start.day
        case Freq.YEARLY:
            return day.day == start.day and (bool(rule.by_month) or day.month == start.month)


def _which(rule: Rule, day: date) -> tuple[int, int]:
    """Return which of its weekday a date is in its month or year, counted from the beginning and from the end."""
    if rule.freq is Freq.YEARLY and not rule.by_month:
        number, length = day.timetuple().tm_yday, 366 if isleap(day.year) else 365
    else:
        number, length = day.day, _length(day)
    return (number - 1) // _WEEK + 1, -((length - number) // _WEEK + 1)


def _week(rule: Rule, day: date) -> date:
    back = (day.weekday() - rule.week_starts) % _WEEK
    return day - timedelta(days=back) if day.toordinal() > back else date.min


def _month(number: int) -> date:
    year, month = divmod(number, _MONTHS)
    return date(year, month + 1, 1) if year <= date.max.year else date.max


def _length(day: date) -> int:
    return monthrange(day.year, day.month)[1]


def _later(day: date, by: timedelta) -> date:
    return day + by if date.max - day > by else date.max
