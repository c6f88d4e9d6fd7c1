"""The doors to partners over the table: both have to agree, either ends it, and nobody sees more than is shared."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from app import app
from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.partners.domain import LAPSES_AFTER, MOST_PARTNERS, RESTS_FOR
from tests.build import said
from tests.contract.test_people_routes import PERSON, Api
from tests.milestones_api import enrolled
from tests.toy import NOW, Told

ADMIN = "admin=iop-evening/program-admin"
CLINICIAN = "cleo=iop-evening/clinician"
EVA = "eva=iop-evening/accountability-partner"
CHECKINS, MILESTONES = "partner_share:checkin_done", "partner_share:milestones"
TODAY = date(2026, 11, 24)


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def ana(api: Api) -> str:
    return another(api, 1, givenName="Ana")


@pytest.fixture
def ben(api: Api) -> str:
    return another(api, 2, givenName="Ben", language="es")


def another(api: Api, number: int, **changes: Any) -> str:
    api.as_whom = ADMIN
    return enrolled(api, externalId=f"TBH-{number}", email=f"p{number}@example.com", **changes)


def as_person(api: Api, person_id: str) -> Api:
    api.as_whom = f"{person_id}=iop-evening/participant"
    return api


def in_care_team(api: Api, person_id: str, account: str = "eva") -> None:
    api.as_whom = ADMIN
    assert api.send("PUT", f"/people/{person_id}/care-team/{account}").status == 204


def propose(api: Api, person_id: str, **body: str) -> Told:
    return as_person(api, person_id).send("POST", f"/people/{person_id}/partners", body)


def partners(api: Api, person_id: str) -> list[dict[str, Any]]:
    told = as_person(api, person_id).send("GET", f"/people/{person_id}/partners")
    assert told.status == 200, told.text
    items: list[dict[str, Any]] = told.json["items"]
    return items


def paired(api: Api, one: str, other: str) -> str:
    """Make two partners, and return the pair's id."""
    pair_id = str(propose(api, one, personId=other).json["id"])
    assert as_person(api, other).send("POST", f"/people/{other}/partners/{pair_id}/agree").status == 200
    return pair_id


def consent(api: Api, person_id: str, *scopes: str) -> None:
    for scope in scopes:
        body = {"scope": scope, "textVersion": 1, "locale": "en"}
        told = as_person(api, person_id).send("POST", f"/people/{person_id}/consents", body)
        assert told.status == 201, told.text


def view(api: Api, of: str, *, by: str, query: str = "") -> Told:
    return as_person(api, by).send("GET", f"/people/{of}/partner-view{query}")


def asked(person_id: str, days_ago: int, *, answered: bool) -> None:
    on, at = TODAY - timedelta(days=days_ago), NOW - timedelta(days=days_ago, hours=4)
    entry = Entry(
        person_id=person_id,
        kind="check_in",
        on=on,
        due_at=at,
        status=Status.SENT,
        attempt=1,
        claimed_at=at,
        ended_at=at,
    )
    assert DynamoLedger().add([entry]) == [True]
    if answered:
        answer = said(mood=2, craving=9, plan="talk", note="I drank")
        assert DynamoCheckIns().save(CheckIn(person_id=person_id, on=on).answered(answer, at=at, source=Source.APP))


def test_a_pair_is_proposed_by_one_and_agreed_by_the_other(api: Api, ana: str, ben: str) -> None:
    told = propose(api, ana, personId=ben)

    assert told.status == 201, told.text
    assert told.json["state"] == "proposed"
    # Who it was proposed to isn't named before they agreed themselves.
    assert told.json["partner"] == {"kind": "person", "agreed": False, "personId": None, "account": None, "name": None}
    (seen,) = partners(api, ben)
    assert (seen["state"], seen["partner"]["name"], seen["partner"]["personId"]) == ("proposed", "Ana", ana)

    agreed = as_person(api, ben).send("POST", f"/people/{ben}/partners/{seen['id']}/agree")
    again = as_person(api, ben).send("POST", f"/people/{ben}/partners/{seen['id']}/agree")

    assert agreed.json == again.json
    assert agreed.json["state"] == "active"
    assert [one["partner"]["name"] for one in partners(api, ana)] == ["Ben"]


def test_who_proposes_to_who_proposed_agrees(api: Api, ana: str, ben: str) -> None:
    first, same, back = (
        propose(api, ana, personId=ben),
        propose(api, ana, personId=ben),
        propose(api, ben, personId=ana),
    )

    assert first.json == same.json
    assert (back.json["id"], back.json["state"]) == (first.json["id"], "active")


