"""People who ask for help: by which door, how often, how impatiently, and how they look what became of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from random import Random
from typing import Any

from chalicelib.outreach.service import at_once
from chalicelib.outreach.store import DynamoDues
from tests.simulation.crises import doors
from tests.simulation.crises.facts import Facts, Look, Press, Try
from tests.simulation.crises.ground import Ground, Told
from tests.simulation.crises.world import Person, World
from tests.simulation.weather import HOUR, MINUTE

DOORS = (("app", 40), ("link", 22), ("old_link", 10), ("staff", 12), ("old_session", 8), ("mangled", 3), ("nobody", 3))
"""By which door, and how often of a hundred or so."""
MAY_CALL = frozenset({"clinician", "case-manager"})
"""Roles that may call for help for somebody at any hour."""
AGAIN_AFTER = (2, 3, 5, 8, 15, 30, 60, 120, 300)
"""Seconds after which a device sends again what nobody answered, with the same key; it never gives up."""


@dataclass
class People:
    """Everybody who asks for help."""

    ground: Ground
    world: World
    facts: Facts
    random: Random
    asked: dict[str, Press] = field(default_factory=dict)
    _keys: int = 0

    def plan(self, number: int, *, begins: float, ends: float) -> None:
        """Draw who asks for help, and when."""
        people = [person for person in self.world.people if not person.stands_by]
        self.random.shuffle(people)
        for at in range(number):
            person = people[at % len(people)]
            self.ground.kernel.at(self.random.uniform(begins, ends), lambda person=person: self.need(person))  # type: ignore[misc]

    def plan_flood(self, *, begins: float, ends: float, presses: int) -> None:
        """Draw when somebody presses again and again from one address: at a link of theirs, and at none."""
        random = self.random
        at = random.uniform(begins, ends)
        person = random.choice(self.world.people)
        for door in ("link", "nobody"):
            for _ in range(presses // 2):
                when = at + random.uniform(0, 10 * MINUTE)
                self.ground.kernel.at(
                    when,
                    lambda door=door: self.press(person, door, self._key(), ip="203.0.113.9", flood=True),  # type: ignore[misc]
                )

    def need(self, person: Person) -> None:
        """Have somebody need help: they press, perhaps twice, perhaps again later, perhaps long after it was over."""
        random = self.random
        door = random.choices([name for name, _ in DOORS], [weight for _, weight in DOORS])[0]
        key = self._key()
        self.press(person, door, key)
        if person.celebrates:
            for after in (self.random.uniform(60, 900), self.random.uniform(0.3, 5) * HOUR):
                self.ground.later(after, lambda: self._celebrate(person))
            others = [one for one in self.world.people if one.stands_by]
            self._celebrate(self.random.choice(others))
        chance = random.random()
        if chance < 0.15:
            # The button twice: the same key, or a page that was loaded again.
            same = key if random.random() < 0.6 else self._key()
            self.ground.later(random.choice((0.0, 0.2, 1.5)), lambda: self.press(person, door, same))
        elif chance < 0.30:
            self.ground.later(random.uniform(20, 400), lambda: self.press(person, self._door(), self._key()))
        elif chance < 0.40:
            self.ground.later(random.uniform(0.3, 4) * HOUR, lambda: self.press(person, self._door(), self._key()))
        elif chance < 0.43:
            for _ in range(6):
                self.ground.later(random.uniform(1, 90), lambda: self.press(person, door, self._key()))

    def _door(self) -> str:
        return self.random.choices(("app", "link", "old_link", "staff", "old_session"), (5, 3, 1, 1, 1))[0]

    def _key(self) -> str:
        self._keys += 1
        return f"{self.random.getrandbits(96):024x}{self._keys:08x}"

    def press(self, person: Person, door: str, key: str, *, ip: str = "", flood: bool = False) -> None:
        """Press the button; the device sends the same until it is answered. Where ticks are sparse nobody does."""
        if self.ground.every > 1:
            return
        press = self.asked.get(f"{door} {key}")
        if press is None:
            press = Press(key=key, person_id=person.id, programme=person.programme, door=door, flood=flood)
            self.asked[f"{door} {key}"] = press
            self.facts.presses.append(press)
        self._send(person, press, 0, ip or person.ip)

    def _send(self, person: Person, press: Press, number: int, ip: str) -> None:
        if number and press.accepted:
            return
        one = Try(sent_at=self.ground.kernel.now)
        press.tries.append(one)
        able = [one for one in self.world.staff_of(person.programme) if one.role in MAY_CALL]
        staff = self.random.choice(able).account if press.door == "staff" else ""
        ask = doors.press(press, person, staff=self.world.token(staff) if staff else "")

        def then(told: Told) -> None:
            one.heard_at, one.status = told.at, told.status
            one.body = doors.answer_of(told)
            if press.accepted:
                if press.accepted is one and not press.flood:
                    self._watch(person, press)
                return
            wait = AGAIN_AFTER[min(number, len(AGAIN_AFTER) - 1)] * (0.8 + 0.4 * self.random.random())
            self.ground.later(wait, lambda: self._send(person, press, number + 1, ip))

        self.ground.ask(ask.whom, ask.method, ask.path, ask.body, then=then, source_ip=ip, **ask.headers)

    def _celebrate(self, person: Person) -> None:
        """Let somebody reach a milestone at this very time."""
        self._keys += 1
        due = at_once(person.id, f"milestone-{self._keys:x}", zone="UTC", now=self.ground.now)
        self.ground.host.run_event("achieve", lambda: DynamoDues().put([due]), lives=30)

    def _watch(self, person: Person, press: Press) -> None:
        """Look at the live state a few times."""
        if self.random.random() < 0.6:
            return
        for after in (5, 40, 200, 900, 2400):
            if self.random.random() < 0.6:
                self.ground.later(after * (0.5 + self.random.random()), lambda: self._look(person, press))

    def _look(self, person: Person, press: Press) -> None:
        ask = doors.look(press, person)
        if ask is None:
            return

        def then(told: Told) -> None:
            says: dict[str, Any] = doors.answer_of(told) or {}
            self.facts.looks.append(
                Look(press=press, sent_at=told.sent_at, heard_at=told.at, status=told.status, says=says)
            )

        self.ground.ask(ask.whom, ask.method, ask.path, ask.body, then=then, source_ip=person.ip, **ask.headers)


Then = Callable[[Told], object]
