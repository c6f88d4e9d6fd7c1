"""The doors of a person to their supporters: whom they invite, what each sees, and how it ends. Staff may look."""

from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.errors import Forbidden
from chalicelib.family import accept_routes, service, sessions, sharing, supporter_routes
from chalicelib.family.domain import NoSuchSupporter, Tie, What
from chalicelib.family.doors import doors
from chalicelib.family.handlers import sources
from chalicelib.family.releasing import as_they_would_see
from chalicelib.family.shapes import (
    ConcernList,
    NewSharing,
    NewSupporter,
    Pause,
    RemovalQuery,
    ShownSupporter,
    SupporterList,
    shown_concern,
    shown_supporter,
)
from chalicelib.family.store import DynamoConcerns, DynamoTies
from chalicelib.family.supporter_shapes import ShownPerson, shown_person
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.store import DynamoGroups
from chalicelib.privacy.domain import Act, Field, Relationship, Rule

__all__ = ["accept_routes", "doors", "supporter_routes"]

_OWN_WORD = Rule(act=Act.WRITE, field=Field.SUPPORTERS, subject="person_id", purpose="choose what a supporter may see")


class NotTheirWord(Forbidden):
    """Only somebody themselves invites a supporter, and says what they share."""


@doors.door(
    "POST",
    "/people/{person_id}/supporters",
    summary="Invite a supporter: by the person alone, who agrees to the invitation itself with it",
    rule=Rule(act=Act.WRITE, field=Field.SUPPORTERS, subject="person_id", purpose="invite a supporter"),
    body=NewSupporter,
    answer=ShownSupporter,
    status=HTTPStatus.CREATED,
    created=True,
)
def invite_supporter(asked: Asked, person_id: str) -> Answer:
    """Invite them."""
    sent: NewSupporter = asked.body
    tie = service.invite(
        person_id,
        service.Wanted(
            first_name=sent.first_name,
            address=sent.email,
            relation=sent.relation,
            language=sent.language,
            named=sent.named,
        ),
        text_version=sent.text_version,
        locale=sent.locale,
        will=_own_will(asked),
        now=asked.now,
        ties=DynamoTies(),
        new_id=new_id,
    )
    return _shown(asked, tie)


@doors.door(
    "GET",
    "/people/{person_id}/supporters",
    summary="A person's supporters and invitations, and what each may see",
    rule=Rule(act=Act.LIST, field=Field.SUPPORTERS, subject="person_id", purpose="see who supports somebody"),
    answer=SupporterList,
)
def list_supporters(asked: Asked, person_id: str) -> Answer:
    """List them."""
    _must_not_support(asked)
    record = find_person(person_id, people=DynamoPeople())
    ties = sorted(DynamoTies().of_person(person_id), key=lambda tie: tie.invited_at, reverse=True)
    return Answer(body=SupporterList(items=[shown_supporter(tie, record, at=asked.now) for tie in ties]))


@doors.door(
    "PUT",
    "/people/{person_id}/supporters/{supporter_id}/sharing/{what}",
    summary="Let a supporter see something, until a date or an event",
    rule=_OWN_WORD,
    body=NewSharing,
    answer=ShownSupporter,
)
def share(asked: Asked, person_id: str, supporter_id: str, what: str) -> Answer:
    """Let them see it."""
    sent: NewSharing = asked.body
    tie = sharing.share(
        person_id,
        supporter_id,
        _what(what),
        until=sent.end,
        text_version=sent.text_version,
        locale=sent.locale,
        will=_own_will(asked),
        now=asked.now,
        ties=DynamoTies(),
    )
    return _shown(asked, tie)


@doors.door(
    "DELETE",
    "/people/{person_id}/supporters/{supporter_id}/sharing/{what}",
    summary="Take back that a supporter may see something; it holds at once, and they aren't told",
    rule=_OWN_WORD,
    answer=ShownSupporter,
)
def stop_sharing(asked: Asked, person_id: str, supporter_id: str, what: str) -> Answer:
    """Take it back."""
    tie = sharing.stop_sharing(
        person_id, supporter_id, _what(what), will=_own_will(asked), now=asked.now, ties=DynamoTies()
    )
    return _shown(asked, tie)


