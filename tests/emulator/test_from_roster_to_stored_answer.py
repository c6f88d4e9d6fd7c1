"""The whole journey on the emulator: a roster comes in, people are reached at their own hour, one taps and answers."""

import time as real_time
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Any
from zoneinfo import ZoneInfo

import pytest

from tests.emulator.conftest import Morning, Someone
from tests.emulator.local_stack import OPERATOR, ROSTER, Stack, roster

pytestmark = pytest.mark.emulator

REFUSED = {
    13: "time_zone",
    25: "email",
    39: "email",
    54: "check_in_time",
    70: "recovery_date",
    83: "external_id",
    99: "time_zone",
    115: "recovery_date",
    133: "programme",
    151: "check_in_days",
    168: "given_name",
}
"""Line and column of each fault, as the roster's README has them."""

DAYS = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")
TELLING = ("recovery", "sober", "craving", "treatment", "check-in", "clinic", "program", "therapy", "cairn", "registro")
"""Words that nobody who looks at a phone should read."""


def who_should_be_reached(start: datetime, end: datetime) -> dict[str, tuple[str, datetime]]:
    """Return whom a stretch of time reaches, by address: over what, and when. Worked out from the file alone."""
    wanted = {}
    for row in roster():
        if int(row["line"]) in REFUSED or row["status"] not in {"active", "step_down"}:
            continue
        zone = ZoneInfo(row["time_zone"])
        today = start.astimezone(zone).date()
        clock = row["check_in_time"]
        quiet_from, quiet_to = row["quiet_from"] or "21:00", row["quiet_to"] or "08:00"
        goes_at, goes_on = clock, today
        if clock < quiet_to:
            goes_at = quiet_to
        elif clock >= quiet_from:
            goes_at, goes_on = quiet_to, today + timedelta(days=1)
        due = datetime.combine(today, time.fromisoformat(clock), zone).astimezone(UTC)
        goes = datetime.combine(goes_on, time.fromisoformat(goes_at), zone).astimezone(UTC)
        on_this_day = row["check_in_days"] == "daily" or DAYS[today.weekday()] in row["check_in_days"]
        kind = "push" if row["push_consent"] == "yes" else "email" if row["email_consent"] == "yes" else None
        if kind and on_this_day and start <= due and goes < end:
            wanted[row["email"].lower()] = (kind, goes)
    return wanted


def check_in_of(stack: Stack, someone: Someone) -> dict[str, Any]:
    """Return how staff see this person's check-in today."""
    programme = someone.row["programme"]
    token = stack.token("clinician", programme)
    rows = stack.everything(f"/programmes/{programme}/check-ins?limit=100", token=token)
    return next(row for row in rows if row["externalId"] == someone.row["external_id"])


def test_the_roster_again_changes_nothing_and_names_every_fault(stack: Stack) -> None:
    token = stack.sign_in(OPERATOR)["AccessToken"]

    begun = stack.call("POST", "/imports", token=token, body=ROSTER.read_bytes(), headers={"Content-Type": "text/csv"})
    assert begun.status == 202, begun
    job = begun.json
    until = real_time.monotonic() + 60
    while job["status"] != "done" and real_time.monotonic() < until:
        real_time.sleep(0.3)
        job = stack.call("GET", f"/imports/{job['id']}", token=token).json

    counts = {name: job[name] for name in ("status", "rows", "enrolled", "unchanged", "differs", "refused")}
    assert counts == {"status": "done", "rows": 240, "enrolled": 0, "unchanged": 229, "differs": 0, "refused": 11}
    refused = stack.everything(f"/imports/{job['id']}/refused?limit=100", token=token)
    assert {row["line"]: row["column"] for row in refused} == REFUSED
    assert len(refused) == len(REFUSED)
    assert all(row["reason"] for row in refused)


def test_everybody_due_is_reached_once_at_their_own_hour_and_nobody_else(stack: Stack, morning: Morning) -> None:
    wanted = who_should_be_reached(morning.start, morning.end)

    assert len(wanted) > 20
    assert {kind for kind, _ in wanted.values()} == {"email", "push"}
    assert Counter(message["to"].lower() for message in morning.messages) == Counter(wanted.keys())
    for message in morning.messages:
        kind, at = wanted[message["to"].lower()]
        assert message["kind"] == kind, message
        assert datetime.fromisoformat(message["at"]).replace(second=0, microsecond=0) == at, message
    assert stack.waiting_in("deliver_dead_queue") == 0
    assert stack.waiting_in("import_dead_queue") == 0


