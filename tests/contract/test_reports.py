"""The doors to a programme's reports over the table and the queue: asked for, made, shown, taken along, and refused."""

import csv
import json
from datetime import UTC, date, datetime, timedelta
from io import StringIO
from typing import Any, cast

import boto3
import pytest

from chalicelib.checkins.domain import Answer, CheckIn, Revision, Source
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.privacy.domain import Act, Action, Field, Outcome
from chalicelib.reports.domain import Period, Report, Stage, new_report
from chalicelib.reports.handlers import make_report
from chalicelib.reports.shapes import shown_figures
from chalicelib.reports.store import DynamoReports, ReportPageItem
from chalicelib.reports.table import safe, written
from chalicelib.reports.tally import Tally
from tests.contract.test_people_routes import Api
from tests.fakes_reports import FakeReports
from tests.toy import NOW, Told

ADMIN = "admin=iop-evening/program-admin"
CLINICIAN = "ben=iop-evening/clinician"
PATH = "/programmes/iop-evening/reports"
PERIOD = {"from": "2026-09-01", "to": "2026-10-31"}
A_WEEK = date(2026, 10, 12)


@pytest.fixture
def api(aws: None) -> Api:
    del aws
    boto3.client("sqs").create_queue(QueueName="cairn-report")
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


def enrolled(api: Api, number: int) -> list[str]:
    """Enrol so many people, of whom each answered all of a week's check-ins but one."""
    found = []
    for place in range(number):
        person_id = api.enrol(externalId=f"TBH-{place}", email=f"p{place}@example.com", admittedOn="2026-09-15")
        found.append(person_id)
        for back in range(7):
            on = A_WEEK + timedelta(days=back)
            at = datetime(on.year, on.month, on.day, 13, tzinfo=UTC)
            entry = Entry(
                person_id=person_id,
                kind="check_in",
                on=on,
                due_at=at,
                status=Status.SENT,
                attempt=1,
                claimed_at=at,
            )
            assert DynamoLedger().add([entry]) == [True]
            if back:
                revision = Revision(answer=Answer(form_version=1, values={"mood": 5}), at=at, source=Source.APP)
                assert DynamoCheckIns().save(CheckIn(person_id=person_id, on=on, revisions=(revision,)))
    return found


def work() -> list[dict[str, Any]]:
    """Have the job's messages done until there are none; return what the function answered each time."""
    queue = boto3.client("sqs")
    url = queue.get_queue_url(QueueName="cairn-report")["QueueUrl"]
    answers = []
    while messages := queue.receive_message(QueueUrl=url, MaxNumberOfMessages=1).get("Messages"):
        records = [{"messageId": message["MessageId"], "body": message["Body"]} for message in messages]
        answers.append(cast("dict[str, Any]", make_report({"Records": records}, people=DynamoPeople())))
        for message in messages:
            queue.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    return answers


def ask(api: Api, body: dict[str, str] | None = None, **headers: str) -> Told:
    return api.send("POST", PATH, body or PERIOD, **headers)


def test_a_report_is_asked_for_made_and_shown(api: Api) -> None:
    enrolled(api, 12)

    asked = ask(api)
    early = api.send("GET", asked.headers["Location"])
    answers = work()
    told = api.send("GET", asked.headers["Location"])

    assert (asked.status, asked.json["stage"], asked.json["figures"]) == (202, "open", None)
    assert (early.status, early.json["stage"]) == (200, "open")
    assert answers == [{"batchItemFailures": []}]
    assert (told.json["stage"], told.json["from"], told.json["to"]) == ("complete", "2026-09-01", "2026-10-31")
    figures = told.json["figures"]
    assert figures["people"] == 15
    week = next(one for one in figures["weeks"] if one["monday"] == "2026-10-12")
    assert week == {"monday": "2026-10-12", "people": 15, "answered": 85, "notSent": 0}
    assert {one["people"] for one in figures["weeks"] if one["monday"] != "2026-10-12"} == {None}
    months = {one["month"]: one["people"] for one in [*figures["cohorts"], figures["everybody"]]}
    assert months == {"2026-09": None, "2026-10": None, None: 15}
    assert figures["flags"] == []
    assert {one["kind"]: one["people"] for one in figures["milestones"]} == dict.fromkeys(
        ("d1", "d7", "d14", "d30"), 15
    )


def test_of_ten_people_nothing_is_shown(api: Api) -> None:
    enrolled(api, 10)

    asked = ask(api)
    work()
    figures = api.send("GET", asked.headers["Location"]).json["figures"]

    assert figures["people"] is None
    assert {(one["people"], one["answered"], one["notSent"]) for one in figures["weeks"]} == {(None, None, None)}
    assert {one["people"] for one in [*figures["cohorts"], figures["everybody"]]} == {None}
    assert figures["silences"]["people"] is None


