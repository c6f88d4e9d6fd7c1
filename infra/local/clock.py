"""`make clock`: show or move the time that the stack takes it to be, and let a tick look around there."""

import argparse
import json
import re
import uuid
from datetime import UTC, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from infra.local.places import ACCOUNT, CLOCK, REGION, clock_offset, endpoints, stack_now
from infra.local.stack import aws

_STEP = re.compile(r"([+-])\s*(\d+(?:\.\d+)?)\s*(s|m|h|d)")
_WALL = re.compile(r"(?:(today|tomorrow|\d{4}-\d{2}-\d{2})\s+)?(\d{1,2}:\d{2}(?::\d{2})?)\s+(\S+)")
_UNITS = {"s": "seconds", "m": "minutes", "h": "hours", "d": "days"}


def main() -> None:
    """Move the clock if asked, and say what time it is."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--to")
    asked = parser.parse_args()
    found = endpoints()
    if asked.to:
        set_clock(instant_of(asked.to, now=stack_now()), found)
        print(f"tick: {tick(found, at=stack_now())}")
    now = stack_now()
    print(f"{now:%Y-%m-%d %H:%M:%S} UTC, {clock_offset() / 3600:+.2f} h from the real time")


def instant_of(text: str, *, now: datetime) -> datetime:
    """
    Return the instant that the words mean, seen from ``now``.

    ``tomorrow 08:00 America/New_York``, ``2026-12-01 08:00 UTC``, an ISO instant, ``+2h``, or ``now``: the real time.
    """
    words = text.strip()
    if words == "now":
        return datetime.now(UTC)
    if step := _STEP.fullmatch(words):
        shift = timedelta(**{_UNITS[step[3]]: float(step[2])})
        return now + shift if step[1] == "+" else now - shift
    if wall := _WALL.fullmatch(words):
        day, clock, zone = wall.groups()
        try:
            local = now.astimezone(ZoneInfo(zone))
        except (ZoneInfoNotFoundError, ValueError) as error:
            raise SystemExit(f"no such time zone: {zone}") from error
        dates = {None: local.date(), "today": local.date(), "tomorrow": local.date() + timedelta(days=1)}
        try:
            on = dates.get(day) or datetime.fromisoformat(str(day)).date()
            return datetime.combine(on, time.fromisoformat(clock.zfill(5)), tzinfo=ZoneInfo(zone)).astimezone(UTC)
        except ValueError as error:
            raise SystemExit(f"no such time: {text}") from error
    try:
        instant = datetime.fromisoformat(words)
    except ValueError as error:
        raise SystemExit(f'not a time: {text}. Try TO="tomorrow 08:00 America/New_York"') from error
    if instant.tzinfo is None:
        raise SystemExit(f"{text} needs a time zone, such as {text}Z")
    return instant.astimezone(UTC)


def set_clock(at: datetime, found: dict[str, Any]) -> None:
    """Make it ``at`` for the stack."""
    # Whole seconds, as EventBridge's times are: a fraction would put a tick into the minute before.
    offset = round((at - datetime.now(UTC)).total_seconds())
    fresh = CLOCK.with_suffix(".new")
    fresh.write_text(str(offset))
    fresh.replace(CLOCK)
    _take_watermark_back(at, found["table"])


def tick(found: dict[str, Any], *, at: datetime) -> str:
    """Run what runs by the minute for one of the stack's time, and return what the tick answered, or its error."""
    _run("escalate", found, at=at)
    return _run("tick", found, at=at)


def _run(name: str, found: dict[str, Any], *, at: datetime) -> str:
    # EventBridge knows the real time only; the function adds the offset.
    told = at - timedelta(seconds=clock_offset())
    event = {
        "version": "0",
        "id": str(uuid.uuid4()),
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": ACCOUNT,
        "time": f"{told:%Y-%m-%dT%H:%M:%SZ}",
        "region": REGION,
        "resources": [f"arn:aws:events:{REGION}:{ACCOUNT}:rule/{name}"],
        "detail": {},
    }
    function = aws("lambda")
    said = ""
    # Lambda tries an event of EventBridge twice more.
    for _ in range(3):
        answer = function.invoke(FunctionName=found[name], Payload=json.dumps(event).encode())
        said = str(answer["Payload"].read().decode())
        if not answer.get("FunctionError"):
            return said
    return f"failed: {said}"


def _take_watermark_back(at: datetime, table: str) -> None:
    """Where time went back, let the tick look at hours again that it had finished with. Real time never does this."""
    key = {"pk": {"S": "WATERMARK"}, "sk": {"S": "DUE"}}
    store = aws("dynamodb")
    mark = store.get_item(TableName=table, Key=key, ConsistentRead=True).get("Item")
    hour = f"{at:%Y-%m-%dT%H}:00:00Z"
    if mark and mark["hour"]["S"] > hour:
        store.update_item(
            TableName=table,
            Key=key,
            UpdateExpression="SET #h = :h",
            ExpressionAttributeNames={"#h": "hour"},
            ExpressionAttributeValues={":h": {"S": hour}},
        )


if __name__ == "__main__":
    main()
