"""The doors to contacts, cadences and the caseload over the table, with its stream."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from chalicelib.caseload.handlers import cadences_due
from chalicelib.caseload.store import AttentionItem, ContactItem
from chalicelib.checkins.service import ask_for_help
from chalicelib.checkins.store import DynamoHelpRequests
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.categories import CHECK_IN
from chalicelib.outreach.domain import Entry, Hold, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from chalicelib.tasks.domain import Kind, task_for
from chalicelib.tasks.store import DynamoTasks
from tests.caseload_api import CASE_MANAGER, PEER, PEOPLE, CaseloadApi
from tests.conftest import Clock
from tests.routine_api import ADMIN, ANA, CLINICIAN
from tests.toy import NOW

CONSENT = {"scope": "contact_email", "textVersion": 1, "locale": "en"}


@pytest.fixture
def api(aws: None, clock: Clock) -> CaseloadApi:
    del aws
    clock.set(NOW)
    return CaseloadApi()


@pytest.fixture
def ana(api: CaseloadApi) -> str:
    person_id = api.set_up()
    for account in ("pia", "cam"):
        assert api.by(ADMIN, "PUT", f"/people/{person_id}/care-team/{account}").status == 204
    assert api.by(ANA, "POST", f"/people/{person_id}/consents", CONSENT).status == 201
    api.stream()
    return person_id


def cadence(api: CaseloadApi, person_id: str, role: str = "case-manager", **body: Any) -> Any:
    sent = {"everyDays": 7, "startsOn": "2026-11-20"} | body
    return api.by(CASE_MANAGER, "PUT", f"/people/{person_id}/cadences/{role}", sent)


def asked(api: CaseloadApi, person_id: str, *days_ago: int, status: Status = Status.SENT) -> None:
    """Send check-ins at nine in the morning of these days, by New York's clocks."""
    ledger = DynamoLedger()
    entries = []
    for days in days_ago:
        at = NOW.replace(hour=14) - timedelta(days=days)
        entries.append(
            Entry(
                person_id=person_id,
                kind=CHECK_IN,
                on=at.date(),
                due_at=at,
                status=Status.CLAIMED,
                attempt=1,
                claimed_at=at,
            )
        )
    assert all(ledger.add(entries))
    api.stream()
    assert all(ledger.end([replace(entry, status=status, ended_at=entry.due_at) for entry in entries]))


def open_task(person_id: str, kind: Kind = Kind.TALK_TODAY, *, hours_ago: float = 0, about: str = "x") -> str:
    at = NOW - timedelta(hours=hours_ago)
    task = task_for(kind, about, programme_id="iop-evening", person_id=person_id, at=at)
    assert DynamoTasks().open(task)
    return task.id


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


def test_everybody_in_care_is_on_the_list_with_what_is_known(api: CaseloadApi, ana: str) -> None:
    api.contact(ana, outcome="left_message", note="Private.")
    cadence(api, ana)
    api.stream()

    (row,) = api.caseload()

    assert row == {
        "personId": ana,
        "name": "Ana Lee",
        "state": "active",
        "admittedOn": "2026-11-01",
        "week": 4,
        "attention": [
            {
                "why": "cadence_overdue",
                "since": "2026-11-20T05:00:00Z",
                "taskId": None,
                "role": "case-manager",
                "number": None,
            }
        ],
        "lastContact": {
            "at": "2026-11-24T18:00:00Z",
            "how": "call",
            "outcome": "left_message",
            "role": "case-manager",
        },
        "checkIns": {"lastAnsweredAt": None, "lastAnsweredOn": None, "missed": 0, "missedSince": None},
        "tasks": [],
        "moreTasks": 0,
        "cadences": [{"role": "case-manager", "everyDays": 7, "nextDue": "2026-11-20", "due": True, "overdue": True}],
        "holds": [],
        "helpAskedAt": None,
        "reach": {
            "reachable": True,
            "why": None,
            "channels": [{"kind": "email", "usable": True, "troubles": []}],
        },
    }


def test_silence_is_counted_from_what_was_sent(api: CaseloadApi, ana: str) -> None:
    asked(api, ana, 4, 3, 2, 0)
    asked(api, ana, 1, status=Status.FAILED)
    api.stream()

    row = api.row(ana)

    # Today's may still be answered, and what failed is nobody's silence.
    assert row["checkIns"]["missed"] == 3
    assert row["checkIns"]["missedSince"] == "2026-11-20"
    # The rule over silence raised its flag too, and its row came by the same stream.
    assert api.reasons(ana) == ["outreach_open", "long_silence"]
    (flag,) = row["tasks"]
    assert (flag["rule"], flag["owner"], flag["overdue"]) == ("silent", "case-manager", False)


