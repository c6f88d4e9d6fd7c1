"""What the doors to weeks take and show."""

from datetime import date, datetime, time
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.enrollment.shapes import Clock
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.outreach.rrule import LONGEST_TEXT
from chalicelib.outreach.service import first_due
from chalicelib.routine.attendance import Presence
from chalicelib.routine.domain import LONGEST_MINUTES, TO_DO, Completion, Item, Kind, Own
from chalicelib.routine.service import Week
from chalicelib.routine.weeks import Planned, Totals

CalendarDate = date

Title = Annotated[str, Described(max_length=200)]
Code = Annotated[
    str, Described(pattern=r"^[A-Za-z0-9.-]{1,20}$", description="A level of care, as the programme names it.")
]


class NewItem(Wire):
    """
    What comes by a rule.

    Sessions (`group`, `individual`, `other`) name the zone they take place in; homework and wellness are at each
    person's own time.
    """

    kind: Kind
    title: Title
    rule: Annotated[
        str, Described(max_length=LONGEST_TEXT, description="RFC 5545 RRULE of whole days, without COUNT and UNTIL.")
    ]
    time: Clock
    minutes: Annotated[int, Described(ge=1, le=LONGEST_MINUTES)]
    starts_on: CalendarDate
    ends_on: Annotated[CalendarDate | None, Described(description="Its last date.")] = None
    time_zone: Annotated[str | None, Described(max_length=64, description="An IANA name.")] = None
    required: bool = True


class ShownItem(NewItem):
    """An item."""

    id: str


class WeekQuery(Wire):
    """The week's first date."""

    starts: Annotated[CalendarDate, Described(alias="from")]


class ShownPresence(Wire):
    """Whether the person came to a session, as staff noted it, and for how many minutes."""

    presence: Presence
    minutes: int


class ShownTime(Wire):
    """
    One time of an item. ``on`` is the date that names it; ``localTime`` what the person's clocks show then.

    ``off``: it doesn't take place; ``moved``: it is at another time than planned. ``done`` is null for sessions, and
    ``attendance`` for all else and for what nobody noted.
    """

    item_id: str
    on: CalendarDate
    kind: Kind
    title: str
    own: bool
    required: bool
    minutes: int
    at: datetime
    local_time: datetime
    off: bool
    moved: bool
    reason: str | None
    done: bool | None
    done_at: datetime | None
    attendance: ShownPresence | None


class ShownTotals(Wire):
    """
    What a week comes to. Minutes are with staff; ``leastMinutes`` null: none is set for the level.

    ``offMinutes`` are of sessions that don't take place, ``notNotedMinutes`` of those of which nobody noted who came.
    ``below``: less is planned than the level asks for. ``attendedBelow``: less was attended, whatever those not noted
    were, and not counting what was off; null while the week isn't over, or if the person wasn't in care for all of it.
    ``toDo`` and ``done`` count required homework and wellness.
    """

    level: str
    planned_minutes: int
    attended_minutes: int
    off_minutes: int
    not_noted_minutes: int
    least_minutes: int | None
    below: bool
    attended_below: bool | None
    approved_by: str | None
    approved_on: CalendarDate | None
    to_do: int
    done: int


class ShownWeek(Wire):
    """Seven days of a person in their zone. ``totals`` are for staff, null for the person."""

    starts: Annotated[CalendarDate, Described(alias="from")]
    time_zone: str
    items: list[ShownTime]
    totals: ShownTotals | None


class OwnSent(Wire):
    """Which items of the programme a person doesn't have from today on, and their level of care, which staff set."""

    left_out: Annotated[list[Annotated[str, Described(max_length=64)]], Described(max_length=100)]
    level: Code | None = None


class ShownOwn(Wire):
    """What a person has besides their programme's week, and without. ``level`` is for staff, null for the person."""

    items: list[ShownItem]
    left_out: list[str]
    level: str | None


class ItemReminder(Wire):
    """Remind of an item on each of its dates; at its own time, if none is given."""

    time: Clock | None = None


