"""
Deliver what is due, several occurrences at once: load, decide, compose, claim, send, write down.

The order of single, repeatable writes makes a crash at any point harmless (docs/decisions/0003-crash-safe-order.md):
next occurrence's due row -> claim in the ledger -> send -> outcome in the ledger -> the old due row goes last. What
goes wrong for one occurrence is its own; calls are shared where the store can take many rows at once.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.outreach import collecting
from chalicelib.outreach.cases import STAYS, Case, Delivery, Outcome, each_open, open_cases
from chalicelib.outreach.categories import category_name, category_of, closes_at, has_schedule
from chalicelib.outreach.claiming import claim
from chalicelib.outreach.deciding import Collect, Defer, Nothing, Send, Skip, decide
from chalicelib.outreach.domain import SILENT, Due, Entry, Reason, Recipient, Standing, Status
from chalicelib.outreach.handing import first_letter, hand_over
from chalicelib.outreach.kinds import UPDATES
from chalicelib.outreach.ports import Ledger, Means
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.service import following

ON_TIME = timedelta(seconds=30)
"""Until then nobody else can have looked at what a tick handed over once."""

COMES_BACK_IN = timedelta(minutes=3)
"""Longer than a claim needs to be settled; at most twice as long."""


def deliver(dues: Sequence[Due], *, now: datetime, means: Means) -> list[Delivery]:
    """
    Bring each of these occurrences to its end, or leave its due row for a later look; results come in the same order.

    Safe to repeat at any point and to run twice at once. An occurrence that comes twice in one batch is looked at once.
    """
    cases = [Case(due) for due in dues]
    names: set[str] = set()
    for case in cases:
        if case.due.name in names:
            case.outcome = Outcome.UNSETTLED
        names.add(case.due.name)

    each_open(cases, lambda case: _look_for_a_receipt(case, means=means))
    people = means.recipients.load_all(dict.fromkeys(case.due.person_id for case in open_cases(cases)), now=now)
    each_open(cases, lambda case: _load(case, people, now=now, means=means))
    means.dues.put([due for case in open_cases(cases) for due in _next(case, now=now)])
    each_open(cases, lambda case: _judge(case, now=now, means=means))
    _defer(cases, means=means)
    each_open(cases, lambda case: _collect(case, now=now, means=means))
    each_open(cases, lambda case: _write(case, now=now, means=means))
    means.dues.put([due for case in open_cases(cases) if (due := _comes_back(case, now=now)) is not None])
    claim(cases, now=now, means=means)
    hand_over(cases, now=now, means=means)
    means.dues.remove([case.due for case in cases if case.outcome not in STAYS])
    return [
        Delivery(due=case.due, outcome=case.outcome or Outcome.ERROR, entry=case.entry, error=case.error)
        for case in cases
    ]


def _look_for_a_receipt(case: Case, *, means: Means) -> None:
    """End the watch over a push that its device reported: the person need not even be read."""
    if not case.due.was_deferred or category_of(case.due.kind).receipt_within is None:
        return
    existing = means.ledger.get(case.due.person_id, case.due.kind, case.due.on)
    if existing and existing.status is Status.SENT and existing.received_at and not existing.carries:
        case.outcome, case.entry = Outcome.ALREADY_ENDED, existing


def _load(case: Case, people: Mapping[str, Recipient | Exception], *, now: datetime, means: Means) -> None:
    found = people.get(case.due.person_id)
    if isinstance(found, Exception):
        raise found
    case.recipient = found
    if case.recipient is not None and _is_current(case.due, case.recipient):
        return
    existing = means.ledger.get(case.due.person_id, case.due.kind, case.due.on)
    if case.recipient and existing and existing.status is Status.CLAIMED and existing.merged_into is None:
        # A sender died with it before the edit that made the row void: it still has to come to an end.
        case.verdict = Skip(reason=Reason.CANCELLED)
    elif case.recipient and existing is None and _left_behind(case.due, case.recipient, now=now):
        case.verdict = Skip(reason=Reason.LATE)
    else:
        case.outcome = Outcome.SUPERSEDED


def _left_behind(due: Due, recipient: Recipient, *, now: datetime) -> bool:
    """
    Say whether a row of the version before fell due by it, in an outage, and nothing else will end it any more.

    An edit takes along what can still be sent. What was too late by then, or by another edit, is ended here.
    """
    schedule = recipient.schedule(due.kind)
    if schedule is None or schedule.since is None or schedule.fell_due is None or due.version != schedule.version - 1:
        return False
    fell_due = due.due_at <= schedule.since and due.on <= schedule.fell_due.on
    is_its_own = due.on < schedule.fell_due.on or due.due_at == schedule.fell_due.at
    return fell_due and is_its_own and now >= closes_at(due, recipient.zone)


def _is_current(due: Due, recipient: Recipient) -> bool:
    schedule = recipient.schedule(due.kind)
    if schedule is None:
        return not has_schedule(due.kind)
    return schedule.version == due.version


def _next(case: Case, *, now: datetime) -> tuple[Due, ...]:
    silent = SILENT - {Standing.AFTERCARE} if category_of(case.due.kind).aftercare else SILENT
    if case.verdict or case.due.was_deferred or case.person.standing in silent:
        return ()
    return following(case.due, case.person, now=now)


def _judge(case: Case, *, now: datetime, means: Means) -> None:
    if case.verdict:
        return
    category = category_of(case.due.kind)
    objection = means.objections(case.due)
    if objection:
        case.verdict = Skip(reason=objection)
        return
    if category.counts:
        found = means.count(case.due)
        if not found:
            case.verdict = Skip(reason=Reason.CANCELLED)
            return
        case.recipient = replace(case.person, count=found)
    if category.tells_time or category.enters:
        moment = means.moment(case.due)
        if moment is None and category.tells_time:
            case.verdict = Skip(reason=Reason.CANCELLED)
            return
        case.recipient = replace(case.person, moment=moment)
    if category.signed:
        case.recipient = replace(case.person, signer=means.signer(case.due))
    if case.person.waiting:
        case.recipient = collecting.withdraw(case.person, now=now, means=means)
    lately: Sequence[Entry] = ()
    if category.budgeted:
        lately = lately_told(case.due.person_id, local_date(now, case.person.zone), ledger=means.ledger)
    case.verdict = decide(case.due, case.person, now=now, lately=lately)


def lately_told(person_id: str, on: date, *, ledger: Ledger) -> list[Entry]:
    """
    Return a person's entries that may have gone out on a local date.

    What quiet hours moved to it bears an earlier date, and what went out before a move to the west a later one.
    """
    return ledger.between(person_id, on - timedelta(days=2), on + timedelta(days=1))


def _defer(cases: Iterable[Case], *, means: Means) -> None:
    deferred = [case for case in open_cases(cases) if isinstance(case.verdict, Defer)]
    means.dues.put([replace(case.due, at=case.verdict.until) for case in deferred if isinstance(case.verdict, Defer)])
    for case in deferred:
        case.outcome = Outcome.DEFERRED


def _collect(case: Case, *, now: datetime, means: Means) -> None:
    if isinstance(case.verdict, Collect):
        ended = collecting.collect(case.due, case.person, until=case.verdict.until, now=now, means=means)
        case.outcome = Outcome.ALREADY_ENDED if ended else Outcome.COLLECTED
    elif isinstance(case.verdict, Nothing):
        existing = means.ledger.get(case.due.person_id, case.due.kind, case.due.on)
        if existing and existing.status is Status.CLAIMED:
            # A sender died with it: that has to be settled, though there is nothing left to tell.
            case.verdict = Skip(reason=Reason.UNKNOWN)
        elif existing:
            # It told of them all; its sender may have died before that was written down for each.
            collecting.finish(existing, case.person, now=now, means=means)
            case.outcome, case.entry = Outcome.ALREADY_ENDED, existing
        else:
            case.outcome = Outcome.SUPERSEDED
    if category_name(case.due.kind) == UPDATES:
        # What is late, or unknown, about the message itself is neither about what it would have told of.
        is_refused = isinstance(case.verdict, Skip) and case.verdict.reason not in {Reason.UNKNOWN, Reason.LATE}
        because = case.verdict.reason if isinstance(case.verdict, Skip) and is_refused else None
        collecting.drop(case.person, because=because, now=now, means=means)
        if because is None:
            told = case.verdict.carries if isinstance(case.verdict, Send) else ()
            ends = isinstance(case.verdict, Skip)
            collecting.look_again(case.due, case.person, told=told, ends=ends, now=now, means=means)
    elif case.person.waiting and isinstance(case.verdict, Send):
        collecting.drop(case.person, because=None, now=now, means=means)


def _write(case: Case, *, now: datetime, means: Means) -> None:
    """Compose what is to be sent, before it is claimed: an error here means that nothing went out."""
    entry = Entry(
        person_id=case.due.person_id,
        kind=case.due.kind,
        on=case.due.on,
        due_at=case.due.due_at,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=now,
    )
    if isinstance(case.verdict, Skip):
        case.entry = replace(entry, status=Status.SKIPPED, ended_at=now, reason=case.verdict.reason)
    elif isinstance(case.verdict, Send):
        case.channels = case.verdict.channels
        case.entry = replace(entry, carries=tuple(f"{one.on}#{one.kind}" for one in case.verdict.carries))
        case.letter = first_letter(case, means=means)


def _comes_back(case: Case, *, now: datetime) -> Due | None:
    """
    Return a second row for updates that are late.

    Their own may be gone: a delivery that found nothing to tell, a moment before there was something, let it go. What
    this one leaves unfinished is found again by that row.
    """
    is_late = now - case.due.at > ON_TIME and isinstance(case.verdict, Send)
    if not is_late or category_name(case.due.kind) != UPDATES:
        return None
    # All deliveries of these minutes put the same row: one that is repeated again and again must not put ever more.
    since = timedelta(seconds=now.timestamp() % COMES_BACK_IN.total_seconds())
    return replace(case.due, at=(now - since).replace(microsecond=0) + 2 * COMES_BACK_IN)
