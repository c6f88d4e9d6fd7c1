"""A meeting from its series to the e-mails: look, fan-out, delivery, one-tap answer and a cancellation, over moto."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from email import message_from_string
from email.policy import default

import pytest
from moto.ses.models import ses_backends

import app as doors
from chalicelib.groups import handlers, page_routes
from chalicelib.groups.bell_store import DynamoLooks
from chalicelib.outreach.domain import Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from tests.build import utc
from tests.conftest import Clock
from tests.functional.notice_stack import Stack, a_stack
from tests.groups_api import PLAN, enrol
from tests.toy import NOW

START = utc("2026-11-26T23:00")
PATH = "/programmes/iop-evening/groups"


@pytest.fixture
def stack(aws: None, clock: Clock) -> Iterator[Stack]:
    del aws
    cached = (handlers._queue, handlers._asked, page_routes._one_tap)  # noqa: SLF001 (of another test's settings)
    with a_stack(clock) as made:
        for one in cached:
            one.cache_clear()
        yield made
        for one in cached:
            one.cache_clear()


def mails() -> list[tuple[str, str, str]]:
    """Return to whom, with what subject and with what text e-mails went out since, in their order."""
    sent = ses_backends["123456789012"]["us-east-1"].sent_messages
    found = []
    for mail in sent:
        message = message_from_string(mail.raw_data, policy=default)
        body = message.get_body(("plain",))
        assert body is not None
        found.append((str(message["To"]), str(message["Subject"]), str(body.get_content())))
    sent.clear()
    return sorted(found)


def ring(stack: Stack, *minutes: int) -> list[tuple[str, str, str]]:
    """Let the tick run at these minutes before the start, and do all that follows at each."""
    for before in minutes:
        at = START - timedelta(minutes=before)
        # A tick looks at each hour since the last one, which takes moto a while.
        DynamoDues().advance((at - timedelta(hours=1)).replace(minute=0))
        stack.tick(at)
        while bodies := stack.messages():
            assert stack.fan_out(*bodies) == {"batchItemFailures": []}
        stack.deliver(at)
    return mails()


def test_a_meeting_is_told_of_answered_and_called_off(stack: Stack) -> None:
    stack.clock.set(NOW)
    ana, ben = enrol(1), enrol(2, zone="America/New_York")
    body = {"kind": "alumni", "name": "Thursday circle", "language": "en", "facilitators": ["fay"]}
    group = f"{PATH}/{stack.send('POST', PATH, body).json['id']}"
    series = stack.send("POST", f"{group}/series", PLAN).json["id"]
    for one in (ana, ben):
        assert stack.send("PUT", f"{group}/members/{one}").status == 204

    told = ring(stack, 24 * 60 + 9, 24 * 60)
    assert [(to, subject) for to, subject, _ in told] == [
        ("ana1@example.com", "Reminder: 3:00 PM tomorrow"),
        ("ana2@example.com", "Reminder: 6:00 PM tomorrow"),
    ]
    assert "3:00 PM tomorrow (PST)" in told[0][2]
    assert not any(word in text for _, _, text in told for word in ("circle", "video", "group", "iop"))

    # Ben taps, and says no; the page reads nothing out.
    link = re.findall(r"https://care\.example(/m/\S+)", told[1][2])[0]
    assert "Will you be there?" in stack.send("GET", link).text
    said = stack.send("POST", link, "answer=no", Content_Type="application/x-www-form-urlencoded")
    assert "Thank you for telling us" in said.text

    assert [to for to, _, _ in ring(stack, 69, 60)] == ["ana1@example.com"]

    off = {"dates": ["2026-11-26"], "cause": "technical"}
    now = START - timedelta(minutes=30)
    stack.clock.set(now)
    doors.app.use(replace(doors.app.wiring, clock=lambda: now))
    assert stack.send("POST", f"{group}/series/{series}/cancellations", off).status == 200
    told = ring(stack, 28, 27, 12, 2, 0)
    # Both had been told of it, so both hear that it is off, and nobody that it starts.
    assert [(to, subject) for to, subject, _ in told] == [
        ("ana1@example.com", "Called off: 3:00 PM today"),
        ("ana2@example.com", "Called off: 6:00 PM today"),
    ]
    entries = DynamoLedger().between(ben, START.date(), START.date())
    assert [(entry.kind.split("-")[1], entry.status, entry.reason) for entry in entries] == [
        ("cancelled", Status.SENT, None),
        ("24h", Status.SENT, None),
    ]
    assert Reason.OPTED_OUT not in {entry.reason for entry in entries}
    # The series goes on: it is looked at again a day and ten minutes before the next one.
    assert DynamoLooks().coming(by=utc("2026-12-04T00:00"), limit=9)[-1][0] == utc("2026-12-02T22:50")
