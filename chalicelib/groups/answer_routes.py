"""The doors of who facilitates to a meeting: who means to come, and who came."""

from collections.abc import Iterator
from datetime import datetime

from chalicelib.edge.http import Answer, Asked, Page, PageQuery
from chalicelib.groups import service
from chalicelib.groups.answering import tally
from chalicelib.groups.belonging import find_member
from chalicelib.groups.domain import Group, Member, Said
from chalicelib.groups.doors import doors, found_group, names_of, present
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.presence import note
from chalicelib.groups.presence_store import DynamoPresences
from chalicelib.groups.shapes import Counts, Noted, ShownMember
from chalicelib.groups.store import DynamoGroups
from chalicelib.privacy.domain import Act, Field, Rule

PAGE = 500


@doors.door(
    "GET",
    "/programmes/{programme_id}/groups/{group_id}/meetings/{meeting_id}/answers",
    summary="How many mean to come to a meeting",
    rule=Rule(act=Act.READ, field=Field.GROUPS, programme="programme_id", purpose="see how many come to a meeting"),
    answer=Counts,
)
def count_answers(asked: Asked, programme_id: str, group_id: str, meeting_id: str) -> Answer:
    """Count them."""
    group = found_group(asked, programme_id, group_id)
    _, meeting = service.find_meeting(group, meeting_id, groups=DynamoGroups())
    counted = tally(_everybody(group, meeting.id, now=asked.now), meeting.id)
    return Answer(
        body=Counts(yes=counted[Said.YES], no=counted[Said.NO], maybe=counted[Said.MAYBE], open=counted[None])
    )


@doors.door(
    "GET",
    "/programmes/{programme_id}/groups/{group_id}/meetings/{meeting_id}/members",
    summary="Who means to come to a meeting, and who came",
    rule=Rule(act=Act.LIST, field=Field.GROUPS, programme="programme_id", purpose="see who comes to a meeting"),
    query=PageQuery,
    answer=Page[ShownMember],
)
def list_answers(asked: Asked, programme_id: str, group_id: str, meeting_id: str) -> Answer:
    """List a page of the group's members."""
    group = found_group(asked, programme_id, group_id, names=True)
    _, meeting = service.find_meeting(group, meeting_id, groups=DynamoGroups())
    found, last = DynamoMembers().of_group(group.id, after=asked.after(), limit=asked.query.limit)
    seen = present(group, found, now=asked.now)
    ids = [member.recipient_id for member in seen]
    names, came = names_of(programme_id, ids), DynamoPresences().of_meeting(meeting.id, ids)
    items = [
        ShownMember(
            member_id=member.recipient_id,
            name=names.get(member.recipient_id),
            joined_at=member.joined_at,
            rules_agreed=member.rules_at is not None,
            answer=member.said(meeting.id),
            presence=came[member.recipient_id].presence if member.recipient_id in came else None,
            verified=came[member.recipient_id].verified if member.recipient_id in came else None,
        )
        for member in seen
    ]
    return Answer(body=Page[ShownMember](items=items, next=asked.next(last)))


@doors.door(
    "PUT",
    "/programmes/{programme_id}/groups/{group_id}/meetings/{meeting_id}/members/{member_id}",
    summary="Note whether a member came",
    rule=Rule(act=Act.WRITE, field=Field.GROUPS, programme="programme_id", purpose="note who came to a meeting"),
    body=Noted,
    answer=Noted,
)
def note_presence(asked: Asked, programme_id: str, group_id: str, meeting_id: str, member_id: str) -> Answer:
    """Note it."""
    group = found_group(asked, programme_id, group_id, names=True)
    _, meeting = service.find_meeting(group, meeting_id, groups=DynamoGroups())
    find_member(group.id, member_id, members=DynamoMembers())
    came = note(
        meeting,
        member_id,
        asked.body.presence,
        by=asked.who.subject,
        now=asked.now,
        presences=DynamoPresences(),
    )
    return Answer(body=Noted(presence=came.presence))


def _everybody(group: Group, meeting_id: str, *, now: datetime) -> Iterator[Member]:
    """Give all members; of who answered only those on whom others may still count."""
    members, after = DynamoMembers(), None
    while True:
        found, after = members.of_group(group.id, after=after, limit=PAGE)
        answered = [one for one in found if one.said(meeting_id)]
        yield from (one for one in found if not one.said(meeting_id))
        yield from present(group, answered, now=now)
        if after is None:
            return
