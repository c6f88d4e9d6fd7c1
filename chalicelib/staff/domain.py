"""Members of a programme's staff: who they are to messages, when they work, and whether they can be reached."""

from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta
from hashlib import sha256

from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.programmes import Programme, name_fault
from chalicelib.errors import Conflict, Fault, NotFound
from chalicelib.outreach.domain import Channel as Way
from chalicelib.outreach.domain import Recipient, Schedule, Standing
from chalicelib.outreach.kinds import STAFF_DIGEST
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import DAYS, Recurrence, is_zone, local_date, resolve, weekly
from chalicelib.outreach.sorts import Sort
from chalicelib.privacy.domain import Role
from chalicelib.staff.phones import Phone

STAFF_ROLES = frozenset({Role.CLINICIAN, Role.CASE_MANAGER, Role.PEER_SPECIALIST, Role.PROGRAM_ADMIN})
"""The roles that make somebody a member of staff here: those that tasks can be for."""

MOST_STAFF = 200
"""How many members a programme's staff may have; removed ones don't count."""

_DAY = timedelta(days=1)


class NoSuchMember(NotFound):
    """The programme has no such member of staff."""


class TooManyStaff(Conflict):
    """The programme has as many members of staff as any may have."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hours:
    """When somebody works: local wall times of one day, on these weekdays (``MO`` … ``SU``)."""

    days: frozenset[str] = frozenset(DAYS[:5])
    start: time = time(9)
    end: time = time(17)


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """
    An account as a member of one programme's staff.

    ``roles`` are what the programme says they do; what they may see is decided by their sign-in's groups. ``email`` is
    used once it is confirmed or attested; so are their ``devices``. ``phone`` gets pages as text messages. ``digest``:
    they want to be told each working day what is due. ``put_by`` and ``put_at`` say who wrote this version, and when;
    ``removed_at`` that they left, or are away for longer. ``version`` grows by every change, and ``day_version`` is the
    one that last changed when their day's message comes: what a provider says of an address must not lose it.
    """

    programme_id: str
    account: str
    first_name: str
    roles: frozenset[Role]
    language: str
    zone: str
    hours: Hours = field(default=Hours())
    quiet_hours: QuietHours | None = None
    email: Channel | None = None
    devices: tuple[Channel, ...] = ()
    phone: Phone | None = None
    digest: bool = True
    put_by: str
    put_at: datetime
    removed_at: datetime | None = None
    version: int = 1
    day_version: int = 1

    @property
    def id(self) -> str:
        """Return what outreach calls them."""
        return recipient_id(self.programme_id, self.account)

    @property
    def is_active(self) -> bool:
        """Whether they are a member of the staff now."""
        return self.removed_at is None

    def is_reachable(self, *, at: datetime) -> bool:
        """Say whether a message can reach them: who can't be reached is as good as absent."""
        return self.is_active and any(channel.is_usable(at=at) for channel in self.channels)

    def can_be_paged(self, *, at: datetime) -> bool:
        """Say whether a page of a crisis gets to them by any way: a telephone alone is one, where e-mail is dead."""
        return self.is_reachable(at=at) or (self.is_active and self.phone is not None and self.phone.is_confirmed)

    @property
    def channels(self) -> tuple[Channel, ...]:
        """Return their address and their devices."""
        return (*((self.email,) if self.email else ()), *self.devices)

    def with_channel(self, channel: Channel) -> "Member":
        """Return them with a channel of theirs as it is now."""
        if self.email is not None and self.email.id == channel.id:
            return replace(self, email=channel)
        return replace(self, devices=tuple(channel if one.id == channel.id else one for one in self.devices))

    def paged_by(self, *, at: datetime, texts: bool) -> tuple[str, ...]:
        """Return the ways by which a page of a crisis reaches them; ``texts``: a pager that sends ``sms`` is set up."""
        if not self.is_active:
            return ()
        ways = [channel.kind.value for channel in self.channels if channel.is_usable(at=at)]
        return tuple(dict.fromkeys([*ways, *(["sms"] if texts and self.phone and self.phone.is_confirmed else [])]))

    def works_at(self, at: datetime) -> bool:
        """Say whether an instant lies in their working hours."""
        on = local_date(at, self.zone)
        if DAYS[on.weekday()] not in self.hours.days:
            return False
        return resolve(on, self.hours.start, self.zone) <= at < resolve(on, self.hours.end, self.zone)

    def at_work_from(self, at: datetime) -> datetime:
        """Return the first instant, this one or later, at which they are at work."""
        if self.works_at(at):
            return at
        on = local_date(at, self.zone)
        while DAYS[on.weekday()] not in self.hours.days or resolve(on, self.hours.start, self.zone) < at:
            on += _DAY
        return resolve(on, self.hours.start, self.zone)

    @property
    def day(self) -> Schedule:
        """Return the schedule of the message that tells them, when their work begins, what is due that day."""
        recurrence = Recurrence(
            at=self.hours.start,
            rule=weekly(self.hours.days),
            zone=self.zone,
            starts_on=local_date(self.put_at, self.zone),
        )
        return Schedule(
            person_id=self.id,
            kind=STAFF_DIGEST,
            version=self.day_version,
            when=recurrence,
            since=self.put_at,
            paused=not (self.digest and self.is_active),
        )


