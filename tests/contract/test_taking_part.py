"""Achievements by sessions, homework, goals and steps of care: from the doors, over the stream, once each."""

import json
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.edge.clock import utc_now
from chalicelib.milestones.domain import Award
from chalicelib.milestones.store import DynamoAwards
from chalicelib.outreach.store import DueItem, due_of
from tests.conftest import Clock
from tests.routine_api import ANA, CLINICIAN, RoutineApi
from tests.toy import NOW

EVENT = json.loads((Path(__file__).parents[2] / "events/achieve.json").read_text(encoding="utf-8"))
KEEPER = "keeper=iop-evening/case-manager"
GROUPS = (
    "2026-11-02",
    "2026-11-04",
    "2026-11-05",
    "2026-11-09",
    "2026-11-11",
    "2026-11-12",
    "2026-11-16",
    "2026-11-18",
)


@pytest.fixture
def api(aws: None, clock: Clock) -> RoutineApi:
    del aws
    clock.set(NOW)
    return RoutineApi()


@pytest.fixture
def ana(api: RoutineApi) -> str:
    return api.set_up()


def stream(pk: str, sk: str, *, before: str | None = None, state: str | None = None) -> None:
    """Bring word that something was stored there."""
    record: dict[str, Any] = json.loads(json.dumps(EVENT["Records"][0]))
    record["dynamodb"] |= {"Keys": {"pk": {"S": pk}, "sk": {"S": sk}}}
    record["dynamodb"] |= {"OldImage": {"state": {"S": before}}} if before else {}
    record["dynamodb"] |= {"NewImage": {"state": {"S": state}}} if state else {}
    for _ in range(2):
        assert app.achieve({"Records": [record, record]}, None)["batchItemFailures"] == []


def attend(api: RoutineApi, person_id: str, *dates: str, presence: str = "attended") -> None:
    for on in dates:
        path = f"/people/{person_id}/routine/items/{api.item('group')}/attendance/{on}"
        assert api.by(CLINICIAN, "PUT", path, {"presence": presence}).status == 200
    stream(f"ATTENDANCE#{person_id}", f"{dates[-1]}#x")


def awards(person_id: str) -> dict[str, str]:
    return {award.name: str(award.on) for award in DynamoAwards().of_person(person_id)}


def told(person_id: str) -> list[str]:
    """Return what the person is about to be told, each once."""
    kept = {due_of(item).name for item in DueItem.scan() if f"#{person_id}#milestone-" in item.sk}
    return sorted(name for name in map(str, kept) if "milestone-days" not in name)


def test_the_first_session_is_an_achievement_and_the_fifth_is_told_while_it_is_news(api: RoutineApi, ana: str) -> None:
    attend(api, ana, GROUPS[0])
    assert awards(ana) == {"sessions_1": "2026-11-02"}
    # Three weeks old: listed, and told to nobody.
    assert told(ana) == []

    attend(api, ana, GROUPS[1], presence="absent")
    attend(api, ana, *GROUPS[2:5])
    assert awards(ana) == {"sessions_1": "2026-11-02"}
    attend(api, ana, "2026-11-23")

    assert awards(ana) == {"sessions_1": "2026-11-02", "sessions_5": "2026-11-23"}
    assert len(told(ana)) == 1
    assert "milestone-sessions_5" in told(ana)[0]


def test_a_session_that_was_taken_off_counts_for_nothing_and_what_was_awarded_stays(api: RoutineApi, ana: str) -> None:
    attend(api, ana, *GROUPS[:4])
    off = f"/programmes/iop-evening/routine/items/{api.item('group')}/departures/{GROUPS[3]}"
    assert api.send("PUT", off, {"reason": "No heating"}).status == 200

    attend(api, ana, GROUPS[4])
    assert set(awards(ana)) == {"sessions_1"}
    attend(api, ana, GROUPS[5])
    assert set(awards(ana)) == {"sessions_1", "sessions_5"}
    attend(api, ana, *GROUPS[:3], presence="absent")

    assert set(awards(ana)) == {"sessions_1", "sessions_5"}


def test_homework_counts_when_it_was_said_to_be_done_and_a_walk_is_none(api: RoutineApi, ana: str) -> None:
    for kind, dates in (("homework", ("2026-11-03", "2026-11-10", "2026-11-17")), ("wellness", GROUPS[:3])):
        for on in dates:
            assert api.by(ANA, "PUT", f"/people/{ana}/routine/items/{api.item(kind)}/done/{on}").status == 200
    undone = f"/people/{ana}/routine/items/{api.item('homework')}/done/2026-11-03"
    assert api.by(ANA, "DELETE", undone).status == 200

    stream(f"PLAN#{ana}", "DONE#2026-11-17#x")
    stream(f"PLAN#{ana}", "WEEK")

    assert awards(ana) == {"homework_1": "2026-11-24"}
    assert "milestone-homework_1" in told(ana)[0]


def test_each_goal_that_is_reached_is_an_achievement_whatever_is_done_to_it_then(api: RoutineApi, ana: str) -> None:
    goals = []
    for title in ("Call my sister", "Run"):
        made = api.by(ANA, "POST", f"/people/{ana}/goals", {"title": title})
        assert made.status == 201, made.text
        goals.append(made.json["id"])
    path = f"/people/{ana}/goals/{goals[0]}"
    for state in ("met", "open", "met"):
        etag = api.by(ANA, "GET", path).headers["ETag"]
        assert api.by(ANA, "PUT", path, {"title": "Call my sister", "state": state}, if_match=etag).status == 200
        stream(f"GOALS#{ana}", f"GOAL#{goals[0]}")
    stream(f"GOALS#{ana}", "HISTORY#x")

    assert awards(ana) == {f"goal_{goals[0]}": "2026-11-24"}
    assert len(told(ana)) == 1
    assert "sister" not in told(ana)[0]


def test_a_step_down_and_completion_are_achievements_and_what_an_import_brings_is_not(
    api: RoutineApi, ana: str, clock: Clock
) -> None:
    there = api.enrol(externalId="TBH-2", email="b@example.com", state="step_down")
    stream(f"PERSON#{there}", "EPISODE#01", state="step_down")
    assert awards(there) == {}

    for day, state in enumerate(("step_down", "graduated"), 1):
        clock.set(NOW + timedelta(days=day))
        app.app.use(replace(app.app.wiring, clock=utc_now))
        assert api.by(KEEPER, "POST", f"/people/{ana}/transitions", {"to": state}).status == 200
        stream(f"PERSON#{ana}", "EPISODE#01", before="active", state=state)

    assert awards(ana) == {"step_down": "2026-11-25", "graduation": "2026-11-26"}


def test_they_are_shown_in_words_of_the_persons_language(api: RoutineApi, ana: str) -> None:
    for number, name in enumerate(("sessions_1", "sessions_10", "homework_1", "homework_5", "goal_0f", "graduation")):
        on = datetime(2026, 11, 2, tzinfo=UTC).date() + timedelta(days=number)
        assert DynamoAwards().add(ana, Award(run=1, name=name, on=on))

    def shown() -> list[str]:
        return [one["text"] for one in api.by(ANA, "GET", f"/people/{ana}/milestones").json["achieved"]]

    words = ["First session", "10 sessions", "First homework done", "Homework done 5 times"]
    assert shown() == [*words, "A goal reached", "Programme completed"]
    etag = api.by(ANA, "GET", f"/people/{ana}").headers["ETag"]
    changed = api.by(ANA, "PATCH", f"/people/{ana}", {"language": "es"}, if_match=etag)
    assert changed.status == 200, changed.text
    assert shown()[0] == "Primera sesión"
