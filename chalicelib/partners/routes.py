"""The doors of a person to their partners: who they are, a yes or a no, what is shared, and what partners see."""

from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.http import Answer, Asked, Wire
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Forbidden
from chalicelib.milestones.kudos_store import DynamoKudos
from chalicelib.milestones.store import DynamoStreaks
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.partners import service, staff_routes
from chalicelib.partners.domain import Kind, NoSuchPair, Pair, Side, State, person, seen_by, staff
from chalicelib.partners.doors import doors
from chalicelib.partners.shapes import NewPair, PairList, Sharing, ShownPair, ShownView, shown_pair, shown_view
from chalicelib.partners.sharing import Share, shared, view_of
from chalicelib.partners.staff_routes import names_of
from chalicelib.partners.store import DynamoPairs
from chalicelib.privacy.domain import Act, Field, Relationship, Rule, View

__all__ = ["doors", "staff_routes"]

_OWN_WORD = Rule(act=Act.WRITE, field=Field.PARTNERS, subject="person_id", purpose="say yes or no to a partner")
_RELEASES = {
    Share.CHECK_IN_DONE: Rule(
        act=Act.READ,
        field=Field.CHECK_IN_SCORES,
        subject="person_id",
        purpose="see as a partner which check-ins were done",
        views=frozenset({View.FULL, View.DONE_ONLY, View.DONE_LATELY}),
    ),
    Share.MILESTONES: Rule(
        act=Act.READ, field=Field.MILESTONES, subject="person_id", purpose="see milestones as a partner"
    ),
}


class NotTheirWord(Forbidden):
    """Only somebody themselves says yes or no, and what they share."""


class ViewQuery(Wire):
    """Which partner's view a person looks at."""

    pair: Annotated[
        str | None, Described(max_length=64, description="One's own pair; left out: a partner with whom one shares.")
    ] = None


@doors.door(
    "POST",
    "/people/{person_id}/partners",
    summary="Propose a partner: by the person themselves, or by their staff; both have to agree",
    rule=Rule(act=Act.WRITE, field=Field.PARTNERS, subject="person_id", purpose="propose a partner"),
    body=NewPair,
    answer=ShownPair,
    status=HTTPStatus.CREATED,
    created=True,
)
def propose_partner(asked: Asked, person_id: str) -> Answer:
    """Propose it; what the other proposed already is agreed to so."""
    other = asked.body.side
    mine = person(person_id)
    as_side: Side | None = mine
    if asked.granted.relationship is not Relationship.SELF:
        _must_hold(asked)
        as_side = other if other == staff(asked.who.subject) else None
        if other.kind is Kind.PERSON:
            # Who proposes two people has to hold both.
            rule = Rule(act=Act.WRITE, field=Field.PARTNERS, subject="person_id", purpose="propose as a partner")
            grant = doors.decide_too(asked, rule, person_id=other.id, programme_id=asked.granted.programme_id)
            if grant.relationship is not Relationship.CASELOAD:
                raise NoSuchPair("there is nobody there who could be a partner now")
    pair = service.propose(
        person_id,
        other,
        by=asked.who.subject,
        as_side=as_side,
        now=asked.now,
        records=DynamoPeople(),
        pairs=DynamoPairs(),
        new_id=new_id,
    )
    return _shown(asked, pair, mine)


@doors.door(
    "GET",
    "/people/{person_id}/partners",
    summary="A person's partners, and who is proposed",
    rule=Rule(act=Act.LIST, field=Field.PARTNERS, subject="person_id", purpose="see partners"),
    answer=PairList,
)
def list_partners(asked: Asked, person_id: str) -> Answer:
    """List them, as the person sees them."""
    _must_hold(asked)
    side = person(person_id)
    seen = seen_by(side, DynamoPairs().of(side), at=asked.now)
    names = names_of(seen, side)
    return Answer(body=PairList(items=[shown_pair(pair, side, names=names, at=asked.now) for pair in seen]))


@doors.door(
    "POST",
    "/people/{person_id}/partners/{pair_id}/agree",
    summary="Say yes to a partner, for oneself",
    rule=_OWN_WORD,
    answer=ShownPair,
)
def agree_to_partner(asked: Asked, person_id: str, pair_id: str) -> Answer:
    """Agree."""
    _must_be_self(asked)
    pair = service.agree(person(person_id), pair_id, now=asked.now, pairs=DynamoPairs())
    return _shown(asked, pair, person(person_id))


