"""The doors to a programme's staff over the table: what they take, refuse and show, and what SES says of addresses."""

import json
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.edge.table import Item
from chalicelib.enrollment import contact_routes
from chalicelib.family.handlers import everybody
from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.domain import Entry, Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Claims, Purpose, Signer
from chalicelib.outreach.store import DueItem, due_of
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import MOST_STAFF, recipient_id
from chalicelib.staff.handlers import StaffHolders
from chalicelib.staff.store import DynamoStaff
from chalicelib.tasks.store import DynamoTasks
from tests.conftest import KEYS
from tests.contract.test_staff_stores import a_member
from tests.routine_api import ADMIN, ANA, CLINICIAN, RoutineApi
from tests.toy import NOW, Told

CASE_MANAGER = "casey=iop-evening/case-manager"
STAFF = "/programmes/iop-evening/staff"
OWN = "/programmes/iop-evening/my-work"
DR = {
    "firstName": " Dr. Lee ",
    "roles": ["clinician"],
    "language": "en",
    "timeZone": "America/New_York",
    "working": {"days": ["WE", "MO"], "from": "09:00", "to": "17:00"},
    "email": "Lee@Care.EXAMPLE",
    "emailAttested": True,
}


@pytest.fixture
def api(kept_keys: None) -> RoutineApi:
    del kept_keys
    everybody.cache_clear()
    api = RoutineApi()
    app.app.use(replace(app.app.wiring, holders={"staff": StaffHolders()}))
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


def put(api: RoutineApi, account: str = "dr", *, version: int = 0, by: str = ADMIN, **changes: Any) -> Told:
    return api.by(by, "PUT", f"{STAFF}/{account}", DR | changes, if_match=f'"{version}"')


def dues(account: str = "dr") -> list[str]:
    found = (due_of(item) for item in Item.scan() if isinstance(item, DueItem))
    return sorted(due.kind for due in found if due.person_id == recipient_id("iop-evening", account))


def test_an_admin_puts_and_lists_a_programmes_staff(api: RoutineApi) -> None:
    told = put(api)

    assert (told.status, told.headers["ETag"]) == (200, '"1"')
    shown = told.json
    assert shown == api.by(ADMIN, "GET", f"{STAFF}/dr").json
    assert [shown] == api.by(CASE_MANAGER, "GET", STAFF).json["items"]
    assert (shown["firstName"], shown["roles"], shown["working"]["days"]) == ("Dr. Lee", ["clinician"], ["MO", "WE"])
    assert shown["email"] == {
        "address": "Lee@care.example",
        "verification": "attested",
        "verifiedBy": "admin",
        "verifiedAt": NOW.isoformat().replace("+00:00", "Z"),
        "usable": True,
        "trouble": None,
    }
    assert (shown["active"], shown["reachable"], shown["digest"], shown["quietHours"]) == (True, True, True, None)
    assert dues() == ["staff_digest"]


def test_an_edit_needs_the_version_in_hand(api: RoutineApi) -> None:
    put(api)

    assert put(api).kind == "stale"
    assert put(api, version=2).kind == "stale"
    edited = put(api, version=1, firstName="Sam", emailAttested=False)
    assert (edited.status, edited.json["firstName"], edited.json["email"]["usable"]) == (200, "Sam", True)
    told = api.by(ADMIN, "PUT", f"{STAFF}/dr", DR)
    assert (told.status, told.kind) == (428, "precondition-required")


@pytest.mark.parametrize(
    ("changes", "field"),
    [
        ({"firstName": "  "}, "firstName"),
        ({"firstName": "x" * 101}, "firstName"),
        ({"firstName": "a\u202eb"}, "firstName"),
        ({"roles": []}, "roles"),
        ({"roles": ["participant"]}, "roles"),
        ({"roles": ["chief"]}, "roles.0"),
        ({"language": "fr"}, "language"),
        ({"timeZone": "Mars/Olympus"}, "timeZone"),
        ({"working": {"days": [], "from": "09:00", "to": "17:00"}}, "working.days"),
        ({"working": {"days": ["XX"], "from": "09:00", "to": "17:00"}}, "working.days.0"),
        ({"working": {"days": ["MO"], "from": "17:00", "to": "17:00"}}, "working.to"),
        ({"working": {"days": ["MO"], "from": "9", "to": "17:00"}}, "working.from"),
        ({"quietHours": {"from": "22:00"}}, "quietHours.to"),
        ({"email": "no address"}, "email"),
        ({"email": "x" * 255}, "email"),
        ({"pager": "1"}, "pager"),
    ],
)
def test_what_is_wrong_is_named_and_nothing_is_kept(api: RoutineApi, changes: dict[str, Any], field: str) -> None:
    told = put(api, **changes)

    assert (told.status, told.json["errors"][0]["field"]) == (422, field)
    assert api.by(ADMIN, "GET", STAFF).json["items"] == []
    assert dues() == []


