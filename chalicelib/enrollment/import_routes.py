"""The doors to rosters and what became of them."""

from datetime import datetime
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked, Page, PageQuery, Wire
from chalicelib.edge.ids import new_id
from chalicelib.enrollment import imports
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.import_store import DynamoImports, SqsImports
from chalicelib.enrollment.imports import Import, Progress
from chalicelib.enrollment.roster import Finding, Notice
from chalicelib.privacy.domain import Act, Actor, Field, Role, Rule

ENROLLERS = frozenset({Role.PROGRAM_ADMIN, Role.CASE_MANAGER})
"""Whose programmes a roster may enrol into: those who may write the field ``roster``."""


class ShownImport(Wire):
    """How an import stands. ``notices`` counts rows that staff should look at; see the notes."""

    id: str
    status: str
    at: datetime
    rows: int
    rows_done: int
    enrolled: int
    unchanged: int
    differs: int
    refused: int
    notices: dict[str, int]
    says: str


class ShownFinding(Wire):
    """Something about a row: line and column as in the file. The value is not repeated."""

    line: int
    column: str
    reason: str
    notice: Notice | None


@doors.door(
    "POST",
    "/imports",
    summary="Upload a roster; it is checked as a whole and then enrolled in the background",
    rule=Rule(act=Act.WRITE, field=Field.ROSTER, purpose="import a roster"),
    raw="text/csv",
    answer=ShownImport,
    status=HTTPStatus.ACCEPTED,
    created=True,
)
def start_import(asked: Asked) -> Answer:
    """Take it in."""
    job = imports.start_import(
        asked.body.encode(),
        by=asked.who.subject,
        programme_ids=_programmes(asked.who),
        now=asked.now,
        imports=DynamoImports(),
        queue=SqsImports(),
        new_id=new_id,
    )
    return Answer(
        body=_shown(imports.progress_of(job, imports=DynamoImports())), headers={"Location": f"/imports/{job.id}"}
    )


@doors.door(
    "GET",
    "/imports/{import_id}",
    summary="How far an import is, and what became of its rows",
    rule=Rule(act=Act.READ, field=Field.ROSTER, purpose="see how an import goes"),
    answer=ShownImport,
)
def show_import(asked: Asked, import_id: str) -> Answer:
    """Show it."""
    return Answer(body=_shown(imports.progress_of(_job(asked, import_id), imports=DynamoImports())))


@doors.door(
    "POST",
    "/imports/{import_id}/resumptions",
    summary="Hand over again what of an import isn't done; harmless at any time",
    rule=Rule(act=Act.WRITE, field=Field.ROSTER, purpose="resume an import"),
    answer=ShownImport,
    status=HTTPStatus.ACCEPTED,
)
def resume_import(asked: Asked, import_id: str) -> Answer:
    """Hand over again."""
    job = _job(asked, import_id)
    imports.resume_import(job, imports=DynamoImports(), queue=SqsImports())
    return Answer(body=_shown(imports.progress_of(job, imports=DynamoImports())))


@doors.door(
    "GET",
    "/imports/{import_id}/refused",
    summary="Rows that were refused, each fault with its line, column and reason",
    rule=Rule(act=Act.LIST, field=Field.ROSTER, purpose="see which rows were refused"),
    query=PageQuery,
    answer=Page[ShownFinding],
)
def list_refused(asked: Asked, import_id: str) -> Answer:
    """List a page: ``limit`` rows with all of their faults."""
    return _findings(asked, import_id, prefix="REFUSED#")


@doors.door(
    "GET",
    "/imports/{import_id}/notes",
    summary="What staff should know of rows that were taken, or that differ from what is on record",
    rule=Rule(act=Act.LIST, field=Field.ROSTER, purpose="see what is notable about an import"),
    query=PageQuery,
    answer=Page[ShownFinding],
)
def list_notes(asked: Asked, import_id: str) -> Answer:
    """List a page: ``limit`` rows with all of their notes."""
    return _findings(asked, import_id, prefix="NOTE#")


def _findings(asked: Asked, import_id: str, *, prefix: str) -> Answer:
    job = _job(asked, import_id)
    key = asked.after(prefix=prefix)
    digits = key.removeprefix(prefix) if key else "0"
    found, last = DynamoImports().findings(
        job.id,
        refused=prefix == "REFUSED#",
        after=int(digits) if digits.isascii() and digits.isdigit() else 0,
        limit=asked.query.limit,
    )
    following = asked.next(f"{prefix}{last}" if last is not None else None)
    return Answer(body=Page[ShownFinding](items=[_finding(finding) for finding in found], next=following))


def _programmes(actor: Actor) -> set[str]:
    return {programme_id for programme_id, role in actor.roles if role in ENROLLERS}


def _job(asked: Asked, import_id: str) -> Import:
    return imports.find_import(
        import_id, by=asked.who.subject, programme_ids=_programmes(asked.who), imports=DynamoImports()
    )


def _shown(progress: Progress) -> ShownImport:
    job, result = progress.of, progress.result
    return ShownImport(
        id=job.id,
        status="done" if progress.is_done else "running",
        at=job.at,
        rows=job.rows,
        rows_done=result.rows,
        enrolled=result.enrolled,
        unchanged=result.unchanged,
        differs=result.differs,
        refused=result.refused,
        notices=dict(result.notices),
        says=progress.says,
    )


def _finding(finding: Finding) -> ShownFinding:
    return ShownFinding(line=finding.line, column=finding.column, reason=finding.reason, notice=finding.notice)
