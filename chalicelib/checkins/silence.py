"""
When somebody goes quiet: check-ins that were sent and not answered, in a row.

Looked at when the next check-in has been sent, so that it costs what is sent and not what there are people. What could
not be sent, for whatever reason, is nobody's silence.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.checkins.ports import Desk
from chalicelib.flags.rules import History
from chalicelib.flags.service import flags_of
from chalicelib.outreach.categories import CHECK_IN, closes_of
from chalicelib.outreach.domain import Entry, Recipient, Status
from chalicelib.outreach.ports import Ledger
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


def look_for_silence(of: Recipient, on: date, *, now: datetime, ledger: Ledger, desk: Desk) -> list[Task]:
    """Open the flags that a person's silence before ``on`` raises, once for each run of it; return the new ones."""
    first = on - LOOKS_BACK
    entries = ledger.between(of.person_id, first, on)
    answered = frozenset(one.on for one in desk.check_ins.between(of.person_id, first, on) if one.revisions)
    found = silence(entries, answered, zone=of.zone, now=now)
    if found.since is None or found.since <= first + timedelta(days=1):
        # A run that is older than what is looked at was flagged when it was younger.
        return []
    care = desk.care_rules.of(of.programme_id)
    flags = flags_of([History(missed=found.missed)], f"{found.since}", of=of, care=care, at=now)
    return [flag for flag in flags.values() if desk.tasks.open(flag)]
