"""How a record is changed: load, decide, write in one transaction behind the person's version."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.consents import Consent
from chalicelib.enrollment.domain import Carer, CheckInPreference, Member, NoSuchPerson, Person, Record
from chalicelib.enrollment.episodes import Episode
from chalicelib.enrollment.preferences import Preference
from chalicelib.errors import Conflict, Stale
from chalicelib.outreach.domain import SILENT, Due, Schedule
from chalicelib.outreach.inviting import to_tell
from chalicelib.outreach.moving import moved, replanned
from chalicelib.outreach.service import at_once, first_due

TRIES = 3
"""How often a change is decided anew when another one came between."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Marker:
    """Who has an external id, and which line of which import brought them (None where none did)."""

    person_id: str
    import_id: str | None = None
    line: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    What is written together.

    ``person`` and ``episode`` are as they shall be. What is stored must be of the version before; with a ``marker``
    the person is new, and their external id must be free. ``sign_in`` is an account to tie, ``no_…`` what is removed.
    ``copy`` is what the store keeps of the record before, for outreach. ``keeps_who``: person and episode stay as they
    are, but for the version, and so does the programme's list.
    """

    person: Person
    episode: Episode
    marker: Marker | None = None
    channels: tuple[Channel, ...] = ()
    no_channels: tuple[str, ...] = ()
    consents: tuple[Consent, ...] = ()
    schedules: tuple[Schedule, ...] = ()
    no_schedules: tuple[str, ...] = ()
    dues: tuple[Due, ...] = ()
    carers: tuple[Carer, ...] = ()
    no_carers: tuple[str, ...] = ()
    preferences: tuple[Preference, ...] = ()
    sign_in: str | None = None
    no_sign_in: str | None = None
    copy: str | None = None
    keeps_who: bool = False


class People(Protocol):
    """The records of people."""

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person, as it is now; None if there is no such person."""
        ...

    def write(self, change: Change) -> None:
        """
        Write all of it or nothing.

        :raises AlreadyEnrolled: the external id is someone's already
        :raises SignInTaken: the account is someone else's already
        :raises Stale: the record was changed meanwhile
        """
        ...

    def markers(self, external_ids: Iterable[str]) -> Mapping[str, Marker]:
        """Return who has these external ids; ids that nobody has are left out."""
        ...

    def members(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Member], str | None]:
        """Return people of a programme in the order of their ids, and the key to go on after; None at the end."""
        ...


def find_person(person_id: str, *, people: People) -> Record:
    """
    Return a person's record.

    :raises NoSuchPerson: if there is none
    """
    record = people.record(person_id)
    if record is None:
        raise NoSuchPerson("there is no such person")
    return record


def next_of(record: Record, *, person: Person | None = None, episode: Episode | None = None) -> Change:
    """Return the change to this person and episode, at the next version; the rest is put on by ``replace``."""
    person = replace(person or record.person, version=record.person.version + 1)
    return Change(person=person, episode=episode or record.episode, copy=record.copy)


def change_record(
    person_id: str, decide: Callable[[Record], Change], *, people: People, version: int | None = None
) -> Record:
    """
    Load, decide and write; where the caller names no ``version``, decide anew if another change came between.

    :raises Stale: if ``version`` isn't, or is no longer, the present one
    :raises Conflict: if others keep changing it
    """
    for _ in range(TRIES):
        record = find_person(person_id, people=people)
        if version is not None and record.person.version != version:
            raise Stale("the record was changed meanwhile")
        change = decide(record)
        try:
            people.write(change)
        except Stale:
            continue
        return after(record, change)
    raise Conflict("the record is being changed by others; try again")


