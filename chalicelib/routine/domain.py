"""A programme's week as a template, the dates that depart from it, and what a person has of their own."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from chalicelib.errors import Conflict, Fault, NotFound
from chalicelib.outreach.checking import when_faults
from chalicelib.outreach.recurrence import Recurrence, next_occurrence, resolve
from chalicelib.outreach.rrule import NotARule, parse

MOST_ITEMS = 40
"""How many items a week may have that are not over, a programme's or a person's own."""

LONGEST_MINUTES = 24 * 60
KEPT_FOR = timedelta(days=2 * 366)
"""How long an item that is over stays in a programme's week: longer than anybody looks back."""

MOVED_WITHIN = timedelta(days=14)
"""How far one date of an item may be moved: what is moved further is another date."""

_DAY = timedelta(days=1)


class Kind(StrEnum):
    """What an item of a week is."""

    GROUP = "group"
    INDIVIDUAL = "individual"
    OTHER = "other"
    """Other time with staff: family education, case management."""
    HOMEWORK = "homework"
    WELLNESS = "wellness"


SESSIONS = frozenset({Kind.GROUP, Kind.INDIVIDUAL, Kind.OTHER})
"""Time with staff: in the zone where it takes place, and counted as hours of the level of care."""

TO_DO = frozenset({Kind.HOMEWORK, Kind.WELLNESS})
"""What a person does for themselves: in their own zone, and ticked off."""


class NoSuchItem(NotFound):
    """The week has no such item, or not on that date."""


