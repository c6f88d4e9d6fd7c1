"""Goals and care plans: one suite for the fake and for DynamoDB, and the doors over the table."""

from dataclasses import replace
from datetime import date, timedelta
from typing import Any

import pytest

from chalicelib.errors import Stale
from chalicelib.routine.goals import Adjustment, Goal, Kind, Side, State, Step
from chalicelib.routine.plan_store import DynamoPlans
from chalicelib.routine.planning import Plans
from tests.build import utc
from tests.fakes_routine import FakePlans
from tests.routine_api import ADMIN, ANA, CLINICIAN, RoutineApi
from tests.toy import Told

AT = utc("2026-11-24T18:00:00.123456")
GOAL = Goal(
    person_id="p",
    id="g1",
    title="See my daughter 🌱",
    matters="She is why I am here.",
    steps=(Step(id="s1", text="Call her"), Step(id="s2", text="Visit", done_on=date(2026, 11, 23))),
    review_on=date(2026, 12, 1),
    agreed=frozenset({Side.PERSON}),
    changed_by="ana",
    changed_at=AT,
)
LINE = Adjustment(person_id="p", id="a1", kind=Kind.GOAL_SET, what=GOAL.title, why="", by="ana", at=AT, goal_id="g1")


@pytest.fixture(params=[FakePlans, DynamoPlans])
def plans(request: pytest.FixtureRequest, aws: None) -> Plans:
    del aws
    found: Plans = request.param()
    return found


def test_a_goal_is_kept_with_its_line_of_history_or_not_at_all(plans: Plans) -> None:
    plans.save_goal(GOAL, LINE)
    bare = replace(GOAL, matters="", steps=(), review_on=None, agreed=frozenset(), state=State.MET, version=2)

    with pytest.raises(Stale):
        plans.save_goal(replace(GOAL, title="Other"), replace(LINE, id="a2"))
    assert (plans.goal("p", "g1"), plans.goals("q"), plans.goal("p", "g2")) == (GOAL, [], None)
    assert plans.history("p", after=None, limit=9) == ([LINE], None)
    plans.save_goal(bare, replace(LINE, id="a3", at=AT + timedelta(seconds=1)))
    assert plans.goals("p") == [bare]


def test_history_comes_in_pages_newest_first(plans: Plans) -> None:
    lines = [replace(LINE, id=f"a{number}", at=AT + timedelta(minutes=number)) for number in range(5)]
    for line in [*lines, replace(LINE, person_id="q")]:
        plans.adjust(line)

    found: list[Adjustment] = []
    after = None
    for _ in range(3):
        page, after = plans.history("p", after=after, limit=2)
        found += page

    assert (found, after) == (lines[::-1], None)
    assert plans.history("nobody", after=None, limit=2) == ([], None)


@pytest.fixture
def api(aws: None) -> RoutineApi:
    del aws
    return RoutineApi()


@pytest.fixture
def ana(api: RoutineApi) -> str:
    return api.set_up()


WISH: dict[str, Any] = {
    "title": "See my daughter every week",
    "matters": "She is why I am here.",
    "steps": [{"text": "Call her"}, {"text": "Visit"}],
    "reviewOn": "2026-12-01",
    "why": "We talked about it.",
}


def added(api: RoutineApi, person_id: str, *, whom: str = CLINICIAN, **changes: Any) -> Told:
    told = api.by(whom, "POST", f"/people/{person_id}/goals", WISH | changes)
    assert told.status == 201, told.text
    return told


def as_sent(shown: dict[str, Any], **changes: Any) -> dict[str, Any]:
    steps = [{"id": step["id"], "text": step["text"], "done": step["doneOn"] is not None} for step in shown["steps"]]
    kept = {name: shown[name] for name in ("title", "matters", "reviewOn", "state")}
    return kept | {"steps": steps, "why": ""} | changes


def test_a_goal_is_set_by_one_side_and_agreed_to_by_the_other(api: RoutineApi, ana: str) -> None:
    told = added(api, ana)
    path = told.headers["Location"]
    assert (told.json["waitsFor"], told.headers["ETag"], told.json["toReview"]) == ("person", '"1"', False)

    agreed = api.by(ANA, "PUT", f"{path}/agreement", if_match='"1"')
    again = api.by(ANA, "PUT", f"{path}/agreement", if_match='"2"')

    assert (agreed.status, agreed.json["waitsFor"], agreed.headers["ETag"]) == (200, None, '"2"')
    assert again.json == agreed.json
    assert api.by(ANA, "PUT", f"{path}/agreement", if_match='"1"').kind == "stale"
    assert api.by(ANA, "PUT", f"{path}/agreement").kind == "precondition-required"


def test_other_words_ask_the_other_side_anew_and_a_tick_does_not(api: RoutineApi, ana: str) -> None:
    path = added(api, ana, whom=ANA).headers["Location"]
    shown = api.by(CLINICIAN, "PUT", f"{path}/agreement", if_match='"1"').json

    sent = as_sent(shown)
    sent["steps"][0]["done"] = True
    ticked = api.by(ANA, "PUT", path, sent, if_match='"2"')
    assert (ticked.json["waitsFor"], ticked.json["steps"][0]["doneOn"]) == (None, "2026-11-24")
    reworded = api.by(ANA, "PUT", path, as_sent(ticked.json, title="See my son"), if_match='"3"')
    assert (reworded.json["waitsFor"], reworded.json["steps"]) == ("staff", ticked.json["steps"])
    closed = api.by(CLINICIAN, "PUT", path, as_sent(reworded.json, state="met"), if_match='"4"')
    assert (closed.json["state"], closed.json["waitsFor"]) == ("met", None)
    assert api.by(CLINICIAN, "PUT", f"{path}/agreement", if_match='"5"').kind == "conflict"
    assert [one["state"] for one in api.by(ANA, "GET", f"/people/{ana}/goals").json["items"]] == ["met"]


