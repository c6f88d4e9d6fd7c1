from collections.abc import Callable, Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.outreach.cases import Delivery, Outcome
from chalicelib.outreach.delivering import deliver
from chalicelib.outreach.domain import ChannelKind, Due, Entry, Reason, Recipient, Standing, Status
from chalicelib.outreach.ports import Handed, Letter, Means, NotAccepted, Refused, nothing_against
from chalicelib.outreach.recurrence import Occurrence
from chalicelib.outreach.ticking import hand_over
from tests.build import PERSON, a_device, a_due, a_recipient, a_schedule, an_email, utc
from tests.fakes import Crashed, FakeDues, FakeLedger, FakeQueue, FakeRecipients, FakeSender, Moments, Mortal

NINE = utc("2026-11-25T14:00")


@dataclass
class World:
    """The stores, the providers and one due occurrence."""

    recipient: Recipient = field(default_factory=a_recipient)
    due: Due = field(default_factory=a_due)
    objections: Callable[[Due], Reason | None] = nothing_against

    def __post_init__(self) -> None:
        self.people = FakeRecipients(self.recipient)
        self.dues = FakeDues()
        self.dues.put([self.due])
        self.ledger = FakeLedger()
        self.email = FakeSender()
        self.push = FakeSender()

    def deliver(self, *dues: Due, now: datetime = NINE, fatal: Iterable[int] = ()) -> Delivery:
        return self.deliver_all(*dues, now=now, fatal=fatal)[0]

    def deliver_all(self, *dues: Due, now: datetime = NINE, fatal: Iterable[int] = ()) -> list[Delivery]:
        moments = Moments(frozenset(fatal))
        means = Means(
            recipients=Mortal(self.people, moments),  # type: ignore[arg-type]
            dues=Mortal(self.dues, moments),  # type: ignore[arg-type]
            ledger=Mortal(self.ledger, moments),  # type: ignore[arg-type]
            senders={
                ChannelKind.EMAIL: Mortal(self.email, moments),  # type: ignore[dict-item]
                ChannelKind.PUSH: Mortal(self.push, moments),  # type: ignore[dict-item]
            },
            suppressions=Mortal(self.people, moments),  # type: ignore[arg-type]
            objections=self.objections,
        )
        return deliver(dues or [self.due], now=now, means=means)

    def note(self, entry: Entry) -> bool:
        """Have the provider report the message, as SES events do."""
        return self.ledger.received(entry.person_id, entry.kind, entry.on, at=NINE, by_device=False)

    @property
    def entry(self) -> Entry:
        return self.ledger.entries[self.due.person_id, self.due.kind, self.due.on]

    @property
    def waiting(self) -> list[datetime]:
        return sorted(due.at for due in self.dues.rows.values())


def test_a_due_check_in_is_sent_once_and_the_next_one_waits() -> None:
    world = World()

    first, again = world.deliver(), world.deliver()

    assert (first.outcome, again.outcome) == (Outcome.SENT, Outcome.ALREADY_ENDED)
    assert world.email.sent == [(world.due.name, "mail")]
    assert (world.entry.status, world.entry.channel_kind) == (Status.SENT, ChannelKind.EMAIL)
    assert world.waiting == [NINE + timedelta(days=1)]


def test_a_skip_is_written_down_with_its_reason_and_the_next_one_waits() -> None:
    world = World(recipient=a_recipient(standing=Standing.ON_HOLD))

    assert world.deliver().outcome is Outcome.SKIPPED
    assert (world.entry.status, world.entry.reason) == (Status.SKIPPED, Reason.ON_HOLD)
    assert world.waiting == [NINE + timedelta(days=1)]
    assert world.email.sent == []


def test_nothing_more_waits_for_someone_whose_episode_has_ended() -> None:
    world = World(recipient=a_recipient(standing=Standing.ENDED))

    assert world.deliver().outcome is Outcome.SKIPPED
    assert world.waiting == []


def test_quiet_hours_move_the_due_row_and_keep_its_date() -> None:
    early = a_schedule(at="07:30")
    world = World(recipient=a_recipient(schedule=early), due=a_due(early))

    assert world.deliver(now=utc("2026-11-25T12:30")).outcome is Outcome.DEFERRED
    moved = world.dues.rows[utc("2026-11-25T13:00"), PERSON, "check_in", NINE.date(), 1]
    assert world.deliver(moved, now=utc("2026-11-25T13:00")).outcome is Outcome.SENT
    assert world.entry.due_at == utc("2026-11-25T12:30")
    assert world.waiting == [utc("2026-11-26T12:30")]


@pytest.mark.parametrize("version", [1, 3])
def test_a_row_of_another_version_of_the_schedule_is_dropped(version: int) -> None:
    world = World(recipient=a_recipient(schedule=a_schedule(version=2)), due=a_due(a_schedule(version=version)))

    assert world.deliver().outcome is Outcome.SUPERSEDED
    assert (world.email.sent, world.ledger.entries, world.waiting) == ([], {}, [])


