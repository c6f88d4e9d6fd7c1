"""The audit log's doors, on the table, through the app as it is deployed."""

from dataclasses import replace
from datetime import timedelta

import pytest

from app import app
from chalicelib.privacy.domain import Act, Action, AuditEvent, Field, Outcome, Relationship, Role
from chalicelib.privacy.store import DynamoAuditLog
from tests.toy import NOW, Told, Toy

READ = AuditEvent(
    id="event-1",
    at=NOW - timedelta(days=2),
    actor="sub-clinician",
    role=Role.CLINICIAN,
    relationship=Relationship.CASELOAD,
    subject="p1",
    programme_id="iop",
    action=Action.READ,
    asked=Act.READ,
    field=Field.CHECK_IN_SCORES,
    purpose="see how they are",
    consent_id=None,
    request_id="request-1",
    outcome=Outcome.ALLOWED,
)


@pytest.fixture
def cairn(aws: None) -> Toy:  # noqa: ARG001
    log = DynamoAuditLog()
    log.write(READ)
    log.write(replace(READ, id="event-2", subject="p2"))
    log.write(replace(READ, id="event-3", at=NOW - timedelta(days=1), subject=None, action=Action.LIST))
    return Toy(app=app, log=log)


def about_p1(cairn: Toy, role: Role, **query: str) -> Told:
    return cairn.send(
        "GET",
        "/people/p1/audit",
        door="/people/{person_id}/audit",
        person_id="p1",
        role=role,
        query={name: [value] for name, value in query.items()} or None,
    )


@pytest.mark.parametrize("role", [Role.PARTICIPANT, Role.PRIVACY_OFFICER])
def test_a_person_and_the_privacy_officer_see_who_saw_the_record_this_very_look_included(
    cairn: Toy, role: Role
) -> None:
    told = about_p1(cairn, role)

    assert told.status == 200
    assert [(event["actor"], event["action"], event["field"]) for event in told.json["items"]] == [
        (f"sub-{role}", "list", "audit"),
        ("sub-clinician", "list", "check-in-scores"),
        ("sub-clinician", "read", "check-in-scores"),
    ]
    assert told.json["items"][2] == {
        "id": "event-1",
        "at": "2026-11-22T18:00:00Z",
        "actor": "sub-clinician",
        "role": "clinician",
        "relationship": "caseload",
        "subject": "p1",
        "programmeId": "iop",
        "action": "read",
        "asked": "read",
        "field": "check-in-scores",
        "purpose": "see how they are",
        "consentId": None,
        "requestId": "request-1",
        "outcome": "allowed",
    }


@pytest.mark.parametrize(
    ("role", "status"), [(Role.CLINICIAN, 403), (Role.PROGRAM_ADMIN, 403), (Role.SUPPORTER, 404), (Role.ALUMNI, 404)]
)
def test_nobody_else_sees_it_and_the_attempt_is_in_it(cairn: Toy, role: Role, status: int) -> None:
    assert about_p1(cairn, role).status == status

    (newest, *_) = about_p1(cairn, Role.PARTICIPANT).json["items"][1:]
    assert (newest["actor"], newest["action"], newest["outcome"]) == (f"sub-{role}", "deny", "denied")


@pytest.mark.parametrize(("role", "person_id"), [(Role.PARTICIPANT, "p1"), (Role.CLINICIAN, None)])
def test_whoever_signed_in_learns_who_they_are(cairn: Toy, role: Role, person_id: str | None) -> None:
    told = cairn.send("GET", "/me", role=role)

    assert (told.status, told.json) == (
        200,
        {"account": f"sub-{role}", "personId": person_id, "roles": [{"programmeId": "iop", "role": role}]},
    )


def test_nobody_is_somebody_without_a_token(cairn: Toy) -> None:
    assert cairn.send("GET", "/me", role=None).status == 401


def test_the_log_goes_on_page_by_page_and_month_by_month(cairn: Toy) -> None:
    first = about_p1(cairn, Role.PARTICIPANT, limit="1").json
    path, _, cursor = first["next"].partition("cursor=")
    second = about_p1(cairn, Role.PARTICIPANT, limit="1", cursor=cursor).json

    assert path == "/people/p1/audit?limit=1&"
    assert [event["id"] for event in second["items"]] == ["event-3"]
    assert about_p1(cairn, Role.PARTICIPANT, month="2026-10").json == {"items": [], "next": None}


@pytest.mark.parametrize("month", ["2026-13", "2026-1", "1999-01", "2026-11#", "now"])
def test_a_month_is_a_month(cairn: Toy, month: str) -> None:
    assert about_p1(cairn, Role.PARTICIPANT, month=month).kind == "bad-query"


def test_a_privacy_officer_sees_what_was_done_over_the_programme(cairn: Toy) -> None:
    told = cairn.send(
        "GET",
        "/programmes/iop/audit",
        door="/programmes/{programme_id}/audit",
        programme_id="iop",
        role=Role.PRIVACY_OFFICER,
    )

    assert [event["id"] for event in told.json["items"]][1:] == ["event-3"]
