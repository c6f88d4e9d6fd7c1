"""
`make health` and `make operate`: what alarms would watch, and the orders of docs/runbooks.md, on the laptop's stack.

The emulator turns no log line into a metric, so the figures are read out of the functions' log lines themselves.
"""

import argparse
import json
import time
from collections.abc import Iterable, Iterator, Mapping
from statistics import quantiles
from typing import Any

from infra.local.places import endpoints
from infra.local.stack import aws

GROUPS = ("escalate", "tick", "deliver")
GAUGES = (
    "DueNotEnded",
    "OldestWaitingSeconds",
    "Paused",
    "CrisisOpen",
    "CrisisUnacked",
    "CrisisResourcesAgeDays",
)
"""Of these the last value counts; everything else is added up."""


def main() -> None:
    """Print the figures of the last minutes, or carry out an order."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15)
    parser.add_argument("--order", help="an order as in docs/runbooks.md, as JSON")
    asked = parser.parse_args()
    found = endpoints()
    if asked.order is not None:
        if not asked.order.strip():
            raise SystemExit('which order? For example: make operate ORDER=\'{"do": "status", "by": "me"}\'')
        answer = aws("lambda").invoke(FunctionName=found["operate"], Payload=asked.order.encode())
        told = json.loads(answer["Payload"].read())
        print(json.dumps(told, indent=2, ensure_ascii=False))
        if "refused" in told or "FunctionError" in answer:
            raise SystemExit(1)
        return
    print("\n".join(shown(figures(_lines(asked.minutes)))) or "  nothing was published")


def _lines(minutes: float) -> Iterator[str]:
    logs, since = aws("logs"), int((time.time() - minutes * 60) * 1000)
    for group in GROUPS:
        for page in logs.get_paginator("filter_log_events").paginate(
            logGroupName=f"/cairn/local/{group}", startTime=since
        ):
            yield from (event["message"] for event in page["events"])


def figures(lines: Iterable[str]) -> dict[str, list[float]]:
    """Return the values of each metric that these log lines publish (CloudWatch's embedded metric format), in order."""
    found: dict[str, list[float]] = {}
    for line in lines:
        try:
            written: Any = json.loads(line[line.index("{") :])
            published = written["_aws"]["CloudWatchMetrics"]
        except (ValueError, KeyError, TypeError):
            continue
        for metric in (metric for directive in published for metric in directive["Metrics"]):
            value = written[metric["Name"]]
            found.setdefault(metric["Name"], []).extend(value if isinstance(value, list) else [value])
    return found


def shown(figures: Mapping[str, list[float]]) -> Iterator[str]:
    """Give a line for each metric: gauges first, lateness as percentiles, the rest as sums."""
    for name in GAUGES:
        if name in figures:
            yield f"  {name:24} {figures[name][-1]:10.0f}"
    late = figures.get("Lateness", [])
    if late:
        cuts = quantiles(late, n=100, method="inclusive") if len(late) > 1 else late * 99
        yield f"  {'Lateness (seconds)':24} p50 {cuts[49]:.2f}, p95 {cuts[94]:.2f}, p99 {cuts[98]:.2f} of {len(late)}"
    for name in sorted(set(figures) - {*GAUGES, "Lateness"}):
        yield f"  {name:24} {sum(figures[name]):10.0f}"


if __name__ == "__main__":
    main()
