"""
`make bench-price`: dollars per million reminders, part by part, from counted operations and published prices.

Beside it the same reminders by other ways, each with what it needs to be comparable: the person is read, an occurrence
is claimed before it is sent, and how it ended is written down.
"""

import argparse
from dataclasses import dataclass

from tests.benchmarks import limits, units
from tests.benchmarks.counting import ALL, HANDING_OVER, Count, count, rows
from tests.benchmarks.quiet import quiet
from tests.benchmarks.settings import settle

MILLION = 1_000_000
TICKS_A_DAY = 1440
DELIVER_GB, RECEIPT_GB, TICK_GB = 1.0, 0.5, 0.5
"""Memory of the functions (.chalice/config.json)."""
CPU_SECONDS = 0.004
"""Of one reminder in deliver, on a core of its own; `make bench-peers` measures it on a shared one."""
RECEIPT_SECONDS = 0.012
"""Of one receipt: a call or two of the table, and the handler."""
LOG_BYTES = 800
"""Of a reminder's and its receipts' log lines and metrics."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """One line of a bill."""

    name: str
    dollars: float


def cairn(done: Count, *, receipts: int, stages: frozenset[str] = ALL) -> list[Part]:
    """Return what a million reminders of this kind cost without the channel itself."""
    writes, reads = (
        done.meter.total(done.meter.writes, stages=stages),
        done.meter.total(done.meter.reads, stages=stages),
    )
    each = 1 / done.reminders
    batches = 1 / limits.BATCH
    waits = sum(number for (stage, _), number in done.meter.calls.items() if stage in {"deliver", "look"}) * each
    seconds = waits * limits.STORE_SECONDS + limits.PROVIDER_SECONDS * batches + CPU_SECONDS
    deliveries = 1 if done.kind == "e-mail" else 2
    return [
        Part(name="table: writes", dollars=writes * each * limits.WRITE_UNIT * MILLION),
        Part(name="table: reads", dollars=reads * each * limits.READ_UNIT * MILLION),
        # Sent, received and deleted, ten at a time.
        Part(name="queue", dollars=3 * batches * deliveries * limits.SQS_REQUEST * MILLION),
        Part(
            name="deliver: Lambda",
            dollars=(batches * deliveries * limits.LAMBDA_REQUEST + seconds * DELIVER_GB * limits.LAMBDA_GB_SECOND)
            * MILLION,
        ),
        Part(
            name="receipts: Lambda",
            dollars=receipts
            * (limits.LAMBDA_REQUEST + RECEIPT_SECONDS * RECEIPT_GB * limits.LAMBDA_GB_SECOND)
            * MILLION,
        ),
        Part(name="logs and metrics", dollars=LOG_BYTES * limits.LOG_BYTE * MILLION),
    ]


def a_day_of_ticks() -> float:
    """Return what the ticks of a day cost, however many reminders there are: an hour's partitions, or two hours'."""
    reads = TICKS_A_DAY * 2 * 51 * 0.5 * limits.READ_UNIT
    return reads + TICKS_A_DAY * (limits.LAMBDA_REQUEST + 0.6 * TICK_GB * limits.LAMBDA_GB_SECOND)


def alternatives() -> list[Part]:
    """Return what other ways cost for a million reminders, each person having one a day."""
    ledger_and_person = 2 * limits.WRITE_UNIT + limits.READ_UNIT
    alone = limits.LAMBDA_REQUEST + (4 * limits.STORE_SECONDS + limits.PROVIDER_SECONDS + CPU_SECONDS) * (
        DELIVER_GB * limits.LAMBDA_GB_SECOND
    )
    schedule = units.size(rows().schedule)
    scan = MILLION * schedule / units.READ_BLOCK * 0.5 * TICKS_A_DAY * limits.READ_UNIT
    moving = limits.WRITE_UNIT
    logs = LOG_BYTES * limits.LOG_BYTE
    return [
        Part(
            name="EventBridge Scheduler, a schedule per person",
            dollars=(limits.SCHEDULER_INVOCATION + ledger_and_person + alone + logs) * MILLION,
        ),
        Part(
            name="Step Functions, wait - task - loop",
            dollars=(3 * limits.TRANSITION + ledger_and_person + alone + logs) * MILLION,
        ),
        Part(
            name=f"scan of all schedules ({schedule} B each) per tick",
            dollars=scan + (ledger_and_person + moving + alone + logs) * MILLION,
        ),
    ]


def main() -> None:
    """Work it out and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1000)
    asked = parser.parse_args()
    settle()
    with quiet():
        # SES reports "sent" and "delivered"; a device reports once.
        kinds = [(count("e-mail", people=asked.people), 2), (count("push, reported", people=asked.people), 1)]
        others = alternatives()
    print("dollars per million reminders, from counted operations; us-east-1")
    totals = {}
    for done, receipts in kinds:
        parts = cairn(done, receipts=receipts)
        totals[done.kind] = sum(part.dollars for part in parts)
        print(f"\nCairn, {done.kind}")
        for part in parts:
            print(f"  {part.name:48}{part.dollars:9.2f}")
        print(f"  {'without the channel':48}{totals[done.kind]:9.2f}")
        if done.kind == "e-mail":
            for name, price in (("SES", limits.EMAIL), ("SES, new account", limits.EMAIL_NEW_ACCOUNT)):
                whole = totals[done.kind] + price * MILLION
                share = price * MILLION / whole
                print(f"  {f'with {name}: {share:.0%} of it the channel':48}{whole:9.2f}")
    print(f"\nticks, whatever the number of people: {a_day_of_ticks():.4f} a day, {a_day_of_ticks() * 30:.2f} a month")
    ours = sum(part.dollars for part in cairn(kinds[0][0], receipts=0, stages=HANDING_OVER))
    print(f"\n{'other ways, without the channel and receipts':50}{'dollars':>9}{'x':>9}")
    for part in [Part(name="Cairn, e-mail", dollars=ours), *others]:
        print(f"  {part.name:48}{part.dollars:9.2f}{part.dollars / ours:9.2f}")


if __name__ == "__main__":
    main()
