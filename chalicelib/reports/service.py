"""
Make a report as a job: page by page keep what members add up to, and at the end show of it what may be shown.

A page may be done any number of times, even twice at once: what it adds up to is written first and once, and the job
moves on behind a condition. What pages add up to is let go once the report is there.
"""

import json
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from chalicelib.caseload.domain import Contact, Outcome
from chalicelib.checkins.forms import DAILY
from chalicelib.enrollment.changing import People
from chalicelib.enrollment.domain import Record
from chalicelib.milestones.progress import Streaks, known_streaks, progress_of
from chalicelib.outreach.recurrence import local_date
from chalicelib.progress.series import asked
from chalicelib.progress.service import Awards, CheckIns, Ledger, Tasks
from chalicelib.reports.domain import (
    PAGE,
    NoSuchReport,
    NotYet,
    Period,
    Report,
    ReportTaken,
    Stage,
    new_report,
    period_of,
)
from chalicelib.reports.figures import Figures, figures
from chalicelib.reports.tally import LOOKS_BACK, Facts, Tally, is_of, tally_of
from chalicelib.routine.attendance import Attendance, Presence
from chalicelib.tasks.domain import Kind, Task

MOST_ENTRIES = 5000
"""Ledger entries of one person that are looked at: more than a year and six weeks hold."""

OVER_EVERYWHERE = timedelta(hours=12)
"""How much later than in UTC a date ends at the latest."""


class Member(Protocol):
    """Somebody of a programme's list."""

    @property
    def person_id(self) -> str:
        """Who it is."""
        ...


class Members(Protocol):
    """The people of a programme."""

    def members(self, programme_id: str, *, after: str | None, limit: int) -> tuple[Sequence[Member], str | None]: ...


class Reports(Protocol):
    """Where reports are kept, and what their pages add up to while they are made."""

    def add(self, report: Report) -> Report:
        """Keep a new report; return the one that is kept under its id, which may have been there already."""
        ...

    def find(self, report_id: str) -> Report | None:
        """Return it as it is now; None if there is none."""
        ...

    def keep_page(self, report: Report, tally: Tally, *, after: str | None) -> tuple[Tally, str | None]:
        """Write what the next page adds up to and where it ends, unless that is written; return what is."""
        ...

    def pages(self, report_id: str) -> Iterator[Tally]:
        """Give what the pages that are written add up to."""
        ...

    def advance(self, report: Report, *, pages: int) -> bool:
        """Write how far the job is; False unless it is open and had ``pages`` behind it."""
        ...

    def tidy(self, report_id: str) -> None:
        """Let the pages go; gone already is fine."""
        ...


class Contacts(Protocol):
    """The outreach log."""

    def newest(self, person_id: str) -> Iterator[Contact]: ...


class Attendances(Protocol):
    """Who came to which session."""

    def between(self, person_id: str, first: date, last: date) -> list[Attendance]: ...


