"""Awards from the table's stream: once each, through retries, doubles, order and death on the way."""

import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

import app
from chalicelib.checkins.domain import Source
from chalicelib.checkins.doors import desk
from chalicelib.checkins.forms import DAILY
from chalicelib.checkins.service import answer, dispute
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones import achieving
from chalicelib.milestones.domain import Award
from chalicelib.milestones.store import DynamoAwards
from chalicelib.outreach.domain import Due, Entry, Reason, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DueItem, DynamoDues, due_of
from chalicelib.tasks.store import DynamoTasks
from tests.build import said
from tests.conftest import Clock
from tests.contract.test_people_routes import Api

EVENT = json.loads((Path(__file__).parents[2] / "events/achieve.json").read_text(encoding="utf-8"))
FIRST = date(2026, 11, 2)
YES = said(plan="yes")


@pytest.fixture
def ana(aws: None, clock: Clock) -> str:
    del aws
    clock.set(at(2))
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api.enrol(recoveryDate=None)


def at(day: int) -> datetime:
    return datetime(2026, 11, 2, 15, tzinfo=UTC) + timedelta(days=day)


def asked(person: str, day: int, *, status: Status = Status.SENT, reason: Reason | None = None) -> None:
    on, due_at = FIRST + timedelta(days=day), at(day) - timedelta(hours=1)
    entry = Entry(
        person_id=person,
        kind=CHECK_IN,
        on=on,
        due_at=due_at,
        status=status,
        reason=reason,
        attempt=1,
        claimed_at=due_at,
    )
    assert DynamoLedger().add([entry]) == [True]


def answered(person: str, *days: int) -> None:
    for day in days:
        asked(person, day)
        on = FIRST + timedelta(days=day)
        who = DynamoPeople().load(person, now=at(day))
        assert who is not None
        answer(who, on, DAILY, YES, now=at(day), source=Source.APP, desk=desk())


def record_of(person: str, day: int, *, number: int = 1, name: str = "INSERT", pk: str = "CHECKINS") -> dict[str, Any]:
    record: dict[str, Any] = json.loads(json.dumps(EVENT["Records"][0]))
    record["eventName"] = name
    record["dynamodb"] |= {
        "Keys": {"pk": {"S": f"{pk}#{person}"}, "sk": {"S": f"{FIRST + timedelta(days=day)}#daily"}},
        "SequenceNumber": str(number),
    }
    return record


def stream(*records: dict[str, Any]) -> list[dict[str, str]]:
    failures: list[dict[str, str]] = app.achieve({"Records": list(records)}, None)["batchItemFailures"]
    return failures


def awards(person: str) -> dict[str, str]:
    return {award.name: str(award.on) for award in DynamoAwards().of_person(person)}


def dues(person: str) -> list[Due]:
    kept = [due_of(item) for item in DueItem.scan() if f"#{person}#milestone-checkins" in item.sk]
    return sorted(kept, key=lambda due: due.at)


def test_three_in_a_row_are_awarded_once_and_made_due_once(ana: str) -> None:
    answered(ana, 0, 1, 2)

    for _ in range(3):
        assert stream(record_of(ana, 0), record_of(ana, 1), record_of(ana, 2), record_of(ana, 2)) == []

    assert awards(ana) == {"checkins_3": "2026-11-04"}
    assert [(due.kind, due.on) for due in dues(ana)] == [("milestone-checkins_3", date(2026, 11, 4))]


def test_records_that_come_late_or_in_another_order_give_the_same(ana: str, clock: Clock) -> None:
    clock.set(at(6))
    answered(ana, 0, 1, 2, 3, 4, 5, 6)

    assert stream(record_of(ana, 6), record_of(ana, 0), record_of(ana, 3)) == []

    assert awards(ana) == {"checkins_3": "2026-11-04", "checkins_7": "2026-11-08"}
    # What is older than two days is listed, and told to nobody.
    assert [due.kind for due in dues(ana)] == ["milestone-checkins_7"]


