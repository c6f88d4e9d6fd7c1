"""What a message is about that tells a time: the moment itself, and how it stands in a calendar."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.outreach.recurrence import Recurrence


class Shows(StrEnum):
    """What a message brings to a calendar of a series."""

    DATE = "date"
    """The date that it is about, where that is other than planned; else all."""
    ALL = "all"
    NOTHING = "nothing"
    """It is taken out of this calendar alone."""


@dataclass(frozen=True, slots=True, kw_only=True)
class InSeries:
    """
    A date of a series, as calendars are to have it: the one of ``on``, off or not, and the series around it.

    ``name`` is the series' for good, ``sequence`` grows by every change of it. ``without`` are dates that are off,
    ``moved`` are those at another instant.
    """

    name: str
    sequence: int
    when: Recurrence
    lasts: timedelta
    on: date
    is_off: bool
    without: tuple[date, ...] = ()
    moved: tuple[tuple[date, datetime], ...] = ()
    shows: Shows = Shows.DATE


@dataclass(frozen=True, slots=True, kw_only=True)
class Moment:
    """
    What a message of a category that ``tells_time`` is about: something at an instant.

    ``heard_by``: by then the recipient has to have heard, lest they get up for nothing; quiet hours that last longer
    don't hold the message to their end (``deciding.ROUSES``). None: it waits for them like any other.
    """

    at: datetime
    entry: InSeries | None = None
    heard_by: datetime | None = None
