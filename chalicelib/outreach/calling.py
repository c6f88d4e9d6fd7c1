"""Calls push services by the number that their name stood for when it was looked at, and reads no more than it must."""

import socket
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

import urllib3
from urllib3.exceptions import ConnectTimeoutError, HTTPError, NewConnectionError, SSLError

from chalicelib.edge.log import count
from chalicelib.outreach.endpoints import Endpoint, is_public
from chalicelib.outreach.ports import NotAccepted, Refused

HTTPS = 443
LONGEST_READ = 2048
"""Bytes of an answer that are looked at."""
NAMES_LAST = timedelta(minutes=1)
"""How long a host's addresses are remembered."""
TRIED, AT_ONCE = 3, 10
"""How many addresses of a host are tried, and how many connections to one are kept."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What a push service answered, as much of it as is looked at."""

    status: int
    headers: Mapping[str, str]
    body: str


def resolve(host: str, port: int) -> list[str]:
    """
    Return the IP addresses of a host, those of version 4 first: a Lambda function has no way to the others.

    :raises OSError: if it has none, or nobody can say
    """
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, proto=socket.IPPROTO_TCP)
    return list(dict.fromkeys(str(address[0]) for *_, address in sorted(found, key=lambda one: one[0])))


class PushHosts:
    """
    The hosts of push services. A name can't lead to another address than the one that was found to be public.

    ``may_reach`` says which addresses are.
    """

    def __init__(
        self,
        *,
        resolve: Callable[[str, int], list[str]] = resolve,
        may_reach: Callable[[str], bool] = is_public,
    ) -> None:
        self._resolve = resolve
        self._may_reach = may_reach
        self._known: dict[str, tuple[datetime, list[str]]] = {}
        # Connections stay open from one message to the next.
        self._pool = cache(self._open)

    def post(self, endpoint: Endpoint, *, body: bytes, headers: dict[str, str], now: datetime) -> Answered:
        """
        Call the push service at the first of its addresses that is there.

        A time-out while its answer is waited for passes through: the message may have been taken.
        """
        default = endpoint.port == HTTPS
        host = endpoint.host if default else f"{endpoint.host}:{endpoint.port}"
        missing: Exception | None = None
        for address in self._addresses(endpoint, now=now)[:TRIED]:
            try:
                answer = self._pool(endpoint.scheme, endpoint.host, endpoint.port, address).urlopen(
                    "POST",
                    endpoint.target,
                    body=body,
                    headers={**headers, "Host": host},
                    retries=False,
                    redirect=False,
                    preload_content=False,
                )
            except (NewConnectionError, ConnectTimeoutError, SSLError) as error:
                # Without a connection, or without knowing who is at its other end, nothing was sent.
                missing = error
                continue
            return _answered(answer)
        self._known.pop(endpoint.host, None)
        raise NotAccepted from missing

    def _addresses(self, endpoint: Endpoint, *, now: datetime) -> list[str]:
        if endpoint.is_on_this_laptop:
            return [endpoint.host]
        at, addresses = self._known.get(endpoint.host, (now, []))
        if not addresses or not timedelta() <= now - at < NAMES_LAST:
            try:
                addresses = self._resolve(endpoint.host, endpoint.port)
            except OSError as error:
                raise NotAccepted from error
            if not addresses or not all(map(self._may_reach, addresses)):
                # Whoever answers for this name sends us into somebody's own network.
                count("PushFault")
                raise Refused(gone=False)
            self._known[endpoint.host] = (now, addresses)
        return addresses

    @staticmethod
    def _open(scheme: str, host: str, port: int, address: str) -> urllib3.HTTPConnectionPool:
        timeout = urllib3.Timeout(connect=3, read=10)
        if scheme == "http":
            return urllib3.HTTPConnectionPool(address, port, timeout=timeout, maxsize=AT_ONCE)
        return urllib3.HTTPSConnectionPool(
            address, port, timeout=timeout, maxsize=AT_ONCE, server_hostname=host, assert_hostname=host
        )


def _answered(answer: urllib3.BaseHTTPResponse) -> Answered:
    try:
        body = answer.read(LONGEST_READ, decode_content=False)
        rest = answer.read(1, decode_content=False)
    except HTTPError:
        # The status says what became of the message; what broke off after it changes nothing.
        body, rest = b"", b"-"
    if rest:
        answer.close()
    answer.release_conn()
    return Answered(status=answer.status, headers=answer.headers, body=body.decode(errors="replace"))
