import logging
from datetime import timedelta
from typing import Any

import pytest
from chalice.test import Client

from chalicelib.edge.http import Asked
from chalicelib.privacy.domain import Act, Action, Field, Role
from tests import toy
from tests.toy import NOW, Told, Toy

A_STONE = {"kind": "flint", "weightGrams": 3}


@pytest.fixture
def app() -> Toy:
    toy.laid.clear()
    return Toy()


def read(app: Toy, **more: Any) -> Told:
    person_id = more.pop("person_id", "p1")
    return app.send("GET", f"/people/{person_id}/stone", door="/people/{person_id}/stone", person_id=person_id, **more)


def edit(app: Toy, body: Any = A_STONE, **more: Any) -> Told:
    headers = {"If-Match": '"7"'} | more.pop("headers", {})
    headers = {name: value for name, value in headers.items() if value is not None}
    return app.send(
        "PUT",
        "/people/p1/stone",
        door="/people/{person_id}/stone",
        person_id="p1",
        body=body,
        headers=headers,
        **more,
    )


def lay(app: Toy, body: Any = A_STONE, *, key: str | None = None, **more: Any) -> Told:
    return app.send(
        "POST",
        "/people/p1/stones",
        door="/people/{person_id}/stones",
        person_id="p1",
        body=body,
        headers={"Idempotency-Key": key} if key else {},
        **more,
    )


def page(app: Toy, **query: str) -> Told:
    return app.send(
        "GET",
        "/people/p1/stones",
        door="/people/{person_id}/stones",
        person_id="p1",
        query={name: [value] for name, value in query.items()} or None,
    )


@pytest.mark.filterwarnings("ignore:CognitoUserPoolAuthorizer")  # Chalice's client lets everybody through; Cairn not
def test_the_whole_way_through_chalices_own_client(app: Toy) -> None:
    token = (
        "participant.eyJjb2duaXRvOnVzZXJuYW1lIjogIngifQ."  # Chalice's client reads a token's claims, and believes them.
    )
    with Client(app.app) as client:
        response = client.http.get("/people/p1/stone", headers={"Authorization": f"Bearer {token}"})

    assert (response.status_code, response.json_body) == (
        200,
        {"kind": "full of p1", "weightGrams": 3, "foundOn": None},
    )


def test_what_is_shown_has_its_version_as_a_strong_etag(app: Toy) -> None:
    assert read(app).headers["ETag"] == '"7"'


def test_the_access_is_written_down_with_the_correlation_id_before_the_answer(app: Toy) -> None:
    told = read(app, headers={"X-Correlation-Id": "a-callers-own-id"})

    assert told.headers["X-Correlation-Id"] == "a-callers-own-id"
    (event,) = app.audit.written
    assert (event.action, event.field, event.subject) == (Action.READ, Field.PROFILE, "p1")
    assert (event.request_id, event.at) == ("a-callers-own-id", NOW)


@pytest.mark.parametrize("given", ["short", "with space in it", "x" * 101, "line\nbreak-in-it", "{}<script>"])
def test_a_correlation_id_that_could_spoil_a_log_is_replaced(app: Toy, given: str) -> None:
    assert read(app, headers={"X-Correlation-Id": given}).headers["X-Correlation-Id"].startswith("id-")


def test_a_gateways_trace_id_is_the_correlation_id_if_the_caller_has_none(app: Toy) -> None:
    root = "1-5759e988-bd862e3fe1be46a994272793"

    told = read(app, headers={"X-Amzn-Trace-Id": f"Root={root};Parent=53995c3f42cd8ad8;Sampled=1"})

    assert told.headers["X-Correlation-Id"] == root


def test_a_tokens_expiry_is_judged_by_the_real_clock(app: Toy) -> None:
    app.real_now = NOW - timedelta(hours=9)

    read(app)

    assert app.tokens.asked_at == [app.real_now]


def test_without_a_token_nothing_is_decided(app: Toy) -> None:
    told = read(app, role=None)

    assert (told.status, told.kind, told.headers["WWW-Authenticate"]) == (401, "unauthorised", "Bearer")
    assert app.audit.written == []


def test_a_role_that_may_know_but_not_do_is_forbidden(app: Toy) -> None:
    told = edit(app, role=Role.CLINICIAN)

    assert (told.status, told.kind) == (403, "forbidden")
    assert [(event.action, event.asked) for event in app.audit.written] == [(Action.DENY, Act.WRITE)]