def test_the_queue_drains(stack: Stack, morning: Morning) -> None:
    assert "0  still waiting" in morning.summary
    assert "0  dead letters" in morning.summary
    until = real_time.monotonic() + 30
    while left := stack.waiting_in("deliver_queue"):
        assert real_time.monotonic() < until, f"{left} messages are left in the queue"
        real_time.sleep(0.5)


def test_an_email_is_discreet_and_has_both_text_and_html(stack: Stack, morning: Morning) -> None:
    emails = [message for message in morning.messages if message["kind"] == "email"]
    rows = {row["email"].lower(): row for row in roster()}
    for message in emails:
        row = rows[message["to"].lower()]
        raw = stack.message(message["id"])["raw"]
        mime = message_from_string(raw, policy=default)
        assert isinstance(mime, EmailMessage)
        text, html = mime.get_body(("plain",)), mime.get_body(("html",))
        assert text is not None
        assert html is not None
        assert mime["Content-Language"] == row["language"]
        assert f'lang="{row["language"]}"' in html.get_content()
        assert "<script" not in html.get_content()
        if row["detail_level"] == "discreet":
            envelope = f"{mime['Subject']} {mime['From']} {mime['Reply-To']}".lower()
            seen = (envelope.replace("care-team@cairn.example", "") + text.get_content().partition("http")[0]).lower()
            assert not [word for word in TELLING if word in seen], seen


def test_a_push_is_discreet_and_can_be_read_by_its_device_alone(stack: Stack, morning: Morning) -> None:
    rows = {row["email"].lower(): row for row in roster()}
    pushes = [message for message in morning.messages if message["kind"] == "push"]
    assert pushes
    for message in pushes:
        payload = message["payload"]
        row = rows[message["to"].lower()]
        headers = {name.lower(): value for name, value in message["headers"]}
        assert headers["content-encoding"] == "aes128gcm"
        assert int(headers["ttl"]) > 0
        assert payload["lang"] == row["language"]
        assert payload["url"].startswith(f"{stack.api}/c/")
        if row["detail_level"] == "discreet":
            shown = f"{payload['title']} {payload['body']}".lower()
            assert not [word for word in TELLING if word in shown], shown


def test_looking_at_the_page_changes_nothing(stack: Stack, morning: Morning) -> None:
    someone = morning.someone()
    before = check_in_of(stack, someone)

    pages = [stack.call("GET", someone.link) for _ in range(2)]

    assert [page.status for page in pages] == [200, 200]
    assert all(page.headers["Content-Type"] == "text/html; charset=utf-8" for page in pages)
    assert all(page.headers["Cache-Control"] == "no-store" for page in pages)
    assert check_in_of(stack, someone) == before
    assert before["progress"] == "waiting"
    assert before["answer"] is None


@pytest.mark.parametrize("kind", ["email", "push"])
def test_one_tap_answers_and_staff_see_it(stack: Stack, morning: Morning, kind: str) -> None:
    someone = morning.someone(kind=kind)

    taken = stack.submit(someone.link, mood="7", craving="", plan="not_fully", note="Slept badly, otherwise fine.")
    again = stack.submit(someone.link, mood="7", craving="", plan="not_fully", note="Slept badly, otherwise fine.")

    assert (taken.status, again.status) == (200, 200)
    seen = check_in_of(stack, someone)
    assert (seen["progress"], seen["channel"], seen["source"]) == ("answered", kind, "link")
    assert seen["answer"] == {"mood": 7, "craving": None, "plan": "not_fully", "hasNote": True}
    clinician = stack.token("clinician", someone.row["programme"])
    note = stack.call("GET", f"/people/{seen['personId']}/check-ins/{seen['on']}/texts", token=clinician)
    assert note.json == {"texts": {"note": "Slept badly, otherwise fine."}}


def test_an_answer_can_be_changed_for_ten_minutes_and_is_then_locked(stack: Stack, morning: Morning) -> None:
    someone = morning.someone()
    stack.submit(someone.link, mood="3")
    assert stack.submit(someone.link, mood="4").status == 200

    with stack.at(stack.now() + timedelta(minutes=10)):
        late = stack.submit(someone.link, mood="9")
        page = stack.call("GET", someone.link)

    assert late.status == 409
    assert "<fieldset" not in late.text + page.text
    assert check_in_of(stack, someone)["answer"]["mood"] == 4


