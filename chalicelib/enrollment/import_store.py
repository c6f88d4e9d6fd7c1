"""Imports in the table, and their queue. The only place for their keys."""

import gzip
import json
from collections.abc import Iterable
from datetime import datetime
from itertools import groupby
from typing import Any

from pynamodb.attributes import BinaryAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.edge.aws import client
from chalicelib.edge.config import config
from chalicelib.edge.table import Item, lost_the_race
from chalicelib.enrollment.imports import Import, Result
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.enrollment.roster import Finding, Notice
from chalicelib.enrollment.upload import Line

_BATCH = 10
"""Messages of one call to SQS."""


class ImportItem(Item, discriminator="import"):
    """pk ``IMPORT#{import}``, sk ``IMPORT``."""

    by = UnicodeAttribute()
    at = InstantAttribute()
    programme_ids = ListAttribute(of=UnicodeAttribute)
    rows = NumberAttribute()
    chunks = NumberAttribute()


class ChunkItem(Item, discriminator="import_chunk"):
    """pk ``IMPORT#{import}``, sk ``CHUNK#{chunk:03}``: rows, compressed, until they are imported."""

    lines = BinaryAttribute(legacy_encoding=False)
    expires_at = NumberAttribute()


class ResultItem(Item, discriminator="import_result"):
    """pk ``IMPORT#{import}``, sk ``RESULT#{chunk:03}``: that a chunk is done. Progress is their sum."""

    counts = UnicodeAttribute()


class FindingItem(Item, discriminator="import_finding"):
    """pk ``IMPORT#{import}``, sk ``REFUSED#{line:07}`` or ``NOTE#{line:07}``: columns and reasons, never a value."""

    found = UnicodeAttribute()


class DynamoImports:
    """Implements ``imports.Imports``."""

    def add(self, job: Import, chunks: list[list[Line]], *, until: datetime) -> None:
        """Keep the import and all of its rows; the import last, so that there is none without its rows."""
        pk = _partition(job.id)
        with ChunkItem.batch_write() as batch:
            for number, lines in enumerate(chunks):
                batch.save(
                    ChunkItem(pk, _chunk(number), lines=_packed(lines), expires_at=int(until.timestamp())),
                )
        ImportItem(
            pk,
            "IMPORT",
            by=job.by,
            at=job.at,
            programme_ids=list(job.programme_ids),
            rows=job.rows,
            chunks=job.chunks,
        ).save()

    def find(self, import_id: str) -> Import | None:
        """Return an import; None if there is none."""
        try:
            item = ImportItem.get(_partition(import_id), "IMPORT", consistent_read=True)
        except ImportItem.DoesNotExist:
            return None
        return Import(
            id=import_id,
            by=item.by,
            at=item.at,
            programme_ids=tuple(str(programme_id) for programme_id in item.programme_ids),
            rows=int(item.rows),
            chunks=int(item.chunks),
        )

    def lines(self, import_id: str, chunk: int) -> list[Line] | None:
        """Return a chunk's rows; None if they are gone."""
        try:
            item = ChunkItem.get(_partition(import_id), _chunk(chunk), consistent_read=True)
        except ChunkItem.DoesNotExist:
            return None
        return _unpacked(item.lines)

    def results(self, import_id: str) -> list[Result]:
        """Return the results of the chunks that are done."""
        found = ResultItem.query(_partition(import_id), ResultItem.sk.startswith("RESULT#"), consistent_read=True)
        return [Result(**json.loads(item.counts)) for item in found]

    def is_done(self, import_id: str, chunk: int) -> bool:
        """Say whether a chunk is done."""
        try:
            ResultItem.get(_partition(import_id), _result(chunk), consistent_read=True)
        except ResultItem.DoesNotExist:
            return False
        return True

    def finish(self, import_id: str, chunk: int, result: Result, findings: list[Finding]) -> None:
        """Keep a chunk's findings, then its result unless there is one, and let its rows go."""
        pk = _partition(import_id)
        with FindingItem.batch_write() as batch:
            for key, found in groupby(sorted(findings, key=_finding_key), key=_finding_key):
                batch.save(FindingItem(pk, key, found=json.dumps([_as_list(finding) for finding in found])))
        counts = {
            "enrolled": result.enrolled,
            "unchanged": result.unchanged,
            "differs": result.differs,
            "refused": result.refused,
            "notices": dict(result.notices),
        }
        try:
            ResultItem(pk, _result(chunk), counts=json.dumps(counts)).save(ResultItem.pk.does_not_exist())
        except PutError as error:
            if not lost_the_race(error):
                raise
        ChunkItem(pk, _chunk(chunk)).delete()

    def findings(self, import_id: str, *, refused: bool, after: int, limit: int) -> tuple[list[Finding], int | None]:
        """Return findings of rows after a line, ``limit`` rows at most, and the line to go on after."""
        prefix = "REFUSED#" if refused else "NOTE#"
        within = FindingItem.sk.between(f"{prefix}{after + 1:07}", f"{prefix}9999999")
        items = list(FindingItem.query(_partition(import_id), within, limit=limit + 1, consistent_read=True))
        found = [finding for item in items[:limit] for finding in _findings_of(item)]
        return found, found[-1].line if len(items) > limit else None


class SqsImports:
    """Implements ``imports.ImportQueue``."""

    def put(self, import_id: str, chunks: int) -> None:
        """Hand over chunks 0 to ``chunks - 1``."""
        url = config().import_queue_url
        for start in range(0, chunks, _BATCH):
            entries = [
                {"Id": str(chunk), "MessageBody": json.dumps({"import_id": import_id, "chunk": chunk})}
                for chunk in range(start, min(start + _BATCH, chunks))
            ]
            if client("sqs").send_message_batch(QueueUrl=url, Entries=entries).get("Failed"):
                # The caller's retry brings the whole file again, which does no harm.
                raise QueueRefused("SQS did not take every chunk")


class QueueRefused(Exception):
    """The import's queue did not take a message."""


def _partition(import_id: str) -> str:
    return f"IMPORT#{import_id}"


def _chunk(number: int) -> str:
    return f"CHUNK#{number:03}"


def _result(number: int) -> str:
    return f"RESULT#{number:03}"


def _finding_key(finding: Finding) -> str:
    return f"{'NOTE' if finding.notice else 'REFUSED'}#{finding.line:07}"


def _as_list(finding: Finding) -> list[str | None]:
    return [finding.column, finding.reason, finding.notice.value if finding.notice else None]


def _findings_of(item: FindingItem) -> Iterable[Finding]:
    line = int(item.sk.partition("#")[2])
    for column, reason, notice in json.loads(item.found):
        yield Finding(line=line, column=column, reason=reason, notice=Notice(notice) if notice else None)


def _packed(lines: list[Line]) -> bytes:
    rows: list[Any] = [[line.number, line.fields, line.repeats] for line in lines]
    return gzip.compress(json.dumps(rows, ensure_ascii=False).encode(), mtime=0)


def _unpacked(packed: bytes) -> list[Line]:
    return [
        Line(number=number, fields=None if fields is None else tuple(fields), repeats=repeats)
        for number, fields, repeats in json.loads(gzip.decompress(packed))
    ]
