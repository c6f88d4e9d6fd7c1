"""How an occurrence ended, in plain words: for the person it was for, and for their staff."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.outreach.domain import ChannelKind, Reason, Status

WORDS = Path(__file__).parent / "endings.json"
DEFERRED = "deferred"
"""Beside the ledger's own ends: it fell due, and waits."""


@cache
def _words() -> dict[str, Any]:
    words: dict[str, Any] = json.loads(WORDS.read_text(encoding="utf-8"))
    return words


def in_words(status: Status | str, *, reason: Reason | None, channel: ChannelKind | None, language: str = "en") -> str:
    """Return one plain sentence; English where the language isn't known."""
    say = _words().get(language, _words()["en"])
    text: str = say[str(status)]
    return text.format(
        reason=say["reasons"][reason.value] if reason else "", channel=say["channels"][channel.value] if channel else ""
    )
