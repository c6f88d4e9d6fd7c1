"""Holds: while a crisis or a conversation is open with somebody, celebrations wait."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.channels import NO_END
from chalicelib.errors import Fault, Invalid
from chalicelib.outreach.domain import Hold

FLAG_LASTS = timedelta(hours=48)
"""How long a pressing flag holds celebrations back (domain rule, as after a lapse)."""

CRISIS_LASTS = timedelta(hours=72)
"""How long celebrations wait once a crisis is over (domain rule: followed up for 72 h); staff may say otherwise."""

LONGEST = timedelta(days=31)
"""Further ahead nobody can know; a hold that should last is placed again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlacedHold:
    """A hold on a person. ``by`` is an account, or ``help`` where a call for help placed it."""

    kind: Hold
    until: datetime
    since: datetime
    by: str

    def is_live(self, *, at: datetime) -> bool:
        """Say whether it holds at this instant."""
        return at < self.until


class Holds(Protocol):
    """Where holds are kept: one of a kind for a person."""

    def place(self, person_id: str, hold: PlacedHold) -> None:
        """Put this hold in place of the one of its kind."""
        ...

    def extend(self, person_id: str, hold: PlacedHold) -> None:
        """
        Put this hold unless one of its kind lasts as long or longer.

        Never raises: a call for help must not wait for it. A hold that could not be kept is told to operators.
        """
        ...

    def settle(self, person_id: str, hold: PlacedHold) -> None:
        """Put this hold in place of one that has no end and began before it; any other stays, and none stays none."""
        ...

    def lift(self, person_id: str, kind: Hold) -> None:
        """Take the hold of this kind away; none there is fine."""
        ...


def live_holds(holds: Iterable[PlacedHold], *, at: datetime) -> frozenset[Hold]:
    """Return the kinds of hold that are live at this instant."""
    return frozenset(hold.kind for hold in holds if hold.is_live(at=at))


def place_hold(person_id: str, kind: Hold, *, until: datetime, by: str, now: datetime, holds: Holds) -> PlacedHold:
    """
    Hold celebrations back until then, in place of a hold of the same kind.

    :raises Invalid: if that is not ahead, or too far
    """
    if until <= now:
        raise Invalid(Fault(field="until", reason="must be in the future"))
    if until > now + LONGEST:
        raise Invalid(Fault(field="until", reason=f"must be within {LONGEST.days} days"))
    hold = PlacedHold(kind=kind, until=until, since=now, by=by)
    holds.place(person_id, hold)
    return hold


def hold_for_crisis(person_id: str, *, now: datetime, holds: Holds) -> None:
    """Hold celebrations back since the person called for help, until that is over; again is the same, never raises."""
    holds.extend(person_id, PlacedHold(kind=Hold.CRISIS, until=NO_END, since=now, by="help"))


def hold_after_crisis(person_id: str, *, now: datetime, holds: Holds) -> None:
    """Hold celebrations back for a while yet, since the crisis is over."""
    holds.place(person_id, PlacedHold(kind=Hold.CRISIS, until=now + CRISIS_LASTS, since=now, by="help"))


def settle_after_crisis(person_id: str, *, ended_at: datetime, holds: Holds) -> None:
    """See that what held celebrations back while a crisis was open has an end, if that could not be written then."""
    holds.settle(person_id, PlacedHold(kind=Hold.CRISIS, until=ended_at + CRISIS_LASTS, since=ended_at, by="help"))


def hold_for_flag(person_id: str, *, now: datetime, holds: Holds) -> None:
    """Hold celebrations back since an answer has to be looked at soon; never shortens, and never raises."""
    holds.extend(person_id, PlacedHold(kind=Hold.CONVERSATION, until=now + FLAG_LASTS, since=now, by="flag"))