def after(record: Record, change: Change) -> Record:
    """Return the record as a change leaves it."""
    channels = {channel.id: channel for channel in (*record.channels, *change.channels)}
    carers = {carer.subject: carer for carer in (*record.care_team, *change.carers)}
    schedules = {schedule.kind: schedule for schedule in (*record.schedules, *change.schedules)}
    preferences = {preference.category: preference for preference in (*record.preferences, *change.preferences)}
    return Record(
        person=change.person,
        episodes=(*(old for old in record.episodes if old.number < change.episode.number), change.episode),
        channels=tuple(channels[key] for key in sorted(channels) if key not in change.no_channels),
        consents=(*record.consents, *change.consents),
        schedules=tuple(schedules[kind] for kind in sorted(schedules) if kind not in change.no_schedules),
        care_team=tuple(carers[key] for key in sorted(carers) if key not in change.no_carers),
        preferences=tuple(preferences[key] for key in sorted(preferences)),
        holds=record.holds,
        waiting=record.waiting,
    )


def note_on_channel(
    person_id: str, channel_id: str, noted: Callable[[Channel], Channel], *, revision: int | None, people: People
) -> bool:
    """
    Write down what was learned about a channel; False if there is none, or none of this ``revision`` any more.

    Nothing is written where that was known.

    :raises Conflict: if others keep changing the record
    """
    for _ in range(TRIES):
        record = people.record(person_id)
        channels = record.channels if record else ()
        channel = next((one for one in channels if one.id == channel_id and revision in {None, one.revision}), None)
        if record is None or channel is None:
            return False
        changed = noted(channel)
        if changed == channel:
            return True
        try:
            people.write(replace(next_of(record), channels=(changed,), keeps_who=True))
        except Stale:
            continue
        return True
    raise Conflict("the record is being changed by others; try again")


def scheduled(change: Change, schedule: Schedule, *, now: datetime) -> Change:
    """Add a schedule, new or of another version (which makes the due row of the one before void), and its due row."""
    due = first_due(schedule, after=now)
    return replace(change, schedules=(*change.schedules, schedule), dues=(*change.dues, *((due,) if due else ())))


def rescheduled(change: Change, preference: CheckInPreference, present: Schedule | None, *, now: datetime) -> Change:
    """Add the schedule of check-ins that follows ``present``; one that is paused stays so."""
    if present is None:
        return scheduled(change, preference.schedule(change.person, version=1, now=now), now=now)
    schedule = preference.schedule(change.person, version=present.version + 1, now=now)
    return edited(change, present, replace(schedule, paused=present.paused), now=now)


def edited(change: Change, present: Schedule, schedule: Schedule, *, now: datetime) -> Change:
    """Put a schedule in the place of ``present``, and what waits along with it."""
    schedule, dues = replanned(present, schedule, now=now)
    return replace(change, schedules=(*change.schedules, schedule), dues=(*change.dues, *dues))


def in_calendars(record: Record, change: Change, *, now: datetime) -> Change:
    """Add what tells the person's calendar of appointments that the change moves, adds or removes, if they want it."""
    wanted, was = change.person.calendar_invites, record.person.calendar_invites
    if not wanted and not was:
        return change
    kinds = to_tell(record.schedules, change.schedules, change.no_schedules, all_of_them=wanted is not was, now=now)
    told = tuple(at_once(change.person.id, kind, zone=change.person.zone, now=now) for kind in kinds)
    return replace(change, dues=(*change.dues, *told))


def rezoned(record: Record, change: Change, *, now: datetime) -> Change:
    """Take every schedule along that goes by the person's zone, where the change gives them another."""
    if change.person.zone == record.person.zone:
        return change
    for present in record.schedules:
        if not present.keeps_zone:
            schedule, dues = moved(present, zone=change.person.zone, now=now)
            change = replace(change, schedules=(*change.schedules, schedule), dues=(*change.dues, *dues))
    return change


def restarted(record: Record, change: Change, *, now: datetime) -> Change:
    """Set schedules going again where the record could not be reached and now can: their due rows have run out."""
    if record.standing(at=now) not in SILENT or after(record, change).standing(at=now) in SILENT:
        return change
    for present in record.schedules:
        if not present.paused:
            change = scheduled(change, replace(present, version=present.version + 1, since=now, fell_due=None), now=now)
    return change
