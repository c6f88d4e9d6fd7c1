"""
What makes moto quick enough for a suite, and changes nothing that it answers.

By itself it reads botocore's models anew for every client, goes through the whole table for a query of one partition,
copies the whole table for each transaction, and asks for ten members of every value that it answers with. More than
half of the suite's time went there. Held to the originals by tests/infra/test_quick_moto.py.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from functools import cache, lru_cache
from typing import Any

import botocore.session
import pytest
from botocore.loaders import Loader, create_loader
from moto.core.serialize import BaseJSONSerializer
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table

_PLAIN = frozenset({"S", "N", "B", "BOOL", "NULL"})
"""Types of one value, which moto never changes in place: a copy may be the same."""

_shared_loader = cache(create_loader)
_lex = ConditionExpressionParser._lex_one_node  # noqa: SLF001 (moto's own)
_lexed = lru_cache(maxsize=10_000)(lambda text: _lex(ConditionExpressionParser("", {}, {}), text))


@contextmanager
def quick() -> Iterator[None]:
    """Have moto be quick, and botocore read its models once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(botocore.session, "create_loader", _loader)
        patch.setattr(DynamoType, "__hash__", _hash)
        patch.setattr(DynamoType, "__eq__", _same)
        patch.setattr(DynamoType, "__lt__", _before)
        patch.setattr(DynamoType, "__deepcopy__", _copied(DynamoType.__deepcopy__))
        patch.setattr(ConditionExpressionParser, "_lex_one_node", lambda _parser, text: _lexed(text))
        patch.setattr(Table, "query", _within_partition(Table.query))
        patch.setattr(Table, "__deepcopy__", _kept, raising=False)
        patch.setattr(DynamoDBBackend, "update_item", _on_a_copy(DynamoDBBackend.update_item))
        patch.setattr(
            BaseJSONSerializer,
            "_serialize_type_structure",
            _value_as_it_is(BaseJSONSerializer._serialize_type_structure),  # noqa: SLF001 (moto's own)
        )
        yield


def _loader(search_path: str | None = None) -> Loader:
    return _shared_loader(search_path)


def _hash(value: DynamoType) -> int:
    return hash((value.type, value.value if value.type == "S" else value.cast_value))


def _same(value: DynamoType, other: DynamoType) -> bool:
    if value.type != other.type:
        return False
    return bool(value.value == other.value if value.type == "S" else value.cast_value == other.cast_value)


def _before(value: DynamoType, other: DynamoType) -> bool:
    if value.type == other.type == "S":
        return bool(value.value < other.value)
    return bool(value.cast_value < other.cast_value)


def _copied(original: Callable[..., DynamoType]) -> Callable[..., DynamoType]:
    def copied(value: DynamoType, memo: dict[int, Any]) -> DynamoType:
        return value if value.type in _PLAIN else original(value, memo)

    return copied


def _within_partition(original: Callable[..., Any]) -> Callable[..., Any]:
    def query(table: Table, hash_key: DynamoType, *rest: Any, **named: Any) -> Any:
        if named.get("index_name") or hash_key is None:
            return original(table, hash_key, *rest, **named)
        partition = copy(table)
        partition.items = defaultdict(dict, {hash_key: table.items.get(hash_key, {})})
        return original(partition, hash_key, *rest, **named)

    return query


def _kept(table: Table, _memo: dict[int, Any]) -> Table:
    """Return what a transaction goes back to: other rows of the same items, none of which is changed in place."""
    kept = copy(table)
    kept.items = defaultdict(dict, {key: dict(rows) for key, rows in table.items.items()})
    return kept


def _on_a_copy(original: Callable[..., Any]) -> Callable[..., Any]:
    def update_item(backend: DynamoDBBackend, table_name: str, key: dict[str, Any], *rest: Any, **named: Any) -> Any:
        table = backend.get_table(table_name)
        hash_key, range_key = (DynamoType(key[str(name)]) for name in (table.hash_key_attr, table.range_key_attr))
        present = table.get_item(hash_key, range_key)
        if present is not None:
            table.items[hash_key][range_key] = deepcopy(present)
        return original(backend, table_name, key, *rest, **named)

    return update_item


def _value_as_it_is(original: Callable[..., None]) -> Callable[..., None]:
    def serialize(serializer: object, serialized: dict[str, Any], value: Any, shape: Any, key: str) -> None:
        if shape.name == "AttributeValue" and type(value) is dict:
            ((of_type, held),) = value.items()
            if of_type in {"S", "N", "BOOL"}:
                serialized[key] = {of_type: held}
                return
        original(serializer, serialized, value, shape, key)

    return serialize
