"""Calendars to hold other programs' reading against ours: every kind of item, in zones whose clocks change all ways."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from chalicelib.enrollment.domain import Person, Record
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.outreach.invites import uid_of
from chalicelib.outreach.recurrence import Recurrence, local_date, next_occurrence
from chalicelib.routine.calendar import feed
from chalicelib.routine.domain import SESSIONS, Departure, Item, Kind, LeftOut, Own, Template
from chalicelib.routine.service import View
from chalicelib.routine.weeks import Planned, Stay, planned, series_of

DOMAIN = "care.example"
TODAY = date(2026, 11, 24)
AT = datetime(2026, 11, 1, 12, tzinfo=UTC)
FIRST, LAST = date(2026, 9, 1), date(2028, 12, 31)
"""More than two years, with both changes of clocks of each, north and south."""

ZONES = (
    "America/New_York",
    "America/Phoenix",
    "America/Havana",
    "America/Santiago",
    "Europe/Dublin",
    "Africa/Cairo",
    "Africa/Casablanca",
    "Asia/Kathmandu",
    "Australia/Lord_Howe",
    "Pacific/Chatham",
    "Pacific/Apia",
    "UTC",
)
RULES = (
    "FREQ=DAILY",
    "FREQ=WEEKLY;BYDAY=MO,WE,TH",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU",
    "FREQ=WEEKLY;INTERVAL=2;BYDAY=SU,TU;WKST=SU",
    "FREQ=MONTHLY;BYDAY=-1FR",
    "FREQ=MONTHLY;BYMONTHDAY=31",
    "FREQ=MONTHLY",
    "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=29",
)


def an_item(kind: Kind, *, zone: str, number: int = 1, **changes: object) -> Item:
    item = Item(
        id=f"item{number}",
        kind=kind,
        title="Cocaine relapse prevention",
        rule="FREQ=WEEKLY;BYDAY=MO,WE,TH",
        at=time(18),
        minutes=180,
        starts_on=date(2026, 9, 7),
        zone=zone if kind in SESSIONS else None,
        revised_at=AT,
    )
    return replace(item, **changes)  # type: ignore[arg-type]


def a_view(
    items: tuple[Item, ...],
    *,
    zone: str,
    departures: tuple[Departure, ...] = (),
    left_out: tuple[LeftOut, ...] = (),
    own: tuple[Item, ...] = (),
    stay: Stay | None = Stay(first=date(2026, 10, 1)),  # noqa: B008 (frozen)
    language: str = "en",
) -> View:
    person = Person(id="0f" * 16, external_id="T-1", given_name="Ana", family_name="Lee", language=language, zone=zone)
    episode = Episode(number=1, programme_id="iop", state=State.ACTIVE, admitted_on=date(2026, 10, 1), changed_at=AT)
    template = Template(programme_id="iop", version=1, items=items, by="a", at=AT)
    theirs = Own(person_id=person.id, items=own, left_out=left_out)
    series = series_of(template, theirs, departures, zone=zone, stay=stay)
    return View(
        record=Record(person=person, episodes=(episode,)),
        template=template,
        own=theirs,
        departures=list(departures),
        series=series,
    )


@dataclass(frozen=True)
class Sample:
    """
    A calendar as we write it, and when its entries take place by our own rules: (UID, instant), in order.

    ``unclear`` are those whose wall time clocks skip or repeat: RFC 5545 3.3.5 says which is meant, not all read it.
    """

    name: str
    text: str
    times: list[tuple[str, datetime]]
    unclear: set[tuple[str, datetime]]


def sample(name: str, view: View) -> Sample:
    found = [one for one in planned(view.series, first=FIRST, last=LAST, zone=view.zone) if not one.is_off]
    person_id = view.record.person.id
    times = [(uid_of(person_id, f"week {one.item.id}", DOMAIN), one.at) for one in found]
    return Sample(
        name=name,
        text=feed(view, domain=DOMAIN, today=TODAY),
        times=sorted(times),
        unclear={named for named, one in zip(times, found, strict=True) if is_unclear(one)},
    )


def is_unclear(one: Planned) -> bool:
    """Say whether clocks skip or repeat its wall time."""
    at = one.at.astimezone(ZoneInfo(one.series.when.zone))
    moved_to = one.departure and one.departure.moved_to
    is_skipped = at.time() != (moved_to[1] if moved_to else one.item.at)
    return is_skipped or at.replace(fold=0).utcoffset() != at.replace(fold=1).utcoffset()


def departures_of(item: Item, zone: str, *, every: int) -> Iterator[Departure]:
    """Give departures of an item: in turn a date that is off, one that is moved, and one that is lifted."""
    when: Recurrence = item.when(zone)
    at, number = datetime(2026, 9, 1, tzinfo=UTC), 0
    while (found := next_occurrence(when, after=at)) and local_date(found.at, "UTC") < LAST:
        at, number = found.at, number + 1
        if number % every:
            continue
        turn = number // every % 3
        yield Departure(
            programme_id="iop",
            item_id=item.id,
            on=found.on,
            moved_to=(found.on + timedelta(days=number % 5 - 2), time(9, 30)) if turn == 1 else None,
            is_lifted=turn == 2,
            reason="Holiday",
            by="a",
            at=AT,
        )


def samples(zone: str) -> Iterator[Sample]:
    """Give a calendar for each rule, at hours around which clocks change, with departures, ends and clips."""
    kinds = (Kind.GROUP, Kind.HOMEWORK)
    for place, rule in enumerate(RULES):
        at = (time(18), time(0), time(2, 30), time(1, 30), time(23, 45), time(3), time(7), time(2))[place]
        item = an_item(kinds[place % 2], zone=zone, rule=rule, at=at)
        ending = an_item(Kind.WELLNESS, zone=zone, number=2, rule=rule, at=at, ends_on=date(2027, 11, 7))
        left = an_item(Kind.INDIVIDUAL, zone=zone, number=3, rule=rule, at=at, minutes=50)
        mine = an_item(Kind.WELLNESS, zone=zone, number=4, rule="FREQ=WEEKLY;BYDAY=SA", at=at)
        view = a_view(
            (item, ending, left),
            zone=zone if place % 4 else "America/Denver",
            departures=tuple(departures_of(item, zone, every=5)),
            left_out=(LeftOut(item_id="item3", from_on=date(2027, 6, 1)),),
            own=(mine,),
        )
        yield sample(f"{zone} {rule} {at:%H:%M}", view)
