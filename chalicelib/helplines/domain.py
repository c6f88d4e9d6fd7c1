"""Whom to call in the worst hour, and what to know. Kept as data with the date on which somebody last checked it."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from functools import cache
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
RESOURCES = HERE / "resources.json"
OVERDOSE = HERE / "overdose.json"
WORDS = HERE / "words.json"


class Kind(StrEnum):
    """For whom, or for what, a line is."""

    CRISIS = "crisis"
    SPANISH = "spanish"
    VETERANS = "veterans"
    LGBTQ_YOUTH = "lgbtq_youth"
    POISON = "poison"
    REFERRAL = "referral"
    """Says where to find treatment; nobody there is a crisis counsellor."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """
    One line, under its own name. What it hasn't is empty.

    ``press`` is the key to press once it answers, ``keyword`` what to write in a text, ``chat`` a host to open.
    """

    kind: Kind
    name: str
    languages: tuple[str, ...]
    call: str = ""
    press: str = ""
    text: str = ""
    keyword: str = ""
    chat: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Resources:
    """
    A country's numbers: immediate danger, whom to call (and text, where that takes no keyword) at any time, and more.

    All are empty for a country whose numbers aren't known. ``called``: somebody rang the numbers to check them, instead
    of reading them in the publication of ``source``.
    """

    country: str
    emergency: str = ""
    lifeline: str = ""
    lifeline_text: str = ""
    reviewed_on: date | None = None
    source: str = ""
    called: bool = False
    services: tuple[Service, ...] = ()

    @property
    def is_known(self) -> bool:
        """Whether there are any numbers for this country."""
        return bool(self.emergency)

    def spoken(self, language: str) -> dict[str, str]:
        """
        Return what pages and answers say of whom to call, in a language or else in English.

        ``now`` and ``open`` are whole sentences; ``reach`` ("call or text 988") and ``emergency`` ("911") parts of one.
        """
        words = _words(language)
        if not self.is_known:
            unknown = {name: str(words[f"{name}_unknown"]) for name in ("reach", "emergency", "now")}
            return unknown | {"open": ""}
        how = "reach"
        if self.lifeline_text:
            how = "reach_text" if self.lifeline_text == self.lifeline else "reach_text_other"
        filled = {"lifeline": self.lifeline, "lifeline_text": self.lifeline_text, "emergency": self.emergency}
        filled["reach"] = str(words[how]).format_map(filled)
        spanish = next((one for one in self.services if one.kind is Kind.SPANISH), None)
        press = str(words["press_spanish"]).format(press=spanish.press) if spanish else ""
        now = f"{words['now']} {press}".strip().format_map(filled)
        return {
            "reach": filled["reach"],
            "emergency": self.emergency,
            "now": now,
            "open": str(words["open"]).format_map(filled),
        }


@cache
def _known() -> Mapping[str, Resources]:
    found = json.loads(RESOURCES.read_text(encoding="utf-8"))
    return {country: _read(country, raw) for country, raw in found.items()}


def _read(country: str, raw: Mapping[str, Any]) -> Resources:
    services = tuple(
        Service(**{**one, "kind": Kind(one["kind"]), "languages": tuple(one["languages"])}) for one in raw["services"]
    )
    reviewed_on = date.fromisoformat(raw["reviewed_on"])
    return Resources(**{**raw, "country": country, "reviewed_on": reviewed_on, "services": services})


def countries() -> frozenset[str]:
    """Return the countries whose numbers are known."""
    return frozenset(_known())


def resources(country: str = "US") -> Resources:
    """Return the numbers of a country (ISO 3166-1 alpha-2); empty ones, never another's, where none are known."""
    return _known().get(country) or Resources(country=country)


def kind_name(kind: Kind, language: str) -> str:
    """Return what a kind of line is for, in a language or else in English."""
    return str(_words(language)["kinds"][kind])


def _words(language: str) -> Mapping[str, Any]:
    return _said(WORDS, language)


@cache
def _said(file: Path, language: str) -> Mapping[str, Any]:
    """Return what a file says in a language (BCP 47: ``es-MX`` is Spanish), or else in English."""
    known: dict[str, Mapping[str, Any]] = json.loads(file.read_text(encoding="utf-8"))
    return known.get(language.replace("_", "-").partition("-")[0].lower()) or known["en"]


@cache
def overdose_lines(language: str, country: str = "US") -> tuple[str, ...]:
    """Return what whoever used opioids should know at once, in a language or else in English; never in a message."""
    lines = _said(OVERDOSE, language)["lines"]
    return tuple(line.format(emergency=resources(country).spoken(language)["emergency"]) for line in lines)


def days_unchecked(*, on: date) -> int:
    """Return for how many days nobody has checked the numbers of the country that was checked longest ago."""
    return max((on - known.reviewed_on).days for known in _known().values() if known.reviewed_on)