def test_staff_propose_two_people_and_both_have_to_agree_by_themselves(api: Api, ana: str, ben: str) -> None:
    api.as_whom = CLINICIAN
    told = api.send("POST", f"/people/{ana}/partners", {"personId": ben})
    pair = f"partners/{told.json['id']}"

    assert api.send("POST", f"/people/{ana}/{pair}/agree").kind == "forbidden"
    assert api.send("POST", f"/people/{ana}/{pair}/decline").kind == "forbidden"
    assert api.send("PUT", f"/people/{ana}/{pair}/sharing", {"paused": True}).kind == "forbidden"
    assert [one["partner"]["name"] for one in partners(api, ana)] == [None]
    assert api.send("POST", f"/people/{ana}/{pair}/agree").json["state"] == "proposed"
    assert as_person(api, ben).send("POST", f"/people/{ben}/{pair}/agree").json["state"] == "active"

    api.as_whom = CLINICIAN
    assert [one["state"] for one in api.send("GET", f"/people/{ana}/partners").json["items"]] == ["active"]
    assert api.send("DELETE", f"/people/{ana}/{pair}").status == 204
    assert partners(api, ana) == partners(api, ben) == []


def test_a_member_of_staff_is_a_partner_by_their_account(api: Api, ana: str) -> None:
    assert propose(api, ana, account="eva").kind == "not-found"
    in_care_team(api, ana)
    pair_id = propose(api, ana, account="eva").json["id"]

    api.as_whom = EVA
    listed = api.send("GET", "/programmes/iop-evening/partners").json["items"]
    assert [(one["id"], one["state"], one["partner"]["name"]) for one in listed] == [(pair_id, "proposed", "Ana")]
    assert api.send("GET", f"/people/{ana}/partner-view").kind == "not-found"
    assert api.send("POST", f"/programmes/iop-evening/partners/{pair_id}/agree").json["state"] == "active"
    shown = api.send("GET", f"/people/{ana}/partner-view")
    assert shown.json == {"personId": ana, "name": "Ana", "checkIns": None, "milestones": None}
    # Neither the record, nor anything else of it.
    assert api.send("GET", f"/people/{ana}").json["externalId"] is None
    for path in ("check-ins", "milestones", "achievements", "consents", "tasks", "partners"):
        assert api.send("GET", f"/people/{ana}/{path}").kind == "forbidden", path

    assert api.send("DELETE", f"/programmes/iop-evening/partners/{pair_id}").status == 204
    assert partners(api, ana) == []
    api.as_whom = EVA
    assert api.send("GET", f"/people/{ana}/partner-view").kind == "not-found"


def test_staff_who_propose_themselves_agree_so(api: Api, ana: str) -> None:
    in_care_team(api, ana, "cleo")
    api.as_whom = CLINICIAN
    told = api.send("POST", f"/people/{ana}/partners", {"account": "cleo"})

    (seen,) = partners(api, ana)
    assert seen["partner"]["agreed"] is True
    as_person(api, ana).send("POST", f"/people/{ana}/partners/{told.json['id']}/agree")
    api.as_whom = CLINICIAN
    assert [one["state"] for one in api.send("GET", "/programmes/iop-evening/partners").json["items"]] == ["active"]


def test_who_was_declined_sees_what_they_would_if_nobody_answered(api: Api, ana: str, ben: str) -> None:
    pair_id = propose(api, ana, personId=ben).json["id"]
    before = partners(api, ana)

    for _ in range(2):
        assert as_person(api, ben).send("POST", f"/people/{ben}/partners/{pair_id}/decline").status == 204

    assert partners(api, ben) == []
    assert partners(api, ana) == before
    assert propose(api, ana, personId=ben).json == before[0]
    assert partners(api, ben) == []
    assert as_person(api, ben).send("POST", f"/people/{ben}/partners/{pair_id}/agree").kind == "not-found"


def test_either_ends_it_at_once_and_the_other_is_not_told(api: Api, ana: str, ben: str) -> None:
    pair_id = paired(api, ana, ben)
    consent(api, ana, CHECKINS)
    assert view(api, ana, by=ben).json["checkIns"] == []

    for _ in range(2):
        assert as_person(api, ana).send("DELETE", f"/people/{ana}/partners/{pair_id}").status == 204

    assert partners(api, ana) == partners(api, ben) == []
    assert view(api, ana, by=ben).kind == view(api, ben, by=ana).kind == "not-found"
    assert as_person(api, ben).send("GET", f"/people/{ana}/milestones").kind == "not-found"
    # Whom somebody left doesn't reach them for a while, and sees what everybody sees who proposes.
    assert propose(api, ben, personId=ana).json["state"] == "proposed"
    assert partners(api, ana) == []
    # The one who left may come back.
    assert propose(api, ana, personId=ben).json["state"] == "proposed"
    assert [one["partner"]["name"] for one in partners(api, ben)] == ["Ana"]


