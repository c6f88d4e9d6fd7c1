"""
What makes moto quick enough for a suite, and changes nothing that it answers.

By itself it begins with a thousand patterns of addresses for a library that nothing here uses, has botocore read its
models and register its handlers anew for every test, goes through the whole table for a query of one partition, copies
the whole table for each transaction, parses each condition up to three times, and has every call of a row signed, sent,
taken apart, put together and read as if a network lay between. More than half of the suite's time went there. Held to
the originals by tests/infra/test_quick_moto.py.
"""

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from copy import copy, deepcopy
from functools import cache
from typing import Any

import botocore.session
import moto.core.models
import pynamodb.connection.base
import pytest
from botocore import xform_name
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from botocore.endpoint import Endpoint
from botocore.loaders import Loader, create_loader
from botocore.model import ListShape, MapShape, OperationModel, Shape, StructureShape
from moto.core.models import botocore_stubber
from moto.dynamodb.comparisons import ConditionExpressionParser
from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType
from moto.dynamodb.models.table import Table
from moto.dynamodb.responses import DynamoHandler
from werkzeug.exceptions import HTTPException

_PLAIN = frozenset({"S", "N", "B", "BOOL", "NULL"})
"""Types of one value, which moto never changes in place: a copy may be the same."""

_ROWS = frozenset(
    {
        "BatchExecuteStatement",
        "BatchGetItem",
        "BatchWriteItem",
        "DeleteItem",
        "GetItem",
        "PutItem",
        "Query",
        "Scan",
        "TransactGetItems",
        "TransactWriteItems",
        "UpdateItem",
    }
)
"""What is asked of rows, and goes the short way."""

_shared_loader = cache(create_loader)
_shared_session = cache(botocore.session.get_session)
"""Each client still gets its own handlers, a copy of the session's."""
_parsed: dict[tuple[str, ...], tuple[Any, list[str], list[str]]] = {}
_MOST_PARSED = 20_000
_placeholders = cache(re.compile(r"[#:][\w-]+").findall)


@contextmanager
def quick() -> Iterator[None]:
    """Have moto be quick, and botocore read its models once."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(moto.core.models, "RESPONSES_METHODS", ())
        patch.setattr(botocore.session, "create_loader", _loader)
        patch.setattr(pynamodb.connection.base, "get_session", _shared_session)
        patch.setattr(DynamoType, "__hash__", _hash)
        patch.setattr(DynamoType, "__eq__", _same)
        patch.setattr(DynamoType, "__lt__", _before)
        patch.setattr(DynamoType, "__deepcopy__", _copied(DynamoType.__deepcopy__))
        patch.setattr(ConditionExpressionParser, "parse", _once(ConditionExpressionParser.parse))
        patch.setattr(Table, "query", _within_partition(Table.query))
        patch.setattr(Table, "__deepcopy__", _kept, raising=False)
        patch.setattr(DynamoDBBackend, "update_item", _on_a_copy(DynamoDBBackend.update_item))
        patch.setattr(Endpoint, "make_request", _without_a_network(Endpoint.make_request))
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


def _once(original: Callable[..., Any]) -> Callable[..., Any]:
    """Parse an expression once for what stands behind its placeholders; what it is parsed to is never changed."""

    def parse(parser: ConditionExpressionParser) -> Any:
        text = parser.condition_expression or ""
        names, values = parser.expression_attribute_names or {}, parser.expression_attribute_values or {}
        key = (text, *(repr(names.get(name, values.get(name))) for name in _placeholders(text)))
        if key not in _parsed:
            if len(_parsed) > _MOST_PARSED:
                _parsed.clear()
            _parsed[key] = original(parser), parser.expr_attr_names_found, parser.expr_attr_values_found
        parsed, names_found, values_found = _parsed[key]
        parser.expr_attr_names_found, parser.expr_attr_values_found = [*names_found], [*values_found]
        return parsed

    return parse


def _without_a_network(original: Callable[..., Any]) -> Callable[..., Any]:
    """Hand a call of rows to moto as it would find it on the wire; what holds bytes goes the long way."""

    def make_request(endpoint: Endpoint, model: OperationModel, request: dict[str, Any]) -> Any:
        short = (
            botocore_stubber.enabled
            and model.service_model.service_name == "dynamodb"
            and model.name in _ROWS
            and b'"B"' not in request["body"]
            and b'"BS"' not in request["body"]
        )
        if not short:
            return original(endpoint, model, request)
        handler: Any = DynamoHandler()
        handler.current_account, handler.region = "123456789012", request["context"]["client_region"]
        handler.body = json.loads(request["body"])
        try:
            result = getattr(handler, xform_name(model.name))().result
        except HTTPException as error:
            return _refusal(endpoint, model, request["url"], error)
        answer = _read(result, model.output_shape)
        answer["ResponseMetadata"] = {"HTTPStatusCode": 200, "HTTPHeaders": {}, "RetryAttempts": 0}
        return AWSResponse(request["url"], 200, HTTPHeaders(), None), answer

    return make_request


def _refusal(endpoint: Any, model: OperationModel, url: str, error: HTTPException) -> Any:
    status = error.code or 500
    refused: dict[str, Any] = {"body": (error.description or "").encode(), "headers": {}, "status_code": status}
    parser = endpoint._response_parser_factory.create_parser("json")  # noqa: SLF001 (botocore's own)
    answer = parser.parse(refused, model.output_shape)
    endpoint._add_modeled_error_fields(refused, answer, model, parser)  # noqa: SLF001 (as above)
    return AWSResponse(url, status, HTTPHeaders(), None), answer


def _read(value: Any, shape: Shape | None) -> Any:
    """Return a part of an answer as botocore reads it from the wire, with nothing in it that moto goes on with."""
    if isinstance(shape, StructureShape):
        if shape.name == "AttributeValue":
            return _value(value)
        return {
            name: _read(value[name], member) for name, member in shape.members.items() if value.get(name) is not None
        }
    if isinstance(shape, MapShape):
        return {name: _read(held, shape.value) for name, held in value.items()}
    if isinstance(shape, ListShape):
        return [_read(held, shape.member) for held in value]
    return value


def _value(value: dict[str, Any]) -> dict[str, Any]:
    ((of_type, held),) = value.items()
    if of_type == "M":
        return {"M": {name: _value(one) for name, one in held.items()}}
    if of_type == "L":
        return {"L": [_value(one) for one in held]}
    return {of_type: list(held) if of_type in {"SS", "NS", "BS"} else held}