def test_an_outage_breaks_no_row_and_two_missed_days_do(ana: str, clock: Clock) -> None:
    clock.set(at(4))
    answered(ana, 0, 1)
    asked(ana, 2, status=Status.FAILED, reason=Reason.ERROR)
    asked(ana, 3, status=Status.SKIPPED, reason=Reason.LATE)
    answered(ana, 4)
    stream(record_of(ana, 4))
    assert awards(ana) == {"checkins_3": "2026-11-06"}

    for day in (5, 6):
        asked(ana, day)
    answered(ana, 7, 8, 9, 10)
    clock.set(at(10))
    stream(record_of(ana, 10))
    assert awards(ana) == {"checkins_3": "2026-11-06"}


def test_an_answer_that_was_not_theirs_does_not_count(ana: str) -> None:
    answered(ana, 0, 1, 2)
    dispute(ana, FIRST + timedelta(days=1), DAILY, now=at(1), check_ins=DynamoCheckIns())
    dispute(ana, FIRST, DAILY, now=at(1), check_ins=DynamoCheckIns())

    stream(record_of(ana, 2))

    assert awards(ana) == {}


def test_who_dies_between_the_due_row_and_the_award_is_made_up_for(ana: str) -> None:
    answered(ana, 0, 1, 2)

    class Dies(DynamoAwards):
        def add(self, person_id: str, award: Award) -> bool:
            raise ConnectionError(person_id, award.name)

    with pytest.raises(ConnectionError):
        achieving.achieve(
            ana,
            now=at(2),
            people=DynamoPeople(),
            check_ins=DynamoCheckIns(),
            ledger=DynamoLedger(),
            awards=Dies(),
            dues=DynamoDues(),
        )
    assert (awards(ana), len(dues(ana))) == ({}, 1)
    stream(record_of(ana, 2))

    assert awards(ana) == {"checkins_3": "2026-11-04"}
    # Two rows perhaps, and one occurrence.
    assert len({due.name for due in dues(ana)}) == 1


def test_what_is_no_answer_is_passed_over_and_a_fault_comes_again(
    ana: str, log: Callable[[], list[dict[str, object]]]
) -> None:
    answered(ana, 0, 1, 2)
    broken = record_of(ana, 2, number=7)
    broken["dynamodb"]["Keys"]["pk"] = {"N": "1"}

    assert stream(record_of(ana, 2, name="REMOVE"), record_of(ana, 2, pk="LEDGER")) == []
    assert stream(record_of("nobody", 2)) == []
    assert awards(ana) == {}
    assert stream(record_of("nobody", 1), broken, record_of(ana, 2, number=8)) == [{"itemIdentifier": "7"}]
    assert [line["error"] for line in log() if line.get("message") == "nothing followed"] == ["KeyError"]


def test_an_award_is_shown_with_its_words(ana: str) -> None:
    answered(ana, 0, 1, 2)
    stream(record_of(ana, 2))
    api = Api()
    api.as_whom = "ben=iop-evening/clinician"

    (shown,) = api.send("GET", f"/people/{ana}/milestones").json["achieved"]

    assert shown == {"which": "checkins_3", "text": "3 check-ins in a row", "on": "2026-11-04", "run": 1}


def sent(person: str, day: int) -> dict[str, Any]:
    record = record_of(person, day, name="MODIFY", pk="LEDGER")
    record["dynamodb"]["Keys"]["sk"] = {"S": f"{FIRST + timedelta(days=day)}#check_in"}
    return record


def flagged(person: str) -> list[str]:
    return [task.about for task in DynamoTasks().of_person(person)]


def test_three_that_were_sent_and_not_answered_are_flagged_once_when_the_next_is_sent(ana: str, clock: Clock) -> None:
    for day in range(5):
        asked(ana, day)
        clock.set(at(day))
        stream(sent(ana, day), sent(ana, day))
        assert flagged(ana) == ([] if day < 3 else ["silent-2026-11-02"])


def test_nobody_is_silent_whom_we_did_not_ask(ana: str, clock: Clock) -> None:
    for day in range(6):
        asked(ana, day, status=Status.FAILED if day < 5 else Status.SENT, reason=Reason.ERROR if day < 5 else None)
    clock.set(at(5))

    stream(sent(ana, 5))

    assert flagged(ana) == []
