"""
Who is in a programme and how they behave, from a seed. docs/simulation.md names the sources of each figure.

A person knows their own ways only: when they mean to stop, how often they answer, how they feel. What Cairn makes of it
is not known here.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, time, timedelta
from math import exp, log
from random import Random
from typing import Any

ZONES = (
    ("America/New_York", 38),
    ("America/Chicago", 22),
    ("America/Denver", 7),
    ("America/Phoenix", 4),
    ("America/Los_Angeles", 17),
    ("America/Anchorage", 2),
    ("Pacific/Honolulu", 2),
    ("America/Halifax", 2),
    ("Europe/London", 2),
    ("Europe/Berlin", 2),
    ("Asia/Tokyo", 1),
    ("Australia/Sydney", 1),
)
RETENTION = ((30, 0.80), (60, 0.63), (90, 0.50), (120, 0.40))
"""Who is engaged so many days after admission: telehealth IOP, n = 4,724 (domain rules 1.1)."""
MEAN_STAY = 131.0
COMPLETES, STEPS_DOWN = 0.085, 0.358
"""How a stay ends; the others just stop coming."""
EARLIEST_END = 21
"""Nobody completes or steps down in the first three weeks: whoever stops then stops coming."""
DAILY, WEEKLY = 0.66, 0.97
"""How often a prompt is answered while somebody is engaged (domain rules 1.3)."""
FADES_FOR = 9
"""So many days before somebody stops they answer ever less: silence comes first."""
LAPSES_A_DAY = 1 / 70
TELLS = 0.6
"""Of returns to use, so many are told of as such; the others show in answers, or don't."""

DAYS = ("MO", "TU", "WE", "TH", "FR", "SA", "SU")


@dataclass(slots=True, kw_only=True)
class Person:
    """One person. ``stops_on`` counts days from their admission; ``ends`` is how the stay ends then."""

    number: int
    zone: str
    language: str
    admitted_on: date
    hour: time
    weekday: int
    weekly_at: time
    ways: tuple[str, ...]
    counts_from: date | None
    stops_on: int
    ends: str
    answers: float
    low: float
    door: str
    comes_back_after: int | None
    discharged_after: int
    held: tuple[int, int] | None
    bounces_on: int | None
    id: str = ""
    account: str = ""
    device: str = ""
    over: bool = False
    state: str = "active"
    mood: float = 6.0
    random: Random = field(default_factory=Random)

    @property
    def name(self) -> str:
        """What the programme calls them."""
        return f"P-{self.number:04}"

    def day(self, on: date) -> int:
        """Return how many days they have been in care."""
        return (on - self.admitted_on).days

    def engagement(self, day: int) -> float:
        """Return how engaged they are on a day of their stay, from 0 to 1."""
        if self.comes_back_after is not None and self.stops_on + self.comes_back_after <= day:
            return 0.8
        if self.ends == "step_down" and day >= self.stops_on:
            return 0.7
        left = self.stops_on - day
        return 0.0 if left <= 0 else min(1.0, (left + 1) / FADES_FOR) if self.ends == "stops" else 1.0

    def will_answer(self, form: str, day: int) -> bool:
        """Say whether they answer a prompt of this day of their stay."""
        often = self.answers if form == "daily" else WEEKLY
        return self.random.random() < often * self.engagement(day) ** (1 if form == "daily" else 0.5)

    def after(self) -> float:
        """Return after how many seconds they open a message: half within the hour, some in the night, some too late."""
        minutes = min(60 * 26, exp(self.random.gauss(log(50), 1.5)))
        return round(minutes) * 60 + 90 + self.random.randrange(20)

    def feel(self, day: int) -> None:
        """Let a day pass: mood goes its way, worse when they drift off."""
        drift = self.low + 2.5 * (1 - self.engagement(day))
        self.mood += 0.5 * (7 - drift - self.mood) + self.random.gauss(0, 1.3)
        self.mood = min(10.0, max(0.0, self.mood))

    def daily(self) -> dict[str, Any]:
        """Return what they say to the daily questions; some are left out."""
        craving = min(10, max(0, round(7.5 - self.mood + self.random.gauss(0, 1.8))))
        talk = self.random.random() < (0.10 if self.mood < 2.5 else 0.006)
        plan = "talk" if talk else "yes" if self.random.random() < self.mood / 9 else "not_fully"
        said: dict[str, Any] = {"mood": round(self.mood), "craving": craving, "plan": plan}
        for name in list(said):
            if len(said) > 1 and self.random.random() < 0.05:
                del said[name]
        if self.random.random() < 0.08:
            said["note"] = f"A line of day {self.random.randrange(1000)}"
        return said

    def weekly(self, *, item_9: bool, bam: bool) -> dict[str, Any]:
        """Return what they say to the weekly questions; the rest of PHQ and GAD only where the first two ask for it."""
        dice, low = self.random, (10 - self.mood) / 10
        used = dice.random() < 0.05 + 0.3 * max(0.0, low - 0.5)
        said: dict[str, Any] = {}
        if bam:
            said |= self._bam(low, used=used)
        phq = "phq9" if item_9 else "phq8"
        said |= self._screened(phq, 9 if item_9 else 8, low)
        if f"{phq}.9" in said:
            said["phq9.9"] = dice.choices((0, 1, 2, 3), (85, 9, 4, 2))[0]
        said |= self._screened("gad7", 7, low)
        said["homework"] = dice.choice(("all", "some", "not_yet", "none_set"))
        for name in list(said):
            if dice.random() < 0.02:
                del said[name]
        return said

    def _bam(self, low: float, *, used: bool) -> dict[str, int]:
        dice = self.random

        def points(mean: float) -> int:
            return min(4, max(0, round(dice.gauss(mean * 4, 0.9))))

        items = {f"bam7.{item}": points(low) for item in ("1", "2", "3", "8", "11", "15")}
        items |= {f"bam7.{item}": points(1 - low) for item in ("9", "10", "12", "13", "16", "17")}
        items["bam7.14"] = 4 if dice.random() < 0.7 else 0
        items["bam7.4"] = dice.choice((1, 1, 2)) if used and dice.random() < 0.6 else 0
        items["bam7.6"] = dice.choice((1, 1, 2, 3)) if used and not items["bam7.4"] else 0
        if items["bam7.4"]:
            items["bam7.5"] = dice.randrange(items["bam7.4"] + 1)
        if items["bam7.6"]:
            items["bam7.7e"] = dice.randrange(items["bam7.6"] + 1)
        return items

    def _screened(self, name: str, items: int, low: float) -> dict[str, int]:
        def points() -> int:
            return min(3, max(0, round(self.random.gauss(low * 3, 0.8))))

        first = {f"{name}.{item}": points() for item in (1, 2)}
        if sum(first.values()) < 3:
            return first
        return first | {f"{name}.{item}": points() for item in range(3, items + 1)}


