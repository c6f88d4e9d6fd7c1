"""
One gentle word to the person alone, where a check-in was missed and the next one isn't answered either.

It never says what was missed. What we failed to send is nobody's miss (``silence``), and a run of silence has one nudge
at most, whoever looks and however often.
"""

from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.checkins.ports import Dates
from chalicelib.checkins.silence import Looked, look_at_dates
from chalicelib.flags.nudges import Nudge
from chalicelib.outreach.categories import closes_of
from chalicelib.outreach.domain import SILENT, Due, Entry, Reason, Recipient, Standing, Status
from chalicelib.outreach.kinds import CHECK_IN, CHECK_IN_NUDGE
from chalicelib.outreach.ports import Ledger
from chalicelib.outreach.service import not_behind

AHEAD_OF_QUIET = timedelta(minutes=30)
"""So long before quiet hours a nudge still finds its way: what it may go along with is waited for."""

SOONEST = timedelta(hours=1)
"""Nobody is nudged sooner than this after they were asked."""


class People(Protocol):
    """People as outreach sees them."""

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        """Return the person as they are now; None if there is no such person."""
        ...


def nudge_of(of: Recipient, looked: Looked, *, rule: Nudge, now: datetime) -> Due | None:
    """
    Return the nudge that a check-in which was just sent brings, to fall due ``rule.after`` it; None if there is none.

    Before the evening's quiet hours, where there is time: a check-in of the evening is over when they end. The same
    for the same check-in: its date names it.
    """
    asked = _open(looked, of, now=now)
    if asked is None or looked.is_old or looked.silence.missed < rule.missed or _has_one(looked):
        return None
    sent = (asked.ended_at or asked.claimed_at).replace(microsecond=0)
    at = sent + rule.after
    quiet = of.quiet_hours.begins_after(sent, of.zone)
    if quiet:
        at = max(min(at, quiet - AHEAD_OF_QUIET), min(at, sent + SOONEST))
    if at >= closes_of(CHECK_IN, on=asked.on, due_at=asked.due_at, zone=of.zone):
        return None
    due = Due(person_id=of.person_id, kind=CHECK_IN_NUDGE, on=asked.on, at=at, due_at=at, version=1)
    return not_behind(due, now=now)


def objection(due: Due, *, people: People, ledger: Ledger, dates: Dates, now: datetime) -> Reason | None:
    """
    Return why a nudge must not go out, at the moment of sending; of any other occurrence there is nothing to say.

    Answered meanwhile, a crisis or a conversation is open with the person, its check-in is over, or another was faster.
    """
    if due.kind != CHECK_IN_NUDGE:
        return None
    who = people.load(due.person_id, now=now)
    if who is None or who.standing in {Standing.ON_HOLD, *SILENT}:
        # Outreach itself says which.
        return None
    if who.standing is Standing.ALUMNI:
        return Reason.CANCELLED
    if who.holds:
        return Reason.HELD
    if now >= closes_of(CHECK_IN, on=due.on, due_at=due.due_at, zone=who.zone):
        return Reason.LATE
    looked = look_at_dates(who, now=now, ledger=ledger, dates=dates)
    asked = _open(looked, who, now=now)
    is_open = asked is not None and asked.on == due.on and looked.silence.missed > 0
    return Reason.CANCELLED if not is_open or _has_one(looked, but=due) else None


def _open(looked: Looked, of: Recipient, *, now: datetime) -> Entry | None:
    """Return the last check-in that was sent, if it is open and not answered."""
    sent = [entry for entry in looked.run if _was_sent(entry)]
    last = max(sent, key=lambda entry: entry.on, default=None)
    if last is None or now >= closes_of(CHECK_IN, on=last.on, due_at=last.due_at, zone=of.zone):
        return None
    return last


def _was_sent(entry: Entry) -> bool:
    return entry.kind == CHECK_IN and entry.status is Status.SENT and entry.bounced_at is None


def _has_one(looked: Looked, *, but: Due | None = None) -> bool:
    """Say whether this run of silence has a nudge that went out, or may; ``but`` is the one that asks."""
    return any(
        entry.kind == CHECK_IN_NUDGE
        and (but is None or entry.on != but.on)
        and (entry.status not in {Status.SKIPPED, Status.FAILED} or entry.reason is Reason.UNKNOWN)
        for entry in looked.run
    )
