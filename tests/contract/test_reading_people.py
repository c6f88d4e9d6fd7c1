"""The copy by which outreach reads people, on the table: never behind the record, and written by nobody else."""

from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError
from pynamodb.exceptions import UpdateError

from chalicelib.edge.table import Item, transaction, undisturbed
from chalicelib.enrollment import agreeing, devices, preferring, reaching, service
from chalicelib.enrollment.changing import next_of
from chalicelib.enrollment.consents import Via
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.holds import PlacedHold
from chalicelib.enrollment.items import ChannelItem, PersonItem
from chalicelib.enrollment.preferences import Less
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reach_store import DynamoHolds, ReachItem, copying
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Stale
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Hold, Recipient, Waiting
from chalicelib.outreach.links import NO_END, Claims
from tests.build import A_KEY
from tests.contract.test_people import NOW, STAFF, enrol
from tests.fakes_enrollment import Ids

WRITES = ("PutItem", "UpdateItem", "DeleteItem", "BatchWriteItem", "ExecuteStatement", "BatchExecuteStatement")
BIRTHDAY = Waiting(kind="milestone-1", on=date(2026, 11, 25), due_at=NOW)


@pytest.fixture
def people(aws: None) -> DynamoPeople:
    del aws
    return DynamoPeople()


@pytest.fixture
def record(people: DynamoPeople) -> Record:
    return enrol((people, DynamoProgrammes()))


SOON = NOW + timedelta(seconds=1)
"""Behind whatever is done in these tests: a consent taken back in the instant of its grant is a microsecond later."""


def seen(people: DynamoPeople, person_id: str, *, at: datetime = SOON) -> Recipient | None:
    """Return the person by the copy, having looked that the whole record says the same."""
    found = people.load_all([person_id], now=at).get(person_id)
    assert not isinstance(found, Exception)
    assert found == people.load(person_id, now=at)
    return found


def copy_of(person_id: str) -> str | None:
    return ReachItem.get(f"PERSON#{person_id}", "REACH", consistent_read=True).record


def test_after_each_thing_that_is_done_the_copy_says_the_same_as_the_record(
    people: DynamoPeople, record: Record
) -> None:
    person_id, mail = record.person.id, record.channels[0].id
    programmes, holds = DynamoProgrammes(), DynamoHolds()
    later = NOW + timedelta(days=10)
    written: list[tuple[str, str]] = []

    def note(params: dict[str, Any], model: Any, **_: object) -> None:
        if model.name in WRITES:
            written.append((model.name, str(params)))

    client = Item._get_connection().connection.client  # noqa: SLF001 (our own)
    client.meta.events.register("provide-client-params.dynamodb", note)
    browser = devices.Browser(endpoint="https://push.example/device", key=A_KEY, auth="A" * 22)
    less = Less(off=frozenset({("nudge", None)}), discreet=frozenset({ChannelKind.EMAIL}))
    claims = Claims(person_id=person_id, kind="check_in", on=NOW.date(), channel_id=mail, revision=1, expires_at=NO_END)
    ids = Ids(given=7000)

    def add_browser() -> object:
        return devices.add_browser(
            person_id,
            browser,
            detail=DetailLevel.DETAILED,
            origins=frozenset({"https://push.example"}),
            now=NOW,
            people=people,
            new_id=ids,
        )

    device = f"{7001:032x}"
    crisis = PlacedHold(kind=Hold.CRISIS, until=later, since=NOW, by="help")
    steps: list[Callable[[], object]] = [
        add_browser,
        lambda: reaching.confirm_channel(person_id, device, revision=1, expires_at=later, now=NOW, people=people),
        lambda: devices.hear_from_device(person_id, device, now=later, people=people),
        lambda: agreeing.revoke(person_id, "contact_email", will=STAFF, now=NOW, people=people),
        lambda: preferring.take_less(claims, less, via=Via.LINK, now=NOW, people=people, programmes=programmes),
        lambda: people.keep_waiting(person_id, [BIRTHDAY]),
        lambda: holds.place(person_id, replace(crisis, kind=Hold.CONVERSATION, by="a#b")),
        lambda: holds.extend(person_id, crisis),
        lambda: service.move_episode(person_id, State.ON_HOLD, now=NOW, people=people),
        lambda: people.no_list_mail(person_id, mail, revision=1, now=NOW),
        lambda: people.channel_is_gone(person_id, device, why="gone", now=later),
        lambda: reaching.remove_channel(person_id, mail, people=people),
        lambda: people.told(person_id, [BIRTHDAY]),
        lambda: holds.lift(person_id, Hold.CRISIS),
    ]
    before = seen(people, person_id)
    for number, step in enumerate(steps):
        step()

        now = seen(people, person_id)
        assert now != before or number in {2, 7}, number
        seen(people, person_id, at=later + timedelta(days=70))
        before = now
    assert before is not None
    assert before.holds == {Hold.CONVERSATION}
    assert before.waiting == ()
    assert all(call == "UpdateItem" and "REACH" in params for call, params in written if "PERSON#" in params)


