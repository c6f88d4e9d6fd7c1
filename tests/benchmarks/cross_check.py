"""
`make bench-dynamodb-local`: hold the meter's rule to what AWS's own DynamoDB Local says of single calls.

DynamoDB Local isn't part of Cairn and may not be passed on; it cannot bind to one address either, so it runs in a
network namespace of its own, where nobody else is. docs/benchmarks.md says how to get it.
"""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import botocore.session
from botocore.exceptions import ClientError

from tests.benchmarks.expressions import Item
from tests.benchmarks.meter import Meter, keys_written, name_of
from tests.benchmarks.processes import HOME, Running, start, wait_for

JAR = Path(os.environ.get("DYNAMODB_LOCAL", HOME / "dynamodb/node_modules/amplify-dynamodb-simulator/emulator"))
PORT = 8000
INDEX = ("next_at", "shard")

Case = tuple[str, str, dict[str, Any], list[Item]]
"""What it shows, the call, what it asks, and the items that are there before."""


def main() -> None:
    """Run the cases in a namespace without any network but its own loopback."""
    if not (JAR / "DynamoDBLocal.jar").exists():
        sys.exit(f"no DynamoDBLocal.jar in {JAR}: see docs/benchmarks.md")
    if "--inside" not in sys.argv:
        inside = f"ip link set lo up && exec {sys.executable} -m tests.benchmarks.cross_check --inside"
        sys.exit(subprocess.run(["unshare", "--net", "--map-root-user", "sh", "-c", inside], check=False).returncode)
    program = ["java", f"-Djava.library.path={JAR}/DynamoDBLocal_lib", "-jar", JAR / "DynamoDBLocal.jar"]
    local = start([*program, "-inMemory", "-port", PORT], name="dynamodb-local", cwd=JAR)
    try:
        sys.exit(compare(local))
    finally:
        local.stop()


def compare(local: Running) -> int:  # noqa: ARG001 (it must be running)
    """Print each case; return 1 if one differs that isn't a known fault of DynamoDB Local."""
    wait_for(PORT, at_most=30)
    os.environ.update(AWS_ACCESS_KEY_ID="test", AWS_SECRET_ACCESS_KEY="test", AWS_DEFAULT_REGION="us-east-1")
    client = botocore.session.get_session().create_client("dynamodb", endpoint_url=f"http://127.0.0.1:{PORT}")
    unexplained = 0
    print(f"{'':46}{'meter':>8}{'DynamoDB Local':>16}")
    for number, (what, operation, asked, items) in enumerate(cases()):
        said, counted = _both(client, f"case-{number:03}", operation, asked, items)
        known = KNOWN.get(what)
        if operation == "ExecuteStatement" and not said:
            print(f"{what:46}{counted:8g}{'(silent)':>16}   by its guide PartiQL costs what the like call does")
            continue
        note = "" if said == counted else f"   known fault: {known}" if known else "   DIFFERS"
        unexplained += note == "   DIFFERS"
        print(f"{what:46}{counted:8g}{said:16g}{note}")
    print(f"{number + 1} cases, {unexplained} differ without a known reason")
    return int(bool(unexplained))


KNOWN = {
    "query that finds nothing": "AWS charges half a unit at least (Developer Guide, read operations)",
    "batch get of 7 and one missing, eventually": "AWS charges for what is missing too (API Reference)",
    "batch get of 7 and one missing, consistent": "AWS charges for what is missing too (API Reference)",
}


def _both(client: Any, name: str, operation: str, asked: dict[str, Any], items: list[Item]) -> tuple[float, float]:
    _make_table(client, name)
    for item in items:
        client.put_item(TableName=name, Item=item)

    def peek(key: Item) -> Item | None:
        found: Item | None = client.get_item(TableName=name, Key=key, ConsistentRead=True).get("Item")
        return found

    meter = Meter(peek=peek, indexes=(INDEX,))
    asked = _with_table(asked, name)
    before = {name_of(key): peek(key) for key in keys_written(operation, asked)}
    call = getattr(client, "".join(f"_{letter.lower()}" if letter.isupper() else letter for letter in operation)[1:])
    consumed = "TOTAL" if operation != "Query" else "INDEXES"
    try:
        answer = call(**asked, ReturnConsumedCapacity=consumed)
        said = answer.get("ConsumedCapacity", [])
    except ClientError as error:
        # Refused by its condition: DynamoDB Local tells the capacity to nobody, so the same rule is shown by its item.
        answer, said = error.response, error.response.get("ConsumedCapacity", [])
    parts = said if isinstance(said, list) else [said]
    meter.count(operation, asked, answer, before)
    return sum(part["CapacityUnits"] for part in parts), sum(meter.writes.values()) + sum(meter.reads.values())


def _make_table(client: Any, name: str) -> None:
    text = {"pk": "HASH", "sk": "RANGE"}
    index = {"next_at": "RANGE", "shard": "HASH"}
    client.create_table(
        TableName=name,
        KeySchema=[{"AttributeName": key, "KeyType": kind} for key, kind in text.items()],
        AttributeDefinitions=[{"AttributeName": key, "AttributeType": "S"} for key in {**text, **index}],
        BillingMode="PAY_PER_REQUEST",
        GlobalSecondaryIndexes=[
            {
                "IndexName": "next",
                "KeySchema": [{"AttributeName": key, "KeyType": index[key]} for key in ("shard", "next_at")],
                "Projection": {"ProjectionType": "ALL"},
            }
        ],
    )
    for _ in range(50):
        if client.describe_table(TableName=name)["Table"]["TableStatus"] == "ACTIVE":
            return
        time.sleep(0.1)


