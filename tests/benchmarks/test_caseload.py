"""What a page of a programme's caseload costs, and one row's update, counted on the real handlers."""

import time as clock
from collections.abc import Iterator
from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.caseload.attention import OpenTask, Run
from chalicelib.caseload.domain import Cadence, Contact, How, Outcome, contact_id
from chalicelib.caseload.following import Row, keep_up
from chalicelib.caseload.handlers import sources
from chalicelib.caseload.listing import Reader, caseload, workload
from chalicelib.caseload.store import DynamoCadences, DynamoContacts, DynamoRows
from chalicelib.checkins.domain import Source
from chalicelib.checkins.doors import desk
from chalicelib.checkins.forms import DAILY
from chalicelib.checkins.service import answer
from chalicelib.edge import table
from chalicelib.enrollment.copy_store import DynamoCopies
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Severity
from tests.benchmarks.counting import DUE
from tests.benchmarks.meter import Meter
from tests.benchmarks.world import PROGRAMME, a_world
from tests.build import said
from tests.conftest import SETTINGS

PEOPLE, SHOWN = 1000, 50
NOW = DUE
READER = Reader(subject="0f" * 16, in_full=True, only_care_team=False)
FLAG = OpenTask(
    id="flag-craving_severe-2026-11-24-daily",
    severity=Severity.URGENT,
    owner=Role.CASE_MANAGER,
    opened_at=NOW - timedelta(hours=20),
    due_at=NOW,
    because="craving 9",
)


@pytest.fixture(scope="module")
def meter() -> Iterator[Meter]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in SETTINGS.items():
            patch.setenv(name, value)
        with a_world(NOW - timedelta(days=3)) as world:
            people = DynamoPeople()
            ids = [world.enrol(number, now=world.clock.at) for number in range(PEOPLE)]
            _live(ids[0])
            meter = Meter(peek=world.table.peek)
            meter.attach(table.Item._get_connection())  # noqa: SLF001 (the client of all items)
            with meter.during("first"):
                assert keep_up(ids[0], now=NOW, sources=sources(people)) == 1
            with meter.during("same"):
                assert keep_up(ids[0], now=NOW, sources=sources(people)) == 0
            DynamoContacts().add(_contact(ids[0], days=0))
            with meter.during("changed"):
                assert keep_up(ids[0], now=NOW, sources=sources(people)) == 1
            for person_id in ids[1:]:
                keep_up(person_id, now=NOW, sources=sources(people))
            _as_in_a_busy_programme(ids)
            with meter.during("page"):
                began = clock.process_time()
                assert len(_page(READER)) == SHOWN
                print(f"a page of {SHOWN} of {PEOPLE}: {(clock.process_time() - began) * 1000:.0f} ms of CPU")
            with meter.during("own page"):
                _page(replace(READER, only_care_team=True))
            with meter.during("workload"):
                workload(READER.subject, roles=[(PROGRAMME.id, Role.CASE_MANAGER)], now=NOW, rows=DynamoRows())
            yield meter


def _live(person_id: str) -> None:
    """Give somebody three weeks of check-ins, ten contacts and a cadence."""
    ledger = DynamoLedger()
    who = DynamoPeople().load(person_id, now=NOW)
    assert who is not None
    for days in range(21, 0, -1):
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
        ledger.add([entry])
        if days > 2:
            answer(who, at.date(), DAILY, said(mood=6, plan="yes"), now=at, source=Source.APP, desk=desk())
    for days in range(2, 22, 2):
        DynamoContacts().add(_contact(person_id, days=days))
    DynamoCadences().put(
        Cadence(
            person_id=person_id,
            role=Role.CASE_MANAGER,
            every_days=7,
            starts_on=date(2026, 11, 1),
            by=READER.subject,
            set_at=NOW,
        )
    )


def _contact(person_id: str, *, days: int) -> Contact:
    at = NOW - timedelta(days=days)
    return Contact(
        id=contact_id(at, "0f" * 16),
        person_id=person_id,
        programme_id=PROGRAMME.id,
        at=at,
        how=How.CALL,
        outcome=Outcome.REACHED,
        role=Role.CASE_MANAGER,
        by=READER.subject,
        noted_at=at,
        note="Doing well; the group helps. Calls again on Thursday, after work.",
    )


def _as_in_a_busy_programme(ids: list[str]) -> None:
    """Give every row three carers and a last contact, every fifth a run of silence, every tenth a flag."""
    rows = DynamoRows()
    like = rows.find(PROGRAMME.id, ids[0]).facts
    assert like is not None
    for number, person_id in enumerate(ids):
        row = rows.find(PROGRAMME.id, person_id)
        assert row.facts is not None
        facts = replace(
            row.facts,
            care_team=frozenset({READER.subject, "1f" * 16, "2f" * 16}),
            last_contact=like.last_contact,
            reached_at=like.reached_at,
            answered_at=like.answered_at,
            answered_on=like.answered_on,
            cadences=like.cadences,
            run=Run(earlier=1, closes=(NOW, NOW), since=date(2026, 11, 22)) if number % 5 == 0 else None,
            tasks=(FLAG,) if number % 10 == 0 else (),
        )
        assert rows.put(PROGRAMME.id, person_id, Row(version=row.version + 1, facts=facts), now=NOW)


def _page(reader: Reader) -> list[object]:
    copies = DynamoCopies()
    found = caseload(PROGRAMME.id, reader=reader, after=None, limit=SHOWN, now=NOW, rows=DynamoRows(), copies=copies)
    return [*found.lines]


def units(meter: Meter, stage: str) -> tuple[float, float]:
    """Return write and read units of a stage."""
    wanted = frozenset({stage})
    return meter.total(meter.writes, stages=wanted), meter.total(meter.reads, stages=wanted)


def test_a_row_costs_one_write_where_it_changed_and_none_where_it_did_not(meter: Meter) -> None:
    # Two queries of the person, the row, and a query each of contacts (two), cadences, answers, what was sent, tasks
    # and calls for help: all consistent, since whoever looks because something was stored has to find it.
    assert units(meter, "first") == (1, 10)
    assert units(meter, "changed") == (1, 10)
    assert units(meter, "same") == (0, 10)


def test_a_page_costs_the_whole_order_once_and_a_unit_for_each_who_is_shown(meter: Meter) -> None:
    # 1,000 rows of 422 bytes, half a unit for each 4 KB; 50 copies of records, read consistently.
    assert units(meter, "page") == (0, 51.5 + SHOWN)
    assert meter.calls["page", "Query"] + meter.calls["page", "BatchGetItem"] == 2
    # Who sees their own people only has it looked up anew whose care team names them.
    assert units(meter, "own page") == (0, 51.5 + 2 * SHOWN)


def test_what_somebody_has_to_do_costs_the_rows_of_their_programme(meter: Meter) -> None:
    assert units(meter, "workload") == (0, 51.5)
    assert meter.calls["workload", "Query"] == 1
