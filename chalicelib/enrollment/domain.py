"""People: what is known of a person, and what follows from it for reaching them."""

import re
from dataclasses import dataclass, field, replace
from datetime import date, datetime, time, timedelta

from chalicelib.enrollment.channels import Channel, NoSuchChannel
from chalicelib.enrollment.consents import SUPPORTER, Consent, detail_allowed, least, live, unless_ended
from chalicelib.enrollment.episodes import OVER, Episode, State, standing
from chalicelib.enrollment.holds import PlacedHold, live_holds
from chalicelib.enrollment.preferences import Preference
from chalicelib.enrollment.programmes import Programme, name_fault
from chalicelib.errors import Conflict, Fault, NotFound
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import Channel as Way
from chalicelib.outreach.domain import ChannelKind, Recipient, Schedule, Standing, Waiting
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import DAYS, Recurrence, is_zone, local_date, weekly

EARLIEST = date(1900, 1, 1)
"""No date of a record is earlier."""

FURTHEST_ADMISSION = timedelta(days=366)
EXTERNAL_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._/-]{0,63}")


class NoSuchPerson(NotFound):
    """There is no such person, or not for this caller."""


class AlreadyEnrolled(Conflict):
    """The programme's own number for this person is taken."""


class SignInTaken(Conflict):
    """The account is another person's sign-in."""


class HasDied(Conflict):
    """Nothing is set up any more for a person who has died."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    Who someone is. ``external_id`` is the programme's own number for them.

    ``quiet_from`` and ``quiet_to`` are their own, each None where the programme's default holds. ``calendar_invites``:
    they want their appointments as calendar entries too. ``asked_at`` are the instants of the last day at which an
    e-mail was to ask whether an address is theirs, oldest first. ``version`` grows by every change of the record
    (episode, consents and all), so that two edits can't cross.
    """

    id: str
    external_id: str
    given_name: str
    family_name: str
    preferred_name: str | None = None
    language: str
    zone: str
    quiet_from: time | None = None
    quiet_to: time | None = None
    recovery_on: date | None = None
    sign_in: str | None = None
    calendar_invites: bool = False
    asked_at: tuple[datetime, ...] = ()
    version: int = 1

    @property
    def first_name(self) -> str:
        """What to call them."""
        return self.preferred_name or self.given_name

    def quiet_hours(self, default: QuietHours) -> QuietHours:
        """Return their quiet hours: their own, or the programme's ``default`` for each end that they left open."""
        return QuietHours(start=self.quiet_from or default.start, end=self.quiet_to or default.end)


