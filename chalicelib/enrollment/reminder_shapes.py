"""What the doors to schedules take and show: one shape for every form of when."""

from datetime import date, datetime, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import Field as Described
from pydantic.alias_generators import to_camel

from chalicelib.edge.http import Wire
from chalicelib.enrollment.shapes import Clock
from chalicelib.errors import Fault, refuse
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.coming import MOST_SHOWN, Note, Shown
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.recurrence import Anniversaries, Elapsed, Once, OnDay, Recurrence, When
from chalicelib.outreach.rrule import LONGEST_TEXT
from chalicelib.outreach.service import first_due

CalendarDate = date

Zone = Annotated[
    str | None,
    Described(max_length=64, description="An IANA name that stays. Left out: the person's, and it moves with them."),
]
Rule = Annotated[
    str | None,
    Described(
        max_length=LONGEST_TEXT,
        description="RFC 5545 RRULE of whole days, without `RRULE:`: FREQ (DAILY to YEARLY), INTERVAL, BYDAY, "
        "BYMONTHDAY, BYMONTH, COUNT, UNTIL, WKST.",
    ),
]


class _Told(Wire):
    # The field "date" would hide the type of that name.
    date: CalendarDate | None = None
    time: Clock | None = None
    rule: Rule = None
    starts_on: CalendarDate | None = None
    time_zone: Zone = None


class Moment(_Told):
    """What something is counted from: a ``date``, ``once`` (date and time) or ``recurring`` (rule, time, startsOn)."""

    form: Literal["date", "once", "recurring"]


class WhenSent(_Told):
    """
    When something comes. Each form needs its fields and takes no others; ``timeZone`` is free for the first two.

    ``once``: date, time. ``recurring``: rule, time, startsOn. ``elapsed``: so many minutes after (negative: before)
    each of ``of``. ``onDay``: at ``time``, so many months and then days after (negative: before) the date of ``of``.
    """

    form: Literal["once", "recurring", "elapsed", "onDay"]
    minutes: Annotated[int | None, Described(ge=-600_000, le=600_000)] = None
    days: Annotated[int | None, Described(ge=-4000, le=4000)] = None
    months: Annotated[int | None, Described(ge=-200, le=200)] = None
    of: Moment | None = None


class NewReminder(Wire):
    """A reminder to set. Its title is for the person and their care team; no message ever holds it."""

    title: Annotated[str, Described(max_length=200)]
    when: WhenSent


class ScheduleEdit(Wire):
    """What to change; what is left out stays. Check-ins take ``paused`` only."""

    title: Annotated[str | None, Described(max_length=200)] = None
    when: WhenSent | None = None
    paused: bool | None = None


class PreviewWanted(Wire):
    """A rule to look at before it is stored."""

    when: WhenSent
    count: Annotated[int, Described(ge=1, le=MOST_SHOWN)] = 5
    locale: Literal["en", "es"] | None = None


class PreviewQuery(Wire):
    """How many of the next times to show, and in which language (left out: the person's)."""

    count: Annotated[int, Described(ge=1, le=MOST_SHOWN)] = 5
    locale: Literal["en", "es"] | None = None


class ShownNote(Wire):
    """What is out of the ordinary about one time, and the sentence that says so."""

    kind: Note
    text: str


class ShownTime(Wire):
    """One time that something comes: its local date, its instant, and what clocks in the zone show then."""

    date: CalendarDate
    at: datetime
    local_time: datetime
    time_zone: str
    notes: list[ShownNote]


class TimeList(Wire):
    """The next times; fewer than asked for where no more come."""

    items: list[ShownTime]


class ShownSchedule(Wire):
    """
    What comes for a person. ``title`` is null for who may not see it, and for check-ins.

    ``followsPerson``: another time zone of the person moves it. ``next`` is null while it is paused or when it is over.
    """

    id: str
    category: str
    title: str | None
    when: WhenSent
    follows_person: bool
    paused: bool
    next: datetime | None


class ShownScheduleWithTimes(ShownSchedule):
    """A schedule with the times that come next, were it not paused."""

    times: list[ShownTime]


class ScheduleList(Wire):
    """Everything that comes for a person by a rule."""

    items: list[ShownSchedule]


