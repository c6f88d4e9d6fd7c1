"""
Says what should have come of every call for help, from what happened outside, and names whatever came otherwise.

It imports nothing of chalicelib: minutes of the ladder, ends that need a second person and terms of follow-ups are
typed in by hand, and who was to be on call is what the rotas were made from.
"""

from __future__ import annotations

from collections import defaultdict

from tests.simulation.crises.checker_calls import Calls
from tests.simulation.crises.checker_facts import (
    LATENESS,
    MINUTE,
    RACE,
    Verdict,
)
from tests.simulation.crises.checker_pages import Pages
from tests.simulation.crises.facts import Held


class Checker(Calls, Pages):
    """All that one run has to keep to."""

    def judge(self) -> Verdict:
        """Look at everything."""
        self._calls()
        for crisis in self._facts.crises:
            self._one(crisis)
        self._outsiders()
        self._looks()
        self._alarms()
        self._celebrations()
        return self.verdict

    def _outsiders(self) -> None:
        """Nobody takes a crisis who has no business to."""
        for act in self._facts.acts:
            self.verdict.counts[f"acts: {act.what}" if act.may else "acts of outsiders"] += 1
            if not act.may and act.done:
                self._say("only who may can take it", act.crisis, f"{act.who}: {act.status}")

    def _looks(self) -> None:
        """Who called is never told more than happened."""
        of_person: dict[str, set[str]] = defaultdict(set)
        for held in self._facts.crises:
            of_person[held.person_id or ""].add(held.id)
        for look in self._facts.looks:
            self.verdict.counts["looks"] += 1
            crisis, stage = look.press.crisis, look.says.get("stage")
            if not crisis or stage in {None, "sent"}:
                continue
            # The app shows a person's present crisis, also where this call was taken as an unknown's.
            shown = {crisis, *look.press.others, *(of_person[look.press.person_id] if look.press.door == "app" else ())}
            acts = [act for one in shown for act in self._acts[one]]
            wanted = {
                "acknowledged": {"ack", "hand_over", "attempt", "contact"},
                "contacted": {"contact"},
                "over": {"resolve", "review"},
            }[stage]
            before = [act for act in acts if act.what in wanted and act.may and act.sent_at <= look.heard_at]
            # A second person who doesn't agree ends nothing.
            before = [act for act in before if act.what != "review" or act.more["agreed"]]
            if not before:
                self._say("nothing is claimed that wasn't", crisis, f"{stage} at {look.heard_at:.0f}")
            name = (look.says.get("by") or "").partition(",")[0]
            names = {self._facts.members[act.who].first_name for act in before if act.who in self._facts.members}
            names |= {self._facts.members[act.more["to"]].first_name for act in before if act.what == "hand_over"}
            if name and name not in names:
                self._say("nothing is claimed that wasn't", crisis, f"{name} has it")

    def _alarms(self) -> None:
        """While nobody has a crisis, the metric that wakes operators says so."""
        seen = self._metrics.get("CrisisUnacked", [])
        for crisis in self._facts.crises:
            for wait in self._waits(crisis):
                for at in (wait.begins + 20 * MINUTE, wait.ends - 10):
                    if not wait.begins + 20 * MINUTE <= at < wait.ends or not self._has_ticks(at - LATENESS, at):
                        continue
                    if not any(at - LATENESS <= when <= at and value > 0 for when, value in seen):
                        self._say("what nobody has alarms", crisis.id, f"at {at:.0f}")

    def _celebrations(self) -> None:
        """Nothing is celebrated while a crisis is open."""
        for taken in self._facts.taken:
            if not any(kind.startswith("milestone") for kind in taken.tells):
                continue
            self.verdict.counts["celebrations"] += 1
            for crisis in self._facts.crises:
                if crisis.person_id == taken.whom and self._was_open(crisis, taken.at):
                    self._say("no celebration into a crisis", crisis.id, taken.name)

    def _was_open(self, crisis: Held, at: float) -> bool:
        """Say whether it was open for longer than a delivery takes, and is for as long."""
        state = False
        for line in crisis.log:
            if line["at"] > at - RACE:
                break
            if line["what"] in {"press", "reopen"} or (line["what"] == "review" and line["agreed"] is False):
                state = True
            elif line["what"] == "disposition":
                state = False
        ends = [line["at"] for line in crisis.log if line["what"] == "disposition" and line["at"] > at - RACE]
        return state and not any(one < at + RACE for one in ends)
