"""By when somebody looks, across nights, weekends and changes of clocks."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.flags.rules import Within
from chalicelib.flags.working import WorkingTime, due_at
from tests.build import utc

NEW_YORK = "America/New_York"
SAME_DAY, TWO_HOURS = Within(working_days=0), Within(working_hours=2)
ONE_DAY, TWO_DAYS = Within(working_days=1), Within(working_days=2)


@pytest.mark.parametrize(
    ("within", "at", "due"),
    [
        (Within(hours=24), "2026-11-25T17:00", "2026-11-26T17:00"),
        # Wednesday noon; four in the afternoon; eight in the evening; Friday at half past four; Sunday.
        (TWO_HOURS, "2026-11-25T17:00", "2026-11-25T19:00"),
        (TWO_HOURS, "2026-11-25T21:00", "2026-11-26T15:00"),
        (TWO_HOURS, "2026-11-26T01:00", "2026-11-26T16:00"),
        (TWO_HOURS, "2026-11-27T21:30", "2026-11-30T15:30"),
        (TWO_HOURS, "2026-11-29T17:00", "2026-11-30T16:00"),
        # The end of the next working day; from Friday it is Monday's, from Saturday too.
        (ONE_DAY, "2026-11-25T17:00", "2026-11-26T22:00"),
        (ONE_DAY, "2026-11-27T17:00", "2026-11-30T22:00"),
        (ONE_DAY, "2026-11-28T17:00", "2026-11-30T22:00"),
        (TWO_DAYS, "2026-11-26T17:00", "2026-11-30T22:00"),
        # The same day while somebody works, before they begin too; then when they begin again.
        (SAME_DAY, "2026-11-25T17:00", "2026-11-25T22:00"),
        (SAME_DAY, "2026-11-25T06:00", "2026-11-25T22:00"),
        (SAME_DAY, "2026-11-25T22:00", "2026-11-26T14:00"),
        (SAME_DAY, "2026-11-27T22:30", "2026-11-30T14:00"),
        (SAME_DAY, "2026-11-28T17:00", "2026-11-30T14:00"),
        # Clocks go forward on Sunday 14 March 2027: nine o'clock comes an hour sooner.
        (TWO_HOURS, "2027-03-12T21:00", "2027-03-15T14:00"),
    ],
)
def test_it_is_due_when_staff_could_have_looked(within: Within, at: str, due: str) -> None:
    assert due_at(within, at=utc(at), zone=NEW_YORK, working=WorkingTime()) == utc(due)


@given(
    hours=st.floats(0.25, 40),
    at=st.datetimes(datetime(2026, 1, 1), datetime(2028, 1, 1)).map(lambda at: at.replace(tzinfo=UTC)),
    zone=st.sampled_from([NEW_YORK, "Asia/Kolkata", "Australia/Lord_Howe", "Africa/Cairo"]),
)
def test_it_is_never_due_before_the_time_has_passed_nor_much_later(hours: float, at: datetime, zone: str) -> None:
    due = due_at(Within(working_hours=hours), at=at, zone=zone, working=WorkingTime())

    assert due >= at + timedelta(hours=hours)
    # Eight hours of five days in a week, and a weekend before and after.
    assert due - at <= timedelta(days=hours / 8 * 7 / 5 + 4)
