"""The doors to check-ins over the table: asked, answered by app or by staff, looked at, said back, and refused."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from app import app
from chalicelib.crisis.store import DynamoCrises
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Hold
from tests.contract.test_people_routes import Api
from tests.fakes_rota import somebody_is_always_on_call
from tests.toy import NOW, Told

CASE_MANAGER = "keeper=iop-evening/case-manager"
CLINICIAN = "ben=iop-evening/clinician"
ANA = "ana-sub=iop-evening/participant"
ADMIN = "admin=iop-evening/program-admin"
TODAY = "2026-11-24"
APPROVAL = {"approvedBy": "Dr. Ruth Levi, LCSW", "approvedOn": "2026-11-01"}


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def ana(api: Api) -> str:
    person_id = api.enrol()
    assert api.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana-sub"}).status in {200, 204}
    assert api.send("PUT", f"/people/{person_id}/care-team/keeper").status == 204
    api.as_whom = ANA
    return person_id


def send(api: Api, person_id: str, answers: dict[str, Any], **more: Any) -> Told:
    return api.send("POST", f"/people/{person_id}/check-ins", {"answers": answers, **more})


def flags(api: Api, person_id: str) -> dict[str, dict[str, Any]]:
    """Return the flags by the name of their rule, as a case manager sees them."""
    before, api.as_whom = api.as_whom, CASE_MANAGER
    told = api.send("GET", f"/people/{person_id}/tasks")
    api.as_whom = before
    assert told.status == 200, told.text
    return {task["about"].partition("-")[0]: task for task in told.json["items"] if task["kind"] == "flag"}


def read_item_9(api: Api) -> None:
    """Have the programme say that somebody reads item 9."""
    api.as_whom = ADMIN
    rules = api.send("GET", "/programmes/iop-evening/care-rules")
    body = {"rules": rules.json["rules"], "readsItem9": True} | APPROVAL
    assert api.send("PUT", "/programmes/iop-evening/care-rules", body, if_match='"0"').status == 200
    api.as_whom = ANA


def test_the_daily_form_is_shown_in_the_persons_language_with_why_and_who_sees_it(api: Api, ana: str) -> None:
    shown = api.send("GET", f"/people/{ana}/check-in-form").json

    assert (shown["form"], shown["version"]) == ("daily", 1)
    assert "They see what you send here" in shown["why"]
    (section,) = shown["sections"]
    assert [question["id"] for question in section["questions"]] == ["mood", "craving", "plan", "note"]
    assert [choice["value"] for choice in section["questions"][0]["choices"]] == list(range(11))


def test_item_9_is_only_asked_where_somebody_reads_it(api: Api, ana: str) -> None:
    def asked() -> set[str]:
        sections = api.send("GET", f"/people/{ana}/check-in-form?form=weekly").json["sections"]
        return {question["id"] for section in sections for question in section["questions"]}

    assert {"phq8.8", "gad7.7", "bam7.17"} <= asked()
    assert not [question for question in asked() if question.startswith("phq9")]

    read_item_9(api)

    # The programme would read it, and at this hour nobody is on duty who does.
    assert "phq9.9" not in asked()
    somebody_is_always_on_call("iop-evening")
    assert "phq9.9" in asked()


def test_an_answer_to_item_9_is_taken_as_it_was_asked_though_the_last_one_on_duty_went_home(api: Api, ana: str) -> None:
    read_item_9(api)

    assert send(api, ana, {"phq9.1": 3, "phq9.9": 3}, form="weekly").status == 201

    found = DynamoCrises().present_of(ana)
    assert found is not None
    assert found.person_id == ana


@pytest.mark.parametrize(
    ("more", "answers", "status"),
    [
        ({"on": "2026-11-03"}, {}, 422),
        ({"formVersion": 99}, {}, 422),
        ({}, {"phq9.1": 9}, 422),
        ({}, {"phq9.1": 1}, 409),
    ],
)
def test_an_answer_that_is_refused_by_app_is_a_call_for_help_where_it_says_that_somebody_has_to_come(
    api: Api, ana: str, more: dict[str, Any], answers: dict[str, Any], status: int
) -> None:
    read_item_9(api)
    assert send(api, ana, {"bam7.4": 3}, form="weekly").status == 201
    app.use(replace(app.wiring, clock=lambda: NOW + timedelta(hours=1)))

    calm = send(api, ana, {"bam7.4": 9} | answers, form="weekly", **more)
    assert DynamoCrises().present_of(ana) is None
    told = send(api, ana, answers | {"phq9.9": 2}, form="weekly", **more)
    send(api, ana, answers | {"phq9.9": 2}, form="weekly", **more)

    assert told.status == status
    assert told.json["type"] == "urn:cairn:problem:taken-as-call"
    assert told.json.get("errors") or status == 409
    assert "call 911" in told.json["detail"]
    assert "counts as a call for help" in told.json["detail"]
    assert calm.json["type"] != told.json["type"]
    crisis = DynamoCrises().present_of(ana)
    assert crisis is not None
    calls = [line.press for line in DynamoCrises().log(crisis.id) if line.press]
    assert [(call.door, call.verified, call.dropped) for call in calls] == [("answer", True, ("answers",))]


def test_an_answer_is_kept_said_back_and_not_asked_for_twice(api: Api, ana: str) -> None:
    for number in (2, 3, 4):
        assert send(api, ana, {"mood": number}, on=f"2026-11-{17 + number}").status == 201
    told = send(api, ana, {"mood": 7, "plan": "not_fully", "note": "Slept badly. نعم 🌱"})
    again = send(api, ana, {"mood": 7, "plan": "not_fully", "note": "Slept badly. نعم 🌱"})

    assert (told.status, again.status, again.json["changed"]) == (201, 201, 0)
    assert told.json["answers"] == {"mood": 7, "plan": "not_fully"}
    assert (told.json["on"], told.json["source"], told.json["enteredBy"]) == (TODAY, "app", None)
    assert told.json["told"] == [
        "You told us how you feel: 7 of 10. That is more than in your last answers (3 on average).",
        "You told us that it didn't go fully to plan. That happens, and it helps to know.",
    ]
    listed = api.send("GET", f"/people/{ana}/check-ins").json["items"]
    assert [one["on"] for one in listed] == [TODAY, "2026-11-21", "2026-11-20", "2026-11-19"]
    assert api.send("GET", f"/people/{ana}/check-ins/{TODAY}/texts").json == {"texts": {"note": "Slept badly. نعم 🌱"}}


def test_staff_enter_an_answer_for_the_person_and_it_says_who_did(api: Api, ana: str) -> None:
    api.as_whom = CASE_MANAGER

    told = send(api, ana, {"craving": 3}, on="2026-11-23")

    assert (told.json["source"], told.json["enteredBy"]) == ("staff", "keeper")


@pytest.mark.parametrize("who", [ADMIN, "mia=iop-evening/peer-specialist", "eve=iop-evening/supporter"])
def test_nobody_else_sees_or_enters_answers(api: Api, ana: str, who: str) -> None:
    send(api, ana, {"mood": 2})
    api.as_whom = who

    assert send(api, ana, {"mood": 5}).status in {403, 404}
    assert api.send("GET", f"/people/{ana}/check-ins").status in {403, 404}
    assert api.send("GET", f"/people/{ana}/check-ins/{TODAY}/texts").status in {403, 404}


def test_another_persons_check_in_is_not_there(api: Api, ana: str) -> None:
    other = DynamoPeople()
    api.as_whom = ADMIN
    bea = api.enrol(externalId="TBH-2", email="bea@example.com")
    api.as_whom = ANA

    assert send(api, bea, {"mood": 5}).status == 404
    assert api.send("GET", f"/people/{bea}/check-ins").status == 404
    assert other.load(bea, now=NOW) is not None
    assert send(api, ana, {"mood": 5}).status == 201


BAM = {"1": 2, "2": 2, "3": 3, "4": 1, "5": 0, "6": 0, "8": 3, "9": 2, "10": 1}
BAM |= {"11": 1, "12": 0, "13": 2, "14": 4, "15": 2, "16": 3}
WEEK = {f"bam7.{item}": value for item, value in BAM.items()} | {"phq8.1": 3, "phq8.2": 3, "goals": "Call my sister."}


def test_a_week_is_scored_and_raises_the_flags_of_its_thresholds_once(api: Api, ana: str) -> None:
    first = send(api, ana, WEEK, form="weekly")
    rest = {f"phq8.{item}": 2 for item in range(3, 9)}
    second = send(api, ana, WEEK | rest, form="weekly")

    assert first.status == second.status == 201, second.text
    scores = {one["score"]: (one["value"], one["lowest"], one["band"]) for one in second.json["scores"]}
    assert scores == {
        "bam7.use": (1, 1, None),
        "bam7.risk": (13, 13, None),
        "bam7.protective": (12, 12, None),
        "phq8.phq2": (6, 6, "positive"),
        "phq8.total": (18, 18, "moderately_severe"),
    }
    assert "Your answers about low mood add up to 18 of 24." in second.json["told"]
    assert not [word for word in ("depress", "disorder", "severe") if word in " ".join(second.json["told"])]
    raised = flags(api, ana)
    assert set(raised) == {
        "use_reported",
        "risk_high",
        "protection_low",
        "low_mood_phq8",
        "low_mood_screen_phq8",
    }
    assert raised["use_reported"]["because"] == f"bam7.use=1 ({TODAY})"
    # Tuesday at one in the afternoon in New York: the end of Wednesday.
    assert raised["use_reported"]["dueAt"] == "2026-11-25T22:00:00Z"


def test_goals_are_looked_at_each_week_and_whoever_wants_others_is_talked_with(api: Api, ana: str) -> None:
    def review() -> Any:
        return api.send("GET", f"/people/{ana}/care-plan").json["lastReview"]

    sections = api.send("GET", f"/people/{ana}/check-in-form?form=weekly").json["sections"]
    beside = {question["id"]: question["about"] for section in sections for question in section["questions"]}
    assert {name for name, about in beside.items() if about} == {"goal_step"}
    assert review() is None
    assert send(api, ana, {"goal_step": "a_little"}, form="weekly", on="2026-11-17").status == 201
    assert send(api, ana, {"mood": 5}).status == 201
    assert review() == {"on": "2026-11-17", "said": "a_little", "at": "2026-11-24T18:00:00Z"}

    for _ in range(2):
        told = send(api, ana, {"goal_step": "change"}, form="weekly")
    assert "You told us that you'd like to change what you set yourself." in told.json["told"][0]
    assert (review()["on"], review()["said"]) == (TODAY, "change")
    api.as_whom = CASE_MANAGER
    tasks = api.send("GET", f"/people/{ana}/tasks").json["items"]
    assert [(task["kind"], task["about"], task["owner"]) for task in tasks] == [
        ("goal_to_change", TODAY, "case-manager")
    ]
    api.as_whom = ADMIN
    assert api.send("GET", f"/people/{ana}/care-plan").status in {403, 404}


def test_an_answer_to_the_form_before_is_taken_and_kept_as_that(api: Api, ana: str) -> None:
    told = send(api, ana, {"homework": "all"}, form="weekly", formVersion=1)
    newer = send(api, ana, {"homework": "all", "goal_step": "yes"}, form="weekly", formVersion=1)

    assert (told.status, told.json["formVersion"]) == (201, 1)
    assert [fault["field"] for fault in newer.json["errors"]] == ["goal_step"]
    assert send(api, ana, {"homework": "all", "goal_step": "yes"}, form="weekly").json["formVersion"] == 2
    assert send(api, ana, {"goal_step": "perhaps"}, form="weekly", on="2026-11-23").kind == "invalid"


def test_whoever_tells_of_opioids_is_told_at_once_and_looked_after_the_same_day(api: Api, ana: str) -> None:
    told = send(api, ana, {"bam7.6": 1, "bam7.7e": 1}, form="weekly")

    assert told.status == 201, told.text
    assert "naloxone" in " ".join(told.json["safety"])
    assert flags(api, ana)["opioid_use_reported"]["dueAt"] == "2026-11-24T22:00:00Z"
    assert send(api, ana, {"mood": 5}).json["safety"] == []


def test_who_would_rather_talk_is_looked_after_within_two_hours_and_celebrations_wait(api: Api, ana: str) -> None:
    send(api, ana, {"plan": "talk", "craving": 9})
    send(api, ana, {"plan": "yes", "craving": 0})

    raised = flags(api, ana)

    assert {
        name: (one["severity"], one["owner"], one["dueAt"], one["state"]) for name, one in raised.items()
    } == dict.fromkeys(("wants_to_talk", "craving_severe"), ("urgent", "case-manager", "2026-11-24T20:00:00Z", "open"))
    who = DynamoPeople().load(ana, now=NOW)
    assert who is not None
    assert who.holds == {Hold.CONVERSATION}


def test_a_flag_stays_open_until_somebody_says_what_they_did(api: Api, ana: str) -> None:
    send(api, ana, {"craving": 9})
    flag = flags(api, ana)["craving_severe"]
    api.as_whom = CASE_MANAGER

    assert api.send("PUT", f"/people/{ana}/tasks/{flag['id']}", {"action": "  "}).kind == "invalid"
    done = api.send("PUT", f"/people/{ana}/tasks/{flag['id']}", {"action": "Called her; she is with her sister."})

    assert (done.json["state"], done.json["doneBy"], done.json["doneAt"]) == ("done", "keeper", "2026-11-24T18:00:00Z")
    api.as_whom = ANA
    assert api.send("GET", f"/people/{ana}/tasks").kind == "forbidden"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"answers": {}}, "answers"),
        ({"answers": {"mood": 11}}, "mood"),
        ({"answers": {"mood": -1}}, "mood"),
        ({"answers": {"mood": "3"}}, "mood"),
        ({"answers": {"mood": True}}, "mood"),
        ({"answers": {"mood": 3.5}}, "mood"),
        ({"answers": {"mood": None}}, "mood"),
        ({"answers": {"plan": "maybe"}}, "plan"),
        ({"answers": {"weight": 3}}, "weight"),
        ({"answers": {"note": "x" * 501}}, "note"),
        ({"answers": {"note": "  "}}, "answers"),
        ({"answers": {"mood": 3}, "form": "monthly"}, "form"),
        ({"answers": {"mood": 3}, "formVersion": 99}, "formVersion"),
        ({"answers": {"mood": 3}, "on": "2026-11-25"}, "on"),
        ({"answers": {"mood": 3}, "on": "2026-11-16"}, "on"),
        ({"answers": {"mood": 3}, "on": "2026-02-30"}, "on"),
        ({"answers": {"bam7.4": 0, "bam7.5": 1}, "form": "weekly"}, "bam7.5"),
        ({"answers": {"phq9.9": 1}, "form": "weekly"}, "phq9.9"),
    ],
)
def test_what_cant_be_is_refused_with_its_question_and_nothing_is_kept(
    api: Api, ana: str, body: dict[str, Any], field: str
) -> None:
    told = api.send("POST", f"/people/{ana}/check-ins", body)

    assert told.status == 422, told.text
    assert field in {error["field"] for error in told.json["errors"]}
    assert api.send("GET", f"/people/{ana}/check-ins").json["items"] == []


def test_a_megabyte_of_text_is_refused_before_it_is_read(api: Api, ana: str) -> None:
    assert send(api, ana, {"note": "x" * 2**20}).status == 413


def test_a_programmes_own_rules_need_a_name_and_a_day_and_the_version_in_hand(api: Api, ana: str) -> None:
    path = "/programmes/iop-evening/care-rules"
    assert api.send("GET", path).json["approvedBy"] is None
    rule = {
        "id": "low_mood",
        "when": {"ran": {"of": "mood", "atLeast": 0, "days": 2}},
        "severity": "follow_up",
        "owner": "clinician",
        "within": {"workingDays": 1},
    }
    body = {"rules": [rule], "readsItem9": False} | APPROVAL
    assert api.send("PUT", path, body, if_match='"0"').kind == "forbidden"
    api.as_whom = ADMIN

    assert api.send("PUT", path, body).kind == "precondition-required"
    told = api.send("PUT", path, body, if_match='"0"')
    assert (told.status, told.headers["ETag"], told.json["rules"][0]["id"]) == (200, '"1"', "low_mood")
    assert api.send("PUT", path, body, if_match='"0"').kind == "stale"

    api.as_whom = ANA
    send(api, ana, {"mood": 4}, on="2026-11-23")
    send(api, ana, {"mood": 4, "craving": 10})
    assert set(flags(api, ana)) == {"low_mood"}


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"when": {}}, "rules.0.when"),
        ({"when": {"missed": {"inARow": 0}}}, "rules.0.when.missed.inARow"),
        ({"when": {"missed": {"inARow": 2}, "rose": {"of": "mood", "by": 1}}}, "rules.0.when"),
        ({"when": {"answered": {"of": "mood"}}}, "rules.0.when.answered"),
        ({"when": {"answered": {"of": "__import__", "atLeast": 1}}}, "rules.0.when.answered.of"),
        ({"owner": "supporter"}, "rules.0.owner"),
        ({"within": {"hours": 0}}, "rules.0.within.hours"),
        ({"id": "Bad name"}, "rules.0.id"),
        ({"severity": "meh"}, "rules.0.severity"),
    ],
)
def test_a_rule_that_means_nothing_is_refused_with_its_place(api: Api, change: dict[str, Any], field: str) -> None:
    rule = {"id": "r", "when": {"missed": {"inARow": 2}}, "severity": "urgent", "owner": "clinician"}
    body = {"rules": [rule | {"within": {"hours": 1}} | change], "readsItem9": False} | APPROVAL

    told = api.send("PUT", "/programmes/iop-evening/care-rules", body, if_match='"0"')

    assert told.status == 422, told.text
    assert [error["field"] for error in told.json["errors"]] == [field]


def test_a_programme_says_how_soon_it_nudges_or_that_it_does_not(api: Api) -> None:
    path = "/programmes/iop-evening/care-rules"
    shown = api.send("GET", path).json
    defaults = [
        {"to": "participant", "missed": 1, "afterHours": 4.0},
        {"to": "partners", "missed": 2, "afterHours": 0.0},
        {"to": "alumni", "missed": 2, "afterHours": 24.0},
        {"to": "alumni_less", "missed": 3, "afterHours": 24.0},
    ]
    assert shown["nudges"] == defaults
    api.as_whom = ADMIN
    body = {"rules": shown["rules"], "readsItem9": False} | APPROVAL

    later = [{"to": "participant", "missed": 2, "afterHours": 6.5}]
    assert api.send("PUT", path, body | {"nudges": later}, if_match='"0"').json["nudges"] == later
    assert api.send("GET", path).json["nudges"] == later
    assert api.send("PUT", path, body | {"nudges": []}, if_match='"1"').json["nudges"] == []
    assert api.send("PUT", path, body, if_match='"2"').json["nudges"] == defaults


@pytest.mark.parametrize(
    ("nudges", "field"),
    [
        ([{"to": "supporters", "missed": 1, "afterHours": 4}], "nudges.0.to"),
        ([{"to": "participant", "missed": 0, "afterHours": 4}], "nudges.0.missed"),
        ([{"to": "participant", "missed": 1, "afterHours": 25}], "nudges.0.afterHours"),
        ([{"to": "participant", "missed": 1, "afterHours": 1}] * 2, "nudges"),
        ([{"to": "participant", "missed": 1, "afterHours": 1}] * 3, "nudges"),
    ],
)
def test_nudges_that_mean_nothing_are_refused_with_their_place(api: Api, nudges: Any, field: str) -> None:
    shown = api.send("GET", "/programmes/iop-evening/care-rules").json
    api.as_whom = ADMIN
    body = {"rules": shown["rules"], "readsItem9": False, "nudges": nudges} | APPROVAL

    told = api.send("PUT", "/programmes/iop-evening/care-rules", body, if_match='"0"')

    assert (told.status, [error["field"] for error in told.json["errors"]]) == (422, [field])


@pytest.mark.parametrize(
    ("change", "field"), [({"approvedOn": "2026-12-24"}, "approvedOn"), ({"workingFrom": "18:00"}, "workingFrom")]
)
def test_rules_are_approved_on_a_day_that_has_come(api: Api, change: dict[str, Any], field: str) -> None:
    rules = api.send("GET", "/programmes/iop-evening/care-rules").json["rules"]
    body = {"rules": rules, "readsItem9": False} | APPROVAL | change

    told = api.send("PUT", "/programmes/iop-evening/care-rules", body, if_match='"0"')

    assert [error["field"] for error in told.json["errors"]] == [field]


def test_the_weekly_check_in_is_asked_on_its_own_day_beside_the_daily_one(api: Api, ana: str) -> None:
    path = f"/people/{ana}/weekly-check-in"

    put = api.send("PUT", path, {"day": "SU", "time": "18:00"})
    again = api.send("PUT", path, {"day": "SA", "time": "10:30"})

    assert (put.json["id"], put.json["category"], put.json["next"]) == (
        "check_in-weekly",
        "check_in",
        "2026-11-29T23:00:00Z",
    )
    assert again.json["next"] == "2026-11-28T15:30:00Z"
    listed = {one["id"]: one["next"] for one in api.send("GET", f"/people/{ana}/schedules").json["items"]}
    assert listed == {"check_in": "2026-11-25T14:00:00Z", "check_in-weekly": "2026-11-28T15:30:00Z"}
    assert api.send("DELETE", path).status == api.send("DELETE", path).status == 204
    assert [one["id"] for one in api.send("GET", f"/people/{ana}/schedules").json["items"]] == ["check_in"]


@pytest.mark.parametrize(
    ("body", "field"), [({"day": "XX", "time": "18:00"}, "day"), ({"day": "SU", "time": "24:00"}, "time")]
)
def test_a_day_that_is_none_is_refused(api: Api, ana: str, body: dict[str, str], field: str) -> None:
    told = api.send("PUT", f"/people/{ana}/weekly-check-in", body)

    assert [error["field"] for error in told.json["errors"]] == [field]


@pytest.mark.parametrize(
    ("rule", "reads_item_9", "field"),
    [
        ({"when": {"answered": {"of": "cravings", "atLeast": 9}}}, False, "rules"),
        ({"when": {"answered": {"of": "phq9.9", "atLeast": 2}}}, True, "readsItem9"),
        ({"when": {"answered": {"of": "phq9.9", "atLeast": 1, "atMost": 1}}}, True, "readsItem9"),
        ({"when": {"rose": {"of": "phq9.9", "by": 1}}}, True, "readsItem9"),
    ],
)
def test_rules_that_could_never_hold_are_refused(
    api: Api, rule: dict[str, Any], *, reads_item_9: bool, field: str
) -> None:
    rows = [rule | {"id": "r", "severity": "urgent", "owner": "clinician", "within": {"hours": 1}}]
    body = {"rules": rows, "readsItem9": reads_item_9} | APPROVAL

    told = api.send("PUT", "/programmes/iop-evening/care-rules", body, if_match='"0"')

    assert [error["field"] for error in told.json["errors"]] == [field]


def test_an_answer_that_comes_late_is_looked_at_with_those_after_it(api: Api, ana: str) -> None:
    send(api, ana, {"craving": 7}, on="2026-11-24")
    assert flags(api, ana) == {}

    send(api, ana, {"craving": 7}, on="2026-11-23")

    assert flags(api, ana)["craving_high_twice"]["about"] == "craving_high_twice-2026-11-24-daily"


@pytest.mark.parametrize("span", ["to=0001-01-02", "from=0001-01-01", "to=9999-12-31"])
def test_a_span_that_no_calendar_has_is_refused(api: Api, ana: str, span: str) -> None:
    told = api.send("GET", f"/people/{ana}/check-ins?{span}")

    assert told.status == 422
    assert [error["field"] for error in told.json["errors"]] == [span.partition("=")[0]]


def test_as_many_rules_as_there_may_be_hold_at_once_and_the_answer_is_kept(api: Api, ana: str) -> None:
    rule = {"severity": "follow_up", "owner": "clinician", "within": {"hours": 1}}
    rows = [rule | {"id": f"r{n}", "when": {"answered": {"of": "craving", "atLeast": n // 20}}} for n in range(40)]
    api.as_whom = ADMIN
    body = {"rules": rows, "readsItem9": False} | APPROVAL
    assert api.send("PUT", "/programmes/iop-evening/care-rules", body, if_match='"0"').status == 200
    body["rules"] = [*rows, rule | {"id": "more", "when": {"missed": {"inARow": 2}}}]
    assert api.send("PUT", "/programmes/iop-evening/care-rules", body, if_match='"1"').status == 422
    api.as_whom = ANA

    assert send(api, ana, {"craving": 3}).status == 201

    assert len(flags(api, ana)) == 40
