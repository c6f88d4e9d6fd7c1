"""
What may wait goes along with the next message to its person, so that several make one.

A collected occurrence is ``waiting`` in the ledger and lies as a row with the person, where whatever is sent to them
next finds it without another read. If nothing comes, an occurrence of the category ``updates`` tells of it.
"""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.outreach.categories import category_of, shares_cap
from chalicelib.outreach.deciding import COLLECTED_FOR, may_go_along, sort_waiting
from chalicelib.outreach.domain import Channel, Due, Entry, Reason, Recipient, Status, Waiting
from chalicelib.outreach.kinds import UPDATES
from chalicelib.outreach.ports import Means
from chalicelib.outreach.recurrence import local_date

LOOK_AGAIN = timedelta(hours=6)
"""How often is looked at again what is held, or found no channel in common with the rest."""


def collect(due: Due, recipient: Recipient, *, until: datetime, now: datetime, means: Means) -> bool:
    """Keep an occurrence with its person until ``until`` at most; return whether it had its end already."""
    waiting = Waiting(kind=due.kind, on=due.on, due_at=due.due_at)
    # First what makes sure that it is told at all.
    means.dues.put([updates_due(due.person_id, until, zone=recipient.zone)])
    entry = Entry(
        person_id=due.person_id,
        kind=due.kind,
        on=due.on,
        due_at=due.due_at,
        status=Status.WAITING,
        attempt=1,
        claimed_at=now,
    )
    [is_new] = means.ledger.add([entry])
    existing = None if is_new else means.ledger.get(due.person_id, due.kind, due.on)
    if existing is not None and existing.status is not Status.WAITING:
        if existing.status is not Status.CLAIMED:
            means.recipients.told(due.person_id, [waiting])
        return True
    means.recipients.keep_waiting(due.person_id, [waiting])
    return False


def updates_due(person_id: str, until: datetime, *, zone: str) -> Due:
    """Return the due row of the message that tells what found no other by ``until``; the same for the same minute."""
    minute = until.replace(second=0, microsecond=0)
    at = minute if minute == until else minute + timedelta(minutes=1)
    kind = f"{UPDATES}-{at:%H%M}"
    return Due(person_id=person_id, kind=kind, on=local_date(at, zone), at=at, due_at=at, version=1)


def claim(entry: Entry, *, now: datetime, means: Means) -> tuple[str, ...]:
    """Bind what ``entry``'s message tells of to it; return what is bound: nothing is told by two messages."""
    return tuple(text for text in entry.carries if _bind(text, entry, now, means))


def _bind(text: str, entry: Entry, now: datetime, means: Means) -> bool:
    on, kind = _read(text)
    existing = means.ledger.get(entry.person_id, kind, on)
    if existing is None:
        return False
    if existing.merged_into == entry.name:
        return True
    if existing.status is Status.WAITING and _cap_is_reached(existing, means):
        # Two that came at once were both collected; now one of them has been told.
        ended = replace(existing, status=Status.SKIPPED, reason=Reason.OVER_BUDGET, ended_at=now)
        present = _put_over(existing, ended, means=means)
        if present and present.status not in {Status.WAITING, Status.CLAIMED}:
            forget(present, means=means)
        return False
    if existing.status is Status.WAITING:
        bound = replace(existing, status=Status.CLAIMED, merged_into=entry.name)
        present = _put_over(existing, bound, means=means)
        return present is not None and present.merged_into == entry.name
    if existing.status is not Status.CLAIMED:
        forget(existing, means=means)
    return False


def _cap_is_reached(entry: Entry, means: Means) -> bool:
    cap = category_of(entry.kind).cap
    if cap is None:
        return False
    same_day = means.ledger.between(entry.person_id, entry.on, entry.on)
    told = [
        other
        for other in same_day
        if shares_cap(other.kind, entry.kind)
        and (other.status not in {Status.WAITING, Status.SKIPPED, Status.FAILED} or other.reason is Reason.UNKNOWN)
    ]
    return len(told) >= cap


def still_told(
    entry: Entry, recipient: Recipient, channels: Sequence[Channel], *, now: datetime, means: Means
) -> Entry:
    """Return an entry that is tried again with only what may still be told over these channels."""
    told = []
    for text in entry.carries:
        on, kind = _read(text)
        existing = means.ledger.get(entry.person_id, kind, on)
        one = existing and Waiting(kind=kind, on=on, due_at=existing.due_at)
        is_true = one and means.objections(_due(entry.person_id, one)) is None
        if one and is_true and may_go_along(one, recipient, channels, now=now):
            told.append(text)
    return replace(entry, carries=tuple(told))


