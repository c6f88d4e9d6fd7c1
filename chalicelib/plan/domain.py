"""My plan: what somebody wrote down for hours that are hard, in their own words. Versions that never change."""

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import cache
from pathlib import Path

from chalicelib.enrollment.showable import line_fault
from chalicelib.errors import Fault, NotFound
from chalicelib.helplines.domain import Resources
from chalicelib.outreach.wording import spoken_language

WORDS = Path(__file__).parent / "parts.json"

MOST_ENTRIES = 10
"""How many lines a part may have: what is read in a hard hour is short."""

LONGEST_TEXT = 300
LONGEST_PHONE = 30
LONGEST_PLAN = 6_000
"""Characters of all its lines together, so that it is small enough to be kept on any phone."""

_PHONE = re.compile(r"[+*#(]?[0-9][0-9 ().+*#/x-]*")


class Part(StrEnum):
    """What the plan asks, in this order: from what one does alone to whom one calls. Each may be left out."""

    NOTICE_FIRST = "notice_first"
    BY_MYSELF = "by_myself"
    TAKES_MY_MIND_OFF = "takes_my_mind_off"
    PEOPLE_TO_ASK = "people_to_ask"
    PROFESSIONALS = "professionals"
    WHERE_I_AM_SAFER = "where_i_am_safer"


class Hand(StrEnum):
    """Who wrote a version: the person alone, or a member of staff together with them."""

    SELF = "self"
    TOGETHER = "together"


class Made(StrEnum):
    """How a version came about: it was saved, or the one before was read through and is still right."""

    SAVED = "saved"
    REVIEWED = "reviewed"


class NoSuchPlan(NotFound):
    """The person has no plan, or none of that version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One line. ``phone`` is a number to call, for example of a friend who is named in ``text``; empty if none."""

    text: str
    phone: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class MyPlan:
    """
    One version of a person's plan; ``by`` is the account that made it.

    ``version`` counts from 1; 0 is no plan yet.
    """

    person_id: str
    version: int
    parts: Mapping[Part, tuple[Entry, ...]]
    made: Made = Made.SAVED
    hand: Hand = Hand.SELF
    by: str = ""
    at: datetime | None = None

    @property
    def is_empty(self) -> bool:
        """Whether nothing is written in it."""
        return not any(self.parts.values())

    def is_again(self, other: "MyPlan") -> bool:
        """Say whether the other is this one, sent again by the same account."""
        return (self.version, self.parts, self.made, self.hand, self.by) == (
            other.version,
            other.parts,
            other.made,
            other.hand,
            other.by,
        )


def no_plan(person_id: str) -> MyPlan:
    """Return what is there before anything was saved."""
    return MyPlan(person_id=person_id, version=0, parts={})


def faults_in(parts: Mapping[Part, tuple[Entry, ...]], *, names: Mapping[Part, str]) -> list[Fault]:
    """Return everything that is wrong with what a plan shall say; ``names`` is what the caller calls each part."""
    faults = [fault for part, entries in parts.items() for fault in _part_faults(entries, names[part])]
    whole = sum(len(entry.text) for entries in parts.values() for entry in entries)
    if whole > LONGEST_PLAN:
        faults.append(Fault(field="parts", reason=f"are longer than {LONGEST_PLAN} characters together"))
    return faults


def _part_faults(entries: tuple[Entry, ...], name: str) -> Iterator[Fault]:
    if len(entries) > MOST_ENTRIES:
        yield Fault(field=name, reason=f"has more than {MOST_ENTRIES} lines")
    for number, entry in enumerate(entries):
        if fault := _text_fault(entry.text):
            yield Fault(field=f"{name}.{number}.text", reason=fault)
        if entry.phone and (len(entry.phone) > LONGEST_PHONE or not _PHONE.fullmatch(entry.phone)):
            reason = f"must be a telephone number of at most {LONGEST_PHONE} characters"
            yield Fault(field=f"{name}.{number}.phone", reason=reason)


def _text_fault(text: str) -> str | None:
    if not text.strip():
        return "is missing"
    return f"is longer than {LONGEST_TEXT} characters" if len(text) > LONGEST_TEXT else line_fault(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wording:
    """What the plan and its parts are called, and what each asks, in one language."""

    title: str
    intro: str
    now: str
    call: str
    parts: Mapping[Part, tuple[str, str]]


@cache
def wording(language: str) -> Wording:
    """Return the plan's words in a language, or else in English. They are our own, and no published form's."""
    known = json.loads(WORDS.read_text(encoding="utf-8"))
    said = known[spoken_language(language)]
    parts = {part: (said["parts"][part]["title"], said["parts"][part]["asks"]) for part in Part}
    return Wording(title=said["title"], intro=said["intro"], now=said["now"], call=said["call"], parts=parts)


def as_text(plan: MyPlan, *, language: str, numbers: Resources) -> str:
    """Return the plan as plain text to print or keep; the numbers to call stand first, whatever it says."""
    say = wording(language)
    call = ", ".join(dict.fromkeys(number for number in (numbers.emergency, numbers.lifeline) if number))
    blocks = [say.title, f"{say.now} {say.call} {call}."]
    for part in Part:
        entries = plan.parts.get(part, ())
        if entries:
            lines = [f"- {entry.text}{f': {entry.phone}' if entry.phone else ''}" for entry in entries]
            blocks.append("\n".join([say.parts[part][0], *lines]))
    return "\n\n".join(blocks) + "\n"
