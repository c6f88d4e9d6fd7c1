"""Take answers and calls for help, and show staff how a day stands."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from typing import Protocol

from chalicelib.checkins.domain import Answer, CheckIn, HelpRequest, Plan, Progress, Source
from chalicelib.enrollment.holds import Holds, hold_for_crisis
from chalicelib.errors import Conflict, NotFound
from chalicelib.outreach.categories import CHECK_IN
from chalicelib.outreach.domain import Entry, Recipient, Standing, Status
from chalicelib.outreach.links import Claims
from chalicelib.outreach.ports import Ledger
from chalicelib.outreach.recurrence import local_date, next_occurrence, resolve


class CheckIns(Protocol):
    """Where check-ins are kept."""

    def get(self, person_id: str, on: date) -> CheckIn: ...
    def of_people(self, keys: Iterable[tuple[str, date]]) -> Iterator[CheckIn]: ...
    def save(self, check_in: CheckIn) -> bool: ...


class HelpRequests(Protocol):
    """Where calls for help are kept, newest first."""

    def add(self, request: HelpRequest) -> None: ...
    def of_programme(self, programme_id: str, *, since: datetime) -> Iterator[HelpRequest]: ...


class LinkExpired(NotFound):
    """The link's time is over, or the address that it was sent to is no longer the person's."""


class ChangedMeanwhile(Conflict):
    """Two answers came in at the same moment, again and again."""


TRIES = 4

SEVERE_CRAVING = 9
"""Craving of 9 or 10 of 10 counts as severe (a default; the programme's clinical approver may set another)."""

URGENCY = {
    Progress.NOT_SENT: 3,
    Progress.WAITING: 4,
    Progress.LATER: 5,
    Progress.ANSWERED: 6,
    Progress.NOT_TODAY: 7,
}
"""Who is shown first once nobody asks to talk: those we could not reach, then those who are silent."""

MOMENT = timedelta(microseconds=1)


def open_link(claims: Claims, recipient: Recipient | None, *, now: datetime, check_ins: CheckIns) -> CheckIn:
    """
    Return the check-in that a link leads to, as it stands.

    :raises LinkExpired: if the link is over, or was made void by a change of the address or the end of the episode
    """
    if now >= claims.expires_at or recipient is None or not _still_valid(claims, recipient):
        raise LinkExpired("this link has run out")
    return check_ins.get(claims.person_id, claims.on)


def _still_valid(claims: Claims, recipient: Recipient) -> bool:
    if recipient.standing in {Standing.ENDED, Standing.NONE}:
        return False
    return any(
        channel.id == claims.channel_id and channel.revision == claims.revision for channel in recipient.channels
    )


def answer(person_id: str, on: date, said: Answer, *, now: datetime, source: Source, check_ins: CheckIns) -> CheckIn:
    """
    Store what the person said and return the check-in.

    :raises CheckInLocked: if it was answered too long ago to change
    :raises ChangedMeanwhile: if it keeps being changed by somebody else at the same moment
    """
    for _ in range(TRIES):
        before = check_ins.get(person_id, on)
        after = before.answered(said, at=now, source=source)
        if after is before or check_ins.save(after):
            return after
    raise ChangedMeanwhile("this check-in is being answered somewhere else; please try again")


def dispute(person_id: str, on: date, *, now: datetime, check_ins: CheckIns) -> None:
    """Record that the link reached somebody else. Nothing is taken away: staff decide what counts."""
    for _ in range(TRIES):
        before = check_ins.get(person_id, on)
        if before.disputed_at or check_ins.save(replace(before, disputed_at=now)):
            return
    raise ChangedMeanwhile("this check-in is being answered somewhere else; please try again")


def ask_for_help(
    recipient: Recipient, *, request_id: str, verified: bool, now: datetime, help_requests: HelpRequests, holds: Holds
) -> None:
    """
    Write a call for help down, and hold celebrations back for a while.

    An expired link is no hindrance: it is kept as not verified (never refuse one).
    """
    help_requests.add(
        HelpRequest(
            id=request_id, programme_id=recipient.programme_id, person_id=recipient.person_id, at=now, verified=verified
        )
    )
    hold_for_crisis(recipient.person_id, now=now, holds=holds)


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """How one person's check-in stands: what was asked, and what came back."""

    recipient: Recipient
    on: date
    progress: Progress
    due_at: datetime | None
    entry: Entry | None
    check_in: CheckIn | None
    help_asked_at: datetime | None


def day(
    people: list[Recipient],
    *,
    on: date | None,
    now: datetime,
    ledger: Ledger,
    check_ins: CheckIns,
    help_asked: Mapping[str, datetime],
) -> list[Row]:
    """
    Return how the check-ins of these people stand, whoever needs somebody first.

    ``on``: the local date; None is each person's own today. ``help_asked``: who called for help lately, and when.
    """
    dates = {who.person_id: on or local_date(now, who.zone) for who in people}
    entries = {
        entry.person_id: entry
        for entry in ledger.of_people((person_id, CHECK_IN, date_) for person_id, date_ in dates.items())
    }
    answers = {found.person_id: found for found in check_ins.of_people(dates.items())}
    rows = [
        _row(
            who,
            dates[who.person_id],
            entries.get(who.person_id),
            answers.get(who.person_id),
            help_asked.get(who.person_id),
        )
        for who in people
    ]
    return sorted(rows, key=_urgency)


def _urgency(row: Row) -> int:
    if row.help_asked_at:
        return -1
    said = [revision.answer for revision in row.check_in.revisions] if row.check_in else []
    # An earlier answer that asked for somebody still counts: the later one may be somebody else's.
    if any(answer.plan is Plan.TALK for answer in said):
        return 0
    if any(answer.craving is not None and answer.craving >= SEVERE_CRAVING for answer in said):
        return 1
    if row.check_in and row.check_in.disputed_at:
        return 2
    return URGENCY[row.progress]


def _row(
    who: Recipient, on: date, entry: Entry | None, check_in: CheckIn | None, help_asked_at: datetime | None
) -> Row:
    due_at = entry.due_at if entry else _due_on(who, on)
    if check_in and check_in.answer:
        progress = Progress.ANSWERED
    elif entry and entry.status in {Status.SKIPPED, Status.FAILED}:
        progress = Progress.NOT_SENT
    elif entry and entry.status is Status.SENT:
        progress = Progress.WAITING
    else:
        progress = Progress.LATER if due_at else Progress.NOT_TODAY
    return Row(
        recipient=who,
        on=on,
        progress=progress,
        due_at=due_at,
        entry=entry,
        check_in=check_in,
        help_asked_at=help_asked_at,
    )


def _due_on(who: Recipient, on: date) -> datetime | None:
    schedule = who.schedule(CHECK_IN)
    if schedule is None or schedule.paused:
        return None
    # The last instant before the date begins, so that what falls due at its very start is found.
    before = resolve(on, time(), who.zone).replace(microsecond=0) - MOMENT
    occurrence = next_occurrence(schedule.when, after=before)
    return occurrence.at if occurrence and occurrence.on == on else None
