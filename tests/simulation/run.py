"""One run: the real handlers of the tick, of delivery and of receipts over stand-ins, for some days of virtual time."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from json import dumps
from math import ceil
from random import Random
from typing import Any

from chalicelib.edge.log import logger, metrics
from chalicelib.outreach import handlers
from chalicelib.outreach.categories import urgency_of
from chalicelib.outreach.domain import ChannelKind, Due, Entry, Urgency
from chalicelib.outreach.pacing import PATIENCE
from chalicelib.outreach.parking import Parked, redrive
from chalicelib.outreach.ports import Means
from chalicelib.outreach.sqs import BATCH, LONGEST_DELAY, TOGETHER, to_message
from chalicelib.outreach.store import instant
from tests.simulation.checker import Checker, Verdict
from tests.simulation.cloud import Host, Mapping, Minutes, Sqs
from tests.simulation.facts import Facts, Name, Report, Taken, name_of, text_of
from tests.simulation.kernel import Kernel, instant_of, seconds_of
from tests.simulation.people import Providers, SimPeople, SimSender
from tests.simulation.standins import DueRows, SimDues, SimLedger
from tests.simulation.weather import CALM, DAY, HOUR, MINUTE, Edges, Fault, Weather, draw_weather
from tests.simulation.world import BEGINNINGS, Pace, World, beginning

DRAINED_WITHIN = 4 * DAY
"""When all is calm again, everything that fell due before has its end by then."""

EMAILS_A_SECOND = 14
SWITCH_KEPT_FOR = 10.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many people a run has, and for how many days it goes on."""

    people: int = 800
    days: int = 4


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of one run."""

    seed: int
    verdict: Verdict
    weather: Weather
    began: float
    calls: int
    faults: Counter[str]
    failed: Counter[str]
    drained_after: float
    trace: list[str] = field(default_factory=list)


class Unmeasured:
    """Takes metrics and lets them go."""

    def add_metric(self, **_metric: Any) -> None:
        pass

    def flush_metrics(self, **_options: Any) -> None:
        pass


class VirtualClock:
    """The clock of whichever host runs the present process."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def utc_now(self) -> datetime:
        return self._kernel.host_time()

    def as_instant(self, text: str) -> datetime:
        return datetime.fromisoformat(text)

    def wait_until(self, instant: datetime, *, at_most: timedelta) -> datetime:
        now = self.utc_now()
        if now < instant <= now + at_most:
            self._kernel.pause((instant - now).total_seconds())
            return max(self.utc_now(), instant)
        return now


class SimQueue:
    """Implements ``ports.Queue`` with two queues of SQS."""

    def __init__(self, deliveries: Sqs, pages: Sqs, sweeps: Sqs, edges: Edges) -> None:
        self._deliveries, self._pages = deliveries, pages
        self._sweeps = sweeps
        self._edges = edges

    def hand_over(self, dues: Sequence[Due], *, now: datetime) -> int:
        taken = 0
        for queue, is_urgent in ((self._pages, True), (self._deliveries, False)):
            some = [due for due in dues if (urgency_of(due.kind) is Urgency.CRISIS) is is_urgent]
            taken += self._send(queue, some, now=now)
        return taken

    @staticmethod
    def _send(queue: Sqs, dues: Sequence[Due], *, now: datetime) -> int:
        together: list[list[Due]] = []
        for due in dues:
            if together and together[-1][0].at == due.at and len(together[-1]) < TOGETHER:
                together[-1].append(due)
            else:
                together.append([due])
        taken = 0
        for start in range(0, len(together), BATCH):
            part = together[start : start + BATCH]
            done = queue.send_batch([(to_message(*some), _delay(some[0], now)) for some in part])
            taken += sum(len(some) for some in part[:done])
        return taken

    def backlog(self, *, urgent: bool = False) -> int:
        queue = self._pages if urgent else self._deliveries
        return self._edges.call("queue", "backlog", lambda: queue.waiting)

    def ask_help(self, hour: datetime, shard: int, *, first: datetime, before: datetime) -> None:
        body = {"hour": instant(hour), "shard": shard, "first": instant(first), "before": instant(before)}
        self._sweeps.send_batch([(dumps(body), 0)])


