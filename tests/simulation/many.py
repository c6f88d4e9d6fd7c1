"""Many seeds, two at a time; or one again, with its story."""

from __future__ import annotations

import argparse
import os
import time
from collections import Counter
from collections.abc import Iterator
from itertools import count, islice
from multiprocessing import get_context

from tests.simulation.checker import Finding
from tests.simulation.facts import text_of
from tests.simulation.kernel import instant_of
from tests.simulation.run import Result, Size, run

PROCESSES = 2
STORY = 60
"""Lines of a story: what is longer is cut in the middle."""


def simulate(arguments: tuple[int, Size]) -> Result:
    """Run one seed in a process of the pool."""
    seed, size = arguments
    return run(seed, size=size)


def many(first: int, last: int | None, *, occurrences: int, size: Size) -> int:
    """Run seeds until so many occurrences were simulated; return 1 if anything was wrong."""
    began = time.monotonic()
    counts: Counter[str] = Counter()
    faults: Counter[str] = Counter()
    broken: list[tuple[int, Finding]] = []
    lateness: list[float] = []
    seeds = 0
    for result in _results(first, last, occurrences=occurrences, size=size):
        seeds += 1
        counts += result.verdict.counts
        faults += result.faults
        broken += [(result.seed, finding) for finding in result.verdict.findings]
        lateness += result.verdict.lateness[::10]
        if seeds % 10 == 0:
            print(f"  {seeds} seeds, {counts['occurrences']:,} occurrences, {len(broken)} findings", flush=True)
    took = time.monotonic() - began
    print(f"\n{counts.pop('occurrences'):,} occurrences in {seeds} seeds from {first} on, in {took:,.0f} s")
    print(
        f"{faults.total():,} faults: "
        + ", ".join(f"{name.lower()} {number:,}" for name, number in faults.most_common())
    )
    for name, number in sorted(counts.items()):
        print(f"  {number:>10,}  {name}")
    if lateness:
        lateness.sort()
        marks = ", ".join(f"p{mark} {lateness[int(len(lateness) * mark / 100)]:.1f} s" for mark in (50, 95, 99))
        print(f"in hours without a storm, from due to taken (not deferred): {marks}")
    if not broken:
        print("no rule was broken")
        return 0
    print("\nbroken:")
    for rule, number in Counter(finding.rule for _, finding in broken).most_common():
        seed, finding = next((seed, finding) for seed, finding in broken if finding.rule == rule)
        print(f"  {number:>6,}  {finding}   (make simulate SEED={seed} PEOPLE={size.people} DAYS={size.days})")
    return 1


def _results(first: int, last: int | None, *, occurrences: int, size: Size) -> Iterator[Result]:
    done = 0
    seeds = count(first) if last is None else iter(range(first, last + 1))
    with get_context("spawn").Pool(PROCESSES, initializer=os.nice, initargs=(10,)) as pool:
        # Handed out in small lots, so that no more seeds run than are needed.
        while done < occurrences:
            lot = [(seed, size) for seed in islice(seeds, 4 * PROCESSES)]
            if not lot:
                return
            for result in pool.imap(simulate, lot):
                done += result.verdict.counts["occurrences"]
                yield result


def one(seed: int, *, size: Size) -> int:
    """Run one seed again, and tell the shortest story of each rule that it breaks; return 1 if it breaks any."""
    result = run(seed, size=size)
    print(_heading(result))
    if not result.verdict.findings:
        print("no rule was broken")
        return 0
    told: set[str] = set()
    for finding in result.verdict.findings:
        if finding.rule not in told:
            told.add(finding.rule)
            _tell(seed, finding, size=size)
    return 1


def _tell(seed: int, finding: Finding, *, size: Size) -> None:
    """Print the story of a finding, from the fewest people with whom the same seed breaks the same rule."""
    for people in (3, 10, 30, 100, 300, size.people):
        if people > size.people:
            continue
        smaller = Size(people=people, days=size.days)
        found = next((one for one in run(seed, size=smaller).verdict.findings if one.rule == finding.rule), None)
        if found is not None:
            break
    else:
        return
    print(f"\n{found.rule} (seed {seed}, {smaller.people} people): {text_of(found.name)}: {found.what}")
    person = found.name[0] or found.name[1].split()[-3].split("_")[0]
    trace = run(seed, size=smaller, watch=person).trace
    name = found.name[1] if found.name[0] else ""
    about = [line for line in trace if name in line] if name else trace
    if len(about) > STORY:
        about = [*about[: STORY // 2], f"  … {len(about) - STORY} more …", *about[-STORY // 2 :]]
    print("\n".join(f"  {line}" for line in about))


def _heading(result: Result) -> str:
    weather = result.weather
    began = instant_of(result.began)
    lines = [
        f"seed {result.seed}: {result.verdict.counts['occurrences']:,} occurrences from {began:%Y-%m-%d %H:%M}Z",
        f"  faults in {weather.rate:.1%} of calls, hosts' clocks off by up to {weather.skew:.0f} s",
        f"  ticks lost {weather.ticks_lost:.0%} and doubled {weather.ticks_doubled:.0%}",
        f"  messages twice {weather.twice:.0%}",
        f"  reports lost {weather.receipts_lost:.0%} and late {weather.receipts_late:.0%}",
    ]
    lines += [f"  {instant_of(storm.begins):%d %H:%M} {storm}" for storm in weather.storms]
    lines += [
        f"  {instant_of(begins):%d %H:%M} {what} stands still for {(ends - begins) / 60:.0f} min"
        for what, begins, ends in weather.stopped
    ]
    lines += [
        f"  {instant_of(begins):%d %H:%M} switched off for {(ends - begins) / 60:.0f} min"
        for begins, ends in weather.switched_off
    ]
    return "\n".join(lines)


def main() -> int:
    """Read the command line and do as it says."""
    parser = argparse.ArgumentParser(description="simulate outreach under virtual time, with faults")
    parser.add_argument("--seed", type=int, help="run this one again and tell what went wrong")
    parser.add_argument("--seeds", default="1", help="first, or first-last")
    parser.add_argument("--occurrences", type=int, default=1_000_000)
    parser.add_argument("--people", type=int, default=Size().people)
    parser.add_argument("--days", type=int, default=Size().days)
    asked = parser.parse_args()
    size = Size(people=asked.people, days=asked.days)
    if asked.seed is not None:
        return one(asked.seed, size=size)
    first, _, last = asked.seeds.partition("-")
    return many(int(first), int(last) if last else None, occurrences=asked.occurrences, size=size)
