"""The API as its clients meet it: real sign-ins at the real gateway, bad input, retries and edits."""

import base64
import json
import secrets
from typing import Any

import pytest

from tests.emulator.local_stack import OPERATOR, Answer, Stack

pytestmark = pytest.mark.emulator

PEOPLE = "/programmes/iop-evening/people"
LIMIT = 10 * 1000 * 1000


def newcomer(**changes: Any) -> dict[str, Any]:
    """Return somebody to enrol whom no other test knows, and whom nothing is ever sent."""
    return {
        "externalId": f"NEW-{secrets.token_hex(8)}",
        "givenName": "Noor",
        "familyName": "Haddad",
        "timeZone": "America/Chicago",
        "language": "en",
        "admittedOn": "2026-11-20",
        **changes,
    }


@pytest.fixture(scope="module")
def operator(stack: Stack) -> str:
    """Give the access token of who runs the demo."""
    return stack.sign_in(OPERATOR)["AccessToken"]


def test_an_access_token_opens_what_its_role_may_see(stack: Stack) -> None:
    answer = stack.call("GET", f"{PEOPLE}?limit=1", token=stack.token("clinician"))

    assert answer.status == 200
    assert answer.headers["Cache-Control"] == "no-store"
    assert len(answer.json["items"]) == 1


def test_a_day_further_than_a_year_off_is_refused_by_name(stack: Stack) -> None:
    clinician = stack.token("clinician")

    for on in ("0001-01-01", "9999-12-31", "2026-02-30"):
        answer = stack.call("GET", f"/programmes/iop-evening/check-ins?on={on}", token=clinician)
        assert answer.status in {400, 422}
        assert answer.json["errors"][0]["field"] == "on"


def test_anything_but_a_good_access_token_is_refused(stack: Stack) -> None:
    given = stack.sign_in(OPERATOR)
    access = given["AccessToken"]
    head, claims, signature = access.split(".")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    read = json.loads(base64.urlsafe_b64decode(claims + "=" * (-len(claims) % 4)))
    raised = json.dumps({**read, "cognito:groups": ["iop-evening/privacy-officer"]}).encode()
    changed = base64.urlsafe_b64encode(raised).decode().rstrip("=")
    bad = {
        "absent": None,
        "empty": "",
        "no token": "hello",
        "id token": given["IdToken"],
        "refresh token": given["RefreshToken"],
        "other claims": f"{head}.{changed}.{signature}",
        "other signature": f"{head}.{claims}.{signature[:-8]}{'A' * 8}",
        "unsigned": f"{unsigned}.{claims}.",
    }

    assert stack.call("GET", PEOPLE, token=access).status == 200
    answers = {why: stack.call("GET", PEOPLE, token=token) for why, token in bad.items()}

    assert {why: answer.status for why, answer in answers.items()} == dict.fromkeys(bad, 401)
    assert {why: answer.problem for why, answer in answers.items()} == dict.fromkeys(bad, "unauthorised")


def test_somebody_else_s_record_looks_like_one_that_is_not_there(stack: Stack, operator: str) -> None:
    mine, other, *_ = stack.call("GET", f"{PEOPLE}?limit=100", token=operator).json["items"]
    token = stack.token_of(mine["externalId"])

    own = stack.call("GET", f"/people/{mine['personId']}", token=token)
    theirs = stack.call("GET", f"/people/{other['personId']}", token=token)
    nobodys = stack.call("GET", f"/people/{'0' * 32}", token=token)

    assert (own.status, theirs.status, nobodys.status) == (200, 404, 404)
    assert own.json["externalId"] == mine["externalId"]
    assert {**theirs.json, "instance": ""} == {**nobodys.json, "instance": ""}
    assert theirs.problem == "not-found"


def test_a_role_in_one_programme_is_none_in_another(stack: Stack) -> None:
    token = stack.token("clinician", "iop-evening")

    for path in ("people", "check-ins", "crises", "audit"):
        there = stack.call("GET", f"/programmes/iop-morning/{path}", token=token)
        nowhere = stack.call("GET", f"/programmes/no-such-programme/{path}", token=token)
        assert there.status in {403, 404}, path
        assert there.problem in {"forbidden", "not-found"}
        assert {**there.json, "instance": ""} == {**nowhere.json, "instance": ""}


def test_a_clinician_enrols_nobody(stack: Stack) -> None:
    assert stack.call("POST", PEOPLE, token=stack.token("clinician"), json_=newcomer()).problem == "forbidden"