def test_every_change_is_in_the_plans_history_with_who_and_why(api: RoutineApi, ana: str) -> None:
    told = added(api, ana)
    path = told.headers["Location"]
    api.by(ANA, "PUT", f"{path}/agreement", if_match='"1"')
    api.by(ANA, "PUT", path, as_sent(told.json, title="See my son", why="She moved."), if_match='"2"')
    plan = {"what": "One group less a week", "why": "Started a job."}
    assert api.by(CLINICIAN, "POST", f"/people/{ana}/care-plan", plan).status == 201
    assert api.by(ANA, "POST", f"/people/{ana}/care-plan", plan).kind == "forbidden"
    assert api.by(CLINICIAN, "POST", f"/people/{ana}/care-plan", plan | {"why": " "}).kind == "invalid"

    lines = api.by(ANA, "GET", f"/people/{ana}/care-plan").json["items"]

    assert {(line["kind"], line["what"], line["why"], line["by"]) for line in lines} == {
        ("goal_set", "See my daughter every week", "We talked about it.", "dr"),
        ("goal_agreed", "See my daughter every week", "", "ana"),
        ("goal_changed", "See my son", "She moved.", "ana"),
        ("plan_adjusted", "One group less a week", "Started a job.", "dr"),
    }
    first = api.by(CLINICIAN, "GET", f"/people/{ana}/care-plan?limit=3").json
    rest = api.by(CLINICIAN, "GET", first["next"]).json
    assert (first["items"] + rest["items"], rest["next"]) == (lines, None)


def test_two_edits_of_one_goal_do_not_cross(api: RoutineApi, ana: str) -> None:
    told = added(api, ana)
    path = told.headers["Location"]
    sent = as_sent(told.json, title="Other")

    assert api.by(ANA, "PUT", path, sent, if_match='"1"').status == 200
    assert api.by(CLINICIAN, "PUT", path, sent, if_match='"1"').kind == "stale"
    assert api.by(CLINICIAN, "PUT", path, sent).kind == "precondition-required"
    assert api.by(CLINICIAN, "GET", f"/people/{ana}/goals/none").kind == "not-found"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"title": " "}, "title"),
        ({"title": "x" * 81}, "title"),
        ({"matters": "x" * 501}, "matters"),
        ({"steps": [{"text": " "}]}, "steps.0.text"),
        ({"steps": [{"text": "Ask Sam."}, {"text": "a\x00b"}]}, "steps.1.text"),
        ({"matters": "a\x07b"}, "matters"),
        ({"steps": [{"text": "x"}] * 21}, "steps"),
        ({"steps": [{"id": "strange", "text": "x"}]}, "steps"),
        ({"reviewOn": "2026-11-23"}, "reviewOn"),
        ({"reviewOn": "2028-11-23"}, "reviewOn"),
        ({"state": "failed"}, "state"),
        ({"score": 3}, "score"),
    ],
)
def test_a_goal_that_can_not_be_kept_is_refused_with_its_field(
    api: RoutineApi, ana: str, change: dict[str, Any], field: str
) -> None:
    told = api.by(ANA, "POST", f"/people/{ana}/goals", WISH | change)

    assert (told.kind, [fault["field"] for fault in told.json["errors"]]) == ("invalid", [field])
    assert api.by(ANA, "GET", f"/people/{ana}/goals").json["items"] == []


def test_what_matters_is_reminded_of_discreetly_until_the_goal_is_closed(api: RoutineApi, ana: str) -> None:
    told = added(api, ana)
    path = told.headers["Location"]

    def schedules() -> list[str]:
        listed = api.by(ANA, "GET", f"/people/{ana}/schedules").json["items"]
        return [one["title"] for one in listed if one["category"] == "appointment"]

    first = api.by(ANA, "PUT", f"{path}/reminder", {"rule": "FREQ=WEEKLY;BYDAY=SU", "time": "10:00"})
    again = api.by(ANA, "PUT", f"{path}/reminder", {"rule": "FREQ=WEEKLY;BYDAY=SU", "time": "10:00"})
    assert (first.status, first.json["next"]) == (200, "2026-11-29T15:00:00Z")
    assert (again.json, schedules()) == (first.json, [WISH["title"]])
    bad = api.by(ANA, "PUT", f"{path}/reminder", {"rule": "FREQ=HOURLY", "time": "10:00"})
    assert [fault["field"] for fault in bad.json["errors"]] == ["rule"]

    api.by(ANA, "PUT", path, as_sent(told.json, state="set_aside"), if_match='"1"')

    assert schedules() == []
    assert api.by(ANA, "PUT", f"{path}/reminder", {"time": "10:00"}).kind == "conflict"
    assert api.by(ANA, "DELETE", f"{path}/reminder").status == 204


def test_goals_and_plans_are_for_the_person_and_their_clinicians(api: RoutineApi, ana: str) -> None:
    added(api, ana)
    for whom in (
        ADMIN,
        "eve=iop-evening/participant",
        "peer=iop-evening/peer-specialist",
        "sam=iop-evening/supporter",
        "dr=other/clinician",
    ):
        for path in ("goals", "care-plan"):
            assert api.by(whom, "GET", f"/people/{ana}/{path}").kind in {"forbidden", "not-found"}, whom
