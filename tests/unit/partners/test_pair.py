"""A pair from the proposal to its end: both agree, either ends it, and what the other does shows nobody why."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.partners.domain import (
    LAPSES_AFTER,
    RESTS_FOR,
    NoSuchPair,
    Pair,
    Side,
    State,
    person,
    proposed,
    seen_by,
    staff,
)
from tests.build import utc

NOON = utc("2026-11-24T17:00")
ANA, BEN, EVA = person("a1"), person("b2"), staff("eva")


def propose(before: Pair | None = None, *, by: Side | None = ANA, days: float = 0, pair_id: str = "p1") -> Pair:
    at = NOON + timedelta(days=days)
    return proposed(before, (ANA, BEN), pair_id=pair_id, programme_id="iop", by="x", as_side=by, at=at)


def active() -> Pair:
    return propose().agreed_by(BEN, at=NOON)


def test_it_is_active_once_both_agreed() -> None:
    pair = propose()

    assert (pair.seen_as(ANA, at=NOON), pair.seen_as(BEN, at=NOON)) == (State.PROPOSED, State.PROPOSED)
    assert pair.agreed_by(ANA, at=NOON) == pair
    assert (active().state, active().since) == (State.ACTIVE, NOON)


def test_what_staff_propose_takes_the_word_of_both() -> None:
    pair = propose(by=None)

    assert pair.agreed == frozenset()
    assert pair.agreed_by(BEN, at=NOON).state is State.PROPOSED
    assert pair.agreed_by(BEN, at=NOON).agreed_by(ANA, at=NOON).state is State.ACTIVE


def test_what_was_declined_lies_there_for_the_other_until_it_lapses() -> None:
    pair = propose()
    declined = pair.declined_by(BEN, at=NOON)
    for day in range(20):
        at = NOON + timedelta(days=day)
        assert declined.seen_as(ANA, at=at) == pair.seen_as(ANA, at=at)
        assert declined.seen_as(BEN, at=at) is None
    assert declined.seen_as(ANA, at=NOON + LAPSES_AFTER) is None
    assert declined.agreed_by(ANA, at=NOON) == declined
    assert declined.declined_by(BEN, at=NOON) == declined
    with pytest.raises(NoSuchPair):
        declined.agreed_by(BEN, at=NOON)


def test_of_two_whom_staff_proposed_the_second_to_decline_sees_it_go_too() -> None:
    both = propose(by=None).declined_by(ANA, at=NOON).declined_by(BEN, at=NOON)

    assert (both.seen_as(ANA, at=NOON), both.seen_as(BEN, at=NOON)) == (None, None)
    assert both.declined_by(BEN, at=NOON) == both


def test_who_ends_what_they_never_agreed_to_declines_it() -> None:
    ended = propose().ended_by(BEN, at=NOON)

    assert ended.state is State.DECLINED
    assert ended.seen_as(ANA, at=NOON) is State.PROPOSED
    assert propose().ended_by(ANA, at=NOON).seen_as(BEN, at=NOON) is None


def test_after_the_end_there_is_nothing_to_see_or_to_do() -> None:
    ended = active().pausing(BEN, paused=True).ended_by(ANA, at=NOON)

    assert (ended.seen_as(ANA, at=NOON), ended.seen_as(BEN, at=NOON)) == (None, None)
    assert ended.ended_by(BEN, at=NOON) == ended
    assert not ended.shares(ANA)
    with pytest.raises(NoSuchPair):
        ended.agreed_by(BEN, at=NOON)
    with pytest.raises(NoSuchPair):
        ended.declined_by(BEN, at=NOON)
    with pytest.raises(NoSuchPair):
        ended.pausing(BEN, paused=True)


def test_who_was_left_does_not_reach_the_other_for_a_while_and_everybody_else_does() -> None:
    ended = active().ended_by(ANA, at=NOON)

    again = propose(ended, by=BEN, pair_id="p2")
    assert (again.seen_as(BEN, at=NOON), again.seen_as(ANA, at=NOON)) == (State.PROPOSED, None)
    # To ask again and again changes nothing, and nothing is ever agreed to by it.
    assert propose(again, by=BEN, pair_id="p3") == again
    rested = propose(ended, by=BEN, days=RESTS_FOR / timedelta(days=1), pair_id="p2")
    assert rested.seen_as(ANA, at=NOON + RESTS_FOR) is State.PROPOSED
    for by in (ANA, None):
        assert propose(ended, by=by, pair_id="p2").seen_as(ANA, at=NOON) is State.PROPOSED
        assert propose(again, by=by, pair_id="p3").seen_as(BEN, at=NOON) is State.PROPOSED
    assert propose(active().ended_by(None, at=NOON), by=BEN).seen_as(ANA, at=NOON) is State.PROPOSED


def test_a_new_pair_of_the_same_two_has_a_name_of_its_own_and_nothing_of_the_old_one() -> None:
    ended = replace(active().pausing(BEN, paused=True).ended_by(ANA, at=NOON), version=7)

    new = propose(ended, pair_id="p2")

    assert (new.id, new.version, new.agreed, new.paused) == ("p2", 7, frozenset({ANA}), frozenset())


def test_partners_come_before_what_is_proposed() -> None:
    later = replace(propose(pair_id="p0"), sides=(ANA, EVA))

    assert [pair.id for pair in seen_by(ANA, [later, active()], at=NOON)] == ["p1", "p0"]


ACTS = st.tuples(
    st.sampled_from(["propose", "staff_propose", "agree", "decline", "end", "staff_end", "pause"]),
    st.sampled_from([ANA, BEN]),
    st.floats(0, 10),
)


@settings(max_examples=400)
@given(st.lists(ACTS, max_size=14))
def test_nobody_is_a_partner_without_their_own_word_since_the_last_end(acts: list[tuple[str, Side, float]]) -> None:
    """And whoever declined or ended it sees nothing of it, unless they or staff propose it anew."""
    pair, days, said = None, 0.0, set[Side]()
    for number, (act, side, passed) in enumerate(acts):
        days += passed
        at = NOON + timedelta(days=days)
        before = pair
        try:
            if act in {"propose", "staff_propose"}:
                by = side if act == "propose" else None
                pair = propose(pair, by=by, days=days, pair_id=f"p{number}")
                if before is None or pair.id != before.id:
                    said = set()
                said |= {side} if by else set()
            elif pair is None:
                continue
            elif act == "agree":
                pair = pair.agreed_by(side, at=at)
                said.add(side)
            elif act == "pause":
                pair = pair.pausing(side, paused=True)
                assert pair.shares(side) is False
            else:
                pair = (
                    pair.declined_by(side, at=at)
                    if act == "decline"
                    else pair.ended_by(None if act == "staff_end" else side, at=at)
                )
                assert pair.seen_as(side, at=at) is None
        except NoSuchPair:
            assert act != "propose"
        if pair and pair.state is State.ACTIVE:
            assert said == {ANA, BEN}
            assert pair.seen_as(ANA, at=at) is pair.seen_as(BEN, at=at) is State.ACTIVE
        elif pair:
            assert not pair.shares(ANA)
            assert not pair.shares(BEN)
