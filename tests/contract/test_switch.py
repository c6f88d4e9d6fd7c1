"""One suite for the fake and for DynamoDB: the fake can't lie."""

from datetime import timedelta

import pytest

from chalicelib.outreach.operating import Position, turn
from chalicelib.outreach.switch import KEPT_FOR, DynamoSwitch
from tests.build import utc
from tests.fakes_watch import FakeSwitch

pytestmark = pytest.mark.usefixtures("aws")

NOON = utc("2026-11-25T12:00")


@pytest.fixture(params=[FakeSwitch, DynamoSwitch])
def switch(request: pytest.FixtureRequest) -> FakeSwitch | DynamoSwitch:
    found: FakeSwitch | DynamoSwitch = request.param()
    return found


def test_outreach_runs_until_somebody_pauses_it(switch: FakeSwitch | DynamoSwitch) -> None:
    assert switch.position() is None
    assert not switch.paused(NOON)


def test_a_pause_holds_until_it_is_taken_back(switch: FakeSwitch | DynamoSwitch) -> None:
    paused, is_new = turn(switch, paused=True, by="ana", why="wrong template", now=NOON)

    assert is_new
    assert switch.position() == paused == Position(paused=True, since=NOON, by="ana", why="wrong template")
    assert switch.paused(NOON)

    later = NOON + timedelta(hours=1)
    turn(switch, paused=False, by="ben", why="put right", now=later)

    assert switch.position() == Position(paused=False, since=later, by="ben", why="put right")
    assert not switch.paused(later)


def test_a_second_pause_keeps_who_paused_first_and_when(switch: FakeSwitch | DynamoSwitch) -> None:
    first, _ = turn(switch, paused=True, by="ana", why="wrong template", now=NOON)

    again, is_new = turn(switch, paused=True, by="ben", why="me too", now=NOON + timedelta(hours=1))

    assert not is_new
    assert again == first == switch.position()


def test_letting_go_on_what_goes_on_changes_nothing(switch: FakeSwitch | DynamoSwitch) -> None:
    position, is_new = turn(switch, paused=False, by="ben", why="to be sure", now=NOON)

    assert not is_new
    assert not position.paused
    assert switch.position() is None


def test_a_process_hears_of_a_turn_within_ten_seconds() -> None:
    here, elsewhere = DynamoSwitch(), DynamoSwitch()
    assert not here.paused(NOON)
    turn(elsewhere, paused=True, by="ana", why="wrong template", now=NOON)

    assert not here.paused(NOON + KEPT_FOR - timedelta(seconds=1))
    assert here.paused(NOON + KEPT_FOR)


def test_a_clock_that_was_moved_back_is_no_reason_to_go_by_what_was_read_once() -> None:
    here, elsewhere = DynamoSwitch(), DynamoSwitch()
    assert not here.paused(NOON)
    turn(elsewhere, paused=True, by="ana", why="wrong template", now=NOON)

    assert here.paused(NOON - timedelta(seconds=1))
