"""
Hand over what falls due, and deliver each occurrence once: load, decide, claim, send, write down.

The order of single, repeatable writes makes a crash at any point harmless (docs/decisions/0003-crash-safe-order.md):
next occurrence's due row -> claim in the ledger -> send -> outcome in the ledger -> the old due row goes last.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from chalicelib.outreach.categories import category_of, closes_at
from chalicelib.outreach.deciding import Defer, Send, Skip, decide
from chalicelib.outreach.domain import (
    Channel,
    ChannelKind,
    Due,
    Entry,
    Reason,
    Recipient,
    Schedule,
    Standing,
    Status,
)
from chalicelib.outreach.ports import Dues, Ledger, NotAccepted, Queue, Recipients, Refused, Sender, Suppressions
from chalicelib.outreach.recurrence import local_date, next_occurrence

LEAD = timedelta(minutes=1)
"""How far ahead of its minute a tick hands over, so that the queue's delay lands on the second."""

FIRST_LOOK_BACK = timedelta(hours=24)
"""How far back the first tick ever looks for rows that were put before ticks began."""

SETTLED_AFTER = timedelta(minutes=10)
"""An hour's partitions count as finished this long after the hour: no writer's clock is that far off."""


class Outcome(StrEnum):
    """What one delivery attempt did."""

    SENT = "sent"
    SKIPPED = "skipped"
    FAILED = "failed"
    DEFERRED = "deferred"
    SUPERSEDED = "superseded"
    ALREADY_ENDED = "already_ended"
    UNSETTLED = "unsettled"
    NOT_ACCEPTED = "not_accepted"
    EARLY = "early"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """The result of ``deliver``: the outcome, and the ledger entry where there is one."""

    outcome: Outcome
    entry: Entry | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Tick:
    """What a tick found: handed over for the minute ahead, handed over again because overdue, and hours looked at."""

    ahead: int
    overdue: int
    hours: int


def first_due(schedule: Schedule, *, after: datetime) -> Due | None:
    """Return the first thing that falls due by this schedule later than ``after``; None if nothing does any more."""
    occurrence = None if schedule.paused else next_occurrence(schedule.when, after=after)
    if occurrence is None:
        return None
    return Due(
        person_id=schedule.person_id,
        kind=schedule.kind,
        on=occurrence.on,
        at=occurrence.at,
        due_at=occurrence.at,
        version=schedule.version,
    )


def at_once(person_id: str, kind: str, *, zone: str, now: datetime) -> Due:
    """Return a due for something that isn't on a schedule and should go out now."""
    at = now.replace(microsecond=0)
    return Due(person_id=person_id, kind=kind, on=local_date(at, zone), at=at, due_at=at, version=1)


def hand_over(*, tick_at: datetime, now: datetime, dues: Dues, queue: Queue) -> Tick:
    """
    Hand over what falls due in the minute after the next, and whatever is overdue by a minute or more.

    ``tick_at`` is the event's own time. What falls due between the two is already on its way: the tick before handed
    it over. A missed or doubled tick changes nothing but lateness.
    """
    minute = tick_at.replace(second=0, microsecond=0)
    ahead_from, ahead_to, overdue_to = minute + LEAD, minute + 2 * LEAD, minute - LEAD
    mark = dues.watermark() or minute - FIRST_LOOK_BACK
    hour = first = mark.replace(minute=0, second=0, microsecond=0)
    ahead = overdue = looked_at = 0
    finished = True
    while hour < ahead_to:
        waiting = list(dues.waiting(hour, before=ahead_to))
        ahead += queue.hand_over([due for due in waiting if due.at >= ahead_from], now=now)
        overdue += queue.hand_over([due for due in waiting if due.at <= overdue_to], now=now)
        looked_at += 1
        following = hour + timedelta(hours=1)
        finished = finished and not waiting and following <= minute - SETTLED_AFTER
        if finished:
            mark = following
        hour = following
    if mark > first:
        dues.advance(mark)
    return Tick(ahead=ahead, overdue=overdue, hours=looked_at)


