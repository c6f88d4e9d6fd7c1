"""
Which addresses of push services may be called: an endpoint is what somebody told us, so it could point anywhere.

Three fences: only origins that are listed, only by names that are written plainly, and only at public addresses.
"""

import re
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from urllib.parse import urlsplit

_LABEL = r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"(?=.{{1,253}}$)({_LABEL}\.)+(?=[a-z]){_LABEL}")
"""A host's name (RFC 1123 2.1) that no program can take for a number: its last part begins with a letter."""
_PLAIN = re.compile(r"[!-~]+")
"""Visible ASCII: a name in other letters may look like one that is listed (RFC 3986 knows none anyway)."""
_NAT64, _SIX_TO_FOUR = IPv6Network("64:ff9b::/96"), IPv6Network("2002::/16")
_GIVEN_OUT = IPv6Network("2000::/3")
"""All that the public internet has of version 6 (IANA, IPv6 Global Unicast): what lies outside is somebody's own."""
_LAPTOP = "http://127.0.0.1:"
"""The push service of a laptop: the only origin without TLS, and the only one at a private address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Endpoint:
    """Where a push goes, in parts, so that nobody parses it anew: ``target`` is the path with the query."""

    scheme: str
    host: str
    port: int
    origin: str
    target: str

    @property
    def is_on_this_laptop(self) -> bool:
        """Say whether it is the push service of a laptop, which has no public address."""
        return self.origin.startswith(_LAPTOP)


def is_origin(text: str) -> bool:
    """Say whether this may stand in the list of origins: https, or the push service of a laptop."""
    if text.startswith(_LAPTOP):
        return text.removeprefix(_LAPTOP).isdecimal()
    host, colon, port = text.removeprefix("https://").removeprefix("*.").partition(":")
    return text.startswith("https://") and bool(_NAME.fullmatch(host)) and (port.isdecimal() if colon else True)


def endpoint_of(url: str, *, origins: frozenset[str]) -> Endpoint:
    """
    Return a push endpoint's parts, if it is at a push service that may be called.

    ``origins`` are exact, or ``https://*.example`` for the hosts below a domain at the usual port.

    :raises ValueError: if it may not be called
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError as error:
        raise ValueError("is not a URL") from error
    host = parts.hostname or ""
    written = host if port is None else f"{host}:{port}"
    # What is written must be just the name and the port: no user, no empty port, no zeros before it.
    plain = _PLAIN.fullmatch(url) and "\\" not in url and "#" not in url and parts.netloc.lower() == written
    if not plain or not parts.path.startswith("/") or not (_NAME.fullmatch(host) or host == "127.0.0.1"):
        raise ValueError("is not a plain URL")
    origin = f"{parts.scheme}://{written}"
    below = {f"https://*.{parent}" for parent in _parents(host)} if port is None and parts.scheme == "https" else set()
    if not is_origin(origin) or (origin not in origins and not below & origins):
        raise ValueError("is not at a push service that is allowed here")
    return Endpoint(
        scheme=parts.scheme,
        host=host,
        port=port or 443,
        origin=origin,
        target=f"{parts.path}?{parts.query}" if parts.query else parts.path,
    )


def _parents(host: str) -> list[str]:
    labels = host.split(".")
    return [".".join(labels[index:]) for index in range(1, len(labels) - 1)]


def is_public(address: str) -> bool:
    """Say whether an IP address is one of the public internet, also where one is wrapped in another."""
    try:
        found = ip_address(address.partition("%")[0])
    except ValueError:
        return False
    inner = _inner(found) if isinstance(found, IPv6Address) else None
    if isinstance(found, IPv6Address) and found not in _GIVEN_OUT and found not in _NAT64:
        return False
    return found.is_global and not found.is_multicast and (inner is None or is_public(str(inner)))


def _inner(address: IPv6Address) -> IPv4Address | None:
    if address.ipv4_mapped:
        return address.ipv4_mapped
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    if address in _SIX_TO_FOUR:
        return address.sixtofour
    return address.teredo[1] if address.teredo else None
