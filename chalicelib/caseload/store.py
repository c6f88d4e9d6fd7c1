"""The outreach log, cadences and the caseload's rows in the table. The only place for their keys."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date, datetime, timedelta

from pynamodb.attributes import NumberAttribute, UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import PutError, TransactWriteError

from chalicelib.caseload.attention import Facts
from chalicelib.caseload.domain import AlreadyCorrected, Cadence, Contact, How, Outcome
from chalicelib.caseload.following import Row
from chalicelib.caseload.written import read, written
from chalicelib.edge.table import Item, in_conflict, lost_the_race, rows_of, transaction
from chalicelib.privacy.domain import Role

LINE, _CORRECTED = "LINE#", "CORRECTED#"

_AT_ONCE = 25
"""So many lines of the log are read at once: most of what is asked is in the first."""

GONE_FOR = timedelta(days=2)
"""How long it is remembered that somebody left: no function runs that long on what it read before."""


class ContactItem(Item, discriminator="contact"):
    """pk ``CONTACTS#{person}``, sk ``LINE#{contact}``, whose names sort by time: put once, never changed."""

    programme_id = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    how = UnicodeAttribute()
    outcome = UnicodeAttribute()
    role = UnicodeAttribute()
    by = UnicodeAttribute()
    noted_at = UTCDateTimeAttribute()
    note = UnicodeAttribute(null=True)
    task_id = UnicodeAttribute(null=True)
    corrects = UnicodeAttribute(null=True)


class CorrectedItem(Item, discriminator="corrected"):
    """pk ``CONTACTS#{person}``, sk ``CORRECTED#{contact}``: which line stands in its place; put with it, once."""

    corrected_by = UnicodeAttribute()


class CadenceItem(Item, discriminator="cadence"):
    """pk ``CADENCES#{person}``, sk ``{role}``."""

    every_days = NumberAttribute()
    starts_on = UnicodeAttribute()
    by = UnicodeAttribute()
    set_at = UTCDateTimeAttribute()


class AttentionItem(Item, discriminator="attention"):
    """
    pk ``ATTENTION#{programme}``, sk ``{person}``: what the caseload's list reads of a person in care.

    ``facts`` is missing once they left; that may vanish late.
    """

    facts = UnicodeAttribute(null=True)
    version = NumberAttribute()
    expires_at = NumberAttribute(null=True)


class DynamoContacts:
    """Implements ``service.Contacts``."""

    def add(self, contact: Contact) -> None:
        """Add a line, with the mark on the one that it corrects."""
        item = _contact_item(contact)
        try:
            if contact.corrects is None:
                item.save(ContactItem.pk.does_not_exist())
                return
            mark = CorrectedItem(item.pk, f"{_CORRECTED}{contact.corrects}", corrected_by=contact.id)
            with transaction() as write:
                write.save(mark, condition=CorrectedItem.pk.does_not_exist())
                write.save(item, condition=ContactItem.pk.does_not_exist())
        except (PutError, TransactWriteError) as error:
            if lost_the_race(error) or in_conflict(error):
                raise AlreadyCorrected("another line stands in the place of this one already") from error
            raise

    def find(self, person_id: str, contact_id: str) -> Contact | None:
        """Return a line, without what corrected it."""
        try:
            return _contact_of(
                ContactItem.get(f"CONTACTS#{person_id}", f"{LINE}{contact_id}", consistent_read=True), None
            )
        except ContactItem.DoesNotExist:
            return None

    def page(self, person_id: str, *, before: str | None, limit: int) -> tuple[list[Contact], str | None]:
        """Return lines, the latest first."""
        # "LINE$" comes after all lines, and what is between two keys includes both.
        within = ContactItem.sk.between(LINE, before or "LINE$")
        query = ContactItem.query(
            f"CONTACTS#{person_id}", within, scan_index_forward=False, limit=limit + 2, consistent_read=True
        )
        items = [item for item in query if item.sk != before][: limit + 1]
        shown = items[:limit]
        marks = self._marks(person_id, shown)
        lines = [_contact_of(item, marks.get(item.sk.removeprefix(LINE))) for item in shown]
        return lines, shown[-1].sk if len(items) > limit else None

    def newest(self, person_id: str) -> Iterator[Contact]:
        """Give all lines, the latest first, some at a time."""
        before: str | None = None
        while True:
            lines, before = self.page(person_id, before=before, limit=_AT_ONCE)
            yield from lines
            if before is None:
                return

    @staticmethod
    def _marks(person_id: str, items: list[ContactItem]) -> dict[str, str]:
        if not items:
            return {}
        first, last = items[-1].sk.removeprefix(LINE), items[0].sk.removeprefix(LINE)
        within = CorrectedItem.sk.between(f"{_CORRECTED}{first}", f"{_CORRECTED}{last}")
        found = CorrectedItem.query(f"CONTACTS#{person_id}", within, consistent_read=True)
        return {item.sk.removeprefix(_CORRECTED): item.corrected_by for item in found}


