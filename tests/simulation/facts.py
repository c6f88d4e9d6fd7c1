"""What happened, as the stand-ins saw it: the only thing that the checker goes by."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field
from datetime import date, datetime, time
from enum import Enum, auto

from chalicelib.outreach.domain import Channel, ChannelKind, DetailLevel, Entry, Recipient, Standing
from chalicelib.outreach.quiet import QuietHours

Name = tuple[str, str, date]
"""Person, kind and local date: an occurrence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    When somebody wants to be asked, as plainly as it can be said.

    ``days`` are weekdays (Monday is 0), ``every`` counts days from ``starts_on``; ``once`` is a single date.
    """

    at: time
    zone: str
    starts_on: date
    days: frozenset[int] = frozenset(range(7))
    every: int = 1
    once: date | None = None


class How(Enum):
    """How a schedule came to be as it is."""

    NEW = auto()
    EDITED = auto()
    MOVED = auto()
    """Its person went to another zone."""
    RESTARTED = auto()
    """Its person came back."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A schedule as it stood from an instant on; ``wish`` is None from when it was taken away."""

    since: float
    version: int
    wish: Wish | None
    how: How


@dataclass(frozen=True, slots=True, kw_only=True)
class Single:
    """Something that was made due once, by somebody's act."""

    since: float
    person: str
    kind: str
    on: date
    due_at: float


@dataclass(slots=True, kw_only=True)
class Taken:
    """
    A message that a provider really took.

    ``tells`` are the occurrences whose words were in it. ``heard`` says whether its sender got the provider's answer.
    ``read`` is when its process last read the person, and which state of theirs that was.
    """

    at: float
    person: str
    name: Name
    tells: tuple[Name, ...]
    channel: Channel
    attempt: int
    process: int
    started: float
    read: tuple[float, int]
    heard: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A ledger entry that was really stored (None: it was taken away)."""

    at: float
    how: str
    name: Name
    entry: Entry | None
    process: int
    started: float
    read: tuple[float, int] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report on a message that a handler took in without an error."""

    at: float
    name: Name
    by_device: bool


@dataclass(slots=True)
class Life:
    """Everything that a person was, state after state."""

    since: list[float] = field(default_factory=list)
    states: list[Recipient] = field(default_factory=list)

    def now_is(self, at: float, state: Recipient) -> None:
        """Add the state that holds from ``at`` on."""
        self.since.append(at)
        self.states.append(state)

    def index(self, at: float) -> int:
        """Return the place of the state that held at an instant."""
        return max(0, bisect_right(self.since, at) - 1)

    def during(self, first: float, last: float) -> list[Recipient]:
        """Return all states that held at some time between."""
        return self.states[self.index(first) : self.index(last) + 1]


@dataclass(slots=True)
class Facts:
    """All of one run."""

    lives: dict[str, Life] = field(default_factory=dict)
    plans: dict[tuple[str, str], list[Planned]] = field(default_factory=dict)
    singles: list[Single] = field(default_factory=list)
    taken: list[Taken] = field(default_factory=list)
    written: list[Written] = field(default_factory=list)
    reports: list[Report] = field(default_factory=list)
    ledger: dict[Name, Entry] = field(default_factory=dict)
    left: list[str] = field(default_factory=list)
    """What still waited, or lay on the way, when the run was over."""


def nobody(person_id: str, zone: str) -> Recipient:
    """Return somebody who agreed to nothing yet."""
    return Recipient(
        person_id=person_id,
        programme_id="p",
        first_name="",
        language="en",
        zone=zone,
        standing=Standing.REACHABLE,
        quiet_hours=QuietHours(start=time(21), end=time(8)),
        consents=frozenset(),
        channels=(),
    )


def channel(channel_id: str, kind: ChannelKind, *, revision: int = 1, usable: bool = True) -> Channel:
    """Return a way to reach somebody."""
    return Channel(
        id=channel_id,
        kind=kind,
        address=f"{channel_id}.{revision}",
        revision=revision,
        usable=usable,
        detail=DetailLevel.DISCREET,
    )


def name_of(entry: Entry) -> Name:
    """Return the occurrence that an entry is about."""
    return entry.person_id, entry.kind, entry.on


def carried(entry: Entry) -> tuple[Name, ...]:
    """Return the other occurrences that an entry's message tells of."""
    names = []
    for text in entry.carries:
        on, _, kind = text.partition("#")
        names.append((entry.person_id, kind, date.fromisoformat(on)))
    return tuple(names)


def text_of(name: Name) -> str:
    """Write an occurrence for people."""
    person, kind, on = name
    return f"{person} {on} {kind}"


def read_instant(text: str) -> datetime:
    """Return an instant that was written as ISO 8601."""
    return datetime.fromisoformat(text)
