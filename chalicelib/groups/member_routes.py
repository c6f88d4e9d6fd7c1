"""The doors of members to their own groups and meetings."""

from datetime import timedelta
from http import HTTPStatus

from chalicelib.edge import pages
from chalicelib.edge.http import Answer, Asked
from chalicelib.enrollment.store import people
from chalicelib.groups import belonging
from chalicelib.groups.answering import answer_meeting
from chalicelib.groups.domain import RULES, Group, Member, NoSuchGroup
from chalicelib.groups.doors import doors, present
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.own_shapes import (
    Agreed,
    Answered,
    Arrived,
    Choice,
    Names,
    OpenGroup,
    OwnGroup,
    OwnGroups,
    OwnMeeting,
    OwnMeetings,
    PastMeeting,
    PastMeetings,
    own_meeting,
)
from chalicelib.groups.page import FOLDER
from chalicelib.groups.presence import arrive
from chalicelib.groups.presence_store import DynamoPresences
from chalicelib.groups.store import DynamoGroups
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Act, Field, Rule

SHOWN = 5
"""How many of the next meetings a member sees."""

LOOKS_BACK = timedelta(days=366)
MOST_NAMES = 200
VISIBLE = "group_membership_visible"

_OWN = Rule(act=Act.WRITE, field=Field.GROUPS, subject="person_id", purpose="take part in a group")
_SEE = Rule(act=Act.LIST, field=Field.GROUPS, subject="person_id", purpose="see one's own groups")


def _person(asked: Asked, person_id: str) -> Recipient:
    recipient = people().load(person_id, now=asked.now)
    if recipient is None:
        raise NoSuchGroup("there is no such group")
    return recipient


def _group(person: Recipient, group_id: str) -> Group:
    return belonging.own_group(group_id, person, groups=DynamoGroups(), members=DynamoMembers())[0]


@doors.door(
    "GET",
    "/people/{person_id}/groups",
    summary="The groups that somebody is in, and those that they may join by themselves",
    rule=_SEE,
    answer=OwnGroups,
)
def list_own_groups(asked: Asked, person_id: str) -> Answer:
    """List them."""
    groups, members = DynamoGroups(), DynamoMembers()
    person = _person(asked, person_id)
    own = belonging.groups_with(person, groups=groups, members=members)
    listed, _ = groups.of_programme(person.programme_id, after=None, limit=100)
    mine = {group.id for group, _ in own}
    shown = OwnGroups(
        items=[_own_group(group, member, language=person.language) for group, member in own if group.is_live],
        open=[
            OpenGroup(id=group.id, name=group.name, language=group.language)
            for group in listed
            if group.id not in mine and belonging.may_join(group, person)
        ],
    )
    return Answer(body=shown)


@doors.door(
    "PUT",
    "/people/{person_id}/groups/{group_id}",
    summary="Join a group that is open to alumni who agreed to be contacted; again changes nothing",
    rule=_OWN,
    answer=OwnGroup,
)
def join_group(asked: Asked, person_id: str, group_id: str) -> Answer:
    """Join it. One that isn't open to them looks like none."""
    person = _person(asked, person_id)
    group = DynamoGroups().find(group_id)
    if group is None or group.programme_id != person.programme_id or not group.is_open:
        raise NoSuchGroup("there is no such group")
    member = belonging.join_oneself(group, person, now=asked.now, members=DynamoMembers())
    return Answer(body=_own_group(group, member, language=person.language))


