"""Cairn's own keys, read once from Secrets Manager: what signs links, and the VAPID pair of Web Push (RFC 8292)."""

import json
from dataclasses import dataclass
from functools import cache

from chalicelib.edge.aws import client
from chalicelib.edge.config import config


@dataclass(frozen=True, slots=True, kw_only=True)
class Keys:
    """``links`` sign links, oldest first, the last one signs; the VAPID pair is PEM and base64url."""

    links: tuple[str, ...]
    vapid_private: str
    vapid_public: str

    @classmethod
    def from_secret(cls, text: str) -> "Keys":
        """Read the secret's JSON; link keys are ordered by their key id."""
        secret = json.loads(text)
        return cls(
            links=tuple(key for _, key in sorted(secret["links"].items())),
            vapid_private=secret["vapid_private"],
            vapid_public=secret["vapid_public"],
        )


@cache
def keys() -> Keys:
    """Return the keys of this process. A rotation reaches a process when it next starts cold."""
    return Keys.from_secret(client("secretsmanager").get_secret_value(SecretId=config().keys_secret)["SecretString"])
