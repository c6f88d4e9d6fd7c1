"""
A table of DynamoDB in the memory of a process: fast enough for a million schedules, and for nothing else.

It answers the calls that Cairn makes as the service's API reference says. It knows one table with the keys ``pk`` and
``sk``, has no limits of throughput, and does one call at a time. moto and the emulator stay what tests go by; the suite
checks this table against moto (test_counting.py).
"""

import json
import re
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Iterator
from functools import lru_cache
from typing import Any

from tests.benchmarks.expressions import Item, Unknown, condition, update
from tests.benchmarks.units import size

PAGE = 1024 * 1024
"""Bytes that one query reads at most."""

Answer = dict[str, Any]


class Failed(Exception):
    """An error as the service names it."""

    def __init__(self, code: str, message: str = "", **more: Any) -> None:
        super().__init__(message or code)
        self.code = code
        self.more = more


class Table:
    """The rows, and the calls on them by their names."""

    def __init__(self) -> None:
        self._rows: dict[str, dict[str, Item | bytes]] = {}
        self._order: dict[str, list[str]] = {}

    def call(self, operation: str, asked: dict[str, Any]) -> Answer:
        """
        Carry out one call of the API.

        :raises Failed: as the service would
        """
        calls: dict[str, Callable[[dict[str, Any]], Answer]] = {
            "PutItem": self._put_item,
            "GetItem": self._get_item,
            "UpdateItem": self._update_item,
            "DeleteItem": self._delete_item,
            "Query": self._query,
            "Scan": self._scan,
            "BatchGetItem": self._batch_get_item,
            "BatchWriteItem": self._batch_write_item,
            "TransactWriteItems": self._transact_write_items,
            "ExecuteStatement": self._execute_statement,
            "BatchExecuteStatement": self._batch_execute_statement,
        }
        if operation not in calls:
            raise Unknown(operation)
        return calls[operation](asked)

    def load(self, items: Iterator[Item]) -> None:
        """Take many items at once, kept small; for what a measurement begins with."""
        for item in items:
            self._rows.setdefault(item["pk"]["S"], {})[item["sk"]["S"]] = json.dumps(item).encode()
        for partition, rows in self._rows.items():
            if len(self._order.get(partition, ())) != len(rows):
                self._order[partition] = sorted(rows)

    def share(self, other: "Table") -> None:
        """Hold the same rows as another table from now on."""
        self._rows, self._order = other._rows, other._order  # noqa: SLF001 (of its own kind)

    def peek(self, key: Item) -> Item | None:
        """Return an item without a call."""
        item = self._rows.get(key["pk"]["S"], {}).get(key["sk"]["S"])
        return json.loads(item) if isinstance(item, bytes) else item

    def all(self) -> Iterator[Item]:
        """Give every item."""
        for partition, order in self._order.items():
            for sort in order:
                if (item := self.peek({"pk": {"S": partition}, "sk": {"S": sort}})) is not None:
                    yield item

    def _set(self, item: Item) -> None:
        rows = self._rows.setdefault(item["pk"]["S"], {})
        sort = item["sk"]["S"]
        if sort not in rows:
            insort(self._order.setdefault(item["pk"]["S"], []), sort)
        rows[sort] = item

    def _drop(self, key: Item) -> None:
        partition, sort = key["pk"]["S"], key["sk"]["S"]
        if self._rows.get(partition, {}).pop(sort, None) is not None:
            order = self._order[partition]
            del order[bisect_left(order, sort)]

    # -- one item --

    def _put_item(self, asked: dict[str, Any]) -> Answer:
        before = self.peek(asked["Item"])
        self._check(asked, before)
        self._set(asked["Item"])
        return {"Attributes": before} if asked.get("ReturnValues") == "ALL_OLD" and before else {}

    def _get_item(self, asked: dict[str, Any]) -> Answer:
        item = self.peek(asked["Key"])
        return {"Item": _shown(item, asked)} if item is not None else {}

    def _delete_item(self, asked: dict[str, Any]) -> Answer:
        before = self.peek(asked["Key"])
        self._check(asked, before)
        self._drop(asked["Key"])
        return {"Attributes": before} if asked.get("ReturnValues") == "ALL_OLD" and before else {}

    def _update_item(self, asked: dict[str, Any]) -> Answer:
        before = self.peek(asked["Key"])
        self._check(asked, before)
        after = before or dict(asked["Key"])
        if "UpdateExpression" in asked:
            names, values = _placeholders(asked)
            after = update(asked["UpdateExpression"])(after, names, values)
        self._set(after)
        wanted = {"ALL_OLD": before, "ALL_NEW": after, "UPDATED_NEW": after}.get(asked.get("ReturnValues", "NONE"))
        return {"Attributes": wanted} if wanted else {}

    def _check(self, asked: dict[str, Any], before: Item | None) -> None:
        if "ConditionExpression" not in asked:
            return
        names, values = _placeholders(asked)
        if condition(asked["ConditionExpression"])(before or {}, names, values):
            return
        old = {"Item": before} if asked.get("ReturnValuesOnConditionCheckFailure") == "ALL_OLD" and before else {}
        raise Failed("ConditionalCheckFailedException", "The conditional request failed", **old)

    # -- several --

    def _query(self, asked: dict[str, Any]) -> Answer:
        names, values = _placeholders(asked)
        key_test = condition(asked["KeyConditionExpression"])
        partition = _partition(asked["KeyConditionExpression"], names, values)
        order = self._order.get(partition, [])
        low, high = _bounds(asked["KeyConditionExpression"], names, values)
        sorts = order[bisect_left(order, low) : bisect_right(order, high) if high else len(order)]
        if asked.get("ScanIndexForward") is False:
            sorts = sorts[::-1]
        start = asked.get("ExclusiveStartKey", {}).get("sk", {}).get("S")
        if start is not None:
            forward = asked.get("ScanIndexForward") is not False
            sorts = [sort for sort in sorts if (sort > start if forward else sort < start)]
        rows = (self.peek({"pk": {"S": partition}, "sk": {"S": sort}}) for sort in sorts)
        return _page((row for row in rows if row and key_test(row, names, values)), asked)

    def _scan(self, asked: dict[str, Any]) -> Answer:
        rows = self.all()
        start = asked.get("ExclusiveStartKey")
        if start:
            for row in rows:
                if row["pk"] == start["pk"] and row["sk"] == start["sk"]:
                    break
        return _page(rows, asked)

    def _batch_get_item(self, asked: dict[str, Any]) -> Answer:
        found = {
            name: [_shown(item, wanted) for key in wanted["Keys"] if (item := self.peek(key)) is not None]
            for name, wanted in asked["RequestItems"].items()
        }
        return {"Responses": found, "UnprocessedKeys": {}}

    def _batch_write_item(self, asked: dict[str, Any]) -> Answer:
        for requests in asked["RequestItems"].values():
            if len(requests) > 25:
                raise Failed("ValidationException", "Too many items requested for the BatchWriteItem call")
            for request in requests:
                if "PutRequest" in request:
                    self._set(request["PutRequest"]["Item"])
                else:
                    self._drop(request["DeleteRequest"]["Key"])
        return {"UnprocessedItems": {}}

    def _transact_write_items(self, asked: dict[str, Any]) -> Answer:
        reasons = []
        for action in asked["TransactItems"]:
            ((_, wanted),) = action.items()
            try:
                self._check(wanted, self.peek(wanted.get("Key") or wanted["Item"]))
                reasons.append({"Code": "None"})
            except Failed as failed:
                reasons.append({"Code": "ConditionalCheckFailed", "Message": str(failed), **failed.more})
        if any(reason["Code"] != "None" for reason in reasons):
            raise Failed("TransactionCanceledException", "Transaction cancelled", CancellationReasons=reasons)
        for action in asked["TransactItems"]:
            ((kind, wanted),) = action.items()
            if kind != "ConditionCheck":
                self.call(f"{kind}Item", wanted)
        return {}

    # -- PartiQL --

    def _execute_statement(self, asked: dict[str, Any]) -> Answer:
        self._set(statement_after(asked, self.peek))
        return {"Items": []}

    def _batch_execute_statement(self, asked: dict[str, Any]) -> Answer:
        if len(asked["Statements"]) > 25:
            raise Failed("ValidationException", "Member must have length less than or equal to 25")
        answers: list[dict[str, Any]] = []
        for one in asked["Statements"]:
            try:
                self._set(statement_after(one, self.peek))
                answers.append({"TableName": "table"})
            except Failed as failed:
                answers.append({"Error": {"Code": failed.code.removesuffix("Exception"), "Message": str(failed)}})
        return {"Responses": answers}


