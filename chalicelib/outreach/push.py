"""Web Push: RFC 8030 (delivery), RFC 8291 (encryption), RFC 8292 (VAPID)."""

import base64
import hashlib
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache
from urllib.parse import urlsplit

import http_ece
import urllib3
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from chalicelib.outreach.categories import category_of
from chalicelib.outreach.domain import Channel, Entry, Recipient
from chalicelib.outreach.links import Links
from chalicelib.outreach.ports import Handed, NotAccepted, Refused
from chalicelib.outreach.wording import words_for

VAPID_LIFETIME = timedelta(hours=12)
"""RFC 8292 2 allows up to 24 hours."""

ACCEPTED, TOO_MANY, SERVER_ERRORS = frozenset({200, 201, 202}), 429, 500
GONE = frozenset({404, 410})


def origin_of(endpoint: str) -> str:
    """Return scheme, host and port of a push endpoint (RFC 6454), as VAPID's ``aud`` wants it."""
    parts = urlsplit(endpoint)
    return f"{parts.scheme}://{parts.netloc}"


def topic_of(name: str) -> str:
    """Return a Topic of 32 base64url characters (RFC 8030 5.4), the same for the same occurrence: repeats collapse."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()[:32]


def encrypt(payload: dict[str, str], channel: Channel) -> bytes:
    """Return the payload as aes128gcm for this subscription (RFC 8291)."""
    return bytes(
        http_ece.encrypt(
            json.dumps(payload, ensure_ascii=False).encode(),
            private_key=ec.generate_private_key(ec.SECP256R1()),
            dh=_unpadded(channel.push_key),
            auth_secret=_unpadded(channel.push_auth),
            version="aes128gcm",
        )
    )


def _unpadded(text: str) -> bytes:
    return base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))


class WebPush:
    """Hands messages to push services. Only ``origins`` are ever called: an endpoint is what a client told us."""

    def __init__(self, *, vapid_private: str, contact: str, origins: frozenset[str]) -> None:
        self._vapid_private = vapid_private
        self._contact = contact
        self._origins = origins
        self._http = urllib3.PoolManager(timeout=urllib3.Timeout(connect=3, read=10), retries=False)
        # One token per push service and half day: signing anew for every message is waste.
        self._authorization = cache(self._sign)

    def send(
        self, payload: dict[str, str], channel: Channel, *, name: str, now: datetime, expires_at: datetime, urgency: str
    ) -> str:
        """
        Return the push message's URL (RFC 8030 5): accepted, which isn't seen.

        :raises NotAccepted: the push service can't take it now
        :raises Refused: the subscription is dead, or isn't one of an allowed push service
        """
        origin = origin_of(channel.address)
        if origin not in self._origins:
            raise Refused(gone=False)
        half_day = int(now.timestamp() // VAPID_LIFETIME.total_seconds() + 1)
        try:
            answer = self._http.request(
                "POST",
                channel.address,
                body=encrypt(payload, channel),
                headers={
                    "TTL": str(max(0, int((expires_at - now).total_seconds()))),
                    "Urgency": urgency,
                    "Topic": topic_of(name),
                    "Content-Encoding": "aes128gcm",
                    "Content-Type": "application/octet-stream",
                    "Authorization": self._authorization(origin, half_day),
                },
                redirect=False,
            )
        except (urllib3.exceptions.NewConnectionError, urllib3.exceptions.ConnectTimeoutError) as error:
            raise NotAccepted from error
        if answer.status in ACCEPTED:
            return str(answer.headers.get("Location", ""))
        if answer.status in GONE:
            raise Refused(gone=True)
        if answer.status == TOO_MANY or answer.status >= SERVER_ERRORS:
            raise NotAccepted
        raise Refused(gone=False)

    def _sign(self, origin: str, half_day: int) -> str:
        claims = {
            "aud": origin,
            "exp": int(half_day * VAPID_LIFETIME.total_seconds() + VAPID_LIFETIME.total_seconds() / 2),
            "sub": f"mailto:{self._contact}",
        }
        return str(Vapid02.from_pem(self._vapid_private.encode()).sign(claims)["Authorization"])


@dataclass(frozen=True, slots=True, kw_only=True)
class PushSender:
    """Implements ``service.Sender`` for web push."""

    links: Links
    push: WebPush

    def send(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Handed:
        """Send the message as web push; see the port for what it raises."""
        message = words_for(entry, recipient, channel)
        link = self.links.action(entry, channel, expires_at=closes_at)
        # A service worker answers for its device: it confirms by itself, and reports what arrived.
        confirm = {} if category_of(entry.kind).recurs else {"verify": link}
        provider_id = self.push.send(
            {
                "title": message.push_title,
                "body": message.push_body,
                "tag": topic_of(entry.name),
                "lang": message.language,
                "url": link,
                "receipt": self.links.receipt(entry, channel, expires_at=closes_at),
                **confirm,
            },
            channel,
            name=entry.name,
            now=entry.claimed_at,
            expires_at=closes_at,
            urgency=category_of(entry.kind).push_urgency,
        )
        return Handed(provider_id=provider_id, template=message.template)
