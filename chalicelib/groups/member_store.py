"""Who is in which group, in the table. The only place for their keys."""

from dataclasses import replace
from datetime import datetime
from typing import Any

from pynamodb.attributes import JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError, TransactWriteError

from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction, undisturbed
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.groups.domain import FORMER_FOR, MOST_MEMBERS, Former, GroupFull, Member, Tell
from chalicelib.groups.written import read_replies, written_replies


class GroupSizeItem(Item, discriminator="group_size"):
    """pk ``GROUP#{group}``, sk ``SIZE``: how many members it has, counted in the transaction that one comes or goes."""

    members = NumberAttribute()


class GroupMemberItem(Item, discriminator="group_member"):
    """pk ``GROUP#{group}``, sk ``MEMBER#{recipient}``: since when, what they chose, and what they answered lately."""

    joined_at = InstantAttribute()
    by = UnicodeAttribute()
    tell = ListAttribute(of=UnicodeAttribute)
    rules_at = InstantAttribute(null=True)
    replies = JSONAttribute(null=True)
    version = NumberAttribute()


class GroupOfItem(Item, discriminator="group_of"):
    """pk ``GROUPSOF#{recipient}``, sk ``{group}``: in which groups somebody is."""


class FormerMemberItem(Item, discriminator="former_member"):
    """pk ``GROUP#{group}``, sk ``LEFT#{recipient}``: that they are in it no more; vanishes after a month."""

    left_at = InstantAttribute()
    expires_at = NumberAttribute()


class DynamoMembers:
    """Implements ``service.Members``."""

    def find(self, group_id: str, recipient_id: str) -> Member | None:
        """Return a member as they are now."""
        try:
            return _member_of(GroupMemberItem.get(*_member_key(group_id, recipient_id), consistent_read=True))
        except GroupMemberItem.DoesNotExist:
            return None

    def of_group(self, group_id: str, *, after: str | None, limit: int) -> tuple[list[Member], str | None]:
        """Return a page of a group's members, and the key to go on after."""
        # "~" comes after every id, and "MEMBER$" after every member.
        within = GroupMemberItem.sk.between(f"MEMBER#{after}~" if after else "MEMBER#", "MEMBER$")
        items = list(GroupMemberItem.query(f"GROUP#{group_id}", within, limit=limit + 1))
        found = [_member_of(item) for item in items[:limit]]
        return found, found[-1].recipient_id if len(items) > limit else None

    def groups_of(self, recipient_id: str) -> list[str]:
        """Return the ids of the groups that somebody is in."""
        return [item.sk for item in GroupOfItem.query(f"GROUPSOF#{recipient_id}", consistent_read=True)]

    def size(self, group_id: str) -> int:
        """Return how many members a group has."""
        try:
            return int(GroupSizeItem.get(f"GROUP#{group_id}", "SIZE").members)
        except GroupSizeItem.DoesNotExist:
            return 0

    def join(self, member: Member) -> bool:
        """Keep a new member, in the group's list and in their own, and count them; False if they are one."""
        size = GroupSizeItem(f"GROUP#{member.group_id}", "SIZE")
        has_room = GroupSizeItem.members.does_not_exist() | (GroupSizeItem.members < MOST_MEMBERS)

        def write_all() -> None:
            with transaction() as write:
                write.save(_member_item(member), GroupMemberItem.pk.does_not_exist())
                write.save(GroupOfItem(f"GROUPSOF#{member.recipient_id}", member.group_id))
                write.update(size, [_one_more(1)], has_room)

        try:
            undisturbed(write_all)
        except TransactWriteError as error:
            if not lost_the_race(error):
                raise
            if self.find(member.group_id, member.recipient_id):
                return False
            raise GroupFull("this group is full") from error
        return True

    def leave(self, group_id: str, recipient_id: str, *, at: datetime) -> bool:
        """Let a member go from both lists, and from the count, and keep that they did; False if they are gone."""
        until = int((at + FORMER_FOR).timestamp())
        size = GroupSizeItem(f"GROUP#{group_id}", "SIZE")

        def write_all() -> None:
            with transaction() as write:
                write.delete(GroupMemberItem(*_member_key(group_id, recipient_id)), GroupMemberItem.pk.exists())
                write.delete(GroupOfItem(f"GROUPSOF#{recipient_id}", group_id))
                write.update(size, [_one_more(-1)])
                write.save(FormerMemberItem(f"GROUP#{group_id}", f"LEFT#{recipient_id}", left_at=at, expires_at=until))

        try:
            undisturbed(write_all)
        except TransactWriteError as error:
            if not lost_the_race(error):
                raise
            return False
        return True

    def left_at(self, group_id: str, recipient_id: str) -> datetime | None:
        """Return when somebody last left, if that was of late."""
        try:
            return FormerMemberItem.get(f"GROUP#{group_id}", f"LEFT#{recipient_id}", consistent_read=True).left_at
        except FormerMemberItem.DoesNotExist:
            return None

    def former(self, group_id: str) -> list[Former]:
        """Return who left of late, or was let go, the last first: one query."""
        found = FormerMemberItem.query(f"GROUP#{group_id}", FormerMemberItem.sk.startswith("LEFT#"))
        former = [
            Former(group_id=group_id, recipient_id=item.sk.removeprefix("LEFT#"), left_at=item.left_at)
            for item in found
        ]
        return sorted(former, key=lambda one: (one.left_at, one.recipient_id), reverse=True)

    def save(self, member: Member) -> bool:
        """Put it as the next version over the one that it was read as; False if it was changed since, or left."""
        try:
            _member_item(replace(member, version=member.version + 1)).save(GroupMemberItem.version == member.version)
        except PutError as error:
            if lost_the_race(error) or in_conflict(error):
                return False
            raise
        return True


def _one_more(number: int) -> Any:  # noqa: ANN401 (PynamoDB's own)
    return GroupSizeItem.members.set((GroupSizeItem.members | 0) + number)


def _member_key(group_id: str, recipient_id: str) -> tuple[str, str]:
    return f"GROUP#{group_id}", f"MEMBER#{recipient_id}"


def _member_item(member: Member) -> GroupMemberItem:
    return GroupMemberItem(
        *_member_key(member.group_id, member.recipient_id),
        joined_at=member.joined_at,
        by=member.by,
        tell=sorted(member.tell),
        rules_at=member.rules_at,
        replies=written_replies(member.replies) or None,
        version=member.version,
    )


def _member_of(item: GroupMemberItem) -> Member:
    return Member(
        group_id=item.pk.removeprefix("GROUP#"),
        recipient_id=item.sk.removeprefix("MEMBER#"),
        joined_at=item.joined_at,
        by=item.by,
        tell=frozenset(Tell(str(one)) for one in item.tell),
        rules_at=item.rules_at,
        replies=read_replies(item.replies or {}),
        version=int(item.version),
    )
