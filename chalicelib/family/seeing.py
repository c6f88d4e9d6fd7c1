"""
What a supporter sees of a person: by the person's consents that are live at that moment, and nothing else is even read.

The supporter's door and the person's own look at "what they see" are this one way; they differ in who decides alone.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.domain import Record
from chalicelib.family.calls import Call
from chalicelib.family.domain import Tie, What, shared_with
from chalicelib.milestones.progress import Streaks, known_streaks, progress_of
from chalicelib.outreach.recurrence import local_date
from chalicelib.routine.attendance import Attendance, Presence

WEEK = timedelta(days=7)
LOOKS_BACK = timedelta(days=28)
"""How far back sessions are counted."""


class Answers(Protocol):
    """Which check-ins were answered."""

    def answered_on(self, person_id: str, first: date, last: date) -> list[date]:
        """Return the local dates, both ends included, whose check-in has an answer that nobody disputes."""
        ...

    def noted_on(self, person_id: str, first: date, last: date) -> frozenset[date]:
        """Return the dates of check-ins that there is anything of: all that delivery may read of them."""
        ...


class Attended(Protocol):
    """To which sessions a person came."""

    def __call__(self, person_id: str, /, *, first: date, last: date) -> list[Attendance]:
        """Return what was noted of the sessions between two dates; none that are off."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A family session that is to come, or was: whether the supporter and the person came, where that was noted."""

    id: str
    at: datetime
    minutes: int
    came: bool | None = None
    person_came: bool | None = None


class Sessions(Protocol):
    """Family sessions that a person and a supporter are both of."""

    def of(self, tie: Tie, *, now: datetime) -> list[Session]:
        """Return those of the last four weeks and the next, in their order."""
        ...


class Calls(Protocol):
    """Calls for help, as far as supporters go."""

    def of(self, person_id: str) -> Call | None:
        """Return the call that a person's supporters may hear of now; None if there is no crisis, or it is over."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Came:
    """Sessions of the last four weeks as numbers, and nothing of which they were."""

    came: int
    did_not: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """On how many of so many days a check-in was done; what was answered is nobody's but the person's."""

    done: int
    of: int


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """
    What a supporter sees of a person. What isn't shared is None, whyever: never was, paused, expired, or taken back.

    ``in_crisis``: the person could use them now, and no word of why.
    """

    name: str
    shared: frozenset[What]
    milestones: tuple[str, ...] | None = None
    attendance: Came | None = None
    progress: Days | None = None
    sessions: tuple[Session, ...] | None = None
    in_crisis: bool | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Sources:
    """What a view is read from."""

    streaks: Streaks
    answers: Answers
    attended: Attended
    sessions: Sessions
    calls: Calls


Decides = Callable[[What], bool]
"""Decides about one class of facts at this moment, and writes it down where something is released by it."""


def seen(tie: Tie, record: Record, decides: Decides, *, now: datetime, sources: Sources) -> View:
    """Return what a supporter sees: of what is shared with them each thing that is decided to be released."""
    shared = frozenset(what for what in sorted(shared_with(tie, record, at=now)) if decides(what))
    person, today = record.person, local_date(now, record.person.zone)
    milestones = attendance = progress = sessions = in_crisis = None
    if What.MILESTONES in shared:
        found = progress_of(record, known_streaks(record, sources.streaks), now=now)
        milestones = tuple(dict.fromkeys(award.name for award in found.awards))
    if What.ATTENDANCE in shared:
        noted = [one for one in sources.attended(person.id, first=today - LOOKS_BACK, last=today) if one.at <= now]
        came = sum(one.presence is Presence.ATTENDED for one in noted)
        attendance = Came(came=came, did_not=len(noted) - came)
    if What.GENERAL_PROGRESS in shared:
        # The days that are over: today's check-in is still open.
        done = sources.answers.answered_on(person.id, today - WEEK, today - timedelta(days=1))
        progress = Days(done=len(set(done)), of=WEEK.days)
    if What.FAMILY_SESSIONS in shared:
        sessions = tuple(sources.sessions.of(tie, now=now))
    if What.CRISIS_CONTACT in shared:
        in_crisis = sources.calls.of(person.id) is not None
    return View(
        name=person.first_name,
        shared=shared,
        milestones=milestones,
        attendance=attendance,
        progress=progress,
        sessions=sessions,
        in_crisis=in_crisis,
    )
