"""The benchmarks' table made quicker, with the stream of its changes, and with what of it falls due when."""

from __future__ import annotations

import heapq
import re
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from functools import lru_cache
from typing import Any

from botocore.exceptions import ClientError

from chalicelib.checkins import store as check_in_store
from chalicelib.edge.table import Item as BaseItem
from chalicelib.outreach import ledger_store
from tests.benchmarks.expressions import Item, condition
from tests.benchmarks.memory import Failed, Table, _bounds, _partition, _placeholders, _shown

WATCHED = ("CHECKINS#", "LEDGER#", "PERSON#", "TASKS#")
"""Of these partitions the stream is told. The function asks for no filter, and gets by what else there is at once."""

DUE = "DUE#"
MANY = ("CHECKINS#", "LEDGER#", "PERSON#", "MILESTONES#")
"""Partitions whose rows are read again and again."""
KEPT = 60_000


class Streamed(Table):
    """
    A table whose changes are records of a stream, in order, and that breaks once at the call where it is told to.

    ``watched``: the partitions of whose changes the stream tells.
    """

    watched: tuple[str, ...] = WATCHED

    def __init__(self) -> None:
        super().__init__()
        self.records: list[dict[str, Any]] = []
        self.waiting: dict[tuple[str, str], float] = {}
        self.breaks_in: int | None = None
        self._soonest: list[tuple[float, tuple[str, str]]] = []
        self._number = 0
        self._calls = {
            "Query": self._query,
            "GetItem": self._get_item,
            "PutItem": self._put_item,
            "UpdateItem": self._update_item,
            "BatchGetItem": self._batch_get_item,
        }

    def call(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        """Carry out one call of the API."""
        if self.breaks_in is not None:
            self.breaks_in -= 1
            if self.breaks_in < 0:
                self.breaks_in = None
                raise Failed("ValidationException", "a fault of the simulation's")
        carry_out = self._calls.get(operation)
        return carry_out(asked) if carry_out else super().call(operation, asked)

    def next_due(self) -> float | None:
        """Return the instant of the first due row, in seconds since 1970."""
        while self._soonest:
            at, key = self._soonest[0]
            if self.waiting.get(key) == at:
                return at
            heapq.heappop(self._soonest)
        return None

    def _set(self, item: Item) -> None:
        pk, sk = item["pk"]["S"], item["sk"]["S"]
        before = self._rows.get(pk, {}).get(sk)
        super()._set(item)
        if pk.startswith(DUE):
            at = datetime.fromisoformat(sk.partition("#")[0]).timestamp()
            if self.waiting.get((pk, sk)) != at:
                self.waiting[pk, sk] = at
                heapq.heappush(self._soonest, (at, (pk, sk)))
        elif pk.startswith(self.watched):
            self._record("INSERT" if before is None else "MODIFY", pk, sk, OldImage=before, NewImage=item)

    def _drop(self, key: Item) -> None:
        pk, sk = key["pk"]["S"], key["sk"]["S"]
        before = self._rows.get(pk, {}).get(sk)
        super()._drop(key)
        if pk.startswith(DUE):
            self.waiting.pop((pk, sk), None)
        elif pk.startswith(self.watched):
            self._record("REMOVE", pk, sk, OldImage=before)

    def _record(self, name: str, pk: str, sk: str, **images: Any) -> None:
        self._number += 1
        self.records.append(
            {
                "eventName": name,
                "eventSource": "aws:dynamodb",
                "dynamodb": {
                    "Keys": {"pk": {"S": pk}, "sk": {"S": sk}},
                    "SequenceNumber": f"{self._number:021}",
                    **{which: image for which, image in images.items() if image},
                },
            }
        )

    def _query(self, asked: dict[str, Any]) -> dict[str, Any]:
        names, values = _placeholders(asked)
        text = asked["KeyConditionExpression"]
        first = _first_value(text)
        partition = values[first]["S"] if first else _partition(text, names, values)
        order = self._order.get(partition)
        if not order:
            return {"Items": [], "Count": 0, "ScannedCount": 0}
        low, high = _bounds(text, names, values)
        sorts = order[bisect_left(order, low) : bisect_right(order, high) if high else len(order)]
        if asked.get("ScanIndexForward") is False:
            sorts.reverse()
        start = asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S")
        if start is not None:
            forward = asked.get("ScanIndexForward") is not False
            sorts = [sort for sort in sorts if (sort > start if forward else sort < start)]
        test, rows = condition(text), self._rows[partition]
        keep = condition(asked["FilterExpression"]) if "FilterExpression" in asked else None
        limit, shown, read, last = asked.get("Limit"), [], 0, None
        for sort in sorts:
            row: Any = rows[sort]
            if not test(row, names, values):
                continue
            if limit and read == limit:
                break
            read, last = read + 1, row
            if keep is None or keep(row, names, values):
                shown.append(_shown(row, asked))
        answer: dict[str, Any] = {"Items": shown, "Count": len(shown), "ScannedCount": read}
        if limit and read == limit and last:
            answer["LastEvaluatedKey"] = {name: last[name] for name in ("pk", "sk")}
        return answer


@lru_cache(maxsize=1000)
def _first_value(text: str) -> str | None:
    """Return the placeholder of the partition where a condition is written as Cairn's own queries are."""
    found = re.match(r"pk = (:\w+)\b", text)
    return found[1] if found else None


@contextmanager
def remembering(many: tuple[str, ...] = MANY) -> Iterator[None]:
    """
    Make an item of a row once: PynamoDB's reading of what was read before is a third of a season's time.

    Rows are never changed, only replaced, and stores turn items into facts of their own at once.
    """
    made: dict[tuple[type, int], tuple[Any, Any]] = {}

    def from_raw_data(cls: type[BaseItem], data: dict[str, Any]) -> Any:
        if not data.get("pk", {}).get("S", "").startswith(many):
            return cls._instantiate(data)
        key = (cls, id(data))
        known = made.get(key)
        if known is None or known[0] is not data:
            if len(made) > KEPT:
                made.clear()
            known = made[key] = (data, cls._instantiate(data))
        return known[1]

    read = {name: (module, getattr(module, name)) for module, name in _READERS}
    setattr(BaseItem, "from_raw_data", classmethod(from_raw_data))  # noqa: B010
    for name, (module, make) in read.items():
        setattr(module, name, _once(make))
    try:
        yield
    finally:
        delattr(BaseItem, "from_raw_data")
        for name, (module, make) in read.items():
            setattr(module, name, make)


_READERS: tuple[tuple[Any, str], ...] = ((ledger_store, "_entry_of"), (check_in_store, "_check_in_of"))
"""What makes a fact, which nothing changes, of an item."""


def _once(make: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return the same function, which remembers what it made of the same item."""
    made: dict[int, tuple[Any, Any]] = {}

    def remembered(item: Any) -> Any:
        known = made.get(id(item))
        if known is None or known[0] is not item:
            if len(made) > KEPT:
                made.clear()
            known = made[id(item)] = (item, make(item))
        return known[1]

    return remembered


class Client:
    """Stands in for botocore's client of DynamoDB: the same calls, and neither JSON nor a network between."""

    _request_signer = None

    def __init__(self, table: Table) -> None:
        self._table = table

    def _make_api_call(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        try:
            return self._table.call(operation, asked)
        except Failed as failed:
            error: Any = {"Error": {"Code": failed.code, "Message": str(failed)}, **failed.more}
            raise ClientError(error, operation) from failed

    def query(self, **asked: Any) -> dict[str, Any]:
        """Query; by far the most frequent call, since a tick looks at every partition of its hours."""
        return self._make_api_call("Query", asked)

    def __getattr__(self, name: str) -> Callable[..., dict[str, Any]]:
        operation = "".join(part.capitalize() for part in name.split("_"))
        return lambda **asked: self._make_api_call(operation, asked)