def trimmed(person: Person) -> Person:
    """Return the person with no blanks around their names; a blank preferred name is none."""
    return replace(
        person,
        given_name=person.given_name.strip(),
        family_name=person.family_name.strip(),
        preferred_name=(person.preferred_name or "").strip() or None,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Carer:
    """A member of staff who holds this person (a row of the care team). ``subject`` is their account."""

    subject: str
    since: datetime
    added_by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckInPreference:
    """When a person wants to be asked: local wall time, on these weekdays (``MO`` … ``SU``)."""

    at: time
    days: frozenset[str]

    def schedule(self, person: Person, *, version: int, now: datetime, kind: str = CHECK_IN) -> Schedule:
        """Return the schedule that asks them so from now on."""
        recurrence = Recurrence(
            at=self.at, rule=weekly(self.days), zone=person.zone, starts_on=local_date(now, person.zone)
        )
        return Schedule(person_id=person.id, kind=kind, version=version, when=recurrence, since=now)

    @classmethod
    def of(cls, schedule: Schedule) -> "CheckInPreference":
        """Read the preference back from its schedule."""
        if not isinstance(schedule.when, Recurrence):
            raise TypeError("check-ins recur")
        _, _, days = schedule.when.rule.partition("BYDAY=")
        return cls(at=schedule.when.at, days=frozenset(days.split(",")) if days else frozenset(DAYS))


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """
    All that is stored with a person. ``episodes`` are in order, the last is the present one.

    ``copy`` is what the store keeps of the record for outreach (``reach.py``); it says nothing of its own.
    """

    person: Person
    episodes: tuple[Episode, ...]
    channels: tuple[Channel, ...] = ()
    consents: tuple[Consent, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    care_team: tuple[Carer, ...] = field(default=())
    preferences: tuple[Preference, ...] = ()
    holds: tuple[PlacedHold, ...] = ()
    waiting: tuple[Waiting, ...] = ()
    copy: str | None = field(default=None, compare=False, repr=False)

    @property
    def episode(self) -> Episode:
        """The present episode."""
        return self.episodes[-1]

    @property
    def check_in(self) -> Schedule | None:
        """The schedule of check-ins."""
        return next((schedule for schedule in self.schedules if schedule.kind == CHECK_IN), None)

    def channel(self, channel_id: str) -> Channel:
        """
        Return one of the person's channels.

        :raises NoSuchChannel: if it isn't theirs
        """
        for channel in self.channels:
            if channel.id == channel_id:
                return channel
        raise NoSuchChannel("there is no such channel")

    def live_consents(self, *, at: datetime) -> dict[str, Consent]:
        """Return the consents that hold at this instant, by scope: none whose event of expiry has come."""
        is_over = self.episode.state in {*OVER, State.DECEASED}
        return unless_ended(live(self.consents, at=at), episode=None if is_over else self.episode.number)

    def standing(self, *, at: datetime) -> Standing:
        """Return what the present episode means for outreach at this instant."""
        return standing(self.episode, frozenset(self.live_consents(at=at)))

    def must_be_alive(self) -> None:
        """
        Stop whatever would set something up for a person who has died.

        :raises HasDied: if they have
        """
        if self.episode.state is State.DECEASED:
            raise HasDied("this record is closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """
    A person in a programme's list. ``state`` and ``number`` are of their latest episode in it.

    ``joined_at`` is when that episode was written down; None where that wasn't kept yet.
    """

    person_id: str
    programme_id: str
    external_id: str
    given_name: str
    family_name: str
    preferred_name: str | None
    state: State
    number: int
    zone: str
    language: str
    joined_at: datetime | None = None


def member_of(person: Person, episode: Episode) -> Member:
    """Return the person's entry in the list of the episode's programme."""
    return Member(
        person_id=person.id,
        programme_id=episode.programme_id,
        external_id=person.external_id,
        given_name=person.given_name,
        family_name=person.family_name,
        preferred_name=person.preferred_name,
        state=episode.state,
        number=episode.number,
        zone=person.zone,
        language=person.language,
        joined_at=episode.opened_at,
    )


def recipient_of(record: Record, programme: Programme, *, at: datetime) -> Recipient:
    """Return the person as outreach sees them at this instant, with their programme's choices."""
    consents = record.live_consents(at=at)
    return Recipient(
        person_id=record.person.id,
        programme_id=record.episode.programme_id,
        first_name=record.person.first_name,
        language=record.person.language,
        zone=record.person.zone,
        standing=record.standing(at=at),
        quiet_hours=record.person.quiet_hours(programme.quiet_hours),
        # What a person agreed to about their supporters says nothing of how to reach themselves.
        consents=frozenset(scope for scope in consents if not scope.startswith(SUPPORTER)),
        channels=tuple(_way(channel, consents, at) for channel in record.channels),
        schedules=record.schedules,
        sender_name=programme.sender_name,
        country=programme.emergency_country,
        reply_to=programme.reply_to or "",
        waiting=record.waiting,
        opt_outs=frozenset((one.category, kind) for one in record.preferences for kind in one.off)
        | _stopped_by_complaint(record),
        calendar_invites=record.person.calendar_invites,
        holds=live_holds(record.holds, at=at),
        graduated=record.episode.state is State.GRADUATED,
    )


def _stopped_by_complaint(record: Record) -> frozenset[tuple[str, ChannelKind | None]]:
    """Return what no longer goes out by e-mail because somebody at an address called a message spam."""
    if all(channel.complained_at is None for channel in record.channels):
        return frozenset()
    return frozenset((name, ChannelKind.EMAIL) for name, category in CATEGORIES.items() if category.opt_out)


def _way(channel: Channel, consents: dict[str, Consent], at: datetime) -> Way:
    allowed = detail_allowed(consents, email=channel.kind is ChannelKind.EMAIL)
    return Way(
        id=channel.id,
        kind=channel.kind,
        address=channel.address,
        revision=channel.revision,
        usable=channel.is_usable(at=at),
        detail=least(channel.detail, allowed),
        push_key=channel.push_key,
        push_auth=channel.push_auth,
    )


def person_faults(person: Person, programme: Programme, *, now: datetime) -> list[Fault]:
    """Return everything that is wrong with what is known of a person."""
    faults = []
    if not EXTERNAL_ID.fullmatch(person.external_id):
        faults.append(
            Fault(field="externalId", reason="must be letters, digits, dots, slashes and hyphens, at most 64")
        )
    names = [("givenName", person.given_name), ("familyName", person.family_name)]
    if person.preferred_name is not None:
        names.append(("preferredName", person.preferred_name))
    faults += [Fault(field=name, reason=fault) for name, text in names if (fault := name_fault(text))]
    if person.language not in programme.languages:
        faults.append(Fault(field="language", reason="is not a language of the programme"))
    if not is_zone(person.zone):
        faults.append(Fault(field="timeZone", reason="is not a zone of the IANA database"))
    elif fault := recovery_fault(person.recovery_on, zone=person.zone, now=now):
        faults.append(Fault(field="recoveryDate", reason=fault))
    return faults


def recovery_fault(on: date | None, *, zone: str, now: datetime) -> str | None:
    """Return why this can't be someone's recovery date, None if it can."""
    if on is None:
        return None
    if on > local_date(now, zone):
        return "is in the future"
    return "is too long ago" if on < EARLIEST else None


def admission_faults(on: date, *, zone: str, now: datetime) -> list[Fault]:
    """Return what is wrong with a date of admission, which may lie up to a year ahead."""
    if EARLIEST <= on <= local_date(now, zone) + FURTHEST_ADMISSION:
        return []
    return [Fault(field="admittedOn", reason="must be a date from 1900 to a year from now")]
