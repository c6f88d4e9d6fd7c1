"""How the check-ins of a day stand, for the staff who look after these people."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

from chalicelib.checkins.domain import CheckIn, Plan, Progress
from chalicelib.checkins.forms import DAILY
from chalicelib.checkins.ports import CheckIns
from chalicelib.outreach.domain import Entry, Recipient, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ports import Ledger
from chalicelib.outreach.recurrence import local_date, next_occurrence, resolve

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
    answers = {found.person_id: found for found in check_ins.of_people(dates.items(), DAILY)}
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
    if occurrence is None or occurrence.on != on:
        return None
    # What lay behind when the schedule was set never fell due by it.
    was_behind = schedule.since is not None and occurrence.at <= schedule.since
    fell_due = schedule.fell_due is not None and schedule.fell_due.on >= on
    return None if was_behind and not fell_due else occurrence.at