@lru_cache(maxsize=1000)
def _read_statement(text: str) -> tuple[str, list[str], list[str]]:
    """Return what a statement does, the attributes that it sets and those that it tests, in the order of its marks."""
    if insert := re.fullmatch(r'INSERT INTO "[^"]+" VALUE \{(.*)\}', text):
        return "INSERT", re.findall(r"'([^']+)': \?", insert[1]), []
    if changed := re.fullmatch(r'UPDATE "[^"]+" (SET .*) WHERE (.*)', text):
        return "UPDATE", re.findall(r'"([^"]+)" = \?', changed[1]), re.findall(r'"([^"]+)" = \?', changed[2])
    raise Unknown(text)


def statement_key(one: dict[str, Any]) -> Item:
    """Return the key of the item that a statement is about."""
    kind, sets, tests = _read_statement(one["Statement"])
    given = one["Parameters"]
    values = (
        dict(zip(sets, given, strict=True)) if kind == "INSERT" else dict(zip(tests, given[len(sets) :], strict=True))
    )
    return {name: values[name] for name in ("pk", "sk")}


def statement_after(one: dict[str, Any], peek: Callable[[Item], Item | None]) -> Item:
    """
    Return the item that a statement leaves.

    :raises Failed: if its condition doesn't hold
    """
    kind, sets, tests = _read_statement(one["Statement"])
    given = one["Parameters"]
    before = peek(statement_key(one))
    new = dict(zip(sets, given, strict=False))
    if kind == "INSERT":
        if before is not None:
            raise Failed("DuplicateItemException", "Duplicate primary key exists in table")
        return new
    held = dict(zip(tests, given[len(sets) :], strict=True))
    if before is None or any(before.get(name) != value for name, value in held.items()):
        raise Failed("ConditionalCheckFailedException", "The conditional request failed")
    return {**before, **new}


