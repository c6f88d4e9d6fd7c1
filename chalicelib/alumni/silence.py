"""
When an alumnus leaves hellos unanswered: one kind word, then the offer of fewer, and never anybody sent after them.

After care silence is no alarm: people get on with their lives. Rules say after how many (``flags.nudges``).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.checkins.ports import Dates
from chalicelib.flags.nudges import Nudge
from chalicelib.outreach.categories import closes_of
from chalicelib.outreach.domain import Due, Entry, Reason, Recipient, Standing, Status
from chalicelib.outreach.kinds import HELLO, HELLO_NUDGE, LESS_NUDGE
from chalicelib.outreach.ports import Ledger, Recipients
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.service import not_behind

LOOKS_BACK = timedelta(days=400)
"""Four quarterly hellos."""

KINDS = (HELLO_NUDGE, LESS_NUDGE)
"""The kind word, and the offer: each once in a run of silence, in this order."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """Hellos in a row that were sent and not answered: how many are over, the one still open, the words said in it."""

    missed: int
    open: Entry | None
    said: frozenset[tuple[str, date]]


def run_of(entries: Sequence[Entry], answered: frozenset[date], *, zone: str, now: datetime) -> Run:
    """Return the run up to now; a hello that never reached the person neither counts nor ends it."""
    last = max(answered, default=date.min)
    missed, still_open = 0, None
    since = [entry for entry in entries if entry.on > last]
    for entry in sorted(since, key=lambda entry: entry.on):
        if entry.kind != HELLO or entry.status is not Status.SENT or entry.bounced_at is not None:
            continue
        if now >= closes_of(HELLO, on=entry.on, due_at=entry.due_at, zone=zone):
            missed += 1
        else:
            still_open = entry
    said = {(entry.kind, entry.on) for entry in since if entry.kind in KINDS and _may_have_gone_out(entry)}
    return Run(missed=missed, open=still_open, said=frozenset(said))


def look(of: Recipient, *, now: datetime, ledger: Ledger, dates: Dates) -> Run:
    """Look at a person's hellos and at the dates on which they answered any."""
    on = local_date(now, of.zone)
    first = on - LOOKS_BACK
    answered = dates.noted_on(of.person_id, first, on + timedelta(days=1))
    return run_of(ledger.between(of.person_id, first, on), answered, zone=of.zone, now=now)


def word_for(of: Recipient, run: Run, *, rules: Mapping[str, Nudge], now: datetime) -> Due | None:
    """
    Return the word that a hello which was just sent brings; None if there is none, and none ever after the offer.

    ``rules`` are by the kind of the word. The same for the same hello: its date names it.
    """
    if of.standing is not Standing.ALUMNI or run.open is None:
        return None
    spoken = {kind for kind, _ in run.said}
    for kind in KINDS:
        rule = rules.get(kind)
        if kind in spoken or rule is None:
            continue
        if run.missed < rule.missed:
            return None
        at = (run.open.ended_at or run.open.claimed_at).replace(microsecond=0) + rule.after
        due = Due(person_id=of.person_id, kind=kind, on=run.open.on, at=at, due_at=at, version=1)
        return not_behind(due, now=now)
    return None


def objection(due: Due, *, people: Recipients, ledger: Ledger, dates: Dates, now: datetime) -> Reason | None:
    """Return why such a word must not go out any more, at the moment of sending."""
    if due.kind not in KINDS:
        return None
    who = people.load(due.person_id, now=now)
    if who is None or who.standing is not Standing.ALUMNI:
        return Reason.CANCELLED
    if who.holds:
        return Reason.HELD
    run = look(who, now=now, ledger=ledger, dates=dates)
    said = any(kind == due.kind and on != due.on for kind, on in run.said)
    is_open = run.open is not None and run.open.on == due.on
    return None if is_open and run.missed and not said else Reason.CANCELLED


def _may_have_gone_out(entry: Entry) -> bool:
    return entry.status not in {Status.SKIPPED, Status.FAILED} or entry.reason is Reason.UNKNOWN
