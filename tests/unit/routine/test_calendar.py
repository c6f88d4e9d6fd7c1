"""The calendar feed as another program reads it: by icalendar, with dates from dateutil."""

from dataclasses import replace
from datetime import UTC, date, datetime, time
from itertools import takewhile
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar

from chalicelib.routine.calendar import REFRESH, feed
from chalicelib.routine.domain import Departure, Kind, LeftOut, Own
from chalicelib.routine.service import View
from tests.calendar_feeds import (
    AT,
    DOMAIN,
    FIRST,
    LAST,
    TODAY,
    ZONES,
    a_view,
    an_item,
    samples,
)

NEW_YORK = "America/New_York"
GROUP = an_item(Kind.GROUP, zone=NEW_YORK)
WALK = an_item(Kind.WELLNESS, zone=NEW_YORK, number=2, rule="FREQ=DAILY", at=time(7), minutes=20)
ONE_TO_ONE = an_item(Kind.INDIVIDUAL, zone=NEW_YORK, number=3, rule="FREQ=WEEKLY;BYDAY=FR", at=time(12), minutes=50)


def off(on: date, **changes: Any) -> Departure:
    departure = Departure(programme_id="iop", item_id=GROUP.id, on=on, reason="Relapse week", by="a", at=AT)
    return replace(departure, **changes)


def written(view: View) -> str:
    return feed(view, domain=DOMAIN, today=TODAY)


def events(text: str) -> list[Any]:
    return list(Calendar.from_ical(text).walk("VEVENT"))


def expanded(text: str) -> list[tuple[str, datetime]]:
    """Return every time of every entry by icalendar's reading and dateutil's rules; wall times as RFC 5545 3.3.5."""

    def instant(wall: datetime, zone: Any) -> datetime:
        return wall.replace(tzinfo=zone, fold=0).astimezone(UTC)

    found: dict[tuple[str, datetime], datetime] = {}
    moved: dict[tuple[str, datetime], datetime] = {}
    for event in events(text):
        uid, start = str(event["uid"]), event["dtstart"].dt
        zone = ZoneInfo(str(event["dtstart"].params.get("TZID", "UTC")))
        if "recurrence-id" in event:
            moved[uid, event["recurrence-id"].dt.replace(tzinfo=None)] = instant(start.replace(tzinfo=None), zone)
            continue
        rule = event["rrule"].to_ical().decode()
        until = event["rrule"].get("UNTIL")
        walls = rrulestr(
            ";".join(part for part in rule.split(";") if not part.startswith("UNTIL")),
            dtstart=start.replace(tzinfo=None),
        )
        given = event.get("exdate", [])
        skipped = {
            one.dt.replace(tzinfo=None) for each in (given if isinstance(given, list) else [given]) for one in each.dts
        }
        for wall in takewhile(lambda wall: wall.date() <= LAST, walls):
            at = instant(wall, zone)
            if until and at > until[0]:
                break
            if wall not in skipped:
                found[uid, wall] = at
    assert moved.keys() <= found.keys(), "a moved date is one of its series"
    return sorted((uid, at) for (uid, _), at in (found | moved).items())


@pytest.mark.parametrize("zone", ZONES)
def test_a_calendar_shows_what_the_week_does(zone: str) -> None:
    """Two years and more, both changes of clocks among them; every kind of departure too."""
    first, last = datetime.combine(FIRST, time(0), tzinfo=UTC), datetime(LAST.year, 12, 25, tzinfo=UTC)
    text = ""

    for one in samples(zone):
        theirs = [each for each in expanded(one.text) if first <= each[1] < last]
        assert theirs == [each for each in one.times if first <= each[1] < last], one.name
        text += one.text

    for part in ("RECURRENCE-ID", "EXDATE", "UNTIL"):
        assert text.count(part) > 10, part


def test_a_calendar_says_nothing_that_a_family_or_employer_may_not_read() -> None:
    text = written(a_view((GROUP, WALK, ONE_TO_ONE), zone=NEW_YORK, departures=(off(date(2026, 11, 26)),)))

    assert sorted(str(event["summary"]) for event in events(text)) == ["Activity", "Appointment", "Meeting"]
    lower = text.replace("\r\n ", "").lower()
    for word in ("cocaine", "relapse", "recovery", "group", "homework", "wellness", "ana", "lee", "iop", "t-1", "0f0f"):
        assert word not in lower, word
    allowed = {
        *("UID", "SEQUENCE", "DTSTAMP", "SUMMARY", "DTSTART", "DURATION"),
        *("RRULE", "EXDATE", "CLASS", "TRANSP"),
    }
    for event in events(text):
        assert {str(name) for name in event} <= allowed
        assert (str(event["class"]), event.subcomponents) == ("PRIVATE", [])
    assert {str(event["transp"]) for event in events(text)} == {"OPAQUE", "TRANSPARENT"}


