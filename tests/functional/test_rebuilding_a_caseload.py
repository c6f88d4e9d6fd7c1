"""An operator has a caseload worked out anew, since the table's stream was off: from the order to the list."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

import app
from chalicelib.privacy.domain import ALL_PROGRAMMES, Act
from chalicelib.privacy.store import DynamoAuditLog
from tests.caseload_api import CaseloadApi
from tests.conftest import Clock
from tests.contract.test_people_routes import PERSON
from tests.routine_api import ADMIN
from tests.toy import NOW

EVENT = json.loads(Path(__file__).parents[2].joinpath("events/operate_rebuild.json").read_text(encoding="utf-8"))


@dataclass(frozen=True)
class Context:
    aws_request_id: str = "r-1"


@pytest.fixture
def api(aws: None, clock: Clock) -> CaseloadApi:
    del aws
    clock.set(NOW)
    return CaseloadApi()


def order(**changes: Any) -> dict[str, Any]:
    done: dict[str, Any] = app.operate(EVENT | changes, Context())
    return done


def test_a_caseload_is_worked_out_anew_page_by_page_and_again_changes_nothing(api: CaseloadApi) -> None:
    ana = api.set_up()
    people = [ana]
    for number in range(4):
        sent = PERSON | {"externalId": f"TBH-{number + 10}", "email": f"p{number}@example.com"}
        people.append(api.by(ADMIN, "POST", "/programmes/iop-evening/people", sent).json["id"])
    assert api.caseload() == []

    first = order(limit=3)
    rest = order(limit=3, after=first["goOnAfter"])

    assert first == {"people": 3, "changed": 3, "goOnAfter": sorted(people)[2]}
    assert rest == {"people": 2, "changed": 2, "goOnAfter": None}
    assert {row["personId"] for row in api.caseload()} == set(people)
    assert order() == {"people": 5, "changed": 0, "goOnAfter": None}


def test_what_the_stream_missed_is_made_up_for(api: CaseloadApi) -> None:
    ana = api.set_up()
    api.stream()
    api.contact(ana)
    assert api.row(ana)["lastContact"] is None

    assert order()["changed"] == 1

    assert api.row(ana)["lastContact"]["outcome"] == "reached"


def test_an_order_is_in_the_audit_log_and_one_with_a_mistake_is_refused(api: CaseloadApi) -> None:
    del api
    order()

    (event,) = DynamoAuditLog().events([ALL_PROGRAMMES], month="2026-11", before=None, limit=9)
    assert (event.asked, event.purpose) == (Act.WRITE, "work out the caseload of iop-evening anew")
    for changes, field in (
        ({"programme": "IOP evening"}, "programme"),
        ({"after": "PROGRAMME#x"}, "after"),
        ({"limit": 1001}, "limit"),
        ({"why": "x"}, "why"),
    ):
        assert [fault["field"] for fault in order(**changes)["refused"]] == [field]
    items = boto3.client("dynamodb").scan(TableName="cairn")["Items"]
    assert not [item for item in items if item["pk"]["S"].startswith("ATTENTION#")]
