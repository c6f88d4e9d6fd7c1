"""Single dates and offsets: elapsed time and wall time part where clocks change, and months are clamped."""

import itertools
from datetime import UTC, date, datetime, time, timedelta
from time import process_time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.outreach.checking import when_faults
from chalicelib.outreach.coming import MOST_SHOWN, WORDS, Note, preview
from chalicelib.outreach.recurrence import Elapsed, Once, OnDay, Recurrence, When, in_zone, next_occurrence, shifted
from chalicelib.outreach.written import read, written
from tests.build import NEW_YORK, utc

NOW = utc("2026-11-24T18:00")
# Clocks go back in New York on 1 November 2026 and forward on 14 March 2027.
MONDAY_AFTER = Once(on=date(2027, 3, 15), at=time(1), zone=NEW_YORK)
THURSDAYS = Recurrence(
    at=time(18), rule="FREQ=WEEKLY;BYDAY=TH", zone="America/Los_Angeles", starts_on=date(2026, 11, 5)
)

ZONES = st.sampled_from([NEW_YORK, "Pacific/Kiritimati", "Pacific/Pago_Pago", "Europe/London", "Australia/Lord_Howe"])
TIMES = st.times().map(lambda at: at.replace(second=0, microsecond=0))
DATES = st.dates(date(2026, 11, 25), date(2030, 12, 31))
ONCE = st.builds(Once, on=DATES, at=TIMES, zone=ZONES)
RECURRENCE = st.builds(
    Recurrence,
    at=TIMES,
    rule=st.sampled_from(["FREQ=DAILY", "FREQ=WEEKLY;BYDAY=MO,FR", "FREQ=MONTHLY;BYMONTHDAY=-1", "FREQ=DAILY;COUNT=4"]),
    zone=ZONES,
    starts_on=DATES,
)
MINUTES = st.integers(-60 * 24 * 40, 60 * 24 * 40).map(lambda minutes: timedelta(minutes=minutes))
ELAPSED = st.builds(Elapsed, of=st.one_of(ONCE, RECURRENCE), by=MINUTES, zone=ZONES)
ON_DAY = st.one_of(
    st.builds(OnDay, of=RECURRENCE, days=st.integers(-40, 40), at=TIMES, zone=ZONES),
    st.builds(
        OnDay,
        of=st.one_of(ONCE, DATES),
        days=st.integers(-40, 40),
        months=st.integers(-24, 24),
        at=TIMES,
        zone=ZONES,
    ),
)
WHENS = st.one_of(ONCE, RECURRENCE, ELAPSED, ON_DAY)


def all_of(when: When, *, most: int = 5) -> list[tuple[date, datetime]]:
    found: list[tuple[date, datetime]] = []
    after = NOW
    while len(found) < most and (occurrence := next_occurrence(when, after=after)):
        found.append((occurrence.on, occurrence.at))
        after = occurrence.at
    return found


def test_a_single_date_comes_once() -> None:
    assert all_of(MONDAY_AFTER) == [(date(2027, 3, 15), utc("2027-03-15T05:00"))]


def test_a_day_of_24_hours_before_is_not_the_same_hour_of_the_day_before_when_clocks_change() -> None:
    elapsed = Elapsed(of=MONDAY_AFTER, by=-timedelta(hours=24), zone=NEW_YORK)
    on_day = OnDay(of=MONDAY_AFTER, days=-1, at=time(1), zone=NEW_YORK)

    # 24 hours before 01:00 on the 15th were 00:00 on the 14th, a day of 23 hours.
    assert all_of(elapsed) == [(date(2027, 3, 14), utc("2027-03-14T05:00"))]
    assert all_of(on_day) == [(date(2027, 3, 14), utc("2027-03-14T06:00"))]


def test_thirty_days_after_is_counted_in_dates_and_six_months_are_not_180_days() -> None:
    # Domain rules 2: from 2026-01-31, d30 = 2026-03-02 and m6 = 2026-07-31.
    start = date(2026, 1, 31)

    assert shifted(start, months=0, days=30) == date(2026, 3, 2)
    assert shifted(start, months=6, days=0) == date(2026, 7, 31)
    assert shifted(start, months=0, days=180) == date(2026, 7, 30)


