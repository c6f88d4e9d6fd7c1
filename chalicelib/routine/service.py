"""Show a person their week, and keep what they did."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.changing import People, find_person
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State
from chalicelib.errors import Conflict, Fault, Invalid, Stale
from chalicelib.outreach.domain import Standing
from chalicelib.outreach.recurrence import local_date
from chalicelib.routine.attendance import Attendance
from chalicelib.routine.domain import OUTPATIENT, TO_DO, Completion, Departure, Own, Template
from chalicelib.routine.weeks import (
    WEEK,
    Planned,
    Series,
    Stay,
    Totals,
    looked_at,
    planned,
    series_of,
    the_one,
    totals,
    with_attendance,
    with_completions,
)
from chalicelib.tasks.domain import Task

TRIES = 3
FURTHEST_BACK, FURTHEST_AHEAD = timedelta(days=366), timedelta(days=366)
"""Which weeks can be looked at, counted from today."""
SAID_BACK, SAID_AHEAD = timedelta(days=60), timedelta(days=14)
"""How late something can be ticked off, and how early."""


class NotToDo(Conflict):
    """Sessions are attended, not ticked off."""


class Routines(Protocol):
    """Programmes' weeks, what departs from them, and what people have of their own and did."""

    def template(self, programme_id: str, version: int | None = None) -> Template | None: ...
    def add_template(self, template: Template) -> None:
        """
        Add a version.

        :raises Stale: if it is there already
        """
        ...

    def departures(self, programme_id: str, between: tuple[date, date] | None = None) -> list[Departure]: ...
    def put_departure(self, departure: Departure) -> None:
        """
        Put a departure over the version before it.

        :raises Stale: if that isn't the present one
        """
        ...

    def own(self, person_id: str) -> Own: ...
    def save_own(self, own: Own) -> None:
        """
        Put what a person has of their own over the version before it.

        :raises Stale: if that isn't the present one
        """
        ...

    def completions(self, person_id: str, first: date, last: date) -> list[Completion]: ...
    def save_completion(self, completion: Completion) -> None:
        """
        Put what was said over the version before it.

        :raises Stale: if that isn't the present one
        """
        ...


class Attendances(Protocol):
    """What staff noted of people and sessions."""

    def between(self, person_id: str, first: date, last: date) -> list[Attendance]:
        """Return what was noted of the sessions that these dates name, what was taken back too."""
        ...

    def save(self, attendance: Attendance, flags: Sequence[Task] = ()) -> None:
        """
        Put what was noted over the version before it, with the flags that it raises, or neither.

        :raises Stale: if that isn't the present one, or a flag is there already
        """
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A person's week from ``first`` on, in their ``zone``, and what it comes to."""

    first: date
    zone: str
    times: list[Planned]
    totals: Totals


@dataclass(frozen=True, slots=True, kw_only=True)
class View:
    """All that a person's weeks are made of, departures as far as was asked."""

    record: Record
    template: Template
    own: Own
    departures: list[Departure]
    series: list[Series]

    @property
    def zone(self) -> str:
        """The person's zone."""
        return self.record.person.zone

    @property
    def level(self) -> str:
        """The code of the level of care that they are at."""
        if self.own.level:
            return self.own.level
        return OUTPATIENT if self.record.episode.state is State.STEP_DOWN else self.template.level


def find_template(programme_id: str, *, routines: Routines, version: int | None = None) -> Template:
    """Return a version of a programme's week, the present one unless said otherwise; an empty one before any is set."""
    return routines.template(programme_id, version) or Template(programme_id=programme_id)


def view_of(
    person_id: str, *, between: tuple[date, date] | None, people: People, routines: Routines, now: datetime
) -> View:
    """
    Return what a person's weeks are made of, ``between`` two dates (None: all departures).

    :raises NoSuchPerson: if there is none
    """
    record = find_person(person_id, people=people)
    programme_id = record.episode.programme_id
    template = find_template(programme_id, routines=routines)
    departures = routines.departures(programme_id, looked_at(*between) if between else None) if template.items else []
    return seen(record, template, departures, routines.own(person_id), now=now)


