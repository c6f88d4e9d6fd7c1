"""Programmes and the lists of their people in the table. The only place for their keys."""

from collections.abc import Iterable
from datetime import time

from pynamodb.attributes import BooleanAttribute, ListAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.exceptions import PutError

from chalicelib.edge.table import Item, lost_the_race, rows_of
from chalicelib.enrollment.domain import Member
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.items import InstantAttribute
from chalicelib.enrollment.programmes import Programme, ProgrammeExists
from chalicelib.errors import Stale
from chalicelib.outreach.quiet import QuietHours
from chalicelib.privacy.domain import Caseload


class ProgrammeItem(Item, discriminator="programme"):
    """pk ``PROGRAMMES``, sk ``{programme}``: few enough to lie together."""

    name = UnicodeAttribute()
    sender_name = UnicodeAttribute()
    quiet_from = UnicodeAttribute()
    quiet_to = UnicodeAttribute()
    languages = ListAttribute(of=UnicodeAttribute)
    caseload = UnicodeAttribute()
    emergency_country = UnicodeAttribute()
    every_month = BooleanAttribute(null=True)
    reply_to = UnicodeAttribute(null=True)
    version = NumberAttribute()


class MemberItem(Item, discriminator="member"):
    """pk ``PROGRAMME#{programme}``, sk ``MEMBER#{person}``: written with each change of a person."""

    external_id = UnicodeAttribute()
    given_name = UnicodeAttribute()
    family_name = UnicodeAttribute()
    preferred_name = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    number = NumberAttribute()
    zone = UnicodeAttribute()
    language = UnicodeAttribute()
    joined_at = InstantAttribute(null=True)


def programme_item(programme: Programme) -> ProgrammeItem:
    """Return the programme as an item."""
    return ProgrammeItem(
        "PROGRAMMES",
        programme.id,
        name=programme.name,
        sender_name=programme.sender_name,
        quiet_from=programme.quiet_hours.start.isoformat(),
        quiet_to=programme.quiet_hours.end.isoformat(),
        languages=list(programme.languages),
        caseload=programme.caseload.value,
        emergency_country=programme.emergency_country,
        every_month=programme.every_month or None,
        reply_to=programme.reply_to,
        version=programme.version,
    )


def programme_of(item: ProgrammeItem) -> Programme:
    """Return the programme that an item holds."""
    return Programme(
        id=item.sk,
        name=item.name,
        sender_name=item.sender_name,
        quiet_hours=QuietHours(start=time.fromisoformat(item.quiet_from), end=time.fromisoformat(item.quiet_to)),
        languages=tuple(str(language) for language in item.languages),
        caseload=Caseload(item.caseload),
        emergency_country=item.emergency_country,
        every_month=bool(item.every_month),
        reply_to=item.reply_to,
        version=int(item.version),
    )


def member_item(member: Member) -> MemberItem:
    """Return a programme's list entry as an item."""
    return MemberItem(
        f"PROGRAMME#{member.programme_id}",
        f"MEMBER#{member.person_id}",
        external_id=member.external_id,
        given_name=member.given_name,
        family_name=member.family_name,
        preferred_name=member.preferred_name,
        state=member.state.value,
        number=member.number,
        zone=member.zone,
        language=member.language,
        joined_at=member.joined_at,
    )


def member_of_item(item: MemberItem) -> Member:
    """Return the list entry that an item holds."""
    return Member(
        person_id=item.sk.removeprefix("MEMBER#"),
        programme_id=item.pk.removeprefix("PROGRAMME#"),
        external_id=item.external_id,
        given_name=item.given_name,
        family_name=item.family_name,
        preferred_name=item.preferred_name,
        state=State(item.state),
        number=int(item.number),
        zone=item.zone,
        language=item.language,
        joined_at=item.joined_at,
    )


class DynamoProgrammes:
    """Implements ``service.Programmes``."""

    def find(self, programme_id: str) -> Programme | None:
        """Return it as it is now."""
        try:
            return programme_of(ProgrammeItem.get("PROGRAMMES", programme_id, consistent_read=True))
        except ProgrammeItem.DoesNotExist:
            return None

    def ids(self) -> list[str]:
        """Return the ids of all programmes."""
        return [row["sk"]["S"] for row in rows_of("PROGRAMMES", keys_only=True)]

    def several(self, programme_ids: Iterable[str]) -> list[Programme]:
        """Return those of these that there are, in the order of their ids."""
        keys = [("PROGRAMMES", programme_id) for programme_id in programme_ids]
        found = [programme_of(item) for item in ProgrammeItem.batch_get(keys, consistent_read=True)] if keys else []
        return sorted(found, key=lambda programme: programme.id)

    def add(self, programme: Programme) -> None:
        """Store a new one."""
        try:
            programme_item(programme).save(ProgrammeItem.pk.does_not_exist())
        except PutError as error:
            if lost_the_race(error):
                raise ProgrammeExists("there is a programme of this name already") from error
            raise

    def save(self, programme: Programme) -> None:
        """Put an edited one over the version before it."""
        try:
            programme_item(programme).save(ProgrammeItem.version == programme.version - 1)
        except PutError as error:
            if lost_the_race(error):
                raise Stale("the programme was changed meanwhile") from error
            raise