@pytest.mark.parametrize(
    ("of", "months", "expected"),
    [
        (date(2027, 1, 31), 1, date(2027, 2, 28)),
        (date(2028, 1, 31), 1, date(2028, 2, 29)),
        (date(2027, 1, 31), 2, date(2027, 3, 31)),
        (date(2028, 2, 29), 12, date(2029, 2, 28)),
        (date(2028, 2, 29), 48, date(2032, 2, 29)),
        (date(2027, 12, 31), -1, date(2027, 11, 30)),
        (date(2027, 3, 31), -13, date(2026, 2, 28)),
    ],
)
def test_months_are_counted_from_the_date_itself_and_clamped(of: date, months: int, expected: date) -> None:
    assert shifted(of, months=months, days=0) == expected


def test_an_offset_follows_each_meeting_of_a_series_in_the_viewers_zone() -> None:
    # 18:00 on Thursday in Los Angeles is Friday in Tokyo; the morning of that day is asked for there.
    morning = OnDay(of=THURSDAYS, days=0, at=time(9), zone="Asia/Tokyo")
    before = Elapsed(of=THURSDAYS, by=-timedelta(minutes=15), zone="Asia/Tokyo")

    assert [on for on, _ in all_of(morning, most=2)] == [date(2026, 11, 27), date(2026, 12, 4)]
    assert all_of(before, most=2) == [
        (date(2026, 11, 27), utc("2026-11-27T01:45")),
        (date(2026, 12, 4), utc("2026-12-04T01:45")),
    ]


def test_a_meeting_stays_in_its_zone_when_who_comes_to_it_moves() -> None:
    before = in_zone(Elapsed(of=THURSDAYS, by=-timedelta(hours=1), zone=NEW_YORK), "Europe/London")

    assert all_of(before, most=1) == [(date(2026, 11, 27), utc("2026-11-27T01:00"))]


@settings(max_examples=300, deadline=None)
@given(when=WHENS)
def test_every_form_comes_later_and_later_and_each_time_on_another_local_date(when: When) -> None:
    found = all_of(when, most=6)

    assert all(at > NOW for _, at in found)
    assert all(first < second for (_, first), (_, second) in itertools.pairwise(found))
    if not isinstance(when, Elapsed):
        assert len({on for on, _ in found}) == len(found)


@settings(max_examples=300, deadline=None)
@given(when=WHENS)
def test_what_is_written_down_reads_back_the_same(when: When) -> None:
    assert read(written(when)) == when


_WILD_DATES = st.dates()
_WILD_ONCE = st.builds(Once, on=_WILD_DATES, at=TIMES, zone=st.one_of(ZONES, st.text(max_size=70)))
_WILD_RECURRENCE = st.builds(
    Recurrence,
    at=TIMES,
    rule=st.one_of(
        st.text(max_size=30),
        st.sampled_from(["FREQ=DAILY", "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "FREQ=YEARLY;INTERVAL=10;COUNT=1000"]),
    ),
    zone=ZONES,
    starts_on=_WILD_DATES,
)
_WILD = st.one_of(
    _WILD_ONCE,
    st.builds(
        Elapsed, of=st.one_of(_WILD_ONCE, _WILD_RECURRENCE), by=st.timedeltas(), zone=st.one_of(ZONES, st.text())
    ),
    st.builds(
        OnDay,
        of=st.one_of(_WILD_ONCE, _WILD_RECURRENCE, _WILD_DATES),
        days=st.integers(-5000, 5000),
        months=st.integers(-150, 150),
        at=TIMES,
        zone=ZONES,
    ),
)


@settings(max_examples=400, deadline=None)
@given(when=_WILD, now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)))
def test_no_offset_breaks_the_check_and_what_passes_comes_within_ten_years(when: When, now: datetime) -> None:
    at = now.replace(tzinfo=UTC)
    started = process_time()

    faults = when_faults(when, now=at)

    assert process_time() - started < 2
    if faults:
        assert all(fault.field.startswith("when") and fault.reason for fault in faults)
    else:
        found = next_occurrence(when, after=at)
        assert found is not None
        assert at < found.at <= at + timedelta(days=3660)