def deliver(
    due: Due,
    *,
    now: datetime,
    recipients: Recipients,
    dues: Dues,
    ledger: Ledger,
    senders: Mapping[ChannelKind, Sender],
    suppressions: Suppressions,
) -> Delivery:
    """
    Bring one due occurrence to its end, or leave its due row for a later look.

    Safe to repeat at any point and to run twice at once.
    """
    recipient = recipients.load(due.person_id, now=now)
    if recipient is None or not _is_current(due, recipient):
        dues.remove(due)
        return Delivery(outcome=Outcome.SUPERSEDED)
    following = _following(due, recipient)
    if following:
        dues.put(following)

    verdict = decide(due, recipient, now=now)
    if isinstance(verdict, Defer):
        dues.put(replace(due, at=verdict.until))
        dues.remove(due)
        return Delivery(outcome=Outcome.DEFERRED)

    entry = Entry(
        person_id=due.person_id,
        kind=due.kind,
        on=due.on,
        due_at=due.due_at,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=now,
    )
    if isinstance(verdict, Skip):
        entry = replace(entry, status=Status.SKIPPED, ended_at=now, reason=verdict.reason)
    if not ledger.add(entry):
        claimed = _take_over(entry, now=now, ledger=ledger)
        if isinstance(claimed, Outcome):
            if claimed is Outcome.ALREADY_ENDED:
                dues.remove(due)
            return Delivery(outcome=claimed)
        entry = claimed
    if entry.status is not Status.CLAIMED:
        dues.remove(due)
        return Delivery(outcome=Outcome(entry.status.value), entry=entry)

    channels = verdict.channels if isinstance(verdict, Send) else ()
    try:
        ended = _send(entry, due, recipient, channels, now=now, via=senders, suppress=suppressions)
    except NotAccepted:
        ledger.release(entry)
        return Delivery(outcome=Outcome.NOT_ACCEPTED)
    ledger.replace(ended, attempt=entry.attempt)
    dues.remove(due)
    return Delivery(outcome=Outcome(ended.status.value), entry=ended)


def _following(due: Due, recipient: Recipient) -> Due | None:
    schedule = recipient.schedule(due.kind)
    if schedule is None or due.was_deferred or recipient.standing in {Standing.ENDED, Standing.NONE}:
        return None
    return first_due(schedule, after=due.due_at)


def _is_current(due: Due, recipient: Recipient) -> bool:
    if not category_of(due.kind).recurs:
        return True
    schedule = recipient.schedule(due.kind)
    return schedule is not None and schedule.version == due.version


def _take_over(entry: Entry, *, now: datetime, ledger: Ledger) -> Entry | Outcome:
    """
    Claim an occurrence that has an entry already; an Outcome where it must be left alone.

    A claim without an outcome is a sender that died or still works. Its message may have gone out, so receipts are
    given ``settles_in`` to say so; only then is it tried again (reminders: at most once).
    """
    existing = ledger.get(entry.person_id, entry.kind, entry.on)
    if existing and existing.status is not Status.CLAIMED:
        return Outcome.ALREADY_ENDED
    if existing is None or now < existing.claimed_at + category_of(entry.kind).settles_in:
        return Outcome.UNSETTLED
    again = replace(entry, attempt=existing.attempt + 1)
    if entry.status is Status.SKIPPED:
        again = replace(again, status=Status.FAILED, reason=Reason.UNKNOWN)
    return again if ledger.replace(again, attempt=existing.attempt) else Outcome.UNSETTLED


def _send(
    entry: Entry,
    due: Due,
    recipient: Recipient,
    channels: tuple[Channel, ...],
    *,
    now: datetime,
    via: Mapping[ChannelKind, Sender],
    suppress: Suppressions,
) -> Entry:
    """
    Try each channel until one takes the message; return how that ended.

    :raises NotAccepted: a provider may take it later
    """
    closes = closes_at(due, recipient.zone)
    for channel in channels:
        sender = via[channel.kind]
        try:
            handed = sender.send(entry, recipient, channel, closes_at=closes)
        except Refused as refusal:
            if refusal.gone:
                suppress.channel_is_gone(entry.person_id, channel.id, why="refused by the provider", now=now)
            continue
        except NotAccepted:
            # Another way is better than a late one, but not than one that is busy for a moment.
            if channel is channels[-1] or now - due.at < category_of(due.kind).patience:
                raise
            continue
        return replace(
            entry,
            status=Status.SENT,
            ended_at=now,
            channel_id=channel.id,
            channel_kind=channel.kind,
            provider_id=handed.provider_id,
            template=handed.template,
        )
    return replace(entry, status=Status.FAILED, ended_at=now, reason=Reason.REFUSED)
