"""
Lay the ground of a simulation: put hosts, stores and providers of ours in the place of AWS's, and everything back.

A function of app.py then finds them where it would find the real ones.
"""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from functools import cache
from http import HTTPStatus
from random import Random
from typing import Any, cast

import app as functions
from chalicelib.edge import aws as real_aws
from chalicelib.edge import clock, ids, table
from chalicelib.edge import config as settings_of
from chalicelib.edge.app import Cairn
from chalicelib.edge.log import logger, metrics
from chalicelib.edge.problems import Refused
from chalicelib.outreach import handlers, ports, wiring
from chalicelib.outreach.domain import Channel, ChannelKind, Entry, Recipient
from chalicelib.outreach.links import Signer
from chalicelib.outreach.store import DynamoDues
from chalicelib.privacy.domain import Actor
from tests.contract.test_people_routes import FakeTokens
from tests.fakes_privacy import FakeReplays
from tests.simulation.cloud import Host, Mapping, Sqs
from tests.simulation.crises import aws
from tests.simulation.crises.facts import Taken
from tests.simulation.crises.ground import Ground
from tests.simulation.kernel import Kernel, Task, instant_of, running
from tests.simulation.season.stage import Dice, forget
from tests.simulation.season.table import remembering
from tests.simulation.weather import Edges, Weather

DELIVER_LIVES = 90.0
KEPT = ("PERSON#", "PROGRAMME", "STAFF", "CRISES#", "CRISIS#", "TASKS#", "ROTA", "SIGNIN#")
"""Partitions whose rows are read again and again, and made into items once."""
MOST_KEPT = 30_000
EXPIRED = "#expired"
"""What a sign-in ends with that is over."""


class SignIns(FakeTokens):
    """Says who sent a token; one that is over, or that somebody else made, is refused."""

    def actor(self, authorization: str | None, *, now: datetime) -> Actor:
        text = (authorization or "").removeprefix("Bearer ")
        is_over = text.endswith(EXPIRED) and now.year > 1970
        if not text or is_over or text.count(".") > 1:
            raise Refused(status=HTTPStatus.UNAUTHORIZED, kind="not-signed-in", detail="Sign in.")
        return super().actor(text.removesuffix(EXPIRED), now=now)


class Hand:
    """The clock of whichever host runs the present process: ``chalicelib.edge.clock`` goes by it."""

    def __init__(self, kernel: Kernel) -> None:
        self._kernel = kernel

    def now(self, zone: Any) -> datetime:
        is_process = isinstance(running(), Task)
        instant = self._kernel.host_time() if is_process else instant_of(self._kernel.now)
        return instant.astimezone(zone)

    @staticmethod
    def fromisoformat(text: str) -> datetime:
        return datetime.fromisoformat(text)

    @staticmethod
    def fromtimestamp(seconds: float, zone: Any) -> datetime:
        return datetime.fromtimestamp(seconds, zone)

    def sleep(self, seconds: float) -> None:
        self._kernel.pause(seconds)


class Outlet:
    """Takes every message of one channel; what is composed is the real sender's."""

    def __init__(self, kind: ChannelKind, real: ports.Sender, ground: Ground) -> None:
        self._port = kind.value
        self._real = real
        self._ground = ground

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> ports.Letter:
        return self._real.compose(entry, recipient, channel, closes_at=closes_at)

    def send(self, letter: ports.Letter) -> ports.Handed:
        ground, address = self._ground, letter.channel.address

        def take() -> None:
            if address in ground.providers.dead:
                raise ports.Refused(gone=True)
            ground.take(
                Taken(
                    at=ground.kernel.now,
                    way=self._port,
                    address=address,
                    whom=letter.entry.person_id,
                    name=letter.entry.name,
                    kind=letter.entry.kind,
                    tells=(letter.entry.kind, *(text.partition("#")[2] for text in letter.entry.carries)),
                )
            )

        def late() -> None:
            if address not in ground.providers.dead:
                take()

        ground.edges.call(
            self._port, "send", take, takes=0.04, refuse=ports.NotAccepted, late=late, about=letter.entry.name
        )
        return ports.Handed(provider_id=f"{self._port}-{letter.entry.name}-{letter.entry.attempt}")


class Metered:
    """Takes metrics, and hands them on with their instant."""

    def __init__(self, hear: Callable[[str, float], None]) -> None:
        self._hear = hear
        self.metric_set: dict[str, Any] = {}

    def add_metric(self, *, name: str, value: float = 1, **_: Any) -> None:
        self._hear(name, value)

    def flush_metrics(self, **_: Any) -> None:
        pass


class _OfEachProcess:
    """An attribute of the app that each process has for itself: hosts of a cloud share none."""

    def __get__(self, app: object, _kind: object = None) -> Any:
        return getattr(running(), "of_app", {}).get(id(self)) if app is not None else self

    def __set__(self, app: object, value: Any) -> None:
        current = running()
        if not hasattr(current, "of_app"):
            current.of_app = {}
        current.of_app[id(self)] = value


OF_EACH_PROCESS = ("current_request", "lambda_context", "correlation_id")


