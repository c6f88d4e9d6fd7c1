"""What the doors about supporters take and show: those of the person, and of staff."""

from datetime import datetime
from typing import Annotated, Literal

from pydantic import Field as Described
from pydantic import model_validator

from chalicelib.edge.http import Instant, Wire
from chalicelib.enrollment.consents import Ends
from chalicelib.enrollment.domain import Record
from chalicelib.family.concerns import Concern, Worry
from chalicelib.family.domain import INVITED_FOR, Closed, Relation, Sharing, Tie, What, sharing_of

Locale = Literal["en", "es"]


class NewSupporter(Wire):
    """
    Whom to invite, and that the person agreed to the text ``supporter:invitation`` that they were shown.

    ``named``: the invitation may say who asked for it; else it says that somebody did.
    """

    first_name: Annotated[str, Described(max_length=200)]
    email: Annotated[str, Described(max_length=320)]
    relation: Relation
    language: Locale
    named: bool = False
    text_version: Annotated[int, Described(ge=1)]
    locale: Locale


class NewSharing(Wire):
    """
    Agreement to the text ``supporter:{what}`` that was shown.

    It ends ``until`` a date, or ``ends`` with an event.
    """

    text_version: Annotated[int, Described(ge=1)]
    locale: Locale
    until: Instant | None = None
    ends: Ends | None = None

    @model_validator(mode="after")
    def _has_an_end(self) -> "NewSharing":
        if (self.until is None) == (self.ends is None):
            raise ValueError("must have either until or ends")
        return self

    @property
    def end(self) -> datetime | Ends:
        """When it ends."""
        return self.until or self.ends or Ends.EPISODE


class Pause(Wire):
    """``paused``: share nothing with this supporter for now. They aren't told, and see that nothing is shared."""

    paused: bool


class RemovalQuery(Wire):
    """How a supporter is removed."""

    block: Annotated[bool, Described(description="For good: neither they nor their address can be invited again.")] = (
        False
    )


class ShownSharing(Wire):
    """How it stands with one thing that can be shared with a supporter; the supporter sees nothing of this."""

    what: What
    state: Sharing
    until: datetime | None
    ends: Ends | None
    consent_id: str | None


class ShownSupporter(Wire):
    """A supporter as the person sees them, and their staff."""

    id: str
    first_name: str
    email: str
    relation: Relation
    state: Literal["invited", "expired", "active", "left", "removed", "blocked"]
    invited_at: datetime
    open_until: datetime
    accepted_at: datetime | None
    sharing: list[ShownSharing]


class SupporterList(Wire):
    """A person's supporters and invitations, the latest first."""

    items: list[ShownSupporter]


class ShownConcern(Wire):
    """What a supporter wrote to staff. ``mayName`` false: the person must not be told whom it comes from."""

    id: str
    at: datetime
    supporter: str
    relation: Relation
    worry: Worry
    text: str
    may_name: bool


class ConcernList(Wire):
    """What supporters wrote about a person, the latest first."""

    items: list[ShownConcern]


def shown_supporter(tie: Tie, record: Record, *, at: datetime) -> ShownSupporter:
    """Show a supporter to the person."""
    sharing = []
    for what in What:
        state, row = sharing_of(tie, what, record, at=at)
        sharing.append(
            ShownSharing(
                what=what,
                state=state,
                until=row.expires_at if row else None,
                ends=row.ends if row else None,
                consent_id=row.id if row else None,
            )
        )
    return ShownSupporter(
        id=tie.id,
        first_name=tie.first_name,
        email=tie.address,
        relation=tie.relation,
        state=_state(tie, record, at=at),
        invited_at=tie.invited_at,
        open_until=tie.invited_at + INVITED_FOR,
        accepted_at=tie.accepted_at,
        sharing=sharing,
    )


def _state(
    tie: Tie, record: Record, *, at: datetime
) -> Literal["invited", "expired", "active", "left", "removed", "blocked"]:
    if tie.closed is not None:
        return "blocked" if tie.closed is Closed.BLOCKED else "removed"
    if tie.left_at is not None:
        return "left"
    if tie.account is not None:
        return "active"
    return "invited" if tie.is_open(record.live_consents(at=at)) else "expired"


def shown_concern(concern: Concern, tie: Tie) -> ShownConcern:
    """Show staff what a supporter wrote."""
    return ShownConcern(
        id=concern.id,
        at=concern.at,
        supporter=tie.first_name,
        relation=tie.relation,
        worry=concern.worry,
        text=concern.text,
        may_name=concern.may_name,
    )
