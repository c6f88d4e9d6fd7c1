"""The doors to a programme's staff, and a member's to their own; importing it brings the slice's other doors along."""

from dataclasses import replace
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.privacy.domain import Act, Field, Rule
from chalicelib.staff import own_routes, service
from chalicelib.staff.domain import Member
from chalicelib.staff.doors import doors
from chalicelib.staff.shapes import MemberList, OwnHours, PutMember, ShownMember, shown_member
from chalicelib.staff.store import DynamoStaff

__all__ = ["doors", "own_routes"]


@doors.door(
    "GET",
    "/programmes/{programme_id}/staff",
    summary="Who works in a programme, when, and whether messages reach them",
    rule=Rule(act=Act.LIST, field=Field.STAFF, programme="programme_id", purpose="see who works in the programme"),
    answer=MemberList,
)
def list_staff(asked: Asked, programme_id: str) -> Answer:
    """List those who are, then those who were."""
    members = sorted(DynamoStaff().of_programme(programme_id), key=lambda member: not member.is_active)
    return Answer(body=MemberList(items=[shown_member(member, now=asked.now) for member in members]))


@doors.door(
    "GET",
    "/programmes/{programme_id}/staff/{account}",
    summary="A member of a programme's staff",
    rule=Rule(act=Act.READ, field=Field.STAFF, programme="programme_id", purpose="see who works in the programme"),
    answer=ShownMember,
)
def read_member(asked: Asked, programme_id: str, account: str) -> Answer:
    """Show them, also after they were removed."""
    return _shown(service.find_member(programme_id, account, staff=DynamoStaff()), asked)


@doors.door(
    "PUT",
    "/programmes/{programme_id}/staff/{account}",
    summary='Make an account a member of a programme\'s staff (If-Match: "0"), or change what is kept of one',
    rule=Rule(act=Act.WRITE, field=Field.STAFF, programme="programme_id", purpose="keep who works in the programme"),
    body=PutMember,
    answer=ShownMember,
    edits=True,
)
def put_member(asked: Asked, programme_id: str, account: str) -> Answer:
    """Keep them; a new address is asked over itself unless the programme attests to it."""
    sent: PutMember = asked.body
    wanted = service.Wanted(
        member=_with_hours(
            Member(
                programme_id=programme_id,
                account=account,
                first_name=sent.first_name.strip(),
                roles=frozenset(sent.roles),
                language=sent.language,
                zone=sent.time_zone,
                put_by=asked.who.subject,
                put_at=asked.now,
            ),
            sent,
        ),
        email=sent.email,
        attested=sent.email_attested,
    )
    member = service.put_member(
        wanted,
        version=asked.if_match or 0,
        by=asked.who.subject,
        now=asked.now,
        staff=DynamoStaff(),
        programmes=DynamoProgrammes(),
        new_id=new_id,
    )
    return _shown(member, asked)


@doors.door(
    "DELETE",
    "/programmes/{programme_id}/staff/{account}",
    summary="Remove a member of a programme's staff: nothing is sent to them from now on; what they were stays",
    rule=Rule(act=Act.WRITE, field=Field.STAFF, programme="programme_id", purpose="keep who works in the programme"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_member(asked: Asked, programme_id: str, account: str) -> Answer:
    """Remove them; again changes nothing."""
    service.remove_member(programme_id, account, by=asked.who.subject, now=asked.now, staff=DynamoStaff())
    return Answer()


@doors.door(
    "GET",
    "/programmes/{programme_id}/my-work",
    summary="When, where and in which language one works in a programme oneself, and what one is told",
    rule=Rule(act=Act.READ, field=Field.OWN_WORK, programme="programme_id", purpose="see one's own hours"),
    answer=ShownMember,
)
def read_own(asked: Asked, programme_id: str) -> Answer:
    """Show whoever asks what is kept of them, and of nobody else."""
    return _own(service.active_member(programme_id, asked.who.subject, staff=DynamoStaff()), asked)


@doors.door(
    "PUT",
    "/programmes/{programme_id}/my-work",
    summary="Change when, where and in which language one works in a programme oneself, and what one is told",
    rule=Rule(act=Act.WRITE, field=Field.OWN_WORK, programme="programme_id", purpose="change one's own hours"),
    body=OwnHours,
    answer=ShownMember,
    edits=True,
)
def edit_own(asked: Asked, programme_id: str) -> Answer:
    """Change what is kept of whoever asks, and of nobody else."""
    member = service.edit_member(
        programme_id,
        asked.who.subject,
        lambda member: _with_hours(member, asked.body),
        version=asked.if_match or 0,
        now=asked.now,
        staff=DynamoStaff(),
        programmes=DynamoProgrammes(),
    )
    return _own(member, asked)


def _with_hours(member: Member, sent: OwnHours) -> Member:
    return replace(
        member,
        language=sent.language,
        zone=sent.time_zone,
        hours=sent.working.hours(),
        quiet_hours=sent.quiet_hours.hours() if sent.quiet_hours else None,
        digest=sent.digest,
    )


def _shown(member: Member, asked: Asked) -> Answer:
    return Answer(body=shown_member(member, now=asked.now), etag=member.version)


def _own(member: Member, asked: Asked) -> Answer:
    return Answer(body=shown_member(member, now=asked.now, is_own=True), etag=member.version)
