"""What somebody enters as reached, in words, and whose milestones a group celebrates, by the doors over the table."""

from datetime import timedelta
from typing import Any

import pytest

from tests.contract.test_people_routes import Api
from tests.milestones_api import EVA, STAFF, ana, api, lapse
from tests.toy import NOW, Told

__all__ = ["ana", "api"]


def enter(api: Api, person_id: str, **body: Any) -> Told:
    return api.send("POST", f"/people/{person_id}/achievements", {"sort": "achievement", "text": "Back at work"} | body)


def entered(api: Api, person_id: str, query: str = "") -> Told:
    return api.send("GET", f"/people/{person_id}/achievements{query}")


def test_what_no_date_knows_of_is_entered_in_words_by_the_person_or_their_staff(api: Api, ana: str) -> None:
    told = enter(api, ana, text="  I called my sister.\nShe called back. 🌱  ", on="2026-11-20")
    api.as_whom = EVA
    assert enter(api, ana, sort="breakthrough", text="Saw what comes before an urge").status == 201

    assert told.status == 201, told.text
    items = entered(api, ana).json["items"]
    assert {one["by"]: (one["sort"], one["text"], one["own"], one["on"]) for one in items} == {
        "eva": ("breakthrough", "Saw what comes before an urge", False, "2026-11-24"),
        ana: ("achievement", "I called my sister.\nShe called back. 🌱", True, "2026-11-20"),
    }


def test_entered_words_come_page_by_page_and_a_retry_enters_none_twice(api: Api, ana: str) -> None:
    for number in range(5):
        assert enter(api, ana, text=f"Number {number}").status == 201
    body = {"sort": "achievement", "text": "Again"}
    for _ in range(2):
        api.send("POST", f"/people/{ana}/achievements", body, idempotency_key="k1")

    seen: list[str] = []
    query: str | None = "?limit=4"
    while query is not None:
        page = entered(api, ana, query).json
        seen += [one["text"] for one in page["items"]]
        query = f"?{page['next'].partition('?')[2]}" if page["next"] else None

    assert sorted(seen) == sorted([*(f"Number {number}" for number in range(5)), "Again"])
    assert entered(api, ana, "?cursor=UEVSU09O").kind == "bad-cursor"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"text": ""}, "text"),
        ({"text": " \n "}, "text"),
        ({"text": "x" * 501}, "text"),
        ({"text": "a\u0000b"}, "text"),
        ({"on": "2026-11-25"}, "on"),
        ({"on": "1899-12-31"}, "on"),
        ({"sort": "medal"}, "sort"),
    ],
)
def test_what_is_entered_is_refused_by_its_field(api: Api, ana: str, body: dict[str, Any], field: str) -> None:
    told = enter(api, ana, **body)

    assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, [field])
    assert entered(api, ana).json["items"] == []


@pytest.mark.parametrize("whom", ["admin=iop-evening/program-admin", "pat=iop-evening/peer-specialist"])
def test_entered_words_are_for_those_who_may_read_free_text(api: Api, ana: str, whom: str) -> None:
    enter(api, ana)
    api.as_whom = "admin=iop-evening/program-admin"
    assert api.send("PUT", f"/people/{ana}/care-team/pat").status == 204
    api.as_whom = whom

    assert entered(api, ana).status in {403, 404}
    assert enter(api, ana).status in {403, 404}


def celebrations(api: Api, whom: str = STAFF) -> Told:
    api.as_whom = whom
    return api.send("GET", "/programmes/iop-evening/celebrations?limit=100")


def agrees(api: Api, person_id: str) -> None:
    api.as_whom = EVA
    consent = {"scope": "group_celebrate", "textVersion": 1, "locale": "en"}
    assert api.send("POST", f"/people/{person_id}/consents", consent).status == 201


def test_staff_see_what_to_celebrate_of_those_who_agreed_and_of_nobody_else(api: Api, ana: str) -> None:
    admin = "admin=iop-evening/program-admin"
    others = {}
    for name, on in (("today", "2026-10-25"), ("in six days", "2026-10-31"), ("in seven", "2026-11-01")):
        api.as_whom = admin
        others[name] = api.enrol(externalId=f"TBH {name}".replace(" ", "-"), recoveryDate=on)
        agrees(api, others[name])
    api.as_whom = admin
    private = api.enrol(externalId="TBH-private", recoveryDate="2026-10-25")

    shown = celebrations(api).json["items"]

    found = {one["personId"]: (one["which"], one["text"], one["on"], one["name"]) for one in shown}
    assert found == {
        others["today"]: ("d30", "30 days", "2026-11-24", "Ana"),
        others["in six days"]: ("d30", "30 days", "2026-11-30", "Ana"),
    }
    assert not {ana, private} & found.keys()
    assert celebrations(api, admin).kind == "forbidden"


def test_who_takes_it_back_or_is_in_a_crisis_or_began_anew_is_not_listed(api: Api) -> None:
    people = {}
    for name in ("stays", "takes it back", "crisis", "lapse"):
        api.as_whom = "admin=iop-evening/program-admin"
        people[name] = api.enrol(externalId=f"TBH-{name}".replace(" ", "-"), recoveryDate="2026-10-26")
        agrees(api, people[name])
    gone = f"/people/{people['takes it back']}/consents/group_celebrate/revocations"
    assert api.send("POST", gone).status in {200, 201}
    api.as_whom = STAFF
    until = (NOW + timedelta(hours=5)).isoformat()
    assert api.send("PUT", f"/people/{people['crisis']}/holds/crisis", {"until": until}).status == 200
    assert lapse(api, people["lapse"], {"withPerson": True}).status == 201

    assert [one["personId"] for one in celebrations(api).json["items"]] == [people["stays"]]


def test_with_a_caseload_of_ones_own_only_its_people_are_listed(api: Api) -> None:
    mine, others = api.enrol(recoveryDate="2026-10-26"), api.enrol(externalId="TBH-2", recoveryDate="2026-10-26")
    for person_id in (mine, others):
        agrees(api, person_id)
    api.as_whom = "admin=iop-evening/program-admin"
    assert api.send("PATCH", "/programmes/iop-evening", {"caseload": "assigned"}, if_match='"1"').status == 200
    assert api.send("PUT", f"/people/{mine}/care-team/ben").status == 204

    assert [one["personId"] for one in celebrations(api).json["items"]] == [mine]
