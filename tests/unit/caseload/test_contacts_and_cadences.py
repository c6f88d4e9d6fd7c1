"""When the next contact is due, by the person's clocks, and what the log says of the last one."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.caseload.domain import (
    OLDEST,
    STAFF,
    Cadence,
    Contact,
    Draft,
    How,
    Outcome,
    contact_id,
    draft_faults,
    last_of,
    next_due,
    stands,
)
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Role
from tests.build import utc

NOW = utc("2026-11-24T18:00")
LONG_AGO = date(2026, 1, 1)

dates = st.dates(date(2026, 1, 1), date(2027, 12, 31))
instants = st.datetimes(datetime(2026, 1, 1), datetime(2026, 11, 24, 18)).map(lambda at: at.replace(tzinfo=NOW.tzinfo))
zones = st.sampled_from(["America/New_York", "Pacific/Apia", "Asia/Kolkata", "America/St_Johns", "UTC"])
days = st.integers(1, 90)


def a_cadence(*, every: int = 7, starts: date = date(2026, 11, 20), role: Role = Role.CLINICIAN) -> Cadence:
    return Cadence(person_id="p", role=role, every_days=every, starts_on=starts, by="dr", set_at=NOW)


def a_contact(
    at: datetime = NOW, *, role: Role = Role.CLINICIAN, outcome: Outcome = Outcome.REACHED, number: int = 1
) -> Contact:
    return Contact(
        id=contact_id(at, str(number)),
        person_id="p",
        programme_id="iop",
        at=at,
        how=How.CALL,
        outcome=outcome,
        role=role,
        by="dr",
        noted_at=NOW,
    )


contacts = st.lists(
    st.builds(
        a_contact,
        instants,
        role=st.sampled_from(STAFF),
        outcome=st.sampled_from(Outcome),
        number=st.integers(1, 10**6),
    ),
    max_size=12,
).map(lambda found: sorted(found, key=lambda one: one.id, reverse=True))


def test_the_first_contact_is_due_when_the_cadence_begins() -> None:
    assert next_due(a_cadence(), None, not_before=LONG_AGO) == date(2026, 11, 20)


def test_the_next_is_due_so_many_days_after_the_last() -> None:
    assert next_due(a_cadence(every=14), date(2026, 11, 24), not_before=LONG_AGO) == date(2026, 12, 8)


def test_a_cadence_that_begins_later_is_not_due_before() -> None:
    assert next_due(a_cadence(starts=date(2026, 12, 20)), date(2026, 11, 24), not_before=LONG_AGO) == date(2026, 12, 20)


def test_what_was_of_an_earlier_stay_is_due_from_admission_on() -> None:
    assert next_due(a_cadence(), date(2026, 6, 1), not_before=date(2026, 11, 23)) == date(2026, 11, 23)


@given(days, dates, st.none() | dates, dates)
def test_a_contact_is_due_after_the_last_and_never_before_the_beginning(
    every: int, starts: date, reached: date | None, admitted: date
) -> None:
    due = next_due(a_cadence(every=every, starts=starts), reached, not_before=admitted)

    assert due >= max(starts, admitted)
    assert due == max(starts, admitted) or (reached is not None and due == reached + timedelta(days=every))
    if reached:
        assert due > reached or due == max(starts, admitted)


@given(days, dates, dates, dates)
def test_a_later_contact_never_makes_the_next_due_earlier(every: int, starts: date, one: date, other: date) -> None:
    cadence = a_cadence(every=every, starts=starts)

    found = [next_due(cadence, reached, not_before=LONG_AGO) for reached in sorted([one, other])]

    assert found == sorted(found)
    assert next_due(cadence, None, not_before=LONG_AGO) <= found[0]


@given(instants, zones, days)
def test_days_are_counted_by_the_persons_clocks(at: datetime, zone: str, every: int) -> None:
    last = last_of([a_contact(at)], of=[Role.CLINICIAN])

    (stand,) = stands([a_cadence(every=every, starts=LONG_AGO)], last, zone=zone, not_before=LONG_AGO, now=NOW)

    assert stand.due_on == local_date(at, zone) + timedelta(days=every)
    assert stand.is_due == (local_date(NOW, zone) >= stand.due_on)
    assert stand.is_overdue == (local_date(NOW, zone) > stand.due_on)


@given(contacts, st.sets(st.sampled_from(STAFF)))
def test_what_the_log_says_is_what_all_of_it_says(log: list[Contact], wanted: set[Role]) -> None:
    found = last_of(log, of=wanted)

    real = [one for one in log if one.outcome is not Outcome.WITHDRAWN]
    reached = [one for one in real if one.outcome is Outcome.REACHED]
    assert found.contact == next(iter(real), None)
    assert found.reached_at == max((one.at for one in reached), default=None)
    for role in wanted:
        assert found.reached.get(role) == max((one.at for one in reached if one.role is role), default=None)


def test_the_log_is_read_no_further_than_needed() -> None:
    read: list[Contact] = []

    def log() -> Iterator[Contact]:
        for number in range(50):
            one = a_contact(NOW - timedelta(days=number), role=STAFF[number % 3])
            read.append(one)
            yield one

    last_of(log(), of=STAFF)

    assert len(read) == 3


def test_a_corrected_line_and_what_stands_for_nothing_do_not_count() -> None:
    wrong = replace(a_contact(NOW), corrected_by="later")
    taken_back = a_contact(NOW, outcome=Outcome.WITHDRAWN, number=2)
    earlier = a_contact(NOW - timedelta(days=3), number=3)

    assert last_of([wrong, taken_back, earlier], of=[]).contact == earlier


@given(instants, instants)
def test_names_sort_as_contacts_lie_in_time(one: datetime, other: datetime) -> None:
    assert (contact_id(one, "f") < contact_id(other, "0")) or one >= other


@pytest.mark.parametrize(
    ("ago", "corrected_ago", "is_wrong"),
    [
        (timedelta(), None, False),
        (-timedelta(microseconds=1), None, True),
        (OLDEST, None, False),
        (OLDEST + timedelta(microseconds=1), None, True),
        (timedelta(days=45), timedelta(days=45), False),
        (timedelta(days=46), timedelta(days=45), True),
    ],
)
def test_a_contact_lies_within_thirty_days_or_when_the_corrected_one_did(
    ago: timedelta, corrected_ago: timedelta | None, *, is_wrong: bool
) -> None:
    before = a_contact(NOW - corrected_ago) if corrected_ago else None
    draft = Draft(how=How.CALL, outcome=Outcome.REACHED, at=NOW - ago, corrects=before.id if before else None)

    assert [fault.field for fault in draft_faults(draft, now=NOW, before=before)] == (["at"] if is_wrong else [])