@doors.door(
    "PUT",
    "/people/{person_id}/supporters/{supporter_id}/pause",
    summary="Share nothing with a supporter for now, or again what was shared; they aren't told",
    rule=_OWN_WORD,
    body=Pause,
    answer=ShownSupporter,
)
def pause_supporter(asked: Asked, person_id: str, supporter_id: str) -> Answer:
    """Pause, or go on."""
    tie = sharing.pause(
        person_id, supporter_id, on=asked.body.paused, will=_own_will(asked), now=asked.now, ties=DynamoTies()
    )
    return _shown(asked, tie)


@doors.door(
    "DELETE",
    "/people/{person_id}/supporters/{supporter_id}",
    summary="Remove a supporter, or withdraw an invitation, if wanted for good; they aren't told",
    rule=_OWN_WORD,
    query=RemovalQuery,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_supporter(asked: Asked, person_id: str, supporter_id: str) -> Answer:
    """Remove them: what was shared is taken back with it."""
    sharing.remove(
        person_id, supporter_id, block=asked.query.block, will=_own_will(asked), now=asked.now, ties=DynamoTies()
    )
    return Answer()


@doors.door(
    "GET",
    "/people/{person_id}/supporters/{supporter_id}/view",
    summary="What a supporter sees, for the person to look at: the same, by the same way",
    rule=Rule(act=Act.READ, field=Field.SUPPORTERS, subject="person_id", purpose="see what a supporter sees"),
    answer=ShownPerson,
)
def preview_supporter(asked: Asked, person_id: str, supporter_id: str) -> Answer:
    """Show it."""
    if asked.granted.relationship is not Relationship.SELF:
        raise NotTheirWord("only they themselves can look at this")
    tie = service.find_theirs(person_id, supporter_id, ties=DynamoTies())
    if not (tie.is_active or tie.account is None):
        raise NoSuchSupporter("there is no such supporter")
    record = find_person(person_id, people=DynamoPeople())
    view = as_they_would_see(tie, record, now=asked.now, standings=doors.wiring.standings, sources=sources())
    country = people().choices(tie.programme_id, now=asked.now).emergency_country
    return Answer(body=shown_person(tie, view, language=tie.language, country=country))


@doors.door(
    "PUT",
    "/people/{person_id}/supporters/{supporter_id}/groups/{group_id}",
    summary="Bring a supporter into a family group that the person is in: by the person or staff, under their consent",
    rule=Rule(act=Act.WRITE, field=Field.GROUPS, subject="person_id", purpose="bring a supporter to family sessions"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def bring_supporter(asked: Asked, person_id: str, supporter_id: str, group_id: str) -> Answer:
    """Bring them: each message and each look asks for the consent anew."""
    tie = service.find_theirs(person_id, supporter_id, ties=DynamoTies())
    record = find_person(person_id, people=DynamoPeople())
    group = DynamoGroups().find(group_id)
    sessions.bring(tie, record, group, by=asked.who.subject, now=asked.now, members=DynamoMembers())
    return Answer()


@doors.door(
    "GET",
    "/people/{person_id}/concerns",
    summary="What supporters wrote to staff about a person; never for the person to read here",
    rule=Rule(act=Act.LIST, field=Field.TASKS, subject="person_id", purpose="read what supporters are worried about"),
    answer=ConcernList,
)
def list_concerns(_asked: Asked, person_id: str) -> Answer:
    """List them."""
    ties = {tie.id: tie for tie in DynamoTies().of_person(person_id)}
    found = DynamoConcerns().of_person(person_id)
    return Answer(body=ConcernList(items=[shown_concern(one, ties[one.tie_id]) for one in found]))


def _shown(asked: Asked, tie: Tie) -> Answer:
    record = find_person(tie.person_id, people=DynamoPeople())
    # Acts of one instant follow each other by microseconds.
    at = max([asked.now, *(row.at for row in record.consents)])
    return Answer(body=shown_supporter(tie, record, at=at))


def _own_will(asked: Asked) -> Will:
    if asked.granted.relationship is not Relationship.SELF:
        raise NotTheirWord("only they themselves can say so")
    return Will(by=asked.who.subject, via=Via.WEB, ip=asked.source_ip or None)


def _must_not_support(asked: Asked) -> None:
    if asked.granted.relationship not in {Relationship.SELF, Relationship.CASELOAD}:
        raise NotTheirWord("your roles don't allow this")


def _what(text: str) -> What:
    try:
        return What(text)
    except ValueError:
        raise NoSuchSupporter("there is no such thing to share") from None
