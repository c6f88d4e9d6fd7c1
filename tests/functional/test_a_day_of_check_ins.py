"""From a due row to a sent message through the functions' own doors, on moto."""

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from email import message_from_string
from email.policy import default
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

import app
from chalicelib.edge import keys
from chalicelib.edge.ids import new_id
from chalicelib.enrollment import service
from chalicelib.enrollment.changing import Marker
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import CheckInPreference, Person
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.service import Enrolment
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach import wiring
from chalicelib.outreach.categories import shard_of
from chalicelib.outreach.domain import DetailLevel, Entry, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Purpose, Signer
from chalicelib.outreach.recurrence import DAYS
from chalicelib.outreach.store import DynamoDues
from tests.build import a_due, utc
from tests.conftest import Clock, client_of

TODAY = date(2026, 11, 25)
NINE = utc("2026-11-25T14:00")
EVENTS = Path(__file__).parents[2] / "events"
ADDRESS = "ana.lucia@example.com"


def an_event(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


QUEUES = ("cairn-page", "cairn-deliver")
"""What delivery is fed by."""


@dataclass
class Stack:
    """The functions, their queue and their mail, at a moment of our choosing."""

    clock: Clock

    def tick(self, at: datetime) -> None:
        self.clock.set(at)
        app.escalate({**an_event("escalate"), "time": self.clock.event_time()}, None)
        app.tick({**an_event("tick"), "time": self.clock.event_time()}, None)

    def messages(self) -> list[tuple[str, int]]:
        """Return the bodies that wait in the queues, each with the seconds of its delay, and empty them."""
        waiting = []
        for name in QUEUES:
            queue = sqs_backends["123456789012"]["us-east-1"].queues[name]
            waiting += list(queue._messages)  # noqa: SLF001 (moto shows only what is no longer delayed)
            queue._messages.clear()  # noqa: SLF001
        return [
            (message.body, round((message.delayed_until - (message.sent_timestamp or 0)) / 1000)) for message in waiting
        ]

    def deliver(self, messages: list[tuple[str, int]], *, at: datetime, receives: int = 1) -> dict[str, Any]:
        self.clock.set(at)
        records = [
            {
                "messageId": f"m{number}",
                "body": body,
                "receiptHandle": "r",
                "attributes": {"ApproximateReceiveCount": str(receives)},
            }
            for number, (body, _) in enumerate(messages)
        ]
        answer: dict[str, Any] = app.deliver({"Records": records}, None)
        return answer

    def day(self, at: datetime) -> None:
        """Hand over what falls due at this instant, and deliver it then."""
        self.tick(at - timedelta(seconds=50))
        self.deliver(self.messages(), at=at)

    def sent(self) -> list[Any]:
        return list(ses_backends["123456789012"]["us-east-1"].sent_messages)


@pytest.fixture
def stack(aws: None, clock: Clock) -> Iterator[Stack]:  # noqa: ARG001
    pair = ec.generate_private_key(ec.SECP256R1())
    pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    client_of("secretsmanager").create_secret(
        Name="cairn/keys",
        SecretString=json.dumps({"links": {"k1": "secret"}, "vapid_private": pem, "vapid_public": ""}),
    )
    for queue in QUEUES:
        client_of("sqs").create_queue(QueueName=queue)
    ses = client_of("sesv2")
    ses.create_email_identity(EmailIdentity="hello@care.example")
    ses.create_configuration_set(ConfigurationSetName="cairn")
    for cached in (keys.keys, wiring.ticking, wiring.delivering):
        cached.cache_clear()
    # Ticks have run before: without a watermark the first one looks back over a whole day.
    DynamoDues().advance(NINE - timedelta(hours=1))
    yield Stack(clock=clock)
    for cached in (keys.keys, wiring.ticking, wiring.delivering):
        cached.cache_clear()


def enrol(number: int = 1, *, state: State = State.ACTIVE, consents: tuple[str, ...] = ("contact_email",)) -> str:
    programmes = DynamoProgrammes()
    programme = programmes.find("iop-evening")
    if programme is None:
        programme = Programme(id="iop-evening", name="Evening")
        programmes.add(programme)
    person = Person(
        id=new_id(),
        external_id=f"TBH-{number}",
        given_name="Ana Lucía",
        family_name="Quintero",
        language="es",
        zone="America/New_York",
    )
    service.enrol(
        Enrolment(
            person=person,
            state=state,
            admitted_on=date(2026, 11, 1),
            email=ADDRESS,
            detail=DetailLevel.DISCREET,
            attested=True,
            consents=tuple((scope, None) for scope in consents),
            check_in=CheckInPreference(at=time(9), days=frozenset(DAYS)),
            marker=Marker(person_id=person.id),
        ),
        programme=programme,
        will=Will(by="staff", via=Via.STAFF),
        now=utc("2026-11-24T20:00"),
        people=DynamoPeople(),
        new_id=new_id,
    )
    return person.id


def test_a_check_in_is_handed_over_a_minute_ahead_and_sent_to_the_second(stack: Stack) -> None:
    person = enrol()

    stack.tick(NINE - timedelta(minutes=2))
    assert stack.messages() == []
    stack.tick(NINE - timedelta(seconds=50))
    messages = stack.messages()
    assert [delay for _, delay in messages] == [50]
    assert stack.deliver(messages, at=NINE) == {"batchItemFailures": []}

    entry = DynamoLedger().get(person, "check_in", TODAY)
    assert entry is not None
    assert (entry.status, entry.template) == (Status.SENT, "check_in.2")
    assert entry.ended_at is not None
    # The clock goes on while this runs, and a busy machine is no fault.
    assert timedelta() <= entry.ended_at - NINE < timedelta(minutes=1)


def test_the_same_message_again_and_the_next_tick_send_nothing_more(stack: Stack) -> None:
    enrol()
    stack.tick(NINE - timedelta(seconds=50))
    messages = stack.messages()

    stack.deliver(messages + messages, at=NINE)
    stack.tick(NINE + timedelta(minutes=2))

    assert stack.messages() == []
    assert len(stack.sent()) == 1


def test_nobody_is_asked_before_their_time(stack: Stack) -> None:
    person = enrol()
    stack.tick(NINE - timedelta(seconds=50))
    messages = stack.messages()

    assert stack.deliver(messages, at=NINE - timedelta(seconds=10)) == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert stack.deliver(messages, at=NINE - timedelta(seconds=0.4)) == {"batchItemFailures": []}

    entry = DynamoLedger().get(person, "check_in", TODAY)
    assert entry is not None
    assert entry.claimed_at >= NINE


def test_the_email_is_discreet_and_its_link_opens_the_page(stack: Stack) -> None:
    enrol()
    stack.day(NINE)

    mime = stack.sent()[0].raw_data
    message = message_from_string(mime, policy=default)
    assert message["Subject"] == "Un saludo rápido para hoy"
    assert message["To"] == ADDRESS
    text = message.get_body(("plain",))
    assert text is not None
    link = re.search(r"https://care\.example/c/(\S+)", text.get_content())
    assert link is not None
    claims = Signer(("secret",)).open(Purpose.ANSWER, link[1])
    assert (claims.on, claims.expires_at) == (TODAY, utc("2026-11-26T09:00"))


@pytest.mark.parametrize(
    ("state", "consents", "reason"),
    [
        (State.ON_HOLD, ("contact_email",), "on_hold"),
        (State.ALUMNI, ("contact_email",), "no_consent"),
        (State.ACTIVE, (), "no_consent"),
        (State.ACTIVE, ("contact_push",), "no_channel"),
    ],
)
def test_whoever_may_not_be_reached_is_not_and_the_ledger_says_why(
    stack: Stack, state: State, consents: tuple[str, ...], reason: str
) -> None:
    person = enrol(state=state, consents=consents)
    stack.day(NINE)

    entry = DynamoLedger().get(person, "check_in", TODAY)
    assert entry is not None
    assert entry.reason == reason
    assert stack.sent() == []
    tomorrow = replace(a_due(), person_id=person, at=NINE + timedelta(days=1))
    waiting = DynamoDues().waiting(tomorrow.at, shard_of(tomorrow), before=tomorrow.at + timedelta(hours=1), limit=9)
    assert [due.person_id for due in waiting] == [person]


def test_a_missed_tick_is_made_up_for(stack: Stack) -> None:
    enrol()

    stack.tick(NINE + timedelta(minutes=7))
    stack.deliver(stack.messages(), at=NINE + timedelta(minutes=7))

    assert len(stack.sent()) == 1


def test_a_message_that_cannot_be_read_comes_back_and_holds_up_no_other(stack: Stack) -> None:
    enrol()
    stack.tick(NINE - timedelta(seconds=50))

    answer = stack.deliver([("not json", 0), *stack.messages()], at=NINE)

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(stack.sent()) == 1


def test_an_ses_event_ends_a_claim_whose_sender_died(stack: Stack) -> None:
    person = enrol()
    claim = Entry(
        person_id=person,
        kind="check_in",
        on=TODAY,
        due_at=NINE,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=NINE,
    )
    DynamoLedger().add([claim])
    event = an_event("record_receipt")
    event["detail"]["mail"]["tags"]["occurrence"] = [claim.name]

    assert app.record_receipt(event, None) is True
    assert app.record_receipt(event, None) is False
    stack.day(NINE + timedelta(minutes=5))
    assert stack.sent() == []


def test_logs_and_metrics_hold_nothing_personal(stack: Stack, log: Callable[[], list[dict[str, object]]]) -> None:
    person = enrol()
    stack.day(NINE)

    lines = log()

    text = json.dumps(lines, ensure_ascii=False)
    for private in (ADDRESS, "Ana", "Quintero", "/c/", "saludo"):
        assert private not in text
    occurrence = next(line for line in lines if line.get("message") == "occurrence")
    assert occurrence["correlation_id"] == f"{person}_{TODAY}_check_in"
    assert occurrence["outcome"] == "sent"
    metrics = {name for line in lines if "_aws" in line for name in line}
    assert {"Ticks", "HandedOver", "OccurrencesSent", "Lateness"} <= metrics


def test_an_error_is_logged_by_its_kind_and_not_by_what_it_says(
    stack: Stack, log: Callable[[], list[dict[str, object]]]
) -> None:
    stack.deliver([(f'{{"person": "{ADDRESS}"}}', 0)], at=NINE)

    lines = log()

    assert ADDRESS not in json.dumps(lines)
    assert any(line.get("message") == "unreadable message" for line in lines)