def _placeholders(asked: dict[str, Any]) -> tuple[dict[str, str], dict[str, Any]]:
    return asked.get("ExpressionAttributeNames", {}), asked.get("ExpressionAttributeValues", {})


_BETWEEN = re.compile(r"(?i)([#\w]+)\s+BETWEEN\s+(:\w+)\s+AND\s+(:\w+)")
_BEGINS = re.compile(r"(?i)begins_with\s*\(\s*([#\w]+)\s*,\s*(:\w+)\s*\)")
_SIMPLE = re.compile(r"([#\w]+)\s*(=|<=|<|>=|>)\s*(:\w+)")


def _partition(text: str, names: dict[str, str], values: dict[str, Any]) -> str:
    for name, sign, value in _SIMPLE.findall(text):
        if names.get(name, name) == "pk" and sign == "=":
            return str(values[value]["S"])
    raise Unknown(text)


def _bounds(text: str, names: dict[str, str], values: dict[str, Any]) -> tuple[str, str]:
    """Return the sort keys between which a key condition lies; what it says exactly is tested on each row."""
    if between := _BETWEEN.search(text):
        return values[between[2]]["S"], values[between[3]]["S"]
    if begins := _BEGINS.search(text):
        return values[begins[2]]["S"], values[begins[2]]["S"] + "\U0010ffff"
    for name, sign, value in _SIMPLE.findall(text):
        if names.get(name, name) == "sk":
            at = values[value]["S"]
            return ("" if sign in {"<", "<="} else at), ("" if sign in {">", ">="} else at)
    return "", ""


def _page(rows: Iterator[Item], asked: dict[str, Any]) -> Answer:
    names, values = _placeholders(asked)
    keep = condition(asked["FilterExpression"]) if "FilterExpression" in asked else None
    read, shown, weight, limit = 0, [], 0, asked.get("Limit")
    last: Item | None = None
    more = False
    for row in rows:
        if (limit and read == limit) or weight > PAGE:
            more = True
            break
        read += 1
        weight += size(row)
        last = row
        if keep is None or keep(row, names, values):
            shown.append(_shown(row, asked))
    # The service says where to go on whenever it stopped at the limit, even if nothing follows.
    stopped = more or (limit is not None and read == limit)
    answer: Answer = {"Items": shown, "Count": len(shown), "ScannedCount": read}
    if stopped and last:
        answer["LastEvaluatedKey"] = {name: last[name] for name in ("pk", "sk")}
    return answer


def _shown(item: Item, asked: dict[str, Any]) -> Item:
    projection = asked.get("ProjectionExpression")
    if not projection:
        return item
    names = asked.get("ExpressionAttributeNames", {})
    wanted = {names.get(name.strip(), name.strip()) for name in projection.split(",")}
    return {name: value for name, value in item.items() if name in wanted}