_NEEDS = {
    "date": {"date"},
    "once": {"date", "time"},
    "recurring": {"rule", "time", "starts_on"},
    "elapsed": {"minutes", "of"},
    "onDay": {"days", "time", "of"},
}
_FREE = {
    "date": set[str](),
    "once": {"time_zone"},
    "recurring": {"time_zone"},
    "elapsed": set[str](),
    "onDay": {"months"},
}


def when_of(sent: WhenSent, *, zone: str) -> When:
    """
    Return what was sent, in the person's ``zone`` where it names none.

    :raises Invalid: names each field that is missing, or that goes with another form
    """
    faults = _form_faults(sent, "when") + (_form_faults(sent.of, "when.of") if sent.of else [])
    if sent.form == "elapsed" and sent.of and sent.of.form == "date":
        faults.append(Fault(field="when.of.form", reason="must have a time: once or recurring"))
    refuse(faults)
    if sent.form in {"once", "recurring"}:
        return _moment(sent, zone)
    of = sent.of or Moment(form="date")
    if sent.form == "elapsed":
        return Elapsed(of=_moment(of, zone), by=timedelta(minutes=sent.minutes or 0), zone=zone)
    return OnDay(
        of=of.date if of.form == "date" and of.date else _moment(of, zone),
        days=sent.days or 0,
        months=sent.months or 0,
        at=time.fromisoformat(sent.time or "00:00"),
        zone=zone,
    )


def keeps_zone(sent: WhenSent) -> bool:
    """Say whether it names a zone of its own, so that the person's next one doesn't move it."""
    return sent.time_zone is not None


def _form_faults(sent: WhenSent | Moment, field: str) -> list[Fault]:
    given = {name for name in sent.model_fields_set - {"form"} if getattr(sent, name) is not None}
    needed, free = _NEEDS[sent.form], _FREE[sent.form]
    missing = [(name, f"is needed for {sent.form}") for name in sorted(needed - given)]
    besides = [(name, f"doesn't go with {sent.form}") for name in sorted(given - needed - free)]
    return [Fault(field=f"{field}.{to_camel(name)}", reason=reason) for name, reason in missing + besides]


def _moment(sent: WhenSent | Moment, zone: str) -> Once | Recurrence:
    # Whatever is None here was refused before.
    on = sent.date or sent.starts_on or date.max
    at, its = time.fromisoformat(sent.time or "00:00"), sent.time_zone or zone
    if sent.form == "once":
        return Once(on=on, at=at, zone=its)
    return Recurrence(rule=(sent.rule or "").upper(), at=at, zone=its, starts_on=on)


def shown_schedule(schedule: Schedule, *, titles: bool, now: datetime) -> ShownSchedule:
    """Show a schedule; its title only with ``titles``."""
    due = first_due(schedule, after=now)
    return ShownSchedule(
        id=schedule.kind,
        category=category_name(schedule.kind),
        title=(schedule.title or None) if titles else None,
        when=shown_when(schedule.when),
        follows_person=not schedule.keeps_zone,
        paused=schedule.paused,
        next=due.at if due else None,
    )


def shown_when(when: When) -> WhenSent:
    """Show a when as it can be sent, with the zones of moments named."""
    match when:
        case Once() | Recurrence():
            return WhenSent(**_told(when))
        case Elapsed():
            return WhenSent(form="elapsed", minutes=int(when.by.total_seconds() // 60), of=Moment(**_told(when.of)))
        case OnDay():
            return WhenSent(
                form="onDay",
                time=f"{when.at:%H:%M}",
                days=when.days,
                months=when.months or None,
                of=Moment(**_told(when.of)),
            )
        case Anniversaries():
            raise TypeError("a date that people keep to themselves is not shown among reminders")


def _told(when: Once | Recurrence | date) -> dict[str, Any]:
    match when:
        case Once():
            return {"form": "once", "date": when.on, "time": f"{when.at:%H:%M}", "time_zone": when.zone}
        case Recurrence():
            return {
                "form": "recurring",
                "rule": when.rule,
                "time": f"{when.at:%H:%M}",
                "starts_on": when.starts_on,
                "time_zone": when.zone,
            }
        case _:
            return {"form": "date", "date": when}


def shown_times(times: list[Shown]) -> list[ShownTime]:
    """Show what a preview found."""
    return [
        ShownTime(
            date=one.on,
            at=one.at,
            local_time=one.local,
            time_zone=one.zone,
            notes=[ShownNote(kind=note, text=text) for note, text in one.notes],
        )
        for one in times
    ]
