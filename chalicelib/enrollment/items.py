"""Items of people, and how they are read and written. The only place for their keys."""

from datetime import UTC, date, datetime, time

from pynamodb.attributes import Attribute, BooleanAttribute, NumberAttribute, UnicodeAttribute
from pynamodb.constants import STRING

from chalicelib.edge.table import Item
from chalicelib.enrollment.channels import Channel, Verification
from chalicelib.enrollment.consents import Action, Consent, Ends, Via
from chalicelib.enrollment.domain import Carer, Person
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.outreach.domain import ChannelKind, DetailLevel


class InstantAttribute(Attribute[datetime]):
    """An instant in UTC as text whose order is that of time, to the microsecond."""

    attr_type = STRING

    def serialize(self, value: datetime) -> str:
        """Write it."""
        return instant(value)

    def deserialize(self, value: str) -> datetime:
        """Read it."""
        return datetime.fromisoformat(value)


class PersonItem(Item, discriminator="person"):
    """pk ``PERSON#{person}``, sk ``PERSON``. Its version guards everything in the partition."""

    external_id = UnicodeAttribute()
    given_name = UnicodeAttribute()
    family_name = UnicodeAttribute()
    preferred_name = UnicodeAttribute(null=True)
    language = UnicodeAttribute()
    zone = UnicodeAttribute()
    quiet_from = UnicodeAttribute(null=True)
    quiet_to = UnicodeAttribute(null=True)
    recovery_on = UnicodeAttribute(null=True)
    sign_in = UnicodeAttribute(null=True)
    calendar_invites = BooleanAttribute(null=True)
    asked_at = UnicodeAttribute(null=True)
    version = NumberAttribute()


class EpisodeItem(Item, discriminator="episode"):
    """pk ``PERSON#{person}``, sk ``EPISODE#{number:02}``."""

    programme_id = UnicodeAttribute()
    state = UnicodeAttribute()
    admitted_on = UnicodeAttribute()
    changed_at = InstantAttribute()
    held_from = UnicodeAttribute(null=True)
    opened_at = InstantAttribute(null=True)
    graduated_at = InstantAttribute(null=True)


class ChannelItem(Item, discriminator="channel"):
    """pk ``PERSON#{person}``, sk ``CHANNEL#{channel}``."""

    kind = UnicodeAttribute()
    address = UnicodeAttribute()
    added_at = InstantAttribute()
    revision = NumberAttribute()
    verification = UnicodeAttribute()
    verified_at = InstantAttribute(null=True)
    verified_by = UnicodeAttribute(null=True)
    detail = UnicodeAttribute()
    push_key = UnicodeAttribute(null=True)
    push_auth = UnicodeAttribute(null=True)
    heartbeat_at = InstantAttribute(null=True)
    gone_at = InstantAttribute(null=True)
    gone_why = UnicodeAttribute(null=True)
    complained_at = InstantAttribute(null=True)
    device_id = UnicodeAttribute(null=True)
    ends_at = InstantAttribute(null=True)


class ConsentItem(Item, discriminator="consent"):
    """pk ``PERSON#{person}``, sk ``CONSENT#{scope}#{instant}``: written once, never changed."""

    action = UnicodeAttribute()
    via = UnicodeAttribute()
    by = UnicodeAttribute()
    expires = InstantAttribute(null=True)
    value = UnicodeAttribute(null=True)
    text_version = NumberAttribute(null=True)
    text_hash = UnicodeAttribute(null=True)
    locale = UnicodeAttribute(null=True)
    on_behalf_of = UnicodeAttribute(null=True)
    ip = UnicodeAttribute(null=True)
    episode = NumberAttribute(null=True)
    ends = UnicodeAttribute(null=True)
    to, discloser = UnicodeAttribute(null=True), UnicodeAttribute(null=True)


class CarerItem(Item, discriminator="carer"):
    """pk ``PERSON#{person}``, sk ``CARETEAM#{account}``."""

    since = InstantAttribute()
    added_by = UnicodeAttribute()


class ExternalItem(Item, discriminator="external"):
    """pk ``EXTERNAL#{external id}``, sk ``EXTERNAL``: an external id is one person's, and which import brought them."""

    person_id = UnicodeAttribute()
    import_id = UnicodeAttribute(null=True)
    line = NumberAttribute(null=True)


class SignInItem(Item, discriminator="sign_in"):
    """pk ``SIGNIN#{account}``, sk ``SIGNIN``: an account is one person's."""

    person_id = UnicodeAttribute()


def instant(at: datetime) -> str:
    """Write an instant so that text order is time order: UTC, to the microsecond."""
    return at.astimezone(UTC).isoformat(timespec="microseconds")


def partition(person_id: str) -> str:
    """Return the partition of all that is stored with a person."""
    return f"PERSON#{person_id}"


def person_item(person: Person) -> PersonItem:
    """Return the person as an item."""
    return PersonItem(
        partition(person.id),
        "PERSON",
        external_id=person.external_id,
        given_name=person.given_name,
        family_name=person.family_name,
        preferred_name=person.preferred_name,
        language=person.language,
        zone=person.zone,
        quiet_from=person.quiet_from.isoformat() if person.quiet_from else None,
        quiet_to=person.quiet_to.isoformat() if person.quiet_to else None,
        recovery_on=person.recovery_on.isoformat() if person.recovery_on else None,
        sign_in=person.sign_in,
        calendar_invites=person.calendar_invites or None,
        asked_at=" ".join(map(instant, person.asked_at)) or None,
        version=person.version,
    )


