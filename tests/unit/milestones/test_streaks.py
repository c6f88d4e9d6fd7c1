"""Counts of days: what a lapse, a corrected date and another goal do to them, and what stays whatever happens."""

from collections.abc import Iterable
from datetime import date, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.enrollment.celebrating import MILESTONES
from chalicelib.errors import Invalid
from chalicelib.milestones.domain import (
    Days,
    End,
    Goal,
    Reached,
    Streak,
    Word,
    awards,
    celebrated,
    counting_from,
    days_of,
    lapsed,
    next_milestone,
    reached,
    running,
)
from tests.build import utc

WORD = Word(by="ana", at=utc("2026-11-24T18:00"))
TODAY = date(2026, 11, 24)
CASES = 400


def changed(streaks: Iterable[Streak], changes: Iterable[Streak]) -> tuple[Streak, ...]:
    return tuple(({one.number: one for one in streaks} | {one.number: one for one in changes}).values())


def count_from(
    streaks: tuple[Streak, ...],
    on: date,
    *,
    goal: Goal = Goal.ABSTINENCE,
    told: Iterable[Reached] = (),
    today: date = TODAY,
) -> tuple[Streak, ...]:
    changes = counting_from(streaks, on, goal=goal, name=None, told=told, each=MILESTONES, today=today, word=WORD)
    return changed(streaks, changes)


def lapse(
    streaks: tuple[Streak, ...], on: date, *, starts_on: date | None = None, today: date = TODAY
) -> tuple[Streak, ...]:
    return changed(streaks, lapsed(streaks, on, starts_on=starts_on, each=MILESTONES, today=today, word=WORD))


def named(streaks: tuple[Streak, ...], today: date = TODAY) -> list[str]:
    return [award.name for award in awards(streaks, MILESTONES, today=today)]


def test_a_date_long_ago_lists_what_was_reached_already_and_what_comes_next() -> None:
    streaks = count_from((), date(2026, 10, 1))

    assert days_of(streaks, today=TODAY) == Days(current=54, longest=54, total=54)
    assert named(streaks) == ["d1", "d7", "d14", "d30"]
    assert next_milestone(streaks, MILESTONES, today=TODAY) == Reached(name="d60", on=date(2026, 11, 30))


def test_after_a_lapse_nothing_that_was_earned_is_gone_and_all_days_count() -> None:
    streaks = count_from((), date(2026, 10, 1))

    streaks = lapse(streaks, date(2026, 11, 20), starts_on=date(2026, 11, 21))

    assert days_of(streaks, today=TODAY) == Days(current=3, longest=50, total=53)
    assert named(streaks) == ["d1", "d7", "d14", "d30", "d1"]
    assert [streak.end for streak in streaks] == [End.LAPSE, None]


def test_what_was_reached_between_a_lapse_and_the_word_of_it_stays_too() -> None:
    streaks = count_from((), date(2026, 10, 1))

    streaks = lapse(streaks, date(2026, 10, 20))

    assert "d30" in named(streaks)
    assert days_of(streaks, today=TODAY) == Days(current=0, longest=19, total=19)
    assert next_milestone(streaks, MILESTONES, today=TODAY) is None


def test_who_counts_no_further_after_a_lapse_may_begin_again_any_day() -> None:
    streaks = lapse(count_from((), date(2026, 10, 1)), date(2026, 11, 1))

    streaks = count_from(streaks, date(2026, 11, 10))

    assert [streak.run for streak in streaks] == [1, 2]
    assert days_of(streaks, today=TODAY) == Days(current=14, longest=31, total=45)


def test_a_lapse_that_is_told_twice_is_one() -> None:
    once = lapse(count_from((), date(2026, 10, 1)), date(2026, 11, 20), starts_on=date(2026, 11, 20))

    assert lapse(once, date(2026, 11, 20), starts_on=date(2026, 11, 20)) == once


def test_a_corrected_date_withdraws_what_was_not_told_and_keeps_what_was() -> None:
    streaks = count_from((), date(2026, 10, 1))
    told = [Reached(name="d30", on=date(2026, 10, 31))]

    streaks = count_from(streaks, date(2026, 11, 1), told=told)

    assert [streak.run for streak in streaks] == [1, 1]
    assert [(award.name, str(award.on)) for award in awards(streaks, MILESTONES, today=TODAY)] == [
        ("d30", "2026-10-31"),
        ("d1", "2026-11-02"),
        ("d7", "2026-11-08"),
        ("d14", "2026-11-15"),
    ]
    assert celebrated(streaks, 1) == ("d30",)
    assert next_milestone(streaks, MILESTONES, today=TODAY) == Reached(name="d60", on=date(2026, 12, 31))
    assert days_of(streaks, today=TODAY) == Days(current=23, longest=23, total=23)


