"""What a partner sees of a person: by the person's own consents that are live at that moment, and nothing else."""

from collections.abc import Collection, Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from chalicelib.enrollment.domain import Record
from chalicelib.milestones.achieving import Asked, days_of
from chalicelib.milestones.progress import Streaks, known_streaks, progress_of
from chalicelib.outreach.ports import Ledger
from chalicelib.outreach.recurrence import local_date

LOOKS_BACK = timedelta(days=7)
"""How far back a partner sees which check-ins were done."""


class Share(StrEnum):
    """What can be shared with partners, by the scope of the consent to it."""

    CHECK_IN_DONE = "partner_share:checkin_done"
    MILESTONES = "partner_share:milestones"


class Answers(Protocol):
    """Which check-ins were answered."""

    def answered_on(self, person_id: str, first: date, last: date) -> list[date]:
        """Return the local dates, both ends included, whose check-in has an answer that nobody disputes."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """
    What a partner sees of somebody. What isn't shared is None, whyever: not agreed to, taken back, run out or paused.

    ``check_ins``: done or not, of the last seven days, oldest first. ``milestones``: which, each once, without dates.
    """

    person_id: str
    name: str
    check_ins: tuple[Asked, ...] | None = None
    milestones: tuple[str, ...] | None = None


def shared(live: Collection[str] | Mapping[str, object], *, shares: bool) -> frozenset[Share]:
    """Return what is shared under these live scopes; nothing while the person ``shares`` nothing with this partner."""
    return frozenset(share for share in Share if share.value in live) if shares else frozenset()


def view_of(
    record: Record, what: Iterable[Share], *, now: datetime, answers: Answers, ledger: Ledger, streaks: Streaks
) -> View:
    """Return what a partner sees to whom this is shared; nothing else is even read."""
    what = frozenset(what)
    return View(
        person_id=record.person.id,
        name=record.person.first_name,
        check_ins=_check_ins(record, now=now, answers=answers, ledger=ledger) if Share.CHECK_IN_DONE in what else None,
        milestones=_milestones(record, now=now, streaks=streaks) if Share.MILESTONES in what else None,
    )


def _check_ins(record: Record, *, now: datetime, answers: Answers, ledger: Ledger) -> tuple[Asked, ...]:
    person = record.person
    today = local_date(now, person.zone)
    first = today - LOOKS_BACK
    answered = answers.answered_on(person.id, first, today)
    return tuple(days_of(answered, ledger.between(person.id, first, today), zone=person.zone, now=now))


def _milestones(record: Record, *, now: datetime, streaks: Streaks) -> tuple[str, ...]:
    found = progress_of(record, known_streaks(record, streaks), now=now)
    return tuple(dict.fromkeys(award.name for award in found.awards))
