"""From what all people add up to, the figures of a report: only what may be shown, and nothing else is kept."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from chalicelib.privacy.domain import SMALLEST_CELL
from chalicelib.reports.domain import Period
from chalicelib.reports.tally import DAYS, Tally
from chalicelib.reports.withholding import LEAST_HIDDEN, Middle, Share, count, is_shown, middle, rate, share, withheld

WITHIN = (24, 72, 168)
"""Hours after which it is looked at how many had contact after a silence."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Week:
    """A week's check-ins: how many percent of those that reached people were answered, and how many we didn't send."""

    monday: date
    people: int | None
    answered: int | None
    not_sent: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Within:
    """How many had contact within so many hours."""

    hours: int
    share: Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Silences:
    """People who fell silent: hours to the first contact, and how many had some within so many hours."""

    people: int | None
    to_contact: Middle | None
    within: Sequence[Within]


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """Of the people whose day has come: how many are in care on it, and how many engaged."""

    day: int
    people: int | None
    in_care: Share | None
    engaged: Share | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cohort:
    """People admitted in a month; None: in all months of the period."""

    month: str | None
    people: int | None
    days: Sequence[Day]


@dataclass(frozen=True, slots=True, kw_only=True)
class Milestone:
    """How many people reached a milestone in the period."""

    kind: str
    people: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Flags:
    """The flags that a rule raised: of how many people, how many, how many percent are reviewed, and how soon."""

    rule: str
    people: int
    flags: int
    reviewed: int
    to_review: Middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """
    What a report shows. None is withheld: fewer than eleven people, none included, or what would give those away.

    Of milestones and rules only those are there that are shown: others were reached, or raised, by ten at most.
    """

    people: int | None
    weeks: Sequence[Week]
    silences: Silences
    cohorts: Sequence[Cohort]
    everybody: Cohort
    milestones: Sequence[Milestone]
    flags: Sequence[Flags]


def figures(tally: Tally, period: Period) -> Figures:
    """Return what may be shown of a tally."""
    cohorts, everybody = _retention(tally, period)
    return Figures(
        people=count(tally.people),
        weeks=[_week(monday, tally.weeks.get(monday.isoformat(), (0, 0, 0, 0, 0))) for monday in period.weeks()],
        silences=_silences(tally.silences),
        cohorts=cohorts,
        everybody=everybody,
        milestones=[
            Milestone(kind=kind, people=shown)
            for kind, people in sorted(tally.milestones.items())
            if (shown := count(people)) is not None
        ],
        flags=list(_flags(tally.flags)),
    )


def _week(monday: date, counts: Sequence[int]) -> Week:
    people, answered, unanswered, anybody, not_sent = counts
    return Week(
        monday=monday,
        people=count(people),
        answered=rate(answered, answered + unanswered, people=people),
        not_sent=rate(not_sent, answered + unanswered + not_sent, people=anybody),
    )


def _silences(hours: Sequence[float | None]) -> Silences:
    people = len(hours)
    return Silences(
        people=count(people),
        to_contact=middle(hours, people=people),
        within=[
            Within(hours=limit, share=share(sum(one is not None and one <= limit for one in hours), people))
            for limit in WITHIN
        ],
    )


def _retention(tally: Tally, period: Period) -> tuple[list[Cohort], Cohort]:
    months = [f"{month:%Y-%m}" for month in period.months()]
    counts = {month: tally.cohorts.get(month, (0,) * (1 + 3 * len(DAYS))) for month in months}
    hidden, all_is_shown = withheld({month: counts[month][0] for month in months})
    cohorts = [
        Cohort(
            month=month,
            people=None if month in hidden else count(counts[month][0]),
            days=[_day(days, counts[month], place, hide=month in hidden) for place, days in _days_of(month, period)],
        )
        for month in months
    ]
    together = [sum(column) for column in zip(*counts.values(), strict=True)]
    everybody = Cohort(
        month=None,
        people=count(together[0]) if all_is_shown else None,
        days=[
            _day(days, together, place, hide=not (all_is_shown and _is_safe(counts, hidden, place)))
            for place, days in _days_of(months[0], period)
        ],
    )
    return cohorts, everybody


def _days_of(month: str, period: Period) -> Iterator[tuple[int, int]]:
    # Which days can have come is known from the calendar, and tells of nobody.
    first = date.fromisoformat(f"{month}-01")
    for place, days in enumerate(DAYS):
        if first + timedelta(days=days) <= period.last:
            yield place, days


def _day(days: int, counts: Sequence[int], place: int, *, hide: bool) -> Day:
    people, in_care, engaged = counts[1 + 3 * place : 4 + 3 * place]
    if hide:
        return Day(day=days, people=None, in_care=None, engaged=None)
    return Day(day=days, people=count(people), in_care=share(in_care, people), engaged=share(engaged, people))


def _is_safe(counts: Mapping[str, Sequence[int]], hidden: frozenset[str], place: int) -> bool:
    """Say whether a day's sum over all months doesn't give away a month that isn't shown on that day."""
    people = {month: columns[1 + 3 * place] for month, columns in counts.items() if columns[1 + 3 * place]}
    unseen = [number for month, number in people.items() if month in hidden or not is_shown(number)]
    return not unseen or (len(unseen) >= LEAST_HIDDEN and sum(unseen) >= SMALLEST_CELL)


def _flags(found: Mapping[str, tuple[int, Sequence[float | None]]]) -> Iterator[Flags]:
    for rule, (people, hours) in sorted(found.items()):
        shown, soon = count(people), middle(hours, people=people)
        reviewed = rate(sum(one is not None for one in hours), len(hours), people=people)
        if shown is not None and soon is not None and reviewed is not None:
            total = count(len(hours)) or shown
            yield Flags(rule=rule, people=shown, flags=total, reviewed=reviewed, to_review=soon)
