"""What a meeting costs for each of its members, from the look to the e-mail, counted on the real handlers."""

from collections.abc import Iterator
from datetime import time, timedelta

import pytest

from chalicelib.edge import table
from chalicelib.groups import belonging, ringing, service
from chalicelib.groups.bell_store import DynamoBells, DynamoLooks
from chalicelib.groups.domain import Group, Kind
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.series import Part
from chalicelib.groups.store import DynamoGroups
from chalicelib.outreach import fanning
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.fanning_store import SqsFanOut
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.recurrence import Recurrence
from chalicelib.outreach.store import DynamoDues
from tests.benchmarks.counting import DUE
from tests.benchmarks.meter import Meter
from tests.benchmarks.world import World, a_world
from tests.conftest import SETTINGS

PEOPLE = 200
"""A page: 5,000 members are 25 of them."""

START = DUE.replace(minute=0, second=0) + timedelta(hours=24)
BEGINS = START - timedelta(hours=24, minutes=10)
SET_AT = BEGINS - timedelta(hours=5)


def _deliver(world: World) -> None:
    asked = ringing.StillTrue(
        groups=DynamoGroups(), members=DynamoMembers(), ledger=DynamoLedger(), clock=lambda: world.clock.at
    )
    world.deliver(objections=asked, moment=asked.moment)


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        with a_world(SET_AT) as world:
            groups, members, bells = DynamoGroups(), DynamoMembers(), DynamoBells()
            group = groups.add(_group())
            rule = Recurrence(at=time(START.hour), rule="FREQ=WEEKLY;INTERVAL=2", zone="UTC", starts_on=START.date())
            part = Part(when=rule, lasts=timedelta(hours=1), link="https://video.example/7", set_at=SET_AT)
            series = service.add_series(group, part, by="fay", now=SET_AT, groups=groups, new_id=lambda: "5e" * 16)
            ids = [world.enrol(number, at=time(20), now=SET_AT) for number in range(PEOPLE)]
            meter = Meter(peek=world.table.peek)
            meter.attach(table.Item._get_connection())  # noqa: SLF001 (the client of all items)
            with meter.during("join"):
                for person_id in ids:
                    belonging.join(group, person_id, by="fay", now=SET_AT, members=members)
            queue = SqsFanOut("fan-out", "bell")
            with meter.during("look"):
                ((since, _),) = DynamoLooks().coming(by=BEGINS, limit=9)
                ringing.look(series.id, since, now=BEGINS, groups=groups, looks=DynamoLooks(), bells=bells)
                (bell,) = bells.begun(by=BEGINS)
            with meter.during("page"):
                fanning.fan_out(
                    bell.id,
                    0,
                    now=BEGINS,
                    fan_outs=bells,
                    meant=ringing.meant_by(members),
                    dues=DynamoDues(),
                    queue=queue,
                )
            world.clock.at = bell.at - timedelta(seconds=50)
            world.settle_ticks()
            world.tick()
            world.clock.at = bell.at + timedelta(seconds=20)
            with meter.during("deliver"):
                _deliver(world)
            assert len(world.providers[ChannelKind.EMAIL].taken) == PEOPLE
            yield meter


def _group() -> Group:
    return Group(
        id="60" * 16,
        programme_id="iop",
        kind=Kind.ALUMNI,
        name="Thursday circle",
        language="en",
        facilitators=frozenset({"fay"}),
        is_open=True,
        by="admin",
        made_at=SET_AT,
    )


def units(meter: Meter, *stages: str) -> tuple[float, float]:
    """Return write and read units of a member."""
    wanted = frozenset(stages)
    return (
        round(meter.total(meter.writes, stages=wanted) / PEOPLE, 2),
        round(meter.total(meter.reads, stages=wanted) / PEOPLE, 2),
    )


def test_being_told_costs_what_any_message_does_and_a_read_of_the_member(meter: Meter) -> None:
    assert units(meter, "deliver") == (3.08, 2.1)
    assert units(meter, "page") == (1.04, 0.03)


def test_a_look_costs_the_same_however_many_members_there_are(meter: Meter) -> None:
    wanted = frozenset({"look"})
    assert (meter.total(meter.writes, stages=wanted), meter.total(meter.reads, stages=wanted)) == (6, 4)


def test_to_join_is_one_transaction(meter: Meter) -> None:
    assert units(meter, "join") == (6, 2)
