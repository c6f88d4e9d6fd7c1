"""Keep a supporter: how they are reached, when their week's message comes, and what they learned."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.channels import Channel, ConfirmLinkExpired, NoSuchChannel, email_address
from chalicelib.errors import Conflict, Fault, Invalid, NotFound, Stale, refuse
from chalicelib.family.domain import NoSuchSupporter
from chalicelib.family.kin import (
    MOST_DEVICES,
    NoSuchDevice,
    Supporter,
    TooManyDevices,
    Weekly,
    changed,
    faults_of,
)
from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.domain import Due
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.service import at_once, first_due

TRIES = 3


class Supporters(Protocol):
    """All supporters."""

    def find(self, account: str) -> Supporter | None:
        """Return an account as a supporter; None if it never was one."""
        ...

    def with_id(self, recipient_id: str) -> Supporter | None:
        """Return whom outreach calls so."""
        ...

    def with_ids(self, recipient_ids: Iterable[str]) -> Mapping[str, Supporter | Exception]:
        """Return those of these supporters that there are; for who can't be read, why."""
        ...

    def save(self, supporter: Supporter, *, dues: Iterable[Due] = ()) -> None:
        """
        Put a supporter over the version before, with what falls due for them.

        :raises Stale: if that is no longer the present one
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Choices:
    """What a supporter says of themselves, all of it."""

    first_name: str
    language: str
    zone: str
    email: str
    quiet_hours: QuietHours | None
    weekly: Weekly
    updates: bool


def find_supporter(account: str, *, supporters: Supporters) -> Supporter:
    """
    Return an account as a supporter.

    :raises NoSuchSupporter: if it never was one
    """
    supporter = supporters.find(account)
    if supporter is None:
        raise NoSuchSupporter("there is no such supporter")
    return supporter


def choose(account: str, chosen: Choices, *, version: int, now: datetime, supporters: Supporters) -> Supporter:
    """
    Put a supporter's choices in place of those before; another address is confirmed anew.

    :raises Stale: if ``version`` isn't the present one
    :raises Invalid: names everything that is wrong
    """
    before = find_supporter(account, supporters=supporters)
    if before.version != version:
        raise Stale("this was changed meanwhile")
    try:
        email = before.email.moved_to(email_address(chosen.email))
    except ValueError as error:
        raise Invalid(Fault(field="email", reason=str(error))) from error
    after = replace(
        before,
        first_name=chosen.first_name.strip(),
        language=chosen.language,
        zone=chosen.zone,
        email=email,
        quiet_hours=chosen.quiet_hours,
        weekly=chosen.weekly,
        updates=chosen.updates,
        # Who wants to be told again wants it there, too.
        mail_off=frozenset() if chosen.updates and not before.updates else before.mail_off,
    )
    refuse(faults_of(after))
    after = changed(before, after, at=now)
    supporters.save(after, dues=_dues(before, after, now=now))
    return after


def add_device(account: str, device: Channel, *, now: datetime, supporters: Supporters) -> Supporter:
    """
    Add a browser or an app, which is asked over itself first; the same address again is the same device.

    :raises TooManyDevices: if there are as many as there may be
    """

    def decide(present: Supporter) -> Supporter:
        if any(one.address == device.address for one in present.devices):
            return present
        if len(present.devices) >= MOST_DEVICES:
            raise TooManyDevices(f"there are at most {MOST_DEVICES} devices")
        return replace(present, devices=(*present.devices, device))

    return _rewrite(find_supporter(account, supporters=supporters).id, decide, now=now, supporters=supporters)


def remove_device(account: str, device_id: str, *, now: datetime, supporters: Supporters) -> None:
    """
    Forget a device.

    :raises NoSuchDevice: if it isn't theirs
    """

    def decide(present: Supporter) -> Supporter:
        kept = tuple(one for one in present.devices if one.id != device_id)
        if kept == present.devices:
            raise NoSuchDevice("there is no such device")
        return replace(present, devices=kept)

    _rewrite(find_supporter(account, supporters=supporters).id, decide, now=now, supporters=supporters)


def learn(account: str, lesson_id: str, *, known: Iterable[str], now: datetime, supporters: Supporters) -> Supporter:
    """
    Note that a supporter went through a lesson. Again changes nothing.

    :raises NotFound: if there is no such lesson
    """
    if lesson_id not in set(known):
        raise NotFound("there is no such lesson")

    def decide(present: Supporter) -> Supporter:
        return replace(present, learned=present.learned | {lesson_id})

    return _rewrite(find_supporter(account, supporters=supporters).id, decide, now=now, supporters=supporters)


def confirm(
    recipient_id: str, channel_id: str, *, revision: int, expires_at: datetime, now: datetime, supporters: Supporters
) -> None:
    """
    Take an address or a device for a supporter's own, since its holder followed the link sent there.

    :raises ConfirmLinkExpired: if the link is too old
    :raises ChannelChanged: if the address was changed since
    :raises NoSuchChannel: if it was removed
    """

    def decide(present: Supporter) -> Supporter:
        try:
            channel = present.channel(channel_id)
        except NoSuchDevice:
            raise NoSuchChannel("there is no such channel") from None
        confirmed = channel.confirmed(revision=revision, at=now)
        if confirmed != channel and now >= expires_at:
            raise ConfirmLinkExpired("this link has expired; ask for another")
        return present.with_channel(confirmed)

    if supporters.with_id(recipient_id) is None:
        raise NoSuchChannel("there is no such channel")
    _rewrite(recipient_id, decide, now=now, supporters=supporters)


def stop_mail(
    recipient_id: str, channel_id: str, category: str, *, revision: int, now: datetime, supporters: Supporters
) -> bool:
    """Stop e-mails of a category to a supporter (RFC 8058); again changes nothing. Say whether the link holds."""
    present = supporters.with_id(recipient_id)
    if present is None or (present.email.id, present.email.revision) != (channel_id, revision):
        return False
    _rewrite(recipient_id, lambda one: replace(one, mail_off=one.mail_off | {category}), now=now, supporters=supporters)
    return True


def note_on_channel(
    recipient_id: str,
    channel_id: str,
    note: Callable[[Channel], Channel],
    *,
    revision: int | None,
    now: datetime,
    supporters: Supporters,
) -> None:
    """Keep what a provider said of an address or a device; not if it was removed, or changed since ``revision``."""

    def decide(present: Supporter) -> Supporter:
        found = next((one for one in present.channels if one.id == channel_id), None)
        if found is None or revision not in {None, found.revision}:
            return present
        return present.with_channel(note(found))

    if supporters.with_id(recipient_id) is not None:
        _rewrite(recipient_id, decide, now=now, supporters=supporters)


def _rewrite(
    recipient_id: str, decide: Callable[[Supporter], Supporter], *, now: datetime, supporters: Supporters
) -> Supporter:
    for _ in range(TRIES):
        present = supporters.with_id(recipient_id)
        if present is None:
            raise NoSuchSupporter("there is no such supporter")
        after = decide(present)
        if after == present:
            return present
        after = changed(present, after, at=now)
        try:
            supporters.save(after, dues=_dues(present, after, now=now))
        except Stale:
            continue
        return after
    raise Conflict("this is being changed somewhere else; please try again")


def _dues(before: Supporter, after: Supporter, *, now: datetime) -> list[Due]:
    """Return what falls due by a change: their week's message, and a question over each address that isn't known."""
    dues = []
    if before.day_version != after.day_version:
        coming = first_due(after.update, after=now - timedelta(microseconds=1))
        dues += [coming] if coming else []
    known = {(one.id, one.revision) for one in before.channels}
    for channel in after.channels:
        if (channel.id, channel.revision) not in known and not channel.is_usable(at=now):
            dues.append(at_once(after.id, confirm_kind(channel.id, channel.revision), zone=after.zone, now=now))
    return dues