@pytest.mark.parametrize(
    ("body", "status", "kind", "field"),
    [
        ('{"externalId": ', 400, "malformed", None),
        (b"\xff\xfe", 400, "malformed", None),
        ("", 400, "malformed", None),
        ("[]", 422, "invalid", "body"),
        (json.dumps(newcomer(shoeSize=43)), 422, "invalid", "shoeSize"),
        (json.dumps(newcomer(givenName=7)), 422, "invalid", "givenName"),
        (json.dumps(newcomer(emailAttested="yes")), 422, "invalid", "emailAttested"),
        (json.dumps(newcomer(admittedOn="2026-02-30")), 422, "invalid", "admittedOn"),
        (json.dumps(newcomer(timeZone="EST5EDT4")), 422, "invalid", "timeZone"),
        (json.dumps(newcomer(email="not-an-address")), 422, "invalid", "email"),
        (json.dumps({"givenName": "Noor"}), 422, "invalid", "externalId"),
    ],
)
def test_bad_input_is_named_and_never_repeated(
    stack: Stack, operator: str, body: str | bytes, status: int, kind: str, field: str | None
) -> None:
    answer = stack.call("POST", PEOPLE, token=operator, body=body, headers={"Content-Type": "application/json"})

    assert (answer.status, answer.problem) == (status, kind)
    if field:
        assert field in {error["field"] for error in answer.json["errors"]}
    assert "not-an-address" not in answer.text


@pytest.mark.parametrize(
    ("path", "media_type"),
    [(PEOPLE, "application/json"), ("/imports", "text/csv"), ("/c/broken", "application/x-www-form-urlencoded")],
)
@pytest.mark.parametrize("size", [LIMIT, 10 * 1024 * 1024 + 1], ids=["10 MB", "over the gateway's limit"])
def test_a_body_of_ten_megabytes_is_too_large_everywhere(
    stack: Stack, operator: str, path: str, media_type: str, size: int
) -> None:
    answer = stack.call("POST", path, token=operator, body=b"1" * size, headers={"Content-Type": media_type})

    assert (answer.status, answer.problem) == (413, "too-large")


def test_other_mistakes_have_their_own_answers(stack: Stack, operator: str) -> None:
    def ask(method: str, path: str, **more: Any) -> tuple[int, str]:
        answer = stack.call(method, path, token=operator, **more)
        return answer.status, answer.problem

    assert ask("POST", PEOPLE, body="a=b", headers={"Content-Type": "text/plain"}) == (415, "unsupported-media-type")
    assert ask("GET", f"{PEOPLE}?limit=0") == (400, "bad-query")
    assert ask("GET", f"{PEOPLE}?page=2") == (400, "bad-query")
    assert ask("GET", f"{PEOPLE}?cursor=bm8") == (400, "bad-cursor")
    assert ask("GET", "/no/such/address") == (404, "not-found")
    assert ask("GET", f"/people/{'0' * 32}") == (404, "not-found")
    assert ask("DELETE", PEOPLE)[0] in {404, 405}


def test_the_same_key_creates_once_and_gives_the_same_answer_again(stack: Stack, operator: str) -> None:
    key = {"Idempotency-Key": secrets.token_hex(16)}
    somebody = newcomer()

    first = stack.call("POST", PEOPLE, token=operator, json_=somebody, headers=key)
    again = stack.call("POST", PEOPLE, token=operator, json_=somebody, headers=key)
    another = stack.call("POST", PEOPLE, token=operator, json_=newcomer(), headers=key)
    unkeyed = stack.call("POST", PEOPLE, token=operator, json_=somebody)

    assert (first.status, again.status) == (201, 201)
    assert again.json == first.json
    assert again.headers["Location"] == first.headers["Location"]
    assert again.headers["Idempotency-Replayed"] == "true"
    assert "Idempotency-Replayed" not in first.headers
    assert (another.status, another.problem) == (422, "idempotency-key-reused")
    assert (unkeyed.status, unkeyed.problem) == (409, "conflict")


def test_an_edit_builds_on_the_version_that_was_read(stack: Stack, operator: str) -> None:
    path = "/programmes/iop-couples"
    read = stack.call("GET", path, token=operator).headers["ETag"]

    def edit(**headers: str) -> Answer:
        # What it is already, so that nothing changes but the version.
        return stack.call("PATCH", path, token=operator, json_={"caseload": "shared"}, headers=headers)

    mine, late = edit(**{"If-Match": read}), edit(**{"If-Match": read})
    blind, nonsense = edit(), edit(**{"If-Match": "*"})

    assert mine.status == 200, mine
    assert mine.headers["ETag"] != read
    assert (late.status, late.problem) == (412, "stale")
    assert (blind.status, blind.problem) == (428, "precondition-required")
    assert (nonsense.status, nonsense.problem) == (400, "bad-if-match")
    assert stack.call("GET", path, token=operator).headers["ETag"] == mine.headers["ETag"]


def test_the_api_describes_itself_to_everybody(stack: Stack) -> None:
    answer = stack.call("GET", "/openapi.json")

    assert answer.status == 200
    assert answer.json["openapi"].startswith("3.1")
    assert "/people/{person_id}" in answer.json["paths"]


def test_the_web_client_s_origin_alone_may_read_answers(stack: Stack) -> None:
    asked = {
        "Origin": stack.api,
        "Access-Control-Request-Method": "PATCH",
        "Access-Control-Request-Headers": "authorization,if-match",
    }

    answer = stack.call("OPTIONS", f"/people/{'0' * 32}", headers=asked)

    assert answer.status in {200, 204}
    assert answer.headers["Access-Control-Allow-Origin"] == stack.api
    assert "if-match" in answer.headers["Access-Control-Allow-Headers"].lower()
