"""
Accountability pairs: two who agreed to look out for each other, and how that is proposed, agreed, paused and ended.

Nobody learns why: what was declined looks like what nobody answered, and what ended is just no longer there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.errors import Conflict, NotFound

LAPSES_AFTER = timedelta(days=14)
"""A proposal that was not agreed to by then is none any more."""

RESTS_FOR = timedelta(days=14)
"""So long after somebody ended a pair, the other one's proposals don't reach them; their own and their staff's do."""

MOST_PARTNERS = 5
"""Proposed ones among them; more than that is a group."""

MOST_OF_STAFF = 40

MAY_HAVE_ONE = frozenset(
    {EpisodeState.ENROLLED, EpisodeState.ACTIVE, EpisodeState.STEP_DOWN, EpisodeState.ON_HOLD, EpisodeState.ALUMNI}
)
"""Whose present episode stands so may be a partner, and has a partner to see anything of them."""


class NoSuchPair(NotFound):
    """There is no such pair, or not for this caller."""


class TooManyPartners(Conflict):
    """Somebody has as many partners as one may have."""


class Kind(StrEnum):
    """What somebody is in a pair."""

    PERSON = "person"
    """A participant or alumnus, by the id of their record."""
    STAFF = "staff"
    """A member of staff, by their account."""


@dataclass(frozen=True, slots=True, kw_only=True, order=True)
class Side:
    """One of the two."""

    kind: Kind
    id: str

    @property
    def name(self) -> str:
        """The side in one word."""
        return f"{self.kind}:{self.id}"


def person(person_id: str) -> Side:
    """Return a participant or alumnus as a side."""
    return Side(kind=Kind.PERSON, id=person_id)


def staff(account: str) -> Side:
    """Return a member of staff as a side."""
    return Side(kind=Kind.STAFF, id=account)


class State(StrEnum):
    """How a pair stands."""

    PROPOSED = "proposed"
    ACTIVE = "active"
    DECLINED = "declined"
    ENDED = "ended"


@dataclass(frozen=True, slots=True, kw_only=True)
class Pair:
    """
    Two sides, in the order of their names: there is one pair of the same two at a time.

    ``agreed``: who said yes, each for themselves. ``by`` is the account that proposed it, and ``closed_by`` the side
    that declined or ended it (None: staff did). ``paused``: who shares nothing with the other for now.
    """

    id: str
    programme_id: str
    sides: tuple[Side, Side]
    by: str
    proposed_at: datetime
    agreed: frozenset[Side]
    state: State = State.PROPOSED
    since: datetime | None = None
    paused: frozenset[Side] = field(default=frozenset())
    closed_by: Side | None = None
    closed_at: datetime | None = None
    version: int = 0

    def other(self, side: Side) -> Side:
        """Return who is with this side."""
        one, another = self.sides
        return another if side == one else one

    def seen_as(self, side: Side, *, at: datetime) -> State | None:
        """Return how it looks to a side; None: there is nothing to see."""
        if self.state is State.ACTIVE:
            return State.ACTIVE
        lapsed = at >= self.proposed_at + LAPSES_AFTER
        if self.state is State.ENDED or lapsed or (self.state is State.DECLINED and self.closed_by in {side, None}):
            return None
        return State.PROPOSED

    def shares(self, side: Side) -> bool:
        """Say whether this side lets the other see anything at all: what exactly, their consents say."""
        return self.state is State.ACTIVE and side not in self.paused

    def agreed_by(self, side: Side, *, at: datetime) -> "Pair":
        """
        Return it with this side's yes: active once both said so. Again changes nothing.

        :raises NoSuchPair: if there is nothing to agree to
        """
        if self.seen_as(side, at=at) is None:
            raise NoSuchPair("there is no such pair")
        if side in self.agreed:
            return self
        agreed = self.agreed | {side}
        if self.state is State.PROPOSED and agreed == set(self.sides):
            return replace(self, agreed=agreed, state=State.ACTIVE, since=at)
        return replace(self, agreed=agreed)

    def declined_by(self, side: Side, *, at: datetime) -> "Pair":
        """
        Return it as declined, which the other never sees. Again changes nothing.

        :raises NoSuchPair: if there is nothing to decline
        """
        if self.state is State.DECLINED and self.closed_by in {side, None}:
            return self
        if self.seen_as(side, at=at) is not State.PROPOSED:
            raise NoSuchPair("there is no such pair")
        if self.state is State.DECLINED:
            # The other was faster; now nobody sees it any more.
            return replace(self, closed_by=None)
        return replace(self, state=State.DECLINED, closed_by=side, closed_at=at)

    def ended_by(self, side: Side | None, *, at: datetime) -> "Pair":
        """
        Return it as ended at once, by a side or (None) by staff; a proposal is withdrawn so. Again changes nothing.

        :raises NoSuchPair: if there is nothing to end
        """
        if self.state is State.ENDED:
            return self
        if side and self.state in {State.PROPOSED, State.DECLINED} and side not in self.agreed:
            # Else who proposed it would see it go, and know.
            return self.declined_by(side, at=at)
        return replace(self, state=State.ENDED, paused=frozenset(), closed_by=side, closed_at=at)

    def pausing(self, side: Side, *, paused: bool) -> "Pair":
        """
        Return it with this side sharing nothing, or what they consented to again; the other isn't told.

        :raises NoSuchPair: if they aren't partners
        """
        if self.state is not State.ACTIVE:
            raise NoSuchPair("there is no such pair")
        return replace(self, paused=self.paused | {side} if paused else self.paused - {side})

    def rests_from(self, side: Side, *, at: datetime) -> bool:
        """Say whether a proposal of this side's must not reach the other, who ended it not long ago."""
        return (
            self.state is State.ENDED
            and self.closed_by == self.other(side)
            and self.closed_at is not None
            and at < self.closed_at + RESTS_FOR
        )


def proposed(
    before: Pair | None,
    sides: tuple[Side, Side],
    *,
    pair_id: str,
    programme_id: str,
    by: str,
    as_side: Side | None,
    at: datetime,
) -> Pair:
    """
    Return the pair of these two as it is after a proposal, by a side for themselves or (``as_side`` None) by staff.

    What is active, or proposed already, stays: to propose what the other proposed is to agree.
    """
    if before:
        if before.state in {State.ACTIVE, State.PROPOSED} and before.seen_as(sides[0], at=at):
            return before.agreed_by(as_side, at=at) if as_side else before
        if as_side and before.state is State.DECLINED and before.seen_as(as_side, at=at):
            # Declined by the other, to whom it must not come again for now; it looks as it did.
            return before
    one, another = sorted(sides)
    new = Pair(
        id=pair_id,
        programme_id=programme_id,
        sides=(one, another),
        by=by,
        proposed_at=at,
        agreed=frozenset({as_side}) if as_side else frozenset(),
        version=before.version if before else 0,
    )
    if before and as_side and before.rests_from(as_side, at=at):
        return replace(new, state=State.DECLINED, closed_by=new.other(as_side), closed_at=at)
    return new


def seen_by(side: Side, pairs: Iterable[Pair], *, at: datetime) -> list[Pair]:
    """Return those that a side sees: partners first, then what is proposed, each the oldest first."""
    seen = [pair for pair in pairs if pair.seen_as(side, at=at)]
    return sorted(seen, key=lambda pair: (pair.state is not State.ACTIVE, pair.proposed_at, pair.id))
