"""
When somebody goes quiet: check-ins that were sent and not answered, in a row.

Looked at when the next check-in has been sent, so that it costs what is sent and not what there are people. What could
not be sent, for whatever reason, is nobody's silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.checkins.ports import CheckIns, Dates, Desk
from chalicelib.flags.rules import History
from chalicelib.flags.service import flags_of
from chalicelib.outreach.categories import closes_of
from chalicelib.outreach.domain import Entry, Recipient, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ports import Ledger
from chalicelib.outreach.recurrence import local_date
from chalicelib.tasks.domain import Task

LOOKS_BACK = timedelta(days=28)
"""Further back a run of silence has been flagged already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silence:
    """A run of check-ins that were sent and not answered, with the local date of the first."""

    missed: int
    since: date | None


def silence(entries: Sequence[Entry], answered: frozenset[date], *, zone: str, now: datetime) -> Silence:
    """Return the run up to the last check-in whose time is over; one that was never sent neither counts nor ends it."""
    missed, since = 0, None
    # An answer counts whatever the date that it was given for: whoever gives one isn't silent.
    last = max(answered, default=date.min)
    for entry in sorted(entries, key=lambda entry: entry.on, reverse=True):
        if entry.on <= last:
            break
        is_over = now >= closes_of(CHECK_IN, on=entry.on, due_at=entry.due_at, zone=zone)
        if entry.kind == CHECK_IN and entry.status is Status.SENT and entry.bounced_at is None and is_over:
            missed, since = missed + 1, entry.on
    return Silence(missed=missed, since=since)


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """
    What a look at the check-ins before ``on`` found: the silence, and the ledger's entries that it goes by.

    ``answered_up_to``: the last date that an answer was given for; None: none of those looked at.
    """

    on: date
    silence: Silence
    entries: tuple[Entry, ...]
    answered_up_to: date | None

    @property
    def is_old(self) -> bool:
        """Whether the run began before what is looked at: what follows from it followed when it was younger."""
        return self.silence.since is not None and self.silence.since <= self.on - LOOKS_BACK + timedelta(days=1)

    @property
    def run(self) -> tuple[Entry, ...]:
        """The entries since the last answer, of whatever kind."""
        return tuple(entry for entry in self.entries if entry.on > (self.answered_up_to or date.min))


def look(of: Recipient, on: date, *, now: datetime, ledger: Ledger, check_ins: CheckIns) -> Looked:
    """Look at the check-ins of the weeks up to ``on``, and at what was answered."""
    first = on - LOOKS_BACK
    entries = ledger.between(of.person_id, first, on)
    answered = frozenset(one.on for one in check_ins.between(of.person_id, first, on) if one.revisions)
    return looked_at(of, on, entries, answered, now=now)


def look_at_dates(of: Recipient, *, now: datetime, ledger: Ledger, dates: Dates) -> Looked:
    """
    Look at the same, up to now, by the dates alone on which there is something: for who may not read answers.

    A link that reached somebody else, who said so, counts as well: nobody is nudged over it.
    """
    on = local_date(now, of.zone)
    first = on - LOOKS_BACK
    # Around the date line an answer may bear the date of tomorrow.
    noted = dates.noted_on(of.person_id, first, on + timedelta(days=1))
    return looked_at(of, on, ledger.between(of.person_id, first, on), noted, now=now)


def looked_at(of: Recipient, on: date, entries: Sequence[Entry], answered: frozenset[date], *, now: datetime) -> Looked:
    """Return what these entries and dates of answers say."""
    return Looked(
        on=on,
        silence=silence(entries, answered, zone=of.zone, now=now),
        entries=tuple(entries),
        answered_up_to=max(answered, default=None),
    )


def flag_silence(of: Recipient, looked: Looked, *, now: datetime, desk: Desk) -> list[Task]:
    """Open the flags that a person's silence raises, once for each run of it; return the new ones."""
    found = looked.silence
    if found.since is None or looked.is_old:
        return []
    care = desk.care_rules.of(of.programme_id)
    flags = flags_of([History(missed=found.missed)], f"{found.since}", of=of, care=care, at=now)
    return [flag for flag in flags.values() if desk.tasks.open(flag)]
