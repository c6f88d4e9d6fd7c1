"""What one person adds to a report. Every figure is a sum or a list over people, each of whom is counted once."""

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from chalicelib.enrollment.episodes import IN_CARE, Episode, State
from chalicelib.milestones.domain import Award
from chalicelib.outreach.categories import closes_of
from chalicelib.outreach.domain import Entry
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.recurrence import local_date
from chalicelib.progress.series import Asked
from chalicelib.progress.series import State as Answered
from chalicelib.reports.domain import Period
from chalicelib.tasks.domain import Kind, Task

DAYS = (30, 60, 90, 120)
"""After how many days from admission it is looked at whether people are in care."""

ENGAGED_WITHIN = timedelta(days=14)
"""Whoever answered or came to a session in so many days up to a day, that day included, is engaged on it."""

SILENT_AFTER = 3
"""So many check-ins in a row that were sent and not answered are a silence."""

LOOKS_BACK = timedelta(days=42)
"""How far before a period ledger and answers are read: a silence may have begun there."""

_COLUMN = {Answered.ANSWERED: 1, Answered.UNANSWERED: 2, Answered.NOT_SENT: 4}
_NEVER = frozenset({State.REFERRED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """
    What is known of a person.

    ``contacts`` are instants at which they answered, came to a session, or were reached by staff; ``active_on`` are
    dates on which they answered or came. ``asked`` are their daily check-ins and ``entries`` those of the ledger, both
    from before the period on and of the programme's own time with the person.
    """

    zone: str
    episodes: Sequence[Episode]
    asked: Sequence[Asked]
    entries: Sequence[Entry]
    active_on: frozenset[date]
    contacts: Sequence[datetime]
    awards: Sequence[Award]
    flags: Sequence[Task]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tally:
    """
    What some people add up to. Lists hold a number per person, or per flag, None where it hasn't happened yet.

    ``weeks``: Monday to people reached, check-ins answered and unanswered, people with any, and check-ins not sent.
    ``cohorts``: month of admission to people, and for each of ``DAYS`` people whose day has come, in care, and engaged.
    ``silences``: hours from a silence to the first contact. ``milestones``: people by kind. ``flags``: rule to people,
    and hours to the review of each.
    """

    people: int = 0
    weeks: Mapping[str, Sequence[int]] = field(default_factory=dict)
    cohorts: Mapping[str, Sequence[int]] = field(default_factory=dict)
    silences: Sequence[float | None] = ()
    milestones: Mapping[str, int] = field(default_factory=dict)
    flags: Mapping[str, tuple[int, Sequence[float | None]]] = field(default_factory=dict)

    def __add__(self, other: "Tally") -> "Tally":
        """Return what both add up to."""
        flags = dict(self.flags)
        for rule, (people, hours) in other.flags.items():
            before = flags.get(rule, (0, ()))
            flags[rule] = (before[0] + people, (*before[1], *hours))
        return Tally(
            people=self.people + other.people,
            weeks=_added(self.weeks, other.weeks),
            cohorts=_added(self.cohorts, other.cohorts),
            silences=(*self.silences, *other.silences),
            milestones={
                name: self.milestones.get(name, 0) + other.milestones.get(name, 0)
                for name in {*self.milestones, *other.milestones}
            },
            flags=flags,
        )

    def written(self) -> str:
        """Return it as text; ``read`` reads it back."""
        return json.dumps(
            {
                "people": self.people,
                "weeks": dict(self.weeks),
                "cohorts": dict(self.cohorts),
                "silences": list(self.silences),
                "milestones": dict(self.milestones),
                "flags": {rule: [people, list(hours)] for rule, (people, hours) in self.flags.items()},
            }
        )


def read(text: str) -> Tally:
    """Return the tally that ``written`` wrote."""
    raw = json.loads(text)
    return Tally(
        people=raw["people"],
        weeks={week: tuple(counts) for week, counts in raw["weeks"].items()},
        cohorts={month: tuple(counts) for month, counts in raw["cohorts"].items()},
        silences=tuple(raw["silences"]),
        milestones=raw["milestones"],
        flags={rule: (people, tuple(hours)) for rule, (people, hours) in raw["flags"].items()},
    )


def _added(one: Mapping[str, Sequence[int]], other: Mapping[str, Sequence[int]]) -> dict[str, Sequence[int]]:
    return {
        name: tuple(map(sum, zip(*(counts[name] for counts in (one, other) if name in counts), strict=True)))
        for name in {*one, *other}
    }


def is_of(programme_id: str, on: date, episodes: Sequence[Episode]) -> bool:
    """Say whether a date belongs to a programme's time with somebody: their latest stay then was, or is, there."""
    begun = [one for one in episodes if one.admitted_on <= on] or episodes[:1]
    return bool(begun) and begun[-1].programme_id == programme_id


def tally_of(facts: Facts, period: Period, *, programme_id: str) -> Tally:
    """Return what one person adds to a report of a programme."""
    episodes = [one for one in facts.episodes if one.programme_id == programme_id and one.state not in _NEVER]
    return Tally(
        people=1,
        weeks=_weeks(facts.asked, period),
        cohorts=_cohorts(episodes, facts, period),
        silences=_silence(facts, period),
        milestones=dict.fromkeys({award.name for award in facts.awards if period.holds(award.on)}, 1),
        flags=_flags(facts, period, programme_id=programme_id),
    )


def _weeks(asked: Iterable[Asked], period: Period) -> dict[str, Sequence[int]]:
    mondays = set(period.weeks())
    found: dict[str, list[int]] = {}
    for one in asked:
        monday = one.on - timedelta(days=one.on.weekday())
        if monday not in mondays or one.state is Answered.OPEN:
            continue
        counts = found.setdefault(monday.isoformat(), [0, 0, 0, 1, 0])
        counts[_COLUMN[one.state]] += 1
        counts[0] = int(counts[1] + counts[2] > 0)
    return dict(found)


def _cohorts(episodes: Iterable[Episode], facts: Facts, period: Period) -> dict[str, Sequence[int]]:
    found: dict[str, list[int]] = {}
    for episode in episodes:
        if not period.holds(episode.admitted_on):
            continue
        # Somebody admitted twice in a month is one person of it, by the later stay.
        counts = [1]
        for days in DAYS:
            on = episode.admitted_on + timedelta(days=days)
            has_come = on <= period.last and _lives(episode, on, facts.zone)
            in_care = has_come and is_in_care(episode, on, facts.zone)
            engaged = in_care and any(on - ENGAGED_WITHIN < day <= on for day in facts.active_on)
            counts += [int(has_come), int(in_care), int(engaged)]
        found[f"{episode.admitted_on:%Y-%m}"] = counts
    return dict(found)


def is_in_care(episode: Episode, on: date, zone: str) -> bool:
    """
    Say whether a stay lasted on a date.

    What is kept of a stay is its present state and since when: one that is over ended with that, on the date before
    it; only of alumni it isn't known when they graduated.
    """
    return episode.admitted_on <= on and (episode.state in IN_CARE or on < local_date(episode.changed_at, zone))


def _lives(episode: Episode, on: date, zone: str) -> bool:
    # Whoever died is in no figure of a day after.
    return episode.state is not State.DECEASED or on < local_date(episode.changed_at, zone)


def silences(facts: Facts) -> list[tuple[datetime, datetime | None]]:
    """
    Return when the person fell silent, and when they were in contact again, if they were.

    A silence begins when the time of the third check-in in a row is over that was sent and not answered. What wasn't
    sent neither counts nor ends it; any contact ends it.
    """
    missed_on = {one.on for one in facts.asked if one.state is Answered.UNANSWERED}
    ends = sorted(
        closes_of(CHECK_IN, on=entry.on, due_at=entry.due_at, zone=facts.zone)
        for entry in facts.entries
        if entry.kind == CHECK_IN and entry.on in missed_on
    )
    contacts = sorted(facts.contacts)
    found: list[tuple[datetime, datetime | None]] = []
    run: list[datetime] = []
    for end in ends:
        if run and any(run[-1] < at <= end for at in contacts):
            run = []
        run.append(end)
        if len(run) == SILENT_AFTER:
            found.append((end, next((at for at in contacts if at > end), None)))
    return found


def _silence(facts: Facts, period: Period) -> tuple[float | None, ...]:
    """Return the hours to the first contact after the person's first silence of the period."""
    for since, contact in silences(facts):
        if period.holds(local_date(since, facts.zone)):
            return (None if contact is None else (contact - since) / timedelta(hours=1),)
    return ()


def _flags(facts: Facts, period: Period, *, programme_id: str) -> dict[str, tuple[int, Sequence[float | None]]]:
    found: dict[str, list[float | None]] = {}
    for task in facts.flags:
        if task.kind is not Kind.FLAG or task.programme_id != programme_id:
            continue
        if period.holds(local_date(task.opened_at, facts.zone)):
            hours = None if task.done_at is None else (task.done_at - task.opened_at) / timedelta(hours=1)
            found.setdefault(task.about.partition("-")[0], []).append(hours)
    return {rule: (1, tuple(hours)) for rule, hours in found.items()}
