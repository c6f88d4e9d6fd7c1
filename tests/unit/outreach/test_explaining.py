"""Why did, or didn't, somebody get this: every answer agrees with what delivery decides, and names nobody."""

import json
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.deciding import Defer, Skip, decide
from chalicelib.outreach.domain import Channel, ChannelKind, Entry, Hold, Reason, Recipient, Standing, Status
from chalicelib.outreach.endings import WORDS, in_words
from chalicelib.outreach.explaining import Explanation, deferred, explain, occurrence_on
from chalicelib.outreach.explaining_steps import Known, Step
from chalicelib.outreach.kinds import CHECK_IN, MILESTONE, NUDGE
from chalicelib.outreach.quiet import QuietHours
from tests.build import NEW_YORK, PERSON, a_device, a_due, a_recipient, a_schedule, an_email, utc

TODAY = date(2026, 11, 25)
NINE = utc("2026-11-25T14:00")
LANGUAGES = sorted(json.loads(WORDS.read_text(encoding="utf-8")))


def asked(
    recipient: Recipient | None = None,
    *,
    now: datetime = NINE,
    kind: str = CHECK_IN,
    on: date = TODAY,
    entry: Entry | None = None,
    paused: bool = False,
    waits: bool = True,
) -> Explanation:
    known = Known(recipient=recipient or a_recipient(), entry=entry, paused=paused, waits=lambda _due: waits)
    return explain(kind, on, known, now=now)


def an_entry(status: Status = Status.SENT, *, reason: Reason | None = None, late: int = 3) -> Entry:
    return Entry(
        person_id=PERSON,
        kind=CHECK_IN,
        on=TODAY,
        due_at=NINE,
        status=status,
        attempt=1,
        claimed_at=NINE,
        ended_at=NINE + timedelta(seconds=late),
        reason=reason,
        channel_id="mail",
        channel_kind=ChannelKind.EMAIL if status is Status.SENT else None,
        template="check_in.1",
    )


def step(explanation: Explanation, about: str) -> Step:
    return next(step for step in explanation.steps if step.about == about)


def test_what_was_sent_is_told_from_the_ledger_with_its_lateness_and_local_time() -> None:
    told = asked(entry=an_entry())

    assert told.outcome == "sent"
    assert told.would is None
    assert told.answer == (
        "It fell due on Wednesday 25 November 2026 at 09:00 (America/New_York). Sent by e-mail. "
        "It ended on Wednesday 25 November 2026 at 09:00 (America/New_York), 3 seconds after it fell due."
    )
    assert step(told, "ledger").facts["template"] == "check_in.1"


@pytest.mark.parametrize(("language", "reason"), list(product(LANGUAGES, Reason)))
def test_every_reason_has_words_in_every_language(language: str, reason: Reason) -> None:
    for status in (Status.SKIPPED, Status.FAILED):
        words = in_words(status, reason=reason, channel=None, language=language)

        assert words.endswith(".")
        assert reason.value not in words or "_" not in reason.value


@pytest.mark.parametrize(
    ("language", "status"),
    list(product(LANGUAGES, [*Status, "deferred", "due", "ahead", "not_due", "no_entry"])),
)
def test_every_outcome_has_words_in_every_language(language: str, status: str) -> None:
    for channel in ChannelKind:
        words = in_words(status, reason=Reason.LATE, channel=channel, language=language)

        assert words.endswith(".")
        assert "{" not in words


def test_an_unknown_language_is_told_in_english() -> None:
    assert in_words(Status.SENT, reason=None, channel=ChannelKind.EMAIL, language="xx") == "Sent by e-mail."


def test_what_is_ahead_is_told_by_the_rules_at_its_own_instant() -> None:
    told = asked(now=utc("2026-11-25T06:00"))

    # It is night now, and will be day then.
    assert (told.outcome, told.would) == ("ahead", "send")
    assert told.answer.endswith("at 09:00 (America/New_York). As things stand now, it would be sent by email.")


def test_what_is_ahead_and_would_not_be_sent_says_why() -> None:
    told = asked(a_recipient(consents=frozenset()), now=utc("2026-11-25T06:00"))

    assert told.would == "skip:no_consent"
    assert "it would not be sent: there is no agreement to be reached this way." in told.answer


def test_what_waits_for_quiet_hours_says_until_when() -> None:
    told = asked(a_recipient(quiet=("08:30", "10:15")), now=NINE + timedelta(minutes=1))

    assert (told.outcome, told.would) == ("deferred", "defer")
    assert told.answer.endswith("it waits until Wednesday 25 November 2026 at 10:15 (America/New_York).")
    assert step(told, "quiet_hours").passes is False


def test_what_fell_due_a_moment_ago_is_on_its_way_and_later_something_is_in_the_way() -> None:
    assert "is on its way" in asked(now=NINE + timedelta(minutes=5)).answer
    assert "DueNotEnded" in asked(now=NINE + timedelta(minutes=6)).answer


def test_a_pause_is_told_of_before_any_rule() -> None:
    told = asked(now=NINE + timedelta(minutes=6), paused=True)

    assert "paused by an operator" in told.answer
    assert step(told, "switch").passes is False


def test_what_has_no_schedule_was_never_due() -> None:
    told = asked(replace(a_recipient(), schedules=()))

    assert told.outcome == "not_due"
    assert "no schedule that would have it due" in told.answer
    assert step(told, "schedule").passes is False


