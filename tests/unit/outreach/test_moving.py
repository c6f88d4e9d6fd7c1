"""Moves between zones: nothing twice on a local date, no day left out by a move, and nothing before its time."""

import itertools
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.outreach.domain import Due, Schedule
from chalicelib.outreach.moving import LONGEST_SILENCE, moved, replanned
from chalicelib.outreach.recurrence import Once, Recurrence, When, next_occurrence
from tests.build import NEW_YORK, PERSON, a_schedule, utc

ZONES = st.sampled_from(
    [
        NEW_YORK,
        "America/Denver",
        "America/Los_Angeles",
        "Pacific/Honolulu",
        "Pacific/Pago_Pago",
        "Europe/London",
        "Asia/Kolkata",
        "Asia/Tokyo",
        "Pacific/Auckland",
        "Pacific/Kiritimati",
        "Australia/Lord_Howe",
    ]
)
HOUR = timedelta(hours=1)


def daily(at: time, zone: str) -> Schedule:
    when = Recurrence(at=at, rule="FREQ=DAILY", zone=zone, starts_on=date(2026, 1, 1))
    return Schedule(person_id=PERSON, kind="check_in", version=1, when=when)


def came(schedule: Schedule, *, first: datetime, until: datetime) -> list[tuple[date, datetime]]:
    found: list[tuple[date, datetime]] = []
    after = first
    while (occurrence := next_occurrence(schedule.when, after=after)) and occurrence.at <= until:
        found.append((occurrence.on, occurrence.at))
        after = occurrence.at
    return found


def comes(schedule: Schedule, due: Due | None, *, count: int = 3) -> list[tuple[date, datetime]]:
    found: list[tuple[date, datetime]] = []
    while due and len(found) < count:
        found.append((due.on, due.at))
        occurrence = next_occurrence(schedule.when, after=due.at)
        due = (
            Due(
                person_id=PERSON,
                kind=schedule.kind,
                on=occurrence.on,
                at=occurrence.at,
                due_at=occurrence.at,
                version=schedule.version,
            )
            if occurrence
            else None
        )
    return found


