"""What should have come to pass in a run: which occurrences, due when, by what people wanted and when."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import date

from chalicelib.outreach.domain import Standing
from tests.simulation import naive
from tests.simulation.facts import Facts, How, Name, Planned, Wish, Written

DAY = 86400.0

SLACK = 2.1
"""Hosts' clocks are off by up to two seconds."""

STOPPED = frozenset({Standing.ENDED, Standing.NONE})


class Expected:
    """
    The occurrences that must have an answer (``due``), and when each may have fallen due (``possible``).

    Plans ended at ``horizon``; ``counts`` are of what need not have an answer.
    """

    def __init__(self, facts: Facts, written: Mapping[Name, Sequence[Written]], *, horizon: float) -> None:
        self._facts = facts
        self._written = written
        self._horizon = horizon
        self.due: dict[Name, float] = {}
        self.possible: dict[Name, tuple[float, float]] = {}
        self.counts: Counter[str] = Counter()

    def work_out(self) -> None:
        """Work it out, of single occurrences and of every version of each schedule."""
        for single in self._facts.singles:
            if single.since < self._horizon:
                name = single.person, single.kind, single.on
                self.due[name] = single.due_at
                self._may_come(name, single.due_at)
        for (person, kind), plans in self._facts.plans.items():
            latest: date | None = None
            for number, plan in enumerate(plans):
                if plan.how not in {How.EDITED, How.MOVED}:
                    latest = None
                latest = self._expect_of(person, kind, plan, plans[number + 1 :], latest)

    def _expect_of(
        self, person: str, kind: str, plan: Planned, later: Sequence[Planned], latest: date | None
    ) -> date | None:
        """
        Expect what a schedule brings until it is changed; return the local date on which it fell due last.

        ``latest`` is that of the version before: what was sent is not repeated under the same date.
        """
        ends = later[0].since if later else float("inf")
        if plan.wish is None:
            return None
        life = self._facts.lives[person]
        # Whoever isn't reached at all has what a move brought at once skipped, and nothing after that.
        stopped = all(state.standing in STOPPED for state in life.during(plan.since, plan.since))
        certain = not (stopped and plan.how is How.MOVED)
        due = naive.falls_due(plan.wish, after=plan.since, before=min(ends, self._horizon + 6 * DAY))
        for on, at in due:
            name = person, kind, on
            self._may_come(name, at)
            if latest is not None and on <= latest:
                continue
            latest = on
            if certain and at < self._horizon:
                if name not in self._facts.ledger and self._may_be_void(person, kind, on, at, later):
                    self.counts["void: its schedule was edited while it was open"] += 1
                else:
                    self.due.setdefault(name, at)
            answered = self._written[name][0].at if self._written.get(name) else float("inf")
            if any(state.standing in STOPPED for state in life.during(at - SLACK, answered)):
                certain = False
        if later and later[0].how is How.MOVED:
            # What the new zone has behind it already may come at once.
            for on, at in naive.falls_due(plan.wish, after=ends, before=ends + 3 * DAY):
                self._may_come((person, kind, on), min(at, ends))
        return latest

    def _may_come(self, name: Name, at: float) -> None:
        """Note when an occurrence may have fallen due: by one version of its schedule or by another."""
        first, last = self.possible.get(name, (at, at))
        self.possible[name] = min(first, at), max(last, at)

    def _may_be_void(self, person: str, kind: str, on: date, at: float, later: Sequence[Planned]) -> bool:
        """Say whether an open occurrence could lose its row: an edit takes along only the last, and only in time."""
        if not later:
            return False
        edit = later[0]
        if edit.wish is None or edit.how is How.RESTARTED:
            return True
        is_last = not any(
            True for _ in naive.falls_due(self._wish_before(person, kind, edit), after=at, before=edit.since)
        )
        zone = edit.wish.zone
        is_open = naive.closes(kind, on, at, zone) > edit.since
        # Another edit soon after may find it open once more.
        again = len(later) > 1 and later[1].since < edit.since + DAY
        return not (is_last and is_open) or again

    def _wish_before(self, person: str, kind: str, edit: Planned) -> Wish:
        plans = self._facts.plans[person, kind]
        wish = plans[plans.index(edit) - 1].wish
        assert wish is not None
        return wish
