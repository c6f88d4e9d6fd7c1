"""A person's messages as a list: newest first, page by page."""

from datetime import date

from chalicelib.outreach.domain import Entry
from chalicelib.outreach.ports import Ledger

MOST_ON_A_DAY = 200
"""No person has more occurrences under one local date; a page that begins within a date reads past that many."""


def place(entry: Entry) -> str:
    """Return where an entry stands in the list, as text: a later one comes first."""
    return f"{entry.on.isoformat()}#{entry.kind}"


def page(
    person_id: str, first: date, last: date, *, before: str | None, limit: int, ledger: Ledger
) -> tuple[list[Entry], str | None]:
    """
    Return entries of these local dates, newest first, only those beyond ``before``, and where to go on (None: nowhere).

    :raises ValueError: if ``before`` is no place in the list
    """
    if before is not None:
        last = min(last, date.fromisoformat(before.partition("#")[0]))
    extra = MOST_ON_A_DAY if before is not None else 0
    found = ledger.between(person_id, first, last, limit=limit + 1 + extra)
    beyond = [entry for entry in found if before is None or place(entry) < before]
    return beyond[:limit], place(beyond[limit - 1]) if len(beyond) > limit else None


def lateness(entry: Entry) -> float | None:
    """Return the seconds from when it fell due to its end, waiting for quiet hours among them; None while open."""
    return (entry.ended_at - entry.due_at).total_seconds() if entry.ended_at else None
