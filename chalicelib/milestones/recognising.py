"""Whose milestones a group may celebrate, and which come this week: only of those who agreed to it."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.outreach.anniversaries import Anniversaries
from chalicelib.outreach.domain import Recipient, Standing
from chalicelib.outreach.kinds import DAYS
from chalicelib.outreach.recurrence import local_date

CONSENT = "group_celebrate"
"""What the person agreed to, live at the moment of asking (domain rules 2: private unless shared)."""

AHEAD = timedelta(days=7)
"""From the person's own today on, today among it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ToCelebrate:
    """A milestone that comes within the week, and who reaches it."""

    person_id: str
    which: str
    on: date


def to_celebrate(people: Iterable[Recipient], *, now: datetime) -> list[ToCelebrate]:
    """
    Return the milestones of the coming week whose owners agreed to be celebrated, first to last.

    Nobody's with whom a crisis or a conversation is open, or who is not in care now.
    """
    found = []
    for who in people:
        schedule = who.schedule(DAYS)
        may_be = CONSENT in who.consents and not who.holds and who.standing in {Standing.REACHABLE, Standing.ALUMNI}
        if not may_be or schedule is None or not isinstance(schedule.when, Anniversaries):
            continue
        today = local_date(now, who.zone)
        coming = schedule.when.following(today - timedelta(days=1))
        while coming and coming[1] < today + AHEAD:
            found.append(ToCelebrate(person_id=who.person_id, which=coming[0], on=coming[1]))
            coming = schedule.when.following(coming[1])
    return sorted(found, key=lambda one: (one.on, one.person_id))
