"""
Other designs that find what is due, replayed call by call through the same meter (shared figures: docs/benchmarks.md).

Each takes one reminder from waiting to ended, with Cairn's own rows where it has the like, so that sizes are the same.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.expressions import Item
from tests.benchmarks.memory import Table
from tests.benchmarks.meter import Meter

INDEX = ("next_at", "shard")
"""The keys of the index that the design with a moved entry looks into."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rows:
    """The rows of one reminder as Cairn writes them."""

    due: Item
    following: Item
    claimed: Item
    ended: Item
    schedule: Item


@dataclass
class Calls:
    """Makes calls on a table, each metered."""

    table: Table
    meter: Meter

    def __call__(self, operation: str, **asked: Any) -> dict[str, Any]:
        """Make one call."""
        from tests.benchmarks.meter import keys_written, name_of

        before = {name_of(key): self.table.peek(key) for key in keys_written(operation, asked)}
        answer = self.table.call(operation, asked)
        self.meter.count(operation, asked, answer, before)
        return answer


def key_of(item: Item) -> Item:
    """Return the key of an item."""
    return {name: item[name] for name in ("pk", "sk")}


def one_transaction(call: Calls, rows: Rows) -> None:
    """
    Claim, next due row and old due row in one transaction; the outcome afterwards.

    Atomic, so nothing needs to be put in an order; each of the three costs double.
    """
    unclaimed = "attribute_not_exists(pk)"
    call(
        "TransactWriteItems",
        TransactItems=[
            {"Put": {"Item": rows.claimed, "ConditionExpression": unclaimed}},
            {"Put": {"Item": rows.following}},
            {"Delete": {"Key": key_of(rows.due)}},
        ],
    )
    call("PutItem", Item=rows.ended)


def moved_index_entry(call: Calls, rows: Rows) -> None:
    """
    The schedule itself holds when it is next due, and a secondary index finds it: moving on is one update.

    The index pays for that with a delete and a put of its own. Reads of an index are never consistent.
    """
    call("PutItem", Item=rows.claimed, ConditionExpression="attribute_not_exists(pk)")
    call("PutItem", Item=rows.ended)
    call(
        "UpdateItem",
        Key=key_of(rows.schedule),
        UpdateExpression="SET next_at = :next",
        ConditionExpression="next_at = :now",
        ExpressionAttributeValues={":next": {"S": rows.following["sk"]["S"][:20]}, ":now": rows.schedule["next_at"]},
    )


def dynein(call: Calls, rows: Rows) -> None:
    """
    Airbnb's Dynein: put, compare-and-set to acquired, delete once the queue has it.

    A job that is due once: no next occurrence, no delivery record. Its first put is counted, as Cairn's next one is.
    """
    scheduled = {**rows.due, "status": {"S": "SCHEDULED"}}
    call("PutItem", Item=scheduled)
    call(
        "UpdateItem",
        Key=key_of(scheduled),
        UpdateExpression="SET #status = :acquired",
        ConditionExpression="#status = :scheduled",
        ExpressionAttributeNames={"#status": "status"},
        ExpressionAttributeValues={":acquired": {"S": "ACQUIRED"}, ":scheduled": {"S": "SCHEDULED"}},
    )
    call("DeleteItem", Key=key_of(scheduled))


Design = Callable[[Calls, Rows], None]
DESIGNS: dict[str, Design] = {
    "one transaction for all": one_transaction,
    "moved index entry + ledger": moved_index_entry,
    "Dynein (no record, no next)": dynein,
}


def units_of(design: Design, rows: Rows) -> Meter:
    """Return what one reminder costs by this design; the read of the person is left out, as all need it."""
    table = Table()
    table.call("PutItem", {"Item": rows.schedule})
    if design is not dynein:
        table.call("PutItem", {"Item": rows.due})
    meter = Meter(peek=table.peek, indexes=(INDEX,))
    design(Calls(table, meter), rows)
    return meter
