"""One suite for the fakes and for DynamoDB: the fakes can't lie."""

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import boto3
import pytest

from chalicelib.edge.log import flush
from chalicelib.edge.table import Row, rows_of
from chalicelib.outreach.categories import shard_of
from chalicelib.outreach.domain import URGENT, ChannelKind, Due, Entry, Reason, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.parking import Parked, Parking
from chalicelib.outreach.ports import Dues, Ledger
from chalicelib.outreach.sqs import from_message, to_message
from chalicelib.outreach.store import DynamoDues, DynamoParking, due_row, schedule_item, schedule_of
from chalicelib.outreach.ticking import hand_over
from tests.build import a_due, a_schedule, utc
from tests.fakes import FakeDues, FakeLedger, FakeParking, FakeQueue

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


@pytest.fixture(params=[FakeParking, DynamoParking])
def parking(request: pytest.FixtureRequest) -> Parking:
    found: Parking = request.param()
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


def test_an_occurrence_is_claimed_once(ledger: Ledger) -> None:
    entry = an_entry()
    other = replace(entry, kind="appointment-1")

    assert ledger.add([entry]) == [True]
    assert ledger.add([entry, other]) == [False, True]
    assert ledger.get(entry.person_id, entry.kind, entry.on) == entry


def test_nothing_is_known_of_what_was_never_claimed(ledger: Ledger) -> None:
    entry = an_entry()

    assert ledger.get(entry.person_id, entry.kind, entry.on) is None
    assert list(ledger.of_people([(entry.person_id, entry.kind, entry.on)])) == []
    assert ledger.between(entry.person_id, entry.on, entry.on) == []
    assert ledger.end([ended(entry)]) == [False]


def test_an_end_is_written_over_the_claim_that_it_belongs_to(ledger: Ledger) -> None:
    entry = an_entry()
    ledger.add([entry])

    assert ledger.end([ended(replace(entry, attempt=2))]) == [False]
    assert ledger.end([ended(entry)]) == [True]
    assert list(ledger.of_people([(entry.person_id, entry.kind, entry.on)])) == [ended(entry)]


def test_what_has_ended_is_not_claimed_or_ended_again(ledger: Ledger) -> None:
    entry = an_entry()
    ledger.add([entry])
    ledger.end([ended(entry)])

    assert not ledger.swap(replace(entry, attempt=2), before=entry)
    assert ledger.end([ended(entry, Status.FAILED)]) == [False]
    ledger.release(entry)
    assert ledger.get(entry.person_id, entry.kind, entry.on) == ended(entry)


def test_a_claim_can_be_taken_over_and_taken_back_by_its_own_attempt_only(ledger: Ledger) -> None:
    entry = an_entry()
    second = replace(entry, attempt=2, carries=("2026-11-25#milestone-d30", "2026-11-24#nudge-a"), fallback=True)
    ledger.add([entry])

    assert ledger.swap(second, before=entry)
    assert not ledger.swap(replace(entry, attempt=3), before=entry)
    assert ledger.get(entry.person_id, entry.kind, entry.on) == second
    ledger.release(entry)
    assert ledger.get(entry.person_id, entry.kind, entry.on) == second
    ledger.release(second)
    assert ledger.get(entry.person_id, entry.kind, entry.on) is None


def test_what_each_way_did_is_kept_and_each_device_of_them_may_speak(ledger: Ledger) -> None:
    entry = an_entry()
    ledger.add([entry])
    sent = replace(ended(entry), ways=("email:mail:sent", "push:phone:sent"))
    assert ledger.end([sent]) == [True]
    assert ledger.get(entry.person_id, entry.kind, entry.on) == sent

    def heard(channel: str) -> bool:
        return ledger.received(entry.person_id, entry.kind, entry.on, at=NINE, by_device=True, channel_id=channel)

    assert [heard("hone"), heard("tablet"), heard("phone"), heard("phone")] == [False, False, True, False]


def test_a_swap_takes_away_what_the_new_entry_lacks(ledger: Ledger) -> None:
    entry = an_entry()
    ledger.add([ended(entry)])

    assert ledger.swap(replace(entry, attempt=2), before=ended(entry))
    assert ledger.get(entry.person_id, entry.kind, entry.on) == replace(entry, attempt=2)


def test_a_device_speaks_for_what_was_sent_over_its_own_channel(ledger: Ledger) -> None:
    entry = an_entry()
    key = (entry.person_id, entry.kind, entry.on)
    ledger.add([replace(ended(entry), channel_id="phone")])

    assert not ledger.received(*key, at=NINE, by_device=True, channel_id="laptop")
    assert ledger.received(*key, at=NINE, by_device=True, channel_id="phone")


def test_a_device_may_speak_before_its_sender_has_written_where_it_sent(ledger: Ledger) -> None:
    entry = an_entry()
    ledger.add([entry])

    assert ledger.received(entry.person_id, entry.kind, entry.on, at=NINE, by_device=True, channel_id="phone")


