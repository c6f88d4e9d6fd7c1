"""
Questionnaires and their scores, as data: `instruments/*.json`, each with its source and licence (docs/instruments.md).

A score is a sum of answers. What was left out is missing, never zero: without it there is no score, only how low and
how high it could be. A score says nothing of what somebody has.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType

from chalicelib.errors import Fault

FOLDER = Path(__file__).parent / "instruments"

Words = Mapping[str, str]
"""A text in each language that it is there in: ISO 639-1 code to text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Option:
    """One answer that may be chosen, and what it counts."""

    value: int
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """One question of an instrument, in the instrument's own words."""

    id: str
    words: Words
    options: tuple[Option, ...]

    @property
    def values(self) -> tuple[int, ...]:
        """What its answers count, in their order."""
        return tuple(option.value for option in self.options)


@dataclass(frozen=True, slots=True, kw_only=True)
class Band:
    """A published name for scores of ``lowest`` and more, up to the next band."""

    lowest: int
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """A sum of some items. ``bands`` are in rising order; a subscale without published ones has none."""

    id: str
    items: tuple[str, ...]
    bands: tuple[Band, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Scored:
    """
    What came of a score: it lies from ``lowest`` to ``highest``, which are the same where nothing is missing.

    ``band`` is the name of the band that it lies in, where both ends lie in the same.
    """

    lowest: int
    highest: int
    missing: tuple[str, ...]
    band: str | None

    @property
    def value(self) -> int | None:
        """The score; None where an answer is missing."""
        return None if self.missing else self.lowest


@dataclass(frozen=True, slots=True, kw_only=True)
class Instrument:
    """
    A questionnaire in one version. Answers of different instruments or versions are never compared.

    ``leads_to``: an answer by which the instrument itself says the answer to others ("if 0, skip to 6").
    ``at_most``: pairs of items of which the first can't count more than the second.
    """

    id: str
    version: int
    title: str
    licence: str
    source: str
    intro: Words
    items: tuple[Item, ...]
    leads_to: tuple[tuple[str, int, Mapping[str, int]], ...]
    at_most: tuple[tuple[str, str], ...]
    scores: tuple[Score, ...]

    @property
    def languages(self) -> frozenset[str]:
        """The languages in which all of it is there."""
        return frozenset.intersection(
            *(frozenset(words) for item in self.items for words in (item.words, *(o.words for o in item.options))),
            frozenset(self.intro),
        )

    def item(self, item_id: str) -> Item:
        """
        Return one of its items.

        :raises KeyError: if it has none of this name
        """
        for item in self.items:
            if item.id == item_id:
                return item
        raise KeyError(f"{self.id} has no item {item_id}")

    def faults(self, answers: Mapping[str, int]) -> list[Fault]:
        """Return what is wrong with answers: an unknown item, a value that none of its options has, a contradiction."""
        known = {item.id: item.values for item in self.items}
        faults = [
            Fault(field=item_id, reason="is no question of this form")
            if item_id not in known
            else Fault(field=item_id, reason=f"must be one of {', '.join(map(str, known[item_id]))}")
            for item_id, value in answers.items()
            if value not in known.get(item_id, ())
        ]
        if faults:
            return faults
        told = self.completed(answers)
        return [
            Fault(field=item_id, reason=f"can't be more than the answer to {of}")
            for item_id, of in self.at_most
            if item_id in answers and of in told and answers[item_id] > told[of]
        ]

    def completed(self, answers: Mapping[str, int]) -> dict[str, int]:
        """Return the answers with those that the instrument says itself; what was answered stays as it was."""
        told = dict(answers)
        for item_id, value, others in self.leads_to:
            if answers.get(item_id) == value:
                told = {**others, **told}
        return told

    def scored(self, answers: Mapping[str, int]) -> dict[str, Scored]:
        """Return each score that at least one of its items was answered for."""
        told = self.completed(answers)
        return {score.id: self._scored(score, told) for score in self.scores if told.keys() & set(score.items)}

    def _scored(self, score: Score, told: Mapping[str, int]) -> Scored:
        missing = tuple(item_id for item_id in score.items if item_id not in told)
        sum_told = sum(told[item_id] for item_id in score.items if item_id in told)
        lowest = sum_told + sum(min(self.item(item_id).values) for item_id in missing)
        highest = sum_told + sum(max(self.item(item_id).values) for item_id in missing)
        band = _band(score, lowest)
        return Scored(
            lowest=lowest,
            highest=highest,
            missing=missing,
            band=band if band == _band(score, highest) else None,
        )


def _band(score: Score, value: int) -> str | None:
    return next((band.name for band in reversed(score.bands) if value >= band.lowest), None)


def names() -> list[str]:
    """Return the ids of all instruments."""
    return sorted(file.stem for file in FOLDER.glob("*.json"))


@cache
def instrument(name: str) -> Instrument:
    """
    Return an instrument.

    :raises KeyError: if there is none of this name
    """
    if name not in names():
        raise KeyError(f"there is no instrument {name}")
    raw = json.loads((FOLDER / f"{name}.json").read_text(encoding="utf-8"))
    scales = {
        scale: tuple(Option(value=option.pop("value"), words=MappingProxyType(option)) for option in options)
        for scale, options in raw["scales"].items()
    }
    return Instrument(
        id=raw["id"],
        version=raw["version"],
        title=raw["title"],
        licence=raw["licence"],
        source=raw["source"],
        intro=MappingProxyType(raw["intro"]),
        items=tuple(
            Item(id=item.pop("id"), options=scales[item.pop("scale")], words=MappingProxyType(item))
            for item in raw["items"]
        ),
        leads_to=tuple((rule["if"], rule["is"], MappingProxyType(rule["then"])) for rule in raw["leads_to"]),
        at_most=tuple((rule["item"], rule["of"]) for rule in raw["at_most"]),
        scores=tuple(
            Score(
                id=score["id"],
                items=tuple(score["items"]),
                bands=tuple(Band(lowest=band["from"], name=band["name"]) for band in score.get("bands", ())),
            )
            for score in raw["scores"]
        ),
    )
