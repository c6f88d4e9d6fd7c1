"""Trends compare what was answered with what was answered before, and nothing where there is too little of it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.checkins.domain import Source
from chalicelib.progress.measures import measures
from chalicelib.progress.series import Point
from chalicelib.progress.trends import FEWEST, Direction, trend

TODAY = date(2026, 11, 24)
CRAVING, USE, TOTAL = (measures()[name] for name in ("craving", "bam7.use", "phq8.total"))


def point(back: int, low: int, high: int | None = None, *, disputed: bool = False) -> Point:
    on = TODAY - timedelta(days=back)
    at = datetime(on.year, on.month, on.day, 12, tzinfo=UTC)
    return Point(
        on=on,
        answered_at=at,
        lowest=low,
        highest=low if high is None else high,
        source=Source.APP,
        disputed=disputed,
    )


ANSWERS = st.dictionaries(st.integers(0, 80), st.integers(0, 10), max_size=60)


def test_two_weeks_are_compared_with_the_two_before_both_ends_included() -> None:
    found = trend(
        [point(0, 1), *(point(13, 2) for _ in range(4)), *(point(14, 6) for _ in range(5)), point(28, 9)],
        measure=CRAVING,
        today=TODAY,
    )

    assert found is not None
    assert (found.now.first, found.now.last) == (date(2026, 11, 11), TODAY)
    assert (found.before.first, found.before.last) == (date(2026, 10, 28), date(2026, 11, 10))
    assert (found.now.answers, found.before.answers) == (5, 5)
    assert (found.now.average, found.before.average) == (Fraction(9, 5), Fraction(6))
    assert found.direction is Direction.LOWER


@pytest.mark.parametrize(("after", "direction"), [(5, "higher"), (4, "same"), (3, "lower")])
def test_less_than_a_tenth_of_the_scale_is_about_the_same(after: int, direction: str) -> None:
    known = [*(point(back, after) for back in range(5)), *(point(14 + back, 4) for back in range(5))]

    found = trend(known, measure=CRAVING, today=TODAY)

    assert found is not None
    assert found.direction == direction


def test_nine_tenths_of_a_point_are_not_worth_a_word() -> None:
    known = [*(point(back, 5) for back in range(9)), point(9, 4), *(point(14 + back, 4) for back in range(10))]

    found = trend(known, measure=CRAVING, today=TODAY)

    assert found is not None
    assert found.direction is Direction.SAME


def test_a_score_is_compared_over_four_weeks() -> None:
    found = trend([point(7 * week, 2 + week) for week in range(8)], measure=USE, today=TODAY)

    assert found is not None
    assert (found.now.first, found.now.answers, found.before.answers) == (date(2026, 10, 28), 4, 4)


def test_what_is_asked_only_in_worse_weeks_is_not_compared() -> None:
    assert trend([point(7 * week, 20) for week in range(8)], measure=TOTAL, today=TODAY) is None
    assert not TOTAL.is_always_asked
    assert measures()["phq8.phq2"].is_always_asked


@given(ANSWERS)
def test_nothing_is_said_of_too_few_answers(answers: dict[int, int]) -> None:
    found = trend([point(back, value) for back, value in answers.items()], measure=CRAVING, today=TODAY)

    now, before = (sum(start <= back < start + 14 for back in answers) for start in (0, 14))
    assert (found is not None) == (min(now, before) >= FEWEST["daily"])
    if found:
        assert (found.now.answers, found.before.answers) == (now, before)


@given(ANSWERS, st.dictionaries(st.integers(0, 80), st.booleans(), max_size=20))
def test_partial_and_disputed_answers_count_for_nothing(answers: dict[int, int], others: dict[int, bool]) -> None:
    known = [point(back, value) for back, value in answers.items()]
    more = [point(back, 0, 10) if partial else point(back, 10, disputed=True) for back, partial in others.items()]

    assert trend([*known, *more], measure=CRAVING, today=TODAY) == trend(known, measure=CRAVING, today=TODAY)


@given(ANSWERS)
def test_turned_around_a_trend_is_the_other_way(answers: dict[int, int]) -> None:
    known = [point(back, value) for back, value in answers.items()]
    turned = [replace(one, lowest=10 - one.lowest, highest=10 - one.highest) for one in known]

    there, back = (trend(each, measure=CRAVING, today=TODAY) for each in (known, turned))

    other = {Direction.HIGHER: Direction.LOWER, Direction.LOWER: Direction.HIGHER, Direction.SAME: Direction.SAME}
    assert (there is None) == (back is None)
    if there and back:
        assert other[there.direction] is back.direction
