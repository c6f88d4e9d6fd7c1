"""What somebody writes down as reached that no date and no count knows of, in their own words."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import Protocol

from chalicelib.enrollment.changing import People, find_person
from chalicelib.enrollment.domain import EARLIEST
from chalicelib.enrollment.showable import lines_fault
from chalicelib.errors import Fault, refuse
from chalicelib.outreach.recurrence import local_date

LONGEST_TEXT = 500
"""Characters of what somebody enters."""


class Sort(StrEnum):
    """What somebody wrote down as reached, in their own words."""

    ACHIEVEMENT = "achievement"
    BREAKTHROUGH = "breakthrough"
    """Something understood in therapy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Entered:
    """
    Something reached that no date and no count knows of, as the person or their staff wrote it; never in a message.

    ``own``: the person wrote it themselves, by the account ``by``.
    """

    id: str
    person_id: str
    sort: Sort
    on: date
    text: str
    by: str
    own: bool
    at: datetime

    @property
    def place(self) -> str:
        """Where it stands among the person's, as text that sorts by when it was written down."""
        return f"{self.at.astimezone(UTC):%Y-%m-%dT%H:%M:%S.%fZ}#{self.id}"


class Entries(Protocol):
    """What was entered for people, in words."""

    def add(self, entry: Entered) -> None:
        """Write it; nothing is ever put over another."""
        ...

    def of_person(self, person_id: str, *, before: str | None, limit: int) -> tuple[list[Entered], str | None]:
        """Return a page, newest first, and the key to go on after; None at the end."""
        ...


def enter(
    person_id: str,
    sort: Sort,
    on: date | None,
    text: str,
    *,
    by: str,
    own: bool,
    now: datetime,
    people: People,
    entries: Entries,
    new_id: Callable[[], str],
) -> Entered:
    """
    Keep what somebody wrote down as reached on a date (None: today). It is told to nobody.

    :raises Invalid: names what is wrong
    """
    record = find_person(person_id, people=people)
    record.must_be_alive()
    today = local_date(now, record.person.zone)
    faults = [Fault(field="text", reason=fault)] if (fault := _text_fault(text.strip())) else []
    if on and not EARLIEST <= on <= today:
        faults.append(Fault(field="on", reason="must be a date from 1900 to today"))
    refuse(faults)
    entry = Entered(
        id=new_id(), person_id=person_id, sort=sort, on=on or today, text=text.strip(), by=by, own=own, at=now
    )
    entries.add(entry)
    return entry


def _text_fault(text: str) -> str | None:
    """Return why this can't be the text of what was entered, None if it can: lines of text."""
    if not text.strip():
        return "is missing"
    if len(text) > LONGEST_TEXT:
        return f"is longer than {LONGEST_TEXT} characters"
    return lines_fault(text)
