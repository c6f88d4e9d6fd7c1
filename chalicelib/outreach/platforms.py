"""Mobile push platforms, and what keeps the addresses of apps there."""

import re
from dataclasses import dataclass
from enum import StrEnum
from typing import Protocol


class Platform(StrEnum):
    """Who brings a push to a phone."""

    FCM = "fcm"
    """Google's Firebase Cloud Messaging."""
    APNS = "apns"
    """Apple's Push Notification service."""


_TOKENS = {
    # Google says nothing of what is in one; Apple's are bytes in hexadecimal, of a length that may change.
    Platform.FCM: re.compile(r"[A-Za-z0-9_:.-]{20,4096}"),
    Platform.APNS: re.compile(r"([0-9a-fA-F]{2}){32,200}"),
}
_INSTALLATION = re.compile(r"[A-Za-z0-9_-]{8,64}")


class NotSetUp(LookupError):
    """No application of this platform is configured."""


class TokenRefused(ValueError):
    """The platform doesn't take this token."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Registered:
    """An app's address. ``is_new``: the token wasn't tied to this address before, or the platform had given it up."""

    address: str
    is_new: bool


class Devices(Protocol):
    """The addresses of apps, kept by the provider."""

    def register(self, platform: Platform, token: str, *, owner: str, known: str | None) -> Registered:
        """
        Return the address at which ``token`` is reached for ``owner`` alone; again with the same changes nothing.

        ``known`` is the address that the app had before, whose token may have been exchanged. What another owner had
        with this token is given up: the phone has changed hands.

        :raises NotSetUp: if the platform isn't configured
        :raises TokenRefused: if the platform doesn't take the token
        """
        ...

    def forget(self, address: str) -> None:
        """Give an address up; gone already is fine."""
        ...


def is_token(platform: Platform, text: str) -> bool:
    """Say whether this may be an app's token on a platform."""
    return _TOKENS[platform].fullmatch(text) is not None


def is_installation(text: str) -> bool:
    """Say whether this may name an app's installation, which stays the same while its tokens change."""
    return _INSTALLATION.fullmatch(text) is not None
