"""
`make bench-lateness`: how late reminders are that fall due at one instant. A MODEL under virtual time.

What is taken as given is printed with the result: the functions that run at once, what a call lasts, and AWS's rates.
The calls are those that the real handlers made (counting.py).
"""

import argparse
import heapq
import statistics
from dataclasses import dataclass

from tests.benchmarks import limits
from tests.benchmarks.counting import HANDING_OVER, Count, count
from tests.benchmarks.price import CPU_SECONDS
from tests.benchmarks.quiet import quiet
from tests.benchmarks.settings import settle

POLL_SECONDS = 0.02
"""From a message that may be seen to its function's start, on an instance that is warm."""
DELAY_STEP = 1.0
"""SQS delays by whole seconds: a message comes up to so much late by that alone, evenly spread."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """What one reminder takes of everything that there is only so much of."""

    batch_seconds: float
    writes: float
    calls: float


def rates_of(done: Count) -> Rates:
    """Return what a batch of ten takes, from the calls that were counted."""
    calls = done.calls(stages=frozenset({"deliver"})) * limits.BATCH
    seconds = calls * limits.STORE_SECONDS + limits.PROVIDER_SECONDS + limits.BATCH * CPU_SECONDS
    writes = done.units(done.meter.writes, stages=HANDING_OVER)
    return Rates(batch_seconds=seconds, writes=writes, calls=calls)


def model(due: int, *, rates: Rates, email_rate: float, at_once: int) -> list[float]:
    """
    Return how late each reminder is handed to the provider, in seconds.

    Batches go to the function that is free first; each waits until the account and the table have room for it.
    """
    free = [0.0] * at_once
    heapq.heapify(free)
    gap = max(limits.BATCH / email_rate, limits.BATCH * rates.writes / limits.NEW_TABLE_WRITES)
    next_room, late = 0.0, []
    for start in range(0, due, limits.BATCH):
        size = min(limits.BATCH, due - start)
        # Spread over the second that SQS rounds to.
        shown = DELAY_STEP * (start / limits.BATCH % 10) / 10 + POLL_SECONDS
        begins = max(heapq.heappop(free), shown, next_room)
        next_room = begins + gap
        before_sending = rates.batch_seconds - limits.PROVIDER_SECONDS - 2 * limits.STORE_SECONDS
        late += [begins + before_sending] * size
        heapq.heappush(free, begins + rates.batch_seconds)
    return late


def percentile(late: list[float], share: int) -> float:
    """Return the value that so many per cent are not above."""
    return statistics.quantiles(late, n=100, method="inclusive")[share - 1]


def main() -> None:
    """Work it out and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=200)
    asked = parser.parse_args()
    settle()
    with quiet():
        rates = rates_of(count("e-mail", people=asked.people))
    print("MODEL. Given: a call of the table 5 ms, the provider 30 ms, 4 ms of CPU a reminder,")
    print(
        f"{rates.calls:.1f} calls and {rates.batch_seconds * 1000:.0f} ms for a batch of {limits.BATCH}; a new table's"
    )
    print(
        f"{limits.NEW_TABLE_WRITES:,} writes a second at {rates.writes:.2f} a reminder; handed over a minute ahead.\n"
    )
    print(
        f"{'due at once':>12}{'e-mails/s':>11}{'functions':>11}{'p50 s':>10}{'p95 s':>10}{'p99 s':>10}{'all done':>12}"
    )
    for due in (1_000, 10_000, 100_000, 1_000_000):
        for email_rate, at_once in ((14, 10), (500, 10), (500, 50), (5_000, 200)):
            late = model(due, rates=rates, email_rate=email_rate, at_once=at_once)
            cells = "".join(f"{percentile(late, share):10.1f}" for share in (50, 95, 99))
            print(f"{due:12,}{email_rate:11,}{at_once:11}{cells}{_duration(late[-1]):>12}")
    room = limits.NEW_TABLE_WRITES / rates.writes
    print(f"\na new table alone takes {room:,.0f} reminders a second: 1,000,000 in {_duration(1_000_000 / room)}")


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.1f} s"
    if seconds < 7200:
        return f"{seconds / 60:.0f} min"
    return f"{seconds / 3600:.1f} h"


if __name__ == "__main__":
    main()
