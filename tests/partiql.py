"""
The two PartiQL statements that Cairn uses, as DynamoDB does them: moto takes an INSERT for an upsert, and scans.

Registered by the ``aws`` fixture. The emulator does them rightly by itself (tests/emulator).
"""

import re
from typing import Any

from moto.dynamodb.models import DynamoDBBackend
from moto.dynamodb.models.dynamo_type import DynamoType

_INSERT = re.compile(r"""INSERT INTO "([\w.-]+)" VALUE \{(.*)\}""")
_UPDATE = re.compile(r"""UPDATE "([\w.-]+)" (SET .*) WHERE (.*)""")


def batch_execute_statement(backend: DynamoDBBackend, statements: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """Execute each statement by itself; a condition that does not hold is that statement's error."""
    return [_execute(backend, one["Statement"], one["Parameters"]) for one in statements]


def _execute(backend: DynamoDBBackend, statement: str, parameters: list[dict[str, Any]]) -> dict[str, Any]:
    insert = _INSERT.fullmatch(statement)
    if insert:
        item = dict(zip(re.findall(r"'(\w+)': \?", insert[2]), parameters, strict=True))
        if _find(backend, insert[1], item) is not None:
            return {"Error": {"Code": "DuplicateItem", "Message": "Duplicate primary key exists in table"}}
        backend.get_table(insert[1]).put_item(item)
        return {"TableName": insert[1]}
    update = _UPDATE.fullmatch(statement)
    assert update, statement
    sets, tests = (re.findall(r'"(\w+)" = \?', part) for part in (update[2], update[3]))
    values = dict(zip(sets, parameters[: len(sets)], strict=True))
    wanted = dict(zip(tests, parameters[len(sets) :], strict=True))
    present = _find(backend, update[1], wanted)
    if present is None or any(present.get(name) != value for name, value in wanted.items()):
        return {"Error": {"Code": "ConditionalCheckFailed", "Message": "The conditional request failed"}}
    backend.get_table(update[1]).put_item({**present, **values})
    return {"TableName": update[1]}


def _find(backend: DynamoDBBackend, table: str, key: dict[str, Any]) -> dict[str, Any] | None:
    item = backend.get_table(table).get_item(DynamoType(key["pk"]), DynamoType(key["sk"]))
    return item.to_json()["Attributes"] if item else None