@pytest.mark.parametrize(
    ("due_at", "now", "outcome"),
    [
        ("2026-11-24T14:00", "2026-11-26T09:00", Outcome.SKIPPED),  # a date before the last: nothing else ends it
        ("2026-11-25T14:00", "2026-11-26T09:00", Outcome.SKIPPED),  # the last itself, and too late by now
        ("2026-11-25T14:00", "2026-11-26T08:59", Outcome.SUPERSEDED),  # the edit put it again, and it can be sent
        ("2026-11-25T13:00", "2026-11-26T09:00", Outcome.SUPERSEDED),  # the date had another time by then
        ("2026-11-26T14:00", "2026-11-27T09:00", Outcome.SUPERSEDED),  # it had not fallen due when the edit came
    ],
)
def test_what_an_outage_and_an_edit_left_behind_ends_as_late(due_at: str, now: str, outcome: Outcome) -> None:
    left = replace(a_due(), due_at=utc(due_at), at=utc(due_at), on=utc(due_at).date())
    edited = replace(
        a_schedule(at="11:00", version=2), since=utc("2026-11-25T15:00"), fell_due=Occurrence(on=NINE.date(), at=NINE)
    )
    world = World(recipient=a_recipient(schedule=edited), due=left)

    found = world.deliver(now=utc(now))

    assert (found.outcome, world.email.sent, world.waiting) == (outcome, [], [])
    assert found.entry is None or found.entry.reason is Reason.LATE


def test_an_edit_on_the_same_day_does_not_ask_twice() -> None:
    world = World()
    world.deliver()
    later = a_schedule(at="10:00", version=2)
    world.people.people[PERSON] = a_recipient(schedule=later)

    assert world.deliver(a_due(later), now=utc("2026-11-25T15:00")).outcome is Outcome.ALREADY_ENDED
    assert len(world.email.sent) == 1


def test_a_dead_device_is_given_up_and_the_address_takes_over() -> None:
    world = World(recipient=a_recipient(channels=(an_email(), a_device())))
    world.push.refusals = [Refused(gone=True)]

    assert world.deliver().outcome is Outcome.SENT
    assert world.people.gone == [(PERSON, "phone")]
    assert world.email.sent == [(world.due.name, "mail")]


def test_a_provider_that_is_full_is_asked_again_and_nobody_is_reached_twice() -> None:
    world = World()
    world.email.refusals = [NotAccepted()]

    assert world.deliver().outcome is Outcome.NOT_ACCEPTED
    assert world.waiting[0] == NINE
    assert world.deliver(now=NINE + timedelta(minutes=1)).outcome is Outcome.SENT
    assert len(world.email.sent) == 1


def test_a_provider_that_stays_full_is_asked_until_the_window_closes() -> None:
    world = World(recipient=a_recipient(quiet=("00:00", "00:00")))
    closes = utc("2026-11-26T09:00")
    world.email.refusals = [NotAccepted() for _ in range(3)]

    for now in (NINE, NINE + timedelta(hours=5), closes - timedelta(seconds=1)):
        assert world.deliver(now=now).outcome is Outcome.NOT_ACCEPTED
    assert world.deliver(now=closes).outcome is Outcome.SKIPPED
    assert world.entry.reason is Reason.LATE


def test_a_push_service_that_stays_full_gives_way_to_email() -> None:
    world = World(recipient=a_recipient(channels=(an_email(), a_device())))
    world.push.refusals = [NotAccepted(), NotAccepted()]

    assert world.deliver(now=NINE + timedelta(minutes=9)).outcome is Outcome.NOT_ACCEPTED
    assert world.deliver(now=NINE + timedelta(minutes=10)).outcome is Outcome.SENT
    assert world.entry.channel_kind is ChannelKind.EMAIL


def test_an_address_that_is_refused_ends_with_a_reason() -> None:
    world = World()
    world.email.refusals = [Refused(gone=False)]

    assert world.deliver().outcome is Outcome.FAILED
    assert world.entry.reason is Reason.REFUSED


def test_a_refusal_says_nothing_of_an_earlier_attempt_that_may_have_gone_out() -> None:
    world = World()
    world.email.refusals = [TimeoutError(), Refused(gone=False)]

    assert world.deliver().outcome is Outcome.UNSETTLED
    assert world.deliver(now=NINE + timedelta(minutes=2)).outcome is Outcome.FAILED
    assert world.entry.reason is Reason.UNKNOWN


def test_a_claim_without_an_outcome_is_left_alone_until_receipts_have_had_their_time() -> None:
    world = World()
    world.email.refusals = [Crashed()]  # type: ignore[list-item]
    with pytest.raises(Crashed):
        world.deliver()  # the claim is written, nothing was sent

    assert world.deliver(now=NINE + timedelta(seconds=119)).outcome is Outcome.UNSETTLED
    assert world.deliver(now=NINE + timedelta(seconds=120)).outcome is Outcome.SENT
    assert world.entry.attempt == 2


def test_a_receipt_ends_the_claim_of_a_sender_that_died() -> None:
    world = World()

    def report_and_die(entry: Entry) -> None:
        world.note(entry)
        raise Crashed

    world.email.report = report_and_die
    with pytest.raises(Crashed):
        world.deliver()  # SES took it, and the process died

    assert world.deliver(now=NINE + timedelta(seconds=30)).outcome is Outcome.SENT
    assert (world.entry.status, world.entry.ended_at) == (Status.SENT, NINE)
    assert len(world.email.sent) == 1


