"""The doors to contacts and cadences over the table, with its stream."""

from dataclasses import replace
from typing import Any

import pytest

from chalicelib.caseload.handlers import cadences_due
from chalicelib.caseload.store import ContactItem
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from tests.caseload_api import CASE_MANAGER, PEER, PEOPLE, CaseloadApi, cadence, open_task
from tests.conftest import Clock
from tests.routine_api import CLINICIAN
from tests.toy import NOW


@pytest.fixture
def api(aws: None, clock: Clock) -> CaseloadApi:
    del aws
    clock.set(NOW)
    return CaseloadApi()


@pytest.fixture
def ana(api: CaseloadApi) -> str:
    return api.with_a_team()


def test_a_contact_is_noted_and_listed_latest_first(api: CaseloadApi, ana: str) -> None:
    first = api.contact(ana, at="2026-11-23T15:00:00Z", outcome="no_answer")
    second = api.contact(ana, note="  Doing well.\r\nCalls tomorrow. ")

    assert (first.status, second.status) == (201, 201)
    listed = api.by(CLINICIAN, "GET", f"/people/{ana}/contacts").json["items"]
    assert [one["id"] for one in listed] == [second.json["id"], first.json["id"]]
    assert listed[0] == second.json
    assert {name: listed[0][name] for name in ("how", "outcome", "role", "by", "note", "at", "correctedBy")} == {
        "how": "call",
        "outcome": "reached",
        "role": "case-manager",
        "by": "cam",
        "note": "Doing well.\nCalls tomorrow.",
        "at": "2026-11-24T18:00:00Z",
        "correctedBy": None,
    }


def test_the_log_comes_in_pages(api: CaseloadApi, ana: str) -> None:
    made = [api.contact(ana, at=f"2026-11-{day:02}T12:00:00Z").json["id"] for day in range(10, 15)]

    seen: list[str] = []
    path: str | None = f"/people/{ana}/contacts?limit=2"
    while path:
        page = api.by(CLINICIAN, "GET", path).json
        seen += [one["id"] for one in page["items"]]
        path = page["next"]

    assert seen == made[::-1]


def test_a_repeated_request_notes_one_contact(api: CaseloadApi, ana: str) -> None:
    first, again = (api.contact(ana, key="k-1", note="Spoke.") for _ in range(2))

    assert (first.status, again.status, again.headers["Idempotency-Replayed"]) == (201, 201, "true")
    assert first.json == again.json
    assert api.contact(ana, key="k-1", note="Other.").kind == "idempotency-key-reused"
    assert len(api.by(CLINICIAN, "GET", f"/people/{ana}/contacts").json["items"]) == 1


def test_a_mistake_is_corrected_by_a_line_that_names_it_once(api: CaseloadApi, ana: str) -> None:
    wrong = api.contact(ana, outcome="reached", at="2026-11-23T15:00:00Z").json

    right = api.contact(ana, outcome="no_answer", corrects=wrong["id"])
    second = api.contact(ana, outcome="declined", corrects=wrong["id"])

    assert (right.status, right.json["at"]) == (201, wrong["at"])
    assert second.kind == "conflict"
    listed = {one["id"]: one for one in api.by(CLINICIAN, "GET", f"/people/{ana}/contacts").json["items"]}
    assert listed[wrong["id"]] == wrong | {"correctedBy": right.json["id"]}
    assert len(listed) == 2
    api.stream()
    assert api.row(ana)["lastContact"]["outcome"] == "no_answer"


def test_what_never_took_place_is_withdrawn(api: CaseloadApi, ana: str) -> None:
    earlier = api.contact(ana, outcome="left_message", at="2026-11-20T15:00:00Z").json
    wrong = api.contact(ana).json
    assert api.contact(ana, outcome="withdrawn", corrects=wrong["id"], note="Somebody else of that name.").status == 201

    api.stream()

    last = api.row(ana)["lastContact"]
    assert (last["at"], last["outcome"]) == (earlier["at"], "left_message")


