"""Set a programme's week from a date on, and what departs from it on single dates."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from chalicelib.errors import Conflict, Fault, Stale, refuse
from chalicelib.outreach.recurrence import local_date
from chalicelib.routine.domain import (
    MOST_ITEMS,
    MOVED_WITHIN,
    Departure,
    Item,
    Level,
    NoSuchItem,
    Template,
    TooManyItems,
    amended,
    comes_on,
    item_faults,
)
from chalicelib.routine.service import FURTHEST_AHEAD, TRIES, Routines, find_template

NO_ZONE = "UTC"
"""Stands for people's own zones, where an item is looked at for all of them: its dates are the same in each."""


def set_template(
    programme_id: str,
    wanted: tuple[Item, ...],
    *,
    from_on: date,
    level: str | None,
    levels: tuple[Level, ...] | None,
    version: int,
    by: str,
    now: datetime,
    routines: Routines,
    new_id: Callable[[], str],
) -> Template:
    """
    Set the items that a programme's week has from a date on; ``level`` and ``levels`` None stay.

    :raises Invalid: names everything that is wrong
    :raises NoSuchItem: if one that is to stay isn't there
    :raises Stale: if ``version`` isn't the present one
    """
    present = find_template(programme_id, routines=routines)
    if present.version != version:
        raise Stale("the week was changed meanwhile")
    if len(wanted) > MOST_ITEMS:
        raise TooManyItems(f"a week has at most {MOST_ITEMS} items")
    kept = {item.id: item for item in present.items}
    faults = [
        fault
        for place, item in enumerate(wanted)
        # What is there may be about to be over.
        if item.id not in kept or not kept[item.id].says(item)
        for fault in item_faults(item, zone=NO_ZONE, now=now, field=f"items.{place}")
    ]
    if not timedelta() <= from_on - local_date(now, NO_ZONE) <= FURTHEST_AHEAD:
        faults.append(Fault(field="from", reason="must be a date from today to a year from now"))
    levels = present.levels if levels is None else levels
    codes = [one.code for one in levels]
    if len(set(codes)) < len(codes):
        faults.append(Fault(field="levels", reason="names one twice"))
    named = [item.id for item in wanted if item.id]
    if len(set(named)) < len(named):
        faults.append(Fault(field="items", reason="names one twice"))
    refuse(faults)
    fresh = tuple(new_id() for _ in wanted)
    template = amended(present, wanted, from_on=from_on, by=by, at=now, fresh=fresh)
    template = replace(template, level=level or present.level, levels=levels)
    routines.add_template(template)
    return template


def depart(
    programme_id: str,
    item_id: str,
    on: date,
    *,
    moved_to: tuple[date, time] | None,
    reason: str,
    by: str,
    now: datetime,
    routines: Routines,
) -> Departure:
    """
    Let an item not take place on one of its dates, or at another time; the same again changes nothing.

    :raises NoSuchItem: if the programme has none that comes on that date
    :raises Invalid: if it is moved too far
    :raises Conflict: if others keep changing it
    """
    if moved_to and abs(moved_to[0] - on) > MOVED_WITHIN:
        refuse([Fault(field="movedTo.date", reason=f"must be within {MOVED_WITHIN.days} days of the date")])
    departure = Departure(
        programme_id=programme_id, item_id=item_id, on=on, moved_to=moved_to, reason=reason, by=by, at=now
    )
    return _put(departure, routines=routines)


def lift(programme_id: str, item_id: str, on: date, *, by: str, now: datetime, routines: Routines) -> None:
    """
    Let an item take place as planned again on that date; where nothing departs from it nothing changes.

    :raises NoSuchItem: if the programme has none that comes on that date
    :raises Conflict: if others keep changing it
    """
    lifted = Departure(programme_id=programme_id, item_id=item_id, on=on, is_lifted=True, by=by, at=now)
    _put(lifted, routines=routines)


def _put(departure: Departure, *, routines: Routines) -> Departure:
    item = find_template(departure.programme_id, routines=routines).item(departure.item_id)
    if not comes_on(item.when(NO_ZONE), departure.on):
        raise NoSuchItem("there is no such item on that date")
    for _ in range(TRIES):
        known = routines.departures(departure.programme_id, (departure.on, departure.on))
        present = next((one for one in known if one.item_id == departure.item_id), None)
        if present is None and departure.is_lifted:
            return departure
        if present and _said(present) == _said(departure):
            return present
        version = present.version + 1 if present else 1
        try:
            routines.put_departure(replace(departure, version=version))
        except Stale:
            continue
        return replace(departure, version=version)
    raise Conflict("this date is being changed by others; try again")


def _said(departure: Departure) -> tuple[object, ...]:
    return (departure.moved_to, departure.is_lifted, departure.reason)
