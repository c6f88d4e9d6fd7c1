"""The one table. Each slice's store.py declares its items on this base and is the only place for their keys."""

import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from pynamodb.attributes import DiscriminatorAttribute, UnicodeAttribute
from pynamodb.connection.base import MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.edge.config import config

ItemT = TypeVar("ItemT", bound="Item")

_shared: list[TableConnection] = []


class Item(Model):
    """
    An item of the table: partition key ``pk``, sort key ``sk``, and ``item``, which says what class it is.

    Reading a partition as ``Item`` gives each item as its own class.
    """

    class Meta:
        """Read by PynamoDB; the name is filled in when the table is first used, so that importing needs no settings."""

        table_name = ""

    pk = UnicodeAttribute(hash_key=True)
    sk = UnicodeAttribute(range_key=True)
    item = DiscriminatorAttribute()

    @classmethod
    def _get_connection(cls) -> TableConnection:
        # PynamoDB makes a client per class, at some 60 ms of a cold start each; one serves them all.
        if not _shared:
            Item.Meta.table_name = config().table
            schema = Item._get_schema()
            meta = MetaTable(
                {
                    "TableName": config().table,
                    "KeySchema": schema["key_schema"],
                    "AttributeDefinitions": schema["attribute_definitions"],
                    "GlobalSecondaryIndexes": [],
                    "LocalSecondaryIndexes": [],
                }
            )
            _shared.append(TableConnection(config().table, meta_table=meta))
        return _shared[0]


Row = dict[str, dict[str, Any]]
"""An item as DynamoDB writes it: ``{"pk": {"S": …}, …}``. Making a model of each takes a sixth of a delivery's CPU."""


def row_of(kind: type[Item], pk: str, sk: str, **texts: str | None) -> Row:
    """Return a row of a class of items from its key and its texts; None is left out."""
    discriminator = Item.item.get_discriminator(kind)
    row: Row = {"pk": {"S": pk}, "sk": {"S": sk}, "item": {"S": discriminator}}
    for name, text in texts.items():
        if text is not None:
            row[name] = {"S": text}
    return row


def item_of(kind: type[ItemT], row: Row) -> ItemT:
    """Return the item that a row is."""
    item = kind()
    item.deserialize(dict(row))
    return item


def put_all(rows: Iterable[Row]) -> None:
    """
    Put these rows, 25 a call.

    :raises StoreBusy: if the store had no room for all of them; those that it had room for are there
    """
    _write_all([{"PutRequest": {"Item": row}} for row in rows])


def delete_all(rows: Iterable[Row]) -> None:
    """
    Delete the rows of these keys, 25 a call; gone already is fine.

    :raises StoreBusy: if the store could not take all of it now
    """
    _write_all([{"DeleteRequest": {"Key": {"pk": row["pk"], "sk": row["sk"]}}} for row in rows])


def _write_all(todo: list[dict[str, Any]]) -> None:
    table, client = config().table, _client()
    for pause in (*_PAUSES, None):
        left: list[dict[str, Any]] = []
        for start in range(0, len(todo), _AT_ONCE):
            answer = client.batch_write_item(RequestItems={table: todo[start : start + _AT_ONCE]})
            left += answer.get("UnprocessedItems", {}).get(table, [])
        if not left:
            return
        if pause is None:
            break
        time.sleep(pause)
        todo = left
    raise StoreBusy("UnprocessedItems")


def read_all(keys: Iterable[tuple[str, str]]) -> dict[str, Row]:
    """
    Return those of these items that there are as DynamoDB writes them (``{"S": …}``), by partition key.

    Consistent, 100 a call. For keys of which each partition has one.

    :raises StoreBusy: if the store could not give all of them now
    """
    table, client = config().table, _client()
    todo = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in keys]
    found = {}
    for pause in (*_PAUSES, None):
        left: list[dict[str, Any]] = []
        for start in range(0, len(todo), _READ_AT_ONCE):
            part = todo[start : start + _READ_AT_ONCE]
            answer = client.batch_get_item(RequestItems={table: {"Keys": part, "ConsistentRead": True}})
            found.update({item["pk"]["S"]: item for item in answer["Responses"].get(table, [])})
            left += answer.get("UnprocessedKeys", {}).get(table, {}).get("Keys", [])
        if not left:
            return found
        if pause is None:
            break
        time.sleep(pause)
        todo = left
    raise StoreBusy("UnprocessedKeys")


def rows_of(
    pk: str, *, between: tuple[str, str] | None = None, limit: int | None = None, keys_only: bool = False
) -> Iterator[Row]:
    """
    Give the rows of a partition as DynamoDB writes them, in order, whatever they hold; ``limit`` of them a call.

    A query by a class of items ends at the first that can't be read, and passes over those of another class in silence.
    ``keys_only``: consistent, and nothing but the keys, which is all that some policies allow.
    """
    asked: dict[str, Any] = {
        "TableName": config().table,
        "KeyConditionExpression": "pk = :pk",
        "ExpressionAttributeValues": {":pk": {"S": pk}},
    }
    if between:
        asked["KeyConditionExpression"] += " AND sk BETWEEN :low AND :high"
        asked["ExpressionAttributeValues"] |= {":low": {"S": between[0]}, ":high": {"S": between[1]}}
    if limit:
        asked["Limit"] = limit
    if keys_only:
        asked |= {"ProjectionExpression": "pk, sk", "Select": "SPECIFIC_ATTRIBUTES", "ConsistentRead": True}
    while True:
        answer = _client().query(**asked)
        yield from answer["Items"]
        if "LastEvaluatedKey" not in answer:
            return
        asked["ExclusiveStartKey"] = answer["LastEvaluatedKey"]


