"""Counts that are worth a word, and the date of what made it so many."""

from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.milestones.taking_part import HOMEWORK, homework_done, reached
from chalicelib.routine.domain import Completion, Kind
from tests.build import NEW_YORK, PERSON, utc

FIRST = date(2026, 11, 2)


def done(number: int, said: int, *, is_done: bool = True, item: str = "homework") -> Completion:
    return Completion(
        person_id=PERSON,
        item_id=item,
        on=FIRST + timedelta(days=number),
        is_done=is_done,
        said_at=utc("2026-11-02T12:00") + timedelta(days=said),
        said_on=FIRST + timedelta(days=said),
        zone=NEW_YORK,
        by="ana",
    )


@given(st.lists(st.tuples(st.integers(0, 90), st.booleans(), st.sampled_from(["homework", "walk", "gone"]))), st.data())
def test_homework_is_counted_as_it_is_said_to_be_done_in_whatever_order_it_is_read(
    said: list[tuple[int, bool, str]], data: st.DataObject
) -> None:
    rows = [done(number, day, is_done=ok, item=item) for number, (day, ok, item) in enumerate(said)]
    days = sorted(day for day, ok, item in said if ok and item == "homework")

    found = homework_done(data.draw(st.permutations(rows)), {"homework": Kind.HOMEWORK, "walk": Kind.WELLNESS})

    assert found == {
        f"homework_{count}": FIRST + timedelta(days=days[count - 1]) for count in HOMEWORK if count <= len(days)
    }


def test_nothing_done_reaches_nothing() -> None:
    assert reached("sessions", (1, 5), []) == {}
