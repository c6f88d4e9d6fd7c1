"""What somebody answered, said back to them in plain words: "you told us …", with a trend and never a diagnosis."""

import json
from collections.abc import Iterator, Mapping, Sequence
from functools import cache
from pathlib import Path
from statistics import mean
from typing import Any

from chalicelib.checkins.forms import GOAL_STEP, Form
from chalicelib.flags.rules import Number, Told

WORDS = Path(__file__).parent / "told.json"
COMPARED = 7
"""With how many answers before a new one is compared."""

FEWEST = 3
"""With fewer there is no trend to speak of."""

_WHOLE = {"phq2": "total", "gad2": "total"}
"""The first questions of an instrument, and the score of all of them, which says more once it is there."""


@cache
def _words() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(WORDS.read_text(encoding="utf-8"))
    return found


def said_back(history: Sequence[Told], asked: Form, *, language: str) -> list[str]:
    """Return the newest of these answers in sentences, compared with those before it to the same form."""
    say = _words()[language]
    *before, newest = history
    before = [told for told in before if told.form == newest.form]
    return [*_numbers(newest, before, say), *_choices(newest, say), *_scores(newest, before, asked, say)]


def _numbers(newest: Told, before: Sequence[Told], say: Mapping[str, Any]) -> Iterator[str]:
    for name in ("mood", "craving"):
        if name not in newest.numbers:
            continue
        value = newest.numbers[name][0]
        sentence = say[name].format(value=value)
        lately = [told.numbers[name][0] for told in before if name in told.numbers][-COMPARED:]
        if len(lately) >= FEWEST:
            average = mean(lately)
            trend = "same" if abs(value - average) < 1 else "more" if value > average else "less"
            sentence += " " + say[trend].format(before=round(average))
        yield sentence


def _choices(newest: Told, say: Mapping[str, Any]) -> Iterator[str]:
    for name in ("plan", GOAL_STEP):
        if name in newest.choices:
            yield say[name][newest.choices[name]]


def _scores(newest: Told, before: Sequence[Told], asked: Form, say: Mapping[str, Any]) -> Iterator[str]:
    for name, most in _most(asked).items():
        instrument, _, score = name.partition(".")
        whole = f"{instrument}.{_WHOLE.get(score, score)}"
        if name not in newest.numbers or (whole != name and _is_known(newest.numbers.get(whole))):
            continue
        if score in _WHOLE.values() and not _is_known(newest.numbers[name]):
            # Only its first questions were asked: they speak for themselves.
            continue
        about = say["about"][name]
        if not _is_known(newest.numbers[name]):
            yield say["sum_missing"].format(about=about)
            continue
        sentence = say["sum"].format(about=about, value=newest.numbers[name][0], most=most)
        earlier = [told.numbers[name][0] for told in before if _is_known(told.numbers.get(name))]
        yield f"{sentence} {say['sum_before'].format(before=earlier[-1])}" if earlier else sentence


def _most(asked: Form) -> dict[str, int]:
    return {
        f"{one.id}.{score.id}": sum(max(one.item(item_id).values) for item_id in score.items)
        for one in (section.instrument for section in asked.sections)
        if one
        for score in one.scores
    }


def _is_known(number: Number | None) -> bool:
    return number is not None and number[0] == number[1]
