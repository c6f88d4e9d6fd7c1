"""Say whether one comes to a meeting: signed in, or by a link that is for one meeting and shows nothing of anybody."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from chalicelib.errors import NotFound
from chalicelib.groups.bells import About, about_of
from chalicelib.groups.belonging import Members, change_member
from chalicelib.groups.domain import Group, Member, Said
from chalicelib.groups.series import Meeting, MeetingOver, NoSuchMeeting
from chalicelib.groups.service import Groups
from chalicelib.outreach.domain import Recipient, Standing
from chalicelib.outreach.links import Claims


class LinkOver(NotFound):
    """The link can't be used any more: its meeting has begun, or its address is another's by now."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Opened:
    """What a link is for: a meeting of a group, if there still is one."""

    about: About
    group: Group
    meeting: Meeting | None
    recipient: Recipient

    @property
    def met(self) -> Meeting:
        """
        The meeting.

        :raises NoSuchMeeting: if there is none any more
        """
        if self.meeting is None or not self.group.is_live:
            raise NoSuchMeeting("this meeting does not take place")
        return self.meeting


def open_link(claims: Claims, recipient: Recipient | None, *, groups: Groups) -> Opened:
    """
    Return what a link is for.

    :raises LinkOver: if there is no such group, or the address isn't that of its person any more
    """
    about = about_of(claims.kind)
    series = groups.series(about.series_id) if about else None
    group = groups.find(series.group_id) if series else None
    is_theirs = (
        recipient is not None
        and recipient.standing not in {Standing.ENDED, Standing.NONE}
        and any(one.id == claims.channel_id and one.revision == claims.revision for one in recipient.channels)
    )
    if about is None or series is None or group is None or recipient is None or not is_theirs:
        raise LinkOver("this link has run out")
    return Opened(about=about, group=group, meeting=series.meeting(about.on), recipient=recipient)


def answer_meeting(meeting: Meeting, recipient_id: str, said: Said, *, now: datetime, members: Members) -> Member:
    """
    Note whether a member comes; the last word before the start counts, and the same again changes nothing.

    :raises NotAMember: if they aren't in the group
    :raises NoSuchMeeting: if it is off
    :raises MeetingOver: if it has begun
    """
    if meeting.off:
        raise NoSuchMeeting("this meeting does not take place")
    if now >= meeting.at:
        raise MeetingOver("this meeting has begun, or is over")
    return change_member(
        meeting.group_id,
        recipient_id,
        lambda member: member.answering(meeting.id, said, meets_at=meeting.at, at=now),
        members=members,
    )


def tally(members: Iterable[Member], meeting_id: str) -> Counter[Said | None]:
    """Count what members answered about a meeting; None: nothing."""
    return Counter(member.said(meeting_id) for member in members)
