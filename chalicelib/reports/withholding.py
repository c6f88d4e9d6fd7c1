"""
What is not shown, so that no figure points at anybody (domain rule 4.4: cells under 11 are suppressed).

A cell counts people. One that counts fewer than ``SMALLEST_CELL`` is withheld, none included: were none shown, what is
withheld would be known to be somebody. Docs and reasons: docs/reports.md.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from math import inf
from statistics import median_high

from chalicelib.privacy.domain import SMALLEST_CELL

ROUNDED_TO = 5
"""Counts are shown to the nearest five: two reports that overlap don't tell by their difference how many there were."""

FEWEST_SHOWN = 15
"""The least count that is shown: as 10, eleven and twelve would be told from each other by two reports."""

LEAST_HIDDEN = 2
"""Parts that are withheld where their sum is shown: of one alone the sum would tell."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Share:
    """How many of a hundred: a number, or only that it is more, or less, than so many."""

    percent: int | None = None
    over: int | None = None
    under: int | None = None


def is_shown(people: int, *, smallest: int = SMALLEST_CELL) -> bool:
    """Say whether a cell that counts so many people is shown."""
    return people >= smallest


def rounded(number: float, *, to: int = ROUNDED_TO) -> int:
    """Return the nearest multiple, halves upwards."""
    return int((number + to / 2) // to) * to


def count(people: int) -> int | None:
    """Return how many people there are, to the nearest five; None where it is withheld. 15 is the least: 11 to 17."""
    return max(FEWEST_SHOWN, rounded(people)) if is_shown(people) else None


def withheld(parts: Mapping[str, int], *, smallest: int = SMALLEST_CELL) -> tuple[frozenset[str], bool]:
    """
    Return which parts of a sum are withheld, and whether the sum is shown.

    Besides those that are too small others are withheld, the last by name first, until two are, and they count enough
    together: else the sum less what is shown would give them away. Which ones doesn't depend on their size, from which
    one could infer it. Where that can't be, the sum isn't shown.
    """
    hidden = {name for name, people in parts.items() if not is_shown(people, smallest=smallest)}
    whole = sum(parts.values())
    if not is_shown(whole, smallest=smallest):
        return frozenset(parts), False
    if not hidden:
        return frozenset(), True
    for name in sorted(parts.keys() - hidden, reverse=True):
        if _is_safe(hidden, parts, smallest):
            break
        hidden.add(name)
    return frozenset(hidden), _is_safe(hidden, parts, smallest)


def _is_safe(hidden: set[str], parts: Mapping[str, int], smallest: int) -> bool:
    # Parts that are all as large as parts that are too small can be would be known by their sum.
    together = sum(parts[name] for name in hidden)
    return len(hidden) >= LEAST_HIDDEN and together >= smallest and together != len(hidden) * (smallest - 1)


def share(some: int, of: int) -> Share | None:
    """
    Return how many percent ``some`` people are ``of`` others; None where it is withheld.

    It is two cells, those who are and those who aren't. Where only one of them is too small, a bound is told that says
    no more than that it is; where both are, nothing.
    """
    others = of - some
    if not is_shown(of) or not (is_shown(some) or is_shown(others)):
        return None
    if is_shown(some) and is_shown(others):
        return Share(percent=round(100 * some / of))
    return Share(over=_bound(of)) if is_shown(some) else Share(under=100 - _bound(of))


def _bound(of: int) -> int:
    """Return a multiple of five that more than so many percent are in any case, by no more than what is shown."""
    fewest = SMALLEST_CELL if count(of) == FEWEST_SHOWN else rounded(of) - ROUNDED_TO // 2
    percent = 100 * (fewest - SMALLEST_CELL + 1) / fewest
    return max(0, int((percent - 1) // ROUNDED_TO) * ROUNDED_TO)


def rate(some: int, of: int, *, people: int) -> int | None:
    """Return how many percent of events some are, to the nearest five; None where too few people are behind them."""
    return rounded(100 * some / of) if of and is_shown(people) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Middle:
    """A median in whole hours; None: it hasn't happened yet for half or more."""

    hours: int | None


def middle(hours: Sequence[float | None], *, people: int) -> Middle | None:
    """
    Return the median; None where too few people are behind it.

    What hasn't happened yet counts as later than everything that has: left out, it would make us look quick.
    """
    if not is_shown(people) or not hours:
        return None
    found = median_high(inf if one is None else one for one in hours)
    return Middle(hours=None if found == inf else round(found))
