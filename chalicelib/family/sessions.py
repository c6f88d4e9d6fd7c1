"""Family sessions: meetings of a group of kind ``family`` that a person and a supporter are both members of."""

from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.domain import Record
from chalicelib.family.domain import NoSuchSupporter, Tie, What, shared_with, supporter_id
from chalicelib.family.seeing import LOOKS_BACK, Session
from chalicelib.groups.belonging import Members, join
from chalicelib.groups.domain import Group, Kind, Member
from chalicelib.groups.presence import Came, Presence, Presences
from chalicelib.groups.series import Series

LOOKS_AHEAD = timedelta(days=28)


class Groups(Protocol):
    """Groups and their series of meetings."""

    def find(self, group_id: str) -> Group | None:
        """Return a group as it is now."""
        ...

    def series(self, series_id: str) -> Series | None:
        """Return a series as it is now."""
        ...


class Ties(Protocol):
    """What ties supporters to people."""

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person."""
        ...

    def of_supporter(self, recipient_id: str) -> list[Tie]:
        """Return all whom a supporter ever supported, as they are now."""
        ...


class GroupSessions:
    """Implements ``seeing.Sessions`` by the groups that both are in."""

    def __init__(self, groups: Groups, members: Members, presences: Presences) -> None:
        self._groups = groups
        self._members = members
        self._presences = presences

    def of(self, tie: Tie, *, now: datetime) -> list[Session]:
        """Return those of the last four weeks and the next, in their order; none that are off."""
        if tie.account is None:
            return []
        kin = supporter_id(tie.account)
        both = set(self._members.groups_of(kin)) & set(self._members.groups_of(tie.person_id))
        found = []
        for group_id in sorted(both):
            group = self._groups.find(group_id)
            if group and group.is_live and group.kind is Kind.FAMILY and group.programme_id == tie.programme_id:
                found += self._of_group(group, kin, tie.person_id, now=now)
        return sorted(found, key=lambda session: (session.at, session.id))

    def _of_group(self, group: Group, kin: str, person_id: str, *, now: datetime) -> list[Session]:
        found = []
        for series in filter(None, map(self._groups.series, group.series)):
            for meeting in series.meetings(now - LOOKS_BACK, now + LOOKS_AHEAD):
                if meeting.off is not None:
                    continue
                came = self._presences.of_meeting(meeting.id, (kin, person_id)) if meeting.at <= now else {}
                found.append(
                    Session(
                        id=meeting.id,
                        at=meeting.at,
                        minutes=int(meeting.lasts.total_seconds()) // 60,
                        came=_said(came.get(kin)),
                        person_came=_said(came.get(person_id)),
                    )
                )
        return found


def _said(came: Came | None) -> bool | None:
    return None if came is None else came.presence is Presence.JOINED


def bring(tie: Tie, record: Record, group: Group | None, *, by: str, now: datetime, members: Members) -> Member:
    """
    Take a supporter into a family group that the person is in; who is in it already stays as they are.

    :raises NoSuchSupporter: if there is no such group of theirs, or they aren't a supporter who may be invited
    """
    is_family = group is not None and group.kind is Kind.FAMILY and group.programme_id == tie.programme_id
    if group is None or not is_family or members.find(group.id, tie.person_id) is None:
        raise NoSuchSupporter("there is no such family group of theirs")
    if tie.account is None or What.FAMILY_SESSIONS not in shared_with(tie, record, at=now):
        raise NoSuchSupporter("there is no such supporter")
    return join(group, supporter_id(tie.account), by=by, now=now, members=members)


def is_invited(group: Group, recipient_id: str, *, now: datetime, ties: Ties, members: Members) -> bool:
    """
    Say whether a supporter may hear of a family group's meetings at this instant, by the consent of somebody in it.

    Asked at each message: who stops sharing family sessions invites no more, and nobody is told.
    """
    for tie in ties.of_supporter(recipient_id):
        record = ties.record(tie.person_id) if tie.is_active else None
        if record is None or members.find(group.id, tie.person_id) is None:
            continue
        if What.FAMILY_SESSIONS in shared_with(tie, record, at=now):
            return True
    return False