def test_the_same_key_is_the_same_report_and_makes_it_once(api: Api) -> None:
    first = ask(api, Idempotency_Key="k1")
    again = ask(api, Idempotency_Key="k1")
    other = ask(api, Idempotency_Key="k2")

    assert first.json["id"] == again.json["id"] != other.json["id"]
    assert len(work()) == 2


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"from": "2026-09-02", "to": "2026-10-31"}, "from"),
        ({"from": "2026-09-01", "to": "2026-11-30"}, "to"),
        ({"from": "2025-10-01", "to": "2026-10-31"}, "to"),
        ({"from": "2026-09-01"}, "to"),
        ({"from": "2026-09-01", "to": "soon"}, "to"),
        ({"from": "2026-09-01", "to": "2026-10-31", "of": "me"}, "of"),
    ],
)
def test_a_time_that_can_not_be_is_refused_by_its_field(api: Api, body: dict[str, str], field: str) -> None:
    told = ask(api, body)

    assert (told.status, told.kind) == (422, "invalid")
    assert [error["field"] for error in told.json["errors"]] == [field]
    assert work() == []


def test_it_is_taken_along_as_a_table_and_that_is_written_down(api: Api) -> None:
    enrolled(api, 12)
    asked = ask(api)
    early = api.send("GET", f"{asked.headers['Location']}/table.csv")
    work()

    told = api.send("GET", f"{asked.headers['Location']}/table.csv")

    assert (early.status, early.kind) == (409, "conflict")
    assert told.status == 200
    assert told.headers["Content-Type"] == "text/csv; charset=utf-8; header=present"
    assert told.headers["Content-Disposition"] == 'attachment; filename="report.csv"'
    assert told.headers["Cache-Control"] == "no-store"
    assert told.text.startswith("\ufefffigure,of,unit,value\r\n")
    rows = list(csv.DictReader(StringIO(told.text.removeprefix("\ufeff"), newline="")))
    found = {(row["figure"], row["of"]): row["value"] for row in rows}
    assert found["people", "programme"] == "15"
    assert found["check-ins: answered", "2026-10-12"] == "85"
    assert found["check-ins: answered", "2026-09-07"] == ""
    exports = [event for event in api.toy.audit.written if event.action is Action.EXPORT]
    assert [(one.actor, one.programme_id, one.field, one.outcome, one.asked) for one in exports] == [
        ("admin", "iop-evening", Field.CHECK_IN_SCORES, Outcome.ALLOWED, Act.LIST)
    ]
    api.toy.audit.is_down = True
    unwritten = api.send("GET", f"{asked.headers['Location']}/table.csv")
    assert (unwritten.status, "figure,of" in unwritten.text) == (503, False)


@pytest.mark.parametrize(
    ("who", "status"),
    [
        (ADMIN, 202),
        (CLINICIAN, 202),
        ("eva=iop-evening/case-manager", 202),
        ("mia=iop-evening/peer-specialist", 403),
        ("ana=iop-evening/participant", 403),
        ("eve=iop-evening/supporter", 403),
        ("pat=iop-evening/privacy-officer", 403),
        ("x=iop-morning/program-admin", 404),
    ],
)
def test_reports_are_for_who_may_see_sums(api: Api, who: str, status: int) -> None:
    api.as_whom = who

    assert ask(api).status == status


def test_who_holds_some_people_only_gets_no_report_of_all(api: Api) -> None:
    etag = api.send("GET", "/programmes/iop-evening").headers["ETag"]
    assert api.send("PATCH", "/programmes/iop-evening", {"caseload": "assigned"}, if_match=etag).status == 200
    api.as_whom = CLINICIAN

    assert ask(api).status == 403


def test_another_programmes_report_is_not_there(api: Api) -> None:
    report_id = ask(api).json["id"]
    api.as_whom = "admin=iop-morning/program-admin"
    api.send("POST", "/programmes", {"id": "iop-morning", "name": "Morning"})

    assert api.send("GET", f"/programmes/iop-morning/reports/{report_id}").status == 404
    assert api.send("GET", f"/programmes/iop-morning/reports/{report_id}/table.csv").status == 404
    assert api.send("GET", f"{PATH}/{report_id}").status == 404


def test_a_message_that_fails_is_brought_again_and_the_others_are_done(api: Api) -> None:
    report_id = ask(api).json["id"]
    records = [
        {"messageId": "bad", "body": "{}"},
        {"messageId": "good", "body": json.dumps({"report": report_id, "page": 0})},
    ]

    assert make_report({"Records": records}, people=DynamoPeople()) == {
        "batchItemFailures": [{"itemIdentifier": "bad"}]
    }
    assert api.send("GET", f"{PATH}/{report_id}").json["stage"] == "complete"


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "\n=1", "\uff1d1"])
def test_no_cell_begins_a_formula(text: str) -> None:
    assert safe(text) == f"'{text}"
    assert safe("low_mood_phq9") == "low_mood_phq9"


