"""Propose a pair, agree to it, decline it, pause what one shares in it, end it; and whose partners somebody's are."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.domain import Record
from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.milestones.kudos import KudosKept, withdraw
from chalicelib.partners.domain import (
    MAY_HAVE_ONE,
    MOST_OF_STAFF,
    MOST_PARTNERS,
    Kind,
    NoSuchPair,
    Pair,
    Side,
    State,
    TooManyPartners,
    person,
    proposed,
    seen_by,
)

TRIES = 4


class ChangedMeanwhile(Conflict):
    """The pair keeps being changed by somebody else at the same moment."""


class Pairs(Protocol):
    """Where pairs are kept: one of the same two."""

    def of(self, side: Side) -> list[Pair]:
        """Return all that a side was ever part of, as they are now."""
        ...

    def find(self, side: Side, other: Side) -> Pair | None:
        """Return the pair of these two as it is now."""
        ...

    def save(self, pair: Pair) -> bool:
        """Put it as the next version over the one that it was read as; False if it was changed since."""
        ...


class Records(Protocol):
    """The records of people."""

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person; None if there is no such person."""
        ...


def propose(
    person_id: str,
    other: Side,
    *,
    by: str,
    as_side: Side | None,
    now: datetime,
    records: Records,
    pairs: Pairs,
    new_id: Callable[[], str],
) -> Pair:
    """
    Propose a pair of a person and somebody else of their programme; the same again changes nothing.

    ``as_side``: who proposes for themselves, and so agrees; None: staff, for both.

    :raises NoSuchPair: if the other isn't somebody who could be a partner there
    :raises Invalid: if both are the same
    :raises TooManyPartners: if the person, or who proposes, has as many as one may have
    """
    this = person(person_id)
    if other == this:
        raise Invalid(Fault(field="personId", reason="is the person themselves"))
    record = records.record(person_id)
    if record is None or record.episode.state not in MAY_HAVE_ONE or not _fits(other, record, records):
        raise NoSuchPair("there is nobody there who could be a partner now")
    programme_id = record.episode.programme_id

    for _ in range(TRIES):
        before = pairs.find(this, other)
        after = proposed(
            before,
            (this, other),
            pair_id=new_id(),
            programme_id=programme_id,
            by=by,
            as_side=as_side,
            at=now,
        )
        if after == before:
            return after
        for side in {this, as_side or this}:
            must_have_room(side, but=other if side == this else this, now=now, pairs=pairs)
        if pairs.save(after):
            return after
    raise ChangedMeanwhile("this is being changed somewhere else; please try again")


def _fits(other: Side, record: Record, records: Records) -> bool:
    if other.kind is Kind.STAFF:
        return any(carer.subject == other.id for carer in record.care_team)
    peer = records.record(other.id)
    return (
        peer is not None
        and peer.episode.programme_id == record.episode.programme_id
        and peer.episode.state in MAY_HAVE_ONE
    )


def must_have_room(side: Side, *, but: Side, now: datetime, pairs: Pairs) -> None:
    """
    Stop what would be one partner too many; ``but`` is the one that it is about.

    :raises TooManyPartners: if the side sees as many pairs as one may have
    """
    most = MOST_PARTNERS if side.kind is Kind.PERSON else MOST_OF_STAFF
    counted = [
        pair for pair in seen_by(side, pairs.of(side), at=now) if side in pair.agreed and pair.other(side) != but
    ]
    if len(counted) >= most:
        raise TooManyPartners(f"that would be more than {most} partners")


def agree(side: Side, pair_id: str, *, now: datetime, pairs: Pairs) -> Pair:
    """
    Say yes to a pair, for oneself. Again changes nothing.

    :raises NoSuchPair: if this side sees no such pair
    :raises TooManyPartners: if they have as many as one may have
    """

    def decide(pair: Pair) -> Pair:
        after = pair.agreed_by(side, at=now)
        if after != pair:
            must_have_room(side, but=pair.other(side), now=now, pairs=pairs)
        return after

    return change(side, pair_id, decide, pairs=pairs)


def decline(side: Side, pair_id: str, *, now: datetime, pairs: Pairs) -> Pair:
    """
    Say no to a pair; the other isn't told.

    :raises NoSuchPair: if there is nothing of the kind to decline
    """
    return change(side, pair_id, lambda pair: pair.declined_by(side, at=now), pairs=pairs)


def end(side: Side, pair_id: str, *, by_staff: bool = False, now: datetime, pairs: Pairs, kudos: KudosKept) -> Pair:
    """
    End a pair of this side's at once, by them or by staff; the other isn't told why.

    What they left for each other and can't be read yet is taken back.

    :raises NoSuchPair: if there is none
    """
    closer = None if by_staff else side
    pair = change(side, pair_id, lambda pair: pair.ended_by(closer, at=now), pairs=pairs)
    for one in pair.sides:
        if one.kind is Kind.PERSON and pair.state is State.ENDED:
            withdraw(one.id, pair.other(one).name, now=now, kept=kudos)
    return pair


def pause(side: Side, pair_id: str, *, paused: bool, pairs: Pairs) -> Pair:
    """
    Share nothing with this partner for now, or again what was consented to; the other isn't told.

    :raises NoSuchPair: if they aren't partners
    """
    return change(side, pair_id, lambda pair: pair.pausing(side, paused=paused), pairs=pairs)


def change(side: Side, pair_id: str, decide: Callable[[Pair], Pair], *, pairs: Pairs) -> Pair:
    """
    Change one of a side's pairs; decide anew if the other side came between.

    :raises NoSuchPair: if this side has no pair of this id
    :raises ChangedMeanwhile: if somebody comes between again and again
    """
    for _ in range(TRIES):
        before = next((pair for pair in pairs.of(side) if pair.id == pair_id), None)
        if before is None:
            raise NoSuchPair("there is no such pair")
        after = decide(before)
        if after == before or pairs.save(after):
            return after
    raise ChangedMeanwhile("this is being changed somewhere else; please try again")


def active(side: Side, *, pairs: Pairs) -> list[Pair]:
    """Return the pairs in which this side has a partner now."""
    return [pair for pair in pairs.of(side) if pair.state is State.ACTIVE]


def partners_of(person_id: str, *, records: Records, pairs: Pairs) -> Mapping[str, bool]:
    """
    Return a person's partners, by account or person's id, and whether the person shares anything with each.

    Nobody where one of the two is no longer in the programme of the pair, or not in care and no alumnus, and no staff
    who are not on the person's care team: that ends it without a word, whatever roles a sign-in still has.
    """
    side = person(person_id)
    found = active(side, pairs=pairs)
    record = records.record(person_id) if found else None
    if record is None or record.episode.state not in MAY_HAVE_ONE:
        return {}
    return {
        pair.other(side).id: pair.shares(side)
        for pair in found
        if pair.programme_id == record.episode.programme_id and _fits(pair.other(side), record, records)
    }