def test_a_proposal_lapses_and_may_be_made_anew(api: Api, ana: str, ben: str) -> None:
    pair_id = propose(api, ana, personId=ben).json["id"]
    as_person(api, ben).send("POST", f"/people/{ben}/partners/{pair_id}/decline")
    later = NOW + max(LAPSES_AFTER, RESTS_FOR)
    app.use(replace(app.wiring, clock=lambda: later))

    assert partners(api, ana) == []
    assert propose(api, ana, personId=ben).json["id"] != pair_id
    assert [one["partner"]["name"] for one in partners(api, ben)] == ["Ana"]


def test_what_is_seen_is_done_or_not_and_which_milestones_each_by_its_own_consent(api: Api, ana: str, ben: str) -> None:
    paired(api, ana, ben)
    asked(ana, 9, answered=True)
    asked(ana, 2, answered=True)
    asked(ana, 1, answered=False)
    asked(ana, 0, answered=False)
    nothing = {"personId": ana, "name": "Ana", "checkIns": None, "milestones": None}
    assert view(api, ana, by=ben).json == nothing

    consent(api, ana, CHECKINS)
    # Today's is still open: it isn't missed.
    days = [{"on": "2026-11-22", "done": True}, {"on": "2026-11-23", "done": False}]
    assert view(api, ana, by=ben).json == nothing | {"checkIns": days}

    consent(api, ana, MILESTONES)
    names = ["24 hours", "7 days", "14 days", "30 days"]
    shown = view(api, ana, by=ben)
    assert shown.json["checkIns"] == days
    assert [one["text"] for one in shown.json["milestones"]] == names
    for private in ("drank", "talk", "craving", "mood", "9", "TBH", "Lee", "example.com"):
        assert private not in shown.text.replace(ana, "").replace("2026-11", ""), private

    assert as_person(api, ana).send("POST", f"/people/{ana}/consents/{CHECKINS}/revocations").status == 201
    app.use(replace(app.wiring, clock=lambda: NOW + timedelta(seconds=1)))
    assert view(api, ana, by=ben).json["checkIns"] is None
    assert view(api, ana, by=ben).json["milestones"] is not None


def test_the_person_looks_at_exactly_what_the_partner_sees(api: Api, ana: str, ben: str) -> None:
    pair_id = paired(api, ana, ben)
    asked(ana, 1, answered=True)
    for scopes in ((), (CHECKINS,), (MILESTONES,)):
        consent(api, ana, *scopes)
        assert view(api, ana, by=ana, query=f"?pair={pair_id}").json == view(api, ana, by=ben).json
        assert view(api, ana, by=ana).json == view(api, ana, by=ben).json
    as_person(api, ana).send("PUT", f"/people/{ana}/partners/{pair_id}/sharing", {"paused": True})
    assert view(api, ana, by=ana, query=f"?pair={pair_id}").json == view(api, ana, by=ben).json
    assert view(api, ana, by=ana, query="?pair=other").kind == "not-found"


def test_a_pause_looks_like_nothing_shared_and_says_nothing(api: Api, ana: str, ben: str) -> None:
    pair_id = paired(api, ana, ben)
    before_consent, listed = view(api, ana, by=ben).json, partners(api, ben)
    consent(api, ana, CHECKINS, MILESTONES)
    sharing = f"/people/{ana}/partners/{pair_id}/sharing"

    assert as_person(api, ana).send("PUT", sharing, {"paused": True}).json["sharingPaused"] is True

    assert view(api, ana, by=ben).json == before_consent
    assert partners(api, ben) == listed
    # By no other door either.
    assert as_person(api, ben).send("GET", f"/people/{ana}/milestones").kind == "forbidden"
    as_person(api, ana).send("PUT", sharing, {"paused": False})
    assert view(api, ana, by=ben).json["milestones"] is not None
    assert as_person(api, ben).send("GET", f"/people/{ana}/milestones").json["days"] is None


