"""What the payload of a push says about whom it is for: the local inbox shows it, nobody else may know."""

import base64
import json
import zlib
from typing import Any


def whom(payload: dict[str, Any]) -> tuple[str, str]:
    """Return the person and the occurrence that a push's links name; empty where they can't be read."""
    for name in ("url", "receipt", "verify"):
        token = str(payload.get(name, "")).rpartition("/")[2]
        try:
            person, kind, on, *_ = _claims(token)
        except (ValueError, TypeError, zlib.error):
            continue
        return str(person), f"{person}_{on}_{kind}"
    return "", ""


def _claims(token: str) -> list[Any]:
    # As itsdangerous writes it: a dot before what is compressed, another before the signature.
    compressed, text = token.startswith("."), token.removeprefix(".").partition(".")[0]
    data = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
    claims: list[Any] = json.loads(zlib.decompress(data) if compressed else data)
    return claims