@settings(max_examples=500, deadline=None)
@given(
    home=ZONES,
    away=ZONES,
    at=st.integers(0, 95).map(lambda quarters: time(quarters // 4, quarters % 4 * 15)),
    now=st.datetimes(datetime(2026, 2, 1), datetime(2028, 12, 31)).map(lambda now: now.replace(microsecond=0)),
)
@example(home="America/Denver", away=NEW_YORK, at=time(9), now=datetime(2026, 11, 24, 15, 30))
@example(home="Asia/Tokyo", away="America/Los_Angeles", at=time(9), now=datetime(2026, 11, 24, 1))
@example(home="Pacific/Kiritimati", away="Pacific/Pago_Pago", at=time(0), now=datetime(2026, 11, 24, 10, 1))
def test_after_a_move_no_date_is_used_twice_and_no_silence_gets_too_long(
    home: str, away: str, at: time, now: datetime
) -> None:
    instant = now.replace(tzinfo=UTC)
    schedule = daily(at, home)
    before = came(schedule, first=instant - timedelta(days=4), until=instant)

    after, dues = moved(schedule, zone=away, now=instant)

    # What fell due lately is put again, under the name that the ledger may know already.
    assert [due.on for due in dues[:-1]] in ([], [on for on, _ in before[-1:]])
    afterwards = comes(after, dues[-1])
    both = [*before, *afterwards]
    dates = [on for on, _ in both]
    assert dates == sorted(set(dates))
    assert all(later >= instant for _, later in afterwards)
    west = _offset(home, instant) - _offset(away, instant)
    # Crossing the date line to the west repeats a date, which has one all the same; a night may have an hour more.
    longest = max(LONGEST_SILENCE, timedelta(hours=24) + west + HOUR)
    gaps = [second - first for (_, first), (_, second) in itertools.pairwise(both)]
    assert max(gaps) <= longest
    assert after.version == schedule.version + 1
    assert after.when.zone == away


def _offset(zone: str, instant: datetime) -> timedelta:
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset()
    assert offset is not None
    return offset


def test_a_move_east_in_the_half_hour_before_costs_nobody_the_reminder() -> None:
    half_past_eight = utc("2026-11-24T15:30")  # in Denver; in New York it is 10:30

    after, dues = moved(daily(time(9), "America/Denver"), zone=NEW_YORK, now=half_past_eight)

    assert comes(after, dues[-1], count=2) == [
        (date(2026, 11, 24), half_past_eight),
        (date(2026, 11, 25), utc("2026-11-25T14:00")),
    ]


def test_a_move_west_after_the_reminder_does_not_bring_it_again_that_day() -> None:
    half_past_nine = utc("2026-11-24T14:30")  # in New York; in Los Angeles it is 6:30

    after, dues = moved(daily(time(9), NEW_YORK), zone="America/Los_Angeles", now=half_past_nine)

    assert comes(after, dues[-1], count=1) == [(date(2026, 11, 25), utc("2026-11-25T17:00"))]


def one_off(at: str) -> When:
    return Once(on=date(2026, 11, 24), at=time.fromisoformat(at), zone="America/Denver")


def test_a_single_reminder_that_a_move_would_swallow_comes_at_once_and_one_that_came_does_not() -> None:
    schedule = Schedule(person_id=PERSON, kind="appointment-1", version=3, when=one_off("09:00"))

    _, (waiting,) = moved(schedule, zone=NEW_YORK, now=utc("2026-11-24T15:30"))
    _, over = moved(schedule, zone="America/Los_Angeles", now=utc("2026-11-24T18:00"))

    assert (waiting.on, waiting.at, waiting.version) == (date(2026, 11, 24), utc("2026-11-24T15:30"), 4)
    assert over == ()


def test_what_is_paused_moves_along_and_stays_paused() -> None:
    paused = Schedule(person_id=PERSON, kind="check_in", version=1, when=one_off("09:00"), paused=True)

    after, dues = moved(paused, zone=NEW_YORK, now=utc("2026-11-24T12:00"))

    assert dues == ()
    assert after.when.zone == NEW_YORK


def test_an_edit_to_later_on_a_day_that_had_its_reminder_holds_from_the_next_day() -> None:
    now = utc("2026-11-24T15:00")  # ten o'clock in New York
    three = a_schedule(at="15:00", version=2)

    _, (*_, after_nine) = replanned(a_schedule(at="09:00"), three, now=now)
    _, (*_, before_eleven) = replanned(a_schedule(at="11:00"), three, now=now)

    assert after_nine.on == date(2026, 11, 25)
    assert before_eleven.on == date(2026, 11, 24)


def test_what_waits_for_quiet_hours_to_end_is_not_lost_by_an_edit_or_a_move() -> None:
    half_past_seven = utc("2026-11-24T12:30")  # in New York; what was due at 7:00 waits until 8:00
    seven, nine = a_schedule(at="07:00"), a_schedule(at="09:00", version=2)

    for dues in (
        replanned(seven, nine, now=half_past_seven)[1],
        moved(seven, zone="America/Chicago", now=half_past_seven)[1],
    ):
        waiting, following = dues
        assert (waiting.on, waiting.due_at, waiting.at) == (
            date(2026, 11, 24),
            utc("2026-11-24T12:00"),
            half_past_seven,
        )
        assert waiting.was_deferred
        assert waiting.version == 2
        assert following.on == date(2026, 11, 25)


def test_what_is_too_late_to_send_is_not_put_again() -> None:
    reminder = Schedule(person_id=PERSON, kind="appointment-1", version=1, when=one_off("09:00"))

    _, dues = replanned(reminder, replace(reminder, version=2, title="Other"), now=utc("2026-11-24T18:00"))

    assert dues == ()


def test_what_lay_behind_when_a_schedule_was_set_never_fell_due_by_it() -> None:
    half_past_seven = utc("2026-11-24T12:30")
    seven = replace(a_schedule(at="07:00"), since=utc("2026-11-24T12:15"))

    _, (due,) = replanned(seven, replace(seven, version=2, title="Other"), now=half_past_seven)

    assert due.on == date(2026, 11, 25)


def test_a_pause_stops_what_waits_and_going_on_does_not_bring_it_back() -> None:
    half_past_seven = utc("2026-11-24T12:30")
    going = a_schedule(at="07:00")
    paused = replace(going, version=2, paused=True)

    assert replanned(going, paused, now=half_past_seven)[1] == ()
    _, (due,) = replanned(paused, replace(paused, version=3, paused=False), now=half_past_seven)
    assert due.on == date(2026, 11, 25)


def test_what_a_new_version_has_behind_it_already_never_fell_due_by_it() -> None:
    """Tuesdays at noon of the Chatham Islands, moved to Samoa on a Tuesday evening, and then edited there."""
    noon = Recurrence(at=time(12), rule="FREQ=WEEKLY;BYDAY=TU", zone="Pacific/Chatham", starts_on=date(2026, 11, 1))
    tuesdays = replace(a_schedule(), when=noon, since=utc("2026-11-24T00:00"))
    moved_at, edited_at = utc("2026-11-25T06:00"), utc("2026-11-25T06:30")

    there, dues = moved(tuesdays, zone="Pacific/Pago_Pago", now=moved_at)
    daily_there = replace(daily(time(12), "Pacific/Pago_Pago"), version=3)
    _, after = replanned(there, daily_there, now=edited_at)

    assert [due.on for due in dues] == [date(2026, 12, 1)]
    assert [due.on for due in after] == [date(2026, 11, 25)]


def test_what_waits_is_not_lost_by_two_edits_in_a_row_and_keeps_its_own_time() -> None:
    seven, eight = utc("2026-11-24T12:20"), utc("2026-11-24T12:30")  # 7:20 and 7:30 in New York, in quiet hours
    first, second, third = (a_schedule(at=at, version=n) for n, at in enumerate(("07:00", "07:10", "09:00"), 1))

    second, _ = replanned(first, second, now=seven)
    _, (waiting, following) = replanned(second, third, now=eight)

    assert (waiting.on, waiting.due_at, waiting.version) == (date(2026, 11, 24), utc("2026-11-24T12:00"), 3)
    assert following.on == date(2026, 11, 25)
