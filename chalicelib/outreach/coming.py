"""The next times that something comes, and in words what changes of clocks do to them."""

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from chalicelib.outreach.recurrence import (
    Anniversaries,
    Elapsed,
    Occurrence,
    Once,
    OnDay,
    Recurrence,
    When,
    local_date,
    next_occurrence,
    resolve,
)

MOST_SHOWN = 20


class Note(StrEnum):
    """What is out of the ordinary about one time."""

    GAP = "gap"
    """The wall time is jumped over that night."""
    TWICE = "twice"
    """The wall time comes twice that night."""
    BETWEEN = "between"
    """Clocks change between it and what it is counted from."""
    CLAMPED = "clamped"
    """The month is too short for the day, so that its last is taken."""


WORDS: dict[str, dict[Note, str]] = {
    "en": {
        Note.GAP: "Clocks go forward that night; {wanted} does not exist, so it comes at {shown}.",
        Note.TWICE: "Clocks go back that night; {wanted} comes twice, and the first one counts.",
        Note.BETWEEN: "Clocks change in between; counted in hours it comes at {shown}, not at {wanted}.",
        Note.CLAMPED: "That month has no day {wanted}, so its last day is taken.",
    },
    "es": {
        Note.GAP: "Esa noche se adelantan los relojes; la hora {wanted} no existe y llega con la hora {shown}.",
        Note.TWICE: "Esa noche se atrasan los relojes; la hora {wanted} se repite y cuenta la primera vez.",
        Note.BETWEEN: "Los relojes cambian entretanto; contado en horas, llega con la hora {shown} y no {wanted}.",
        Note.CLAMPED: "Ese mes no tiene día {wanted}; se toma su último día.",
    },
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    One time that something comes. ``local`` is what clocks in ``zone`` show then, with their offset.

    ``notes`` say what is out of the ordinary, each with its sentence.
    """

    on: date
    at: datetime
    local: datetime
    zone: str
    notes: tuple[tuple[Note, str], ...]


def preview(when: When, *, after: datetime, count: int, language: str) -> list[Shown]:
    """Return the next times that it comes later than ``after``, ``count`` and ``MOST_SHOWN`` at most."""
    shown: list[Shown] = []
    while len(shown) < min(count, MOST_SHOWN) and (found := next_occurrence(when, after=after)):
        shown.append(_shown(when, found, WORDS.get(language, WORDS["en"])))
        after = found.at
    return shown


def _shown(when: When, found: Occurrence, words: dict[Note, str]) -> Shown:
    local = found.at.astimezone(ZoneInfo(when.zone))
    notes = []
    if isinstance(when, Elapsed):
        wanted = _wall_if_even(when, found)
        if wanted is not None and wanted != local.time():
            notes.append((Note.BETWEEN, wanted.strftime("%H:%M")))
    else:
        if local.replace(tzinfo=None) != datetime.combine(found.on, when.at):
            notes.append((Note.GAP, when.at.strftime("%H:%M")))
        elif _comes_twice(found.at, when):
            notes.append((Note.TWICE, when.at.strftime("%H:%M")))
        if isinstance(when, OnDay) and (day := _clamped_from(when)) is not None:
            notes.append((Note.CLAMPED, str(day)))
    return Shown(
        on=found.on,
        at=found.at,
        local=local,
        zone=when.zone,
        notes=tuple((note, words[note].format(wanted=text, shown=local.strftime("%H:%M"))) for note, text in notes),
    )


def _comes_twice(at: datetime, when: Recurrence | Once | OnDay | Anniversaries) -> bool:
    zone = ZoneInfo(when.zone)
    again = at.astimezone(zone).replace(fold=1)
    return again.utcoffset() != again.replace(fold=0).utcoffset()


def _wall_if_even(when: Elapsed, found: Occurrence) -> time | None:
    """Return the wall time that it would come at if no clocks changed in between."""
    zone = ZoneInfo(when.zone)
    moment = (found.at - when.by).astimezone(zone)
    return (moment.replace(tzinfo=None) + when.by).time()


def _clamped_from(when: OnDay) -> int | None:
    if not when.months or isinstance(when.of, Recurrence):
        return None
    of = when.of
    base = local_date(resolve(of.on, of.at, of.zone), when.zone) if isinstance(of, Once) else of
    year, month = divmod(base.year * 12 + base.month - 1 + when.months, 12)
    following = date(year + (month + 1) // 12, (month + 1) % 12 + 1, 1)
    return base.day if base.day > (following - timedelta(days=1)).day else None
