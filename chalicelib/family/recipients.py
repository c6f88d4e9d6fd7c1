"""Supporters as outreach reaches them, and whoever is invited as one."""

from collections.abc import Callable, Iterable
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.programmes import Programme
from chalicelib.family.domain import Tie
from chalicelib.family.kin import Supporter, invited, recipient_of
from chalicelib.family.supporting import Supporters, note_on_channel
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.sorts import Sort


class Invitations(Protocol):
    """Invitations, as far as their messages go."""

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person."""
        ...

    def find(self, tie_id: str) -> Tie | None:
        """Return a tie as it is now."""
        ...


class Programmes(Protocol):
    """The programmes' choices."""

    def choices(self, programme_id: str, *, now: datetime) -> Programme:
        """Return a programme's choices."""
        ...


class KinRecipients:
    """Implements ``outreach.everybody.Others`` for supporters, and for whoever is invited as one."""

    def __init__(self, supporters: Supporters, ties: Invitations, programmes: Programmes) -> None:
        self._supporters = supporters
        self._ties = ties
        self._programmes = programmes

    def load_all(self, recipient_ids: Iterable[str], *, now: datetime) -> dict[str, Recipient | Exception]:
        """Return these as they are now, without those who aren't there; for who can't be read, why."""
        recipient_ids = list(recipient_ids)
        found: dict[str, Recipient | Exception] = {}
        supporters = self._supporters.with_ids(recipient_ids)
        for recipient_id in recipient_ids:
            try:
                one = supporters.get(recipient_id)
                recipient = self._invitee(recipient_id, now=now) if one is None else self._recipient(one, now=now)
            except Exception as error:  # noqa: BLE001 (one recipient's fault must not hold up the others)
                found[recipient_id] = error
            else:
                if recipient is not None:
                    found[recipient_id] = recipient
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
        note_on_channel(recipient_id, channel_id, note, revision=revision, now=now, supporters=self._supporters)

    def _recipient(self, supporter: Supporter | Exception, *, now: datetime) -> Recipient:
        if isinstance(supporter, Exception):
            raise supporter
        return recipient_of(supporter, self._programmes.choices(supporter.programme_id, now=now), at=now)

    def _invitee(self, recipient_id: str, *, now: datetime) -> Recipient | None:
        tie = self._ties.find(recipient_id.removeprefix(f"{Sort.KIN}-"))
        record = self._ties.record(tie.person_id) if tie else None
        if tie is None or record is None:
            return None
        return invited(tie, record, self._programmes.choices(tie.programme_id, now=now))
