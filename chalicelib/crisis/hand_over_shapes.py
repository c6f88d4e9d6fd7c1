"""Who hands over to whom, as staff see it."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.crisis.coverage import HandOver
from chalicelib.crisis.domain import Crisis, State
from chalicelib.crisis.duty import Tier
from chalicelib.edge.http import Wire
from chalicelib.staff.domain import Member


class Colleague(Wire):
    """Somebody on call."""

    account: str
    first_name: str | None


class ShownHandOver(Wire):
    """An instant at which a tier changes hands; nobody on one side: nobody is on call there."""

    tier: Tier
    at: datetime
    ends_for: list[Colleague]
    begins_for: list[Colleague]


class OpenCrisis(Wire):
    """A crisis that isn't closed, by what two people can call it."""

    reference: str
    state: State
    opened_at: datetime
    owner: Annotated[str | None, Described(description="The account that has it.")]
    is_drill: bool


class HandOverList(Wire):
    """Hand-overs in the order of time, and what is open now: whom nobody has acknowledged first."""

    items: list[ShownHandOver]
    open_crises: list[OpenCrisis]


def shown_hand_over(hand_over: HandOver, members: Mapping[str, Member]) -> ShownHandOver:
    """Show a hand-over."""

    def shown(accounts: tuple[str, ...]) -> list[Colleague]:
        known = ((account, members.get(account)) for account in accounts)
        return [Colleague(account=account, first_name=one.first_name if one else None) for account, one in known]

    return ShownHandOver(
        tier=hand_over.tier,
        at=hand_over.at,
        ends_for=shown(hand_over.ends_for),
        begins_for=shown(hand_over.begins_for),
    )


def shown_open(crisis: Crisis) -> OpenCrisis:
    """Show that a crisis is open, and of whom nothing."""
    return OpenCrisis(
        reference=crisis.reference,
        state=crisis.state,
        opened_at=crisis.opened_at,
        owner=crisis.owner,
        is_drill=crisis.is_drill,
    )
