"""The doors to attendance over the table: noted by staff, one or all of a session; seen; looked at; and refused."""

from datetime import date, timedelta
from typing import Any

import pytest

import app
from chalicelib.routine.attendance import Presence
from chalicelib.routine.attendance_store import DynamoAttendances
from chalicelib.tasks.store import DynamoTasks
from tests.conftest import Clock
from tests.contract.test_achieving import record_of
from tests.contract.test_people_routes import PERSON
from tests.routine_api import ADMIN, ANA, CLINICIAN, RoutineApi
from tests.toy import NOW, Told

KEEPER = "keeper=iop-evening/case-manager"
PEER = "pat=iop-evening/peer-specialist"
ROUTINE = "/programmes/iop-evening/routine"


@pytest.fixture
def api(aws: None) -> RoutineApi:
    del aws
    return RoutineApi()


@pytest.fixture
def ana(api: RoutineApi) -> str:
    return api.set_up()


def note(
    api: RoutineApi, person_id: str, on: str, presence: str, *, whom: str = CLINICIAN, kind: str = "group", **more: Any
) -> Told:
    path = f"/people/{person_id}/routine/items/{api.item(kind)}/attendance/{on}"
    return api.by(whom, "PUT", path, {"presence": presence} | more)


def note_all(api: RoutineApi, on: str, people: list[dict[str, Any]], *, whom: str = CLINICIAN, item: str = "") -> Told:
    path = f"{ROUTINE}/items/{item or api.item('group')}/attendance/{on}"
    return api.by(whom, "PUT", path, {"people": people})


def listed(api: RoutineApi, person_id: str, *, whom: str = ANA, query: str = "") -> list[tuple[str, str, int]]:
    told = api.by(whom, "GET", f"/people/{person_id}/attendance{query}")
    assert told.status == 200, told.text
    return [(one["on"], one["presence"], one["minutes"]) for one in told.json["items"]]


def flags(person_id: str) -> dict[str, Any]:
    return {task.about: task for task in DynamoTasks().of_person(person_id)}


def test_staff_note_who_came_and_the_person_sees_it(api: RoutineApi, ana: str) -> None:
    told = note(api, ana, "2026-11-19", "attended")
    part = note(api, ana, "2026-11-20", "attended", kind="individual", minutes=20)
    note(api, ana, "2026-11-23", "excused")

    assert (told.status, part.status) == (200, 200)
    assert told.json == {
        "personId": ana,
        "itemId": api.item("group"),
        "on": "2026-11-19",
        "kind": "group",
        "at": "2026-11-19T23:00:00Z",
        "plannedMinutes": 180,
        "presence": "attended",
        "minutes": 180,
        "notedAt": "2026-11-24T18:00:00Z",
        "by": "dr",
    }
    expected = [("2026-11-23", "excused", 0), ("2026-11-20", "attended", 20), ("2026-11-19", "attended", 180)]
    assert listed(api, ana) == expected
    assert listed(api, ana, query="?from=2026-11-20&to=2026-11-22") == expected[1:2]
    assert listed(api, ana, whom=ADMIN) == expected
    assert flags(ana) == {}


def test_the_same_again_changes_nothing_and_another_word_takes_its_place(api: RoutineApi, ana: str) -> None:
    first, again = note(api, ana, "2026-11-19", "attended"), note(api, ana, "2026-11-19", "attended", whom=KEEPER)
    assert again.json == first.json

    note(api, ana, "2026-11-19", "attended", minutes=90, whom=KEEPER)

    assert listed(api, ana) == [("2026-11-19", "attended", 90)]
    path = f"/people/{ana}/routine/items/{api.item('group')}/attendance/2026-11-19"
    for _ in range(2):
        assert api.by(CLINICIAN, "DELETE", path).status == 204
    assert api.by(CLINICIAN, "DELETE", path.replace("2026-11-19", "2026-11-18")).status == 204
    assert listed(api, ana) == []
    note(api, ana, "2026-11-19", "excused")
    assert listed(api, ana) == [("2026-11-19", "excused", 0)]