def test_another_persons_id_and_an_unknown_one_get_the_same_answer(app: Toy) -> None:
    app.standings.people["p2"] = app.standings.people["p1"]

    someone, nobody = read(app, person_id="p2"), read(app, person_id="p3")

    assert (someone.status, nobody.status) == (404, 404)
    assert {**someone.json, "instance": ""} == {**nobody.json, "instance": ""}


@pytest.mark.parametrize("person_id", ["p1#x", "p1/../p2", "%00", "p 1", "é", "x" * 600, "'; drop", ""])
def test_an_id_that_none_of_ours_looks_like_never_gets_near_a_key(app: Toy, person_id: str) -> None:
    told = read(app, person_id=person_id)

    assert (told.status, told.kind) == (404, "not-found")
    assert app.audit.written == []


def test_what_can_not_be_written_down_is_not_shown(app: Toy) -> None:
    app.audit.is_down = True

    told = read(app)

    assert (told.status, told.kind, told.headers["Retry-After"]) == (503, "audit-unavailable", "5")


@pytest.mark.parametrize(
    ("body", "status", "kind"),
    [
        ("{", 400, "malformed"),
        ("", 400, "malformed"),
        ("\x00", 400, "malformed"),
        ("[" * 5000, 400, "malformed"),
        ("null", 422, "invalid"),
        ("[]", 422, "invalid"),
        ({"kind": "flint"}, 422, "invalid"),
        ({**A_STONE, "colour": "grey"}, 422, "invalid"),
        ({**A_STONE, "weightGrams": "3"}, 422, "invalid"),
        ({**A_STONE, "weightGrams": 3.5}, 422, "invalid"),
        ({**A_STONE, "weightGrams": True}, 422, "invalid"),
        ({"kind": "flint", "weight_grams": 3}, 422, "invalid"),
        ({**A_STONE, "foundOn": "2026-02-30"}, 422, "invalid"),
        ({**A_STONE, "kind": ""}, 422, "invalid"),
        ({**A_STONE, "kind": "x" * 70_000}, 413, "too-large"),
    ],
)
def test_a_body_that_can_not_be_taken_is_refused_with_the_right_status(
    app: Toy, body: Any, status: int, kind: str
) -> None:
    told = lay(app, body)

    assert (told.status, told.kind) == (status, kind)
    assert toy.laid == []


def test_every_fault_is_named_as_the_caller_wrote_it_and_without_the_value(app: Toy) -> None:
    told = lay(app, {"kind": "", "weightGrams": "my secret", "colour": "my secret"})

    assert {fault["field"]: fault["reason"] for fault in told.json["errors"]} == {
        "kind": "String should have at least 1 character",
        "weightGrams": "Input should be a valid integer",
        "colour": "is not a known field",
    }
    assert "secret" not in told.text


@pytest.mark.parametrize("given", ["text/plain", "application/x-www-form-urlencoded", "application/jsonx"])
def test_a_body_of_another_kind_is_refused(app: Toy, given: str) -> None:
    told = edit(app, headers={"Content-Type": given})

    assert (told.status, told.kind, told.headers["Accept"]) == (415, "unsupported-media-type", "application/json")


def test_a_body_comes_as_json_unless_it_says_otherwise(app: Toy) -> None:
    assert edit(app, headers={"Content-Type": "Application/JSON; charset=UTF-8"}).status == 200
    assert edit(app, headers={"Content-Type": None}).status == 200


def test_access_is_decided_before_the_body_is_looked_at(app: Toy) -> None:
    assert lay(app, "{", role=Role.SUPPORTER).status == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [("id,name\n1,Ñandú\n", 202), ("x" * 5 * 1024 * 1024, 202), ("x" * (5 * 1024 * 1024 + 1), 413)],
)
def test_a_table_may_be_larger_than_json(app: Toy, body: str, status: int) -> None:
    told = app.send("POST", "/heaps", body=body, headers={"Content-Type": "text/csv; charset=utf-8"}, role=None)

    assert told.status == status


def test_a_table_that_is_not_utf_8_is_refused(app: Toy) -> None:
    event: dict[str, Any] = {
        "path": "/heaps",
        "headers": {"content-type": "text/csv"},
        "multiValueQueryStringParameters": None,
        "pathParameters": None,
        "stageVariables": None,
        "body": "/////w==",
        "isBase64Encoded": True,
        "requestContext": {"httpMethod": "POST", "resourcePath": "/heaps"},
    }

    told = Told(app.app(event, None))

    assert (told.status, told.kind) == (400, "malformed")


