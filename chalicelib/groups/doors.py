"""The slice's doors, on which its files of routes hang, and what staff may see of a group."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.edge.http import Asked, Doors
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.groups import service
from chalicelib.groups.belonging import belongs
from chalicelib.groups.domain import Group, Member, NoSuchGroup, NotFacilitator
from chalicelib.groups.ringing import everybody
from chalicelib.groups.store import DynamoGroups
from chalicelib.outreach.domain import Recipient
from chalicelib.privacy.domain import Role

doors = Doors(__name__)

_ROSTER = frozenset({Role.CASE_MANAGER, Role.PROGRAM_ADMIN})
"""Who sees everybody of a programme by name already, and so may see who is in a group."""


def found_group(asked: Asked, programme_id: str, group_id: str, *, names: bool = False) -> Group:
    """
    Return a group to staff who may see it: peer specialists only their own, and ``names`` only who needs them.

    :raises NoSuchGroup: if there is none, or not for them
    :raises NotFacilitator: if they would see who is in it
    """
    group = service.find_group(group_id, programme_id=programme_id, groups=DynamoGroups())
    facilitates = asked.who.subject in group.facilitators
    if asked.granted.role is Role.PEER_SPECIALIST and not facilitates:
        raise NoSuchGroup("there is no such group")
    if names and not facilitates and not any(asked.who.has(role, programme_id) for role in _ROSTER):
        raise NotFacilitator("only who facilitates the group, or keeps the roster, sees who is in it")
    return group


def present(group: Group, found: Iterable[Member], *, now: datetime) -> list[Member]:
    """Return those of these members who belong to the group as things stand now; who can't be read doesn't."""
    found = list(found)
    loaded = (doors.wiring.everybody or people()).load_all([one.recipient_id for one in found], now=now)
    invited = doors.wiring.invited.get(group.kind, everybody)
    return [
        one
        for one in found
        if isinstance(who := loaded.get(one.recipient_id), Recipient)
        and belongs(group, one, who)
        and invited(group, one.recipient_id, now)
    ]


def names_of(programme_id: str, member_ids: list[str]) -> dict[str, str]:
    """Return what staff call these members, by their ids."""
    return {
        person_id: f"{member.preferred_name or member.given_name} {member.family_name}".strip()
        for person_id, member in DynamoPeople().named(programme_id, member_ids).items()
    }
