"""A person's weeks: their programme's and their own items, in their zone, what was done, and what it comes to."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from chalicelib.outreach.recurrence import Recurrence, local_date, next_occurrence, resolve
from chalicelib.routine.attendance import Attendance, Presence
from chalicelib.routine.domain import (
    MOVED_WITHIN,
    SESSIONS,
    TO_DO,
    Completion,
    Departure,
    Item,
    LeftOut,
    Level,
    NoSuchItem,
    Own,
    Template,
    comes_on,
)
from chalicelib.routine.lineage import before

WEEK = timedelta(days=7)
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """The dates, by a person's clocks, on which they have their programme's week; no ``last``: they are in care."""

    first: date
    last: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """An item as one person has it: by ``when``, from ``first`` to ``last``, but for ``departures``, by date."""

    item: Item
    when: Recurrence
    is_own: bool
    first: date
    last: date | None
    departures: Mapping[date, Departure]

    @property
    def ends(self) -> date | None:
        """Its last possible date, by the item and for the person."""
        return min((one for one in (self.item.ends_on, self.last) if one), default=None)

    def has(self, on: date) -> bool:
        """Say whether it is planned for this date at all."""
        return self.first <= on and (self.last is None or on <= self.last) and comes_on(self.when, on)


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """
    One time of an item.

    ``on`` is its date by the rule, which names it, wherever it was moved; ``local_on`` the person's date of ``at``.
    ``departure``: it is off, or at another time.
    """

    series: Series
    on: date
    at: datetime
    local_on: date
    departure: Departure | None = None
    completion: Completion | None = None
    attendance: Attendance | None = None

    @property
    def item(self) -> Item:
        """What it is a time of."""
        return self.series.item

    @property
    def is_off(self) -> bool:
        """Whether it doesn't take place."""
        return self.departure is not None and self.departure.moved_to is None

    @property
    def is_done(self) -> bool:
        """Whether the person, or staff with them, said that it is done."""
        return self.completion is not None and self.completion.is_done

    @property
    def presence(self) -> Presence | None:
        """Whether the person was there, as staff noted it; None where nobody did."""
        return self.attendance.presence if self.attendance else None


def series_of(
    template: Template, own: Own, departures: Iterable[Departure], *, zone: str, stay: Stay | None
) -> list[Series]:
    """Return what a person in ``zone`` has: their programme's items while they ``stay``, and their own."""
    by_item: dict[str, dict[date, Departure]] = {}
    for departure in departures:
        if not departure.is_lifted:
            by_item.setdefault(departure.item_id, {})[departure.on] = departure
    found = []
    for item in template.items if stay else ():
        # Who left an item out leaves out what it became.
        ids = {item.id, *before(template.items, item.id)}
        first, last = _kept(item, [one for one in own.left_out if one.item_id in ids], stay)
        if last is None or first <= last:
            found.append(_series(item, zone, first, last, by_item.get(item.id, {})))
    return found + [_series(item, zone, item.starts_on, None, {}, is_own=True) for item in own.items]


def _kept(item: Item, left_out: Iterable[LeftOut], stay: Stay | None) -> tuple[date, date | None]:
    first = max(item.starts_on, stay.first) if stay else item.starts_on
    ends = [one.from_on - timedelta(days=1) for one in left_out]
    if stay and stay.last:
        ends.append(stay.last)
    return first, min(ends, default=None)


def _series(
    item: Item, zone: str, first: date, last: date | None, departures: Mapping[date, Departure], *, is_own: bool = False
) -> Series:
    return Series(item=item, when=item.when(zone), is_own=is_own, first=first, last=last, departures=departures)


def looked_at(first: date, last: date) -> tuple[date, date]:
    """Return the dates whose departures may matter between these two: one may have been moved in, in another zone."""
    return first - MOVED_WITHIN - WEEK, last + MOVED_WITHIN + WEEK


def planned(series: Iterable[Series], *, first: date, last: date, zone: str) -> list[Planned]:
    """Return what falls on a person's dates from ``first`` to ``last``, in the order of its instants."""
    found = [one for each in series for one in _times(each, first, last, zone)]
    return sorted(found, key=lambda one: (one.at, one.item.id))


