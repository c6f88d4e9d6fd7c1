"""
All of Cairn on hosts of a cloud that fails: app.py's real functions, as processes that take turns at each call.

Everything below the calls to AWS is simulated (aws.py); everything above them is the code that is deployed.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from random import Random
from typing import Any, cast

import jwt

import app as functions
from chalicelib.outreach.links import Signer
from tests.simulation.cloud import RETRIES, Host, Minutes, Sqs
from tests.simulation.crises import aws
from tests.simulation.crises.facts import Taken
from tests.simulation.kernel import Kernel, instant_of
from tests.simulation.people import Providers
from tests.simulation.season.stage import FORM, Answered, door_of
from tests.simulation.weather import Edges, Weather

TICK_LIVES, API_LIVES, ACHIEVE_LIVES = 50.0, 29.0, 60.0
STREAM_LAG = 0.3
RECORDS = 100
MANGLED = "mangled:"
"""What begins a sign-in that we didn't make."""


@dataclass(slots=True, kw_only=True)
class Told:
    """What came of a request: the answer, or None where the caller never heard one."""

    sent_at: float
    at: float
    answer: Answered | None
    process: int = 0

    @property
    def status(self) -> int:
        """The answer's status; 0 where there was none."""
        return self.answer.status if self.answer else 0


