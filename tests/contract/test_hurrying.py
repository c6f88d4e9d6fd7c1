"""What somebody waits for is on its way as soon as it is written; the rest is the tick's."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.service import at_once
from chalicelib.outreach.sqs import from_message

NAMES = ("cairn-page", "cairn-deliver")
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
Log = Callable[[], list[dict[str, object]]]

pytestmark = pytest.mark.usefixtures("aws")


def received(url: str) -> list[object]:
    found = boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [due for message in found for due in from_message(message["Body"])]


def test_a_page_and_a_confirmation_are_handed_over_at_once_and_nothing_else() -> None:
    pages, others = (boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in NAMES)
    kinds = ("crisis_page-1", "confirm_channel-1-1", "nudge-1", "notice-1", "milestone-1", "check_in")
    dues = [at_once("p", kind, zone="UTC", now=NOW + timedelta(seconds=0.5)) for kind in kinds]

    hurry(dues)

    assert (received(pages), received(others)) == (dues[:1], dues[1:2])


def test_a_queue_that_cannot_be_reached_undoes_nothing_and_is_logged_without_names(log: Log) -> None:
    hurry([at_once("p", "crisis_page-1", zone="UTC", now=NOW)])

    line = next(line for line in log() if line["message"] == "not hurried")
    assert line["level"] == "WARNING"
    assert "p" not in {line.get("person"), line.get("correlation_id")}
