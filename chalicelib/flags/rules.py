"""
When somebody has to look at a person: rules over what is known of them, as data (`rules.json`, docs/rules.md).

A rule holds only where it would whatever the missing answers were: what was left out is missing, never zero. A rule
says that a person of the team looks, and never what somebody has.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from functools import cache
from itertools import takewhile
from pathlib import Path
from typing import Any

from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Severity

DEFAULTS = Path(__file__).parent / "rules.json"

Number = tuple[int, int]
"""How low and how high a number could be; both the same where nothing is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    One check-in as rules see it: numbers by the name of their question or score, choices by their question.

    ``at``: when it was answered.
    """

    on: date
    form: str
    at: datetime
    numbers: Mapping[str, Number]
    choices: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What staff noted of a session and a person: whether they ``came``, or else whether they had told before."""

    on: date
    kind: str
    came: bool
    told_before: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class History:
    """
    What is known when a check-in comes in, or doesn't, or attendance is noted.

    ``told``: the answers of the last weeks, oldest first, the newest last. ``missed``: how many check-ins in a row, up
    to the last one whose time is over, were sent and not answered. What we failed to send is none of them.

    ``sessions``: what was noted, oldest first, up to the one that is looked at. ``unattended``: for how many days none
    was attended, while some were held and noted.
    """

    told: Sequence[Told] = ()
    missed: int = 0
    sessions: Sequence[Noted] = ()
    unattended: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """The newest answer, or score, is a choice, or at least or at most a number."""

    of: str
    is_: str | None = None
    at_least: int | None = None
    at_most: int | None = None

    def because(self, history: History) -> str | None:
        """Return what it holds for, in figures; None if it doesn't hold."""
        newest = history.told[-1] if history.told else None
        if newest is None:
            return None
        if self.is_ is not None:
            return f"{self.of}={self.is_}" if newest.choices.get(self.of) == self.is_ else None
        return _figure(self.of, newest) if self._fits(newest.numbers.get(self.of)) else None

    def _fits(self, number: Number | None) -> bool:
        if number is None:
            return False
        low, high = number
        return (self.at_least is None or low >= self.at_least) and (self.at_most is None or high <= self.at_most)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ran:
    """An answer was at least so much on so many dates in a row, up to the newest."""

    of: str
    at_least: int
    days: int

    def because(self, history: History) -> str | None:
        """Return what it holds for, in figures; None if it doesn't hold."""
        with_it = [told for told in history.told if self.of in told.numbers]
        if not with_it or with_it[-1] is not history.told[-1]:
            return None
        last = with_it[-1].on
        by_date = {told.on: told for told in with_it}
        row = [by_date.get(last - timedelta(days=back)) for back in reversed(range(self.days))]
        if any(told is None or told.numbers[self.of][0] < self.at_least for told in row):
            return None
        return ", ".join(_figure(self.of, told) for told in row if told)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rose:
    """The newest is so much more than the last before that lacks no answer, or than any within so many hours before."""

    of: str
    by: int
    hours: int | None = None

    def because(self, history: History) -> str | None:
        """Return what it holds for, in figures; None if it doesn't hold."""
        with_it = [told for told in history.told if self.of in told.numbers]
        if len(with_it) < 2 or with_it[-1] is not history.told[-1]:  # noqa: PLR2004 (one to compare with another)
            return None
        *before, newest = with_it
        if self.hours is None:
            before = [told for told in before if len(set(told.numbers[self.of])) == 1][-1:]
        else:
            before = [told for told in before if newest.at - told.at <= timedelta(hours=self.hours)]
        lowest = min(before, key=lambda told: told.numbers[self.of][1], default=None)
        if lowest is None or newest.numbers[self.of][0] - lowest.numbers[self.of][1] < self.by:
            return None
        return f"{_figure(self.of, lowest)}, {_figure(self.of, newest)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Missed:
    """So many check-ins in a row were not answered."""

    in_a_row: int

    def because(self, history: History) -> str | None:
        """Return what it holds for, in figures; None if it doesn't hold."""
        return f"missed={history.missed}" if history.missed >= self.in_a_row else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Absent:
    """
    A session (``of`` a kind, else of any) was missed without notice, so many in a row; each so many-th counts anew.

    Who had told before was excused: that session neither counts nor ends the row. What nobody noted isn't there.
    """

    of: str | None = None
    in_a_row: int = 1

    def because(self, history: History) -> str | None:
        """Return what it holds for, in figures; None if it doesn't hold."""
        of_kind = [one for one in history.sessions if self.of in {None, one.kind} and not one.told_before]
        if not of_kind or of_kind[-1] is not history.sessions[-1]:
            return None
        row = list(takewhile(lambda one: not one.came, reversed(of_kind)))
        if not row or len(row) % self.in_a_row:
            return None
        return f"absent={len(row)} ({of_kind[-1].kind}, {of_kind[-1].on})"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattended:
    """No session was attended for so many days, and one at least was held and noted in them."""

    days: int

    def because(self, history: History) -> str | None:
        """Return what it holds for, in figures; None if it doesn't hold."""
        return f"unattended={history.unattended} days" if history.unattended >= self.days else None


Condition = Answered | Ran | Rose | Missed | Absent | Unattended


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """
    By when: so many hours that pass, or so many hours of working time, or the end of so many working days.

    No working days: the same one's end; what comes up when nobody works, when they begin again.
    """

    hours: float | None = None
    working_hours: float | None = None
    working_days: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One row of the table."""

    id: str
    when: Condition
    severity: Severity
    owner: Role
    within: Within


@dataclass(frozen=True, slots=True, kw_only=True)
class Raised:
    """A rule that holds, and the figures that it holds for."""

    rule: Rule
    because: str


def raised(rules: Sequence[Rule], history: History) -> Iterator[Raised]:
    """Give the rules that hold, in the order of the table."""
    for rule in rules:
        because = rule.when.because(history)
        if because is not None:
            yield Raised(rule=rule, because=because)


def _figure(name: str, told: Told) -> str:
    low, high = told.numbers[name]
    number = str(low) if low == high else f"{low} to {high}"
    return f"{name}={number} ({told.on})"


_CONDITIONS: Mapping[str, type[Condition]] = {
    "answered": Answered,
    "ran": Ran,
    "rose": Rose,
    "missed": Missed,
    "absent": Absent,
    "unattended": Unattended,
}


def rule_of(raw: Mapping[str, Any]) -> Rule:
    """Return a row of the table from its JSON (whose shape was checked)."""
    [(kind, facts)] = raw["when"].items()
    return Rule(
        id=raw["id"],
        when=_CONDITIONS[kind](**{"is_" if name == "is" else name: value for name, value in facts.items()}),
        severity=Severity(raw["severity"]),
        owner=Role(raw["owner"]),
        within=Within(**raw["within"]),
    )


def written(rule: Rule) -> dict[str, Any]:
    """Return a row of the table as JSON; ``rule_of`` reads it back."""
    kind = next(name for name, condition in _CONDITIONS.items() if isinstance(rule.when, condition))
    return {
        "id": rule.id,
        "when": {kind: {name.removesuffix("_"): value for name, value in _given(rule.when)}},
        "severity": rule.severity.value,
        "owner": rule.owner.value,
        "within": dict(_given(rule.within)),
    }


def _given(one: Condition | Within) -> Iterator[tuple[str, Any]]:
    return ((name, value) for name, value in asdict(one).items() if value is not None)


@cache
def defaults() -> tuple[Rule, ...]:
    """Return the table that a programme begins with."""
    return tuple(map(rule_of, json.loads(DEFAULTS.read_text(encoding="utf-8"))))
