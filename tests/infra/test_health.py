"""What `make health` reads out of log lines is what the functions published."""

import json
from collections.abc import Callable

from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.edge.log import count, flush, metrics
from infra.local.health import figures, shown


def test_figures_are_those_that_were_published(log: Callable[[], list[dict[str, object]]]) -> None:
    for due, lateness in ((2, [0.5, 1.5]), (0, [1.0])):
        count("DueNotEnded", due)
        count("Ticks")
        for seconds in lateness:
            metrics.add_metric(name="Lateness", unit=MetricUnit.Seconds, value=seconds)
        flush()

    found = figures([*(f"2026-11-25T14:00:00Z {json.dumps(line)}" for line in log()), "START RequestId: 1", "{broken"])

    assert found == {"DueNotEnded": [2, 0], "Ticks": [1, 1], "Lateness": [0.5, 1.5, 1.0]}
    assert list(shown(found)) == [
        "  DueNotEnded                       0",
        "  Lateness (seconds)       p50 1.00, p95 1.45, p99 1.49 of 3",
        "  Ticks                             2",
    ]


def test_one_message_is_enough_for_percentiles() -> None:
    assert list(shown({"Lateness": [2.0]})) == ["  Lateness (seconds)       p50 2.00, p95 2.00, p99 2.00 of 1"]
