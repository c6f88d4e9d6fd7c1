"""Goals: who has still to agree, and what is done stays done."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.routine.goals import Goal, Side, State, Wish, wish_faults, wished
from tests.build import NEW_YORK, utc

NOW = utc("2026-11-24T18:00")
WISH = Wish(
    title="See my daughter",
    matters="She is why",
    steps=(("", "Call", False), ("", "Visit", True)),
    review_on=None,
    state=State.OPEN,
    why="",
)


def put(wish: Wish, present: Goal | None = None, *, side: Side = Side.PERSON, days: int = 0) -> Goal:
    return wished(
        wish,
        present,
        person_id="p",
        goal_id="g",
        fresh=tuple(f"s{days}-{number}" for number in range(len(wish.steps))),
        side=side,
        by=side.value,
        zone=NEW_YORK,
        now=NOW + timedelta(days=days),
    )


def again(goal: Goal, *, title: str = "", done: tuple[bool, ...] | None = None) -> Wish:
    return Wish(
        title=title or goal.title,
        matters=goal.matters,
        steps=tuple(
            (step.id, step.text, step.done_on is not None if done is None else done[place])
            for place, step in enumerate(goal.steps)
        ),
        review_on=goal.review_on,
        state=goal.state,
        why="",
    )


def test_a_step_is_done_on_the_first_date_that_it_was_ticked_off() -> None:
    first = put(WISH)
    later = put(again(first, done=(True, True)), first, days=3)
    undone = put(again(later, done=(True, False)), later, days=4)

    assert [step.done_on for step in first.steps] == [None, date(2026, 11, 24)]
    assert [step.done_on for step in later.steps] == [date(2026, 11, 27), date(2026, 11, 24)]
    assert [step.done_on for step in undone.steps] == [date(2026, 11, 27), None]


@given(st.lists(st.tuples(st.sampled_from(Side), st.sampled_from(["", "A", "B"])), max_size=8))
def test_nobody_is_taken_to_agree_to_words_that_the_other_side_put(edits: list[tuple[Side, str]]) -> None:
    goal = put(WISH)
    last = (Side.PERSON, goal.title)

    for day, (side, title) in enumerate(edits, start=1):
        goal = put(again(goal, title=title), goal, side=side, days=day)
        if title and title != last[1]:
            last = (side, title)

    assert goal.agreed == {last[0]}
    assert goal.waits_for is (Side.STAFF if last[0] is Side.PERSON else Side.PERSON)
    assert goal.version == len(edits) + 1


def test_a_review_date_that_has_come_is_said_and_kept_when_something_else_is_changed() -> None:
    today = date(2026, 11, 24)
    goal = put(replace(WISH, review_on=today))

    assert (goal.is_to_review(on=today), goal.is_to_review(on=today - timedelta(days=1))) == (True, False)
    assert wish_faults(again(goal), goal, zone=NEW_YORK, now=NOW + timedelta(days=30)) == []
    assert not put(replace(again(goal), state=State.MET), goal).is_to_review(on=today)
