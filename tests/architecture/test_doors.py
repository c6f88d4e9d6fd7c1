"""Every way into Cairn is decided, declared, permitted as little as it needs, and has an event to try it with."""

import ast
import json
import re
from pathlib import Path

import pytest

import app
from chalicelib.edge.http import Door, Doors
from chalicelib.outreach.domain import Channel
from chalicelib.outreach.links import PAGES
from chalicelib.privacy.domain import Public, Role, Rule, SignedIn
from chalicelib.privacy.matrix import MATRIX

ROOT = Path(__file__).parents[2]
CHALICE = json.loads((ROOT / ".chalice/config.json").read_text(encoding="utf-8"))
FUNCTIONS = {
    "escalate",
    "tick",
    "deliver",
    "sweep",
    "import_roster",
    "fan_out",
    "make_report",
    "achieve",
    "record_receipt",
    "operate",
}
PUBLIC = {
    ("GET", "/a/{token}"),
    ("POST", "/a/{token}"),
    ("GET", "/c/{token}"),
    ("POST", "/c/{token}"),
    ("GET", "/confirm/{token}"),
    ("POST", "/confirm/{token}"),
    ("GET", "/h/{token}"),
    ("GET", "/i/{token}"),
    ("GET", "/m/{token}"),
    ("POST", "/m/{token}"),
    ("GET", "/n/{token}"),
    ("POST", "/help"),
    ("POST", "/me/help"),
    ("POST", "/receipts/{token}"),
    ("GET", "/calendar/{token}"),
    ("GET", "/consent-texts/{scope}"),
    ("GET", "/help-resources"),
    ("GET", "/openapi.json"),
    ("GET", "/u/{token}"),
    ("POST", "/u/{token}"),
    ("GET", "/w/{token}"),
    ("POST", "/w/{token}"),
}
"""Whoever adds to this list says why in the door's own ``Public``, and to a reviewer."""


def door_id(door: Door) -> str:
    return f"{door.method} {door.path}"


@pytest.mark.parametrize("page", [f"/{path}/{{token}}" for path, _ in PAGES.values()])
def test_a_message_leads_to_a_page_that_is_there(page: str) -> None:
    assert "GET" in app.app.routes[page]


def test_every_route_is_a_door_with_a_decision() -> None:
    routes = {(method, path) for path, methods in app.app.routes.items() for method in methods if method != "OPTIONS"}
    decided = {(door.method, door.path) for door in Doors.all if isinstance(door.rule, Rule | SignedIn | Public)}

    assert routes == decided


@pytest.mark.parametrize("path", sorted({door.path for door in Doors.all}))
def test_api_gateway_takes_every_part_of_a_path(path: str) -> None:
    """A parameter is a whole part, with nothing before or after it; Chalice's test client doesn't mind."""
    for part in path.removeprefix("/").split("/"):
        assert re.fullmatch(r"\{\w+\}|[A-Za-z0-9._:-]+", part), part


def test_only_these_doors_are_open_to_anybody() -> None:
    assert {(door.method, door.path) for door in Doors.all if isinstance(door.rule, Public)} == PUBLIC


def test_only_these_doors_are_open_to_whoever_signed_in() -> None:
    open_to_them = {(door.method, door.path) for door in Doors.all if isinstance(door.rule, SignedIn)}

    assert open_to_them == {("GET", "/me"), ("GET", "/me/crisis")}


@pytest.mark.parametrize("door", Doors.all, ids=door_id)
def test_a_door_is_decided_by_what_its_path_names(door: Door) -> None:
    if isinstance(door.rule, Public | SignedIn):
        assert not re.search(r"\{(person|programme)_id\}", door.path)
        assert len(door.rule.reason) > 20
        return
    named = set(re.findall(r"\{(\w+)\}", door.path))
    for name in ("person_id", "programme_id"):
        assert (name in named) == (name in {door.rule.subject, door.rule.programme})
    assert door.rule.purpose