def test_the_week_shows_who_came_and_to_staff_the_hours_once_it_is_over(api: RoutineApi, ana: str) -> None:
    def week(whom: str) -> Any:
        return api.by(whom, "GET", f"/people/{ana}/week?from=2026-11-16").json

    for on in ("2026-11-16", "2026-11-18"):
        note(api, ana, on, "attended")
    note(api, ana, "2026-11-19", "absent")
    note(api, ana, "2026-11-20", "attended", kind="individual")

    found = week(CLINICIAN)
    shown = [one["attendance"] for one in found["items"] if one["kind"] == "group"]
    assert shown == [{"presence": "attended", "minutes": 180}] * 2 + [{"presence": "absent", "minutes": 0}]
    totals = found["totals"]
    assert (totals["attendedMinutes"], totals["notNotedMinutes"], totals["attendedBelow"]) == (410, 0, True)
    assert week(ANA)["totals"] is None

    # Had the programme taken it off, it would be held against nobody.
    off = f"{ROUTINE}/items/{api.item('group')}/departures/2026-11-19"
    assert api.send("PUT", off, {"reason": "No heating"}).status == 200
    totals = week(CLINICIAN)["totals"]
    assert (totals["attendedMinutes"], totals["offMinutes"], totals["attendedBelow"]) == (410, 180, False)
    assert [on for on, _, _ in listed(api, ana)] == ["2026-11-20", "2026-11-18", "2026-11-16"]


def test_the_week_of_admission_is_nobodys_to_be_below(api: RoutineApi, ana: str) -> None:
    # Admitted on the 1st, a Sunday.
    for first, below in (("2026-10-26", None), ("2026-11-02", False), ("2026-11-23", None)):
        found = api.by(CLINICIAN, "GET", f"/people/{ana}/week?from={first}").json
        assert found["totals"]["attendedBelow"] is below, first


@pytest.mark.parametrize(
    ("on", "body", "field"),
    [
        ("2026-11-25", {"presence": "attended"}, "presence"),
        ("2026-11-25", {"presence": "absent"}, "presence"),
        ("2026-12-17", {"presence": "excused"}, "on"),
        ("2026-11-19", {"presence": "late"}, "presence"),
        ("2026-11-19", {"presence": "attended", "minutes": 181}, "minutes"),
        ("2026-11-19", {"presence": "attended", "minutes": 0}, "minutes"),
        ("2026-11-19", {"presence": "attended", "minutes": "90"}, "minutes"),
        ("2026-11-19", {"presence": "absent", "minutes": 20}, "minutes"),
        ("2026-11-19", {"minutes": 20}, "presence"),
        ("2026-11-19", {"presence": "absent", "why": "x"}, "why"),
    ],
)
def test_what_can_not_be_is_refused_by_the_name_of_its_field(
    api: RoutineApi, ana: str, on: str, body: dict[str, Any], field: str
) -> None:
    path = f"/people/{ana}/routine/items/{api.item('group')}/attendance/{on}"

    told = api.by(CLINICIAN, "PUT", path, body)

    assert (told.kind, [fault["field"] for fault in told.json["errors"]]) == ("invalid", [field])
    assert listed(api, ana) == []


def test_who_told_before_is_excused_before_it_begins(api: RoutineApi, ana: str) -> None:
    assert note(api, ana, "2026-11-26", "excused").status == 200
    assert flags(ana) == {}


def test_only_a_session_that_takes_place_can_be_attended(api: RoutineApi, ana: str) -> None:
    assert note(api, ana, "2026-11-20", "attended").kind == "not-found"
    assert note(api, ana, "soon", "attended").kind == "not-found"
    assert note(api, ana, "2026-11-17", "attended", kind="homework").kind == "conflict"
    off = f"{ROUTINE}/items/{api.item('group')}/departures/2026-11-19"
    assert api.send("PUT", off, {"reason": "Holiday"}).status == 200
    assert note(api, ana, "2026-11-19", "attended").kind == "not-found"
    assert note_all(api, "2026-11-19", [{"personId": ana, "presence": "absent"}]).kind == "not-found"


