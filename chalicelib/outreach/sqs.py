"""The queue between the tick and delivery: a delay to the second, and a due occurrence as JSON."""

import json
from collections.abc import Sequence
from datetime import date, datetime
from math import ceil

from chalicelib.edge.aws import client
from chalicelib.outreach.domain import Due
from chalicelib.outreach.store import instant

BATCH = 10
LONGEST_DELAY = 900
"""SQS's limits: messages a batch, and seconds of delay."""


class SqsQueue:
    """Implements ``ports.Queue``: one queue to ``deliver``, and one to ``sweep``."""

    def __init__(self, url: str, sweep_url: str) -> None:
        self._url = url
        self._sweep_url = sweep_url

    def hand_over(self, dues: Sequence[Due], *, now: datetime) -> int:
        """Send these on in batches; a message that SQS refuses is found again by a later tick."""
        taken = 0
        for start in range(0, len(dues), BATCH):
            entries = [
                {"Id": str(index), "MessageBody": to_message(due), "DelaySeconds": _delay(due, now)}
                for index, due in enumerate(dues[start : start + BATCH])
            ]
            answer = client("sqs").send_message_batch(QueueUrl=self._url, Entries=entries)
            taken += len(answer.get("Successful", []))
        return taken

    def backlog(self) -> int:
        """Return about how many messages could be delivered now and are not yet."""
        name = "ApproximateNumberOfMessages"
        answer = client("sqs").get_queue_attributes(QueueUrl=self._url, AttributeNames=[name])
        return int(answer["Attributes"][name])

    def ask_help(self, hour: datetime, shard: int, *, first: datetime, before: datetime) -> None:
        """Have ``sweep`` hand over a partition that holds more than a tick has time for."""
        body = {"hour": instant(hour), "shard": shard, "first": instant(first), "before": instant(before)}
        client("sqs").send_message(QueueUrl=self._sweep_url, MessageBody=json.dumps(body))


def _delay(due: Due, now: datetime) -> int:
    return min(LONGEST_DELAY, max(0, ceil((due.at - now).total_seconds())))


def to_message(due: Due) -> str:
    """Write a due occurrence as a message."""
    return json.dumps(
        {
            "person": due.person_id,
            "kind": due.kind,
            "on": due.on.isoformat(),
            "at": instant(due.at),
            "dueAt": instant(due.due_at),
            "version": due.version,
        }
    )


def from_message(body: str) -> Due:
    """Read a message; raises ValueError or KeyError for one that ``to_message`` did not write."""
    message = json.loads(body)
    return Due(
        person_id=message["person"],
        kind=message["kind"],
        on=date.fromisoformat(message["on"]),
        at=datetime.fromisoformat(message["at"]),
        due_at=datetime.fromisoformat(message["dueAt"]),
        version=int(message["version"]),
    )
