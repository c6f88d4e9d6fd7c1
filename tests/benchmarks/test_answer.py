"""What one answer to a check-in costs with all that follows from it, counted on the real handlers."""

from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

import app
from chalicelib.checkins.domain import Answer, Source
from chalicelib.checkins.doors import desk
from chalicelib.checkins.forms import DAILY, WEEKLY
from chalicelib.checkins.service import answer
from chalicelib.edge import config, table
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ledger_store import DynamoLedger
from tests.benchmarks.counting import DUE
from tests.benchmarks.memory import Table
from tests.benchmarks.meter import Meter, keys_written
from tests.benchmarks.world import a_world
from tests.build import said
from tests.conftest import SETTINGS, Clock

NOW = DUE
WEEKS = 4
FOLLOWED = ("CHECKINS#", "LEDGER#", "TASKS#", "PERSON#")
GOOD = dict.fromkeys(("9", "10", "12", "13", "14", "16"), 4)
LITTLE = dict.fromkeys(("1", "2", "3", "8", "11", "15"), 1)
WEEK = Answer(
    form_version=1,
    values={f"bam7.{item}": value for item, value in (GOOD | LITTLE | dict.fromkeys("456", 0)).items()}
    | {"phq8.1": 0, "phq8.2": 1, "gad7.1": 0, "gad7.2": 1},
)


class Stream:
    """What the table's stream would bring of the calls of a client, as far as the function asks for it."""

    def __init__(self, rows: Table, connection: Any) -> None:
        self._rows, self._before = rows, dict[str, Any]()
        self.records: list[dict[str, Any]] = []
        events = connection.connection.client.meta.events
        events.register("provide-client-params.dynamodb.*", self._asked)
        events.register("after-call.dynamodb.*", self._answered)

    def _asked(self, params: dict[str, Any], model: Any, **_: Any) -> None:
        self._before = {str(key): (key, self._rows.peek(key)) for key in keys_written(model.name, params)}

    def _answered(self, **_: Any) -> None:
        for key, before in self._before.values():
            now = self._rows.peek(key)
            is_reach = not key["pk"]["S"].startswith("PERSON#") or key["sk"]["S"] == "REACH"
            if now is not None and now != before and key["pk"]["S"].startswith(FOLLOWED) and is_reach:
                change = {"Keys": key, "NewImage": now, "SequenceNumber": str(len(self.records))}
                if before is not None:
                    change["OldImage"] = before
                self.records.append({"eventName": "MODIFY" if before else "INSERT", "dynamodb": change})

    def follow(self) -> None:
        """Bring all of it to the function that follows the stream, until nothing more comes."""
        while self.records:
            records, self.records = self.records, []
            assert app.achieve({"Records": records}, None) == {"batchItemFailures": []}


@pytest.fixture(scope="module")
def meter(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Meter]:
    file = tmp_path_factory.mktemp("answer") / "clock"
    with pytest.MonkeyPatch.context() as patch:
        for name, value in (SETTINGS | {"CAIRN_CLOCK_OFFSET_FILE": str(file)}).items():
            patch.setenv(name, value)
        config.config.cache_clear()
        clock = Clock(file)
        clock.set(NOW)
        with a_world(NOW - timedelta(weeks=WEEKS)) as world:
            people = {name: world.enrol(number, now=world.clock.at) for number, name in enumerate(STAGES)}
            connection = table.Item._get_connection()  # noqa: SLF001 (the client of all items)
            stream = Stream(world.table, connection)
            for person_id in people.values():
                _live(person_id)
            stream.follow()
            meter = Meter(peek=world.table.peek)
            meter.attach(connection)
            for name, take in STAGES.items():
                with meter.during(name):
                    take(people[name], NOW)
                with meter.during(f"{name}, followed"):
                    stream.follow()
            yield meter
    config.config.cache_clear()


def _live(person_id: str) -> None:
    """Give somebody weeks of check-ins, of which they answered all but each seventh, and not the last two."""
    for days in range(7 * WEEKS - 1, 0, -1):
        at = NOW - timedelta(days=days)
        entry = Entry(
            person_id=person_id,
            kind=CHECK_IN,
            on=at.date(),
            due_at=at,
            status=Status.SENT,
            attempt=1,
            claimed_at=at,
            ended_at=at,
        )
        DynamoLedger().add([entry])
        if days % 7:
            _take(DAILY, said(mood=6, craving=2, plan="yes"))(person_id, at)
        if days % 7 == 1:
            _take(WEEKLY, WEEK)(person_id, at)


def _take(form: str, told: Answer) -> Callable[[str, datetime], None]:
    def take(person_id: str, at: datetime) -> None:
        # As the page does: who it is, what stands there already, then the answer.
        who = DynamoPeople().load(person_id, now=at)
        assert who is not None
        desk().check_ins.get(person_id, at.astimezone(UTC).date(), form)
        answer(who, at.astimezone(UTC).date(), form, told, now=at, source=Source.LINK, desk=desk())

    return take


STAGES = {
    "a daily answer": _take(DAILY, said(mood=6, craving=2, plan="yes")),
    "a daily answer that raises flags": _take(DAILY, said(mood=3, craving=9, plan="yes")),
    "a weekly answer": _take(WEEKLY, WEEK),
}


def units(meter: Meter, *stages: str) -> tuple[float, float]:
    """Return write and read units."""
    wanted = frozenset(stages)
    return meter.total(meter.writes, stages=wanted), meter.total(meter.reads, stages=wanted)


def test_what_answers_cost_and_what_follows_from_them(meter: Meter) -> None:
    found = {name: (units(meter, name), units(meter, f"{name}, followed")) for name in STAGES}

    assert found == {
        "a daily answer": ((1, 5.5), (1, 14)),
        # Two rules hold. Answer, flags, their places in the list and their first steps are one transaction.
        "a daily answer that raises flags": ((15, 7.5), (7, 20)),
        "a weekly answer": ((1, 5.5), (1, 14)),
    }