def _delay(due: Due, now: datetime) -> int:
    return min(LONGEST_DELAY, max(0, ceil((due.at - now).total_seconds())))


class SimSwitch:
    """The kill switch as a process sees it: what it read up to ten seconds ago counts."""

    def __init__(self, kernel: Kernel, weather: Weather, random: Random, edges: Edges) -> None:
        self._kernel = kernel
        self._weather = weather
        self._random = random
        self._edges = edges

    def paused(self, now: datetime) -> bool:  # noqa: ARG002 (the port's)
        if not self._weather.switched_off:
            return False
        old = self._random.random() * SWITCH_KEPT_FOR
        return self._edges.call("dues", "switch", lambda: self._weather.is_switched_off(self._kernel.now - old))


class SimParking:
    """Implements ``parking.Parking``."""

    def __init__(self, edges: Edges) -> None:
        self._edges = edges
        self.parked: dict[Name, Parked] = {}

    def put(self, parked: Parked) -> None:
        due = parked.due

        def write() -> None:
            self.parked[due.person_id, due.kind, due.on] = parked

        self._edges.call("dues", "park", write, about=[due])

    def remove(self, due: Due) -> None:
        self._edges.call(
            "dues", "unpark", lambda: self.parked.pop((due.person_id, due.kind, due.on), None), about=[due]
        )

    def all(self) -> Iterable[Parked]:
        return self._edges.call("dues", "parked", lambda: list(self.parked.values()))


class SimPace:
    """The account's rate of e-mails, shared by all processes."""

    def __init__(self, edges: Edges, *, rate: int = EMAILS_A_SECOND) -> None:
        self._edges = edges
        self._rate = rate
        self._until = instant_of(0)

    def turn(self, letters: int, urgency: Urgency, *, now: datetime) -> datetime | None:
        return self._edges.call("dues", "turn", lambda: self._take(letters, urgency, now))

    def give_back(self, letters: int, *, now: datetime) -> None:  # noqa: ARG002 (the port's)
        self._edges.call("dues", "give_back", lambda: self._lasts(-letters))

    def _take(self, letters: int, urgency: Urgency, now: datetime) -> datetime | None:
        begins = max(now, self._until)
        if begins - now > PATIENCE[urgency]:
            return None
        self._until = begins
        self._lasts(letters)
        return begins

    def _lasts(self, letters: int) -> None:
        self._until += timedelta(seconds=letters / self._rate)


