"""A report over some months of a programme: which months it can be about, and how far the job is that makes it."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from chalicelib.errors import Conflict, Fault, NotFound, refuse

PAGE = 25
"""Members that one message of the queue looks at: some 15 s, of the two minutes that the function may take."""

MOST_MONTHS = 12
EARLIEST = date(2000, 1, 1)
STUCK_AFTER = timedelta(minutes=3)
"""A job that didn't move for longer is asked on by whoever asks for it."""

KEPT_FOR = timedelta(days=7)
"""How long pages of a report may stay that never came to an end; of one that did they go at once."""


class Stage(StrEnum):
    """How far a report is."""

    OPEN = "open"
    COMPLETE = "complete"


class NoSuchReport(NotFound):
    """There is no such report, or not for this caller."""


class NotYet(Conflict):
    """The report isn't complete."""


class ReportTaken(Conflict):
    """A report of this id is about another time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Period:
    """
    Whole months, both dates included.

    Any other time would let the difference of two periods tell of a few days, and so of a few people.
    """

    first: date
    last: date

    def months(self) -> Iterator[date]:
        """Give the first day of each month."""
        month = self.first
        while month <= self.last:
            yield month
            month = following(month)

    def weeks(self) -> Iterator[date]:
        """Give the Mondays of the weeks that lie within it as a whole: the same weeks in every report."""
        monday = self.first + timedelta(days=-self.first.weekday() % 7)
        while monday + timedelta(days=6) <= self.last:
            yield monday
            monday += timedelta(days=7)

    def holds(self, on: date) -> bool:
        """Say whether a date lies within it."""
        return self.first <= on <= self.last


def following(month: date) -> date:
    """Return the first day of the month after."""
    return (month.replace(day=28) + timedelta(days=4)).replace(day=1)


def period_of(first: date, last: date, *, today: date) -> Period:
    """
    Return the period from one date to another.

    :raises Invalid: unless it is of whole months that are over, twelve at most
    """
    faults = []
    if first.day != 1 or first < EARLIEST:
        faults.append(Fault(field="from", reason="must be the first day of a month"))
    if last >= today:
        # Looked at first: after the calendar's last month there is none.
        faults.append(Fault(field="to", reason="must be a month that is over everywhere"))
    elif following(last.replace(day=1)) - timedelta(days=1) != last:
        faults.append(Fault(field="to", reason="must be the last day of a month"))
    if not faults and not 0 <= (last.year - first.year) * 12 + last.month - first.month < MOST_MONTHS:
        faults.append(Fault(field="to", reason=f"must be within {MOST_MONTHS} months from `from` on"))
    refuse(faults)
    return Period(first=first, last=last)


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A report and how far it is: ``pages`` are done, ``after`` is the member to go on after."""

    id: str
    programme_id: str
    period: Period
    by: str
    created_at: datetime
    moved_at: datetime
    stage: Stage = Stage.OPEN
    pages: int = 0
    after: str | None = None
    figures: str | None = None

    def past(self, *, after: str | None, now: datetime) -> "Report":
        """Return the report with another page behind it."""
        return replace(self, pages=self.pages + 1, after=after, moved_at=now.replace(microsecond=0))

    def complete(self, figures: str, *, now: datetime) -> "Report":
        """Return the report with its figures, after its last page."""
        return replace(self.past(after=None, now=now), stage=Stage.COMPLETE, figures=figures)

    def is_stuck(self, *, now: datetime) -> bool:
        """Say whether it should have moved and did not."""
        return self.stage is Stage.OPEN and now - self.moved_at >= STUCK_AFTER


def new_report(report_id: str, *, programme_id: str, period: Period, by: str, now: datetime) -> Report:
    """Return a report that is asked for now."""
    at = now.astimezone(UTC).replace(microsecond=0)
    return Report(id=report_id, programme_id=programme_id, period=period, by=by, created_at=at, moved_at=at)
