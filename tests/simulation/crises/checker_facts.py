"""The rules of a crisis in figures, and what a checker can tell from the facts of a run (``checker``)."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from tests.simulation.crises.facts import Act, Facts, Held, Member, Press, Shift, Taken
from tests.simulation.weather import Weather

MINUTE, HOUR, DAY = 60.0, 3600.0, 86_400.0

RUNGS = (
    (0.0, ("primary",)),
    (5 * MINUTE, ("primary", "secondary")),
    (10 * MINUTE, ("primary", "secondary", "supervisor")),
    (15 * MINUTE, ("primary", "secondary", "supervisor", "program-admin")),
)
AFTER_NOTHING = (
    (0.0, ("primary", "secondary")),
    (5 * MINUTE, ("primary", "secondary", "supervisor")),
    (10 * MINUTE, ("primary", "secondary", "supervisor", "program-admin")),
)
"""Where who has it tried nothing for a quarter of an hour: it goes on to others from there."""
AGAIN = 15 * MINUTE
"""From the last rung on, so often, until a human says that they have it."""
ATTEMPT_WITHIN = 15 * MINUTE
TRY_AGAIN = 20 * MINUTE
REMIND = 240 * MINUTE
ENDS = frozenset({"resolve", "review", "follow_up"})
"""What is for clinicians and case managers alone."""
SECOND_PERSON = frozenset({"false_alarm", "unreachable"})
FOLLOW_UPS = (24 * HOUR, 72 * HOUR, 7 * DAY)

CALM_LATENESS = 75.0
"""Where nothing fails: a tick, and what it takes."""
LATENESS = 8 * MINUTE
"""Where calls fail now and then, and ticks are lost: several in a row may be."""
RACE = 125.0
"""A delivery that looked just before an acknowledgement still sends: it lives 90 seconds, its provider takes some."""
READ_BEFORE = RACE
"""How long before its page a crisis may have been read."""
FIRST_PAGE_RACE = 95.0
PAGES_A_MINUTE = 2.5
"""Of one crisis to one address at most: one page a minute, and what queues double."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that was broken, about which crisis or call, and how."""

    rule: str
    about: str
    what: str

    def __str__(self) -> str:
        """Say it in a line."""
        return f"{self.rule}: {self.about}: {self.what}"


@dataclass(slots=True)
class Verdict:
    """What the checker has to say."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    first_page: list[float] = field(default_factory=list)
    """Seconds from a call to the first page that a provider took."""
    first_page_in_calm: list[float] = field(default_factory=list)
    to_ack: list[float] = field(default_factory=list)
    lateness: list[float] = field(default_factory=list)
    """Seconds by which a rung's page came after its minute."""
    answers: list[float] = field(default_factory=list)
    """Seconds until a call was answered."""


@dataclass(slots=True, kw_only=True)
class Wait:
    """
    A time in which a crisis waited to be acknowledged: from a call, or from what woke it again, to an ack.

    ``is_forgotten``: it waits since a quarter of an hour after an ack of somebody who then tried nothing.
    """

    begins: float
    ends: float
    answered: bool
    is_forgotten: bool = False


