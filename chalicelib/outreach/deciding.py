"""What becomes of an occurrence, decided at the moment of sending."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from chalicelib.outreach.categories import (
    LEFT_TO_OTHERS,
    PROACTIVE_A_DAY,
    category_name,
    category_of,
    closes_at,
    closes_of,
    has_schedule,
    is_known,
    shares_cap,
    template_of,
)
from chalicelib.outreach.category import Category
from chalicelib.outreach.domain import Channel, ChannelKind, Due, Entry, Reason, Recipient, Status, Urgency, Waiting
from chalicelib.outreach.eligible import refusal_of, ways
from chalicelib.outreach.kinds import UPDATES
from chalicelib.outreach.recurrence import local_date, next_occurrence, resolve
from chalicelib.outreach.service import still_comes

COLLECTED_FOR = timedelta(minutes=10)
"""How long what may go along with another message waits for one, before it goes out by itself."""

MORNING = time(9)
"""When something goes out that was put off to another day, for someone without quiet hours."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Send:
    """Reach the person over the first of these channels that takes it; tell of ``carries`` in the same message."""

    channels: tuple[Channel, ...]
    carries: tuple[Waiting, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Defer:
    """Wait: for the end of quiet hours, or for another day's budget."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Collect:
    """Wait with the person for the next message to them; if there is none, go out by itself at ``until``."""

    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Skip:
    """Send nothing, and say why."""

    reason: Reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Nothing:
    """There is nothing left to tell: what was collected went along with other messages."""


Verdict = Send | Defer | Collect | Skip | Nothing


@dataclass(frozen=True, slots=True, kw_only=True)
class Sorted:
    """What waits with a person: to tell now over ``channels``, to keep for later, and to drop, with the reason."""

    channels: tuple[Channel, ...] = ()
    tell: tuple[Waiting, ...] = ()
    keep: tuple[Waiting, ...] = ()
    drop: tuple[tuple[Waiting, Reason], ...] = field(default=())


ROUSES = timedelta(minutes=45)
"""So long before somebody has to have heard it what quiet hours would hold for longer is sent in spite of them."""

HELD_FOR = timedelta(hours=12)
"""How long what is held, and doesn't bundle, waits before it is looked at again."""


def decide(due: Due, recipient: Recipient, *, now: datetime, lately: Sequence[Entry] = ()) -> Verdict:
    """
    Decide, at the moment of sending, what becomes of an occurrence.

    ``lately`` are the person's ledger entries of the last days, needed for categories that are ``budgeted``. Rules,
    in this order: the episode, consents, a channel to use, opt-outs, too late; then what may wait: collected to go
    along with another message, holds, the daily budget, quiet hours (domain rules: eligibility is checked when sending;
    quiet hours defer to their end, and what would then be too late is dropped, but for what must be heard before).
    """
    category = category_of(due.kind)
    reached = ways(due, recipient, category)
    if isinstance(reached, Reason):
        return Skip(reason=reached)
    closes = closes_at(due, recipient.zone)
    if now >= closes or _has_a_later_one(due, recipient, now):
        return Skip(reason=Reason.LATE)
    if category.bundles:
        return _decide_bundled(due, category, now=now, lately=lately)
    if category_name(due.kind) == UPDATES:
        return _decide_updates(recipient, reached, now=now, lately=lately)
    if waits := _put_off(category, recipient, now):
        until, missed = waits
        return Skip(reason=missed) if until >= closes else Defer(until=until)
    return Send(channels=reached, carries=_along(recipient, reached, now) if category.consent is not None else ())


def _put_off(category: Category, recipient: Recipient, now: datetime) -> tuple[datetime, Reason] | None:
    """Return until when something has to wait now, and why it is left out if that is too late."""
    if category.held_by_holds and recipient.holds:
        return now + HELD_FOR, Reason.HELD
    quiet_until = quiet_for(recipient, now=now) if category.quiet_hours_defer else None
    return (quiet_until, Reason.LATE) if quiet_until else None


def quiet_for(recipient: Recipient, *, now: datetime) -> datetime | None:
    """Return until when quiet hours hold a message now; None if they don't, or it has to be heard before their end."""
    until = recipient.quiet_hours.ends_after(now, recipient.zone)
    heard_by = recipient.moment.heard_by if recipient.moment else None
    if until is None or heard_by is None or until <= heard_by:
        return until
    return heard_by - ROUSES if now < heard_by - ROUSES else None


def _along(recipient: Recipient, channels: tuple[Channel, ...], now: datetime) -> tuple[Waiting, ...]:
    """Return what goes along with a message over these channels, whichever of them takes it."""
    kinds = _kinds(channels)
    return tuple(one for one in sort_waiting(recipient, channels, now=now).tell if _wanted(one, recipient) >= kinds)


def may_go_along(one: Waiting, recipient: Recipient, channels: Iterable[Channel], *, now: datetime) -> bool:
    """Say whether a message over these channels, whichever of them takes it, may tell of this now."""
    if not is_known(one.kind):
        return False
    category = category_of(one.kind)
    is_held = category.held_by_holds and bool(recipient.holds)
    return (
        not is_held
        and not _refuses_waiting(one, category, recipient, now)
        and _wanted(one, recipient) >= _kinds(channels)
    )


def _decide_bundled(due: Due, category: Category, *, now: datetime, lately: Sequence[Entry]) -> Collect | Skip:
    used = sum(
        entry.on == due.on
        and entry.kind != due.kind
        and shares_cap(entry.kind, due.kind)
        and (entry.status not in {Status.SKIPPED, Status.FAILED} or entry.reason is Reason.UNKNOWN)
        for entry in lately
    )
    if category.cap is not None and used >= category.cap:
        return Skip(reason=Reason.OVER_BUDGET)
    return Collect(until=max(due.due_at, now) + COLLECTED_FOR)


def _decide_updates(
    recipient: Recipient, channels: tuple[Channel, ...], *, now: datetime, lately: Sequence[Entry]
) -> Verdict:
    waiting = sort_waiting(recipient, channels, now=now)
    if not waiting.tell:
        return Nothing()
    quiet_until = recipient.quiet_hours.ends_after(now, recipient.zone)
    if quiet_until:
        return Defer(until=quiet_until)
    only_celebrations = all(category_of(one.kind).urgency is Urgency.CELEBRATION for one in waiting.tell)
    budget = PROACTIVE_A_DAY - (LEFT_TO_OTHERS if only_celebrations else 0)
    if messages(lately, on=local_date(now, recipient.zone), zone=recipient.zone) >= budget:
        return Defer(until=_another_day(recipient, now))
    return Send(channels=waiting.channels, carries=waiting.tell)


def messages(lately: Iterable[Entry], *, on: date, zone: str) -> int:
    """
    Count the proactive messages among these entries that went out on a local date, whichever date names them.

    What was merged into another is no message of its own; what may have gone out counts, and so does what no category
    is known of.
    """
    return sum(
        (entry.status in {Status.SENT, Status.CLAIMED} or entry.reason is Reason.UNKNOWN)
        and entry.merged_into is None
        and (not is_known(entry.kind) or category_of(entry.kind).consent is not None)
        and local_date(entry.ended_at or entry.claimed_at, zone) == on
        for entry in lately
    )


def _another_day(recipient: Recipient, now: datetime) -> datetime:
    tomorrow = local_date(now, recipient.zone) + timedelta(days=1)
    quiet = recipient.quiet_hours
    return resolve(tomorrow, quiet.end if quiet.start != quiet.end else MORNING, recipient.zone)


def sort_waiting(recipient: Recipient, channels: Sequence[Channel], *, now: datetime) -> Sorted:
    """
    Sort what waits with a person for one message over some of these channels.

    Each is looked at as if it were sent by itself: consent, opt-outs, late, holds, the category's cap. Care goes before
    peers, and peers before celebrations; what is switched off on the channels that the ones before it need is kept,
    and so is what no category is known of.
    """
    order = list(Urgency)
    keep = [one for one in recipient.waiting if not is_known(one.kind)]
    tell, drop = [], []
    used: Counter[tuple[str, date]] = Counter()
    in_order = sorted(
        (one for one in recipient.waiting if is_known(one.kind)),
        key=lambda one: (order.index(category_of(one.kind).urgency), one.due_at, one.kind),
    )
    for one in in_order:
        category, words = category_of(one.kind), (template_of(one.kind), one.on)
        refusal = _refuses_waiting(one, category, recipient, now)
        left = tuple(channel for channel in channels if channel.kind in _wanted(one, recipient))
        if refusal:
            drop.append((one, refusal))
        elif category.cap is not None and used[words] >= category.cap:
            drop.append((one, Reason.OVER_BUDGET))
        elif (category.held_by_holds and recipient.holds) or not left:
            keep.append(one)
        else:
            channels = left
            tell.append(one)
            used[words] += 1
    return Sorted(channels=tuple(channels), tell=tuple(tell), keep=tuple(keep), drop=tuple(drop))


def _refuses_waiting(one: Waiting, category: Category, recipient: Recipient, now: datetime) -> Reason | None:
    refusal = refusal_of(recipient, category)
    if refusal:
        return refusal
    if has_schedule(one.kind) and not still_comes(one, recipient):
        return Reason.CANCELLED
    if now >= closes_of(one.kind, on=one.on, due_at=one.due_at, zone=recipient.zone):
        return Reason.HELD if category.held_by_holds and recipient.holds else Reason.LATE
    consented = {kind for kind, scope in (category.consent or {}).items() if scope in recipient.consents}
    usable = _kinds(channel for channel in recipient.channels if channel.usable) & consented
    return Reason.OPTED_OUT if usable and not usable & _wanted(one, recipient) else None


def _wanted(one: Waiting, recipient: Recipient) -> set[ChannelKind]:
    """Return the kinds of channels on which the person did not switch this off."""
    name = category_name(one.kind)
    if (name, None) in recipient.opt_outs:
        return set()
    return {kind for kind in ChannelKind if (name, kind) not in recipient.opt_outs}


def _kinds(channels: Iterable[Channel]) -> set[ChannelKind]:
    return {channel.kind for channel in channels}


def _has_a_later_one(due: Due, recipient: Recipient, now: datetime) -> bool:
    """Whether the schedule has fallen due again since: after an outage each person gets the latest of each kind."""
    schedule = recipient.schedule(due.kind)
    if schedule is None or now - due.due_at < timedelta(hours=12):
        return False
    later = next_occurrence(schedule.when, after=due.due_at)
    return later is not None and later.at <= now
