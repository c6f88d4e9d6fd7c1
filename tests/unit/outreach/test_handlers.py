"""The shell of delivery: what comes again, what is paused, and what is set aside."""

from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

import pytest

from chalicelib.outreach import handlers
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import ChannelKind, Due, Reason, Status, Urgency
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.pacing import LONGEST_TURN
from chalicelib.outreach.parking import Redriven, redrive
from chalicelib.outreach.ports import Means
from chalicelib.outreach.sqs import to_message
from tests.build import a_due, a_recipient, utc
from tests.fakes import FakeDues, FakeLedger, FakeParking, FakeRecipients, FakeSender

NINE = utc("2026-11-25T14:00")


@dataclass
class Clock:
    now: datetime = NINE

    def utc_now(self) -> datetime:
        return self.now

    def as_instant(self, text: str) -> datetime:
        return datetime.fromisoformat(text)

    def wait_until(self, instant: datetime, *, at_most: timedelta) -> datetime:
        if self.now < instant <= self.now + at_most:
            self.now = instant
        return self.now


@dataclass
class Switch:
    is_paused: bool = False

    def paused(self, now: datetime) -> bool:  # noqa: ARG002 (the port's)
        return self.is_paused


@dataclass
class FakePace:
    """An account with room for so many e-mails now, and for the others after ``wait``."""

    room: int = 1000
    wait: timedelta | None = None
    fault: Exception | None = None

    def turn(self, letters: int, urgency: Urgency, *, now: datetime) -> datetime | None:  # noqa: ARG002 (the port's)
        if self.fault:
            raise self.fault
        if letters <= self.room:
            self.room -= letters
            return now
        return now + self.wait if self.wait else None

    def give_back(self, letters: int, *, now: datetime) -> None:  # noqa: ARG002 (the port's)
        if self.fault:
            raise self.fault
        self.room += letters


@dataclass
class Desk:
    """Delivery on fakes."""

    people: FakeRecipients = field(default_factory=lambda: FakeRecipients(a_recipient()))
    dues: FakeDues = field(default_factory=FakeDues)
    ledger: FakeLedger = field(default_factory=FakeLedger)
    email: FakeSender = field(default_factory=FakeSender)
    parking: FakeParking = field(default_factory=FakeParking)
    switch: Switch = field(default_factory=Switch)
    clock: Clock = field(default_factory=Clock)
    pace: FakePace = field(default_factory=FakePace)

    def deliver(self, *bodies: str) -> list[str]:
        """Deliver messages of these bodies; return the numbers of those that come again."""
        event: dict[str, Any] = {
            "Records": [{"messageId": str(number), "body": body} for number, body in enumerate(bodies)]
        }
        means = Means(
            recipients=self.people,
            dues=self.dues,
            ledger=self.ledger,
            senders={ChannelKind.EMAIL: self.email},
            suppressions=self.people,
        )
        using = handlers.Delivering(
            means=means, pace=self.pace, switch=self.switch, parking=self.parking, clock=self.clock
        )
        return [failure["itemIdentifier"] for failure in handlers.deliver(event, using=using)["batchItemFailures"]]


def person(number: int) -> str:
    return f"{number:032x}"


def crowd(count: int) -> tuple[Desk, list[Due]]:
    people = FakeRecipients(*(a_recipient(person=person(number)) for number in range(count)))
    desk = Desk(people=people)
    dues = [replace(a_due(), person_id=person(number)) for number in range(count)]
    desk.dues.put(dues)
    return desk, dues


def test_several_of_one_message_are_delivered_together() -> None:
    desk, dues = crowd(12)

    assert desk.deliver(to_message(*dues[:5]), to_message(*dues[5:])) == []
    assert len(desk.email.sent) == 12


def test_what_comes_too_early_or_can_not_be_read_comes_again_and_nothing_else() -> None:
    desk, dues = crowd(2)
    later = replace(dues[1], at=NINE + timedelta(minutes=5))

    assert desk.deliver("no", to_message(dues[0]), to_message(later), '{"at": 1, "dues": []}') == ["0", "2", "3"]
    assert desk.email.sent == [(dues[0].name, "mail")]


def test_a_paused_outreach_sends_a_crisis_page_and_leaves_the_rest_waiting() -> None:
    desk, dues = crowd(2)
    page = replace(dues[1], kind="crisis_page-1")
    desk.dues.put([page])
    desk.switch.is_paused = True

    assert desk.deliver(to_message(*dues), to_message(page)) == []
    assert desk.email.sent == [(page.name, "mail")]
    assert set(dues) <= set(desk.dues.rows.values())


