"""SQS with its mapping to a function, and EventBridge: at least once, in any order, now and then twice or late."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

from tests.simulation.kernel import Kernel
from tests.simulation.weather import HOUR, Edges, Weather

Event = dict[str, Any]

RETRIES = 2
"""How often Lambda tries an event again that failed: after a minute, and after two more."""


@dataclass(slots=True)
class Message:
    """A message in a queue. ``received`` counts how often a function got it."""

    id: str
    body: str
    sent_at: float
    received: int = 0
    gone: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Mapping:
    """How a queue is drained: by at most so many processes, which live at most so long."""

    function: str
    batch: int
    processes: int
    lives: float
    visibility: float
    receives: int
    keeps: float
    """Seconds after which the queue drops a message."""


class Host:
    """Runs functions as processes on hosts whose clocks are off."""

    def __init__(self, kernel: Kernel, weather: Weather, random: Random) -> None:
        self._kernel = kernel
        self._weather = weather
        self._random = random
        self.failed: dict[str, int] = {}
        self.started = 0

    def run(
        self,
        function: str,
        work: Callable[[], object],
        *,
        lives: float,
        then: Callable[[object, BaseException | None], object],
    ) -> None:
        """Invoke a function once; ``then`` hears how it went."""
        skew = self._random.uniform(-self._weather.skew, self._weather.skew) if self._weather.skew else 0.0
        self.started += 1

        def ended(result: object, error: BaseException | None) -> None:
            if error is not None:
                name = f"{function}: {type(error).__name__}"
                self.failed[name] = self.failed.get(name, 0) + 1
            then(result, error)

        self._kernel.start(function, work, skew=skew, lives=lives, then=ended)

    def run_event(self, function: str, work: Callable[[], object], *, lives: float, tries: int = RETRIES) -> None:
        """Invoke a function for an event, and again if it fails, as Lambda does for events."""
        if self._weather.is_stopped(function, self._kernel.now):
            return

        def then(_result: object, error: BaseException | None) -> None:
            if error is not None and tries:
                wait = 60 * (1 + RETRIES - tries) * (1 + self._random.random() / 10)
                self._kernel.at(
                    self._kernel.now + wait,
                    lambda: self.run_event(function, work, lives=lives, tries=tries - 1),
                )

        self.run(function, work, lives=lives, then=then)


class Sqs:
    """One queue and the mapping that drains it."""

    def __init__(
        self,
        mapping: Mapping,
        handle: Callable[[Event], object],
        *,
        kernel: Kernel,
        weather: Weather,
        random: Random,
        edges: Edges,
        host: Host,
    ) -> None:
        self._mapping = mapping
        self._handle = handle
        self._kernel = kernel
        self._weather = weather
        self._random = random
        self._edges = edges
        self._host = host
        self._visible: deque[Message] = deque()
        self._sent = 0
        self._polls_at = -1.0
        self.running = 0
        self.hidden = 0
        self.dead: list[Message] = []
        self.on_dead: Callable[[Message], object] = lambda message: None  # noqa: ARG005

    def send_batch(self, bodies: Sequence[tuple[str, int]], *, waits: float | None = None) -> int:
        """Take messages with their delays in whole seconds; return how many were taken."""

        def take() -> int:
            for body, delay in bodies:
                self.put(body, delay)
            return len(bodies)

        def take_some(random: Random) -> int:
            some = [one for one in bodies if random.random() < 0.5]
            for body, delay in some:
                self.put(body, delay)
            return len(some)

        return self._edges.call(
            "queue", "send", take, takes=0.005, partly=take_some, ghost=lambda: take() and 0, waits=waits
        )

    def put(self, body: str, delay: float) -> None:
        """Store a message, twice now and then, early or late by some."""
        copies = 2 if self._weather.twice and self._random.random() < self._weather.twice else 1
        self._sent += 1
        for _ in range(copies):
            late = self._random.random() * 0.2
            if self._weather.twice and self._random.random() < self._weather.twice:
                late += self._random.choice((1, 5, 60, 600, 3 * HOUR, 30 * HOUR))
            message = Message(f"m{self._sent}", body, sent_at=self._kernel.now)
            self.hidden += 1
            self._kernel.at(self._kernel.now + delay + late, lambda message=message: self._show(message))  # type: ignore[misc]

    @property
    def waiting(self) -> int:
        """How many messages wait to be received."""
        self._drop_old()
        return len(self._visible)

    @property
    def is_empty(self) -> bool:
        """Whether nothing is in the queue or on its way."""
        return not self._visible and not self.hidden and not self.running

    def _show(self, message: Message) -> None:
        self.hidden -= 1
        self._visible.append(message)
        self._poll_soon()

    def _poll_soon(self) -> None:
        now = self._kernel.now
        if self._polls_at >= now:
            return
        # The pollers gather what comes at about the same time.
        self._polls_at = now + 0.05
        self._kernel.at(self._polls_at, self._poll)

    def _poll(self) -> None:
        mapping, now = self._mapping, self._kernel.now
        if self._weather.is_stopped(mapping.function, now) and not self._edges.quiet:
            if self._visible:
                self._polls_at = now + 30
                self._kernel.at(self._polls_at, self._poll)
            return
        self._polls_at = -1.0
        self._drop_old()
        while self._visible and self.running < mapping.processes:
            batch = [self._visible.popleft() for _ in range(min(mapping.batch, len(self._visible)))]
            self._receive(batch)

    def _drop_old(self) -> None:
        """Drop what the queue has kept for as long as it keeps anything."""
        oldest = self._kernel.now - self._mapping.keeps
        while self._visible and self._visible[0].sent_at < oldest:
            self._visible.popleft()

    def _receive(self, batch: list[Message]) -> None:
        alive = []
        for message in batch:
            if message.received >= self._mapping.receives:
                self.dead.append(message)
                self.on_dead(message)
            else:
                message.received += 1
                alive.append(message)
        if not alive:
            return
        self.running += 1
        received_at = self._kernel.now
        event = {
            "Records": [
                {
                    "messageId": message.id,
                    "body": message.body,
                    "attributes": {"ApproximateReceiveCount": str(message.received)},
                    "eventSource": "aws:sqs",
                }
                for message in alive
            ]
        }

        def then(result: object, error: BaseException | None) -> None:
            self.running -= 1
            if error is not None:
                back = alive
            else:
                answer = result if isinstance(result, dict) else {}
                failed = {one["itemIdentifier"] for one in answer.get("batchItemFailures", ())}
                back = [message for message in alive if message.id in failed]
                if self._weather.twice and self._random.random() < self._weather.twice / 2:
                    # Deleting them failed, or one of SQS's servers didn't hear of it.
                    back = alive
            for message in back:
                self.hidden += 1
                self._kernel.at(
                    received_at + self._mapping.visibility,
                    lambda message=message: self._show(message),  # type: ignore[misc]
                )
            if self._visible:
                self._poll_soon()

        self._host.run(self._mapping.function, lambda: self._handle(event), lives=self._mapping.lives, then=then)


class Minutes:
    """EventBridge's rule that fires each minute; minutes are lost and doubled."""

    def __init__(
        self, fire: Callable[[float], object], *, kernel: Kernel, weather: Weather, random: Random, edges: Edges
    ) -> None:
        self._fire = fire
        self._kernel = kernel
        self._weather = weather
        self._random = random
        self._edges = edges
        self._phase = random.randrange(60)

    def begin(self) -> None:
        """Fire from now on."""
        first = self._kernel.now // 60 * 60 + self._phase
        self._kernel.at(first, lambda: self._minute(first))

    def _minute(self, at: float) -> None:
        self._kernel.at(at + 60, lambda: self._minute(at + 60))
        draw = self._random.random
        if draw() < self._weather.ticks_lost and not self._edges.quiet:
            return
        self._kernel.at(at + draw(), lambda: self._fire(at))
        if draw() < self._weather.ticks_doubled:
            self._kernel.at(at + draw() * 5, lambda: self._fire(at))
