"""How a member of staff is paged beside e-mail: browsers with a push subscription, and a number for text messages."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.channels import Channel, NoSuchChannel
from chalicelib.enrollment.devices import Browser, SubscriptionEnded
from chalicelib.errors import Conflict, Fault, Invalid, Stale
from chalicelib.outreach.categories import confirm_kind
from chalicelib.outreach.domain import DetailLevel, Due
from chalicelib.outreach.service import at_once
from chalicelib.staff.domain import Member, changed
from chalicelib.staff.phones import NoPhone, Phone, WrongCode, asked, telephone
from chalicelib.staff.service import TRIES, Staff, active_member, rewrite

MOST_DEVICES = 10
"""How many browsers a member may have."""


class TooManyDevices(Conflict):
    """The member has as many browsers as anyone may."""


class NoPager(Conflict):
    """No text messages are sent here."""


class CodeNotSent(Conflict):
    """The code could not be sent now."""


class Texts(Protocol):
    """Sends text messages."""

    def send_code(self, number: str, code: str, *, language: str) -> bool:
        """Send a code to a number; False if it wasn't taken."""
        ...


def add_browser(
    programme_id: str,
    account: str,
    browser: Browser,
    *,
    origins: frozenset[str],
    now: datetime,
    staff: Staff,
    new_id: Callable[[], str],
) -> Channel:
    """
    Add a browser's push subscription, and send it a push whose answer shows that it works. The same again is the same.

    :raises NoSuchMember: if they are no member now
    :raises Invalid: names what can't be right about the subscription
    :raises TooManyDevices: if they have as many as they may
    """
    fresh = browser.channel(id=new_id(), detail=DetailLevel.DISCREET, origins=origins, now=now)

    def decide(member: Member) -> tuple[Channel, Member]:
        there = _at(member, browser.endpoint)
        if there:
            return there, member
        if len(member.devices) >= MOST_DEVICES:
            raise TooManyDevices(f"there are at most {MOST_DEVICES} browsers")
        return fresh, replace(member, devices=(*member.devices, fresh))

    return _put(programme_id, account, decide, now=now, staff=staff)


def replace_browser(
    programme_id: str,
    account: str,
    old_endpoint: str,
    browser: Browser,
    *,
    origins: frozenset[str],
    now: datetime,
    staff: Staff,
) -> Channel:
    """
    Put the subscription that a browser made in the place of its old one, and ask over it. Again changes nothing.

    :raises NoSuchMember: if they are no member now
    :raises NoSuchChannel: if the member has neither
    :raises Invalid: names what can't be right about the subscription
    """

    def decide(member: Member) -> tuple[Channel, Member]:
        there = _at(member, browser.endpoint)
        if there:
            return there, member
        before = _at(member, old_endpoint)
        if before is None:
            raise NoSuchChannel("there is no such channel")
        fresh = browser.channel(id=before.id, detail=before.detail, origins=origins, now=now)
        moved = before.renewed(
            fresh.address, at=now, push_key=fresh.push_key, push_auth=fresh.push_auth, ends_at=fresh.ends_at
        )
        return moved, member.with_channel(moved)

    return _put(programme_id, account, decide, now=now, staff=staff)


def remove_device(programme_id: str, account: str, channel_id: str, *, now: datetime, staff: Staff) -> None:
    """
    Forget a browser: who signs in there next must get nothing. Gone already is fine.

    :raises NoSuchMember: if they are no member now
    """

    def decide(member: Member) -> Member:
        left = tuple(one for one in member.devices if one.id != channel_id)
        same = left == member.devices
        return member if same else changed(member, replace(member, devices=left), by=account, at=now)

    rewrite(active_member(programme_id, account, staff=staff).id, decide, staff=staff)


def hear_from_device(programme_id: str, account: str, channel_id: str, *, now: datetime, staff: Staff) -> None:
    """
    Note that a browser still has its subscription.

    :raises NoSuchMember: if they are no member now
    :raises NoSuchChannel: if it is no longer known: it should subscribe anew
    :raises SubscriptionEnded: if it was given up: it should subscribe anew
    """
    member = active_member(programme_id, account, staff=staff)
    channel = next((one for one in member.devices if one.id == channel_id), None)
    if channel is None:
        raise NoSuchChannel("there is no such channel")
    if channel.gone_at is not None:
        raise SubscriptionEnded("the subscription has ended; subscribe anew")

    def decide(present: Member) -> Member:
        heard = [one.heard_from(at=now) if one.id == channel_id else one for one in present.devices]
        after = replace(present, devices=tuple(heard))
        return present if after == present else changed(present, after, by=account, at=now)

    rewrite(member.id, decide, staff=staff)