def test_without_room_in_the_accounts_rate_emails_wait_but_a_crisis_does_not() -> None:
    desk, dues = crowd(11)
    desk.pace.room = 0
    page = replace(dues[0], kind="crisis_page-1")
    desk.dues.put([page])

    assert desk.deliver(to_message(*dues, page)) == []
    assert desk.email.sent == [(page.name, "mail")]
    assert set(dues) <= set(desk.dues.rows.values())
    desk.pace.room = 1000
    desk.deliver(to_message(*dues))
    assert len(desk.email.sent) == 12


def test_a_crisis_page_of_a_batch_goes_out_before_the_others_wait_for_their_turn() -> None:
    desk, dues = crowd(11)
    desk.pace.room, desk.pace.wait = 0, timedelta(seconds=12)
    page = replace(dues[0], kind="crisis_page-1")
    desk.dues.put([page])

    desk.deliver(to_message(*dues), to_message(page))

    ended = {entry.kind: entry.ended_at for entry in desk.ledger.entries.values()}
    assert ended == {"crisis_page-1": NINE, "check_in": NINE + timedelta(seconds=12)}


def test_a_pace_that_has_no_answer_holds_nothing_up() -> None:
    desk, dues = crowd(11)
    desk.pace.fault = TimeoutError()

    assert desk.deliver(to_message(*dues)) == []
    assert len(desk.email.sent) == 11


def test_whoever_leaves_while_their_turn_is_waited_for_gets_nothing() -> None:
    desk, dues = crowd(11)
    desk.pace.room, desk.pace.wait = 0, timedelta(seconds=12)

    class Leaving(Clock):
        def wait_until(self, instant: datetime, *, at_most: timedelta) -> datetime:
            if at_most == LONGEST_TURN:
                gone = desk.people.people[dues[0].person_id]
                desk.people.people[dues[0].person_id] = replace(gone, consents=frozenset())
            return super().wait_until(instant, at_most=at_most)

    desk.clock = Leaving()
    desk.deliver(to_message(*dues))

    assert len(desk.email.sent) == 10
    assert dues[0].name not in {name for name, _ in desk.email.sent}


def test_a_pause_while_a_turn_is_waited_for_stops_it() -> None:
    desk, dues = crowd(11)
    desk.pace.room, desk.pace.wait = 0, timedelta(seconds=12)

    class Pausing(Clock):
        def wait_until(self, instant: datetime, *, at_most: timedelta) -> datetime:
            desk.switch.is_paused = at_most == LONGEST_TURN
            return super().wait_until(instant, at_most=at_most)

    desk.clock = Pausing()
    assert desk.deliver(to_message(*dues)) == []

    assert desk.email.sent == []
    assert set(dues) <= set(desk.dues.rows.values())
    assert desk.pace.room == 11


def test_a_turn_that_was_not_used_for_emails_is_given_back() -> None:
    desk, dues = crowd(11)
    for due in dues[:4]:
        desk.people.people[due.person_id] = replace(desk.people.people[due.person_id], consents=frozenset())

    desk.deliver(to_message(*dues))

    assert desk.pace.room == 1000 - 7


def test_where_there_is_room_for_some_emails_the_more_urgent_go() -> None:
    desk, dues = crowd(10)
    thanks = [replace(due, kind="milestone-1") for due in dues[:5]]
    desk.dues.put(thanks)
    desk.pace.room = 7

    desk.deliver(to_message(*thanks), to_message(*dues[5:]), *(to_message(due) for due in thanks))
    assert {name for name, _ in desk.email.sent} == {due.name for due in dues[5:]}


def test_what_fails_by_its_own_fault_is_set_aside_after_half_an_hour_and_no_other_with_it() -> None:
    desk, dues = crowd(2)
    desk.people.people[dues[0].person_id] = None  # type: ignore[assignment]

    class Broken(FakeRecipients):
        def load(self, person_id: str, *, now: datetime) -> Any:
            if person_id == dues[0].person_id:
                raise KeyError("zone")
            return super().load(person_id, now=now)

    healthy = desk.people
    desk.people = Broken(*filter(None, healthy.people.values()))
    for minutes in (0, 29):
        desk.clock.now = NINE + timedelta(minutes=minutes)
        desk.deliver(to_message(*dues))
    assert desk.parking.rows == {}
    desk.clock.now = NINE + timedelta(minutes=30)
    desk.deliver(to_message(dues[0]))

    [parked] = desk.parking.rows.values()
    assert parked.due == dues[0]
    assert parked.why.startswith("KeyError at ")
    entry = desk.ledger.entries[dues[0].person_id, "check_in", dues[0].on]
    assert (entry.status, entry.reason) == (Status.FAILED, Reason.ERROR)
    assert len(desk.email.sent) == 1
    assert dues[0] not in desk.dues.rows.values()

    mended = FakeRecipients(a_recipient(person=dues[0].person_id))
    for count in (1, 0):
        done = redrive(
            None, now=desk.clock.now, recipients=mended, dues=desk.dues, ledger=desk.ledger, parking=desk.parking
        )
        assert (done.back, done.stay) == (count, ())
    desk.people = mended
    [again] = [due for due in desk.dues.rows.values() if due.on == dues[0].on]
    for _ in range(2):
        desk.deliver(to_message(again))
    assert len(desk.email.sent) == 2
    assert [due.on for due in desk.dues.rows.values() if due.person_id == dues[0].person_id] == [
        dues[0].on + timedelta(days=1)
    ]