@pytest.mark.parametrize(
    ("if_match", "status", "kind"),
    [
        (None, 428, "precondition-required"),
        ("7", 400, "bad-if-match"),
        ('W/"7"', 400, "bad-if-match"),
        ('"07"', 400, "bad-if-match"),
        ('"7", "8"', 400, "bad-if-match"),
        ("*", 400, "bad-if-match"),
        ('"6"', 412, "stale"),
    ],
)
def test_an_edit_must_say_which_version_it_builds_on(app: Toy, if_match: str | None, status: int, kind: str) -> None:
    told = edit(app, headers={"If-Match": if_match})

    assert (told.status, told.kind) == (status, kind)


def test_an_edit_of_the_present_version_answers_with_the_next(app: Toy) -> None:
    told = edit(app)

    assert (told.status, told.headers["ETag"], told.json["kind"]) == (200, '"8"', "flint")


def test_asking_twice_with_one_key_acts_once_and_answers_the_same(app: Toy) -> None:
    first, again = lay(app, key="key-1"), lay(app, key="key-1")

    assert toy.laid == ["flint"]
    assert (again.status, again.text, again.headers["Location"]) == (201, first.text, "/stones/1")
    assert "Idempotency-Replayed" not in first.headers
    assert again.headers["Idempotency-Replayed"] == "true"


def test_a_quoted_key_is_the_same_key(app: Toy) -> None:
    lay(app, key='"key-1"')
    lay(app, key="key-1")

    assert toy.laid == ["flint"]


def test_one_key_for_two_different_requests_is_refused(app: Toy) -> None:
    lay(app, key="key-1")

    told = lay(app, {**A_STONE, "kind": "slate"}, key="key-1")

    assert (told.status, told.kind) == (422, "idempotency-key-reused")


def test_a_key_whose_request_failed_is_free_again(app: Toy) -> None:
    assert lay(app, {**A_STONE, "kind": "pumice"}, key="key-1").status == 409

    assert lay(app, key="key-1").status == 201


def test_two_people_may_use_the_same_key(app: Toy) -> None:
    lay(app, key="key-1")

    assert lay(app, key="key-1", role=Role.CASE_MANAGER).status == 201
    assert toy.laid == ["flint", "flint"]


@pytest.mark.parametrize("key", ["a b", "ä", "x" * 256, '""'])
def test_a_key_that_is_none_is_refused(app: Toy, key: str) -> None:
    assert lay(app, key=key).kind == "bad-idempotency-key"


def test_without_a_key_every_request_acts(app: Toy) -> None:
    lay(app)
    lay(app)

    assert toy.laid == ["flint", "flint"]


def test_pages_lead_from_one_to_the_next_until_there_is_no_more(app: Toy) -> None:
    first = page(app)
    assert [len(first.json["items"]), first.json["items"][0]["weightGrams"]] == [25, 1]

    seen, told = [stone["weightGrams"] for stone in first.json["items"]], first
    while told.json["next"]:
        path, _, cursor = told.json["next"].partition("?cursor=")
        assert path == "/people/p1/stones"
        told = page(app, cursor=cursor)
        seen += [stone["weightGrams"] for stone in told.json["items"]]

    assert seen == list(range(1, 61))


def test_the_next_page_is_as_long_as_the_first(app: Toy) -> None:
    assert page(app, limit="10").json["next"].startswith("/people/p1/stones?limit=10&cursor=")


@pytest.mark.parametrize(
    ("query", "kind"),
    [
        ({"limit": "0"}, "bad-query"),
        ({"limit": "101"}, "bad-query"),
        ({"limit": "many"}, "bad-query"),
        ({"colour": "grey"}, "bad-query"),
        ({"cursor": ""}, "bad-cursor"),
        ({"cursor": "?"}, "bad-cursor"),
        ({"cursor": "é"}, "bad-cursor"),
        ({"cursor": "U1RPTkUj_w"}, "bad-cursor"),
        ({"cursor": "UEVSU09OI3Ay"}, "bad-cursor"),
        ({"cursor": "x" * 800}, "bad-query"),
    ],
)
def test_a_query_that_no_door_gave_is_refused(app: Toy, query: dict[str, str], kind: str) -> None:
    told = page(app, **query)

    assert (told.status, told.kind) == (400, kind)


def test_a_parameter_given_twice_is_refused(app: Toy) -> None:
    told = app.send(
        "GET",
        "/people/p1/stones",
        door="/people/{person_id}/stones",
        person_id="p1",
        query={"limit": ["1", "2"]},
    )

    assert (told.status, told.kind) == (400, "bad-query")


