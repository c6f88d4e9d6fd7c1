"""
`make chaos`: play a day while functions are killed (SIGKILL) at random moments, and stop the whole stack in its middle.

The emulator itself is stopped in good order: on SIGKILL it loses its newest writes, which a real DynamoDB doesn't.
At the end: everything that was due has ended, nobody was reached twice, nobody was missed.
"""

import argparse
import json
import os
import random
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from collections import Counter
from datetime import datetime, timedelta
from typing import Any

from infra.local import day, oracle, processes
from infra.local.day import play
from infra.local.places import ENDPOINTS, LOGS, ROOT, endpoints, stack_now
from infra.local.rows import Rows, summary

CHECK_IN = "check_in"
STARTS_WITHIN = 600.0
SHORTEST, LONGEST = 0.5, 5.0
"""Seconds between two kills. A process takes a second or two to start: faster, and nothing would ever be done."""
AMONG = 4


class Killer(threading.Thread):
    """Kills one of the processes that run Cairn's functions, again and again."""

    def __init__(self, chance: random.Random) -> None:
        super().__init__(daemon=True)
        self._chance = chance
        self.killed: Counter[str] = Counter()
        self.on = threading.Event()

    def run(self) -> None:
        """Kill until the program ends, while ``on`` is set."""
        while True:
            time.sleep(self._chance.uniform(SHORTEST, LONGEST))
            if not self.on.wait() or not ENDPOINTS.exists():
                continue
            found = sorted(processes.functions_of(json.loads(ENDPOINTS.read_text())["pids"]["emulator"]).items())
            # As if there were always so many: a process that is alone would be hit every time, and never get to work.
            drawn = self._chance.randrange(max(len(found), AMONG))
            if drawn < len(found):
                pid, name = found[drawn]
                try:
                    os.kill(pid, signal.SIGKILL)
                except ProcessLookupError:
                    continue
                self.killed[_function(name)] += 1


class Stack:
    """`make run` as a child, which can be stopped and started."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> dict[str, Any]:
        """Start it, wait until it is ready, and return its endpoints."""
        log = (LOGS / "chaos-run.log").open("wb")
        self._process = subprocess.Popen([sys.executable, "-m", "infra.local.run"], cwd=ROOT, stdout=log, stderr=log)
        until = time.monotonic() + STARTS_WITHIN
        while time.monotonic() < until and self._process.poll() is None:
            if "ready after" in (LOGS / "chaos-run.log").read_text():
                return endpoints()
            time.sleep(0.5)
        raise SystemExit(f"the stack did not start: see {LOGS / 'chaos-run.log'}")

    def stop(self) -> None:
        """Stop it in good order."""
        if self._process:
            processes.stop(self._process.pid)


def main() -> None:
    """Play the day, and end with an error if anyone was missed or reached twice."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--hours", type=float, default=24)
    asked = parser.parse_args()
    if "run" in processes.left_over():
        raise SystemExit("stop the running stack first (Ctrl-C there, or `make stop`): this starts its own")
    LOGS.mkdir(parents=True, exist_ok=True)
    # Asked to stop, it must not leave its stack behind.
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    stack, killer = Stack(), Killer(random.Random(asked.seed))  # noqa: S311 (for repeating, not for secrets)
    found = stack.start()
    # What fell due earlier is not this day's: let it out first.
    day.settle(found, Rows(found["table"]), stack_now())
    start = stack_now()
    end = start + timedelta(hours=asked.hours)
    print(f"the stack is up; {asked.hours:.0f} hours from {start:%Y-%m-%d %H:%M} UTC, seed {asked.seed}", flush=True)
    # A killed message comes back by the tick, not by waiting: so don't wait long for any minute.
    day.PATIENCE = 10.0
    killer.start()
    killer.on.set()
    stopped = False

    def between() -> dict[str, Any]:
        nonlocal found, stopped
        if not stopped and stack_now() > start + (end - start) / 2:
            stopped = True
            killer.on.clear()
            print("  -- stopping the whole stack, and starting it again --", flush=True)
            stack.stop()
            found = stack.start()
            killer.on.set()
        return found

    try:
        left = play(found, start, end, say=lambda words: print(words, flush=True), between=between)
        killer.on.clear()
        wrong = verdict(found, start, end, left=len(left))
    finally:
        killer.on.clear()
        stack.stop()
    print(f"\nkilled: {sum(killer.killed.values())} ({dict(killer.killed)}); the whole stack stopped once: {stopped}")
    if wrong:
        raise SystemExit("\n".join(["", "WRONG:", *wrong]))
    print("every occurrence has ended; nobody was missed, nobody was reached twice")


def verdict(found: dict[str, Any], start: datetime, end: datetime, *, left: int) -> list[str]:
    """Print the counts, and return what is wrong with what happened from ``start`` to ``end``."""
    ended = [row for row in Rows(found["table"]).ended(since=start, before=end) if row.kind == CHECK_IN]
    print(f"\n{summary(ended)}\n{left:7}  still waiting")
    wanted = oracle.expected(start, end)
    # What quiet hours put off beyond the end isn't out yet.
    wanted = [one for one in wanted if one.sent_at < end]
    before = [one for one in oracle.expected(start - timedelta(hours=24), start) if one.sent_at >= start]
    messages = check_ins(found, since=start)
    expected_sent = sum(one.reached for one in wanted)
    print(f"{expected_sent:7}  expected from the roster file alone\n{len(messages):7}  in the inbox")
    # What quiet hours had put off when the day began went to those who were enrolled by then. And the clock goes on
    # while what a crash left behind is brought to its end.
    may_be = before + oracle.expected(end, stack_now())
    wrong = oracle.differences(wanted, messages, may_be=may_be)
    wrong += [f"not ended: {row.person} {row.on}" for row in ended if row.status == "claimed"]
    return wrong + ([f"{left} due rows are still waiting"] if left else [])


def check_ins(found: dict[str, Any], *, since: datetime) -> list[dict[str, Any]]:
    """Return the check-ins in the inbox, without what confirms an address or a device."""
    asked = f"{found['inbox']}/messages?limit=1000000&since={since:%Y-%m-%dT%H:%M:%S}"
    with urllib.request.urlopen(asked) as answer:  # noqa: S310 (our own address)
        messages: list[dict[str, Any]] = json.load(answer)["messages"]
    return [
        message
        for message in messages
        if message["occurrence"].endswith(CHECK_IN)
        or (message["kind"] == "push" and "verify" not in message["payload"])
    ]


def _function(folder: str) -> str:
    """Return the function's name from ``ministack-lambda-cairn-local-Deliver-1A2B3C-xyz``."""
    return folder.removeprefix("ministack-lambda-").split("-")[2]


if __name__ == "__main__":
    main()