def draw(number: int, *, seed: int, starts_on: date) -> Person:
    """Draw one person of a programme that begins on this date."""
    dice = Random(f"{seed} {number}")
    stops_on = _stay(dice)
    ends = "stops"
    if stops_on >= EARLIEST_END:
        share = 1 - _stopped_by(EARLIEST_END)
        ends = dice.choices(
            ("completes", "step_down", "stops"),
            (COMPLETES / share, STEPS_DOWN / share, 1 - (COMPLETES + STEPS_DOWN) / share),
        )[0]
    admitted_on = starts_on + timedelta(days=dice.randrange(7))
    days_ago = dice.choice((None, 0, 1, 3, 5, 12, 20, 29, 40, 75, 88, 120, 178, 240, 265, 340, 362))
    quarter = dice.randrange(32, 83)
    return Person(
        number=number,
        zone=dice.choices([zone for zone, _ in ZONES], [weight for _, weight in ZONES])[0],
        language=dice.choices(("en", "es"), (85, 15))[0],
        admitted_on=admitted_on,
        hour=time(quarter // 4, quarter % 4 * 15),
        weekday=dice.choice((6, 6, 6, 0, 2, 5)),
        weekly_at=time(dice.choice((10, 12, 17, 18, 19)), 30),
        ways=dice.choices((("email",), ("push", "email"), ("push",)), (65, 25, 10))[0],
        counts_from=None if days_ago is None else admitted_on - timedelta(days=days_ago + dice.randrange(3)),
        stops_on=stops_on,
        ends=ends,
        answers=min(0.98, max(0.2, dice.gauss(DAILY, 0.16))),
        low=dice.gauss(1.6, 1.3),
        door=dice.choices(("link", "app"), (88, 12))[0],
        comes_back_after=dice.randrange(4, 13) if ends == "stops" and dice.random() < 0.25 else None,
        discharged_after=dice.randrange(12, 30),
        held=(dice.randrange(5, 90), dice.randrange(2, 14)) if dice.random() < 0.06 else None,
        bounces_on=dice.randrange(10, 110) if dice.random() < 0.03 else None,
        mood=dice.uniform(4, 8),
        random=Random(f"{seed} {number} life"),
    )


def _stay(dice: Random) -> int:
    """Draw after how many days somebody stops: as the retention says, and from 120 days on as the mean stay does."""
    chance, before, left = dice.random(), 0, 1.0
    for day, engaged in RETENTION:
        if chance > engaged:
            rate = log(left / engaged) / (day - before)
            return before + int(log(left / chance) / rate)
        before, left = day, engaged
    area = sum((high + low) / 2 * 30 for (_, high), (_, low) in zip(((0, 1.0), *RETENTION), RETENTION, strict=False))
    rate = left / (MEAN_STAY - area)
    return before + int(log(left / chance) / rate)


def _stopped_by(day: int) -> float:
    rate = -log(RETENTION[0][1]) / RETENTION[0][0]
    return 1 - exp(-rate * day)
