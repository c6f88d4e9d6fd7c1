"""The doors of staff to crises over the table: who may say that they have one, and what they do about it."""

from collections.abc import Iterator

import pytest

from chalicelib.crisis import handlers
from chalicelib.crisis.rota_store import DynamoRotas
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge.table import Item
from chalicelib.outreach.store import DueItem
from chalicelib.privacy.domain import Role
from chalicelib.tasks.store import DynamoTasks
from tests.contract.test_people_routes import Api
from tests.crisis_api import ADMIN, DR, PEER, PROGRAMME, SAM, CrisisApi, pages
from tests.fakes_rota import ALWAYS, a_rota, a_shift
from tests.outages import Outage


@pytest.fixture
def api(aws: None) -> Iterator[CrisisApi]:
    del aws
    api = CrisisApi(Api())
    for account, role in (("dr", Role.CLINICIAN), ("sam", Role.CASE_MANAGER), ("peer", Role.PEER_SPECIALIST)):
        api.staff(account, role)
    DynamoRotas().add(a_rota(a_shift("all", ALWAYS, "dr"), programme=PROGRAMME))
    yield api
    handlers.desk.cache_clear()


def test_a_crisis_from_the_board_to_its_end_with_a_log_that_says_who_did_what(api: CrisisApi) -> None:
    crisis = api.called()
    (row,) = api.board()
    assert (row["personId"], row["name"], row["verified"], row["state"]) == (api.ana, "Ana Lee", True, "paged")
    assert (row["waitsFor"], row["nextStepAt"], row["owner"]) == ("ack", "2026-11-24T18:05:00Z", None)

    assert api.do(DR, crisis, "acknowledge").json["owner"] == {"account": "dr", "firstName": "Dr"}
    second = api.do(SAM, crisis, "acknowledge")
    assert (second.kind, second.json["detail"]) == ("conflict", "Dr has acknowledged this already")
    assert api.do(DR, crisis, "acknowledge").json["nextStepAt"] == "2026-11-24T18:15:00Z"
    assert api.do(DR, crisis, "attempts", {"note": "Voicemail."}).json["attempts"] == 1
    early = api.do(DR, crisis, "resolve", {"disposition": "safe_with_plan", "note": "Safe."})
    assert early.kind == "conflict"
    assert api.do(DR, crisis, "hand-over", {"to": "nobody"}).kind == "invalid"
    assert api.do(DR, crisis, "hand-over", {"to": "sam"}).json["owner"]["account"] == "sam"
    assert api.do(SAM, crisis, "contact", {}).json["state"] == "contacted"
    assert api.do(SAM, crisis, "resolve", {"disposition": "false_alarm", "note": "  "}).kind == "invalid"
    ended = api.do(SAM, crisis, "resolve", {"disposition": "false_alarm", "note": "Pocket."})
    assert (ended.json["state"], ended.json["waitsFor"]) == ("resolved", "review")
    assert api.do(SAM, crisis, "review", {"agreed": True, "note": "x"}).kind == "conflict"
    assert api.do(DR, crisis, "review", {"agreed": True, "note": "Heard it."}).json["state"] == "follow_up"

    told = api.by(DR, "GET", f"/programmes/{PROGRAMME}/crises/{crisis.id}").json
    assert [(line["what"], line["by"]) for line in told["log"]] == [
        ("press", api.ana),
        ("page", None),
        ("ack", "dr"),
        ("attempt", "dr"),
        ("hand_over", "dr"),
        ("page", None),
        ("contact", "sam"),
        ("disposition", "sam"),
        ("review", "dr"),
    ]
    assert len(pages()) == 2
    assert [task.kind for task in DynamoTasks().of_person(api.ana)] == ["crisis_follow_up"] * 3
    again = api.do(DR, crisis, "reopen", {"note": "They called back."}).json
    # Whoever is on duty was paged within this very minute.
    assert (again["state"], again["nextStepAt"]) == ("open", "2026-11-24T18:01:00Z")
    assert [row["state"] for row in api.by(DR, "GET", f"/people/{api.ana}/crises").json["items"]] == ["open"]


