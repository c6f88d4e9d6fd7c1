"""Note who came to a session, one person or a whole session at once, and look at who came to none."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta

from chalicelib.enrollment.changing import People, find_person
from chalicelib.enrollment.domain import NoSuchPerson, Record
from chalicelib.errors import Conflict, Fault, Forbidden, Invalid, NotFound, Stale, refuse
from chalicelib.flags.domain import CareRules
from chalicelib.flags.rules import History
from chalicelib.flags.service import CareRulesStore, flags_about
from chalicelib.outreach.domain import Standing
from chalicelib.outreach.recurrence import local_date
from chalicelib.routine.attendance import Attendance, Presence, held, history_at, unattended
from chalicelib.routine.domain import MOVED_WITHIN, SESSIONS, Departure, Item, NoSuchItem, comes_on
from chalicelib.routine.service import (
    SAID_AHEAD,
    SAID_BACK,
    TRIES,
    Attendances,
    Routines,
    View,
    find_template,
    seen,
    view_of,
)
from chalicelib.routine.weeks import begins_at, looked_at, the_one
from chalicelib.tasks.domain import Task
from chalicelib.tasks.service import Tasks

MOST_AT_ONCE = 100
"""How many people of a session can be noted at once."""

FLAGGED_FOR = timedelta(days=14)
"""An absence that is noted later than this is put on record, and nobody is sent after it any more."""

LOOKS_BACK = timedelta(days=35)
"""How far one looks for the last session attended, before looking through all of the episode."""

AT_ONCE = 40
"""How many flags one transaction takes along (100 items are its most, and a flag is two)."""


class NotASession(Conflict):
    """Homework and wellness activities are ticked off, not attended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What noting attendance works with."""

    people: People
    routines: Routines
    attendances: Attendances
    care_rules: CareRulesStore
    tasks: Tasks


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What staff say of a person and a session. ``minutes`` None: all of them. ``presence`` None: taken back."""

    presence: Presence | None
    minutes: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Refused:
    """An entry of a session's list that wasn't noted, by its place in the list, and why."""

    index: int
    faults: tuple[Fault, ...]


def note_attendance(
    person_id: str, item_id: str, on: date, said: Said, *, by: str, desk: Desk, now: datetime
) -> Attendance | None:
    """
    Note whether a person came to a session; the same again changes nothing. None: there was nothing to take back.

    An absence is stored together with the flags that it raises: none is noted that nobody looks at.

    :raises NoSuchItem: if they have no such session that takes place on that date
    :raises NotASession: if it is homework or a wellness activity
    :raises Invalid: names everything that is wrong
    :raises Conflict: if others keep changing it
    """
    view = view_of(person_id, between=(on, on), people=desk.people, routines=desk.routines, now=now)
    return _note(view, item_id, on, said, by=by, care=_care(view.record, desk), desk=desk, now=now)


def note_session(
    programme_id: str,
    item_id: str,
    on: date,
    entries: Sequence[tuple[str, Said]],
    *,
    may: Callable[[str], object],
    by: str,
    desk: Desk,
    now: datetime,
) -> tuple[list[Attendance], list[Refused]]:
    """
    Note a session of a programme for these people; return what stands noted now, and which entries were refused.

    Each is noted by itself, so the list can be sent again as it is. ``may`` raises where the caller may not do so.

    :raises NoSuchItem: if the programme has no such session that takes place on that date
    :raises NotASession: if it is homework or a wellness activity
    :raises Invalid: if it names somebody twice
    """
    template = find_template(programme_id, routines=desk.routines)
    departures = desk.routines.departures(programme_id, looked_at(on, on))
    _must_take_place(template.item(item_id), on, off={one.item_id for one in departures if one.on == on and one.is_off})
    if len({person_id for person_id, _ in entries}) < len(entries):
        raise Invalid(Fault(field="people", reason="names somebody twice"))
    care = desk.care_rules.of(programme_id)
    noted, refused = [], []
    for index, (person_id, said) in enumerate(entries):
        try:
            may(person_id)
            record = find_person(person_id, people=desk.people)
            if record.episode.programme_id != programme_id:
                raise NoSuchPerson("there is no such person")
            view = seen(record, template, departures, desk.routines.own(person_id), now=now)
            found = _note(view, item_id, on, said, by=by, care=care, desk=desk, now=now)
        except (NotFound, Forbidden) as error:
            why = "doesn't have this session" if isinstance(error, NoSuchItem) else "isn't there, or not for you"
            refused.append(Refused(index=index, faults=(Fault(field="personId", reason=why),)))
        except Invalid as invalid:
            refused.append(Refused(index=index, faults=invalid.faults))
        except Conflict as conflict:
            refused.append(Refused(index=index, faults=(Fault(field="presence", reason=str(conflict)),)))
        else:
            noted += [found] if found else []
    return noted, refused


def attended(
    person_id: str, *, first: date, last: date, people: People, routines: Routines, attendances: Attendances
) -> list[Attendance]:
    """
    Return what was noted of a person's sessions between two dates, the latest first; none that are off.

    :raises NoSuchPerson: if there is none
    """
    record = find_person(person_id, people=people)
    departures = routines.departures(record.episode.programme_id, (first, last))
    off = {(one.item_id, one.on) for one in departures if one.is_off}
    noted = attendances.between(person_id, first, last)
    return [one for one in reversed(noted) if one.presence and (one.item_id, one.on) not in off]