def test_who_has_no_copy_is_read_whole_and_gets_one(people: DynamoPeople, record: Record) -> None:
    person_id = record.person.id
    copy = copy_of(person_id)
    with transaction() as write:
        write.update(*copying(person_id, None))
    assert copy_of(person_id) is None

    assert seen(people, person_id) is not None

    assert copy_of(person_id) == copy


def test_a_change_to_who_has_no_copy_makes_none_up(people: DynamoPeople, record: Record) -> None:
    person_id = record.person.id
    ReachItem(f"PERSON#{person_id}", "REACH").delete()
    known = people.record(person_id)
    assert known is not None
    people.write(next_of(known, person=replace(known.person, quiet_from=time(20))))

    assert copy_of(person_id) is None
    found = seen(people, person_id)
    assert found is not None
    assert found.quiet_hours.start == time(20)


def test_a_copy_that_could_be_behind_is_dropped(people: DynamoPeople, record: Record) -> None:
    """As if a query had seen the person of a transaction, and not yet the copy of the same one."""
    found = people.record(record.person.id)
    assert found is not None
    behind = copy_of(record.person.id)
    people.write(next_of(found, person=replace(found.person, quiet_from=time(20))))
    ahead = people.record(record.person.id)
    assert ahead is not None

    people.write(replace(next_of(ahead), copy=behind))

    assert copy_of(record.person.id) is None
    seen(people, record.person.id)


def test_a_hold_or_a_notice_before_anything_is_known_of_a_person_makes_no_person(people: DynamoPeople) -> None:
    DynamoHolds().lift("e" * 32, Hold.CRISIS)
    people.keep_waiting("e" * 32, [BIRTHDAY])

    assert people.load_all(["e" * 32, "f" * 32], now=NOW) == {}


def test_who_can_not_be_read_holds_up_nobody(people: DynamoPeople, record: Record) -> None:
    other = enrol((people, DynamoProgrammes()), number=2)
    third = enrol((people, DynamoProgrammes()), number=3)
    with transaction() as write:
        write.update(*copying(other.person.id, "not JSON"))
        write.update(*copying(third.person.id, None))
    ChannelItem(f"PERSON#{third.person.id}", f"CHANNEL#{third.channels[0].id}").delete()
    item = PersonItem.get(f"PERSON#{third.person.id}", "PERSON")
    item.quiet_from = "never"
    item.save()

    found = people.load_all([third.person.id, other.person.id, record.person.id], now=NOW)

    assert isinstance(found[record.person.id], Recipient)
    assert isinstance(found[other.person.id], ValueError)
    assert isinstance(found[third.person.id], ValueError)


def test_more_than_a_hundred_people_are_read_at_once(people: DynamoPeople, record: Record) -> None:
    strangers = [f"{number:032x}" for number in range(500, 750)]

    found = people.load_all([*strangers, record.person.id], now=NOW)

    assert list(found) == [record.person.id]


def test_what_waits_is_kept_once_and_let_go_however_often(people: DynamoPeople, record: Record) -> None:
    person_id = record.person.id
    other = replace(BIRTHDAY, kind="notice-1")
    anew = replace(BIRTHDAY, due_at=NOW + timedelta(hours=1))
    for waiting in ([BIRTHDAY], [BIRTHDAY, other], [anew], []):
        people.keep_waiting(person_id, waiting)

    found = seen(people, person_id)
    assert found is not None
    assert found.waiting == (anew, other)

    for _ in range(2):
        people.told(person_id, [BIRTHDAY])
    found = seen(people, person_id)
    assert found is not None
    assert found.waiting == (other,)


def test_of_two_changes_at_once_one_is_decided_anew(people: DynamoPeople, record: Record) -> None:
    known = people.record(record.person.id)
    assert known is not None
    people.channel_is_gone(record.person.id, record.channels[0].id, why="bounced", now=NOW)

    with pytest.raises(Stale):
        people.write(next_of(known))

    found = seen(people, record.person.id)
    assert found is not None
    assert not found.channels[0].usable


def test_a_write_that_meets_a_transaction_is_done_again() -> None:
    met = []

    def write() -> None:
        met.append(1)
        if len(met) < 3:
            cause = ClientError({"Error": {"Code": "TransactionConflictException", "Message": ""}}, "UpdateItem")
            raise UpdateError("", cause)

    undisturbed(write)

    assert len(met) == 3