def test_a_session_that_was_moved_is_noted_once_it_began_where_it_was_moved(api: RoutineApi, ana: str) -> None:
    path = f"{ROUTINE}/items/{api.item('group')}/departures/2026-11-25"
    moved = {"reason": "Holiday", "movedTo": {"date": "2026-11-24", "time": "10:00"}}
    assert api.send("PUT", path, moved).status == 200

    assert note(api, ana, "2026-11-25", "attended").json["at"] == "2026-11-24T15:00:00Z"


def test_attendance_is_noted_by_the_care_team_and_seen_by_few(api: RoutineApi, ana: str) -> None:
    for whom in (ANA, PEER, ADMIN):
        assert note(api, ana, "2026-11-19", "attended", whom=whom).kind in {"forbidden", "not-found"}, whom
    for whom in ("eve=iop-evening/participant", "sam=iop-evening/supporter", "dr=other/clinician", PEER):
        assert api.by(whom, "GET", f"/people/{ana}/attendance").kind in {"forbidden", "not-found"}, whom
    assert api.by(ADMIN, "PUT", f"/people/{ana}/care-team/pat").status == 204
    assert listed(api, ana, whom=PEER) == []


@pytest.mark.parametrize("query", ["?from=2026-11-20&to=2026-11-01", "?from=2020-01-01&to=2026-11-01", "?from=x"])
def test_dates_that_make_no_span_are_refused(api: RoutineApi, ana: str, query: str) -> None:
    assert api.by(ANA, "GET", f"/people/{ana}/attendance{query}").status in {400, 422}


def test_an_absence_without_notice_is_the_case_managers_by_the_next_working_day_once(api: RoutineApi, ana: str) -> None:
    told = note(api, ana, "2026-11-23", "absent")

    assert told.status == 200
    about = f"session_missed-2026-11-23-{api.item('group')}"
    flag = flags(ana)[about]
    assert (flag.severity, flag.owner, flag.because) == ("outreach", "case-manager", "absent=1 (group, 2026-11-23)")
    assert flag.due_at.isoformat() == "2026-11-25T22:00:00+00:00"
    for presence in ("absent", "attended", "absent"):
        note(api, ana, "2026-11-23", presence)
    assert set(flags(ana)) == {about}


def test_each_absence_is_a_flag_of_its_own_and_one_long_ago_is_none(api: RoutineApi, ana: str) -> None:
    for on in ("2026-11-05", "2026-11-19", "2026-11-23"):
        note(api, ana, on, "absent")
    note(api, ana, "2026-11-20", "absent", kind="individual")

    missed = sorted(about[15:25] for about in flags(ana) if about.startswith("session_missed"))
    assert missed == ["2026-11-19", "2026-11-23"]


def test_nobody_is_sent_after_whoever_is_on_hold(api: RoutineApi, ana: str) -> None:
    told = api.by(KEEPER, "POST", f"/people/{ana}/transitions", {"to": "on_hold"})
    assert told.status == 200

    assert note(api, ana, "2026-11-23", "absent").status == 200
    assert flags(ana) == {}


def test_a_programme_decides_how_many_in_a_row_and_of_what(api: RoutineApi, ana: str) -> None:
    rule = {
        "id": "two_missed",
        "when": {"absent": {"inARow": 2}},
        "severity": "follow_up",
        "owner": "clinician",
        "within": {"workingDays": 2},
    }
    away = rule | {"id": "away", "when": {"unattended": {"days": 3}}}
    body = {"rules": [rule, away], "readsItem9": False, "approvedBy": "Dr. Lee", "approvedOn": "2026-11-01"}
    told = api.send("PUT", "/programmes/iop-evening/care-rules", body, if_match='"0"')
    assert told.status == 200, told.text
    assert [one["when"] for one in told.json["rules"]] == [
        {"answered": None, "ran": None, "rose": None, "missed": None, "unattended": None}
        | {"absent": {"of": None, "inARow": 2}},
        {"answered": None, "ran": None, "rose": None, "missed": None, "absent": None} | {"unattended": {"days": 3}},
    ]
    for wrong in ({"absent": {"inARow": 0}}, {"absent": {"of": "homework"}}, {"unattended": {"days": 1}}):
        sent = body | {"rules": [rule | {"when": wrong}]}
        assert api.send("PUT", "/programmes/iop-evening/care-rules", sent, if_match='"1"').kind == "invalid"

    note(api, ana, "2026-11-20", "absent", kind="individual")
    assert set(flags(ana)) == {"away-2026-11-20"}
    note(api, ana, "2026-11-23", "absent")
    # The one between them becomes known, and told before: it neither counts nor ends the row.
    note(api, ana, "2026-11-19", "excused")
    assert f"two_missed-2026-11-23-{api.item('group')}" in flags(ana)


