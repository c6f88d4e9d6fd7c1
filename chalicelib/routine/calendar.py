"""
A person's week as an iCalendar feed (RFC 5545, RFC 7986) that calendar programs fetch again and again.

Calendars are shared with families and employers: what it says is neutral, it rings no bell, and names nobody. Each item
is one series with its departures, so that a feed stays small and a calendar can show next year as well.
"""

from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from typing import TYPE_CHECKING

from chalicelib.outreach.clock_changes import timezone
from chalicelib.outreach.invites import PRODUCT, rule_of, uid_of, wall
from chalicelib.outreach.recurrence import Recurrence, next_occurrence, resolve
from chalicelib.routine.domain import TO_DO, Departure, Kind
from chalicelib.routine.service import View
from chalicelib.routine.weeks import Series

if TYPE_CHECKING:
    from icalendar import Event

REFRESH = timedelta(hours=4)
"""How often calendars are asked to look again; most do so when they like."""

KEPT_FOR = timedelta(days=92)
"""How long a series that is over stays in the feed."""

_SAID = {
    "en": {Kind.INDIVIDUAL: "Appointment", Kind.GROUP: "Meeting", Kind.OTHER: "Meeting"},
    "es": {Kind.INDIVIDUAL: "Cita", Kind.GROUP: "Reunión", Kind.OTHER: "Reunión"},
}
WORDS = {"en": _SAID["en"] | dict.fromkeys(TO_DO, "Activity"), "es": _SAID["es"] | dict.fromkeys(TO_DO, "Actividad")}
"""What entries are called; there is nothing else in them to read."""

NAMES = {"en": "Calendar", "es": "Calendario"}


def feed(view: View, *, domain: str, today: date) -> str:
    """Return a person's calendar; ``domain`` is where the names of entries are unique (RFC 7986 5.3)."""
    from icalendar import Calendar

    language = view.record.person.language
    calendar = Calendar()
    for key, value in (("prodid", PRODUCT), ("version", "2.0"), ("calscale", "GREGORIAN"), ("name", NAMES[language])):
        calendar.add(key, value)
    calendar.add("x-wr-calname", NAMES[language])
    calendar.add("refresh-interval", REFRESH, parameters={"VALUE": "DURATION"})
    calendar.add("x-published-ttl", f"PT{REFRESH // timedelta(hours=1)}H")
    since: dict[str, int] = {}
    events: list[Event] = []
    for series in view.series:
        when = _bounded(series)
        start = next_occurrence(when, after=resolve(series.first, time(0), when.zone) - timedelta(days=1))
        # The day before is for zones whose midnight is missing.
        while start and start.on < series.first:
            start = next_occurrence(when, after=start.at)
        if start is None or (series.ends and series.ends < today - KEPT_FOR):
            continue
        since[when.zone] = min(since.get(when.zone, start.on.year), start.on.year)
        events += _events(series, when, start.on, view, domain)
    # A calendar holds one component at least (RFC 5545 3.4).
    for zone, year in (since or {view.zone: today.year}).items():
        if zone != "UTC" or not events:
            calendar.add_component(timezone(zone, year))
    for event in events:
        calendar.add_component(event)
    return str(calendar.to_ical(), "utf-8")


def _bounded(series: Series) -> Recurrence:
    return replace(series.item, ends_on=series.ends).when(series.when.zone)


def _events(series: Series, when: Recurrence, start: date, view: View, domain: str) -> "Iterable[Event]":
    departures = [one for one in view.departures if one.item_id == series.item.id] if not series.is_own else []
    its = [one for on, one in sorted(series.departures.items()) if series.has(on)]
    master = _event(series, departures, view, domain)
    master.add("dtstart", wall(start, when.at, when.zone))
    master.add("rrule", rule_of(when))
    for one in its:
        if one.moved_to is None:
            master.add("exdate", wall(one.on, when.at, when.zone))
    yield master
    for one in its:
        if one.moved_to:
            moved = _event(series, departures, view, domain)
            moved.add("recurrence-id", wall(one.on, when.at, when.zone))
            moved.add("dtstart", wall(*one.moved_to, when.zone))
            yield moved


def _event(series: Series, departures: list[Departure], view: View, domain: str) -> "Event":
    from icalendar import Event

    item, person = series.item, view.record.person
    changed: list[datetime] = [item.revised_at, *(one.at for one in departures)]
    event = Event()
    event.add("uid", uid_of(person.id, f"week {item.id}", domain))
    # Each of these grows by every change that may show here, and none ever shrinks.
    event.add("sequence", item.revised + sum(one.version for one in departures) + view.own.version + person.version)
    event.add("dtstamp", max(changed).astimezone(UTC).replace(microsecond=0))
    event.add("summary", WORDS[person.language][item.kind])
    event.add("duration", timedelta(minutes=item.minutes))
    event.add("class", "PRIVATE")
    event.add("transp", "TRANSPARENT" if item.kind in TO_DO else "OPAQUE")
    return event
