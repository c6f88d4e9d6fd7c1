"""From everything that is shown, nothing that is withheld can be worked out: tried for every small table there is."""

from collections import defaultdict
from itertools import product

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.domain import SMALLEST_CELL
from chalicelib.reports.withholding import Middle, Share, count, middle, rate, rounded, share, withheld

SMALL = 3
"""A smallest cell for which all tables can be gone through."""

Shown = tuple[tuple[tuple[str, int | None], ...], int | None]


def shown(values: tuple[int, ...]) -> Shown:
    parts = {f"m{place}": value for place, value in enumerate(values)}
    hidden, whole = withheld(parts, smallest=SMALL)
    cells = tuple((name, None if name in hidden else value) for name, value in parts.items())
    return cells, sum(values) if whole else None


@pytest.mark.parametrize(("parts", "most"), [(1, 12), (2, 20), (3, 14), (4, 9)])
def test_no_withheld_part_of_a_sum_is_determined_though_one_knows_how_it_is_withheld(parts: int, most: int) -> None:
    tables = list(product(range(most + 1), repeat=parts))
    alike = defaultdict(list)
    for table in tables:
        alike[shown(table)].append(table)
    tried = 0
    for (cells, whole), those in alike.items():
        if whole is not None and whole > most:
            # Some that would look alike lie outside of what was gone through.
            continue
        for place, (_, value) in enumerate(cells):
            if value is None:
                tried += 1
                assert len({table[place] for table in those}) > 1, (cells, whole, those)
        if whole is None:
            assert len({sum(table) for table in those}) > 1, (cells, those)
    assert tried >= parts


@given(st.lists(st.integers(0, 60), min_size=1, max_size=12))
def test_whatever_is_too_small_is_withheld_and_never_alone(values: list[int]) -> None:
    parts = {f"m{place}": value for place, value in enumerate(values)}

    hidden, whole = withheld(parts)

    assert {name for name, value in parts.items() if value < SMALLEST_CELL} <= hidden
    if whole:
        assert sum(values) >= SMALLEST_CELL
        assert not hidden or (len(hidden) >= 2 and sum(parts[name] for name in hidden) >= SMALLEST_CELL)
    if not whole:
        assert hidden


@given(st.lists(st.integers(11, 60), min_size=1, max_size=12))
def test_nothing_is_withheld_that_need_not_be(values: list[int]) -> None:
    assert withheld({f"m{place}": value for place, value in enumerate(values)}) == (frozenset(), True)


def test_how_many_a_month_had_is_not_told_by_two_periods_of_which_one_is_longer_by_it() -> None:
    for months, month in product(range(11, 80), range(SMALLEST_CELL)):
        seen = (count(months), count(months + month))
        possible = {
            other
            for before, other in product(range(11, 120), range(SMALLEST_CELL))
            if (count(before), count(before + other)) == seen
        }
        assert len(possible) >= 5, (months, month)


@pytest.mark.parametrize("people", range(SMALLEST_CELL))
def test_nothing_is_said_of_ten_people_and_fewer(people: int) -> None:
    assert count(people) is None
    assert share(people, people) is None
    assert share(0, people) is None
    assert rate(3, 7, people=people) is None
    assert middle([1.0] * people, people=people) is None


@given(st.integers(0, 400), st.integers(0, 400))
def test_a_share_is_true_and_tells_of_no_cell_that_is_too_small(some: int, others: int) -> None:
    of = some + others
    found = share(some, of)

    small = min(some, others) < SMALLEST_CELL
    if found is None:
        assert max(some, others) < SMALLEST_CELL or of < SMALLEST_CELL
        return
    assert (found.percent is None) == small
    if found.percent is not None:
        assert abs(found.percent - 100 * some / of) <= 0.5
    if found.over is not None:
        assert others < SMALLEST_CELL
        assert 100 * some / of > found.over
    if found.under is not None:
        assert some < SMALLEST_CELL
        assert 100 * some / of < found.under


def test_a_bound_says_no_more_than_that_the_other_cell_is_too_small() -> None:
    for of in range(21, 380):
        told = {share(of - few, of) for few in range(SMALLEST_CELL)}
        assert len(told) == 1, of
        assert len({share(few, of) for few in range(SMALLEST_CELL)}) == 1, of
        alike = {other for other in range(11, 400) if (count(other), share(other, other)) == (count(of), share(of, of))}
        assert len(alike) > 3, "the bound would tell the count that was rounded"


def test_a_share_of_most_and_of_some() -> None:
    assert share(88, 100) == Share(percent=88)
    assert share(96, 100) == Share(over=85)
    assert share(3, 100) == Share(under=15)
    assert share(6, 15) is None


def test_what_has_not_happened_yet_counts_as_late() -> None:
    assert middle([1.4] * 8 + [None] * 4, people=12) == Middle(hours=1)
    assert middle([1.0] * 5 + [None] * 7, people=12) == Middle(hours=None)
    assert rounded(12) == 10
    assert rounded(12.5) == 15