def test_a_day_that_the_schedule_leaves_out_was_not_due() -> None:
    told = asked(a_recipient(schedule=a_schedule(rule="FREQ=WEEKLY;BYDAY=MO")))

    assert told.outcome == "not_due"
    assert told.answer == "Nothing was due: the schedule does not fall on this date."


def test_a_paused_schedule_has_nothing_due() -> None:
    told = asked(a_recipient(schedule=replace(a_schedule(), paused=True)))

    assert told.outcome == "not_due"
    assert told.answer == "Nothing was due: the schedule is paused."


def test_what_no_row_waits_for_was_never_due() -> None:
    told = asked(now=NINE + timedelta(minutes=6), waits=False)

    assert told.outcome == "no_entry"
    assert "the schedule is newer than that" in told.answer


def test_a_celebration_that_is_held_back_does_not_say_by_what() -> None:
    recipient = replace(a_recipient(), holds=frozenset({Hold.CRISIS}))

    told = asked(recipient, kind=f"{MILESTONE}-d30")

    assert step(told, "hold").passes is False
    assert "crisis" not in step(told, "hold").says.lower()


def test_others_of_the_same_kind_that_day_are_counted() -> None:
    nudges = [replace(an_entry(), kind=f"{NUDGE}-{number}") for number in (1, 2)]
    known = Known(recipient=a_recipient(), entry=nudges[0], lately=nudges)

    told = explain(nudges[0].kind, TODAY, known, now=NINE)

    assert step(told, "budget").passes is False


def test_why_a_channel_can_not_be_used_is_told_by_its_id() -> None:
    known = Known(
        recipient=a_recipient(channels=(an_email(usable=False),)),
        entry=None,
        why_unusable={"mail": "its holder has not confirmed it yet"},
    )

    told = explain(CHECK_IN, TODAY, known, now=NINE)

    assert step(told, "channels").passes is False
    assert step(told, "channels").facts == {"mail": "its holder has not confirmed it yet"}


def test_an_unknown_kind_is_an_error() -> None:
    with pytest.raises(KeyError):
        asked(kind="greeting")


@pytest.mark.parametrize("zone", [NEW_YORK, "Pacific/Apia", "Pacific/Kiritimati", "Etc/UTC", "Pacific/Pago_Pago"])
def test_what_a_schedule_has_due_under_a_date_is_found_by_that_date(zone: str) -> None:
    schedule = a_schedule(at="00:10", zone=zone)
    for days in range(400):
        on = date(2026, 11, 1) + timedelta(days=days)

        due = occurrence_on(schedule, on)

        assert due is not None
        assert due.on == on
    assert occurrence_on(schedule, date(2026, 10, 31)) is None


def test_what_waits_by_schedule_is_found_under_its_date() -> None:
    recipient = a_recipient(quiet=("08:30", "10:15"))

    until = utc("2026-11-25T15:15")
    due = a_due(recipient.schedules[0])

    assert deferred(recipient, TODAY, now=NINE - timedelta(seconds=1), waits=lambda _due: True) == []
    assert deferred(recipient, TODAY, now=NINE, waits=lambda row: row == replace(due, at=until)) == [(due, until)]
    assert deferred(recipient, TODAY, now=NINE, waits=lambda _due: False) == []


channels = st.lists(
    st.builds(
        Channel,
        id=st.sampled_from(["mail", "phone", "app"]),
        kind=st.sampled_from(ChannelKind),
        address=st.just("somebody@secret.example"),
        revision=st.just(1),
        usable=st.booleans(),
    ),
    max_size=3,
    unique_by=lambda channel: channel.id,
).map(tuple)
scopes = st.frozensets(st.sampled_from(["contact_email", "contact_push", "alumni_contact"]))
recipients = st.builds(
    replace,
    st.just(a_recipient(first_name="Xochitl")),
    standing=st.sampled_from(Standing),
    consents=scopes,
    channels=channels,
    holds=st.frozensets(st.sampled_from(Hold)),
    opt_outs=st.frozensets(st.tuples(st.sampled_from(sorted(CATEGORIES)), st.sampled_from([None, *ChannelKind]))),
    quiet_hours=st.builds(
        QuietHours, start=st.sampled_from([time(21), time(8)]), end=st.sampled_from([time(8), time(12)])
    ),
)


@given(recipients, st.integers(min_value=-600, max_value=2880))
def test_the_answer_is_what_delivery_would_decide_and_a_step_shows_what_stops_it(
    recipient: Recipient, minutes: int
) -> None:
    now = NINE + timedelta(minutes=minutes)

    told = asked(recipient, now=now)

    verdict = decide(a_due(recipient.schedules[0]), recipient, now=max(now, NINE))
    match verdict:
        case Skip(reason=reason):
            assert told.would == f"skip:{reason.value}"
        case Defer():
            assert told.would == "defer"
        case _:
            assert told.would == "send"
    if told.would != "send":
        assert [step for step in told.steps if step.passes is False], told
    text = repr(told)
    assert "Xochitl" not in text
    assert "secret.example" not in text


def test_a_device_and_an_address_are_told_in_the_order_they_are_tried() -> None:
    told = asked(a_recipient(channels=(an_email(), a_device())))

    assert "it would be sent by push, or else email" in told.answer