def test_a_door_without_a_query_takes_none(app: Toy) -> None:
    assert read(app, query={"debug": ["1"]}).kind == "bad-query"


def test_a_broken_rule_names_the_field(app: Toy) -> None:
    told = app.send("POST", "/rules", role=None)

    assert (told.status, told.kind) == (422, "invalid")
    assert told.json["errors"] == [{"field": "zone", "reason": "is no zone of the tz database"}]


def test_a_fault_of_ours_tells_nothing_and_logs_no_text_of_the_exception(
    app: Toy, caplog: pytest.LogCaptureFixture, capfd: pytest.CaptureFixture[str]
) -> None:
    with caplog.at_level(logging.INFO):
        told = app.send("GET", "/broken", role=None)

    assert (told.status, told.kind) == (500, "unexpected")
    assert "ZeroDivision" not in told.text
    (record,) = [record for record in caplog.records if record.message == "unexpected error"]
    assert vars(record)["error"] == "ZeroDivisionError"
    assert vars(record)["at"][-1].startswith("break_it:")
    printed = "".join(capfd.readouterr())
    assert "patient's name" not in printed + caplog.text + str([vars(record) for record in caplog.records])
    assert '"UnexpectedErrors":[1.0]' in printed


@pytest.mark.parametrize(
    ("method", "path", "status", "kind"),
    [
        ("GET", "/nowhere", 404, "not-found"),
        ("GET", "/heaps", 405, "method-not-allowed"),
        ("BREW", "/heaps", 405, "method-not-allowed"),
    ],
)
def test_what_chalice_refuses_by_itself_is_a_problem_too(
    app: Toy, method: str, path: str, status: int, kind: str
) -> None:
    told = app.send(method, path)

    assert (told.status, told.kind) == (status, kind)
    assert path in app.app.routes or status == 404


def test_a_405_says_what_is_allowed(app: Toy) -> None:
    assert app.send("GET", "/heaps").headers["Allow"] == "POST, OPTIONS"


def test_an_event_that_is_no_request_is_answered_and_not_crashed_on(app: Toy) -> None:
    assert Told(app.app({}, None)).status == 404


@pytest.mark.parametrize("path", ["/nowhere", "/broken", "/page/{token}"])
def test_every_answer_is_safe_to_receive(app: Toy, path: str) -> None:
    headers = app.send("GET", path.format(token="abc"), door=path, token="abc").headers

    assert headers["Cache-Control"] == "no-store"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Access-Control-Allow-Origin"] == "https://app.example.org"
    assert headers["Strict-Transport-Security"].startswith("max-age=")


def test_a_page_may_have_a_content_security_policy_of_its_own(app: Toy) -> None:
    told = app.send("GET", "/page/abc", door="/page/{token}", token="abc", role=None)

    assert (told.text, told.headers["Content-Security-Policy"]) == ("<p>3</p>", "self")
    assert told.headers["Content-Type"] == "text/html; charset=utf-8"


def test_a_link_that_was_mangled_or_added_to_on_its_way_still_reaches_its_page(app: Toy) -> None:
    added = {"fbclid": ["x", "y"], "utm_source": ["mail"]}

    told = app.send("GET", "/page/abc)%", door="/page/{token}", token="abc)%", role=None, query=added)

    assert (told.status, told.text) == (200, "<p>5</p>")


def test_a_browser_may_ask_first_and_is_told_what_the_address_takes(app: Toy) -> None:
    told = app.send("OPTIONS", "/people/p1/stone", door="/people/{person_id}/stone", person_id="p1", role=None)

    assert (told.status, told.text) == (204, "")
    assert told.headers["Access-Control-Allow-Methods"] == "GET, OPTIONS, PUT"
    assert "If-Match" in told.headers["Access-Control-Allow-Headers"]


def test_the_log_has_the_door_as_declared_and_never_the_address_as_sent(
    app: Toy, caplog: pytest.LogCaptureFixture
) -> None:
    with caplog.at_level(logging.INFO):
        read(app)

    (record,) = [vars(record) for record in caplog.records if record.message == "answered"]
    assert (record["door"], record["status"]) == ("/people/{person_id}/stone", 200)
    assert "p1" not in str(record)


def test_a_public_door_has_neither_an_actor_nor_a_grant() -> None:
    asked = Asked(now=NOW, correlation_id="id", path="/", source_ip="192.0.2.1")

    with pytest.raises(LookupError):
        _ = asked.who
    with pytest.raises(LookupError):
        _ = asked.granted
