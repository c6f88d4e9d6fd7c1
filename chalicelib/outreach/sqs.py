"""The queue between the tick and delivery: a delay to the second, and a due occurrence as JSON."""

import json
from datetime import date, datetime
from math import ceil

from chalicelib.edge.aws import client
from chalicelib.outreach.domain import Due
from chalicelib.outreach.store import instant

BATCH = 10
LONGEST_DELAY = 900
"""SQS's limits: messages a batch, and seconds of delay."""


class SqsQueue:
    """Implements ``service.Queue``."""

    def __init__(self, url: str) -> None:
        self._url = url

    def hand_over(self, dues: list[Due], *, now: datetime) -> int:
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
