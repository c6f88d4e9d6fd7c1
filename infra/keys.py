"""
Make Cairn's own keys and put them into Secrets Manager, where nobody has to see them: for a new stage, or to rotate.

A new key signs links from then on; older ones still verify, so links that are out in messages stay good.
"""

import argparse
import base64
import json
import secrets
from datetime import UTC, datetime
from typing import Any

import boto3
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

AwsClient = Any
"""boto3 makes its clients at run time."""

SECRET = "cairn/keys"  # noqa: S105 (a name)
KEPT = 3
"""Link keys kept, the newest of which signs."""


def main() -> None:
    """Put keys where there are none; with --rotate, add a new key for links."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rotate", action="store_true")
    asked = parser.parse_args()
    print("keys put" if put_keys(boto3.client("secretsmanager"), rotate=asked.rotate) else "keys are there already")


def put_keys(client: AwsClient, *, rotate: bool = False) -> bool:
    """Write the secret's value if it has none, or add a key if ``rotate``; return whether anything was written."""
    try:
        # A secret that CloudFormation has just made has no value (AWS), or an empty one (the emulator).
        present = json.loads(client.get_secret_value(SecretId=SECRET).get("SecretString") or "null")
    except client.exceptions.ResourceNotFoundException:
        present = None
    if present and not rotate:
        return False
    client.put_secret_value(SecretId=SECRET, SecretString=json.dumps(renewed(present)))
    return True


def renewed(present: dict[str, Any] | None) -> dict[str, Any]:
    """Return the secret with one more key for links. The VAPID pair stays: subscriptions are bound to it (RFC 8292)."""
    links = dict(sorted((present or {}).get("links", {}).items())[-(KEPT - 1) :])
    links[f"{datetime.now(UTC):%Y%m%dT%H%M%S}"] = _base64url(secrets.token_bytes(32))
    return {**(present or _vapid()), "links": links}


def _vapid() -> dict[str, str]:
    key = ec.generate_private_key(ec.SECP256R1())
    point = key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    return {
        "vapid_private": key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        "vapid_public": _base64url(point),
    }


def _base64url(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


if __name__ == "__main__":
    main()
