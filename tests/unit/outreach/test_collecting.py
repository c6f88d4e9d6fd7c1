"""What may wait goes along with another message; and a push that nobody saw is followed by an e-mail."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.outreach.cases import Outcome
from chalicelib.outreach.domain import ChannelKind, Due, Hold, Reason, Standing, Status, Waiting
from chalicelib.outreach.ports import NotAccepted, Refused
from tests.build import PERSON, a_device, a_due, a_recipient, an_email, utc
from tests.fakes import Crashed
from tests.unit.outreach.test_deliver import NINE, World

CONSENTS = frozenset({"contact_email", "contact_push"})
TODAY = NINE.date()


def a_one_off(kind: str, *, at: str = "2026-11-25T14:00") -> Due:
    instant = utc(at)
    return Due(person_id=PERSON, kind=kind, on=instant.date(), at=instant, due_at=instant, version=1)


MILESTONE = a_one_off("milestone-d30", at="2026-11-25T13:59")


def the_updates(world: World) -> Due:
    [found] = [due for due in world.dues.rows.values() if due.kind.startswith("updates")]
    return found


def ends(world: World) -> dict[str, tuple[Status, Reason | None]]:
    return {kind: (entry.status, entry.reason) for (_, kind, _), entry in world.ledger.entries.items()}


def test_a_celebration_goes_along_with_the_check_in_of_the_same_hour() -> None:
    world = World()
    world.dues.put([MILESTONE])

    assert world.deliver(MILESTONE, now=MILESTONE.at).outcome is Outcome.COLLECTED
    assert world.deliver().outcome is Outcome.SENT

    assert world.email.sent == [(world.due.name, "mail")]
    assert world.entry.carries == ("2026-11-25#milestone-d30",)
    merged = world.ledger.entries[PERSON, "milestone-d30", TODAY]
    assert (merged.status, merged.merged_into) == (Status.MERGED, world.due.name)
    assert world.people.people[PERSON].waiting == ()
    updates = the_updates(world)
    assert world.deliver(updates, now=updates.at).outcome is Outcome.SUPERSEDED
    assert len(world.email.sent) == 1


def test_what_finds_no_other_message_goes_out_as_one_by_itself() -> None:
    world = World()
    nudge = a_one_off("nudge-a", at="2026-11-25T16:01")
    celebration = a_one_off("milestone-d30", at="2026-11-25T16:02")
    for due in (nudge, celebration):
        world.deliver(due, now=due.at)

    first, second = sorted(
        (due for due in world.dues.rows.values() if due.kind.startswith("updates")), key=lambda due: due.at
    )
    assert first.at - nudge.at == timedelta(minutes=10)
    assert world.deliver(first, now=first.at).outcome is Outcome.SENT
    assert world.deliver(second, now=second.at).outcome is Outcome.SUPERSEDED

    assert [letter.entry.carries for letter in world.email.letters] == [
        ("2026-11-25#nudge-a", "2026-11-25#milestone-d30")
    ]
    assert {status for status, _ in ends(world).values()} == {Status.MERGED, Status.SENT}


def test_what_is_no_longer_true_when_it_would_be_told_is_told_by_no_message() -> None:
    world = World()
    nudge, other = a_one_off("nudge-a", at="2026-11-25T13:58"), a_one_off("milestone-d30", at="2026-11-25T13:58")
    for due in (nudge, other):
        assert world.deliver(due, now=due.at).outcome is Outcome.COLLECTED

    world.objections = lambda due: Reason.CANCELLED if due.kind == nudge.kind else None
    assert world.deliver().outcome is Outcome.SENT

    assert world.entry.carries == ("2026-11-25#milestone-d30",)
    assert ends(world)["nudge-a"] == (Status.SKIPPED, Reason.CANCELLED)
    assert world.people.people[PERSON].waiting == ()


def test_a_round_of_updates_that_lost_all_it_had_to_tell_is_none() -> None:
    world = World()
    nudge = a_one_off("nudge-a", at="2026-11-25T16:01")
    world.deliver(nudge, now=nudge.at)

    world.objections = lambda due: Reason.CANCELLED if due.kind == nudge.kind else None
    updates = the_updates(world)
    assert world.deliver(updates, now=updates.at).outcome is Outcome.SUPERSEDED

    assert world.email.sent == []
    assert ends(world) == {"nudge-a": (Status.SKIPPED, Reason.CANCELLED)}


def test_what_is_no_longer_true_is_left_out_when_a_message_is_tried_again() -> None:
    world = World()
    nudge = a_one_off("nudge-a", at="2026-11-25T13:58")
    world.deliver(nudge, now=nudge.at)
    world.email.refusals = [RuntimeError("died on the way")]
    world.deliver()
    assert ends(world)["nudge-a"][0] is Status.CLAIMED

    world.objections = lambda due: Reason.CANCELLED if due.kind == nudge.kind else None
    world.deliver(now=NINE + timedelta(minutes=5))

    assert [letter.entry.carries for letter in world.email.letters] == [()]
    # The first may have gone out, which nobody knows.
    assert ends(world)["nudge-a"] == (Status.FAILED, Reason.UNKNOWN)


def test_updates_that_are_late_and_fail_again_and_again_put_no_more_rows_than_minutes_go_by() -> None:
    world = World()
    nudge = a_one_off("nudge-a", at="2026-11-25T16:01")
    world.deliver(nudge, now=nudge.at)
    updates = the_updates(world)
    world.email.refusals = [NotAccepted() for _ in range(100)]

    for seconds in range(60, 360, 5):
        world.deliver(updates, now=updates.at + timedelta(seconds=seconds))

    assert len([due for due in world.dues.rows.values() if due.kind == updates.kind]) <= 4


def test_what_waits_or_went_out_by_a_category_taken_back_holds_up_no_other_message() -> None:
    unknown = Waiting(kind="birthday-1", on=TODAY, due_at=NINE)
    world = World(recipient=replace(a_recipient(), waiting=(unknown,)))

    assert world.deliver().outcome is Outcome.SENT
    world.ledger.add([replace(world.entry, kind="birthday-0")])
    nudge = a_one_off("nudge-a", at="2026-11-25T14:01")
    world.deliver(nudge, now=nudge.at)
    updates = the_updates(world)
    assert world.deliver(updates, now=updates.at).outcome is Outcome.SENT

    assert [letter.entry.carries for letter in world.email.letters] == [(), ("2026-11-25#nudge-a",)]
    assert world.people.people[PERSON].waiting == (unknown,)


def test_a_celebration_does_not_go_out_on_the_room_of_a_nudge_that_another_message_tells_of() -> None:
    world = World()
    nudge = a_one_off("nudge-a", at="2026-11-25T16:01")
    for due in (nudge, MILESTONE):
        world.deliver(due, now=nudge.at)
    updates = the_updates(world)
    told_of = world.ledger.entries[PERSON, "nudge-a", TODAY]
    world.ledger.entries[PERSON, "nudge-a", TODAY] = replace(
        told_of, status=Status.CLAIMED, merged_into="another", claimed_at=updates.at
    )

    assert world.deliver(updates, now=updates.at).outcome is Outcome.SKIPPED
    assert world.email.sent == []
    assert ends(world)["milestone-d30"] == (Status.WAITING, None)

    world.ledger.entries[PERSON, "nudge-a", TODAY] = replace(told_of, status=Status.MERGED, merged_into="another")
    world.people.told(PERSON, [one for one in world.people.people[PERSON].waiting if one.kind == "nudge-a"])
    later = the_updates(world)
    world.deliver(later, now=later.at)
    assert ends(world)["milestone-d30"] == (Status.MERGED, None)


@pytest.mark.parametrize("hold", list(Hold))
def test_a_celebration_waits_while_a_crisis_or_a_conversation_is_open(hold: Hold) -> None:
    world = World(recipient=replace(a_recipient(quiet=("00:00", "00:00")), holds=frozenset({hold})))
    world.deliver(MILESTONE, now=MILESTONE.at)
    updates = the_updates(world)

    assert world.deliver(updates, now=updates.at).outcome is Outcome.SUPERSEDED
    assert world.email.sent == []
    world.people.people[PERSON] = replace(world.people.people[PERSON], holds=frozenset())
    later = the_updates(world)
    assert later.at - updates.at == timedelta(hours=6)
    assert world.deliver(later, now=later.at).outcome is Outcome.SENT


def test_a_celebration_that_was_held_too_long_ends_with_that_reason() -> None:
    world = World(recipient=replace(a_recipient(quiet=("00:00", "00:00")), holds=frozenset({Hold.CRISIS})))
    world.deliver(MILESTONE, now=MILESTONE.at)
    for _ in range(9):
        updates = the_updates(world)
        world.deliver(updates, now=updates.at)

    assert [due for due in world.dues.rows.values() if due.kind.startswith("updates")] == []
    assert ends(world)["milestone-d30"] == (Status.SKIPPED, Reason.HELD)
    assert world.people.people[PERSON].waiting == ()


def test_a_crisis_page_is_never_held_and_carries_nothing() -> None:
    page = a_one_off("crisis_page-1")
    world = World(
        recipient=replace(a_recipient(standing=Standing.ON_HOLD, quiet=("00:00", "23:59")), holds=frozenset(Hold)),
        due=page,
    )

    assert world.deliver().outcome is Outcome.SENT
    assert world.entry.carries == ()


def test_what_was_switched_off_on_one_channel_comes_over_another() -> None:
    channels = (an_email(), a_device())
    world = World(
        recipient=replace(
            a_recipient(channels=channels, consents=CONSENTS), opt_outs=frozenset({("nudge", ChannelKind.PUSH)})
        )
    )
    nudge = a_one_off("nudge-a", at="2026-11-25T16:00")
    world.deliver(nudge, now=nudge.at)
    updates = the_updates(world)

    assert world.deliver(updates, now=updates.at).outcome is Outcome.SENT
    assert (world.push.sent, len(world.email.sent)) == ([], 1)


def test_what_was_switched_off_altogether_is_dropped_with_that_reason() -> None:
    world = World()
    world.deliver(MILESTONE, now=MILESTONE.at)
    world.people.people[PERSON] = replace(world.people.people[PERSON], opt_outs=frozenset({("milestone", None)}))

    assert world.deliver().outcome is Outcome.SENT
    assert world.entry.carries == ()
    updates = the_updates(world)
    assert world.deliver(updates, now=updates.at).outcome is Outcome.SUPERSEDED
    assert ends(world)["milestone-d30"] == (Status.SKIPPED, Reason.OPTED_OUT)


def test_a_day_has_room_for_so_many_messages_and_celebrations_leave_some_to_others() -> None:
    world = World()
    world.deliver_all(world.due, a_one_off("notice-a"))
    celebration = a_one_off("milestone-d30", at="2026-11-25T16:00")
    world.deliver(celebration, now=celebration.at)
    updates = the_updates(world)

    assert world.deliver(updates, now=updates.at).outcome is Outcome.DEFERRED
    moved = the_updates(world)
    assert moved.at == utc("2026-11-26T13:00")
    assert world.deliver(moved, now=moved.at).outcome is Outcome.SENT


def test_kudos_leave_a_nudge_its_place_that_day() -> None:
    world = World()
    words = [a_one_off(kind, at="2026-11-25T13:59") for kind in ("nudge-kudos", "nudge-check_in")]
    world.deliver_all(*words, now=words[0].at)

    assert world.deliver().outcome is Outcome.SENT
    assert set(world.entry.carries) == {"2026-11-25#nudge-kudos", "2026-11-25#nudge-check_in"}


def test_only_one_nudge_a_day_even_if_two_come_at_once() -> None:
    world = World()
    nudges = [a_one_off(f"nudge-{name}", at="2026-11-25T13:59") for name in "ab"]
    world.deliver_all(*nudges, now=nudges[0].at)

    assert world.deliver().outcome is Outcome.SENT
    assert world.entry.carries == ("2026-11-25#nudge-a",)
    assert ends(world)["nudge-b"] == (Status.SKIPPED, Reason.OVER_BUDGET)


def test_what_was_bound_to_a_message_that_nobody_took_waits_again() -> None:
    world = World()
    world.deliver(MILESTONE, now=MILESTONE.at)
    world.email.refusals = [NotAccepted()]

    assert world.deliver().outcome is Outcome.NOT_ACCEPTED
    assert ends(world) == {"milestone-d30": (Status.WAITING, None)}
    assert world.deliver(now=NINE + timedelta(minutes=1)).outcome is Outcome.SENT
    assert ends(world)["milestone-d30"] == (Status.MERGED, None)


@pytest.mark.parametrize("fatal", range(40))
def test_a_sender_that_dies_at_any_moment_loses_and_doubles_nothing_that_went_along(fatal: int) -> None:
    world = World()
    world.email.report = world.note
    world.dues.put([MILESTONE])
    now = MILESTONE.at
    moments = [fatal]
    for minute in range(60):
        now = MILESTONE.at + timedelta(minutes=minute)
        for due in [due for due in world.dues.rows.values() if due.at <= now]:
            try:
                world.deliver(due, now=now, fatal=[moments.pop()] if moments else [])
            except Crashed:
                continue

    assert ends(world)["milestone-d30"] == (Status.MERGED, None)
    told = [text for letter in world.email.letters for text in letter.entry.carries]
    assert told == ["2026-11-25#milestone-d30"]
    assert [due.at for due in world.dues.rows.values()] == [NINE + timedelta(days=1)]


def test_a_push_that_no_device_reported_is_followed_by_an_email() -> None:
    world = World(recipient=a_recipient(channels=(an_email(), a_device())))

    assert world.deliver().outcome is Outcome.SENT
    watch = min(world.dues.rows.values(), key=lambda due: due.at)
    assert watch.at == NINE + timedelta(minutes=15)
    assert world.deliver(watch, now=watch.at).outcome is Outcome.SENT
    assert (len(world.push.sent), len(world.email.sent)) == (1, 1)
    assert (world.entry.fallback, world.entry.channel_kind) == (True, ChannelKind.EMAIL)
    assert world.deliver(watch, now=watch.at + timedelta(hours=1)).outcome is Outcome.ALREADY_ENDED


def test_a_push_that_a_device_reported_is_enough() -> None:
    world = World(recipient=a_recipient(channels=(an_email(), a_device())))
    world.deliver()
    world.ledger.received(PERSON, "check_in", TODAY, at=NINE, by_device=True)

    watch = min(world.dues.rows.values(), key=lambda due: due.at)
    assert world.deliver(watch, now=watch.at).outcome is Outcome.ALREADY_ENDED
    assert world.email.sent == []


def test_an_email_that_nobody_takes_leaves_the_push_before_it_as_it_was() -> None:
    world = World(recipient=a_recipient(channels=(an_email(), a_device())))
    world.deliver()
    world.email.refusals = [Refused(gone=False)]
    watch = min(world.dues.rows.values(), key=lambda due: due.at)

    assert world.deliver(watch, now=watch.at).outcome is Outcome.SENT
    assert (world.entry.status, world.entry.channel_kind) == (Status.SENT, ChannelKind.PUSH)
    assert [due.at for due in world.dues.rows.values()] == [NINE + timedelta(days=1)]


def test_a_fault_in_one_message_holds_up_no_other() -> None:
    other = replace(a_due(), kind="notice-a")
    world = World()
    world.email.faults = [KeyError("name")]

    broken, fine = world.deliver_all(world.due, other)

    assert (broken.outcome, fine.outcome) == (Outcome.ERROR, Outcome.SENT)
    assert isinstance(broken.error, KeyError)
    assert world.due in world.dues.rows.values()


def test_one_that_comes_twice_in_a_batch_is_looked_at_once() -> None:
    world = World()

    outcomes = [delivery.outcome for delivery in world.deliver_all(world.due, world.due)]

    assert outcomes == [Outcome.SENT, Outcome.UNSETTLED]
    assert len(world.email.sent) == 1


def test_what_an_earlier_attempt_may_have_told_is_told_by_no_other_message() -> None:
    world = World()
    nudge = a_one_off("nudge-a", at="2026-11-25T13:59")
    world.deliver(nudge, now=nudge.at)
    world.email.refusals = [TimeoutError(), NotAccepted()]

    assert world.deliver().outcome is Outcome.UNSETTLED
    again = NINE + timedelta(minutes=3)
    assert world.deliver(now=again).outcome is Outcome.NOT_ACCEPTED

    assert ends(world)["nudge-a"] == (Status.FAILED, Reason.UNKNOWN)
    assert world.people.people[PERSON].waiting == ()
    assert world.deliver(now=again + timedelta(minutes=1)).outcome is Outcome.SENT
    assert [letter.entry.carries for letter in world.email.letters] == [()]
