"""A reminder of a date from being set to its message, through the functions' own doors, on moto."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

from chalicelib.edge.ids import new_id
from chalicelib.enrollment import reminders, service
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reminders import Edit, Plan
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.recurrence import Elapsed, Once
from chalicelib.outreach.store import DueItem
from tests.build import utc
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import Stack, enrol

stack = a_day.stack

SET_AT = utc("2026-11-24T20:00")
THREE = utc("2026-11-25T20:00")
"""Three in the afternoon in New York."""
TITLE = "Dr. Lee, methadone clinic"


def once(zone: str) -> Once:
    return Once(on=date(2026, 11, 25), at=time(15), zone=zone)


def edit(person: str, kind: str, change: Edit, *, now: datetime) -> None:
    reminders.edit_schedule(person, kind, change, version=1, now=now, people=DynamoPeople())


def a_person() -> str:
    """Enrol somebody whose check-ins are paused, so that all messages are of reminders."""
    person = enrol()
    edit(person, "check_in", Edit(paused=True), now=SET_AT)
    return person


def a_reminder(person: str, plan: Plan = once) -> str:
    return reminders.set_reminder(
        person, plan, title=TITLE, keeps_zone=False, now=SET_AT, people=DynamoPeople(), new_id=new_id
    ).kind


def waiting(kind: str) -> int:
    return sum(item.sk.split("#")[2] == kind for item in DueItem.scan())


def status(person: str, kind: str) -> Status | None:
    entry = DynamoLedger().get(person, kind, date(2026, 11, 25))
    return entry.status if entry else None


def test_a_single_date_is_told_of_once_discreetly_and_leaves_nothing_waiting(stack: Stack) -> None:
    person = a_person()
    kind = a_reminder(person)

    stack.day(THREE)
    stack.day(THREE + timedelta(days=1))

    assert status(person, kind) is Status.SENT
    assert waiting(kind) == 0
    (message,) = stack.sent()
    raw = message.raw_data
    assert not any(word in raw for word in ("Lee", "methadone", "clinic"))


def test_a_day_before_is_told_of_when_24_hours_have_still_to_pass(stack: Stack) -> None:
    person = a_person()
    kind = a_reminder(
        person,
        lambda zone: Elapsed(
            of=Once(on=date(2026, 11, 26), at=time(15), zone=zone), by=-timedelta(hours=24), zone=zone
        ),
    )

    stack.day(THREE)

    assert status(person, kind) is Status.SENT


def test_what_is_paused_or_removed_after_it_was_handed_over_is_not_sent(stack: Stack) -> None:
    person = a_person()
    paused, removed = a_reminder(person), a_reminder(person)
    stack.tick(THREE - timedelta(seconds=50))
    messages = stack.messages()

    edit(person, paused, Edit(paused=True), now=THREE - timedelta(seconds=20))
    reminders.remove_reminder(person, removed, now=THREE, people=DynamoPeople())
    stack.deliver(messages, at=THREE)

    assert (status(person, paused), status(person, removed)) == (None, None)
    assert stack.sent() == []


def test_another_title_in_the_last_second_costs_nobody_the_reminder(stack: Stack) -> None:
    person = a_person()
    kind = a_reminder(person)
    stack.tick(THREE - timedelta(seconds=50))
    messages = stack.messages()

    edit(person, kind, Edit(title="Dr. Kim"), now=THREE + timedelta(milliseconds=200))
    stack.deliver(messages, at=THREE + timedelta(milliseconds=400))
    assert stack.sent() == []
    stack.tick(THREE + timedelta(minutes=1, seconds=1))
    stack.deliver(stack.messages(), at=THREE + timedelta(minutes=1, seconds=2))

    assert status(person, kind) is Status.SENT
    assert len(stack.sent()) == 1
    assert waiting(kind) == 0


def test_a_move_to_another_zone_moves_what_was_handed_over_already(stack: Stack) -> None:
    person = a_person()
    kind = a_reminder(person)
    stack.tick(THREE - timedelta(seconds=50))
    messages = stack.messages()

    record = DynamoPeople().record(person)
    assert record is not None
    service.edit_person(
        person,
        lambda present: replace(present, zone="America/Los_Angeles"),
        version=record.person.version,
        now=THREE - timedelta(seconds=20),
        people=DynamoPeople(),
        programmes=DynamoProgrammes(),
    )
    stack.deliver(messages, at=THREE)
    assert stack.sent() == []
    stack.day(THREE + timedelta(hours=3))

    assert status(person, kind) is Status.SENT
    assert len(stack.sent()) == 1
