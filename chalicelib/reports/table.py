"""A report's figures as one table for spreadsheets (RFC 4180): a row a figure, empty where it is withheld."""

import csv
from collections.abc import Iterator
from io import StringIO

from chalicelib.reports.shapes import ShownCohort, ShownFigures, ShownShare

MEDIA_TYPE = "text/csv; charset=utf-8; header=present"
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Disposition": 'attachment; filename="report.csv"',
    "X-Content-Type-Options": "nosniff",
}
_COLUMNS = ("figure", "of", "unit", "value")
_BEGIN_FORMULAS = ("=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20")
"""What spreadsheets take for the beginning of a formula (OWASP, CSV Injection), full-width forms included."""

Row = tuple[str, str, str, int | str | None]


def written(figures: ShownFigures) -> str:
    """Return the table. It begins with a byte order mark: without one Excel takes UTF-8 for something else."""
    text = StringIO()
    writer = csv.writer(text, lineterminator="\r\n", quoting=csv.QUOTE_MINIMAL)
    writer.writerow(_COLUMNS)
    for row in _rows(figures):
        writer.writerow([safe(cell) if isinstance(cell, str) else cell for cell in row])
    return f"\ufeff{text.getvalue()}"


def safe(text: str) -> str:
    """Return a text that no spreadsheet takes for a formula: an apostrophe before what might begin one."""
    return f"'{text}" if text.startswith(_BEGIN_FORMULAS) else text


def _rows(figures: ShownFigures) -> Iterator[Row]:
    yield "people", "programme", "people", figures.people
    for week in figures.weeks:
        monday = week.monday.isoformat()
        yield "check-ins: people reached", monday, "people", week.people
        yield "check-ins: answered", monday, "percent", week.answered
        yield "check-ins: not sent", monday, "percent", week.not_sent
    silences = figures.silences
    yield "silence: people", "period", "people", silences.people
    yield "silence: median to first contact", "period", "hours", _hours(silences.to_contact)
    for one in silences.within:
        yield "silence: contact within", f"{one.hours} hours", "percent", _share(one.share)
    for cohort in (*figures.cohorts, figures.everybody):
        yield from _cohort(cohort)
    for milestone in figures.milestones:
        yield "milestone reached", milestone.kind, "people", milestone.people
    for flag in figures.flags:
        yield "flags: people", flag.rule, "people", flag.people
        yield "flags: raised", flag.rule, "flags", flag.flags
        yield "flags: reviewed", flag.rule, "percent", flag.reviewed
        yield "flags: median to review", flag.rule, "hours", _hours(flag.to_review)


def _cohort(cohort: ShownCohort) -> Iterator[Row]:
    month = cohort.month or "all months"
    yield "admitted: people", month, "people", cohort.people
    for day in cohort.days:
        of = f"{month}, day {day.day}"
        yield "admitted: day has come", of, "people", day.people
        yield "in care", of, "percent", _share(day.in_care)
        yield "engaged", of, "percent", _share(day.engaged)


def _share(share: ShownShare | None) -> int | str | None:
    if share is None or share.percent is not None:
        return share.percent if share else None
    return f"over {share.over}" if share.over is not None else f"under {share.under}"


def _hours(found: object) -> int | str | None:
    if found is None:
        return None
    hours = getattr(found, "hours", None)
    return "not yet" if hours is None else int(hours)
