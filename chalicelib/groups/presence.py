"""Who came to which meeting. Apart from attendance at sessions, whose minutes count as hours of care; these don't."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from chalicelib.groups.domain import Member, RulesFirst
from chalicelib.groups.series import OPENS, Meeting, MeetingOver, NoSuchMeeting

TRIES = 4


class NotYet(MeetingOver):
    """The meeting can't be joined yet, or not any more."""


class Presence(StrEnum):
    """Whether somebody came."""

    JOINED = "joined"
    ABSENT = "absent"
    EXCUSED = "excused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """
    Whether a member came to a meeting. ``verified``: whoever facilitates says so; else their own click on the link.

    ``at`` is when the meeting began, ``version`` grows by every change.
    """

    recipient_id: str
    meeting_id: str
    at: datetime
    presence: Presence
    verified: bool
    noted_at: datetime
    by: str
    version: int = 0


class Presences(Protocol):
    """Where it is kept who came."""

    def of_meeting(self, meeting_id: str, recipient_ids: Iterable[str]) -> dict[str, Came]:
        """Return what is known of these members, by their ids."""
        ...

    def of_member(self, recipient_id: str, *, first: date, limit: int) -> list[Came]:
        """Return what is known of a member's meetings since a date, newest first."""
        ...

    def save(self, came: Came) -> bool:
        """Put it over the version that it was read as; False if it was changed since."""
        ...


def arrive(meeting: Meeting, member: Member, *, now: datetime, presences: Presences) -> str:
    """
    Return where a meeting is, and note that the member came. Again changes nothing; what staff noted stays.

    :raises NoSuchMeeting: if it is off
    :raises NotYet: if it isn't open yet, or is over
    :raises RulesFirst: if they haven't agreed to the group's rules
    """
    if meeting.off:
        raise NoSuchMeeting("this meeting does not take place")
    if not meeting.at - OPENS <= now < meeting.ends:
        raise NotYet(
            f"a meeting can be joined from {OPENS // timedelta(minutes=1)} minutes before it begins to its end"
        )
    if member.rules_at is None:
        raise RulesFirst("please read the group's rules and agree to them first")
    _note(meeting, member.recipient_id, Presence.JOINED, by=member.recipient_id, verified=False, now=now, to=presences)
    return meeting.link


def note(
    meeting: Meeting, recipient_id: str, presence: Presence, *, by: str, now: datetime, presences: Presences
) -> Came:
    """
    Note whether a member came, as who facilitates saw it; in place of what was noted before.

    :raises NotYet: if it hasn't begun, and they aren't excused from it
    """
    if now < meeting.at - OPENS and presence is not Presence.EXCUSED:
        raise NotYet("this meeting has not begun")
    return _note(meeting, recipient_id, presence, by=by, verified=True, now=now, to=presences)


def _note(
    meeting: Meeting, recipient_id: str, presence: Presence, *, by: str, verified: bool, now: datetime, to: Presences
) -> Came:
    came = Came(
        recipient_id=recipient_id,
        meeting_id=meeting.id,
        at=meeting.at,
        presence=presence,
        verified=verified,
        noted_at=now,
        by=by,
    )
    for _ in range(TRIES):
        before = to.of_meeting(meeting.id, [recipient_id]).get(recipient_id)
        if before and (before.verified or before.presence is presence) and not verified:
            return before
        came = replace(came, version=before.version if before else 0)
        if to.save(came):
            break
    return came
