"""The doors by which a member of staff has pages come to their browsers and their telephone."""

import secrets
from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.config import config
from chalicelib.edge.http import Answer, Asked, Wire
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.device_shapes import NewSubscription, Subscription
from chalicelib.enrollment.devices import Browser
from chalicelib.enrollment.shapes import ShownChannel
from chalicelib.enrollment.showing import shown_channel
from chalicelib.outreach.texting import SnsTexts
from chalicelib.privacy.domain import Act, Field, Rule
from chalicelib.staff import devices
from chalicelib.staff.doors import doors
from chalicelib.staff.shapes import ShownMember, shown_member
from chalicelib.staff.store import DynamoStaff

_OWN = Rule(act=Act.WRITE, field=Field.OWN_WORK, programme="programme_id", purpose="say how one is paged oneself")


class NewDevice(Wire):
    """A browser to be paged by; it is used once it is confirmed over itself."""

    subscription: Subscription


class Number(Wire):
    """A telephone number with its country code; giving it is asking for pages there."""

    number: Annotated[str, Described(min_length=1, max_length=40, description="`+1 555 010 0199`.")]


class Code(Wire):
    """The code that was sent to the number."""

    code: Annotated[str, Described(min_length=1, max_length=20)]


def _texts() -> SnsTexts | None:
    return SnsTexts() if config().pager == "sns-sms" else None


def _browser(sent: Subscription) -> Browser:
    return Browser(endpoint=sent.endpoint, key=sent.keys.p256dh, auth=sent.keys.auth, expires=sent.expiration_time)


@doors.door(
    "POST",
    "/programmes/{programme_id}/my-work/devices",
    summary="Have pages come to a browser of one's own, too; it is asked over itself first",
    rule=_OWN,
    body=NewDevice,
    answer=ShownChannel,
    status=HTTPStatus.CREATED,
    created=True,
)
def add_device(asked: Asked, programme_id: str) -> Answer:
    """Add it, and ask over it."""
    channel = devices.add_browser(
        programme_id,
        asked.who.subject,
        _browser(asked.body.subscription),
        origins=config().push_origins,
        now=asked.now,
        staff=DynamoStaff(),
        new_id=new_id,
    )
    return Answer(body=shown_channel(channel, now=asked.now))


@doors.door(
    "PUT",
    "/programmes/{programme_id}/my-work/subscription",
    summary="A browser puts its new push subscription in the place of the old one (`pushsubscriptionchange`)",
    rule=_OWN,
    body=NewSubscription,
    answer=ShownChannel,
)
def replace_own_subscription(asked: Asked, programme_id: str) -> Answer:
    """Put it there, and ask over it. Again changes nothing."""
    channel = devices.replace_browser(
        programme_id,
        asked.who.subject,
        asked.body.old_endpoint,
        _browser(asked.body.subscription),
        origins=config().push_origins,
        now=asked.now,
        staff=DynamoStaff(),
    )
    return Answer(body=shown_channel(channel, now=asked.now))


@doors.door(
    "POST",
    "/programmes/{programme_id}/my-work/devices/{channel_id}/heartbeat",
    summary="A browser says that it still has its subscription; without a word for 60 days it is not used",
    rule=_OWN,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def hear_from_own_device(asked: Asked, programme_id: str, channel_id: str) -> Answer:
    """Note it; 404 and 409 mean that it has to subscribe anew."""
    devices.hear_from_device(programme_id, asked.who.subject, channel_id, now=asked.now, staff=DynamoStaff())
    return Answer()


@doors.door(
    "DELETE",
    "/programmes/{programme_id}/my-work/devices/{channel_id}",
    summary="Forget a browser, for example at sign-out; again is fine",
    rule=_OWN,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_own_device(asked: Asked, programme_id: str, channel_id: str) -> Answer:
    """Forget it."""
    devices.remove_device(programme_id, asked.who.subject, channel_id, now=asked.now, staff=DynamoStaff())
    return Answer()


@doors.door(
    "PUT",
    "/programmes/{programme_id}/my-work/phone",
    summary="Have pages come as text messages, too: a code is sent to the number first",
    rule=_OWN,
    body=Number,
    answer=ShownMember,
)
def put_own_phone(asked: Asked, programme_id: str) -> Answer:
    """Keep it, and send a code."""
    member = devices.put_phone(
        programme_id,
        asked.who.subject,
        asked.body.number,
        now=asked.now,
        staff=DynamoStaff(),
        texts=_texts(),
        new_code=lambda: f"{secrets.randbelow(10**6):06}",
    )
    return Answer(body=shown_member(member, now=asked.now, is_own=True), etag=member.version)


@doors.door(
    "POST",
    "/programmes/{programme_id}/my-work/phone/confirmation",
    summary="Confirm one's own number by the code that was sent there; again changes nothing",
    rule=_OWN,
    body=Code,
    answer=ShownMember,
)
def confirm_own_phone(asked: Asked, programme_id: str) -> Answer:
    """Confirm it."""
    member = devices.confirm_phone(programme_id, asked.who.subject, asked.body.code, now=asked.now, staff=DynamoStaff())
    return Answer(body=shown_member(member, now=asked.now, is_own=True), etag=member.version)


@doors.door(
    "DELETE",
    "/programmes/{programme_id}/my-work/phone",
    summary="Have no pages come as text messages any more; again is fine",
    rule=_OWN,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_own_phone(asked: Asked, programme_id: str) -> Answer:
    """Forget the number."""
    devices.remove_phone(programme_id, asked.who.subject, now=asked.now, staff=DynamoStaff())
    return Answer()
