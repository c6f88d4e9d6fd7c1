"""
`make bench-lateness-here`: how late e-mails are that fall due in one minute, measured on the stack of `make run`.

Real time, the packaged functions, the emulator's queue and table: one Python process that stands for all of AWS, and
two processes that deliver. It says how well Cairn hands over to the second, and how fast a laptop is; not AWS.
"""

import argparse
import csv
import io
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import quantiles
from typing import Any

from infra.local.health import figures
from tests.emulator.local_stack import OPERATOR, ROSTER, Stack, move_clock, start, stop

AT = "12:34"
"""Nobody of the demo's roster has a check-in at this minute of UTC."""
ROWS = 5_000
"""Of a roster, at most."""


def rosters(people: int) -> Iterator[bytes]:
    """Give rosters of people in one zone who all want to be asked at the same minute."""
    with ROSTER.open(encoding="utf-8-sig", newline="") as file:
        columns = list(csv.DictReader(file).fieldnames or ())
    for first in range(0, people, ROWS):
        written = io.StringIO()
        rows = csv.DictWriter(written, columns, restval="")
        rows.writeheader()
        for number in range(first, min(first + ROWS, people)):
            rows.writerow(
                {
                    "external_id": f"LATE-{number}",
                    "given_name": "Ada",
                    "family_name": "Example",
                    "email": f"late{number}@example.com",
                    "time_zone": "UTC",
                    "language": "en",
                    "programme": "iop-evening",
                    "admitted_on": "2026-11-02",
                    "check_in_time": AT,
                    "check_in_days": "daily",
                    "quiet_from": "22:00",
                    "email_consent": "yes",
                    "push_consent": "no",
                    "detail_level": "discreet",
                    "status": "active",
                }
            )
        yield written.getvalue().encode()


def enrol(stack: Stack, people: int) -> None:
    """Import them, and wait until all are there."""
    token = stack.sign_in(OPERATOR)["AccessToken"]
    enrolled = 0
    for roster in rosters(people):
        job = stack.call("POST", "/imports", token=token, body=roster, headers={"Content-Type": "text/csv"}).json
        while job["status"] != "done":
            time.sleep(1)
            job = stack.call("GET", f"/imports/{job['id']}", token=token).json
        enrolled += job["enrolled"]
    if enrolled != people:
        raise SystemExit(f"{enrolled} of {people} were enrolled")


def lateness(stack: Stack, people: int, *, due: datetime) -> list[float]:
    """Let their minute come, and return how late each was handed to the mail service, in seconds."""
    since = int(time.time() * 1000)
    move_clock(Path(stack.found["clock"]), due - timedelta(seconds=90))
    found: list[float] = []
    until = time.monotonic() + 120 + people / 4
    while len(found) < people and time.monotonic() < until:
        time.sleep(5)
        found = figures(_lines(stack, since)).get("Lateness", [])
    return found


def _lines(stack: Stack, since: int) -> list[str]:
    logs: Any = stack.aws("logs")
    pages = logs.get_paginator("filter_log_events").paginate(logGroupName="/cairn/local/deliver", startTime=since)
    return [event["message"] for page in pages for event in page["events"]]


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=1_000)
    asked = parser.parse_args()
    tomorrow = datetime.now(UTC).date() + timedelta(days=1)
    due = datetime.fromisoformat(f"{max(tomorrow, date(2026, 11, 26))}T{AT}+00:00")
    with tempfile.TemporaryDirectory() as folder:
        move_clock(Path(folder) / "clock", due - timedelta(hours=2))
        process, stack = start(Path(folder))
        try:
            enrol(stack, asked.people)
            late = lateness(stack, asked.people, due=due)
            reached = [one["to"] for one in stack.messages(since=due.isoformat()) if one["to"].startswith("late")]
        finally:
            stop(process)
    parts = quantiles(late, n=100, method="inclusive")
    print(f"{asked.people} e-mails due at one instant, on this computer's stack: {len(late)} handed over,")
    print(f"{len(set(reached))} people reached by {len(reached)} e-mails (the inbox shows 10,000 at most)")
    print(f"p50 {parts[49]:.1f} s, p95 {parts[94]:.1f} s, p99 {parts[98]:.1f} s, the last {max(late):.1f} s")


if __name__ == "__main__":
    main()
