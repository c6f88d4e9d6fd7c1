"""
``make drain``: everything stands still for six hours, and comes back to all that fell due in them.

The real handlers under virtual time, without other faults. Calls last what they last in the simulation (4 ms the table,
40 ms a provider); ten functions deliver at once (infra/resources/functions.yaml).
"""

from __future__ import annotations

import argparse
import sys
import time as stopwatch
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from functools import partial
from statistics import quantiles

from chalicelib.outreach.domain import Channel, ChannelKind, Entry, Status
from tests.simulation.facts import Life, Wish, channel, nobody
from tests.simulation.kernel import instant_of, seconds_of
from tests.simulation.run import Run, Size, unheard
from tests.simulation.weather import CALM, HOUR, MINUTE
from tests.simulation.world import CHECK_IN, EVERYBODY, Pace, beginning

DAY = date(2026, 11, 18)
BEGINS = beginning(DAY.isoformat()) + 8 * HOUR
"""When everybody's quiet hours have just ended: the drain has until nine in the evening."""

OUTAGE = 6 * HOUR
BACK = BEGINS + OUTAGE
AFTER = 3 * HOUR
"""For so long what falls due anew is looked at; as many as FRESH of those who waited."""

FRESH = 0.05
PAGE_EACH = 5 * MINUTE
STEP = 15 * MINUTE
LONGEST = 48 * HOUR


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """How far the drain had got, so many minutes after all came back; ``ended`` of what fell due in the outage."""

    minutes: int
    waiting: int
    ended: Counter[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Drained:
    """
    What came of a drain.

    ``doubled`` were handed to a provider more than once, ``lost`` have no end. ``most_in_queue`` are messages of up to
    five occurrences. Lateness is in seconds: of what fell due after the outage, and of crisis pages raised in it (from
    when all came back) and after it.
    """

    due: int
    steps: Sequence[Step]
    doubled: int
    lost: int
    most_in_queue: int
    fresh: Sequence[float]
    pages_of_the_outage: Sequence[float]
    pages_after: Sequence[float]


class Outage(Run):
    """A run of check-ins, of an appointment for one in ten, and of crisis pages."""

    def __init__(self, people: int, *, emails_a_second: int) -> None:
        super().__init__(
            1,
            size=Size(people=0, days=1),
            pace=Pace(),
            weather=replace(CALM, stopped=(("*", BEGINS, BACK),)),
            emails_a_second=emails_a_second,
            began=BEGINS - MINUTE,
        )
        self._most_in_queue = 0
        for number in range(people):
            self._enrol(f"p{number}", BEGINS + OUTAGE * number / people, meets=number % 10 == 0)
        fresh = int(people * FRESH)
        for number in range(fresh):
            self._enrol(f"f{number}", BACK + MINUTE + AFTER * number / fresh, meets=False)
        self.facts.lives["s"] = Life([self.began], [replace(nobody("s", "UTC"), channels=(_mail("s"),))])
        for number in range(int((OUTAGE + AFTER) / PAGE_EACH)):
            self.kernel.at(BEGINS + 17 + number * PAGE_EACH, partial(self.world.once, "s", f"crisis_page-{number}"))

    def _enrol(self, person: str, due: float, *, meets: bool) -> None:
        state = replace(nobody(person, "UTC"), consents=EVERYBODY, channels=(_mail(person),))
        self.facts.lives[person] = Life([self.began], [state])
        at = instant_of(due).time().replace(second=0, microsecond=0)
        self.world.plan(person, CHECK_IN, Wish(at=at, zone="UTC", starts_on=DAY))
        if meets:
            self.world.plan(person, "appointment-1", Wish(at=at, zone="UTC", starts_on=DAY, once=DAY))

    def drain(self) -> Drained:
        """Let it happen, until all of it has ended."""
        due = sum(1 for one in self.rows.all() if seconds_of(one.due_at) < BACK)
        self.tick_each_minute()
        self._look()
        self.kernel.run(until=BACK)
        steps = []
        while self.kernel.now < BACK + LONGEST:
            self.kernel.run(until=self.kernel.now + STEP)
            steps.append(self._step(due))
            if not steps[-1].waiting and self.kernel.now > BACK + AFTER + STEP:
                break
        taken = Counter(one.name for one in self.facts.taken)
        pages = {one.name: one.at for one in reversed(self.facts.taken) if one.name[0] == "s"}
        raised = {(one.person, one.kind, one.on): one.due_at for one in self.facts.singles}
        return Drained(
            due=due,
            steps=steps,
            doubled=sum(1 for times in taken.values() if times > 1),
            lost=steps[-1].waiting,
            most_in_queue=self._most_in_queue,
            fresh=[
                one.at - seconds_of(self.facts.ledger[one.name].due_at)
                for one in self.facts.taken
                if one.person.startswith("f") and one.at < BEGINS + 24 * HOUR
            ],
            pages_of_the_outage=[at - BACK for name, at in pages.items() if raised[name] < BACK],
            pages_after=[at - raised[name] for name, at in pages.items() if raised[name] >= BACK],
        )

    def _look(self) -> None:
        self._most_in_queue = max(self._most_in_queue, self.deliveries.waiting)
        self.kernel.at(self.kernel.now + 10, self._look)

    def _step(self, due: int) -> Step:
        ended = Counter(
            _how(entry)
            for entry in self.facts.ledger.values()
            if BEGINS <= seconds_of(entry.due_at) < BACK
            and entry.status is not Status.CLAIMED
            and entry.person_id != "s"
        )
        minutes = int((self.kernel.now - BACK) / MINUTE)
        return Step(minutes=minutes, waiting=due - ended.total(), ended=ended)


def _how(entry: Entry) -> str:
    return entry.status.value + (f" ({entry.reason.value})" if entry.reason else "")


def _mail(person: str) -> Channel:
    return channel(f"{person}-mail", ChannelKind.EMAIL)


def _percentiles(late: Sequence[float]) -> str:
    parts = quantiles(late, n=100, method="inclusive")
    shown = ", ".join(f"p{mark} {parts[mark - 1]:,.1f} s" for mark in (50, 95, 99))
    return f"{len(late):,}, {shown}, most {max(late):,.1f} s"


def main() -> int:
    """Read the command line, and print how the drain went; return 1 if anything was lost or doubled."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--people", type=int, default=20_000)
    parser.add_argument("--emails-a-second", type=int, default=500)
    asked = parser.parse_args()
    began = stopwatch.monotonic()
    with unheard():
        came = Outage(asked.people, emails_a_second=asked.emails_a_second).drain()
    print(f"{came.due:,} fell due in {OUTAGE / HOUR:.0f} h of outage; {asked.emails_a_second} e-mails a second\n")
    print("| minutes after | waiting | ended |\n|---|---|---|")
    for step in came.steps:
        ended = ", ".join(f"{how} {many:,}" for how, many in sorted(step.ended.items()))
        print(f"| {step.minutes} | {step.waiting:,} | {ended} |", flush=True)
        if not step.waiting:
            break
    print(f"\nlost {came.lost}, doubled {came.doubled}; at most {came.most_in_queue:,} messages in the queue")
    print(f"what fell due meanwhile: {_percentiles(came.fresh)}")
    print(f"crisis pages of the outage, from its end: {_percentiles(came.pages_of_the_outage)}")
    print(f"crisis pages after it: {_percentiles(came.pages_after)}")
    print(f"in {stopwatch.monotonic() - began:,.0f} s")
    return 1 if came.lost or came.doubled else 0


if __name__ == "__main__":
    sys.exit(main())
