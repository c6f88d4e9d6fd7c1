"""Claim occurrences in the ledger before anything is sent, and settle what an earlier claim left behind."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.outreach import collecting
from chalicelib.outreach.cases import Case, Outcome, each_open, open_cases
from chalicelib.outreach.categories import category_name, category_of, urgency_of
from chalicelib.outreach.category import IfUnknown
from chalicelib.outreach.domain import Channel, ChannelKind, Entry, Reason, Status, Urgency
from chalicelib.outreach.handing import first_letter
from chalicelib.outreach.kinds import UPDATES
from chalicelib.outreach.ports import Means


def claim(cases: Iterable[Case], *, now: datetime, means: Means) -> None:
    """Claim each open case, and what its message carries; those that are skipped are written down as such."""
    claiming = open_cases(cases)
    added = means.ledger.add([case.claim for case in claiming]) if claiming else []
    for case, is_ours in zip(claiming, added, strict=True):
        if not is_ours:
            each_open([case], lambda case: _look_at_the_one_before(case, now=now, means=means))
        if case.outcome is None and case.claim.status is not Status.CLAIMED:
            case.outcome = Outcome(case.claim.status.value)
    for case in open_cases(cases):
        if case.claim.carries:
            each_open([case], lambda case: _claim_carried(case, now=now, means=means))


def _look_at_the_one_before(case: Case, *, now: datetime, means: Means) -> None:
    """Go by the entry that is there already: it ended, somebody is at it, or it must be taken over."""
    existing = means.ledger.get(case.due.person_id, case.due.kind, case.due.on)
    if existing is None:
        case.outcome, case.entry = Outcome.UNSETTLED, None
        return
    if existing.status not in {Status.CLAIMED, Status.WAITING}:
        again = after_an_end(existing, case.channels, now=now)
        if again is None:
            collecting.finish(existing, case.person, now=now, means=means)
            case.outcome, case.entry = Outcome.ALREADY_ENDED, existing
            return
        again = _narrowed(again, case, now=now, means=means)
        if not means.ledger.swap(again, before=existing):
            case.outcome, case.entry = Outcome.UNSETTLED, None
            return
        case.before = existing
    else:
        taken = take_over(existing, case.claim, now=now)
        if taken is not None and taken.status is Status.CLAIMED:
            taken = _narrowed(taken, case, now=now, means=means)
        if taken is None or not means.ledger.swap(taken, before=existing):
            case.outcome, case.entry = Outcome.UNSETTLED, None
            return
        if taken.status is not Status.CLAIMED:
            collecting.finish(taken, case.person, now=now, means=means)
            collecting.forget(taken, means=means)
        again = taken
    case.entry = again
    if again.fallback:
        case.channels = tuple(channel for channel in case.channels if channel.kind is ChannelKind.EMAIL)
    if case.outcome is None and again.status is Status.CLAIMED:
        # Composed anew: the entry has another attempt, and what it carries is what the first attempt said.
        case.letter = first_letter(case, means=means)


def _narrowed(again: Entry, case: Case, *, now: datetime, means: Means) -> Entry:
    """Return an entry that is tried again without what may not be told any more; whether that was told is unknown."""
    if not again.carries:
        return again
    emails = tuple(channel for channel in case.channels if channel.kind is ChannelKind.EMAIL)
    channels = emails if again.fallback else case.channels
    told = collecting.still_told(again, case.person, channels, now=now, means=means)
    left_out = tuple(text for text in again.carries if text not in told.carries)
    if left_out:
        # Before the claim: whoever dies in between leaves nothing behind that nobody will end.
        unknown = replace(again, status=Status.FAILED, reason=Reason.UNKNOWN, carries=left_out)
        collecting.finish(unknown, case.person, now=now, means=means)
    return told


def _claim_carried(case: Case, *, now: datetime, means: Means) -> None:
    carried = collecting.claim(case.claim, now=now, means=means)
    if category_name(case.due.kind) == UPDATES and _most_urgent(carried) != _most_urgent(case.claim.carries):
        # What made room for it in the day's budget is told by another message: the rest has to be decided on again.
        collecting.give_back(replace(case.claim, carries=carried), case.person, now=now, means=means)
        carried = ()
    if not carried and category_name(case.due.kind) == UPDATES:
        # Other messages told of all of it meanwhile. An end, not a release: somebody else may be about to claim it.
        case.entry = replace(case.claim, status=Status.SKIPPED, reason=Reason.CANCELLED, ended_at=now, carries=())
        means.ledger.end([case.claim])
        case.outcome = Outcome.SKIPPED
        return
    if carried != case.claim.carries:
        case.entry = replace(case.claim, carries=carried)
        case.letter = first_letter(case, means=means)


def _most_urgent(carries: Sequence[str]) -> Urgency | None:
    return min((urgency_of(text.partition("#")[2]) for text in carries), key=list(Urgency).index, default=None)


def take_over(existing: Entry, entry: Entry, *, now: datetime) -> Entry | None:
    """
    Return what is to be written over a claim that has no outcome; None where it must be left alone.

    A claim without an outcome is a sender that died or still works. Its message may have gone out, so providers and
    devices are given ``settles_in`` to report it; what happens then is the category's ``if_unknown``.
    """
    if existing.merged_into is not None:
        return None
    if existing.status is Status.WAITING:
        return replace(entry, attempt=existing.attempt + 1)
    reported = existing.received_at or existing.reported_at
    if reported:
        return replace(existing, status=Status.SENT, ended_at=reported)
    category = category_of(existing.kind)
    if now < existing.claimed_at + category.settles_in:
        return None
    gives_up = entry.status is Status.SKIPPED or category.if_unknown is IfUnknown.LEAVE
    return _settled(existing, entry, gives_up=gives_up, now=now)


def _settled(existing: Entry, entry: Entry, *, gives_up: bool, now: datetime) -> Entry:
    if existing.fallback:
        # The push itself was sent; only the e-mail that follows it is in question.
        sent = replace(existing, status=Status.SENT)
        return sent if gives_up else replace(existing, attempt=existing.attempt + 1, claimed_at=now)
    again = replace(entry, attempt=existing.attempt + 1, carries=existing.carries)
    return replace(again, status=Status.FAILED, ended_at=now, reason=Reason.UNKNOWN) if gives_up else again


def after_an_end(existing: Entry, channels: Sequence[Channel], *, now: datetime) -> Entry | None:
    """Return the claim of an e-mail that follows a push which no device reported; None where none is due."""
    within = category_of(existing.kind).receipt_within
    unseen = (
        existing.status is Status.SENT
        and not existing.fallback
        and existing.channel_kind in {ChannelKind.PUSH, ChannelKind.MOBILE}
        and existing.received_at is None
    )
    if (
        within is None
        or not unseen
        or existing.fallback
        or existing.ended_at is None
        or now < existing.ended_at + within
    ):
        return None
    if not any(channel.kind is ChannelKind.EMAIL for channel in channels):
        return None
    return replace(existing, status=Status.CLAIMED, attempt=existing.attempt + 1, claimed_at=now, fallback=True)
