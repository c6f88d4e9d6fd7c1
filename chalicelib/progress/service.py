"""Gather what a person's answers, days and plan show over some weeks, for each of those who may see it."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Protocol

from chalicelib.checkins.domain import CheckIn
from chalicelib.checkins.forms import DAILY, WEEKLY
from chalicelib.enrollment.changing import People, find_person
from chalicelib.enrollment.domain import Record
from chalicelib.errors import NotFound
from chalicelib.flags.rules import Answered, Ran, Rule
from chalicelib.milestones.domain import Award, Goal, days_of
from chalicelib.milestones.progress import Progress, Streaks, known_streaks, progress_of
from chalicelib.outreach.domain import Entry
from chalicelib.outreach.recurrence import local_date
from chalicelib.progress.measures import Measure, measures
from chalicelib.progress.series import Asked, Point, asked, points
from chalicelib.progress.trends import LONGEST, Trend, trend
from chalicelib.routine.domain import Completion
from chalicelib.routine.goals import Goal as PlanGoal
from chalicelib.routine.goals import State
from chalicelib.tasks.domain import Kind, Task

WEEK = timedelta(weeks=1)
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
MOST_ENTRIES = 5000
"""Ledger entries of one person that are looked at: more than a year holds."""


class NoSuchMeasure(NotFound):
    """Nothing of this name is measured."""


class CheckIns(Protocol):
    """What was answered."""

    def between(self, person_id: str, first: date, last: date) -> list[CheckIn]: ...


class Ledger(Protocol):
    """What became of every occurrence."""

    def between(self, person_id: str, first: date, last: date, *, limit: int = 1000) -> list[Entry]: ...


class Tasks(Protocol):
    """What staff have to do, and did."""

    def of_person(self, person_id: str) -> list[Task]: ...


class Awards(Protocol):
    """What people achieved by what they did."""

    def of_person(self, person_id: str) -> list[Award]: ...


class Completions(Protocol):
    """Which items of their week people did."""

    def completions(self, person_id: str, first: date, last: date) -> list[Completion]: ...


class Goals(Protocol):
    """What people and their care team set out to reach."""

    def goals(self, person_id: str) -> list[PlanGoal]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Weeks:
    """Some weeks of a person up to their own ``last``, today: the answers, and those that trends need before them."""

    record: Record
    first: date
    last: date
    check_ins: tuple[CheckIn, ...]

    @property
    def within(self) -> list[CheckIn]:
        """The check-ins of these weeks."""
        return [check_in for check_in in self.check_ins if check_in.on >= self.first]


@dataclass(frozen=True, slots=True, kw_only=True)
class Series:
    """A measure's answers within some weeks, and how the latest compare with those before."""

    measure: Measure
    points: tuple[Point, ...]
    trend: Trend | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """What was done within some weeks: dates with an answer, items of the week, steps; and the goals that are met."""

    check_ins: int
    items: int
    steps: int
    goals: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flag:
    """A flag as history: the rule that raised it, by which measure (or ``missed``), and of which date and form."""

    task: Task
    rule: str
    of: str
    on: date
    form: str | None


def weeks_of(person_id: str, weeks: int, *, now: datetime, people: People, check_ins: CheckIns) -> Weeks:
    """
    Return the last weeks of a person, today included.

    :raises NoSuchPerson: if there is none
    """
    record = find_person(person_id, people=people)
    last = local_date(now, record.person.zone)
    first = last - weeks * WEEK + timedelta(days=1)
    since = min(first, last - LONGEST + timedelta(days=1))
    return Weeks(record=record, first=first, last=last, check_ins=tuple(check_ins.between(person_id, since, last)))


def series_of(weeks: Weeks, measure: Measure) -> Series:
    """Return a measure's answers within these weeks."""
    known = points(weeks.check_ins, measure)
    return Series(
        measure=measure,
        points=tuple(point for point in known if point.on >= weeks.first),
        trend=trend(known, measure=measure, today=weeks.last),
    )


