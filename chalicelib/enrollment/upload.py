"""A roster as it is uploaded: checked as a whole, and cut into numbered lines. Pure; says nothing of any single row."""

import csv
import io
from collections.abc import Iterator
from dataclasses import dataclass

from chalicelib.errors import Fault, Invalid, refuse

COLUMNS = (
    "external_id",
    "given_name",
    "family_name",
    "preferred_name",
    "email",
    "time_zone",
    "language",
    "programme",
    "admitted_on",
    "recovery_date",
    "check_in_time",
    "check_in_days",
    "quiet_from",
    "quiet_to",
    "email_consent",
    "push_consent",
    "detail_level",
    "status",
)

MOST_BYTES = 5 * 1024 * 1024
MOST_ROWS = 20_000
LONGEST_ROW = 4_000
"""Characters of one row; 250 such rows, compressed, still fit an item of the table (400 KB)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """
    One row as it stands in the file. ``number`` counts lines from 1, which is the header.

    ``fields`` are in the order of ``COLUMNS``; None where the row hasn't as many fields as the header.
    ``repeats`` is the number of the line that had the same external id first.
    """

    number: int
    fields: tuple[str, ...] | None
    repeats: int | None = None


def read(upload: bytes) -> list[Line]:
    """
    Return the rows of a roster: UTF-8 with or without BOM, comma-separated (RFC 4180), CRLF or LF.

    An empty line counts as a line, but is no row.

    :raises Invalid: names what is wrong with the file as a whole; then none of it is taken
    """
    if len(upload) > MOST_BYTES:
        raise Invalid(Fault(field="file", reason=f"is larger than {MOST_BYTES // 1024 // 1024} MB"))
    try:
        text = upload.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = upload.count(b"\n", 0, error.start) + 1
        raise Invalid(Fault(field="file", reason=f"line {line} is not UTF-8")) from error
    if "\0" in text:
        raise Invalid(Fault(field="file", reason=f"line {text[: text.index(chr(0))].count(chr(10)) + 1} holds a NUL"))
    rows = _rows(text)
    order = _order(next(rows, (1, []))[1])
    first: dict[str, int] = {}
    lines: list[Line] = []
    for number, fields in rows:
        if len(lines) == MOST_ROWS:
            raise Invalid(Fault(field="file", reason=f"has more than {MOST_ROWS} rows"))
        if sum(map(len, fields)) > LONGEST_ROW:
            raise Invalid(Fault(field="file", reason=f"line {number} is longer than {LONGEST_ROW} characters"))
        if len(fields) != len(COLUMNS):
            lines.append(Line(number=number, fields=None))
            continue
        external_id = fields[order[0]].strip()
        earlier = first.setdefault(external_id, number) if external_id else number
        repeats = earlier if earlier != number else None
        lines.append(Line(number=number, fields=tuple(fields[index] for index in order), repeats=repeats))
    if not lines:
        raise Invalid(Fault(field="file", reason="has no rows"))
    return lines


def _rows(text: str) -> Iterator[tuple[int, list[str]]]:
    """Give each row that isn't empty with the number of the line on which it begins."""
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    before = 0
    try:
        for fields in reader:
            if fields:
                yield before + 1, fields
            before = reader.line_num
    except csv.Error as error:
        raise Invalid(Fault(field="file", reason=f"line {before + 1} is not proper CSV")) from error


def _order(header: list[str]) -> list[int]:
    """
    Return where each of ``COLUMNS`` is in the file.

    :raises Invalid: names each column that is unknown, missing or there twice
    """
    faults = [Fault(field=name, reason="this column is missing") for name in COLUMNS if name not in header]
    seen: set[str] = set()
    for place, name in enumerate(header, start=1):
        if name not in COLUMNS:
            # Not by its name: without a header, the first line is somebody's data.
            faults.append(Fault(field=f"column {place}", reason="is not a column of a roster"))
        elif name in seen:
            faults.append(Fault(field=name, reason="this column is there twice"))
        seen.add(name)
    refuse(faults)
    return [header.index(name) for name in COLUMNS]
