from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest

from infra.keys import KEPT, renewed
from infra.local import oracle
from infra.local.clock import instant_of
from infra.local.server.inbox import email_document, page, preheader, times
from infra.local.server.mail import reports_about, ses_event

NOW = datetime(2026, 11, 24, 18, 30, tzinfo=UTC)
MAIL: dict[str, Any] = {
    "messageId": "m-1",
    "destination": ["ruth@example.com"],
    "tags": {"ses:configuration-set": ["cairn"], "occurrence": ["p_2026-11-24_check_in"]},
}


@pytest.mark.parametrize(
    ("words", "instant"),
    [
        ("tomorrow 08:00 America/New_York", "2026-11-25T13:00:00+00:00"),
        ("today 23:15 Asia/Kolkata", "2026-11-25T17:45:00+00:00"),
        ("9:00 UTC", "2026-11-24T09:00:00+00:00"),
        ("2026-12-01 08:00 UTC", "2026-12-01T08:00:00+00:00"),
        ("2026-11-25T08:00-05:00", "2026-11-25T13:00:00+00:00"),
        ("+2h", "2026-11-24T20:30:00+00:00"),
        ("-30m", "2026-11-24T18:00:00+00:00"),
    ],
)
def test_a_time_can_be_said_in_words(words: str, instant: str) -> None:
    assert instant_of(words, now=NOW).isoformat() == instant


@pytest.mark.parametrize("words", ["soon", "tomorrow 08:00 Mars/Olympus", "2026-11-25T08:00"])
def test_a_time_that_means_nothing_is_refused(words: str) -> None:
    with pytest.raises(SystemExit):
        instant_of(words, now=NOW)


def test_the_roster_has_229_rows_to_take() -> None:
    assert len(list(oracle.rows())) == 229


def test_each_daily_check_in_falls_due_once_in_24_hours() -> None:
    due = oracle.expected(NOW, NOW + timedelta(hours=24))
    daily = {row["external_id"] for row in oracle.rows() if row["check_in_days"] == "daily"}

    assert daily <= {one.external_id for one in due}
    assert len(due) == len({one.external_id for one in due})


def test_quiet_hours_put_off_and_hold_nobody_back() -> None:
    due = oracle.expected(NOW, NOW + timedelta(hours=24))

    assert all(one.sent_at >= one.due_at for one in due)
    assert any(one.sent_at > one.due_at for one in due)


def test_the_comparison_finds_who_was_reached_twice_missed_or_wrongly_reached() -> None:
    reached, missed = [one for one in oracle.expected(NOW, NOW + timedelta(hours=24)) if one.reached][:2]
    unwanted = next(one for one in oracle.expected(NOW, NOW + timedelta(hours=24)) if not one.reached)
    messages = [{"to": one.address, "at": one.sent_at.isoformat()} for one in (reached, reached, unwanted)]

    wrong = oracle.differences([reached, missed, unwanted], messages)

    assert [line.split(":")[0].split(" for ")[0] for line in sorted(wrong)] == [
        "2 messages",
        "missed",
        "reached without cause",
    ]


def test_an_ses_event_has_the_shape_that_aws_gives_it() -> None:
    event = ses_event("Email Bounced", MAIL)

    assert (event["source"], event["detail-type"], event["detail"]["eventType"]) == (
        "aws.ses",
        "Email Bounced",
        "Bounce",
    )
    assert event["detail"]["mail"]["tags"]["occurrence"] == ["p_2026-11-24_check_in"]
    assert event["detail"]["bounce"]["bouncedRecipients"] == [{"emailAddress": "ruth@example.com"}]


@pytest.mark.parametrize(
    ("address", "last"),
    [
        ("ruth@example.com", "Email Delivered"),
        ("bounce@simulator.amazonses.com", "Email Bounced"),
        ("complaint+x@simulator.amazonses.com", "Email Complaint Received"),
    ],
)
def test_mail_is_reported_as_ses_would(address: str, last: str) -> None:
    assert reports_about([address])[-1] == last


def message(**given: Any) -> dict[str, Any]:
    usual = {
        "id": 7,
        "kind": "email",
        "at": "2026-11-24T18:30:00+00:00",
        "to": "ruth@example.com",
        "person": "p",
        "subject": "A quick hello",
        "from": "Care Team <care-team@cairn.example>",
        "headers": [["Subject", "A quick hello"]],
        "text": "Tap: http://127.0.0.1:8600/c/abc",
        "html": "<html><head></head><body>hello</body></html>",
    }
    return {**usual, **given}


def test_the_inbox_shows_text_of_others_as_text() -> None:
    shown = page([message(subject="<script>alert(1)</script>")], search='"><b>', kind="", zone_of=lambda _: None)

    assert "<script>alert" not in shown
    assert '"><b>' not in shown


def test_the_inbox_says_the_time_where_the_person_is() -> None:
    shown = page([message()], search="", kind="", zone_of=lambda _: "America/Denver")

    assert "Tue 24 Nov 2026 11:30:00 America/Denver" in shown
    assert "Tue 24 Nov 2026 18:30:00 UTC" in shown
    assert times("2026-11-24T18:30:00+00:00", "No/Where")[0] == ""


def test_links_of_an_email_open_outside_of_its_frame() -> None:
    assert '<head><base target="_blank">' in email_document(message())


def test_the_preheader_is_the_hidden_line_or_else_the_text() -> None:
    hidden = message(html='<div style="display:none">How is today going?</div><p>x</p>')

    assert preheader(hidden) == "How is today going?"
    assert preheader(message()).startswith("Tap:")


def test_rotating_adds_a_key_for_links_and_keeps_the_vapid_pair() -> None:
    first = renewed(None)

    second = renewed({**first, "links": {"20200101T000000": "old", **first["links"]}})

    assert second["vapid_private"] == first["vapid_private"]
    assert 1 <= len(second["links"]) <= KEPT
    assert date.fromisoformat(max(second["links"])[:8]).year >= 2026