def _with_table(asked: dict[str, Any], name: str) -> dict[str, Any]:
    asked = dict(asked)
    if "RequestItems" in asked:
        return {"RequestItems": {name: asked["RequestItems"]["t"]}}
    if "Statement" in asked:
        return {**asked, "Statement": asked["Statement"].replace("TABLE", name)}
    if "TransactItems" in asked:
        return {
            "TransactItems": [
                {kind: {**wanted, "TableName": name} for kind, wanted in action.items()}
                for action in asked["TransactItems"]
            ]
        }
    return {**asked, "TableName": name}


def item(bytes_: int, sort: str = "1", **more: str) -> Item:
    """Return an item of exactly this size."""
    bare: Item = {
        "pk": {"S": "P"},
        "sk": {"S": sort},
        "fill": {"S": ""},
        **{name: {"S": text} for name, text in more.items()},
    }
    used = sum(len(name) + len(value["S"]) for name, value in bare.items())
    return {**bare, "fill": {"S": "x" * (bytes_ - used)}}


KEY: Item = {"pk": {"S": "P"}, "sk": {"S": "1"}}


def cases() -> Iterator[Case]:
    """Give the single calls that Cairn and the designs beside it are made of."""
    for size in (100, 1024, 1025, 3000):
        yield f"put of {size} bytes", "PutItem", {"Item": item(size)}, []
    yield "put of 100 bytes over 3000", "PutItem", {"Item": item(100)}, [item(3000)]
    yield "put of 3000 bytes over 100", "PutItem", {"Item": item(3000)}, [item(100)]
    yield "delete of 100 bytes", "DeleteItem", {"Key": KEY}, [item(100)]
    yield "delete of 3000 bytes", "DeleteItem", {"Key": KEY}, [item(3000)]
    yield "delete of nothing", "DeleteItem", {"Key": KEY}, []
    change = {"Key": KEY, "UpdateExpression": "SET a = :a", "ExpressionAttributeValues": {":a": {"S": "b"}}}
    yield "change of 2000 bytes", "UpdateItem", change, [item(2000)]
    yield "change that makes an item", "UpdateItem", change, []
    for size in (100, 4096, 4097, 9000):
        yield f"get of {size} bytes, consistent", "GetItem", {"Key": KEY, "ConsistentRead": True}, [item(size)]
        yield f"get of {size} bytes, eventually", "GetItem", {"Key": KEY}, [item(size)]
    yield "get of nothing, consistent", "GetItem", {"Key": KEY, "ConsistentRead": True}, []
    query = {"KeyConditionExpression": "pk = :pk", "ExpressionAttributeValues": {":pk": {"S": "P"}}}
    seven = [item(700, str(number)) for number in range(7)]
    yield "query of 7 items of 700 bytes, consistent", "Query", {**query, "ConsistentRead": True}, seven
    yield "query of 7 items of 700 bytes, eventually", "Query", query, seven
    yield "query of 5 items of 700 bytes, consistent", "Query", {**query, "ConsistentRead": True}, seven[:5]
    yield "query that finds nothing", "Query", query, []
    keys = [{"pk": {"S": "P"}, "sk": {"S": str(number)}} for number in range(8)]
    yield "batch get of 7 and one missing, eventually", "BatchGetItem", {"RequestItems": {"t": {"Keys": keys}}}, seven
    consistent = {"RequestItems": {"t": {"Keys": keys, "ConsistentRead": True}}}
    yield "batch get of 7 and one missing, consistent", "BatchGetItem", consistent, seven
    puts = [{"PutRequest": {"Item": item(size, str(size))}} for size in (100, 1500)]
    yield "batch write of two puts", "BatchWriteItem", {"RequestItems": {"t": puts}}, []
    gone = [{"DeleteRequest": {"Key": KEY}}]
    yield "batch write of a delete of 2000 bytes", "BatchWriteItem", {"RequestItems": {"t": gone}}, [item(2000)]
    insert = {"Statement": "INSERT INTO \"TABLE\" VALUE {'pk': ?, 'sk': ?, 'fill': ?}", "Parameters": []}
    values = [[{"S": "P"}, {"S": str(number)}, {"S": "x" * size}] for number, size in enumerate((100, 1500))]
    for given in values:
        size = len(given[2]["S"])
        yield f"PartiQL insert of {size} bytes and its key", "ExecuteStatement", {**insert, "Parameters": given}, []
    sets = {
        "Statement": 'UPDATE "TABLE" SET "a" = ? WHERE "pk" = ? AND "sk" = ? AND "b" = ?',
        "Parameters": [{"S": "c"}, {"S": "P"}, {"S": "1"}, {"S": "d"}],
    }
    yield "PartiQL update of 1500 bytes", "ExecuteStatement", sets, [item(1500, b="d")]
    entry = {"next_at": "2026", "shard": "07"}
    yield "put of 100 bytes with an index entry", "PutItem", {"Item": item(100, **entry)}, []
    move = {"Key": KEY, "UpdateExpression": "SET next_at = :a", "ExpressionAttributeValues": {":a": {"S": "2027"}}}
    yield "change that moves an index entry", "UpdateItem", move, [item(100, **entry)]
    yield "change that leaves the index's keys", "UpdateItem", change, [item(100, **entry)]
    two = [{"Put": {"Item": item(100, sort)}} for sort in ("1", "2")]
    yield "transaction of two puts", "TransactWriteItems", {"TransactItems": two}, []


if __name__ == "__main__":
    main()