class ShownReminder(Wire):
    """A reminder: the schedule that it is, its local time, and when it comes next (null: no more)."""

    schedule_id: str
    time: Clock
    next: datetime | None


class ShownCompletion(Wire):
    """What was said last of an item and date: when, by the person's date and zone, and by which sign-in."""

    item_id: str
    on: CalendarDate
    done: bool
    said_at: datetime
    said_on: CalendarDate
    time_zone: str
    by: str


def item_sent(sent: NewItem, item_id: str, *, now: datetime) -> Item:
    """Return what was sent as an item."""
    return Item(
        id=item_id,
        kind=sent.kind,
        title=sent.title.strip(),
        rule=sent.rule.upper(),
        at=time.fromisoformat(sent.time),
        minutes=sent.minutes,
        starts_on=sent.starts_on,
        ends_on=sent.ends_on,
        zone=sent.time_zone,
        required=sent.required,
        revised_at=now,
    )


def shown_item(item: Item) -> ShownItem:
    """Show an item."""
    return ShownItem(
        id=item.id,
        kind=item.kind,
        title=item.title,
        rule=item.rule,
        time=f"{item.at:%H:%M}",
        minutes=item.minutes,
        starts_on=item.starts_on,
        ends_on=item.ends_on,
        time_zone=item.zone,
        required=item.required,
    )


def shown_week(week: Week, *, totals: bool) -> ShownWeek:
    """Show a week; what it comes to only with ``totals``."""
    return ShownWeek(
        starts=week.first,
        time_zone=week.zone,
        items=[_shown_time(one, week.zone) for one in week.times],
        totals=_shown_totals(week.totals) if totals else None,
    )


def _shown_time(one: Planned, zone: str) -> ShownTime:
    said = one.completion
    return ShownTime(
        item_id=one.item.id,
        on=one.on,
        kind=one.item.kind,
        title=one.item.title,
        own=one.series.is_own,
        required=one.item.required,
        minutes=one.item.minutes,
        at=one.at,
        local_time=one.at.astimezone(ZoneInfo(zone)),
        off=one.is_off,
        moved=one.departure is not None and not one.is_off,
        reason=one.departure.reason if one.departure else None,
        done=one.is_done if one.item.kind in TO_DO else None,
        done_at=said.said_at if said and said.is_done else None,
        attendance=_shown_presence(one),
    )


def _shown_presence(one: Planned) -> ShownPresence | None:
    noted = one.attendance
    if noted is None or noted.presence is None or one.is_off:
        return None
    return ShownPresence(presence=noted.presence, minutes=noted.minutes)


def _shown_totals(totals: Totals) -> ShownTotals:
    level = totals.level
    return ShownTotals(
        level=totals.code,
        planned_minutes=totals.minutes,
        attended_minutes=totals.attended,
        off_minutes=totals.off,
        not_noted_minutes=totals.not_noted,
        least_minutes=level.minutes if level else None,
        below=totals.is_below,
        attended_below=totals.is_attended_below,
        approved_by=level.approved_by if level else None,
        approved_on=level.approved_on if level else None,
        to_do=totals.to_do,
        done=totals.done,
    )


def shown_own(own: Own, *, level: bool, today: date) -> ShownOwn:
    """Show what a person has of their own that is not over; their level only with ``level``."""
    return ShownOwn(
        items=[shown_item(item) for item in own.items if not item.is_over(before=today)],
        left_out=[one.item_id for one in own.left_out],
        level=own.level if level else None,
    )


def shown_reminder(schedule: Schedule, *, now: datetime) -> ShownReminder:
    """Show a reminder."""
    due = first_due(schedule, after=now)
    at = schedule.when.at if isinstance(schedule.when, Recurrence) else time()
    return ShownReminder(schedule_id=schedule.kind, time=f"{at:%H:%M}", next=due.at if due else None)


def shown_completion(said: Completion) -> ShownCompletion:
    """Show what was said."""
    return ShownCompletion(
        item_id=said.item_id,
        on=said.on,
        done=said.is_done,
        said_at=said.said_at,
        said_on=said.said_on,
        time_zone=said.zone,
        by=said.by,
    )
