"""The table's stream as tests have it: what changed is brought to those who follow, through the template's filter."""

import json
from functools import cache
from typing import Any

import boto3

import app
from infra.package import resources

Item = dict[str, Any]


class Stream:
    """Brings what changed in the table since the last time."""

    def __init__(self) -> None:
        self._seen: dict[tuple[str, str], Item] = {}
        self._number = 0

    def bring(self, *, times: int = 1) -> list[list[str]]:
        """
        Bring all that changed since the last time, until nothing more follows; return what was brought each time.

        Each record comes so many ``times``.
        """
        rounds: list[list[str]] = []
        while records := self._records():
            wanted = [record for record in records if passes(record)]
            rounds.append([record["dynamodb"]["Keys"]["pk"]["S"] for record in wanted])
            for _ in range(times if wanted else 0):
                assert app.achieve({"Records": wanted}, None) == {"batchItemFailures": []}
            assert len(rounds) < 10, "the stream feeds itself"
        return rounds

    def _records(self) -> list[dict[str, Any]]:
        now = {(item["pk"]["S"], item["sk"]["S"]): item for item in scan()}
        records = []
        for key in sorted(self._seen.keys() | now.keys()):
            before, after = self._seen.get(key), now.get(key)
            if before == after:
                continue
            self._number += 1
            images = {name: image for name, image in (("OldImage", before), ("NewImage", after)) if image}
            records.append(
                {
                    "eventName": "REMOVE" if after is None else "MODIFY" if before else "INSERT",
                    "dynamodb": {
                        "Keys": {"pk": {"S": key[0]}, "sk": {"S": key[1]}},
                        "SequenceNumber": str(self._number),
                        "ApproximateCreationDateTime": 1795615145,
                        **images,
                    },
                }
            )
        self._seen = now
        return records


def scan() -> list[Item]:
    """Return every item of the table."""
    pages = boto3.client("dynamodb").get_paginator("scan").paginate(TableName="cairn")
    return [item for page in pages for item in page["Items"]]


@cache
def patterns() -> list[Any]:
    """Return the template's filter of the stream."""
    events = resources()["Resources"]["Achieve"]["Properties"]["Events"]["AchieveDynamodbEventSource"]
    found = [json.loads(one["Pattern"]) for one in events["Properties"]["FilterCriteria"]["Filters"]]
    assert len(found) <= 5, "Lambda takes five"
    return found


def passes(record: dict[str, Any]) -> bool:
    """Say whether the template's filter lets a record through to the function."""
    return any(_matches(pattern, record) for pattern in patterns())


def _matches(pattern: Any, value: Any) -> bool:
    if isinstance(pattern, dict):
        return isinstance(value, dict) and all(_matches(one, value.get(name)) for name, one in pattern.items())
    return any(_is(test, value) for test in pattern)


def _is(test: Any, value: Any) -> bool:
    if isinstance(test, dict):
        ((how, text),) = test.items()
        if not isinstance(value, str):
            return False
        return value.startswith(text) if how == "prefix" else value.endswith(text)
    return bool(test == value)