class TooManyItems(Conflict):
    """The week is as full as one may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """
    Something that comes by a rule: ``rule`` is an RFC 5545 RRULE of whole days without an end, ``ends_on`` its last.

    ``zone`` None: the person's. ``revised`` is the version in which it was last changed, at ``revised_at``.
    ``follows``: the item that it was before an edit.
    """

    id: str
    kind: Kind
    title: str
    rule: str
    at: time
    minutes: int
    starts_on: date
    ends_on: date | None = None
    zone: str | None = None
    required: bool = True
    revised: int = 1
    revised_at: datetime
    follows: str | None = None

    def when(self, zone: str) -> Recurrence:
        """Return when it comes, for a person in ``zone``."""
        until = f";UNTIL={self.ends_on:%Y%m%d}" if self.ends_on else ""
        return Recurrence(at=self.at, rule=self.rule + until, zone=self.zone or zone, starts_on=self.starts_on)

    def says(self, other: "Item") -> bool:
        """Say whether both are the same to whoever looks at them."""
        return _content(self) == _content(other)

    def is_over(self, *, before: date) -> bool:
        """Say whether its last date is earlier than ``before``."""
        return self.ends_on is not None and self.ends_on < before


@dataclass(frozen=True, slots=True, kw_only=True)
class Level:
    """
    A level of care by its code, and the least minutes a week with staff, as a clinical approver set them.

    Not approved by anybody (None): a default of Cairn's.
    """

    code: str
    minutes: int
    approved_by: str | None = None
    approved_on: date | None = None


IOP = "2.1"
OUTPATIENT = "1"
"""The level of somebody who stepped down; it has no least."""

LEVELS = (
    Level(code=IOP, minutes=540),
    Level(code="2.1-adolescent", minutes=360),
    Level(code="2.5", minutes=1200),
)
"""ASAM: 2.1 is 9 hours a week, 6 for adolescents; 2.5 is 20 (domain rules 1.1)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """
    A version of a programme's week. Versions are never changed: the last one holds, made by ``by`` at ``at``.

    Items that are over stay in it, so that weeks gone by are what they were.
    """

    programme_id: str
    version: int = 0
    items: tuple[Item, ...] = ()
    level: str = IOP
    levels: tuple[Level, ...] = LEVELS
    by: str = ""
    at: datetime | None = None

    def item(self, item_id: str) -> Item:
        """
        Return an item.

        :raises NoSuchItem: if there is none
        """
        return item_of(self.items, item_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Departure:
    """
    What a programme's calendar says of one date of an item: off, at another time (``moved_to``), or again as planned.

    It stays when it is taken back (``is_lifted``), with a ``version`` that grows: calendars go by that.
    """

    programme_id: str
    item_id: str
    on: date
    moved_to: tuple[date, time] | None = None
    is_lifted: bool = False
    reason: str = ""
    version: int = 1
    by: str
    at: datetime

    @property
    def is_off(self) -> bool:
        """Whether the item doesn't take place on that date."""
        return not self.is_lifted and self.moved_to is None


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An item of the programme that a person doesn't have, from a date on."""

    item_id: str
    from_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Own:
    """What a person has besides, and without, their programme's week. ``level``: of care, if one was set for them."""

    person_id: str
    version: int = 0
    items: tuple[Item, ...] = ()
    left_out: tuple[LeftOut, ...] = ()
    level: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Completion:
    """
    Whether a person did an item of a date: what was said last, by whom, and when by the clocks of their ``zone``.

    ``said_on`` is the date there, which may be later than ``on``: late is fine.
    """

    person_id: str
    item_id: str
    on: date
    is_done: bool
    said_at: datetime
    said_on: date
    zone: str
    by: str
    version: int = 1


def item_of(items: tuple[Item, ...], item_id: str) -> Item:
    """
    Return an item.

    :raises NoSuchItem: if there is none
    """
    for item in items:
        if item.id == item_id:
            return item
    raise NoSuchItem("there is no such item")


def comes_on(when: Recurrence, on: date) -> bool:
    """Say whether a rule falls on this date."""
    found = next_occurrence(when, after=resolve(on, when.at, when.zone) - timedelta(microseconds=1))
    return found is not None and found.on == on


def ended(item: Item, *, from_on: date, version: int, at: datetime) -> Item | None:
    """Return an item that comes no more from a date on; None for one that had not begun by then."""
    if item.is_over(before=from_on):
        return item
    if item.starts_on >= from_on:
        return None
    return replace(item, ends_on=from_on - _DAY, revised=version, revised_at=at)


def amended(
    template: Template, wanted: tuple[Item, ...], *, from_on: date, by: str, at: datetime, fresh: tuple[str, ...]
) -> Template:
    """
    Return the next version of a week: these items from a date on, and what was before that date as it was.

    An item that is wanted at other times is another one from then on, with an id of ``fresh``, so that neither past
    weeks nor what was ticked off in them change. Items that are not wanted any more end.

    :raises NoSuchItem: if an item that is wanted isn't in the present version
    """
    version = template.version + 1
    ids = iter(fresh)
    items: dict[str, Item] = {}
    known = {item.id: item for item in template.items if not item.is_over(before=from_on - KEPT_FOR)}
    for item in wanted:
        present = known.pop(item.id, None)
        if item.id and present is None:
            raise NoSuchItem("there is no such item")
        if present and present.says(item):
            items[present.id] = present
        elif present and not present.is_over(before=from_on) and _goes_on(present, item, from_on):
            items[present.id] = replace(item, revised=version, revised_at=at, follows=present.follows)
        else:
            if present and (old := ended(present, from_on=from_on, version=version, at=at)):
                items[old.id] = old
            begins = max(item.starts_on, from_on) if present else item.starts_on
            follows = present.id if present else None
            made = replace(item, id=next(ids), starts_on=begins, revised=version, revised_at=at, follows=follows)
            items[made.id] = made
    gone = (ended(item, from_on=from_on, version=version, at=at) for item in known.values())
    items.update({item.id: item for item in gone if item})
    return replace(template, version=version, items=tuple(items.values()), by=by, at=at)


def _goes_on(present: Item, wanted: Item, from_on: date) -> bool:
    return _timing(present) == _timing(wanted) or present.starts_on >= from_on


def _timing(item: Item) -> tuple[object, ...]:
    return (item.kind, item.rule, item.at, item.zone, item.minutes, item.starts_on)


def _content(item: Item) -> tuple[object, ...]:
    return (*_timing(item), item.title, item.ends_on, item.required)


def item_faults(item: Item, *, zone: str, now: datetime, field: str) -> list[Fault]:
    """Return what is wrong with an item; ``zone`` stands for people's own, ``field`` is what the caller calls it."""
    faults = []
    if item.kind in SESSIONS and item.zone is None:
        faults.append(Fault(field=f"{field}.timeZone", reason="is needed: a session is at one time for everybody"))
    if item.kind in TO_DO and item.zone is not None:
        faults.append(Fault(field=f"{field}.timeZone", reason="doesn't go with this kind, which is at each one's time"))
    if item.ends_on and item.ends_on < item.starts_on:
        return [*faults, Fault(field=f"{field}.endsOn", reason="is before it starts")]
    try:
        rule = parse(item.rule)
    except NotARule as fault:
        return [*faults, Fault(field=f"{field}.rule", reason=str(fault))]
    if rule.count is not None or rule.until is not None:
        return [*faults, Fault(field=f"{field}.rule", reason="must have no COUNT or UNTIL: endsOn says when it ends")]
    return [*faults, *when_faults(item.when(zone), now=now, field=field)]