class ReportQueue(Protocol):
    """Brings each page's turn."""

    def put(self, report_id: str, page: int) -> None:
        """Have this page of the report done."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """Where what reports are made of is kept."""

    people: People
    members: Members
    check_ins: CheckIns
    ledger: Ledger
    tasks: Tasks
    awards: Awards
    streaks: Streaks
    contacts: Contacts
    attendances: Attendances


class Step(StrEnum):
    """What became of one message of the job."""

    MOVED = "moved"
    COMPLETED = "completed"
    STALE = "stale"


def start_report(
    first: date,
    last: date,
    *,
    report_id: str,
    programme_id: str,
    by: str,
    now: datetime,
    reports: Reports,
    queue: ReportQueue,
) -> Report:
    """
    Take a report on, and have its first page done. Again with the same id is the same report, asked on.

    :raises Invalid: unless it is about whole months that are over
    :raises ReportTaken: there is one of this id about something else
    """
    period = period_of(first, last, today=(now - OVER_EVERYWHERE).date())
    new = new_report(report_id, programme_id=programme_id, period=period, by=by, now=now)
    kept = reports.add(new)
    if (kept.programme_id, kept.period) != (programme_id, period):
        raise ReportTaken("another report was asked for with this key")
    if kept.stage is Stage.OPEN:
        queue.put(kept.id, kept.pages)
    return kept


def find_report(report_id: str, *, programme_id: str, now: datetime, reports: Reports, queue: ReportQueue) -> Report:
    """
    Return a report of a programme; have one that is stuck go on, as a message of it was lost.

    :raises NoSuchReport: if the programme has none of this id
    """
    report = reports.find(report_id)
    if report is None or report.programme_id != programme_id:
        raise NoSuchReport("there is no such report")
    if report.is_stuck(now=now):
        queue.put(report.id, report.pages)
    return report


def figures_of(report: Report) -> dict[str, object]:
    """
    Return the figures of a report, under their names.

    :raises NotYet: if it isn't complete
    """
    if report.figures is None:
        raise NotYet("this report is still being made")
    found: dict[str, object] = json.loads(report.figures)
    return found


def make_page(
    report_id: str, number: int, *, now: datetime, reports: Reports, queue: ReportQueue, sources: Sources
) -> Step:
    """
    Do one page of a report: keep what its members add up to, then how far we are, and ask for the next.

    A message that comes twice, late or out of order finds that it isn't its page's turn, and changes nothing.
    """
    report = reports.find(report_id)
    if report is None or report.stage is not Stage.OPEN or report.pages != number:
        if report and report.stage is Stage.COMPLETE:
            reports.tidy(report.id)
        return Step.STALE
    members, end = sources.members.members(report.programme_id, after=report.after, limit=PAGE)
    tally = sum((_tally(member.person_id, report, now=now, sources=sources) for member in members), Tally())
    _, after = reports.keep_page(report, tally, after=end)
    if after is not None:
        if not reports.advance(report.past(after=after, now=now), pages=number):
            return Step.STALE
        queue.put(report.id, number + 1)
        return Step.MOVED
    whole = sum(reports.pages(report.id), Tally())
    done = report.complete(_text(figures(whole, report.period)), now=now)
    if not reports.advance(done, pages=number):
        return Step.STALE
    reports.tidy(report.id)
    return Step.COMPLETED


def _text(found: Figures) -> str:
    return json.dumps(asdict(found), default=date.isoformat)


def _tally(person_id: str, report: Report, *, now: datetime, sources: Sources) -> Tally:
    record = sources.people.record(person_id)
    if record is None:
        return Tally()
    facts = facts_of(record, report.period, programme_id=report.programme_id, now=now, sources=sources)
    return tally_of(facts, report.period, programme_id=report.programme_id)


def facts_of(record: Record, period: Period, *, programme_id: str, now: datetime, sources: Sources) -> Facts:
    """Return what is known of a person that a programme's report over a period is made of."""

    def is_ours(on: date) -> bool:
        return is_of(programme_id, on, record.episodes)

    person, first = record.person, period.first - LOOKS_BACK
    check_ins = sources.check_ins.between(person.id, first, period.last)
    answered = [one for one in check_ins if one.revisions and one.disputed_at is None]
    entries = sources.ledger.between(person.id, first, period.last, limit=MOST_ENTRIES)
    tasks = [task for task in sources.tasks.of_person(person.id) if task.kind is Kind.FLAG]
    attended = [
        one for one in sources.attendances.between(person.id, first, period.last) if one.presence is Presence.ATTENDED
    ]
    reached = progress_of(record, known_streaks(record, sources.streaks), now=now)
    return Facts(
        zone=person.zone,
        episodes=record.episodes,
        asked=[
            one for one in asked(check_ins, entries, zone=person.zone, now=now) if one.form == DAILY and is_ours(one.on)
        ],
        entries=[entry for entry in entries if is_ours(entry.on)],
        active_on=frozenset({*(one.on for one in answered), *(local_date(one.at, person.zone) for one in attended)}),
        contacts=[
            *(revision.at for one in answered for revision in one.revisions),
            *(one.at for one in attended),
            *(one.at for one in sources.contacts.newest(person.id) if _was_reached(one)),
            *(task.done_at for task in tasks if task.done_at and _is_about_silence(task)),
        ],
        awards=[
            award
            for award in (*reached.awards, *reached.as_alumni, *sources.awards.of_person(person.id))
            if is_ours(award.on)
        ],
        flags=tasks,
    )


def _was_reached(contact: Contact) -> bool:
    return contact.counts and contact.outcome is Outcome.REACHED


def _is_about_silence(task: Task) -> bool:
    return (task.because or "").startswith("missed=")