def test_reports_are_noted_and_outlive_what_a_sender_writes(ledger: Ledger) -> None:
    entry = an_entry()
    key = (entry.person_id, entry.kind, entry.on)
    at = NINE + timedelta(seconds=3)

    assert not ledger.received(*key, at=at, by_device=False)
    assert not ledger.received(*key, at=at, by_device=True)
    ledger.add([entry])
    assert ledger.received(*key, at=at, by_device=True)
    assert not ledger.received(*key, at=at + timedelta(seconds=1), by_device=True)
    assert ledger.received(*key, at=at, by_device=False)
    ledger.end([ended(entry)])
    assert not ledger.received(*key, at=at, by_device=False)
    assert ledger.get(*key) == replace(ended(entry), received_at=at, reported_at=at)


def test_a_persons_entries_come_newest_first(ledger: Ledger) -> None:
    entry = an_entry()
    days = [replace(entry, on=entry.on + timedelta(days=days)) for days in (0, 2, 1)]
    ledger.add([*days, replace(entry, person_id="another")])

    found = ledger.between(entry.person_id, entry.on, entry.on + timedelta(days=1))
    assert found == [days[2], days[0]]
    assert ledger.between(entry.person_id, entry.on, entry.on + timedelta(days=9), limit=1) == [days[1]]


def test_many_entries_take_a_few_calls_and_each_its_own_answer(ledger: Ledger) -> None:
    entries = [replace(an_entry(), kind=f"notice-{number}") for number in range(60)]
    ledger.add(entries[::2])

    assert ledger.add(entries) == [number % 2 == 1 for number in range(60)]
    assert ledger.end([ended(entry) for entry in entries]) == [True] * 60


def wait(dues: Dues, due: Due, **limits: Any) -> list[Due]:
    options = {"before": due.at + timedelta(hours=1), "limit": 10, **limits}
    return dues.waiting(due.at.replace(minute=0), shard_of(due), **options)


def test_a_due_row_waits_in_its_hour_and_goes_when_removed(dues: Dues) -> None:
    due = a_due()
    for _ in range(2):
        dues.put([due])

    assert wait(dues, due, before=due.at + timedelta(seconds=1)) == [due]
    assert wait(dues, due, before=due.at) == []
    assert wait(dues, due, first=due.at) == [due]
    assert wait(dues, due, first=due.at + timedelta(seconds=1)) == []
    assert dues.waiting(due.at.replace(minute=0) + timedelta(hours=1), 0, before=due.at + timedelta(1), limit=9) == []
    for _ in range(2):
        dues.remove([due])
    assert wait(dues, due) == []


def test_rows_of_one_instant_come_in_pages_and_none_twice(dues: Dues) -> None:
    rows = [a_due(a_schedule(version=version)) for version in range(1, 8)]
    dues.put(rows)

    found: list[Due] = []
    while page := wait(dues, rows[0], limit=3, after=found[-1] if found else None):
        found += page
    assert found == rows


def test_a_crisis_waits_in_a_partition_of_its_own(dues: Dues) -> None:
    due = replace(a_due(), kind="crisis_page-1")
    dues.put([due])

    assert shard_of(due) == URGENT
    assert wait(dues, due) == [due]


def test_another_version_is_another_row(dues: Dues) -> None:
    old, new = a_due(), a_due(a_schedule(version=2))
    dues.put([old, new])
    dues.remove([old])

    assert wait(dues, new) == [new]


def test_several_dates_may_wait_for_one_instant(dues: Dues) -> None:
    rows = [replace(a_due(), on=a_due().on - timedelta(days=days)) for days in (2, 1, 0)]
    dues.put(rows)

    assert wait(dues, rows[0]) == rows


def test_the_watermark_never_moves_back(dues: Dues) -> None:
    assert dues.watermark() is None
    for hours in (0, 2, 1):
        dues.advance(NINE + timedelta(hours=hours))

    assert dues.watermark() == NINE + timedelta(hours=2)


def test_what_is_set_aside_is_kept_once_and_let_go(parking: Parking) -> None:
    parked = Parked(due=a_due(), at=NINE, why="KeyError at store.py:1")
    for _ in range(2):
        parking.put(parked)

    assert list(parking.all()) == [parked]
    for _ in range(2):
        parking.remove(parked.due)
    assert list(parking.all()) == []


Changes = dict[str, dict[str, Any] | None]


def put_by_hand(row: Row, changes: Changes) -> str:
    """Put a row as somebody might in the console, None taking an attribute away; return its keys."""
    changed = {name: value for name, value in (row | changes).items() if value is not None}
    boto3.client("dynamodb").put_item(TableName="cairn", Item=changed)
    return f"{changed['pk']['S']} {changed['sk']['S']}"


