"""What outreach needs from outside: its stores, its queue, the people, and the ways out."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

from chalicelib.outreach.domain import Channel, Due, Entry, Recipient


class Dues(Protocol):
    """What is waiting to fall due."""

    def put(self, due: Due) -> None: ...
    def remove(self, due: Due) -> None: ...
    def waiting(self, hour: datetime, *, before: datetime) -> Iterator[Due]: ...
    def watermark(self) -> datetime | None: ...
    def advance(self, hour: datetime) -> None: ...


class Ledger(Protocol):
    """What became of every occurrence."""

    def get(self, person_id: str, kind: str, on: date) -> Entry | None: ...
    def of_people(self, keys: Iterable[tuple[str, str, date]]) -> Iterator[Entry]: ...
    def add(self, entry: Entry) -> bool: ...
    def replace(self, entry: Entry, *, attempt: int) -> bool: ...
    def release(self, entry: Entry) -> None: ...
    def received(self, person_id: str, kind: str, on: date, *, at: datetime) -> bool: ...


class Queue(Protocol):
    """Carries what falls due to ``deliver``, not before its instant."""

    def hand_over(self, dues: list[Due], *, now: datetime) -> int:
        """Send them on; return how many were taken. The rest is found again by a later tick."""
        ...


class Recipients(Protocol):
    """People as outreach sees them."""

    def load(self, person_id: str, *, now: datetime) -> Recipient | None: ...


class Suppressions(Protocol):
    """Where a provider's word that an address is dead is kept."""

    def channel_is_gone(self, person_id: str, channel_id: str, *, why: str, now: datetime) -> None: ...


class NotAccepted(Exception):
    """The provider certainly didn't take the message and may take it later."""


class Refused(Exception):
    """The provider won't take this message for this address. ``gone``: the address is dead."""

    def __init__(self, *, gone: bool) -> None:
        super().__init__("refused by the provider")
        self.gone = gone


@dataclass(frozen=True, slots=True, kw_only=True)
class Handed:
    """What a provider took: its id for the message, and the template and version that the words came from."""

    provider_id: str
    template: str


class Sender(Protocol):
    """
    One way out: composes the category's message for this recipient and hands it to the provider.

    Any exception but the two above leaves it open whether the message went out.
    """

    def send(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> Handed:
        """
        Compose the message and hand it over.

        :raises NotAccepted: it was certainly not taken
        :raises Refused: it never will be
        """
        ...
