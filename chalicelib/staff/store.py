"""Members of staff, and which open tasks are looked at again when, in the table. The only place for their keys."""

from collections.abc import Callable, Iterable
from datetime import datetime, time
from typing import Any

from pynamodb.attributes import (
    BooleanAttribute,
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.exceptions import TransactWriteError

from chalicelib.edge.table import Item, in_conflict, item_of, lost_the_race, read_all, transaction
from chalicelib.enrollment.channels import Channel, Verification
from chalicelib.errors import Stale
from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.store import due_item
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Hours, Member, recipient_id
from chalicelib.staff.phones import Phone
from chalicelib.staff.pursuing import Climb
from chalicelib.tasks.domain import Task
from chalicelib.tasks.store import CLIMBS, ClimbItem, climb_item, text_of


class StaffItem(Item, discriminator="staff"):
    """pk ``STAFF#{recipient}``, sk ``STAFF``: a member, removed ones too; the recipient's id follows from both ids."""

    programme_id = UnicodeAttribute()
    account = UnicodeAttribute()
    first_name = UnicodeAttribute()
    roles = ListAttribute(of=UnicodeAttribute)
    language = UnicodeAttribute()
    zone = UnicodeAttribute()
    days = ListAttribute(of=UnicodeAttribute)
    start = UnicodeAttribute()
    end = UnicodeAttribute()
    quiet_from = UnicodeAttribute(null=True)
    quiet_to = UnicodeAttribute(null=True)
    email = JSONAttribute(null=True)
    devices = JSONAttribute(null=True)
    phone = JSONAttribute(null=True)
    digest = BooleanAttribute()
    put_by = UnicodeAttribute()
    put_at = UTCDateTimeAttribute()
    removed_at = UTCDateTimeAttribute(null=True)
    version = NumberAttribute()
    day_version = NumberAttribute()


class ListedStaffItem(Item, discriminator="listed_staff"):
    """pk ``STAFFLIST#{programme}``, sk ``{recipient}``: who ever was of a programme's staff; written once."""


class CalledItem(Item, discriminator="called"):
    """pk ``CALLED#{reference}``, sk ``TASK``: which task a message to staff is about, which itself can't say so."""

    person_id = UnicodeAttribute()
    task_id = UnicodeAttribute()


class DynamoStaff:
    """Implements ``service.Staff``. ``hurry`` is given what was made due, once it is written."""

    def __init__(self, *, hurry: Callable[[Iterable[Due]], None] = hurry) -> None:
        self._hurry = hurry

    def find(self, programme_id: str, account: str) -> Member | None:
        """Return a member as they are now, removed ones too."""
        return self.with_id(recipient_id(programme_id, account))

    def with_id(self, recipient_id: str) -> Member | None:
        """Return whom outreach calls so."""
        try:
            return _member_of(StaffItem.get(_partition(recipient_id), "STAFF", consistent_read=True))
        except StaffItem.DoesNotExist:
            return None

    def with_ids(self, recipient_ids: Iterable[str]) -> dict[str, Member | Exception]:
        """Return those of these members that there are; for who can't be read, why. Consistent, 100 a call."""
        found: dict[str, Member | Exception] = {}
        for pk, row in read_all((_partition(one), "STAFF") for one in recipient_ids).items():
            try:
                found[pk.removeprefix("STAFF#")] = _member_of(item_of(StaffItem, row))
            except Exception as error:  # noqa: BLE001 (one member's fault must not hold up the others)
                found[pk.removeprefix("STAFF#")] = error
        return found

    def of_programme(self, programme_id: str) -> list[Member]:
        """
        Return all of a programme's staff, removed ones too: one query, and one batch read.

        :raises Exception: if one of them can't be read
        """
        members, faults = self.those_readable(programme_id)
        if faults:
            raise faults[0]
        return members

    def those_readable(self, programme_id: str) -> tuple[list[Member], list[Exception]]:
        """Return the same, and what was wrong with those who can't be read: they must not silence all others."""
        listed = ListedStaffItem.query(f"STAFFLIST#{programme_id}", consistent_read=True)
        found = self.with_ids(item.sk for item in listed).values()
        members = [member for member in found if isinstance(member, Member)]
        faults = [fault for fault in found if isinstance(fault, Exception)]
        return sorted(members, key=lambda member: (member.first_name.casefold(), member.id)), faults

    def save(self, member: Member, *, dues: Iterable[Due] = ()) -> None:
        """Put a member over the version before, or as a new one, with what falls due for them."""
        dues = list(dues)
        is_new = member.version == 1
        condition = StaffItem.pk.does_not_exist() if is_new else StaffItem.version == member.version - 1
        try:
            with transaction() as write:
                write.save(_item_of(member), condition=condition)
                if is_new:
                    write.save(ListedStaffItem(f"STAFFLIST#{member.programme_id}", member.id))
                for due in dues:
                    write.save(due_item(due))
        except TransactWriteError as error:
            if lost_the_race(error) or in_conflict(error):
                raise Stale("this member was changed meanwhile") from error
            raise
        self._hurry(dues)


class ReadableStaff(DynamoStaff):
    """The same, where somebody has to be told or paged: who can't be read is noted, and must not hide the others."""

    def __init__(self, note: Callable[[Exception], None]) -> None:
        super().__init__()
        self._note = note

    def of_programme(self, programme_id: str) -> list[Member]:
        """Return those of a programme's staff who can be read."""
        members, faults = self.those_readable(programme_id)
        for fault in faults:
            self._note(fault)
        return members


class DynamoClimbs:
    """Implements ``pursuing.Climbs``."""

    def keep(self, task: Task) -> None:
        """Keep which task a reference stands for; again is the same."""
        CalledItem(f"CALLED#{task.reference}", "TASK", person_id=task.person_id, task_id=task.id).save()

    def task_of(self, reference: str) -> tuple[str, str] | None:
        """Return the person and the task that a reference stands for."""
        try:
            item = CalledItem.get(f"CALLED#{reference}", "TASK", consistent_read=True)
        except CalledItem.DoesNotExist:
            return None
        return item.person_id, item.task_id

    def put(self, climb: Climb) -> None:
        """Have a step looked at when its instant comes; again is the same row."""
        _climb_item(climb).save()

    def coming(self, *, by: datetime, limit: int) -> list[Climb]:
        """Return those whose instant came by now, the earliest first."""
        return [_climb_of(item.sk) for item in ClimbItem.query(CLIMBS, ClimbItem.sk < f"{text_of(by)}~", limit=limit)]

    def remove(self, climb: Climb) -> None:
        """Let it go; gone already is fine."""
        _climb_item(climb).delete()


def _partition(recipient_id: str) -> str:
    return f"STAFF#{recipient_id}"


def _climb_item(climb: Climb) -> ClimbItem:
    return climb_item(climb.at, climb.person_id, climb.task_id, climb.number)


def _climb_of(key: str) -> Climb:
    at, person_id, rest = key.split("#", 2)
    task_id, _, number = rest.rpartition("#")
    return Climb(at=datetime.fromisoformat(at), person_id=person_id, task_id=task_id, number=int(number))


def _item_of(member: Member) -> StaffItem:
    quiet = member.quiet_hours
    return StaffItem(
        _partition(member.id),
        "STAFF",
        programme_id=member.programme_id,
        account=member.account,
        first_name=member.first_name,
        roles=sorted(role.value for role in member.roles),
        language=member.language,
        zone=member.zone,
        days=sorted(member.hours.days),
        start=f"{member.hours.start:%H:%M}",
        end=f"{member.hours.end:%H:%M}",
        quiet_from=f"{quiet.start:%H:%M}" if quiet else None,
        quiet_to=f"{quiet.end:%H:%M}" if quiet else None,
        email=_written(member.email) if member.email else None,
        devices=[_written(one) for one in member.devices] or None,
        phone=_written_phone(member.phone) if member.phone else None,
        digest=member.digest,
        put_by=member.put_by,
        put_at=member.put_at,
        removed_at=member.removed_at,
        version=member.version,
        day_version=member.day_version,
    )


def _member_of(item: StaffItem) -> Member:
    quiet = None
    if item.quiet_from and item.quiet_to:
        quiet = QuietHours(start=_time(item.quiet_from), end=_time(item.quiet_to))
    return Member(
        programme_id=item.programme_id,
        account=item.account,
        first_name=item.first_name,
        roles=frozenset(Role(str(role)) for role in item.roles),
        language=item.language,
        zone=item.zone,
        hours=Hours(days=frozenset(map(str, item.days)), start=_time(item.start), end=_time(item.end)),
        quiet_hours=quiet,
        email=_read(item.email) if item.email else None,
        devices=tuple(_read(one) for one in item.devices or ()),
        phone=_read_phone(item.phone) if item.phone else None,
        digest=item.digest,
        put_by=item.put_by,
        put_at=item.put_at,
        removed_at=item.removed_at,
        version=int(item.version),
        day_version=int(item.day_version),
    )


def _time(text: str) -> time:
    return time.fromisoformat(text)


_INSTANTS = ("added_at", "verified_at", "gone_at", "complained_at", "heartbeat_at", "ends_at")


def _written(channel: Channel) -> dict[str, object]:
    found: dict[str, object] = {
        "id": channel.id,
        "kind": channel.kind.value,
        "address": channel.address,
        "revision": channel.revision,
        "verification": channel.verification.value,
        "verified_by": channel.verified_by,
        "gone_why": channel.gone_why,
        "push_key": channel.push_key,
        "push_auth": channel.push_auth,
    }
    for name in _INSTANTS:
        at: datetime | None = getattr(channel, name)
        found[name] = at.isoformat() if at else None
    return found


def _read(found: dict[str, Any]) -> Channel:
    kept = dict(found)
    for name in _INSTANTS:
        kept[name] = datetime.fromisoformat(kept[name]) if kept.get(name) else None
    kept["verification"] = Verification(kept["verification"])
    # Rows from before there were devices say no kind.
    kept["kind"] = ChannelKind(kept.get("kind", ChannelKind.EMAIL))
    return Channel(**kept)


def _written_phone(phone: Phone) -> dict[str, object]:
    return {
        "number": phone.number,
        "confirmed_at": phone.confirmed_at.isoformat() if phone.confirmed_at else None,
        "code": phone.code,
        "tries": phone.tries,
        "asked_at": [at.isoformat() for at in phone.asked_at],
    }


def _read_phone(found: dict[str, Any]) -> Phone:
    return Phone(
        number=found["number"],
        confirmed_at=datetime.fromisoformat(found["confirmed_at"]) if found["confirmed_at"] else None,
        code=found["code"],
        tries=int(found["tries"]),
        asked_at=tuple(map(datetime.fromisoformat, found["asked_at"])),
    )
