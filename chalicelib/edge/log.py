"""Logs and metrics, the same in every function. No address, name, answer, token or message text ever goes in."""

from aws_lambda_powertools import Logger
from aws_lambda_powertools.metrics import Metrics, MetricUnit

logger = Logger(service="cairn", utc=True)
metrics = Metrics(namespace="Cairn", service="cairn")


def count(name: str, number: int = 1) -> None:
    """Add to the metric ``name`` (a count) of this invocation."""
    metrics.add_metric(name=name, unit=MetricUnit.Count, value=number)


def measure(name: str, value: float) -> None:
    """Add a figure to the metric ``name``: a time in seconds where the name says ``After``, else a count."""
    unit = MetricUnit.Seconds if name.endswith("After") else MetricUnit.Count
    metrics.add_metric(name=name, unit=unit, value=value)


def flush() -> None:
    """Write what was counted in this invocation, if anything was."""
    if metrics.metric_set:
        metrics.flush_metrics()


def places(error: BaseException) -> list[str]:
    """Return where an error came from, innermost last, without its text: that may hold what somebody wrote."""
    trace, found = error.__traceback__, []
    while trace:
        found.append(f"{trace.tb_frame.f_code.co_qualname}:{trace.tb_lineno}")
        trace = trace.tb_next
    return found[-8:]