def put_phone(
    programme_id: str,
    account: str,
    number: str,
    *,
    now: datetime,
    staff: Staff,
    texts: Texts | None,
    new_code: Callable[[], str],
) -> Member:
    """
    Take a member's own number, and send it a code; to give it is to want pages there. Confirmed already is left alone.

    :raises NoPager: if no text messages are sent here
    :raises NoSuchMember: if they are no member now
    :raises Invalid: if it is no number with its country code
    :raises CodesSentTooOften: if enough codes were sent
    :raises CodeNotSent: if it wasn't taken; the number is kept all the same
    """
    if texts is None:
        raise NoPager("no text messages are sent here; see the configuration")
    try:
        number = telephone(number)
    except ValueError as error:
        raise Invalid(Fault(field="number", reason=str(error))) from error
    member = active_member(programme_id, account, staff=staff)
    if member.phone and member.phone.number == number and member.phone.is_confirmed:
        return member
    code = new_code()

    def decide(present: Member) -> Member:
        phone = asked(present.phone, number, code, at=now)
        return changed(present, replace(present, phone=phone), by=account, at=now)

    # Counted before it is sent: whoever repeats it sends no more than they may.
    rewrite(member.id, decide, staff=staff)
    if not texts.send_code(number, code, language=member.language):
        raise CodeNotSent("the code could not be sent now; try again later")
    return active_member(programme_id, account, staff=staff)


def confirm_phone(programme_id: str, account: str, code: str, *, now: datetime, staff: Staff) -> Member:
    """
    Take a number for the member's own, by the code that was sent there. Again changes nothing.

    :raises NoSuchMember: if they are no member now
    :raises NoPhone: if there is no number
    :raises WrongCode: if that isn't the code, or it is too old, or was guessed too often
    """
    member = active_member(programme_id, account, staff=staff)
    if member.phone is None or not member.phone.number:
        raise NoPhone("there is no number to confirm")
    tried: list[Phone] = []

    def decide(present: Member) -> Member:
        phone = present.phone.confirmed(code, at=now) if present.phone else None
        tried[:] = [phone] if phone else []
        return (
            present if phone == present.phone else changed(present, replace(present, phone=phone), by=account, at=now)
        )

    rewrite(member.id, decide, staff=staff)
    if not tried or not tried[0].is_confirmed:
        raise WrongCode("that isn't the code, or it is too old; have another one sent")
    return active_member(programme_id, account, staff=staff)


def remove_phone(programme_id: str, account: str, *, now: datetime, staff: Staff) -> None:
    """
    Forget a member's number: no page goes there from now on. How many codes were sent stays counted.

    :raises NoSuchMember: if they are no member now
    """

    def decide(present: Member) -> Member:
        if present.phone is None or not present.phone.number:
            return present
        gone = Phone(number="", asked_at=present.phone.asked_at)
        return changed(present, replace(present, phone=gone), by=account, at=now)

    rewrite(active_member(programme_id, account, staff=staff).id, decide, staff=staff)


def _put(
    programme_id: str,
    account: str,
    decide: Callable[[Member], tuple[Channel, Member]],
    *,
    now: datetime,
    staff: Staff,
) -> Channel:
    """Put a member's browser, with the push that asks over it, in one write."""
    for _ in range(TRIES):
        member = active_member(programme_id, account, staff=staff)
        channel, after = decide(member)
        if after is member:
            return channel
        try:
            staff.save(changed(member, after, by=account, at=now), dues=[_ask(member, channel, now=now)])
        except Stale:
            continue
        return channel
    raise Conflict("this member is being changed by others; try again")


def _ask(member: Member, channel: Channel, *, now: datetime) -> Due:
    return at_once(member.id, confirm_kind(channel.id, channel.revision), zone=member.zone, now=now)


def _at(member: Member, endpoint: str) -> Channel | None:
    return next((one for one in member.devices if one.address == endpoint), None)
