"""
Enrol people and keep their records: load, decide, store.

Every change of a record is one transaction behind the person's version, so that two can't cross.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, time
from typing import Protocol

from chalicelib.enrollment.after_care import back_in_care, moved
from chalicelib.enrollment.celebrating import celebrations, hour_of, milestones_of
from chalicelib.enrollment.changing import (
    Change,
    Marker,
    People,
    change_record,
    in_calendars,
    next_of,
    rescheduled,
    rezoned,
)
from chalicelib.enrollment.channels import Channel
from chalicelib.enrollment.consents import Will, granted
from chalicelib.enrollment.domain import CheckInPreference, Person, Record, admission_faults, person_faults
from chalicelib.enrollment.episodes import State, open_episode, readmitted
from chalicelib.enrollment.programmes import NoSuchProgramme, Programme, programme_faults
from chalicelib.enrollment.reaching import ask
from chalicelib.enrollment.texts import current_text
from chalicelib.errors import Fault, Invalid, Stale, refuse
from chalicelib.outreach.domain import ChannelKind, DetailLevel, Due
from chalicelib.outreach.service import first_due


class Programmes(Protocol):
    """The programmes there are."""

    def find(self, programme_id: str) -> Programme | None:
        """Return it as it is now; None if there is none."""
        ...

    def several(self, programme_ids: Iterable[str]) -> list[Programme]:
        """Return those of these that there are, in the order of their ids."""
        ...

    def add(self, programme: Programme) -> None:
        """
        Store a new one.

        :raises ProgrammeExists: if the id is taken
        """
        ...

    def save(self, programme: Programme) -> None:
        """
        Put an edited one over the version before it.

        :raises Stale: if that is no longer the present one
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """
    What is needed to enrol someone. ``email`` is their address and the level of detail that they chose for it.

    ``attested``: the programme stands for the address being theirs; otherwise they are asked to confirm it.
    ``consents`` are the scopes that they agreed to, with what they chose.
    """

    person: Person
    state: State
    admitted_on: date
    email: str | None
    detail: DetailLevel
    attested: bool
    consents: tuple[tuple[str, str | None], ...]
    check_in: CheckInPreference | None
    marker: Marker


def add_programme(programme: Programme, *, programmes: Programmes) -> Programme:
    """
    Set up a programme.

    :raises Invalid: names what is wrong with it
    :raises ProgrammeExists: if the id is taken
    """
    refuse(programme_faults(programme))
    programmes.add(programme)
    return programme


def edit_programme(
    programme_id: str, edit: Callable[[Programme], Programme], *, version: int, programmes: Programmes
) -> Programme:
    """
    Change a programme's own choices. Its quiet hours hold for its people within a minute.

    :raises Stale: if ``version`` isn't the present one
    :raises Invalid: names what would be wrong with it
    """
    present = find_programme(programme_id, programmes=programmes)
    if present.version != version:
        raise Stale("the programme was changed meanwhile")
    programme = replace(edit(present), id=present.id, version=version + 1)
    refuse(programme_faults(programme))
    programmes.save(programme)
    return programme


def find_programme(programme_id: str, *, programmes: Programmes) -> Programme:
    """
    Return a programme.

    :raises NoSuchProgramme: if there is none
    """
    programme = programmes.find(programme_id)
    if programme is None:
        raise NoSuchProgramme("there is no such programme")
    return programme


