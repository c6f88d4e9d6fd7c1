"""Orders from the AWS console, through the function that takes them, on moto."""

import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.edge.ids import new_id
from chalicelib.edge.log import flush
from chalicelib.enrollment import service
from chalicelib.enrollment.changing import Marker
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import CheckInPreference, Person
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.service import Enrolment
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach import parking, wiring
from chalicelib.outreach.categories import shard_of
from chalicelib.outreach.domain import DetailLevel, Due
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.parking import park
from chalicelib.outreach.recurrence import DAYS
from chalicelib.outreach.store import DueItem, DynamoDues, DynamoParking, ParkedItem, due_item
from chalicelib.outreach.switch import DynamoSwitch, switch
from chalicelib.privacy.domain import ALL_PROGRAMMES, Act, Action, Field
from chalicelib.privacy.store import DynamoAuditLog
from tests.build import PERSON, a_due, a_schedule, utc
from tests.conftest import Clock, client_of

pytestmark = pytest.mark.usefixtures("aws")

EVENTS = Path(__file__).parents[2] / "events"
NINE = utc("2026-11-25T14:00")


def enrol(person_id: str, programme: Programme) -> None:
    person = Person(
        id=person_id,
        external_id="TBH-1",
        given_name="Ana",
        family_name="Lucía",
        language="en",
        zone="America/New_York",
    )
    service.enrol(
        Enrolment(
            person=person,
            state=State.ACTIVE,
            admitted_on=date(2026, 11, 1),
            email="ana@example.com",
            detail=DetailLevel.DISCREET,
            attested=True,
            consents=(("contact_email", None),),
            check_in=CheckInPreference(at=time(9), days=frozenset(DAYS)),
            marker=Marker(person_id=person_id),
        ),
        programme=programme,
        will=Will(by="staff", via=Via.STAFF),
        now=NINE - timedelta(days=2),
        people=DynamoPeople(),
        new_id=new_id,
    )


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


def set_aside(person: str = PERSON) -> Due:
    due = a_due(a_schedule(person=person))
    park(
        due,
        why="ValueError at compose:12",
        now=NINE - timedelta(minutes=90),
        dues=DynamoDues(),
        ledger=DynamoLedger(),
        parking=DynamoParking(),
    )
    return due


def comes_back(due: Due) -> bool:
    """Say whether the occurrence waits at about the present instant."""
    found = DynamoDues().waiting(NINE, shard_of(due), before=NINE + timedelta(hours=1), limit=9)
    return [row.name for row in found] == [due.name]


def test_what_was_set_aside_is_listed_with_its_reason_and_age() -> None:
    due = set_aside()
    set_aside("0e" * 16)

    shown = order(**saved("operate_parked"))

    assert shown["count"] == 2
    mine = next(one for one in shown["parked"] if one["occurrence"] == due.name)
    assert (mine["why"], mine["ageMinutes"]) == ("ValueError at compose:12", 90)
    assert len(order(do="parked", by="ana", limit=1)["parked"]) == 1


def test_what_was_set_aside_comes_back_once_however_often_it_is_ordered() -> None:
    due = set_aside()
    assert not comes_back(due)

    assert order(**saved("operate_redrive")) == {"broughtBack": 1, "staySetAside": [], "unreadable": []}
    assert order(**saved("operate_redrive")) == {"broughtBack": 0, "staySetAside": [], "unreadable": []}

    assert comes_back(due)
    assert DynamoLedger().get(due.person_id, due.kind, due.on) is None
    assert order(do="parked", by="ana") == {"count": 0, "parked": [], "unreadable": []}


def test_one_occurrence_can_be_brought_back_by_its_name() -> None:
    mine, other = set_aside(), set_aside("0e" * 16)

    assert order(do="redrive", by="ana", names=[mine.name])["broughtBack"] == 1

    assert comes_back(mine)
    assert not comes_back(other)


def test_a_due_row_that_can_not_be_read_is_shown_counted_and_not_brought_back(
    log: Callable[[], list[dict[str, object]]],
) -> None:
    row = due_item(a_due())
    DueItem(row.pk, row.sk, due_at="").save()

    assert not comes_back(a_due())
    flush()

    assert order(do="parked", by="ana") == {"count": 0, "parked": [], "unreadable": [f"{row.pk} {row.sk}"]}
    assert order(**saved("operate_redrive"))["broughtBack"] == 0
    assert [line["Parked"] for line in log() if "Parked" in line] == [[1]]


