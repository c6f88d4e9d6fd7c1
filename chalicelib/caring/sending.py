"""What is asked at the moment when a caring contact goes out: whether it still may, and who signs it."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.caring.domain import BIRTHDAY_SCOPE, Series
from chalicelib.caring.service import AllSeries
from chalicelib.enrollment.changing import People
from chalicelib.enrollment.domain import Record
from chalicelib.outreach.anniversaries import BIRTHDAY, Anniversaries
from chalicelib.outreach.deciding import messages
from chalicelib.outreach.delivering import lately_told
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import CARING_CONTACTS
from chalicelib.outreach.ports import Ledger
from chalicelib.outreach.recurrence import local_date
from chalicelib.staff.domain import Member
from chalicelib.staff.service import Staff


def objection(due: Due, *, people: People, all_series: AllSeries, ledger: Ledger, now: datetime) -> Reason | None:
    """
    Return why a caring contact must not go out any more; None if it may, or if this is none.

    It goes with an episode, so that after a readmission it waits for a word; and there is one a day, whatever waited.
    """
    if due.kind not in CARING_CONTACTS:
        return None
    record, series = people.record(due.person_id), all_series.find(due.person_id)
    if record is None or series is None or not series.is_on or series.episode != record.episode.number:
        return Reason.CANCELLED
    schedule = next((one for one in record.schedules if one.kind == due.kind), None)
    name = schedule.when.name_on(due.on) if schedule and isinstance(schedule.when, Anniversaries) else None
    if name is None:
        return Reason.CANCELLED
    if name.startswith(BIRTHDAY) and BIRTHDAY_SCOPE not in record.live_consents(at=now):
        return Reason.NO_CONSENT
    on = local_date(now, record.person.zone)
    lately = lately_told(due.person_id, on, ledger=ledger)
    others = [entry for entry in lately if entry.kind in CARING_CONTACTS and entry.on != due.on]
    return Reason.OVER_BUDGET if messages(others, on=on, zone=record.person.zone) else None


def signer_of(due: Due, *, people: People, all_series: AllSeries, staff: Staff) -> str:
    """
    Return the first name that a caring contact is signed with; empty for the team's.

    Whoever agreed to sign, while they are on the programme's staff; then the longest of the person's care team who is.
    """
    record, series = people.record(due.person_id), all_series.find(due.person_id)
    if record is None or series is None:
        return ""
    member = signing(series, record, staff.of_programme(series.programme_id))
    return member.first_name if member else ""


def signing(series: Series, record: Record, members: Iterable[Member]) -> Member | None:
    """Return who of a programme's staff signs a series; None if it is the team."""
    active = {member.account: member for member in members if member.is_active}
    carers = sorted(record.care_team, key=lambda carer: (carer.since, carer.subject))
    accounts = [*([series.signer] if series.signer else []), *(carer.subject for carer in carers)]
    return next((active[account] for account in accounts if account in active), None)
