"""Whether a crisis was taken and ended by people, as its log says (``checker``)."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise

from tests.simulation.crises.checker_facts import (
    ATTEMPT_WITHIN,
    DAY,
    FOLLOW_UPS,
    HOUR,
    RACE,
    READ_BEFORE,
    REMIND,
    SECOND_PERSON,
    TRY_AGAIN,
    Judge,
)
from tests.simulation.crises.facts import Act, Held, Taken


class Log(Judge):
    """What was done about a crisis, and what no page may follow."""

    def _quiet(self, crisis: Held, acts: list[Act], pages: list[Taken]) -> None:
        """Nobody is paged for what somebody has, but as the ladder goes on."""
        stirs = sorted(
            [act.sent_at for act in acts if act.may]
            + list(self._taken_at(crisis))
            + [one.sent_at for press in self._of_caller(crisis) for one in press.tries]
        )
        for act in sorted(acts, key=lambda one: one.sent_at):
            if not act.may or not act.done:
                continue
            lasts = {"ack": ATTEMPT_WITHIN, "contact": REMIND}.get(act.what, 0.0)
            if act.what == "attempt" and self._is_first(crisis, act):
                lasts = TRY_AGAIN
            if act.what == "resolve" and act.more["disposition"] not in SECOND_PERSON:
                lasts = 400 * DAY
            if act.what == "review" and act.more["agreed"]:
                lasts = 400 * DAY
            # The host that took it and the one that looks may each be off.
            begins, ends = act.heard_at + RACE, act.sent_at + lasts - 2 * self._weather.skew
            after = next((at for at in stirs if at > act.sent_at), self._ends)
            for page in pages:
                if begins < page.at < min(ends, after) and not self._was_unread(crisis, page):
                    late = page.at - act.heard_at
                    self._say("no page after it was taken", crisis.id, f"{page.address} {late:.0f} s after {act.what}")
                    break

    def _is_first(self, crisis: Held, attempt: Act) -> bool:
        """Say whether an attempt followed an acknowledgement, by the log: of what was sent, not all was done."""
        slack = self._weather.skew + 0.01
        done = [line for line in crisis.log if line["what"] not in {"page", "press"}]
        return any(
            before["what"] == "ack"
            and (line["what"], line["by"]) == ("attempt", attempt.who)
            and attempt.sent_at - slack <= line["at"] <= attempt.heard_at + slack
            for before, line in pairwise(done)
        )

    def _taken_at(self, crisis: Held) -> Iterator[float]:
        """Give when each call may have been taken: by the order of the log, since of a flood some wait."""
        latest = 0.0
        for line in crisis.log:
            latest = max(latest, line["at"])
            if line["what"] == "press":
                # After what is in the log before it.
                yield latest + 2 * self._weather.skew + 0.01

    def _was_unread(self, crisis: Held, page: Taken) -> bool:
        """Say whether the crisis could not be read before the page: then it goes out, since too few may do harm."""
        return any(name == crisis.id and page.at - READ_BEFORE <= at <= page.at for at, name in self._facts.unread)

    def _owners(self, crisis: Held, acts: list[Act]) -> None:
        """Of two who say at the same time that they have it, one is told so."""
        owner, woken = "", True
        for line in crisis.log:
            if line["what"] == "ack":
                if not woken and line["by"] != owner:
                    self._say("one owner", crisis.id, f"{owner} and {line['by']}")
                owner, woken = line["by"], False
            elif line["what"] in {"press", "reopen", "review", "page", "hand_over"}:
                woken = True
        named = {line["by"] for line in crisis.log} | {line["to"] for line in crisis.log if line["what"] == "hand_over"}
        for act in acts:
            if act.what == "ack" and act.done and act.may and act.who not in named:
                self._say("one owner", crisis.id, f"{act.who} was told that they have it")

    def _log_is_true(self, crisis: Held, acts: list[Act]) -> None:
        """Each line that names somebody was their doing."""
        slack = self._weather.skew + 0.01
        kinds = {
            "ack": {"ack", "attempt", "contact"},
            "attempt": {"attempt"},
            "contact": {"contact"},
            "hand_over": {"hand_over"},
            "decision": {"decision"},
            "disposition": {"resolve"},
            "review": {"review"},
        }
        for number, line in enumerate(crisis.log, 1):
            if line["number"] != number:
                self._say("the log has no holes", crisis.id, f"{line['number']} after {number - 1}")
                return
            if line["what"] not in kinds:
                continue
            theirs = [
                act
                for act in acts
                if act.what in kinds[line["what"]] and act.who == line["by"] and act.sent_at <= line["at"] + slack
            ]
            if not theirs or not any(act.may for act in theirs):
                self._say("the log says what was done", crisis.id, f"{line['what']} by {line['by']}")
        for act in acts:
            want = {"resolve": "disposition"}.get(act.what, act.what)
            # What is done while all is read in the end may not have been read.
            is_read = act.sent_at <= self._ends
            if not act.done or not act.may or not is_read or want in {"follow_up", "ack", "hand_over"}:
                continue
            if not any(line["what"] == want and line["by"] == act.who for line in crisis.log):
                self._say("what was taken is in the log", crisis.id, f"{act.what} by {act.who}")
        if any(act.what == "ack" and act.done for act in acts) and not any(
            line["what"] == "ack" for line in crisis.log
        ):
            self._say("what was taken is in the log", crisis.id, "an acknowledgement")

    def _ended_by_people(self, crisis: Held, acts: list[Act]) -> None:  # noqa: C901 (as above)
        """Nothing ends by itself; some ends take a second person; then there are three follow-ups."""
        if crisis.state not in {"resolved", "follow_up", "closed"}:
            return
        ends = [line for line in crisis.log if line["what"] == "disposition"]
        if not ends or not any(act.what == "resolve" and act.who == ends[-1]["by"] for act in acts):
            self._say("nothing closes by itself", crisis.id, crisis.state)
            return
        last, ended = ends[-1], ends[-1]
        if last["disposition"] in SECOND_PERSON and crisis.state != "resolved":
            reviews = [
                one for one in crisis.log if one["what"] == "review" and one["at"] >= last["at"] and one["agreed"]
            ]
            sent = {act.who for act in acts if act.what == "review" and act.more["agreed"]}
            if not reviews or reviews[-1]["by"] == last["by"] or reviews[-1]["by"] not in sent:
                self._say("a second person looked", crisis.id, f"{last['disposition']} by {last['by']}")
                return
            ended = reviews[-1]
        if crisis.state == "resolved":
            return
        if crisis.person_id:
            tasks = [
                one
                for one in self._facts.tasks[crisis.person_id]
                if one["kind"] == "crisis_follow_up" and one["id"] in ended["tasks"]
            ]
            terms = sorted(round(one["dueAt"] - ended["at"]) for one in tasks)
            if terms != [round(one) for one in FOLLOW_UPS]:
                self._say("follow-ups after 24 h, 72 h and 7 days", crisis.id, str(terms))
            self.verdict.counts["follow-ups"] += len(tasks)
            self.verdict.counts["follow-ups done"] += sum(one["state"] == "done" for one in tasks)
            if crisis.state == "closed" and any(one["state"] != "done" for one in tasks):
                self._say("nothing closes by itself", crisis.id, "with a follow-up open")
            if crisis.state != "closed" and tasks and all(one["state"] == "done" for one in tasks):
                done = max(one["doneAt"] for one in tasks)
                if done < self._ends - 3 * HOUR and not any(line["at"] >= done for line in crisis.log):
                    self._say("it is closed when all is done", crisis.id, crisis.state)
