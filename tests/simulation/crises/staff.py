"""Staff: they know of a crisis only by what a provider really brought them, and then do what they do, or nothing."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from http import HTTPStatus
from random import Random
from typing import Any

from tests.simulation.crises import doors
from tests.simulation.crises.doors import Ask
from tests.simulation.crises.facts import Act, Facts, Member, Taken
from tests.simulation.crises.ground import Ground, Told
from tests.simulation.crises.world import World
from tests.simulation.weather import HOUR, MINUTE

NOTICES = {"sms": (0.85, 45.0), "push": (0.75, 60.0), "email": (0.6, 150.0)}
"""How often somebody notices a page, and after how many seconds in the middle."""
TRIES_AGAIN = (3, 6, 15, 30, 60, 120)
ENDS_IT = frozenset({"clinician", "case-manager"})
"""Roles that see all of a crisis, and may say how it ended."""
REFERENCE = re.compile(r"\b[0-9A-F]{8}\b")


@dataclass(slots=True)
class Plan:
    """How a crisis goes, whoever takes it: drawn when it is first heard of."""

    ignored: bool
    """Nobody reacts to its pages at all."""
    attempts: int
    """How many attempts fail before the person is reached; more than three: they never are."""
    ends: str
    """What its end is called."""
    forgotten: float
    """How often whoever takes it does nothing then."""
    review_agrees: bool
    follow_ups: str
    """on_time, late, never."""


@dataclass
class Staff:
    """Everybody who works."""

    ground: Ground
    world: World
    facts: Facts
    random: Random
    plans: dict[str, Plan] = field(default_factory=dict)
    busy: set[tuple[str, str]] = field(default_factory=set)
    by_address: dict[str, Member] = field(default_factory=dict)
    by_reference: dict[str, str] = field(default_factory=dict)
    ignoring: bool = False
    """From now on nobody reacts to the pages of a new crisis."""

    def begin(self) -> None:
        """Be there."""
        for member in self.facts.members.values():
            for address in member.ways.values():
                self.by_address[address] = member
        self.ground.on_taken = self.hear

    # -- what they hear --

    def hear(self, taken: Taken) -> None:
        """A provider took a message: its reader may notice."""
        member = self.by_address.get(taken.address)
        crisis = self.crisis_of(taken)
        if member is None or crisis is None:
            return
        often, middle = NOTICES[taken.way]
        is_ignored = not crisis.startswith("?") and self._plan(crisis).ignored
        if is_ignored or self.random.random() >= often:
            return
        wait = middle * self.random.lognormvariate(0, 0.8)
        self.ground.later(wait, lambda: self.open(member, crisis))

    def crisis_of(self, taken: Taken) -> str | None:
        """Return the crisis that a page is about."""
        if taken.kind.startswith("crisis_page-"):
            crisis = taken.kind.split("-")[1]
            self.by_reference[crisis[:8].upper()] = crisis
            return crisis
        found = REFERENCE.search(taken.text)
        return self.by_reference.get(found[0], f"?{found[0]}") if found else None

    def _plan(self, crisis: str) -> Plan:
        if crisis not in self.plans:
            random = self.random
            self.plans[crisis] = Plan(
                ignored=self.ignoring,
                attempts=random.choices((0, 1, 2, 3, 9), (60, 15, 10, 5, 10))[0],
                ends=random.choices(
                    ("safe_with_plan", "warm_transfer", "emergency_services", "emergency_department", "false_alarm"),
                    (55, 10, 8, 7, 20),
                )[0],
                forgotten=random.choice((0.0, 0.0, 0.0, 0.3, 0.8)),
                review_agrees=random.random() < 0.8,
                follow_ups=random.choices(("on_time", "late", "never"), (60, 30, 10))[0],
            )
            if random.random() < 0.2:
                self.ground.later(random.uniform(1, 900), lambda: self._forge(crisis))
        return self.plans[crisis]

    # -- what they do --

    def open(self, member: Member, crisis: str) -> None:
        """Look at a crisis, and do what it waits for, unless one is at it already."""
        if (member.account, crisis) in self.busy:
            return
        self.busy.add((member.account, crisis))
        if crisis.startswith("?"):
            # A text message says only what to look for on the board.
            self._get(doors.board(member.programme, self.world.token(member.account)), self._found(member, crisis))
            return
        self._read(member, crisis)

    def _found(self, member: Member, reference: str) -> Callable[[Told], None]:
        def then(told: Told) -> None:
            self.busy.discard((member.account, reference))
            for one in doors.listed(told):
                if one["id"][:8].upper() == reference[1:]:
                    self.by_reference[reference[1:]] = one["id"]
                    self.open(member, one["id"])

        return then

    def _read(self, member: Member, crisis: str) -> None:
        ask = doors.read(member.programme, crisis, self.world.token(member.account))

        def then(told: Told) -> None:
            shown = doors.answer_of(told)
            if told.status != 200 or not shown:
                self._leave(member, crisis)
                return
            self._decide(member, crisis, shown["crisis"])

        self._get(ask, then)

    def _get(self, ask: Ask, then: Callable[[Told], None], number: int = 0) -> None:
        def hear(told: Told) -> None:
            if (told.status == 0 or told.status >= 500) and number < len(TRIES_AGAIN):
                self.ground.later(TRIES_AGAIN[number], lambda: self._get(ask, then, number + 1))
            else:
                then(told)

        self.ground.ask(ask.whom, ask.method, ask.path, ask.body, then=hear, **ask.headers)

    def _leave(self, member: Member, crisis: str) -> None:
        self.busy.discard((member.account, crisis))

    def _decide(self, member: Member, crisis: str, shown: dict[str, Any]) -> None:
        plan, is_mine = self._plan(crisis), (shown["owner"] or {}).get("account") == member.account
        sees_all = member.role in ENDS_IT
        state, wait = shown["state"], shown["waitsFor"]
        if plan.ignored:
            self._leave(member, crisis)
            return
        if state in {"open", "paged"}:
            self._act(member, crisis, "ack", lambda act: self._took(member, crisis, act))
        elif wait == "review" and shown["resolvedBy"] != member.account and sees_all:
            agreed = plan.review_agrees
            plan.review_agrees = True
            self._later(60, 600, member, crisis, "review", agreed=agreed)
        elif wait == "reach" and not is_mine and shown["attempts"] > 0 and plan.attempts > 3 and sees_all:
            self._later(60, 600, member, crisis, "decision", agreed=True)
        elif is_mine and wait in {"attempt", "reach"}:
            self._reach(member, crisis)
        elif is_mine and wait == "resolution" and sees_all:
            self._resolve(member, crisis, shown)
        elif is_mine and wait == "resolution":
            # Who may not say how it ended gives it to somebody who may.
            others = [one.account for one in self.world.staff_of(member.programme) if one.ways and one.role in ENDS_IT]
            self._later(30, 300, member, crisis, "hand_over", to=self.random.choice(others))
        else:
            self._leave(member, crisis)

    def _took(self, member: Member, crisis: str, act: Act) -> None:
        if not act.done:
            self._leave(member, crisis)
        elif self.random.random() < self._plan(crisis).forgotten:
            # They said they have it, and then nothing: others have to be woken.
            self._leave(member, crisis)
        elif self.random.random() < 0.08:
            others = [one.account for one in self.world.staff_of(member.programme) if one.ways and one is not member]
            self._later(30, 300, member, crisis, "hand_over", to=self.random.choice(others))
        else:
            self.ground.later(self.random.uniform(1, 13) * MINUTE, lambda: self._reach(member, crisis))

    def _reach(self, member: Member, crisis: str) -> None:
        plan = self._plan(crisis)
        if plan.attempts > 0:
            plan.attempts -= 1

            def then(act: Act) -> None:
                if not act.done or self.random.random() < 0.3:
                    self._leave(member, crisis)
                else:
                    again = self.random.uniform(8, 30) * MINUTE
                    self.ground.later(again, lambda: self._read(member, crisis))

            self._act(member, crisis, "attempt", then)
        else:
            self._act(member, crisis, "contact", lambda act: self._reached(member, crisis, act))

    def _reached(self, member: Member, crisis: str, act: Act) -> None:
        if act.done and self.random.random() < 0.9:
            self.ground.later(self.random.uniform(5, 90) * MINUTE, lambda: self._read(member, crisis))
        else:
            self._leave(member, crisis)

    def _resolve(self, member: Member, crisis: str, shown: dict[str, Any]) -> None:
        ends = self._plan(crisis).ends if shown["state"] == "contacted" else "unreachable"
        self._later(0, 60, member, crisis, "resolve", disposition=ends)

    def _later(self, least: float, most: float, member: Member, crisis: str, what: str, **more: Any) -> None:
        def then(act: Act) -> None:
            self._leave(member, crisis)
            if act.done and what in {"review", "resolve"}:
                self.ground.later(HOUR / 2, lambda: self._follow(crisis, act))

        self.ground.later(self.random.uniform(least, most), lambda: self._act(member, crisis, what, then, **more))

    # -- follow-ups --

    def _follow(self, crisis: str, act: Act) -> None:
        how = self._plan(crisis).follow_ups
        member = self.facts.members[act.who]
        if how == "never":
            return
        ask = doors.read(member.programme, crisis, self.world.token(member.account))
        self._get(ask, lambda told: self._follow_each(member, crisis, how, told, act.heard_at))

    def _follow_each(self, member: Member, crisis: str, how: str, told: Told, ended_at: float) -> None:
        shown = doors.answer_of(told) if told.status == HTTPStatus.OK else None
        if shown is None or shown["crisis"]["state"] != "follow_up":
            return
        lines = [line for line in shown["log"] if line["tasks"] and line["what"] != "follow_up"]
        for name in lines[-1]["tasks"] if lines else ():
            task = {"id": name, "personId": shown["crisis"]["personId"]}
            due_in = ended_at + doors.TERMS[name.rpartition("-")[2]] - self.ground.kernel.now
            wait = (
                due_in * self.random.uniform(0.3, 0.95)
                if how == "on_time"
                else due_in + self.random.uniform(1, 9) * HOUR
            )
            self.ground.later(
                max(60, wait),
                lambda task=task: self._act(member, crisis, "follow_up", lambda act: None, task=task),  # type: ignore[misc]  # noqa: ARG005
            )

    # -- each act --

    def _act(self, member: Member, crisis: str, what: str, then: Callable[[Act], None], **more: Any) -> None:
        """Do something at its door, again with the same words until it is answered."""
        act = Act(
            who=member.account,
            what=what,
            crisis=crisis,
            programme=member.programme,
            sent_at=self.ground.kernel.now,
            more=more,
            may=self._may(member),
        )
        self.facts.acts.append(act)
        if what in {"attempt", "contact"}:
            more["key"] = f"{self.random.getrandbits(64):016x}"
        ask = doors.act(what, member.programme, crisis, self.world.token(member.account), more)

        def hear(told: Told) -> None:
            act.heard_at, act.status, act.body = told.at, told.status, doors.answer_of(told)
            then(act)

        self._get(ask, hear)

    def _may(self, member: Member) -> bool:
        """Say whether somebody may act: who is no clinician only while they are on call, or just were."""
        if member.role in {"clinician", "case-manager", "program-admin"}:
            return True
        now = self.ground.kernel.now
        return any(
            shift.account == member.account and shift.starts - 600 <= now < shift.ends + 600
            for shift in self.facts.shifts
        )

    def _forge(self, crisis: str) -> None:
        """Have somebody say that they have it who has no business to."""
        random = self.random
        how = random.choice(("elsewhere", "person", "nobody", "peer"))
        programme = self._programme_of(crisis)
        if programme is None:
            return
        elsewhere = random.choice([name for name in self.world.programmes if name != programme])
        whom = {
            "elsewhere": self.world.token(f"dana-{elsewhere}"),
            "person": random.choice(self.world.people).account,
            "nobody": "",
            # One who says that they are of this programme's staff, by a sign-in of another's.
            "peer": f"mallory={elsewhere}/clinician",
        }[how]
        path = elsewhere if how == "elsewhere" and random.random() < 0.5 else programme
        act = Act(
            who=f"dana-{elsewhere}" if how == "elsewhere" else f"forged by {how}",
            what="ack",
            crisis=crisis,
            programme=path,
            sent_at=self.ground.kernel.now,
            may=False,
        )
        self.facts.acts.append(act)
        ask = doors.act("ack", path, crisis, whom, {})

        def hear(told: Told) -> None:
            act.heard_at, act.status, act.body = told.at, told.status, doors.answer_of(told)

        self.ground.ask(ask.whom, ask.method, ask.path, ask.body, then=hear, **ask.headers)

    def _programme_of(self, crisis: str) -> str | None:
        for taken in reversed(self.ground.taken[-2000:]):
            if self.crisis_of(taken) == crisis and (member := self.by_address.get(taken.address)):
                return member.programme
        return None
