"""A kind word to who goes quiet, from the check-ins that were sent to the message, through the functions' own doors."""

import json
import re
from datetime import date, datetime, time, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest

import app
from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.enrollment import agreeing, preferring, reminders
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.holds import hold_for_crisis
from chalicelib.enrollment.preferences import Choices, can_be_switched_off
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.reminders import Edit
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones.kudos_store import DynamoKudos
from chalicelib.outreach.domain import ChannelKind, Reason, Status
from chalicelib.outreach.kinds import CHECK_IN, CHECK_IN_NUDGE, NUDGE
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Purpose, Signer
from chalicelib.outreach.store import DynamoDues
from chalicelib.partners import service
from chalicelib.partners.domain import person
from chalicelib.partners.store import DynamoPairs
from tests.build import said
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import NINE, TODAY, Stack, enrol

stack = a_day.stack

FOUR_HOURS = timedelta(hours=4)
TOLD_AFTER = timedelta(hours=4, minutes=11)
"""What goes along with no other message goes out by itself in the minute after ten."""


def on(day: int) -> date:
    return TODAY + timedelta(days=day)


def a_minute(stack: Stack, at: datetime) -> None:
    """Hand over and deliver what falls due around an instant; the hours before it were looked at."""
    DynamoDues().advance(at.replace(minute=0) - timedelta(hours=1))
    stack.day(at)


def a_record(person: str, day: int) -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(a_day.an_event("achieve")["Records"][0]))
    record["eventName"] = "MODIFY"
    record["dynamodb"] |= {
        "Keys": {"pk": {"S": f"LEDGER#{person}"}, "sk": {"S": f"{on(day)}#{CHECK_IN}"}},
        "SequenceNumber": "1",
    }
    return record


def asked(stack: Stack, person: str, day: int) -> None:
    """Send the check-in of a day, and let the stream tell of it, twice."""
    a_minute(stack, NINE + timedelta(days=day))
    for _ in range(2):
        assert app.achieve({"Records": [a_record(person, day)]}, None) == {"batchItemFailures": []}


def answers(person: str, day: int, at: datetime) -> None:
    check_in = CheckIn(person_id=person, on=on(day)).answered(said(mood=5), at=at, source=Source.LINK)
    assert DynamoCheckIns().save(check_in)


def ended(person: str, day: int, kind: str = CHECK_IN_NUDGE) -> tuple[Status, Reason | None] | None:
    entry = DynamoLedger().get(person, kind, on(day))
    return (entry.status, entry.reason) if entry else None


def afternoon(stack: Stack, day: int) -> None:
    a_minute(stack, NINE + timedelta(days=day) + FOUR_HOURS)
    a_minute(stack, NINE + timedelta(days=day) + TOLD_AFTER)


def morning(stack: Stack, day: int) -> None:
    """Look at what fell due with the check-in: a tick finds what is put to go out at once within minutes."""
    for minutes in (3, 14):
        a_minute(stack, NINE + timedelta(days=day, minutes=minutes))


def text_of(message: Any) -> str:
    body = message_from_string(message.raw_data, policy=default).get_body(("plain",))
    assert body is not None
    return str(body.get_content())


def test_missed_once_brings_one_kind_word_that_leads_to_the_check_in(stack: Stack) -> None:
    ana = enrol()
    for day in range(4):
        asked(stack, ana, day)
        afternoon(stack, day)

    assert [ended(ana, day) for day in range(4)] == [None, (Status.MERGED, None), None, None]
    assert len(stack.sent()) == 5
    (word,) = [message for message in stack.sent() if "No hace falta ponerse al día" in text_of(message)]
    shown = message_from_string(word.raw_data, policy=default)
    assert shown["Subject"] == "Aquí estamos cuando quieras"
    assert not [bad for bad in ("perdiste", "faltaste", "registro", "respond") if bad in text_of(word).split("--")[0]]
    link = re.search(r"https://care\.example/c/(\S+)", text_of(word))
    assert link is not None
    claims = Signer(("secret",)).open(Purpose.ANSWER, link[1])
    assert (claims.person_id, claims.kind, claims.on) == (ana, CHECK_IN, on(1))
    # Four in the morning of the day after, as the check-in's own.
    assert claims.expires_at == NINE + timedelta(days=1, hours=19)


