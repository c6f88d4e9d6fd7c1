"""Ways to reach a person, and whether they may be used: verified, alive, and one that is ours to call."""

import base64
import binascii
import re
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum

from chalicelib.errors import Conflict, NotFound
from chalicelib.outreach.domain import ChannelKind, DetailLevel
from chalicelib.outreach.endpoints import endpoint_of

HEARTBEAT_LASTS = timedelta(days=60)
"""A push subscription that no device has spoken for in this time is taken for dead (domain rules 5.2: Safari)."""

HEARTBEAT_KEPT_FOR = timedelta(days=7)
"""So long a device may go on speaking without a write: a heartbeat is a change of the record."""

NO_END = datetime(9999, 1, 1, tzinfo=UTC)
"""Stands for no end."""

# RFC 5321 4.1.2 dot-string and RFC 1035 labels; quoted local parts and non-ASCII ones (RFC 6531) are refused, since
# SES does not send to the latter and nobody has the former.
_LOCAL = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*")
_DOMAIN = re.compile(r"([a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?\.)+([a-z]{2,63}|xn--[a-z0-9-]{1,59})")
_LONGEST_LOCAL, _LONGEST_ADDRESS = 64, 254
_POINT_BYTES, _AUTH_BYTES = 65, 16
# The curve P-256, y² = x³ - 3x + b (NIST SP 800-186 3.2.1.3).
_P = 2**256 - 2**224 + 2**192 + 2**96 - 1
_B = 0x5AC635D8_AA3A93E7_B3EBBD55_769886BC_651D06B0_CC53B0F6_3BCE3C3E_27D2604B


class Verification(StrEnum):
    """Why we believe that the address is the person's."""

    PENDING = "pending"
    ATTESTED = "attested"
    CONFIRMED = "confirmed"


class NoSuchChannel(NotFound):
    """The person has no such channel."""


class ChannelChanged(Conflict):
    """The address was changed after this link was made."""


class ConfirmLinkExpired(Conflict):
    """The link that confirms an address is too old."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """
    An address of a person: an email address, one device's push subscription, or an app's address at SNS.

    ``verified_by``: who confirmed it, or the account that attested to it. ``gone_why``: a provider called it dead.
    ``complained_at``: somebody who reads it called a message spam, so that only what can't be switched off goes there.
    ``push_key`` and ``push_auth`` are base64url (RFC 8291). ``device_id`` names an app whatever its token is, and
    ``ends_at`` is when a subscription runs out by itself.
    """

    id: str
    kind: ChannelKind
    address: str
    added_at: datetime
    revision: int = 1
    verification: Verification = Verification.PENDING
    verified_at: datetime | None = None
    verified_by: str | None = None
    detail: DetailLevel = DetailLevel.DISCREET
    push_key: str = ""
    push_auth: str = ""
    heartbeat_at: datetime | None = None
    gone_at: datetime | None = None
    gone_why: str | None = None
    complained_at: datetime | None = None
    device_id: str = ""
    ends_at: datetime | None = None

    def attested(self, *, by: str, at: datetime) -> "Channel":
        """Return the channel as confirmed by the programme before it came here; says who stands for that."""
        return replace(self, verification=Verification.ATTESTED, verified_at=at, verified_by=by)

    def confirmed(self, *, revision: int, at: datetime) -> "Channel":
        """
        Return the channel confirmed by its holder. Again changes nothing.

        :raises ChannelChanged: if the address is no longer the one that was asked
        """
        if revision != self.revision:
            raise ChannelChanged("this address was changed after the link was made")
        if self.verification is Verification.CONFIRMED:
            return self
        return replace(self, verification=Verification.CONFIRMED, verified_at=at, verified_by="holder")

    def moved_to(self, address: str) -> "Channel":
        """Return the channel with another address: to be confirmed anew, and its old links are void."""
        if address == self.address:
            return self
        return replace(
            self,
            address=address,
            revision=self.revision + 1,
            verification=Verification.PENDING,
            verified_at=None,
            verified_by=None,
            gone_at=None,
            gone_why=None,
            complained_at=None,
        )

    def renewed(
        self,
        address: str,
        *,
        at: datetime,
        push_key: str = "",
        push_auth: str = "",
        device_id: str = "",
        ends_at: datetime | None = None,
    ) -> "Channel":
        """Return a device's channel with what it was given anew: to be confirmed anew, and its old links are void."""
        return replace(
            self,
            address=address,
            revision=self.revision + 1,
            verification=Verification.PENDING,
            verified_at=None,
            verified_by=None,
            push_key=push_key,
            push_auth=push_auth,
            device_id=device_id,
            ends_at=ends_at,
            heartbeat_at=at,
            gone_at=None,
            gone_why=None,
        )

    def heard_from(self, *, at: datetime) -> "Channel":
        """Return the channel as its device spoke; the same one if that was within ``HEARTBEAT_KEPT_FOR``."""
        heard = self.heartbeat_at
        return self if heard is not None and at < heard + HEARTBEAT_KEPT_FOR else replace(self, heartbeat_at=at)

    def given_up(self, *, why: str, at: datetime) -> "Channel":
        """Return the channel as a provider called it dead; the first word stays."""
        return self if self.gone_at is not None else replace(self, gone_at=at, gone_why=why)

    def complained_of(self, *, at: datetime) -> "Channel":
        """Return the channel as one whose reader called a message spam; the first time stays."""
        return self if self.complained_at is not None else replace(self, complained_at=at)

    def used_until(self) -> datetime | None:
        """
        Return until when messages may go there as things stand; None: not at all, ``NO_END``: for good.

        It must be verified, not called dead, not run out, and for a browser: heard of lately.
        """
        if self.verification is Verification.PENDING or self.gone_at is not None:
            return None
        ends = self.ends_at or NO_END
        if self.kind is not ChannelKind.PUSH:
            return ends
        return min(ends, (self.heartbeat_at or self.added_at) + HEARTBEAT_LASTS)

    def is_usable(self, *, at: datetime) -> bool:
        """Whether messages may go there at this instant."""
        until = self.used_until()
        return until is not None and at < until

    def why_unusable(self, *, at: datetime) -> str | None:
        """Return why messages may not go there, without the address; None if they may."""
        if self.is_usable(at=at):
            return None
        if self.verification is Verification.PENDING:
            return "its holder has not confirmed it yet"
        if self.gone_at is not None:
            return f"given up: {self.gone_why}"
        return f"nothing was heard of the device for {HEARTBEAT_LASTS.days} days"


