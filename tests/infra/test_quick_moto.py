"""The quick moto of the suite answers what moto itself does, refused writes and transactions among it."""

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from moto import mock_aws

from tests.quick_moto import quick

Do = tuple[str, dict[str, Any]]

KEYS = st.fixed_dictionaries(
    {"pk": st.sampled_from([{"S": "A"}, {"S": "B"}]), "sk": st.sampled_from([{"S": "1"}, {"S": "2"}, {"S": "10"}])}
)
VALUES = st.sampled_from(
    [
        {"S": "é, 1 < 2"},
        {"N": "2.50"},
        {"BOOL": False},
        {"NULL": True},
        {"B": b"\x00\xff"},
        {"SS": ["b", "a"]},
        {"L": [{"S": "x"}, {"M": {"n": {"N": "1"}, "b": {"B": b"1"}}}]},
        {"M": {"deep": {"L": [{"NULL": True}]}}},
    ]
)
TABLE = {"TableName": "t"}
ABSENT = {"ConditionExpression": "attribute_not_exists(pk)"}
GROWS = {
    "UpdateExpression": "SET v = :v ADD n :one",
    "ExpressionAttributeValues": {":v": {"S": "new"}, ":one": {"N": "1"}},
}
ONLY_FIRST = {
    "UpdateExpression": "SET v = :v",
    "ConditionExpression": "attribute_exists(pk) AND (#n < :most OR NOT contains(v, :x))",
    "ExpressionAttributeNames": {"#n": "n"},
    "ExpressionAttributeValues": {":v": {"L": []}, ":most": {"N": "2"}, ":x": {"S": "x"}},
}


def _put(key: dict[str, Any], value: dict[str, Any], condition: dict[str, Any]) -> Do:
    return "Put", TABLE | {"Item": {**key, "v": value}} | condition


CHANGES = st.one_of(
    st.builds(_put, KEYS, VALUES, st.sampled_from([{}, ABSENT])),
    KEYS.map(lambda key: ("Update", TABLE | {"Key": key} | GROWS)),
    KEYS.map(lambda key: ("Update", TABLE | {"Key": key} | ONLY_FIRST)),
    KEYS.map(lambda key: ("Delete", TABLE | {"Key": key})),
)


def _asked(do: Callable[..., Any], **what: Any) -> Any:
    try:
        answer = do(**what)
    except ClientError as error:
        answer = error.response
    return {name: value for name, value in answer.items() if name != "ResponseMetadata"}


def _make_table(client: Any) -> None:
    client.create_table(
        TableName="t",
        KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
        AttributeDefinitions=[{"AttributeName": name, "AttributeType": "S"} for name in ("pk", "sk")],
        BillingMode="PAY_PER_REQUEST",
    )


def _played(on: AbstractContextManager[None], changes: list[list[Do]]) -> list[Any]:
    answers = []
    with on, mock_aws():
        client: Any = boto3.client("dynamodb", region_name="us-east-1")
        _make_table(client)
        single = {"Put": client.put_item, "Update": client.update_item, "Delete": client.delete_item}
        for together in changes:
            if len(together) == 1:
                ((kind, what),) = together
                answers.append(_asked(single[kind], ReturnValues="ALL_OLD", **what))
            else:
                items = [{kind: what} for kind, what in together]
                answers.append(_asked(client.transact_write_items, TransactItems=items))
            answers += [
                client.query(
                    **TABLE,
                    KeyConditionExpression="pk = :p AND sk >= :s",
                    ExpressionAttributeValues={":p": {"S": "A"}, ":s": {"S": "10"}},
                    ScanIndexForward=forward,
                )["Items"]
                for forward in (True, False)
            ]
        answers.append(
            client.query(**TABLE, KeyConditionExpression="pk = :p", ExpressionAttributeValues={":p": {"S": "C"}})[
                "Items"
            ]
        )
        answers.append(client.scan(**TABLE)["Items"])
    return answers


@given(st.lists(st.lists(CHANGES, min_size=1, max_size=3), max_size=4))
@settings(max_examples=15, suppress_health_check=[HealthCheck.too_slow])
def test_whatever_is_written_the_quick_one_answers_the_same(changes: list[list[Do]]) -> None:
    assert _played(quick(), changes) == _played(nullcontext(), changes)


