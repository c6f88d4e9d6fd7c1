"""The account's rate of e-mails, against DynamoDB: whose turn it is, whichever process asks."""

from collections.abc import Callable
from datetime import timedelta

import pytest

from chalicelib.outreach.domain import Urgency
from chalicelib.outreach.pacing import KEPT_FOR, PATIENCE, DynamoPace
from tests.build import utc

pytestmark = pytest.mark.usefixtures("aws")

NOON = utc("2026-11-25T12:00:00")


def at_rate(emails_a_second: float) -> DynamoPace:
    return DynamoPace(rate=lambda: emails_a_second)


def seconds(pace: DynamoPace, letters: int, urgency: Urgency = Urgency.CLINICAL, *, after: float = 0) -> float | None:
    """Return how many seconds after noon the turn begins."""
    begins = pace.turn(letters, urgency, now=NOON + timedelta(seconds=after))
    return None if begins is None else (begins - NOON).total_seconds()


def test_processes_take_turns_whatever_the_sizes_of_their_batches() -> None:
    here, elsewhere = at_rate(10), at_rate(10)

    assert seconds(here, 10) == 0
    assert seconds(elsewhere, 20) == 1
    assert seconds(here, 50) == 3
    assert seconds(elsewhere, 1) == 8


def test_an_account_that_was_idle_saves_nothing_up() -> None:
    pace = at_rate(10)

    assert seconds(pace, 10) == 0
    assert seconds(pace, 10, after=60) == 60
    assert seconds(pace, 10, after=60) == 61


def test_what_a_turn_did_not_use_is_for_others() -> None:
    pace = at_rate(10)
    seconds(pace, 50)

    pace.give_back(40, now=NOON)

    assert seconds(at_rate(10), 10) == 1


@pytest.mark.parametrize("urgency", [Urgency.ACCOUNT, Urgency.CLINICAL, Urgency.PEER, Urgency.CELEBRATION])
def test_the_fuller_the_account_the_fewer_of_those_that_can_wait_get_a_turn(urgency: Urgency) -> None:
    pace, patience = at_rate(1), PATIENCE[urgency].total_seconds()
    seconds(pace, int(patience))

    assert seconds(pace, 1, urgency) == patience
    assert seconds(pace, 1, urgency) is None
    assert seconds(pace, 1, Urgency.CRISIS) == patience + 1


def asked(answers: list[float | Exception]) -> Callable[[], float]:
    left = iter(answers)

    def rate() -> float:
        answer = next(left)
        if isinstance(answer, Exception):
            raise answer
        return answer

    return rate


def test_a_rate_that_aws_raised_counts_within_ten_minutes() -> None:
    pace = DynamoPace(rate=asked([1, 100]))
    assert seconds(pace, 10) == 0

    later = KEPT_FOR.total_seconds()
    assert seconds(pace, 100, after=later) == later
    assert seconds(pace, 1, after=later) == later + 1


def test_a_rate_that_cannot_be_read_again_is_still_the_one_before() -> None:
    pace = DynamoPace(rate=asked([10, TimeoutError()]))
    assert seconds(pace, 10) == 0

    later = KEPT_FOR.total_seconds()
    assert seconds(pace, 10, after=later) == later
    assert seconds(pace, 10, after=later) == later + 1
