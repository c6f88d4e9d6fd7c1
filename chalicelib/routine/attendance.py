"""Who came to a session, as staff noted it. A session that nobody noted is nobody's absence."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum

from chalicelib.flags.rules import History, Noted
from chalicelib.outreach.recurrence import local_date
from chalicelib.routine.domain import Departure, Kind


class Presence(StrEnum):
    """How it was with a person and a session."""

    ATTENDED = "attended"
    ABSENT = "absent"
    """Not there, and nobody was told before."""
    EXCUSED = "excused"
    """Not there, and had told before: with notice."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attendance:
    """
    What was noted last of a person and a session, by whom and when; ``presence`` None: taken back.

    ``on`` names the session, as in the week; ``at`` is when it began, ``planned`` how many minutes it was to last, and
    ``minutes`` how many of them the person was there.
    """

    person_id: str
    item_id: str
    on: date
    kind: Kind
    at: datetime
    planned: int
    presence: Presence | None
    minutes: int
    noted_at: datetime
    by: str
    version: int = 1

    def says(self, presence: Presence | None, minutes: int) -> bool:
        """Say whether this is what it says already."""
        return (self.presence, self.minutes) == (presence, minutes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Unattended:
    """How many days without a session attended, and ``since`` when: the last attended, or else the first missed."""

    days: int
    since: date | None


def held(noted: Iterable[Attendance], departures: Iterable[Departure], *, before: datetime) -> list[Attendance]:
    """Return what was noted of sessions that took place before an instant, in their order: none that are off."""
    off = {(one.item_id, one.on) for one in departures if one.is_off}
    found = [one for one in noted if one.presence and one.at < before and (one.item_id, one.on) not in off]
    return sorted(found, key=lambda one: (one.at, one.item_id))


def history_at(noted: Sequence[Attendance], newest: Attendance, *, zone: str) -> History:
    """Return what rules look at when ``newest`` is noted: it and the sessions before it."""
    known = [one for one in noted if (one.at, one.item_id) <= (newest.at, newest.item_id)]
    return History(
        sessions=tuple(
            Noted(
                on=local_date(one.at, zone),
                kind=one.kind.value,
                came=one.presence is Presence.ATTENDED,
                told_before=one.presence is Presence.EXCUSED,
            )
            for one in known
        )
    )


def unattended(noted: Sequence[Attendance], *, today: date, zone: str) -> Unattended:
    """
    Return for how long a person attended nothing, of sessions in their order; no days where none was missed since.

    Whoever had told before wasn't there either. What nobody noted neither counts nor ends it.
    """
    last = next((one for one in reversed(noted) if one.presence is Presence.ATTENDED), None)
    missed = [one for one in noted if last is None or one.at > last.at]
    if not missed:
        return Unattended(days=0, since=None)
    since = local_date((last or missed[0]).at, zone)
    return Unattended(days=(today - since).days, since=since)