def test_what_one_shares_is_not_what_the_other_shares(api: Api, ana: str, ben: str) -> None:
    paired(api, ana, ben)
    consent(api, ana, CHECKINS)

    assert view(api, ana, by=ben).json["checkIns"] == []
    assert view(api, ben, by=ana).json["checkIns"] is None


def test_each_class_of_facts_is_written_down_with_its_consent(api: Api, ana: str, ben: str) -> None:
    paired(api, ana, ben)
    consent(api, ana, CHECKINS, MILESTONES)
    view(api, ana, by=ben)

    events = [event for event in api.toy.audit.written if (event.actor, event.subject) == (ben, ana)]
    seen = [(str(one.field), str(one.relationship), one.consent_id) for one in events]
    fields = {field: consent_id for field, _, consent_id in seen}
    assert {relationship for _, relationship, _ in seen} == {"partner"}
    assert str(fields["check-in-scores"]).startswith(f"{CHECKINS}@")
    assert str(fields["milestones"]).startswith(f"{MILESTONES}@")
    assert fields["partners"] is None


def test_whose_care_is_over_has_no_partner_any_more(api: Api, ana: str, ben: str) -> None:
    paired(api, ana, ben)
    consent(api, ana, CHECKINS)
    api.as_whom = CLINICIAN
    assert api.send("POST", f"/people/{ana}/transitions", {"to": "discharged_early"}).status == 200

    assert view(api, ana, by=ben).kind == "not-found"
    assert propose(api, ben, personId=ana).kind == "not-found"


def test_a_partner_whose_own_care_is_over_sees_nothing_whatever_their_sign_in_says(
    api: Api, ana: str, ben: str
) -> None:
    paired(api, ana, ben)
    consent(api, ana, CHECKINS, MILESTONES)
    assert view(api, ana, by=ben).status == 200
    api.as_whom = CLINICIAN
    assert api.send("POST", f"/people/{ben}/transitions", {"to": "discharged_early"}).status == 200

    assert view(api, ana, by=ben).kind == "not-found"
    assert as_person(api, ben).send("GET", f"/people/{ana}/milestones").kind == "not-found"


def test_no_other_door_shows_a_partner_more(api: Api, ana: str, ben: str) -> None:
    paired(api, ana, ben)
    consent(api, ana, CHECKINS, MILESTONES)
    asked(ana, 20, answered=True)

    as_person(api, ben)
    for path in ("progress", "check-ins", "achievements", "care-plan", "week", "consents", "messages", "attendance"):
        assert api.send("GET", f"/people/{ana}/{path}").kind == "forbidden", path
    shown = api.send("GET", f"/people/{ana}/milestones").json
    assert {name for name, value in shown.items() if value} == {"earned"}
    assert {one["on"] for one in shown["earned"]} == {None}
    named = api.send("GET", f"/people/{ana}").json
    assert {name: value for name, value in named.items() if value is not None} == {"id": ana, "name": "Ana"}


def test_nobody_else_sees_anything(api: Api, ana: str, ben: str) -> None:
    pair_id = paired(api, ana, ben)
    carl = another(api, 3, givenName="Carl")
    consent(api, ana, CHECKINS, MILESTONES)

    for path in ("partner-view", "partners"):
        assert as_person(api, carl).send("GET", f"/people/{ana}/{path}").kind == "not-found"
        for role in ("supporter", "mentor", "privacy-officer"):
            api.as_whom = f"x=iop-evening/{role}"
            assert api.send("GET", f"/people/{ana}/{path}").kind == "not-found", (role, path)
        api.as_whom = ADMIN
        assert api.send("GET", f"/people/{ana}/{path}").kind == "forbidden"
        api.as_whom = "x=iop-morning/clinician"
        assert api.send("GET", f"/people/{ana}/{path}").kind == "not-found"
    # A partner sees the view, and not the list; nor may they act for the other.
    assert as_person(api, ben).send("GET", f"/people/{ana}/partners").kind == "forbidden"
    pair = f"/people/{ana}/partners/{pair_id}"
    for method, path in (("POST", f"{pair}/agree"), ("POST", f"{pair}/decline"), ("DELETE", pair)):
        assert as_person(api, ben).send(method, path).kind == "forbidden"
    assert as_person(api, carl).send("POST", f"/people/{carl}/partners/{pair_id}/agree").kind == "not-found"
    # Staff who hold them see that there is a pair, and not through it.
    api.as_whom = CLINICIAN
    assert api.send("GET", f"/people/{ana}/partner-view").kind == "not-found"
    api.as_whom = EVA
    assert api.send("GET", "/programmes/iop-evening/partners").json["items"] == []
    assert api.send("POST", f"/programmes/iop-evening/partners/{pair_id}/agree").kind == "not-found"


