"""The doors by which staff hold celebrations back, while a crisis or a conversation is open with somebody."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Instant, Wire
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.holds import PlacedHold, place_hold
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import NotFound
from chalicelib.outreach.domain import Hold
from chalicelib.privacy.domain import Act, Field, Rule


class NewHold(Wire):
    """Until when."""

    until: Annotated[Instant, Described(description="An instant with its offset, at most 31 days ahead.")]


class ShownHold(Wire):
    """A hold: celebrations wait until then; everything else goes out as ever."""

    kind: Hold
    until: datetime
    since: datetime
    by: Annotated[str, Described(description="The account that placed it; `help`: the person called for help.")]
    is_live: bool


class HoldList(Wire):
    """A person's holds."""

    items: list[ShownHold]


@doors.door(
    "GET",
    "/people/{person_id}/holds",
    summary="What holds celebrations back for a person",
    rule=Rule(act=Act.LIST, field=Field.FLAGS, subject="person_id", purpose="see what is held back"),
    answer=HoldList,
)
def list_holds(asked: Asked, person_id: str) -> Answer:
    """List them, those that are over too."""
    record = find_person(person_id, people=DynamoPeople())
    return Answer(body=HoldList(items=[_shown(hold, now=asked.now) for hold in record.holds]))


@doors.door(
    "PUT",
    "/people/{person_id}/holds/{kind}",
    summary="Hold celebrations back until then: a `crisis` or a `conversation` is open with the person",
    rule=Rule(act=Act.WRITE, field=Field.FLAGS, subject="person_id", purpose="hold celebrations back"),
    body=NewHold,
    answer=ShownHold,
)
def put_hold(asked: Asked, person_id: str, kind: str) -> Answer:
    """Place the hold, in place of one of its kind."""
    hold = place_hold(
        person_id, _kind(kind), until=asked.body.until, by=asked.who.subject, now=asked.now, holds=DynamoHolds()
    )
    return Answer(body=_shown(hold, now=asked.now))


@doors.door(
    "DELETE",
    "/people/{person_id}/holds/{kind}",
    summary="Let celebrations go out again",
    rule=Rule(act=Act.WRITE, field=Field.FLAGS, subject="person_id", purpose="let celebrations go out again"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def lift_hold(asked: Asked, person_id: str, kind: str) -> Answer:  # noqa: ARG001 (access was decided on it)
    """Lift the hold; again changes nothing."""
    DynamoHolds().lift(person_id, _kind(kind))
    return Answer()


def _kind(text: str) -> Hold:
    try:
        return Hold(text)
    except ValueError:
        raise NotFound("There are holds for a crisis and for a conversation.") from None


def _shown(hold: PlacedHold, *, now: datetime) -> ShownHold:
    return ShownHold(kind=hold.kind, until=hold.until, since=hold.since, by=hold.by, is_live=hold.is_live(at=now))
