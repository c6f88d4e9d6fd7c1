"""A programme whose notices are sent through the functions' own doors, over moto."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from email import message_from_string
from pathlib import Path
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from moto.ses.models import ses_backends
from moto.sqs.models import sqs_backends

import app as doors
from chalicelib.edge import keys
from chalicelib.enrollment import service as enrolling
from chalicelib.enrollment.changing import Marker
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import Person
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.service import Enrolment
from chalicelib.enrollment.standing_store import Standings
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.notices import handlers, routes
from chalicelib.notices.domain import Notice
from chalicelib.notices.store import DynamoNotices
from chalicelib.outreach import wiring
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Entry, Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DueItem, DynamoDues, due_of
from chalicelib.privacy.domain import Actor, Role
from tests.conftest import Clock, client_of
from tests.toy import NOW, Told, Toy

EVENTS = Path(__file__).parents[2] / "events"
TEXTS = {
    "en": "The evening group meets at six.\n\nBring <b>a pen</b> & your\nbook.",
    "es": "El grupo de la noche es a las seis.",
}
AT = NOW.replace(second=0, microsecond=0) + timedelta(minutes=3)


class FakeTokens:
    """The token is the account and its role."""

    def actor(self, authorization: str | None, *, now: datetime) -> Actor:
        del now
        account, _, role = (authorization or "").removeprefix("Bearer ").partition("=")
        programme, _, name = role.partition("/")
        return Actor(subject=account, roles=frozenset({(programme, Role(name))}))


@dataclass
class Stack:
    """The doors and functions over moto."""

    clock: Clock
    toy: Toy = field(default_factory=lambda: Toy(app=doors.app))

    def send(
        self, method: str, path: str, body: Any = None, *, role: str = "iop-evening/program-admin", **headers: str
    ) -> Told:
        asked = urlsplit(path)
        for door in doors.app.routes:
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", door), asked.path)
            if match and method in doors.app.routes[door]:
                return self.toy.send(
                    method,
                    asked.path,
                    door=door,
                    body=body,
                    query={name: [value] for name, value in parse_qsl(asked.query)} or None,
                    role=None,
                    headers={"Authorization": f"Bearer staff={role}"}
                    | {name.replace("_", "-"): value for name, value in headers.items()},
                    **match.groupdict(),
                )
        raise LookupError(path)

    def notice(self, **changes: Any) -> str:
        told = self.send("POST", "/programmes/iop-evening/notices", {"text": TEXTS} | changes)
        assert told.status == 202, told.text
        return str(told.json["id"])

    def tick(self, at: datetime) -> dict[str, Any]:
        self.clock.set(at)
        event = json.loads((EVENTS / "tick.json").read_text(encoding="utf-8"))
        event["time"] = self.clock.event_time()
        paged: dict[str, Any] = doors.escalate(event, None)
        done: dict[str, Any] = doors.tick(event, None)
        return paged | done

    def messages(self) -> list[str]:
        queue = sqs_backends["123456789012"]["us-east-1"].queues["cairn-fan-out"]
        waiting = [str(message.body) for message in queue._messages]  # noqa: SLF001 (as in the day of check-ins)
        queue._messages.clear()  # noqa: SLF001
        return waiting

    def fan_out(self, *bodies: str) -> dict[str, Any]:
        event = json.loads((EVENTS / "fan_out.json").read_text(encoding="utf-8"))
        records = [
            {**event["Records"][0], "messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)
        ]
        answer: dict[str, Any] = doors.fan_out({"Records": records}, None)
        return answer

    def deliver(self, at: datetime) -> None:
        """Hand over what falls due at this minute, and deliver it then."""
        self.tick(at - timedelta(seconds=50))
        queue = sqs_backends["123456789012"]["us-east-1"].queues["cairn-deliver"]
        bodies = [str(message.body) for message in queue._messages]  # noqa: SLF001
        queue._messages.clear()  # noqa: SLF001
        self.clock.set(at + timedelta(seconds=5))
        records = [
            {"messageId": f"m{number}", "body": body, "attributes": {"ApproximateReceiveCount": "1"}}
            for number, body in enumerate(bodies)
        ]
        assert doors.deliver({"Records": records}, None) == {"batchItemFailures": []}

    def finish(self) -> None:
        """Let the fan-out run to its end."""
        self.tick(NOW + timedelta(seconds=30))
        while bodies := self.messages():
            assert self.fan_out(*bodies) == {"batchItemFailures": []}

    def dues(self) -> list[tuple[str, datetime, date]]:
        """Return who falls due when, and by which date, for a notice."""
        found = [due_of(item) for shard in range(50) for item in DueItem.query(f"DUE#{AT:%Y-%m-%dT%H}#{shard:02}")]
        return [(due.person_id, due.at, due.on) for due in found if due.kind.startswith("notice-")]


@contextmanager
def a_stack(clock: Clock) -> Iterator[Stack]:
    """Give the doors and functions with what they need; the table must be there (the fixture ``aws``)."""
    client_of("secretsmanager").create_secret(
        Name="cairn/keys",
        SecretString=json.dumps({"links": {"k1": "secret"}, "vapid_private": "", "vapid_public": ""}),
    )
    for queue in ("cairn-deliver", "cairn-page", "cairn-fan-out"):
        client_of("sqs").create_queue(QueueName=queue)
    ses = client_of("sesv2")
    ses.create_email_identity(EmailIdentity="hello@care.example")
    ses.create_configuration_set(ConfigurationSetName="cairn")
    cached: tuple[Any, ...] = (
        keys.keys,
        wiring.ticking,
        wiring.delivering,
        handlers._queue,  # noqa: SLF001
        handlers._still_true,  # noqa: SLF001
        routes._reading,  # noqa: SLF001
        people,
    )
    for one in cached:
        one.cache_clear()
    DynamoDues().advance(NOW - timedelta(hours=1))
    DynamoProgrammes().add(Programme(id="iop-evening", name="Evening"))
    made = Stack(clock=clock)
    doors.app.use(replace(doors.app.wiring, tokens=FakeTokens(), standings=Standings({})))
    yield made
    for one in cached:
        one.cache_clear()


def enrol(number: int, *, state: State = State.ACTIVE, language: str = "en", at: datetime | None = None) -> str:
    programme = DynamoProgrammes().find("iop-evening")
    assert programme is not None
    person = Person(
        id=f"{number:032x}",
        external_id=f"TBH-{number}",
        given_name=f"Ana{number}",
        family_name="Quintero",
        language=language,
        zone="America/New_York",
    )
    enrolling.enrol(
        Enrolment(
            person=person,
            state=state,
            admitted_on=date(2026, 11, 1),
            email=f"ana{number}@example.com",
            detail=DetailLevel.DISCREET,
            attested=True,
            consents=(("contact_email", None),),
            check_in=None,
            marker=Marker(person_id=person.id),
        ),
        programme=programme,
        will=Will(by="staff", via=Via.STAFF),
        now=at or NOW - timedelta(days=1),
        people=DynamoPeople(),
        new_id=lambda: f"c{number}",
    )
    return person.id


def end(notice: Notice, person_id: str, status: Status, reason: Reason | None = None) -> None:
    """Let delivery have written this down."""
    entry = Entry(
        person_id=person_id,
        kind=notice.kind,
        on=notice.on,
        due_at=notice.at,
        status=status,
        attempt=1,
        claimed_at=notice.at,
        ended_at=notice.at,
        reason=reason,
        channel_kind=ChannelKind.EMAIL if status is Status.SENT else None,
    )
    DynamoLedger().add([entry])


def found(notice_id: str) -> Notice:
    notice = DynamoNotices().find(notice_id)
    assert notice is not None
    return notice


def mails() -> dict[str, str]:
    """Return what each address was sent, as it went out."""
    sent = ses_backends["123456789012"]["us-east-1"].sent_messages
    found = {str(message_from_string(mail.raw_data)["To"]): str(mail.raw_data) for mail in sent}
    assert len(found) == len(sent)
    return found
