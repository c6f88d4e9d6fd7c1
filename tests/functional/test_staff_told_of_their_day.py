"""A member's day's message through the functions' own doors, on moto: when, what it counts, and when there is none."""

from dataclasses import replace
from datetime import datetime, time, timedelta
from email import message_from_string
from email.policy import default

import pytest

from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.outreach.domain import Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.operating import Position
from chalicelib.outreach.store import DynamoDues
from chalicelib.outreach.switch import DynamoSwitch
from chalicelib.privacy.domain import Role
from chalicelib.staff import service
from chalicelib.staff.domain import Hours, Member
from chalicelib.staff.store import DynamoStaff
from chalicelib.tasks.domain import Kind, Severity, task_for
from chalicelib.tasks.store import DynamoTasks
from tests.build import utc
from tests.functional import test_staff_told_of_tasks as told
from tests.functional.test_a_day_of_check_ins import Stack
from tests.functional.test_staff_told_of_tasks import PROGRAMME, a_flag, do, on_the_team, opened, put_staff, to_whom

stack, person = told.stack, told.person

FRIDAY = utc("2026-11-27T14:00")
"""Nine in the morning in New York."""
SATURDAY, MONDAY = FRIDAY + timedelta(days=1), FRIDAY + timedelta(days=3)


@pytest.fixture
def casey(person: str) -> Member:
    del person
    return put_staff("casey", Role.CASE_MANAGER, now=FRIDAY - timedelta(hours=3))


def a_task(person: str, number: int, *, due_at: datetime) -> None:
    task = task_for(Kind.CONTACT_DETAILS, f"c{number}", programme_id=PROGRAMME, person_id=person, at=FRIDAY)
    DynamoTasks().open(replace(task, due_at=due_at))


def morning(stack: Stack, at: datetime) -> None:
    DynamoDues().advance(at - timedelta(hours=1))
    stack.day(at)


def days(stack: Stack) -> list[str]:
    """Return the days' messages: tasks that are overdue bring others."""
    return [message.raw_data for message in stack.sent() if "Your day" in message.raw_data]


def ended(member: Member, at: datetime) -> tuple[Status, Reason | None] | None:
    entry = DynamoLedger().get(member.id, "staff_digest", at.date())
    return (entry.status, entry.reason) if entry else None


def test_a_working_day_begins_with_how_many_things_are_due(stack: Stack, person: str, casey: Member) -> None:
    midnight = utc("2026-11-28T05:00")
    for number, due_at in enumerate((FRIDAY - timedelta(days=2), midnight - timedelta(seconds=1), midnight)):
        a_task(person, number, due_at=due_at)

    morning(stack, FRIDAY)

    (sent,) = days(stack)
    message = message_from_string(sent, policy=default)
    text = message.get_body(("plain",))
    assert text is not None
    assert "Due by the end of today: 2." in text.get_content()
    assert message["Subject"] == "Your day - open your dashboard"
    assert message["List-Unsubscribe"] is None
    assert ended(casey, FRIDAY) == (Status.SENT, None)

    morning(stack, SATURDAY)
    assert len(days(stack)) == 1
    morning(stack, MONDAY)
    assert "Due by the end of today: 3." in days(stack)[1]
    morning(stack, MONDAY)
    assert len(days(stack)) == 2


def test_with_nothing_to_do_there_is_no_message_and_the_next_day_comes(
    stack: Stack, person: str, casey: Member
) -> None:
    morning(stack, FRIDAY)

    assert stack.sent() == []
    assert ended(casey, FRIDAY) == (Status.SKIPPED, Reason.CANCELLED)
    a_task(person, 1, due_at=MONDAY)
    morning(stack, MONDAY)
    assert ended(casey, MONDAY) == (Status.SENT, None)


def test_what_is_others_work_is_not_counted(stack: Stack, person: str, casey: Member) -> None:
    other = put_staff("other", Role.CASE_MANAGER, now=FRIDAY - timedelta(hours=3))
    on_the_team(person, "other")
    DynamoTasks().open(a_flag(person, severity=Severity.FOLLOW_UP, within=timedelta(hours=3), at=FRIDAY))
    a_task(person, 1, due_at=FRIDAY)

    morning(stack, FRIDAY)

    assert ended(casey, FRIDAY) == (Status.SKIPPED, Reason.CANCELLED)
    assert ended(other, FRIDAY) == (Status.SENT, None)


def test_who_switched_it_off_or_moved_their_hours_is_told_so_from_then_on(
    stack: Stack, person: str, casey: Member
) -> None:
    a_task(person, 1, due_at=FRIDAY)
    later = Hours(days=frozenset({"FR", "MO"}), start=time(11), end=casey.hours.end)
    edited = service.edit_member(
        PROGRAMME,
        "casey",
        lambda member: replace(member, hours=later),
        version=1,
        now=FRIDAY - timedelta(hours=1),
        staff=DynamoStaff(),
        programmes=DynamoProgrammes(),
    )

    morning(stack, FRIDAY)
    assert days(stack) == []
    morning(stack, FRIDAY + timedelta(hours=2))
    assert len(days(stack)) == 1

    service.edit_member(
        PROGRAMME,
        "casey",
        lambda member: replace(member, digest=False),
        version=edited.version,
        now=FRIDAY + timedelta(hours=3),
        staff=DynamoStaff(),
        programmes=DynamoProgrammes(),
    )
    morning(stack, MONDAY + timedelta(hours=2))
    assert len(days(stack)) == 1


def test_a_word_on_the_address_does_not_lose_the_days_message(stack: Stack, person: str, casey: Member) -> None:
    a_task(person, 1, due_at=FRIDAY)
    assert casey.email
    service.note_on_address(
        casey.id,
        casey.email.id,
        lambda channel: channel.complained_of(at=FRIDAY),
        revision=1,
        now=FRIDAY - timedelta(minutes=2),
        staff=DynamoStaff(),
    )

    morning(stack, FRIDAY)

    assert to_whom(stack) == ["casey"]


def test_a_pause_holds_back_the_day_and_what_is_urgent_but_no_crisis(stack: Stack, person: str, casey: Member) -> None:
    del casey
    put_staff("dr", Role.CLINICIAN, now=FRIDAY - timedelta(hours=3))
    a_task(person, 1, due_at=FRIDAY)
    stack.clock.set(FRIDAY - timedelta(minutes=5))
    DynamoSwitch().turn(Position(paused=True, since=FRIDAY - timedelta(minutes=5), by="ana", why="a wrong template"))
    opened(stack, a_flag(person, severity=Severity.URGENT, within=timedelta(hours=4), at=FRIDAY))
    crisis = replace(a_flag(person, severity=Severity.CRISIS, within=timedelta(minutes=15), at=FRIDAY), about="x")
    opened(stack, crisis)

    stack.deliver(stack.messages(), at=FRIDAY + timedelta(seconds=2))
    morning(stack, FRIDAY + timedelta(minutes=1))

    assert to_whom(stack) == ["dr"]
    do(crisis, FRIDAY + timedelta(minutes=2))
