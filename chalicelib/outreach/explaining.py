"""
Why did, or didn't, somebody get this: from the ledger where it ended, else by the very rules that delivery goes by.

Says no name and no address, so that operators may read it as well.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta

from chalicelib.outreach.categories import CATEGORIES, category_name
from chalicelib.outreach.deciding import Collect, Defer, Nothing, Send, Skip, Verdict, decide
from chalicelib.outreach.domain import Channel, Due, Entry, Recipient, Schedule, Status
from chalicelib.outreach.endings import DEFERRED, in_words
from chalicelib.outreach.explaining_steps import Known, Step, at, steps
from chalicelib.outreach.recurrence import next_occurrence, resolve

IN_TIME = timedelta(minutes=5)
"""What fell due no longer ago than this may still be on its way; later, something is in the way."""

FURTHEST = timedelta(days=400)
"""Schedules are asked about dates this far from today at most."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    The answer in a few sentences, and the steps behind it.

    ``outcome`` is the ledger's where there is an entry; else ``deferred``, ``due`` (it should go out now), ``ahead``,
    ``not_due``, or ``no_entry`` (its time is over, and nothing waits: it was never due).
    ``would`` is what the rules say as things stand now, at its instant if that is ahead.
    """

    kind: str
    on: date
    due_at: datetime | None
    outcome: str
    would: str | None
    answer: str
    steps: tuple[Step, ...]


def occurrence_on(schedule: Schedule, on: date) -> Due | None:
    """Return what this schedule has due under a local date, None if nothing. A paused one has what it would have."""
    # Two days before cover the widest difference between zones, and an offset of the schedule's own.
    after = resolve(on, time(), schedule.when.zone) - timedelta(days=2)
    while found := next_occurrence(schedule.when, after=after):
        if found.on == on:
            return Due(
                person_id=schedule.person_id,
                kind=schedule.kind,
                on=on,
                at=found.at,
                due_at=found.at,
                version=schedule.version,
            )
        if found.on > on:
            return None
        after = found.at
    return None


def deferred(
    recipient: Recipient, on: date, *, now: datetime, waits: Callable[[Due], bool]
) -> list[tuple[Due, datetime]]:
    """Return what fell due under this date by the person's schedules and waits, with until when."""
    found = []
    for schedule in recipient.schedules:
        due = None if schedule.paused else occurrence_on(schedule, on)
        verdict = decide(due, recipient, now=now) if due and due.due_at <= now else None
        if due and isinstance(verdict, Defer) and waits(replace(due, at=verdict.until)):
            found.append((due, verdict.until))
    return found


def _waits(due: Due, verdict: Verdict, known: Known) -> bool:
    """Whether there is a due row, which an occurrence that was never put has not: its schedule is newer than that."""
    return known.waits(due) or (isinstance(verdict, Defer) and known.waits(replace(due, at=verdict.until)))


def explain(kind: str, on: date, known: Known, *, now: datetime) -> Explanation:
    """
    Say why somebody did or didn't get what is named by kind and local date, or what would become of it.

    :raises KeyError: if there is no such kind of message
    """
    category = CATEGORIES[category_name(kind)]
    recipient, entry = known.recipient, known.entry
    schedule = recipient.schedule(kind)
    due = occurrence_on(schedule, on) if schedule else None
    if entry:
        version = schedule.version if schedule else 1
        due = Due(person_id=entry.person_id, kind=kind, on=on, at=entry.due_at, due_at=entry.due_at, version=version)
    verdict = decide(due, recipient, now=max(now, due.at), lately=known.lately) if due else None
    outcome = _outcome(known, due, schedule, verdict, now)
    answer = _answer(due, schedule, verdict, known, now)
    return Explanation(
        kind=kind,
        on=on,
        due_at=due.due_at if due else None,
        outcome=outcome,
        would=_would(verdict) if verdict and (entry is None or entry.ended_at is None) else None,
        answer=answer,
        steps=steps(kind, on, category, known, schedule=schedule, due=due, verdict=verdict, now=now),
    )


def _outcome(known: Known, due: Due | None, schedule: Schedule | None, verdict: Verdict | None, now: datetime) -> str:
    if known.entry:
        return known.entry.status.value
    if due is None or (schedule and schedule.paused):
        return "not_due"
    if due.at > now:
        return "ahead"
    if verdict is None or not _waits(due, verdict, known):
        return "no_entry"
    return DEFERRED if isinstance(verdict, Defer) else "due"


def _answer(  # noqa: PLR0911 (each return is one answer)
    due: Due | None, schedule: Schedule | None, verdict: Verdict | None, known: Known, now: datetime
) -> str:
    zone = known.recipient.zone
    if known.entry:
        return _ended(known.entry, zone)
    if schedule is None:
        return "There is nothing of this kind and date in the ledger, and no schedule that would have it due."
    if due is None or verdict is None or schedule.paused:
        return f"Nothing was due: the schedule {'is paused' if schedule.paused else 'does not fall on this date'}."
    would, when = _would_in_words(verdict, zone), at(due.at, zone)
    if due.at > now:
        return f"It falls due on {when}. As things stand now, {would}."
    if not _waits(due, verdict, known):
        return (
            f"There is no entry for it, and nothing waits. By the present schedule it would have fallen due on {when}: "
            "the schedule is newer than that, or they were not in care then."
        )
    if known.paused:
        return f"It fell due on {when}, and waits: all outreach but crisis pages is paused by an operator."
    if isinstance(verdict, Defer):
        return f"It fell due on {when}; {would}."
    if now - due.at <= IN_TIME:
        return f"It fell due on {when} and is on its way; by the rules {would}."
    return (
        f"It fell due on {when} and has not ended, though by the rules {would}. Something is in the way: see the alarm "
        "DueNotEnded."
    )


def _ended(entry: Entry, zone: str) -> str:
    words = in_words(entry.status, reason=entry.reason, channel=entry.channel_kind)
    sentences = [f"It fell due on {at(entry.due_at, zone)}.", words]
    if entry.ended_at:
        late = int((entry.ended_at - entry.due_at).total_seconds())
        sentences.append(f"It ended on {at(entry.ended_at, zone)}, {late} seconds after it fell due.")
    if entry.attempt > 1:
        sentences.append(f"It took {entry.attempt} attempts.")
    if entry.merged_into:
        sentences.append(f"The message that told of it is {entry.merged_into}.")
    if entry.carries:
        sentences.append(f"It told of {len(entry.carries)} more.")
    if entry.received_at:
        sentences.append("The device said that it arrived.")
    return " ".join(sentences)


def _would(verdict: Verdict) -> str:
    match verdict:
        case Send():
            return "send"
        case Defer():
            return "defer"
        case Collect():
            return "collect"
        case Skip(reason=reason):
            return f"skip:{reason.value}"
        case Nothing():
            return "nothing"


def _would_in_words(verdict: Verdict, zone: str) -> str:
    match verdict:
        case Send(channels=channels):
            return f"it would be sent by {_ways(channels)}"
        case Defer(until=until):
            return f"it waits until {at(until, zone)}"
        case Collect(until=until):
            return f"it goes along with the next message, or by itself on {at(until, zone)}"
        case Skip(reason=reason):
            return "it would not be sent: " + in_words(Status.SKIPPED, reason=reason, channel=None).removeprefix(
                "Not sent: "
            ).rstrip(".")
        case Nothing():
            return "there would be nothing left to tell"


def _ways(channels: Iterable[Channel]) -> str:
    names = list(dict.fromkeys(channel.kind.value for channel in channels))
    return names[0] if len(names) == 1 else f"{names[0]}, or else {', '.join(names[1:])}"
