"""Everybody whom outreach reaches: people in care as enrolment knows them, and staff, told apart by their ids."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.programmes import Programme
from chalicelib.outreach.domain import Recipient, Waiting, is_staff
from chalicelib.outreach.ports import Recipients, Suppressions
from chalicelib.staff.domain import Member, recipient_of
from chalicelib.staff.service import Staff, note_on_address


class Everyone(Staff, Protocol):
    """All members of staff, many in one read."""

    def with_ids(self, recipient_ids: Iterable[str]) -> Mapping[str, Member | Exception]:
        """Return those of these members that there are; for who can't be read, why."""
        ...


class Patients(Recipients, Suppressions, Protocol):
    """People in care, and their programmes' choices."""

    def no_list_mail(self, person_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        """Keep that somebody at an address called a message spam."""
        ...

    def choices(self, programme_id: str, *, now: datetime) -> Programme:
        """Return a programme's choices."""
        ...


class Everybody:
    """Implements outreach's ``Recipients``, ``Suppressions`` and ``reports.Addresses`` for people and staff."""

    def __init__(self, people: Patients, staff: Everyone) -> None:
        self._people = people
        self._staff = staff

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        """Return a recipient as they are now; None if there is no such one."""
        if not is_staff(person_id):
            return self._people.load(person_id, now=now)
        member = self._staff.with_id(person_id)
        return self._recipient(member, now=now) if member else None

    def load_all(self, person_ids: Iterable[str], *, now: datetime) -> dict[str, Recipient | Exception]:
        """Return these recipients, without those who aren't there; for who can't be read, why. A read of each sort."""
        person_ids = list(person_ids)
        people = [one for one in person_ids if not is_staff(one)]
        found: dict[str, Recipient | Exception] = dict(self._people.load_all(people, now=now)) if people else {}
        staff = [one for one in person_ids if is_staff(one)]
        for recipient_id, member in (self._staff.with_ids(staff) if staff else {}).items():
            try:
                found[recipient_id] = member if isinstance(member, Exception) else self._recipient(member, now=now)
            except Exception as error:  # noqa: BLE001 (one member's fault must not hold up the others)
                found[recipient_id] = error
        return found

    def keep_waiting(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Keep what is to go along with the next message; nothing to staff does."""
        if not is_staff(person_id):
            self._people.keep_waiting(person_id, waiting)

    def told(self, person_id: str, waiting: Iterable[Waiting]) -> None:
        """Let go of what no longer waits."""
        if not is_staff(person_id):
            self._people.told(person_id, waiting)

    def channel_is_gone(
        self, person_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        """Keep a provider's word that an address is dead: the first one stays."""
        if is_staff(person_id):
            self._note(person_id, channel_id, lambda one: one.given_up(why=why, at=now), revision, now)
        else:
            self._people.channel_is_gone(person_id, channel_id, why=why, now=now, revision=revision)

    def no_list_mail(self, person_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        """Keep that somebody at an address called a message spam: what staff get belongs to no list, so it is seen."""
        if is_staff(person_id):
            self._note(person_id, channel_id, lambda one: one.complained_of(at=now), revision, now)
        else:
            self._people.no_list_mail(person_id, channel_id, revision=revision, now=now)

    def _note(
        self,
        recipient_id: str,
        channel_id: str,
        note: Callable[[Channel], Channel],
        revision: int | None,
        now: datetime,
    ) -> None:
        note_on_address(recipient_id, channel_id, note, revision=revision, now=now, staff=self._staff)

    def _recipient(self, member: Member, *, now: datetime) -> Recipient:
        return recipient_of(member, self._people.choices(member.programme_id, now=now), at=now)
