"""
A push service (RFC 8030, 8291, 8292) and the devices behind it.

It checks what real ones check, decrypts as a browser would, and lets the device do what Cairn's service worker does.
"""

import base64
import json
import re
import secrets
import threading
import time
import urllib.error
import urllib.request
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

import http_ece
import jwt
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)

from infra.local.places import stack_now
from infra.local.server.records import Records
from infra.local.server.told import whom

LONGEST_BODY = 4096
"""RFC 8030 7.2: what every push service must take; common ones take no more."""
LONGEST_TOKEN_LIFE = 24 * 3600
"""RFC 8292 2, seconds."""
BURST, REFILL = 50, 5.0
"""Pushes that one subscription takes at once, and how many a second it takes on the whole."""

_TOPIC = re.compile(r"[A-Za-z0-9_-]{1,32}")
_URGENCY = frozenset({"very-low", "low", "normal", "high"})
_VAPID = re.compile(r"vapid\s+(.+)", re.IGNORECASE)


class NotTaken(Exception):
    """The request is refused: with which status, and why."""

    def __init__(self, status: HTTPStatus, why: str, **headers: str) -> None:
        super().__init__(why)
        self.status, self.why = status, why
        self.headers = {name.replace("_", "-"): value for name, value in headers.items()}


@dataclass(frozen=True, slots=True)
class Sent:
    """What a push request carried."""

    headers: dict[str, str]
    body: bytes


class PushService:
    """Makes subscriptions and takes pushes for them."""

    def __init__(self, *, origin: str, records: Records) -> None:
        self._origin = origin
        self._records = records
        self._buckets: dict[str, tuple[float, float]] = {}
        self._lock = threading.Lock()

    def subscribe(self, asked: dict[str, Any]) -> dict[str, Any]:
        """
        Return a new subscription, as ``PushManager.subscribe`` gives one to a page.

        ``applicationServerKey`` ties it to that VAPID key; ``label`` says whose device it is, for the inbox.
        """
        name, auth = secrets.token_urlsafe(24), secrets.token_bytes(16)
        key = ec.generate_private_key(ec.SECP256R1())
        self._records.subscribe(
            {
                "id": name,
                "label": str(asked.get("label", "")),
                "private_key": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
                "auth": base64url(auth),
                "server_key": asked.get("applicationServerKey"),
            }
        )
        point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
        return {
            "endpoint": f"{self._origin}/push/{name}",
            "expirationTime": None,
            "keys": {"p256dh": base64url(point), "auth": base64url(auth)},
        }

    def unsubscribe(self, name: str) -> None:
        """
        Let a subscription go; pushes to it are answered 410 from then on.

        :raises NotTaken: 404 if there never was one
        """
        self._subscription(name)
        self._records.unsubscribe(name)

    def take(self, name: str, sent: Sent) -> str:
        """
        Take a push and return the address of the message (RFC 8030 5).

        :raises NotTaken: if the request isn't as the RFCs want it, or the subscription isn't there
        """
        subscription = self._subscription(name)
        if subscription["gone"]:
            raise NotTaken(HTTPStatus.GONE, "the subscription has ended")
        headers = {key.lower(): value for key, value in sent.headers.items()}
        self._check_sender(headers.get("authorization", ""), subscription)
        self._check_form(headers, sent.body)
        self._check_rate(name)
        plain = _decrypt(sent.body, subscription)
        try:
            payload = json.loads(plain)
        except ValueError:
            payload = None
        shown = payload if isinstance(payload, dict) else {}
        message = secrets.token_urlsafe(16)
        person, occurrence = whom(shown)
        self._records.add(
            {
                "kind": "push",
                "at": stack_now().isoformat(timespec="milliseconds"),
                "realAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "to": subscription["label"] or name,
                "person": person,
                "subject": str(shown.get("title", "")),
                "occurrence": occurrence,
                "payload": payload if payload is not None else plain.decode(errors="replace"),
                "headers": [[key, value] for key, value in sent.headers.items() if key.lower() != "authorization"],
                "subscription": name,
                "bytes": len(sent.body),
            }
        )
        threading.Thread(target=arrive, args=(shown,), daemon=True).start()
        return f"{self._origin}/message/{message}"

    def _subscription(self, name: str) -> dict[str, Any]:
        found = self._records.subscription(name)
        if found is None:
            raise NotTaken(HTTPStatus.NOT_FOUND, "there is no such subscription")
        return found

    def _check_sender(self, authorization: str, subscription: dict[str, Any]) -> None:
        given = _VAPID.fullmatch(authorization.strip())
        if not given:
            raise NotTaken(HTTPStatus.UNAUTHORIZED, "VAPID is wanted (RFC 8292)", WWW_Authenticate="vapid")
        parts = dict(part.strip().partition("=")[::2] for part in given[1].split(","))
        try:
            point = unbase64url(parts["k"])
            key = ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
            claims = jwt.decode(
                parts["t"], key, algorithms=["ES256"], options={"verify_exp": False, "verify_aud": False}
            )
        except (KeyError, ValueError, jwt.PyJWTError) as error:
            raise NotTaken(HTTPStatus.FORBIDDEN, "the VAPID token's signature doesn't fit its key") from error
        if claims.get("aud") != self._origin:
            raise NotTaken(HTTPStatus.FORBIDDEN, f"aud must be {self._origin}")
        # Devices live in the stack's time, so their push service does too.
        left = float(claims.get("exp", 0)) - stack_now().timestamp()
        if not 0 < left <= LONGEST_TOKEN_LIFE:
            raise NotTaken(HTTPStatus.FORBIDDEN, "exp must lie ahead, by 24 hours at most")
        if not str(claims.get("sub", "")).startswith(("mailto:", "https:")):
            raise NotTaken(HTTPStatus.FORBIDDEN, "sub must be a mailto: or https: address")
        wanted = subscription["server_key"]
        if wanted and unbase64url(wanted) != point:
            raise NotTaken(HTTPStatus.FORBIDDEN, "the subscription belongs to another VAPID key")

    def _check_form(self, headers: dict[str, str], body: bytes) -> None:
        if not headers.get("ttl", "").isdigit():
            raise NotTaken(HTTPStatus.BAD_REQUEST, "TTL is wanted, in whole seconds (RFC 8030 5.2)")
        if headers.get("urgency", "normal") not in _URGENCY:
            raise NotTaken(HTTPStatus.BAD_REQUEST, "no such Urgency (RFC 8030 5.3)")
        if not _TOPIC.fullmatch(headers.get("topic", "x")):
            raise NotTaken(HTTPStatus.BAD_REQUEST, "Topic must be 1 to 32 base64url characters (RFC 8030 5.4)")
        if len(body) > LONGEST_BODY:
            raise NotTaken(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, f"at most {LONGEST_BODY} bytes")
        if body and headers.get("content-encoding") != "aes128gcm":
            raise NotTaken(HTTPStatus.BAD_REQUEST, "Content-Encoding must be aes128gcm (RFC 8291)")

    def _check_rate(self, name: str) -> None:
        now = time.monotonic()
        with self._lock:
            left, seen_at = self._buckets.get(name, (float(BURST), now))
            left = min(BURST, left + (now - seen_at) * REFILL)
            if left < 1:
                raise NotTaken(HTTPStatus.TOO_MANY_REQUESTS, "too many for one subscription", Retry_After="1")
            self._buckets[name] = (left - 1, now)


