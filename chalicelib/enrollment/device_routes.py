"""The doors that a person's devices use by themselves: a sign of life, and another subscription for the old one."""

from http import HTTPStatus

from chalicelib.edge.config import config
from chalicelib.edge.http import Answer, Asked
from chalicelib.enrollment import devices
from chalicelib.enrollment.device_shapes import NewSubscription
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.shapes import ShownChannel
from chalicelib.enrollment.showing import shown_channel
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.privacy.domain import Act, Field, Rule


@doors.door(
    "POST",
    "/people/{person_id}/channels/{channel_id}/heartbeat",
    summary="A device says that it still has its subscription; a browser without a word for 60 days is not used",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="keep a device in use"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def hear_from_device(asked: Asked, person_id: str, channel_id: str) -> Answer:
    """Note it; 404 and 409 mean that it has to subscribe anew."""
    devices.hear_from_device(person_id, channel_id, now=asked.now, people=DynamoPeople())
    return Answer()


@doors.door(
    "PUT",
    "/people/{person_id}/subscription",
    summary="A browser puts its new push subscription in the place of the old one (`pushsubscriptionchange`)",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="keep a device in use"),
    body=NewSubscription,
    answer=ShownChannel,
)
def replace_subscription(asked: Asked, person_id: str) -> Answer:
    """Put it there, and ask over it. Again changes nothing."""
    sent = asked.body.subscription
    channel = devices.replace_browser(
        person_id,
        asked.body.old_endpoint,
        devices.Browser(
            endpoint=sent.endpoint, key=sent.keys.p256dh, auth=sent.keys.auth, expires=sent.expiration_time
        ),
        origins=config().push_origins,
        now=asked.now,
        people=DynamoPeople(),
    )
    return Answer(body=shown_channel(channel, now=asked.now))
