"""A reminder of homework whose hour, length or days a programme edits: it goes along, once, as its person wants it."""

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.enrollment.reminders import Edit, edit_schedule
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Status
from chalicelib.routine import owning, reminding, service, setting
from chalicelib.routine.domain import Item
from chalicelib.routine.store import DynamoRoutines
from tests.conftest import Clock
from tests.functional import test_a_reminder_of_homework as homework
from tests.functional.test_a_day_of_check_ins import Stack
from tests.functional.test_a_reminder_of_homework import EIGHT, NOW, ON, ended, remind

stack, person = homework.stack, homework.person
EVENT = json.loads((Path(__file__).parents[2] / "events/achieve.json").read_text(encoding="utf-8"))


@pytest.fixture(autouse=True)
def at_noon(clock: Clock) -> None:
    clock.set(NOW)


def edit(version: int, *, from_on: date = ON, fresh: str = "c3", now: datetime = NOW, **changes: Any) -> None:
    """Edit the homework, and let the stream bring word of it, as often as it likes."""
    present = service.find_template("iop-evening", routines=DynamoRoutines())
    items: list[Item] = [item for item in present.items if item.ends_on is None]
    setting.set_template(
        "iop-evening",
        tuple(replace(item, **changes) if item.id.startswith(("a", "c")) else item for item in items),
        from_on=from_on,
        level=None,
        levels=None,
        version=version - 1,
        by="admin",
        now=now,
        routines=DynamoRoutines(),
        new_id=iter([fresh, "z8", "z9"]).__next__,
    )
    word(version)


def word(version: int) -> None:
    record: dict[str, Any] = json.loads(json.dumps(EVENT["Records"][0]))
    record["dynamodb"]["Keys"] = {"pk": {"S": "ROUTINE#iop-evening"}, "sk": {"S": f"VERSION#{version:06}"}}
    for _ in range(2):
        assert app.achieve({"Records": [record, record]}, None)["batchItemFailures"] == []


def come_due(stack: Stack, at: datetime) -> None:
    """Deliver what falls due; of what an edit left in line twice, the second is looked at again by a later tick."""
    for minutes in (0, 2):
        stack.day(at + timedelta(minutes=minutes))


def reminders(person: str) -> dict[str, str]:
    record = DynamoPeople().record(person)
    assert record
    return {
        schedule.kind.removeprefix("appointment-item-"): f"{schedule.when.at:%H:%M}"  # type: ignore[union-attr]
        for schedule in record.schedules
        if "item-" in schedule.kind
    }


@pytest.mark.parametrize(
    ("changes", "at"),
    [({"at": time(19)}, "19:00"), ({"minutes": 45}, "20:00"), ({"rule": "FREQ=WEEKLY;BYDAY=TH,FR"}, "20:00")],
)
def test_an_edit_takes_the_reminder_along(stack: Stack, person: str, changes: dict[str, Any], at: str) -> None:
    kind = remind(person)
    edit(2, from_on=ON + timedelta(days=1), **changes)
    assert reminders(person) == {"a1": "20:00", "c3": at}

    for day in range(2):
        for hours in (-1, 0):
            come_due(stack, EIGHT + timedelta(days=day, hours=hours))

    after = "appointment-item-c3"
    assert [ended(person, kind, ON + timedelta(days=day)) for day in range(2)] == [(Status.SENT, None), None]
    assert [ended(person, after, ON + timedelta(days=day)) for day in range(2)] == [None, (Status.SENT, None)]
    assert len(stack.sent()) == 2


def test_an_edit_from_today_on_loses_no_day_and_reminds_once(stack: Stack, person: str) -> None:
    kind, today = remind(person), ON + timedelta(days=1)
    stack.day(EIGHT)
    stack.clock.set(NOW + timedelta(days=2))
    edit(2, at=time(19), from_on=today, now=NOW + timedelta(days=2))

    for hours in (-1, 0):
        stack.day(EIGHT + timedelta(days=1, hours=hours))

    assert reminders(person) == {"c3": "19:00"}
    assert ended(person, kind) == ended(person, "appointment-item-c3", today) == (Status.SENT, None)
    assert ended(person, kind, today) is None
    assert len(stack.sent()) == 2