@pytest.mark.parametrize("minutes", [5, 245])
def test_whoever_answers_before_it_is_told_is_told_nothing(stack: Stack, minutes: int) -> None:
    """Before it fell due, and while it waited for a message to go along with."""
    ana = enrol()
    asked(stack, ana, 0)
    asked(stack, ana, 1)
    at = NINE + timedelta(days=1, minutes=minutes)
    if minutes > 240:
        a_minute(stack, NINE + timedelta(days=1) + FOUR_HOURS)
        assert ended(ana, 1) == (Status.WAITING, None)

    answers(ana, 1, at)
    afternoon(stack, 1)

    assert ended(ana, 1) == (Status.SKIPPED, Reason.CANCELLED)
    assert len(stack.sent()) == 2


@pytest.mark.parametrize("minutes", [5, 245])
def test_whoever_called_for_help_is_not_nudged(stack: Stack, minutes: int) -> None:
    ana = enrol()
    asked(stack, ana, 0)
    asked(stack, ana, 1)
    if minutes > 240:
        a_minute(stack, NINE + timedelta(days=1) + FOUR_HOURS)

    hold_for_crisis(ana, now=NINE + timedelta(days=1, minutes=minutes), holds=DynamoHolds())
    afternoon(stack, 1)

    assert ended(ana, 1) == (Status.SKIPPED, Reason.HELD)
    assert len(stack.sent()) == 2


def test_whoever_answers_is_not_nudged_and_the_next_silence_may_be(stack: Stack) -> None:
    ana = enrol()
    for day in range(6):
        asked(stack, ana, day)
        if day == 2:
            answers(ana, day, NINE + timedelta(days=day, hours=5))
        afternoon(stack, day)

    assert [ended(ana, day) for day in range(6)] == [
        None,
        (Status.MERGED, None),
        None,
        None,
        (Status.MERGED, None),
        None,
    ]


SHARE = "partner_share:checkin_done"
BEFORE = NINE - timedelta(hours=12)


def paired(one: str, other: str) -> str:
    pairs = DynamoPairs()
    pair = service.propose(
        one,
        person(other),
        by=one,
        as_side=person(one),
        now=BEFORE,
        records=DynamoPeople(),
        pairs=pairs,
        new_id=lambda: "pair1",
    )
    service.agree(person(other), pair.id, now=BEFORE, pairs=pairs)
    return f"nudge-pair-{pair.id}"


def agrees(who: str) -> None:
    agreeing.grant(
        who,
        SHARE,
        value=None,
        text_version=1,
        locale="en",
        will=Will(by=who, via=Via.WEB),
        expires_at=None,
        now=BEFORE,
        people=DynamoPeople(),
    )


@pytest.fixture
def two(stack: Stack) -> tuple[str, str]:
    """Return two partners: the first is about to go quiet, the second has no check-ins that would tell anything."""
    del stack
    ana, ben = enrol(1), enrol(2)
    reminders.edit_schedule(ben, "check_in", Edit(paused=True), version=1, now=BEFORE, people=DynamoPeople())
    return ana, ben


def test_missed_twice_a_partner_is_told_once_in_words_that_tell_a_stranger_nothing(
    stack: Stack, two: tuple[str, str]
) -> None:
    ana, ben = two
    kind = paired(ana, ben)
    agrees(ana)
    for day in range(4):
        asked(stack, ana, day)
        morning(stack, day)
        afternoon(stack, day)

    told = [message for message in stack.sent() if "novedad" in message.raw_data]
    assert ended(ben, 0, kind) == (Status.MERGED, None)
    assert len(told) == 1
    shown = message_from_string(told[0].raw_data, policy=default)
    assert shown["Subject"] == "Tienes una novedad"
    assert ana not in told[0].raw_data
    assert not [bad for bad in ("ana lu", "registro", "silencio", "pareja") if bad in text_of(told[0]).lower()[12:]]
    # The quiet one gets a kind word once, and is told of nobody else: four check-ins and one nudge.
    assert len(stack.sent()) == 6