@doors.door(
    "POST",
    "/people/{person_id}/partners/{pair_id}/decline",
    summary="Say no to a partner; they aren't told",
    rule=_OWN_WORD,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def decline_partner(asked: Asked, person_id: str, pair_id: str) -> Answer:
    """Decline."""
    _must_be_self(asked)
    service.decline(person(person_id), pair_id, now=asked.now, pairs=DynamoPairs())
    return Answer()


@doors.door(
    "DELETE",
    "/people/{person_id}/partners/{pair_id}",
    summary="End it at once, or withdraw a proposal; they aren't told why",
    rule=Rule(act=Act.WRITE, field=Field.PARTNERS, subject="person_id", purpose="end a pair"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def end_partner(asked: Asked, person_id: str, pair_id: str) -> Answer:
    """End it, by the person or by staff who hold them."""
    _must_hold(asked)
    by_staff = asked.granted.relationship is not Relationship.SELF
    service.end(person(person_id), pair_id, by_staff=by_staff, now=asked.now, pairs=DynamoPairs(), kudos=DynamoKudos())
    return Answer()


@doors.door(
    "PUT",
    "/people/{person_id}/partners/{pair_id}/sharing",
    summary="Share nothing with a partner for now, or again; they aren't told",
    rule=Rule(act=Act.WRITE, field=Field.PARTNERS, subject="person_id", purpose="pause what a partner sees"),
    body=Sharing,
    answer=ShownPair,
)
def pause_sharing(asked: Asked, person_id: str, pair_id: str) -> Answer:
    """Pause, or go on."""
    _must_be_self(asked)
    pair = service.pause(person(person_id), pair_id, paused=asked.body.paused, pairs=DynamoPairs())
    return _shown(asked, pair, person(person_id))


@doors.door(
    "GET",
    "/people/{person_id}/partner-view",
    summary="What a partner sees: for the partner, and for the person to look at",
    rule=Rule(act=Act.READ, field=Field.PARTNERS, subject="person_id", purpose="see what is shared with a partner"),
    query=ViewQuery,
    answer=ShownView,
)
def show_partner_view(asked: Asked, person_id: str) -> Answer:
    """Show it: the same to both, each time by the consents that are live now."""
    people = DynamoPeople()
    record = find_person(person_id, people=people)
    is_own = asked.granted.relationship is Relationship.SELF
    shares = _shares(asked, person_id, is_own=is_own)
    what = shared(record.live_consents(at=asked.now), shares=shares)
    if not is_own:
        # Each class of facts is decided on and written down by itself, with the consent that it is released under.
        for share in sorted(what):
            programme_id = asked.granted.programme_id
            doors.decide_too(asked, _RELEASES[share], person_id=person_id, programme_id=programme_id)
    view = view_of(
        record, what, now=asked.now, answers=DynamoCheckIns(), ledger=DynamoLedger(), streaks=DynamoStreaks(people)
    )
    return Answer(body=shown_view(view, language=record.person.language))


def _shares(asked: Asked, person_id: str, *, is_own: bool) -> bool:
    """
    Say whether the person shares anything in the pair that this is about.

    :raises NoSuchPair: if who asks is no partner of theirs, or the person has no such pair
    """
    standings = doors.wiring.standings
    if not is_own:
        partners = standings.ties_of(person_id, Relationship.PARTNER, now=asked.now)
        names = {asked.who.subject, standings.person_of(asked.who.subject)} & set(partners)
        if not names:
            raise NoSuchPair("there is no such pair")
        return any(partners[name].shares for name in names if name)
    if asked.query.pair is None:
        return True
    side = person(person_id)
    pair = next((pair for pair in DynamoPairs().of(side) if pair.id == asked.query.pair), None)
    if pair is None or pair.state is not State.ACTIVE:
        raise NoSuchPair("there is no such pair")
    return pair.shares(side)


def _must_be_self(asked: Asked) -> None:
    """
    Let only somebody themselves go on.

    :raises NotTheirWord: if it is another
    """
    if asked.granted.relationship is not Relationship.SELF:
        raise NotTheirWord("only they themselves can say so")


def _must_hold(asked: Asked) -> None:
    """
    Let the person and staff who hold them go on, and no partner.

    :raises NotTheirWord: if it is another
    """
    if asked.granted.relationship not in {Relationship.SELF, Relationship.CASELOAD}:
        raise NotTheirWord("your roles don't allow this")


def _shown(asked: Asked, pair: Pair, side: Side) -> Answer:
    return Answer(body=shown_pair(pair, side, names=names_of([pair], side), at=asked.now))