KEY = {"pk": {"S": "A"}, "sk": {"S": "1"}}
ITEM = {**KEY, "n": {"N": "1.50"}, "b": {"B": b"\x00"}, "l": {"L": [{"S": "x"}, {"NULL": True}]}, "name": {"S": "é"}}
OTHER = {"pk": {"S": "A"}, "sk": {"S": "2"}, "n": {"N": "2"}, "ns": {"NS": ["1", "2"]}}
OF_A = TABLE | {"KeyConditionExpression": "pk = :p", "ExpressionAttributeValues": {":p": {"S": "A"}}}
WITH_N = {":p": {"S": "A"}, ":a": {"N": "1.5"}, ":b": {"N": "7"}}
CALLS: list[tuple[str, dict[str, Any]]] = [
    ("put_item", TABLE | {"Item": ITEM, "ReturnConsumedCapacity": "TOTAL"}),
    ("batch_write_item", {"RequestItems": {"t": [{"PutRequest": {"Item": OTHER}}]}}),
    ("get_item", TABLE | {"Key": KEY, "ConsistentRead": True, "ReturnConsumedCapacity": "INDEXES"}),
    ("get_item", TABLE | {"Key": {**KEY, "sk": {"S": "none"}}}),
    ("get_item", TABLE | {"Key": KEY, "ProjectionExpression": "#n, l[0]", "ExpressionAttributeNames": {"#n": "name"}}),
    ("get_item", TABLE | {"Key": KEY, "ProjectionExpression": "name"}),
    ("get_item", TABLE | {"Key": {"pk": {"S": "A"}}}),
    ("get_item", {"TableName": "none", "Key": KEY}),
    ("query", OF_A | {"Limit": 1, "ReturnConsumedCapacity": "TOTAL"}),
    ("query", OF_A | {"Select": "COUNT"}),
    ("query", OF_A | {"FilterExpression": "n IN (:a, :b)", "ExpressionAttributeValues": WITH_N}),
    ("query", OF_A | {"FilterExpression": "name = :a", "ExpressionAttributeValues": WITH_N}),
    ("query", OF_A | {"FilterExpression": "((n = :a))", "ExpressionAttributeValues": WITH_N}),
    ("scan", TABLE | {"Limit": 1}),
    ("batch_get_item", {"RequestItems": {"t": {"Keys": [KEY, {**KEY, "sk": {"S": "none"}}]}}}),
    ("transact_get_items", {"TransactItems": [{"Get": TABLE | {"Key": KEY}}]}),
    ("update_item", TABLE | {"Key": KEY, "ReturnValues": "ALL_NEW"} | GROWS),
    ("update_item", TABLE | {"Key": KEY, "ReturnValues": "UPDATED_OLD"} | ONLY_FIRST),
    ("update_item", TABLE | {"Key": KEY, "UpdateExpression": "SET x = :none"}),
    ("put_item", TABLE | {"Item": OTHER, "ReturnValuesOnConditionCheckFailure": "ALL_OLD"} | ABSENT),
    ("put_item", TABLE | {"Item": {**KEY, "sk": {"S": ""}}}),
    ("transact_write_items", {"TransactItems": [{"Put": TABLE | {"Item": OTHER} | ABSENT}]}),
    ("batch_execute_statement", {"Statements": [{"Statement": "SELECT * FROM \"t\" WHERE pk = 'A'"}]}),
    ("delete_item", TABLE | {"Key": KEY, "ReturnValues": "ALL_OLD"}),
]


def _asked_one_after_the_other(on: AbstractContextManager[None]) -> list[Any]:
    with on, mock_aws():
        client: Any = boto3.client("dynamodb", region_name="us-east-1")
        _make_table(client)
        # What was refused and what was found was parsed before where it is asked again.
        return [_asked(getattr(client, call), **what) for call, what in [*CALLS, *CALLS]]


def test_each_call_is_answered_or_refused_the_same() -> None:
    answers = _asked_one_after_the_other(nullcontext())

    assert _asked_one_after_the_other(quick()) == answers
    refused = [answer["Error"]["Code"] for answer in answers if "Error" in answer]
    assert len(set(refused)) > 3
    assert len(refused) > len(answers) / 4


def test_a_page_begins_behind_the_last_key_of_the_one_before(aws: None) -> None:
    del aws
    client: Any = boto3.client("dynamodb")
    for number in range(5):
        client.put_item(TableName="cairn", Item={"pk": {"S": "A"}, "sk": {"S": str(number)}})
    seen: list[str] = []
    start: dict[str, Any] = {}
    while True:
        page = client.query(
            TableName="cairn",
            KeyConditionExpression="pk = :p",
            ExpressionAttributeValues={":p": {"S": "A"}},
            Limit=2,
            **start,
        )
        seen += [item["sk"]["S"] for item in page["Items"]]
        if "LastEvaluatedKey" not in page:
            break
        start = {"ExclusiveStartKey": page["LastEvaluatedKey"]}

    assert seen == ["0", "1", "2", "3", "4"]


@pytest.mark.usefixtures("aws")
def test_what_was_read_does_not_change_with_what_is_written_later() -> None:
    client: Any = boto3.client("dynamodb")
    key = {"pk": {"S": "A"}, "sk": {"S": "1"}}
    client.put_item(TableName="cairn", Item={**key, "n": {"N": "1"}, "l": {"L": [{"S": "x"}]}})
    update = {
        "UpdateExpression": "SET n = n + :one, l[0] = :y",
        "ExpressionAttributeValues": {":one": {"N": "1"}, ":y": {"S": "y"}},
    }
    refused = {"TableName": "cairn", "Key": {**key, "sk": {"S": "2"}}, "ConditionExpression": "attribute_exists(pk)"}
    with pytest.raises(ClientError):
        client.transact_write_items(
            TransactItems=[{"Update": {"TableName": "cairn", "Key": key, **update}}, {"ConditionCheck": refused}]
        )

    found = client.get_item(TableName="cairn", Key=key)["Item"]

    assert (found["n"], found["l"]) == ({"N": "1"}, {"L": [{"S": "x"}]})
