"""
All of Cairn in one process, at a moment of our choosing: the real functions over a table in memory.

What is left out is what a day brings nothing of: the minutes in which nothing falls due. The stream and the queue come
in order, a record now and then twice, a batch now and then broken off and brought again.
"""

from __future__ import annotations

import heapq
import json
import re
import uuid
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import cache
from pathlib import Path
from random import Random
from typing import Any, cast
from urllib.parse import urlencode

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

import app as functions
from chalicelib.checkins import routes as check_in_routes
from chalicelib.edge import aws, clock, ids, keys, table
from chalicelib.edge.http import Doors
from chalicelib.enrollment.store import people as the_people
from chalicelib.family import handlers as family
from chalicelib.outreach import handlers, ports, wiring
from chalicelib.outreach.domain import Channel, Entry, Recipient
from chalicelib.outreach.links import Links
from chalicelib.outreach.store import DynamoDues
from chalicelib.outreach.switch import switch
from chalicelib.staff import handlers as staff
from tests.contract.test_people_routes import FakeTokens
from tests.fakes_privacy import FakeReplays
from tests.simulation.run import unheard
from tests.simulation.season.table import Client, Streamed, remembering

EVENTS = Path(__file__).parents[3] / "events"
TICK, RECEIPT = (
    json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8")) for name in ("tick", "record_receipt")
)
FORM = "application/x-www-form-urlencoded"
BATCH = 10
"""Messages of one invocation of ``deliver`` at most, as app.py declares."""
RECORDS = 100
"""Records of one invocation of ``achieve`` at most."""


@dataclass
class Hand:
    """The hand of the clock: what ``chalicelib.edge.clock`` reads time by, and waits by."""

    at: datetime

    def now(self, zone: Any) -> datetime:
        return self.at.astimezone(zone)

    @staticmethod
    def fromisoformat(text: str) -> datetime:
        return datetime.fromisoformat(text)

    def sleep(self, seconds: float) -> None:
        self.at += timedelta(seconds=seconds)


class Dice:
    """Makes the same ids each time: ``chalicelib.edge.ids`` takes them here."""

    def __init__(self, random: Random) -> None:
        self._random = random

    def uuid4(self) -> uuid.UUID:
        return uuid.UUID(int=self._random.getrandbits(128), version=4)


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """A message as its provider saw it: when, its name, and the link that its reader taps."""

    at: datetime
    name: str
    way: str
    address: str
    channel: str
    link: str
    receipt: str
    provider_id: str
    carries: tuple[str, ...]


@dataclass
class Provider:
    """Takes every message of one channel; what is composed is the real sender's."""

    real: ports.Sender
    stage: Stage
    links: Links
    composed: dict[str, tuple[datetime, str]] = field(default_factory=dict)

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> ports.Letter:
        self.composed[entry.name] = closes_at, recipient.zone
        return self.real.compose(entry, recipient, channel, closes_at=closes_at)

    def send(self, letter: ports.Letter) -> ports.Handed:
        entry, channel = letter.entry, letter.channel
        closes_at, zone = self.composed[entry.name]
        provider_id = f"p-{entry.name}-{entry.attempt}"
        self.stage.taken(
            Taken(
                at=self.stage.now,
                name=entry.name,
                way=channel.kind.value,
                address=channel.address,
                channel=f"{channel.id}_{channel.revision}",
                link=self.links.action(entry, channel, expires_at=closes_at, zone=zone),
                receipt=self.links.receipt(entry, channel, expires_at=closes_at),
                provider_id=provider_id,
                carries=entry.carries,
            )
        )
        return ports.Handed(provider_id=provider_id)


