"""A supporter as somebody of their own: how to reach them, when their week's message comes, and what they learned."""

from dataclasses import dataclass, field, replace
from datetime import datetime, time

from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.programmes import LANGUAGES, Programme, name_fault
from chalicelib.errors import Conflict, Fault, NotFound
from chalicelib.family.domain import Tie, supporter_id
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import Channel as Way
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Recipient, Schedule, Standing
from chalicelib.outreach.kinds import SUPPORTER_UPDATE
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import DAYS, Recurrence, is_zone, local_date, weekly

MOST_DEVICES = 5
_AGREED = frozenset({"contact_email", "contact_push"})


class NoSuchDevice(NotFound):
    """The supporter has no such address or device."""


class TooManyDevices(Conflict):
    """The supporter has as many devices as one may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weekly:
    """When a supporter hears that there is an update: a weekday (``MO`` … ``SU``) and a local wall time."""

    day: str = "SU"
    at: time = time(18)


@dataclass(frozen=True, slots=True, kw_only=True)
class Supporter:
    """
    An account as a supporter, whomever they support; apart from any record of theirs as a person in care or as staff.

    ``programme_id`` is the one that they came by: it gives their messages a sender and their pages the numbers to call.
    ``updates``: they want to be told each week; ``mail_off``: of which categories not
    by e-mail. ``learned`` are the lessons that they went
    through. ``day_version`` is the version that last changed when the week's message comes.
    """

    account: str
    programme_id: str
    first_name: str
    language: str
    zone: str
    email: Channel
    devices: tuple[Channel, ...] = ()
    quiet_hours: QuietHours | None = None
    weekly: Weekly = field(default=Weekly())
    updates: bool = True
    mail_off: frozenset[str] = frozenset()
    learned: frozenset[str] = frozenset()
    put_at: datetime
    day_at: datetime
    version: int = 1
    day_version: int = 1

    @property
    def id(self) -> str:
        """What outreach calls them."""
        return supporter_id(self.account)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """All ways to reach them."""
        return (*self.devices, self.email)

    def with_channel(self, channel: Channel) -> "Supporter":
        """Return them with this channel in the place of the one of its id."""
        if channel.id == self.email.id:
            return replace(self, email=channel)
        return replace(self, devices=tuple(channel if one.id == channel.id else one for one in self.devices))

    def channel(self, channel_id: str) -> Channel:
        """
        Return one of their channels.

        :raises NoSuchDevice: if it isn't theirs
        """
        for channel in self.channels:
            if channel.id == channel_id:
                return channel
        raise NoSuchDevice("there is no such address or device")

    @property
    def update(self) -> Schedule:
        """Return the schedule of their week's message."""
        recurrence = Recurrence(
            at=self.weekly.at,
            rule=weekly(frozenset({self.weekly.day})),
            zone=self.zone,
            starts_on=local_date(self.day_at, self.zone),
        )
        return Schedule(
            person_id=self.id,
            kind=SUPPORTER_UPDATE,
            version=self.day_version,
            when=recurrence,
            since=self.day_at,
            paused=not self.updates,
        )


def changed(before: Supporter, after: Supporter, *, at: datetime) -> Supporter:
    """Return a supporter as a change leaves them."""
    version = before.version + 1
    is_another = _when(before) != _when(after)
    return replace(
        after,
        put_at=at,
        version=version,
        day_version=version if is_another else before.day_version,
        day_at=at if is_another else before.day_at,
    )


def _when(supporter: Supporter) -> tuple[object, ...]:
    return supporter.weekly, supporter.zone, supporter.updates


def recipient_of(supporter: Supporter, programme: Programme, *, at: datetime) -> Recipient:
    """Return a supporter as outreach sees them; whether there is anything to tell, is asked of what they are told."""
    by_mail = {name for name, category in CATEGORIES.items() if category.opt_out}
    no_mail = supporter.mail_off if supporter.email.complained_at is None else by_mail
    return Recipient(
        person_id=supporter.id,
        programme_id=supporter.programme_id,
        first_name=supporter.first_name,
        language=supporter.language,
        zone=supporter.zone,
        standing=Standing.REACHABLE,
        quiet_hours=supporter.quiet_hours or programme.quiet_hours,
        # Whoever accepts an invitation agrees to be written to; what else they could stop is by category.
        consents=_AGREED,
        channels=tuple(_way(channel, at=at) for channel in supporter.channels),
        schedules=(supporter.update,),
        sender_name=programme.sender_name,
        country=programme.emergency_country,
        opt_outs=frozenset((name, ChannelKind.EMAIL) for name in no_mail),
    )


def invited(tie: Tie, record: Record, programme: Programme) -> Recipient:
    """Return whoever a person invited as outreach sees them: one address, which the person named."""
    way = Way(id=tie.id, kind=ChannelKind.EMAIL, address=tie.address, revision=1, usable=tie.account is None)
    return Recipient(
        person_id=tie.invitee_id,
        programme_id=tie.programme_id,
        first_name=tie.first_name,
        language=tie.language,
        # Theirs isn't known, and most families share one.
        zone=record.person.zone,
        standing=Standing.REACHABLE,
        quiet_hours=programme.quiet_hours,
        consents=frozenset(),
        channels=(way,),
        sender_name=programme.sender_name,
        country=programme.emergency_country,
        inviter=record.person.first_name if tie.named else "",
    )


def _way(channel: Channel, *, at: datetime) -> Way:
    return Way(
        id=channel.id,
        kind=channel.kind,
        address=channel.address,
        revision=channel.revision,
        usable=channel.is_usable(at=at),
        # Always discreet, whoever it is for: what there is to read is behind the sign-in.
        detail=DetailLevel.DISCREET,
        push_key=channel.push_key,
        push_auth=channel.push_auth,
    )


def faults_of(supporter: Supporter) -> list[Fault]:
    """Return everything that is wrong with what a supporter says of themselves."""
    faults = []
    if fault := name_fault(supporter.first_name):
        faults.append(Fault(field="firstName", reason=fault))
    if supporter.language not in LANGUAGES:
        faults.append(Fault(field="language", reason=f"must be one of {', '.join(LANGUAGES)}"))
    if not is_zone(supporter.zone):
        faults.append(Fault(field="timeZone", reason="is not a zone of the IANA database"))
    if supporter.weekly.day not in DAYS:
        faults.append(Fault(field="weekly.day", reason=f"must be one of {', '.join(DAYS)}"))
    return faults
