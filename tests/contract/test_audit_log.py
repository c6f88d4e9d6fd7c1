"""What keeps the audit log must do, whichever it is: the fake that unit tests use, and the table."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import boto3
import pytest

from chalicelib.privacy.domain import Act, Action, AuditEvent, Field, Outcome, Relationship, Role
from chalicelib.privacy.service import AuditUnavailable
from chalicelib.privacy.store import DynamoAuditLog
from tests.fakes_privacy import FakeAuditLog

AT = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
EVENT = AuditEvent(
    id="event-1",
    at=AT,
    actor="sub-1",
    role=Role.CLINICIAN,
    relationship=Relationship.CASELOAD,
    subject="p1",
    programme_id="iop",
    action=Action.READ,
    asked=Act.READ,
    field=Field.CHECK_IN_SCORES,
    purpose="see how they are",
    consent_id="consent-1",
    request_id="request-1",
    outcome=Outcome.ALLOWED,
)
DENIED = replace(
    EVENT,
    id="event-2",
    role=None,
    relationship=Relationship.NONE,
    programme_id=None,
    action=Action.DENY,
    consent_id=None,
    outcome=Outcome.DENIED,
)

Log = FakeAuditLog | DynamoAuditLog


@pytest.fixture(params=["fake", "table"])
def log(request: pytest.FixtureRequest) -> Log:
    if request.param == "fake":
        return FakeAuditLog()
    request.getfixturevalue("aws")
    return DynamoAuditLog()


def month(log: Log, *about: str, before: str | None = None, limit: int = 25) -> list[AuditEvent]:
    return log.events(about, month="2026-11", before=before, limit=limit)


def test_an_event_comes_back_as_it_was_written(log: Log) -> None:
    log.write(EVENT)
    log.write(DENIED)

    assert month(log, "p1") == [DENIED, EVENT]


def test_an_event_is_written_once_and_never_over(log: Log) -> None:
    log.write(EVENT)

    with pytest.raises(AuditUnavailable):
        log.write(replace(EVENT, outcome=Outcome.DENIED))

    assert month(log, "p1") == [EVENT]


def test_events_come_newest_first_across_people_and_programmes(log: Log) -> None:
    later = replace(EVENT, id="later", at=AT + timedelta(microseconds=1))
    listed = replace(EVENT, id="listed", subject=None, action=Action.LIST, at=AT + timedelta(hours=1))
    elsewhere = replace(EVENT, id="elsewhere", subject="p2")
    for event in (EVENT, listed, elsewhere, later):
        log.write(event)

    assert month(log, "p1", "iop") == [listed, later, EVENT]


def test_a_page_goes_on_where_the_last_one_ended(log: Log) -> None:
    events = [replace(EVENT, id=f"event-{number}", at=AT + timedelta(minutes=number)) for number in range(7)]
    for event in events:
        log.write(event)

    first = month(log, "p1", limit=4)
    rest = month(log, "p1", before=first[-1].place, limit=4)

    assert [*first, *rest] == events[::-1]


def test_another_month_is_another_page(log: Log) -> None:
    log.write(EVENT)
    log.write(replace(EVENT, id="before", at=datetime(2026, 10, 31, 23, 59, 59, tzinfo=UTC)))

    assert month(log, "p1") == [EVENT]
    assert [event.id for event in log.events(["p1"], month="2026-10", before=None, limit=25)] == ["before"]


def test_what_had_nobody_as_its_subject_is_found_by_who_asked(log: Log) -> None:
    about_nobody = replace(EVENT, subject=None, programme_id=None)
    log.write(about_nobody)

    assert month(log, "sub-1") == [about_nobody]


@pytest.mark.usefixtures("aws")
def test_a_row_in_the_table_has_no_time_to_live() -> None:
    DynamoAuditLog().write(EVENT)

    (item,) = boto3.client("dynamodb").scan(TableName="cairn")["Items"]

    assert "expires_at" not in item
    assert item["pk"] == {"S": "AUDIT#p1#2026-11"}
    assert item["sk"] == {"S": "2026-11-24T18:00:00.000000Z#event-1"}


@pytest.mark.usefixtures("aws")
def test_a_table_that_is_not_there_makes_the_log_unavailable() -> None:
    boto3.client("dynamodb").delete_table(TableName="cairn")

    with pytest.raises(AuditUnavailable) as unavailable:
        DynamoAuditLog().write(EVENT)

    assert "cairn" not in str(unavailable.value)


def test_a_spooled_event_is_kept_in_the_log_with_everything_but_a_name(caplog: pytest.LogCaptureFixture) -> None:
    DynamoAuditLog().spool(EVENT)

    (record,) = [vars(record) for record in caplog.records if record.message == "audit event spooled"]
    assert record["audit"]["subject"] == "p1"
    assert record["audit"]["event_id"] == "event-1"