class Run:
    """Everything of one run, put together from a seed."""

    def __init__(
        self,
        seed: int,
        *,
        size: Size,
        pace: Pace,
        weather: Weather | None = None,
        watch: str = "",
        emails_a_second: int = EMAILS_A_SECOND,
        began: float | None = None,
    ) -> None:
        self.seed = seed
        self.random = Random(seed)
        drawn = beginning(self.random.choice(BEGINNINGS)) + self.random.randrange(24) * HOUR
        self.began = drawn if began is None else began
        self.horizon = self.began + size.days * DAY
        self.kernel = Kernel(start=self.began)
        self.weather = weather or draw_weather(self.random, begins=self.began + HOUR, ends=self.horizon - HOUR)
        self.facts = Facts()
        self.edges = Edges(self.kernel, self.weather, Random(seed + 1))
        self.rows = DueRows()
        self.host = Host(self.kernel, self.weather, self.random)
        self.providers = Providers()
        self.trace: list[str] = []
        if watch:
            self.edges.told = lambda call, about, fault: self._note(watch, call, about, fault)
        self.people = SimPeople(self.edges, self.kernel, self.facts)
        self.dues = SimDues(self.rows, self.edges, self.kernel, self.random, self.weather)
        self.ledger = SimLedger(self.edges, self.kernel, self.facts)
        self.parking = SimParking(self.edges)
        self.clock = VirtualClock(self.kernel)
        self.switch = SimSwitch(self.kernel, self.weather, self.random, self.edges)
        self.deliveries = self._queue(
            Mapping(function="deliver", batch=10, processes=10, lives=90, visibility=100, receives=5, keeps=1800),
            lambda event: handlers.deliver(event, using=self.delivering),
        )
        self.pages = self._queue(
            Mapping(function="deliver", batch=5, processes=10, lives=90, visibility=100, receives=99, keeps=300),
            lambda event: handlers.deliver(event, using=self.delivering),
        )
        self.sweeps = self._queue(
            Mapping(function="sweep", batch=1, processes=50, lives=60, visibility=120, receives=2, keeps=300),
            lambda event: handlers.sweep(event, using=self.ticking),
        )
        queue = SimQueue(self.deliveries, self.pages, self.sweeps, self.edges)
        self.ticking = handlers.Ticking(dues=self.dues, queue=queue, switch=self.switch, clock=self.clock)
        means = Means(
            recipients=self.people,
            dues=self.dues,
            ledger=self.ledger,
            senders={kind: self._sender(kind) for kind in ChannelKind},
            suppressions=self.people,
            each=self.kernel.each,
        )
        self.delivering = handlers.Delivering(
            means=means,
            pace=SimPace(self.edges, rate=emails_a_second),
            switch=self.switch,
            parking=self.parking,
            clock=self.clock,
        )
        self.world = World(
            kernel=self.kernel,
            random=self.random,
            facts=self.facts,
            rows=self.rows,
            providers=self.providers,
            begins=self.began,
            ends=self.horizon,
            size=size.people,
            pace=pace,
            hurry=self._hurry,
        )

    def go(self) -> Result:
        """Let it all happen, then let everything come to its end in calm, and judge it."""
        self.world.begin()
        self.tick_each_minute()
        self.kernel.run(until=self.horizon)
        self.edges.calm()
        self._bring_back()
        drained_at = self._drain()
        self.facts.left = list(self._left())
        trouble = [(begins, ends + HOUR) for _, begins, ends in self.weather.stopped]
        trouble += [(storm.begins, storm.ends + HOUR) for storm in self.weather.storms]
        checker = Checker(
            self.facts,
            begins=self.began,
            horizon=self.horizon,
            dead=frozenset(self.providers.dead | self.providers.unwelcome),
            paused=self.weather.switched_off,
            troubled=trouble,
            faultless=self.weather.rate == 0,
        )
        return Result(
            seed=self.seed,
            verdict=checker.judge(),
            weather=self.weather,
            began=self.began,
            calls=self.edges.calls,
            faults=Counter(self.edges.met),
            failed=Counter(self.host.failed),
            drained_after=drained_at - self.horizon,
            trace=self.trace,
        )

    def tick_each_minute(self) -> None:
        """Let ticks come from now on."""
        self.rows.mark = instant_of(self.began - 2 * HOUR).replace(minute=0, second=0, microsecond=0)
        Minutes(self._tick, kernel=self.kernel, weather=self.weather, random=self.random, edges=self.edges).begin()

    # -- functions --

    def _hurry(self, due: Due) -> None:
        # The call that hands it over fails as often as any other; then the tick finds it.
        if self.random.random() >= self.weather.rate:
            self.deliveries.put(to_message(due), 0)

    def _tick(self, at: float) -> None:
        event = {"time": instant_of(at).isoformat().replace("+00:00", "Z")}
        self.host.run_event("tick", lambda: handlers.tick(event, using=self.ticking), lives=50)

    def _reported(self, taken: Taken) -> None:
        """Have SES, or the device, report a message that was taken: soon, late, twice or never."""
        random, weather = self.random, self.weather
        if random.random() < weather.receipts_lost:
            return
        by_device = taken.channel.kind is not ChannelKind.EMAIL
        if by_device and random.random() < 0.15:
            return
        late = random.random() < weather.receipts_late
        after = random.uniform(0, 3 * HOUR) if late else random.uniform(0.3, 4)
        for _ in range(2 if random.random() < 0.1 else 1):
            self.kernel.at(self.kernel.now + after, lambda: self._report(taken, by_device=by_device))
            after += random.uniform(0, 5)

    def _report(self, taken: Taken, *, by_device: bool) -> None:
        def work() -> None:
            at, device = self.clock.utc_now(), taken.channel.id if by_device else None
            self.ledger.received(*taken.name, at=at, by_device=by_device, channel_id=device)
            self.facts.reports.append(Report(at=self.kernel.now, name=taken.name, by_device=by_device))

        self.host.run_event("record_receipt", work, lives=30)

    def _bring_back(self) -> None:
        """Have an operator bring back everything that was set aside, twice at the same time."""

        def work() -> None:
            redrive(
                None,
                now=self.clock.utc_now(),
                recipients=self.people,
                dues=self.dues,
                ledger=self.ledger,
                parking=self.parking,
            )

        for _ in range(2):
            self.host.run_event("operate", work, lives=900)

    # -- the end --

    def _drain(self) -> float:
        while self.kernel.now < self.horizon + DRAINED_WITHIN:
            self.kernel.run(until=self.kernel.now + 20 * MINUTE)
            if not any(True for _ in self._left()):
                break
        return self.kernel.now

    def _left(self) -> Iterator[str]:
        horizon = instant_of(self.horizon)
        for due in self.rows.all():
            if due.due_at < horizon:
                yield f"the due row {due.name} at {due.at:%d %H:%M}Z"
        for name, entry in self.ledger.open.items():
            if entry.due_at < horizon:
                yield f"the {entry.status} entry {text_of(name)}"
        for person, waiting in self.people.waiting.items():
            for one in waiting.values():
                if one.due_at < horizon:
                    yield f"{one.kind} of {one.on} with {person}"

    # -- parts --

    def _queue(self, mapping: Mapping, handle: Callable[[dict[str, Any]], object]) -> Sqs:
        return Sqs(
            mapping,
            handle,
            kernel=self.kernel,
            weather=self.weather,
            random=self.random,
            edges=self.edges,
            host=self.host,
        )

    def _sender(self, kind: ChannelKind) -> SimSender:
        return SimSender(
            kind,
            edges=self.edges,
            kernel=self.kernel,
            random=self.random,
            facts=self.facts,
            providers=self.providers,
            report=self._reported,
        )

    def _note(self, watch: str, call: str, about: object, fault: Fault | None) -> None:
        names = _names(about)
        if not any(watch in name for name in names):
            return
        process = self.kernel.process
        what = f" -> {fault.name.lower()}" if fault else ""
        shown = ", ".join(name for name in names if watch in name)
        self.trace.append(
            f"{instant_of(self.kernel.now):%d %H:%M:%S.%f} {process.name} {process.number}: {call}({shown}){what}"
        )


