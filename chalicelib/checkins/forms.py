"""
What a check-in asks, as versioned data: `forms/{id}.{version}.json`. A version never changes once people answered it.

A section asks its own questions, or an instrument's in the instrument's words. Of an instrument the first questions may
decide whether the rest is asked (PHQ-2 before PHQ-9). Every question can be left out.
"""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from types import MappingProxyType
from typing import Any

from chalicelib.checkins.instruments import Instrument, Scored, Words, instrument
from chalicelib.errors import Fault

FOLDER = Path(__file__).parent / "forms"
DAILY, WEEKLY = "daily", "weekly"
GOAL_STEP, CHANGE = "goal_step", "change"
"""The question whether the person took a step towards their goals, and its answer that they want others."""

Value = int | str
Values = Mapping[str, Value]
"""What was answered: question id to the option's value, or to a text. What is not in it is missing, never zero."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """One answer that may be chosen."""

    value: Value
    words: Words


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """
    One question: choices, or a text of at most ``length`` characters.

    ``ends``: what the lowest and the highest number of a scale mean. ``after``: it is asked only where the answers to
    these questions add up to so much. ``about``: what of the person's to show beside it, to who signed in (``goals``).
    """

    id: str
    words: Words
    choices: tuple[Choice, ...] = ()
    length: int = 0
    ends: tuple[Words, Words] | None = None
    after: tuple[tuple[str, ...], int] | None = None
    about: str | None = None

    def fault(self, value: object) -> str | None:
        """Return why this can't be an answer; None if it can."""
        if self.length:
            if not isinstance(value, str):
                return "must be a text"
            return f"must be at most {self.length} characters" if len(value) > self.length else None
        values = [choice.value for choice in self.choices]
        if isinstance(value, bool) or not isinstance(value, int | str) or value not in values:
            return f"must be one of {', '.join(map(str, values))}"
        return None

    def is_asked(self, values: Values) -> bool:
        """Say whether it is asked of somebody who answered this so far."""
        if self.after is None:
            return True
        before, least = self.after
        return sum(value for each in before if isinstance(value := values.get(each, 0), int)) >= least


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """Questions that belong together, with why they are asked (``words``: language to title and why)."""

    questions: tuple[Question, ...]
    words: Mapping[str, Mapping[str, str]]
    instrument: Instrument | None = None

    def asks_in(self, language: str) -> bool:
        """Say whether it is there in this language; where an instrument isn't, it is not asked."""
        return self.instrument is None or language in self.instrument.languages


@dataclass(frozen=True, slots=True, kw_only=True)
class Form:
    """A form in one version. ``words``: language to what is said before the questions."""

    id: str
    version: int
    sections: tuple[Section, ...]
    words: Mapping[str, Mapping[str, str]]

    @property
    def questions(self) -> Iterator[Question]:
        """All of its questions, in order."""
        return (question for section in self.sections for question in section.questions)

    def faults(self, values: Mapping[str, object]) -> list[Fault]:
        """Return what is wrong with answers, each under its question's id; an empty answer is none."""
        known = {question.id: question for question in self.questions}
        faults = [
            Fault(field=name, reason=reason)
            for name, value in values.items()
            if (reason := known[name].fault(value) if name in known else "is no question of this form")
        ]
        for section in self.sections if not faults else ():
            one = section.instrument
            if one:
                faults += [
                    Fault(field=f"{one.id}.{fault.field}", reason=fault.reason)
                    for fault in one.faults(_of(one, values))
                ]
        if not faults and not any(value != "" for value in values.values()):
            faults.append(Fault(field="answers", reason="must hold at least one answer"))
        return faults

    def left_to_ask(self, values: Values, *, language: str) -> list[str]:
        """Return the questions that these answers bring up and that were not answered, of sections asked in it."""
        return [
            question.id
            for section in self.sections
            if section.asks_in(language)
            for question in section.questions
            if question.after is not None and question.id not in values and question.is_asked(values)
        ]

    def scored(self, values: Values) -> dict[str, Scored]:
        """Return the scores of its instruments, named ``{instrument}.{score}``."""
        return {
            f"{one.id}.{name}": scored
            for one in (section.instrument for section in self.sections)
            if one
            for name, scored in one.scored(_of(one, values)).items()
        }


def _of(one: Instrument, values: Mapping[str, object]) -> dict[str, int]:
    prefix = f"{one.id}."
    return {
        name.removeprefix(prefix): value
        for name, value in values.items()
        if name.startswith(prefix) and isinstance(value, int)
    }


def versions(form_id: str) -> list[int]:
    """Return the versions that there are of a form, oldest first."""
    return sorted(
        int(file.stem.rpartition(".")[2]) for file in FOLDER.glob("*.json") if file.stem.startswith(f"{form_id}.")
    )


@cache
def form(form_id: str, version: int | None = None, *, reads_item_9: bool = False) -> Form:
    """
    Return a form, the newest version if none is named.

    ``reads_item_9``: somebody reads an answer to item 9 of the PHQ while it comes in; if not, the PHQ-8 is asked.

    :raises KeyError: if there is no such form or version
    """
    known = versions(form_id)
    if not known or version not in {None, *known}:
        raise KeyError(f"there is no form {form_id} in version {version}")
    raw = json.loads((FOLDER / f"{form_id}.{version or known[-1]}.json").read_text(encoding="utf-8"))
    return Form(
        id=raw["id"],
        version=raw["version"],
        sections=tuple(_section(section, reads_item_9=reads_item_9) for section in raw["sections"]),
        words=_by_language(raw),
    )


def _section(raw: dict[str, Any], *, reads_item_9: bool) -> Section:
    if "instrument" not in raw:
        return Section(questions=tuple(map(_question, raw["questions"])), words=_by_language(raw))
    name = raw["instrument"] if reads_item_9 else raw.get("without_item_9", raw["instrument"])
    one = instrument(name)
    first = tuple(f"{name}.{item}" for item in raw.get("first", ()))
    return Section(
        instrument=one,
        words=_by_language(raw),
        questions=tuple(
            Question(
                id=f"{name}.{item.id}",
                words=item.words,
                choices=tuple(Choice(value=option.value, words=option.words) for option in item.options),
                after=(first, raw["rest_from"]) if first and f"{name}.{item.id}" not in first else None,
            )
            for item in one.items
        ),
    )


def _question(raw: dict[str, Any]) -> Question:
    by_language = _by_language(raw)
    words = {language: said["question"] for language, said in by_language.items()}
    if "length" in raw:
        return Question(id=raw["id"], words=words, length=raw["length"])
    if "scale" in raw:
        lowest, highest = raw["scale"]
        ends = tuple({language: said[end] for language, said in by_language.items()} for end in ("lowest", "highest"))
        return Question(
            id=raw["id"],
            words=words,
            choices=tuple(
                Choice(value=number, words=dict.fromkeys(words, str(number))) for number in range(lowest, highest + 1)
            ),
            ends=(ends[0], ends[1]),
        )
    return Question(
        id=raw["id"],
        words=words,
        choices=tuple(
            Choice(value=option["value"], words={language: option[language] for language in words})
            for option in raw["options"]
        ),
        about=raw.get("about"),
    )


def _by_language(raw: dict[str, Any]) -> Mapping[str, Mapping[str, str]]:
    return MappingProxyType({language: raw[language] for language in ("en", "es") if language in raw})
