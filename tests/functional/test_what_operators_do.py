"""Orders from the AWS console, through the function that takes them, on moto."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest

import app
from chalicelib.outreach import wiring
from chalicelib.outreach.switch import DynamoSwitch, switch
from chalicelib.privacy.domain import ALL_PROGRAMMES, Act, Action, Field
from chalicelib.privacy.store import DynamoAuditLog
from tests.build import utc
from tests.conftest import Clock

pytestmark = pytest.mark.usefixtures("aws")

EVENTS = Path(__file__).parents[2] / "events"
NINE = utc("2026-11-25T14:00")


@dataclass(frozen=True)
class Context:
    aws_request_id: str = "r-1"


@pytest.fixture(autouse=True)
def at_nine(clock: Clock) -> None:
    clock.set(NINE)
    switch.cache_clear()


def order(**event: Any) -> dict[str, Any]:
    done: dict[str, Any] = app.operate(event, Context())
    return done


def saved(name: str) -> dict[str, Any]:
    event: dict[str, Any] = json.loads((EVENTS / f"{name}.json").read_text(encoding="utf-8"))
    return event


def test_outreach_runs_before_anybody_turned_the_switch() -> None:
    shown = order(**saved("operate"))

    assert shown["outreach"] == "running"
    assert shown["since"] is None


def test_the_saved_events_pause_outreach_and_let_it_go_on() -> None:
    paused = order(**saved("operate_pause"))

    assert paused["changed"]
    assert DynamoSwitch().paused(NINE)
    shown = order(do="status", by="ben")
    assert shown["outreach"] == "paused, but for crisis pages"
    assert (shown["by"], shown["why"]) == ("ana@care.example", saved("operate_pause")["why"])
    assert shown["since"].startswith("2026-11-25T14:00:0")

    order(**saved("operate_resume"))

    assert not DynamoSwitch().paused(NINE)


def test_what_is_so_already_is_said_and_not_done_again() -> None:
    order(do="pause", by="ana", why="wrong template")

    again = order(do="pause", by="ben", why="me too")

    assert not again["changed"]
    assert again["by"] == "ana"


def test_every_order_is_in_the_audit_log_with_who_gave_it_and_why() -> None:
    order(do="pause", by="ana", why="wrong template")
    order(do="status", by="ben")

    events = DynamoAuditLog().events([ALL_PROGRAMMES], month="2026-11", before=None, limit=10)

    assert {(event.actor, event.action, event.purpose) for event in events} == {
        ("operator:ana", Action.WRITE, "pause outreach: wrong template"),
        ("operator:ben", Action.READ, "see whether outreach runs"),
    }
    assert {(event.field, event.asked, event.request_id) for event in events} == {
        (Field.MESSAGES, Act.WRITE, "r-1"),
        (Field.MESSAGES, Act.READ, "r-1"),
    }


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ({}, {"body"}),
        ({"do": "explode", "by": "ana"}, {"body"}),
        ({"do": "pause", "why": "wrong template"}, {"pause.by"}),
        ({"do": "pause", "by": "ana"}, {"pause.why"}),
        ({"do": "pause", "by": "ana", "why": " "}, {"pause.why"}),
        ({"do": "pause", "by": "ana\nben", "why": "wrong template"}, {"pause.by"}),
        ({"do": "status", "by": "ana", "programme": "iop"}, {"status.programme"}),
    ],
)
def test_an_order_that_can_not_be_read_changes_nothing_and_names_the_field(
    event: dict[str, Any], fields: set[str]
) -> None:
    answer = order(**event)

    assert {fault["field"] for fault in answer["refused"]} == fields
    assert DynamoSwitch().position() is None
    assert not DynamoAuditLog().events([ALL_PROGRAMMES], month="2026-11", before=None, limit=10)


def test_who_ordered_and_why_stay_out_of_the_log(log: Callable[[], list[dict[str, object]]]) -> None:
    order(do="pause", by="ana", why="wrong template")

    written = log()

    assert [line["do"] for line in written if line.get("message") == "operate"] == ["pause"]
    assert not [line for line in written if "ana" in json.dumps(line) or "template" in json.dumps(line)]


def test_a_pause_is_published_each_minute_so_that_nobody_forgets_it(
    log: Callable[[], list[dict[str, object]]],
) -> None:
    boto3.client("sqs").create_queue(QueueName="cairn-deliver")
    tick = json.loads((EVENTS / "tick.json").read_text(encoding="utf-8"))
    wiring.ticking.cache_clear()
    app.tick(tick, None)
    order(do="pause", by="ana", why="wrong template")
    switch.cache_clear()
    wiring.ticking.cache_clear()
    app.tick(tick, None)
    wiring.ticking.cache_clear()

    assert [line["Paused"] for line in log() if "Paused" in line] == [[0], [1]]