def _names(about: object) -> list[str]:
    match about:
        case Due():
            return [f"{about.name} at {about.at:%d %H:%M:%S} v{about.version}"]
        case Entry():
            return [f"{about.name} {about.status} {about.reason or ''} attempt {about.attempt} {about.carries or ''}"]
        case list():
            return [name for one in about for name in _names(one)]
        case (str(), str(), _):
            return [f"{about[0]}_{about[2]}_{about[1]}"]
    return [str(about)]


@contextmanager
def unheard() -> Iterator[None]:
    """Let nobody hear of logs and metrics: in a simulation they would take a good part of its time."""
    level, provider = logger.log_level, metrics.provider
    logger.setLevel(logging.CRITICAL)
    metrics.provider = Unmeasured()  # type: ignore[assignment]
    try:
        yield
    finally:
        logger.setLevel(level)
        metrics.provider = provider


def run(seed: int, *, size: Size, pace: Pace | None = None, weather: Weather | None = None, watch: str = "") -> Result:
    """Simulate one seed; ``watch`` traces every call that names this person or occurrence."""
    with unheard():
        return Run(seed, size=size, pace=pace or Pace(), weather=weather, watch=watch).go()


__all__ = ["CALM", "Pace", "Result", "Size", "name_of", "run", "seconds_of"]
