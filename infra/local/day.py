"""
`make day`: play a stretch of the stack's time, stopping only where something is due.

The clock jumps to just before each due instant and the tick of that minute runs, so that the real queue's delay brings
each message out on its second. Stopping it with Ctrl-C and starting again is safe: nothing goes out twice.
"""

import argparse
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from infra.local.clock import instant_of, set_clock, tick
from infra.local.places import endpoints, stack_now
from infra.local.rows import Rows, Waiting, summary
from infra.local.stack import aws

BEFORE = timedelta(seconds=2)
"""How long before a due instant the clock jumps to."""
PATIENCE = 30.0
"""Real seconds to wait for one minute's messages; what isn't done then is found again by a later tick."""
SHORT_PATIENCE = 4.0
"""The same for a minute in which only what a crash left behind is looked for."""
LAST_LOOKS = 15
"""Minutes added at the end for what a crash left behind: it is tried again after two."""

MINUTE = timedelta(minutes=1)


def main() -> None:
    """Play, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--from", dest="start", default="+0s")
    parser.add_argument("--to", default="+24h")
    asked = parser.parse_args()
    found = endpoints()
    start = instant_of(asked.start, now=stack_now())
    end = instant_of(asked.to, now=start)
    try:
        left = play(found, start, end, say=lambda words: print(words, flush=True))
    except KeyboardInterrupt:
        print("\nstopped; `make day` goes on from here")
        return
    print(f"\nfrom {start:%Y-%m-%d %H:%M} to {end:%Y-%m-%d %H:%M} UTC:")
    print(summary(Rows(found["table"]).ended(since=start, before=end)))
    print(f"{len(left):7}  still waiting\n{_dead(found):7}  dead letters")
    print(f"\nIt is now {stack_now():%Y-%m-%d %H:%M} UTC for the stack. Inbox: {found['inbox']}")


def play(
    found: dict[str, Any],
    start: datetime,
    end: datetime,
    *,
    say: Callable[[str], None],
    between: Callable[[], dict[str, Any]] | None = None,
) -> list[Waiting]:
    """
    Play from ``start`` to ``end``; return the due rows that didn't go away.

    ``between`` runs before each minute and returns where the stack is then, for a test that stops and starts it.
    """
    rows = Rows(found["table"])
    if start > stack_now():
        set_clock(start - BEFORE, found)
        tick(found, at=start - MINUTE)
    after = datetime.min.replace(tzinfo=start.tzinfo)
    while True:
        if between:
            found, rows = between(), Rows(found["table"])
        upcoming = [row for row in rows.waiting(before=end) if row.at > after]
        if not upcoming:
            break
        minute = upcoming[0].at.replace(second=0, microsecond=0)
        these = [row for row in upcoming if row.at < minute + MINUTE]
        if (jump := these[0].at - BEFORE) > stack_now():
            set_clock(jump, found)
        tick(found, at=minute - MINUTE)
        done = _wait(rows, these)
        say(f"  {minute:%a %H:%M} UTC  {len(these):4} due, {len(these) - len(done):4} gone")
        following = next((row.at for row in rows.waiting(before=end) if row.at >= minute + MINUTE), end)
        _go_on(found, rows, following)
        after = minute + MINUTE - timedelta(seconds=1)
    if end - BEFORE > stack_now():
        set_clock(end - BEFORE, found)
    return settle(found, rows, end)


def _wait(rows: Rows, these: list[Waiting], *, patience: float | None = None) -> list[Waiting]:
    """Wait until the rows have gone; return those that haven't after all."""
    until = time.monotonic() + (patience or PATIENCE)
    last = these[-1].at
    left = these
    while time.monotonic() < until:
        if stack_now() >= last:
            left = rows.still_there(left)
            if not left:
                break
        time.sleep(0.2)
    return left


def _go_on(found: dict[str, Any], rows: Rows, following: datetime) -> None:
    """Tick each minute until ``following`` while something is overdue, as the real rule would."""
    while (left := rows.waiting(before=stack_now())) and stack_now() + MINUTE < following - BEFORE:
        set_clock(stack_now() + MINUTE, found)
        tick(found, at=stack_now())
        _wait(rows, left, patience=SHORT_PATIENCE)


def settle(found: dict[str, Any], rows: Rows, end: datetime) -> list[Waiting]:
    """Go on minute by minute for what a crash left behind."""
    for _ in range(LAST_LOOKS):
        left = rows.waiting(before=end)
        if not left:
            break
        set_clock(stack_now() + MINUTE, found)
        tick(found, at=stack_now())
        _wait(rows, left)
    return rows.waiting(before=end)


def _dead(found: dict[str, Any]) -> int:
    attributes = aws("sqs").get_queue_attributes(
        QueueUrl=found["deliver_dead_queue"], AttributeNames=["ApproximateNumberOfMessages"]
    )
    return int(attributes["Attributes"]["ApproximateNumberOfMessages"])


if __name__ == "__main__":
    main()