def away(person_id: str, day: int, *, kind: str = "check_in") -> None:
    """Let a check-in of so many days after the 2nd of November come up."""
    record = record_of(person_id, day, name="MODIFY", pk="LEDGER")
    record["dynamodb"]["Keys"]["sk"] = {"S": f"{date(2026, 11, 2) + timedelta(days=day)}#{kind}"}
    assert app.achieve({"Records": [record]}, None)["batchItemFailures"] == []


def test_seven_days_without_attendance_are_noticed_though_nobody_does_anything(
    api: RoutineApi, ana: str, clock: Clock
) -> None:
    note(api, ana, "2026-11-19", "attended")
    note(api, ana, "2026-11-23", "excused")

    for days in (0, 1):
        clock.set(NOW + timedelta(days=days))
        away(ana, 22 + days)
    assert flags(ana) == {}

    for days in (2, 2, 3, 9):
        clock.set(NOW + timedelta(days=days))
        away(ana, 22 + days, kind="check_in-weekly" if days == 2 else "check_in")
    (about, flag), *more = flags(ana).items()
    assert (about, more) == ("unattended-2026-11-19", [])
    assert (flag.severity, flag.owner, flag.because) == ("review", "clinician", "unattended=7 days")


def test_nobody_stays_away_whose_sessions_nobody_noted(api: RoutineApi, ana: str, clock: Clock) -> None:
    note(api, ana, "2026-11-12", "attended")
    clock.set(NOW)

    away(ana, 22)

    assert flags(ana) == {}


def test_a_session_that_was_taken_off_later_keeps_nobody_away(api: RoutineApi, ana: str, clock: Clock) -> None:
    note(api, ana, "2026-11-19", "attended")
    note(api, ana, "2026-11-23", "excused")
    off = f"{ROUTINE}/items/{api.item('group')}/departures/2026-11-23"
    assert api.send("PUT", off, {"reason": "No heating"}).status == 200
    clock.set(NOW + timedelta(days=3))

    away(ana, 25)

    assert flags(ana) == {}


def test_somebody_who_never_came_is_looked_at_a_week_after_what_they_missed_first(
    api: RoutineApi, ana: str, clock: Clock
) -> None:
    note(api, ana, "2026-11-18", "excused")
    for days in (0, 1):
        clock.set(NOW + timedelta(days=days))
        away(ana, 22 + days)

    assert set(flags(ana)) == {"unattended-2026-11-18"}


def test_a_whole_session_is_noted_at_once_and_can_be_sent_again(api: RoutineApi, ana: str) -> None:
    ben = api.enrol(externalId="TBH-2", email="ben@example.com")
    people: list[dict[str, Any]] = [
        {"personId": ana, "presence": "attended", "minutes": 170},
        {"personId": ben, "presence": "absent"},
    ]

    told = note_all(api, "2026-11-23", people)
    again = note_all(api, "2026-11-23", people, whom=KEEPER)

    assert told.status == 200, told.text
    assert told.json["refused"] == []
    assert [(one["personId"], one["presence"], one["minutes"]) for one in told.json["items"]] == [
        (ana, "attended", 170),
        (ben, "absent", 0),
    ]
    assert again.json == told.json
    assert [about[:14] for about in flags(ben)] == ["session_missed"]


