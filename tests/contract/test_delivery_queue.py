"""Due occurrences on their way to delivery: what SQS refuses of them holds up nothing else."""

from datetime import UTC, datetime, timedelta

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.outreach.service import at_once
from chalicelib.outreach.sqs import BATCH, MOST_FAILURES, SqsQueue, from_message

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
SECOND = timedelta(seconds=1)
TOO_LONG = "x" * 2**20

pytestmark = pytest.mark.usefixtures("aws")


def kinds_in(url: str) -> list[str]:
    kinds: list[str] = []
    while found := boto3.client("sqs").receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", []):
        kinds += [due.kind for message in found for due in from_message(message["Body"])]
    return kinds


def test_a_batch_that_is_refused_holds_up_no_other_and_is_told() -> None:
    url = boto3.client("sqs").create_queue(QueueName="cairn-deliver")["QueueUrl"]
    dues = [at_once("p", f"notice-{number}", zone="UTC", now=NOW - number * SECOND) for number in range(3 * BATCH)]
    dues[BATCH] = at_once("p", TOO_LONG, zone="UTC", now=dues[BATCH].at)

    with pytest.raises(ClientError):
        SqsQueue(deliver=url, pages="", sweep="").hand_over(dues, now=NOW)

    assert sorted(kinds_in(url)) == sorted(due.kind for due in [*dues[:BATCH], *dues[2 * BATCH :]])


def test_where_one_after_the_other_is_refused_the_rest_is_left_to_the_next_tick() -> None:
    url = boto3.client("sqs").create_queue(QueueName="cairn-deliver")["QueueUrl"]
    refused = [at_once("p", TOO_LONG, zone="UTC", now=NOW - number * SECOND) for number in range(MOST_FAILURES * BATCH)]
    last = at_once("p", "notice-1", zone="UTC", now=NOW)

    with pytest.raises(ClientError):
        SqsQueue(deliver=url, pages="", sweep="").hand_over([*refused, last], now=NOW)

    assert kinds_in(url) == []


def test_pages_and_all_else_are_told_apart_also_where_one_of_their_queues_is_down() -> None:
    pages, others = (boto3.client("sqs").create_queue(QueueName=name)["QueueUrl"] for name in ("page", "deliver"))
    wakes = [at_once("p", f"{kind}-1-1", zone="UTC", now=NOW) for kind in ("crisis_page", "staff_alert")]
    notices = [at_once("p", f"notice-{number}", zone="UTC", now=NOW + number * SECOND) for number in range(3)]
    queue = SqsQueue(deliver=others, pages=pages, sweep="")

    assert queue.hand_over([*notices, *wakes], now=NOW + 3 * SECOND) == 5
    assert (queue.backlog(urgent=True), queue.backlog()) == (1, 3)
    assert kinds_in(pages) == [due.kind for due in wakes]

    gone = f"{pages}-gone"
    for up, down in (
        (others, SqsQueue(deliver=others, pages=gone, sweep="")),
        (pages, SqsQueue(deliver=gone, pages=pages, sweep="")),
    ):
        boto3.client("sqs").purge_queue(QueueUrl=up)
        with pytest.raises(ClientError):
            down.hand_over([*notices, *wakes], now=NOW + 3 * SECOND)
        assert kinds_in(up) == [due.kind for due in (notices if up == others else wakes)]