def email_address(text: str) -> str:
    """
    Return the address with its domain in lower case and ASCII; the local part keeps its case (RFC 5321 2.4).

    :raises ValueError: if mail can't be sent there; the message doesn't hold the address
    """
    local, at, domain = text.strip().rpartition("@")
    try:
        domain = domain.encode("idna").decode("ascii").lower()
    except UnicodeError:
        domain = ""
    is_whole = at and _LOCAL.fullmatch(local) and _DOMAIN.fullmatch(domain)
    if not is_whole or len(local) > _LONGEST_LOCAL or len(local) + 1 + len(domain) > _LONGEST_ADDRESS:
        raise ValueError("is not an email address")
    return f"{local}@{domain}"


def push_endpoint(url: str, *, origins: frozenset[str]) -> str:
    """
    Return the endpoint if it is at a push service that we call.

    :raises ValueError: if it may not be called
    """
    endpoint_of(url, origins=origins)
    return url


def push_key(text: str) -> str:
    """
    Return the device's public key, base64url: an uncompressed P-256 point.

    :raises ValueError: if it isn't one
    """
    raw = _base64url(text)
    is_point = len(raw) == _POINT_BYTES and raw[0] == 4  # noqa: PLR2004 (SEC 1 2.3.3: 4 marks an uncompressed point)
    # Worked out here: for one sum the API needn't wait for a library of cryptography to load.
    if not is_point or not _is_on_curve(int.from_bytes(raw[1:33], "big"), int.from_bytes(raw[33:], "big")):
        raise ValueError("is not an uncompressed P-256 point in base64url")
    return text.rstrip("=")


def _is_on_curve(x: int, y: int) -> bool:
    return x < _P and y < _P and (y * y - x**3 + 3 * x - _B) % _P == 0


def push_auth(text: str) -> str:
    """
    Return the device's authentication secret, base64url.

    :raises ValueError: if it isn't 16 bytes
    """
    if len(_base64url(text)) != _AUTH_BYTES:
        raise ValueError("is not 16 bytes in base64url")
    return text.rstrip("=")


def _base64url(text: str) -> bytes:
    bare = text.rstrip("=")
    try:
        return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_", validate=True)
    except (binascii.Error, ValueError):
        return b""
