"""A call for help from the button to the e-mails about it, through the functions' own doors, on moto."""

from datetime import timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default

import pytest

from chalicelib.crisis import handlers, handling
from chalicelib.crisis.handling import By
from chalicelib.crisis.store import DynamoCrises
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from chalicelib.privacy.domain import Role
from tests.build import utc
from tests.fakes_crisis import a_call
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import Stack, enrol
from tests.functional.test_staff_told_of_tasks import put_staff

stack = a_day.stack

# Two in the night of a Thursday in New York, through everybody's quiet hours.
NIGHT = utc("2026-11-26T07:00")
MINUTE = timedelta(minutes=1)
DR = By(account="dr", programme_id="iop-evening")


@pytest.fixture
def person(stack: Stack) -> str:
    del stack
    handlers.desk.cache_clear()
    person = enrol(consents=())
    put_staff("dr", Role.CLINICIAN)
    put_staff("boss", Role.PROGRAM_ADMIN)
    DynamoDues().advance(NIGHT - timedelta(hours=1))
    return person


def paged(stack: Stack) -> list[EmailMessage]:
    """Return the pages that were sent; of the rota that the programme lacks its admin hears by another message."""
    mails = [message_from_string(sent.raw_data, policy=default) for sent in stack.sent()]
    return [mail for mail in mails if mail["Subject"] == "Urgent: action needed - open dashboard"]


def test_a_call_by_night_is_told_within_seconds_and_again_until_somebody_acknowledges(
    stack: Stack, person: str
) -> None:
    stack.clock.set(NIGHT)
    handlers.press(a_call(NIGHT, caller=person, programme_id="iop-evening"), now=NIGHT)
    stack.deliver(stack.messages(), at=NIGHT + timedelta(seconds=2))

    mails = paged(stack)
    assert len(stack.sent()) == len(mails)
    assert {mail["To"] for mail in mails} == {"dr@care.example", "boss@care.example"}
    crisis = DynamoCrises().present_of(person)
    assert crisis
    text = mails[0].get_body(("plain",))
    assert text
    assert crisis.reference in text.get_content()
    assert "Ana" not in mails[0].as_string()

    for minute in (1, 5, 6, 10):
        stack.tick(NIGHT + minute * MINUTE)
        stack.deliver(stack.messages(), at=NIGHT + minute * MINUTE + timedelta(seconds=55))
    assert len(paged(stack)) == 6

    # The page of the next step is handed over, and an acknowledgement comes before it goes out.
    stack.tick(NIGHT + 15 * MINUTE)
    under_way = stack.messages()
    handling.acknowledge(crisis.id, DR, now=NIGHT + 15 * MINUTE, desk=handlers.desk())
    stack.deliver(under_way, at=NIGHT + 15 * MINUTE + timedelta(seconds=10))
    assert len(paged(stack)) == 6


def test_a_call_that_nothing_but_the_table_took_is_paged_by_the_next_tick(stack: Stack, person: str) -> None:
    assert DynamoCrises().keep(a_call(NIGHT, caller=person, programme_id="iop-evening"))

    stack.tick(NIGHT + MINUTE)
    stack.deliver(stack.messages(), at=NIGHT + MINUTE + timedelta(seconds=1))

    assert len(paged(stack)) == 2
    stack.tick(NIGHT + 2 * MINUTE)
    assert len(DynamoLedger().between(person, NIGHT.date(), NIGHT.date())) == 0
