"""What supporters read, as data: the notice of 42 CFR 2.32, how to help, what there is for themselves, and lessons."""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.helplines.domain import resources
from chalicelib.outreach.wording import spoken_language

DATA = Path(__file__).parent / "data"


@cache
def _read(name: str) -> Any:  # noqa: ANN401 (JSON)
    return json.loads((DATA / f"{name}.json").read_text(encoding="utf-8"))


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What goes with everything that is shown of a person (42 CFR 2.32): the law's statement, and what it means."""

    statement: str
    lines: tuple[str, ...]


def notice(language: str) -> Notice:
    """Return the notice. It says what kind of record this is, so it stands behind the sign-in and in no message."""
    found = _read("notice")
    return Notice(statement=found["statement"], lines=tuple(found[spoken_language(language)]))


def said(key: str, language: str, **values: object) -> str:
    """Return a sentence with these values in it."""
    return str(_read("words")[spoken_language(language)][key]).format(**values)


def lines(key: str, language: str, *, country: str) -> tuple[str, ...]:
    """Return lines with the numbers of a country in them."""
    numbers = resources(country).spoken(language)
    return tuple(str(line).format(**numbers) for line in _read("words")[spoken_language(language)][key])


def for_yourself(language: str, *, country: str) -> list[Mapping[str, str]]:
    """Return what there is for supporters themselves, where they are: a title and a text each."""
    numbers = resources(country).spoken(language)
    found = _read("words")[spoken_language(language)]["for_yourself"]
    return [
        {"title": one["title"], "text": one["text"].format(**numbers)}
        for one in found
        if one.get("only", country) == country
    ]


def this_week(language: str, *, on: date) -> str:
    """Return how one can help this week: the same for all, and another each week."""
    found: list[str] = _read("weeks")[spoken_language(language)]
    return found[on.isocalendar().week % len(found)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Lesson:
    """A short lesson, with one thing to try."""

    id: str
    minutes: int
    title: str
    body: tuple[str, ...]
    to_try: str


def lessons(language: str, *, country: str) -> list[Lesson]:
    """Return all lessons in the order in which they are meant to be read."""
    numbers = resources(country).spoken(language)
    found = []
    for one in _read("lessons"):
        local = one[spoken_language(language)]
        body = tuple(line.format(**numbers) for line in local["body"])
        lesson = Lesson(id=one["id"], minutes=one["minutes"], title=local["title"], body=body, to_try=local["try"])
        found.append(lesson)
    return found


def next_lesson(learned: Collection[str], language: str, *, country: str) -> Lesson | None:
    """Return the first lesson that somebody hasn't gone through; None if they have all of them."""
    return next((one for one in lessons(language, country=country) if one.id not in learned), None)
