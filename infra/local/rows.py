"""The rows of the table that tell how a day went: what is due, and what became of it."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from infra.local.stack import aws


@dataclass(frozen=True, slots=True)
class Waiting:
    """A due row: when to act, and its key."""

    at: datetime
    pk: str
    sk: str


@dataclass(frozen=True, slots=True)
class Ended:
    """A ledger row."""

    person: str
    kind: str
    on: str
    due_at: datetime
    ended_at: datetime | None
    status: str
    channel: str
    reason: str


class Rows:
    """Reads by scanning, which only a laptop's table is small enough for."""

    def __init__(self, table: str) -> None:
        self._table = table
        self._store = aws("dynamodb")

    def waiting(self, *, before: datetime) -> list[Waiting]:
        """Return what is due before an instant, soonest first."""
        items = self._scan("DUE#", "pk, sk", {})
        found = [Waiting(_instant(i["sk"]["S"].partition("#")[0]), i["pk"]["S"], i["sk"]["S"]) for i in items]
        return sorted((row for row in found if row.at < before), key=lambda row: row.at)

    def still_there(self, rows: list[Waiting]) -> list[Waiting]:
        """Return those of the rows that haven't gone."""
        left = []
        for start in range(0, len(rows), 100):
            part = rows[start : start + 100]
            keys = [{"pk": {"S": row.pk}, "sk": {"S": row.sk}} for row in part]
            answer = self._store.batch_get_item(
                RequestItems={self._table: {"Keys": keys, "ConsistentRead": True, "ProjectionExpression": "pk, sk"}}
            )
            there = {(i["pk"]["S"], i["sk"]["S"]) for i in answer["Responses"].get(self._table, [])}
            left += [row for row in part if (row.pk, row.sk) in there]
        return left

    def ended(self, *, since: datetime, before: datetime) -> list[Ended]:
        """Return the ledger of what fell due in a stretch of time, whether it has ended or not."""
        found = []
        for item in self._scan("LEDGER#", None, {}):
            row = {name: next(iter(value.values())) for name, value in item.items()}
            due_at = _instant(row["due_at"])
            if since <= due_at < before:
                on, _, kind = row["sk"].partition("#")
                ended_at = _instant(row["ended_at"]) if isinstance(row.get("ended_at"), str) else None
                found.append(
                    Ended(
                        person=row["pk"].removeprefix("LEDGER#"),
                        kind=kind,
                        on=on,
                        due_at=due_at,
                        ended_at=ended_at,
                        status=row["status"],
                        channel=str(row.get("channel_kind") or ""),
                        reason=str(row.get("reason") or ""),
                    )
                )
        return found

    def _scan(self, prefix: str, projection: str | None, start: dict[str, Any]) -> Iterator[dict[str, Any]]:
        asked: dict[str, Any] = {
            "TableName": self._table,
            "FilterExpression": "begins_with(pk, :p)",
            "ExpressionAttributeValues": {":p": {"S": prefix}},
            **({"ProjectionExpression": projection} if projection else {}),
        }
        while True:
            answer = self._store.scan(**asked, **start)
            yield from answer["Items"]
            if "LastEvaluatedKey" not in answer:
                return
            start = {"ExclusiveStartKey": answer["LastEvaluatedKey"]}


def summary(ended: list[Ended]) -> str:
    """Say in lines how many ended how."""
    counts = Counter(
        f"{row.status} {row.channel}".strip() if row.status == "sent" else f"{row.status} {row.reason}".strip()
        for row in ended
    )
    late = [(row.ended_at - row.due_at).total_seconds() for row in ended if row.status == "sent" and row.ended_at]
    lines = [f"  {number:5}  {name}" for name, number in sorted(counts.items())]
    if late:
        # Counted from when it fell due by its rule, so what waited for quiet hours to end shows here too.
        over = sum(seconds > 60 for seconds in late)  # noqa: PLR2004 (a minute)
        lines.append(f"  {over:5}  of those sent, more than a minute after they fell due")
    return "\n".join([f"{len(ended):7}  fell due", *lines])


def _instant(text: str) -> datetime:
    return datetime.fromisoformat(text)
