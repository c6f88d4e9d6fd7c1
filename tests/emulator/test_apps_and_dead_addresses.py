"""An app on a phone, and an address that bounces, on the whole stack: CloudFormation, SNS, SES and EventBridge."""

import json
import time
from datetime import datetime, timedelta
from typing import Any

import pytest

from tests.emulator.local_stack import OPERATOR, Stack

pytestmark = pytest.mark.emulator

WITHIN = 90.0


@pytest.fixture
def operator(stack: Stack) -> str:
    return stack.sign_in(OPERATOR)["AccessToken"]


def enrol(stack: Stack, operator: str, number: int, **changes: Any) -> str:
    told = stack.call(
        "POST",
        "/programmes/iop-evening/people",
        token=operator,
        json_={
            "externalId": f"PHONE-{number}",
            "givenName": "Noor",
            "familyName": "Haddad",
            "timeZone": "America/Chicago",
            "language": "en",
            "admittedOn": stack.now().date().isoformat(),
            "state": "active",
            **changes,
        },
    )
    assert told.status == 201, told.text
    return str(told.json["id"])


def tick(stack: Stack) -> None:
    """Let out what is due now, instead of with the next ticks: as the tick of two minutes later would."""
    at = (stack.now() + timedelta(minutes=2)).strftime("%Y-%m-%dT%H:%M:%SZ")
    ahead = timedelta(seconds=float((stack.folder / "clock").read_text()))
    event = {
        "id": "test",
        "detail-type": "Scheduled Event",
        "source": "aws.events",
        "account": "000000000000",
        # EventBridge knows nothing of a moved clock.
        "time": (datetime.fromisoformat(at) - ahead).strftime("%Y-%m-%dT%H:%M:%SZ"),
        "region": "us-east-1",
        "resources": [],
        "detail": {},
        "version": "0",
    }
    functions = stack.aws("lambda")
    answer = functions.invoke(FunctionName=stack.found["tick"], Payload=json.dumps(event).encode())
    functions.close()
    assert "FunctionError" not in answer


def eventually(look: Any) -> Any:
    """Return what there is to see, as soon as there is."""
    until = time.monotonic() + WITHIN
    while not (found := look()) and time.monotonic() < until:
        time.sleep(1)
    assert found
    return found


def channels(stack: Stack, operator: str, person: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = stack.call("GET", f"/people/{person}/channels", token=operator).json["items"]
    return found


def test_an_app_is_pushed_to_and_confirms_itself(stack: Stack, operator: str) -> None:
    person = enrol(stack, operator, 1)
    token = "an-fcm-token-of-a-phone:" + "x" * 40
    app = {"platform": "fcm", "token": token, "deviceId": "phone-of-noor"}

    added = stack.call("POST", f"/people/{person}/channels", token=operator, json_={"kind": "mobile", "app": app})
    assert added.status == 201, added.text
    tick(stack)

    (push,) = eventually(lambda: stack.messages(kind="mobile", search=person))
    assert (push["person"], push["to"]) == (person, f"GCM {token[:20]}")
    assert push["payload"]["verify"].startswith(stack.api)
    (channel,) = eventually(lambda: [one for one in channels(stack, operator, person) if one["usable"]])
    assert (channel["kind"], channel["verification"], channel["address"]) == ("mobile", "confirmed", None)


def test_an_address_that_bounces_is_given_up_and_staff_are_asked(stack: Stack, operator: str) -> None:
    person = enrol(stack, operator, 2, email="bounce@simulator.amazonses.com")
    tick(stack)

    (task,) = eventually(lambda: stack.call("GET", f"/people/{person}/tasks", token=operator).json["items"])

    assert (task["kind"], task["owner"], task["state"]) == ("contact_details", "case-manager", "open")
    (channel,) = channels(stack, operator, person)
    assert (channel["usable"], channel["goneWhy"]) == (False, "bounced")
    listed = stack.everything("/programmes/iop-evening/tasks", token=operator)
    assert [one["id"] for one in listed if one["personId"] == person] == [task["id"]]
    done = stack.call(
        "PUT", f"/people/{person}/tasks/{task['id']}", token=operator, json_={"action": "Asked Noor for another."}
    )
    assert (done.status, done.json["state"]) == (200, "done")
