"""AWS at the calls that Cairn's functions make: each may fail as the service does, or its caller may die at it."""

from __future__ import annotations

import json
from collections import deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from random import Random
from typing import Any, TypeVar

from botocore.exceptions import ClientError, ReadTimeoutError

from tests.benchmarks.expressions import Item
from tests.benchmarks.memory import Failed
from tests.simulation.cloud import Sqs
from tests.simulation.kernel import Kernel
from tests.simulation.season.stage import SECRET
from tests.simulation.season.table import Streamed
from tests.simulation.weather import Edges, StoreFault

T = TypeVar("T")

EMPTY_LOOKS = 16
"""Of so many looks at partitions that hold nothing, one takes time and may meet with a fault: most looks are such."""
STALE_BY = 1.0
"""How old a read that isn't strongly consistent may be, in seconds."""
CONDITIONAL = frozenset({"PutItem", "UpdateItem", "DeleteItem", "BatchExecuteStatement"})
"""Whose retry inside the client may meet its own first try; a transaction's carries a token against that."""
PROMISED: dict[str, list[Any]] = {"AttributeDefinitions": [], "KeySchema": []}


def _error(code: str, operation: str, **more: Any) -> ClientError:
    response: Any = {"Error": {"Code": code, "Message": "a fault of the simulation's"}, **more}
    return ClientError(response, operation)


class Rows(Streamed):
    """The table, with what changed in the last second, for reads that are as old as that."""

    watched = ("TASKS#", "CRIS")

    def __init__(self, kernel: Kernel) -> None:
        super().__init__()
        self._kernel = kernel
        self._changes: deque[tuple[float, str, str, Item | None]] = deque()
        self.on_record: Callable[[], None] = lambda: None

    def _record(self, name: str, pk: str, sk: str, **images: Any) -> None:
        super()._record(name, pk, sk, **images)
        self.on_record()

    def _set(self, item: Item) -> None:
        self._note(item)
        super()._set(item)

    def _drop(self, key: Item) -> None:
        self._note(key)
        super()._drop(key)

    def _note(self, key: Item) -> None:
        now, pk, sk = self._kernel.now, key["pk"]["S"], key["sk"]["S"]
        before: Any = self._rows.get(pk, {}).get(sk)
        self._changes.append((now, pk, sk, before))
        while self._changes[0][0] < now - STALE_BY:
            self._changes.popleft()

    def held(self) -> dict[str, dict[str, Any]]:
        """Return all rows, by their keys; none is ever changed, only replaced."""
        return {pk: dict(rows) for pk, rows in self._rows.items()}

    def hold(self, rows: dict[str, dict[str, Any]]) -> None:
        """Hold these rows beside what is there, and tell the stream nothing of it."""
        for pk, some in rows.items():
            self._rows.setdefault(pk, {}).update(some)
            self._order[pk] = sorted(self._rows[pk])

    def holds(self, partition: str) -> bool:
        """Say whether anything is in a partition, or was a moment ago."""
        return bool(self._order.get(partition)) or any(pk == partition for _, pk, _, _ in self._changes)

    @contextmanager
    def as_of(self, instant: float) -> Iterator[None]:
        """Be, for one read, as it was at an instant of the last second."""
        undone: list[tuple[str, str, Item | None]] = []
        for at, pk, sk, before in reversed(self._changes):
            if at <= instant:
                break
            now: Any = self._rows.get(pk, {}).get(sk)
            undone.append((pk, sk, now))
            self._put_back(pk, sk, before)
        try:
            yield
        finally:
            for pk, sk, item in reversed(undone):
                self._put_back(pk, sk, item)

    def _put_back(self, pk: str, sk: str, item: Item | None) -> None:
        # Below the stream: nothing happened.
        if item is None:
            super(Streamed, self)._drop({"pk": {"S": pk}, "sk": {"S": sk}})
        else:
            super(Streamed, self)._set(item)