def key_with(**changes: str) -> dict[str, Any]:
    """Return the key of the usual due row with other parts."""
    parts = dict(zip(("at", "person", "kind", "on", "version"), due_row(a_due())["sk"]["S"].split("#"), strict=True))
    return {"S": "#".join({**parts, **changes}.values())}


# Each has a key of its own, and all come before the usual due row.
BY_HAND: list[Changes] = [
    {"sk": key_with(person="00"), "due_at": {"N": "1"}},
    {"sk": key_with(person="01"), "due_at": {"BOOL": True}},
    {"sk": key_with(person="02"), "due_at": {"NULL": True}},
    {"sk": key_with(person="03"), "due_at": None},
    {"sk": key_with(person="04"), "due_at": {"S": ""}},
    {"sk": key_with(person="05"), "due_at": {"S": "2026-11-25T14:00:00"}},
    {"sk": key_with(person="06"), "item": {"S": "ledger"}},
    {"sk": key_with(person="07"), "item": {"S": "nonsense"}},
    {"sk": key_with(person="08"), "item": {"N": "1"}},
    {"sk": key_with(person="09"), "item": None},
    {"sk": key_with(at="2026-11-25T14:00:00")},
    {"sk": key_with(at="2026-11-25T13:59:59Z")},
    {"sk": key_with(at="")},
    {"sk": key_with(kind="appointment-1", version="01")},
    {"sk": key_with(kind="appointment-1", version="1#what")},
]


def test_rows_that_nobody_can_read_stand_in_nobodys_way_and_are_seen(
    log: Callable[[], list[dict[str, object]]],
) -> None:
    due = a_due()
    keys = [put_by_hand(due_row(due), changes) for changes in BY_HAND]
    DynamoDues().put([due])

    assert wait(DynamoDues(), due, limit=1) == [due]
    keys.append(put_by_hand(due_row(due), {"sk": {"S": "garbled"}}))
    assert wait(DynamoDues(), due) == [due]
    flush()

    assert DynamoParking().unreadable() == sorted(keys)
    assert list(DynamoParking().all()) == []
    lines = log()
    assert [line["Parked"] for line in lines if "Parked" in line] == [[1] * len(keys)]
    assert [line["level"] for line in lines if line.get("message") == "unreadable due row"] == ["ERROR"] * len(keys)
    assert wait(DynamoDues(), due) == [due]
    assert len(DynamoParking().unreadable()) == len(keys)


def test_a_row_that_nobody_can_read_holds_up_no_tick() -> None:
    queue, due = FakeQueue(), a_due()
    put_by_hand(due_row(replace(due, person_id="0e" * 16)), {"due_at": {"N": "1"}})
    DynamoDues().put([due])

    now = NINE + timedelta(hours=2)
    for _ in range(2):
        hand_over(tick_at=now, now=now, dues=DynamoDues(), queue=queue)
    DynamoDues().remove([due])
    hand_over(tick_at=now, now=now, dues=DynamoDues(), queue=queue)

    assert queue.handed == [due, due]
    mark = DynamoDues().watermark()
    assert mark is not None
    assert mark > NINE


def test_a_row_of_a_kind_that_is_not_known_waits_and_goes_like_any_other(dues: Dues) -> None:
    due = replace(a_due(), kind="birthday-1")
    dues.put([due])

    assert wait(dues, due) == [due]
    dues.remove([due])
    assert wait(dues, due) == []


SET_ASIDE_BY_HAND: list[Changes] = [
    {"sk": {"S": "0"}, "row": {"S": "garbled"}},
    {"sk": {"S": "1"}, "row": {"N": "1"}},
    {"sk": {"S": "2"}, "row": None},
    {"sk": {"S": "3"}, "due_at": {"N": "1"}},
    {"sk": {"S": "4"}, "at": {"S": "2026-11-25T14:00:00"}},
    {"sk": {"S": "5"}, "why": None},
    {"sk": {"S": "6"}, "item": None},
    {"sk": {"S": "7"}},
]


def test_what_was_set_aside_and_can_not_be_read_hides_nothing_else() -> None:
    parked = Parked(due=replace(a_due(), person_id="f" * 32), at=NINE, why="x")
    DynamoParking().put(parked)
    [row] = rows_of("PARKED")

    keys = [put_by_hand(row, changes) for changes in SET_ASIDE_BY_HAND]

    assert list(DynamoParking().all()) == [parked]
    assert DynamoParking().unreadable() == keys


def test_a_schedule_and_a_message_come_back_as_they_went() -> None:
    schedule = a_schedule(at="07:30", rule="FREQ=WEEKLY;BYDAY=MO,WE", zone="Australia/Lord_Howe", version=7)
    deferred: Due = replace(a_due(), at=NINE + timedelta(minutes=30))

    assert schedule_of(schedule_item(schedule)) == schedule
    assert from_message(to_message(deferred, replace(deferred, person_id="another"))) == [
        deferred,
        replace(deferred, person_id="another"),
    ]