class Answered:
    """What a door answered."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.status: int = result["statusCode"]
        self.headers: dict[str, str] = result["headers"]
        self.text: str = result["body"]

    @property
    def json(self) -> Any:
        return json.loads(self.text)


@dataclass
class Stage:
    """The functions and what is around them."""

    table: Streamed
    hand: Hand
    random: Random
    faults: bool = True
    taken: Callable[[Taken], None] = lambda taken: None  # noqa: ARG005
    queue: list[tuple[float, int, str]] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    _last_tick: float = 0.0
    _messages: int = 0

    @property
    def now(self) -> datetime:
        return self.hand.at

    # -- what comes by itself --

    def next_tick(self) -> float | None:
        """Return the next minute whose tick has something to do, in seconds since 1970."""
        due = self.table.next_due()
        if due is None:
            return None
        return max(due // 60 * 60 - 60, self._last_tick + 60, -(-self.hand.at.timestamp() // 60) * 60)

    def next_message(self) -> float | None:
        """Return when the next message can be taken from the queue."""
        return self.queue[0][0] if self.queue else None

    def tick(self) -> None:
        """Run the tick of the present minute."""
        self._last_tick = self.hand.at.timestamp()
        self.counts["ticks"] += 1
        functions.escalate({**TICK, "time": self.hand.at.isoformat()}, None)
        functions.tick({**TICK, "time": self.hand.at.isoformat()}, None)

    def deliver(self) -> None:
        """Deliver a batch of what can be taken now."""
        bodies: list[str] = []
        while self.queue and len(bodies) < BATCH and self.queue[0][0] <= self.hand.at.timestamp():
            bodies.append(heapq.heappop(self.queue)[2])
        if self.faults and self.random.random() < 0.01:
            # At least once, says SQS.
            bodies.append(bodies[0])
        records = [{"messageId": f"m{number}", "body": body} for number, body in enumerate(bodies)]
        answer = functions.deliver({"Records": records}, None)
        for failure in answer["batchItemFailures"]:
            self._put(bodies[int(failure["itemIdentifier"][1:])], 30)
        self.counts["deliveries"] += len(bodies)

    def _put(self, body: str, delay: float) -> None:
        self._messages += 1
        heapq.heappush(self.queue, (self.hand.at.timestamp() + delay, self._messages, body))

    def follow(self) -> None:
        """Let the stream's function see all that changed: now and then a record twice, or a batch that breaks off."""
        while self.table.records:
            records, self.table.records = self.table.records[:RECORDS], self.table.records[RECORDS:]
            if self.faults and self.random.random() < 0.02:
                records.insert(self.random.randrange(len(records)), self.random.choice(records))
                self.counts["records twice"] += 1
            if self.faults and self.random.random() < 0.02:
                self.table.breaks_in = self.random.randrange(4 * len(records))
            failed = functions.achieve({"Records": records}, None)["batchItemFailures"]
            self.table.breaks_in = None
            self.counts["records"] += len(records)
            if failed:
                self.counts["batches again"] += 1
                numbers = [record["dynamodb"]["SequenceNumber"] for record in records]
                at = numbers.index(failed[0]["itemIdentifier"])
                self.table.records = records[at:] + self.table.records

    # -- what comes from outside --

    def ask(self, whom: str, method: str, path: str, body: Any = None, **headers: str) -> Answered:
        """Send a request as API Gateway would; ``whom`` is an account with its roles, or nobody."""
        place, _, query = path.partition("?")
        door, values = door_of(method, place)
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        sent = {"Content-Type": FORM if isinstance(body, str) else "application/json"}
        if whom:
            sent["Authorization"] = f"Bearer {whom}"
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        pairs = [pair.partition("=") for pair in query.split("&") if pair]
        event = {
            "resource": door,
            "path": place,
            "httpMethod": method,
            "headers": sent,
            "multiValueQueryStringParameters": {name: [value] for name, _, value in pairs} or None,
            "pathParameters": values or None,
            "stageVariables": None,
            "body": text,
            "isBase64Encoded": False,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": door,
                "path": place,
                "identity": {"sourceIp": "192.0.2.1"},
            },
        }
        self.counts["requests"] += 1
        return Answered(functions.app(event, None))

    def tap(self, link: str, form: dict[str, Any]) -> Answered:
        """Send the page behind a link."""
        path = "/" + link.split("/", 3)[3]
        return self.ask("", "POST", path, urlencode(form))

    def operate(self, order: dict[str, Any]) -> dict[str, Any]:
        """Give an order as an operator does in the console."""
        self.counts["orders"] += 1
        answer: dict[str, Any] = functions.operate(order, Operator(aws_request_id=f"o{self.counts['orders']}"))
        return answer

    def report(self, taken: Taken, what: str) -> None:
        """Send SES's event of what became of an e-mail."""
        detail: dict[str, Any] = {
            "eventType": what,
            "mail": {
                "messageId": taken.provider_id,
                "destination": [taken.address],
                "tags": {"occurrence": [taken.name], "channel": [taken.channel]},
            },
        }
        if what == "Bounce":
            detail["bounce"] = {"bounceType": "Permanent"}
        event = RECEIPT | {"time": self.hand.at.isoformat(), "detail": detail}
        functions.record_receipt(event, None)


@dataclass(frozen=True, slots=True)
class Operator:
    """Lambda's context, as far as ``operate`` looks at it."""

    aws_request_id: str