def test_somebody_of_another_programme_is_not_there(api: Api, ana: str) -> None:
    api.as_whom = "root=iop-morning/program-admin"
    assert api.send("POST", "/programmes", {"id": "iop-morning", "name": "Morning"}).status == 201
    far = api.send("POST", "/programmes/iop-morning/people", PERSON | {"externalId": "M-1", "email": "m@example.com"})
    assert far.status == 201, far.text

    unknown, other = propose(api, ana, personId="f" * 32), propose(api, ana, personId=far.json["id"])

    assert (
        (unknown.status, unknown.json["detail"])
        == (other.status, other.json["detail"])
        == (404, unknown.json["detail"])
    )
    api.as_whom = CLINICIAN
    assert api.send("POST", f"/people/{ana}/partners", {"personId": far.json["id"]}).kind == "not-found"


def test_one_has_five_partners_at_most(api: Api, ana: str) -> None:
    others = [another(api, number) for number in range(10, 11 + MOST_PARTNERS)]

    told = [propose(api, ana, personId=other) for other in others]

    assert [one.status for one in told] == [201] * MOST_PARTNERS + [409]
    assert propose(api, ana, personId=others[0]).json == told[0].json
    as_person(api, ana).send("DELETE", f"/people/{ana}/partners/{told[0].json['id']}")
    assert propose(api, ana, personId=others[-1]).status == 201


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({}, "body"),
        ({"personId": "a", "account": "b"}, "body"),
        ({"personId": "../x"}, "personId"),
        ({"personId": "x" * 65}, "personId"),
        ({"account": "a b"}, "account"),
        ({"account": "a#b"}, "account"),
        ({"personId": 3}, "personId"),
        ({"personId": "a", "why": "b"}, "why"),
    ],
)
def test_bad_input_is_refused_by_its_field(api: Api, ana: str, body: dict[str, Any], field: str) -> None:
    told = as_person(api, ana).send("POST", f"/people/{ana}/partners", body)

    assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, [field])


def test_nobody_is_their_own_partner(api: Api, ana: str) -> None:
    assert [one["field"] for one in propose(api, ana, personId=ana).json["errors"]] == ["personId"]


@pytest.mark.parametrize("state", ["discharged_early", "transferred", "deceased"])
def test_who_left_care_sees_nothing_of_their_partner_any_more(api: Api, ana: str, ben: str, state: str) -> None:
    paired(api, ana, ben)
    consent(api, ana, CHECKINS, MILESTONES)
    assert view(api, ana, by=ben).status == 200

    api.as_whom = CLINICIAN
    assert api.send("POST", f"/people/{ben}/transitions", {"to": state}).status == 200

    for path in ("", "/partner-view", "/milestones"):
        assert as_person(api, ben).send("GET", f"/people/{ana}{path}").kind == "not-found", path
    told = as_person(api, ben).send("POST", f"/people/{ana}/kudos", {"which": "d30", "phrase": "with_you"})
    assert told.kind == "not-found"


def test_staff_who_left_the_care_team_are_no_partner_any_more(api: Api, ana: str) -> None:
    in_care_team(api, ana)
    pair_id = propose(api, ana, account="eva").json["id"]
    consent(api, ana, CHECKINS, MILESTONES)
    api.as_whom = EVA
    assert api.send("POST", f"/programmes/iop-evening/partners/{pair_id}/agree").status == 200
    assert api.send("GET", f"/people/{ana}/partner-view").status == 200

    api.as_whom = ADMIN
    assert api.send("DELETE", f"/people/{ana}/care-team/eva").status == 204

    api.as_whom = EVA
    for path in ("", "/partner-view", "/milestones"):
        assert api.send("GET", f"/people/{ana}{path}").kind == "not-found", path


def test_staff_answer_a_pair_in_its_own_programme_only(api: Api, ana: str) -> None:
    in_care_team(api, ana)
    pair_id = propose(api, ana, account="eva").json["id"]
    api.as_whom = "eva=iop-morning/accountability-partner"

    for method, path in (("POST", "/agree"), ("POST", "/decline"), ("DELETE", "")):
        told = api.send(method, f"/programmes/iop-morning/partners/{pair_id}{path}")
        assert (told.kind, "Ana" in told.text) == ("not-found", False), path

    assert [one["state"] for one in partners(api, ana)] == ["proposed"]
