"""
Says what should have come of every call for help, from what happened outside, and names whatever came otherwise.

It imports nothing of chalicelib: minutes of the ladder, ends that need a second person and terms of follow-ups are
typed in by hand, and who was to be on call is what the rotas were made from.
"""

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


class Checker:
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
        self._acts: dict[str, list[Act]] = defaultdict(list)
        for act in facts.acts:
            # Where nobody is on duty all of the staff are paged: whoever was may say that they have it.
            act.may = act.may or (act.what == "ack" and self._was_paged(act))
            self._acts[act.crisis].append(act)
        self._presses: dict[str, list[Press]] = defaultdict(list)
        for press in facts.presses:
            self._presses[press.person_id if press.is_known else ""].append(press)
        self._shifts: dict[str, list[Shift]] = defaultdict(list)
        for shift in facts.shifts:
            self._shifts[shift.programme].append(shift)

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

    def _was_paged(self, act: Act) -> bool:
        return any(
            page.at <= max(act.sent_at, act.heard_at)
            and (member := self._by_address.get(page.address))
            and member.account == act.who
            for page in self._pages[act.crisis]
        )

    def _say(self, rule: str, about: str, what: str) -> None:
        self.verdict.findings.append(Finding(rule, about, what))

    # -- calls --

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
            found = [at for at, (when, _) in enumerate(lines[who]) if first <= when <= last]
            if not found and who:
                # Whose record could not be read, thrice, was taken as somebody whom nobody knows.
                known, who = who, ""
                found = [at for at, (when, _) in enumerate(lines[who]) if first <= when <= last]
                counts["callers whose record could not be read"] += bool(found)
                if found and self._is_faultless:
                    self._say("who calls is known", press.key, known)
            if not found:
                self._say("no call is lost", press.key, f"{press.door} at {accepted.heard_at:.0f}")
                continue
            fresh = [at for at in found if (who, at) not in used]
            used.add((who, (fresh or found)[0]))
            press.crisis = lines[who][(fresh or found)[0]][1]
            if not fresh and not press.shares_line(self._presses[who]):
                self._say("each call is a line of the log", press.key, press.door)
        for who, presses in self._presses.items():
            # A page that stays open calls anew after ten minutes, though its key is the same.
            most = sum(
                1
                + sum(
                    one.sent_at > calls[0].tries[0].sent_at + 10 * MINUTE - skew
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

    # -- one crisis --

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
        if crisis.state in {"open", "paged"}:
            self._still_escalating(crisis, waits, pages)

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
        before = [one["what"] for one in crisis.log[: line["number"] - 1] if one["what"] not in {"page", "press"}]
        return bool(before) and before[-1] in {"attempt", "contact", "decision"}

    def _ladder(self, crisis: Held, wait: Wait, pages: list[Taken]) -> None:
        """Whoever is on call at a rung is paged by it, in time."""
        for number, (after, tiers) in enumerate(self._rungs(wait)):
            at = wait.begins + after
            for member in self._expected(crisis.programme, tiers, at):
                by = self._deadline(at, member)
                if by >= wait.ends:
                    continue
                came = [one.at for one in pages if one.address in member.living and at - 5 <= one.at <= by]
                if not came:
                    rule = "the first page is in time" if number == 0 else "escalations are in time"
                    self._say(rule, crisis.id, f"{member.account} ({member.role}), rung {number}, {tiers[-1]}")
                elif number < 4:
                    self.verdict.lateness.append(max(0.0, came[0] - at))

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
            if what in {"*", "tick", "deliver"}:
                yield begins, ends

    def _is_calm(self, first: float, last: float) -> bool:
        everything = [(one.begins, one.ends) for one in self._weather.storms]
        everything += [(begins, ends) for _, begins, ends in self._weather.stopped]
        return not any(begins < last + 1 and ends > first - MINUTE for begins, ends in everything)

    # -- after an acknowledgement --

    def _quiet(self, crisis: Held, acts: list[Act], pages: list[Taken]) -> None:
        """Nobody is paged for what somebody has, but as the ladder goes on."""
        stirs = sorted(
            [act.sent_at for act in acts if act.may]
            + [one.sent_at for press in self._of_caller(crisis) for one in press.tries]
        )
        before = ""
        for act in sorted(acts, key=lambda one: one.sent_at):
            if not act.may:
                continue
            previous, before = before, act.what
            if not act.done:
                continue
            lasts = {"ack": ATTEMPT_WITHIN, "contact": REMIND}.get(act.what, 0.0)
            if act.what == "attempt" and previous == "ack":
                lasts = TRY_AGAIN
            if act.what == "resolve" and act.more["disposition"] not in SECOND_PERSON:
                lasts = 400 * DAY
            if act.what == "review" and act.more["agreed"]:
                lasts = 400 * DAY
            begins, ends = act.heard_at + RACE, act.sent_at + lasts - self._weather.skew
            after = next((at for at in stirs if at > act.sent_at), self._ends)
            for page in pages:
                if begins < page.at < min(ends, after) and not self._was_unread(crisis, page):
                    late = page.at - act.heard_at
                    self._say("no page after it was taken", crisis.id, f"{page.address} {late:.0f} s after {act.what}")
                    break

    def _was_unread(self, crisis: Held, page: Taken) -> bool:
        """Say whether the crisis could not be read before the page: then it goes out, since too few may do harm."""
        return any(name == crisis.id and page.at - READ_BEFORE <= at <= page.at for at, name in self._facts.unread)

    def _of_caller(self, crisis: Held) -> list[Press]:
        return self._presses[crisis.person_id or ""]

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
            if not act.done or not act.may or want in {"follow_up", "ack", "hand_over"}:
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

    # -- everything --

    def _outsiders(self) -> None:
        """Nobody takes a crisis who has no business to."""
        for act in self._facts.acts:
            self.verdict.counts[f"acts: {act.what}" if act.may else "acts of outsiders"] += 1
            if not act.may and act.done:
                self._say("only who may can take it", act.crisis, f"{act.who}: {act.status}")

    def _looks(self) -> None:
        """Who called is never told more than happened."""
        acts = self._acts
        for look in self._facts.looks:
            self.verdict.counts["looks"] += 1
            crisis, stage = look.press.crisis, look.says.get("stage")
            if not crisis or stage in {None, "sent"}:
                continue
            wanted = {
                "acknowledged": {"ack", "hand_over", "attempt", "contact"},
                "contacted": {"contact"},
                "over": {"resolve", "review"},
            }[stage]
            before = [act for act in acts[crisis] if act.what in wanted and act.may and act.sent_at <= look.heard_at]
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

    def _has_ticks(self, first: float, last: float) -> bool:
        return self._is_calm(first, last)

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


def _by_key(presses: Iterable[Press]) -> dict[str, list[Press]]:
    found: dict[str, list[Press]] = defaultdict(list)
    for press in presses:
        found[press.key].append(press)
    return found


def _has_numbers(body: Any) -> bool:
    text = str(body)
    return "988" in text and "911" in text


def _most_within(times: list[float], seconds: float) -> int:
    times = sorted(times)
    most = first = 0
    for last, at in enumerate(times):
        while times[first] < at - seconds:
            first += 1
        most = max(most, last - first + 1)
    return most
