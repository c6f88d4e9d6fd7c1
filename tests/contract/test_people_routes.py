"""The doors of enrolment over the table: what they take, refuse and show."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import boto3
import pytest

from app import app
from chalicelib.crisis.standing import stands_on_call
from chalicelib.edge.table import Item
from chalicelib.enrollment import import_routes
from chalicelib.enrollment.handlers import import_roster
from chalicelib.enrollment.routes import doors
from chalicelib.enrollment.standing_store import Standings
from chalicelib.family.handlers import supporter_ties
from chalicelib.mentors.store import mentor_ties
from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.links import Claims, Purpose, Signer
from chalicelib.outreach.store import DueItem
from chalicelib.partners.store import partner_ties
from chalicelib.privacy.domain import Act, Actor, Field, Relationship, Role
from chalicelib.privacy.matrix import MATRIX
from tests.build import A_KEY
from tests.conftest import KEYS
from tests.contract.test_people_imports import roster
from tests.toy import NOW, Told, Toy

PERSON = {
    "externalId": "TBH-1",
    "givenName": "Ana",
    "familyName": "Lee",
    "email": "Ana.Lee@Example.COM",
    "emailAttested": True,
    "timeZone": "America/New_York",
    "language": "en",
    "admittedOn": "2026-11-01",
    "recoveryDate": "2026-10-01",
    "state": "active",
    "quietHours": {"from": "22:00"},
    "checkIn": {"time": "09:00", "days": ["MO", "WE"]},
}
DEVICE = {
    "endpoint": "https://push.example/device",
    "keys": {"p256dh": A_KEY, "auth": "A" * 22},
    "expirationTime": None,
}


class FakeTokens:
    """The token is the account and its role, and says them."""

    def actor(self, authorization: str | None, *, now: datetime) -> Actor:
        del now
        account, _, roles = (authorization or "").removeprefix("Bearer ").partition("=")
        held = frozenset(
            (programme, Role(role)) for programme, _, role in (one.partition("/") for one in roles.split())
        )
        return Actor(subject=account, roles=held)


TIES = {
    Relationship.PARTNER: partner_ties,
    Relationship.SUPPORTER: supporter_ties,
    Relationship.MENTOR: mentor_ties,
}


class Api:
    def __init__(self) -> None:
        self.toy = Toy(app=app)
        app.use(replace(app.wiring, tokens=FakeTokens(), standings=Standings(TIES, on_call=stands_on_call)))
        self.as_whom = "admin=iop-evening/program-admin"

    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        names = (
            "programme_id",
            "person_id",
            "channel_id",
            "import_id",
            "token",
            "scope",
            "account",
            "kind",
            "schedule_id",
            "occurrence",
            "on",
            "task_id",
            "chart",
            "report_id",
            "pair_id",
            "kudos_id",
            "crisis_id",
            "supporter_id",
            "tie_id",
            "what",
            "device_id",
            "lesson_id",
            "group_id",
            "mentorship_id",
        )
        place, _, query = path.partition("?")
        for door in doors.all:
            parts, given = door.path.split("/"), place.split("/")
            if door.method != method or len(parts) != len(given):
                continue
            values = {part[1:-1]: value for part, value in zip(parts, given, strict=True) if part.startswith("{")}
            if values.keys() <= {*names, "schedule_id"} and [values.get(part[1:-1], part) for part in parts] == given:
                form = {"Content-Type": door.raw[0]} if door.raw else {}
                sent = (
                    form
                    | {"Authorization": f"Bearer {self.as_whom}"}
                    | {name.replace("_", "-"): value for name, value in headers.items()}
                )
                parameters = {
                    name: [value] for name, _, value in (one.partition("=") for one in query.split("&")) if name
                }
                return self.toy.send(
                    method,
                    place,
                    door=door.path,
                    body=body,
                    query=parameters or None,
                    role=None,
                    headers=sent,
                    **values,
                )
        raise LookupError(path)

    def enrol(self, **changes: Any) -> str:
        told = self.send("POST", "/programmes/iop-evening/people", PERSON | changes)
        assert told.status == 201, told.text
        return str(told.json["id"])


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


def test_a_programme_is_set_up_by_its_own_admin_only(api: Api) -> None:
    assert api.send("POST", "/programmes", {"id": "iop-morning", "name": "Morning"}).kind == "forbidden"
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).kind == "conflict"

    shown = api.send("GET", "/programmes/iop-evening")

    assert shown.json["senderName"] == "Care Team"
    assert (shown.json["quietFrom"], shown.json["quietTo"]) == ("21:00", "08:00")
    assert shown.headers["ETag"] == '"1"'
    assert [one["id"] for one in api.send("GET", "/programmes").json["items"]] == ["iop-evening"]


def test_a_programmes_choices_are_edited_with_the_version_in_hand(api: Api) -> None:
    path = "/programmes/iop-evening"

    assert api.send("PATCH", path, {"senderName": "Sober Team"}, if_match='"1"').kind == "invalid"
    edited = api.send("PATCH", path, {"quietTo": "09:00", "languages": ["en"]}, if_match='"1"')
    assert (edited.json["quietTo"], edited.json["languages"], edited.headers["ETag"]) == ("09:00", ["en"], '"2"')
    assert api.send("PATCH", path, {"quietTo": "09:30"}, if_match='"1"').kind == "stale"
    assert api.send("PATCH", path, {"quietTo": "09:30"}).kind == "precondition-required"


def test_somebody_is_enrolled_and_seen_as_far_as_ones_role_goes(api: Api) -> None:
    person_id = api.enrol()

    by_admin = api.send("GET", f"/people/{person_id}").json
    api.as_whom = "nurse=iop-evening/clinician"
    by_nurse = api.send("GET", f"/people/{person_id}").json
    listed = api.send("GET", "/programmes/iop-evening/people?limit=1").json
    api.as_whom = "other=iop-morning/clinician"
    by_stranger = api.send("GET", f"/people/{person_id}")

    assert (by_admin["recoveryDate"], by_admin["externalId"]) == (None, "TBH-1")
    assert by_nurse["recoveryDate"] == "2026-10-01"
    assert listed["items"][0]["personId"] == person_id
    assert by_stranger.kind == "not-found"


def test_every_fault_of_somebody_to_enrol_is_named(api: Api) -> None:
    told = api.send(
        "POST",
        "/programmes/iop-evening/people",
        PERSON | {"givenName": " ", "timeZone": "EST5EDT4", "language": "de", "recoveryDate": None},
    )

    assert told.kind == "invalid"
    assert [fault["field"] for fault in told.json["errors"]] == ["givenName", "language", "timeZone"]
    assert api.send("POST", "/programmes/iop-evening/people", PERSON | {"email": "x"}).json["errors"] == [
        {"field": "email", "reason": "is not an email address"}
    ]
    api.enrol()
    assert api.send("POST", "/programmes/iop-evening/people", PERSON).kind == "conflict"


def test_only_those_on_the_care_team_are_listed_where_the_caseload_is_assigned(api: Api) -> None:
    api.send("PATCH", "/programmes/iop-evening", {"caseload": "assigned"}, if_match='"1"')
    held, _ = api.enrol(), api.enrol(externalId="TBH-2")
    assert api.send("PUT", f"/people/{held}/care-team/nurse").status == 204
    api.as_whom = "nurse=iop-evening/clinician"

    listed = api.send("GET", "/programmes/iop-evening/people").json["items"]

    assert [one["personId"] for one in listed] == [held]
    assert api.send("GET", f"/people/{held}/care-team").json["items"][0]["subject"] == "nurse"
    api.as_whom = "admin=iop-evening/program-admin"
    assert api.send("DELETE", f"/people/{held}/care-team/nurse").status == 204


def test_a_person_changes_their_own_details_and_preferences(api: Api) -> None:
    person_id = api.enrol()
    assert api.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana"}).status == 204
    api.as_whom = "ana=iop-evening/participant"
    etag = api.send("GET", f"/people/{person_id}").headers["ETag"]

    moved = api.send(
        "PATCH", f"/people/{person_id}", {"timeZone": "America/Denver", "preferredName": "Annie"}, if_match=etag
    )
    preferred = api.send(
        "PUT",
        f"/people/{person_id}/check-in-preferences",
        {"checkIn": {"time": "10:15", "days": ["SU"]}, "quietHours": {"from": "23:00", "to": None}},
        if_match=moved.headers["ETag"],
    )

    assert (moved.json["name"], moved.json["timeZone"]) == ("Annie", "America/Denver")
    assert preferred.json == {
        "checkIn": {"time": "10:15", "days": ["SU"]},
        "quietHours": {"from": "23:00", "to": None},
        "quietNow": {"from": "23:00", "to": "08:00"},
    }
    assert api.send("GET", f"/people/{person_id}/check-in-preferences").json == preferred.json
    assert api.send("PATCH", f"/people/{person_id}", {"timeZone": None}, if_match='"9"').status == 412
    assert (
        api.send("PATCH", f"/people/{person_id}", {"timeZone": None}, if_match=preferred.headers["ETag"]).kind
        == "invalid"
    )
    rows = [item.sk.split("#") for item in Item.scan() if isinstance(item, DueItem)]
    assert sorted(version for _, _, kind, _, version in rows if kind == "check_in") == ["1", "2", "3"]


@pytest.mark.parametrize(
    "name", ["", "   ", "\u2028", "A\u2028B", "A\u2029B", "A\r\nBcc: x@example.org", "A\x00", "\u202eA"]
)
def test_a_name_that_can_not_be_shown_does_not_take_the_place_of_one(api: Api, name: str) -> None:
    person_id = api.enrol()
    assert api.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana"}).status == 204
    api.as_whom = "ana=iop-evening/participant"
    etag = api.send("GET", f"/people/{person_id}").headers["ETag"]

    told = api.send("PATCH", f"/people/{person_id}", {"givenName": name}, if_match=etag)

    assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, ["givenName"])


def test_names_are_kept_without_blanks_around_them_and_a_blank_one_to_be_called_by_is_none(api: Api) -> None:
    person_id = api.enrol(preferredName="Annie")
    assert api.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana"}).status == 204
    api.as_whom = "ana=iop-evening/participant"
    etag = api.send("GET", f"/people/{person_id}").headers["ETag"]

    told = api.send("PATCH", f"/people/{person_id}", {"givenName": " Anna ", "preferredName": " "}, if_match=etag)

    assert (told.json["givenName"], told.json["preferredName"], told.json["name"]) == ("Anna", None, "Anna")


def test_an_episode_is_moved_on_and_a_person_admitted_again(api: Api) -> None:
    person_id = api.enrol()
    api.as_whom = "nurse=iop-evening/clinician"

    refused = api.send("POST", f"/people/{person_id}/transitions", {"to": "alumni"})
    moved = api.send("POST", f"/people/{person_id}/transitions", {"to": "discharged_early"})
    elsewhere = api.send(
        "POST", f"/people/{person_id}/episodes", {"programmeId": "iop-morning", "admittedOn": "2026-11-24"}
    )
    again = api.send(
        "POST", f"/people/{person_id}/episodes", {"programmeId": "iop-evening", "admittedOn": "2026-11-24"}
    )

    assert refused.kind == "conflict"
    assert moved.json["mayBecome"] == ["deceased"]
    assert elsewhere.kind == "invalid"
    assert (again.json["number"], again.json["state"]) == (2, "enrolled")
    listed = api.send("GET", f"/people/{person_id}/episodes").json["items"]
    assert [one["state"] for one in listed] == ["discharged_early", "enrolled"]


@pytest.mark.parametrize(
    ("role", "status"), [("supporter", 403), ("clinician", 403), ("case-manager", 201), ("program-admin", 201)]
)
def test_admitting_somebody_into_another_programme_takes_the_right_to_enrol_there(
    api: Api, role: str, status: int
) -> None:
    api.as_whom = "admin=iop-morning/program-admin"
    assert api.send("POST", "/programmes", {"id": "iop-morning", "name": "Morning"}).status == 201
    api.as_whom = "admin=iop-evening/program-admin"
    person_id = api.enrol()
    api.as_whom = f"nurse=iop-evening/clinician iop-morning/{role}"
    api.send("POST", f"/people/{person_id}/transitions", {"to": "discharged_early"})

    told = api.send("POST", f"/people/{person_id}/episodes", {"programmeId": "iop-morning", "admittedOn": "2026-11-24"})

    assert told.status == status
    (row,) = (
        event for event in api.toy.audit.written if event.programme_id == "iop-morning" and event.actor == "nurse"
    )
    assert (row.field, row.asked, row.outcome.value) == (
        Field.ROSTER,
        Act.WRITE,
        "allowed" if status == 201 else "denied",
    )


def test_whoever_moves_episodes_where_somebody_was_before_may_admit_them_there_again(api: Api) -> None:
    api.as_whom = "admin=iop-day/program-admin"
    assert api.send("POST", "/programmes", {"id": "iop-day", "name": "Day"}).status == 201
    api.as_whom = "admin=iop-evening/program-admin"
    person_id = api.enrol()
    told = []
    for programme, roles in (
        ("iop-day", "iop-evening/clinician iop-day/case-manager"),
        ("iop-evening", "iop-day/clinician iop-evening/clinician"),
        ("iop-evening", "iop-day/clinician iop-evening/program-admin"),
    ):
        api.as_whom = f"nurse={roles}"
        api.send("POST", f"/people/{person_id}/transitions", {"to": "discharged_early"})
        told.append(
            api.send("POST", f"/people/{person_id}/episodes", {"programmeId": programme, "admittedOn": "2026-11-24"})
        )

    assert [one.status for one in told] == [201, 201, 403]


def test_a_consent_is_given_to_the_present_text_and_taken_back(api: Api) -> None:
    person_id = api.enrol()
    api.as_whom = "boss=iop-evening/case-manager"
    text = api.send("GET", "/consent-texts/contact_email?locale=es").json
    consent = {"scope": "contact_email", "textVersion": text["version"], "locale": "es"}

    given = api.send("POST", f"/people/{person_id}/consents", consent)
    taken = api.send("POST", f"/people/{person_id}/consents/contact_email/revocations")

    assert (given.json["textHash"], given.json["onBehalfOf"], given.json["isLive"]) == (text["sha256"], person_id, True)
    assert (taken.json["action"], taken.json["isLive"]) == ("revoked", False)
    assert api.send("POST", f"/people/{person_id}/consents/contact_email/revocations").kind == "not-found"
    assert api.send("POST", f"/people/{person_id}/consents", consent | {"textVersion": 9}).kind == "conflict"
    assert api.send("POST", f"/people/{person_id}/consents", consent | {"scope": "all"}).kind == "invalid"
    assert [row["action"] for row in api.send("GET", f"/people/{person_id}/consents").json["items"]] == [
        "granted",
        "revoked",
    ]
    assert api.send("GET", "/consent-texts/nothing").kind == "not-found"


@pytest.mark.parametrize(
    "end", ["2027-01-01T00:00:00", "9999-12-31T23:59:59-14:00", "0001-01-01T00:00:00+14:00", "2026-11-24T18:00:00Z"]
)
def test_an_end_of_a_consent_that_is_no_instant_ahead_is_refused_by_its_field(api: Api, end: str) -> None:
    person_id = api.enrol()
    api.as_whom = "boss=iop-evening/case-manager"
    consent = {"scope": "contact_email", "textVersion": 1, "locale": "en"}

    told = api.send("POST", f"/people/{person_id}/consents", consent | {"expiresAt": end})

    assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, ["expiresAt"])
    assert api.send("GET", f"/people/{person_id}/consents").status == 200


@pytest.mark.usefixtures("kept_keys")
def test_a_channel_is_used_once_its_holder_confirmed_it(api: Api) -> None:
    person_id = api.enrol()
    api.as_whom = "boss=iop-evening/case-manager"

    device = api.send("POST", f"/people/{person_id}/channels", {"kind": "push", "subscription": DEVICE}).json
    link = _link(person_id, device["id"])
    asked = api.send("GET", link)
    before = _usable(api, person_id)
    confirmed = api.send("POST", link)

    assert device["address"] is None
    assert (asked.status, confirmed.status) == (200, 200)
    assert "text/html" in asked.headers["Content-Type"]
    assert before == {"email": True, "push": False}
    assert _usable(api, person_id) == {"email": True, "push": True}
    assert api.send("POST", link).status == 200
    assert api.send("POST", f"/people/{person_id}/channels/{device['id']}/heartbeat").status == 204
    assert api.send("DELETE", f"/people/{person_id}/channels/{device['id']}").status == 204
    assert api.send("POST", link).status == 404
    assert api.send("GET", "/confirm/forged").status == 404


@pytest.mark.usefixtures("kept_keys")
def test_a_link_to_an_address_that_changed_or_is_too_old_confirms_nothing(api: Api) -> None:
    person_id = api.enrol()
    api.as_whom = "boss=iop-evening/case-manager"
    added = api.send("POST", f"/people/{person_id}/channels", {"kind": "email", "address": "ana@example.org"}).json
    path = f"/people/{person_id}/channels/{added['id']}"

    assert api.send("POST", _link(person_id, added["id"], days=-3)).status == 410
    assert api.send("GET", _link(person_id, added["id"], days=-3)).status == 410
    moved = api.send("PATCH", path, {"address": "ana@example.net", "detail": "standard"})
    assert (moved.json["verification"], moved.json["detail"]) == ("pending", "standard")
    assert api.send("POST", _link(person_id, added["id"])).status == 409
    assert api.send("POST", _link(person_id, added["id"], revision=2)).status == 200


def test_a_push_subscription_elsewhere_is_refused(api: Api) -> None:
    person_id = api.enrol()
    api.as_whom = "boss=iop-evening/case-manager"
    inside = {"endpoint": "http://169.254.169.254/latest", "keys": {"p256dh": "x", "auth": "y"}}

    told = api.send("POST", f"/people/{person_id}/channels", {"kind": "push", "subscription": inside})

    assert [fault["field"] for fault in told.json["errors"]] == [
        f"subscription.{name}" for name in ("endpoint", "keys.p256dh", "keys.auth")
    ]
    assert api.send("POST", f"/people/{person_id}/channels", {"kind": "push", "address": "a@b.org"}).kind == "invalid"
    twice = {"kind": "email", "address": "Ana.Lee@EXAMPLE.com"}
    assert api.send("POST", f"/people/{person_id}/channels", twice).kind == "conflict"


def test_a_sixth_address_to_confirm_within_a_day_has_to_wait(api: Api) -> None:
    person_id = api.enrol()
    api.as_whom = "boss=iop-evening/case-manager"
    added = api.send("POST", f"/people/{person_id}/channels", {"kind": "email", "address": "0@stranger.org"})
    path = f"/people/{person_id}/channels/{added.json['id']}"

    told = [api.send("PATCH", path, {"address": f"{number}@stranger.org"}) for number in range(1, 7)]
    device = api.send("POST", f"/people/{person_id}/channels", {"kind": "push", "subscription": DEVICE})
    api.send("DELETE", path)
    again = api.send("POST", f"/people/{person_id}/channels", {"kind": "email", "address": "7@stranger.org"})

    assert [one.status for one in told] == [200, 200, 200, 200, 429, 429]
    assert (again.kind, again.headers["Retry-After"]) == ("too-soon", "Wed, 25 Nov 2026 18:00:00 GMT")
    assert device.status == 201


def test_a_roster_goes_in_by_upload_and_queue(api: Api) -> None:
    queue = boto3.client("sqs")
    url = queue.create_queue(QueueName="cairn-import")["QueueUrl"]
    upload = roster({}, {"external_id": "A-2", "email": "?", "time_zone": "Mars"}, {"external_id": "A-3", "email": "?"})

    started = api.send("POST", "/imports", upload.decode())
    messages = queue.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    records = [{"messageId": "m", "body": message["Body"]} for message in messages]
    answer = import_roster({"Records": [*records, {"messageId": "bad", "body": '{"import_id": "0", "chunk": 0}'}]})
    path = started.headers["Location"]
    shown = api.send("GET", path).json
    first = api.send("GET", f"{path}/refused?limit=1").json
    second = api.send("GET", first["next"]).json

    assert (started.status, started.json["status"]) == (202, "running")
    assert answer == {"batchItemFailures": [{"itemIdentifier": "bad"}]}
    assert (shown["status"], shown["enrolled"], shown["refused"], shown["rowsDone"]) == ("done", 1, 2, 3)
    assert [(one["line"], one["column"]) for one in first["items"]] == [(3, "email"), (3, "time_zone")]
    assert [(one["line"], one["column"]) for one in second["items"]] == [(4, "email")]
    assert second["next"] is None
    assert api.send("GET", f"{path}/notes").json["items"] == []
    assert api.send("POST", f"{path}/resumptions").status == 202
    api.as_whom = "other=iop-morning/program-admin"
    assert api.send("GET", path).kind == "not-found"
    assert api.send("POST", "/imports", "a,b\r\n1,2\r\n").kind == "invalid"


def test_whoever_may_write_the_roster_may_import() -> None:
    may = {
        role for role, fields in MATRIX.items() if any(Act.WRITE in one.acts for one in fields.get(Field.ROSTER, ()))
    }

    assert may == import_routes.ENROLLERS


def _link(person_id: str, channel_id: str, *, revision: int = 1, days: int = 2) -> str:
    claims = Claims(
        person_id=person_id,
        kind=confirm_kind(channel_id, 1),
        on=NOW.date(),
        channel_id=channel_id,
        revision=revision,
        expires_at=datetime.fromtimestamp(NOW.timestamp() + days * 86400, UTC),
    )
    return f"/confirm/{Signer(KEYS.links).token(Purpose.CONFIRM, claims)}"


def _usable(api: Api, person_id: str) -> dict[str, bool]:
    items = api.send("GET", f"/people/{person_id}/channels").json["items"]
    return {str(one["kind"]): bool(one["usable"]) for one in items}


def test_nothing_of_a_row_is_logged_when_a_chunk_fails(aws: None, capsys: pytest.CaptureFixture[str]) -> None:
    del aws

    import_roster({"Records": [{"messageId": "m", "body": json.dumps({"import_id": "secret name"})}]})

    assert "secret name" not in capsys.readouterr().out