@cache
def _doors() -> list[tuple[str, str, re.Pattern[str]]]:
    return [
        (door.method, door.path, re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", door.path))) for door in Doors.all
    ]


def door_of(method: str, place: str) -> tuple[str, dict[str, str]]:
    """Return the door behind an address, as declared, and what the address fills in."""
    for of, path, pattern in _doors():
        if of == method and (found := pattern.fullmatch(place)):
            return path, found.groupdict()
    raise LookupError(f"{method} {place}")


@contextmanager
def a_stage(at: datetime, *, seed: int, faults: bool = True) -> Iterator[Stage]:
    """Give Cairn at this instant, with nobody in it. The process must have its settings (tests/conftest.py)."""
    kept = {module: dict(module.__dict__) for module in (clock, ids, wiring)}
    hand = Hand(at)
    clock.__dict__.update(datetime=hand, time=hand)
    ids.__dict__.update(uuid=Dice(Random(f"ids {seed}")))
    forget()
    stage = Stage(table=Streamed(), hand=hand, random=Random(f"stage {seed}"), faults=faults)
    connection = table.Item._get_connection().connection  # noqa: SLF001 (where every item's calls go)
    connection._client = cast("Any", Client(stage.table))  # noqa: SLF001
    _connect(stage)
    functions.app.use(replace(functions.wire(), tokens=FakeTokens(), replays=FakeReplays()))
    wiring.__dict__.update(delivering=_providing(stage, wiring.delivering))
    try:
        with unheard(), remembering():
            DynamoDues().advance(at.replace(minute=0, second=0, microsecond=0))
            yield stage
    finally:
        for module, names in kept.items():
            module.__dict__.update(names)
        forget()


def _providing(stage: Stage, delivering: Callable[..., handlers.Delivering]) -> Callable[..., handlers.Delivering]:
    """Return what puts delivery together with providers of ours in the place of AWS's."""
    links = wiring._links()  # noqa: SLF001 (the links that a reader sees)

    @cache
    def put_together(*given: Any, **named: Any) -> handlers.Delivering:
        using = delivering(*given, **named)
        senders = {kind: Provider(real, stage, links) for kind, real in using.means.senders.items()}
        return replace(using, means=replace(using.means, senders=senders, each=_one_by_one))

    return put_together


def _one_by_one(call: Callable[[Any], Any], things: Iterable[Any]) -> list[Any]:
    return [call(thing) for thing in things]


def forget() -> None:
    """Forget what a process keeps of its stores."""
    one_tap = check_in_routes._one_tap  # noqa: SLF001 (it keeps the keys)
    for cached in (
        aws.client,
        keys.keys,
        wiring.ticking,
        wiring.delivering,
        switch,
        the_people,
        family.everybody,
        staff.recipients,
        one_tap,
    ):
        cached.cache_clear()
    table.forget_connection()


def _connect(stage: Stage) -> None:
    """Put a queue and a vault where AWS's would answer."""

    def take(model: Any, params: dict[str, Any], **_: Any) -> tuple[Http, dict[str, Any]]:
        asked = json.loads(params["body"])
        if model.name == "GetQueueAttributes":
            waiting = sum(1 for at, _, _ in stage.queue if at <= stage.hand.at.timestamp())
            return Http(200), {"Attributes": {"ApproximateNumberOfMessages": str(waiting)}}
        for entry in asked["Entries"]:
            stage._put(entry["MessageBody"], entry.get("DelaySeconds", 0))  # noqa: SLF001 (its own queue)
        return Http(200), {"Successful": [{"Id": entry["Id"]} for entry in asked["Entries"]]}

    def give(**_: Any) -> tuple[Http, dict[str, Any]]:
        return Http(200), {"SecretString": SECRET}

    aws.client("sqs").meta.events.register("before-call.sqs.*", take)
    aws.client("secretsmanager").meta.events.register("before-call.secrets-manager.*", give)
    aws.client("sesv2").meta.events.register(
        "before-call.sesv2.GetAccount", lambda **_: (Http(200), {"SendQuota": {"MaxSendRate": 1_000_000.0}})
    )


@dataclass
class Http:
    """An answer's status, as botocore looks at it."""

    status_code: int


def _secret() -> str:
    pair = ec.generate_private_key(ec.SECP256R1())
    pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    return json.dumps({"links": {"k1": "secret"}, "vapid_private": pem, "vapid_public": ""})


SECRET = _secret()