def finish(entry: Entry, recipient: Recipient, *, now: datetime, means: Means) -> None:
    """
    End what an ended message told of: merged where it was sent, else the way that the message itself ended.

    What it was to tell of and was never bound to it (its sender died before) gets another message to wait for.
    """
    for text in entry.carries:
        on, kind = _read(text)
        existing = means.ledger.get(entry.person_id, kind, on)
        if existing and existing.status is Status.WAITING:
            means.dues.put([updates_due(entry.person_id, now + COLLECTED_FOR, zone=recipient.zone)])
        if existing is None or existing.merged_into != entry.name:
            continue
        if existing.status is Status.CLAIMED:
            is_sent = entry.status is Status.SENT
            ended = replace(
                existing,
                status=Status.MERGED if is_sent else entry.status,
                reason=None if is_sent else entry.reason,
                ended_at=now,
            )
            means.ledger.swap(ended, before=existing)
        forget(existing, means=means)


def give_back(entry: Entry, recipient: Recipient, *, now: datetime, means: Means) -> None:
    """Let what was bound to a message that no provider took wait again."""
    if not entry.carries:
        return
    means.dues.put([updates_due(entry.person_id, now + COLLECTED_FOR, zone=recipient.zone)])
    for text in entry.carries:
        on, kind = _read(text)
        existing = means.ledger.get(entry.person_id, kind, on)
        if existing and existing.status is Status.CLAIMED and existing.merged_into == entry.name:
            means.ledger.swap(replace(existing, status=Status.WAITING, merged_into=None), before=existing)


def look_again(
    due: Due, recipient: Recipient, *, told: Sequence[Waiting], ends: bool, now: datetime, means: Means
) -> None:
    """
    Have what ``due``'s message doesn't tell of looked at again; the same row however often that is delivered.

    Where ``due`` itself ``ends`` without a message, what it could have told of gets another one soon.
    """
    usable = [channel for channel in recipient.channels if channel.usable]
    waiting = sort_waiting(recipient, usable, now=now)
    left = [one for one in waiting.tell if one not in told]
    if ends and left:
        means.dues.put([updates_due(due.person_id, now + COLLECTED_FOR, zone=recipient.zone)])
    elif left or waiting.keep:
        later = due.at + LOOK_AGAIN * ((now - due.at) // LOOK_AGAIN + 1)
        means.dues.put([updates_due(due.person_id, later, zone=recipient.zone)])


def forget(entry: Entry, *, means: Means) -> None:
    """Let an occurrence that has ended wait with its person no longer."""
    means.recipients.told(entry.person_id, [Waiting(kind=entry.kind, on=entry.on, due_at=entry.due_at)])


def drop(recipient: Recipient, *, because: Reason | None, now: datetime, means: Means) -> None:
    """End what waits with a person and may no longer be told; all of it where there is a reason to tell nothing."""
    if because is None:
        usable = [channel for channel in recipient.channels if channel.usable]
        dropped: Iterable[tuple[Waiting, Reason]] = sort_waiting(recipient, usable, now=now).drop
    else:
        dropped = [(one, because) for one in recipient.waiting]
    _end(recipient, dropped, now=now, means=means)


def withdraw(recipient: Recipient, *, now: datetime, means: Means) -> Recipient:
    """End what waits with a person and is no longer true, and return them without it: time passes while it waits."""
    objections = {one: means.objections(_due(recipient.person_id, one)) for one in recipient.waiting}
    untrue = [(one, reason) for one, reason in objections.items() if reason]
    _end(recipient, untrue, now=now, means=means)
    return replace(recipient, waiting=tuple(one for one, reason in objections.items() if reason is None))


def _due(person_id: str, one: Waiting) -> Due:
    return Due(person_id=person_id, kind=one.kind, on=one.on, at=one.due_at, due_at=one.due_at, version=1)


def _end(recipient: Recipient, ended_for: Iterable[tuple[Waiting, Reason]], *, now: datetime, means: Means) -> None:
    for one, reason in ended_for:
        existing = means.ledger.get(recipient.person_id, one.kind, one.on)
        if existing and existing.status is Status.WAITING:
            ended = replace(existing, status=Status.SKIPPED, reason=reason, ended_at=now)
            existing = _put_over(existing, ended, means=means)
        if existing is None or existing.status in {Status.WAITING, Status.CLAIMED}:
            continue
        means.recipients.told(recipient.person_id, [one])


def _put_over(before: Entry, entry: Entry, *, means: Means) -> Entry | None:
    """Put an entry over another, and return what stands there: our own write too, if the store's answer got lost."""
    if means.ledger.swap(entry, before=before):
        return entry
    return means.ledger.get(entry.person_id, entry.kind, entry.on)


def _read(text: str) -> tuple[date, str]:
    on, _, kind = text.partition("#")
    return date.fromisoformat(on), kind
