"""The one maker of random ids."""

import uuid


def new_id() -> str:
    """Return a fresh id: 32 lower-case hexadecimal characters, 122 random bits (RFC 9562 version 4)."""
    return uuid.uuid4().hex
