"""A kind word to who goes quiet, from the check-ins that were sent to the message, through the functions' own doors."""

import json
import re
from datetime import date, datetime, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest

import app
from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.enrollment.holds import hold_for_crisis
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.outreach.categories import CHECK_IN, CHECK_IN_NUDGE
from chalicelib.outreach.domain import Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Purpose, Signer
from chalicelib.outreach.store import DynamoDues
from tests.build import said
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import NINE, TODAY, Stack, enrol

stack = a_day.stack

FOUR_HOURS = timedelta(hours=4)
TOLD_AFTER = timedelta(hours=4, minutes=11)
"""What goes along with no other message goes out by itself in the minute after ten."""


def on(day: int) -> date:
    return TODAY + timedelta(days=day)


def a_minute(stack: Stack, at: datetime) -> None:
    """Hand over and deliver what falls due around an instant; the hours before it were looked at."""
    DynamoDues().advance(at.replace(minute=0) - timedelta(hours=1))
    stack.day(at)


def a_record(person: str, day: int) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(a_day.an_event("achieve")["Records"][0]))
    record["eventName"] = "MODIFY"
    record["dynamodb"] |= {
        "Keys": {"pk": {"S": f"LEDGER#{person}"}, "sk": {"S": f"{on(day)}#{CHECK_IN}"}},
        "SequenceNumber": "1",
    }
    return record


def asked(stack: Stack, person: str, day: int) -> None:
    """Send the check-in of a day, and let the stream tell of it, twice."""
    a_minute(stack, NINE + timedelta(days=day))
    for _ in range(2):
        assert app.achieve({"Records": [a_record(person, day)]}, None) == {"batchItemFailures": []}


def answers(person: str, day: int, at: datetime) -> None:
    check_in = CheckIn(person_id=person, on=on(day)).answered(said(mood=5), at=at, source=Source.LINK)
    assert DynamoCheckIns().save(check_in)


def ended(person: str, day: int, kind: str = CHECK_IN_NUDGE) -> tuple[Status, Reason | None] | None:
    entry = DynamoLedger().get(person, kind, on(day))
    return (entry.status, entry.reason) if entry else None


def afternoon(stack: Stack, day: int) -> None:
    a_minute(stack, NINE + timedelta(days=day) + FOUR_HOURS)
    a_minute(stack, NINE + timedelta(days=day) + TOLD_AFTER)


def text_of(message: Any) -> str:
    body = message_from_string(message.raw_data, policy=default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_missed_once_brings_one_kind_word_that_leads_to_the_check_in(stack: Stack) -> None:
    ana = enrol()
    for day in range(4):
        asked(stack, ana, day)
        afternoon(stack, day)

    assert [ended(ana, day) for day in range(4)] == [None, (Status.MERGED, None), None, None]
    assert len(stack.sent()) == 5
    (word,) = [message for message in stack.sent() if "No hace falta ponerse al día" in text_of(message)]
    shown = message_from_string(word.raw_data, policy=default)
    assert shown["Subject"] == "Aquí estamos cuando quieras"
    assert not [bad for bad in ("perdiste", "faltaste", "registro", "respond") if bad in text_of(word).split("--")[0]]
    link = re.search(r"https://care\.example/c/(\S+)", text_of(word))
    assert link is not None
    claims = Signer(("secret",)).open(Purpose.ANSWER, link[1])
    assert (claims.person_id, claims.kind, claims.on) == (ana, CHECK_IN, on(1))
    # Four in the morning of the day after, as the check-in's own.
    assert claims.expires_at == NINE + timedelta(days=1, hours=19)


@pytest.mark.parametrize("minutes", [5, 245])
def test_whoever_answers_before_it_is_told_is_told_nothing(stack: Stack, minutes: int) -> None:
    """Before it fell due, and while it waited for a message to go along with."""
    ana = enrol()
    asked(stack, ana, 0)
    asked(stack, ana, 1)
    at = NINE + timedelta(days=1, minutes=minutes)
    if minutes > 240:
        a_minute(stack, NINE + timedelta(days=1) + FOUR_HOURS)
        assert ended(ana, 1) == (Status.WAITING, None)

    answers(ana, 1, at)
    afternoon(stack, 1)

    assert ended(ana, 1) == (Status.SKIPPED, Reason.CANCELLED)
    assert len(stack.sent()) == 2


@pytest.mark.parametrize("minutes", [5, 245])
def test_whoever_called_for_help_is_not_nudged(stack: Stack, minutes: int) -> None:
    ana = enrol()
    asked(stack, ana, 0)
    asked(stack, ana, 1)
    if minutes > 240:
        a_minute(stack, NINE + timedelta(days=1) + FOUR_HOURS)

    hold_for_crisis(ana, now=NINE + timedelta(days=1, minutes=minutes), holds=DynamoHolds())
    afternoon(stack, 1)

    assert ended(ana, 1) == (Status.SKIPPED, Reason.HELD)
    assert len(stack.sent()) == 2


def test_whoever_answers_is_not_nudged_and_the_next_silence_may_be(stack: Stack) -> None:
    ana = enrol()
    for day in range(6):
        asked(stack, ana, day)
        if day == 2:
            answers(ana, day, NINE + timedelta(days=day, hours=5))
        afternoon(stack, day)

    assert [ended(ana, day) for day in range(6)] == [
        None,
        (Status.MERGED, None),
        None,
        None,
        (Status.MERGED, None),
        None,
    ]
