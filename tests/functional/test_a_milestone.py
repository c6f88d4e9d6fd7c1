"""A milestone from the date that a person sets to its message, through the functions' own doors, on moto."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_string
from email.policy import default

import pytest

from chalicelib.enrollment import reminders, service
from chalicelib.enrollment.holds import hold_for_crisis
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.reminders import Edit
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.flags.store import DynamoCareRules
from chalicelib.milestones.domain import Goal, Word
from chalicelib.milestones.progress import Progress
from chalicelib.milestones.service import count_from, tell_of_lapse
from chalicelib.milestones.store import DynamoStreaks
from chalicelib.outreach.domain import Reason, Status
from chalicelib.outreach.kinds import DAYS
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DueItem, DynamoDues
from chalicelib.tasks.store import DynamoTasks
from tests.build import utc
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import NINE, TODAY, Stack, enrol

stack = a_day.stack

SET_AT = utc("2026-11-24T20:00")
WORD = Word(by="ana", at=SET_AT)
THIRTY_DAYS_AGO = TODAY - timedelta(days=30)
TOLD_AT = NINE + timedelta(minutes=11)
"""What goes along with no other message goes out by itself in the minute after ten."""


@pytest.fixture
def ana(stack: Stack) -> str:
    """Return somebody whose check-ins are paused, and who reaches thirty days today."""
    del stack
    person = enrol()
    reminders.edit_schedule(person, "check_in", Edit(paused=True), version=1, now=SET_AT, people=DynamoPeople())
    counts_from(person, THIRTY_DAYS_AGO)
    return person


def counts_from(person: str, on: date, *, now: datetime = SET_AT) -> Progress:
    people = DynamoPeople()
    record = people.record(person)
    assert record is not None
    return count_from(
        person,
        on,
        goal=Goal.ABSTINENCE,
        name=None,
        at=None,
        word=WORD,
        version=record.person.version,
        now=now,
        people=people,
        programmes=DynamoProgrammes(),
        streaks=DynamoStreaks(people),
        ledger=DynamoLedger(),
    )


def tell(person: str, *, now: datetime) -> None:
    people = DynamoPeople()
    tell_of_lapse(
        person,
        None,
        starts_on=None,
        talk_today=False,
        of_opioids=False,
        word=WORD,
        now=now,
        people=people,
        streaks=DynamoStreaks(people),
        holds=DynamoHolds(),
        tasks=DynamoTasks(),
        care_rules=DynamoCareRules(),
    )


def a_minute(stack: Stack, at: datetime) -> None:
    """Hand over and deliver what falls due around an instant; the hours before it were looked at."""
    DynamoDues().advance(at.replace(minute=0) - timedelta(hours=1))
    stack.day(at)


def end(person: str, on: date = TODAY) -> tuple[Status, Reason | None] | None:
    entry = DynamoLedger().get(person, DAYS, on)
    return (entry.status, entry.reason) if entry else None


def waits(person: str) -> list[str]:
    return sorted({item.sk.split("#")[3] for item in DueItem.scan() if item.sk.split("#")[1:3] == [person, DAYS]})


def test_thirty_days_are_told_of_once_and_say_nothing_to_a_stranger(stack: Stack, ana: str) -> None:
    a_minute(stack, NINE)
    assert (end(ana), stack.sent()) == ((Status.WAITING, None), [])
    a_minute(stack, TOLD_AT)
    a_minute(stack, TOLD_AT)
    a_minute(stack, TOLD_AT + timedelta(days=1))

    assert end(ana) == (Status.MERGED, None)
    (message,) = stack.sent()
    body = message_from_string(message.raw_data, policy=default)
    shown = " ".join([body["Subject"], *(part.get_content() for part in body.walk() if not part.is_multipart())])
    assert "Algo para celebrar" in shown
    assert not [word for word in ("30 d", "recuper", "sobri", "consum") if word in shown.lower()]
    assert waits(ana) == [str(THIRTY_DAYS_AGO + timedelta(days=60))]


def test_a_corrected_date_withdraws_what_waits_and_says_nothing(stack: Stack, ana: str) -> None:
    a_minute(stack, NINE)

    counts_from(ana, THIRTY_DAYS_AGO + timedelta(days=3), now=NINE + timedelta(minutes=5))
    a_minute(stack, TOLD_AT)

    assert stack.sent() == []
    assert end(ana) == (Status.SKIPPED, Reason.CANCELLED)
    later = TODAY + timedelta(days=3)
    a_minute(stack, NINE + timedelta(days=3))
    a_minute(stack, TOLD_AT + timedelta(days=3))
    assert end(ana, later) == (Status.MERGED, None)
    assert len(stack.sent()) == 1


def test_a_corrected_date_is_in_time_for_what_was_handed_over_already(stack: Stack, ana: str) -> None:
    stack.tick(NINE - timedelta(seconds=50))
    messages = stack.messages()

    counts_from(ana, THIRTY_DAYS_AGO + timedelta(days=3), now=NINE - timedelta(seconds=20))
    stack.deliver(messages, at=NINE)

    assert (end(ana), stack.sent()) == (None, [])


def test_what_was_told_is_not_told_again_when_the_date_is_corrected(stack: Stack, ana: str) -> None:
    a_minute(stack, NINE)
    a_minute(stack, TOLD_AT)

    found = counts_from(ana, THIRTY_DAYS_AGO + timedelta(days=1), now=NINE + timedelta(hours=1))
    a_minute(stack, NINE + timedelta(days=1))
    a_minute(stack, TOLD_AT + timedelta(days=1))

    assert len(stack.sent()) == 1
    assert [str(award.on) for award in found.awards if award.name == "d30"] == [str(TODAY)]


def test_after_a_return_to_use_nothing_that_waits_is_celebrated(stack: Stack, ana: str) -> None:
    a_minute(stack, NINE)

    tell(ana, now=NINE + timedelta(minutes=5))
    for hours in (0, 6, 24, 47, 49, 54):
        a_minute(stack, TOLD_AT + timedelta(hours=hours))

    assert stack.sent() == []
    assert end(ana) == (Status.SKIPPED, Reason.CANCELLED)


def test_while_a_crisis_is_open_it_waits_and_is_told_of_in_time_or_not_at_all(stack: Stack, ana: str) -> None:
    hold_for_crisis(ana, now=NINE - timedelta(hours=1), holds=DynamoHolds())
    a_minute(stack, NINE)
    for hours in (0, 6, 12, 24, 48, 54, 72, 78):
        a_minute(stack, TOLD_AT + timedelta(hours=hours))

    assert stack.sent() == []
    ended = end(ana)
    assert ended is not None
    assert ended[0] in {Status.WAITING, Status.SKIPPED}


def test_who_moves_west_is_congratulated_once_at_nine_of_theirs(stack: Stack, ana: str) -> None:
    people = DynamoPeople()
    record = people.record(ana)
    assert record is not None
    service.edit_person(
        ana,
        lambda present: replace(present, zone="America/Los_Angeles"),
        version=record.person.version,
        now=NINE - timedelta(hours=1),
        people=people,
        programmes=DynamoProgrammes(),
    )

    a_minute(stack, NINE)
    a_minute(stack, TOLD_AT)
    assert stack.sent() == []
    a_minute(stack, NINE + timedelta(hours=3))
    a_minute(stack, TOLD_AT + timedelta(hours=3))

    assert end(ana) == (Status.MERGED, None)
    assert len(stack.sent()) == 1


def test_a_count_begun_anew_is_celebrated_anew(stack: Stack, ana: str) -> None:
    a_minute(stack, NINE)
    a_minute(stack, TOLD_AT)
    tell(ana, now=NINE + timedelta(hours=2))
    counts_from(ana, TODAY, now=NINE + timedelta(hours=3))

    for days in (1, 7, 14, 30):
        a_minute(stack, NINE + timedelta(days=days))
        a_minute(stack, TOLD_AT + timedelta(days=days))
    # Sixty days of the count before would have been today too: its void row came in the same batch, so the other one
    # was looked at by the next tick.
    a_minute(stack, TOLD_AT + timedelta(days=30, minutes=11))

    # The first day falls within the two quiet ones.
    assert [end(ana, TODAY + timedelta(days=days)) is not None for days in (1, 7, 14, 30)] == [True] * 4
    assert end(ana, TODAY + timedelta(days=30)) == (Status.MERGED, None)