def test_what_can_not_be_a_contact_is_refused_by_the_name_of_its_field(api: CaseloadApi, ana: str) -> None:
    for body, field in [
        ({"at": "2026-11-24T18:00:01Z"}, "at"),
        ({"at": "2026-10-25T17:59:59Z"}, "at"),
        ({"at": "2026-11-24"}, "at"),
        ({"note": "x" * 1001}, "note"),
        ({"note": "bell\u0007"}, "note"),
        ({"how": "pigeon"}, "how"),
        ({"outcome": "withdrawn"}, "outcome"),
        ({"corrects": "20261124T180000000000Z-0"}, "corrects"),
        ({"corrects": "a b"}, "corrects"),
        ({"taskId": "flag-none"}, "taskId"),
        ({"asRole": "clinician"}, "asRole"),
        ({"asRole": "participant"}, "asRole"),
        ({"by": "me"}, "by"),
    ]:
        told = api.contact(ana, **body)

        assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, [field])
        assert list(ContactItem.query(f"CONTACTS#{ana}")) == []


def test_a_contact_names_the_task_that_it_answers(api: CaseloadApi, ana: str) -> None:
    task = open_task(ana)

    told = api.contact(ana, taskId=task)

    assert (told.status, told.json["taskId"]) == (201, task)


def test_a_peer_specialist_notes_contacts_and_reads_nobodys_notes(api: CaseloadApi, ana: str) -> None:
    mine = api.contact(ana, PEER, note="Walked together.")
    theirs = api.contact(ana, CASE_MANAGER, note="Private.").json
    task = open_task(ana)

    assert (mine.status, mine.json["role"]) == (201, "peer-specialist")
    assert api.by(PEER, "GET", f"/people/{ana}/contacts").kind == "forbidden"
    # The same answer whether there is such a line, or such a task.
    refusals = [
        api.contact(ana, PEER, corrects=which).json["errors"] for which in (theirs["id"], theirs["id"][:-1] + "x")
    ]
    assert refusals[0] == refusals[1]
    refusals = [api.contact(ana, PEER, taskId=which).json["errors"] for which in (task, "flag-none")]
    assert refusals[0] == refusals[1]
    assert api.contact(ana, PEER, corrects=mine.json["id"], note="Sat together.").status == 201


def test_with_several_roles_one_says_in_which_one_did_it(api: CaseloadApi, ana: str) -> None:
    both = "cam=iop-evening/case-manager iop-evening/clinician"

    assert api.contact(ana, both).json["role"] == "clinician"
    assert api.contact(ana, both, asRole="case-manager").json["role"] == "case-manager"


def test_correcting_for_somebody_else_leaves_the_role_as_it_was(api: CaseloadApi, ana: str) -> None:
    of_peer = api.contact(ana, PEER).json

    told = api.contact(ana, CLINICIAN, corrects=of_peer["id"], outcome="declined").json

    assert (told["role"], told["by"]) == ("peer-specialist", "dr")


def test_nobody_else_reads_the_log_or_cadences_or_sets_them(api: CaseloadApi, ana: str) -> None:
    api.contact(ana, note="Private.")
    for role in set(Role) - {Role.CLINICIAN, Role.CASE_MANAGER}:
        whom = "ana" if role in {Role.PARTICIPANT, Role.ALUMNI} else "cam"
        as_role = f"{whom}=iop-evening/{role}"

        wanted = [
            api.by(as_role, "GET", f"/people/{ana}/contacts"),
            api.by(as_role, "GET", f"/people/{ana}/cadences"),
            api.by(as_role, "PUT", f"/people/{ana}/cadences/clinician", {"everyDays": 7, "startsOn": "2026-11-20"}),
            api.by(as_role, "DELETE", f"/people/{ana}/cadences/clinician"),
        ]
        if role is not Role.PEER_SPECIALIST:
            wanted += [api.contact(ana, as_role), api.by(as_role, "GET", PEOPLE)]

        assert {told.status for told in wanted} <= {403, 404}, role


def test_a_person_of_another_programme_is_not_there(api: CaseloadApi, ana: str) -> None:
    elsewhere = "cam=iop-morning/case-manager"

    assert api.contact(ana, elsewhere).kind == "not-found"
    assert api.by(elsewhere, "GET", f"/people/{ana}/contacts").kind == "not-found"
    assert api.by(elsewhere, "GET", f"/people/{ana}/cadences").kind == "not-found"
    assert api.by(elsewhere, "GET", PEOPLE).kind == "not-found"


