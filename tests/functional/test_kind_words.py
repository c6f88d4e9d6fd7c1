"""Kudos from the sender to the receiver's message, through the functions' own doors, on moto."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta

import pytest

from chalicelib.enrollment import reminders
from chalicelib.enrollment.changing import Change
from chalicelib.enrollment.holds import hold_for_crisis
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.reminders import Edit
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones import kudos
from chalicelib.milestones.domain import Goal, Reached, Streak, Word
from chalicelib.milestones.kudos import CHANGEABLE_FOR, Kudos
from chalicelib.milestones.kudos_store import DynamoKudos
from chalicelib.outreach.domain import Hold, Reason, Status
from chalicelib.outreach.kinds import KUDOS_NUDGE
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import NINE, TODAY, Stack, enrol
from tests.functional.test_who_goes_quiet import a_minute

stack = a_day.stack


class Counting:
    """A count that reached thirty days."""

    def of_person(self, person_id: str) -> tuple[Streak, ...]:
        del person_id
        began = Word(by="ana", at=NINE)
        earned = (Reached(name="d30", on=date(2026, 11, 1)),)
        return (
            Streak(
                number=1, run=1, starts_on=TODAY - timedelta(days=40), goal=Goal.ON_PLAN, began=began, earned=earned
            ),
        )

    def write(self, change: Change, streaks: Iterable[Streak]) -> None:
        raise NotImplementedError(change.person.id, list(streaks))


@pytest.fixture
def ana(stack: Stack) -> str:
    del stack
    person = enrol()
    reminders.edit_schedule(person, "check_in", Edit(paused=True), version=1, now=NINE, people=DynamoPeople())
    return person


def leave(person: str, sender: str, *, now: datetime) -> Kudos:
    return kudos.leave(
        person,
        "d30",
        sender=sender,
        is_care=False,
        phrase="well_done",
        text=None,
        phrases=frozenset({"well_done"}),
        now=now,
        people=DynamoPeople(),
        streaks=Counting(),
        kept=DynamoKudos(),
        dues=DynamoDues(),
    )


def ended(person: str) -> tuple[Status, Reason | None] | None:
    entry = DynamoLedger().get(person, KUDOS_NUDGE, TODAY)
    return (entry.status, entry.reason) if entry else None


def test_several_of_a_day_are_told_of_once_and_by_nobodys_name(stack: Stack, ana: str) -> None:
    for minutes, sender in enumerate(("person:ben", "person:eva", "staff:cleo")):
        leave(ana, sender, now=NINE + timedelta(minutes=minutes))
    readable_at = NINE + CHANGEABLE_FOR
    assert kudos.readable(ana, now=readable_at, kept=DynamoKudos()) != []

    for minutes in (1, 4, 14, 20):
        a_minute(stack, readable_at + timedelta(minutes=minutes))

    assert ended(ana) == (Status.MERGED, None)
    (message,) = stack.sent()
    assert "unas palabras" in message.raw_data
    assert not [
        said for said in ("ben", "eva", "cleo", "bien hecho", "30 d", "logro") if said in message.raw_data.lower()
    ]


def test_while_a_crisis_is_open_they_wait_and_come_after_it(stack: Stack, ana: str) -> None:
    hold_for_crisis(ana, now=NINE, holds=DynamoHolds())
    leave(ana, "person:ben", now=NINE)
    readable_at = NINE + CHANGEABLE_FOR
    for minutes in (4, 15):
        a_minute(stack, readable_at + timedelta(minutes=minutes))
    assert (ended(ana), stack.sent()) == ((Status.WAITING, None), [])

    DynamoHolds().lift(ana, Hold.CRISIS)
    # What is held is looked at again every six hours.
    for minutes in range(0, 30, 2):
        a_minute(stack, readable_at + timedelta(hours=6, minutes=minutes))

    assert ended(ana) == (Status.MERGED, None)
    assert len(stack.sent()) == 1


def test_what_was_hidden_before_it_was_told_is_told_by_nobody(stack: Stack, ana: str) -> None:
    one = leave(ana, "person:ben", now=NINE)
    readable_at = NINE + CHANGEABLE_FOR
    a_minute(stack, readable_at + timedelta(minutes=4))
    assert ended(ana) == (Status.WAITING, None)

    kudos.hide(ana, one.id, hidden=True, now=readable_at + timedelta(minutes=5), kept=DynamoKudos())
    for minutes in (14, 16, 18):
        a_minute(stack, readable_at + timedelta(minutes=minutes))

    assert (ended(ana), stack.sent()) == ((Status.SKIPPED, Reason.CANCELLED), [])
