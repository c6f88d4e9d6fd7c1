"""What a tick hands over, in what order, and how it keeps a flood from drowning delivery."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from chalicelib.outreach import handlers
from chalicelib.outreach.categories import shard_of
from chalicelib.outreach.domain import DUE_SHARDS, URGENT, Due
from chalicelib.outreach.handlers import Ticking
from chalicelib.outreach.ticking import NEARLY_IDLE, PAGE, URGENT_WAVE, WAVE, Tick, hand_over, sweep
from tests.build import a_due, utc
from tests.fakes import FakeDues, FakeQueue

NINE = utc("2026-11-25T14:00")


def rows(count: int, *, at: datetime, kind: str = "check_in", one_shard: bool = False) -> list[Due]:
    found: list[Due] = []
    number = 0
    while len(found) < count:
        due = replace(a_due(), person_id=f"{number:032x}", kind=kind, at=at, due_at=at)
        if not one_shard or shard_of(due) == 7:
            found.append(due)
        number += 1
    return found


def tick(dues: FakeDues, queue: FakeQueue, *, at: datetime = NINE, paused: bool = False) -> Tick:
    return hand_over(tick_at=at, now=at, dues=dues, queue=queue, paused=paused)


def with_rows(*parts: list[Due]) -> FakeDues:
    dues = FakeDues()
    for part in parts:
        dues.put(part)
    return dues


def test_a_crisis_goes_first_and_alone_while_outreach_is_paused() -> None:
    page = rows(1, at=NINE + timedelta(minutes=1), kind="crisis_page-1")
    others = rows(3, at=NINE + timedelta(minutes=1))
    going, paused = FakeQueue(), FakeQueue()

    tick(with_rows(others, page), going)
    tick(with_rows(others, page), paused, paused=True)

    assert going.handed[0] == page[0]
    assert len(going.handed) == 4
    assert paused.handed == page


def test_nothing_is_passed_over_while_outreach_is_paused() -> None:
    dues = with_rows(rows(1, at=NINE - timedelta(hours=3)))
    dues.advance(NINE - timedelta(hours=4))

    tick(dues, FakeQueue(), paused=True)

    assert dues.watermark() == NINE - timedelta(hours=4)


def test_a_partition_that_is_full_is_left_to_a_helper_who_hands_over_each_row_once() -> None:
    at = NINE + timedelta(minutes=1)
    crowd = rows(2 * PAGE + 3, at=at, one_shard=True)
    dues, queue = with_rows(crowd, rows(5, at=at)), FakeQueue()

    found = tick(dues, queue)

    assert found.helpers == 1
    [(hour, shard, first, before)] = queue.helped
    assert sweep(hour, shard, first=first, before=before, now=NINE, dues=dues, queue=queue) >= len(crowd)
    assert sorted(due.name for due in queue.handed) == sorted(due.name for due in dues.rows.values())


def test_what_is_overdue_waits_while_delivery_is_busy_and_what_is_ahead_does_not() -> None:
    late, next_minute = (
        rows(4, at=NINE - timedelta(minutes=5)),
        rows(2, at=NINE + timedelta(minutes=1), kind="notice-a"),
    )
    queue = FakeQueue()
    queue.waiting = NEARLY_IDLE + 1

    found = tick(with_rows(late, next_minute), queue)

    assert (found.ahead, found.again, found.overdue) == (2, 0, 4)
    assert found.oldest == NINE - timedelta(minutes=5)
    queue.waiting = NEARLY_IDLE
    assert tick(with_rows(late, next_minute), queue).again == 4


def test_where_delivery_stands_still_crises_are_not_handed_over_again_and_again_and_new_ones_are() -> None:
    old, new = (
        rows(3, at=NINE - timedelta(minutes=30), kind="crisis_page-a-1"),
        rows(2, at=NINE - timedelta(minutes=1), kind="crisis_page-b-2"),
    )
    dues, queue = with_rows(old, new), FakeQueue()
    queue.pages_waiting = NEARLY_IDLE + 1

    assert (tick(dues, queue).again, queue.handed) == (2, new)

    # However much else waits, nothing of a crisis waits behind it.
    queue.pages_waiting, queue.waiting = NEARLY_IDLE, NEARLY_IDLE + 1
    assert tick(dues, queue).again == 5


def test_nobody_waits_for_the_number_of_what_waits_but_what_is_overdue() -> None:
    class Unknown(FakeQueue):
        def backlog(self, *, urgent: bool = False) -> int:
            del urgent
            raise TimeoutError

    crises, others = rows(1, at=NINE - timedelta(minutes=9), kind="crisis_page-a-1"), rows(1, at=NINE)
    ahead = rows(1, at=NINE + timedelta(minutes=1))
    queue = Unknown()

    found = tick(with_rows(crises, others, ahead), queue)

    assert queue.handed == crises + ahead
    assert len(found.failures) == 1


def test_while_delivery_is_idle_the_newest_crises_are_handed_over_again_and_not_all_at_once() -> None:
    old = rows(URGENT_WAVE, at=NINE - timedelta(minutes=50), kind="crisis_page-a-1")
    new = rows(20, at=NINE - timedelta(minutes=9), kind="crisis_page-b-1")
    before = rows(3, at=NINE - timedelta(hours=2), kind="crisis_page-c-1")
    queue = FakeQueue()

    tick(with_rows(before, old, new), queue)

    assert len(queue.handed) == URGENT_WAVE
    assert {due.name for due in new} <= {due.name for due in queue.handed}


def test_crises_of_the_latest_hour_come_before_those_that_fail_since_hours() -> None:
    class Broken(FakeDues):
        def waiting(self, hour: datetime, shard: int, **limits: Any) -> list[Due]:
            if hour < NINE - timedelta(hours=1):
                raise TimeoutError
            return super().waiting(hour, shard, **limits)

    crises = rows(2, at=NINE - timedelta(seconds=30), kind="crisis_page-a-1")
    dues, queue = Broken(), FakeQueue()
    dues.put(crises)
    with pytest.raises(TimeoutError):
        tick(dues, queue)

    assert queue.handed == crises


def test_of_crises_the_newest_are_handed_over_however_many_wait() -> None:
    old = rows(PAGE, at=NINE - timedelta(minutes=30), kind="crisis_page-a-1")
    new = rows(3, at=NINE + timedelta(minutes=1), kind="crisis_page-b-1")
    dues, queue = with_rows(old, new), FakeQueue()
    queue.pages_waiting = NEARLY_IDLE + 1

    tick(dues, queue)

    assert queue.handed == new


def test_of_one_crisis_only_the_newest_page_to_each_is_handed_over_again_until_it_has_ended() -> None:
    pages = [
        rows(2, at=NINE - timedelta(minutes=minutes), kind=f"crisis_page-{crisis}-{version}")
        for minutes, crisis, version in ((80, "a", 1), (75, "b", 1), (50, "a", 3), (9, "a", 5))
    ]
    dues, queue = with_rows(*pages), FakeQueue()
    dues.advance(NINE - timedelta(hours=2))

    assert tick(dues, queue).overdue == 8
    assert {due.kind for due in queue.handed} == {"crisis_page-a-5", "crisis_page-b-1"}

    for due in queue.handed:
        dues.remove([due])
    queue.handed.clear()
    tick(dues, queue)
    assert {due.kind for due in queue.handed} == {"crisis_page-a-3"}


def test_what_watches_over_an_old_page_hides_no_newer_one() -> None:
    (old,) = rows(1, at=NINE - timedelta(minutes=9), kind="crisis_page-a-1")
    (new,) = rows(1, at=NINE - timedelta(minutes=3), kind="crisis_page-a-3")
    dues, queue = with_rows([replace(old, at=NINE - timedelta(minutes=2))], [new]), FakeQueue()

    tick(dues, queue)

    assert queue.handed == [new]


def test_what_fails_for_one_partition_holds_up_no_other_and_its_hour_is_not_done_with() -> None:
    class Broken(FakeDues):
        def waiting(self, hour: datetime, shard: int, **limits: Any) -> list[Due]:
            if (hour, shard) in broken:
                raise TimeoutError
            return super().waiting(hour, shard, **limits)

    ahead = rows(40, at=NINE + timedelta(minutes=1))
    broken = {(NINE, shard_of(ahead[0])), (NINE - timedelta(hours=20), 3)}
    dues, queue = Broken(), FakeQueue()
    dues.put(ahead)

    found = tick(dues, queue)

    assert len(found.failures) == 2
    others = [due for due in ahead if shard_of(due) != shard_of(ahead[0])]
    assert others
    assert sorted(due.person_id for due in queue.handed) == sorted(due.person_id for due in others)
    assert dues.watermark() == NINE - timedelta(hours=20)


def test_what_was_put_to_go_out_at_once_waits_for_the_next_tick_and_is_not_called_overdue() -> None:
    just_put = rows(1, at=NINE - timedelta(seconds=11))

    found = tick(with_rows(just_put, rows(1, at=NINE, kind="notice-a")), queue := FakeQueue())

    assert queue.handed == just_put
    assert (found.overdue, found.oldest) == (0, None)


def test_a_tick_that_dies_over_many_hours_has_got_somewhere_and_what_was_ahead_is_on_its_way() -> None:
    next_minute = rows(1, at=NINE + timedelta(minutes=1))

    class Dying(FakeDues):
        def waiting(self, hour: datetime, shard: int, **limits: Any) -> list[Due]:
            if shard != URGENT and hour == NINE - timedelta(hours=20):
                raise TimeoutError
            return super().waiting(hour, shard, **limits)

    dues, queue = Dying(), FakeQueue()
    dues.put(next_minute)
    with pytest.raises(TimeoutError):
        tick(dues, queue)

    assert queue.handed == next_minute
    assert dues.watermark() == NINE - timedelta(hours=20)


def test_an_outages_backlog_goes_out_in_waves() -> None:
    per_shard = WAVE // DUE_SHARDS + 100
    crowd = rows(per_shard * DUE_SHARDS, at=NINE - timedelta(hours=1))
    queue = FakeQueue()

    found = tick(with_rows(crowd), queue)

    assert found.again == len(queue.handed) == WAVE
    assert found.overdue > WAVE


def test_not_always_the_same_wait_where_there_is_no_room_for_all() -> None:
    crowd = rows(DUE_SHARDS * 250, at=NINE - timedelta(hours=1))
    first = []
    for minute in range(2):
        queue = FakeQueue()
        tick(with_rows(crowd), queue, at=NINE + timedelta(minutes=minute))
        first.append(shard_of(queue.handed[0]))

    assert first[1] == first[0] + 1


@settings(max_examples=60, deadline=None)
@given(
    instants=st.lists(st.integers(-7200, 60), min_size=1, max_size=30),
    minutes=st.sets(st.integers(0, 20), min_size=1),
)
def test_whatever_ticks_are_missed_everything_is_handed_over_and_nothing_before_its_minute(
    instants: list[int], minutes: set[int]
) -> None:
    waiting = [
        replace(due, at=NINE + timedelta(seconds=offset))
        for due, offset in zip(rows(len(instants), at=NINE), instants, strict=True)
    ]
    dues, queue = with_rows(waiting), FakeQueue()
    for minute in sorted(minutes | {30}):
        at = NINE + timedelta(minutes=minute)
        before = len(queue.handed)
        tick(dues, queue, at=at)
        assert all(due.at < at + timedelta(minutes=2) for due in queue.handed[before:])

    assert {due.name for due in queue.handed} == {due.name for due in waiting}


def test_of_what_is_late_the_latest_hour_comes_first() -> None:
    late = [row for hours in range(6, 0, -1) for row in rows(1, at=NINE - timedelta(hours=hours))]
    dues, queue = with_rows(late), FakeQueue()

    tick(dues, queue)

    assert [due.at for due in queue.handed] == [due.at for due in reversed(late)]


def test_a_partition_that_fails_is_counted_beside_what_is_known_and_fails_no_tick(
    log: Callable[[], list[dict[str, object]]],
) -> None:
    class Broken(FakeDues):
        def waiting(self, hour: datetime, shard: int, **limits: Any) -> list[Due]:
            if (hour, shard) == (NINE, 3):
                raise TimeoutError
            return super().waiting(hour, shard, **limits)

    class Clock:
        def utc_now(self) -> datetime:
            return NINE

        def as_instant(self, text: str) -> datetime:
            return datetime.fromisoformat(text)

    class Switch:
        def paused(self, now: datetime) -> bool:  # noqa: ARG002 (the port's)
            return False

    using = Ticking(dues=Broken(), queue=FakeQueue(), switch=Switch(), clock=Clock())  # type: ignore[arg-type]
    handlers.tick({"time": NINE.isoformat()}, using=using)

    figures = {name: value for line in log() if "_aws" in line for name, value in line.items()}
    assert figures["HandOverErrors"] == [1.0]
    assert {"Ticks", "DueNotEnded", "OldestWaitingSeconds"} <= set(figures)
