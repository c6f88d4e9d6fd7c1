"""The audit log in the table: put, never changed, never deleted by Cairn."""

from collections.abc import Iterable

from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import PynamoDBException

from chalicelib.edge.log import count, logger
from chalicelib.edge.table import Item
from chalicelib.privacy.domain import Act, Action, AuditEvent, Field, Outcome, Relationship, Role
from chalicelib.privacy.service import AuditUnavailable


class AuditItem(Item, discriminator="audit"):
    """
    pk ``AUDIT#{person or programme}#{month}``, sk ``{instant}#{id}``.

    No TTL: this is a record that the law wants for six years, and what goes after them is a privacy officer's
    decision, not a timer's. A month's partition can be exported and dropped as a whole.
    """

    at = UTCDateTimeAttribute()
    event_id = UnicodeAttribute()
    actor = UnicodeAttribute()
    role = UnicodeAttribute(null=True)
    relationship = UnicodeAttribute()
    subject = UnicodeAttribute(null=True)
    programme_id = UnicodeAttribute(null=True)
    action = UnicodeAttribute()
    asked = UnicodeAttribute()
    field = UnicodeAttribute()
    purpose = UnicodeAttribute()
    consent_id = UnicodeAttribute(null=True)
    request_id = UnicodeAttribute()
    outcome = UnicodeAttribute()


def audit_key(about: str, month: str) -> str:
    """Return the partition of a person's or a programme's month (``yyyy-mm``, UTC)."""
    return f"AUDIT#{about}#{month}"


def audit_item(event: AuditEvent) -> AuditItem:
    """Return the event as it is stored."""
    about = event.subject or event.programme_id or event.actor
    return AuditItem(
        audit_key(about, f"{event.at:%Y-%m}"),
        event.place,
        at=event.at,
        event_id=event.id,
        actor=event.actor,
        role=event.role,
        relationship=event.relationship,
        subject=event.subject,
        programme_id=event.programme_id,
        action=event.action,
        asked=event.asked,
        field=event.field,
        purpose=event.purpose,
        consent_id=event.consent_id,
        request_id=event.request_id,
        outcome=event.outcome,
    )


def audit_event(item: AuditItem) -> AuditEvent:
    """Return the event that was stored."""
    return AuditEvent(
        id=item.event_id,
        at=item.at,
        actor=item.actor,
        role=Role(item.role) if item.role else None,
        relationship=Relationship(item.relationship),
        subject=item.subject,
        programme_id=item.programme_id,
        action=Action(item.action),
        asked=Act(item.asked),
        field=Field(item.field),
        purpose=item.purpose,
        consent_id=item.consent_id,
        request_id=item.request_id,
        outcome=Outcome(item.outcome),
    )


class DynamoAuditLog:
    """The audit log that counts."""

    def write(self, event: AuditEvent) -> None:
        """
        Add the event. The functions may put audit rows but not update or delete them (infra's policies).

        :raises AuditUnavailable: if it could not be stored
        """
        try:
            audit_item(event).save(AuditItem.pk.does_not_exist())
        except PynamoDBException as error:
            raise AuditUnavailable("This can't be written down just now, so it can't be shown.") from error

    def spool(self, event: AuditEvent) -> None:
        """Keep the event in the function's own log, which holds ids and no names, until the table is back."""
        logger.error("audit event spooled", extra={"audit": audit_item(event).to_simple_dict()})
        count("AuditSpooled")

    def events(self, about: Iterable[str], *, month: str, before: str | None, limit: int) -> list[AuditEvent]:
        """Return the month's events about these people and programmes, newest first, those under ``before`` only."""
        found: list[AuditEvent] = []
        for each in about:
            condition = AuditItem.sk < before if before else None
            items = AuditItem.query(
                audit_key(each, month), condition, scan_index_forward=False, limit=limit, consistent_read=True
            )
            found.extend(audit_event(item) for item in items)
        found.sort(key=lambda event: event.place, reverse=True)
        return found[:limit]