class Judge:
    """One run's facts, and what follows from them."""

    def __init__(
        self,
        facts: Facts,
        *,
        weather: Weather,
        ends: float,
        calm_from: float,
        metrics: dict[str, list[tuple[float, float]]],
    ) -> None:
        self._facts = facts
        self._weather = weather
        self._ends = ends
        self._calm_from = calm_from
        self._metrics = metrics
        self._is_faultless = not weather.storms and not weather.stopped and weather.rate == 0 and not weather.ticks_lost
        self.verdict = Verdict()
        self._pages: dict[str, list[Taken]] = defaultdict(list)
        for taken in facts.taken:
            if taken.crisis:
                self._pages[taken.crisis].append(taken)
        self._by_address = {address: one for one in facts.members.values() for address in one.ways.values()}
        self._strangers = {one.id for one in facts.crises if one.person_id is None}
        self._acts: dict[str, list[Act]] = defaultdict(list)
        for act in facts.acts:
            # Where nobody is on duty all of the staff are paged: whoever was may have it, and give it to somebody.
            act.may = act.may or (act.what not in ENDS and self._was_paged(act)) or self._is_for_all(act)
            self._acts[act.crisis].append(act)
        self._presses: dict[str, list[Press]] = defaultdict(list)
        for press in facts.presses:
            self._presses[press.person_id if press.is_known else ""].append(press)
        self._shifts: dict[str, list[Shift]] = defaultdict(list)
        for shift in facts.shifts:
            self._shifts[shift.programme].append(shift)

    def _was_paged(self, act: Act) -> bool:
        return any(
            page.at <= max(act.sent_at, act.heard_at)
            and (member := self._by_address.get(page.address))
            and member.account == act.who
            for page in self._pages[act.crisis]
        )

    def _is_for_all(self, act: Act) -> bool:
        """Say whether somebody takes a stranger's crisis at their own programme: it is on every programme's board."""
        member = self._facts.members.get(act.who)
        is_theirs = member is not None and member.programme == act.programme
        return act.what == "ack" and is_theirs and act.crisis in self._strangers

    def _say(self, rule: str, about: str, what: str) -> None:
        self.verdict.findings.append(Finding(rule, about, what))

    def _waits(self, crisis: Held) -> Iterator[Wait]:
        """Give the times in which it waited for somebody to say that they have it, by its own log's instants."""
        begins: float | None = None
        tries_by: float | None = None
        for line in crisis.log:
            what, at = line["what"], line["at"]
            if what not in {"page", "follow_up", "close"}:
                if tries_by is not None and at > tries_by:
                    yield Wait(begins=tries_by, ends=at, answered=what == "ack", is_forgotten=True)
                tries_by = (
                    at + ATTEMPT_WITHIN if what in {"ack", "hand_over"} and not self._is_begun(crisis, line) else None
                )
            if (what in {"press", "reopen"} or (what == "review" and line["agreed"] is False)) and begins is None:
                begins = at
            elif what == "ack" and begins is not None:
                yield Wait(begins=begins, ends=at, answered=True)
                begins = None
            elif what == "close":
                begins = None
        if begins is not None:
            yield Wait(begins=begins, ends=self._ends, answered=False)
        if tries_by is not None and tries_by < self._ends:
            yield Wait(begins=tries_by, ends=self._ends, answered=False, is_forgotten=True)

    @staticmethod
    def _is_begun(crisis: Held, line: dict[str, Any]) -> bool:
        """Say whether somebody had tried to reach the person when it was handed over: then that goes on."""
        if line["what"] == "ack":
            return False
        # From hand to hand: what the first of them had begun goes on with the last.
        passed = {"page", "press", "hand_over"}
        before = [one["what"] for one in crisis.log[: line["number"] - 1] if one["what"] not in passed]
        return bool(before) and before[-1] in {"attempt", "contact", "decision"}

    def _expected(self, programme: str, tiers: Iterable[str], at: float) -> Iterator[Member]:
        """Give those who have to be paged for these tiers at an instant, if anything can reach them."""
        on_call = {
            shift.account
            for shift in self._shifts[programme]
            if shift.tier in tiers and shift.starts + 90 <= at and at + LATENESS < shift.ends
        }
        for member in self._facts.members.values():
            if member.programme != programme or not member.living:
                continue
            if member.account in on_call or (member.role in tiers):
                yield member

    def _deadline(self, at: float, member: Member) -> float:
        """Return until when a page of this instant has to be at a provider: later by all that stood still meanwhile."""
        allowed = CALM_LATENESS if self._is_faultless else LATENESS
        by = at + allowed
        for begins, ends in sorted(self._troubles(member)):
            if begins < by and ends > at - MINUTE:
                by = max(by, ends + allowed)
        return by

    def _troubles(self, member: Member) -> Iterator[tuple[float, float]]:
        for storm in self._weather.storms:
            if storm.what in {"*", "table", "queue"} or storm.what in member.ways:
                yield storm.begins, storm.ends
        for what, begins, ends in self._weather.stopped:
            if what in {"*", "tick", "escalate", "deliver"}:
                yield begins, ends

    def _is_calm(self, first: float, last: float) -> bool:
        everything = [(one.begins, one.ends) for one in self._weather.storms]
        everything += [(begins, ends) for _, begins, ends in self._weather.stopped]
        return not any(begins < last + 1 and ends > first - MINUTE for begins, ends in everything)

    def _of_caller(self, crisis: Held) -> list[Press]:
        return self._presses[crisis.person_id or ""]

    def _has_ticks(self, first: float, last: float) -> bool:
        return self._is_calm(first, last)
