"""Members of staff as outreach reaches them; an ``outreach.everybody.Others``."""

from collections.abc import Callable, Iterable, Mapping
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.programmes import Programme
from chalicelib.outreach.domain import Recipient
from chalicelib.staff.domain import Member, recipient_of
from chalicelib.staff.service import Staff, note_on_address


class Everyone(Staff, Protocol):
    """All members of staff, many in one read."""

    def with_ids(self, recipient_ids: Iterable[str]) -> Mapping[str, Member | Exception]:
        """Return those of these members that there are; for who can't be read, why."""
        ...


class Programmes(Protocol):
    """The programmes' choices."""

    def choices(self, programme_id: str, *, now: datetime) -> Programme:
        """Return a programme's choices."""
        ...


class StaffRecipients:
    """Implements ``Others`` for staff: what they get belongs to no list, so a complaint about it is seen, no more."""

    def __init__(self, staff: Everyone, programmes: Programmes) -> None:
        self._staff = staff
        self._programmes = programmes

    def load_all(self, recipient_ids: Iterable[str], *, now: datetime) -> dict[str, Recipient | Exception]:
        """Return these members as they are now, without those who aren't there; for who can't be read, why."""
        found: dict[str, Recipient | Exception] = {}
        for recipient_id, member in self._staff.with_ids(recipient_ids).items():
            try:
                found[recipient_id] = member if isinstance(member, Exception) else self._recipient(member, now=now)
            except Exception as error:  # noqa: BLE001 (one member's fault must not hold up the others)
                found[recipient_id] = error
        return found

    def channel_is_gone(
        self, recipient_id: str, channel_id: str, *, why: str, now: datetime, revision: int | None = None
    ) -> None:
        """Keep a provider's word that an address is dead: the first one stays."""
        self._note(recipient_id, channel_id, lambda one: one.given_up(why=why, at=now), revision, now)

    def no_list_mail(self, recipient_id: str, channel_id: str, *, revision: int, now: datetime) -> None:
        """Keep that somebody at an address called a message spam."""
        self._note(recipient_id, channel_id, lambda one: one.complained_of(at=now), revision, now)

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
        return recipient_of(member, self._programmes.choices(member.programme_id, now=now), at=now)
