"""What all pushes have in common: a name by which repeats collapse, an end, and a size."""

import base64
import hashlib
from datetime import datetime

from chalicelib.outreach.categories import category_of
from chalicelib.outreach.domain import Entry


class TooLong(ValueError):
    """No push service takes so much; no template may make it."""


def topic_of(name: str) -> str:
    """Return a Topic of 32 base64url characters (RFC 8030 5.4), the same for the same occurrence: repeats collapse."""
    return base64.urlsafe_b64encode(hashlib.sha256(name.encode()).digest()).decode()[:32]


def keeps_until(entry: Entry, *, closes_at: datetime) -> datetime:
    """Return until when a push service may keep the push: while it is of use, or as long as its category says."""
    lasts = category_of(entry.kind).push_ttl
    return min(closes_at, entry.claimed_at + lasts) if lasts is not None else closes_at