def test_a_calendar_speaks_the_persons_language() -> None:
    text = written(a_view((GROUP, WALK, ONE_TO_ONE), zone=NEW_YORK, language="es"))

    assert sorted(str(event["summary"]) for event in events(text)) == ["Actividad", "Cita", "Reunión"]
    assert "X-WR-CALNAME:Calendario\r\n" in text


def test_a_calendar_is_series_and_not_thousands_of_entries() -> None:
    view = a_view((GROUP, WALK, ONE_TO_ONE), zone=NEW_YORK, departures=(off(date(2026, 11, 26)),))

    text = written(view)

    assert len(events(text)) == 3
    assert len(text) < 3000


def test_a_calendar_is_well_formed_and_says_when_to_look_again() -> None:
    view = a_view((GROUP, WALK), zone="America/Denver", language="es")
    text = written(view)

    lines = text.encode().split(b"\r\n")
    assert max(map(len, lines)) <= 75
    assert text.count("\r\n") == text.count("\n")
    assert text.startswith("BEGIN:VCALENDAR\r\n")
    assert text.endswith("END:VCALENDAR\r\n")
    for line in (
        "VERSION:2.0",
        "REFRESH-INTERVAL;VALUE=DURATION:PT4H",
        "X-PUBLISHED-TTL:PT4H",
        "TZID:America/Denver",
        "TZID:America/New_York",
    ):
        assert f"\r\n{line}\r\n" in text, line
    assert REFRESH.total_seconds() == 4 * 3600
    assert "METHOD" not in text
    assert text.index("END:VTIMEZONE") < text.index("BEGIN:VEVENT")


def test_the_same_week_is_the_same_text() -> None:
    assert written(a_view((GROUP, WALK), zone=NEW_YORK)) == written(a_view((GROUP, WALK), zone=NEW_YORK))


def test_one_date_that_is_off_is_left_out_and_one_that_is_moved_names_its_date() -> None:
    moved = off(date(2026, 12, 7), moved_to=(date(2026, 12, 8), time(9, 30)))
    text = written(a_view((GROUP,), zone=NEW_YORK, departures=(off(date(2026, 11, 26)), moved)))

    assert "EXDATE;TZID=America/New_York:20261126T180000" in text
    master, one = events(text)
    assert one["uid"] == master["uid"]
    assert one["recurrence-id"].dt == datetime(2026, 12, 7, 18, tzinfo=ZoneInfo(NEW_YORK))
    assert one["dtstart"].dt == datetime(2026, 12, 8, 9, 30, tzinfo=ZoneInfo(NEW_YORK))
    assert one["duration"].dt == master["duration"].dt


def test_every_change_has_a_higher_number_also_when_it_is_taken_back() -> None:
    def sequence(*departures: Departure, **changes: Any) -> int:
        view = a_view((GROUP,), zone=NEW_YORK, departures=departures)
        event = events(written(replace(view, **changes)))[0]
        return int(event["sequence"])

    on = date(2026, 11, 26)
    plain, cancelled, back = sequence(), sequence(off(on)), sequence(off(on, is_lifted=True, version=2))
    left_out = sequence(off(on, is_lifted=True, version=2), own=Own(person_id="p", version=1))

    assert plain < cancelled < back < left_out


def test_names_of_entries_stay_and_tell_nothing() -> None:
    one, other = (events(written(a_view((GROUP,), zone=zone)))[0]["uid"] for zone in (NEW_YORK, "Asia/Kathmandu"))

    assert one == other
    assert str(one).endswith(f"@{DOMAIN}")
    assert "item" not in str(one)


def test_what_was_before_admission_or_after_it_was_left_out_is_not_in_it() -> None:
    view = a_view((GROUP, WALK), zone=NEW_YORK, left_out=(LeftOut(item_id=WALK.id, from_on=date(2026, 12, 1)),))
    group, walk = events(written(view))

    assert group["dtstart"].dt.date() == date(2026, 10, 1)
    assert walk["rrule"]["UNTIL"] == [datetime(2026, 11, 30, 12, tzinfo=UTC)]


def test_what_is_long_over_leaves_the_calendar() -> None:
    old = replace(GROUP, ends_on=date(2026, 10, 20))

    assert len(events(written(a_view((old,), zone=NEW_YORK)))) == 1
    assert feed(a_view((old,), zone=NEW_YORK), domain=DOMAIN, today=date(2027, 3, 1)).count("VEVENT") == 0


@pytest.mark.parametrize("zone", [NEW_YORK, "UTC"])
def test_a_calendar_with_nothing_in_it_is_one_all_the_same(zone: str) -> None:
    calendar = Calendar.from_ical(written(a_view((), zone=zone, stay=None)))

    assert [component.name for component in calendar.subcomponents] == ["VTIMEZONE"]
