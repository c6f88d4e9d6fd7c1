"""The doors to the caseload over the table, with its stream."""

from datetime import timedelta
from typing import Any

import pytest

from chalicelib.caseload.store import AttentionItem
from chalicelib.crisis import handlers
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Hold, Status
from tests.caseload_api import CASE_MANAGER, PEER, PEOPLE, CaseloadApi, asked, cadence, open_task
from tests.conftest import Clock
from tests.fakes_crisis import a_call
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
    return api.with_a_team()


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
    at = NOW - timedelta(minutes=5)
    handlers.press(a_call(at, caller=ana, programme_id="iop-evening"), now=at)
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