@contextmanager
def a_ground(start: float, weather: Weather, *, seed: int) -> Iterator[Ground]:
    """Give Cairn at this instant, with nobody in it and nothing failing. The process must have its settings."""
    kernel = Kernel(start=start)
    random = Random(f"ground {seed}")
    edges = Edges(kernel, weather, Random(f"faults {seed}"))
    rows = aws.Rows(kernel)
    ground = Ground(
        kernel=kernel,
        weather=weather,
        random=random,
        edges=edges,
        table=rows,
        host=Host(kernel, weather, random),
        signer=Signer(tuple(aws.secret()["links"].values())),
    )
    ground.queues = _queues(ground)

    def client(service: str, *, patience: float | None = None, **_options: Any) -> Any:
        match service:
            case "sqs":
                return aws.Queues(ground.queues, edges, waits=patience)
            case "sns":
                return aws.Texts(edges, ground.text, waits=patience)
            case "secretsmanager":
                return aws.Secrets()
            case "sesv2":
                return aws.Ses()
        raise LookupError(service)

    hand = Hand(kernel)
    forget_all()
    kept = _replace_everywhere(real_aws.client, client) | _replace_everywhere(table.item_of, _once(table.item_of))
    settings = replace(settings_of.config(), pager="sns-sms")
    kept |= _replace_everywhere(settings_of.config, lambda: settings)
    modules = {module: dict(module.__dict__) for module in (clock, ids, table, wiring)}
    clock.__dict__.update(datetime=hand, time=hand)
    ids.__dict__.update(uuid=Dice(Random(f"ids {seed}")))
    table.__dict__.update(time=hand)
    connection = table.Item._get_connection().connection  # noqa: SLF001 (where every item's calls go)
    connection._client = cast(  # noqa: SLF001
        "Any", aws.Dynamo(rows, edges=edges, kernel=kernel, random=random, stale=weather.stale)
    )
    wiring.__dict__.update(delivering=_providing(ground, wiring.delivering))
    for name in OF_EACH_PROCESS:
        setattr(Cairn, name, _OfEachProcess())
    functions.app.use(replace(functions.wire(), tokens=SignIns(), replays=FakeReplays()))
    heard = metrics.provider
    metrics.provider = cast("Any", Metered(ground.hear))
    level = logger.log_level
    logger.setLevel("CRITICAL")
    edges.quiet = True
    try:
        with remembering(KEPT):
            ground.do(lambda: DynamoDues().advance(ground.now.replace(minute=0, second=0, microsecond=0)))
            yield ground
    finally:
        logger.setLevel(level)
        metrics.provider = heard
        for name in OF_EACH_PROCESS:
            delattr(Cairn, name)
        for module, names in modules.items():
            module.__dict__.update(names)
        for (module, name), value in kept.items():
            setattr(module, name, value)
        forget_all()


def _once(item_of: Callable[[Any, Any], Any]) -> Callable[[Any, Any], Any]:
    """Return the same function, which remembers what it made of a row: rows are only replaced."""
    made: dict[tuple[int, Any], tuple[Any, Any]] = {}

    def remembered(kind: Any, row: Any) -> Any:
        known = made.get((id(row), kind))
        if known is None or known[0] is not row:
            if len(made) > MOST_KEPT:
                made.clear()
            known = made[id(row), kind] = (row, item_of(kind, row))
        return known[1]

    return remembered


def _replace_everywhere(what: object, by: object) -> dict[tuple[Any, str], Any]:
    """Put something in the place of a function in every module that knows it by name."""
    kept = {}
    for module in list(sys.modules.values()):
        if getattr(module, "__name__", "").startswith("chalicelib."):
            for name, value in list(vars(module).items()):
                if value is what:
                    kept[module, name] = value
                    setattr(module, name, by)
    return kept


def forget_all() -> None:
    """Forget what a process keeps of its stores: everything that the slices of crises keep, and what others do."""
    forget()
    for name, module in list(sys.modules.items()):
        if name.startswith(("chalicelib.crisis", "chalicelib.staff", "chalicelib.checkins")):
            for value in list(vars(module).values()):
                clear = getattr(value, "cache_clear", None)
                if clear and getattr(value, "__module__", "") == name:
                    clear()


def _queues(ground: Ground) -> dict[str, Sqs]:
    def queue(mapping: Mapping, handle: Callable[[dict[str, Any]], object]) -> Sqs:
        return Sqs(
            mapping,
            handle,
            kernel=ground.kernel,
            weather=ground.weather,
            random=ground.random,
            edges=ground.edges,
            host=ground.host,
        )

    deliver = Mapping(
        function="deliver", batch=10, processes=10, lives=DELIVER_LIVES, visibility=100, receives=5, keeps=1800
    )
    pages = Mapping(
        function="deliver", batch=5, processes=10, lives=DELIVER_LIVES, visibility=100, receives=99, keeps=300
    )
    sweep = Mapping(function="sweep", batch=1, processes=50, lives=60, visibility=120, receives=2, keeps=300)
    return {
        "cairn-deliver": queue(deliver, ground.deliver),
        "cairn-page": queue(pages, ground.deliver),
        "cairn-sweep": queue(sweep, lambda event: functions.sweep(event, None)),
    }


def _providing(ground: Ground, delivering: Callable[..., handlers.Delivering]) -> Callable[..., handlers.Delivering]:
    """Return what puts delivery together with providers of ours in the place of AWS's."""

    @cache
    def put_together(*given: Any, **named: Any) -> handlers.Delivering:
        using = delivering(*given, **named)
        senders = {kind: Outlet(kind, real, ground) for kind, real in using.means.senders.items()}
        return replace(using, means=replace(using.means, senders=senders, each=ground.kernel.each))

    return put_together
