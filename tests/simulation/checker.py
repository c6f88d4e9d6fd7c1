"""
Judge a run by what really happened: what providers took, what the ledger says, and what people wanted when.

It works out by itself what should have come to pass (``naive``), and shares no code with the engine.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date

from chalicelib.outreach.categories import LEFT_TO_OTHERS, PROACTIVE_A_DAY
from chalicelib.outreach.domain import Entry, Reason, Recipient, Status, Urgency
from tests.simulation import naive
from tests.simulation.again import LIVES, Again
from tests.simulation.expected import SLACK, Expected
from tests.simulation.facts import Facts, Name, Taken, Written, text_of
from tests.simulation.kernel import seconds_of

ON_ITS_WAY = 20.0
"""How long a provider may take to take what its sender no longer waits for."""

PAGED_WITHIN = 15 * 60.0
"""A crisis page is with a provider by then, unless everything is down."""

SWITCH_KEPT_FOR = 10.0
"""A process goes by a switch that it read ten seconds ago."""

ENDS = frozenset({Status.SENT, Status.MERGED, Status.SKIPPED, Status.FAILED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """A rule that was broken, by which occurrence, and how."""

    rule: str
    name: Name
    what: str

    def __str__(self) -> str:
        return f"{self.rule}: {text_of(self.name)}: {self.what}"


@dataclass(slots=True, kw_only=True)
class Verdict:
    """What the checker found, and what it counted besides."""

    findings: list[Finding] = field(default_factory=list)
    counts: Counter[str] = field(default_factory=Counter)
    lateness: list[float] = field(default_factory=list)


class Checker:
    """
    Judges the facts of one run, whose plans ended at ``horizon``.

    ``faultless``: outside of the times that were ``troubled`` no call of anything failed.
    """

    def __init__(
        self,
        facts: Facts,
        *,
        begins: float,
        horizon: float,
        dead: frozenset[str],
        paused: Iterable[tuple[float, float]] = (),
        troubled: Iterable[tuple[float, float]] = (),
        faultless: bool = False,
    ) -> None:
        self._facts = facts
        self._begins = begins
        self._dead = dead
        self._paused = list(paused)
        self._troubled = list(troubled)
        self._faultless = faultless
        self._verdict = Verdict()
        self._told: dict[Name, list[Taken]] = defaultdict(list)
        self._sent_as: dict[Name, list[Taken]] = defaultdict(list)
        for taken in facts.taken:
            self._sent_as[taken.name].append(taken)
            for name in taken.tells:
                self._told[name].append(taken)
        self._written: dict[Name, list[Written]] = defaultdict(list)
        for written in facts.written:
            self._written[written.name].append(written)
        self._expected = Expected(facts, self._written, horizon=horizon)
        self._again = Again(facts, self._written)

    def judge(self) -> Verdict:
        """Return everything that was wrong, and the counts."""
        self._expected.work_out()
        for name, due_at in self._expected.due.items():
            self._is_answered(name, due_at)
        for name, entry in self._facts.ledger.items():
            self._is_true(name, entry)
            self._was_wanted(name)
        for taken in self._facts.taken:
            self._was_allowed(taken)
        for name, told in self._told.items():
            if len(told) > 1:
                self._again.look(name, told)
        for name, what in self._again.found:
            self._found("nobody is told twice", name, what)
        self._keeps_the_budget()
        for what in self._facts.left:
            self._found("nothing is left", ("", what, date.min), "still there when all was over")
        self._count()
        return self._verdict

    def _found(self, rule: str, name: Name, what: str) -> None:
        self._verdict.findings.append(Finding(rule=rule, name=name, what=what))

    # -- each has an answer --

    def _is_answered(self, name: Name, due_at: float) -> None:
        entry = self._facts.ledger.get(name)
        self._verdict.counts["occurrences"] += 1
        if entry is None:
            self._found("none is lost", name, f"due {naive.utc(due_at):%d %H:%M:%S}Z has no answer")
        elif entry.status not in ENDS:
            self._found("each has an answer", name, f"is still {entry.status} (attempt {entry.attempt})")
        if naive.name_of_category(name[1]) == "crisis_page":
            self._page_got_through(name, due_at)
            self._page_went_every_way(name, due_at)

    def _page_got_through(self, name: Name, due_at: float) -> None:
        reachable = [
            state
            for state in self._facts.lives[name[0]].during(due_at, due_at + PAGED_WITHIN)
            if any(one.usable and one.address not in self._dead for one in state.channels)
        ]
        first = min((taken.at for taken in self._sent_as.get(name, ())), default=None)
        if first is None:
            closed = naive.closes(name[1], name[2], due_at, "UTC")
            entry = self._facts.ledger.get(name)
            if self._was_trouble(due_at, closed) and entry and entry.reason is Reason.LATE:
                self._verdict.counts["a crisis page that an outage outlasted"] += 1
            elif reachable:
                self._found("a crisis is never lost", name, "no provider ever took the page")
        elif first > due_at + PAGED_WITHIN and not self._was_trouble(due_at, first):
            self._found("a crisis is never held up", name, f"taken {first - due_at:.0f} s late in good hours")

    def _page_went_every_way(self, name: Name, due_at: float) -> None:
        """What goes over all channels at once does so, where nothing was in the way of any of them."""
        taken = self._sent_as.get(name, [])
        if not taken or not naive.category(name[1]).every_channel:
            return
        first = min(taken, key=lambda one: one.at)
        state = self._facts.lives[name[0]].states[first.read[1]]
        wanted = {one.id for one in naive.ways(state, name[1]) if one.address not in self._dead}
        missed = wanted - {one.channel.id for one in taken}
        if not missed:
            self._verdict.counts["a page over every way that could be used"] += len(wanted) > 1
        elif self._faultless and not self._was_trouble(due_at, first.at + PAGED_WITHIN):
            self._found("a page goes every way", name, f"not over {', '.join(sorted(missed))}, though nothing failed")

    def _was_trouble(self, first: float, last: float) -> bool:
        return any(begins < last and ends > first for begins, ends in self._troubled)

    # -- the ledger tells the truth --

    def _is_true(self, name: Name, entry: Entry) -> None:
        told, sent = self._told.get(name, []), self._sent_as.get(name, [])
        match entry.status:
            case Status.SENT if not sent:
                self._found("the ledger is true", name, "is sent, but no provider took it")
            case Status.MERGED:
                carrier = [taken for taken in told if entry.merged_into == _word(taken.name)]
                if not carrier:
                    self._found("merged is told", name, f"no message of {entry.merged_into} tells of it")
            case Status.SKIPPED:
                if told:
                    self._found("the ledger is true", name, f"is skipped ({entry.reason}), but was told")
                self._skipped_rightly(name, entry)
            case Status.FAILED:
                if told and entry.reason not in {Reason.UNKNOWN, Reason.ERROR}:
                    self._found("the ledger is true", name, f"is failed ({entry.reason}), but was told")
                self._failed_rightly(name, entry)

    def _skipped_rightly(self, name: Name, entry: Entry) -> None:
        written = self._written[name][-1]
        states = self._states_read(written)
        kind = name[1]
        at = written.at
        due_at = seconds_of(entry.due_at)
        reason = entry.reason
        state = states[-1]
        is_right = False
        match reason:
            case Reason.ON_HOLD | Reason.ENDED | Reason.NO_EPISODE:
                is_right = any(naive.standing_forbids(one, kind) == reason for one in states)
            case Reason.NO_CONSENT:
                is_right = any(
                    naive.standing_forbids(one, kind) == reason or not naive.consented(one, kind) for one in states
                )
            case Reason.NO_CHANNEL | Reason.OPTED_OUT:
                # What found no other message to go along with is told by one of updates, which has its own switch.
                is_right = any(
                    not naive.ways(one, kind) or (naive.category(kind).bundles and not naive.ways(one, "updates"))
                    for one in states
                )
            case Reason.LATE:
                late = naive.closes(kind, name[2], due_at, state.zone)
                is_right = (
                    at + SLACK >= late
                    or (
                        naive.category(kind).quiet_hours_defer
                        and naive.is_quiet_throughout(state.quiet_hours, at + SLACK, late - SLACK, state.zone)
                    )
                    or self._has_a_later_one(name, due_at, at)
                )
            case Reason.HELD:
                is_right = naive.category(kind).held_by_holds and any(one.holds for one in states)
            case Reason.OVER_BUDGET:
                is_right = self._cap_is_reached(name)
            case Reason.CANCELLED:
                is_right = True
        if not is_right:
            self._found(
                "each skip has its reason",
                name,
                f"{reason} was not so at {naive.utc(at):%d %H:%M:%S}Z (due {entry.due_at:%d %H:%M:%S}Z)",
            )

    def _states_read(self, written: Written) -> list[Recipient]:
        life = self._facts.lives[written.name[0]]
        if written.read is None:
            return life.during(written.started - SLACK, written.at)
        return [life.states[written.read[1]]]

    def _has_a_later_one(self, name: Name, due_at: float, at: float) -> bool:
        person, kind, _ = name
        return any(
            due_at < later <= at + SLACK
            for plan in self._facts.plans.get((person, kind), ())
            if plan.wish is not None
            for _, later in naive.falls_due(plan.wish, after=due_at, before=at + SLACK + 1)
        )

    def _cap_is_reached(self, name: Name) -> bool:
        person, kind, on = name
        cap = naive.category(kind).cap
        others = [
            other
            for other in self._facts.ledger
            if other != name
            and other[0] == person
            and abs((other[2] - on).days) <= 1
            and naive.name_of_category(other[1]) == naive.name_of_category(kind)
        ]
        return cap is not None and len(others) >= cap

    def _failed_rightly(self, name: Name, entry: Entry) -> None:
        match entry.reason:
            case Reason.REFUSED:
                written = self._written[name][-1]
                carrier = _name(entry.merged_into) if entry.merged_into else name
                ways = [way for one in self._states_read(written) for way in naive.ways(one, carrier[1])]
                if not any(one.address in self._dead for one in ways):
                    self._found("each failure has its reason", name, "no provider had refused anything")
            case Reason.UNKNOWN:
                claims = [one for one in self._written[name] if one.entry and one.entry.status is Status.CLAIMED]
                if not claims:
                    self._found("each failure has its reason", name, "its outcome is unknown, but it was never claimed")
            case Reason.ERROR:
                self._verdict.counts["set aside for operators"] += 1
            case _:
                self._found("each failure has its reason", name, f"{entry.reason} is no reason to fail")

    def _was_wanted(self, name: Name) -> None:
        if naive.name_of_category(name[1]) != "updates" and name not in self._expected.possible:
            self._found("nothing is invented", name, "nobody had planned it")

    # -- each message was allowed --

    def _was_allowed(self, taken: Taken) -> None:
        life = self._facts.lives[taken.person]
        read_at, index = taken.read
        state = life.states[index]
        way = taken.channel.kind
        if not taken.tells:
            self._found("each message says something", taken.name, "it tells of nothing")
        if taken.at - read_at > LIVES + (0 if taken.heard else ON_ITS_WAY):
            self._found("nobody acts on what was read long ago", taken.name, f"{taken.at - read_at:.0f} s before")
        if taken.channel not in naive.ways(state, taken.name[1]) and taken.name[1].split("-")[0] != "updates":
            self._found("nothing after an opt-out", taken.name, f"not over {taken.channel.id}, as it was read")
        for name in {taken.name, *taken.tells}:
            against = naive.may_tell(state, name[1], way)
            if against:
                self._found("nothing after an opt-out", name, f"{against}, told by {text_of(taken.name)}")
            self._was_in_time(name, taken, state)
        if naive.name_of_category(taken.name[1]) != "crisis_page" and any(
            begins + SWITCH_KEPT_FOR + SLACK < taken.started < ends for begins, ends in self._paused
        ):
            self._found("nothing while switched off", taken.name, f"taken at {naive.utc(taken.at):%d %H:%M:%S}Z")
        # The decision is as old as its process; whatever was stored before that counts.
        if naive.category(taken.name[1]).quiet_hours_defer and all(
            naive.is_quiet(state.quiet_hours, at, state.zone)
            for at in (taken.started - SLACK, taken.at, taken.at + SLACK)
        ):
            shown = naive.local(taken.at, state.zone)
            self._found("nothing in quiet hours", taken.name, f"taken at {shown:%a %H:%M:%S} {state.zone}")

    def _was_in_time(self, name: Name, taken: Taken, state: Recipient) -> None:
        if name not in self._expected.possible:
            return
        first, last = self._expected.possible[name]
        if taken.at < first - SLACK:
            self._found("nobody is asked before their time", name, f"{first - taken.at:.1f} s early")
        late = naive.closes(name[1], name[2], last, state.zone)
        if taken.started - SLACK >= late:
            self._found("nothing after it closed", name, f"{taken.at - late:.0f} s after")

    # -- a person's day --

    def _keeps_the_budget(self) -> None:
        by_person: dict[str, list[Taken]] = defaultdict(list)
        for taken in self._facts.taken:
            if naive.category(taken.name[1]).consent is not None:
                by_person[taken.person].append(taken)
        for person, messages in by_person.items():
            for one in messages:
                if naive.category(one.name[1]).budgeted:
                    # The day is the one where they are now, also for what reached them in the zone that they left.
                    zone = self._facts.lives[person].states[one.read[1]].zone
                    today = naive.local(one.at, zone).date()
                    self._was_within_budget(one, [of for of in messages if naive.local(of.at, zone).date() == today])
        nudges: Counter[tuple[str, str, date]] = Counter()
        for name in self._told:
            nudges[name[0], naive.name_of_category(name[1]), name[2]] += 1
        for (person, what, on), number in nudges.items():
            cap = naive.category(what).cap
            if cap is not None and number > cap:
                self._found("no more than the cap", (person, what, on), f"{number} told of, {cap} may be")

    def _was_within_budget(self, one: Taken, messages: list[Taken]) -> None:
        before = {other.name for other in messages if other.at < one.started - SLACK and other.name != one.name}
        urgencies = {naive.category(name[1]).urgency for name in one.tells}
        budget = PROACTIVE_A_DAY - (LEFT_TO_OTHERS if urgencies == {Urgency.CELEBRATION} else 0)
        if len(before) >= budget:
            self._found("a day's budget is kept", one.name, f"after {len(before)} others that day, {budget} may be")

    # -- figures --

    def _count(self) -> None:
        counts = self._verdict.counts
        counts.update(self._expected.counts + self._again.counts)
        for name, entry in self._facts.ledger.items():
            if name in self._expected.due:
                reason = f" ({entry.reason})" if entry.reason else ""
                counts[f"ended: {entry.status}{reason}"] += 1
        counts["messages taken"] = len(self._facts.taken)
        for name, due_at in self._expected.due.items():
            first = min(self._sent_as.get(name, ()), key=lambda taken: taken.at, default=None)
            if first is None or self._was_trouble(due_at - 3600, first.at):
                continue
            state = self._facts.lives[name[0]].states[first.read[1]]
            if not naive.category(name[1]).quiet_hours_defer or not naive.is_quiet(
                state.quiet_hours, due_at, state.zone
            ):
                self._verdict.lateness.append(first.at - due_at)


def _word(name: Name) -> str:
    person, kind, on = name
    return f"{person}_{on.isoformat()}_{kind}"


def _name(word: str) -> Name:
    person, on, kind = word.split("_", 2)
    return person, kind, date.fromisoformat(on)
