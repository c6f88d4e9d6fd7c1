"""
Import a roster as a job: checked whole and cut into chunks when uploaded, then each chunk on its own.

A chunk may be begun any number of times, even twice at once: whom a line enrolled carries the import and the line, so
that a second time counts the same.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.changing import Marker, People, find_person
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import AlreadyEnrolled
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.roster import Finding, Notice, Row, check, differences, enrolment_of, notices
from chalicelib.enrollment.service import Programmes, enrol
from chalicelib.enrollment.upload import COLUMNS, Line, read
from chalicelib.errors import NotFound

CHUNK = 250
"""Rows of one message: some 3 s on the local emulator, of the minute that the function may take."""

KEPT_FOR = timedelta(days=7)
"""How long rows wait to be imported; a chunk that was imported goes at once."""


class NoSuchImport(NotFound):
    """There is no such import, or not for this caller."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Import:
    """One uploaded roster. ``programme_ids`` are those that ``by`` may enrol into."""

    id: str
    by: str
    at: datetime
    programme_ids: tuple[str, ...]
    rows: int
    chunks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of the rows of one chunk, or of all. ``notices`` counts what staff should know of rows taken."""

    enrolled: int = 0
    unchanged: int = 0
    differs: int = 0
    refused: int = 0
    notices: Mapping[str, int] = field(default_factory=dict)

    def __add__(self, other: "Result") -> "Result":
        """Return the sum."""
        names = {*self.notices, *other.notices}
        return Result(
            enrolled=self.enrolled + other.enrolled,
            unchanged=self.unchanged + other.unchanged,
            differs=self.differs + other.differs,
            refused=self.refused + other.refused,
            notices={name: self.notices.get(name, 0) + other.notices.get(name, 0) for name in sorted(names)},
        )

    @property
    def rows(self) -> int:
        """How many rows came to an end."""
        return self.enrolled + self.unchanged + self.differs + self.refused


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far an import is. ``result`` sums the chunks that are done."""

    of: Import
    result: Result
    chunks_done: int

    @property
    def is_done(self) -> bool:
        """Whether every row has come to an end."""
        return self.chunks_done == self.of.chunks

    @property
    def says(self) -> str:
        """How it stands, in a sentence."""
        result = self.result
        if not self.is_done:
            return f"{result.rows} of {self.of.rows} rows are done."
        if result.enrolled == 0 and result.differs == 0 and result.refused < self.of.rows:
            return f"Nothing changed: {result.unchanged} rows say what is on record, {result.refused} were refused."
        return (
            f"{result.enrolled} enrolled, {result.unchanged} unchanged, {result.differs} on record with other "
            f"details and left as they are, {result.refused} refused."
        )


class Imports(Protocol):
    """Where imports are kept while they run, and what became of them."""

    def add(self, job: Import, chunks: list[list[Line]], *, until: datetime) -> None:
        """Keep the import and all of its rows; the rows may vanish after ``until``."""
        ...

    def find(self, import_id: str) -> Import | None:
        """Return an import; None if there is none."""
        ...

    def lines(self, import_id: str, chunk: int) -> list[Line] | None:
        """Return a chunk's rows; None if they are gone."""
        ...

    def results(self, import_id: str) -> list[Result]:
        """Return the results of the chunks that are done."""
        ...

    def is_done(self, import_id: str, chunk: int) -> bool:
        """Say whether a chunk is done."""
        ...

    def finish(self, import_id: str, chunk: int, result: Result, findings: list[Finding]) -> None:
        """Keep a chunk's findings, then its result unless there is one, and let its rows go."""
        ...

    def findings(self, import_id: str, *, refused: bool, after: int, limit: int) -> tuple[list[Finding], int | None]:
        """Return findings of rows after a line, ``limit`` rows at most, and the line to go on after."""
        ...


class ImportQueue(Protocol):
    """Carries chunks to the importer."""

    def put(self, import_id: str, chunks: int) -> None:
        """Hand over chunks 0 to ``chunks - 1``."""
        ...