def look_for_absence(record: Record, *, now: datetime, desk: Desk) -> list[Task]:
    """
    Open the flags that it raises if a person attends nothing, once for each run of that; return the new ones.

    Looked at when somebody's check-in has come up, so that nobody has to do anything for it.
    """
    if record.standing(at=now) is not Standing.REACHABLE:
        return []
    zone, admitted_on = record.person.zone, record.episode.admitted_on
    today = local_date(now, zone)
    rows = desk.attendances.between(
        record.person.id, max(today - LOOKS_BACK, admitted_on - MOVED_WITHIN), today + MOVED_WITHIN
    )
    if all(one.presence in {None, Presence.ATTENDED} for one in rows):
        return []
    care = _care(record, desk)
    return [flag for flag in _unattended(record, rows, care=care, desk=desk, now=now) if desk.tasks.open(flag)]


def _note(
    view: View, item_id: str, on: date, said: Said, *, by: str, care: CareRules, desk: Desk, now: datetime
) -> Attendance | None:
    person_id = view.record.person.id
    series = the_one(view.series, item_id, on)
    item, at = series.item, begins_at(series, on)
    if item.kind not in SESSIONS:
        raise NotASession("homework and wellness activities are ticked off, not attended")
    refuse(_faults(said, item, at, now=now))
    minutes = (said.minutes or item.minutes) if said.presence is Presence.ATTENDED else 0
    today = local_date(now, view.zone)
    for _ in range(TRIES):
        known = desk.attendances.between(person_id, min(on, today) - LOOKS_BACK, max(on, today) + MOVED_WITHIN)
        present = next((one for one in known if (one.item_id, one.on) == (item_id, on)), None)
        if (present is None and said.presence is None) or (present and present.says(said.presence, minutes)):
            return present
        noted = Attendance(
            person_id=person_id,
            item_id=item_id,
            on=on,
            kind=item.kind,
            at=at,
            planned=item.minutes,
            presence=said.presence,
            minutes=minutes,
            noted_at=now,
            by=by,
            version=present.version + 1 if present else 1,
        )
        rows = [one for one in known if one is not present] + [noted]
        flags = [*_missed(noted, rows, view=view, care=care, desk=desk, now=now)]
        flags += _unattended(view.record, rows, care=care, desk=desk, now=now)
        new = [flag for flag in flags if desk.tasks.find(person_id, flag.id) is None]
        try:
            desk.attendances.save(noted, new[:AT_ONCE])
        except Stale:
            continue
        for flag in new[AT_ONCE:]:
            desk.tasks.open(flag)
        return noted
    raise Conflict("this is being noted somewhere else; please try again")


def _faults(said: Said, item: Item, at: datetime, *, now: datetime) -> list[Fault]:
    faults = []
    if said.minutes is not None and said.presence is not Presence.ATTENDED:
        faults.append(Fault(field="minutes", reason="goes with attended only"))
    elif said.minutes is not None and said.minutes > item.minutes:
        faults.append(Fault(field="minutes", reason="is more than the session was planned for"))
    if at < now - SAID_BACK or at > now + SAID_AHEAD:
        faults.append(Fault(field="on", reason="must be a date of the last 60 days or the next 14"))
    elif at > now and said.presence in {Presence.ATTENDED, Presence.ABSENT}:
        faults.append(Fault(field="presence", reason="can't be known before the session begins"))
    return faults


def _must_take_place(item: Item, on: date, *, off: set[str]) -> None:
    if item.kind not in SESSIONS:
        raise NotASession("homework and wellness activities are ticked off, not attended")
    if item.id in off or not comes_on(item.when(str(item.zone)), on):
        raise NoSuchItem("there is no such session on that date")


def _missed(
    noted: Attendance, rows: Iterable[Attendance], *, view: View, care: CareRules, desk: Desk, now: datetime
) -> list[Task]:
    """Return the flags of this absence, and of those after it, now that it is known."""
    if view.record.standing(at=now) is not Standing.REACHABLE:
        return []
    known = held(rows, _departures(view.record, rows, desk=desk), before=now)
    found: dict[str, Task] = {}
    for one in known:
        if one.at >= max(noted.at, now - FLAGGED_FOR):
            history = history_at(known, one, zone=view.zone)
            about = f"{one.on}-{one.item_id}"
            found |= flags_about([history], about, person_id=noted.person_id, zone=view.zone, care=care, at=now)
    return list(found.values())


def _unattended(
    record: Record, rows: Sequence[Attendance], *, care: CareRules, desk: Desk, now: datetime
) -> list[Task]:
    if record.standing(at=now) is not Standing.REACHABLE:
        return []
    person_id, zone, admitted_on = record.person.id, record.person.zone, record.episode.admitted_on
    today = local_date(now, zone)
    if not any(one.presence is Presence.ATTENDED for one in rows):
        # What is further back says whether this is the beginning of it.
        known = {(one.item_id, one.on) for one in rows}
        earlier = desk.attendances.between(person_id, admitted_on - MOVED_WITHIN, today)
        rows = [*rows, *(one for one in earlier if (one.item_id, one.on) not in known)]
    kept = held(rows, _departures(record, rows, desk=desk), before=now)
    run = unattended([one for one in kept if local_date(one.at, zone) >= admitted_on], today=today, zone=zone)
    history = History(unattended=run.days)
    found = flags_about([history], f"{run.since}", person_id=person_id, zone=zone, care=care, at=now)
    return list(found.values())


def _departures(record: Record, rows: Iterable[Attendance], *, desk: Desk) -> list[Departure]:
    dates = [one.on for one in rows]
    return desk.routines.departures(record.episode.programme_id, (min(dates), max(dates))) if dates else []


def _care(record: Record, desk: Desk) -> CareRules:
    return desk.care_rules.of(record.episode.programme_id)
