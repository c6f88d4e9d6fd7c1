"""One notice to 300 people on the emulator: through the tick, the fan-out's own queue, delivery and the page."""

import json
import time as real_time
from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.emulator.conftest import Morning
from tests.emulator.local_stack import OPERATOR, ROOT, Stack, link_of

pytestmark = pytest.mark.emulator

PEOPLE = 300
WAKES = 8
"""The hour at which quiet hours end for the demo's people who are meant here and still asleep."""

PROGRAMME = "iop-couples"
TEXTS = {"en": "From Monday on we meet at six.", "es": "Desde el lunes nos vemos a las seis."}
COLUMNS = {
    "external_id": "",
    "given_name": "Robin",
    "family_name": "Example",
    "preferred_name": "",
    "email": "",
    "time_zone": "America/New_York",
    "language": "en",
    "programme": PROGRAMME,
    "admitted_on": "2026-11-01",
    "recovery_date": "",
    "check_in_time": "18:00",
    "check_in_days": "daily",
    "quiet_from": "",
    "quiet_to": "",
    "email_consent": "yes",
    "push_consent": "no",
    "detail_level": "discreet",
    "status": "step_down",
}


def extra_roster() -> str:
    """Return as many people who agreed to e-mail, every third of whom speaks Spanish."""
    lines = [",".join(COLUMNS)]
    for number in range(PEOPLE):
        row = COLUMNS | {
            "external_id": f"MANY-{number}",
            "email": f"many{number}@example.com",
            "language": "es" if number % 3 == 0 else "en",
        }
        lines.append(",".join(row.values()))
    return "\r\n".join([*lines, ""])


def until(done: Callable[[], bool], *, within: float, what: str) -> None:
    end = real_time.monotonic() + within
    while not done():
        assert real_time.monotonic() < end, f"{what}: not within {within:.0f} s"
        real_time.sleep(0.5)


def tick(stack: Stack) -> None:
    """Run the tick for the stack's present minute, as its rule does."""
    functions = stack.aws("lambda")
    # EventBridge knows the real time only.
    event = json.loads((ROOT / "events" / "tick.json").read_text(encoding="utf-8"))
    event["time"] = f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"  # noqa: TID251 (see above)
    answer = functions.invoke(FunctionName=stack.found["tick"], Payload=json.dumps(event).encode())
    functions.close()
    assert not answer.get("FunctionError"), answer["Payload"].read()


def zone(person: dict[str, Any]) -> ZoneInfo:
    return ZoneInfo(person["timeZone"])


def test_three_hundred_are_told_once_and_read_it_behind_their_links(stack: Stack, morning: Morning) -> None:
    assert morning.messages
    token = stack.sign_in(OPERATOR)["AccessToken"]
    begun = stack.call("POST", "/imports", token=token, body=extra_roster(), headers={"Content-Type": "text/csv"})
    assert begun.status == 202, begun
    job = begun.json
    path = f"/programmes/{PROGRAMME}/notices"

    def imported() -> bool:
        return bool(stack.call("GET", f"/imports/{job['id']}", token=token).json["status"] == "done")

    until(imported, within=120, what="the roster is in")
    began = stack.now()
    audience = {"states": ["step_down"]}
    sent = stack.call("POST", path, token=token, json_={"text": TEXTS, "audience": audience})
    assert sent.status == 202, sent
    notice = f"{path}/{sent.json['id']}"
    tick(stack)

    def complete() -> bool:
        return bool(stack.call("GET", notice, token=token).json["stage"] == "complete")

    until(complete, within=90, what="everybody is in line")
    recipients = stack.call("GET", notice, token=token).json["recipients"]
    assert recipients >= PEOPLE
    at = datetime.fromisoformat(sent.json["at"])
    stack.play(stack.now(), at + timedelta(seconds=recipients // 5 + 90))

    people = stack.everything(f"/programmes/{PROGRAMME}/people?limit=100", token=token)
    asleep = {
        one["personId"] for one in people if one["state"] == "step_down" and at.astimezone(zone(one)).hour < WAKES
    }

    def settled() -> bool:
        return bool(stack.call("GET", notice, token=token).json["counts"]["waiting"] <= len(asleep))

    until(settled, within=120, what="nobody waits any more but who is asleep")
    rows = stack.everything(f"{notice}/recipients?limit=100", token=token)
    mine = [message for message in stack.messages(since=began.isoformat()) if "/n/" in link_or_nothing(message)]
    assert len({row["personId"] for row in rows}) == len(rows) == recipients
    assert {row["personId"] for row in rows if row["outcome"] == "waiting"} == asleep
    many = Counter(message["to"] for message in mine if message["to"].startswith("many"))
    assert many == Counter({f"many{number}@example.com": 1 for number in range(PEOPLE)})
    assert sum(row["outcome"] == "sent" for row in rows) == len(mine)
    assert stack.waiting_in("fan_out_queue") == stack.waiting_in("fan_out_dead_queue") == 0
    for number, language in ((0, "es"), (1, "en")):
        message = stack.message(next(m["id"] for m in mine if m["to"] == f"many{number}@example.com"))
        assert not any(text in message["raw"] for text in TEXTS.values())
        page = stack.call("GET", link_of(message))
        assert page.status == 200
        assert TEXTS[language] in page.text


def link_or_nothing(message: dict[str, Any]) -> str:
    return str(message["payload"].get("url", "")) if message["kind"] == "push" else link_of(message)
