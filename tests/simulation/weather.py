"""What goes wrong, where and when: drawn from a seed before a run begins, and from the same seed call by call."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from enum import Enum, auto
from random import Random
from typing import TypeVar

from tests.simulation.kernel import Kernel

T = TypeVar("T")

LATE = 0.2
"""How many calls that timed out happen after all, when nobody waits for them any more."""

MINUTE, HOUR, DAY = 60.0, 3600.0, 86400.0


class StoreFault(Exception):
    """The table or the queue answered with an error, or not at all. What was asked may have happened."""


class Fault(Enum):
    """What can happen to one call."""

    DIES_BEFORE = auto()
    DIES_AFTER = auto()
    THROTTLED = auto()
    """Certainly not done, and said so."""
    TIMES_OUT = auto()
    """Not done; the caller can't know."""
    TIMES_OUT_DONE = auto()
    """Done; the caller can't know."""
    PARTLY = auto()
    """A part of a batch was done, then it failed."""
    GHOST = auto()
    """Done, but a retry inside the client met its own first try and took it for another's."""
    SLOW = auto()
    """Done, and the answer comes so late that the process may be killed before."""


STORE_FAULTS = (
    Fault.DIES_BEFORE,
    Fault.DIES_AFTER,
    Fault.THROTTLED,
    Fault.THROTTLED,
    Fault.TIMES_OUT,
    Fault.TIMES_OUT_DONE,
    Fault.PARTLY,
    Fault.GHOST,
    Fault.SLOW,
)
PROVIDER_FAULTS = (
    Fault.DIES_BEFORE,
    Fault.DIES_AFTER,
    Fault.THROTTLED,
    Fault.THROTTLED,
    Fault.TIMES_OUT,
    Fault.TIMES_OUT_DONE,
    Fault.SLOW,
)
PROVIDERS = frozenset({"email", "push", "mobile", "sms"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Storm:
    """For a while, something is worse. ``what``: the port, ``*`` for all; ``rate``: of its calls that fail."""

    what: str
    begins: float
    ends: float
    rate: float
    only: Fault | None = None

    def __str__(self) -> str:
        how = f" ({self.only.name.lower()})" if self.only else ""
        return f"{self.what}: {self.rate:.0%} of calls fail{how} for {(self.ends - self.begins) / MINUTE:.0f} min"


@dataclass(slots=True, kw_only=True)
class Weather:
    """
    The plan of a run.

    ``rate`` is that of faults per call in good hours. ``ticks_lost`` and ``ticks_doubled`` are shares of the minutes,
    ``twice`` of the messages; ``skew`` is how far hosts' clocks are off at most, in seconds. ``stopped`` are hours in
    which a function runs not at all. ``switched_off`` are those in which the kill switch is on.
    """

    rate: float
    ticks_lost: float
    ticks_doubled: float
    twice: float
    skew: float
    stale: float
    receipts_lost: float
    receipts_late: float
    storms: Sequence[Storm] = ()
    stopped: Sequence[tuple[str, float, float]] = ()
    switched_off: Sequence[tuple[float, float]] = ()
    rates: dict[str, float] = field(default_factory=dict)
    only: dict[str, Fault | None] = field(default_factory=dict)

    def is_stopped(self, function: str, now: float) -> bool:
        """Say whether this function runs not at all now."""
        return any(name in {function, "*"} and begins <= now < ends for name, begins, ends in self.stopped)

    def is_switched_off(self, now: float) -> bool:
        """Say whether the kill switch is on now."""
        return any(begins <= now < ends for begins, ends in self.switched_off)

    def calm_at(self, now: float) -> bool:
        """Say whether nothing but the everyday rate of faults was to be met within the hour before."""
        return not any(begins <= now + 1 and ends > now - HOUR for _, begins, ends in self.stopped) and not any(
            storm.begins <= now + 1 and storm.ends > now - HOUR for storm in self.storms
        )


CALM = Weather(rate=0, ticks_lost=0, ticks_doubled=0, twice=0, skew=0, stale=0, receipts_lost=0, receipts_late=0)


def draw_weather(random: Random, *, begins: float, ends: float) -> Weather:
    """Draw the plan of a run: what is bad all along, and what gets worse for a while."""
    rate = random.choice((0.0, 0.002, 0.01, 0.03))
    storms = [_storm(random, begins, ends) for _ in range(random.choice((0, 1, 2, 4)))]
    stopped = []
    for _ in range(random.choice((0, 0, 1, 1, 2))):
        starts = random.uniform(begins, ends - 2 * HOUR)
        lasts = random.choice((0.1, 1, 3, 6, 14, 30)) * HOUR
        stopped.append((random.choice(("*", "tick", "deliver", "record_receipt")), starts, min(starts + lasts, ends)))
    switched_off = []
    if random.random() < 0.25:
        starts = random.uniform(begins, ends - 2 * HOUR)
        switched_off.append((starts, min(ends, starts + random.choice((0.2, 2, 8)) * HOUR)))
    return Weather(
        rate=rate,
        ticks_lost=random.choice((0, 0.01, 0.1)),
        ticks_doubled=random.choice((0, 0.02, 0.2)),
        twice=random.choice((0.0, 0.01, 0.05)),
        skew=random.choice((0.0, 2.0)),
        stale=random.choice((0.0, 0.1, 0.3)),
        receipts_lost=random.choice((0.0, 0.02, 0.3)),
        receipts_late=random.choice((0.0, 0.05, 0.5)),
        storms=storms,
        stopped=stopped,
        switched_off=switched_off,
    )


def _storm(random: Random, begins: float, ends: float) -> Storm:
    what = random.choice(("*", "dues", "ledger", "people", "queue", "email", "push", "mobile", "email", "push"))
    starts = random.uniform(begins, ends - 2 * HOUR)
    lasts = random.choice((5 * MINUTE, 30 * MINUTE, 2 * HOUR, 6 * HOUR, 12 * HOUR))
    only = random.choice((None, Fault.THROTTLED)) if what in PROVIDERS else None
    return Storm(
        what=what, begins=starts, ends=min(starts + lasts, ends), rate=random.choice((0.1, 0.5, 0.9, 1.0)), only=only
    )


class Edges:
    """Where processes touch the world: every call passes here, and may meet with a fault."""

    def __init__(self, kernel: Kernel, weather: Weather, random: Random) -> None:
        self._kernel = kernel
        self._weather = weather
        self._random = random
        self._draw = random.random
        self._rates: dict[str, float] = {}
        self._calls = 0
        self.quiet = False
        self.met: dict[str, int] = {}
        self.told: Callable[[str, object, Fault | None], object] | None = None
        for storm in weather.storms:
            kernel.at(storm.begins, self._rates.clear)
            kernel.at(storm.ends, self._rates.clear)

    @property
    def calls(self) -> int:
        """How many calls were made in all."""
        return self._calls

    def call(  # noqa: C901, PLR0912 (a branch per fault)
        self,
        port: str,
        name: str,
        do: Callable[[], T],
        *,
        takes: float = 0.004,
        partly: Callable[[Random], object] | None = None,
        ghost: Callable[[], T] | None = None,
        refuse: Callable[[], Exception] = StoreFault,
        late: Callable[[], object] | None = None,
        waits: float | None = None,
        about: object = None,
    ) -> T:
        """
        Make a call to ``port``: it takes its time, and may meet with a fault.

        ``partly`` does a part of it, ``ghost`` does it and answers as a client that met its own first try, ``late``
        does it when the caller has given up waiting. ``waits`` is how many seconds an answer is waited for.
        """
        kernel, draw = self._kernel, self._draw
        self._calls += 1
        kernel.pause(takes * (0.5 + draw()))
        rate = self._rates.get(port)
        if rate is None:
            rate = self._rate(port)
        fault = self._fault(port) if rate and draw() < rate else None
        if self.told:
            self.told(f"{port}.{name}", about, fault)
        if fault is None:
            return do()
        self.met[fault.name] = self.met.get(fault.name, 0) + 1
        match fault:
            case Fault.DIES_BEFORE:
                kernel.die()
            case Fault.THROTTLED:
                raise refuse()
            case Fault.TIMES_OUT:
                if late and draw() < LATE:
                    kernel.at(kernel.now + 10 * (1 + draw()), late)
                kernel.pause(waits or 10)
                raise TimeoutError
            case Fault.PARTLY if partly is not None:
                partly(self._random)
                raise StoreFault
            case Fault.GHOST if ghost is not None:
                return ghost()
        result = do()
        match fault:
            case Fault.DIES_AFTER:
                kernel.die()
            case Fault.TIMES_OUT_DONE | Fault.PARTLY:
                kernel.pause(waits or 10)
                raise TimeoutError
            case Fault.SLOW:
                lasts = self._random.uniform(1, 60)
                kernel.pause(min(lasts, waits or lasts))
                if waits and lasts > waits:
                    raise TimeoutError
        return result

    def _rate(self, port: str) -> float:
        rate = 0.0 if self.quiet else self._weather.rate
        for storm in self._weather.storms:
            if storm.what in {port, "*"} and storm.begins <= self._kernel.now < storm.ends and not self.quiet:
                rate = max(rate, storm.rate)
        self._rates[port] = rate
        return rate

    def _fault(self, port: str) -> Fault:
        for storm in self._weather.storms:
            within = storm.what in {port, "*"} and storm.begins <= self._kernel.now < storm.ends
            if within and storm.only and self._draw() < storm.rate:
                return storm.only
        return self._random.choice(PROVIDER_FAULTS if port in PROVIDERS else STORE_FAULTS)

    def calm(self) -> None:
        """From now on nothing fails any more."""
        self.quiet = True
        self._rates.clear()
