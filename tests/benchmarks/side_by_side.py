"""
`make bench-peers`: reminders per CPU-second and per second, Cairn and five queues in turn on the same machine.

Each worker runs as one process with ten reminders in hand; the store is a process of its own. Two lots of work:
``plain`` is what a peer's own guide shows (send, write a record, put the next occurrence), ``same`` are Cairn's steps
(the person is read and the occurrence claimed before anything is sent). CPU is taken from the first tenth of the
reminders to the last.
"""

import argparse
import json
import os
import shutil
import statistics
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

from tests.benchmarks.processes import HOME, ROOT, Running, free_port, postgres, redis, start, wait_for

PEERS = Path(__file__).parent / "peers"
PYTHON = HOME / "peers" / "bin" / "python"
DATABASE_MS, PROVIDER_MS = 5, 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Contender:
    """One that takes part: its command, where it keeps things, and what it wants in its environment."""

    name: str
    command: tuple[object, ...]
    store: str
    env: dict[str, str]
    works: tuple[str, ...] = ("plain", "same")


CAIRN = (sys.executable, "-m", "tests.benchmarks.cairn_worker")
CONTENDERS = (
    Contender(name="Cairn", command=CAIRN, store="services", env={}, works=("same",)),
    Contender(name="Cairn, 100 a batch", command=CAIRN, store="services", env={"BENCH_BATCH": "100"}, works=("same",)),
    Contender(name="Cairn, whole e-mails", command=CAIRN, store="services", env={"BENCH_MAIL": "ses"}, works=("same",)),
    Contender(name="procrastinate", command=(PYTHON, PEERS / "with_procrastinate.py"), store="postgres", env={}),
    Contender(name="APScheduler", command=(PYTHON, PEERS / "with_apscheduler.py"), store="postgres", env={}),
    Contender(name="Celery", command=(PYTHON, PEERS / "with_celery.py"), store="redis", env={}),
    Contender(name="huey", command=(PYTHON, PEERS / "with_huey.py"), store="redis", env={}),
    Contender(name="BullMQ", command=("node", PEERS / "with_bullmq.mjs"), store="redis", env={}),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """One run: seconds of CPU of the worker and of the store, and of the clock, for so many reminders."""

    reminders: int
    own: float
    store: float
    clock: float


@contextmanager
def services(taken: Path, provider_ms: int = 0) -> Iterator[Running]:
    """Run what stands in for DynamoDB, SQS and SES."""
    port = free_port()
    pair = ec.generate_private_key(ec.SECP256R1())
    pem = pair.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    secret = json.dumps({"links": {"k1": "secret"}, "vapid_private": pem, "vapid_public": ""})
    env = {"BENCH_SECRET": secret, "BENCH_TAKEN": str(taken), "BENCH_PROVIDER_MS": str(provider_ms)}
    running = start((sys.executable, "-m", "tests.benchmarks.server", port), name="services", env=env, cwd=ROOT)
    running.port, running.url = port, f"http://127.0.0.1:{port}"
    try:
        wait_for(port)
        yield running
    finally:
        running.stop()


@contextmanager
def late(store: Running) -> Iterator[str]:
    """Put the network's latency before a store; give its address then."""
    port = free_port()
    proxy = start((sys.executable, "-m", "tests.benchmarks.slow", port, store.port, DATABASE_MS), name="slow", cwd=ROOT)
    try:
        wait_for(port)
        yield store.url.replace(f":{store.port}", f":{port}")
    finally:
        proxy.stop()


def environment(contender: Contender, store: Running, url: str, *, work: str, taken: Path) -> dict[str, str]:
    """Return what a worker is told."""
    names = {"redis": "BENCH_REDIS", "postgres": "BENCH_POSTGRES", "services": "AWS_ENDPOINT_URL"}
    return {
        names[contender.store]: url,
        "BENCH_PORT": str(store.port),
        "BENCH_TAKEN": str(taken),
        "BENCH_TICK": str(HOME / "tick.json"),
        "BENCH_WORK": work,
        "BENCH_NODE_MODULES": str(HOME / "node"),
        "PYTHONPATH": str(ROOT) if contender.store == "services" else "",
        **contender.env,
    }


def prepare(contender: Contender, number: int, env: dict[str, str]) -> None:
    """Put so many reminders that are due."""
    folder = ROOT if contender.store == "services" else PEERS
    filling = start((*contender.command, "fill", number), name=f"fill-{contender.name}", env=env, cwd=folder)
    if filling.process.wait():
        raise RuntimeError(f"{contender.name} could not be filled: {filling.log.read_text()[-2000:]}")


def run_once(contender: Contender, number: int, *, work: str, stores: dict[str, Running], slow: bool) -> Measured:
    """Let one contender deliver so many reminders."""
    taken = HOME / "taken"
    taken.write_bytes(b"")
    with ExitStack() as stack:
        if contender.store == "services":
            store = stack.enter_context(services(taken, PROVIDER_MS if slow else 0))
        else:
            store = stores[contender.store]
        env = environment(contender, store, store.url, work=work, taken=taken)
        prepare(contender, number, env)
        if slow:
            url = stack.enter_context(late(store))
            env = environment(contender, store, url, work=work, taken=taken) | {"BENCH_PROVIDER_MS": str(PROVIDER_MS)}
        folder = ROOT if contender.store == "services" else PEERS
        worker = start((*contender.command, "work"), name=contender.name, env=env, cwd=folder)
        stack.callback(worker.kill)
        return _measure(contender, worker, store, taken, number)


def _measure(contender: Contender, worker: Running, store: Running, taken: Path, number: int) -> Measured:
    def done() -> int:
        return taken.read_bytes().count(b"\n")

    def until(many: int) -> tuple[int, float, float, float]:
        end = time.monotonic() + 180
        while (found := done()) < many:
            if worker.process.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{contender.name} stands at {found}: {worker.log.read_text()[-2000:]}")
            time.sleep(0.01)
        return found, worker.cpu, store.cpu, time.monotonic()

    first, last = until(number // 10), until(number)
    reminders = last[0] - first[0]
    own = last[1] - first[1]
    if contender.store == "services":
        # Finding what is due is part of the peers' loop; here the tick did it before.
        own += json.loads((HOME / "tick.json").read_text())["cpu"] * reminders / number
    return Measured(reminders=reminders, own=own, store=last[2] - first[2], clock=last[3] - first[3])


def table(title: str, found: dict[str, list[Measured]], figure: Callable[[Measured], float], least: str) -> None:
    """Print the median of a figure for each contender, its spread, and the ratio of the same rounds to ``least``'s."""
    print(f"\n{title}\n  {'':24}{'median':>9}{'least':>9}{'most':>9}   Cairn / this")
    for name, runs in found.items():
        figures = [figure(run) for run in runs]
        ratios = [figure(ours) / theirs for ours, theirs in zip(found[least], figures, strict=True)]
        cells = "".join(f"{value:9.0f}" for value in (statistics.median(figures), min(figures), max(figures)))
        print(f"  {name:24}{cells}{statistics.median(ratios):10.2f}")


def main() -> None:
    """Measure in rounds and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--reminders", type=int, default=3000)
    parser.add_argument("--slow-reminders", type=int, default=600)
    parser.add_argument("--only", nargs="*", help="names of contenders")
    asked = parser.parse_args()
    chosen = [one for one in CONTENDERS if not asked.only or one.name in asked.only]
    found: dict[tuple[str, bool], dict[str, list[Measured]]] = defaultdict(lambda: defaultdict(list))
    HOME.mkdir(parents=True, exist_ok=True)
    with redis() as on_redis, postgres() as on_postgres:
        stores = {"redis": on_redis, "postgres": on_postgres}
        for turn in range(asked.rounds):
            for contender in chosen:
                for work in contender.works:
                    found[work, False][contender.name].append(
                        run_once(contender, asked.reminders, work=work, stores=stores, slow=False)
                    )
                found["same", True][contender.name].append(
                    run_once(contender, asked.slow_reminders, work="same", stores=stores, slow=True)
                )
            load = os.getloadavg()[0]
            print(f"round {turn + 1} of {asked.rounds} done, load average {load:.1f}", file=sys.stderr, flush=True)
            show(found, rounds=turn + 1, reminders=asked.reminders)
    shutil.rmtree(HOME / "redis-data", ignore_errors=True)


def show(found: dict[tuple[str, bool], dict[str, list[Measured]]], *, rounds: int, reminders: int) -> None:
    """Print what the rounds so far came to."""
    ours = {name: runs for name, runs in found["same", False].items() if name.startswith("Cairn")}
    print(f"\n== {reminders} reminders, {rounds} rounds in turn, ten in hand; {os.cpu_count()} cores ==")
    for work in ("plain", "same"):
        runs = {**ours, **found[work, False]}
        title = f"{work} work, reminders per CPU-second of the worker"
        table(title, runs, lambda run: run.reminders / run.own, "Cairn")
        title = f"{work} work, reminders per CPU-second of worker and store"
        table(title, runs, lambda run: run.reminders / (run.own + run.store), "Cairn")
    title = f"same work, reminders per second, {DATABASE_MS} ms to the store and {PROVIDER_MS} ms to the provider"
    table(title, found["same", True], lambda run: run.reminders / run.clock, "Cairn")
    sys.stdout.flush()


if __name__ == "__main__":
    main()