def test_a_removed_member_stays_listed_gets_nothing_and_may_come_back(api: RoutineApi) -> None:
    put(api)

    for _ in range(2):
        assert api.by(ADMIN, "DELETE", f"{STAFF}/dr").status == 204
    shown = api.by(ADMIN, "GET", f"{STAFF}/dr").json
    assert (shown["active"], shown["reachable"], shown["changedBy"], shown["version"]) == (False, False, "admin", 2)
    recipient = everybody().load(recipient_id("iop-evening", "dr"), now=NOW)
    assert recipient is not None
    assert recipient.channels == ()
    assert api.by("dr=iop-evening/clinician", "GET", OWN).status == 404

    back = put(api, version=2)
    assert (back.json["active"], back.json["removedAt"], back.json["version"]) == (True, None, 3)
    assert api.by(ADMIN, "DELETE", f"{STAFF}/nobody").status == 404
    assert api.by(ADMIN, "GET", f"{STAFF}/nobody").status == 404


def test_members_see_and_change_their_own_hours_and_nothing_else(api: RoutineApi) -> None:
    put(api)
    put(api, "other", firstName="Other")
    own = {
        "language": "es",
        "timeZone": "America/Chicago",
        "working": {"days": ["TU"], "from": "10:00", "to": "12:00"},
        "quietHours": {"from": "20:00", "to": "08:00"},
        "digest": False,
    }

    shown = api.by(CLINICIAN, "GET", OWN)
    told = api.by(CLINICIAN, "PUT", OWN, own, if_match=shown.headers["ETag"])

    assert told.status == 200, told.text
    assert {name: told.json[name] for name in own} == own
    assert (told.json["firstName"], told.json["changedBy"], told.json["version"]) == ("Dr. Lee", "dr", 2)
    assert api.by(CLINICIAN, "PUT", OWN, own, if_match=shown.headers["ETag"]).kind == "stale"
    refused = api.by(CLINICIAN, "PUT", OWN, own | {"roles": ["program-admin"]}, if_match='"2"')
    assert (refused.status, refused.json["errors"][0]["field"]) == (422, "roles")
    assert api.by(ADMIN, "GET", f"{STAFF}/other").json["version"] == 1
    assert api.by(ADMIN, "GET", OWN).status == 404


MAY = {
    "list": {Role.PROGRAM_ADMIN, Role.CASE_MANAGER},
    "put": {Role.PROGRAM_ADMIN},
    "own": {Role.PROGRAM_ADMIN, Role.CASE_MANAGER, Role.CLINICIAN, Role.PEER_SPECIALIST},
}


@pytest.mark.parametrize("role", Role)
def test_only_these_roles_come_in(api: RoutineApi, role: Role) -> None:
    put(api, "asking")
    asking = f"asking=iop-evening/{role}"

    statuses = {
        "list": [api.by(asking, "GET", STAFF).status, api.by(asking, "GET", f"{STAFF}/asking").status],
        "put": [put(api, version=1, by=asking).status, api.by(asking, "DELETE", f"{STAFF}/nobody").status],
        "own": [api.by(asking, "GET", OWN).status],
    }

    for name, found in statuses.items():
        if role in MAY[name]:
            assert 403 not in found, name
        else:
            assert set(found) == {403}, name


def test_another_programmes_staff_are_nobodys_business(api: RoutineApi) -> None:
    put(api)
    elsewhere = "boss=iop-morning/program-admin"

    for method, path in (("GET", STAFF), ("GET", f"{STAFF}/dr"), ("DELETE", f"{STAFF}/dr")):
        assert api.by(elsewhere, method, path).status == 404
    assert put(api, version=1, by=elsewhere).status == 404
    assert api.by(ANA, "GET", STAFF).status == 403


