"""Whether somebody was paged for a crisis in time, and as long as nobody had it (``checker``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator

from tests.simulation.crises.checker_facts import (
    AFTER_NOTHING,
    AGAIN,
    CALM_LATENESS,
    HOUR,
    LATENESS,
    MINUTE,
    PAGES_A_MINUTE,
    RUNGS,
    Wait,
)
from tests.simulation.crises.checker_log import Log
from tests.simulation.crises.facts import Held, Taken


class Pages(Log):
    """One crisis, from its first call on."""

    def _one(self, crisis: Held) -> None:
        counts = self.verdict.counts
        counts["crises"] += 1
        counts[f"crises: {crisis.state}"] += 1
        acts, pages = self._acts[crisis.id], sorted(self._pages[crisis.id], key=lambda one: one.at)
        counts["pages taken"] += len(pages)
        opened = crisis.log[0]["pressedAt"]
        sent = min((one.tries[0].sent_at for one in self._facts.presses if one.crisis == crisis.id), default=opened)
        if pages:
            waited = pages[0].at - sent
            if self._is_calm(sent, pages[0].at):
                self.verdict.first_page_in_calm.append(waited)
            self.verdict.first_page.append(waited)
        elif opened < self._ends - HOUR and any(self._expected(crisis.programme, RUNGS[-1][1], opened)):
            self._say("somebody is paged", crisis.id, "nobody ever was")
        if not any(act.what == "ack" and act.done for act in acts) and not crisis.owner:
            counts["crises that nobody acknowledged"] += 1
        waits = list(self._waits(crisis))
        for wait in waits:
            if wait.is_forgotten:
                counts["owners who did nothing for a quarter of an hour"] += 1
            elif wait.answered:
                self.verdict.to_ack.append(wait.ends - wait.begins)
            self._ladder(crisis, wait, pages)
            self._called_again(crisis, wait, pages)
        self._quiet(crisis, acts, pages)
        self._owners(crisis, acts)
        self._log_is_true(crisis, acts)
        self._ended_by_people(crisis, acts)
        self._rate(crisis, pages)
        self._calls_on(crisis, pages)
        if crisis.state in {"open", "paged"}:
            self._still_escalating(crisis, waits, pages)

    def _ladder(self, crisis: Held, wait: Wait, pages: list[Taken]) -> None:
        """Whoever is on call at a rung is paged by it, in time."""
        for number, (after, tiers) in enumerate(self._rungs(wait)):
            at = wait.begins + after
            # Who was paged within the last minute is paged anew by the look a minute after that.
            at_last = max(at, min(self._paged_before(crisis, wait) + MINUTE, wait.begins + MINUTE))
            for member in self._expected(crisis.programme, tiers, at):
                by = self._deadline(at_last, member)
                if by >= wait.ends:
                    continue
                came = [one.at for one in pages if one.address in member.living and at - 5 <= one.at <= by]
                if not came:
                    rule = "the first page is in time" if number == 0 else "escalations are in time"
                    self._say(rule, crisis.id, f"{member.account} ({member.role}), rung {number}, {tiers[-1]}")
                elif number < 4:
                    self.verdict.lateness.append(max(0.0, came[0] - at))

    @staticmethod
    def _paged_before(crisis: Held, wait: Wait) -> float:
        """Return when whoever is on duty was last paged before a wait, as far as its log knows."""
        last, called = 0.0, 0.0
        for line in crisis.log:
            if line["at"] >= wait.begins:
                break
            if line["what"] == "page":
                last, called = line["at"], 0.0
            elif line["what"] in {"press", "reopen"}:
                called = called or line["at"]
            elif line["what"] == "ack" and called:
                # Who was so quick that the log doesn't have the page of that call.
                last, called = max(last, called), 0.0
        return last

    def _calls_on(self, crisis: Held, pages: list[Taken]) -> None:
        """However many take it in turn, whoever is on duty is paged as long as somebody calls on and on."""
        calls = [line["at"] for line in crisis.log if line["what"] == "press"]
        for number, first in enumerate(calls):
            ends = first
            for at in calls[number + 1 :]:
                if at - ends > MINUTE:
                    break
                ends = at
            for member in self._expected(crisis.programme, ("primary",), first):
                by = self._deadline(first + 2 * MINUTE, member)
                if by < ends and not any(first - 2 <= page.at <= by for page in pages if page.address in member.living):
                    self._say("who calls on pages on", crisis.id, f"{member.account} from {first:.0f}")
                    return

    def _called_again(self, crisis: Held, wait: Wait, pages: list[Taken]) -> None:
        """Who calls again while nobody has it is paged for again."""
        for line in crisis.log:
            at = line["at"]
            if line["what"] != "press" or not wait.begins + 5 < at < wait.ends:
                continue
            for member in self._expected(crisis.programme, ("primary",), at):
                by = self._deadline(at + MINUTE, member)
                if by < wait.ends and not any(at - 2 <= one.at <= by for one in pages if one.address in member.living):
                    self._say("a second call pages again", crisis.id, f"{member.account} at {at:.0f}")

    def _rungs(self, wait: Wait) -> Iterator[tuple[float, tuple[str, ...]]]:
        rungs = AFTER_NOTHING if wait.is_forgotten else RUNGS
        yield from rungs
        after = rungs[-1][0] + AGAIN
        while wait.begins + after < wait.ends and after < 10 * AGAIN:
            yield after, rungs[-1][1]
            after += AGAIN

    def _rate(self, crisis: Held, pages: list[Taken]) -> None:
        """However often somebody calls, who is paged can still work."""
        of_each: dict[str, list[float]] = defaultdict(list)
        for page in pages:
            of_each[page.address].append(page.at)
        for address, times in of_each.items():
            most = _most_within(times, 10 * MINUTE)
            self.verdict.counts["most pages of a crisis to an address in ten minutes"] = max(
                most, self.verdict.counts["most pages of a crisis to an address in ten minutes"]
            )
            if most > 10 * PAGES_A_MINUTE:
                self._say("the rate of pages is bounded", crisis.id, f"{most} in ten minutes to {address}")

    def _still_escalating(self, crisis: Held, waits: list[Wait], pages: list[Taken]) -> None:
        """Whoever has no answer yet is still paged for."""
        wait = waits[-1] if waits else None
        if wait is None or wait.answered or self._ends - wait.begins < MINUTE * 2:
            return
        self.verdict.counts["crises still escalating in the end"] += 1
        if not any(self._expected(crisis.programme, RUNGS[-1][1], self._ends - LATENESS - 90)):
            return
        within = AGAIN + CALM_LATENESS if self._ends - wait.begins > 15 * MINUTE else 5 * MINUTE + CALM_LATENESS
        if not any(page.at > self._ends - within for page in pages):
            self._say("what nobody has goes on", crisis.id, "no page in the last quarter of an hour")


def _most_within(times: list[float], seconds: float) -> int:
    times = sorted(times)
    most = first = 0
    for last, at in enumerate(times):
        while times[first] < at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
