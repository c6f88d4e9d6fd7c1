"""The functions on a table in memory: the real handlers, clients and all, with no network and a clock of our own."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta
from typing import Any

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from chalicelib.edge import aws, keys, table
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
from chalicelib.outreach import handlers, ports, wiring
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.outreach.recurrence import DAYS
from chalicelib.outreach.store import DynamoDues
from chalicelib.outreach.switch import switch
from tests.benchmarks.memory import Failed, Table

PROGRAMME = Programme(id="iop-evening", name="Evening")
ZONE = "America/New_York"


@dataclass
class Clock:
    """The clock that the handlers read: it stands where it is put."""

    at: datetime

    def utc_now(self) -> datetime:
        return self.at

    def as_instant(self, text: str) -> datetime:
        return datetime.fromisoformat(text)

    def wait_until(self, instant: datetime, *, at_most: timedelta) -> datetime:
        if self.at < instant <= self.at + at_most:
            self.at = instant
        return self.at


@dataclass
class _Http:
    status_code: int


@dataclass
class Provider:
    """Takes every message of one channel; what is composed is the real sender's."""

    real: ports.Sender
    taken: dict[str, str] = field(default_factory=dict)
    """Its own id of each message, by the occurrence's name."""

    def compose(self, *args: Any, **kwargs: Any) -> ports.Letter:
        return self.real.compose(*args, **kwargs)

    def send(self, letter: ports.Letter) -> ports.Handed:
        return ports.Handed(provider_id=self.taken.setdefault(letter.entry.name, f"provider-{len(self.taken):08}"))


@dataclass
class World:
    """The table, the queue and the providers of one run."""

    table: Table
    clock: Clock
    queue: list[str] = field(default_factory=list)
    providers: dict[ChannelKind, Provider] = field(default_factory=dict)

    def settle_ticks(self) -> None:
        """Be as after an hour's ticks: without a watermark the first one looks back over a whole day."""
        DynamoDues().advance(self.clock.at.replace(minute=0, second=0, microsecond=0))

    def tick(self) -> dict[str, int]:
        """Run one tick at the clock's moment."""
        return handlers.tick({"time": self.clock.at.isoformat()}, using=replace(wiring.ticking(), clock=self.clock))

    def deliver(self, *, batch: int = 10, **asked: Any) -> None:
        """Deliver all that waits in the queue, as SQS brings it; ``asked`` is of delivery's means, of other slices."""
        using = replace(wiring.delivering(DynamoPeople()), clock=self.clock)
        using = replace(using, means=replace(using.means, senders=self.providers, **asked))
        while self.queue:
            bodies, self.queue[:] = self.queue[:batch], self.queue[batch:]
            records = [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]
            answer = handlers.deliver({"Records": records}, using=using)
            if answer["batchItemFailures"]:
                raise RuntimeError(f"not delivered: {answer}")

    def enrol(
        self,
        number: int,
        *,
        at: time = time(9),
        consents: tuple[str, ...] = ("contact_email",),
        email: str | None = "ana.lucia@example.com",
        now: datetime,
    ) -> str:
        """Enrol one person with a daily check-in."""
        person = Person(
            id=new_id(),
            external_id=f"TBH-{number}",
            given_name="Ana Lucía",
            family_name="Quintero",
            language="es",
            zone=ZONE,
        )
        service.enrol(
            Enrolment(
                person=person,
                state=State.ACTIVE,
                admitted_on=date(2026, 11, 1),
                email=email,
                detail=DetailLevel.DISCREET,
                attested=True,
                consents=tuple((scope, None) for scope in consents),
                check_in=CheckInPreference(at=at, days=frozenset(DAYS)),
                marker=Marker(person_id=person.id),
            ),
            programme=PROGRAMME,
            will=Will(by="staff", via=Via.STAFF),
            now=now,
            people=DynamoPeople(),
            new_id=new_id,
        )
        return person.id


def answer_from(store: Table) -> Callable[..., Any]:
    """Return what answers a client's call from a table, in place of the network."""

    def answer(model: Any, params: dict[str, Any], **_: Any) -> tuple[_Http, dict[str, Any]]:
        metadata = {"ResponseMetadata": {"HTTPHeaders": {}, "HTTPStatusCode": 200}}
        try:
            return _Http(200), {**store.call(model.name, json.loads(params["body"])), **metadata}
        except Failed as failed:
            error = {"Error": {"Code": failed.code, "Message": str(failed)}, **failed.more}
            return _Http(400), {**error, **metadata}

    return answer


@contextmanager
def a_world(at: datetime) -> Iterator[World]:
    """Give an empty world at this instant. The settings of a process must be there already (tests/conftest.py)."""
    for cached in (aws.client, keys.keys, wiring.ticking, wiring.delivering, switch):
        cached.cache_clear()
    table.forget_connection()
    world = World(table=Table(), clock=Clock(at))
    connection = table.Item._get_connection()  # noqa: SLF001 (where every item's calls go)
    connection.connection.client.meta.events.register("before-call.dynamodb.*", answer_from(world.table))

    def take(model: Any, params: dict[str, Any], **_: Any) -> tuple[_Http, dict[str, Any]]:
        asked = json.loads(params["body"])
        if model.name == "GetQueueAttributes":
            return _Http(200), {"Attributes": {"ApproximateNumberOfMessages": str(len(world.queue))}}
        entries = asked.get("Entries") or [{"Id": "0", "MessageBody": asked["MessageBody"]}]
        world.queue.extend(entry["MessageBody"] for entry in entries)
        return _Http(200), {"Successful": [{"Id": entry["Id"]} for entry in entries]}

    aws.client("sqs").meta.events.register("before-call.sqs.*", take)
    aws.client("secretsmanager").meta.events.register("before-call.secrets-manager.*", _give_secret)
    aws.client("sesv2").meta.events.register(
        "before-call.sesv2.GetAccount", lambda **_: (_Http(200), {"SendQuota": {"MaxSendRate": 1_000_000.0}})
    )
    real = wiring.delivering(DynamoPeople()).means.senders
    world.providers = {kind: Provider(sender) for kind, sender in real.items()}
    DynamoProgrammes().add(PROGRAMME)
    try:
        yield world
    finally:
        for cached in (aws.client, keys.keys, wiring.ticking, wiring.delivering, switch):
            cached.cache_clear()
        table.forget_connection()


def _give_secret(**_: Any) -> tuple[_Http, dict[str, Any]]:
    pair = ec.generate_private_key(ec.SECP256R1())
    pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return _Http(200), {
        "SecretString": json.dumps({"links": {"k1": "secret"}, "vapid_private": pem, "vapid_public": ""})
    }
