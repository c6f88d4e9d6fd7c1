"""The doors of staff to groups and to who is in them."""

from dataclasses import replace
from hashlib import sha256
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked, Page, PageQuery
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.service import find_programme
from chalicelib.enrollment.store import people
from chalicelib.groups import answer_routes, belonging, member_routes, page_routes, series_routes, service
from chalicelib.groups.domain import Group, NotFacilitator
from chalicelib.groups.doors import doors, found_group, names_of, present
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.shapes import (
    EditedGroup,
    FormerMembers,
    NewGroup,
    ShownFormer,
    ShownGroup,
    ShownMember,
    shown_group,
)
from chalicelib.groups.store import DynamoGroups
from chalicelib.privacy.domain import Act, Field, Role, Rule

__all__ = ["answer_routes", "doors", "member_routes", "page_routes", "series_routes"]

_SEE = Rule(act=Act.READ, field=Field.GROUPS, programme="programme_id", purpose="see a group")
_EDIT = Rule(act=Act.WRITE, field=Field.GROUPS, programme="programme_id", purpose="set up a group")


@doors.door(
    "POST",
    "/programmes/{programme_id}/groups",
    summary="Set up a group",
    rule=_EDIT,
    body=NewGroup,
    answer=ShownGroup,
    status=HTTPStatus.CREATED,
    created=True,
)
def add_group(asked: Asked, programme_id: str) -> Answer:
    """Set it up; with an Idempotency-Key again is the same group, even where the first answer was lost."""
    body: NewGroup = asked.body
    key = asked.headers.get("idempotency-key", "").strip('"')
    name = f"{asked.who.subject}\n{programme_id}\n{key}"
    group = Group(
        id=sha256(name.encode()).hexdigest()[:32] if key else new_id(),
        programme_id=programme_id,
        kind=body.kind,
        name=body.name.strip(),
        language=body.language,
        facilitators=frozenset(body.facilitators),
        is_open=body.open,
        by=asked.who.subject,
        made_at=asked.now,
    )
    if asked.granted.role is Role.PEER_SPECIALIST and asked.who.subject not in group.facilitators:
        raise NotFacilitator("a group that you set up is one that you facilitate")
    languages = find_programme(programme_id, programmes=DynamoProgrammes()).languages
    kept = service.add_group(group, languages=tuple(languages), groups=DynamoGroups())
    return _answer(kept, at=f"/programmes/{programme_id}/groups/{kept.id}")


@doors.door(
    "GET",
    "/programmes/{programme_id}/groups",
    summary="A programme's groups",
    rule=Rule(act=Act.LIST, field=Field.GROUPS, programme="programme_id", purpose="see a programme's groups"),
    query=PageQuery,
    answer=Page[ShownGroup],
)
def list_groups(asked: Asked, programme_id: str) -> Answer:
    """List a page; of those that a peer specialist doesn't facilitate they see none."""
    members = DynamoMembers()
    found, last = DynamoGroups().of_programme(programme_id, after=asked.after(), limit=asked.query.limit)
    own_only = asked.granted.role is Role.PEER_SPECIALIST
    seen = [group for group in found if not own_only or asked.who.subject in group.facilitators]
    items = [shown_group(group, members=members.size(group.id)) for group in seen]
    return Answer(body=Page[ShownGroup](items=items, next=asked.next(last)))


@doors.door("GET", "/programmes/{programme_id}/groups/{group_id}", summary="A group", rule=_SEE, answer=ShownGroup)
def show_group(asked: Asked, programme_id: str, group_id: str) -> Answer:
    """Show it."""
    return _answer(found_group(asked, programme_id, group_id))


