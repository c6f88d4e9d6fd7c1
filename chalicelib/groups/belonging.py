"""Come into a group, leave it, and choose of what one is told."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chalicelib.errors import Fault, Invalid
from chalicelib.groups.domain import (
    MOST_GROUPS,
    RULES,
    Former,
    Group,
    GroupFull,
    Kind,
    MayNotJoin,
    Member,
    NoSuchGroup,
    NotAMember,
    Tell,
)
from chalicelib.groups.series import Meeting, NoSuchMeeting, named
from chalicelib.groups.service import TRIES, ChangedMeanwhile, Groups
from chalicelib.outreach.domain import Recipient, Standing
from chalicelib.outreach.sorts import Sort, sort_of

ALUMNI_CONTACT = "alumni_contact"
_IN_CARE = frozenset({Standing.REACHABLE, Standing.ON_HOLD})


class Members(Protocol):
    """Where it is kept who is in which group."""

    def find(self, group_id: str, recipient_id: str) -> Member | None:
        """Return a member as they are now."""
        ...

    def of_group(self, group_id: str, *, after: str | None, limit: int) -> tuple[list[Member], str | None]:
        """Return a group's members in the order of their ids, and the key to go on after."""
        ...

    def groups_of(self, recipient_id: str) -> list[str]:
        """Return the ids of the groups that somebody is in."""
        ...

    def size(self, group_id: str) -> int:
        """Return how many members a group has."""
        ...

    def join(self, member: Member) -> bool:
        """
        Keep a new member; False if they are one already.

        :raises GroupFull: if no more may come in
        """
        ...

    def leave(self, group_id: str, recipient_id: str, *, at: datetime) -> bool:
        """Let a member go, and keep for a while that they did; False if they are gone already."""
        ...

    def left_at(self, group_id: str, recipient_id: str) -> datetime | None:
        """Return when somebody last left, if that was of late."""
        ...

    def former(self, group_id: str) -> list[Former]:
        """Return who left of late, or was let go, the last first."""
        ...

    def save(self, member: Member) -> bool:
        """Put it as the next version over the one that it was read as; False if it was changed since, or left."""
        ...


def join(
    group: Group,
    recipient_id: str,
    *,
    by: str,
    now: datetime,
    members: Members,
) -> Member:
    """
    Take somebody into a group; who is in it already stays as they are.

    Whoever calls this has made sure that they may be in it.

    :raises GroupClosed: if the group is
    :raises GroupFull: if it is full, or they are in as many groups as one may be
    """
    group.must_be_live()
    found = members.find(group.id, recipient_id)
    if found:
        return found
    if len(members.groups_of(recipient_id)) >= MOST_GROUPS:
        raise GroupFull(f"one is in at most {MOST_GROUPS} groups")
    member = Member(group_id=group.id, recipient_id=recipient_id, joined_at=now, by=by)
    if members.join(member):
        return member
    return find_member(group.id, recipient_id, members=members)


def may_join(group: Group, recipient: Recipient | None) -> bool:
    """Say whether somebody may come into a group by themselves: an alumnus who agreed to be reached as one."""
    return (
        recipient is not None
        and group.is_live
        and group.is_open
        and group.kind is Kind.ALUMNI
        and recipient.programme_id == group.programme_id
        and recipient.standing is Standing.ALUMNI
        and ALUMNI_CONTACT in recipient.consents
    )


def belongs(group: Group, member: Member, recipient: Recipient | None) -> bool:
    """
    Say whether a member is still somebody whom the group is for: in its programme, in care or an alumnus.

    Alumni need their consent to be contacted as such, and who came in by it belongs no longer once they are in care
    again. Whether a supporter may hear of it, a slice above knows (``ringing.Invited``).
    """
    if sort_of(member.recipient_id) is not Sort.PERSON:
        return True
    if recipient is None or recipient.programme_id != group.programme_id:
        return False
    if recipient.standing is Standing.ALUMNI:
        return ALUMNI_CONTACT in recipient.consents
    return recipient.standing in _IN_CARE and member.by != member.recipient_id


def take_in(group: Group, recipient: Recipient | None, *, by: str, now: datetime, members: Members) -> Member:
    """
    Take somebody into a group, on behalf of its staff; who is in it already stays as they are.

    :raises NotAMember: if it isn't for them: they are nobody, another programme's, or their care ended; all alike
    """
    found = members.find(group.id, recipient.person_id) if recipient else None
    if recipient is None or not belongs(
        group, found or Member(group_id=group.id, recipient_id=recipient.person_id, joined_at=now, by=by), recipient
    ):
        raise NotAMember("there is nobody like that whom this group is for")
    return join(group, recipient.person_id, by=by, now=now, members=members)


