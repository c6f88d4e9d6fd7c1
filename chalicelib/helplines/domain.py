"""Whom to call in the worst hour, and what to know. Kept as data with the date on which somebody last checked it."""

import json
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path

RESOURCES = Path(__file__).parent / "resources.json"
OVERDOSE = Path(__file__).parent / "overdose.json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """Telephone numbers: immediate danger, and whom to call or text at any time."""

    emergency: str
    lifeline: str
    lifeline_text: str
    reviewed_on: date


@cache
def countries() -> frozenset[str]:
    """Return the countries whose numbers are known."""
    return frozenset(json.loads(RESOURCES.read_text(encoding="utf-8")))


@cache
def resources(country: str = "US") -> Resources:
    """Return the numbers of a country (ISO 3166-1 alpha-2); 988 is open day and night in the US and Canada."""
    found = json.loads(RESOURCES.read_text(encoding="utf-8"))[country]
    return Resources(**{**found, "reviewed_on": date.fromisoformat(found["reviewed_on"])})


@cache
def overdose_lines(language: str, country: str = "US") -> tuple[str, ...]:
    """Return what whoever used opioids should know at once, in a language or else in English; never in a message."""
    said = json.loads(OVERDOSE.read_text(encoding="utf-8"))
    lines = said.get(language, said["en"])["lines"]
    return tuple(line.format(emergency=resources(country).emergency) for line in lines)


def days_unchecked(*, on: date) -> int:
    """Return for how many days nobody has checked the numbers of the country that was checked longest ago."""
    return max((on - resources(country).reviewed_on).days for country in countries())
