"""A reminder of homework from the person's wish to its message, through the functions' own doors, on moto."""

from dataclasses import replace
from datetime import date, datetime, time, timedelta

import pytest

from chalicelib.enrollment import reminders
from chalicelib.enrollment.reminders import Edit
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.routine import owning, reminding, service, setting
from chalicelib.routine.domain import Item, Kind, NoSuchItem
from chalicelib.routine.service import NotToDo
from chalicelib.routine.store import DynamoRoutines
from tests.build import NEW_YORK, utc
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import Stack, enrol

stack = a_day.stack

NOW = utc("2026-11-24T20:00")
ON = date(2026, 11, 25)
EIGHT = utc("2026-11-26T01:00")
"""Eight in the evening in New York, on the 25th."""
TITLE = "Cocaine triggers worksheet"


def an_item(kind: Kind, item_id: str) -> Item:
    return Item(
        id=item_id,
        kind=kind,
        title=TITLE,
        rule="FREQ=DAILY",
        at=time(20),
        minutes=30,
        starts_on=ON,
        zone=None if kind is Kind.HOMEWORK else NEW_YORK,
        revised_at=NOW,
    )


@pytest.fixture
def person(stack: Stack) -> str:
    del stack
    person = enrol()
    reminders.edit_schedule(person, "check_in", Edit(paused=True), version=1, now=NOW, people=DynamoPeople())
    setting.set_template(
        "iop-evening",
        (an_item(Kind.HOMEWORK, ""), an_item(Kind.GROUP, "")),
        from_on=date(2026, 11, 24),
        level=None,
        levels=None,
        version=0,
        by="admin",
        now=NOW,
        routines=DynamoRoutines(),
        new_id=iter(["a1", "b2"]).__next__,
    )
    return person


def remind(person: str, item: str = "a1", *, at: time | None = None, now: datetime = NOW) -> str:
    return reminding.remind_of_item(person, item, at=at, people=DynamoPeople(), routines=DynamoRoutines(), now=now).kind


def ended(person: str, kind: str, on: date = ON) -> tuple[Status, Reason | None] | None:
    entry = DynamoLedger().get(person, kind, on)
    return (entry.status, entry.reason) if entry else None


def test_who_asked_is_reminded_on_each_date_discreetly(stack: Stack, person: str) -> None:
    kind = remind(person)

    for day in range(2):
        stack.day(EIGHT + timedelta(days=day))

    assert [ended(person, kind, ON + timedelta(days=day)) for day in range(2)] == [(Status.SENT, None)] * 2
    assert len(stack.sent()) == 2
    for message in stack.sent():
        assert not any(word in message.raw_data.lower() for word in ("cocaine", "trigger", "homework", "worksheet"))


def test_nobody_is_reminded_who_did_not_ask(stack: Stack, person: str) -> None:
    del person
    stack.day(EIGHT)

    assert stack.sent() == []


def test_asking_again_changes_nothing_and_another_time_moves_it(stack: Stack, person: str) -> None:
    kind = remind(person)
    assert remind(person) == kind
    remind(person, at=time(9, 30))

    stack.day(utc("2026-11-25T14:30"))
    stack.day(EIGHT)

    assert len(stack.sent()) == 1
    record = DynamoPeople().record(person)
    assert record
    assert [schedule.version for schedule in record.schedules if schedule.kind == kind] == [2]


def test_what_is_done_already_or_off_is_not_reminded_of(stack: Stack, person: str) -> None:
    kind, routines = remind(person), DynamoRoutines()
    service.say_done(person, "a1", ON, is_done=True, by="p", people=DynamoPeople(), routines=routines, now=NOW)
    tomorrow = ON + timedelta(days=1)
    setting.depart("iop-evening", "a1", tomorrow, moved_to=None, reason="Holiday", by="a", now=NOW, routines=routines)

    for day in range(3):
        stack.day(EIGHT + timedelta(days=day))

    found = [ended(person, kind, ON + timedelta(days=day)) for day in range(3)]
    assert found == [(Status.SKIPPED, Reason.CANCELLED)] * 2 + [(Status.SENT, None)]


def test_what_is_left_out_or_over_is_not_reminded_of(stack: Stack, person: str) -> None:
    kind, routines = remind(person), DynamoRoutines()
    template = service.find_template("iop-evening", routines=routines)
    routines.add_template(
        replace(template, version=2, items=tuple(replace(item, ends_on=ON) for item in template.items))
    )
    tomorrow = ON + timedelta(days=1)

    stack.day(EIGHT)
    stack.day(EIGHT + timedelta(days=1))
    assert [ended(person, kind), ended(person, kind, tomorrow)] == [
        (Status.SENT, None),
        (Status.SKIPPED, Reason.CANCELLED),
    ]
    owning.settle(
        person,
        left_out=frozenset({"a1"}),
        level=None,
        by_self=False,
        version=0,
        people=DynamoPeople(),
        routines=routines,
        now=NOW,
    )
    record = DynamoPeople().record(person)
    assert record
    assert [schedule.kind for schedule in record.schedules] == ["check_in"]


def test_sessions_and_what_is_not_there_are_not_reminded_of_here(stack: Stack, person: str) -> None:
    del stack
    with pytest.raises(NotToDo):
        remind(person, "b2")
    with pytest.raises(NoSuchItem):
        remind(person, "none")


def test_other_reminders_are_none_of_a_weeks_business(stack: Stack, person: str) -> None:
    kind = reminders.set_reminder(
        person,
        lambda zone: an_item(Kind.HOMEWORK, "x").when(zone),
        title="Dentist",
        keeps_zone=False,
        now=NOW,
        people=DynamoPeople(),
        new_id=lambda: "dentist",
    ).kind

    stack.day(EIGHT)

    assert ended(person, kind) == (Status.SENT, None)