def let_go(recipient: Recipient, *, now: datetime, groups: Groups, members: Members) -> int:
    """End somebody's memberships that nothing holds any more; return how many. Nobody is told why."""
    ended = 0
    for group_id in members.groups_of(recipient.person_id):
        group, member = groups.find(group_id), members.find(group_id, recipient.person_id)
        if group and member and not belongs(group, member, recipient):
            ended += members.leave(group_id, recipient.person_id, at=now)
    return ended


def join_oneself(group: Group, recipient: Recipient | None, *, now: datetime, members: Members) -> Member:
    """
    Come into a group by oneself.

    :raises MayNotJoin: if it isn't open to them
    """
    if recipient is None or not may_join(group, recipient):
        raise MayNotJoin("this group isn't one to join by yourself")
    return join(group, recipient.person_id, by=recipient.person_id, now=now, members=members)


def find_member(group_id: str, recipient_id: str, *, members: Members) -> Member:
    """
    Return a member of a group.

    :raises NotAMember: if they aren't
    """
    member = members.find(group_id, recipient_id)
    if member is None:
        raise NotAMember("they aren't in this group")
    return member


def choose(group_id: str, recipient_id: str, tell: Iterable[Tell], *, members: Members) -> Member:
    """Set of what a member wants to be told before a meeting."""
    wanted = frozenset(tell)
    return change_member(group_id, recipient_id, lambda member: replace(member, tell=wanted), members=members)


def agree_to_rules(group_id: str, recipient_id: str, *, version: int, now: datetime, members: Members) -> Member:
    """
    Say yes to the group's rules; again changes nothing.

    :raises Invalid: if it isn't the present version that was read
    """
    if version != RULES:
        raise Invalid(Fault(field="version", reason="isn't the present one; please read the rules again"))
    return change_member(
        group_id,
        recipient_id,
        lambda member: member if member.rules_at else replace(member, rules_at=now),
        members=members,
    )


def change_member(group_id: str, recipient_id: str, decide: Callable[[Member], Member], *, members: Members) -> Member:
    """
    Change a member; decide anew if something came between.

    :raises NotAMember: if they aren't in the group
    :raises ChangedMeanwhile: if something comes between again and again
    """
    for _ in range(TRIES):
        before = find_member(group_id, recipient_id, members=members)
        after = decide(before)
        if after == before:
            return after
        if members.save(after):
            return replace(after, version=before.version + 1)
    raise ChangedMeanwhile("this is being changed somewhere else; please try again")


def meetings_of(
    recipient: Recipient, *, now: datetime, limit: int, groups: Groups, members: Members
) -> list[tuple[Group, Member, Meeting]]:
    """Return somebody's next meetings over all of their groups, those that are off too, in order."""
    found: list[tuple[Group, Member, Meeting]] = []
    for group, member in groups_with(recipient, groups=groups, members=members):
        for series_id in group.series:
            series = groups.series(series_id)
            if series and group.is_live:
                found += [(group, member, one) for one in series.upcoming(after=now, limit=limit)]
    return sorted(found, key=lambda one: (one[2].at, one[2].id))[:limit]


def groups_with(recipient: Recipient, *, groups: Groups, members: Members) -> list[tuple[Group, Member]]:
    """Return the groups that somebody is in, each with them as its member."""
    found = []
    for group_id in members.groups_of(recipient.person_id):
        group, member = groups.find(group_id), members.find(group_id, recipient.person_id)
        if group and member and belongs(group, member, recipient):
            found.append((group, member))
    return found


def own_group(group_id: str, recipient: Recipient, *, groups: Groups, members: Members) -> tuple[Group, Member]:
    """
    Return a group that somebody is in, with them as its member. Of any other they are told that there is none.

    :raises NoSuchGroup: if there is none, or not for them
    """
    group, member = groups.find(group_id), members.find(group_id, recipient.person_id)
    if group is None or member is None or not belongs(group, member, recipient):
        raise NoSuchGroup("there is no such group")
    return group, member


def own_meeting(recipient: Recipient, name: str, *, groups: Groups, members: Members) -> tuple[Group, Member, Meeting]:
    """
    Return a meeting of a group that somebody is in, with both. Of any other they are told that there is none.

    :raises NoSuchMeeting: if there is none, or not for them
    """
    series_id, on = named(name)
    series = groups.series(series_id)
    meeting = series.meeting(on) if series else None
    if meeting is None:
        raise NoSuchMeeting("there is no such meeting")
    try:
        group, member = own_group(meeting.group_id, recipient, groups=groups, members=members)
    except NoSuchGroup:
        raise NoSuchMeeting("there is no such meeting") from None
    return group, member, meeting
