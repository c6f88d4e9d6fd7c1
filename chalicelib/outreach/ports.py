"""What outreach needs from outside: its stores, its queue, the people, and the ways out."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol

from chalicelib.outreach.domain import Channel, ChannelKind, Due, Entry, Reason, Recipient, Waiting
from chalicelib.outreach.moments import Moment


class Dues(Protocol):
    """What is waiting to fall due."""

    def put(self, dues: Iterable[Due]) -> None:
        """Write these due rows; again is the same rows."""
        ...

    def remove(self, dues: Iterable[Due]) -> None:
        """Let these due rows go; gone already is fine."""
        ...

    def waiting(
        self,
        hour: datetime,
        shard: int,
        *,
        before: datetime,
        limit: int,
        first: datetime | None = None,
        after: Due | None = None,
    ) -> list[Due]:
        """
        Return at most ``limit`` that wait in this partition of an hour, in the order of their instants.

        ``first``: not those of earlier instants; ``after``: only what comes behind this one.
        """
        ...

    def watermark(self) -> datetime | None:
        """Return the first hour that may still hold rows; None before the first tick ever."""
        ...

    def advance(self, hour: datetime) -> None:
        """Move the watermark on; never back."""
        ...


class Ledger(Protocol):
    """What became of every occurrence."""

    def get(self, person_id: str, kind: str, on: date) -> Entry | None:
        """Return the entry of an occurrence as it stands now."""
        ...

    def of_people(self, keys: Iterable[tuple[str, str, date]]) -> Iterator[Entry]:
        """Give the entries of these (person, kind, local date), in no order."""
        ...

    def between(self, person_id: str, first: date, last: date, *, limit: int = 1000) -> list[Entry]:
        """Return a person's entries of these local dates, both included, newest first."""
        ...

    def add(self, entries: Sequence[Entry]) -> list[bool]:
        """Write the first entry of each occurrence; False for those that have one already."""
        ...

    def end(self, entries: Sequence[Entry]) -> list[bool]:
        """Put an end over each one's own claim (of the same attempt); False where it is no longer that claim."""
        ...

    def swap(self, entry: Entry, *, before: Entry) -> bool:
        """Put ``entry`` over ``before``; False if status or attempt are no longer as there."""
        ...

    def release(self, entry: Entry) -> None:
        """
        Take back an entry whose message was certainly not accepted, so that it can be tried at once.

        Nothing happens if its status or attempt are no longer these.
        """
        ...

    def received(
        self, person_id: str, kind: str, on: date, *, at: datetime, by_device: bool, channel_id: str | None = None
    ) -> bool:
        """
        Note that a provider (or the device itself) reported the message; say whether that was news.

        A device's word counts where the entry was sent over its channel, or doesn't say yet where it is sent.
        A provider's report is noted on a claim only: it vouches for a sender that died.
        """
        ...


class Queue(Protocol):
    """Carries what falls due to ``deliver``, not before its instant."""

    def hand_over(self, dues: Sequence[Due], *, now: datetime) -> int:
        """Send them on; return how many were taken. The rest is found again by a later tick."""
        ...

    def backlog(self, *, urgent: bool = False) -> int:
        """Return about how many messages, or pages of crises, wait for a delivery that is free."""
        ...

    def ask_help(self, hour: datetime, shard: int, *, first: datetime, before: datetime) -> None:
        """Have a partition of an hour handed over by another process: it holds more than a tick has time for."""
        ...


class Recipients(Protocol):
    """People and members of staff as outreach sees them."""

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        """Return the person as they are now; None if there is no such person."""
        ...

    def load_all(self, person_ids: Iterable[str], *, now: datetime) -> Mapping[str, Recipient | Exception]:
        """Return these people as they are now, without those who aren't there; for who can't be read, why."""
        ...

    def keep_waiting(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Keep with the person what is to go along with the next message to them; again is the same."""
        ...

    def told(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Let go of what no longer waits; gone already is fine."""
        ...


class Suppressions(Protocol):
    """Where a provider's word that an address is dead is kept."""

    def channel_is_gone(
        self, person_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        """Keep it, so that nothing is sent there again; not if the address was changed since that ``revision``."""
        ...


class NotAccepted(Exception):
    """The provider certainly didn't take the message and may take it later."""


class Refused(Exception):
    """The provider won't take this message for this address. ``gone``: the address is dead."""

    def __init__(self, *, gone: bool) -> None:
        super().__init__("refused by the provider")
        self.gone = gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a provider took: its id for the message."""

    provider_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Letter:
    """A message to hand over. ``template`` names the words and their version; ``content`` is the sender's own."""

    entry: Entry
    channel: Channel
    template: str
    content: Any


class Sender(Protocol):
    """One way out."""

    def compose(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Letter:
        """Make the category's message for this recipient. Calls nobody: an error means that nothing went out."""
        ...

    def send(self, letter: Letter) -> Handed:
        """
        Hand it to the provider. Any exception but these leaves it open whether the message went out.

        :raises NotAccepted: it was certainly not taken
        :raises Refused: it never will be
        """
        ...


Each = Callable[[Callable[[Any], Any], Iterable[Any]], Iterable[Any]]
"""Calls a function for each of some things, like ``map``: one after the other, or at once."""


def nothing_against(_due: Due) -> Reason | None:
    """Object to nothing."""
    return None


def nothing_to_count(_due: Due) -> int:
    """Count nothing."""
    return 0


def at_no_moment(_due: Due) -> Moment | None:
    """Know of no moment."""
    return None


def nobody(_due: Due) -> str:
    """Name nobody: a message that should be signed is by the sender's name."""
    return ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Means:
    """
    All that delivery works with.

    ``objections`` says why something is no longer true, whatever the recipient (a notice was cancelled). ``count`` says
    of how many things a category that ``counts`` has to tell now, ``moment`` when that is which one that
    ``tells_time`` is about, and ``signer`` who signs one that is ``signed``. ``each`` runs the sends.
    """

    recipients: Recipients
    dues: Dues
    ledger: Ledger
    senders: Mapping[ChannelKind, Sender]
    suppressions: Suppressions
    objections: Callable[[Due], Reason | None] = nothing_against
    count: Callable[[Due], int] = nothing_to_count
    moment: Callable[[Due], Moment | None] = at_no_moment
    signer: Callable[[Due], str] = nobody
    each: Each = map
