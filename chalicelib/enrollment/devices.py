"""A person's devices: browsers with a push subscription, and apps with a token."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from chalicelib.enrollment.changing import Change, People, change_record, find_person, next_of, note_on_channel
from chalicelib.enrollment.channels import Channel, NoSuchChannel, push_auth, push_endpoint, push_key
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.reaching import add_channel, ask, must_have_room
from chalicelib.errors import Conflict, Fault, Invalid, refuse
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.outreach.platforms import Devices, NotSetUp, Platform, TokenRefused, is_installation, is_token


class SubscriptionEnded(Conflict):
    """The push service or the platform gave the device up: it has to subscribe anew."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Browser:
    """A push subscription: ``expires`` is its ``expirationTime``, in milliseconds since 1970."""

    endpoint: str
    key: str
    auth: str
    expires: float | None = None

    def channel(self, *, id: str, detail: DetailLevel, origins: frozenset[str], now: datetime) -> Channel:  # noqa: A002
        """
        Return it as a channel; ``origins`` are the push services that may be called.

        :raises Invalid: names what can't be right about it
        """
        faults = []
        for field, value, check in (
            ("subscription.endpoint", self.endpoint, lambda url: push_endpoint(url, origins=origins)),
            ("subscription.keys.p256dh", self.key, push_key),
            ("subscription.keys.auth", self.auth, push_auth),
        ):
            try:
                check(value)
            except ValueError as error:
                faults.append(Fault(field=field, reason=str(error)))
        ends_at = None
        if self.expires is not None:
            try:
                ends_at = _instant(self.expires)
            except ValueError as error:
                faults.append(Fault(field="subscription.expirationTime", reason=str(error)))
            else:
                if ends_at <= now:
                    faults.append(Fault(field="subscription.expirationTime", reason="is over"))
        refuse(faults)
        return Channel(
            id=id,
            kind=ChannelKind.PUSH,
            address=self.endpoint,
            added_at=now,
            detail=detail,
            push_key=push_key(self.key),
            push_auth=push_auth(self.auth),
            heartbeat_at=now,
            ends_at=ends_at,
        )


def _instant(milliseconds: float) -> datetime:
    if not math.isfinite(milliseconds):
        raise ValueError("is not a number of milliseconds since 1970")
    try:
        return datetime.fromtimestamp(int(milliseconds) // 1000, UTC)
    except (OverflowError, ValueError, OSError) as error:
        raise ValueError("is not a number of milliseconds since 1970") from error


def add_browser(
    person_id: str,
    browser: Browser,
    *,
    detail: DetailLevel,
    origins: frozenset[str],
    now: datetime,
    people: People,
    new_id: Callable[[], str],
) -> Channel:
    """
    Add a browser's push subscription, and send it a push whose answer shows that it works.

    :raises Invalid: names what can't be right about the subscription
    """
    channel = browser.channel(id=new_id(), detail=detail, origins=origins, now=now)
    return add_channel(person_id, channel, now=now, people=people)


def replace_browser(
    person_id: str, old_endpoint: str, browser: Browser, *, origins: frozenset[str], now: datetime, people: People
) -> Channel:
    """
    Put the subscription that a browser made in the place of its old one, and ask over it. Again changes nothing.

    :raises NoSuchChannel: if the person has neither
    :raises Invalid: names what can't be right about the subscription
    """
    record = find_person(person_id, people=people)
    there = _at(record, browser.endpoint)
    if there:
        return there
    before = _at(record, old_endpoint)
    if before is None:
        raise NoSuchChannel("there is no such channel")
    fresh = browser.channel(id=before.id, detail=before.detail, origins=origins, now=now)

    def decide(record: Record) -> Change:
        record.must_be_alive()
        moved = record.channel(before.id).renewed(
            fresh.address, at=now, push_key=fresh.push_key, push_auth=fresh.push_auth, ends_at=fresh.ends_at
        )
        return replace(next_of(record), channels=(moved,), dues=(ask(record.person, moved, now=now),))

    return change_record(person_id, decide, people=people).channel(before.id)


def _at(record: Record, endpoint: str) -> Channel | None:
    return next((one for one in record.channels if one.kind is ChannelKind.PUSH and one.address == endpoint), None)


def add_app(
    person_id: str,
    platform: Platform,
    token: str,
    *,
    device_id: str,
    now: datetime,
    people: People,
    devices: Devices,
    new_id: Callable[[], str],
) -> Channel:
    """
    Add an app, or give it the token that it has now, and ask over it. Again with the same token changes nothing.

    Its messages are discreet, whatever the person chose elsewhere: unlike a browser's they aren't encrypted for it.

    :raises Invalid: names what can't be right about it
    """
    faults = []
    if not is_token(platform, token):
        faults.append(Fault(field="app.token", reason="is not a token of this platform"))
    if not is_installation(device_id):
        faults.append(Fault(field="app.deviceId", reason="must be 8 to 64 letters, digits, - and _"))
    refuse(faults)
    record = find_person(person_id, people=people)
    record.must_be_alive()
    before = _app(record, device_id, None)
    if before is None:
        must_have_room(record)
    try:
        registered = devices.register(platform, token, owner=person_id, known=before.address if before else None)
    except NotSetUp as error:
        raise Invalid(Fault(field="app.platform", reason="is not set up here")) from error
    except TokenRefused as error:
        raise Invalid(Fault(field="app.token", reason="is not a token of this platform")) from error
    fresh = Channel(
        id=new_id(),
        kind=ChannelKind.MOBILE,
        address=registered.address,
        added_at=now,
        heartbeat_at=now,
        device_id=device_id,
    )
    kept_id = fresh.id

    def decide(record: Record) -> Change:
        nonlocal kept_id
        record.must_be_alive()
        known = _app(record, device_id, registered.address)
        if known is None:
            must_have_room(record)
            channel = fresh
        elif known.address == registered.address and not registered.is_new and known.gone_at is None:
            kept_id = known.id
            return replace(next_of(record), channels=(replace(known, heartbeat_at=now),))
        else:
            channel = known.renewed(registered.address, at=now, device_id=device_id)
        kept_id = channel.id
        return replace(next_of(record), channels=(channel,), dues=(ask(record.person, channel, now=now),))

    return change_record(person_id, decide, people=people).channel(kept_id)


def _app(record: Record, device_id: str, address: str | None) -> Channel | None:
    apps = [one for one in record.channels if one.kind is ChannelKind.MOBILE]
    by_name = next((one for one in apps if one.device_id == device_id), None)
    return by_name or next((one for one in apps if one.address == address), None)


def hear_from_device(person_id: str, channel_id: str, *, now: datetime, people: People) -> None:
    """
    Note that a device still has its subscription.

    :raises NoSuchChannel: if it is no longer known: the device should subscribe anew
    :raises SubscriptionEnded: if it was given up: the device should subscribe anew
    """
    channel = find_person(person_id, people=people).channel(channel_id)
    if channel.gone_at is not None:
        raise SubscriptionEnded("the subscription has ended; subscribe anew")
    if channel.heard_from(at=now) != channel:
        note_on_channel(person_id, channel_id, lambda one: one.heard_from(at=now), revision=None, people=people)
