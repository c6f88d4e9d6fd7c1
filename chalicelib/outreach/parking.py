"""
What can't be handled is set aside with its reason, where operators see it and can bring it back.

Bringing it back twice is harmless: it goes back as the due row that it was, and the ledger lets it end once.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.outreach.categories import category_of
from chalicelib.outreach.domain import Due, Entry, Reason, Status
from chalicelib.outreach.ports import Dues, Ledger, Recipients
from chalicelib.outreach.service import following


@dataclass(frozen=True, slots=True, kw_only=True)
class Parked:
    """An occurrence that was set aside, since when, and why: the kind and place of the error, never its text."""

    due: Due
    at: datetime
    why: str


class Parking(Protocol):
    """Where occurrences are set aside."""

    def put(self, parked: Parked) -> None:
        """Keep it; the same occurrence again is the same row."""
        ...

    def remove(self, due: Due) -> None:
        """Let it go; gone already is fine."""
        ...

    def all(self) -> Iterable[Parked]:
        """Give all that are set aside."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Redriven:
    """How many were brought back, and the names of those that had to stay set aside."""

    back: int
    stay: tuple[str, ...]


def park(due: Due, *, why: str, now: datetime, dues: Dues, ledger: Ledger, parking: Parking) -> None:
    """
    Set an occurrence aside that can't be handled, so that nobody tries for ever.

    It ends as failed, with the reason; a claim that an attempt left behind stays, since its message may have gone out.
    Its schedule goes on once it is brought back, or by the next edit.
    """
    parking.put(Parked(due=due, at=now, why=why))
    entry = Entry(
        person_id=due.person_id,
        kind=due.kind,
        on=due.on,
        due_at=due.due_at,
        status=Status.FAILED,
        attempt=1,
        claimed_at=now,
        ended_at=now,
        reason=Reason.ERROR,
    )
    ledger.add([entry])
    dues.remove([due])


def redrive(
    names: Iterable[str] | None,
    *,
    now: datetime,
    recipients: Recipients,
    dues: Dues,
    ledger: Ledger,
    parking: Parking,
) -> Redriven:
    """
    Bring these occurrences back (None: all that are set aside), and their schedules with them.

    One that still can't be handled stays set aside, and holds up no other.
    """
    wanted = None if names is None else set(names)
    found = [parked.due for parked in parking.all() if wanted is None or parked.due.name in wanted]
    stay = []
    for due in found:
        try:
            category_of(due.kind)  # Without one, after a deployment was taken back, it would only fail again.
            recipient = recipients.load(due.person_id, now=now)
            after = following(due, recipient, now=now) if recipient else ()
            entry = ledger.get(due.person_id, due.kind, due.on)
            if entry and entry.status is Status.FAILED and entry.reason is Reason.ERROR:
                # Nothing was ever claimed for it, so nothing went out.
                ledger.release(entry)
            # At the present instant: nobody looks at the hour that it fell due in any more.
            dues.put([replace(due, at=now.replace(microsecond=0)), *after])
            parking.remove(due)
        except Exception:  # noqa: BLE001 (it is what it was set aside for; the answer names it)
            stay.append(due.name)
    return Redriven(back=len(found) - len(stay), stay=tuple(stay))
