"""What the doors to partners take and show."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described
from pydantic import model_validator

from chalicelib.edge.http import Wire
from chalicelib.outreach.wording import milestone_name
from chalicelib.partners.domain import Kind, Pair, Side, State, person, staff
from chalicelib.partners.sharing import View

CalendarDate = date


class NewPair(Wire):
    """Who the partner is to be: a person of the same programme, or somebody of the person's care team."""

    person_id: Annotated[str | None, Described(pattern=r"^[0-9A-Za-z-]{1,64}$")] = None
    account: Annotated[
        str | None, Described(pattern=r"^[A-Za-z0-9._~:@=-]{1,128}$", description="A sign-in's id, of their care team.")
    ] = None

    @model_validator(mode="after")
    def _has_one(self) -> "NewPair":
        if (self.person_id is None) == (self.account is None):
            raise ValueError("must have either personId or account")
        return self

    @property
    def side(self) -> Side:
        """The partner as a side of a pair."""
        return person(self.person_id) if self.person_id is not None else staff(self.account or "")


class ShownPartner(Wire):
    """The other one. Who and what they are called is shown once they agreed for themselves; staff have no name here."""

    kind: Kind
    agreed: bool
    person_id: str | None
    account: str | None
    name: str | None


class ShownPair(Wire):
    """A pair as one of its sides sees it. What was declined or ended isn't there, and nothing says why."""

    id: str
    state: State
    partner: ShownPartner
    agreed: Annotated[bool, Described(description="Whether one said yes oneself.")]
    since: datetime | None
    sharing_paused: Annotated[bool, Described(description="Whether oneself shares nothing with them for now.")]


class PairList(Wire):
    """A side's pairs: partners first, then what is proposed."""

    items: list[ShownPair]


class Sharing(Wire):
    """``paused``: share nothing with this partner for now. They aren't told, and see that nothing is shared."""

    paused: bool


class ShownDay(Wire):
    """A check-in of a date: done or not. One that couldn't be sent is left out."""

    on: CalendarDate
    done: bool


class ShownShared(Wire):
    """A milestone that was reached, in the person's own language."""

    which: str
    text: str


class ShownView(Wire):
    """What a partner sees. Null: not shared right now."""

    person_id: str
    name: str
    check_ins: list[ShownDay] | None
    milestones: list[ShownShared] | None


def shown_pair(pair: Pair, side: Side, *, names: Mapping[str, str], at: datetime) -> ShownPair:
    """Show a pair to one of its sides."""
    other = pair.other(side)
    agreed = other in pair.agreed
    is_person = other.kind is Kind.PERSON
    return ShownPair(
        id=pair.id,
        state=pair.seen_as(side, at=at) or State.ENDED,
        partner=ShownPartner(
            kind=other.kind,
            agreed=agreed,
            person_id=other.id if agreed and is_person else None,
            account=other.id if agreed and not is_person else None,
            name=names.get(other.id) if agreed else None,
        ),
        agreed=side in pair.agreed,
        since=pair.since,
        sharing_paused=side in pair.paused,
    )


def shown_view(view: View, *, language: str) -> ShownView:
    """Show what a partner sees."""
    days = view.check_ins
    milestones = view.milestones
    return ShownView(
        person_id=view.person_id,
        name=view.name,
        check_ins=None if days is None else [ShownDay(on=day.on, done=day.answered) for day in days],
        milestones=None
        if milestones is None
        else [ShownShared(which=name, text=milestone_name(name, language=language)) for name in milestones],
    )
