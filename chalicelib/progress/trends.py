"""
How answers of the last weeks compare with those of as many weeks before: higher, lower, or about the same.

Averages of what was answered, never a judgement. Where there are too few answers nothing is compared.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from fractions import Fraction

from chalicelib.checkins.forms import DAILY, WEEKLY
from chalicelib.progress.measures import Measure
from chalicelib.progress.series import Point

COMPARED = {DAILY: timedelta(weeks=2), WEEKLY: timedelta(weeks=4)}
"""How long the time is that is compared with as long a time before it, by the form that asks."""

FEWEST = {DAILY: 5, WEEKLY: 3}
"""With fewer whole answers in either of the two times there is no trend to speak of."""

LEAST_PART = 10
"""Averages that differ by less than this part of the scale are about the same: one point of ten."""

LONGEST = 2 * max(COMPARED.values())
"""How far back a trend looks."""


class Direction(StrEnum):
    """How the later average lies to the one before."""

    HIGHER = "higher"
    LOWER = "lower"
    SAME = "same"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """The answers from one date to another, both included: how many there are, and their average."""

    first: date
    last: date
    answers: int
    average: Fraction


@dataclass(frozen=True, slots=True, kw_only=True)
class Trend:
    """``now`` compared with ``before``."""

    measure: Measure
    now: Span
    before: Span

    @property
    def direction(self) -> Direction:
        """Which way, if the difference is worth a word."""
        difference = self.now.average - self.before.average
        if abs(difference) * LEAST_PART < self.measure.highest - self.measure.lowest:
            return Direction.SAME
        return Direction.HIGHER if difference > 0 else Direction.LOWER


def trend(found: Iterable[Point], *, measure: Measure, today: date) -> Trend | None:
    """
    Return how the last weeks up to ``today`` compare with those before; None where there are too few answers.

    Only whole answers that nobody disputes are compared: what was left out stays out of both. What is asked only after
    certain answers is known of some weeks alone, so it isn't compared.
    """
    if not measure.is_always_asked:
        return None
    length = COMPARED[measure.form]
    kept = [point for point in found if point.value is not None and not point.disputed]
    now = _span(kept, last=today, length=length)
    before = _span(kept, last=today - length, length=length)
    if now is None or before is None or min(now.answers, before.answers) < FEWEST[measure.form]:
        return None
    return Trend(measure=measure, now=now, before=before)


def _span(kept: Iterable[Point], *, last: date, length: timedelta) -> Span | None:
    first = last - length + timedelta(days=1)
    values = [point.lowest for point in kept if first <= point.on <= last]
    if not values:
        return None
    return Span(first=first, last=last, answers=len(values), average=Fraction(sum(values), len(values)))