def _decrypt(body: bytes, subscription: dict[str, Any]) -> bytes:
    key = load_pem_private_key(subscription["private_key"].encode(), password=None)
    try:
        plain: bytes = http_ece.decrypt(
            body, private_key=key, auth_secret=unbase64url(subscription["auth"]), version="aes128gcm"
        )
    except Exception as error:
        # http_ece raises its own and the cryptography package's. A real service can't look; the device would drop it.
        raise NotTaken(HTTPStatus.BAD_REQUEST, "the device can't decrypt this (RFC 8291)") from error
    return plain


def arrive(payload: dict[str, Any]) -> None:
    """Do what a device does with a push: report that it arrived, and confirm its own channel if asked."""
    time.sleep(0.5)
    for wanted in ("receipt", "verify"):
        address = payload.get(wanted)
        if isinstance(address, str) and address.startswith("http://127.0.0.1:"):
            request = urllib.request.Request(address, data=b"", method="POST")  # noqa: S310 (http, checked above)
            try:
                with urllib.request.urlopen(request, timeout=10):  # noqa: S310
                    pass
            except (urllib.error.URLError, OSError) as error:
                print(f"device: {wanted} was answered {error}", flush=True)


def base64url(data: bytes) -> str:
    """Encode without padding (RFC 7515 2)."""
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def unbase64url(text: str) -> bytes:
    """Decode with or without padding."""
    return base64.urlsafe_b64decode(text.rstrip("=") + "=" * (-len(text.rstrip("=")) % 4))