def all_series(weeks: Weeks, *, also: Sequence[str] = ()) -> list[Series]:
    """Return the measures that have answers within these weeks: all that are shown, and ``also`` these."""
    found = (series_of(weeks, one) for one in measures().values() if one.is_shown or one.id in also)
    return [series for series in found if series.points]


def measure_named(name: str) -> Measure:
    """
    Return a measure.

    :raises NoSuchMeasure: if there is none of this name
    """
    try:
        return measures()[name]
    except KeyError:
        raise NoSuchMeasure("There is no such thing, or not for you.") from None


def asked_within(weeks: Weeks, *, now: datetime, ledger: Ledger) -> list[Asked]:
    """Return what became of each check-in of these weeks."""
    person = weeks.record.person
    entries = ledger.between(person.id, weeks.first, weeks.last, limit=MOST_ENTRIES)
    return asked(weeks.within, entries, zone=person.zone, now=now)


def flags_within(weeks: Weeks, *, tasks: Tasks) -> list[Flag]:
    """Return the flags about these weeks, the oldest first: each with who reviewed it, when, and what they did."""
    person = weeks.record.person
    found = (_flag(task, zone=person.zone) for task in tasks.of_person(person.id) if task.kind is Kind.FLAG)
    within = [flag for flag in found if weeks.first <= flag.on <= weeks.last]
    return sorted(within, key=lambda flag: (flag.on, flag.task.opened_at, flag.rule))


def _flag(task: Task, *, zone: str) -> Flag:
    # A rule's name holds no hyphen; what follows is a date, and of a check-in its form.
    rule, _, about = task.about.partition("-")
    on, form = about[:10], about[11:]
    return Flag(
        task=task,
        rule=rule,
        of=(task.because or "").partition("=")[0],
        on=date.fromisoformat(on) if _DATE.fullmatch(on) else local_date(task.opened_at, zone),
        form=form if form in {DAILY, WEEKLY} else None,
    )


def thresholds(rules: Sequence[Rule], measure: Measure) -> list[tuple[Rule, int, bool]]:
    """Return the rules that hold from a number of a measure on: rule, number, and whether from there upwards."""
    found = []
    for rule in rules:
        when = rule.when
        if isinstance(when, Answered | Ran) and when.of == measure.id:
            if when.at_least is not None:
                found.append((rule, when.at_least, True))
            if isinstance(when, Answered) and when.at_most is not None:
                found.append((rule, when.at_most, False))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """A person's days and what they reached; ``on_plan`` are days counted for a plan of their own."""

    progress: Progress
    on_plan: int
    achieved: tuple[Award, ...]


def reached(weeks: Weeks, *, now: datetime, streaks: Streaks, awards: Awards) -> Reached:
    """Return what the person reached, whenever that was."""
    counts = known_streaks(weeks.record, streaks)
    of_plans = [streak for streak in counts if streak.goal is Goal.ON_PLAN]
    return Reached(
        progress=progress_of(weeks.record, counts, now=now),
        on_plan=days_of(of_plans, today=weeks.last).total,
        achieved=tuple(awards.of_person(weeks.record.person.id)),
    )


def done_within(weeks: Weeks, *, completions: Completions, goals: Goals) -> Done:
    """Return what the person did in these weeks, and how many of their goals are met."""
    person_id = weeks.record.person.id
    set_out = goals.goals(person_id)
    return Done(
        check_ins=len({one.on for one in weeks.within if one.revisions and one.disputed_at is None}),
        items=sum(one.is_done for one in completions.completions(person_id, weeks.first, weeks.last)),
        steps=sum(
            step.done_on is not None and weeks.first <= step.done_on <= weeks.last
            for goal in set_out
            for step in goal.steps
        ),
        goals=sum(goal.state is State.MET for goal in set_out),
    )
