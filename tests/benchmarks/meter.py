"""
A meter in the DynamoDB client of the real handlers: it sees every call go out and every answer come in.

It counts by AWS's published rule (units.py), not by what a store reports: no emulator counts rightly. What a rule needs
and a call doesn't show, the size of the item that is there before a write, it looks up beside the client (``peek``).
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

from pynamodb.connection.table import TableConnection

from tests.benchmarks import units
from tests.benchmarks.expressions import Item
from tests.benchmarks.memory import statement_key

Peek = Callable[[Item], Item | None]


@dataclass(frozen=True, slots=True)
class Line:
    """What is counted together: a stage of the run, what is done, and to which kind of row."""

    stage: str
    what: str
    row: str


@dataclass
class Meter:
    """Adds up request units, by stage and kind of row. ``indexes`` are the keys of indexes of all attributes."""

    peek: Peek
    indexes: tuple[tuple[str, ...], ...] = ()
    stage: str = ""
    writes: dict[Line, float] = field(default_factory=lambda: defaultdict(float))
    reads: dict[Line, float] = field(default_factory=lambda: defaultdict(float))
    calls: Counter[tuple[str, str]] = field(default_factory=Counter)
    """How often each operation was called, by stage."""

    def attach(self, connection: TableConnection) -> None:
        """Listen in on a client."""
        events = connection.connection.client.meta.events
        events.register("provide-client-params.dynamodb.*", self._asked)
        events.register("after-call.dynamodb.*", self._answered)

    @contextmanager
    def during(self, stage: str) -> Iterator[None]:
        """Count what happens inside under this stage."""
        before, self.stage = self.stage, stage
        try:
            yield
        finally:
            self.stage = before

    def _asked(self, params: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        context["metered"] = params, {name_of(key): self.peek(key) for key in keys_written(model.name, params)}

    def _answered(self, parsed: dict[str, Any], model: Any, context: dict[str, Any], **_: Any) -> None:
        params, before = context["metered"]
        self.count(model.name, params, parsed, before)

    def count(
        self, operation: str, params: dict[str, Any], parsed: dict[str, Any], before: dict[str, Item | None]
    ) -> None:
        """Count one call, given its answer and what was under its keys before it."""
        self.calls[self.stage, operation] += 1
        transacted = operation.startswith("Transact")
        for key in keys_written(operation, params):
            old, new = before[name_of(key)], self.peek(key)
            row = _row(key, new or old)
            cost = units.write(old, new, transacted=transacted)
            self.writes[Line(self.stage, _what(old, new), row)] += cost
            for keys in self.indexes:
                more = units.index(old, new, keys=keys)
                if more:
                    self.writes[Line(self.stage, "index", row)] += more
        for what, row, cost in self._read(operation, params, parsed):
            self.reads[Line(self.stage, what, row)] += cost

    def _read(self, operation: str, params: dict[str, Any], parsed: dict[str, Any]) -> Iterator[tuple[str, str, float]]:
        consistent = bool(params.get("ConsistentRead"))
        match operation:
            case "GetItem":
                yield "get", _row(params["Key"]), units.read([self.peek(params["Key"])], consistent=consistent)
            case "BatchGetItem":
                for wanted in params["RequestItems"].values():
                    for key in wanted["Keys"]:
                        cost = units.read([self.peek(key)], consistent=bool(wanted.get("ConsistentRead")))
                        yield "batch get", _row(key), cost
            case "Query" | "Scan":
                if parsed.get("ScannedCount") != parsed.get("Count") or "ProjectionExpression" in params:
                    raise ValueError("a filter or a projection: what was read can't be told from the answer")
                items = parsed.get("Items", [])
                values = params.get("ExpressionAttributeValues", {}).values()
                first = next((value["S"] for value in values if "S" in value and "#" in value["S"]), "")
                row = _row({"pk": {"S": first}}) if operation == "Query" else "all"
                if not first and items:
                    row = _row(items[0])
                yield operation.lower(), row, units.read(items, consistent=consistent)

    def total(self, counted: Mapping[Line, float], *, stages: frozenset[str] | None = None) -> float:
        """Return the units of some stages, or of all."""
        return sum(amount for line, amount in counted.items() if stages is None or line.stage in stages)


def _what(old: Item | None, new: Item | None) -> str:
    if old == new:
        return "refused, or again the same"
    return "delete" if new is None else "put" if old is None else "change"


def keys_written(operation: str, params: dict[str, Any]) -> list[Item]:
    """Return the keys that a call writes to."""
    keys: list[Item]
    match operation:
        case "PutItem":
            keys = [params["Item"]]
        case "UpdateItem" | "DeleteItem":
            keys = [params["Key"]]
        case "BatchWriteItem":
            requests = [request for table in params["RequestItems"].values() for request in table]
            keys = [
                request["PutRequest"]["Item"] if "PutRequest" in request else request["DeleteRequest"]["Key"]
                for request in requests
            ]
        case "TransactWriteItems":
            wanted = [next(iter(action.values())) for action in params["TransactItems"]]
            keys = [one.get("Key") or one["Item"] for one in wanted]
        case "ExecuteStatement":
            keys = [statement_key(params)]
        case "BatchExecuteStatement":
            keys = [statement_key(one) for one in params["Statements"]]
        case _:
            keys = []
    return [{name: key[name] for name in ("pk", "sk")} for key in keys]


def name_of(key: Item) -> str:
    """Return an item's key in one word."""
    return f"{key['pk']['S']} {key['sk']['S']}"


def _row(key: Item, item: Item | None = None) -> str:
    """Return the kind of a row: what its item says it is, or else the first word of its partition key."""
    if item and "item" in item:
        return str(item["item"]["S"])
    return str(key["pk"]["S"].partition("#")[0].lower())