def test_whoever_chose_a_time_of_their_own_keeps_it(stack: Stack, person: str) -> None:
    del stack
    remind(person, at=time(9, 30))
    edit(2, at=time(21), from_on=ON + timedelta(days=1))
    assert reminders(person) == {"a1": "09:30", "c3": "09:30"}

    # An item that hasn't begun is edited in place.
    edit(3, at=time(22), from_on=ON + timedelta(days=1), fresh="d4")
    assert reminders(person) == {"a1": "09:30", "c3": "09:30"}


def test_an_item_that_has_not_begun_takes_its_reminder_to_its_new_hour(stack: Stack, person: str) -> None:
    del stack
    remind(person)
    edit(2, at=time(21), from_on=ON + timedelta(days=1))
    edit(3, at=time(22), from_on=ON + timedelta(days=1), fresh="d4")
    assert reminders(person) == {"a1": "20:00", "c3": "22:00"}

    # Word of what was long ago changes nothing.
    word(2)
    assert reminders(person) == {"a1": "20:00", "c3": "22:00"}


def test_who_wants_none_any_more_gets_none_by_an_edit(stack: Stack, person: str) -> None:
    del stack
    remind(person)
    edit(2, at=time(21), from_on=ON + timedelta(days=1))
    reminding.forget_item(person, "a1", people=DynamoPeople(), routines=DynamoRoutines(), now=NOW)
    assert reminders(person) == {}

    word(2)
    assert reminders(person) == {}
    remind(person, "a1", at=time(8))
    assert reminders(person) == {"a1": "08:00", "c3": "08:00"}


def test_one_that_is_paused_is_carried_along_so_in_one_write(stack: Stack, person: str) -> None:
    del stack
    kind = remind(person)
    edit_schedule(person, kind, Edit(paused=True), version=1, now=NOW, people=DynamoPeople())
    edit(2, at=time(21), from_on=ON + timedelta(days=1))

    record = DynamoPeople().record(person)
    assert record
    # Whoever died between two writes would have left one that reminds.
    assert [(one.version, one.paused) for one in record.schedules if one.kind == "appointment-item-c3"] == [(1, True)]


def test_nobody_is_reminded_by_an_edit_who_was_not(stack: Stack, person: str) -> None:
    del stack
    edit(2, at=time(21))

    assert reminders(person) == {}


def test_what_ends_is_reminded_of_no_more(stack: Stack, person: str) -> None:
    del stack
    remind(person)
    present = service.find_template("iop-evening", routines=DynamoRoutines())
    DynamoRoutines().add_template(
        replace(present, version=2, items=tuple(replace(one, ends_on=ON - timedelta(days=1)) for one in present.items))
    )
    word(2)

    assert reminders(person) == {}


def test_what_was_done_before_an_edit_stays_done_and_what_was_left_out_stays_out(stack: Stack, person: str) -> None:
    del stack
    people, routines = DynamoPeople(), DynamoRoutines()
    service.say_done(person, "a1", ON, is_done=True, by="p", people=people, routines=routines, now=NOW)
    owning.settle(
        person,
        left_out=frozenset({"b2"}),
        level=None,
        by_self=False,
        version=0,
        people=people,
        routines=routines,
        now=NOW,
    )
    edit(2, at=time(21), from_on=ON + timedelta(days=1))
    present = service.find_template("iop-evening", routines=routines)
    other = next(item for item in present.items if item.id == "b2")
    edited = replace(present, version=3, items=(*present.items, replace(other, id="e5", at=time(8), follows="b2")))
    routines.add_template(edited)

    assert [one.is_done for one in routines.completions(person, ON, ON)] == [True]
    between = (ON, ON + timedelta(days=6))
    view = service.view_of(person, between=between, people=people, routines=routines, now=NOW)
    assert {each.item.id for each in view.series if each.last is None or each.last >= ON} == {"a1", "c3"}
