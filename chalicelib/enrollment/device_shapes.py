"""What the doors to a person's devices take."""

from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.outreach.platforms import Platform


class PushKeys(Wire):
    """A device's keys, base64url (RFC 8291)."""

    # Camel case would make it p256Dh, and no browser writes that.
    p256dh: Annotated[str, Described(max_length=200, alias="p256dh")]
    auth: Annotated[str, Described(max_length=200)]


class Subscription(Wire):
    """A push subscription as a browser gives it (``PushSubscription.toJSON()``)."""

    endpoint: Annotated[str, Described(max_length=1024)]
    keys: PushKeys
    expiration_time: Annotated[
        float | None, Described(description="When it runs out, in milliseconds since 1970; null: it doesn't.")
    ] = None


class NewSubscription(Wire):
    """The subscription that a browser put in the place of another (``pushsubscriptionchange``)."""

    old_endpoint: Annotated[str, Described(max_length=1024)]
    subscription: Subscription


class App(Wire):
    """An app on a phone: its token as the platform gave it, and its own name, which stays while tokens change."""

    platform: Platform
    token: Annotated[str, Described(min_length=1, max_length=4096)]
    device_id: Annotated[str, Described(min_length=8, max_length=64)]
