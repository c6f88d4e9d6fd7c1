"""
`make devices`: give everybody of the demo's roster who agreed to push a device that receives them.

What a browser would do happens for each: sign in as the person, subscribe at the push service, and add the subscription
to the person's channels. Cairn then asks over the device itself whether it works, and the device confirms.
"""

import json
import time
import urllib.request
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import Any

from infra.keys import SECRET
from infra.local import oracle
from infra.local.api import Api
from infra.local.clock import tick
from infra.local.people import OPERATOR, SignIns, sign_ins
from infra.local.places import LOCAL, endpoints, stack_now
from infra.local.rows import Rows
from infra.local.stack import aws

DONE = LOCAL / "devices.json"
AT_ONCE = 4
CONFIRMED_WITHIN = 120.0


def main() -> None:
    """Register what isn't registered yet, and say how many devices there are."""
    found = endpoints()
    print(f"{register(found, sign_ins(found), lambda words: print(words, flush=True))} devices")


def register(found: dict[str, Any], sign_ins_: SignIns, say: Callable[[str], None]) -> int:
    """Register a device for everybody who agreed to push and has none; return how many there are then."""
    done: dict[str, str] = json.loads(DONE.read_text()) if DONE.exists() else {}
    wanted = {
        row["external_id"]: row
        for row in oracle.rows()
        if row["push_consent"] == "yes" and row["external_id"] not in done
    }
    key = json.loads(aws("secretsmanager").get_secret_value(SecretId=SECRET)["SecretString"])["vapid_public"]
    operator = Api(found["api"], sign_ins_.token(OPERATOR))
    people = {
        person["externalId"]: person["personId"]
        for programme in sorted({row["programme"] for row in wanted.values()})
        for person in operator.people(programme)
    }

    def add(row: dict[str, str]) -> str:
        person = people[row["external_id"]]
        subscription = _subscribe(found["push"], key, row["email"])
        own = Api(found["api"], sign_in_as(sign_ins_, operator, row, person))
        channel = {"kind": "push", "subscription": subscription, "detail": row["detail_level"]}
        added: dict[str, str] = own.call("POST", f"/people/{person}/channels", channel)
        return added["id"]

    with ThreadPoolExecutor(AT_ONCE) as several:
        for number, (row, channel) in enumerate(
            zip(wanted.values(), several.map(add, wanted.values()), strict=True), 1
        ):
            done[row["external_id"]] = channel
            if number % 25 == 0:
                say(f"{number} of {len(wanted)} devices are added")
    DONE.write_text(json.dumps(done))
    if wanted:
        _confirm(found)
        say(f"{len(wanted)} devices have confirmed themselves")
    return len(done)


def sign_in_as(sign_ins_: SignIns, operator: Api, row: dict[str, str], person: str) -> str:
    """Make a participant's sign-in, tie it to their record, and return an access token."""
    sign_ins_.make(row["email"], programme=row["programme"], role="participant")
    operator.call("PUT", f"/people/{person}/sign-in", {"subject": sign_ins_.subject(row["email"])})
    return sign_ins_.token(row["email"])


def _subscribe(push: str, key: str, label: str) -> dict[str, Any]:
    asked = json.dumps({"applicationServerKey": key, "label": label}).encode()
    request = urllib.request.Request(f"{push}/subscriptions", data=asked, method="POST")  # noqa: S310 (our own address)
    with urllib.request.urlopen(request) as answer:  # noqa: S310
        subscription: dict[str, Any] = json.load(answer)
    return {"endpoint": subscription["endpoint"], "keys": subscription["keys"]}


def _confirm(found: dict[str, Any]) -> None:
    """Let the questions to the devices out at once, instead of with the next ticks."""
    rows = Rows(found["table"])
    asked = [row for row in rows.waiting(before=stack_now() + timedelta(seconds=1)) if "#confirm_channel" in row.sk]
    until = time.monotonic() + CONFIRMED_WITHIN
    tick(found, at=stack_now() + timedelta(minutes=2))
    while asked and time.monotonic() < until:
        time.sleep(0.5)
        asked = rows.still_there(asked)
    # The devices answer half a second after.
    time.sleep(2)


if __name__ == "__main__":
    main()