def test_a_date_before_a_lapse_says_that_it_was_none() -> None:
    streaks = lapse(count_from((), date(2026, 10, 1)), date(2026, 11, 20), starts_on=date(2026, 11, 21))

    streaks = count_from(streaks, date(2026, 10, 1))

    assert days_of(streaks, today=TODAY) == Days(current=54, longest=54, total=54)
    assert running(streaks) == streaks[-1]
    assert [streak.end for streak in streaks] == [End.CORRECTION, End.CORRECTION, None]
    assert named(streaks) == ["d1", "d7", "d14", "d30"]


def test_another_goal_begins_a_count_of_its_own() -> None:
    streaks = count_from((), date(2026, 10, 1))

    streaks = count_from(streaks, date(2026, 11, 24), goal=Goal.ON_PLAN)

    assert [streak.end for streak in streaks] == [End.GOAL_CHANGE, None]
    assert days_of(streaks, today=TODAY) == Days(current=0, longest=54, total=54)
    assert named(streaks) == ["d1", "d7", "d14", "d30"]
    with pytest.raises(Invalid, match="date"):
        count_from(streaks, date(2026, 11, 1))


@pytest.mark.parametrize(
    ("on", "starts_on", "field"),
    [("2026-11-25", None, "on"), ("2026-09-30", None, "on"), ("2026-11-20", "2026-11-19", "startsOn")],
)
def test_a_lapse_has_dates_that_can_be(on: str, starts_on: str | None, field: str) -> None:
    streaks = count_from((), date(2026, 10, 1))

    with pytest.raises(Invalid) as refused:
        lapse(streaks, date.fromisoformat(on), starts_on=date.fromisoformat(starts_on) if starts_on else None)

    assert [fault.field for fault in refused.value.faults] == [field]


STEPS = st.lists(
    st.tuples(
        st.sampled_from(["lapse", "lapse, then anew", "correct", "goal"]),
        st.integers(0, 200),
        st.integers(0, 60),
        st.sets(st.sampled_from(["d1", "d7", "d30", "d60", "d90", "m6"])),
    ),
    max_size=8,
)


@given(first=st.dates(date(2024, 1, 1), date(2025, 12, 31)), steps=STEPS)
@settings(max_examples=CASES)
def test_whatever_happens_days_add_up_and_what_was_earned_stays(
    first: date, steps: list[tuple[str, int, int, set[str]]]
) -> None:
    today = first
    streaks = count_from((), first, today=today)
    for what, passed, back, told_names in steps:
        today += timedelta(days=passed)
        present = running(streaks)
        on = today - timedelta(days=back)
        had = awards(streaks, MILESTONES, today=today)
        told = (
            [one for one in reached(present.starts_on, MILESTONES, today=today) if one.name in told_names]
            if present
            else []
        )
        try:
            if what.startswith("lapse"):
                streaks = lapse(streaks, on, starts_on=today if "anew" in what else None, today=today)
            else:
                goal = (present or streaks[-1]).goal
                other = Goal.ON_PLAN if goal is Goal.ABSTINENCE else Goal.ABSTINENCE
                streaks = count_from(streaks, on, goal=other if what == "goal" else goal, told=told, today=today)
        except Invalid:
            continue
        _holds(streaks, today)
        stays = (
            had
            if what != "correct" or present is None
            else [award for award in had if award.run != present.run or Reached(name=award.name, on=award.on) in told]
        )
        kept = {(award.run, award.name) for award in awards(streaks, MILESTONES, today=today)}
        assert {(award.run, award.name) for award in stays} <= kept


def _holds(streaks: tuple[Streak, ...], today: date) -> None:
    assert [streak.number for streak in streaks] == list(range(1, len(streaks) + 1))
    assert all(streak.ends_on is not None for streak in streaks[:-1])
    found = awards(streaks, MILESTONES, today=today)
    assert len({(award.run, award.name) for award in found}) == len(found)
    counted = [streak for streak in streaks if streak.end is not End.CORRECTION]
    walked = [
        any(streak.starts_on <= today - timedelta(days=back) < (streak.ends_on or today) for streak in counted)
        for back in range(1, (today - min(streak.starts_on for streak in streaks)).days + 1)
    ]
    days = days_of(streaks, today=today)
    assert days.total == sum(walked)
    assert days.current <= days.longest <= days.total
