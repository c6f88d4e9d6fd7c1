"""The one reader of the clock. Everything else is told what time it is."""

import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

from chalicelib.edge.config import config


def utc_now() -> datetime:
    """Return the present instant in UTC, to the microsecond."""
    return datetime.now(UTC) + _offset()


def real_now() -> datetime:
    """
    Return the present instant in UTC, however far a laptop's clock was moved.

    Only for what somebody else's clock set: a sign-in token's expiry is Cognito's, which never moves. Nothing else may
    use it.
    """
    return datetime.now(UTC)


def wait_until(instant: datetime, *, at_most: timedelta) -> datetime:
    """Return the present instant: ``instant`` or later, unless that is further off than ``at_most``."""
    now = utc_now()
    if now < instant <= now + at_most:
        time.sleep((instant - now).total_seconds())
        return max(utc_now(), instant)
    return now


def as_instant(text: str) -> datetime:
    """
    Return the instant that AWS wrote into an event (RFC 3339, for example ``2026-11-24T15:00:00Z``), in UTC.

    A handler acts on its event's own time, so that a retry or a replay decides the same.
    """
    return datetime.fromisoformat(text).astimezone(UTC) + _offset()


def _offset() -> timedelta:
    # A laptop's stack can be moved in time: its functions then all read one file of seconds. Config.from_env
    # refuses the setting on any other stage.
    path = config().clock_offset_file
    if not path:
        return timedelta()
    try:
        return timedelta(seconds=float(Path(path).read_text(encoding="utf-8") or 0))
    except FileNotFoundError:
        return timedelta()