def test_an_answer_ends_silence_and_says_when(api: CaseloadApi, ana: str) -> None:
    asked(api, ana, 2, 1)
    api.stream()
    assert api.reasons(ana) == ["missed"]

    body = {"form": "daily", "on": "2026-11-24", "answers": {"mood": 6}}
    told = api.by(ANA, "POST", f"/people/{ana}/check-ins", body)
    assert told.status in {200, 201}, told.text
    api.stream()

    assert api.reasons(ana) == []
    assert api.row(ana)["checkIns"] == {
        "lastAnsweredAt": "2026-11-24T18:00:00Z",
        "lastAnsweredOn": "2026-11-24",
        "missed": 0,
        "missedSince": None,
    }


def test_a_flag_is_shown_with_its_rule_and_figures_and_goes_when_it_is_done(api: CaseloadApi, ana: str) -> None:
    body = {"form": "daily", "on": "2026-11-24", "answers": {"mood": 2, "craving": 9}}
    assert api.by(ANA, "POST", f"/people/{ana}/check-ins", body).status in {200, 201}
    api.stream()

    row = api.row(ana)
    (flag,) = row["tasks"]
    assert (flag["rule"], flag["severity"], flag["owner"]) == ("craving_severe", "urgent", "case-manager")
    assert "9" in flag["because"]
    # The flag holds celebrations back, which is told too.
    assert api.reasons(ana) == ["urgent_open", "conversation_hold"]
    assert [hold["kind"] for hold in row["holds"]] == ["conversation"]

    done = api.by(CASE_MANAGER, "PUT", f"/people/{ana}/tasks/{flag['id']}", {"action": "Called."})
    assert done.status == 200
    api.stream()
    assert api.reasons(ana) == ["conversation_hold"]


def test_a_call_for_help_comes_first_until_somebody_reached_the_person(api: CaseloadApi, ana: str) -> None:
    open_task(ana, hours_ago=5)
    who = DynamoPeople().load(ana, now=NOW)
    assert who
    ask_for_help(
        who,
        request_id="page-1",
        verified=True,
        now=NOW - timedelta(minutes=5),
        help_requests=DynamoHelpRequests(),
        holds=DynamoHolds(),
    )
    api.stream()
    assert api.reasons(ana) == ["help_asked", "crisis_hold", "urgent_overdue"]

    api.contact(ana, outcome="left_message")
    api.stream()
    assert api.reasons(ana)[0] == "help_asked"

    api.contact(ana, PEER)
    api.stream()
    assert api.reasons(ana) == ["crisis_hold", "urgent_overdue"]
    assert api.row(ana)["helpAskedAt"] == "2026-11-24T17:55:00Z"


def test_who_can_not_be_reached_is_shown_with_why(api: CaseloadApi, ana: str) -> None:
    (channel,) = api.by(ADMIN, "GET", f"/people/{ana}/channels").json["items"]
    DynamoPeople().channel_is_gone(ana, channel["id"], why="bounced", now=NOW)
    api.stream()

    reach = api.row(ana)["reach"]
    assert (reach["reachable"], reach["why"]) == (False, "none_works")
    assert reach["channels"][0]["troubles"] == ["dead"]
    assert api.reasons(ana) == ["unreachable"]


def test_a_consent_that_is_revoked_shows_on_the_very_next_page(api: CaseloadApi, ana: str) -> None:
    assert api.by(ANA, "POST", f"/people/{ana}/consents/contact_email/revocations").status in {200, 201, 204}

    # The stream has told nobody yet.
    reach = api.row(ana)["reach"]
    assert (reach["reachable"], reach["why"], reach["channels"][0]["troubles"]) == (False, "no_consent", ["no_consent"])
    assert api.reasons(ana) == ["unreachable"]


def test_a_peer_specialist_sees_silence_and_their_own_cadence_and_nothing_else(api: CaseloadApi, ana: str) -> None:
    asked(api, ana, 2, 1)
    open_task(ana, hours_ago=5)
    cadence(api, ana)
    cadence(api, ana, "peer-specialist", startsOn="2026-11-24")
    api.contact(ana, CASE_MANAGER, outcome="no_answer")
    api.stream()

    (row,) = api.caseload(PEER)

    assert (row["name"], [one["why"] for one in row["attention"]]) == ("Ana", ["cadence_due", "missed"])
    hidden = ("state", "admittedOn", "week", "tasks", "moreTasks", "holds", "helpAskedAt", "reach", "lastContact")
    assert [row[name] for name in hidden] == [None] * len(hidden)
    assert [one["role"] for one in row["cadences"]] == ["peer-specialist"]
    assert row["checkIns"]["missed"] == 2


