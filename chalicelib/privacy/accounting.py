"""Who saw a person's record: the audit log as those see it who may."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from chalicelib.privacy.domain import Action, AuditEvent, Grant, Relationship
from chalicelib.privacy.service import Standings


class AuditTrail(Protocol):
    """The audit log as those see it who may."""

    def events(self, about: Iterable[str], *, month: str, before: str | None, limit: int) -> list[AuditEvent]:
        """Return a month's events about these people and programmes, newest first, those under ``before`` only."""
        ...


def accounting(
    person_id: str,
    *,
    grant: Grant,
    month: str,
    before: str | None,
    limit: int,
    now: datetime,
    standings: Standings,
    trail: AuditTrail,
) -> tuple[list[AuditEvent], str | None]:
    """
    Return who saw or changed a person's record in a month, or was refused, newest first, and where to go on.

    ``limit`` events are looked at, and fewer may be shown of them. Lists over the person's programmes are in it:
    they showed the person with others. A privacy officer gets what belongs to their own programme.
    """
    standing = standings.of_person(person_id, now=now)
    programmes = standing.programmes if standing else frozenset()
    if grant.relationship is not Relationship.SELF:
        programmes &= {grant.programme_id}
    events, last = first_of(
        trail.events([person_id, *sorted(programmes)], month=month, before=before, limit=limit + 1), limit
    )
    shown = [
        event
        for event in events
        if (event.subject == person_id or event.action is Action.LIST)
        and (grant.relationship is Relationship.SELF or event.programme_id in {None, grant.programme_id})
    ]
    return shown, last


def first_of(events: list[AuditEvent], limit: int) -> tuple[list[AuditEvent], str | None]:
    """Return the page of events, and the place of its last one if more follow."""
    return events[:limit], events[limit - 1].place if len(events) > limit else None
