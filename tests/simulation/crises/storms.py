"""What goes wrong meanwhile: hours without e-mail, minutes without a table, and all the small things."""

from __future__ import annotations

from random import Random

from tests.simulation.weather import HOUR, MINUTE, Fault, Storm, Weather

OUTAGES = (
    # What, for how long (seconds), which share of its calls fails, and how.
    ("email", (30 * MINUTE, 2 * HOUR, 4 * HOUR), (1.0,), Fault.THROTTLED),
    ("push", (30 * MINUTE, 3 * HOUR), (1.0,), Fault.THROTTLED),
    ("sms", (30 * MINUTE, 3 * HOUR), (1.0,), Fault.THROTTLED),
    ("email", (10 * MINUTE, HOUR), (0.5, 0.9), None),
    ("push", (10 * MINUTE, HOUR), (0.5, 0.9), None),
    ("sms", (10 * MINUTE, HOUR), (0.5, 0.9), None),
    ("queue", (10 * MINUTE, HOUR, 3 * HOUR), (0.5, 1.0), None),
    ("table", (5 * MINUTE, 30 * MINUTE), (0.1, 0.3), Fault.THROTTLED),
    ("table", (2 * MINUTE, 10 * MINUTE), (0.9, 1.0), Fault.THROTTLED),
    ("*", (5 * MINUTE, 20 * MINUTE), (0.1, 0.5), None),
)
STOPPED = (
    ("tick", (3, 20, 90)),
    ("escalate", (3, 20, 90)),
    ("deliver", (3, 20, 180)),
    ("achieve", (20, 180)),
    ("api", (2, 10)),
    ("*", (5, 30)),
)
"""Functions that run not at all, for how many minutes."""


def draw(random: Random, *, begins: float, ends: float) -> Weather:
    """Draw the plan of a run: what is bad all along, and what gets worse for a while."""
    storms = []
    for _ in range(random.choice((1, 3, 5))):
        what, lengths, rates, only = random.choice(OUTAGES)
        at = random.uniform(begins, ends - HOUR)
        lasts = random.choice(lengths)
        storms.append(Storm(what=what, begins=at, ends=min(at + lasts, ends), rate=random.choice(rates), only=only))
    if random.random() < 0.3:
        # All that wakes somebody fails at once.
        at, lasts = random.uniform(begins, ends - 2 * HOUR), random.choice((20 * MINUTE, 2 * HOUR))
        storms += [
            Storm(what=what, begins=at, ends=at + lasts, rate=1.0, only=Fault.THROTTLED)
            for what in ("email", "push", "sms")
        ]
    stopped = []
    for _ in range(random.choice((0, 1, 2, 3))):
        what, minutes = random.choice(STOPPED)
        at = random.uniform(begins, ends - HOUR)
        stopped.append((what, at, min(at + random.choice(minutes) * MINUTE, ends)))
    return Weather(
        rate=random.choice((0.0, 0.002, 0.01, 0.02)),
        ticks_lost=random.choice((0, 0.02, 0.1)),
        ticks_doubled=random.choice((0, 0.02, 0.2)),
        twice=random.choice((0.0, 0.01, 0.05)),
        skew=random.choice((0.0, 0.5, 2.0)),
        stale=random.choice((0.0, 0.1, 0.3)),
        # Of answers to people and staff: those that the network loses.
        receipts_lost=random.choice((0.0, 0.01, 0.05)),
        receipts_late=0.0,
        storms=storms,
        stopped=stopped,
    )
