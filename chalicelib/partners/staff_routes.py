"""The doors of staff to the pairs that they are a side of themselves."""

from collections.abc import Iterable
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones.kudos_store import DynamoKudos
from chalicelib.partners import service
from chalicelib.partners.domain import Kind, NoSuchPair, Pair, Side, seen_by, staff
from chalicelib.partners.doors import doors
from chalicelib.partners.shapes import PairList, ShownPair, shown_pair
from chalicelib.partners.store import DynamoPairs
from chalicelib.privacy.domain import Act, Field, Rule

_WORD = Rule(
    act=Act.WRITE, field=Field.PARTNERS, programme="programme_id", purpose="say yes or no as a partner", narrows=True
)


def names_of(pairs: Iterable[Pair], side: Side) -> dict[str, str]:
    """Return what to call the people at the other side of these pairs, by their ids."""
    wanted: dict[str, list[str]] = {}
    for pair in pairs:
        other = pair.other(side)
        if other.kind is Kind.PERSON and other in pair.agreed:
            wanted.setdefault(pair.programme_id, []).append(other.id)
    return {
        person_id: member.preferred_name or member.given_name
        for programme_id, ids in wanted.items()
        for person_id, member in DynamoPeople().named(programme_id, ids).items()
    }


@doors.door(
    "GET",
    "/programmes/{programme_id}/partners",
    summary="The pairs that one is a side of oneself, as staff",
    rule=Rule(
        act=Act.LIST, field=Field.PARTNERS, programme="programme_id", purpose="see whose partner one is", narrows=True
    ),
    answer=PairList,
)
def list_own_pairs(asked: Asked, programme_id: str) -> Answer:
    """List them."""
    side = staff(asked.who.subject)
    seen = [pair for pair in seen_by(side, DynamoPairs().of(side), at=asked.now) if pair.programme_id == programme_id]
    names = names_of(seen, side)
    return Answer(body=PairList(items=[shown_pair(pair, side, names=names, at=asked.now) for pair in seen]))


@doors.door(
    "POST",
    "/programmes/{programme_id}/partners/{pair_id}/agree",
    summary="Say yes to being somebody's partner, as staff",
    rule=_WORD,
    answer=ShownPair,
)
def agree_as_staff(asked: Asked, programme_id: str, pair_id: str) -> Answer:
    """Agree."""
    side = _side_here(asked, programme_id, pair_id)
    pair = service.agree(side, pair_id, now=asked.now, pairs=DynamoPairs())
    return Answer(body=shown_pair(pair, side, names=names_of([pair], side), at=asked.now))


@doors.door(
    "POST",
    "/programmes/{programme_id}/partners/{pair_id}/decline",
    summary="Say no to being somebody's partner, as staff; they aren't told",
    rule=_WORD,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def decline_as_staff(asked: Asked, programme_id: str, pair_id: str) -> Answer:
    """Decline."""
    service.decline(_side_here(asked, programme_id, pair_id), pair_id, now=asked.now, pairs=DynamoPairs())
    return Answer()


@doors.door(
    "DELETE",
    "/programmes/{programme_id}/partners/{pair_id}",
    summary="Stop being somebody's partner, as staff; they aren't told why",
    rule=_WORD,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def end_as_staff(asked: Asked, programme_id: str, pair_id: str) -> Answer:
    """End it."""
    side = _side_here(asked, programme_id, pair_id)
    service.end(side, pair_id, now=asked.now, pairs=DynamoPairs(), kudos=DynamoKudos())
    return Answer()


def _side_here(asked: Asked, programme_id: str, pair_id: str) -> Side:
    """
    Return whoever asks as a side of a pair of this programme: it is the one that access was decided on.

    :raises NoSuchPair: if they have no such pair in it
    """
    side = staff(asked.who.subject)
    if not any(pair.id == pair_id and pair.programme_id == programme_id for pair in DynamoPairs().of(side)):
        raise NoSuchPair("there is no such pair")
    return side
