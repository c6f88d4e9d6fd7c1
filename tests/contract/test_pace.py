"""The account's rate of e-mails, against DynamoDB."""

from datetime import datetime, timedelta

import pytest

from chalicelib.outreach.domain import Urgency
from chalicelib.outreach.pacing import KEPT_FOR, DynamoPace
from tests.build import utc

pytestmark = pytest.mark.usefixtures("aws")


class Clock:
    """A clock that goes on only when somebody waits."""

    def __init__(self) -> None:
        self.now = utc("2026-11-25T12:00:00")

    def utc_now(self) -> datetime:
        return self.now

    def wait_until(self, instant: datetime, *, at_most: timedelta) -> datetime:
        if self.now < instant <= self.now + at_most:
            self.now = instant
        return self.now


def waited(clock: Clock) -> float:
    return (clock.now - utc("2026-11-25T12:00:00")).total_seconds()


def test_processes_share_the_rate_and_wait_for_the_next_second() -> None:
    clock = Clock()
    here, elsewhere = (DynamoPace(rate=lambda: 20.0, clock=clock) for _ in range(2))

    assert here(10, Urgency.CLINICAL)
    assert elsewhere(10, Urgency.CLINICAL)
    assert waited(clock) == 0
    assert elsewhere(10, Urgency.CLINICAL)
    assert waited(clock) == 1


def test_without_room_in_three_seconds_they_go_back() -> None:
    clock = Clock()
    taken = DynamoPace(rate=lambda: 10.0, clock=clock)
    for _ in range(3):
        assert taken(10, Urgency.CLINICAL)
    clock.now -= timedelta(seconds=2)

    assert not DynamoPace(rate=lambda: 10.0, clock=clock)(1, Urgency.CLINICAL)


def test_celebrations_leave_half_of_the_rate_to_what_cannot_wait() -> None:
    clock = Clock()
    pace = DynamoPace(rate=lambda: 40.0, clock=clock)

    assert pace(10, Urgency.CELEBRATION)
    assert pace(10, Urgency.CELEBRATION)
    assert pace(10, Urgency.PEER)
    assert pace(10, Urgency.CLINICAL)
    assert waited(clock) == 0
    clock.now += timedelta(seconds=1)
    assert pace(30, Urgency.CLINICAL)
    assert pace(10, Urgency.CELEBRATION)
    assert waited(clock) == 2


@pytest.mark.parametrize("urgency", [Urgency.CLINICAL, Urgency.CELEBRATION])
def test_an_account_of_one_email_a_second_sends_a_batch_of_ten_in_time(urgency: Urgency) -> None:
    clock = Clock()
    pace = DynamoPace(rate=lambda: 1.0, clock=clock)

    assert pace(10, urgency)
    assert pace(10, urgency)
    assert waited(clock) >= 8


def test_a_rate_that_aws_raised_counts_within_ten_minutes() -> None:
    clock, rates = Clock(), iter([10.0, 100.0])
    pace = DynamoPace(rate=lambda: next(rates), clock=clock)

    assert pace(10, Urgency.CLINICAL)
    clock.now += KEPT_FOR
    assert pace(90, Urgency.CLINICAL)
    assert waited(clock) == KEPT_FOR.total_seconds()
