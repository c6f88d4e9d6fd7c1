"""Say from which date a person counts, and take the word of a return to use."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, time, timedelta

from chalicelib.enrollment.celebrating import celebrations, hour_of, milestones_of
from chalicelib.enrollment.changing import TRIES, Change, People, after, find_person, next_of
from chalicelib.enrollment.domain import EARLIEST, Record, recovery_fault
from chalicelib.enrollment.holds import Holds, PlacedHold
from chalicelib.enrollment.programmes import name_fault
from chalicelib.enrollment.service import Programmes, find_programme
from chalicelib.errors import Conflict, Fault, Invalid, Stale
from chalicelib.flags.rules import Within
from chalicelib.flags.service import CareRulesStore
from chalicelib.flags.working import due_at
from chalicelib.milestones.domain import (
    LONGEST_NAME,
    Goal,
    Reached,
    Streak,
    Word,
    celebrated,
    counting_from,
    lapsed,
    reached,
    running,
)
from chalicelib.milestones.progress import Progress, Streaks, each_of, known_streaks, progress_of
from chalicelib.outreach.domain import Entry, Hold, Reason, Schedule, Status
from chalicelib.outreach.kinds import DAYS
from chalicelib.outreach.ports import Ledger
from chalicelib.outreach.recurrence import local_date
from chalicelib.tasks.domain import Kind, Task, task_for
from chalicelib.tasks.service import Tasks

QUIET_AFTER_A_LAPSE = timedelta(hours=48)
"""How long nothing is celebrated after a return to use was told (domain rules 2)."""


def count_from(
    person_id: str,
    on: date,
    *,
    goal: Goal,
    name: str | None,
    at: time | None,
    word: Word,
    version: int,
    now: datetime,
    people: People,
    programmes: Programmes,
    streaks: Streaks,
    ledger: Ledger,
    keeps_name: bool = False,
) -> Progress:
    """
    Count a person's days from a date, with this goal; ``at`` is when they are congratulated (None: as before).

    ``keeps_name``: what they call the date stays, whatever ``name`` says.

    What is not sent yet follows the date; nothing that was told is taken back or told again. The same again changes
    nothing.

    :raises Stale: if ``version`` isn't the person's present one
    :raises Invalid: names what is wrong
    """
    if name is not None and (fault := _name_fault(name)):
        raise Invalid(Fault(field="name", reason=fault))

    def decide(record: Record, known: tuple[Streak, ...]) -> tuple[Streak, ...]:
        if fault := recovery_fault(on, zone=record.person.zone, now=now):
            raise Invalid(Fault(field="date", reason=fault))
        today = local_date(now, record.person.zone)
        told = _told(record, known, today=today, ledger=ledger)
        present = running(known)
        called = present.name if keeps_name and present else name
        return counting_from(known, on, goal=goal, name=called, told=told, each=each_of(record), today=today, word=word)

    return _carry_out(
        person_id,
        decide,
        at=at,
        each=lambda record: milestones_of(find_programme(record.episode.programme_id, programmes=programmes)),
        version=version,
        now=now,
        people=people,
        streaks=streaks,
    )


def tell_of_lapse(
    person_id: str,
    on: date | None,
    *,
    starts_on: date | None,
    talk_today: bool,
    of_opioids: bool,
    word: Word,
    now: datetime,
    people: People,
    streaks: Streaks,
    holds: Holds,
    tasks: Tasks,
    care_rules: CareRulesStore,
) -> Progress:
    """
    Take the word of a return to use on a date (None: today), and count anew from ``starts_on`` if the person wants to.

    Celebrations wait for two days, and a clinician is asked to see how the person is; ``of_opioids``, the same working
    day, since tolerance is lost soon. The same again changes nothing.

    :raises Invalid: if the dates can't be
    """
    record = find_person(person_id, people=people)
    record.must_be_alive()
    on = on or local_date(now, record.person.zone)

    def decide(record: Record, known: tuple[Streak, ...]) -> tuple[Streak, ...]:
        today = local_date(now, record.person.zone)
        if starts_on and (fault := recovery_fault(starts_on, zone=record.person.zone, now=now)):
            raise Invalid(Fault(field="startsOn", reason=fault))
        if on < EARLIEST:
            raise Invalid(Fault(field="on", reason="is too long ago"))
        return lapsed(known, on, starts_on=starts_on, each=each_of(record), today=today, word=word)

    decide(record, known_streaks(record, streaks))
    # First, so that nothing is celebrated in between; whoever asks again finds all of it done, or does the rest.
    hold = PlacedHold(kind=Hold.CONVERSATION, until=now + QUIET_AFTER_A_LAPSE, since=now, by=word.by)
    holds.extend(person_id, hold)
    done = _carry_out(person_id, decide, now=now, people=people, streaks=streaks)

    def a_task(kind: Kind, about: str) -> Task:
        programme_id, zone = record.episode.programme_id, record.person.zone
        return task_for(kind, about, programme_id=programme_id, person_id=person_id, at=now, zone=zone)

    seen = a_task(Kind.RETURN_TO_USE, f"{on}-opioids" if of_opioids else f"{on}")
    if of_opioids:
        working = care_rules.of(record.episode.programme_id).working
        due = due_at(Within(working_days=0), at=now, zone=record.person.zone, working=working)
        seen = replace(seen, due_at=due)
    tasks.open(seen)
    if talk_today:
        tasks.open(a_task(Kind.TALK_TODAY, f"{on}"))
    return done


def _carry_out(
    person_id: str,
    decide: Callable[[Record, tuple[Streak, ...]], tuple[Streak, ...]],
    *,
    at: time | None = None,
    each: Callable[[Record], tuple[str, ...]] | None = None,
    version: int | None = None,
    now: datetime,
    people: People,
    streaks: Streaks,
) -> Progress:
    """Load, decide and write streaks, the date and its schedule at once, behind the person's version."""
    for _ in range(TRIES):
        record = find_person(person_id, people=people)
        record.must_be_alive()
        if version is not None and record.person.version != version:
            raise Stale("the record was changed meanwhile")
        # After the record: whoever changed them since then changed the version too.
        known = known_streaks(record, streaks)
        changed = decide(record, known)
        present = _with(known, changed)
        change = _celebrating(record, present, at=at, each=each(record) if each else None, now=now)
        if not changed and change is None:
            return progress_of(record, known, now=now)
        change = change or next_of(record)
        try:
            streaks.write(change, changed)
        except Stale:
            continue
        return progress_of(after(record, change), present, now=now)
    raise Conflict("the record is being changed by others; try again")


