"""Check-ins in a row: what breaks a row, what doesn't, and awards that come once whatever the order."""

from datetime import date, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.milestones.achieving import CHECK_INS, Asked, achieved, days_of, rows
from chalicelib.outreach.domain import Entry, Reason, Status
from chalicelib.outreach.kinds import CHECK_IN
from tests.build import NEW_YORK, PERSON, utc

FIRST = date(2026, 11, 2)
CASES = 1000


def days(pattern: str) -> list[Asked]:
    """Return a day for each letter: ``x`` answered, ``o`` missed, ``.`` nothing asked."""
    return [
        Asked(on=FIRST + timedelta(days=number), answered=letter == "x")
        for number, letter in enumerate(pattern)
        if letter != "."
    ]


@pytest.mark.parametrize(
    ("pattern", "lengths"),
    [
        ("xxx", [1, 2, 3]),
        # One missed day within seven is free; it doesn't count itself.
        ("xxoxx", [1, 2, 3, 4]),
        ("xxooxx", [1, 2, 1, 2]),
        ("xoxxxxxoxx", [1, 2, 3, 4, 5, 6, 1, 2]),
        ("xoxxxxxxoxx", [1, 2, 3, 4, 5, 6, 7, 8, 9]),
        # What wasn't asked breaks nothing, and takes no free day.
        ("x.x.x", [1, 2, 3]),
        ("xo....x", [1, 2]),
        ("oox", [1]),
        ("", []),
    ],
)
def test_a_row_goes_on_over_one_missed_day_in_seven(pattern: str, lengths: list[int]) -> None:
    assert [length for length, _ in rows(days(pattern))] == lengths


@given(pattern=st.text(alphabet="xxxxxxo.", max_size=120))
@settings(max_examples=CASES)
def test_rows_are_those_that_a_look_at_every_stretch_finds(pattern: str) -> None:
    asked = days(pattern)

    found = {on: length for length, on in rows(asked)}

    for end in (day for day in asked if day.answered):
        # The longest stretch up to this day in which missed days lie a week apart, begun where a row could begin.
        best = naive(asked, end.on)
        assert found[end.on] == best


def naive(asked: list[Asked], end: date) -> int:
    """Walk forward from the first day, each time a stretch breaks beginning anew after it."""
    stretch: list[Asked] = []
    for day in (day for day in asked if day.on <= end):
        stretch.append(day)
        missed = [one.on for one in stretch if not one.answered]
        if stretch[0].answered is False or any((later - one).days < 7 for one, later in pairwise(missed)):
            stretch = []
    return sum(one.answered for one in stretch)


def test_each_length_is_achieved_when_it_is_reached_first() -> None:
    found = achieved(days("xxxo" + "o" + "x" * 14))

    assert {name: (on - FIRST).days for name, on in found.items()} == {
        "checkins_3": 2,
        "checkins_7": 11,
        "checkins_14": 18,
    }
    assert set(achieved(days("x" * 90))) == {f"checkins_{length}" for length in CHECK_INS}


def entry(day: int, status: Status, reason: Reason | None = None, kind: str = CHECK_IN) -> Entry:
    at = utc("2026-11-02T14:00") + timedelta(days=day)
    return Entry(
        person_id=PERSON,
        kind=kind,
        on=FIRST + timedelta(days=day),
        due_at=at,
        status=status,
        reason=reason,
        attempt=1,
        claimed_at=at,
    )


def test_what_was_not_sent_for_our_reasons_or_is_still_open_is_not_missed() -> None:
    entries = [
        entry(0, Status.SENT),
        entry(1, Status.FAILED, Reason.ERROR),
        entry(2, Status.SKIPPED, Reason.LATE),
        entry(3, Status.SENT),
        entry(4, Status.SENT, kind="appointment-1"),
        entry(5, Status.SENT),
        entry(6, Status.SENT),
    ]

    # The sixth's time runs until four in the morning of the seventh.
    now = utc("2026-11-08T08:30")
    found = days_of([FIRST], entries, zone=NEW_YORK, now=now)

    assert found == [
        Asked(on=FIRST, answered=True),
        Asked(on=FIRST + timedelta(days=3), answered=False),
    ]
    later = days_of([FIRST], entries, zone=NEW_YORK, now=now + timedelta(minutes=30))
    assert later[-1] == Asked(on=FIRST + timedelta(days=5), answered=False)
