"""
Tell partners that somebody may be glad to hear from them: once a run of silence, and only where the person shares it.

The quiet person is not told, and nobody's care is meant: a flag to their team is a matter of its own (``flags``).
"""

from datetime import datetime, timedelta
from typing import Protocol

from chalicelib.checkins.ports import Dates
from chalicelib.checkins.silence import LOOKS_BACK, Looked, look_at_dates
from chalicelib.flags.nudges import Nudge
from chalicelib.outreach.domain import Due, Entry, Hold, Reason, Recipient, Standing, Status
from chalicelib.outreach.kinds import CHECK_IN, PAIR_NUDGE
from chalicelib.outreach.ports import Ledger
from chalicelib.outreach.service import not_behind
from chalicelib.partners.domain import Kind, Pair, person
from chalicelib.partners.service import Pairs, active
from chalicelib.partners.sharing import Share, shared

A_DAY = timedelta(days=1)


class People(Protocol):
    """People as outreach sees them."""

    def load(self, person_id: str, *, now: datetime) -> Recipient | None:
        """Return the person as they are now; None if there is no such person."""
        ...


def kind_of(pair: Pair) -> str:
    """Return the kind of a pair's nudges."""
    return f"{PAIR_NUDGE}-{pair.id}"


def dues_for(of: Recipient, looked: Looked, *, rule: Nudge, now: datetime, pairs: Pairs, ledger: Ledger) -> list[Due]:
    """
    Return what falls due for the partners of somebody quiet; none for those who were told in this run already.

    Named by the date that the run began, so that looking again makes no other. Staff have no messages: they look.
    """
    since = looked.silence.since
    if since is None or looked.is_old or looked.silence.missed < rule.missed or of.holds & {Hold.CRISIS}:
        return []
    sent = [entry for entry in looked.entries if entry.kind == CHECK_IN and entry.on == looked.on]
    at = max((entry.ended_at or entry.claimed_at for entry in sent), default=now).replace(microsecond=0) + rule.after
    side = person(of.person_id)
    return [
        not_behind(Due(person_id=other.id, kind=kind_of(pair), on=since, at=at, due_at=at, version=1), now=now)
        for pair in active(side, pairs=pairs)
        if (other := pair.other(side)).kind is Kind.PERSON
        and Share.CHECK_IN_DONE in shared(of.consents, shares=pair.shares(side))
        and not any(entry.kind == kind_of(pair) for entry in _told_in(looked, other.id, ledger=ledger))
    ]


def objection(due: Due, *, people: People, pairs: Pairs, ledger: Ledger, dates: Dates, now: datetime) -> Reason | None:
    """
    Return why a partner must not be told any more, at the moment of telling; of other occurrences there is nothing.

    The pair, the consent, the pause, the silence: all as they are now.
    """
    if not due.kind.startswith(f"{PAIR_NUDGE}-"):
        return None
    partner = person(due.person_id)
    pair = next((pair for pair in active(partner, pairs=pairs) if kind_of(pair) == due.kind), None)
    if pair is None:
        return Reason.CANCELLED
    told, quiet = (people.load(one.id, now=now) for one in (partner, pair.other(partner)))
    if told is None or quiet is None or {told.programme_id, quiet.programme_id} != {pair.programme_id}:
        # Whoever moved on to another programme is no partner here.
        return Reason.CANCELLED
    if (reason := _not_told_of(quiet, shares=pair.shares(pair.other(partner)))) is not None:
        return reason
    looked = look_at_dates(quiet, now=now, ledger=ledger, dates=dates)
    if looked.silence.since != due.on:
        return Reason.CANCELLED
    others = [entry for entry in _told_in(looked, due.person_id, ledger=ledger) if entry.on != due.on]
    return Reason.CANCELLED if any(entry.kind == due.kind and _may_have_gone_out(entry) for entry in others) else None


def _not_told_of(quiet: Recipient, *, shares: bool) -> Reason | None:
    if quiet.standing is not Standing.REACHABLE:
        return Reason.CANCELLED
    if Share.CHECK_IN_DONE not in shared(quiet.consents, shares=shares):
        return Reason.NO_CONSENT
    # In a crisis their team has them; nobody is sent there by us.
    return Reason.HELD if Hold.CRISIS in quiet.holds else None


def _told_in(looked: Looked, partner_id: str, *, ledger: Ledger) -> list[Entry]:
    """Return a partner's entries of this run: one that bounced later makes it begin later than when they were told."""
    first = looked.answered_up_to + A_DAY if looked.answered_up_to else looked.on - LOOKS_BACK
    return ledger.between(partner_id, first, looked.on)


def _may_have_gone_out(entry: Entry) -> bool:
    return entry.status not in {Status.SKIPPED, Status.FAILED} or entry.reason is Reason.UNKNOWN