class Dynamo:
    """Stands in for botocore's client of DynamoDB."""

    _request_signer = None

    def __init__(self, table: Rows, *, edges: Edges, kernel: Kernel, random: Random, stale: float) -> None:
        self._table = table
        self._edges = edges
        self._kernel = kernel
        self._random = random
        self._stale = stale
        self._looks = 0

    def query(self, **asked: Any) -> dict[str, Any]:
        """Query; by far the most frequent call, since a tick looks at every partition of its hours."""
        return self._make_api_call("Query", asked)

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(part.capitalize() for part in name.split("_"))
        return lambda **asked: self._make_api_call(operation, asked)

    def _make_api_call(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:  # noqa: C901 (as the service)
        if operation == "Query" and self._is_idle(asked):
            return {"Items": [], "Count": 0, "ScannedCount": 0}

        def do() -> dict[str, Any]:
            try:
                if operation in {"GetItem", "Query"} and not asked.get("ConsistentRead") and self._draws(self._stale):
                    with self._table.as_of(self._kernel.now - self._random.random() * STALE_BY):
                        return self._table.call(operation, asked)
                return self._table.call(operation, asked)
            except Failed as failed:
                raise _error(failed.code, operation, **failed.more) from failed

        def twice() -> dict[str, Any]:
            do()
            return do()

        left: dict[str, Any] = {}

        def some(random: Random) -> None:
            left.update(self._do_some(asked, random))

        def refuse() -> ClientError:
            if operation == "TransactWriteItems" and self._random.random() < 0.5:
                reasons = [{"Code": "TransactionConflict"}, *({"Code": "None"} for _ in asked["TransactItems"][1:])]
                return _error("TransactionCanceledException", operation, CancellationReasons=reasons)
            return _error("ProvisionedThroughputExceededException", operation)

        try:
            return self._edges.call(
                "table",
                operation,
                do,
                partly=some if operation == "BatchWriteItem" else None,
                ghost=twice if operation in CONDITIONAL else None,
                refuse=refuse,
                about=asked,
            )
        except TimeoutError as error:
            raise ReadTimeoutError(endpoint_url="dynamodb") from error
        except StoreFault:
            return {"UnprocessedItems": left}

    def _draws(self, rate: float) -> bool:
        return bool(rate) and not self._edges.quiet and self._random.random() < rate

    def _is_idle(self, asked: dict[str, Any]) -> bool:
        partition = next(
            (one["S"] for one in asked.get("ExpressionAttributeValues", {}).values() if "#" in one.get("S", "")), ""
        )
        if not partition.startswith("DUE#") or self._table.holds(partition):
            return False
        self._looks += 1
        return self._looks % EMPTY_LOOKS != 0

    def _do_some(self, asked: dict[str, Any], random: Random) -> dict[str, Any]:
        ((name, requests),) = asked["RequestItems"].items()
        now = [one for one in requests if random.random() < 0.5]
        if now:
            self._table.call("BatchWriteItem", {"RequestItems": {name: now}})
        return {name: [one for one in requests if not any(one is other for other in now)]}


class Queues:
    """Stands in for botocore's client of SQS, over the queues by the ends of their addresses."""

    def __init__(self, queues: dict[str, Sqs], edges: Edges, *, waits: float | None) -> None:
        self._queues = queues
        self._edges = edges
        self._waits = waits

    def _of(self, url: str) -> Sqs:
        return self._queues[url.rpartition("/")[2]]

    def send_message_batch(self, *, QueueUrl: str, Entries: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803 (AWS's)
        """Take messages."""
        bodies = [(entry["MessageBody"], entry.get("DelaySeconds", 0)) for entry in Entries]
        taken = _told(lambda: self._of(QueueUrl).send_batch(bodies, waits=self._waits), "SendMessageBatch")
        return {"Successful": [{"Id": entry["Id"]} for entry in Entries[:taken]]}

    def send_message(self, *, QueueUrl: str, MessageBody: str, DelaySeconds: int = 0) -> dict[str, Any]:  # noqa: N803
        """Take a message."""
        _told(lambda: self._of(QueueUrl).send_batch([(MessageBody, DelaySeconds)]), "SendMessage")
        return {}

    def get_queue_attributes(self, *, QueueUrl: str, **_: Any) -> dict[str, Any]:  # noqa: N803
        """Say how many messages wait."""
        queue = self._of(QueueUrl)
        waiting = _told(lambda: self._edges.call("queue", "backlog", lambda: queue.waiting), "GetQueueAttributes")
        return {"Attributes": {"ApproximateNumberOfMessages": str(waiting)}}


class Texts:
    """Stands in for botocore's client of SNS: text messages."""

    def __init__(self, edges: Edges, taken: Callable[[str, str], str], *, waits: float | None) -> None:
        self._edges = edges
        self._taken = taken
        self._waits = waits

    def publish(self, *, Message: str, PhoneNumber: str = "", **_: Any) -> dict[str, Any]:  # noqa: N803 (AWS's)
        """Take a text message."""

        def take() -> str:
            return self._taken(PhoneNumber, Message)

        done = _told(
            lambda: self._edges.call(
                "sms",
                "publish",
                take,
                takes=0.08,
                refuse=lambda: _error("ThrottledException", "Publish"),
                late=take,
                waits=self._waits,
                about=PhoneNumber,
            ),
            "Publish",
        )
        return {"MessageId": done}


class Secrets:
    """Stands in for botocore's client of Secrets Manager."""

    def get_secret_value(self, **_: Any) -> dict[str, Any]:
        """Give the keys."""
        return {"SecretString": SECRET}


class Ses:
    """Stands in for botocore's client of SES, as far as it says how much the account takes."""

    def get_account(self) -> dict[str, Any]:
        """Say it."""
        return {"SendQuota": {"MaxSendRate": 1_000_000.0}}


def _told(call: Callable[[], T], operation: str) -> T:
    """Make a call; what goes wrong is told as botocore tells it."""
    try:
        return call()
    except TimeoutError as error:
        raise ReadTimeoutError(endpoint_url="aws") from error
    except StoreFault as error:
        raise _error("ServiceUnavailable", operation) from error


def secret() -> dict[str, Any]:
    """Return the keys that links are signed with."""
    found: dict[str, Any] = json.loads(SECRET)
    return found
