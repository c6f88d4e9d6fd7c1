"""Each withheld cell of a whole report could be another number, and the report would be the same."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from chalicelib.privacy.domain import SMALLEST_CELL
from chalicelib.reports.domain import Period
from chalicelib.reports.figures import figures
from chalicelib.reports.tally import DAYS, Tally

PERIOD = Period(first=date(2026, 1, 1), last=date(2026, 9, 30))
MONTHS = [f"{month:%Y-%m}" for month in PERIOD.months()]
MONDAYS = [monday.isoformat() for monday in PERIOD.weeks()]


def cohort(chance: Random, people: int, month: str) -> tuple[int, ...]:
    counts = [people]
    for days in DAYS:
        first = date.fromisoformat(f"{month}-01")
        come = chance.randint(people // 2, people) if (PERIOD.last - first).days >= days else 0
        in_care = chance.randint(0, come)
        counts += [come, in_care, chance.randint(0, in_care)]
    return tuple(counts)


def a_tally(chance: Random) -> Tally:
    size = chance.choice([4, 12, 30])
    weeks = {}
    for monday in MONDAYS:
        people = chance.randint(0, 2 * size)
        reached = chance.randint(people, 7 * people)
        answered = chance.randint(0, reached)
        weeks[monday] = (people, answered, reached - answered, people + chance.randint(0, 3), chance.randint(0, 9))
    hours = [chance.choice([None, chance.uniform(0, 300)]) for _ in range(chance.randint(0, 2 * size))]
    return Tally(
        people=chance.randint(0, 5 * size),
        weeks=weeks,
        cohorts={month: cohort(chance, chance.randint(0, size), month) for month in MONTHS},
        silences=hours,
        milestones={name: chance.randint(0, size) for name in ("d1", "d30", "checkins_7")},
        flags={"craving_severe": (chance.randint(1, size), hours), "silent": (chance.randint(1, size), hours)},
    )


def moved(tally: Tally, month: str, by: int, other: str | None) -> Tally | None:
    """Return the tally with so many people more in one month and fewer in another, with all that is known of them."""
    cohorts = {name: list(counts) for name, counts in tally.cohorts.items()}
    gains, loses = (month, other) if by > 0 else (other, month)
    if loses:
        cohorts[loses][0] -= abs(by)
    if gains:
        cohorts[gains][0] += abs(by)
    for column in range(1, 1 + 3 * len(DAYS)):
        # Whoever must go with them goes: no more people can have come, be in care or engaged than there are.
        above = 0 if column % 3 == 1 else column - 1
        over = max(0, cohorts[loses][column] - cohorts[loses][above]) if loses else 0
        if over and gains:
            cohorts[gains][column] += over
        if over and loses:
            cohorts[loses][column] -= over
    sound = all(
        min(counts) >= 0
        and all(counts[column] <= counts[0 if column % 3 == 1 else column - 1] for column in range(1, len(counts)))
        for counts in cohorts.values()
    )
    return replace(tally, cohorts={name: tuple(counts) for name, counts in cohorts.items()}) if sound else None


def alternatives(tally: Tally, month: str) -> Iterator[Tally]:
    # Any other number that a withheld month can have, the nearest first.
    for by in sorted(range(1 - SMALLEST_CELL, SMALLEST_CELL), key=abs)[1:]:
        for other in (None, *(name for name in MONTHS if name != month)):
            made = moved(tally, month, by, other)
            if made:
                yield made


@given(st.integers(0, 100_000))
@example(386)
def test_no_withheld_month_of_admission_is_determined(seed: int) -> None:
    tally = a_tally(Random(seed))  # noqa: S311 (cases)
    found = figures(tally, PERIOD)

    for one in found.cohorts:
        if one.people is None:
            assert any(figures(other, PERIOD) == found for other in alternatives(tally, str(one.month))), one.month
            assert all(day.people is None and day.in_care is None and day.engaged is None for day in one.days)


@given(st.integers(0, 100_000))
def test_no_day_of_all_months_gives_a_month_away(seed: int) -> None:
    """For every day: either no month is withheld that has people, or several are, who count enough together."""
    tally = a_tally(Random(seed))  # noqa: S311 (cases)
    found = figures(tally, PERIOD)
    names = {one.month: {day.day: day.people for day in one.days} for one in found.cohorts}
    for place, days in enumerate(DAYS):
        shown = next((day.people for day in found.everybody.days if day.day == days), None)
        if shown is None:
            continue
        unseen = [
            tally.cohorts[month][1 + 3 * place]
            for month in MONTHS
            if names[month].get(days) is None and tally.cohorts[month][1 + 3 * place]
        ]
        assert not unseen or (len(unseen) > 1 and sum(unseen) >= SMALLEST_CELL)


@given(st.integers(0, 100_000))
def test_no_figure_is_about_ten_people_or_fewer(seed: int) -> None:
    tally = a_tally(Random(seed))  # noqa: S311 (cases)
    found = figures(tally, PERIOD)

    assert (found.people is None) == (tally.people < SMALLEST_CELL)
    for week in found.weeks:
        people, _, _, anybody, _ = tally.weeks[week.monday.isoformat()]
        assert (week.people is None) == (week.answered is None) == (people < SMALLEST_CELL)
        assert week.not_sent is None or anybody >= SMALLEST_CELL
    assert (
        (found.silences.people is None) == (found.silences.to_contact is None) == (len(tally.silences) < SMALLEST_CELL)
    )
    assert {one.kind for one in found.milestones} == {
        name for name, people in tally.milestones.items() if people >= SMALLEST_CELL
    }
    for rule, (people, _) in tally.flags.items():
        assert rule not in {one.rule for one in found.flags} or people >= SMALLEST_CELL


def test_every_week_and_month_is_listed_whatever_there_is_in_it() -> None:
    found = figures(Tally(), PERIOD)

    assert [one.month for one in found.cohorts] == MONTHS
    assert [week.monday.isoformat() for week in found.weeks] == MONDAYS
    assert (found.weeks[0].monday, found.weeks[-1].monday) == (date(2026, 1, 5), date(2026, 9, 21))


def test_a_day_is_listed_once_it_can_have_come() -> None:
    found = figures(Tally(), PERIOD)

    days = {one.month: [day.day for day in one.days] for one in found.cohorts}
    assert days["2026-06"] == [30, 60, 90, 120][: sum((PERIOD.last - date(2026, 6, 1)).days >= day for day in DAYS)]
    assert days["2026-08"] == [30, 60]
    assert days["2026-09"] == []