class DynamoCadences:
    """Implements ``service.Cadences``."""

    def of_person(self, person_id: str) -> list[Cadence]:
        """Return a person's."""
        return [
            Cadence(
                person_id=person_id,
                role=Role(item.sk),
                every_days=int(item.every_days),
                starts_on=date.fromisoformat(item.starts_on),
                by=item.by,
                set_at=item.set_at,
            )
            for item in CadenceItem.query(f"CADENCES#{person_id}", consistent_read=True)
        ]

    def put(self, cadence: Cadence) -> None:
        """Put it in place of the role's."""
        CadenceItem(
            f"CADENCES#{cadence.person_id}",
            cadence.role.value,
            every_days=cadence.every_days,
            starts_on=cadence.starts_on.isoformat(),
            by=cadence.by,
            set_at=cadence.set_at,
        ).save()

    def remove(self, person_id: str, role: Role) -> None:
        """Take the role's away."""
        CadenceItem(f"CADENCES#{person_id}", role.value).delete()


class DynamoRows:
    """Implements ``following.Rows``."""

    def find(self, programme_id: str, person_id: str) -> Row:
        """Return a row as it is now; one of another form counts as of nobody."""
        try:
            item = AttentionItem.get(f"ATTENTION#{programme_id}", person_id, consistent_read=True)
        except AttentionItem.DoesNotExist:
            return Row(version=0, facts=None)
        return Row(version=int(item.version), facts=read(person_id, item.facts) if item.facts else None)

    def put(self, programme_id: str, person_id: str, row: Row, *, now: datetime) -> bool:
        """Put a row over the version before it."""
        item = AttentionItem(
            f"ATTENTION#{programme_id}",
            person_id,
            facts=written(row.facts) if row.facts else None,
            version=row.version,
            expires_at=None if row.facts else int((now + GONE_FOR).timestamp()),
        )
        is_next = AttentionItem.version == row.version - 1
        try:
            item.save(AttentionItem.pk.does_not_exist() if row.version == 1 else is_next)
        except PutError as error:
            if lost_the_race(error):
                return False
            raise
        return True

    def of_programme(self, programme_id: str) -> Iterator[Facts]:
        """Give the rows of all people in care, as DynamoDB has them: half a unit for each 4 KB of all together."""
        for row in rows_of(f"ATTENTION#{programme_id}"):
            facts = read(row["sk"]["S"], row["facts"]["S"]) if "facts" in row else None
            if facts:
                yield facts


def _contact_item(contact: Contact) -> ContactItem:
    return ContactItem(
        f"CONTACTS#{contact.person_id}",
        f"{LINE}{contact.id}",
        programme_id=contact.programme_id,
        at=contact.at,
        how=contact.how.value,
        outcome=contact.outcome.value,
        role=contact.role.value,
        by=contact.by,
        noted_at=contact.noted_at,
        note=contact.note or None,
        task_id=contact.task_id,
        corrects=contact.corrects,
    )


def _contact_of(item: ContactItem, corrected_by: str | None) -> Contact:
    contact = Contact(
        id=item.sk.removeprefix(LINE),
        person_id=item.pk.removeprefix("CONTACTS#"),
        programme_id=item.programme_id,
        at=item.at,
        how=How(item.how),
        outcome=Outcome(item.outcome),
        role=Role(item.role),
        by=item.by,
        noted_at=item.noted_at,
        note=item.note or "",
        task_id=item.task_id,
        corrects=item.corrects,
    )
    return replace(contact, corrected_by=corrected_by)