def test_entries_that_can_not_be_are_named_and_the_others_are_kept(api: RoutineApi, ana: str) -> None:
    assert api.by("root=other/program-admin", "POST", "/programmes", {"id": "other", "name": "Other"}).status == 201
    stranger = api.by(
        "root=other/program-admin",
        "POST",
        "/programmes/other/people",
        PERSON | {"externalId": "X-1", "email": "x@example.com"},
    )
    assert stranger.status == 201, stranger.text
    left = api.enrol(externalId="TBH-3", email="cy@example.com", admittedOn="2026-11-24")
    people = [
        {"personId": "nobody", "presence": "absent"},
        {"personId": stranger.json["id"], "presence": "absent"},
        {"personId": left, "presence": "absent"},
        {"personId": ana, "presence": "attended"},
    ]

    told = note_all(api, "2026-11-23", people)

    assert told.status == 200, told.text
    assert [one["personId"] for one in told.json["items"]] == [ana]
    gone = {"field": "personId", "reason": "isn't there, or not for you"}
    assert told.json["refused"] == [
        {"index": 0, "errors": [gone]},
        {"index": 1, "errors": [gone]},
        {"index": 2, "errors": [{"field": "personId", "reason": "doesn't have this session"}]},
    ]
    assert not any(DynamoAttendances().between(one, date.min, date.max) for one in (stranger.json["id"], left))


def test_a_list_whose_shape_is_wrong_is_refused_whole(api: RoutineApi, ana: str) -> None:
    one: dict[str, Any] = {"personId": ana, "presence": "attended"}
    cases: list[tuple[list[dict[str, Any]], str]] = [
        ([], "people"),
        ([one] * 101, "people"),
        ([one, one], "people"),
        ([one | {"minutes": 0}], "people.0.minutes"),
        ([one, one | {"personId": "a#b"}], "people.1.personId"),
    ]
    for people, field in cases:
        told = note_all(api, "2026-11-23", people)
        assert [fault["field"] for fault in told.json["errors"]] == [field]
    refused = note_all(api, "2026-11-23", [one | {"minutes": 181}]).json["refused"]
    assert [fault["field"] for fault in refused[0]["errors"]] == ["minutes"]
    assert note_all(api, "2026-11-23", [one], item="none").kind == "not-found"
    assert note_all(api, "2026-11-24", [one]).kind == "not-found"
    assert note_all(api, "2026-11-24", [one], item=api.item("homework")).kind == "conflict"
    assert listed(api, ana) == []


def test_who_may_not_note_is_refused_for_each(api: RoutineApi, ana: str) -> None:
    one = {"personId": ana, "presence": "attended"}

    told = note_all(api, "2026-11-23", [one], whom=ADMIN)

    assert (told.status, told.json["items"], len(told.json["refused"])) == (200, [], 1)
    assert note_all(api, "2026-11-23", [one], whom=ANA).kind in {"forbidden", "not-found"}
    assert note_all(api, "2026-11-23", [one], whom="dr=other/clinician").kind == "not-found"
    assert listed(api, ana) == []


def test_each_person_of_a_session_has_a_line_in_the_audit_log(api: RoutineApi, ana: str) -> None:
    note_all(api, "2026-11-23", [{"personId": ana, "presence": "attended"}])

    events = [one for one in api.toy.audit.written if one.purpose == "note who came to a session"]

    assert [(one.action, one.subject, one.actor) for one in events] == [("list", None, "dr"), ("write", ana, "dr")]


def test_another_item_of_the_same_name_keeps_what_was_noted_before_an_edit(api: RoutineApi, ana: str) -> None:
    note(api, ana, "2026-11-19", "attended")
    shown = api.send("GET", ROUTINE)
    items = [item | ({"time": "19:00"} if item["kind"] == "group" else {}) for item in shown.json["items"]]
    assert (
        api.send("PUT", ROUTINE, {"from": "2026-11-25", "items": items}, if_match=shown.headers["ETag"]).status == 200
    )

    assert listed(api, ana) == [("2026-11-19", "attended", 180)]
    (kept,) = DynamoAttendances().between(ana, date(2026, 11, 1), date(2026, 11, 30))
    assert kept.presence is Presence.ATTENDED
