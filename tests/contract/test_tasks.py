"""Tasks: one suite for the fake and for DynamoDB, and the doors over the table."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders
from pynamodb.exceptions import TransactWriteError

from app import app
from chalicelib.edge.table import Item
from chalicelib.privacy.domain import Caseload, PersonStanding, Role
from chalicelib.tasks.domain import Kind, State, Task, task_for
from chalicelib.tasks.service import Tasks, do_task
from chalicelib.tasks.store import DynamoTasks
from tests.build import utc
from tests.fakes_tasks import FakeTasks
from tests.toy import NOW, Told, Toy

pytestmark = pytest.mark.usefixtures("aws")

AT = utc("2026-11-24T17:00")


@pytest.fixture(params=[FakeTasks, DynamoTasks])
def tasks(request: pytest.FixtureRequest) -> Tasks:
    found: Tasks = request.param()
    return found


def a_task(*, person: str = "p1", about: str = "mail-1", minutes: int = 0, programme: str = "iop") -> Task:
    return task_for(
        Kind.CONTACT_DETAILS, about, programme_id=programme, person_id=person, at=AT + timedelta(minutes=minutes)
    )


def test_a_task_is_opened_once_for_one_thing(tasks: Tasks) -> None:
    task = a_task()

    assert [tasks.open(task), tasks.open(replace(task, opened_at=AT + timedelta(days=1)))] == [True, False]
    assert tasks.find("p1", task.id) == task
    assert tasks.of_person("p1") == [task]
    assert tasks.find("p2", task.id) is None


def test_another_thing_is_another_task(tasks: Tasks) -> None:
    assert [tasks.open(a_task()), tasks.open(a_task(about="mail-2")), tasks.open(a_task(person="p2"))] == [True] * 3
    assert len(tasks.of_person("p1")) == 2


def test_open_tasks_are_listed_by_when_they_are_due_page_by_page(tasks: Tasks) -> None:
    made = [a_task(person=f"p{number}", minutes=-number) for number in range(5)]
    for task in [*made, a_task(programme="other")]:
        tasks.open(task)

    first, last = tasks.of_programme("iop", state=State.OPEN, after=None, limit=3)
    rest, end = tasks.of_programme("iop", state=State.OPEN, after=last, limit=3)

    assert first + rest == made[::-1]
    assert end is None
    assert tasks.of_programme("iop", state=State.DONE, after=None, limit=3) == ([], None)


def test_what_is_done_leaves_the_open_list_and_is_opened_no_more(tasks: Tasks) -> None:
    task = a_task()
    tasks.open(task)
    done = task.done(by="ana", action="Called; new address taken down.", at=AT + timedelta(hours=1))

    assert [tasks.finish(done), tasks.finish(done)] == [True, False]
    assert not tasks.open(task)
    assert tasks.find("p1", task.id) == done
    assert tasks.of_programme("iop", state=State.OPEN, after=None, limit=9) == ([], None)
    assert tasks.of_programme("iop", state=State.DONE, after=None, limit=9) == ([done], None)


def test_done_tasks_are_listed_latest_first(tasks: Tasks) -> None:
    for number in range(4):
        tasks.open(a_task(about=f"mail-{number}"))
        do_task(
            "p1",
            f"contact_details-mail-{number}",
            by="ana",
            action="Called.",
            now=AT + timedelta(hours=number),
            tasks=tasks,
        )

    first, last = tasks.of_programme("iop", state=State.DONE, after=None, limit=2)
    rest, _ = tasks.of_programme("iop", state=State.DONE, after=last, limit=2)

    assert [task.about for task in first + rest] == ["mail-3", "mail-2", "mail-1", "mail-0"]


class Disturbed:
    """Has the next transactions meet another one over the same items, as DynamoDB says it."""

    def __init__(self, times: int) -> None:
        self.times, self.met = times, 0
        client = Item._get_connection().connection.client  # noqa: SLF001 (our own)
        client.meta.events.register("before-call.dynamodb.TransactWriteItems", self.answer)

    def answer(self, **_: object) -> Any:
        self.met += 1
        if self.met > self.times:
            return None
        reasons = [{"Code": "None"}, {"Code": "TransactionConflict", "Message": "under way"}]
        error = {"Code": "TransactionCanceledException", "Message": "cancelled [None, TransactionConflict]"}
        return AWSResponse("", 400, HTTPHeaders(), None), {
            "Error": error,
            "CancellationReasons": reasons,
            "ResponseMetadata": {},
        }


def test_a_task_that_meets_another_transaction_is_opened_and_done_all_the_same() -> None:
    tasks = DynamoTasks()

    assert Disturbed(2).met == 0
    assert tasks.open(a_task())
    assert not tasks.open(a_task())
    Disturbed(2)
    assert tasks.finish(a_task().done(by="ben", action="called", at=AT))

    found = tasks.find("p1", a_task().id)
    assert found is not None
    assert found.state is State.DONE


def test_a_store_that_is_in_conflict_for_long_is_no_task_that_was_there() -> None:
    Disturbed(99)

    with pytest.raises(TransactWriteError):
        DynamoTasks().open(a_task())


def test_nobody_finishes_what_was_never_opened(tasks: Tasks) -> None:
    assert not tasks.finish(a_task().done(by="ana", action="Called.", at=AT))
    assert tasks.of_person("p1") == []


@pytest.fixture
def toy() -> Toy:
    toy = Toy(app=app)
    toy.standings.people["p2"] = PersonStanding(
        programmes=frozenset({"iop"}), care_team=frozenset({"sub-case-manager"})
    )
    return toy


def listed(toy: Toy, *, role: Role = Role.CASE_MANAGER, **query: str) -> Told:
    return toy.send(
        "GET",
        "/programmes/iop/tasks",
        door="/programmes/{programme_id}/tasks",
        role=role,
        query={name: [value] for name, value in query.items()} or None,
        programme_id="iop",
    )


def put(toy: Toy, body: Any, *, task: str, role: Role = Role.CASE_MANAGER, person: str = "p1") -> Told:
    return toy.send(
        "PUT",
        f"/people/{person}/tasks/{task}",
        door="/people/{person_id}/tasks/{task_id}",
        body=body,
        role=role,
        person_id=person,
        task_id=task,
    )


def test_staff_see_what_has_to_be_done_and_note_what_they_did(toy: Toy) -> None:
    DynamoTasks().open(a_task())

    (shown,) = listed(toy).json["items"]
    assert (shown["id"], shown["owner"], shown["state"], shown["overdue"]) == (
        "contact_details-mail-1",
        "case-manager",
        "open",
        False,
    )
    told = put(toy, {"action": " Called. "}, task=shown["id"])
    assert (told.status, told.json["state"], told.json["action"]) == (200, "done", "Called.")
    assert (told.json["doneBy"], told.json["doneAt"]) == ("sub-case-manager", NOW.isoformat().replace("+00:00", "Z"))
    assert listed(toy).json["items"] == []
    assert [one["id"] for one in listed(toy, state="done").json["items"]] == [shown["id"]]


def test_what_is_done_is_done_once(toy: Toy) -> None:
    DynamoTasks().open(a_task())
    put(toy, {"action": "Called."}, task="contact_details-mail-1")

    assert put(toy, {"action": "Called."}, task="contact_details-mail-1").status == 200
    again = put(toy, {"action": "Wrote."}, task="contact_details-mail-1")
    assert (again.status, again.kind) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "status", "field"),
    [
        ({"action": ""}, 422, "action"),
        ({"action": "   "}, 422, "action"),
        ({"action": "x" * 501}, 422, "action"),
        ({}, 422, "action"),
        ({"action": "Called.", "state": "open"}, 422, "state"),
    ],
)
def test_what_was_done_has_to_be_said(toy: Toy, body: dict[str, str], status: int, field: str) -> None:
    DynamoTasks().open(a_task())

    told = put(toy, body, task="contact_details-mail-1")

    assert (told.status, told.json["errors"][0]["field"]) == (status, field)
    assert DynamoTasks().of_person("p1")[0].state is State.OPEN


def test_a_task_that_is_not_there_is_not_found(toy: Toy) -> None:
    assert put(toy, {"action": "Called."}, task="contact_details-none").status == 404


def test_with_a_caseload_of_ones_own_only_its_tasks_are_listed(toy: Toy) -> None:
    toy.standings.programmes["iop"] = Caseload.ASSIGNED
    DynamoTasks().open(a_task())
    DynamoTasks().open(a_task(person="p2"))

    assert [one["personId"] for one in listed(toy).json["items"]] == ["p2"]
    assert put(toy, {"action": "Called."}, task="contact_details-mail-1").status == 404
    assert put(toy, {"action": "Called."}, task="contact_details-mail-1", person="p2").status == 200


SEES = {Role.CLINICIAN, Role.CASE_MANAGER, Role.PEER_SPECIALIST}


def test_a_peer_specialist_sees_and_does_what_is_to_be_done_about_walks_of_those_they_hold_and_no_more(
    toy: Toy,
) -> None:
    peer, of_walks = (
        Role.PEER_SPECIALIST,
        task_for(Kind.MENTOR_WANTED, "w1", programme_id="iop", person_id="p2", at=NOW),
    )
    theirs = PersonStanding(programmes=frozenset({"iop"}), care_team=frozenset({"sub-peer-specialist"}))
    other = replace(a_task(), person_id="p2")
    for task in (of_walks, replace(of_walks, person_id="p1"), other):
        assert DynamoTasks().open(task)
    toy.standings.people["p2"] = theirs

    assert [(one["id"], one["personId"]) for one in listed(toy, role=peer).json["items"]] == [(of_walks.id, "p2")]
    told = toy.send("GET", "/people/p2/tasks", door="/people/{person_id}/tasks", role=peer, person_id="p2")
    assert [one["id"] for one in told.json["items"]] == [of_walks.id]
    assert put(toy, {"action": "Called."}, task=other.id, role=peer, person="p2").status == 404
    assert put(toy, {"action": "Called."}, task=of_walks.id, role=peer).status in {403, 404}
    assert put(toy, {"action": "Called."}, task=of_walks.id, role=peer, person="p2").status == 200


@pytest.mark.parametrize("role", [role for role in Role if role not in SEES])
def test_nobody_else_sees_tasks(toy: Toy, role: Role) -> None:
    DynamoTasks().open(a_task())

    assert (listed(toy, role=role).status == 403) == (role is not Role.PROGRAM_ADMIN)
    told = toy.send("GET", "/people/p1/tasks", door="/people/{person_id}/tasks", role=role, person_id="p1")
    assert told.status in {403, 404}


def test_who_answers_for_the_programme_sees_that_something_is_overdue_and_not_about_whom(toy: Toy) -> None:
    task = a_task(minutes=-3 * 24 * 60)
    DynamoTasks().open(task)

    told = listed(toy, role=Role.PROGRAM_ADMIN)

    (shown,) = told.json["items"]
    assert {name for name, value in shown.items() if value is not None} == {
        "reference",
        "programmeId",
        "owner",
        "openedAt",
        "dueAt",
        "overdue",
        "escalatedTo",
        "state",
    }
    assert (shown["reference"], shown["overdue"]) == (task.reference[:8].upper(), True)
    assert shown["escalatedTo"] == ["case-manager", "clinician", "program-admin"]
    assert "p1" not in told.text.replace(shown["reference"], "")
    assert [one["personId"] for one in listed(toy).json["items"]] == ["p1"]


def test_a_persons_tasks_are_listed_open_ones_first(toy: Toy) -> None:
    for about in ("a", "b", "c"):
        DynamoTasks().open(a_task(about=about))
    put(toy, {"action": "Called."}, task="contact_details-a")

    told = toy.send("GET", "/people/p1/tasks", door="/people/{person_id}/tasks", role=Role.CASE_MANAGER, person_id="p1")

    assert [(one["about"], one["state"]) for one in told.json["items"]] == [("b", "open"), ("c", "open"), ("a", "done")]


def test_an_overdue_task_says_so(toy: Toy) -> None:
    DynamoTasks().open(a_task(minutes=-3 * 24 * 60))

    assert [one["overdue"] for one in listed(toy).json["items"]] == [True]


def test_a_cursor_goes_on_where_the_page_ended(toy: Toy) -> None:
    for number in range(3):
        DynamoTasks().open(a_task(person=f"p{number}", minutes=number))

    first = listed(toy, limit="2").json
    cursor = first["next"].partition("cursor=")[2]

    assert [one["personId"] for one in first["items"]] == ["p0", "p1"]
    assert [one["personId"] for one in listed(toy, limit="2", cursor=cursor).json["items"]] == ["p2"]
