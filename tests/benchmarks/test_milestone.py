"""What one milestone costs, from the date that is set to the message, counted on the real handlers."""

from collections.abc import Iterator
from datetime import date, datetime, time, timedelta

import pytest

from chalicelib.edge import table
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.flags.store import DynamoCareRules
from chalicelib.milestones.domain import Goal, Word
from chalicelib.milestones.progress import progress
from chalicelib.milestones.service import count_from, tell_of_lapse
from chalicelib.milestones.store import DynamoStreaks
from chalicelib.outreach.domain import ChannelKind, Status
from chalicelib.outreach.kinds import DAYS
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.tasks.store import DynamoTasks
from tests.benchmarks.counting import DUE
from tests.benchmarks.meter import Meter
from tests.benchmarks.world import a_world
from tests.conftest import SETTINGS

SET_AT = DUE - timedelta(hours=18)
THIRTY_DAYS_AGO = date(2026, 10, 26)
PEOPLE = 5


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        with a_world(SET_AT) as world:
            # Check-ins come in the evening, so that a milestone is a message by itself.
            ids = [world.enrol(number, at=time(20), now=SET_AT) for number in range(PEOPLE)]
            people = DynamoPeople()
            meter = Meter(peek=world.table.peek)
            meter.attach(table.Item._get_connection())  # noqa: SLF001 (the client of all items)
            with meter.during("set"):
                for person_id in ids:
                    _count_from(person_id, people)
            with meter.during("show"):
                for person_id in ids:
                    progress(person_id, now=SET_AT, people=people, streaks=DynamoStreaks(people))
            for stage, at in (("deliver", DUE), ("updates", DUE + timedelta(minutes=10))):
                world.clock.at = at - timedelta(seconds=50)
                world.settle_ticks()
                world.tick()
                world.clock.at = at
                with meter.during(stage):
                    world.deliver()
            with meter.during("lapse"):
                for person_id in ids:
                    _lapse(person_id, people, now=world.clock.at)
            told = [DynamoLedger().get(person_id, DAYS, DUE.date()) for person_id in ids]
            assert [entry and entry.status for entry in told] == [Status.MERGED] * PEOPLE
            assert len(world.providers[ChannelKind.EMAIL].taken) == PEOPLE
            yield meter


def _count_from(person_id: str, people: DynamoPeople) -> None:
    count_from(
        person_id,
        THIRTY_DAYS_AGO,
        goal=Goal.ABSTINENCE,
        name=None,
        at=time(9),
        word=Word(by=person_id, at=SET_AT),
        version=1,
        now=SET_AT,
        people=people,
        programmes=DynamoProgrammes(),
        streaks=DynamoStreaks(people),
        ledger=DynamoLedger(),
    )


def _lapse(person_id: str, people: DynamoPeople, *, now: datetime) -> None:
    tell_of_lapse(
        person_id,
        None,
        starts_on=None,
        talk_today=False,
        of_opioids=False,
        word=Word(by=person_id, at=now),
        now=now,
        people=people,
        streaks=DynamoStreaks(people),
        holds=DynamoHolds(),
        tasks=DynamoTasks(),
        care_rules=DynamoCareRules(),
    )


def units(meter: Meter, *stages: str) -> tuple[float, float]:
    """Return write and read units of a person."""
    wanted = frozenset(stages)
    return meter.total(meter.writes, stages=wanted) / PEOPLE, meter.total(meter.reads, stages=wanted) / PEOPLE


def test_a_milestone_costs_what_a_message_that_may_wait_costs(meter: Meter) -> None:
    writes, reads = units(meter, "deliver", "updates")

    # Collected, then told by a message of its own: eleven writes, two claims and ends among them.
    assert (writes, round(reads, 1)) == (11, 5.8)


def test_a_date_and_a_return_to_use_cost_one_transaction_each(meter: Meter) -> None:
    assert units(meter, "set") == (14, 3)
    assert units(meter, "show") == (0, 2)
    assert units(meter, "lapse") == (19, 4)
