"""``make crises``: many seeds, two at a time, and the table of what came of them; or one again, with its story."""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, islice
from multiprocessing import get_context

from tests.benchmarks.settings import settle
from tests.simulation.crises.checker_facts import Finding
from tests.simulation.crises.run import CALM, SHORT, Result, Size, run

PROCESSES = 2
NICE = 10
WITHOUT_FAULTS = 3
"""How many more seeds are run in which nothing fails, for the figures."""


def simulate(arguments: tuple[int, Size, bool]) -> tuple[Result, float]:
    """Run one seed in a process of the pool; say how many seconds of a processor it took."""
    settle()
    seed, size, in_calm = arguments
    began = time.process_time()
    return run(seed, size=size, weather=CALM if in_calm else None), time.process_time() - began


def many(crises: int, *, first: int, last: int | None, size: Size, processes: int) -> int:
    """Run seeds until there were so many crises; return 1 if anything was wrong."""
    began = time.monotonic()
    total = Figures()
    for result, took in _results(crises, first=first, last=last, size=size, processes=processes):
        total.add(result, took)
        print(
            f"  seed {result.seed}: {result.verdict.counts['crises']} crises, {took:.0f} s, "
            f"{len(result.verdict.findings)} findings",
            flush=True,
        )
    calm = Figures()
    if last is None:
        for result, took in _pooled([(seed, size, True) for seed in range(first, first + WITHOUT_FAULTS)], processes):
            calm.add(result, took)
    print(
        f"\n{total.counts['crises']:,} crises in {total.seeds} seeds from {first} on, "
        f"in {time.monotonic() - began:,.0f} s"
    )
    print(f"{total.took + calm.took:,.0f} seconds of a processor\n")
    print("\n".join(total.lines()))
    if calm.seeds:
        print(f"\nwithout any fault ({calm.counts['crises']:,} crises):")
        print("\n".join(calm.times()))
    broken = total.broken + calm.broken
    if not broken:
        print("\nno rule was broken")
        return 0
    print("\nbroken:")
    for rule, number in Counter(finding.rule for _, finding in broken).most_common():
        seed, finding = next((seed, finding) for seed, finding in broken if finding.rule == rule)
        print(f"  {number:>6,}  {finding}   (make crises SEED={seed} CRISES={size.crises})")
    return 1


class Figures:
    """What several runs add up to."""

    def __init__(self) -> None:
        self.seeds = 0
        self.took = 0.0
        self.counts: Counter[str] = Counter()
        self.faults: Counter[str] = Counter()
        self.broken: list[tuple[int, Finding]] = []
        self.most = 0
        self.series: dict[str, list[float]] = {}

    def add(self, result: Result, took: float) -> None:
        """Add a run."""
        verdict = result.verdict
        self.seeds += 1
        self.took += took
        self.most = max(self.most, verdict.counts.pop("most pages of a crisis to an address in ten minutes", 0))
        self.counts += verdict.counts + result.counts
        self.faults += result.faults
        self.broken += [(result.seed, finding) for finding in verdict.findings]
        for name, values in (
            ("from the call to the first page that a provider took", verdict.first_page),
            ("the same, where nothing stood still meanwhile", verdict.first_page_in_calm),
            ("from the call to its answer", verdict.answers),
            ("from the call, or what woke it again, to an acknowledgement", verdict.to_ack),
            ("escalations after their minute", verdict.lateness),
        ):
            self.series.setdefault(name, []).extend(values)

    def lines(self) -> Iterator[str]:
        """Give all of it."""
        yield f"{self.faults.total():,} faults: " + ", ".join(
            f"{name.lower()} {number:,}" for name, number in self.faults.most_common()
        )
        for name, number in sorted(self.counts.items()):
            yield f"  {number:>10,}  {name}"
        yield f"  {self.most:>10,}  pages of a crisis to one address in ten minutes, at most"
        yield ""
        yield from self.times()

    def times(self) -> Iterator[str]:
        """Give how long things took, in simulated seconds."""
        yield "| seconds | number | p50 | p90 | p99 | most |"
        yield "|---|---|---|---|---|---|"
        for name, values in self.series.items():
            if values:
                marks = " | ".join(f"{one:,.1f}" for one in marks_of(values))
                yield f"| {name} | {len(values):,} | {marks} |"


def marks_of(values: Sequence[float]) -> list[float]:
    """Return p50, p90, p99 and the most."""
    ordered = sorted(values)
    return [ordered[min(len(ordered) - 1, int(len(ordered) * mark / 100))] for mark in (50, 90, 99, 100)]


def _results(
    crises: int, *, first: int, last: int | None, size: Size, processes: int
) -> Iterator[tuple[Result, float]]:
    if last is not None:
        yield from _pooled([(seed, size, False) for seed in range(first, last + 1)], processes)
        return
    done, seeds = 0, count(first)
    while done < crises:
        lot = -(-(crises - done) // size.crises)
        for result, took in _pooled([(seed, size, False) for seed in islice(seeds, lot)], processes):
            done += result.verdict.counts["crises"]
            yield result, took


def _pooled(todo: list[tuple[int, Size, bool]], processes: int) -> Iterator[tuple[Result, float]]:
    if processes == 1 or len(todo) == 1:
        yield from map(simulate, todo)
        return
    with get_context("spawn").Pool(processes, initializer=os.nice, initargs=(NICE,)) as pool:
        yield from pool.imap(simulate, todo)


def one(seed: int, *, size: Size, watch: str) -> int:
    """Run one seed again, and tell what went wrong, with the story of each; return 1 if anything did."""
    settle()
    result = run(seed, size=size, watch=watch)
    weather = result.weather
    print(f"seed {seed}: faults in {weather.rate:.1%} of calls, ticks lost {weather.ticks_lost:.0%}")
    for storm in weather.storms:
        print(f"  {storm.begins:.0f} {storm}")
    for what, begins, ends in weather.stopped:
        print(f"  {begins:.0f} {what} stands still for {(ends - begins) / 60:.0f} min")
    print("\n".join(result.story))
    for finding in result.verdict.findings[:40]:
        print(finding)
    return 1 if result.verdict.findings else 0


def main() -> int:
    """Read the command line and do as it says."""
    parser = argparse.ArgumentParser(prog="make crises", description=__doc__)
    parser.add_argument("--crises", type=int, default=10_000)
    parser.add_argument("--each", type=int, default=Size().crises, help="crises of one seed, more or less")
    parser.add_argument("--short", action="store_true", help="small worlds and few hours, as in the suite")
    parser.add_argument("--seed", type=int, help="run this one again and tell what went wrong")
    parser.add_argument("--seeds", default="1", help="first, or first-last")
    parser.add_argument("--watch", default="", help="with --seed: tell the story of this crisis or call")
    parser.add_argument("--processes", type=int, default=PROCESSES)
    asked = parser.parse_args()
    size = SHORT if asked.short else Size(crises=asked.each)
    if asked.seed is not None:
        return one(asked.seed, size=size, watch=asked.watch)
    first, _, last = asked.seeds.partition("-")
    return many(asked.crises, first=int(first), last=int(last) if last else None, size=size, processes=asked.processes)
