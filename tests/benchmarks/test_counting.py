"""The meter counts by AWS's rule, a reminder keeps to its budget, and the table in memory does what moto's does."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError
from hypothesis import given
from hypothesis import strategies as st

from tests.benchmarks import units
from tests.benchmarks.counting import ALL, DUE, HANDING_OVER, KINDS, Count, count, rows
from tests.benchmarks.designs import DESIGNS, units_of
from tests.benchmarks.memory import Failed, Table
from tests.benchmarks.meter import Meter
from tests.benchmarks.world import a_world

PEOPLE = 10


@pytest.mark.parametrize(
    ("item", "size"),
    [
        ({"pk": {"S": "día"}}, 6),
        ({"n": {"N": "0"}}, 2),
        ({"n": {"N": "-123.4500"}}, 6),
        ({"n": {"N": "1000000"}}, 3),
        ({"b": {"BOOL": True}, "n": {"NULL": True}}, 4),
        ({"l": {"L": [{"S": "ab"}, {"S": "c"}]}}, 1 + 3 + 3 + 2),
        ({"m": {"M": {"k": {"S": "ab"}}}}, 1 + 3 + 1 + 1 + 2),
        ({"s": {"SS": ["ab", "c"]}}, 4),
    ],
)
def test_an_item_weighs_what_the_guide_says(item: units.Item, size: int) -> None:
    assert units.size(item) == size


@given(before=st.integers(0, 9000), after=st.integers(0, 9000))
def test_a_write_costs_each_started_kb_of_the_larger_item(before: int, after: int) -> None:
    def item(size: int) -> units.Item | None:
        return {"a": {"S": "x" * (size - 1)}} if size else None

    larger = max(before, after, 1)
    assert units.write(item(before), item(after)) == -(-larger // 1024)
    assert units.write(item(before), item(after), transacted=True) == 2 * -(-larger // 1024)


@pytest.fixture(scope="module")
def counted() -> dict[str, Count]:
    with pytest.MonkeyPatch.context() as patch:
        from tests.conftest import SETTINGS

        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        return {kind: count(kind, people=PEOPLE) for kind in KINDS}


def of_each(done: Count, stages: frozenset[str], counted: dict[Any, float]) -> dict[str, float]:
    """Return what every reminder costs, without what a tick or a batch costs once however many they are."""
    found: dict[str, float] = {}
    for line, amount in counted.items():
        if line.stage in stages and amount >= done.reminders:
            found[f"{line.row}: {line.what}"] = found.get(f"{line.row}: {line.what}", 0) + amount / done.reminders
    return found


def test_handing_over_an_email_costs_four_writes_and_one_read(counted: dict[str, Count]) -> None:
    email = counted["e-mail"]

    assert of_each(email, HANDING_OVER, email.meter.writes) == {
        "due: put": 1,
        "ledger: put": 1,
        "ledger: change": 1,
        "due: delete": 1,
    }
    reads = {
        name: amount for name, amount in of_each(email, HANDING_OVER, email.meter.reads).items() if name != "due: query"
    }
    assert sum(reads.values()) == 1


def test_what_a_tick_and_a_batch_cost_does_not_grow_with_the_reminders(counted: dict[str, Count]) -> None:
    email = counted["e-mail"]
    each = sum(of_each(email, HANDING_OVER, email.meter.writes).values()) * PEOPLE

    assert email.meter.total(email.meter.writes, stages=HANDING_OVER) - each <= PEOPLE / 10 + 1
    assert email.meter.total(email.meter.reads, stages=frozenset({"tick"})) < 60


def test_reports_and_the_look_after_them_keep_to_what_is_published(counted: dict[str, Count]) -> None:
    most = {"e-mail": 5, "push, reported": 8, "push, then e-mail": 11}
    for kind, done in counted.items():
        assert sum(of_each(done, ALL, done.meter.writes).values()) <= most[kind], kind


def test_other_designs_cost_what_their_calls_add_up_to(settings: dict[str, str]) -> None:  # noqa: ARG001
    sample = rows()

    found = {name: sum(units_of(design, sample).writes.values()) for name, design in DESIGNS.items()}

    assert found == {
        "one transaction for all": 7,
        "moved index entry + ledger": 5,
        "Dynein (no record, no next)": 3,
    }


def test_a_refused_write_is_counted_by_what_was_there(settings: dict[str, str]) -> None:  # noqa: ARG001
    table = Table()
    large = {"pk": {"S": "LEDGER#1"}, "sk": {"S": "1"}, "fill": {"S": "x" * 2500}}
    table.call("PutItem", {"Item": large})
    meter = Meter(peek=table.peek)

    meter.count("PutItem", {"Item": {**large, "fill": {"S": ""}}}, {}, {"LEDGER#1 1": large})

    assert sum(meter.writes.values()) == 3


def test_the_meter_sees_every_call_of_the_real_handlers(settings: dict[str, str]) -> None:  # noqa: ARG001
    with a_world(DUE - timedelta(hours=18)) as world:
        from chalicelib.edge import table

        meter = Meter(peek=world.table.peek)
        meter.attach(table.Item._get_connection())  # noqa: SLF001 (the client of all items)
        seen = []
        connection = table.Item._get_connection().connection  # noqa: SLF001 (as above)
        connection.client.meta.events.register("after-call.dynamodb.*", lambda model, **_: seen.append(model.name))
        world.enrol(1, now=world.clock.at)
        world.settle_ticks()
        world.tick()

    assert sum(meter.calls.values()) == len(seen) > 50


@dataclass
class Both:
    """The same call on moto and on the table in memory."""

    moto: Any
    memory: Table

    def __call__(self, operation: str, **asked: Any) -> None:
        name = "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)[1:]
        assert self._moto(name, asked) == self._memory(operation, asked), (operation, asked)

    def _moto(self, name: str, asked: dict[str, Any]) -> Any:
        wire = {**asked, "TableName": "cairn"} if "RequestItems" not in asked and "Statements" not in asked else asked
        try:
            return self._told(getattr(self.moto, name)(**wire))
        except ClientError as error:
            return error.response["Error"]["Code"]

    def _memory(self, operation: str, asked: dict[str, Any]) -> Any:
        try:
            return self._told(self.memory.call(operation, asked))
        except Failed as failed:
            return failed.code

    @staticmethod
    def _told(answer: dict[str, Any]) -> Any:
        if "Responses" in answer and isinstance(answer["Responses"], list):
            return [one.get("Error", {}).get("Code") for one in answer["Responses"]]
        kept: dict[str, Any] = {
            name: answer[name] for name in ("Item", "Items", "Attributes", "LastEvaluatedKey") if name in answer
        }
        if "Responses" in answer:
            kept["Responses"] = sorted(answer["Responses"]["cairn"], key=lambda item: item["sk"]["S"])
        return kept


@pytest.fixture
def both(aws: None) -> Both:  # noqa: ARG001
    return Both(boto3.client("dynamodb"), Table())


def key(sort: str) -> dict[str, Any]:
    return {"pk": {"S": "P#1"}, "sk": {"S": sort}}


def test_the_table_in_memory_answers_as_moto_does(both: Both) -> None:
    absent = "attribute_not_exists(pk)"
    for sort in ("b", "a", "c#2", "c#1"):
        both("PutItem", Item={**key(sort), "n": {"N": "1"}}, ConditionExpression=absent)
    both("PutItem", Item=key("a"), ConditionExpression=absent)
    both("GetItem", Key=key("a"))
    both("GetItem", Key=key("nobody"))
    partition = {":pk": {"S": "P#1"}}
    both("Query", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=partition)
    both("Query", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=partition, Limit=2)
    both(
        "Query", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=partition, ScanIndexForward=False, Limit=1
    )
    both(
        "Query",
        KeyConditionExpression="#p = :pk AND begins_with(#s, :c)",
        ExpressionAttributeNames={"#p": "pk", "#s": "sk"},
        ExpressionAttributeValues={**partition, ":c": {"S": "c#"}},
    )
    both(
        "Query",
        KeyConditionExpression="pk = :pk AND sk BETWEEN :low AND :high",
        ExpressionAttributeValues={**partition, ":low": {"S": "b"}, ":high": {"S": "c#1"}},
        ExclusiveStartKey=key("b"),
    )
    for status, n in (("x", "1"), ("y", "2")):
        both(
            "UpdateItem",
            Key=key("b"),
            UpdateExpression="SET #s = :s, k = if_not_exists(k, :s) ADD n :one REMOVE gone",
            ConditionExpression="n = :n AND (attribute_not_exists(#s) OR #s <> :s)",
            ExpressionAttributeNames={"#s": "status"},
            ExpressionAttributeValues={":s": {"S": status}, ":n": {"N": n}, ":one": {"N": "1"}},
            ReturnValues="ALL_NEW",
        )
    both("DeleteItem", Key=key("b"), ConditionExpression="n = :n", ExpressionAttributeValues={":n": {"N": "9"}})
    both("DeleteItem", Key=key("a"), ReturnValues="ALL_OLD")
    both("DeleteItem", Key=key("a"))
    both(
        "BatchWriteItem",
        RequestItems={"cairn": [{"PutRequest": {"Item": key("d")}}, {"DeleteRequest": {"Key": key("b")}}]},
    )
    both("BatchGetItem", RequestItems={"cairn": {"Keys": [key("b"), key("c#1"), key("d")]}})
    statement = {"Statement": "INSERT INTO \"cairn\" VALUE {'pk': ?, 'sk': ?, 'v': ?}"}
    both(
        "BatchExecuteStatement",
        Statements=[{**statement, "Parameters": [{"S": "P#1"}, {"S": sort}, {"S": "1"}]} for sort in ("d", "e")],
    )
    both(
        "BatchExecuteStatement",
        Statements=[
            {
                "Statement": 'UPDATE "cairn" SET "w" = ? WHERE "pk" = ? AND "sk" = ? AND "v" = ?',
                "Parameters": [{"S": "2"}, {"S": "P#1"}, {"S": "e"}, {"S": value}],
            }
            for value in ("0", "1")
        ],
    )
    both("Query", KeyConditionExpression="pk = :pk", ExpressionAttributeValues=partition)