@pytest.mark.parametrize(
    ("when", "field"),
    [
        (Once(on=date(2026, 11, 1), at=time(9), zone=NEW_YORK), "when.date"),
        (Once(on=date(9999, 12, 31), at=time(9), zone=NEW_YORK), "when.date"),
        (Once(on=date(2027, 1, 1), at=time(9), zone="America/Trinity"), "when.timeZone"),
        (Elapsed(of=MONDAY_AFTER, by=-timedelta(days=367), zone=NEW_YORK), "when.minutes"),
        (Elapsed(of=MONDAY_AFTER, by=-timedelta(days=300), zone=NEW_YORK), "when.of"),
        (OnDay(of=THURSDAYS, days=0, months=1, at=time(9), zone=NEW_YORK), "when.months"),
        (OnDay(of=date(2026, 11, 1), days=4000, at=time(9), zone=NEW_YORK), "when.days"),
        (OnDay(of=date(2026, 11, 1), days=0, months=121, at=time(9), zone=NEW_YORK), "when.months"),
        (OnDay(of=date(1899, 12, 31), days=0, months=1, at=time(9), zone=NEW_YORK), "when.of.date"),
        (OnDay(of=date(2026, 11, 1), days=1, at=time(9), zone=NEW_YORK), "when.of"),
    ],
)
def test_what_cannot_come_is_refused_with_the_field_named(when: When, field: str) -> None:
    assert [fault.field for fault in when_faults(when, now=NOW)] == [field]


def said(when: When, *, after: datetime = NOW, language: str = "en") -> list[tuple[Note, str]]:
    return [note for shown in preview(when, after=after, count=3, language=language) for note in shown.notes]


def daily(at: str, zone: str = NEW_YORK) -> Recurrence:
    return Recurrence(at=time.fromisoformat(at), rule="FREQ=DAILY", zone=zone, starts_on=date(2026, 11, 1))


def test_a_preview_says_in_words_what_changes_of_clocks_do() -> None:
    spring, autumn = utc("2027-03-13T12:00"), utc("2027-11-06T12:00")

    assert said(daily("02:30"), after=spring) == [
        (Note.GAP, "Clocks go forward that night; 02:30 does not exist, so it comes at 03:30.")
    ]
    assert said(daily("01:30"), after=autumn) == [
        (Note.TWICE, "Clocks go back that night; 01:30 comes twice, and the first one counts.")
    ]
    assert said(daily("02:30"), after=spring, language="es") == [
        (Note.GAP, "Esa noche se adelantan los relojes; la hora 02:30 no existe y llega con la hora 03:30.")
    ]
    assert said(daily("09:00"), after=spring) == said(daily("02:30", "America/Phoenix"), after=spring) == []


def test_a_preview_says_where_hours_lead_to_another_time_of_day() -> None:
    elapsed = Elapsed(of=MONDAY_AFTER, by=-timedelta(hours=24), zone=NEW_YORK)

    assert said(elapsed) == [
        (Note.BETWEEN, "Clocks change in between; counted in hours it comes at 00:00, not at 01:00.")
    ]
    assert said(Elapsed(of=THURSDAYS, by=-timedelta(hours=24), zone=NEW_YORK)) == []


def test_a_preview_says_where_a_month_is_too_short() -> None:
    assert said(OnDay(of=date(2027, 1, 31), days=0, months=1, at=time(9), zone=NEW_YORK)) == [
        (Note.CLAMPED, "That month has no day 31, so its last day is taken.")
    ]
    assert said(OnDay(of=date(2027, 1, 31), days=0, months=2, at=time(9), zone=NEW_YORK)) == []


def test_a_preview_shows_what_the_clock_on_the_wall_says_and_not_more_than_it_may() -> None:
    shown = preview(daily("02:30"), after=utc("2027-03-14T00:00"), count=1000, language="xx")

    assert len(shown) == MOST_SHOWN
    assert shown[0].local.isoformat() == "2027-03-14T03:30:00-04:00"
    assert shown[0].zone == NEW_YORK


@settings(max_examples=200, deadline=None)
@given(when=WHENS)
def test_a_preview_is_silent_exactly_where_nothing_is_out_of_the_ordinary(when: When) -> None:
    for shown in preview(when, after=NOW, count=3, language="es"):
        kinds = {note for note, _ in shown.notes}
        wall = shown.local.replace(tzinfo=None)
        if not isinstance(when, Elapsed):
            assert (Note.GAP in kinds) == (wall != datetime.combine(shown.on, when.at))
        # An hour and a half hour (Lord Howe) are all that clocks go back by in these zones.
        again = [
            other
            for minutes in (30, 60)
            if (other := (shown.at + timedelta(minutes=minutes)).astimezone(ZoneInfo(shown.zone)).replace(tzinfo=None))
            == wall
        ]
        assert (Note.TWICE in kinds) == (bool(again) and not isinstance(when, Elapsed) and Note.GAP not in kinds)


def test_both_languages_have_words_for_every_note() -> None:
    assert all(set(words) == set(Note) for words in WORDS.values())
    assert set(WORDS) == {"en", "es"}
