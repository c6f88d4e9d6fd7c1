"""What happened, as people, staff and providers saw it from outside: the only thing that the checker goes by."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True, kw_only=True)
class Taken:
    """What a provider really took. ``name``: the occurrence; of a text message there is only its ``text``."""

    at: float
    way: str
    address: str
    whom: str = ""
    name: str = ""
    kind: str = ""
    tells: tuple[str, ...] = ()
    """The kinds of all that it tells of."""
    text: str = ""
    crisis: str = ""
    """The crisis that it is about, as its reader finds out."""


@dataclass(slots=True, kw_only=True)
class Try:
    """One time that somebody's device sent something, and what came back; status 0: nothing did."""

    sent_at: float
    heard_at: float = 0.0
    status: int = 0
    body: Any = None


@dataclass(slots=True, kw_only=True)
class Press:
    """
    Somebody asked for help. ``key`` is what their device calls it, each time that it sends it.

    ``door``: app, old_session (it is over), mangled (a sign-in that isn't ours), link, old_link (it has run out),
    staff, nobody (nothing says who it is). ``flood``: one of very many from one address.
    """

    key: str
    person_id: str
    programme: str
    door: str
    flood: bool = False
    tries: list[Try] = field(default_factory=list)
    crisis: str = ""
    """The crisis that it is found in; the checker's to fill in."""
    others: frozenset[str] = frozenset()
    """Where a page stayed open for over ten minutes: those in which its later tries may be calls of their own."""

    @property
    def is_known(self) -> bool:
        """Whether it came by a door that says whose call it is."""
        return self.door != "nobody"

    def shares_line(self, others: list[Press]) -> bool:
        """Say whether another of its caller's has the same key, so that both are one."""
        return any(one.key == self.key and one is not self for one in others)

    @property
    def accepted(self) -> Try | None:
        """The first try that was taken, as its sender heard."""
        return next((one for one in self.tries if 200 <= one.status < 300), None)


@dataclass(slots=True, kw_only=True)
class Act:
    """
    Somebody did something about a crisis, at a door; status 0: they heard nothing, and it may have been done.

    ``what``: ack, contact, resolve, review, hand_over, follow_up. ``may``: whether they had a right to.
    """

    who: str
    what: str
    crisis: str
    programme: str
    sent_at: float
    heard_at: float = 0.0
    status: int = 0
    body: Any = None
    more: dict[str, Any] = field(default_factory=dict)
    may: bool = True

    @property
    def done(self) -> bool:
        """Whether it was done, as they heard."""
        return 200 <= self.status < 300


@dataclass(slots=True, kw_only=True)
class Look:
    """Somebody who asked for help looked what became of it; ``says`` is what they were shown."""

    press: Press
    sent_at: float
    heard_at: float
    status: int
    says: dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """Somebody was to be on call in a tier, from an instant to another."""

    programme: str
    tier: str
    account: str
    starts: float
    ends: float


@dataclass(slots=True, kw_only=True)
class Member:
    """A member of staff as the world made them, with the addresses at which something can really reach them."""

    account: str
    programme: str
    role: str
    recipient: str
    first_name: str
    ways: dict[str, str]
    dead: set[str] = field(default_factory=set)

    @property
    def living(self) -> frozenset[str]:
        """The addresses at which something arrives."""
        return frozenset(self.ways.values()) - self.dead


@dataclass(slots=True, kw_only=True)
class Held:
    """
    A crisis as the doors show it to staff in the end, in calm.

    Of a line of its log: ``number``, ``what``, ``at``, ``by``, ``agreed``, ``disposition``, ``tasks``, ``pressedAt``.
    """

    id: str
    programme: str
    person_id: str | None
    state: str
    owner: str | None
    log: list[dict[str, Any]]


@dataclass(slots=True)
class Facts:
    """All of one run."""

    presses: list[Press] = field(default_factory=list)
    acts: list[Act] = field(default_factory=list)
    looks: list[Look] = field(default_factory=list)
    shifts: list[Shift] = field(default_factory=list)
    members: dict[str, Member] = field(default_factory=dict)
    taken: list[Taken] = field(default_factory=list)
    crises: list[Held] = field(default_factory=list)
    unread: list[tuple[float, str]] = field(default_factory=list)
    """When the table failed a read of a crisis, and of which."""
    tasks: dict[str, list[dict[str, Any]]] = field(default_factory=dict)
    """The tasks of each person, as the doors show them in the end."""