def start_import(
    upload: bytes,
    *,
    by: str,
    programme_ids: Iterable[str],
    now: datetime,
    imports: Imports,
    queue: ImportQueue,
    new_id: Callable[[], str],
) -> Import:
    """
    Take a roster in: check it as a whole, keep it, and hand its chunks over.

    :raises Invalid: names what is wrong with the file as a whole; then none of it is taken
    """
    lines = read(upload)
    chunks = [lines[start : start + CHUNK] for start in range(0, len(lines), CHUNK)]
    named = {line.fields[COLUMNS.index("programme")].strip() for line in lines if line.fields}
    job = Import(
        id=new_id(),
        by=by,
        at=now,
        programme_ids=tuple(sorted(named & set(programme_ids))),
        rows=len(lines),
        chunks=len(chunks),
    )
    imports.add(job, chunks, until=now + KEPT_FOR)
    queue.put(job.id, job.chunks)
    return job


def resume_import(job: Import, *, imports: Imports, queue: ImportQueue) -> None:
    """Hand over again what isn't done: for messages that were lost or given up on. Harmless at any time."""
    if len(imports.results(job.id)) < job.chunks:
        queue.put(job.id, job.chunks)


def find_import(import_id: str, *, by: str, programme_ids: Iterable[str], imports: Imports) -> Import:
    """
    Return an import to whom it belongs: who uploaded it, or may enrol into all of its programmes.

    :raises NoSuchImport: if there is none, or not for them
    """
    job = imports.find(import_id)
    if job and (job.by == by or (job.programme_ids and set(job.programme_ids) <= set(programme_ids))):
        return job
    raise NoSuchImport("there is no such import")


def progress_of(job: Import, *, imports: Imports) -> Progress:
    """Return how far an import is."""
    results = imports.results(job.id)
    return Progress(of=job, result=sum(results, Result()), chunks_done=len(results))


def import_chunk(
    import_id: str,
    chunk: int,
    *,
    now: datetime,
    people: People,
    programmes: Programmes,
    imports: Imports,
    new_id: Callable[[], str],
) -> Result | None:
    """
    Enrol a chunk's people, and keep what is wrong with its other rows. None if the chunk was done before.

    :raises NoSuchImport: if there is no such import, or its rows are gone
    """
    if imports.is_done(import_id, chunk):
        return None
    job, lines = imports.find(import_id), imports.lines(import_id, chunk)
    if job is None or lines is None:
        raise NoSuchImport("there is no such import, or its rows were kept too long")
    known = {programme.id: programme for programme in programmes.several(job.programme_ids)}
    findings = []
    total = Result()
    for result, found in _each(job, lines, known, now=now, people=people, new_id=new_id):
        total += result
        findings += found
    imports.finish(import_id, chunk, total, findings)
    return total


def _each(
    job: Import,
    lines: list[Line],
    programmes: Mapping[str, Programme],
    *,
    now: datetime,
    people: People,
    new_id: Callable[[], str],
) -> Iterator[tuple[Result, list[Finding]]]:
    checked = [check(line, programmes=programmes, now=job.at) for line in lines]
    markers = people.markers(row.person.external_id for row in checked if isinstance(row, Row))
    for row in checked:
        if isinstance(row, list):
            yield Result(refused=1), row
            continue
        marker = markers.get(row.person.external_id)
        if marker is None:
            marker = _enrol(row, job, now=now, people=people, new_id=new_id)
        if (marker.import_id, marker.line) == (job.id, row.line):
            found = notices(row)
            yield Result(enrolled=1, notices=_counted(found)), found
            continue
        columns = differences(row, find_person(marker.person_id, people=people), at=now)
        found = [
            Finding(line=row.line, column=column, reason="differs from what is on record", notice=Notice.DIFFERS)
            for column in columns
        ]
        yield (Result(differs=1) if columns else Result(unchanged=1)), found


def _enrol(row: Row, job: Import, *, now: datetime, people: People, new_id: Callable[[], str]) -> Marker:
    """Enrol whom a row describes; return who has their external id now, which may be another's doing."""
    enrolment = enrolment_of(row, person_id=new_id(), import_id=job.id)
    will = Will(by=job.by, via=Via.ROSTER, on_behalf_of=enrolment.person.id)
    try:
        enrol(enrolment, programme=row.programme, will=will, now=now, people=people, new_id=new_id)
    except AlreadyEnrolled:
        return people.markers([row.person.external_id])[row.person.external_id]
    return enrolment.marker


def _counted(findings: list[Finding]) -> dict[str, int]:
    return {finding.notice.value: 1 for finding in findings if finding.notice}
