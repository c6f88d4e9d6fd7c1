"""My plan: one suite for the fake and for DynamoDB, and the doors over the table."""

from dataclasses import replace
from typing import Any

import pytest

from app import app
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.plan.domain import Entry, Hand, Made, MyPlan, Part
from chalicelib.plan.handlers import FollowedUp, has_plan
from chalicelib.plan.service import Plans
from chalicelib.plan.store import DynamoMyPlans
from tests.build import utc
from tests.fakes_plan import FakeMyPlans
from tests.routine_api import ADMIN, ANA, CLINICIAN, RoutineApi

PLAN = MyPlan(
    person_id="p",
    version=1,
    parts={
        Part.NOTICE_FIRST: (Entry(text="I stop answering 🌱"),),
        Part.PEOPLE_TO_ASK: (Entry(text="Rosa", phone="+1 (555) 010-0199"), Entry(text="My brother")),
    },
    by="ana",
    at=utc("2026-11-24T18:00:00.123456"),
)
SENT: dict[str, Any] = {
    "noticeFirst": [{"text": "I stop answering"}],
    "peopleToAsk": [{"text": "Rosa", "phone": "+1 555 010 0199"}],
}


@pytest.fixture(params=[FakeMyPlans, DynamoMyPlans])
def plans(request: pytest.FixtureRequest, aws: None) -> Plans:
    del aws
    found: Plans = request.param()
    return found


def test_a_version_is_written_once_and_the_last_one_counts(plans: Plans) -> None:
    assert plans.last("p") is None
    assert plans.add(PLAN)
    other = replace(PLAN, parts={}, hand=Hand.TOGETHER)
    assert not plans.add(other)
    assert plans.last("p") == PLAN
    reviewed = replace(other, version=2, made=Made.REVIEWED)
    assert plans.add(reviewed)
    assert (plans.last("p"), plans.last("q")) == (reviewed, None)


def test_versions_come_in_pages_newest_first(plans: Plans) -> None:
    saved = [replace(PLAN, version=number) for number in range(1, 12)]
    for plan in [*saved, replace(PLAN, person_id="q")]:
        plans.add(plan)

    found: list[MyPlan] = []
    before = None
    for _ in range(3):
        page, before = plans.versions("p", before=before, limit=4)
        found += page

    assert (found, before) == (saved[::-1], None)


@pytest.fixture
def api(aws: None) -> RoutineApi:
    del aws
    return RoutineApi()


@pytest.fixture
def ana(api: RoutineApi) -> str:
    return api.set_up()


def said(shown: dict[str, Any]) -> dict[str, list[str]]:
    return {part["part"]: [line["text"] for line in part["lines"]] for part in shown["parts"] if part["lines"]}


