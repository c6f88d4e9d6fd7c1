"""Whether each call for help was kept, answered and told apart (``checker``)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import Any

from tests.simulation.crises.checker_facts import (
    HOUR,
    MINUTE,
    Judge,
)
from tests.simulation.crises.facts import Press


class Calls(Judge):
    """None is lost, none is refused, and each is answered."""

    def _calls(self) -> None:  # noqa: C901, PLR0912 (a branch per rule)
        """None is lost, none is refused, and each is answered."""
        lines: dict[str, list[tuple[float, str]]] = defaultdict(list)
        for crisis in self._facts.crises:
            for line in crisis.log:
                if line["what"] == "press":
                    lines[crisis.person_id or ""].append((line["pressedAt"], crisis.id))
        used: set[tuple[str, int]] = set()
        counts, skew = self.verdict.counts, self._weather.skew + 0.01
        for about in lines.values():
            about.sort()
        # Whoever was answered first first, each with the earliest line that is left: so all find one if all can.
        in_order = sorted(self._facts.presses, key=lambda one: one.accepted.heard_at if one.accepted else 0.0)
        for press in in_order:
            counts["calls"] += 1
            counts[f"calls by {press.door}"] += 1
            for one in press.tries:
                if 400 <= one.status < 500:
                    self._say("no call is refused", press.key, f"{press.door}: {one.status} {str(one.body)[:200]}")
                elif one.status >= 500 and press.door != "staff" and not _has_numbers(one.body):
                    self._say("an answer has the numbers", press.key, f"{press.door}: {one.status}")
            accepted = press.accepted
            if accepted is None:
                counts["calls never answered"] += 1
                if press.tries[0].sent_at < self._ends - 2 * HOUR:
                    self._say("a call is answered in the end", press.key, f"{press.door}, {len(press.tries)} tries")
                continue
            counts["calls taken"] += 1
            self.verdict.answers.append(accepted.heard_at - press.tries[0].sent_at)
            if not _has_numbers(accepted.body):
                self._say("an answer has the numbers", press.key, press.door)
            who = press.person_id if press.is_known else ""
            first, last = press.tries[0].sent_at - skew, accepted.heard_at + skew
            found, fresh = _within(lines[who], first, last, used, who)
            if not fresh and who:
                # Whose record could not be read, thrice, was taken as somebody whom nobody knows.
                others, left = _within(lines[""], first, last, used, "")
                if left or (others and not found):
                    counts["callers whose record could not be read"] += 1
                    if self._is_faultless:
                        self._say("who calls is known", press.key, who)
                    who, found, fresh = "", others, left
            if not found:
                self._say("no call is lost", press.key, f"{press.door} at {accepted.heard_at:.0f}")
                continue
            used.add((who, (fresh or found)[0]))
            press.crisis = lines[who][(fresh or found)[0]][1]
            if not who or last - first > 10 * MINUTE:
                press.others = frozenset(
                    crisis for own in (who, "") for when, crisis in lines[own] if first <= when <= last
                )
            if not fresh and not press.shares_line(self._presses[who]):
                self._say("each call is a line of the log", press.key, press.door)
        for who, presses in self._presses.items():
            # A page that stays open calls anew after ten minutes, though its key is the same.
            most = sum(
                1
                + sum(
                    one.sent_at > calls[0].tries[0].sent_at + 10 * MINUTE - 2 * skew
                    for press in calls
                    for one in press.tries
                )
                for calls in _by_key(presses).values()
            )
            if not who:
                # What nobody heard of may have been taken as an unknown's, as above.
                named = [press for press in self._facts.presses if press.is_known]
                most += sum(one.status == 0 or one.status > 500 for press in named for one in press.tries)
            if len(lines[who]) > most + counts["callers whose record could not be read"] * (not who):
                self._say(
                    "a call that is sent again is one", who or "unknown", f"{len(lines[who])} lines of {most} calls"
                )


def _within(
    lines: list[tuple[float, str]], first: float, last: float, used: set[tuple[str, int]], who: str
) -> tuple[list[int], list[int]]:
    """Return which lines of a caller's lie within these instants, and which of them are nobody's yet."""
    found = [at for at, (when, _) in enumerate(lines) if first <= when <= last]
    return found, [at for at in found if (who, at) not in used]


def _by_key(presses: Iterable[Press]) -> dict[str, list[Press]]:
    found: dict[str, list[Press]] = defaultdict(list)
    for press in presses:
        found[press.key].append(press)
    return found


def _has_numbers(body: Any) -> bool:
    text = str(body)
    return "988" in text and "911" in text
