"""The doors to weeks over the table: a programme sets its week, a person lives theirs, staff see how it goes."""

from typing import Any

import pytest

from tests.routine_api import ADMIN, ANA, CLINICIAN, GROUP, HOMEWORK, WALK, WEEK, RoutineApi

ROUTINE = "/programmes/iop-evening/routine"


@pytest.fixture
def api(aws: None) -> RoutineApi:
    del aws
    return RoutineApi()


@pytest.fixture
def ana(api: RoutineApi) -> str:
    return api.set_up()


def week(api: RoutineApi, person_id: str, *, whom: str = ANA, first: str = "2026-11-23") -> Any:
    told = api.by(whom, "GET", f"/people/{person_id}/week?from={first}")
    assert told.status == 200, told.text
    return told.json


def test_a_person_sees_their_week_in_their_zone(api: RoutineApi, ana: str) -> None:
    found = week(api, ana)

    assert (found["from"], found["timeZone"], found["totals"]) == ("2026-11-23", "America/New_York", None)
    assert len(found["items"]) == 3 + 1 + 1 + 7
    (first, group, *_) = found["items"]
    assert (first["kind"], first["localTime"], first["done"]) == ("wellness", "2026-11-23T07:00:00-05:00", False)
    assert (group["title"], group["at"], group["done"]) == ("Evening group", "2026-11-23T23:00:00Z", None)


def test_staff_see_the_hours_against_the_level_of_care(api: RoutineApi, ana: str) -> None:
    totals = week(api, ana, whom=CLINICIAN)["totals"]

    assert totals == {
        "level": "2.1",
        "plannedMinutes": 590,
        "attendedMinutes": 0,
        "offMinutes": 0,
        "notNotedMinutes": 590,
        "leastMinutes": 540,
        "below": False,
        "attendedBelow": None,
        "approvedBy": None,
        "approvedOn": None,
        "toDo": 1,
        "done": 0,
    }
    shown = api.send("GET", ROUTINE)
    levels = [{"code": "2.1", "minutes": 600, "approvedBy": "Dr. Lee", "approvedOn": "2026-11-20"}]
    sent = {"from": "2026-11-25", "items": shown.json["items"], "levels": levels}
    told = api.send("PUT", ROUTINE, sent, if_match=shown.headers["ETag"])
    assert told.status == 200, told.text
    totals = week(api, ana, whom=CLINICIAN)["totals"]
    assert (totals["leastMinutes"], totals["below"], totals["approvedBy"]) == (600, True, "Dr. Lee")


def test_levels_of_care_are_for_staff(api: RoutineApi, ana: str) -> None:
    del ana
    assert [level["code"] for level in api.send("GET", ROUTINE).json["levels"]] == ["2.1", "2.1-adolescent", "2.5"]
    shown = api.by(ANA, "GET", ROUTINE).json
    assert (shown["levels"], shown["level"]) == (None, None)
    assert len(shown["items"]) == 4


def test_a_holiday_is_off_with_its_reason_until_it_is_lifted(api: RoutineApi, ana: str) -> None:
    path = f"{ROUTINE}/items/{api.item('group')}/departures/2026-11-26"

    for _ in range(2):
        assert api.send("PUT", path, {"reason": "Thanksgiving"}).status == 200
    (off,) = [one for one in week(api, ana)["items"] if one["off"]]
    assert (off["on"], off["reason"], off["moved"]) == ("2026-11-26", "Thanksgiving", False)
    assert week(api, ana, whom=CLINICIAN)["totals"]["below"]
    listed = api.send("GET", f"{ROUTINE}/departures?from=2026-11-01&to=2026-11-30").json["items"]
    assert [(one["on"], one["movedTo"], one["reason"]) for one in listed] == [("2026-11-26", None, "Thanksgiving")]

    for _ in range(2):
        assert api.send("DELETE", path).status == 204
    assert not any(one["off"] for one in week(api, ana)["items"])
    assert api.send("GET", f"{ROUTINE}/departures?from=2026-11-01&to=2026-11-30").json["items"] == []


def test_a_session_that_is_moved_is_where_it_was_moved(api: RoutineApi, ana: str) -> None:
    path = f"{ROUTINE}/items/{api.item('group')}/departures/2026-11-26"

    told = api.send("PUT", path, {"reason": "Holiday", "movedTo": {"date": "2026-11-28", "time": "10:00"}})

    assert told.json["movedTo"] == {"date": "2026-11-28", "time": "10:00"}
    (moved,) = [one for one in week(api, ana)["items"] if one["moved"]]
    assert (moved["on"], moved["localTime"]) == ("2026-11-26", "2026-11-28T10:00:00-05:00")


