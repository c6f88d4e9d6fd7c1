"""Caring contacts from their start to the message, through the functions' own doors, on moto."""

from dataclasses import replace
from datetime import date, datetime, timedelta
from email import message_from_string
from email.policy import default
from typing import Any

import pytest

from chalicelib.caring.domain import Because
from chalicelib.caring.service import Desk, sign, start
from chalicelib.caring.store import DynamoSeries
from chalicelib.enrollment import service
from chalicelib.enrollment.agreeing import grant
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.holds import PlacedHold
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.reminders import Edit, edit_schedule
from chalicelib.enrollment.service import edit_programme
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Hold, Reason, Status
from chalicelib.outreach.kinds import CARING_SERIES
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Purpose, Signer
from chalicelib.outreach.store import DueItem, DynamoDues
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member
from chalicelib.staff.store import DynamoStaff
from tests.build import utc
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import Stack, enrol

stack = a_day.stack

NOW = utc("2026-11-24T20:30")
ALEX = Member(
    programme_id="iop-evening",
    account="alex",
    first_name="Alex",
    roles=frozenset({Role.CLINICIAN}),
    language="en",
    zone="America/New_York",
    put_by="admin",
    put_at=NOW,
)


def desk(by: str = "staff") -> Desk:
    people = DynamoPeople()
    return Desk(by=by, now=NOW, people=people, programmes=DynamoProgrammes(), all_series=DynamoSeries(people))


@pytest.fixture
def ana(stack: Stack) -> str:
    """Return somebody who agreed to hellos, counted from today, that Alex signs; their check-ins are paused."""
    del stack
    person = enrol()
    edit_schedule(person, "check_in", Edit(paused=True), version=1, now=NOW, people=DynamoPeople())
    edit_programme(
        "iop-evening",
        lambda present: replace(present, reply_to="team@care.example"),
        version=1,
        programmes=DynamoProgrammes(),
    )
    will = Will(by="ana", via=Via.WEB)
    grant(
        person,
        "caring_contacts",
        value=None,
        text_version=1,
        locale="es",
        will=will,
        expires_at=None,
        now=NOW,
        people=DynamoPeople(),
    )
    DynamoStaff().save(ALEX)
    start(person, because=Because.CRISIS_OVER, of=None, birthday=None, desk=desk())
    sign(person, signs=True, desk=desk("alex"))
    return person


def coming(person: str) -> tuple[date, datetime]:
    """Return the local date and instant of the hello that comes first."""
    (row,) = [item.sk.split("#") for item in DueItem.scan() if item.sk.split("#")[1:3] == [person, CARING_SERIES]]
    return date.fromisoformat(row[3]), datetime.fromisoformat(row[0])


def a_minute(stack: Stack, at: datetime) -> None:
    DynamoDues().advance(at.replace(minute=0) - timedelta(hours=1))
    stack.day(at)


def end(person: str, on: date) -> tuple[Status, Reason | None] | None:
    entry = DynamoLedger().get(person, CARING_SERIES, on)
    return (entry.status, entry.reason) if entry else None


def read(message: Any) -> tuple[Any, str]:
    body = message_from_string(message.raw_data, policy=default)
    return body, " ".join(part.get_content() for part in body.walk() if part.get_content_type() == "text/plain")


def test_a_hello_asks_for_nothing_is_signed_and_answered_to_a_person(stack: Stack, ana: str) -> None:
    on, at = coming(ana)
    a_minute(stack, at)
    a_minute(stack, at)

    assert (on, end(ana, on)) == (date(2026, 11, 25), (Status.SENT, None))
    (message,) = stack.sent()
    body, text = read(message)
    assert (body["Subject"], body["Reply-To"]) == ("Un saludo corto", "team@care.example")
    assert "hoy pensamos en ti" in text
    assert "Alex" in text
    assert "?" not in text.partition("--")[0].partition("http")[0]
    token = text.partition("/w/")[2].split()[0]
    claims = Signer(("secret",)).open(Purpose.WRITE_BACK, token)
    assert (claims.person_id, claims.expires_at > at + timedelta(days=90)) == (ana, True)
    following, later = coming(ana)
    assert (following, later.hour != at.hour or later.minute != at.minute) == (date(2026, 12, 1), True)


def test_none_goes_into_a_crisis_and_it_comes_when_that_is_over(stack: Stack, ana: str) -> None:
    on, at = coming(ana)
    hold = PlacedHold(kind=Hold.CRISIS, until=at + timedelta(hours=20), since=NOW, by="help")
    DynamoHolds().extend(ana, hold)
    a_minute(stack, at)
    assert stack.sent() == []

    for hours in (12, 24, 36):
        a_minute(stack, at + timedelta(hours=hours))
        a_minute(stack, utc("2026-11-26T13:00"))

    assert end(ana, on) == (Status.SENT, None)
    assert len(stack.sent()) == 1


def test_whoever_left_care_gets_them_and_nothing_else_and_the_dead_get_none(stack: Stack, ana: str) -> None:
    service.move_episode(ana, State.DISCHARGED_EARLY, now=NOW, people=DynamoPeople())
    DynamoStaff().save(replace(ALEX, removed_at=NOW, version=2))
    on, at = coming(ana)
    a_minute(stack, at)
    assert end(ana, on) == (Status.SENT, None)
    assert "Care Team" in read(stack.sent()[0])[1]
    assert "Alex" not in read(stack.sent()[0])[1]

    service.move_episode(ana, State.DECEASED, now=NOW, people=DynamoPeople())
    on, at = coming(ana)
    a_minute(stack, at)
    assert end(ana, on) == (Status.SKIPPED, Reason.ENDED)
    assert len(stack.sent()) == 1
