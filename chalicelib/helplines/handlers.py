"""What the tick publishes about the crisis telephone numbers."""

from typing import Any

from chalicelib.edge.clock import as_instant
from chalicelib.edge.log import count
from chalicelib.helplines.domain import days_unchecked


def watch(event: dict[str, Any]) -> None:
    """Publish, once an hour, for how many days nobody has checked the numbers; the tick sends it off with its own."""
    at = as_instant(event["time"])
    if at.minute == 0:
        count("CrisisResourcesAgeDays", days_unchecked(on=at.date()))
