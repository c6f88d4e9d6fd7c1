"""Web Push: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (VAPID)."""

import base64
import json
import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import http_ece
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from chalicelib.edge.log import count
from chalicelib.outreach.calling import Answered, PushHosts
from chalicelib.outreach.categories import category_of
from chalicelib.outreach.domain import Channel, Entry, Recipient
from chalicelib.outreach.endpoints import Endpoint, endpoint_of
from chalicelib.outreach.links import Links
from chalicelib.outreach.pauses import Pauses, http_date, retry_after
from chalicelib.outreach.ports import Handed, Letter, NotAccepted, Refused
from chalicelib.outreach.topics import TooLong, keeps_until, topic_of
from chalicelib.outreach.wording import words_for

VAPID_LIFETIME = timedelta(hours=12)
"""RFC 8292 2 allows up to 24 hours."""

ACCEPTED, GONE, TOO_LARGE, TOO_MANY, SERVER_ERRORS = frozenset({200, 201, 202}), frozenset({404, 410}), 413, 429, 500
REFUSES_SENDER = frozenset({400, 401, 403})
OTHER_KEY = re.compile(
    r"Vapid(Pk|Key|PublicKey)?(Hash)?Mismatch|do not correspond to the credentials|VAPID public key mismatch",
    re.IGNORECASE,
)
"""How push services say that a subscription was made for another key (Apple, Google, Mozilla)."""

LONGEST_BODY = 4096
"""Encrypted bytes that every push service must take (RFC 8030 7.2); common ones take no more."""
LONGEST_KEPT = 500
"""Characters of a message's address that are kept."""


class Busy(NotAccepted):
    """The push service asked to be left alone for a while, of which ``wait`` is left."""

    def __init__(self, *, wait: timedelta) -> None:
        super().__init__("the push service asks to wait")
        self.wait = wait