@pytest.mark.parametrize(
    ("on", "body", "kind", "field"),
    [
        ("2026-11-27", {"reason": "x"}, "not-found", None),
        ("2026-13-99", {"reason": "x"}, "not-found", None),
        ("tomorrow", {"reason": "x"}, "not-found", None),
        ("0001-01-01", {"reason": "x"}, "not-found", None),
        ("9999-12-31", {"reason": "x"}, "not-found", None),
        ("2026-11-26", {"reason": "  "}, "invalid", "reason"),
        ("2026-11-26", {"reason": ""}, "invalid", "reason"),
        ("2026-11-26", {"reason": "x" * 201}, "invalid", "reason"),
        ("2026-11-26", {"reason": "x", "movedTo": {"date": "2027-01-26", "time": "10:00"}}, "invalid", "movedTo.date"),
        ("2026-11-26", {"reason": "x", "movedTo": {"date": "2026-11-28", "time": "25:00"}}, "invalid", "movedTo.time"),
    ],
)
def test_what_can_not_depart_is_refused(
    api: RoutineApi, ana: str, on: str, body: dict[str, Any], kind: str, field: str | None
) -> None:
    del ana
    told = api.send("PUT", f"{ROUTINE}/items/{api.item('group')}/departures/{on}", body)

    assert told.kind == kind
    assert [fault["field"] for fault in told.json.get("errors", [])] == ([field] if field else [])


def test_an_item_at_another_time_is_another_one_and_past_weeks_stay(api: RoutineApi, ana: str) -> None:
    shown = api.send("GET", ROUTINE)
    before, past = api.item("group"), week(api, ana, first="2026-11-16")
    items = [item | ({"time": "19:00"} if item["kind"] == "group" else {}) for item in shown.json["items"]]

    told = api.send("PUT", ROUTINE, {"from": "2026-11-25", "items": items}, if_match=shown.headers["ETag"])

    assert (told.status, told.headers["ETag"], told.json["by"]) == (200, '"2"', "admin")
    assert week(api, ana, first="2026-11-16") == past
    groups = [one for one in week(api, ana)["items"] if one["kind"] == "group"]
    assert [one["localTime"][11:16] for one in groups] == ["18:00", "19:00", "19:00"]
    assert [one["itemId"] == before for one in groups] == [True, False, False]
    assert api.send("GET", f"{ROUTINE}?version=1").json["items"] == shown.json["items"]
    assert api.send("GET", f"{ROUTINE}?version=7").kind == "not-found"


def test_a_week_is_edited_with_the_version_in_hand_by_who_runs_the_programme(api: RoutineApi, ana: str) -> None:
    del ana
    assert api.send("PUT", ROUTINE, WEEK, if_match='"0"').kind == "stale"
    assert api.send("PUT", ROUTINE, WEEK).kind == "precondition-required"
    for whom in (CLINICIAN, ANA):
        assert api.by(whom, "PUT", ROUTINE, WEEK, if_match='"1"').kind == "forbidden"
    assert api.by("x=other/program-admin", "PUT", ROUTINE, WEEK, if_match='"1"').kind == "not-found"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"timeZone": None}, "items.0.timeZone"),
        ({"rule": "FREQ=SECONDLY"}, "items.0.rule"),
        ({"rule": "FREQ=WEEKLY;COUNT=3"}, "items.0.rule"),
        ({"title": " "}, "items.0.title"),
        ({"title": "a\u202eb"}, "items.0.title"),
        ({"minutes": 0}, "items.0.minutes"),
        ({"minutes": "3"}, "items.0.minutes"),
        ({"time": "24:00"}, "items.0.time"),
        ({"endsOn": "2026-11-01"}, "items.0.endsOn"),
        ({"kind": "party"}, "items.0.kind"),
        ({"colour": "red"}, "items.0.colour"),
    ],
)
def test_a_week_that_can_not_be_kept_is_refused_and_nothing_is_changed(
    api: RoutineApi, ana: str, change: dict[str, Any], field: str
) -> None:
    del ana
    told = api.send("PUT", ROUTINE, {"from": "2026-11-25", "items": [GROUP | change]}, if_match='"1"')

    assert (told.kind, [fault["field"] for fault in told.json["errors"]]) == ("invalid", [field])
    assert api.send("GET", ROUTINE).headers["ETag"] == '"1"'