def test_there_are_no_more_than_there_may_be(api: RoutineApi) -> None:
    for number in range(MOST_STAFF):
        DynamoStaff(hurry=lambda _dues: None).save(a_member(f"m{number}", programme="iop-evening"))

    assert put(api).kind == "conflict"
    assert api.by(ADMIN, "DELETE", f"{STAFF}/m7").status == 204
    assert put(api).status == 200


def token_of(shown: Any, *, revision: int = 1, expires: timedelta = timedelta(hours=48)) -> str:
    member = DynamoStaff().find("iop-evening", shown["account"])
    assert member
    assert member.email
    claims = Claims(
        person_id=member.id,
        kind=confirm_kind(member.email.id, revision),
        on=NOW.date(),
        channel_id=member.email.id,
        revision=revision,
        expires_at=NOW + expires,
    )
    return Signer(KEYS.links).token(Purpose.CONFIRM, claims)


def confirmed(api: RoutineApi, token: str) -> int:
    return api.send("POST", f"/confirm/{token}", Content_Type=contact_routes.FORM).status


def test_an_address_that_nobody_attests_to_is_asked_over_itself(api: RoutineApi) -> None:
    shown = put(api, emailAttested=False).json
    assert (shown["reachable"], shown["email"]["trouble"]) == (False, "its holder has not confirmed it yet")
    assert [kind.partition("-")[0] for kind in dues()] == ["confirm_channel", "staff_digest"]

    token = token_of(shown)
    for _ in range(2):
        assert confirmed(api, token) == 200
    shown = api.by(ADMIN, "GET", f"{STAFF}/dr").json
    assert (shown["email"]["verification"], shown["email"]["verifiedBy"], shown["reachable"]) == (
        "confirmed",
        "holder",
        True,
    )

    moved = put(api, version=2, email="new@care.example", emailAttested=False).json
    assert (moved["email"]["verification"], moved["reachable"]) == ("pending", False)
    assert confirmed(api, token) == 409
    assert confirmed(api, token_of(moved, revision=2, expires=timedelta(0))) == 410
    api.by(ADMIN, "DELETE", f"{STAFF}/dr")
    assert confirmed(api, token_of(moved, revision=2)) == 404
    member = DynamoStaff().find("iop-evening", "dr")
    assert member
    assert member.email
    assert not member.email.is_usable(at=NOW)


def receipt(kind: str, account: str = "dr", **detail: Any) -> dict[str, Any]:
    path = Path(__file__).parents[2] / "events/record_receipt.json"
    event: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    member = DynamoStaff().find("iop-evening", account)
    assert member
    assert member.email
    event["detail"]["eventType"] = kind
    event["detail"]["mail"]["destination"] = [member.email.address]
    event["detail"]["mail"]["tags"] = {
        "occurrence": [f"{member.id}_2026-11-24_staff_work-0123456789abcdef-0"],
        "channel": [f"{member.email.id}_{member.email.revision}"],
    }
    event["detail"] |= detail
    return event


@pytest.mark.parametrize(
    ("event", "usable", "trouble"),
    [
        (("Bounce", {"bounce": {"bounceType": "Permanent"}}), False, "given up: bounced"),
        (("Complaint", {"complaint": {}}), True, "a message there was called spam"),
        (("Delivery", {}), True, None),
    ],
)
def test_trouble_with_an_address_is_seen_in_the_list_and_is_no_task(
    api: RoutineApi, event: tuple[str, dict[str, Any]], *, usable: bool, trouble: str | None
) -> None:
    put(api)

    for _ in range(2):
        app.record_receipt(receipt(event[0], **event[1]), None)

    (shown,) = api.by(ADMIN, "GET", STAFF).json["items"]
    assert (shown["reachable"], shown["email"]["trouble"]) == (usable, trouble)
    assert DynamoTasks().of_person(recipient_id("iop-evening", "dr")) == []
    assert dues() == ["staff_digest"]


def test_a_receipt_vouches_for_a_claim_of_staff_too(api: RoutineApi) -> None:
    put(api)
    event = receipt("Send")
    entry = Entry(
        person_id=recipient_id("iop-evening", "dr"),
        kind="staff_work-0123456789abcdef-0",
        on=NOW.date(),
        due_at=NOW,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=NOW,
        reason=Reason.UNKNOWN,
    )
    DynamoLedger().add([entry])

    assert app.record_receipt(event, None) is True