def test_a_plan_is_saved_by_the_person_and_read_by_their_care_team(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/plan"
    empty = api.by(ANA, "GET", path)
    assert (empty.status, empty.headers["ETag"], said(empty.json), empty.json["made"]) == (200, '"0"', {}, None)
    assert [part["title"] for part in empty.json["parts"]][:2] == ["What I notice first", "What I can do by myself"]

    saved = api.by(ANA, "PUT", path, SENT, if_match='"0"')
    read = api.by(CLINICIAN, "GET", path)

    assert (saved.status, saved.headers["ETag"], saved.json["hand"]) == (200, '"1"', "self")
    assert read.json == saved.json
    assert said(read.json) == {"notice_first": ["I stop answering"], "people_to_ask": ["Rosa"]}
    assert api.by(ADMIN, "GET", path).kind == "forbidden"
    assert api.by("ben=iop-evening/participant", "GET", path).kind == "not-found"
    assert api.by("pia=iop-evening/peer-specialist", "GET", path).kind in {"forbidden", "not-found"}


def test_a_device_may_keep_it_and_nothing_between_may(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/plan"
    api.by(ANA, "PUT", path, SENT, if_match='"0"')

    first = api.by(ANA, "GET", path)
    same = api.by(ANA, "GET", path, if_none_match='"1"')
    other = api.by(ANA, "GET", path, if_none_match='"0"')

    assert first.headers["Cache-Control"] == "private, no-cache"
    assert (same.status, same.text, same.headers["ETag"]) == (304, "", '"1"')
    assert (other.status, other.json) == (200, first.json)


def test_two_who_save_at_once_do_not_lose_what_either_wrote(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/plan"
    api.by(ANA, "PUT", path, SENT, if_match='"0"')

    again = api.by(ANA, "PUT", path, SENT, if_match='"0"')
    staff = api.by(CLINICIAN, "PUT", path, {"byMyself": [{"text": "Walk"}], "together": True}, if_match='"0"')
    after = api.by(CLINICIAN, "PUT", path, {"byMyself": [{"text": "Walk"}], "together": True}, if_match='"1"')

    assert (again.status, again.headers["ETag"]) == (200, '"1"'), "a retry changes nothing"
    assert staff.kind == "stale"
    assert (after.status, after.json["hand"], after.json["version"]) == (200, "together", 2)
    assert api.by(ANA, "PUT", path, SENT).kind == "precondition-required"
    versions = api.by(ANA, "GET", f"{path}/versions?limit=1").json
    assert [one["version"] for one in versions["items"]] == [2]
    older = api.by(ANA, "GET", versions["next"]).json
    assert ([one["version"] for one in older["items"]], said(older["items"][0])) == ([1], said(again.json))


def test_staff_change_it_only_together_with_the_person(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/plan"
    alone = api.by(CLINICIAN, "PUT", path, SENT, if_match='"0"')

    assert alone.kind == "invalid"
    assert [fault["field"] for fault in alone.json["errors"]] == ["together"]
    assert api.by(CLINICIAN, "PUT", f"{path}/review", {}, if_match='"0"').kind == "invalid"
    assert api.by(CLINICIAN, "PUT", f"{path}/review", {"together": True}, if_match='"0"').kind == "not-found"


def test_a_plan_that_is_still_right_is_said_to_be_so(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/plan"
    api.by(ANA, "PUT", path, SENT, if_match='"0"')

    reviewed = api.by(CLINICIAN, "PUT", f"{path}/review", {"together": True}, if_match='"1"')
    again = api.by(CLINICIAN, "PUT", f"{path}/review", {"together": True}, if_match='"1"')

    assert (reviewed.json["made"], reviewed.json["hand"], reviewed.json["version"]) == ("reviewed", "together", 2)
    assert again.json == reviewed.json
    assert said(reviewed.json) == {"notice_first": ["I stop answering"], "people_to_ask": ["Rosa"]}
    assert api.by(ANA, "PUT", f"{path}/review", {}, if_match='"1"').kind == "stale"


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"noticeFirst": [{"text": " "}]}, "noticeFirst.0.text"),
        ({"noticeFirst": [{"text": "a\u202eb"}]}, "noticeFirst.0.text"),
        ({"byMyself": [{"text": "x" * 301}]}, "byMyself.0.text"),
        ({"byMyself": [{"text": "x"}] * 11}, "byMyself"),
        ({"peopleToAsk": [{"text": "Rosa", "phone": "call me"}]}, "peopleToAsk.0.phone"),
        ({"peopleToAsk": [{"text": "Rosa", "phone": "javascript:1"}]}, "peopleToAsk.0.phone"),
        ({part: [{"text": "x" * 300}] * 10 for part in ("byMyself", "noticeFirst", "professionals")}, "parts"),
        ({"whereIAmSafer": [{"text": "x", "more": 1}]}, "whereIAmSafer.0.more"),
    ],
)
def test_what_a_plan_can_not_say_is_named(api: RoutineApi, ana: str, sent: dict[str, Any], field: str) -> None:
    told = api.by(ANA, "PUT", f"/people/{ana}/plan", sent, if_match='"0"')

    assert told.kind == "invalid"
    assert [fault["field"] for fault in told.json["errors"]] == [field]
    assert "x" * 30 not in told.text


def test_it_can_be_taken_along_as_text_that_begins_with_whom_to_call(api: RoutineApi, ana: str) -> None:
    api.by(ANA, "PUT", f"/people/{ana}/plan", SENT, if_match='"0"')

    told = api.by(ANA, "GET", f"/people/{ana}/plan/text")

    assert told.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert told.headers["Cache-Control"] == "no-store"
    lines = told.text.splitlines()
    assert (lines[0], lines[2]) == (
        "My plan",
        "If you are in danger now, don't look for the right line below. Call: 911, 988.",
    )
    assert lines[4:] == [
        "What I notice first",
        "- I stop answering",
        "",
        "People I can ask for help",
        "- Rosa: +1 555 010 0199",
    ]


def test_nothing_is_written_into_the_plan_of_somebody_who_has_died(api: RoutineApi, ana: str) -> None:
    assert api.by(CLINICIAN, "POST", f"/people/{ana}/transitions", {"to": "deceased"}).status == 200

    assert api.by(CLINICIAN, "PUT", f"/people/{ana}/plan", SENT | {"together": True}, if_match='"0"').kind == "conflict"


def a_crisis(api: RoutineApi, ana: str) -> dict[str, Any]:
    told = api.by(ANA, "POST", "/me/help", None)
    assert told.status == 201, told.text
    (crisis,) = api.by(CLINICIAN, "GET", "/programmes/iop-evening/crises").json["items"]
    assert crisis["personId"] == ana
    return {"said": told.json, "path": f"/programmes/iop-evening/crises/{crisis['id']}"}


def test_who_calls_for_help_is_told_of_their_plan_and_the_owner_of_the_crisis_reads_it(
    api: RoutineApi, ana: str
) -> None:
    app.use(replace(app.wiring, has_plan=has_plan))
    before = a_crisis(api, ana)
    assert (before["said"]["hasPlan"], any("plan" in line for line in before["said"]["said"])) == (False, False)
    api.by(ANA, "PUT", f"/people/{ana}/plan", SENT, if_match='"0"')
    called = api.by(ANA, "POST", "/me/help", None).json
    staff = api.by(CLINICIAN, "POST", f"/people/{ana}/crises", None).json
    assert (called["hasPlan"], "You wrote a plan" in " ".join(called["said"])) == (True, True)
    assert (staff["hasPlan"], "You wrote a plan" in " ".join(staff["said"])) == (True, False)

    path = before["path"]
    assert api.by(CLINICIAN, "GET", path).json["hasPlan"] is True
    assert api.by(CLINICIAN, "GET", f"{path}/plan").kind == "not-found", "nobody owns it yet"
    assert api.by(CLINICIAN, "POST", f"{path}/acknowledge").status == 200
    read = api.by(CLINICIAN, "GET", f"{path}/plan")
    assert (read.status, said(read.json)["people_to_ask"]) == (200, ["Rosa"])
    assert read.headers["Cache-Control"] == "no-store"
    assert api.by("eva=iop-evening/case-manager", "GET", f"{path}/plan").kind == "not-found"
    assert api.by(ADMIN, "GET", f"{path}/plan").kind == "forbidden"
    written = {(event.subject, event.actor, event.purpose) for event in api.toy.audit.written}
    assert (ana, "dr", "read somebody's plan as the owner of their crisis") in written


def test_after_a_follow_up_the_plan_is_looked_at_once(api: RoutineApi, ana: str) -> None:
    listener = FollowedUp(DynamoPeople())

    def stored(about: str, **changes: str) -> Stored:
        row = {"kind": "crisis_follow_up", "state": "done", "about": about} | changes
        now = {name: {"S": text} for name, text in row.items()}
        return Stored(pk=f"TASKS#{ana}", sk=f"crisis_follow_up-{about}", was_removed=False, number="1", now=now)

    assert listener.about(stored("c1-7-1d", state="open")) is None
    assert listener.about(stored("c1-7-1d", kind="flag")) is None
    for about in ("c1-7-1d", "c1-7-3d", "c2-9-1d"):
        found = listener.about(stored(about))
        assert found is not None
        listener.follow(found)

    tasks = api.by(CLINICIAN, "GET", f"/people/{ana}/tasks").json["items"]
    assert sorted((task["kind"], task["about"], task["owner"]) for task in tasks) == [
        ("plan_review", "c1", "case-manager"),
        ("plan_review", "c2", "case-manager"),
    ]