def _celebrating(
    record: Record, streaks: tuple[Streak, ...], *, at: time | None, each: tuple[str, ...] | None, now: datetime
) -> Change | None:
    """Return the change that makes date and schedule those of the present streak; None if they are."""
    schedule = next((one for one in record.schedules if one.kind == DAYS), None)
    present = running(streaks)
    if present is None:
        if schedule is None and record.person.recovery_on is None:
            return None
        change = next_of(record, person=replace(record.person, recovery_on=None))
        return replace(change, no_schedules=(DAYS,) if schedule else ())
    hour = at or _hour(schedule) or hour_of(record.check_in)
    change = next_of(record, person=replace(record.person, recovery_on=present.starts_on))
    wanted, dues = celebrations(
        change.person,
        present.starts_on,
        at=hour,
        version=change.person.version,
        now=now,
        but=celebrated(streaks, present.run),
        each=each or each_of(record),
    )
    if schedule and schedule.when == wanted.when:
        return None
    return replace(change, schedules=(wanted,), dues=dues)


def _hour(schedule: Schedule | None) -> time | None:
    return getattr(schedule.when, "at", None) if schedule else None


def _told(record: Record, streaks: tuple[Streak, ...], *, today: date, ledger: Ledger) -> list[Reached]:
    """Return what the person was told of the present count, or may have been."""
    present = running(streaks)
    found = reached(present.starts_on, each_of(record), today=today) if present else ()
    entries = ledger.of_people((record.person.id, DAYS, one.on) for one in found)
    dates = {entry.on for entry in entries if _went_out(entry)}
    return [one for one in found if one.on in dates]


def _went_out(entry: Entry) -> bool:
    return entry.status in {Status.SENT, Status.MERGED, Status.CLAIMED} or entry.reason is Reason.UNKNOWN


def _with(streaks: tuple[Streak, ...], changed: Iterable[Streak]) -> tuple[Streak, ...]:
    by_number = {streak.number: streak for streak in (*streaks, *changed)}
    return tuple(by_number[number] for number in sorted(by_number))


def _name_fault(name: str) -> str | None:
    return f"is longer than {LONGEST_NAME} characters" if len(name) > LONGEST_NAME else name_fault(name)