@pytest.mark.parametrize(
    ("sent", "field"),
    [
        ({"from": "2026-11-23"}, "from"),
        ({"from": "2028-11-23"}, "from"),
        ({"level": "../x"}, "level"),
        ({"levels": [{"code": "2.1", "minutes": 1, "approvedBy": "L", "approvedOn": "2026-01-01"}] * 2}, "levels"),
        ({"levels": [{"code": "2.1", "minutes": 540}]}, "levels.0.approvedBy"),
    ],
)
def test_when_and_at_which_level_a_week_holds_is_checked(
    api: RoutineApi, ana: str, sent: dict[str, Any], field: str
) -> None:
    del ana
    told = api.send("PUT", ROUTINE, {"from": "2026-11-25", "items": []} | sent, if_match='"1"')

    assert field in [fault["field"] for fault in told.json["errors"]]


def test_homework_is_done_once_however_often_it_is_said(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/routine/items/{api.item('homework')}/done/2026-11-24"

    first, again = api.by(ANA, "PUT", path), api.by(CLINICIAN, "PUT", path)

    assert (first.status, first.json) == (200, again.json)
    # Noted at 13:00 in New York; who said it first, said it.
    assert (first.json["done"], first.json["saidOn"], first.json["by"]) == (True, "2026-11-24", "ana")
    assert first.json["timeZone"] == "America/New_York"
    (homework,) = [one for one in week(api, ana)["items"] if one["kind"] == "homework"]
    assert (homework["done"], homework["doneAt"]) == (True, "2026-11-24T18:00:00Z")
    assert week(api, ana, whom=CLINICIAN)["totals"]["done"] == 1


def test_late_is_fine_and_so_is_taking_it_back(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/routine/items/{api.item('homework')}/done/2026-11-10"

    late = api.by(ANA, "PUT", path)
    undone = api.by(CLINICIAN, "DELETE", path)

    assert (late.status, late.json["on"], late.json["saidOn"]) == (200, "2026-11-10", "2026-11-24")
    assert (undone.status, undone.json["done"], undone.json["by"]) == (200, False, "dr")
    assert api.by(CLINICIAN, "DELETE", path).json == undone.json
    assert api.by(ANA, "PUT", path).json["done"]


def test_only_what_takes_place_and_is_to_do_can_be_done(api: RoutineApi, ana: str) -> None:
    def done(item: str, on: str) -> str:
        return api.by(ANA, "PUT", f"/people/{ana}/routine/items/{item}/done/{on}").kind

    assert done(api.item("group"), "2026-11-23") == "conflict"
    assert done(api.item("homework"), "2026-11-25") == "not-found"
    assert done(api.item("homework"), "2027-01-05") == "invalid"
    assert done("none", "2026-11-24") == "not-found"
    for on in ("soon", "0001-01-01", "9999-12-31"):
        assert done(api.item("homework"), on) == "not-found"


def test_a_person_adds_a_wellness_activity_of_their_own_and_nothing_else(api: RoutineApi, ana: str) -> None:
    yoga = WALK | {"title": "Yoga", "rule": "FREQ=WEEKLY;BYDAY=SA", "startsOn": "2026-11-24"}

    told = api.by(ANA, "POST", f"/people/{ana}/routine/items", yoga)

    assert (told.status, told.json["title"]) == (201, "Yoga")
    assert [one["title"] for one in week(api, ana)["items"] if one["own"]] == ["Yoga"]
    assert api.by(ANA, "PUT", f"{told.headers['Location']}/done/2026-11-28").status == 200
    assert api.by(ANA, "POST", f"/people/{ana}/routine/items", HOMEWORK).kind == "forbidden"
    assert api.by(CLINICIAN, "POST", f"/people/{ana}/routine/items", HOMEWORK).status == 201
    bad = api.by(ANA, "POST", f"/people/{ana}/routine/items", yoga | {"rule": "FREQ=HOURLY"})
    assert [fault["field"] for fault in bad.json["errors"]] == ["rule"]


def test_what_a_person_takes_away_stays_in_the_days_before(api: RoutineApi, ana: str) -> None:
    told = api.by(ANA, "POST", f"/people/{ana}/routine/items", WALK | {"title": "Run"})

    assert api.by(ANA, "DELETE", told.headers["Location"]).status == 204

    # From today, the 24th, on.
    assert [one["on"] for one in week(api, ana)["items"] if one["title"] == "Run"] == ["2026-11-23"]
    assert api.by(ANA, "GET", f"/people/{ana}/routine").json["items"] == []
    assert api.by(ANA, "DELETE", f"/people/{ana}/routine/items/{api.item('wellness')}").kind == "not-found"


def test_a_person_leaves_out_what_is_not_required_and_staff_anything(api: RoutineApi, ana: str) -> None:
    path, walk, group = f"/people/{ana}/routine", api.item("wellness"), api.item("group")

    assert api.by(ANA, "PUT", path, {"leftOut": [walk]}, if_match='"0"').headers["ETag"] == '"1"'
    told = api.by(ANA, "PUT", path, {"leftOut": [walk, group]}, if_match='"1"')
    assert [fault["field"] for fault in told.json["errors"]] == ["leftOut"]
    assert api.by(ANA, "PUT", path, {"leftOut": [walk], "level": "1"}, if_match='"1"').kind == "forbidden"
    assert api.by(CLINICIAN, "PUT", path, {"leftOut": [walk, group], "level": "1"}, if_match='"1"').status == 200

    found = week(api, ana, whom=CLINICIAN)
    assert [one["on"] for one in found["items"] if one["kind"] in {"group", "wellness"}] == ["2026-11-23"] * 2
    assert (found["totals"]["level"], found["totals"]["leastMinutes"]) == ("1", None)
    # They can't take back what staff decided.
    assert api.by(ANA, "PUT", path, {"leftOut": [walk], "level": "1"}, if_match='"2"').kind == "invalid"
    assert api.by(ANA, "GET", path).json == {"items": [], "leftOut": sorted([walk, group]), "level": None}
    assert api.by(ANA, "PUT", path, {"leftOut": []}, if_match='"1"').kind == "stale"
    for body in ({"leftOut": ["none"]}, {"leftOut": [], "level": "9"}):
        assert api.by(CLINICIAN, "PUT", path, body, if_match='"2"').kind == "invalid"


def test_a_week_is_nobody_elses_to_see(api: RoutineApi, ana: str) -> None:
    for whom in (
        ADMIN,
        "eve=iop-evening/participant",
        "peer=iop-evening/peer-specialist",
        "sam=iop-evening/supporter",
        "dr=other/clinician",
    ):
        told = api.by(whom, "GET", f"/people/{ana}/week?from=2026-11-23")
        assert told.kind in {"forbidden", "not-found"}, whom


@pytest.mark.parametrize("query", ["", "?from=soon", "?from=2020-01-01", "?from=2026-11-23&x=1"])
def test_a_week_has_a_date_to_begin_with(api: RoutineApi, ana: str, query: str) -> None:
    assert api.by(ANA, "GET", f"/people/{ana}/week{query}").status in {400, 422}


def test_who_left_care_has_no_more_sessions(api: RoutineApi, ana: str) -> None:
    told = api.by("cm=iop-evening/case-manager", "POST", f"/people/{ana}/transitions", {"to": "discharged_early"})
    assert told.status == 200

    later = week(api, ana, first="2026-11-30")

    assert later["items"] == []
    assert len(week(api, ana)["items"]) > 0


def test_a_reminder_of_homework_is_set_moved_and_forgotten(api: RoutineApi, ana: str) -> None:
    path = f"/people/{ana}/routine/items/{api.item('homework')}/reminder"

    told = api.by(ANA, "PUT", path, {})
    assert (told.status, told.json["time"], told.json["next"]) == (200, "20:00", "2026-11-25T01:00:00Z")
    moved = api.by(ANA, "PUT", path, {"time": "19:30"})
    assert (moved.json["scheduleId"], moved.json["next"]) == (told.json["scheduleId"], "2026-11-25T00:30:00Z")
    schedules = api.by(ANA, "GET", f"/people/{ana}/schedules").json["items"]
    assert [one["title"] for one in schedules if one["category"] == "appointment"] == ["Triggers worksheet"]
    for _ in range(2):
        assert api.by(ANA, "DELETE", path).status == 204
    assert len(api.by(ANA, "GET", f"/people/{ana}/schedules").json["items"]) == 1
    assert api.by(ANA, "PUT", path, {"time": "7"}).kind == "invalid"
    group = f"/people/{ana}/routine/items/{api.item('group')}/reminder"
    assert api.by(ANA, "PUT", group, {}).kind == "conflict"


def test_what_a_person_takes_away_is_not_reminded_of(api: RoutineApi, ana: str) -> None:
    told = api.by(ANA, "POST", f"/people/{ana}/routine/items", WALK | {"title": "Run"})
    assert api.by(ANA, "PUT", f"{told.headers['Location']}/reminder", {}).status == 200

    api.by(ANA, "DELETE", told.headers["Location"])

    assert len(api.by(ANA, "GET", f"/people/{ana}/schedules").json["items"]) == 1
