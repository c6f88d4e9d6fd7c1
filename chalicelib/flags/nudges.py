"""
When a check-in that was not answered brings a kind word instead of a flag: rules as data (`nudges.json`).

Words go to the person alone, or to partners whom they let know of it; a nudge is nobody's task.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

DEFAULTS = Path(__file__).parent / "nudges.json"


class To(StrEnum):
    """Whom a nudge goes to."""

    PARTICIPANT = "participant"
    PARTNERS = "partners"
    ALUMNI = "alumni"
    """The person, after care: one kind word."""
    ALUMNI_LESS = "alumni_less"
    """The person, after care: fewer hellos, or none, are offered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Nudge:
    """
    Once for a run of ``missed`` check-ins or more that were sent and not answered.

    ``after`` the next check-in was sent, if that isn't answered by then either.
    """

    to: To
    missed: int
    after: timedelta


def nudge_of(raw: Mapping[str, Any]) -> Nudge:
    """Return a rule from its JSON (whose shape was checked)."""
    return Nudge(to=To(raw["to"]), missed=int(raw["missed"]), after=timedelta(hours=float(raw["after_hours"])))


def written(nudge: Nudge) -> dict[str, Any]:
    """Return a rule as JSON; ``nudge_of`` reads it back."""
    return {"to": nudge.to.value, "missed": nudge.missed, "after_hours": nudge.after / timedelta(hours=1)}


@cache
def defaults() -> tuple[Nudge, ...]:
    """Return what a programme begins with (domain rules 1.3)."""
    return tuple(map(nudge_of, json.loads(DEFAULTS.read_text(encoding="utf-8"))))
