"""Rules of whole days: against python-dateutil where both take them, and against everything that must be refused."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import takewhile
from time import process_time

import pytest
from dateutil.rrule import rrulestr
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.outreach.checking import when_faults
from chalicelib.outreach.recurrence import Recurrence, next_occurrence
from chalicelib.outreach.rrule import DAYS, NotARule, days, parse
from tests.build import NEW_YORK, utc

NOW = utc("2026-11-24T18:00")
WEEKDAYS = st.lists(st.sampled_from(DAYS), min_size=1, max_size=4, unique=True)


@st.composite
def rules(draw: st.DrawFn) -> str:
    """Give any rule that is taken here and that dateutil reads as RFC 5545 does."""
    freq = draw(st.sampled_from(["DAILY", "WEEKLY", "MONTHLY", "YEARLY"]))
    parts = [f"FREQ={freq}"]
    interval = draw(st.integers(1, 6))
    if interval > 1:
        parts.append(f"INTERVAL={interval}")
    months = draw(st.lists(st.integers(1, 12), max_size=3, unique=True))
    if months:
        parts.append("BYMONTH=" + ",".join(map(str, months)))
    by = draw(st.sampled_from(["nothing", "days", "numbered", "month days", "both"]))
    if by in {"days", "both"} or (by == "numbered" and freq in {"DAILY", "WEEKLY"}):
        parts.append("BYDAY=" + ",".join(draw(WEEKDAYS)))
    elif by == "numbered":
        most = 53 if freq == "YEARLY" and not months else 5
        number = st.integers(-most, most).filter(bool)
        parts.append("BYDAY=" + ",".join(f"{draw(number)}{day}" for day in draw(WEEKDAYS)))
    if by in {"month days", "both"} and freq != "WEEKLY":
        numbers = draw(st.lists(st.integers(-31, 31).filter(bool), min_size=1, max_size=3, unique=True))
        parts.append("BYMONTHDAY=" + ",".join(map(str, numbers)))
    if draw(st.booleans()):
        parts.append("WKST=" + draw(st.sampled_from(DAYS)))
    end = draw(st.sampled_from(["", "COUNT", "UNTIL"]))
    if end == "COUNT":
        parts.append(f"COUNT={draw(st.integers(1, 20))}")
    elif end == "UNTIL":
        parts.append(f"UNTIL={draw(st.dates(date(2025, 1, 1), date(2032, 1, 1))):%Y%m%d}")
    return ";".join(parts)


@settings(max_examples=150, deadline=None)
@given(
    rule=rules(),
    start=st.dates(date(2024, 1, 1), date(2027, 12, 31)),
    skip=st.integers(0, 1500),
)
@example(rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=SU", start=date(1997, 8, 5), skip=0)
@example(rule="FREQ=WEEKLY;INTERVAL=2;BYDAY=TU,SU;WKST=MO", start=date(1997, 8, 5), skip=0)
@example(rule="FREQ=YEARLY;BYDAY=20MO", start=date(1997, 5, 19), skip=0)
@example(rule="FREQ=MONTHLY;BYDAY=FR;BYMONTHDAY=13", start=date(1997, 9, 2), skip=0)
@example(rule="FREQ=YEARLY", start=date(2024, 2, 29), skip=0)
def test_a_rule_falls_on_the_dates_that_dateutil_says(rule: str, start: date, skip: int) -> None:
    first = start + timedelta(days=skip)
    last = first + timedelta(days=800)

    found = list(days(parse(rule), start, first=first, last=last))

    theirs = rrulestr(rule, dtstart=datetime.combine(start, time()))
    # dateutil would look for more until the year 9999.
    within = theirs.xafter(datetime.combine(first, time()), inc=True)
    if found or "COUNT" in rule or "UNTIL" in rule:
        assert found == [day.date() for day in takewhile(lambda day: day.date() <= last, within)]
    else:
        assert next(iter(within), datetime(9999, 1, 1)).date() > last


@pytest.mark.parametrize(
    "rule",
    [
        "",
        "daily",
        "FREQ=",
        "FREQ=SECONDLY",
        "FREQ=MINUTELY;INTERVAL=5",
        "FREQ=HOURLY",
        "FREQ=FORTNIGHTLY",
        "FREQ=DAILY;FREQ=WEEKLY",
        "FREQ=DAILY;BYSETPOS=1",
        "FREQ=DAILY;BYHOUR=1,2,3,4,5,6,7,8,9,10,11,12,13,14,15,16,17,18,19,20,21,22,23",
        "FREQ=YEARLY;BYYEARDAY=366;BYSETPOS=1,2,3",
        "FREQ=YEARLY;BYWEEKNO=53",
        "FREQ=DAILY;COUNT=0",
        "FREQ=DAILY;COUNT=1001",
        "FREQ=DAILY;COUNT=99999999999999999999",
        "FREQ=DAILY;COUNT=3;UNTIL=20270101",
        "FREQ=DAILY;INTERVAL=0",
        "FREQ=DAILY;INTERVAL=-1",
        "FREQ=DAILY;INTERVAL=3651",
        "FREQ=YEARLY;INTERVAL=11",
        "FREQ=DAILY;INTERVAL=\u0663",  # ARABIC-INDIC DIGIT THREE, which int() takes
        "FREQ=DAILY;UNTIL=20270231",
        "FREQ=DAILY;UNTIL=tomorrow",
        "FREQ=DAILY;UNTIL=20270101T090000",
        "FREQ=WEEKLY;BYDAY=1MO",
        "FREQ=WEEKLY;BYDAY=",
        "FREQ=WEEKLY;BYDAY=XX",
        "FREQ=WEEKLY;BYDAY=MO,MO",
        "FREQ=WEEKLY;BYMONTHDAY=1",
        "FREQ=WEEKLY;WKST=1",
        "FREQ=MONTHLY;BYDAY=6MO",
        "FREQ=MONTHLY;BYDAY=0MO",
        "FREQ=YEARLY;BYDAY=54MO",
        "FREQ=MONTHLY;BYMONTHDAY=0",
        "FREQ=MONTHLY;BYMONTHDAY=32",
        "FREQ=YEARLY;BYMONTH=13",
        "FREQ=YEARLY;BYMONTH=-1",
        "FREQ=YEARLY;BYMONTH=+12",
        "FREQ=DAILY;BYMONTH=11,+12",
        "FREQ=DAILY\r\nX-HEADER:1",
        "RRULE:FREQ=DAILY",
        "FREQ=DAILY;" + "BYMONTHDAY=1;" * 1000,
    ],
)
def test_what_is_no_rule_of_whole_days_is_refused(rule: str) -> None:
    with pytest.raises(NotARule):
        parse(rule)


@pytest.mark.parametrize(
    ("rule", "starts_on", "field"),
    [
        ("FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", date(2026, 1, 1), "when.rule"),
        ("FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", date(2026, 1, 1), "when.rule"),
        ("FREQ=MONTHLY;BYMONTH=4,6,9,11;BYMONTHDAY=31", date(2026, 1, 1), "when.rule"),
        ("FREQ=DAILY;COUNT=3", date(2020, 1, 1), "when.rule"),
        ("FREQ=DAILY;UNTIL=20200101", date(2020, 1, 1), "when.rule"),
        ("FREQ=DAILY", date(9999, 12, 31), "when.startsOn"),
        ("FREQ=DAILY", date(2036, 12, 24), "when.startsOn"),
        ("FREQ=DAILY", date(1, 1, 1), "when.startsOn"),
        ("FREQ=MINUTELY", date(2026, 1, 1), "when.rule"),
    ],
)
def test_what_never_comes_or_too_far_ahead_is_refused_with_its_field(rule: str, starts_on: date, field: str) -> None:
    when = Recurrence(at=time(9), rule=rule, zone=NEW_YORK, starts_on=starts_on)

    assert [fault.field for fault in when_faults(when, now=NOW)] == [field]


@pytest.mark.parametrize("until", ["99991231", "99991231T235959Z", "99991230T000000Z"])
def test_a_series_may_go_on_to_the_end_of_all_calendars(until: str) -> None:
    when = Recurrence(at=time(20), rule=f"FREQ=DAILY;UNTIL={until}", zone=NEW_YORK, starts_on=date(2026, 1, 1))

    assert when_faults(when, now=NOW) == []
    assert next_occurrence(when, after=NOW) == next_occurrence(replace(when, rule="FREQ=DAILY"), after=NOW)


_BITS = st.sampled_from(
    [
        "FREQ=",
        "DAILY",
        "WEEKLY",
        "MONTHLY",
        "YEARLY",
        "SECONDLY",
        ";",
        "INTERVAL=",
        "COUNT=",
        "UNTIL=",
        "BYDAY=",
        "BYMONTHDAY=",
        "BYMONTH=",
        "BYSETPOS=",
        "WKST=",
        "MO",
        "-5FR",
        "53SU",
        ",",
        "31",
        "-31",
        "1000",
        "120",
        "10",
        "29",
        "2",
        "99991231",
        "19000101",
        "99991231T235959Z",
        "00010101T000000Z",
    ]
)
_SHAPED = st.builds(
    "FREQ={};INTERVAL={};BYMONTH={};BYMONTHDAY={}{}".format,
    st.sampled_from(["DAILY", "MONTHLY", "YEARLY"]),
    st.integers(1, 3650),
    st.integers(1, 12),
    st.integers(-31, 31).filter(bool),
    st.sampled_from(["", ";COUNT=1000", ";UNTIL=99991231", ";BYDAY=MO", ";BYDAY=-5SU;COUNT=999"]),
)


@settings(max_examples=250, deadline=None)
@given(
    rule=st.one_of(st.text(max_size=250), st.lists(_BITS, max_size=20).map("".join), _SHAPED),
    starts_on=st.dates(),
    zone=st.one_of(st.sampled_from([NEW_YORK, "Pacific/Apia", "UTC"]), st.text(max_size=80)),
    now=st.datetimes(datetime(2020, 1, 1), datetime(2040, 1, 1)),
)
def test_no_input_breaks_the_check_or_makes_it_slow(rule: str, starts_on: date, zone: str, now: datetime) -> None:
    when = Recurrence(at=time(2, 30), rule=rule, zone=zone, starts_on=starts_on)
    at = utc(now.isoformat())
    started = process_time()

    faults = when_faults(when, now=at)

    # A tenth of it is usual.
    assert process_time() - started < 1
    if not faults:
        found = next_occurrence(when, after=at)
        assert found is not None
        assert found.at > at


def test_the_rarest_rules_cost_no_more_than_a_walk_over_ten_years() -> None:
    rare = Recurrence(at=time(9), rule="FREQ=DAILY;BYDAY=MO;BYMONTH=2;BYMONTHDAY=29", zone="UTC", starts_on=NOW.date())
    started = process_time()

    found = next_occurrence(rare, after=NOW)

    assert found is None  # the next is on 29 February 2044
    assert process_time() - started < 0.5