def seen(record: Record, template: Template, departures: list[Departure], own: Own, *, now: datetime) -> View:
    """Return the same of what is known already."""
    series = series_of(template, own, departures, zone=record.person.zone, stay=stay_of(record, now=now))
    return View(record=record, template=template, own=own, departures=departures, series=series)


def stay_of(record: Record, *, now: datetime) -> Stay | None:
    """Return on which dates a person has their programme's week; None: not yet."""
    episode = record.episode
    if episode.state is State.REFERRED:
        return None
    if record.standing(at=now) in {Standing.REACHABLE, Standing.ON_HOLD}:
        return Stay(first=episode.admitted_on)
    return Stay(first=episode.admitted_on, last=local_date(episode.changed_at, record.person.zone))


def my_week(
    person_id: str, *, first: date, people: People, routines: Routines, attendances: Attendances, now: datetime
) -> Week:
    """
    Return seven days of a person, from a date on.

    :raises Invalid: if that is too far away
    :raises NoSuchPerson: if there is none
    """
    today = local_date(now, "UTC")
    if not today - FURTHEST_BACK <= first <= today + FURTHEST_AHEAD:
        raise Invalid(Fault(field="from", reason="must be within a year of today"))
    last = first + WEEK - timedelta(days=1)
    view = view_of(person_id, between=(first, last), people=people, routines=routines, now=now)
    times = planned(view.series, first=first, last=last, zone=view.zone)
    # By its date, something moved here may have been ticked off under an earlier one.
    times = with_completions(times, routines.completions(person_id, *looked_at(first, last)))
    times = with_attendance(times, attendances.between(person_id, *looked_at(first, last)))
    found = totals(times, template=view.template, code=view.level, is_over=_is_over(view, first, last, now=now))
    return Week(first=first, zone=view.zone, times=times, totals=found)


def _is_over(view: View, first: date, last: date, *, now: datetime) -> bool:
    """Say whether a week is over, and the person was in care on all of its days."""
    stay = stay_of(view.record, now=now)
    if stay is None or local_date(now, view.zone) <= last:
        return False
    return stay.first <= first and (stay.last is None or last <= stay.last)


def say_done(
    person_id: str,
    item_id: str,
    on: date,
    *,
    is_done: bool,
    by: str,
    people: People,
    routines: Routines,
    now: datetime,
) -> Completion:
    """
    Note that homework or a wellness activity of a date is done, late or early, or not. The same again changes nothing.

    :raises NoSuchItem: if the person has none that takes place on that date, or it is too long ago or ahead
    :raises NotToDo: if it is a session
    :raises Conflict: if others keep saying otherwise
    """
    view = view_of(person_id, between=(on, on), people=people, routines=routines, now=now)
    item = the_one(view.series, item_id, on).item
    if item.kind not in TO_DO:
        raise NotToDo("sessions are attended, not ticked off")
    said_on = local_date(now, view.zone)
    if not said_on - SAID_BACK <= on <= said_on + SAID_AHEAD:
        raise Invalid(Fault(field="on", reason="must be a date of the last 60 days or the next 14"))
    for _ in range(TRIES):
        present = next((one for one in routines.completions(person_id, on, on) if one.item_id == item_id), None)
        if present and present.is_done is is_done:
            return present
        said = Completion(
            person_id=person_id,
            item_id=item_id,
            on=on,
            is_done=is_done,
            said_at=now,
            said_on=said_on,
            zone=view.zone,
            by=by,
            version=present.version + 1 if present else 1,
        )
        try:
            routines.save_completion(said)
        except Stale:
            continue
        return said
    raise Conflict("this is being changed somewhere else; please try again")
