"""Caring contacts: short messages that ask for nothing, for a year after a hard time (domain rules 3.5)."""

from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from hashlib import sha256

from chalicelib.enrollment.showable import lines_fault
from chalicelib.errors import Conflict, Fault, NotFound
from chalicelib.outreach.anniversaries import BIRTHDAY, Anniversaries
from chalicelib.outreach.quiet import QuietHours

SCOPE, BIRTHDAY_SCOPE = "caring_contacts", "birthday"
"""The consents: to all of them, and to one on a birthday, of which month and day are kept."""

STEPS = ("d1", "d7", "m1", "m2", "m3", "m4", "m6", "m8", "m10", "m12")
"""After the day that they are counted from; the birthday makes eleven (Motto's schedule, domain rules 3.5)."""

LONGEST_AGO = timedelta(days=31)
"""A day that lies further back is none to begin from: the first ones matter most."""

_ALL_OF_IT = timedelta(days=400)
_EVERY, _LEFT_AT_THE_END = 5, 30
"""Minutes: how finely hours are varied, and how long before quiet hours the last one is."""
_DAY = 24 * 60
_USUAL = QuietHours(start=time(20), end=time(9))
"""What waking hours are taken to leave out for somebody without quiet hours."""

LONGEST_REPLY = 1_000
MOST_REPLIES_A_DAY = 20


class NotAgreed(Conflict):
    """The person has not agreed to caring contacts."""


class NoMailbox(Conflict):
    """The programme has no mailbox that somebody reads, so that an answer would reach nobody."""


class NoSeries(NotFound):
    """The person gets no caring contacts."""


class Because(StrEnum):
    """What they are counted from."""

    CRISIS_OVER = "crisis_over"
    LEFT = "left"
    """Discharge, graduation or transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """
    The caring contacts of a person, counted from ``of``.

    ``episode`` is the one that they go with: after a readmission they wait for a word whether they shall go on.
    ``again``: it says the second set of words, since the one before it said the first; a third says the first.
    ``birthday`` is month and day (``0229``). ``signer`` is the account of whoever agreed to sign; None is the team.
    """

    person_id: str
    programme_id: str
    episode: int
    because: Because
    of: date
    birthday: str | None
    started_by: str
    started_at: datetime
    signer: str | None = None
    again: bool = False
    ended_at: datetime | None = None
    ended_by: str | None = None

    @property
    def is_on(self) -> bool:
        """Whether they still come."""
        return self.ended_at is None

    def ended(self, *, by: str, at: datetime) -> "Series":
        """Return it as over; a birthday is forgotten with it."""
        return replace(self, ended_at=at, ended_by=by, birthday=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What somebody wrote back by a message's link, whose bearer is not known to be the person."""

    id: str
    person_id: str
    at: datetime
    text: str


def birthday_of(text: str) -> str:
    """
    Return month and day as a series keeps them, from ``MM-DD``; 29 February is one.

    :raises ValueError: if there is no such day
    """
    on = date.fromisoformat(f"2000-{text}")
    return f"{on:%m%d}"


def dates_of(of: date, *, birthday: str | None, seed: str, quiet: QuietHours, zone: str) -> Anniversaries:
    """
    Return when they come: each at an hour of its own, within the hours in which the person is awake.

    No two in a row come in the same hour of the day, where they are awake for two. The same ``seed`` gives the same
    hours. Where the birthday falls on the date of another one, it takes its place.
    """
    each = (*((f"{BIRTHDAY}{birthday}",) if birthday else ()), *STEPS)
    bare = Anniversaries(of=of, each=each, at=time(12), zone=zone)
    hours: dict[str, time] = {}
    last: time | None = None
    awake = _awake(quiet)
    for name, on in bare.until(of + _ALL_OF_IT):
        others = [at for at in awake if last is None or at.hour != last.hour] or awake
        drawn = int.from_bytes(sha256(f"{seed}#{on.isoformat()}".encode()).digest()[:8])
        hours[name] = last = others[drawn % len(others)]
    return replace(bare, hours=tuple(hours.get(name, bare.at) for name in each))


def _awake(quiet: QuietHours) -> list[time]:
    """Return the wall times at which somebody with these quiet hours may be written to."""
    hours = quiet if quiet.start != quiet.end else _USUAL
    begins = hours.end.hour * 60 + hours.end.minute
    length = (hours.start.hour * 60 + hours.start.minute - begins) % _DAY
    minutes = range(0, max(length - _LEFT_AT_THE_END, _EVERY), _EVERY)
    return [time(*divmod((begins + minute) % _DAY, 60)) for minute in minutes]


def start_faults(of: date, *, today: date) -> list[Fault]:
    """Return what is wrong with the day that they are to be counted from."""
    if of > today:
        return [Fault(field="of", reason="is in the future")]
    if today - of > LONGEST_AGO:
        return [Fault(field="of", reason=f"is more than {LONGEST_AGO.days} days ago")]
    return []


def reply_fault(text: str) -> str | None:
    """Return why this can't be what somebody writes back, None if it can: ``empty``, ``long`` or ``unshown``."""
    if not text.strip():
        return "empty"
    if len(text) > LONGEST_REPLY:
        return "long"
    return "unshown" if lines_fault(text) else None
