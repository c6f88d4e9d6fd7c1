"""The doors to the audit log: for the privacy officer all of it, for a person who saw their record."""

from datetime import datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Doors, Page, PageQuery, Wire
from chalicelib.privacy import accounting
from chalicelib.privacy.domain import (
    ALL_PROGRAMMES,
    Act,
    Action,
    AuditEvent,
    Field,
    Outcome,
    Relationship,
    Role,
    Rule,
    SignedIn,
)
from chalicelib.privacy.store import DynamoAuditLog

doors = Doors(__name__)


class AuditQuery(PageQuery):
    """Which month of the log."""

    month: Annotated[
        str | None,
        Described(
            pattern=r"^20[0-9]{2}-(0[1-9]|1[0-2])$",
            description="A month in UTC, `2026-11`; without it the present one.",
        ),
    ] = None


class ShownRole(Wire):
    """What one is in a programme."""

    programme_id: str
    role: Role


class Me(Wire):
    """Whose token it is."""

    account: Annotated[str, Described(description="The sign-in's id: what care teams, staff and pairs name.")]
    person_id: Annotated[str | None, Described(description="One's own record; null for whoever has none.")]
    roles: list[ShownRole]


class ShownEvent(Wire):
    """One line of the audit log."""

    id: str
    at: datetime
    actor: Annotated[str, Described(description="The sign-in's id, or `operator:` and who it was in the AWS console.")]
    role: Role | None
    relationship: Relationship
    subject: Annotated[str | None, Described(description="The person's id; null where a programme was listed.")]
    programme_id: Annotated[str | None, Described(description="`*`: every programme.")]
    action: Action
    asked: Annotated[Act, Described(description="What was wanted, also where it was denied.")]
    field: Field
    purpose: str
    consent_id: str | None
    request_id: str
    outcome: Outcome


@doors.door(
    "GET",
    "/me",
    summary="Who one is: one's own record and roles",
    rule=SignedIn(reason="It says of the token's owner what the token and the sign-in's link say already."),
    answer=Me,
)
def read_me(asked: Asked) -> Answer:
    """Answer where a client begins that knows nothing but its token."""
    roles = sorted(asked.who.roles)
    return Answer(
        body=Me(
            account=asked.who.subject,
            person_id=doors.wiring.standings.person_of(asked.who.subject),
            roles=[ShownRole(programme_id=programme_id, role=role) for programme_id, role in roles],
        )
    )


@doors.door(
    "GET",
    "/people/{person_id}/audit",
    summary="Who saw or changed a person's record, month by month",
    rule=Rule(act=Act.LIST, field=Field.AUDIT, subject="person_id", purpose="see who saw the record"),
    answer=Page[ShownEvent],
    query=AuditQuery,
)
def list_person_audit(asked: Asked, person_id: str) -> Answer:
    """Answer for the person themselves, and for a privacy officer of a programme of theirs."""
    events, last = accounting.accounting(
        person_id,
        grant=asked.granted,
        month=_month(asked),
        before=asked.after(),
        limit=asked.query.limit,
        now=asked.now,
        standings=doors.wiring.standings,
        trail=DynamoAuditLog(),
    )
    return _page(asked, events, last)


@doors.door(
    "GET",
    "/programmes/{programme_id}/audit",
    summary="Lists and changes over a whole programme, month by month",
    rule=Rule(act=Act.LIST, field=Field.AUDIT, programme="programme_id", purpose="review access"),
    answer=Page[ShownEvent],
    query=AuditQuery,
)
def list_programme_audit(asked: Asked, programme_id: str) -> Answer:
    """Answer for a privacy officer of the programme; what operators did to all programmes is in it."""
    limit: int = asked.query.limit
    about = [programme_id, ALL_PROGRAMMES]
    events = DynamoAuditLog().events(about, month=_month(asked), before=asked.after(), limit=limit + 1)
    return _page(asked, *accounting.first_of(events, limit))


def _page(asked: Asked, events: list[AuditEvent], last: str | None) -> Answer:
    return Answer(body=Page[ShownEvent](items=[_shown(event) for event in events], next=asked.next(last)))


def _shown(event: AuditEvent) -> ShownEvent:
    return ShownEvent.model_validate(event, from_attributes=True)


def _month(asked: Asked) -> str:
    return asked.query.month or f"{asked.now:%Y-%m}"
