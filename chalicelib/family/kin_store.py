"""Supporters, whomever they support, in the table. The only place for their keys."""

from collections.abc import Callable, Iterable
from datetime import datetime, time
from typing import Any

from pynamodb.attributes import BooleanAttribute, JSONAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import TransactWriteError

from chalicelib.edge.table import Item, in_conflict, item_of, lost_the_race, read_all, transaction
from chalicelib.enrollment.channels import Channel, Verification
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.errors import Stale
from chalicelib.family.domain import supporter_id
from chalicelib.family.kin import Supporter, Weekly
from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.store import due_item


class SupporterItem(Item, discriminator="supporter"):
    """pk ``KIN#{supporter}``, sk ``SUPPORTER``: an account as a supporter; the id follows from the account."""

    account = UnicodeAttribute()
    programme_id = UnicodeAttribute()
    first_name = UnicodeAttribute()
    language = UnicodeAttribute()
    zone = UnicodeAttribute()
    email = JSONAttribute()
    devices = JSONAttribute()
    quiet_from = UnicodeAttribute(null=True)
    quiet_to = UnicodeAttribute(null=True)
    day = UnicodeAttribute()
    at = UnicodeAttribute()
    updates = BooleanAttribute()
    mail_off = ListAttribute(of=UnicodeAttribute)
    learned = ListAttribute(of=UnicodeAttribute)
    put_at = InstantAttribute()
    day_at = InstantAttribute()
    version = NumberAttribute()
    day_version = NumberAttribute()


class DynamoSupporters:
    """Implements ``supporting.Supporters``."""

    def __init__(self, *, hurry: Callable[[Iterable[Due]], None] = hurry) -> None:
        self._hurry = hurry

    def find(self, account: str) -> Supporter | None:
        """Return an account as a supporter."""
        return self.with_id(supporter_id(account))

    def with_id(self, recipient_id: str) -> Supporter | None:
        """Return whom outreach calls so."""
        try:
            return _supporter_of(SupporterItem.get(f"KIN#{recipient_id}", "SUPPORTER", consistent_read=True))
        except SupporterItem.DoesNotExist:
            return None

    def with_ids(self, recipient_ids: Iterable[str]) -> dict[str, Supporter | Exception]:
        """Return those of these supporters that there are; for who can't be read, why. Consistent, 100 a call."""
        found: dict[str, Supporter | Exception] = {}
        for pk, row in read_all((f"KIN#{one}", "SUPPORTER") for one in recipient_ids).items():
            try:
                found[pk.removeprefix("KIN#")] = _supporter_of(item_of(SupporterItem, row))
            except Exception as error:  # noqa: BLE001 (one supporter's fault must not hold up the others)
                found[pk.removeprefix("KIN#")] = error
        return found

    def save(self, supporter: Supporter, *, dues: Iterable[Due] = ()) -> None:
        """Put a supporter over the version before, with what falls due for them."""
        dues = list(dues)
        try:
            with transaction() as write:
                write.save(supporter_item(supporter), condition=SupporterItem.version == supporter.version - 1)
                for due in dues:
                    write.save(due_item(due))
        except TransactWriteError as error:
            if lost_the_race(error) or in_conflict(error):
                raise Stale("this was changed meanwhile") from error
            raise
        self._hurry(dues)


def supporter_item(supporter: Supporter) -> SupporterItem:
    """Return a supporter as they are stored."""
    quiet = supporter.quiet_hours
    return SupporterItem(
        f"KIN#{supporter.id}",
        "SUPPORTER",
        account=supporter.account,
        programme_id=supporter.programme_id,
        first_name=supporter.first_name,
        language=supporter.language,
        zone=supporter.zone,
        email=_written(supporter.email),
        devices=[_written(device) for device in supporter.devices],
        quiet_from=f"{quiet.start:%H:%M}" if quiet else None,
        quiet_to=f"{quiet.end:%H:%M}" if quiet else None,
        day=supporter.weekly.day,
        at=f"{supporter.weekly.at:%H:%M}",
        updates=supporter.updates,
        mail_off=sorted(supporter.mail_off),
        learned=sorted(supporter.learned),
        put_at=supporter.put_at,
        day_at=supporter.day_at,
        version=supporter.version,
        day_version=supporter.day_version,
    )


def _supporter_of(item: SupporterItem) -> Supporter:
    quiet = None
    if item.quiet_from and item.quiet_to:
        quiet = QuietHours(start=time.fromisoformat(item.quiet_from), end=time.fromisoformat(item.quiet_to))
    return Supporter(
        account=item.account,
        programme_id=item.programme_id,
        first_name=item.first_name,
        language=item.language,
        zone=item.zone,
        email=_read(item.email),
        devices=tuple(_read(device) for device in item.devices),
        quiet_hours=quiet,
        weekly=Weekly(day=item.day, at=time.fromisoformat(item.at)),
        updates=item.updates,
        mail_off=frozenset(map(str, item.mail_off)),
        learned=frozenset(map(str, item.learned)),
        put_at=item.put_at,
        day_at=item.day_at,
        version=int(item.version),
        day_version=int(item.day_version),
    )


_INSTANTS = ("added_at", "verified_at", "heartbeat_at", "gone_at", "complained_at", "ends_at")
_TEXTS = ("id", "address", "verified_by", "gone_why", "push_key", "push_auth", "device_id")


def _written(channel: Channel) -> dict[str, Any]:
    found: dict[str, Any] = {name: getattr(channel, name) for name in (*_TEXTS, "revision")}
    found |= {"kind": channel.kind.value, "verification": channel.verification.value}
    for name in _INSTANTS:
        at: datetime | None = getattr(channel, name)
        found[name] = at.isoformat() if at else None
    return found


def _read(kept: dict[str, Any]) -> Channel:
    found = dict(kept)
    for name in _INSTANTS:
        found[name] = datetime.fromisoformat(found[name]) if found[name] else None
    found |= {"kind": ChannelKind(found["kind"]), "verification": Verification(found["verification"])}
    return Channel(**found)