def recipient_id(programme_id: str, account: str) -> str:
    """
    Return what outreach calls an account as a member of a programme's staff: always the same, and no person's id.

    It goes into headers and tags of e-mails, so it tells neither the programme nor the account.
    """
    return f"{Sort.STAFF}-{sha256(f'{programme_id}/{account}'.encode()).hexdigest()[:24]}"


def recipient_of(member: Member, programme: Programme, *, at: datetime) -> Recipient:
    """Return a member as outreach sees them; nothing reaches who was removed, a page of a crisis neither."""
    ways = tuple(way_of(channel, at=at) for channel in member.channels) if member.is_active else ()
    return Recipient(
        person_id=member.id,
        programme_id=member.programme_id,
        first_name=member.first_name,
        language=member.language,
        zone=member.zone,
        standing=Standing.REACHABLE if member.is_active else Standing.ENDED,
        quiet_hours=member.quiet_hours or programme.quiet_hours,
        consents=frozenset(),
        channels=ways,
        schedules=(member.day,),
        sender_name=programme.sender_name,
        country=programme.emergency_country,
    )


def way_of(channel: Channel, *, at: datetime) -> Way:
    """Return an address as outreach uses it: always discreet, whoever it is for."""
    return Way(
        id=channel.id,
        kind=channel.kind,
        address=channel.address,
        revision=channel.revision,
        usable=channel.is_usable(at=at),
        push_key=channel.push_key,
        push_auth=channel.push_auth,
    )


def changed(before: Member, after: Member, *, by: str, at: datetime) -> Member:
    """Return a member as a change leaves them, with who made it and when."""
    version = before.version + 1
    is_another_day = _day_of(before) != _day_of(after)
    return replace(
        after, put_by=by, put_at=at, version=version, day_version=version if is_another_day else before.day_version
    )


def _day_of(member: Member) -> tuple[object, ...]:
    return member.hours.days, member.hours.start, member.zone, member.digest, member.is_active


def faults_of(member: Member, programme: Programme) -> list[Fault]:
    """Return everything that is wrong with a record."""
    faults = []
    if fault := name_fault(member.first_name):
        faults.append(Fault(field="firstName", reason=fault))
    if not member.roles or not member.roles <= STAFF_ROLES:
        faults.append(Fault(field="roles", reason=f"must be some of {', '.join(sorted(STAFF_ROLES))}"))
    if member.language not in programme.languages:
        faults.append(Fault(field="language", reason="is not a language of the programme"))
    if not is_zone(member.zone):
        faults.append(Fault(field="timeZone", reason="is not a zone of the IANA database"))
    if not member.hours.days:
        faults.append(Fault(field="working.days", reason="must hold at least one day"))
    if member.hours.start >= member.hours.end:
        faults.append(Fault(field="working.to", reason="must be later than from"))
    return faults