def person_of(item: PersonItem) -> Person:
    """Return the person that an item holds."""
    return Person(
        id=item.pk.removeprefix("PERSON#"),
        external_id=item.external_id,
        given_name=item.given_name,
        family_name=item.family_name,
        preferred_name=item.preferred_name,
        language=item.language,
        zone=item.zone,
        quiet_from=time.fromisoformat(item.quiet_from) if item.quiet_from else None,
        quiet_to=time.fromisoformat(item.quiet_to) if item.quiet_to else None,
        recovery_on=date.fromisoformat(item.recovery_on) if item.recovery_on else None,
        sign_in=item.sign_in,
        calendar_invites=bool(item.calendar_invites),
        asked_at=tuple(map(datetime.fromisoformat, (item.asked_at or "").split())),
        version=int(item.version),
    )


def episode_item(person_id: str, episode: Episode) -> EpisodeItem:
    """Return the episode as an item."""
    return EpisodeItem(
        partition(person_id),
        f"EPISODE#{episode.number:02}",
        programme_id=episode.programme_id,
        state=episode.state.value,
        admitted_on=episode.admitted_on.isoformat(),
        changed_at=episode.changed_at,
        held_from=episode.held_from.value if episode.held_from else None,
        opened_at=episode.opened_at,
        graduated_at=episode.graduated_at,
    )


def episode_of(item: EpisodeItem) -> Episode:
    """Return the episode that an item holds."""
    return Episode(
        number=int(item.sk.removeprefix("EPISODE#")),
        programme_id=item.programme_id,
        state=State(item.state),
        admitted_on=date.fromisoformat(item.admitted_on),
        changed_at=item.changed_at,
        held_from=State(item.held_from) if item.held_from else None,
        opened_at=item.opened_at,
        graduated_at=item.graduated_at,
    )


def channel_item(person_id: str, channel: Channel) -> ChannelItem:
    """Return the channel as an item."""
    return ChannelItem(
        partition(person_id),
        f"CHANNEL#{channel.id}",
        kind=channel.kind.value,
        address=channel.address,
        added_at=channel.added_at,
        revision=channel.revision,
        verification=channel.verification.value,
        verified_at=channel.verified_at,
        verified_by=channel.verified_by,
        detail=channel.detail.value,
        push_key=channel.push_key or None,
        push_auth=channel.push_auth or None,
        heartbeat_at=channel.heartbeat_at,
        gone_at=channel.gone_at,
        gone_why=channel.gone_why,
        complained_at=channel.complained_at,
        device_id=channel.device_id or None,
        ends_at=channel.ends_at,
    )


def channel_of(item: ChannelItem) -> Channel:
    """Return the channel that an item holds."""
    return Channel(
        id=item.sk.removeprefix("CHANNEL#"),
        kind=ChannelKind(item.kind),
        address=item.address,
        added_at=item.added_at,
        revision=int(item.revision),
        verification=Verification(item.verification),
        verified_at=item.verified_at,
        verified_by=item.verified_by,
        detail=DetailLevel(item.detail),
        push_key=item.push_key or "",
        push_auth=item.push_auth or "",
        heartbeat_at=item.heartbeat_at,
        gone_at=item.gone_at,
        gone_why=item.gone_why,
        complained_at=item.complained_at,
        device_id=item.device_id or "",
        ends_at=item.ends_at,
    )


def consent_item(consent: Consent) -> ConsentItem:
    """Return the consent as an item."""
    return ConsentItem(
        partition(consent.person_id),
        f"CONSENT#{consent.scope}#{instant(consent.at)}",
        action=consent.action.value,
        via=consent.via.value,
        by=consent.by,
        expires=consent.expires_at,
        value=consent.value,
        text_version=consent.text_version,
        text_hash=consent.text_hash,
        locale=consent.locale,
        on_behalf_of=consent.on_behalf_of,
        ip=consent.ip,
        episode=consent.episode,
        ends=consent.ends.value if consent.ends else None,
        to=consent.to,
        discloser=consent.discloser,
    )


def consent_of(item: ConsentItem) -> Consent:
    """Return the consent that an item holds."""
    _, scope, at = item.sk.split("#")
    return Consent(
        person_id=item.pk.removeprefix("PERSON#"),
        scope=scope,
        action=Action(item.action),
        at=datetime.fromisoformat(at),
        via=Via(item.via),
        by=item.by,
        expires_at=item.expires,
        value=item.value,
        text_version=None if item.text_version is None else int(item.text_version),
        text_hash=item.text_hash,
        locale=item.locale,
        on_behalf_of=item.on_behalf_of,
        ip=item.ip,
        episode=None if item.episode is None else int(item.episode),
        ends=Ends(item.ends) if item.ends else None,
        to=item.to,
        discloser=item.discloser,
    )


def carer_item(person_id: str, carer: Carer) -> CarerItem:
    """Return a care team's row as an item."""
    return CarerItem(partition(person_id), f"CARETEAM#{carer.subject}", since=carer.since, added_by=carer.added_by)


def carer_of(item: CarerItem) -> Carer:
    """Return the care team's row that an item holds."""
    return Carer(subject=item.sk.removeprefix("CARETEAM#"), since=item.since, added_by=item.added_by)
