"""
`make bench-kill`: end each worker with SIGKILL in the middle, start another, and count who got nothing and who got two.

Both lots of work of side_by_side.py. A successor is given a minute of rest after its last message: what comes later, by
a sweep that has to be set up, counts as lost here. Cairn's successor begins five minutes later by its own clock, after
the provider's reports of what it took; nothing else brings back what the queue had handed out.
"""

import argparse
import time
from collections import Counter
from collections.abc import Callable
from contextlib import ExitStack

from tests.benchmarks.processes import HOME, ROOT, Running, postgres, redis, start
from tests.benchmarks.side_by_side import CONTENDERS, PEERS, Contender, environment, prepare, services

SLOW = {"BENCH_PROVIDER_MS": "30"}


def kill_once(
    contender: Contender, number: int, *, work: str, stores: dict[str, Running], rest: float
) -> tuple[int, int]:
    """Return how many got nothing, and how many got more than one, after one kill."""
    taken = HOME / "taken-kill"
    taken.write_bytes(b"")
    with ExitStack() as stack:
        store = stack.enter_context(services(taken)) if contender.store == "services" else stores[contender.store]
        env = environment(contender, store, store.url, work=work, taken=taken) | SLOW
        prepare(contender, number, env)
        folder = ROOT if contender.store == "services" else PEERS
        worker = start((*contender.command, "work"), name=contender.name, env=env, cwd=folder)
        stack.callback(worker.kill)
        _until(lambda: len(taken.read_text().split()) >= number // 3, 60)
        worker.kill()
        second = start((*contender.command, "work"), name=contender.name, env={**env, "BENCH_AGAIN": "1"}, cwd=folder)
        stack.callback(second.kill)
        seen, since = -1, time.monotonic()
        while time.monotonic() - since < rest:
            found = len(taken.read_text().split())
            if found != seen:
                seen, since = found, time.monotonic()
            time.sleep(0.2)
        times = Counter(taken.read_text().split())
    return number - len(times), sum(1 for each in times.values() if each > 1)


def _until(done: Callable[[], bool], at_most: float) -> None:
    end = time.monotonic() + at_most
    while not done():
        if time.monotonic() > end:
            raise TimeoutError("it never got so far")
        time.sleep(0.01)


def main() -> None:
    """Kill and count."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reminders", type=int, default=300)
    parser.add_argument("--kills", type=int, default=3)
    parser.add_argument("--rest", type=float, default=60)
    asked = parser.parse_args()
    print(f"{asked.kills} kills each among {asked.reminders} reminders, {asked.rest:.0f} s of rest afterwards\n")
    print(f"{'':24}{'work':>8}{'lost':>8}{'doubled':>10}")
    with redis() as on_redis, postgres() as on_postgres:
        stores: dict[str, Running] = {"redis": on_redis, "postgres": on_postgres}
        for contender in CONTENDERS:
            if contender.env:
                continue
            for work in contender.works:
                found = [
                    kill_once(contender, asked.reminders, work=work, stores=stores, rest=asked.rest)
                    for _ in range(asked.kills)
                ]
                lost, doubled = (sum(column) for column in zip(*found, strict=True))
                print(f"{contender.name:24}{work:>8}{lost:8}{doubled:10}", flush=True)


if __name__ == "__main__":
    main()
