"""From a member of staff's request to due rows, numbers and the page that is read, through the functions' own doors."""

import json
import re
from collections.abc import Iterator
from datetime import timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest

from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.notices import handlers
from chalicelib.notices.store import DynamoNotices
from chalicelib.outreach.domain import Reason, Status
from tests.conftest import Clock
from tests.functional.notice_stack import AT, EVENTS, TEXTS, Stack, a_stack, end, enrol, found, mails
from tests.toy import NOW


@pytest.fixture
def stack(aws: None, clock: Clock) -> Iterator[Stack]:
    del aws
    with a_stack(clock) as made:
        yield made


def test_a_notice_puts_everybody_in_line_once(stack: Stack) -> None:
    ids = [enrol(number) for number in range(7)]
    enrol(8, state=State.DISCHARGED_EARLY)
    enrol(9, at=NOW + timedelta(minutes=1))

    notice_id = stack.notice()
    assert stack.tick(NOW + timedelta(seconds=30))["pushed"] == 1
    (body,) = stack.messages()
    assert json.loads(body) == {"notice": notice_id, "page": 0}
    for _ in range(2):
        assert stack.fan_out(body, body) == {"batchItemFailures": []}

    assert sorted(stack.dues()) == [
        (person_id, AT + timedelta(seconds=place // 5), AT.date()) for place, person_id in enumerate(ids)
    ]
    shown = stack.send("GET", f"/programmes/iop-evening/notices/{notice_id}").json
    assert (shown["stage"], shown["recipients"]) == ("complete", 7)
    assert stack.tick(NOW + timedelta(minutes=2))["pushed"] == 0


def test_the_sample_event_of_a_notice_that_is_gone_does_no_harm(stack: Stack) -> None:
    event = json.loads((EVENTS / "fan_out.json").read_text(encoding="utf-8"))

    assert stack.fan_out(event["Records"][0]["body"]) == {"batchItemFailures": []}


def test_a_message_that_can_not_be_read_comes_back_and_holds_up_no_other(stack: Stack) -> None:
    enrol(1)
    notice_id = stack.notice()
    stack.clock.set(NOW)

    answer = stack.fan_out("not json", json.dumps({"notice": notice_id, "page": 0}))

    assert answer == {"batchItemFailures": [{"itemIdentifier": "m0"}]}
    assert len(stack.dues()) == 1


def test_a_part_of_the_people_is_reached(stack: Stack) -> None:
    wanted = enrol(1, language="es", state=State.STEP_DOWN)
    enrol(2, language="es")
    enrol(3, language="en", state=State.STEP_DOWN)

    stack.notice(audience={"states": ["step_down"], "languages": ["es"]})
    stack.finish()

    assert [person for person, _, _ in stack.dues()] == [wanted]


def test_the_same_key_is_the_same_notice_even_where_the_first_answer_was_lost(stack: Stack) -> None:
    path, body = "/programmes/iop-evening/notices", {"text": TEXTS}
    first = stack.send("POST", path, body, Idempotency_Key="k-1")
    stack.toy.replays.answers.clear()

    again = stack.send("POST", path, body, Idempotency_Key="k-1")

    assert first.json == again.json
    other = stack.send("POST", path, body, Idempotency_Key="k-2")
    assert other.json["id"] != first.json["id"]
    stack.toy.replays.answers.clear()
    changed = stack.send("POST", path, {"text": {"en": "x", "es": "y"}}, Idempotency_Key="k-1")
    assert (changed.status, changed.kind) == (409, "conflict")


@pytest.mark.parametrize(
    ("body", "fields"),
    [
        ({}, {"text"}),
        ({"text": {"en": "Hello"}}, {"text.es"}),
        ({"text": {"en": "Hello", "es": "\u0000"}}, {"text.es"}),
        ({"text": {"en": "Hello", "es": "x" * 2001}}, {"text.es"}),
        ({"text": {**TEXTS, "fr": "Salut"}}, {"text"}),
        ({"text": TEXTS, "at": "2026-11-24T18:00:00Z"}, {"at"}),
        ({"text": TEXTS, "at": "2026-11-27T09:00:00"}, {"at"}),
        ({"text": TEXTS, "at": "0001-01-01T00:00:00+14:00"}, {"at"}),
        ({"text": TEXTS, "at": "9999-12-31T23:59:59-14:00"}, {"at"}),
        ({"text": TEXTS, "at": 5}, {"at"}),
        ({"text": TEXTS, "audience": {"states": ["deceased"]}}, {"audience.states"}),
        ({"text": TEXTS, "audience": {"states": []}}, {"audience.states"}),
        ({"text": TEXTS, "audience": {"states": ["asleep"]}}, {"audience.states.0"}),
        ({"text": TEXTS, "audience": {"languages": ["fr"]}}, {"audience.languages"}),
        ({"text": TEXTS, "audience": {"zone": "x"}}, {"audience.zone"}),
        ({"text": TEXTS, "subject": "Hello\r\nBcc: x"}, {"subject"}),
    ],
)
def test_what_can_not_be_sent_is_refused_with_the_field_named(
    stack: Stack, body: dict[str, Any], fields: set[str]
) -> None:
    told = stack.send("POST", "/programmes/iop-evening/notices", body)

    assert (told.status, told.kind) == (422, "invalid")
    assert {error["field"] for error in told.json["errors"]} == fields
    assert DynamoNotices().of_programme("iop-evening", after=None, limit=5) == ([], None)


def test_a_body_beyond_the_limit_is_refused(stack: Stack) -> None:
    told = stack.send("POST", "/programmes/iop-evening/notices", {"text": {"en": "x" * 70_000, "es": "y"}})

    assert (told.status, told.kind) == (413, "too-large")


@pytest.mark.parametrize(
    ("role", "sends", "reads", "sees_people"),
    [
        ("iop-evening/program-admin", 202, 200, 200),
        ("iop-evening/clinician", 403, 200, 200),
        ("iop-evening/case-manager", 403, 200, 200),
        ("iop-evening/peer-specialist", 403, 403, 403),
        ("iop-evening/participant", 403, 403, 403),
        ("iop-evening/privacy-officer", 403, 403, 403),
        ("iop-morning/program-admin", 404, 404, 404),
    ],
)
def test_only_admins_send_and_only_staff_see(stack: Stack, role: str, sends: int, reads: int, sees_people: int) -> None:
    notice = f"/programmes/iop-evening/notices/{stack.notice()}"

    assert stack.send("POST", "/programmes/iop-evening/notices", {"text": TEXTS}, role=role).status == sends
    assert stack.send("POST", f"{notice}/cancellation", role=role).status == (200 if sends == 202 else sends)
    assert stack.send("GET", notice, role=role).status == reads
    assert stack.send("GET", "/programmes/iop-evening/notices", role=role).status == reads
    assert stack.send("GET", f"{notice}/recipients", role=role).status == sees_people


def test_staff_see_whom_it_has_reached_and_whom_not_and_why(stack: Stack) -> None:
    ids = [enrol(number) for number in range(6)]
    notice_id = stack.notice()
    stack.finish()
    notice = found(notice_id)
    end(notice, ids[0], Status.SENT)
    end(notice, ids[1], Status.SKIPPED, Reason.NO_CONSENT)
    end(notice, ids[2], Status.FAILED, Reason.REFUSED)
    end(notice, ids[3], Status.SENT)
    path = f"/programmes/iop-evening/notices/{notice_id}"

    assert stack.send("GET", path).json["counts"] == {
        "recipients": 6,
        "sent": 2,
        "waiting": 2,
        "skipped": {"no_consent": 1},
        "failed": {"refused_by_provider": 1},
    }
    rows, following = [], f"{path}/recipients?limit=4"
    while following:
        page = stack.send("GET", following).json
        rows += page["items"]
        following = page["next"]
    assert [row["personId"] for row in rows] == ids
    assert [row["outcome"] for row in rows] == ["sent", "skipped", "failed", "sent", "waiting", "waiting"]
    assert rows[1] == {
        "personId": ids[1],
        "name": "Ana1 Quintero",
        "outcome": "skipped",
        "reason": "no_consent",
        "channel": None,
        "endedAt": rows[1]["endedAt"],
    }
    waiting = stack.send("GET", f"{path}/recipients?outcome=waiting").json["items"]
    assert [row["personId"] for row in waiting] == ids[4:]


def test_everybody_is_told_of_it_once_and_reads_it_behind_their_link(stack: Stack) -> None:
    enrol(1)
    enrol(2, language="es")
    enrol(3, state=State.ON_HOLD)
    notice_id = stack.notice()
    stack.finish()

    for _ in range(2):
        stack.deliver(AT)

    told = mails()
    assert set(told) == {"ana1@example.com", "ana2@example.com"}
    text = message_from_string(told["ana2@example.com"], policy=default).get_body(("plain",))
    assert text is not None
    assert "grupo" not in text.get_content()
    link = re.search(r"https://care\.example(/n/\S+)", text.get_content())
    assert link is not None
    assert "El grupo de la noche es a las seis." in stack.send("GET", link[1]).text
    assert stack.send("GET", f"/programmes/iop-evening/notices/{notice_id}").json["counts"] == {
        "recipients": 3,
        "sent": 2,
        "waiting": 0,
        "skipped": {"on_hold": 1},
        "failed": {},
    }


def test_whoever_waits_when_it_is_cancelled_is_skipped_and_the_record_says_so(stack: Stack) -> None:
    enrol(1)
    notice_id = stack.notice()
    stack.finish()
    stack.send("POST", f"/programmes/iop-evening/notices/{notice_id}/cancellation")

    stack.deliver(AT)

    assert mails() == {}
    shown = stack.send("GET", f"/programmes/iop-evening/notices/{notice_id}").json
    assert shown["counts"]["skipped"] == {"cancelled": 1}


@pytest.mark.parametrize("query", ["cursor=UEFHRSMx", "limit=0", "outcome=lost", "cursor=MDAwMDEuMDAwMDI&limit=101"])
def test_a_query_that_is_none_of_ours_is_refused(stack: Stack, query: str) -> None:
    told = stack.send("GET", f"/programmes/iop-evening/notices/{stack.notice()}/recipients?{query}")

    assert told.status == 400


def test_a_programmes_notices_are_listed_newest_first(stack: Stack) -> None:
    sent = {stack.notice() for _ in range(3)}

    page = stack.send("GET", "/programmes/iop-evening/notices?limit=2").json
    rest = stack.send("GET", page["next"]).json

    assert {item["id"] for item in page["items"] + rest["items"]} == sent
    assert (len(page["items"]), rest["next"]) == (2, None)
    assert page["items"][0]["text"] == {**TEXTS}


def test_a_notice_of_another_programme_is_not_found(stack: Stack) -> None:
    DynamoProgrammes().add(Programme(id="iop-morning", name="Morning"))
    path = f"/programmes/iop-morning/notices/{stack.notice()}"

    for method, door in (("GET", path), ("GET", f"{path}/recipients"), ("POST", f"{path}/cancellation")):
        assert stack.send(method, door, role="iop-morning/program-admin").kind == "not-found"


def test_a_cancelled_notice_is_skipped_by_whoever_delivers_it(stack: Stack) -> None:
    enrol(1)
    notice_id = stack.notice()
    stack.finish()
    due = found(notice_id).dues(next(DynamoNotices().pages(notice_id)))[0]
    assert handlers.still_true(due) is None

    for _ in range(2):
        told = stack.send("POST", f"/programmes/iop-evening/notices/{notice_id}/cancellation")
        assert (told.json["stage"], told.json["cancelledBy"]) == ("cancelled", "staff")

    stack.clock.set(NOW + timedelta(minutes=1))
    assert handlers.still_true(due) is Reason.CANCELLED