def test_a_rule_with_a_comma_or_a_quote_stays_one_cell() -> None:
    figures = shown_figures(
        {
            "people": None,
            "weeks": [],
            "silences": {"people": None, "to_contact": None, "within": []},
            "cohorts": [],
            "everybody": {
                "month": None,
                "people": 20,
                "days": [{"day": 30, "people": 20, "in_care": {"over": 45}, "engaged": {"percent": 55}}],
            },
            "milestones": [],
            "flags": [
                {"rule": '=a,"b"', "people": 15, "flags": 20, "reviewed": 50, "to_review": {"hours": None}},
            ],
        }
    )

    rows = list(csv.reader(StringIO(written(figures).removeprefix("\ufeff"), newline="")))

    assert ["flags: people", '\'=a,"b"', "people", "15"] in rows
    assert ["flags: median to review", '\'=a,"b"', "hours", "not yet"] in rows
    assert ["in care", "all months, day 30", "percent", "over 45"] in rows
    assert {len(row) for row in rows} == {4}


@pytest.fixture(params=["fake", "table"])
def reports(request: pytest.FixtureRequest) -> DynamoReports | FakeReports:
    if request.param == "table":
        request.getfixturevalue("aws")
    return DynamoReports() if request.param == "table" else FakeReports()


def a_report() -> Report:
    period = Period(first=date(2026, 9, 1), last=date(2026, 10, 31))
    return new_report("r1", programme_id="iop-evening", period=period, by="admin", now=NOW)


Reports = DynamoReports | FakeReports


def test_a_report_is_kept_once(reports: Reports) -> None:
    report = a_report()

    assert reports.find("r1") is None
    assert reports.add(report) == report
    assert reports.advance(report.past(after="MEMBER#5", now=NOW), pages=0)
    assert reports.add(report) == reports.find("r1") == report.past(after="MEMBER#5", now=NOW)


def test_a_page_is_written_once(reports: Reports) -> None:
    report = reports.add(a_report())
    tally = Tally(
        people=2,
        weeks={"2026-10-12": (2, 3, 4, 2, 1)},
        cohorts={"2026-10": (1, 0, 0)},
        silences=(None, 3.5),
        milestones={"d30": 1},
        flags={"silent": (1, (2.0, None))},
    )

    assert reports.keep_page(report, tally, after="MEMBER#5") == (tally, "MEMBER#5")
    assert reports.keep_page(report, Tally(people=9), after=None) == (tally, "MEMBER#5")
    second = report.past(after="MEMBER#5", now=NOW)
    assert reports.keep_page(second, Tally(people=1), after=None) == (Tally(people=1), None)
    assert list(reports.pages("r1")) == [tally, Tally(people=1)]
    reports.tidy("r1")
    assert list(reports.pages("r1")) == []
    reports.tidy("r1")


def test_a_report_moves_on_once_and_not_after_its_end(reports: Reports) -> None:
    report = reports.add(a_report())
    moved = report.past(after="MEMBER#5", now=NOW)
    done = moved.complete('{"people": null}', now=NOW)

    assert reports.advance(moved, pages=0)
    assert not reports.advance(moved, pages=0)
    assert reports.advance(done, pages=1)
    assert not reports.advance(done, pages=2)
    found = reports.find("r1")
    assert found == done
    assert found
    assert (found.stage, found.after) == (Stage.COMPLETE, None)
    assert not reports.advance(replace_id(report), pages=0), "there is none of this id"


def replace_id(report: Report) -> Report:
    return new_report("r2", programme_id=report.programme_id, period=report.period, by="admin", now=NOW)


def test_what_a_page_adds_up_to_may_vanish_by_itself(aws: None) -> None:
    del aws
    DynamoReports().keep_page(a_report(), Tally(), after=None)

    (item,) = ReportPageItem.query("REPORT#r1")
    assert item.expires_at == NOW + timedelta(days=7)


def test_a_queue_that_is_down_loses_no_report(api: Api) -> None:
    url = boto3.client("sqs").get_queue_url(QueueName="cairn-report")["QueueUrl"]
    boto3.client("sqs").delete_queue(QueueUrl=url)

    told = ask(api, Idempotency_Key="k1")
    boto3.client("sqs").create_queue(QueueName="cairn-report")
    again = ask(api, Idempotency_Key="k1")

    assert told.status == 500
    assert again.status == 202
    assert [one["batchItemFailures"] for one in work()] == [[]]
