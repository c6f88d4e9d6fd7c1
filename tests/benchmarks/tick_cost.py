"""
`make bench-tick`: what one tick costs with the same 1,000 due, however many schedules wait for another time.

The real tick with its real client, on the table in memory: moto and the emulator don't hold a million rows. Every
schedule has its due row and its schedule item; those that are not due now are spread over the 24 hours after.
"""

import argparse
import gc
import statistics
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from chalicelib.edge import aws, table
from chalicelib.outreach import wiring
from tests.benchmarks.expressions import Item
from tests.benchmarks.meter import Meter
from tests.benchmarks.quiet import quiet
from tests.benchmarks.settings import settle
from tests.benchmarks.world import World, a_world

DUE = datetime(2026, 11, 25, 14, tzinfo=UTC)
AT = DUE - timedelta(seconds=50)
SIZES = (1_000, 10_000, 100_000, 1_000_000)
DUE_NOW = 1000
TICKS = 7


def schedules(world: World, number: int) -> Iterator[Item]:
    """Give the rows of as many people's schedules, each like one that enrolment wrote."""
    from chalicelib.outreach.domain import Due
    from chalicelib.outreach.store import due_item

    person = world.enrol(1, now=AT - timedelta(hours=18))
    [schedule] = [item for item in world.table.all() if item["item"]["S"] == "schedule"]
    day = 24 * 3600 - 240
    for one in range(number):
        name = f"{one * 2654435761 % 2**64:032x}"
        at = DUE if one < DUE_NOW else DUE + timedelta(seconds=120 + one * 7919 % day)
        due = Due(person_id=name, kind="check_in", on=at.date(), at=at, due_at=at, version=1)
        yield due_item(due).serialize()
        yield {**schedule, "pk": {"S": schedule["pk"]["S"].replace(person, name)}}


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--most", type=int, default=SIZES[-1])
    asked = parser.parse_args()
    settle()
    sizes = [size for size in SIZES if size <= asked.most]
    seconds: dict[int, list[float]] = {size: [] for size in sizes}
    units: dict[int, float] = {}
    with quiet(), ExitStack() as stack:
        worlds = {}
        for size in sizes:
            world = stack.enter_context(a_world(AT))
            with a_world(AT) as elsewhere:
                world.table.load(schedules(elsewhere, size))
            worlds[size] = world
        gc.freeze()
        # Turn about, so that a slow moment of the machine hits all sizes.
        for turn in range(TICKS + 1):
            for size, kept in worlds.items():
                with a_world(AT) as world:
                    _lend(kept, world)
                    meter = Meter(peek=world.table.peek)
                    if turn == 0:
                        meter.attach(table.Item._get_connection())  # noqa: SLF001 (the client of all items)
                    spent, found = _tick(world)
                    if found["ahead"] != DUE_NOW:
                        raise RuntimeError(f"{found} of {DUE_NOW}")
                    if turn == 0:
                        units[size] = sum(meter.reads.values()) + sum(meter.writes.values())
                    else:
                        seconds[size].append(spent)
    print(f"one tick with {DUE_NOW} due; median of {TICKS} ticks, the sizes in turn\n")
    print(f"{'schedules':>12}{'request units':>16}{'x':>7}{'CPU ms':>10}{'x':>7}")
    for size in sizes:
        cpu, least = statistics.median(seconds[size]), statistics.median(seconds[sizes[0]])
        print(f"{size:12,}{units[size]:16.1f}{units[size] / units[sizes[0]]:7.2f}{cpu * 1000:10.1f}{cpu / least:7.2f}")
    medians = [statistics.median(of) for of in seconds.values()]
    print(f"\nmax/min: request units {max(units.values()) / min(units.values()):.2f} (aim 1.1), ", end="")
    print(f"CPU {max(medians) / min(medians):.2f} (aim 1.5)")


def _lend(kept: World, world: World) -> None:
    """Let a fresh world tick on a table that was filled before."""
    world.table.share(kept.table)
    world.settle_ticks()


def _tick(world: World) -> tuple[float, dict[str, int]]:
    # The first tick of a process makes its clients; that is a cold start's, and measured there.
    aws.client("sqs")
    using = replace(wiring.ticking(), clock=world.clock)
    using.switch.paused(world.clock.at)
    began = time.process_time()
    found = world.tick()
    return time.process_time() - began, found


if __name__ == "__main__":
    main()
