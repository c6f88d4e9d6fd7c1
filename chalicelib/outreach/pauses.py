"""How long a push service wants to be left alone."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from threading import Lock
from zlib import crc32

LONGEST = timedelta(hours=1)
"""Nobody is waited for longer than that without being asked again."""
USUAL = timedelta(minutes=1)
"""How long a service that doesn't say is left alone."""
MANY = 3
"""So many subscriptions that are told to wait at once mean the service, and not one device that got too much."""


def retry_after(text: str | None, *, now: datetime) -> timedelta | None:
    """Return how long Retry-After asks to wait (RFC 9110 10.2.3: seconds or a date); None if it says nothing clear."""
    given = (text or "").strip()
    if given.isascii() and given.isdecimal():
        return min(timedelta(seconds=int(given[:9])), LONGEST)
    at = http_date(given)
    return None if at is None else min(max(at - now, timedelta()), LONGEST)


def http_date(text: str | None) -> datetime | None:
    """Return the instant of a header such as Date; None if it says nothing clear."""
    try:
        at = parsedate_to_datetime(text or "")
    except (ValueError, OverflowError):
        return None
    # RFC 9110 5.6.7: always GMT, whatever is written; "-0000" and no zone at all are read as of none.
    return at.replace(tzinfo=UTC) if at.tzinfo is None else at


class Pauses:
    """
    Whom not to call before when, as far as this process was told; may be used by several threads.

    A subscription that gets too much is left alone by itself, so that it delays no other; a service is, if it says so
    for all (503), or if several subscriptions are told to wait.
    """

    def __init__(self) -> None:
        self._lock = Lock()
        self._services: dict[str, datetime] = {}
        self._subscriptions: dict[str, dict[str, datetime]] = {}

    def left(self, service: str, subscription: str, *, now: datetime) -> timedelta:
        """Return how long to wait yet; zero if it may be called."""
        with self._lock:
            until = max(self._services.get(service, now), self._subscriptions.get(service, {}).get(subscription, now))
        return until - now

    def wait(
        self,
        service: str,
        subscription: str,
        *,
        asked: timedelta | None,
        at_most: timedelta,
        whole: bool,
        now: datetime,
    ) -> timedelta:
        """
        Keep that the service asked to wait; return how long that is.

        ``at_most`` is for how long the message is worth sending. ``whole``: it isn't about this subscription only.
        """
        wait = min(USUAL if asked is None else asked, at_most)
        # Up to a tenth more, another for each: else all would come back in the same second.
        until = now + wait + wait * (crc32(subscription.encode()) % 100) / 1000
        with self._lock:
            kept = {name: other for name, other in self._subscriptions.get(service, {}).items() if other > now} | {
                subscription: until
            }
            self._subscriptions[service] = kept
            if whole or len(kept) >= MANY:
                self._services[service] = max(until, self._services.get(service, now))
        return wait
