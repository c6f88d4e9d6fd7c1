"""Progress in plain words of a person's language: "you told us …", never a diagnosis and never a judgement."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from functools import cache
from pathlib import Path
from typing import Any

from chalicelib.outreach.wording import spoken_language
from chalicelib.progress.measures import Measure
from chalicelib.progress.series import Point
from chalicelib.progress.trends import Trend

WORDS = Path(__file__).parent / "words.json"

DECIMAL_COMMA = frozenset({"AR", "BO", "CL", "CO", "CR", "EC", "ES", "GQ", "PY", "UY", "VE"})
"""Countries whose Spanish writes 4,2; in the others, as in the United States, it is 4.2 (Unicode CLDR)."""


@cache
def _words() -> Mapping[str, Any]:
    found: Mapping[str, Any] = json.loads(WORDS.read_text(encoding="utf-8"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Tongue:
    """A language of ours as a country writes it: words, dates and numbers."""

    language: str
    country: str = "US"

    @property
    def say(self) -> Mapping[str, Any]:
        """The words."""
        found: Mapping[str, Any] = _words()[spoken_language(self.language)]
        return found

    def number(self, value: Fraction | float) -> str:
        """Return a number with one digit after the point, if it isn't whole."""
        exact = Fraction(value)
        tenths = (Decimal(exact.numerator) / exact.denominator).quantize(Decimal("0.1"), rounding=ROUND_HALF_UP)
        text = f"{tenths:f}".removesuffix(".0")
        has_comma = spoken_language(self.language) == "es" and self.country in DECIMAL_COMMA
        return text.replace(".", ",") if has_comma else text

    def day(self, on: date) -> str:
        """Return a date of this year or last: November 24, 24 de noviembre."""
        return str(self.say["date"]).format(day=on.day, month=self.say["months"][on.month - 1])

    def short_day(self, on: date) -> str:
        """Return the same in little room."""
        return str(self.say["short_date"]).format(day=on.day, month=self.say["short_months"][on.month - 1])


def name_of(measure: Measure) -> str | None:
    """Return under which name the words have a measure; None for what the person is shown in its own question only."""
    if measure.instrument is None:
        return measure.id
    instrument, _, score = measure.id.partition(".")
    if not measure.is_score:
        return None
    return f"total_{instrument[:3]}" if score == "total" else score


def title(measure: Measure, tongue: Tongue) -> str:
    """Return what a measure is called in words to the person."""
    name = name_of(measure)
    return str(tongue.say["titles"][name])


def sentences(found: Trend, tongue: Tongue) -> str:
    """Say how the last weeks compare with those before."""
    name, say = name_of(found.measure) or "", tongue.say
    spans = found.now.last - found.before.last
    said = say[name] if name in {"mood", "craving"} else say["sum"]
    sentence = said[found.direction].format(weeks=say["weeks"][str(spans.days // 7)], about=say["about"].get(name, ""))
    averages = say["averages"].format(
        now=tongue.number(found.now.average),
        before=tongue.number(found.before.average),
        most=found.measure.highest,
    )
    return f"{sentence} {averages}"


def basis(found: Trend, tongue: Tongue) -> str:
    """Say what was compared: over which dates, and how many answers."""
    return str(tongue.say["basis"]).format(
        answers=found.now.answers,
        first=tongue.day(found.now.first),
        last=tongue.day(found.now.last),
        earlier=found.before.answers,
        earlier_first=tongue.day(found.before.first),
        earlier_last=tongue.day(found.before.last),
    )


def how_many(found: Sequence[Point], first: date, last: date, tongue: Tongue) -> str:
    """Say how many answers there are, and over which dates."""
    say = tongue.say["chart"]
    if not found:
        return str(say["none"]).format(first=tongue.day(first), last=tongue.day(last))
    if len(found) == 1:
        return str(say["one"]).format(on=tongue.day(found[0].on))
    return str(say["some"]).format(answers=len(found), first=tongue.day(found[0].on), last=tongue.day(found[-1].on))


def described(found: Sequence[Point], compared: Trend | None, *, first: date, last: date, tongue: Tongue) -> str:
    """Return what a chart shows, in words: how many answers, and the trend where there is one."""
    counted = how_many(found, first, last, tongue)
    return f"{counted} {sentences(compared, tongue)} {basis(compared, tongue)}" if compared else counted


def value_of(point: Point, measure: Measure, tongue: Tongue) -> str:
    """Return an answer in words: 3 of 10, or between 3 and 9 of 24 where questions were left out."""
    if point.value is not None:
        return str(tongue.say["value"]).format(value=point.value, most=measure.highest)
    return str(tongue.say["between"]).format(lowest=point.lowest, highest=point.highest, most=measure.highest)


def counted(name: str, number: int, tongue: Tongue) -> str | None:
    """Say how much was done of something; nothing where it is none."""
    if number == 0:
        return None
    said = tongue.say["done"][name]
    return str(said["one" if number == 1 else "other"]).format(number=number)
