"""The dates that lie so long after another one and are worth a word: thirty days, six months, each year."""

from calendar import monthrange
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, time, timedelta

DAY, MONTH, YEAR, BIRTHDAY = "d", "m", "y", "b"


@dataclass(frozen=True, slots=True, kw_only=True)
class Anniversaries:
    """
    At a wall time on each of these dates after ``of``: ``d30`` is thirty days on, ``m6`` six months, ``y`` every year.

    ``b0229`` is the first 29 February (or, in a common year, 28 February) that is later. Of two on one date the first
    of ``each`` counts. ``hours``, where there are any, are the wall times of ``each``, one by one, instead of ``at``.

    Months and years are calendar arithmetic from ``of`` itself, clamped to the end of a shorter month (31 January -> 28
    February -> 31 March; domain rules 2): six months aren't 180 days. ``but`` are names that are left out.
    """

    of: date
    each: tuple[str, ...]
    at: time
    zone: str
    but: tuple[str, ...] = ()
    hours: tuple[time, ...] = ()

    def at_of(self, name: str) -> time:
        """Return the wall time of the one of this name."""
        return self.hours[self.each.index(name)] if self.hours else self.at

    def until(self, on: date) -> list[tuple[str, date]]:
        """Return those up to and with this date, first to last, by name."""
        found = [one for one in self._all(last=on) if one[1] <= on]
        return sorted(found, key=lambda one: one[1])

    def following(self, on: date) -> tuple[str, date] | None:
        """Return the first one later than this date; None at the end of the calendar."""
        # A year on there is another yearly one, so that looking further finds none that is nearer.
        later = [one for one in self._all(last=_beyond(on)) if one[1] > on]
        return min(later, key=lambda one: one[1], default=None)

    def name_on(self, on: date) -> str | None:
        """Return the name of the one on this date, if there is one."""
        return next((name for name, day in self._all(last=on) if day == on), None)

    def _all(self, *, last: date) -> Iterator[tuple[str, date]]:
        years = [f"{YEAR}{number}" for number in range(1, last.year - self.of.year + 1)]
        # In this order, so that of two on one date (``m12`` and ``y1``) both ways to ask give the same name.
        names = (name for each in self.each for name in (years if each == YEAR else (each,)))
        dates: set[date] = set()
        for name in names:
            on = date_of(name, self.of)
            if on is not None and name not in self.but and on not in dates:
                dates.add(on)
                yield name, on


def date_of(name: str, of: date) -> date | None:
    """Return the date of the anniversary of this name; None if the calendar ends before."""
    unit, number = name[:1], int(name[1:])
    if unit == BIRTHDAY:
        return _birthday(number, of)
    try:
        if unit == DAY:
            return shifted(of, months=0, days=number)
        return shifted(of, months=number * (12 if unit == YEAR else 1), days=0)
    except OverflowError:
        return None


def _birthday(month_and_day: int, of: date) -> date | None:
    month, day = divmod(month_and_day, 100)
    for year in range(of.year, min(of.year + 2, date.max.year + 1)):
        on = date(year, month, min(day, monthrange(year, month)[1]))
        if on > of:
            return on
    return None


def shifted(on: date, *, months: int, days: int) -> date:
    """
    Return the date so many months, then days, later (negative: earlier); clamped to the end of a shorter month.

    :raises OverflowError: if no calendar goes so far
    """
    year, month = divmod(on.year * 12 + on.month - 1 + months, 12)
    if not date.min.year <= year <= date.max.year:
        raise OverflowError("beyond the calendar")
    return date(year, month + 1, min(on.day, monthrange(year, month + 1)[1])) + timedelta(days=days)


def _beyond(on: date) -> date:
    return date(min(on.year + 2, date.max.year), 12, 31)
