"""Answers in the order of their dates. Missing is missing: nothing is filled in, and nothing stands for zero."""

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from itertools import pairwise

from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.forms import DAILY, WEEKLY
from chalicelib.checkins.service import form_answered, form_of
from chalicelib.outreach.categories import closes_of
from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.kinds import CHECK_IN, WEEKLY_CHECK_IN
from chalicelib.progress.measures import Measure

FURTHEST_APART = {DAILY: timedelta(days=7), WEEKLY: timedelta(days=10)}
"""Answers that lie further apart are not joined, though nothing was asked between them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Point:
    """
    What one check-in says of a measure: it lies from ``lowest`` to ``highest``, which differ where answers are missing.

    ``missing`` are the items that were left out; ``band`` is given where both ends lie in one. ``disputed``: somebody
    said that the link wasn't meant for them.
    """

    on: date
    answered_at: datetime
    lowest: int
    highest: int
    source: Source
    missing: tuple[str, ...] = ()
    band: str | None = None
    disputed: bool = False

    @property
    def value(self) -> int | None:
        """The number; None where an answer is missing."""
        return self.lowest if self.lowest == self.highest else None


class State(StrEnum):
    """What became of a check-in that a person was to be asked. ``open``: it can still be answered."""

    ANSWERED = "answered"
    UNANSWERED = "unanswered"
    NOT_SENT = "not_sent"
    OPEN = "open"


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """A check-in of a local date, and what became of it."""

    on: date
    form: str
    state: State


def points(check_ins: Iterable[CheckIn], measure: Measure) -> list[Point]:
    """Return what these check-ins say of a measure, by the answer that counts, in the order of their dates."""
    found = (
        _point(check_in, measure) for check_in in check_ins if check_in.form == measure.form and check_in.revisions
    )
    return sorted((point for point in found if point), key=lambda point: point.on)


def _point(check_in: CheckIn, measure: Measure) -> Point | None:
    last = check_in.revisions[-1]
    point = Point(
        on=check_in.on,
        answered_at=check_in.revisions[0].at,
        lowest=0,
        highest=0,
        source=last.source,
        disputed=check_in.disputed_at is not None,
    )
    if not measure.is_score:
        value = last.answer.values.get(measure.id)
        return replace(point, lowest=value, highest=value) if isinstance(value, int) else None
    scored = form_answered(check_in.form, last.answer).scored(last.answer.values).get(measure.id)
    if scored is None:
        return None
    return replace(point, lowest=scored.lowest, highest=scored.highest, missing=scored.missing, band=scored.band)


def asked(check_ins: Iterable[CheckIn], entries: Iterable[Entry], *, zone: str, now: datetime) -> list[Asked]:
    """Return each check-in that was answered or should have been asked, in order: what we failed to send is said so."""
    found: dict[tuple[date, str], State] = {
        (entry.on, form_of(entry.kind)): _state(entry, zone=zone, now=now)
        for entry in entries
        if entry.kind in {CHECK_IN, WEEKLY_CHECK_IN}
    }
    found |= {
        (check_in.on, check_in.form): State.ANSWERED
        for check_in in check_ins
        if check_in.revisions and check_in.disputed_at is None
    }
    return [Asked(on=on, form=form, state=state) for (on, form), state in sorted(found.items())]


def _state(entry: Entry, *, zone: str, now: datetime) -> State:
    if entry.status in {Status.SKIPPED, Status.FAILED} or entry.bounced_at is not None:
        return State.NOT_SENT
    is_over = now >= closes_of(entry.kind, on=entry.on, due_at=entry.due_at, zone=zone)
    return State.UNANSWERED if is_over and entry.status is Status.SENT else State.OPEN


def joined(found: Sequence[Point], *, measure: Measure, without: Collection[date]) -> Iterator[list[Point]]:
    """
    Give the whole points in runs that a line may join.

    A line ends where a date ``without`` an answer lies between two, where an answer is not whole or is disputed, and
    where they lie further apart than ``FURTHEST_APART``.
    """
    whole = [point for point in found if point.value is not None and not point.disputed]
    kept = {point.on for point in whole}
    broken = sorted({*without, *(point.on for point in found)} - kept)
    run: list[Point] = whole[:1]
    for before, after in pairwise(whole):
        if after.on - before.on > FURTHEST_APART[measure.form] or any(before.on < on < after.on for on in broken):
            yield run
            run = []
        run.append(after)
    if run:
        yield run


def unanswered(of: Iterable[Asked], form: str) -> set[date]:
    """Return the dates of a form's check-ins that have no answer, whyever."""
    return {one.on for one in of if one.form == form and one.state is not State.ANSWERED}
