"""One suite for the fakes and for DynamoDB: the fakes can't lie."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.outreach.domain import ChannelKind, Due, Entry, Reason, Status
from chalicelib.outreach.ports import Dues, Ledger
from chalicelib.outreach.sqs import from_message, to_message
from chalicelib.outreach.store import DynamoDues, DynamoLedger, schedule_item, schedule_of
from tests.build import a_due, a_schedule, utc
from tests.fakes import FakeDues, FakeLedger

pytestmark = pytest.mark.usefixtures("aws")

NINE = utc("2026-11-25T14:00")


@pytest.fixture(params=[FakeLedger, DynamoLedger])
def ledger(request: pytest.FixtureRequest) -> Ledger:
    found: Ledger = request.param()
    return found


@pytest.fixture(params=[FakeDues, DynamoDues])
def dues(request: pytest.FixtureRequest) -> Dues:
    found: Dues = request.param()
    return found


def an_entry() -> Entry:
    due = a_due()
    return Entry(
        person_id=due.person_id,
        kind=due.kind,
        on=due.on,
        due_at=due.due_at,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=NINE,
    )


def ended(entry: Entry, status: Status = Status.SENT) -> Entry:
    return replace(
        entry,
        status=status,
        ended_at=NINE,
        channel_id="mail",
        channel_kind=ChannelKind.EMAIL,
        provider_id="m1",
        template="check_in.1",
        reason=Reason.ERROR if status is Status.FAILED else None,
    )


def key(entry: Entry) -> tuple[str, str, object]:
    return entry.person_id, entry.kind, entry.on


def test_an_occurrence_is_claimed_once(ledger: Ledger) -> None:
    entry = an_entry()

    assert [ledger.add(entry), ledger.add(entry)] == [True, False]
    assert ledger.get(entry.person_id, entry.kind, entry.on) == entry


def test_nothing_is_known_of_what_was_never_claimed(ledger: Ledger) -> None:
    entry = an_entry()

    assert ledger.get(entry.person_id, entry.kind, entry.on) is None
    assert list(ledger.of_people([(entry.person_id, entry.kind, entry.on)])) == []


def test_an_end_is_written_over_the_claim_that_it_belongs_to(ledger: Ledger) -> None:
    entry = an_entry()
    ledger.add(entry)

    assert not ledger.replace(ended(replace(entry, attempt=2)), attempt=2)
    assert ledger.replace(ended(entry), attempt=1)
    assert list(ledger.of_people([(entry.person_id, entry.kind, entry.on)])) == [ended(entry)]


def test_what_has_ended_is_not_claimed_or_ended_again(ledger: Ledger) -> None:
    entry = an_entry()
    ledger.add(entry)
    ledger.replace(ended(entry), attempt=1)

    assert not ledger.replace(replace(entry, attempt=2), attempt=1)
    ledger.release(entry)
    assert ledger.get(entry.person_id, entry.kind, entry.on) == ended(entry)


def test_a_claim_can_be_taken_back_by_its_own_attempt_only(ledger: Ledger) -> None:
    entry = an_entry()
    ledger.add(entry)
    ledger.replace(replace(entry, attempt=2), attempt=1)

    ledger.release(entry)
    assert ledger.get(entry.person_id, entry.kind, entry.on) is not None
    ledger.release(replace(entry, attempt=2))
    assert ledger.get(entry.person_id, entry.kind, entry.on) is None


def test_a_receipt_ends_a_claim_and_nothing_else(ledger: Ledger) -> None:
    entry = an_entry()
    at = NINE + timedelta(seconds=3)

    assert not ledger.received(entry.person_id, entry.kind, entry.on, at=at)
    ledger.add(entry)
    assert ledger.received(entry.person_id, entry.kind, entry.on, at=at)
    assert not ledger.received(entry.person_id, entry.kind, entry.on, at=at)
    assert ledger.get(entry.person_id, entry.kind, entry.on) == replace(entry, status=Status.SENT, ended_at=at)


def test_a_due_row_waits_in_its_hour_and_goes_when_removed(dues: Dues) -> None:
    due = a_due()
    hour = due.at.replace(minute=0)
    for _ in range(2):
        dues.put(due)

    assert list(dues.waiting(hour, before=due.at + timedelta(seconds=1))) == [due]
    assert list(dues.waiting(hour, before=due.at)) == []
    assert list(dues.waiting(hour + timedelta(hours=1), before=due.at + timedelta(days=1))) == []
    for _ in range(2):
        dues.remove(due)
    assert list(dues.waiting(hour, before=due.at + timedelta(hours=1))) == []


def test_another_version_is_another_row(dues: Dues) -> None:
    old, new = a_due(), a_due(a_schedule(version=2))
    dues.put(old)
    dues.put(new)
    dues.remove(old)

    assert list(dues.waiting(new.at.replace(minute=0), before=new.at + timedelta(hours=1))) == [new]


def test_the_watermark_never_moves_back(dues: Dues) -> None:
    assert dues.watermark() is None
    for hours in (0, 2, 1):
        dues.advance(NINE + timedelta(hours=hours))

    assert dues.watermark() == NINE + timedelta(hours=2)


def test_a_schedule_and_a_message_come_back_as_they_went() -> None:
    schedule = a_schedule(at="07:30", rule="FREQ=WEEKLY;BYDAY=MO,WE", zone="Australia/Lord_Howe", version=7)
    deferred: Due = replace(a_due(), at=NINE + timedelta(minutes=30))

    assert schedule_of(schedule_item(schedule)) == schedule
    assert from_message(to_message(deferred)) == deferred