@doors.door(
    "PUT",
    "/programmes/{programme_id}/groups/{group_id}",
    summary="Change a group, or close it",
    rule=_EDIT,
    body=EditedGroup,
    answer=ShownGroup,
    edits=True,
)
def edit_group(asked: Asked, programme_id: str, group_id: str) -> Answer:
    """Change it."""
    body: EditedGroup = asked.body
    group = found_group(asked, programme_id, group_id)
    after = replace(
        group,
        name=body.name.strip(),
        language=body.language,
        facilitators=frozenset(body.facilitators),
        is_open=body.open,
        closed_at=(group.closed_at or asked.now) if body.closed else None,
    )
    languages = find_programme(programme_id, programmes=DynamoProgrammes()).languages
    version = asked.if_match or 0
    return _answer(service.edit_group(after, version=version, languages=tuple(languages), groups=DynamoGroups()))


@doors.door(
    "GET",
    "/programmes/{programme_id}/groups/{group_id}/members",
    summary="Who is in a group",
    rule=Rule(act=Act.LIST, field=Field.GROUPS, programme="programme_id", purpose="see who is in a group"),
    query=PageQuery,
    answer=Page[ShownMember],
)
def list_members(asked: Asked, programme_id: str, group_id: str) -> Answer:
    """List a page."""
    group = found_group(asked, programme_id, group_id, names=True)
    found, last = DynamoMembers().of_group(group.id, after=asked.after(), limit=asked.query.limit)
    seen = present(group, found, now=asked.now)
    names = names_of(programme_id, [member.recipient_id for member in seen])
    items = [
        ShownMember(
            member_id=member.recipient_id,
            name=names.get(member.recipient_id),
            joined_at=member.joined_at,
            rules_agreed=member.rules_at is not None,
        )
        for member in seen
    ]
    return Answer(body=Page[ShownMember](items=items, next=asked.next(last)))


@doors.door(
    "GET",
    "/programmes/{programme_id}/groups/{group_id}/former-members",
    summary="Who is in a group no more, for a month. Why is nowhere said",
    rule=Rule(act=Act.LIST, field=Field.GROUPS, programme="programme_id", purpose="see who is in a group no more"),
    answer=FormerMembers,
)
def list_former_members(asked: Asked, programme_id: str, group_id: str) -> Answer:
    """List them."""
    group = found_group(asked, programme_id, group_id, names=True)
    found = DynamoMembers().former(group.id)
    names = names_of(programme_id, [former.recipient_id for former in found])
    items = [
        ShownFormer(member_id=former.recipient_id, name=names.get(former.recipient_id), left_at=former.left_at)
        for former in found
    ]
    return Answer(body=FormerMembers(items=items))


@doors.door(
    "PUT",
    "/programmes/{programme_id}/groups/{group_id}/members/{member_id}",
    summary="Take somebody of the programme into a group; who is in it stays as they are",
    rule=Rule(act=Act.WRITE, field=Field.GROUPS, programme="programme_id", purpose="take somebody into a group"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def add_member(asked: Asked, programme_id: str, group_id: str, member_id: str) -> Answer:
    """Take them in."""
    group = found_group(asked, programme_id, group_id, names=True)
    who = people().load(member_id, now=asked.now)
    belonging.take_in(group, who, by=asked.who.subject, now=asked.now, members=DynamoMembers())
    return Answer()


@doors.door(
    "DELETE",
    "/programmes/{programme_id}/groups/{group_id}/members/{member_id}",
    summary="Take somebody out of a group; they aren't told, and hear of it no more",
    rule=Rule(act=Act.WRITE, field=Field.GROUPS, programme="programme_id", purpose="take somebody out of a group"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_group_member(asked: Asked, programme_id: str, group_id: str, member_id: str) -> Answer:
    """Take them out; gone already is fine."""
    group = found_group(asked, programme_id, group_id, names=True)
    DynamoMembers().leave(group.id, member_id, at=asked.now)
    return Answer()


def _answer(group: Group, *, at: str | None = None) -> Answer:
    return Answer(
        body=shown_group(group, members=DynamoMembers().size(group.id)),
        etag=group.version,
        headers={"Location": at} if at else {},
    )
