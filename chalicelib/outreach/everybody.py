"""Everybody whom outreach reaches: people in care, and the other sorts of recipients, told apart by their ids."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Protocol

from chalicelib.outreach.domain import Recipient, Waiting
from chalicelib.outreach.ports import Recipients, Suppressions
from chalicelib.outreach.reports import Addresses
from chalicelib.outreach.sorts import Sort, sort_of


class Others(Suppressions, Protocol):
    """Recipients of another sort than people: nothing goes along with their messages."""

    def load_all(self, recipient_ids: Iterable[str], *, now: datetime) -> Mapping[str, Recipient | Exception]:
        """Return these recipients, without those who aren't there; for who can't be read, why."""
        ...

    def no_list_mail(self, recipient_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        """Keep that somebody at an address called a message spam."""
        ...


class Patients(Recipients, Addresses, Protocol):
    """People in care."""


class Everybody:
    """Implements outreach's ``Recipients``, ``Suppressions`` and ``reports.Addresses`` for all sorts."""

    def __init__(self, people: Patients, others: Mapping[Sort, Others]) -> None:
        self._people = people
        self._others = others

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        """Return a recipient as they are now; None if there is no such one."""
        others = self._others.get(sort_of(person_id))
        if others is None:
            return self._people.load(person_id, now=now)
        found = others.load_all([person_id], now=now).get(person_id)
        if isinstance(found, Exception):
            raise found
        return found

    def load_all(self, person_ids: Iterable[str], *, now: datetime) -> dict[str, Recipient | Exception]:
        """Return these recipients, without those who aren't there; for who can't be read, why. A read of each sort."""
        asked: dict[Sort, list[str]] = {}
        for person_id in person_ids:
            sort = sort_of(person_id)
            asked.setdefault(sort if sort in self._others else Sort.PERSON, []).append(person_id)
        found: dict[str, Recipient | Exception] = {}
        for sort, ids in asked.items():
            found |= self._others.get(sort, self._people).load_all(ids, now=now)
        return found

    def keep_waiting(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Keep what is to go along with the next message; nothing to anybody but people does."""
        if sort_of(person_id) is Sort.PERSON:
            self._people.keep_waiting(person_id, waiting)

    def told(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Let go of what no longer waits."""
        if sort_of(person_id) is Sort.PERSON:
            self._people.told(person_id, waiting)

    def channel_is_gone(
        self, person_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        """Keep a provider's word that an address is dead: the first one stays."""
        kept = self._others.get(sort_of(person_id), self._people)
        kept.channel_is_gone(person_id, channel_id, why=why, now=now, revision=revision)

    def no_list_mail(self, person_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        """Keep that somebody at an address called a message spam."""
        kept = self._others.get(sort_of(person_id), self._people)
        kept.no_list_mail(person_id, channel_id, revision=revision, now=now)
