"""What a supporter could infer from what they are answered: whatever became of the person, all doors answer alike."""

import re
from datetime import timedelta

import pytest

from chalicelib.family.domain import What
from tests import family_api
from tests.family_api import FamilyApi
from tests.toy import NOW

api = family_api.api

SECOND, MINUTE, DAY = timedelta(seconds=1), timedelta(minutes=1), timedelta(days=1)
FATES = ("never", "paused", "revoked", "expired", "removed", "blocked", "moved", "discharged", "deceased")


def befall(api: FamilyApi, person: str, tie_id: str, fate: str) -> None:
    """Have something become of what is shared with a supporter."""
    if fate != "never":
        end = {"until": (NOW + MINUTE).isoformat()} if fate == "expired" else {"ends": "episode"}
        api.share(person, tie_id, **end)
    api.at(NOW + SECOND)
    if fate == "paused":
        assert api.own(person, "PUT", f"/{tie_id}/pause", {"paused": True}).status == 200
    if fate == "revoked":
        for what in What:
            assert api.own(person, "DELETE", f"/{tie_id}/sharing/{what}").status == 200
    if fate in {"removed", "blocked"}:
        assert api.own(person, "DELETE", f"/{tie_id}?block={str(fate == 'blocked').lower()}").status == 204
    if fate == "moved":
        api.moved(person)
    to = {"discharged": "discharged_early", "deceased": "deceased"}.get(fate)
    if to:
        told = api.by("dr=iop-evening/clinician", "POST", f"/people/{person}/transitions", {"to": to})
        assert told.status < 300, told.text


def answers(api: FamilyApi, tie_id: str) -> list[tuple[str, int, str, tuple[str, ...]]]:
    """Return what each of a supporter's doors answers: status, body and headers, but for what is new each time."""
    asked: list[tuple[str, str, object]] = [
        ("GET", "/supporting", None),
        ("GET", f"/supporting/{tie_id}", None),
        ("GET", "/supporter/update", None),
        ("GET", "/supporter", None),
        ("POST", f"/supporting/{tie_id}/concerns", {"worry": "soon", "text": "Hm."}),
        ("POST", f"/supporting/{tie_id}/concerns", {"worry": "danger"}),
        ("POST", f"/supporting/{tie_id}/help", None),
        ("POST", f"/supporting/{tie_id}/help-now", None),
        ("POST", "/supporting/codes", {"token": api.link(tie_id)}),
        ("POST", "/supporting", {"token": api.link(tie_id), "code": 123_456, "timeZone": "UTC"}),
        ("GET", f"/supporting/{tie_id}", None),
        ("GET", "/supporter/update", None),
        ("DELETE", f"/supporting/{tie_id}", None),
        ("GET", "/supporting", None),
        ("GET", f"/supporting/{tie_id}", None),
    ]
    found = []
    for method, path, body in asked:
        told = api.kin("rosa", method, path, body)
        text = re.sub(r"[0-9a-f]{32}", "ID", told.text)
        text = re.sub(r'"instance": ?"[^"]*"', "", text)
        headers = tuple(sorted(name for name in told.headers if name != "X-Correlation-Id"))
        found.append((f"{method} {path}".replace(tie_id, "ID"), told.status, text, headers))
    return found


def test_whatever_became_of_a_person_or_of_what_they_share_a_supporter_is_answered_alike(api: FamilyApi) -> None:
    told: dict[str, list[tuple[str, int, str, tuple[str, ...]]]] = {}
    for number, fate in enumerate(FATES):
        api.at(NOW)
        person = api.person(number, givenName="Ana")
        tie_id = api.supporter(person)
        befall(api, person, tie_id, fate)
        api.at(NOW + 2 * DAY)
        told[fate] = answers(api, tie_id)
        for one in told[fate]:
            assert one[1] < 300 or one[0].startswith("GET /supporting/ID"), (fate, one)

    for fate in FATES:
        for one, same in zip(told[fate], told["never"], strict=True):
            assert one == same, fate


@pytest.mark.parametrize("first", ["removed", "left"])
def test_who_is_a_supporter_once_more_sees_the_person_once(api: FamilyApi, first: str) -> None:
    ana = api.person(1, givenName="Ana")
    old = api.supporter(ana)
    if first == "removed":
        api.own(ana, "DELETE", f"/{old}")
    else:
        api.kin("rosa", "DELETE", f"/supporting/{old}")
    api.at(NOW + MINUTE)
    new = api.supporter(ana)
    api.share(ana, new, What.MILESTONES)
    api.at(NOW + 2 * MINUTE)

    assert [one["id"] for one in api.kin("rosa", "GET", "/supporting").json["items"]] == [new]
    assert [one["person"]["id"] for one in api.kin("rosa", "GET", "/supporter/update").json["people"]] == [new]
    assert api.kin("rosa", "DELETE", f"/supporting/{new}").status == 204
    assert api.kin("rosa", "GET", "/supporting").json == {"items": []}
    assert api.view("rosa", old).kind == "not-found"