def _times(series: Series, first: date, last: date, zone: str) -> Iterator[Planned]:
    start, end = resolve(first, time(0), zone), resolve(last + timedelta(days=1), time(0), zone)
    after = start - _INSTANT
    while (found := next_occurrence(series.when, after=after)) and found.at < end:
        after = found.at
        departure = series.departures.get(found.on)
        if series.has(found.on) and not (departure and departure.moved_to):
            yield _planned(series, found.on, found.at, zone, departure)
    for departure in series.departures.values():
        if departure.moved_to and series.has(departure.on):
            at = resolve(*departure.moved_to, series.when.zone)
            if start <= at < end:
                yield _planned(series, departure.on, at, zone, departure)


def _planned(series: Series, on: date, at: datetime, zone: str, departure: Departure | None) -> Planned:
    return Planned(series=series, on=on, at=at, local_on=local_date(at, zone), departure=departure)


def with_completions(times: Iterable[Planned], completions: Iterable[Completion]) -> list[Planned]:
    """Return the times with what was said of each."""
    said = {(one.item_id, one.on): one for one in completions}
    return [replace(one, completion=said.get((one.item.id, one.on))) for one in times]


def with_attendance(times: Iterable[Planned], noted: Iterable[Attendance]) -> list[Planned]:
    """Return the times with what was noted of each."""
    found = {(one.item_id, one.on): one for one in noted}
    return [replace(one, attendance=found.get((one.item.id, one.on))) for one in times]


def the_one(series: Iterable[Series], item_id: str, on: date) -> Series:
    """
    Return the series of an item that takes place on a date.

    :raises NoSuchItem: if the person has none, or not on that date
    """
    for each in series:
        departure = each.departures.get(on)
        if each.item.id == item_id and each.has(on) and not (departure and departure.moved_to is None):
            return each
    raise NoSuchItem("there is no such item on that date")


def begins_at(series: Series, on: date) -> datetime:
    """Return when the time of an item that this date names begins, wherever it was moved."""
    departure = series.departures.get(on)
    moved_to = departure.moved_to if departure else None
    return resolve(*(moved_to or (on, series.when.at)), series.when.zone)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """
    What a week comes to. Minutes are with staff; ``level`` None: none is known by that code.

    ``minutes`` are planned ones, ``attended`` those that the person was there, ``off`` those of sessions that don't
    take place, ``not_noted`` those of which nobody said whether they came. ``is_over``: the week is, and it was all
    theirs. ``to_do`` and ``done`` count required homework and wellness.
    """

    code: str
    level: Level | None
    minutes: int
    attended: int
    off: int
    not_noted: int
    is_over: bool
    to_do: int
    done: int

    @property
    def is_below(self) -> bool:
        """Whether less is planned than the level of care asks for."""
        return self.level is not None and self.minutes < self.level.minutes

    @property
    def is_attended_below(self) -> bool | None:
        """
        Whether the person was there for less than the level of care asks for; None while the week isn't over.

        What was off is no fault of theirs, and of what nobody noted nothing is known: it holds whatever that was.
        """
        if not self.is_over or self.level is None:
            return None
        return self.attended + self.off + self.not_noted < self.level.minutes


def totals(times: Iterable[Planned], *, template: Template, code: str, is_over: bool = False) -> Totals:
    """Return what a week comes to, at the level of this code."""
    times = list(times)
    taking_place = [one for one in times if not one.is_off]
    to_do = [one for one in taking_place if one.item.kind in TO_DO and one.item.required]
    sessions = [one for one in taking_place if one.item.kind in SESSIONS]
    return Totals(
        code=code,
        level=next((level for level in template.levels if level.code == code), None),
        minutes=sum(one.item.minutes for one in sessions),
        attended=sum(one.attendance.minutes for one in sessions if one.attendance and one.presence),
        off=sum(one.item.minutes for one in times if one.is_off and one.item.kind in SESSIONS),
        not_noted=sum(one.item.minutes for one in sessions if one.presence is None),
        is_over=is_over,
        to_do=len(to_do),
        done=sum(one.is_done for one in to_do),
    )
