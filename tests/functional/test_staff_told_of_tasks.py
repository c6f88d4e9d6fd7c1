"""A flag from the moment that it opens to the last message about it, through the functions' own doors, on moto."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest

import app
from chalicelib.crisis import handlers as crisis
from chalicelib.crisis import handling
from chalicelib.crisis.handling import By
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge.ids import new_id
from chalicelib.enrollment import reaching
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from chalicelib.privacy.domain import Role
from chalicelib.staff import pursuing, service
from chalicelib.staff.domain import Member
from chalicelib.staff.pursuing import Climb
from chalicelib.staff.store import DynamoClimbs, DynamoStaff, StaffItem
from chalicelib.staff.telling import kind_of
from chalicelib.tasks.domain import Kind, Severity, Task, task_for
from chalicelib.tasks.service import do_task
from chalicelib.tasks.store import DynamoTasks, TaskItem
from tests.build import utc
from tests.fakes_crisis import a_call
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import Stack, an_event, enrol

stack = a_day.stack

PROGRAMME = "iop-evening"
# Two in the night of a Thursday in New York.
NIGHT = utc("2026-11-26T07:00")
MINUTE = timedelta(minutes=1)
TASK_OF_ANOTHER_VERSION: dict[str, Any] = {
    "programme_id": PROGRAMME,
    "kind": "a kind of tomorrow",
    "about": "x",
    "owner": "clinician",
    "opened_at": NIGHT,
    "due_at": NIGHT,
    "state": "open",
}


def put_staff(account: str, *roles: Role, now: datetime = NIGHT - timedelta(days=7), **changes: Any) -> Member:
    member = Member(
        programme_id=PROGRAMME,
        account=account,
        first_name=account.title(),
        roles=frozenset(roles),
        language="en",
        zone="America/New_York",
        put_by="admin",
        put_at=now,
        **changes,
    )
    return service.put_member(
        service.Wanted(member=member, email=f"{account}@care.example", attested=True),
        version=0,
        by="admin",
        now=now,
        staff=DynamoStaff(),
        programmes=DynamoProgrammes(),
        new_id=new_id,
    )


def a_flag(person: str, *, severity: Severity, within: timedelta, at: datetime = NIGHT) -> Task:
    return Task(
        programme_id=PROGRAMME,
        person_id=person,
        kind=Kind.FLAG,
        about="self_harm_thoughts-2026-11-26",
        owner=Role.CLINICIAN,
        opened_at=at,
        due_at=at + within,
        severity=severity,
        because="phq9.9 is 2",
    )


def record_of(task: Task) -> dict[str, Any]:
    record: dict[str, Any] = an_event("achieve")["Records"][0]
    record["eventName"] = "INSERT"
    record["dynamodb"]["Keys"] = {"pk": {"S": f"TASKS#{task.person_id}"}, "sk": {"S": task.id}}
    record["dynamodb"]["NewImage"] = {**record["dynamodb"]["Keys"], "state": {"S": "open"}}
    record["dynamodb"].pop("OldImage", None)
    return record


def opened(stack: Stack, task: Task, *, at: datetime | None = None) -> None:
    """Have the stream bring that a task was opened."""
    DynamoTasks().open(task)
    stack.clock.set(at or task.opened_at)
    assert app.achieve({"Records": [record_of(task)]}, None) == {"batchItemFailures": []}


def pass_by(stack: Stack, *instants: datetime) -> None:
    """Let a tick and its deliveries happen at each of these, as if ticks had happened every minute before."""
    DynamoDues().advance((instants[0] - timedelta(hours=1)).replace(minute=0))
    for at in instants:
        stack.tick(at)
        stack.deliver(stack.messages(), at=at + timedelta(seconds=55))


def to_whom(stack: Stack) -> list[str]:
    """Return who was told of tasks; that the programme has no rota its admin hears by a message of another kind."""
    return [
        message.destinations[0].partition("@")[0]
        for message in stack.sent()
        if "rota" not in str(message_from_string(message.raw_data, policy=default).get_body(("plain",)))
    ]


def do(task: Task, at: datetime) -> None:
    do_task(task.person_id, task.id, by="dr", action="Called.", now=at, tasks=DynamoTasks())


@pytest.fixture
def person(stack: Stack) -> str:
    del stack
    return enrol(consents=())


@pytest.fixture
def team(person: str) -> dict[str, Member]:
    del person
    return {
        "dr": put_staff("dr", Role.CLINICIAN),
        "other": put_staff("other", Role.CLINICIAN),
        "casey": put_staff("casey", Role.CASE_MANAGER),
        "boss": put_staff("boss", Role.PROGRAM_ADMIN),
    }


def on_the_team(person: str, account: str) -> None:
    reaching.join_care_team(person, account, by="admin", now=NIGHT, people=DynamoPeople())


def test_a_crisis_flag_climbs_by_night_until_somebody_says_what_they_did(
    stack: Stack, person: str, team: dict[str, Member]
) -> None:
    del team
    on_the_team(person, "dr")
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))

    opened(stack, task)
    stack.deliver(stack.messages(), at=NIGHT + timedelta(seconds=3))
    assert to_whom(stack) == ["dr"]

    pass_by(stack, NIGHT + MINUTE, NIGHT + 14 * MINUTE)
    assert to_whom(stack) == ["dr"]
    pass_by(stack, *(NIGHT + minute * MINUTE for minute in (15, 16, 18)))
    assert sorted(to_whom(stack)) == ["dr", "dr", "other"]
    pass_by(stack, *(NIGHT + minute * MINUTE for minute in (30, 31, 33)))
    assert sorted(to_whom(stack)) == ["boss", "dr", "dr", "other"]

    do(task, NIGHT + 34 * MINUTE)
    opened(stack, task, at=NIGHT + 35 * MINUTE)
    pass_by(stack, NIGHT + 36 * MINUTE, NIGHT + 38 * MINUTE)
    assert len(to_whom(stack)) == 4


def test_a_flag_whose_call_was_paged_is_not_told_a_second_time_and_climbs_all_the_same(
    stack: Stack, person: str, team: dict[str, Member]
) -> None:
    crisis.desk.cache_clear()
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))
    DynamoTasks().open(task)
    stack.clock.set(NIGHT)
    crisis.press(a_call(NIGHT, caller=person, programme_id=PROGRAMME), now=NIGHT)
    opened(stack, task)
    stack.deliver(stack.messages(), at=NIGHT + timedelta(seconds=3))

    # Nobody is on call: all of the staff are paged, each once, and the clinicians aren't told of the flag besides.
    assert sorted(to_whom(stack)) == sorted(team)
    entry = DynamoLedger().get(team["dr"].id, kind_of(task, task.ladder[0]), task.opened_at.date())
    assert entry is not None
    assert (entry.status, entry.reason) == (Status.SKIPPED, Reason.CANCELLED)
    (one,) = DynamoCrises().open_ones()
    handling.acknowledge(one.id, By(account="boss", programme_id=PROGRAMME), now=NIGHT, desk=crisis.desk())
    pass_by(stack, *(NIGHT + minute * MINUTE for minute in (15, 17)))
    told = DynamoLedger().get(team["dr"].id, kind_of(task, task.ladder[1]), task.ladder[1].at.date())
    assert told is not None
    assert told.status is Status.SENT


def test_a_flag_whose_call_nobody_could_be_paged_for_yet_is_told(
    stack: Stack, person: str, team: dict[str, Member]
) -> None:
    del team
    crisis.desk.cache_clear()
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))
    DynamoTasks().open(task)
    # Written down with the answer, and then its process died.
    assert DynamoCrises().keep(a_call(NIGHT, caller=person, programme_id=PROGRAMME))
    opened(stack, task)
    stack.deliver(stack.messages(), at=NIGHT + timedelta(seconds=3))

    assert sorted(to_whom(stack)) == ["dr", "other"]


def test_what_is_done_in_time_goes_no_further(stack: Stack, person: str, team: dict[str, Member]) -> None:
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))
    opened(stack, task)
    stack.deliver(stack.messages(), at=NIGHT + timedelta(seconds=3))
    assert sorted(to_whom(stack)) == ["dr", "other"]

    do(task, NIGHT + 5 * MINUTE)
    pass_by(stack, *(NIGHT + minute * MINUTE for minute in (15, 17, 30, 32)))

    assert len(to_whom(stack)) == 2
    on = task.opened_at.date()
    for member in team.values():
        assert DynamoLedger().get(member.id, kind_of(task, task.ladder[1]), on) is None


def test_what_is_done_between_the_tick_and_the_message_is_not_told(
    stack: Stack, person: str, team: dict[str, Member]
) -> None:
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))
    opened(stack, task)
    waiting = stack.messages()

    do(task, NIGHT)
    stack.deliver(waiting, at=NIGHT + timedelta(seconds=2))

    assert stack.sent() == []
    entry = DynamoLedger().get(team["dr"].id, kind_of(task, task.ladder[0]), task.opened_at.date())
    assert entry is not None
    assert (entry.status, entry.reason) == (Status.SKIPPED, Reason.CANCELLED)


def test_records_and_messages_that_come_again_change_nothing(
    stack: Stack, person: str, team: dict[str, Member]
) -> None:
    del team
    on_the_team(person, "dr")
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))
    for minute in (0, 0, 3):
        opened(stack, task, at=NIGHT + minute * MINUTE)
    waiting = stack.messages()
    stack.deliver(waiting + waiting, at=NIGHT + 3 * MINUTE)
    stack.deliver(waiting, at=NIGHT + 3 * MINUTE)
    pass_by(stack, NIGHT + 4 * MINUTE, NIGHT + 6 * MINUTE)
    assert to_whom(stack) == ["dr"]

    pass_by(stack, NIGHT + 15 * MINUTE, NIGHT + 17 * MINUTE)
    opened(stack, task, at=NIGHT + 18 * MINUTE)
    pass_by(stack, NIGHT + 18 * MINUTE, NIGHT + 20 * MINUTE)

    assert sorted(to_whom(stack)) == ["dr", "dr", "other"]


def test_a_task_that_the_stream_never_brings_is_told_by_the_next_tick(
    stack: Stack, person: str, team: dict[str, Member]
) -> None:
    del team
    on_the_team(person, "dr")
    DynamoTasks().open(a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15)))

    pass_by(stack, NIGHT + MINUTE)

    assert to_whom(stack) == ["dr"]


def test_the_message_says_nothing_of_whom_or_what(stack: Stack, person: str, team: dict[str, Member]) -> None:
    del team
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))
    opened(stack, task)
    stack.deliver(stack.messages(), at=NIGHT)

    raw = stack.sent()[0].raw_data
    message = message_from_string(raw, policy=default)
    assert message["Subject"] == "Urgent: action needed - open dashboard"
    text = message.get_body(("plain",))
    assert text is not None
    assert f"Reference: {task.reference[:8].upper()}" in text.get_content()
    for private in (person, "Ana", "Quintero", "self_harm", "harm", "phq", PROGRAMME, "iop", "dr-"):
        assert private not in raw


def test_logs_hold_nothing_of_whom_or_what(
    stack: Stack, person: str, team: dict[str, Member], log: Callable[[], list[dict[str, object]]]
) -> None:
    del team
    opened(stack, a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15)))
    stack.deliver(stack.messages(), at=NIGHT)

    text = json.dumps(log())

    for private in (person, "self_harm", "phq9", "dr@care", "Dr"):
        assert private not in text


def test_talk_today_is_told_when_work_begins_where_there_is_time_then(
    stack: Stack, person: str, team: dict[str, Member]
) -> None:
    del team
    # Half past seven in the morning: due at half past nine, half an hour after work begins.
    early = utc("2026-11-27T12:30")
    soon = task_for(Kind.TALK_TODAY, "2026-11-27", programme_id=PROGRAMME, person_id=person, at=early)
    opened(stack, soon)
    pass_by(stack, early, early + 2 * MINUTE)
    assert to_whom(stack) == ["casey"]

    # Six in the morning, and due at eleven.
    six = utc("2026-11-30T11:00")
    later = replace(soon, about="2026-11-30", opened_at=six, due_at=utc("2026-11-30T16:00"))
    do(soon, early + 5 * MINUTE)
    opened(stack, later)
    pass_by(stack, six, six + 2 * MINUTE)
    assert to_whom(stack) == ["casey"]
    pass_by(stack, utc("2026-11-30T13:59"), utc("2026-11-30T14:02"))
    assert to_whom(stack) == ["casey", "casey"]


def test_who_was_removed_gets_nothing_more(stack: Stack, person: str, team: dict[str, Member]) -> None:
    del team
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))
    opened(stack, task)
    service.remove_member(PROGRAMME, "dr", by="admin", now=NIGHT, staff=DynamoStaff())
    stack.deliver(stack.messages(), at=NIGHT + timedelta(seconds=2))

    assert to_whom(stack) == ["other"]


def test_nobody_to_tell_is_seen(stack: Stack, person: str, log: Callable[[], list[dict[str, object]]]) -> None:
    opened(stack, a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15)))

    assert any("StaffUntold" in line for line in log())


def test_steps_that_can_not_be_taken_hold_up_none_that_come_later(
    stack: Stack, person: str, team: dict[str, Member], log: Callable[[], list[dict[str, object]]]
) -> None:
    """More tasks than a minute looks at can't be read, and are overdue for longer than a crisis is."""
    del team
    begins = NIGHT - timedelta(hours=3)
    for number in range(pursuing.A_MINUTE):
        # An item that some other version of the code wrote.
        TaskItem(f"TASKS#broken{number}", "flag-x", **TASK_OF_ANOTHER_VERSION).save()
        DynamoClimbs().put(Climb(at=begins, person_id=f"broken{number}", task_id="flag-x", number=1))
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))
    opened(stack, task)
    stack.deliver(stack.messages(), at=NIGHT)
    assert sorted(to_whom(stack)) == ["dr", "other"]

    pass_by(stack, *(NIGHT + minute * MINUTE for minute in (15, 16, 17)))

    assert sorted(to_whom(stack)) == ["dr", "dr", "other", "other"]
    assert sum("StaffErrors" in line for line in log()) >= 3
    assert len(DynamoClimbs().coming(by=NIGHT + timedelta(days=1), limit=999)) == pursuing.A_MINUTE + 1


def test_one_member_who_can_not_be_read_silences_no_other(
    stack: Stack, person: str, team: dict[str, Member], log: Callable[[], list[dict[str, object]]]
) -> None:
    item = StaffItem.get(f"STAFF#{team['other'].id}", "STAFF")
    item.attribute_values["roles"] = ["a role of tomorrow"]
    item.save()
    task = a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15))

    opened(stack, task)
    stack.deliver(stack.messages(), at=NIGHT + timedelta(seconds=2))

    assert to_whom(stack) == ["dr"]
    assert any("StaffErrors" in line for line in log())