def test_a_link_runs_out_at_four_in_the_morning_and_still_takes_a_call_for_help(stack: Stack, morning: Morning) -> None:
    someone = morning.someone()
    zone = ZoneInfo(someone.row["time_zone"])
    tomorrow = morning.start.astimezone(zone).date() + timedelta(days=1)
    four = datetime.combine(tomorrow, time(4), zone).astimezone(UTC)

    with stack.at(four - timedelta(seconds=30)):
        in_time = stack.call("GET", someone.link)
    with stack.at(four + timedelta(seconds=1)):
        page, answer = stack.call("GET", someone.link), stack.submit(someone.link, mood="5")
        help_ = stack.submit(someone.link, action="help", page="b" * 32)

    assert in_time.status == 200
    assert (page.status, answer.status, help_.status) == (410, 410, 200)
    assert all("988" in shown.text for shown in (page, answer, help_))
    assert check_in_of(stack, someone)["progress"] == "waiting"


def test_a_forged_link_and_one_for_another_purpose_open_nothing(stack: Stack, morning: Morning) -> None:
    someone = morning.someone(kind="push")
    token = someone.link.rpartition("/")[2]
    receipt = someone.message["payload"]["receipt"].rpartition("/")[2]
    other = morning.someone().link.rpartition("/")[2]
    claims, _, signature = token.rpartition(".")
    forged = [
        f"{claims}.{signature[:-3]}{'AAA' if signature[-3:] != 'AAA' else 'BBB'}",
        f"{other.rpartition('.')[0]}.{signature}",
        claims,
        receipt,
        "x",
    ]

    for link in forged:
        page, answer = stack.call("GET", f"/c/{link}"), stack.submit(f"{stack.api}/c/{link}", mood="1")
        assert (page.status, answer.status) == (404, 404), link
        assert "988" in page.text, "whoever holds a broken link must still see whom to call"
    assert stack.call("POST", f"/receipts/{token}").problem == "not-found"
    assert stack.call(
        "POST", f"/confirm/{token}", headers={"Content-Type": "application/x-www-form-urlencoded"}
    ).status in {
        404,
        410,
    }
    assert check_in_of(stack, someone)["progress"] == "waiting"


def test_a_call_for_help_is_on_the_team_s_list_once_however_often_it_is_pressed(stack: Stack, morning: Morning) -> None:
    someone = morning.someone()
    programme = someone.row["programme"]
    page = stack.call("GET", someone.link).text
    page_id = page.partition('name="page" value="')[2][:32]

    pressed = [stack.submit(someone.link, action="help", page=page_id) for _ in range(2)]

    assert [one.status for one in pressed] == [200, 200]
    person = check_in_of(stack, someone)["personId"]
    token = stack.token("clinician", programme)
    crises = stack.call("GET", f"/programmes/{programme}/crises", token=token).json["items"]
    mine = [crisis for crisis in crises if crisis["personId"] == person]
    assert [(crisis["verified"], crisis["owner"]) for crisis in mine] == [(False, None)]
    log = stack.call("GET", f"/programmes/{programme}/crises/{mine[0]['id']}", token=token).json["log"]
    assert [line["what"] for line in log].count("press") == 1


def test_a_message_that_reached_somebody_else_is_marked_and_loses_nothing(stack: Stack, morning: Morning) -> None:
    someone = morning.someone()
    stack.submit(someone.link, mood="6")

    told = stack.submit(someone.link, action="not_me")

    assert told.status == 200
    seen = check_in_of(stack, someone)
    assert (seen["disputed"], seen["answer"]["mood"]) == (True, 6)


def test_receipts_of_email_and_push_are_taken(stack: Stack, morning: Morning) -> None:
    email = morning.anyone().message

    receipts = stack.message(email["id"])["receipts"]

    assert [receipt["event"].partition(" (")[0] for receipt in receipts] == ["Email Sent", "Email Delivered"]
    assert all("(1 told)" in receipt["event"] for receipt in receipts)


def test_the_functions_logs_name_nobody(stack: Stack, morning: Morning) -> None:
    someone = morning.someone(kind="push")
    stack.submit(someone.link, mood="5", note="Something only for my care team.")

    log = (stack.folder / "logs" / "emulator.log").read_text(errors="replace")

    assert '"message":"occurrence"' in log
    lines = [line for line in log.splitlines() if line.startswith("{")]
    told = "\n".join(lines).lower()
    assert "only for my care team" not in told
    for row in roster():
        assert not row["email"] or row["email"].lower() not in told, row["external_id"]
    for message in morning.messages:
        assert morning.read(message).link.rpartition("/")[2].lower() not in told
