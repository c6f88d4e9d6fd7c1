"""Doors to milestones over the table, for tests of theirs: a programme, and a person with a sign-in of their own."""

from datetime import date
from typing import Any

import pytest

from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.kinds import DAYS
from chalicelib.outreach.ledger_store import DynamoLedger
from tests.contract.test_people_routes import Api
from tests.contract.test_schedule_routes import waiting
from tests.toy import NOW, Told

STAFF = "ben=iop-evening/clinician"
EVA = "eva=iop-evening/case-manager"


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def ana(api: Api) -> str:
    """Return a person with a sign-in of their own who counts from 1 October 2026."""
    return enrolled(api)


def enrolled(api: Api, **changes: Any) -> str:
    person_id = api.enrol(**changes)
    assert api.send("PUT", f"/people/{person_id}/sign-in", {"subject": person_id}).status == 204
    api.as_whom = f"{person_id}=iop-evening/participant"
    return person_id


def shown(api: Api, person_id: str) -> Told:
    return api.send("GET", f"/people/{person_id}/milestones")


def put(api: Api, person_id: str, on: str, *, etag: str | None = None, **more: Any) -> Told:
    version = etag or shown(api, person_id).headers["ETag"]
    return api.send("PUT", f"/people/{person_id}/recovery-date", {"date": on} | more, if_match=version)


def lapse(api: Api, person_id: str, body: dict[str, Any], **headers: str) -> Told:
    return api.send("POST", f"/people/{person_id}/lapses", body, **headers)


def due(person_id: str) -> list[tuple[str, str]]:
    return [(str(one.on), one.at.isoformat()) for one in waiting(person_id, DAYS)]


def sent(person_id: str, on: date, *, status: Status = Status.SENT) -> None:
    """Have a message of that date in the ledger."""
    entry = Entry(person_id=person_id, kind=DAYS, on=on, due_at=NOW, status=status, attempt=1, claimed_at=NOW)
    assert DynamoLedger().add([entry]) == [True]