def insert_all(rows: Sequence[Row]) -> list[bool]:
    """Put each row unless there is one under its key already; False for those. 25 a call, each on its own."""
    return _execute([_insert(row) for row in rows])


def update_all(changes: Sequence[tuple[Row, Row]]) -> list[bool]:
    """
    Set what each row holds over the stored one, where that still has these values; False where it hasn't.

    25 a call, each on its own: PartiQL's batch has conditions, which BatchWriteItem lacks, and costs what single writes
    cost, unlike a transaction.
    """
    return _execute([_update(row, where) for row, where in changes])


_AT_ONCE = 25
_READ_AT_ONCE = 100
_AGAIN = ("ProvisionedThroughputExceeded", "ThrottlingError", "RequestLimitExceeded", "InternalServerError")
_PAUSES = (0.05, 0.2, 0.8)


def _client() -> Any:  # noqa: ANN401 (botocore makes its clients at run time)
    return Item._get_connection().connection.client  # noqa: SLF001 (our own)


def _insert(row: Row) -> dict[str, Any]:
    fields = ", ".join(f"'{name}': ?" for name in row)
    return {"Statement": f'INSERT INTO "{config().table}" VALUE {{{fields}}}', "Parameters": list(row.values())}


def _update(row: Row, where: Row) -> dict[str, Any]:
    held = {"pk": row["pk"], "sk": row["sk"], **where}
    values = {name: value for name, value in row.items() if name not in {"pk", "sk", "item"}}
    sets = " ".join(f'SET "{name}" = ?' for name in values)
    tests = " AND ".join(f'"{name}" = ?' for name in held)
    return {
        "Statement": f'UPDATE "{config().table}" {sets} WHERE {tests}',
        "Parameters": [*values.values(), *held.values()],
    }


def _execute(statements: list[dict[str, Any]]) -> list[bool]:
    """Execute statements; True where it was done, False where its condition did not hold."""
    done = [False] * len(statements)
    todo = list(range(len(statements)))
    client = _client()
    for pause in (*_PAUSES, None):
        failed: list[tuple[int, dict[str, Any]]] = []
        for start in range(0, len(todo), _AT_ONCE):
            part = todo[start : start + _AT_ONCE]
            answer = client.batch_execute_statement(Statements=[statements[index] for index in part])
            for index, response in zip(part, answer["Responses"], strict=True):
                error = response.get("Error")
                if error is None:
                    done[index] = True
                elif error["Code"] not in _NOT_HELD:
                    failed.append((index, error))
        if not failed:
            return done
        codes = {error["Code"] for _, error in failed}
        if pause is None or not codes <= set(_AGAIN):
            raise StoreBusy(", ".join(sorted(codes)))
        time.sleep(pause)
        todo = [index for index, _ in failed]
    return done


_NOT_HELD = frozenset({"ConditionalCheckFailed", "DuplicateItem"})


class StoreBusy(RuntimeError):
    """The store could not take a statement now; others of the same call may have been done."""


def transaction() -> TransactWrite:
    """Return a transaction over the table: all of its writes happen, or none (at most 100)."""
    return TransactWrite(connection=Item._get_connection().connection)  # noqa: SLF001 (our own)


def in_conflict(error: PynamoDBException) -> bool:
    """Say whether a write failed because a transaction was under way over one of its items."""
    if _code_of(error) == "TransactionConflictException":
        return True
    reasons: list[Any] = getattr(error, "cancellation_reasons", None) or []
    return any(reason is not None and reason.code == "TransactionConflict" for reason in reasons)


def undisturbed(write: Callable[[], object]) -> None:
    """Do a write, again where a transaction over one of its items was under way: that takes milliseconds."""
    for pause in _PAUSES:
        try:
            write()
        except PynamoDBException as error:
            if not in_conflict(error):
                raise
            time.sleep(pause)
        else:
            return
    write()


def _code_of(error: PynamoDBException) -> str | None:
    """Return what the service called an error; None where no answer came, which PynamoDB's own property can't say."""
    answer: dict[str, Any] = getattr(error.cause, "response", None) or {}
    code: str | None = answer.get("Error", {}).get("Code")
    return code


def lost_the_race(error: PynamoDBException) -> bool:
    """Say whether a write failed because its condition did not hold, and not for a fault of the store."""
    if _code_of(error) == "ConditionalCheckFailedException":
        return True
    reasons: list[Any] = getattr(error, "cancellation_reasons", None) or []
    return any(reason is not None and reason.code == "ConditionalCheckFailed" for reason in reasons)


def forget_connection() -> None:
    """Drop the shared client, for a test that goes from one store to another."""
    _shared.clear()