def encrypt(payload: dict[str, str], channel: Channel) -> bytes:
    """
    Return the payload as aes128gcm for this subscription (RFC 8291).

    :raises TooLong: if it is more than every push service takes
    """
    body = bytes(
        http_ece.encrypt(
            json.dumps(payload, ensure_ascii=False).encode(),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_unpadded(channel.push_key),
            auth_secret=_unpadded(channel.push_auth),
            version="aes128gcm",
        )
    )
    if len(body) > LONGEST_BODY:
        raise TooLong("the push is too long")
    return body


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class WebPush:
    """Hands messages to push services. Only ``origins`` are ever called: an endpoint is what a client told us."""

    def __init__(
        self, *, vapid_private: str, contact: str, origins: frozenset[str], hosts: PushHosts | None = None
    ) -> None:
        self._vapid_private = vapid_private
        self._contact = contact
        self._origins = origins
        self._hosts = hosts or PushHosts()
        self._pauses = Pauses()
        self._takes_our_key: set[str] = set()
        # One token per push service and half day: signing anew for every message is waste.
        self._authorization = cache(self._sign)

    def send(
        self, body: bytes, channel: Channel, *, name: str, now: datetime, expires_at: datetime, urgency: str
    ) -> str:
        """
        Return the push message's URL (RFC 8030 5): accepted, which isn't seen.

        :raises NotAccepted: the push service can't take it now
        :raises Refused: the subscription is dead, or isn't one of an allowed push service
        """
        try:
            endpoint = endpoint_of(channel.address, origins=self._origins)
        except ValueError:
            # It was allowed when it was added; the settings have changed since.
            count("PushFault")
            raise Refused(gone=False) from None
        ttl = max(timedelta(), expires_at - now)
        left = self._pauses.left(endpoint.origin, channel.address, now=now)
        if left:
            count("PushWaits")
            raise Busy(wait=left)
        half_day = int(now.timestamp() // VAPID_LIFETIME.total_seconds() + 1)
        answer = self._hosts.post(
            endpoint,
            body=body,
            headers={
                "TTL": str(int(ttl.total_seconds())),
                "Urgency": urgency,
                "Topic": topic_of(name),
                "Content-Encoding": "aes128gcm",
                "Content-Type": "application/octet-stream",
                "Authorization": self._authorization(endpoint.origin, half_day),
            },
            now=now,
        )
        self._judge(answer, endpoint, channel, ttl=ttl, now=now)
        return answer.headers.get("Location", "")[:LONGEST_KEPT]

    def _judge(self, answer: Answered, endpoint: Endpoint, channel: Channel, *, ttl: timedelta, now: datetime) -> None:
        """Return if the message was taken; raise what its status means otherwise (RFC 8030 5, 7.2, 7.3, 8.4)."""
        status = answer.status
        if status in ACCEPTED:
            self._takes_our_key.add(endpoint.origin)
            return
        if status in GONE:
            raise Refused(gone=True)
        if status == TOO_MANY or status >= SERVER_ERRORS:
            # A date to wait for is by the service's own clock.
            its_now = http_date(answer.headers.get("Date")) or now
            asked = retry_after(answer.headers.get("Retry-After"), now=its_now)
            if status != TOO_MANY and asked is None:
                raise NotAccepted
            whole = status != TOO_MANY
            count("PushWaits")
            raise Busy(
                wait=self._pauses.wait(endpoint.origin, channel.address, asked=asked, at_most=ttl, whole=whole, now=now)
            )
        if status in REFUSES_SENDER and OTHER_KEY.search(answer.body) and endpoint.origin in self._takes_our_key:
            # Made for another VAPID key; but only where ours is known to be good: with a wrong one all would look so.
            raise Refused(gone=True)
        # A fault of ours, in the key, the encryption or the size, and not of the subscription: somebody must look.
        count("PushFault")
        if status == TOO_LARGE:
            count("PushTooLarge")
        raise Refused(gone=False)

    def _sign(self, origin: str, half_day: int) -> str:
        claims = {
            "aud": origin,
            "exp": int(half_day * VAPID_LIFETIME.total_seconds() + VAPID_LIFETIME.total_seconds() / 2),
            "sub": f"mailto:{self._contact}",
        }
        return str(Vapid02.from_pem(self._vapid_private.encode()).sign(claims)["Authorization"])


@dataclass(frozen=True, slots=True, kw_only=True)
class Push:
    """A push for one device, until when a push service may keep it, and how urgent it is (RFC 8030 5.3)."""

    body: bytes
    expires_at: datetime
    urgency: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSender:
    """Implements ``ports.Sender`` for web push."""

    links: Links
    push: WebPush

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Letter:
        """
        Make the message, and encrypt it for the device.

        :raises TooLong: if it is more than every push service takes
        """
        category = category_of(entry.kind)
        message = words_for(entry, recipient, channel)
        link = self.links.action(entry, channel, expires_at=closes_at, zone=recipient.zone)
        payload = {
            "title": message.push_title,
            "body": message.push_body,
            "tag": topic_of(entry.name),
            "lang": message.language,
            "url": link,
            "receipt": self.links.receipt(entry, channel, expires_at=closes_at),
        }
        if category.confirms:
            # A service worker answers for its device: it confirms by itself.
            payload["verify"] = link
        push = Push(
            body=encrypt(payload, channel),
            expires_at=keeps_until(entry, closes_at=closes_at),
            urgency=category.push_urgency,
        )
        return Letter(entry=entry, channel=channel, template=message.template, content=push)

    def send(self, letter: Letter) -> Handed:
        """Hand it to the push service; see the port for what it raises."""
        push: Push = letter.content
        provider_id = self.push.send(
            push.body,
            letter.channel,
            name=letter.entry.name,
            now=letter.entry.claimed_at,
            expires_at=push.expires_at,
            urgency=push.urgency,
        )
        return Handed(provider_id=provider_id)
