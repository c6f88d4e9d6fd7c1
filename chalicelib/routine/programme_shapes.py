"""What the doors to programmes' weeks take and show."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.enrollment.shapes import Clock
from chalicelib.routine.domain import LONGEST_MINUTES, Departure, Level, Template
from chalicelib.routine.shapes import CalendarDate, Code, NewItem, ShownItem, shown_item

Reason = Annotated[str, Described(min_length=1, max_length=200, description="For people and staff to read.")]


class ItemSent(NewItem):
    """An item of a programme's week; with the ``id`` of one that is there, that one goes on."""

    id: Annotated[str, Described(max_length=64)] = ""


class LevelSent(Wire):
    """The least minutes a week with staff at a level of care, and the clinical approver who set it, and when."""

    code: Code
    minutes: Annotated[int, Described(ge=0, le=7 * LONGEST_MINUTES)]
    approved_by: Annotated[str, Described(min_length=1, max_length=100)]
    approved_on: CalendarDate


class ShownLevel(Wire):
    """The least minutes a week at a level; approved by nobody: Cairn's default, by ASAM."""

    code: str
    minutes: int
    approved_by: str | None
    approved_on: CalendarDate | None


class WeekSent(Wire):
    """
    The items that a programme's week has ``from`` a date on. What isn't named ends; weeks gone by stay as they were.

    ``levels`` left out stay.
    """

    starts: Annotated[CalendarDate, Described(alias="from")]
    items: Annotated[list[ItemSent], Described(max_length=100)]
    level: Annotated[Code | None, Described(description="The level of care of whoever has no other.")] = None
    levels: Annotated[list[LevelSent] | None, Described(max_length=20)] = None


class VersionQuery(Wire):
    """Which version; left out: the present one."""

    version: Annotated[int | None, Described(ge=1, le=999_999)] = None


class ShownTemplate(Wire):
    """A version of a programme's week, by whom and when. ``levels`` and ``level`` are for staff, null for others."""

    version: int
    items: list[ShownItem]
    level: str | None
    levels: list[ShownLevel] | None
    by: str | None
    at: datetime | None


class MovedTo(Wire):
    """Another date and wall time, in the item's zone, at most 14 days away."""

    date: CalendarDate
    time: Clock


class DepartureSent(Wire):
    """Why an item doesn't take place on one date, or is ``movedTo`` another time."""

    reason: Reason
    moved_to: MovedTo | None = None


class DepartureQuery(Wire):
    """Which dates, both included."""

    starts: Annotated[CalendarDate, Described(alias="from")]
    to: CalendarDate


class ShownDeparture(Wire):
    """What departs from the week on one date of an item."""

    item_id: str
    on: CalendarDate
    moved_to: MovedTo | None
    reason: str


class DepartureList(Wire):
    """What departs from a programme's week, by date."""

    items: list[ShownDeparture]


def shown_template(template: Template, *, levels: bool, today: date | None) -> ShownTemplate:
    """Show a version, without what was over before ``today`` (None: all); the levels only with ``levels``."""
    return ShownTemplate(
        version=template.version,
        items=[shown_item(item) for item in template.items if today is None or not item.is_over(before=today)],
        level=template.level if levels else None,
        levels=[_shown_level(level) for level in template.levels] if levels else None,
        by=template.by or None,
        at=template.at,
    )


def _shown_level(level: Level) -> ShownLevel:
    return ShownLevel(
        code=level.code, minutes=level.minutes, approved_by=level.approved_by, approved_on=level.approved_on
    )


def shown_departure(departure: Departure) -> ShownDeparture:
    """Show what departs from the week."""
    moved_to = departure.moved_to
    return ShownDeparture(
        item_id=departure.item_id,
        on=departure.on,
        moved_to=MovedTo(date=moved_to[0], time=f"{moved_to[1]:%H:%M}") if moved_to else None,
        reason=departure.reason,
    )
