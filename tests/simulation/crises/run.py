"""One run: programmes, a day of calls for help under a weather, and then calm, until every follow-up is over."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from random import Random
from typing import Any

from tests.simulation.crises import doors, storms
from tests.simulation.crises.checker import Checker
from tests.simulation.crises.checker_facts import Verdict
from tests.simulation.crises.facts import Facts
from tests.simulation.crises.ground import Ground
from tests.simulation.crises.laying import a_ground
from tests.simulation.crises.people import People
from tests.simulation.crises.staff import Staff
from tests.simulation.crises.world import World, a_world
from tests.simulation.kernel import instant_of
from tests.simulation.weather import CALM, DAY, HOUR, MINUTE, Weather

BEGINNINGS = ("2026-10-31", "2027-03-13", "2026-12-24")
"""Days on which worlds are set up: clocks change on the day after the first two."""
SPARSE = 180
"""In the days that follow a tick comes only every three hours: nothing new is paged for in them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Size:
    """How many crises a run has, more or less, and where."""

    crises: int = 300
    programmes: int = 3
    people: int = 60
    flood: int = 200
    hours: float = 6
    lull: float = 3
    """Hours from the end of the calls until nothing fails any more; then half as many in calm."""
    last: float = 100
    """In so many minutes before the end somebody calls whom nobody answers."""
    days_after: float = 8.5
    """Of every fourth seed: then follow-ups are waited for, and crises closed."""


SHORT = Size(crises=60, programmes=2, people=24, flood=30, hours=2, lull=1, last=20, days_after=0.1)
"""What the suite and mutations run."""


@dataclass(slots=True, kw_only=True)
class Result:
    """What came of one run."""

    seed: int
    verdict: Verdict
    weather: Weather
    faults: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    calls: int = 0
    story: list[str] = field(default_factory=list)


def run(seed: int, *, size: Size, weather: Weather | None = None, watch: str = "") -> Result:
    """Simulate one seed; ``watch`` tells the story of a crisis, or of whatever names this."""
    random = Random(f"crises {seed}")
    beginning = BEGINNINGS[seed % len(BEGINNINGS)]
    kept = a_world(beginning, programmes=size.programmes, people=size.people)
    begins = kept.begins + random.uniform(1, 24) * HOUR
    ends = begins + size.hours * HOUR
    drawn = weather or storms.draw(random, begins=begins + HOUR / 2, ends=ends)
    with a_ground(begins, drawn, seed=seed) as ground:
        facts = Facts()
        world = World(ground=ground, facts=facts, random=random)
        world.take_over(kept)
        return _go(ground, world, facts, random, seed=seed, size=size, ends=ends, watch=watch)


def _go(
    ground: Ground, world: World, facts: Facts, random: Random, *, seed: int, size: Size, ends: float, watch: str
) -> Result:
    begins, kernel = ground.kernel.now, ground.kernel
    people = People(ground=ground, world=world, facts=facts, random=random)
    staff = Staff(ground=ground, world=world, facts=facts, random=random)
    staff.begin()
    people.plan(size.crises, begins=begins, ends=ends)
    if size.flood and seed % 2:
        people.plan_flood(begins=begins, ends=ends - HOUR, presses=size.flood)
    ground.edges.quiet = False
    ground.begin()
    kernel.run(until=ends + size.lull * HOUR)
    ground.edges.calm()
    calm_from = kernel.now
    kernel.run(until=kernel.now + size.lull / 2 * HOUR)
    judged = ground.weather
    if seed % 4 == 1:
        ground.every = SPARSE
        kernel.run(until=kernel.now + size.days_after * DAY)
        ground.every = 1
        # No ladder is climbed in time where minutes are left out.
        judged = replace(judged, stopped=(*judged.stopped, ("tick", kernel.now - size.days_after * DAY, kernel.now)))
    staff.ignoring = True
    ground.edges.quiet = False
    over = kernel.now + size.last * MINUTE
    people.plan(max(2, size.crises // 40), begins=kernel.now, ends=over - MINUTE)
    kernel.run(until=over)
    ground.edges.calm()
    doors.read_all(ground, world, facts)
    facts.taken, facts.unread = ground.taken, ground.unread
    staff.by_reference |= {crisis.id[:8].upper(): crisis.id for crisis in facts.crises}
    for taken in facts.taken:
        taken.crisis = staff.crisis_of(taken) or ""
    checker = Checker(facts, weather=judged, ends=over, calm_from=calm_from, metrics=ground.metrics)
    return Result(
        seed=seed,
        verdict=checker.judge(),
        weather=ground.weather,
        faults=Counter(ground.edges.met),
        failed=Counter(ground.host.failed),
        counts=ground.counts,
        calls=ground.edges.calls,
        story=list(_story(facts, watch)) if watch else [],
    )


def _story(facts: Facts, watch: str) -> Iterator[str]:
    """Tell everything of a crisis in the order of time: what the log says, what was asked, and what was brought."""
    lines: list[tuple[float, str]] = []
    for crisis in facts.crises:
        if crisis.id == watch:
            lines += [(line["at"], f"log {_plain(line)}") for line in crisis.log]
    for act in facts.acts:
        if act.crisis == watch:
            lines.append((act.sent_at, f"{act.who} sends {act.what} {act.more}"))
            lines.append((act.heard_at, f"{act.who} hears {act.status} of {act.what}"))
    for press in facts.presses:
        if watch in {press.crisis, press.key}:
            lines += [(one.sent_at, f"call {press.key[-8:]} by {press.door}") for one in press.tries]
            lines += [(one.heard_at, f"call {press.key[-8:]} hears {one.status}") for one in press.tries]
    lines += [(one.at, f"{one.way} {one.name} to {one.address}") for one in facts.taken if one.crisis == watch]
    for at, line in sorted(lines):
        yield f"{instant_of(at):%d %H:%M:%S.%f} {line}"


def _plain(line: dict[str, Any]) -> str:
    return " ".join(f"{name}={value}" for name, value in line.items() if value and name not in {"at", "note"})


__all__ = ["CALM", "SHORT", "Result", "Size", "run"]
