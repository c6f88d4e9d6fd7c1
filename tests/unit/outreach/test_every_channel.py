"""What goes over all channels at once: pages of a crisis, each way tried whatever becomes of the others."""

from dataclasses import dataclass, field
from datetime import timedelta

import pytest

from chalicelib.outreach.cases import Outcome
from chalicelib.outreach.domain import ChannelKind, Due, Recipient, Standing, Status
from chalicelib.outreach.ports import NotAccepted, Refused
from tests.build import a_device, a_recipient, an_email, utc
from tests.fakes import Crashed
from tests.unit.outreach.test_deliver import World

NOW = utc("2026-11-25T07:00")
MINUTE = timedelta(minutes=1)


def a_page(recipient: Recipient) -> Due:
    return Due(person_id=recipient.person_id, kind="crisis_page-1-1", on=NOW.date(), at=NOW, due_at=NOW, version=1)


@dataclass
class Paged(World):
    """A world in which somebody with a device and an address is paged, at night."""

    recipient: Recipient = field(
        default_factory=lambda: a_recipient(
            channels=(a_device(), an_email()), consents=frozenset(), standing=Standing.REACHABLE
        )
    )

    def __post_init__(self) -> None:
        self.due = a_page(self.recipient)
        super().__post_init__()


def sent(world: World) -> list[str]:
    return [channel for sender in (world.push, world.email) for _, channel in sender.sent]


def test_a_page_goes_over_every_channel_and_the_ledger_says_what_each_did() -> None:
    world = Paged()

    assert world.deliver(now=NOW).outcome is Outcome.SENT
    assert sent(world) == ["phone", "mail"]
    assert (world.entry.channel_kind, world.entry.channel_id) == (ChannelKind.EMAIL, "mail")
    assert world.entry.ways == ("push:phone:sent", "email:mail:sent")
    assert world.waiting == []
    assert world.deliver(now=NOW).outcome is Outcome.ALREADY_ENDED
    assert sent(world) == ["phone", "mail"]


@pytest.mark.parametrize("fault", [Refused(gone=True), NotAccepted(), TimeoutError()])
@pytest.mark.parametrize("broken", ["push", "email"])
def test_one_way_that_fails_holds_up_no_other(fault: Exception, broken: str) -> None:
    world = Paged()
    getattr(world, broken).refusals.append(fault)

    assert world.deliver(now=NOW).outcome is Outcome.SENT
    assert len(sent(world)) == 1
    assert world.entry.status is Status.SENT
    assert [way.rpartition(":")[2] for way in world.entry.ways].count("sent") == 1
    gone = [channel for _, channel in world.people.gone]
    assert gone == (["phone" if broken == "push" else "mail"] if isinstance(fault, Refused) else [])


def test_words_that_can_not_be_made_for_one_way_hold_up_no_other() -> None:
    world = Paged()
    world.push.faults.append(KeyError("a template"))

    assert world.deliver(now=NOW).outcome is Outcome.SENT
    assert sent(world) == ["mail"]


def test_where_no_email_was_taken_one_follows_a_push_that_nobody_saw() -> None:
    world = Paged()
    world.email.refusals.append(NotAccepted())
    assert world.deliver(now=NOW).outcome is Outcome.SENT
    assert world.waiting == [NOW + MINUTE]
    (watch,) = world.dues.rows.values()

    assert world.deliver(watch, now=NOW + MINUTE).outcome is Outcome.SENT
    assert sent(world) == ["phone", "mail"]


def test_a_device_s_word_counts_whichever_way_was_written_down() -> None:
    world = Paged()
    world.deliver(now=NOW)
    due = world.due

    def heard(channel: str) -> bool:
        return world.ledger.received(due.person_id, due.kind, due.on, at=NOW, by_device=True, channel_id=channel)

    assert [heard("other"), heard("phone"), heard("phone")] == [False, True, False]


@pytest.mark.parametrize(
    ("faults", "outcome"),
    [
        ([NotAccepted(), NotAccepted()], Outcome.NOT_ACCEPTED),
        ([NotAccepted(), TimeoutError()], Outcome.UNSETTLED),
        ([TimeoutError(), Refused(gone=False)], Outcome.UNSETTLED),
        ([NotAccepted(), Refused(gone=False)], Outcome.NOT_ACCEPTED),
    ],
)
def test_where_no_way_took_it_it_is_tried_again_at_once(faults: list[Exception], outcome: Outcome) -> None:
    world = Paged()
    world.push.refusals.append(faults[0])
    world.email.refusals.append(faults[1])

    assert world.deliver(now=NOW).outcome is outcome
    assert world.deliver(now=NOW + MINUTE).outcome is Outcome.SENT
    assert sent(world) == ["phone", "mail"]


def test_what_every_way_refuses_has_failed() -> None:
    world = Paged()
    for sender in (world.push, world.email):
        sender.refusals.append(Refused(gone=False))

    assert world.deliver(now=NOW).outcome is Outcome.FAILED
    assert world.entry.ways == ("push:phone:refused", "email:mail:refused")


def test_whenever_its_sender_dies_every_way_is_tried_in_the_end() -> None:
    for moment in range(60):
        world = Paged()
        try:
            world.deliver(now=NOW, fatal=[moment])
        except Crashed:
            world.deliver(now=NOW + MINUTE)
        assert {"phone", "mail"} <= set(sent(world)), moment
        assert world.entry.status is Status.SENT


def test_a_reminder_still_goes_over_the_first_channel_that_takes_it() -> None:
    world = World(recipient=a_recipient(channels=(a_device(), an_email())))

    world.deliver()

    assert sent(world) == ["phone"]
    assert world.entry.ways == ()