@doors.door(
    "DELETE",
    "/people/{person_id}/groups/{group_id}",
    summary="Leave a group at once; gone already is fine",
    rule=_OWN,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def leave_group(asked: Asked, person_id: str, group_id: str) -> Answer:
    """Leave it."""
    DynamoMembers().leave(group_id, person_id, at=asked.now)
    return Answer()


@doors.door(
    "PUT",
    "/people/{person_id}/groups/{group_id}/reminders",
    summary="Choose of what to be told before the group's meetings",
    rule=_OWN,
    body=Choice,
    answer=OwnGroup,
)
def choose_reminders(asked: Asked, person_id: str, group_id: str) -> Answer:
    """Choose."""
    person = _person(asked, person_id)
    group = _group(person, group_id)
    member = belonging.choose(group_id, person_id, asked.body.tell, members=DynamoMembers())
    return Answer(body=_own_group(group, member, language=person.language))


@doors.door(
    "POST",
    "/people/{person_id}/groups/{group_id}/rules",
    summary="Agree to the group's rules, which comes before the first meeting",
    rule=_OWN,
    body=Agreed,
    answer=OwnGroup,
)
def agree_to_rules(asked: Asked, person_id: str, group_id: str) -> Answer:
    """Agree; again changes nothing."""
    person = _person(asked, person_id)
    group = _group(person, group_id)
    member = belonging.agree_to_rules(
        group_id, person_id, version=asked.body.version, now=asked.now, members=DynamoMembers()
    )
    return Answer(body=_own_group(group, member, language=person.language))


@doors.door(
    "GET",
    "/people/{person_id}/groups/{group_id}/members",
    summary="What other members are called who agreed to be seen by the group",
    rule=_SEE,
    answer=Names,
)
def list_names(asked: Asked, person_id: str, group_id: str) -> Answer:
    """List them: first names only, by consents that are live now."""
    group = _group(_person(asked, person_id), group_id)
    found, _ = DynamoMembers().of_group(group.id, after=None, limit=MOST_NAMES)
    ids = [one.recipient_id for one in present(group, found, now=asked.now) if one.recipient_id != person_id]
    loaded = people().load_all(ids, now=asked.now)
    seen = [one for one in loaded.values() if isinstance(one, Recipient) and VISIBLE in one.consents]
    return Answer(body=Names(names=sorted(one.first_name for one in seen)))


@doors.door(
    "GET",
    "/people/{person_id}/meetings",
    summary="Somebody's next five meetings, on their own clock",
    rule=_SEE,
    answer=OwnMeetings,
)
def list_own_meetings(asked: Asked, person_id: str) -> Answer:
    """List them."""
    person = _person(asked, person_id)
    found = belonging.meetings_of(person, now=asked.now, limit=SHOWN, groups=DynamoGroups(), members=DynamoMembers())
    return Answer(body=OwnMeetings(items=[own_meeting(*one, zone=person.zone) for one in found]))


@doors.door(
    "GET",
    "/people/{person_id}/past-meetings",
    summary="To which meetings somebody came in the last year",
    rule=_SEE,
    answer=PastMeetings,
)
def list_past_meetings(asked: Asked, person_id: str) -> Answer:
    """List them."""
    first = local_date(asked.now, "UTC") - LOOKS_BACK
    items = [
        PastMeeting(meeting_id=came.meeting_id, at=came.at, presence=came.presence, verified=came.verified)
        for came in DynamoPresences().of_member(person_id, first=first, limit=100)
    ]
    return Answer(body=PastMeetings(items=items))


@doors.door(
    "PUT",
    "/people/{person_id}/meetings/{meeting_id}/answer",
    summary="Say whether one comes to a meeting; the last word before it begins counts",
    rule=_OWN,
    body=Answered,
    answer=OwnMeeting,
)
def answer_one(asked: Asked, person_id: str, meeting_id: str) -> Answer:
    """Say so."""
    groups, members = DynamoGroups(), DynamoMembers()
    person = _person(asked, person_id)
    group, _, meeting = belonging.own_meeting(person, meeting_id, groups=groups, members=members)
    member = answer_meeting(meeting, person_id, asked.body.answer, now=asked.now, members=members)
    return Answer(body=own_meeting(group, member, meeting, zone=person.zone))


@doors.door(
    "POST",
    "/people/{person_id}/meetings/{meeting_id}/arrival",
    summary="Go to a meeting: from fifteen minutes before it to its end. Notes that one came",
    rule=_OWN,
    answer=Arrived,
)
def arrive_at(asked: Asked, person_id: str, meeting_id: str) -> Answer:
    """Give the link, and note it."""
    groups, members = DynamoGroups(), DynamoMembers()
    person = _person(asked, person_id)
    group, member, meeting = belonging.own_meeting(person, meeting_id, groups=groups, members=members)
    group.must_be_live()
    return Answer(body=Arrived(link=arrive(meeting, member, now=asked.now, presences=DynamoPresences())))


def _own_group(group: Group, member: Member, *, language: str) -> OwnGroup:
    return OwnGroup(
        id=group.id,
        name=group.name,
        kind=group.kind,
        tell=sorted(member.tell),
        rules_agreed=member.rules_at is not None,
        rules_version=RULES,
        rules=pages.words(FOLDER / "rules.json", language)["rules"],
    )