def test_a_cadence_is_due_from_its_start_and_moved_on_by_contacts_of_its_role(api: CaseloadApi, ana: str) -> None:
    shown = cadence(api, ana).json
    assert (shown["nextDue"], shown["due"], shown["overdue"], shown["lastReachedAt"]) == (
        "2026-11-20",
        True,
        True,
        None,
    )

    api.contact(ana, CLINICIAN)
    api.contact(ana, outcome="no_answer")
    (unmoved,) = api.by(CLINICIAN, "GET", f"/people/{ana}/cadences").json["items"]
    # 22:30 in New York, though the next day has begun in UTC.
    api.contact(ana, at="2026-11-24T03:30:00Z")
    (moved,) = api.by(CLINICIAN, "GET", f"/people/{ana}/cadences").json["items"]

    assert unmoved["nextDue"] == "2026-11-20"
    assert (moved["nextDue"], moved["due"], moved["lastReachedAt"]) == ("2026-11-30", False, "2026-11-24T03:30:00Z")


def test_a_day_of_staff_counts_the_cadences_of_their_own_people(api: CaseloadApi, ana: str) -> None:
    cam = Member(
        programme_id="iop-evening",
        account="cam",
        first_name="Cam",
        roles=frozenset({Role.CASE_MANAGER}),
        language="en",
        zone="America/New_York",
        put_by="admin",
        put_at=NOW,
    )
    assert cadences_due(cam, NOW) == 0

    cadence(api, ana)
    api.stream()

    others = [replace(cam, account="else"), replace(cam, roles=frozenset({Role.CLINICIAN}))]
    assert [cadences_due(member, NOW) for member in (cam, *others)] == [1, 0, 0]


def test_setting_a_cadence_again_changes_nothing_and_taking_it_away_twice_neither(api: CaseloadApi, ana: str) -> None:
    first = cadence(api, ana).json
    again = api.by(CLINICIAN, "PUT", f"/people/{ana}/cadences/case-manager", {"everyDays": 7, "startsOn": "2026-11-20"})

    assert again.json == first
    assert cadence(api, ana, everyDays=3).json["everyDays"] == 3
    assert cadence(api, ana, "peer-specialist").status == 200
    for _ in range(2):
        assert api.by(CASE_MANAGER, "DELETE", f"/people/{ana}/cadences/case-manager").status == 204
    left = api.by(CASE_MANAGER, "GET", f"/people/{ana}/cadences").json["items"]
    assert [one["role"] for one in left] == ["peer-specialist"]


def test_what_can_not_be_a_cadence_is_refused(api: CaseloadApi, ana: str) -> None:
    bodies: list[tuple[dict[str, Any], str]] = [
        ({"everyDays": 0}, "everyDays"),
        ({"everyDays": 91}, "everyDays"),
        ({"everyDays": 1.5}, "everyDays"),
        ({"startsOn": "2027-11-26"}, "startsOn"),
        ({"startsOn": "2025-11-22"}, "startsOn"),
        ({"startsOn": "soon"}, "startsOn"),
        ({"note": "x"}, "note"),
    ]
    for body, field in bodies:
        told = cadence(api, ana, **body)

        assert (told.status, [fault["field"] for fault in told.json["errors"]]) == (422, [field])
    assert api.by(CASE_MANAGER, "GET", f"/people/{ana}/cadences").json["items"] == []


def test_only_who_reaches_people_has_a_cadence(api: CaseloadApi, ana: str) -> None:
    for role in ("participant", "program-admin", "nurse"):
        assert cadence(api, ana, role).kind == "not-found"
        assert api.by(CASE_MANAGER, "DELETE", f"/people/{ana}/cadences/{role}").kind == "not-found"


def test_who_has_died_is_given_no_cadence_and_is_on_no_list(api: CaseloadApi, ana: str) -> None:
    assert api.by(CLINICIAN, "POST", f"/people/{ana}/transitions", {"to": "deceased"}).status in {200, 201, 204}
    api.stream()

    assert cadence(api, ana).kind == "conflict"
    assert api.caseload() == []
