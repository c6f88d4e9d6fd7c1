"""Who came: what counts as missed, what as staying away, and what never does."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.flags.rules import Absent, defaults, raised
from chalicelib.privacy.domain import Act
from chalicelib.privacy.domain import Field as Facts
from chalicelib.privacy.matrix import MATRIX
from chalicelib.routine.attendance import Attendance, Presence, held, history_at, unattended
from chalicelib.routine.domain import IOP, Departure, Kind
from chalicelib.routine.weeks import planned, series_of, totals, with_attendance
from tests.build import NEW_YORK, PERSON, utc
from tests.unit.routine.test_weeks import MONDAY, OWN, STAY, TEMPLATE, a_departure

NOON = utc("2026-11-02T17:00")
SIGNS = {"a": Presence.ATTENDED, "x": Presence.ABSENT, "e": Presence.EXCUSED, "-": None}


def noted(days: int, presence: Presence | None, *, kind: Kind = Kind.GROUP, item: str = "group") -> Attendance:
    """Return what was noted of the session so many days after the 2nd of November."""
    at = NOON + timedelta(days=days)
    return Attendance(
        person_id=PERSON,
        item_id=item,
        on=at.date(),
        kind=kind,
        at=at,
        planned=180,
        presence=presence,
        minutes=180 if presence is Presence.ATTENDED else 0,
        noted_at=at,
        by="dr",
    )


def diary(text: str) -> list[Attendance]:
    """a: attended; x: absent; e: excused; -: nobody noted it. One a day from the 2nd of November on."""
    return held([noted(day, SIGNS[sign]) for day, sign in enumerate(text)], [], before=NOON + timedelta(days=99))


def flagged(rows: list[Attendance]) -> list[str]:
    """Return which default rules hold once the last of them is noted."""
    return [one.rule.id for one in raised(defaults(), history_at(rows, rows[-1], zone=NEW_YORK))]


@pytest.mark.parametrize(
    ("text", "rules"),
    [("x", ["session_missed"]), ("ax", ["session_missed"]), ("xx", ["session_missed"]), ("e", []), ("xa", [])],
)
def test_a_group_session_that_was_missed_without_notice_is_flagged(text: str, rules: list[str]) -> None:
    assert flagged(diary(text)) == rules


def test_only_a_group_session_is_by_default() -> None:
    assert flagged([noted(0, Presence.ABSENT, kind=Kind.INDIVIDUAL)]) == []


@given(st.text("axe-", min_size=1, max_size=20), st.integers(1, 4))
def test_so_many_in_a_row_are_flagged_as_often_as_a_reader_would_count_them(text: str, times: int) -> None:
    rule = replace(defaults()[0], when=Absent(of="group", in_a_row=times))
    rows = diary(text)

    found = [bool(list(raised([rule], history_at(rows, one, zone=NEW_YORK)))) for one in rows]

    expected, row = [], 0
    for sign in text.replace("-", ""):
        row = row + 1 if sign == "x" else 0 if sign == "a" else row
        expected.append(sign == "x" and row % times == 0)
    assert found == expected


@given(st.text("axe-", max_size=25), st.integers(0, 10))
def test_staying_away_begins_with_the_last_time_there_and_takes_a_session_that_was_missed(
    text: str, later: int
) -> None:
    today = NOON.date() + timedelta(days=len(text) + later)

    found = unattended(diary(text), today=today, zone=NEW_YORK)

    last = text.rfind("a")
    missed = [at for at, sign in enumerate(text) if sign in "xe" and at > last]
    if not missed:
        assert (found.days, found.since) == (0, None)
    else:
        since = last if last >= 0 else missed[0]
        assert found.since == NOON.date() + timedelta(days=since)
        assert found.days == (today - found.since).days


@given(st.text("axe-", max_size=20), st.data())
def test_a_session_that_is_off_is_as_if_nobody_had_noted_it(text: str, data: st.DataObject) -> None:
    rows = [noted(day, SIGNS[sign]) for day, sign in enumerate(text)]
    off = data.draw(st.sets(st.integers(0, 19)))
    departures = [a_departure("group", NOON.date() + timedelta(days=day)) for day in off]
    end = NOON + timedelta(days=99)

    assert held(rows, departures, before=end) == diary(
        "".join("-" if day in off else sign for day, sign in enumerate(text))
    )
    assert held(rows, [replace(one, is_lifted=True) for one in departures], before=end) == diary(text)


def a_week(signs: str, *departures: Departure) -> dict[str, int | bool | None]:
    """Return what the week comes to: groups on Monday, Wednesday and Thursday, one to one on Friday (590 minutes)."""
    series = series_of(TEMPLATE, OWN, departures, zone=NEW_YORK, stay=STAY)
    times = planned(series, first=MONDAY, last=MONDAY + timedelta(days=6), zone=NEW_YORK)
    sessions = [one for one in times if one.item.kind in {Kind.GROUP, Kind.INDIVIDUAL}]
    rows = [
        replace(
            noted(0, SIGNS[sign], item=one.item.id),
            on=one.on,
            minutes=one.item.minutes if sign == "a" else 0,
        )
        for one, sign in zip(sessions, signs, strict=True)
    ]
    found = totals(with_attendance(times, rows), template=TEMPLATE, code=IOP, is_over=True)
    return {
        "attended": found.attended,
        "off": found.off,
        "not_noted": found.not_noted,
        "below": found.is_attended_below,
    }


def test_hours_are_those_attended_and_what_nobody_noted_is_held_against_nobody() -> None:
    thanksgiving = a_departure("group", date(2026, 11, 26))

    assert a_week("aaaa") == {"attended": 590, "off": 0, "not_noted": 0, "below": False}
    assert a_week("aaax") == {"attended": 540, "off": 0, "not_noted": 0, "below": False}
    assert a_week("aaxa") == {"attended": 410, "off": 0, "not_noted": 0, "below": True}
    assert a_week("aaea") == {"attended": 410, "off": 0, "not_noted": 0, "below": True}
    assert a_week("aa-a") == {"attended": 410, "off": 0, "not_noted": 180, "below": False}
    assert a_week("----") == {"attended": 0, "off": 0, "not_noted": 590, "below": False}
    assert a_week("aa-a", thanksgiving) == {"attended": 410, "off": 180, "not_noted": 0, "below": False}
    # Whatever was noted before it was taken off.
    assert a_week("aaxa", thanksgiving) == {"attended": 410, "off": 180, "not_noted": 0, "below": False}
    assert a_week("axxa", thanksgiving)["below"]


def test_a_week_that_is_not_over_is_below_nothing() -> None:
    assert totals([], template=TEMPLATE, code=IOP).is_attended_below is None
    assert totals([], template=TEMPLATE, code="1", is_over=True).is_attended_below is None


def test_whoever_may_see_somebodys_week_may_see_their_attendance_which_it_shows() -> None:
    for role, fields in MATRIX.items():
        weeks, attendance = (
            {one.relationship for one in fields.get(name, ()) if Act.READ in one.acts and one.consent is None}
            for name in (Facts.CARE_PLAN, Facts.ATTENDANCE)
        )
        assert weeks <= attendance, role


def test_the_local_date_of_a_session_is_the_persons() -> None:
    late = replace(noted(0, Presence.ABSENT), at=datetime(2026, 11, 3, 1, tzinfo=NOON.tzinfo))

    (one,) = history_at([late], late, zone=NEW_YORK).sessions

    assert one.on == date(2026, 11, 2)