def test_without_consent_no_partner_is_told(stack: Stack, two: tuple[str, str]) -> None:
    ana, ben = two
    kind = paired(ana, ben)
    for day in range(3):
        asked(stack, ana, day)
        morning(stack, day)

    assert ended(ben, 0, kind) is None
    assert len(stack.sent()) == 3


@pytest.mark.parametrize(
    ("what", "waits"),
    [("revoke", False), ("revoke", True), ("end", True), ("pause", False), ("answer", True), ("crisis", False)],
)
def test_what_changes_between_due_and_told_is_asked_again(
    stack: Stack, two: tuple[str, str], what: str, *, waits: bool
) -> None:
    """Before the partner's row is delivered, and while it waits for a message to go along with."""
    ana, ben = two
    kind = paired(ana, ben)
    agrees(ana)
    for day in range(3):
        asked(stack, ana, day)
        if day < 2:
            afternoon(stack, day)
    at = NINE + timedelta(days=2)
    if waits:
        a_minute(stack, at + timedelta(minutes=3))
        assert ended(ben, 0, kind) == (Status.WAITING, None)

    match what:
        case "revoke":
            agreeing.revoke(ana, SHARE, will=Will(by=ana, via=Via.WEB), now=at, people=DynamoPeople())
        case "end":
            service.end(person(ana), "pair1", now=at, pairs=DynamoPairs(), kudos=DynamoKudos())
        case "pause":
            service.pause(person(ana), "pair1", paused=True, pairs=DynamoPairs())
        case "answer":
            answers(ana, 2, at)
        case _:
            hold_for_crisis(ana, now=at, holds=DynamoHolds())
    before = len(stack.sent())
    for minutes in (5, 16):
        a_minute(stack, at + timedelta(minutes=minutes))

    reasons = {"revoke": Reason.NO_CONSENT, "pause": Reason.NO_CONSENT, "crisis": Reason.HELD}
    assert ended(ben, 0, kind) == (Status.SKIPPED, reasons.get(what, Reason.CANCELLED))
    assert len(stack.sent()) == before


def prefer(who: str, *, quiet: tuple[time, time] | None = None, off: bool = False) -> None:
    people = DynamoPeople()
    record = people.record(who)
    assert record is not None
    everywhere, nowhere = frozenset(ChannelKind), frozenset[ChannelKind]()
    chosen = Choices(
        off={name: everywhere if off and name == NUDGE else nowhere for name in can_be_switched_off()},
        details={},
        quiet_from=quiet[0] if quiet else None,
        quiet_to=quiet[1] if quiet else None,
        calendar_invites=False,
    )
    will = Will(by=who, via=Via.WEB)
    preferring.prefer(who, chosen, will=will, version=record.person.version, now=BEFORE, people=people)


def test_a_partner_who_switched_it_off_is_not_told(stack: Stack, two: tuple[str, str]) -> None:
    ana, ben = two
    kind = paired(ana, ben)
    agrees(ana)
    prefer(ben, off=True)
    for day in range(3):
        asked(stack, ana, day)
        morning(stack, day)

    assert ended(ben, 0, kind) == (Status.SKIPPED, Reason.OPTED_OUT)


def test_a_partners_quiet_hours_are_kept(stack: Stack, two: tuple[str, str]) -> None:
    ana, ben = two
    kind = paired(ana, ben)
    agrees(ana)
    prefer(ben, quiet=(time(8), time(13)))
    for day in range(3):
        asked(stack, ana, day)
        if day < 2:
            afternoon(stack, day)
    at = NINE + timedelta(days=2)
    before = len(stack.sent())

    for minutes in (3, 14):
        a_minute(stack, at + timedelta(minutes=minutes))
    assert (ended(ben, 0, kind), len(stack.sent())) == ((Status.WAITING, None), before)
    a_minute(stack, at + timedelta(hours=4))

    assert ended(ben, 0, kind) == (Status.MERGED, None)
    assert len(stack.sent()) == before + 1
