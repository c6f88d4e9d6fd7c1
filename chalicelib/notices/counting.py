"""How a notice came out, person by person and in numbers: read from the ledger, never from counters of its own."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from itertools import islice

from chalicelib.notices.domain import Notice
from chalicelib.notices.service import Notices
from chalicelib.outreach.domain import Entry, Reason, Status
from chalicelib.outreach.fanning import Page
from chalicelib.outreach.ports import Ledger

LOOKED_UP = 100
"""Ledger entries of one batch read (DynamoDB's limit)."""


class Outcome(StrEnum):
    """How one recipient stands."""

    WAITING = "waiting"
    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"


_ENDS = {
    Status.SENT: Outcome.SENT,
    # Told along with another message: they have it.
    Status.MERGED: Outcome.SENT,
    Status.SKIPPED: Outcome.SKIPPED,
    Status.FAILED: Outcome.FAILED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """One recipient: their place in the notice, and their ledger entry if there is one."""

    place: str
    person_id: str
    entry: Entry | None

    @property
    def outcome(self) -> Outcome:
        """How they stand. A claim is no end: whoever wrote it may have died."""
        return _ENDS.get(self.entry.status, Outcome.WAITING) if self.entry else Outcome.WAITING

    @property
    def reason(self) -> Reason | None:
        """Why it was not sent."""
        return self.entry.reason if self.entry else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Counts:
    """A notice in numbers; ``skipped`` and ``failed`` by reason."""

    recipients: int
    sent: int
    waiting: int
    skipped: Mapping[str, int] = field(default_factory=dict)
    failed: Mapping[str, int] = field(default_factory=dict)


def counts(notice: Notice, *, notices: Notices, ledger: Ledger) -> Counts:
    """Count how a notice stands now, page by page."""
    tally: Counter[tuple[Outcome, str]] = Counter()
    for page in notices.pages(notice.id):
        for result in _results(notice, _places(page), ledger=ledger):
            tally[result.outcome, result.reason or "unknown"] += 1
    return Counts(
        recipients=tally.total(),
        sent=_all(tally, Outcome.SENT),
        waiting=_all(tally, Outcome.WAITING),
        skipped=_by_reason(tally, Outcome.SKIPPED),
        failed=_by_reason(tally, Outcome.FAILED),
    )


def results(
    notice: Notice, *, after: str | None, limit: int, notices: Notices, ledger: Ledger
) -> tuple[list[Result], str | None]:
    """Return the next recipients in the order of their turn, and the place to go on after; None at the end."""
    number = int(after.partition(".")[0]) if after else 0
    pages = notices.pages(notice.id, first=number)
    beyond = (place for page in pages for place in _places(page) if after is None or place[0] > after)
    found = list(islice(beyond, limit + 1))
    return _results(notice, found[:limit], ledger=ledger), found[limit - 1][0] if len(found) > limit else None


def is_place(text: str) -> bool:
    """Say whether this can be a recipient's place."""
    number, dot, index = text.partition(".")
    return bool(dot) and all(part.isascii() and part.isdigit() and len(part) == 5 for part in (number, index))  # noqa: PLR2004


def _places(page: Page) -> list[tuple[str, str]]:
    return [(f"{page.number:05}.{index:05}", person_id) for index, person_id in enumerate(page.person_ids)]


def _results(notice: Notice, places: Sequence[tuple[str, str]], *, ledger: Ledger) -> list[Result]:
    found: dict[str, Entry] = {}
    for start in range(0, len(places), LOOKED_UP):
        keys = [(person_id, notice.kind, notice.on) for _, person_id in places[start : start + LOOKED_UP]]
        found |= {entry.person_id: entry for entry in ledger.of_people(keys)}
    return [Result(place=place, person_id=person_id, entry=found.get(person_id)) for place, person_id in places]


def _all(tally: Counter[tuple[Outcome, str]], outcome: Outcome) -> int:
    return sum(number for (found, _), number in tally.items() if found is outcome)


def _by_reason(tally: Counter[tuple[Outcome, str]], outcome: Outcome) -> dict[str, int]:
    return {str(reason): number for (found, reason), number in sorted(tally.items()) if found is outcome}