@dataclass
class Ground:
    """The functions and what is around them."""

    kernel: Kernel
    weather: Weather
    random: Random
    edges: Edges
    table: aws.Rows
    host: Host
    signer: Signer
    providers: Providers = field(default_factory=Providers)
    taken: list[Taken] = field(default_factory=list)
    unread: list[tuple[float, str]] = field(default_factory=list)
    metrics: dict[str, list[tuple[float, float]]] = field(default_factory=dict)
    counts: Counter[str] = field(default_factory=Counter)
    on_taken: Callable[[Taken], None] = lambda taken: None  # noqa: ARG005
    queues: dict[str, Sqs] = field(default_factory=dict)
    every: int = 1
    """Of so many minutes one comes."""
    _following: bool = False

    @property
    def now(self) -> datetime:
        return instant_of(self.kernel.now)

    def later(self, seconds: float, act: Callable[[], object]) -> None:
        """Have something happen so many seconds from now."""
        self.kernel.at(self.kernel.now + seconds, act)

    # -- what comes by itself --

    def begin(self) -> None:
        """Let minutes come, and the stream be followed."""
        for fire in (self.escalate, self.tick):
            Minutes(fire, kernel=self.kernel, weather=self.weather, random=self.random, edges=self.edges).begin()
        self.table.on_record = self._follow_soon
        self.edges.told = self.note

    def tick(self, at: float) -> None:
        """Run the tick of a minute."""
        self._by_the_minute("tick", functions.tick, at)

    def escalate(self, at: float) -> None:
        """Run the minute's look at crises."""
        self._by_the_minute("escalate", functions.escalate, at)

    def _by_the_minute(self, name: str, function: Callable[..., object], at: float) -> None:
        if at // 60 % self.every:
            return
        event = {**_TICK, "time": f"{instant_of(at):%Y-%m-%dT%H:%M:%SZ}"}
        self.counts["ticks"] += name == "tick"
        tries = 0 if name == "escalate" else RETRIES
        self.host.run_event(name, lambda: function(event, None), lives=TICK_LIVES, tries=tries)

    def _follow_soon(self) -> None:
        if not self._following:
            self._following = True
            self.later(STREAM_LAG, self._follow)

    def _follow(self) -> None:
        records = self.table.records[:RECORDS]
        if not records:
            self._following = False
            return
        if self.weather.is_stopped("achieve", self.kernel.now) and not self.edges.quiet:
            self.later(30, self._follow)
            return
        if self.weather.twice and self.random.random() < self.weather.twice:
            records = [*records, self.random.choice(records)]

        def then(result: object, error: BaseException | None) -> None:
            failed = cast("dict[str, Any]", result)["batchItemFailures"] if error is None else None
            numbers = [record["dynamodb"]["SequenceNumber"] for record in self.table.records]
            done = min(RECORDS, len(numbers))
            if error is not None:
                done = 0
            elif failed:
                done = numbers.index(failed[0]["itemIdentifier"])
            stuck = error is not None or bool(failed)
            del self.table.records[: min(done, len(records))]
            self.counts["stream batches again"] += stuck
            self.later(1.0 if stuck else 0.0, self._follow)

        number = len(records)
        self.counts["stream records"] += number
        self.host.run("achieve", lambda: functions.achieve({"Records": records}, None), lives=ACHIEVE_LIVES, then=then)

    def deliver(self, event: dict[str, Any]) -> object:
        """Deliver a batch, within a process."""
        return functions.deliver(event, None)

    # -- what comes from outside --

    def ask(
        self,
        whom: str,
        method: str,
        path: str,
        body: Any = None,
        *,
        then: Callable[[Told], object] = lambda told: None,  # noqa: ARG005
        source_ip: str = "192.0.2.1",
        **headers: str,
    ) -> None:
        """Send a request as API Gateway would; ``whom`` is an account with its roles, or nobody."""
        event = request(whom, method, path, body, source_ip=source_ip, headers=headers)
        sent_at = self.kernel.now
        self.counts["requests"] += 1

        def hear(result: object, error: BaseException | None) -> None:
            lost = not self.edges.quiet and self.random.random() < self.weather.receipts_lost
            answer = None if error is not None or lost else Answered(cast("dict[str, Any]", result))
            then(Told(sent_at=sent_at, at=self.kernel.now, answer=answer))

        if self.weather.is_stopped("api", self.kernel.now) and not self.edges.quiet:
            self.later(29, lambda: then(Told(sent_at=sent_at, at=self.kernel.now, answer=None)))
            return
        self.host.run("api", lambda: functions.app(event, _Context()), lives=API_LIVES, then=hear)

    def do(self, work: Callable[[], Any], *, lives: float = 3600.0) -> Any:
        """Do something as a process, now, and wait for it: for what is set up before anything fails."""
        found: list[Any] = []

        def then(result: object, error: BaseException | None) -> None:
            if error is not None:
                raise error
            found.append(result)

        self.kernel.start("set up", work, skew=0.0, lives=lives, then=then)
        self.kernel.run(until=self.kernel.now + lives, done=lambda: bool(found))
        return found[0]

    def must(self, whom: str, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Ask within a process, before anything fails, and return the answer's body; raises where it is refused."""
        answer = Answered(functions.app(request(whom, method, path, body, headers=headers), _Context()))
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer.status} {answer.text[:600]}")
        return answer.json if answer.text else None

    def note(self, call: str, about: object, fault: object) -> None:
        """A call was made: of a read of a crisis that failed, keep which."""
        if fault is not None and call == "table.GetItem" and isinstance(about, dict):
            kind, _, crisis = about["Key"]["pk"]["S"].partition("#")
            if kind == "CRISIS":
                self.unread.append((self.kernel.now, crisis))

    def take(self, taken: Taken) -> None:
        """A provider took a message."""
        self.taken.append(taken)
        self.counts[f"taken: {taken.way}"] += 1
        self.on_taken(taken)

    def text(self, number: str, text: str) -> str:
        """A text message was taken."""
        self.take(Taken(at=self.kernel.now, way="sms", address=number, text=text))
        return f"sms-{len(self.taken)}"

    def hear(self, name: str, value: float) -> None:
        """A metric was counted."""
        self.metrics.setdefault(name, []).append((self.kernel.now, value))


class _Context:
    """Lambda's context: nothing here looks at it."""


_TICK = {"id": "t", "detail-type": "Scheduled Event", "source": "aws.events", "account": "", "region": "", "detail": {}}
_TICK |= {"resources": [], "version": "0"}


def request(
    whom: str, method: str, path: str, body: Any = None, *, source_ip: str = "192.0.2.1", headers: dict[str, str]
) -> dict[str, Any]:
    """Return the event of a request as API Gateway sends it."""
    place, _, query = path.partition("?")
    door, values = door_of(method, place)
    text = body if isinstance(body, str) or body is None else json.dumps(body)
    sent = {"Content-Type": FORM if isinstance(body, str) else "application/json"}
    if whom.startswith(MANGLED):
        whom = jwt.encode({"sub": whom.removeprefix(MANGLED)}, "somebody else's key, long enough for its algorithm")
    if whom:
        sent["Authorization"] = f"Bearer {whom}"
    sent |= {name.replace("_", "-"): value for name, value in headers.items()}
    pairs = [pair.partition("=") for pair in query.split("&") if pair]
    return {
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
            "identity": {"sourceIp": source_ip},
        },
    }
