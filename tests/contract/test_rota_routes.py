"""The doors to a rota over the table: what they take, refuse and show, and to whom."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.crisis import handlers
from chalicelib.crisis.rota_handlers import on_call
from chalicelib.edge.table import Item
from chalicelib.enrollment.channels import Channel
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.store import DueItem, due_of
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import recipient_id
from chalicelib.staff.store import DynamoStaff
from tests.contract.test_staff_stores import a_member
from tests.fakes_rota import a_member as a_colleague
from tests.routine_api import ADMIN, ANA, CLINICIAN, RoutineApi
from tests.toy import NOW, Told

ROTA = "/programmes/iop-evening/rota"
BO = "bo=iop-evening/peer-specialist"
SHIFT = {
    "id": "all",
    "tier": "primary",
    "days": ["MO", "TU", "WE", "TH", "FR", "SA", "SU"],
    "from": "09:00",
    "to": "09:00",
    "members": ["dr", "bo"],
    "turnsFrom": "2026-11-23",
}
BODY = {"timeZone": "America/New_York", "shifts": [SHIFT]}
HOURS = [{"days": ["MO"], "from": "09:00", "to": "17:00"}]
DRILLS = {"rule": "FREQ=MONTHLY;BYDAY=2TU", "time": "10:00", "startsOn": "2026-12-01"}
FROM, TO = "2026-11-25T14:00:00Z", "2026-11-25T22:00:00Z"
COVER = {"tier": "primary", "of": "dr", "by": "bo", "starts": FROM, "ends": TO}


@pytest.fixture
def api(aws: None) -> RoutineApi:
    del aws
    api = RoutineApi()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    staff = DynamoStaff(hurry=lambda _dues: None)
    for account in ("dr", "bo", "cy"):
        email = a_colleague(account).email
        staff.save(a_member(account, programme="iop-evening", email=email))
    return api


def put(api: RoutineApi, *, version: int = 0, by: str = ADMIN, **changes: Any) -> Told:
    return api.by(by, "PUT", ROTA, BODY | changes, if_match=f'"{version}"')


def ask(api: RoutineApi, whom: str = CLINICIAN, **changes: Any) -> Told:
    return api.by(whom, "POST", f"{ROTA}/covers", COVER | changes)


def told(account: str) -> list[str]:
    """Return how messages about covers to a member end, in order."""
    found = [due_of(item) for item in Item.scan() if isinstance(item, DueItem)]
    mine = [due for due in found if due.person_id == recipient_id("iop-evening", account)]
    return sorted(due.kind.rpartition("-")[2] for due in mine if due.kind.startswith("staff_work-cover-"))


def test_an_admin_puts_a_rota_and_staff_read_it(api: RoutineApi) -> None:
    assert api.by(CLINICIAN, "GET", ROTA).status == 404
    answer = put(
        api,
        drills=DRILLS,
        hours=HOURS,
        holidays=[{"on": "2026-12-25", "shiftId": "all", "account": None, "why": " Off "}],
    )

    assert (answer.status, answer.headers["ETag"]) == (200, '"1"'), answer.text
    shown = answer.json
    for who in (ADMIN, CLINICIAN, BO):
        assert api.by(who, "GET", ROTA).json == shown
    assert (shown["shifts"], shown["hours"], shown["drills"]) == ([SHIFT | {"timeZone": None}], HOURS, DRILLS)
    assert shown["holidays"] == [{"on": "2026-12-25", "shiftId": "all", "account": None, "why": "Off"}]
    assert (shown["changedBy"], shown["covers"], shown["version"]) == ("admin", [], 1)
    assert put(api).kind == "stale"
    assert put(api, version=1, shifts=[]).json["version"] == 2


NONSENSE: list[tuple[dict[str, Any], str]] = [
    ({"timeZone": "Mars/Olympus"}, "timeZone"),
    ({"shifts": [SHIFT | {"members": ["dr", "nobody"]}]}, "shifts.0.members.1"),
    ({"shifts": [SHIFT | {"days": []}]}, "shifts.0.days"),
    ({"shifts": [SHIFT | {"to": "09:59"}]}, "shifts.0.to"),
    ({"shifts": [SHIFT | {"to": "24:00"}]}, "shifts.0.to"),
    ({"shifts": [SHIFT | {"timeZone": "EST5"}]}, "shifts.0.timeZone"),
    ({"shifts": [SHIFT | {"tier": "third"}]}, "shifts.0.tier"),
    ({"shifts": [SHIFT | {"id": "a#b"}]}, "shifts.0.id"),
    ({"shifts": [SHIFT, SHIFT]}, "shifts.1.id"),
    ({"shifts": [SHIFT] * 61}, "shifts"),
    ({"hours": [HOURS[0] | {"days": []}]}, "hours.0.days"),
    ({"drills": DRILLS | {"rule": "MONTHLY"}}, "drills.rule"),
    ({"drills": DRILLS | {"rule": "FREQ=WEEKLY"}}, "drills.rule"),
    ({"drills": DRILLS | {"time": "25:00"}}, "drills.time"),
    ({"holidays": [{"on": "2026-12-25", "shiftId": "x", "account": None}]}, "holidays.0.shiftId"),
    ({"holidays": [{"on": "2026-12-25", "shiftId": "all", "account": "x"}]}, "holidays.0.account"),
    ({"holidays": [{"on": "2026-12-25", "shiftId": "all", "account": None}] * 2}, "holidays.1.on"),
    ({"holidays": [{"on": "2026-12-25", "shiftId": "all", "account": None, "why": "a\u202eb"}]}, "holidays.0.why"),
]


def test_what_makes_no_sense_is_named_and_nothing_is_kept(api: RoutineApi) -> None:
    for changes, field in NONSENSE:
        answer = put(api, **changes)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field), changes
    assert api.by(ADMIN, "GET", ROTA).status == 404


def test_half_a_rota_is_kept_and_what_it_leaves_open_is_listed(api: RoutineApi) -> None:
    assert put(api, shifts=[SHIFT | {"members": []}]).status == 200
    (gap,) = api.by(CLINICIAN, "GET", f"{ROTA}/gaps").json["items"]
    assert (gap["tier"], gap["why"], gap["hours"], gap["accounts"]) == ("primary", "unstaffed", 336, [])

    assert put(api, version=1).status == 200
    assert api.by(CLINICIAN, "GET", f"{ROTA}/gaps").json["items"] == []
    api.by(ADMIN, "DELETE", "/programmes/iop-evening/staff/bo")
    (gap,) = api.by(CLINICIAN, "GET", f"{ROTA}/gaps").json["items"]
    assert (gap["why"], gap["hours"], gap["accounts"], gap["starts"]) == ("left", 168, ["bo"], "2026-11-30T14:00:00Z")


def test_who_is_on_call_is_shown_with_the_ways_that_reach_them(api: RoutineApi) -> None:
    assert api.by(CLINICIAN, "GET", "/programmes/iop-evening/crises").json["noRota"] is True
    (gap,) = api.by(CLINICIAN, "GET", f"{ROTA}/gaps").json["items"]
    assert (gap["tier"], gap["why"], gap["hours"]) == ("primary", "no_shift", 336)
    nothing = api.by(CLINICIAN, "GET", f"{ROTA}/on-call").json
    assert nothing == {"state": "unknown", "until": None, "items": [], "emailOnly": False}

    put(api)
    shown = api.by(BO, "GET", f"{ROTA}/on-call").json
    assert api.by(CLINICIAN, "GET", "/programmes/iop-evening/crises").json["noRota"] is False
    (item,) = shown["items"]
    assert (shown["state"], shown["until"], shown["emailOnly"]) == ("on_duty", None, True)
    assert (item["account"], item["firstName"], item["pagedBy"], item["trouble"]) == ("dr", "Dr", ["email"], None)
    assert (item["starts"], item["ends"]) == ("2026-11-24T14:00:00Z", "2026-11-25T14:00:00Z")
    # A cover that is still to come says until when it is theirs.
    ask(api, ADMIN, starts="2026-11-24T22:00:00Z")
    (item,) = api.by(BO, "GET", f"{ROTA}/on-call").json["items"]
    assert (item["starts"], item["ends"]) == ("2026-11-24T14:00:00Z", "2026-11-24T22:00:00Z")

    put(api, version=1, shifts=[SHIFT | {"from": "20:00", "to": "21:00"}])
    shown = api.by(BO, "GET", f"{ROTA}/on-call").json
    assert (shown["state"], shown["until"], shown["items"]) == ("off_duty", "2026-11-25T01:00:00Z", [])


def test_a_cover_is_asked_for_agreed_to_and_counts(api: RoutineApi) -> None:
    put(api)
    asked = ask(api)
    assert (asked.status, asked.json["holds"], asked.json["agreed"]) == (201, False, ["dr"]), asked.text
    assert (told("bo"), told("dr")) == (["asked"], [])
    answer = f"{ROTA}/covers/{asked.json['id']}/answer"

    for who in ("cy=iop-evening/clinician", ADMIN):
        assert api.by(who, "PUT", answer, {"agrees": True}).status == 404
    for _ in range(2):
        agreed = api.by(BO, "PUT", answer, {"agrees": True})
        assert (agreed.status, agreed.json["holds"]) == (200, True)
    assert told("dr") == ["agreed"]
    assert [one["id"] for one in api.by(BO, "GET", ROTA).json["covers"]] == [asked.json["id"]]

    for _ in range(2):
        assert api.by(CLINICIAN, "DELETE", f"{ROTA}/covers/{asked.json['id']}").status == 204
    assert told("bo") == ["asked", "ended"]
    assert api.by(BO, "PUT", answer, {"agrees": True}).kind == "conflict"
    assert api.by(BO, "DELETE", f"{ROTA}/covers/none").status == 404


def test_who_says_no_ends_it_and_an_admin_puts_without_asking(api: RoutineApi) -> None:
    put(api)
    asked = ask(api).json["id"]
    assert api.by(BO, "PUT", f"{ROTA}/covers/{asked}/answer", {"agrees": False}).json["endedBy"] == "bo"
    assert told("dr") == ["ended"]

    placed = ask(api, ADMIN, of=None)
    assert (placed.json["holds"], placed.json["of"]) == (True, None)
    assert told("bo") == ["asked", "asked"]
    assert api.by(ADMIN, "DELETE", f"{ROTA}/covers/{placed.json['id']}").status == 204


NO_COVER: list[tuple[dict[str, Any], str]] = [
    ({"starts": TO, "ends": FROM}, "ends"),
    ({"ends": NOW.isoformat()}, "ends"),
    ({"ends": (NOW + timedelta(days=40)).isoformat()}, "ends"),
    ({"starts": "2026-11-25T14:00:00"}, "starts"),
    ({"by": "nobody"}, "by"),
    ({"by": "dr"}, "by"),
    ({"of": "bo", "by": "cy"}, "by"),
    ({"of": None, "by": "dr"}, "of"),
    ({"tier": "secondary"}, "of"),
    ({"of": "cy", "by": "dr"}, "of"),
]


def test_a_cover_that_makes_no_sense_is_refused(api: RoutineApi) -> None:
    put(api)
    for changes, field in NO_COVER:
        answer = ask(api, **changes)
        assert (answer.status, answer.json["errors"][0]["field"]) == (422, field), changes
    assert told("bo") == []


def test_what_somebody_else_took_already_can_not_be_taken_again(api: RoutineApi) -> None:
    put(api)
    first, second = ask(api).json["id"], ask(api).json["id"]
    assert api.by(BO, "PUT", f"{ROTA}/covers/{first}/answer", {"agrees": True}).status == 200

    assert api.by(BO, "PUT", f"{ROTA}/covers/{second}/answer", {"agrees": True}).kind == "conflict"


MAY_READ = {Role.PROGRAM_ADMIN, Role.CLINICIAN, Role.CASE_MANAGER, Role.PEER_SPECIALIST}


def test_only_these_roles_come_in(api: RoutineApi) -> None:
    put(api)
    for role in Role:
        asking = f"dr=iop-evening/{role}"
        seen = {api.by(asking, "GET", f"{ROTA}{path}").status for path in ("", "/gaps", "/on-call")}
        assert seen == ({200} if role in MAY_READ else {403}), role
        assert put(api, version=9, by=asking).status == (412 if role is Role.PROGRAM_ADMIN else 403), role
        assert (ask(api, asking).status == 201) is (role in MAY_READ), role
    assert api.by(ANA, "GET", ROTA).status == 403
    for path in ("", "/gaps", "/on-call"):
        assert api.by("boss=iop-morning/program-admin", "GET", f"{ROTA}{path}").status == 404


def test_a_drill_is_begun_by_an_admin_answered_by_staff_and_measured(api: RoutineApi) -> None:
    handlers.desk.cache_clear()
    on_call.cache_clear()
    put(api)
    path = "/programmes/iop-evening/drills"
    begun = api.by(ADMIN, "POST", path)
    assert (begun.status, begun.json["open"], begun.json["pages"]) == (201, True, 1), begun.text
    assert api.by(ADMIN, "POST", path).kind == "conflict"
    assert (api.by(CLINICIAN, "POST", path).status, api.by(ANA, "GET", path).status) == (403, 403)

    crises = "/programmes/iop-evening/crises"
    (shown,) = api.by(CLINICIAN, "GET", crises).json["items"]
    assert (shown["isDrill"], shown["personId"], shown["reference"]) == (True, None, begun.json["reference"])
    assert api.by(CLINICIAN, "POST", f"{crises}/{shown['id']}/acknowledge").status == 200
    (came,) = api.by(BO, "GET", path).json["items"]
    assert (came["acknowledgedBy"], came["seconds"], came["open"]) == ("dr", 0, False)
    assert api.by(ADMIN, "POST", f"{path}/{came['id']}/end").status == 200
    assert api.by(CLINICIAN, "GET", crises).json["items"] == []
    assert api.by(ADMIN, "POST", f"{path}/none/end").status == 404


def test_who_hands_over_to_whom_is_shown_with_what_is_open(api: RoutineApi) -> None:
    handlers.desk.cache_clear()
    on_call.cache_clear()
    put(api)
    drill = api.by(ADMIN, "POST", "/programmes/iop-evening/drills").json
    shown = api.by(BO, "GET", f"{ROTA}/hand-over").json

    (change,) = shown["items"]
    assert (change["tier"], change["at"]) == ("primary", "2026-11-30T14:00:00Z")
    assert change["endsFor"] == [{"account": "dr", "firstName": "Dr"}]
    assert change["beginsFor"] == [{"account": "bo", "firstName": "Bo"}]
    (crisis,) = shown["openCrises"]
    assert (crisis["reference"], crisis["state"], crisis["owner"]) == (drill["reference"], "paged", None)
    assert api.by(ANA, "GET", f"{ROTA}/hand-over").status == 403
    assert api.by(CLINICIAN, "GET", "/programmes/iop-evening/crises").json["emailOnly"] is True


def test_the_board_says_who_can_be_paged_by_email_alone(api: RoutineApi) -> None:
    put(api)
    board = "/programmes/iop-evening/crises"
    assert api.by(CLINICIAN, "GET", board).json["emailOnly"] is True
    staff = DynamoStaff(hurry=lambda _dues: None)
    dr = staff.find("iop-evening", "dr")
    assert dr
    browser = Channel(id="b", kind=ChannelKind.PUSH, address="https://push.example/1", added_at=NOW, heartbeat_at=NOW)
    staff.save(replace(dr, devices=(browser.confirmed(revision=1, at=NOW),), version=dr.version + 1))

    assert api.by(CLINICIAN, "GET", board).json["emailOnly"] is False
    (item,) = api.by(BO, "GET", f"{ROTA}/on-call").json["items"]
    assert item["pagedBy"] == ["email", "push"]
    put(api, version=1, shifts=[])
    assert api.by(CLINICIAN, "GET", board).json["emailOnly"] is True
