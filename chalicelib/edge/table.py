"""The one table. Each slice's store.py declares its items on this base and is the only place for their keys."""

from typing import Any

from pynamodb.attributes import DiscriminatorAttribute, UnicodeAttribute
from pynamodb.connection.base import MetaTable
from pynamodb.connection.table import TableConnection
from pynamodb.exceptions import PynamoDBException
from pynamodb.models import Model
from pynamodb.transactions import TransactWrite

from chalicelib.edge.config import config

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


def transaction() -> TransactWrite:
    """Return a transaction over the table: all of its writes happen, or none (at most 100)."""
    return TransactWrite(connection=Item._get_connection().connection)  # noqa: SLF001 (our own)


def lost_the_race(error: PynamoDBException) -> bool:
    """Say whether a write failed because its condition did not hold, and not for a fault of the store."""
    if error.cause_response_code == "ConditionalCheckFailedException":
        return True
    reasons: list[Any] = getattr(error, "cancellation_reasons", None) or []
    return any(reason is not None and reason.code == "ConditionalCheckFailed" for reason in reasons)


def forget_connection() -> None:
    """Drop the shared client, for a test that goes from one store to another."""
    _shared.clear()
