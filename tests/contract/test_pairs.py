"""One suite for the fake and for DynamoDB: the same two have one pair, whoever of them asks."""

from dataclasses import replace
from datetime import timedelta

import pytest

from chalicelib.partners.domain import Pair, State, person, proposed, staff
from chalicelib.partners.service import Pairs
from chalicelib.partners.store import DynamoPairs
from tests.build import utc
from tests.fakes_partners import FakePairs

pytestmark = pytest.mark.usefixtures("aws")

NOON = utc("2026-11-25T17:00")
ANA, BEN, EVA = person("0a" * 16), person("0b" * 16), staff("eva@care.example")


@pytest.fixture(params=[FakePairs, DynamoPairs])
def pairs(request: pytest.FixtureRequest) -> Pairs:
    found: Pairs = request.param()
    return found


def a_pair(pair_id: str = "p1", *, other: object = BEN) -> Pair:
    assert other in {BEN, EVA}
    sides = (ANA, BEN if other == BEN else EVA)
    return proposed(None, sides, pair_id=pair_id, programme_id="iop", by="ana", as_side=ANA, at=NOON)


def test_a_pair_is_the_same_from_either_side(pairs: Pairs) -> None:
    pair = a_pair()

    assert pairs.save(pair)

    kept = replace(pair, version=1)
    assert pairs.find(ANA, BEN) == pairs.find(BEN, ANA) == kept
    assert pairs.of(ANA) == pairs.of(BEN) == [kept]
    assert (pairs.find(ANA, EVA), pairs.of(EVA)) == (None, [])


def test_everything_comes_back_as_it_went(pairs: Pairs) -> None:
    pair = replace(
        a_pair(other=EVA),
        state=State.ENDED,
        agreed=frozenset({ANA, EVA}),
        paused=frozenset({ANA}),
        since=NOON,
        closed_by=EVA,
        closed_at=NOON + timedelta(days=1),
    )

    assert pairs.save(pair)

    assert pairs.find(EVA, ANA) == replace(pair, version=1)


def test_of_two_changes_at_once_one_has_to_look_again(pairs: Pairs) -> None:
    assert pairs.save(a_pair())
    seen = pairs.find(ANA, BEN)
    assert seen

    first = pairs.save(seen.agreed_by(BEN, at=NOON))
    second = pairs.save(seen.ended_by(ANA, at=NOON))

    assert (first, second) == (True, False)
    assert [pair.state for pair in pairs.of(BEN)] == [State.ACTIVE]


def test_of_two_proposals_at_once_one_is_kept(pairs: Pairs) -> None:
    mine = a_pair("mine")
    theirs = proposed(None, (BEN, ANA), pair_id="theirs", programme_id="iop", by="ben", as_side=BEN, at=NOON)

    assert (pairs.save(mine), pairs.save(theirs)) == (True, False)
    assert [pair.id for pair in pairs.of(BEN)] == ["mine"]