@pytest.mark.parametrize("door", [door for door in Doors.all if not isinstance(door.rule, Public)], ids=door_id)
def test_the_gateway_asks_for_a_token_where_the_door_does(door: Door) -> None:
    assert app.app.routes[door.path][door.method].authorizer is not None


def test_every_door_can_be_opened_by_someone() -> None:
    granted = {
        (field, act)
        for role in Role
        for field, allowances in MATRIX[role].items()
        for allowance in allowances
        for act in allowance.acts
    }
    for door in Doors.all:
        if isinstance(door.rule, Rule):
            assert (door.rule.field, door.rule.act) in granted, door_id(door)


def test_every_function_has_an_entry_a_policy_and_an_event() -> None:
    declared = {handler.name for handler in app.app.pure_lambda_functions} | {
        config.name for config in app.app.event_sources
    }

    assert {name.rpartition("-")[2] for name in declared} == FUNCTIONS
    assert set(CHALICE["lambda_functions"]) == FUNCTIONS | {"api_handler"}
    for name, entry in CHALICE["lambda_functions"].items():
        assert (ROOT / ".chalice" / entry["iam_policy_file"]).exists(), name
    assert {file.stem for file in (ROOT / "events").glob("*.json")} >= FUNCTIONS


@pytest.mark.parametrize("file", sorted((ROOT / ".chalice/policies").glob("*.json")), ids=lambda file: file.stem)
def test_no_policy_allows_everything(file: Path) -> None:
    for statement in json.loads(file.read_text(encoding="utf-8"))["Statement"]:
        actions = statement["Action"] if isinstance(statement["Action"], list) else [statement["Action"]]
        assert not [action for action in actions if "*" in action]
        if statement["Resource"] == "*":
            # X-Ray and SES's account have no resources to name, and a telephone has none at SNS.
            named_nowhere = {"ses:GetAccount", "sns:Publish"}
            assert all(action.startswith("xray:") or action in named_nowhere for action in actions), actions


def test_who_may_send_text_messages_may_publish_nothing_else() -> None:
    for file in (ROOT / ".chalice/policies").glob("*.json"):
        statements = json.loads(file.read_text(encoding="utf-8"))["Statement"]
        publishes = [one for one in statements if "sns:Publish" in one["Action"]]
        if any(one["Resource"] == "*" for one in publishes):
            (denied,) = [one for one in publishes if one["Effect"] == "Deny"]
            assert denied["Resource"] == [{"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}]


def test_the_audit_log_is_append_only_by_policy() -> None:
    """Whatever a function may change, it may not change or delete an audit row (45 CFR 164.312(b))."""
    for file in (ROOT / ".chalice/policies").glob("*.json"):
        for statement in json.loads(file.read_text(encoding="utf-8"))["Statement"]:
            keys = json.dumps(statement.get("Condition", {}))
            changes = {"dynamodb:UpdateItem", "dynamodb:DeleteItem"} & set(statement["Action"])
            if changes and statement.get("Effect") == "Allow":
                assert "LeadingKeys" in keys, (file.stem, changes)
                assert "AUDIT" not in keys, (file.stem, changes)


def test_only_outreach_reaches_people() -> None:
    """No other slice knows SES, SNS or a push service."""
    for file in (ROOT / "chalicelib").rglob("*.py"):
        if "outreach" in file.parts:
            continue
        text = file.read_text(encoding="utf-8")
        assert not re.search(r"client\(\s*[\"'](sesv2?|sns|pinpoint)[\"']|http_ece|py_vapid", text), file


def test_a_channel_is_never_logged() -> None:
    """Log lines take ids and counts; an address never goes into ``extra``."""
    private = {field for field in Channel.__dataclass_fields__ if field.startswith("push_")} | {"address", "first_name"}
    for file in (ROOT / "chalicelib").rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and ast.unparse(node.func).startswith("logger."):
                used = {part.attr for part in ast.walk(node) if isinstance(part, ast.Attribute)}
                assert not used & private, (file, node.lineno)
