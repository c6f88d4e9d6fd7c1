"""The queues between the tick and delivery: a delay to the second, and a due occurrence as JSON."""

import json
from collections.abc import Iterator, Sequence
from datetime import date, datetime
from itertools import groupby
from math import ceil
from typing import Any, TypeVar

from chalicelib.edge.aws import client
from chalicelib.outreach.categories import urgency_of
from chalicelib.outreach.domain import Due, Urgency
from chalicelib.outreach.store import instant

Thing = TypeVar("Thing")

TOGETHER = 5
"""Occurrences of one instant in a message: they share the calls of a delivery, and the time that it may take."""

MOST_FAILURES = 3
"""After so many batches that failed the others aren't tried: the queue is down."""

BATCH = 10
LONGEST_DELAY = 900
"""SQS's limits: messages a batch, and seconds of delay."""


class SqsQueue:
    """
    Implements ``ports.Queue``: addresses of two queues to ``deliver``, and of one to ``sweep``.

    ``pages`` is for what wakes staff: pages of crises, and alerts of crisis flags. ``calling`` is for ``aws.client``.
    """

    def __init__(
        self,
        *,
        deliver: str,
        pages: str,
        sweep: str,
        most_failures: int = MOST_FAILURES,
        **calling: Any,  # noqa: ANN401 (the client's own options)
    ) -> None:
        self._deliver, self._pages, self._sweep = deliver, pages, sweep
        self._most_failures = most_failures
        self._calling = calling

    def hand_over(self, dues: Sequence[Due], *, now: datetime) -> int:
        """
        Send these on in batches, pages first; a message that SQS refuses is found again by a later tick.

        :raises Exception: what went wrong first; the batches after it went, unless a few more of a queue failed
        """
        taken, failures = 0, list[Exception]()
        for url, is_urgent in ((self._pages, True), (self._deliver, False)):
            some = [due for due in dues if (urgency_of(due.kind) is Urgency.CRISIS) is is_urgent]
            taken += self._send(url, some, now=now, failures=failures)
        if failures:
            raise failures[0]
        return taken

    def _send(self, url: str, dues: Sequence[Due], *, now: datetime, failures: list[Exception]) -> int:
        messages = [
            list(together)
            for _, same in groupby(dues, key=lambda due: due.at)
            for together in _in_parts(list(same), TOGETHER)
        ]
        taken, failed = 0, 0
        for part in _in_parts(messages, BATCH):
            entries = [
                {"Id": str(index), "MessageBody": to_message(*together), "DelaySeconds": _delay(together[0], now)}
                for index, together in enumerate(part)
            ]
            try:
                answer = client("sqs", **self._calling).send_message_batch(QueueUrl=url, Entries=entries)
            except Exception as error:  # noqa: BLE001 (raised in the end: one batch must not hold up a thousand)
                failures.append(error)
                failed += 1
                if failed == self._most_failures:
                    break
                continue
            taken += sum(len(part[int(done["Id"])]) for done in answer.get("Successful", []))
        return taken

    def backlog(self, *, urgent: bool = False) -> int:
        """Return about how many messages, or pages of crises, could be delivered now and are not yet."""
        name = "ApproximateNumberOfMessages"
        answer = client("sqs", **self._calling).get_queue_attributes(
            QueueUrl=self._pages if urgent else self._deliver, AttributeNames=[name]
        )
        return int(answer["Attributes"][name])

    def ask_help(self, hour: datetime, shard: int, *, first: datetime, before: datetime) -> None:
        """Have ``sweep`` hand over a partition that holds more than a tick has time for."""
        body = {"hour": instant(hour), "shard": shard, "first": instant(first), "before": instant(before)}
        client("sqs", **self._calling).send_message(QueueUrl=self._sweep, MessageBody=json.dumps(body))


def _delay(due: Due, now: datetime) -> int:
    return min(LONGEST_DELAY, max(0, ceil((due.at - now).total_seconds())))


def to_message(*dues: Due) -> str:
    """Write due occurrences of one instant as a message."""
    return json.dumps(
        {
            "at": instant(dues[0].at),
            "dues": [[due.person_id, due.kind, due.on.isoformat(), instant(due.due_at), due.version] for due in dues],
        }
    )


def from_message(body: str) -> list[Due]:
    """Read a message; raises ValueError, KeyError or TypeError for one that ``to_message`` did not write."""
    message = json.loads(body)
    at = datetime.fromisoformat(message["at"])
    return [
        Due(
            person_id=person_id,
            kind=kind,
            on=date.fromisoformat(on),
            at=at,
            due_at=datetime.fromisoformat(due_at),
            version=int(version),
        )
        for person_id, kind, on, due_at, version in message["dues"]
    ]


def _in_parts(things: Sequence[Thing], size: int) -> Iterator[Sequence[Thing]]:
    for start in range(0, len(things), size):
        yield things[start : start + size]