def test_only_whoever_is_on_call_or_looks_after_people_may_say_that_they_have_it(api: CrisisApi) -> None:
    crisis = api.called()
    refused = {
        PEER: "forbidden",
        f"boss={PROGRAMME}/program-admin": "forbidden",
        f"{api.ana}={PROGRAMME}/participant": "forbidden",
        f"aud={PROGRAMME}/privacy-officer": "forbidden",
        "eve=other/clinician": "not-found",
    }
    for whom, kind in refused.items():
        assert api.do(whom, crisis, "acknowledge").kind == kind, whom
    assert api.by(DR, "POST", f"/programmes/{PROGRAMME}/crises/{'0' * 32}/acknowledge").kind == "not-found"
    assert api.by(DR, "POST", f"/programmes/{PROGRAMME}/crises/{crisis.id[:-1]}%23/acknowledge").kind == "not-found"
    assert api.present().owner is None

    denied = {event.actor for event in api.api.toy.audit.written if event.outcome == "denied"}
    assert {"peer", "boss", api.ana, "aud", "eve"} <= denied


def test_whoever_is_not_on_call_may_call_for_somebody_and_do_nothing_else_about_it(api: CrisisApi) -> None:
    told = api.by(PEER, "POST", f"/people/{api.ana}/crises")

    assert told.status == 201
    assert "911" in told.text
    crisis = api.present()
    assert crisis.person_id == api.ana
    assert api.do(PEER, crisis, "acknowledge").kind == "forbidden"
    assert api.by(PEER, "GET", f"/people/{api.ana}/crises").status in {403, 404}
    assert api.by("eve=other/peer-specialist", "POST", f"/people/{api.ana}/crises").status == 404


def test_whoever_is_rostered_may_have_it_and_sees_its_state_only(api: CrisisApi) -> None:
    DynamoRotas().add(a_rota(a_shift("all", ALWAYS, "peer"), programme=PROGRAMME, version=2))
    crisis = api.called()
    (row,) = api.board(PEER)
    assert (row["state"], row["personId"], row["name"]) == ("paged", None, None)
    assert api.by(PEER, "GET", f"/programmes/{PROGRAMME}/crises/{crisis.id}").json["log"] is None

    assert api.do(PEER, crisis, "acknowledge").json["owner"]["account"] == "peer"
    assert api.do(PEER, crisis, "attempts", {}).status == 200
    assert api.do(PEER, crisis, "resolve", {"disposition": "unreachable", "note": "x"}).kind == "forbidden"
    assert [row["owner"]["account"] for row in api.board(ADMIN)] == ["peer"]


def test_while_no_rota_can_be_read_all_of_the_staff_are_paged_and_each_of_them_may_have_it(api: CrisisApi) -> None:
    outage = Outage("ROTA#")
    crisis = api.called()

    paged = [item.sk.split("#")[1:3] for item in Item.scan() if isinstance(item, DueItem)]
    assert len([whom for whom, kind in paged if kind.startswith("crisis_page-")]) == 3
    assert api.do(PEER, crisis, "acknowledge").json["owner"]["account"] == "peer"
    assert outage.met


def test_a_program_admin_who_is_paged_when_nobody_else_answers_may_have_it(api: CrisisApi) -> None:
    api.staff("admin", Role.PROGRAM_ADMIN)
    crisis = api.called()

    assert api.do(ADMIN, crisis, "acknowledge").json["owner"]["account"] == "admin"
    assert api.do(ADMIN, crisis, "review", {"agreed": True, "note": "x"}).kind == "forbidden"


def test_minutes_are_a_programmes_own_and_open_crises_go_by_them(api: CrisisApi) -> None:
    api.called()
    path = f"/programmes/{PROGRAMME}/crisis-minutes"
    first = api.by(ADMIN, "GET", path)
    assert (first.headers["ETag"], first.json["secondary"]) == ('"0"', 5)
    assert api.by(DR, "PUT", path, {"secondary": 3}, if_match='"0"').kind == "forbidden"
    wrong = api.by(ADMIN, "PUT", path, {"secondary": 12}, if_match='"0"')
    assert [fault["field"] for fault in wrong.json["errors"]] == ["everybody"]

    assert api.by(ADMIN, "PUT", path, {"secondary": 3}, if_match='"0"').headers["ETag"] == '"1"'
    assert api.by(ADMIN, "PUT", path, {"secondary": 4}, if_match='"0"').kind == "stale"
    assert api.board()[0]["nextStepAt"] == "2026-11-24T18:03:00Z"


def test_the_log_cannot_be_written_over(api: CrisisApi) -> None:
    crisis = api.called()
    log = DynamoCrises().log(crisis.id)

    assert not DynamoCrises().save(crisis, log[-1:], look_at=crisis.opened_at)
    assert DynamoCrises().log(crisis.id) == log