def others(api: CaseloadApi, number: int) -> list[str]:
    found = []
    for each in range(number):
        email = f"p{each}@example.com"
        found.append(api.by(ADMIN, "POST", "/programmes/iop-evening/people", a_person(each, email)).json["id"])
    return found


def a_person(number: int, email: str) -> dict[str, Any]:
    return {
        "externalId": f"TBH-{number + 10}",
        "givenName": f"P{number}",
        "familyName": "Other",
        "email": email,
        "emailAttested": True,
        "timeZone": "America/New_York",
        "language": "en",
        "admittedOn": "2026-11-01",
        "state": "active",
    }


def test_with_a_caseload_of_ones_own_only_its_people_are_listed(api: CaseloadApi, ana: str) -> None:
    (other,) = others(api, 1)
    api.stream()
    assert {row["personId"] for row in api.caseload()} == {ana, other}
    assert {row["personId"] for row in api.caseload(PEER)} == {ana}

    shown = api.by(ADMIN, "GET", "/programmes/iop-evening")
    told = api.by(ADMIN, "PATCH", "/programmes/iop-evening", {"caseload": "assigned"}, if_match=shown.headers["ETag"])
    assert told.status == 200, told.text
    assert {row["personId"] for row in api.caseload()} == {ana}

    # Whoever leaves the care team sees the person no more, before the stream has told anybody.
    assert api.by(ADMIN, "DELETE", f"/people/{ana}/care-team/cam").status == 204
    assert api.caseload() == []


def test_the_whole_caseload_is_in_order_across_pages(api: CaseloadApi, ana: str) -> None:
    crowd = [ana, *others(api, 6)]
    for number, person_id in enumerate(crowd):
        if number % 2:
            open_task(person_id, hours_ago=number)
    api.stream()
    whole = [row["personId"] for row in api.caseload()]

    seen: list[str] = []
    path: str | None = f"{PEOPLE}?limit=2"
    while path:
        told = api.by(CASE_MANAGER, "GET", path)
        assert told.status == 200, told.text
        seen += [row["personId"] for row in told.json["items"]]
        path = told.json["next"]

    assert seen == whole
    assert len(whole) == 7
    # Whose task is overdue, the longest so first; whose is open; whom no message reaches, by their ids; and Ana.
    assert whole[:3] == [crowd[5], crowd[3], crowd[1]]
    assert whole[3:] == [*sorted([crowd[2], crowd[4], crowd[6]]), ana]


def test_a_cursor_of_no_one_is_refused(api: CaseloadApi, ana: str) -> None:
    del ana
    for cursor in ("Q0FTRUxPQUQj", "Q0FTRUxPQUQjMSMxLjEjeA==", "Q0FTRUxPQUQjeCMxLjEjeA", "bGFzdA"):
        assert api.by(CASE_MANAGER, "GET", f"{PEOPLE}?cursor={cursor}").kind == "bad-cursor"


def test_who_leaves_is_on_the_list_no_more_and_who_comes_back_is(api: CaseloadApi, ana: str) -> None:
    api.by(CLINICIAN, "POST", f"/people/{ana}/transitions", {"to": "graduated"})
    # Before the stream has told anybody, and after.
    assert api.caseload() == []
    api.stream()
    assert api.caseload() == []
    assert AttentionItem.get("ATTENTION#iop-evening", ana).facts is None

    api.by(CASE_MANAGER, "POST", f"/people/{ana}/episodes", {"programmeId": "iop-evening", "admittedOn": "2026-11-24"})
    api.stream()
    assert [(row["state"], row["week"]) for row in api.caseload()] == [("enrolled", 1)]


def test_the_stream_does_not_feed_itself_and_writes_nothing_that_is_the_same(api: CaseloadApi, ana: str) -> None:
    version = AttentionItem.get("ATTENTION#iop-evening", ana).version
    api.contact(ana)

    rounds = api.stream()

    assert [set(keys) for keys in rounds] == [{f"CONTACTS#{ana}"}, set()]
    assert AttentionItem.get("ATTENTION#iop-evening", ana).version == version + 1
    assert api.by(ADMIN, "PUT", f"/people/{ana}/care-team/cam").status == 204
    DynamoHolds().lift(ana, Hold.CRISIS)
    api.stream()
    assert AttentionItem.get("ATTENTION#iop-evening", ana).version == version + 1
