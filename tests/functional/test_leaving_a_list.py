"""From an e-mail that went out to the one that doesn't any more, and from an appointment to a calendar."""

import re
from dataclasses import replace
from datetime import date, time, timedelta
from email import message_from_string
from email.message import EmailMessage
from email.policy import default
from typing import Any

import vobject

import app
from chalicelib.edge.ids import new_id
from chalicelib.enrollment import preferring, reminders
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.preferences import Choices, can_be_switched_off
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.categories import shard_of
from chalicelib.outreach.domain import Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.recurrence import Once
from chalicelib.outreach.store import DynamoDues
from tests.build import a_due, utc
from tests.functional import test_a_day_of_check_ins as a_day
from tests.functional.test_a_day_of_check_ins import NINE, TODAY, Stack, enrol
from tests.toy import Toy

stack = a_day.stack
ONE_CLICK = "List-Unsubscribe=One-Click"


def read(sent: Any) -> EmailMessage:
    return message_from_string(sent.raw_data, policy=default)


def test_one_click_holds_for_what_is_on_its_way_to_be_sent(stack: Stack) -> None:
    person = enrol()
    stack.day(NINE)
    (url, _) = re.findall("<([^>]*)>", read(stack.sent()[0])["List-Unsubscribe"])
    tomorrow = NINE + timedelta(days=1)
    stack.tick(tomorrow - timedelta(seconds=50))
    handed_over = stack.messages()

    told = Toy(app=app.app).send(
        "POST",
        url.removeprefix("https://care.example"),
        door="/u/{token}",
        token=url.rpartition("/")[2],
        body=ONE_CLICK,
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        role=None,
    )
    stack.deliver(handed_over, at=tomorrow)

    assert (told.status, told.text) == (200, "")
    assert len(handed_over) == 1
    assert len(stack.sent()) == 1
    entry = DynamoLedger().get(person, CHECK_IN, TODAY + timedelta(days=1))
    assert entry is not None
    assert (entry.status, entry.reason) == (Status.SKIPPED, "opted_out")
    # The schedule goes on, so that it comes again once it is switched on again.
    later = replace(a_due(), person_id=person, at=NINE + timedelta(days=2))
    waiting = DynamoDues().waiting(later.at, shard_of(later), before=later.at + timedelta(hours=1), limit=9)
    assert [due.kind for due in waiting] == [CHECK_IN]


def test_an_appointment_comes_into_the_calendar_and_leaves_it_when_it_is_off(stack: Stack) -> None:
    person, people = enrol(), DynamoPeople()
    will, now = Will(by="staff", via=Via.STAFF), NINE - timedelta(minutes=30)
    chosen = Choices(
        off={name: frozenset() for name in can_be_switched_off()},
        details={},
        quiet_from=None,
        quiet_to=None,
        calendar_invites=True,
    )
    preferring.prefer(person, chosen, will=will, version=1, now=now, people=people)

    def next_email() -> EmailMessage:
        before = len(stack.sent())
        stack.tick(now + timedelta(minutes=2))
        stack.deliver(stack.messages(), at=now + timedelta(minutes=2))
        assert len(stack.sent()) == before + 1
        return read(stack.sent()[-1])

    def entry_in(message: EmailMessage) -> vobject.base.Component:
        (ics,) = [part for part in message.walk() if part.get_content_type() == "text/calendar"]
        return vobject.readOne(ics.get_content())

    once = Once(on=date(2026, 12, 3), at=time(15), zone="America/New_York")
    reminder = reminders.set_reminder(
        person, lambda _: once, title="Dr. Lee", keeps_zone=True, now=now, people=people, new_id=new_id
    )
    invited = next_email()
    reminders.remove_reminder(person, reminder.kind, now=now, people=people)
    called_off = next_email()

    assert invited["Subject"] == "Para tu calendario"
    assert entry_in(invited).method.value == "REQUEST"
    assert entry_in(invited).vevent.dtstart.value == utc("2026-12-03T20:00")
    assert entry_in(called_off).method.value == "CANCEL"
    assert entry_in(called_off).vevent.uid.value == entry_in(invited).vevent.uid.value
    assert int(entry_in(called_off).vevent.sequence.value) > int(entry_in(invited).vevent.sequence.value)
    assert not re.search("Lee|Quintero|TBH", str(invited))