def test_one_that_can_not_be_read_or_handled_keeps_no_other_set_aside() -> None:
    due, unknown = set_aside(), replace(a_due(), kind="birthday-1")
    DynamoParking().put(parking.Parked(due=unknown, at=NINE, why="KeyError at category_of:1"))
    ParkedItem("PARKED", "0" * 32, row="garbled", due_at="2026-11-25T14:00:00Z", at="", why="x").save()

    shown = order(do="parked", by="ana")
    assert (shown["count"], shown["unreadable"]) == (2, [f"PARKED {'0' * 32}"])

    assert order(**saved("operate_redrive")) == {
        "broughtBack": 1,
        "staySetAside": [unknown.name],
        "unreadable": [f"PARKED {'0' * 32}"],
    }
    assert comes_back(due)


def test_an_occurrence_is_explained_without_saying_whose_it_is() -> None:
    event = saved("operate_explain")
    assert order(**event)["answer"] == "There is no such person."
    due = set_aside()
    programme = Programme(id="iop-evening", name="Evening")
    DynamoProgrammes().add(programme)
    enrol(PERSON, programme)

    told = order(**event)

    assert event["occurrence"] == due.name
    assert told["outcome"] == "failed"
    assert "a fault on our side" in told["answer"]
    assert {step["about"] for step in told["steps"]} >= {"ledger", "schedule", "episode", "consent", "channels", "late"}
    assert not [secret for secret in ("Ana", "Lucía", "example") if secret in json.dumps(told, ensure_ascii=False)]
    events = DynamoAuditLog().events([PERSON], month="2026-11", before=None, limit=10)
    assert {(event.actor, event.action) for event in events} == {("operator:ana@care.example", Action.READ)}


@pytest.mark.parametrize(
    ("event", "fields"),
    [
        ({}, {"do"}),
        ({"do": "explode", "by": "ana"}, {"do"}),
        ({"do": "pause", "why": "wrong template"}, {"by"}),
        ({"do": "pause", "by": "ana"}, {"why"}),
        ({"do": "pause", "by": "ana", "why": " "}, {"why"}),
        ({"do": "pause", "by": "ana\nben", "why": "wrong template"}, {"by"}),
        ({"do": "status", "by": "ana", "programme": "iop"}, {"programme"}),
        ({"do": "parked", "by": "ana", "limit": 0}, {"limit"}),
        ({"do": "redrive", "by": "ana"}, {"names"}),
        ({"do": "redrive", "by": "ana", "names": ["PERSON#x"]}, {"names", "names.0"}),
        ({"do": "explain", "by": "ana", "occurrence": "PERSON#x"}, {"occurrence"}),
        ({"do": "explain", "by": "ana", "occurrence": f"{PERSON}_2026-02-30_check_in"}, {"occurrence"}),
        ({"do": "explain", "by": "ana", "occurrence": f"{PERSON}_2026-11-25_greeting"}, {"occurrence"}),
        *(
            ({"do": "explain", "by": "ana", "occurrence": f"{PERSON}_{on}_check_in"}, {"occurrence"})
            for on in ("0001-01-01", "9999-12-31", "2025-10-20", "2027-12-31")
        ),
    ],
)
def test_an_order_that_can_not_be_read_changes_nothing_and_names_the_field(
    event: dict[str, Any], fields: set[str]
) -> None:
    answer = order(**event)

    assert {fault["field"] for fault in answer["refused"]} == fields
    assert DynamoSwitch().position() is None
    assert not DynamoAuditLog().events([ALL_PROGRAMMES, PERSON], month="2026-11", before=None, limit=10)


def test_who_ordered_and_why_stay_out_of_the_log(log: Callable[[], list[dict[str, object]]]) -> None:
    order(do="pause", by="ana", why="wrong template")

    written = log()

    assert [line["do"] for line in written if line.get("message") == "operate"] == ["pause"]
    assert not [line for line in written if "ana" in json.dumps(line) or "template" in json.dumps(line)]


def test_a_pause_is_published_each_minute_so_that_nobody_forgets_it(
    log: Callable[[], list[dict[str, object]]],
) -> None:
    for queue in ("cairn-deliver", "cairn-page"):
        client_of("sqs").create_queue(QueueName=queue)
    tick = json.loads((EVENTS / "tick.json").read_text(encoding="utf-8"))
    # Ticks have run before: without a watermark the first one looks back over a whole day.
    DynamoDues().advance(datetime.fromisoformat(tick["time"]))
    wiring.ticking.cache_clear()
    app.tick(tick, None)
    order(do="pause", by="ana", why="wrong template")
    switch.cache_clear()
    wiring.ticking.cache_clear()
    app.tick(tick, None)
    wiring.ticking.cache_clear()

    assert [line["Paused"] for line in log() if "Paused" in line] == [[0], [1]]