def enrol(
    enrolment: Enrolment, *, programme: Programme, will: Will, now: datetime, people: People, new_id: Callable[[], str]
) -> Record:
    """
    Enrol someone: the person, their episode, address, consents and check-ins at once.

    :raises Invalid: names everything that is wrong
    :raises AlreadyEnrolled: if the external id is someone's already
    """
    person = enrolment.person
    faults = person_faults(person, programme, now=now)
    # A zone that isn't one has no today to compare with.
    refuse(faults or admission_faults(enrolment.admitted_on, zone=person.zone, now=now))
    episode = open_episode(
        number=1,
        programme_id=programme.id,
        state=enrolment.state,
        admitted_on=enrolment.admitted_on,
        at=now,
    )
    channels: tuple[Channel, ...] = ()
    dues: list[Due] = []
    if enrolment.email is not None:
        channel = Channel(
            id=new_id(), kind=ChannelKind.EMAIL, address=enrolment.email, added_at=now, detail=enrolment.detail
        )
        if enrolment.attested:
            channel = channel.attested(by=will.by, at=now)
        else:
            dues.append(ask(person, channel, now=now))
        channels = (channel,)
    schedule = enrolment.check_in.schedule(person, version=1, now=now) if enrolment.check_in else None
    due = first_due(schedule, after=now) if schedule else None
    if due:
        dues.append(due)
    schedules = (schedule,) if schedule else ()
    if person.recovery_on:
        milestones, coming = celebrations(
            person, person.recovery_on, at=hour_of(schedule), version=1, now=now, each=milestones_of(programme)
        )
        schedules, dues = (*schedules, milestones), [*dues, *coming]
    change = Change(
        person=person,
        episode=episode,
        marker=enrolment.marker,
        channels=channels,
        consents=tuple(
            granted(person.id, current_text(scope, person.language), value, episode=1, will=will, now=now)
            for scope, value in enrolment.consents
        ),
        schedules=schedules,
        dues=tuple(dues),
    )
    people.write(change)
    return Record(
        person=person,
        episodes=(episode,),
        channels=channels,
        consents=change.consents,
        schedules=schedules,
    )


def edit_person(
    person_id: str,
    edit: Callable[[Person], Person],
    *,
    version: int,
    now: datetime,
    people: People,
    programmes: Programmes,
) -> Record:
    """
    Change what is known of a person. A new zone moves all their schedules that go by it.

    :raises Stale: if ``version`` isn't the present one
    :raises Invalid: names what would be wrong
    """

    def decide(record: Record) -> Change:
        person = replace(edit(record.person), id=record.person.id, external_id=record.person.external_id)
        programme = find_programme(record.episode.programme_id, programmes=programmes)
        refuse(person_faults(person, programme, now=now))
        return in_calendars(record, rezoned(record, next_of(record, person=person), now=now), now=now)

    return change_record(person_id, decide, version=version, people=people)


def prefer_check_ins(
    person_id: str,
    preference: CheckInPreference,
    *,
    quiet_from: time | None,
    quiet_to: time | None,
    version: int,
    now: datetime,
    people: People,
) -> Record:
    """
    Ask a person at another time, on other days, and with these quiet hours (None: the programme's).

    :raises Stale: if ``version`` isn't the present one
    """
    if not preference.days:
        raise Invalid(Fault(field="days", reason="must hold at least one day"))

    def decide(record: Record) -> Change:
        record.must_be_alive()
        person = replace(record.person, quiet_from=quiet_from, quiet_to=quiet_to)
        change = next_of(record, person=person)
        present = record.check_in
        if present and CheckInPreference.of(present) == preference:
            return change
        return rescheduled(change, preference, present, now=now)

    return change_record(person_id, decide, version=version, people=people)


def move_episode(person_id: str, state: State, *, now: datetime, people: People) -> Record:
    """
    Move the present episode on.

    :raises TransitionNotAllowed: if there is no such way
    :raises NotAgreed: if somebody would become an alumnus who didn't agree to it
    """
    return change_record(person_id, lambda record: moved(record, state, now=now), people=people)


def readmit(
    person_id: str,
    *,
    programme_id: str,
    admitted_on: date,
    will: Will,
    now: datetime,
    people: People,
    programmes: Programmes,
) -> Record:
    """
    Begin a new episode for someone whose last one is over.

    :raises EpisodeStillOpen: if it isn't
    """
    programme = find_programme(programme_id, programmes=programmes)

    def decide(record: Record) -> Change:
        refuse(admission_faults(admitted_on, zone=record.person.zone, now=now))
        episode = readmitted(record.episode, programme_id=programme.id, admitted_on=admitted_on, at=now)
        return back_in_care(record, next_of(record, episode=episode), will=will, now=now)

    return change_record(person_id, decide, people=people)