def test_an_unknown_outcome_that_can_no_longer_be_tried_ends_as_failed() -> None:
    world = World()
    world.email.refusals = [Crashed()]  # type: ignore[list-item]
    with pytest.raises(Crashed):
        world.deliver()

    assert world.deliver(now=NINE + timedelta(days=1)).outcome is Outcome.FAILED
    assert world.entry.reason is Reason.UNKNOWN


def test_after_days_of_outage_every_date_has_its_answer_and_the_next_one_waits() -> None:
    world = World()
    now = NINE + timedelta(days=3, hours=2)
    while ready := [due for due in world.dues.rows.values() if due.at <= now]:
        for due in ready:
            world.deliver(due, now=now)

    ends = {on: (entry.status, entry.reason) for (_, _, on), entry in world.ledger.entries.items()}
    dates = [NINE.date() + timedelta(days=days) for days in range(4)]
    assert ends == dict.fromkeys(dates[:3], (Status.SKIPPED, Reason.LATE)) | {dates[3]: (Status.SENT, None)}
    assert world.waiting == [NINE + timedelta(days=4)]


@settings(max_examples=300, deadline=None)
@given(crashes=st.lists(st.integers(0, 24), max_size=4), doubles=st.integers(0, 3), deferred=st.booleans())
def test_whatever_dies_everyone_is_reached_once_and_the_next_one_waits(
    crashes: list[int],
    doubles: int,
    deferred: bool,  # noqa: FBT001 (drawn)
) -> None:
    """Crashes at any moment, messages that come again, ticks each minute: one message, one end, one next row."""
    schedule = a_schedule(at="07:30" if deferred else "09:00")
    world = World(recipient=a_recipient(schedule=schedule), due=a_due(schedule))
    world.email.report = world.note
    now = world.due.at - timedelta(minutes=1)
    fatal, again = list(crashes), doubles
    while now < world.due.at + timedelta(minutes=60):
        queue = FakeQueue()
        hand_over(tick_at=now, now=now, dues=world.dues, queue=queue)
        for due in queue.handed:
            for _ in range(1 + again):
                try:
                    world.deliver(due, now=max(now, due.at), fatal=[fatal.pop()] if fatal else [])
                except Crashed:
                    continue
            again = 0
        now += timedelta(minutes=1)

    assert world.email.sent == [(world.due.name, "mail")]
    assert world.entry.status is Status.SENT
    assert world.waiting == [world.due.due_at + timedelta(days=1)]


@settings(max_examples=200, deadline=None)
@given(missed=st.sets(st.integers(0, 90)), offset=st.integers(0, 59))
def test_a_missed_tick_changes_nothing_but_lateness(missed: set[int], offset: int) -> None:
    """Ticks are lost, others come twice: what is due is handed over, never before its minute."""
    dues, queue = FakeDues(), FakeQueue()
    due = replace(a_due(), at=NINE + timedelta(seconds=offset))
    dues.put([due])
    for minute in range(-5, 95):
        tick_at = NINE + timedelta(minutes=minute)
        if minute in missed:
            continue
        hand_over(tick_at=tick_at, now=tick_at, dues=dues, queue=queue)
        if queue.handed:
            assert due.at - tick_at <= timedelta(minutes=2)
            break

    assert queue.handed == [due]


def test_the_watermark_moves_past_empty_hours_and_never_past_a_row() -> None:
    dues, queue = FakeDues(), FakeQueue()
    dues.put([a_due()])

    hand_over(tick_at=NINE - timedelta(hours=2), now=NINE, dues=dues, queue=queue)
    assert dues.mark == NINE - timedelta(hours=3)
    hand_over(tick_at=NINE + timedelta(hours=6), now=NINE, dues=dues, queue=queue)
    assert dues.mark == NINE
    assert queue.handed == [a_due()]


def test_a_message_that_went_out_is_written_down_although_somebody_took_it_over_meanwhile() -> None:
    world = World()
    key = (world.due.person_id, world.due.kind, world.due.on)

    def took_over(entry: Entry) -> None:
        # Another process thought this one dead, and could not send it either.
        world.ledger.entries[key] = replace(entry, attempt=entry.attempt + 2)

    world.email.report = took_over

    assert world.deliver().outcome is Outcome.SENT
    assert (world.entry.status, world.entry.attempt) == (Status.SENT, 3)


def test_what_somebody_took_over_and_nobody_sent_is_looked_at_again() -> None:
    world = World()
    key = (world.due.person_id, world.due.kind, world.due.on)

    class Overtaken(FakeSender):
        def send(self, letter: Letter) -> Handed:
            world.ledger.entries[key] = replace(letter.entry, attempt=letter.entry.attempt + 1)
            raise Refused(gone=False)

    world.email = Overtaken()

    assert world.deliver().outcome is Outcome.UNSETTLED
    assert world.due in world.dues.rows.values()