def of_a_version_taken_back(dues: list[Due]) -> Due:
    """Return an occurrence of a category that another version had, of one more person."""
    return replace(dues[0], person_id=person(99), kind="birthday-1")


@pytest.mark.parametrize(("count", "paused"), [(2, False), (12, False), (2, True), (12, True)])
def test_an_unknown_kind_holds_up_nobody_in_its_batch(count: int, paused: bool) -> None:  # noqa: FBT001 (a column)
    desk, dues = crowd(count)
    unknown = of_a_version_taken_back(dues)
    page = replace(dues[1], kind="crisis_page-1")
    desk.people.people[unknown.person_id] = a_recipient(person=unknown.person_id)
    desk.dues.put([unknown, page])
    desk.switch.is_paused = paused

    assert desk.deliver(to_message(unknown, *dues[2:]), to_message(page, dues[0])) == []

    expected = {page.name} if paused else {page.name, *(due.name for due in (dues[0], *dues[2:]))}
    assert {name for name, _ in desk.email.sent} == expected
    assert unknown in desk.dues.rows.values()
    assert desk.parking.rows == {}


def test_an_unknown_kind_is_set_aside_and_comes_back_once_it_is_known(monkeypatch: pytest.MonkeyPatch) -> None:
    desk, dues = crowd(1)
    unknown = of_a_version_taken_back(dues)
    desk.people.people[unknown.person_id] = a_recipient(person=unknown.person_id)
    desk.dues.put([unknown])
    desk.clock.now = NINE + timedelta(minutes=30)

    assert desk.deliver(to_message(unknown)) == []

    [parked] = desk.parking.rows.values()
    assert (parked.due, parked.why.partition(":")[0]) == (unknown, "KeyError at category_of")
    assert unknown not in desk.dues.rows.values()

    def bring_back() -> Redriven:
        return redrive(
            None,
            now=desk.clock.now,
            recipients=desk.people,
            dues=desk.dues,
            ledger=desk.ledger,
            parking=desk.parking,
        )

    assert bring_back() == Redriven(back=0, stay=(unknown.name,))
    monkeypatch.setitem(CATEGORIES, "birthday", replace(CATEGORIES[CHECK_IN], recurs=False))
    assert bring_back() == Redriven(back=1, stay=())
    [again] = [due for due in desk.dues.rows.values() if due.kind == unknown.kind]
    desk.deliver(to_message(again))

    assert desk.email.sent == [(unknown.name, "mail")]


@pytest.mark.parametrize("fault", [TimeoutError(), RuntimeError("busy")])
def test_a_fault_of_the_store_sets_nothing_aside_however_long_it_lasts(fault: Exception) -> None:
    desk, dues = crowd(1)
    desk.email.faults = [fault] * 3
    for hours in (0, 1, 2):
        desk.clock.now = NINE + timedelta(hours=hours)
        assert desk.deliver(to_message(*dues)) == []

    assert desk.parking.rows == {}
    desk.deliver(to_message(*dues))
    assert len(desk.email.sent) == 1


def test_a_crisis_page_is_never_set_aside() -> None:
    desk, dues = crowd(1)
    page = replace(dues[0], kind="crisis_page-1")
    desk.dues.put([page])
    desk.email.faults = [KeyError("reference")]
    desk.clock.now = NINE + timedelta(hours=1)

    desk.deliver(to_message(page))

    assert desk.parking.rows == {}
    assert page in desk.dues.rows.values()


def test_one_that_spoils_a_shared_call_is_delivered_apart_from_the_others() -> None:
    desk, dues = crowd(3)
    takes = desk.ledger.add

    def add(entries: Any) -> list[bool]:
        if any(entry.person_id == dues[1].person_id for entry in entries):
            raise ValueError("not for this one")
        return takes(entries)

    desk.ledger.add = add  # type: ignore[method-assign]
    desk.deliver(to_message(*dues))

    assert sorted(name for name, _ in desk.email.sent) == sorted([dues[0].name, dues[2].name])
