"""What a person has besides their programme's week, and without: items of their own, some left out, their level."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import datetime

from chalicelib.enrollment.changing import People, find_person
from chalicelib.errors import Conflict, Fault, Forbidden, Stale, refuse
from chalicelib.outreach.recurrence import local_date
from chalicelib.routine.domain import (
    MOST_ITEMS,
    OUTPATIENT,
    Item,
    Kind,
    LeftOut,
    Own,
    Template,
    TooManyItems,
    ended,
    item_faults,
    item_of,
)
from chalicelib.routine.reminding import forget_item, forget_reminder, item_kind
from chalicelib.routine.service import TRIES, Routines, find_template


def add_own(person_id: str, item: Item, *, by_self: bool, people: People, routines: Routines, now: datetime) -> Item:
    """
    Add an item that only this person has: a wellness activity, and by staff anything.

    :raises Forbidden: if the person adds another kind themselves
    :raises Invalid: names everything that is wrong with it
    :raises TooManyItems: if they have as many as anyone may
    """
    record = find_person(person_id, people=people)
    record.must_be_alive()
    if by_self and item.kind is not Kind.WELLNESS:
        raise Forbidden("Your care team adds sessions and homework.")
    faults = item_faults(item, zone=record.person.zone, now=now, field="")
    refuse([replace(fault, field=fault.field.lstrip(".")) for fault in faults])
    today = local_date(now, record.person.zone)

    def change(own: Own) -> Own:
        if sum(not one.is_over(before=today) for one in own.items) >= MOST_ITEMS:
            raise TooManyItems(f"a person has at most {MOST_ITEMS} items of their own")
        return replace(own, items=(*own.items, replace(item, revised=own.version + 1)))

    own = _change_own(person_id, change, routines=routines)
    return item_of(own.items, item.id)


def remove_own(person_id: str, item_id: str, *, people: People, routines: Routines, now: datetime) -> None:
    """
    Let an item of a person's own end: it comes no more from today on, and nothing reminds of it.

    :raises NoSuchItem: if they have none of that name
    """
    record = find_person(person_id, people=people)
    today = local_date(now, record.person.zone)

    def change(own: Own) -> Own:
        over = ended(item_of(own.items, item_id), from_on=today, version=own.version + 1, at=now)
        return replace(own, items=tuple(one for one in (*_others(own, item_id), over) if one))

    _change_own(person_id, change, routines=routines)
    forget_reminder(person_id, item_kind(item_id), people=people, now=now)


def settle(
    person_id: str,
    *,
    left_out: frozenset[str],
    level: str | None,
    by_self: bool,
    version: int,
    people: People,
    routines: Routines,
    now: datetime,
) -> Own:
    """
    Say which of the programme's items a person doesn't have from today on, and which level of care they are at.

    They leave out what isn't required themselves; staff anything. What was left out before stays so from when it was.

    :raises Forbidden: if a person would set their own level
    :raises Invalid: names everything that is wrong
    :raises Stale: if ``version`` isn't the present one
    """
    record = find_person(person_id, people=people)
    record.must_be_alive()
    present = routines.own(person_id)
    if present.version != version:
        raise Stale("the week was changed meanwhile")
    if by_self and level != present.level:
        raise Forbidden("Your care team sets the level of care.")
    template = find_template(record.episode.programme_id, routines=routines)
    before = {one.item_id: one for one in present.left_out}
    refuse([*_left_out_faults(left_out, before.keys(), template, by_self=by_self), *_level_faults(level, template)])
    today = local_date(now, record.person.zone)
    own = replace(
        present,
        version=version + 1,
        level=level,
        left_out=tuple(before.get(one) or LeftOut(item_id=one, from_on=today) for one in sorted(left_out)),
    )
    routines.save_own(own)
    for item_id in left_out - before.keys():
        forget_item(person_id, item_id, people=people, routines=routines, now=now)
    return own


def _left_out_faults(
    left_out: frozenset[str], before: Collection[str], template: Template, *, by_self: bool
) -> list[Fault]:
    items = {item.id: item for item in template.items}
    if left_out - items.keys():
        return [Fault(field="leftOut", reason="names an item that the programme's week doesn't have")]
    if by_self and any(items[one].required for one in left_out ^ frozenset(before)):
        return [Fault(field="leftOut", reason="can name what isn't required; about the rest ask your care team")]
    return []


def _level_faults(level: str | None, template: Template) -> list[Fault]:
    if level in {None, OUTPATIENT, *(one.code for one in template.levels)}:
        return []
    return [Fault(field="level", reason="is not a level that the programme knows")]


def _others(own: Own, item_id: str) -> tuple[Item, ...]:
    return tuple(item for item in own.items if item.id != item_id)


def _change_own(person_id: str, change: Callable[[Own], Own], *, routines: Routines) -> Own:
    for _ in range(TRIES):
        present = routines.own(person_id)
        own = replace(change(present), version=present.version + 1)
        try:
            routines.save_own(own)
        except Stale:
            continue
        return own
    raise Conflict("the week is being changed by others; try again")
