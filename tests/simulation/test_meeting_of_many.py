"""A meeting of many, called off: everybody is told what their story says, once, whatever is throttled and dies."""

from collections import Counter

import pytest

from chalicelib.groups.bells import Sort
from tests.simulation.meeting import CALM, World, table


def test_a_meeting_called_off_half_an_hour_before_reaches_each_of_its_people_as_their_story_says() -> None:
    world = World(300)
    world.run()

    assert world.wrong() == []
    assert world.late() == []
    assert world.waiting() == []
    assert world.storm.throttled + world.storm.died > 20
    got = sum(world.got().values(), Counter[Sort]())
    assert got == {Sort.DAY: 222, Sort.HOUR: 210, Sort.CANCELLED: 252}
    assert len(table(world).splitlines()) == 21


@pytest.mark.parametrize("seed", [2, 3])
def test_one_called_off_while_its_last_reminder_goes_out_reminds_nobody_any_more(seed: int) -> None:
    """Eight minutes before, “starting now” is in line for everybody already."""
    world = World(200, seed=seed, off=8 / 60)
    world.run()

    assert (world.wrong(), world.late(), world.waiting()) == ([], [], [])
    assert any(bell.about.sort is Sort.NOW for bell in world.bells.kept.values())
    assert not any(f"-{Sort.NOW}-" in kind for _, _, kind in world.provider.sent)


def test_one_that_takes_place_tells_each_of_what_they_chose() -> None:
    world = World(200, off=None)
    world.run()

    assert world.wrong() == []
    assert sum(got[Sort.NOW] for got in world.got().values()) > 0


def test_the_checker_notices_a_message_too_many_and_one_too_few() -> None:
    world = World(20, weather=CALM)
    world.run()
    assert world.wrong() == []

    world.provider.sent.append(world.provider.sent[-1])
    assert len(world.wrong()) == 1
    del world.provider.sent[-2:]
    assert len(world.wrong()) == 1
