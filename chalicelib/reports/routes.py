"""The doors to a programme's reports: ask for one, look at it, take it along as a table."""

from hashlib import sha256
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked, Doors
from chalicelib.edge.ids import new_id
from chalicelib.privacy.domain import Act, Action, AuditEvent, Field, Outcome, Rule, View
from chalicelib.reports import service
from chalicelib.reports.domain import Report, Stage
from chalicelib.reports.handlers import queue
from chalicelib.reports.shapes import NewReport, ShownReport, shown_figures, shown_report
from chalicelib.reports.store import DynamoReports
from chalicelib.reports.table import HEADERS, MEDIA_TYPE, written

doors = Doors(__name__)

_TOTALS = frozenset({View.FULL, View.AGGREGATE, View.COUNTS})
"""Whoever may see everybody's may see the sum of it; a caseload of one's own is no right to a programme's."""


def _rule(purpose: str, field: Field = Field.CHECK_IN_SCORES) -> Rule:
    return Rule(act=Act.LIST, field=field, programme="programme_id", purpose=purpose, views=_TOTALS)


@doors.door(
    "POST",
    "/programmes/{programme_id}/reports",
    summary="Have a report made over whole months; it takes seconds to minutes. Look at it until it is complete",
    rule=_rule("have a report made"),
    body=NewReport,
    answer=ShownReport,
    status=HTTPStatus.ACCEPTED,
    created=True,
)
def ask_for_report(asked: Asked, programme_id: str) -> Answer:
    """Take it on."""
    _decide_too(asked, programme_id, "have a report made")
    body: NewReport = asked.body
    report = service.start_report(
        body.first,
        body.last,
        report_id=_report_id(asked, programme_id),
        programme_id=programme_id,
        by=asked.who.subject,
        now=asked.now,
        reports=DynamoReports(),
        queue=queue(),
    )
    location = f"/programmes/{programme_id}/reports/{report.id}"
    return Answer(body=_shown(report), headers={"Location": location})


@doors.door(
    "GET",
    "/programmes/{programme_id}/reports/{report_id}",
    summary="A report, with its figures once it is complete",
    rule=_rule("see a report"),
    answer=ShownReport,
)
def show_report(asked: Asked, programme_id: str, report_id: str) -> Answer:
    """Show it."""
    _decide_too(asked, programme_id, "see a report")
    return Answer(body=_shown(_found(asked, programme_id, report_id)))


@doors.door(
    "GET",
    "/programmes/{programme_id}/reports/{report_id}/table.csv",
    summary="A complete report as CSV (RFC 4180)",
    rule=_rule("take a report along"),
    answer=None,
)
def export_report(asked: Asked, programme_id: str, report_id: str) -> Answer:
    """Write it, once it is written down who took it along."""
    _decide_too(asked, programme_id, "take a report along")
    report = _found(asked, programme_id, report_id)
    table = written(shown_figures(service.figures_of(report)))
    doors.wiring.audit.write(_export(asked, programme_id))
    return Answer(body=table, headers=HEADERS, media_type=MEDIA_TYPE)


def _found(asked: Asked, programme_id: str, report_id: str) -> Report:
    return service.find_report(
        report_id, programme_id=programme_id, now=asked.now, reports=DynamoReports(), queue=queue()
    )


def _shown(report: Report) -> ShownReport:
    return shown_report(report, service.figures_of(report) if report.stage is Stage.COMPLETE else None)


def _decide_too(asked: Asked, programme_id: str, purpose: str) -> None:
    for field in (Field.FLAGS, Field.MILESTONES):
        doors.decide_too(asked, _rule(purpose, field), person_id=None, programme_id=programme_id)


def _export(asked: Asked, programme_id: str) -> AuditEvent:
    grant = asked.granted
    return AuditEvent(
        id=doors.wiring.new_id(),
        at=asked.now,
        actor=asked.who.subject,
        role=grant.role,
        relationship=grant.relationship,
        subject=None,
        programme_id=programme_id,
        action=Action.EXPORT,
        asked=Act.LIST,
        field=Field.CHECK_IN_SCORES,
        purpose="take a report along",
        consent_id=None,
        request_id=asked.correlation_id,
        outcome=Outcome.ALLOWED,
    )


def _report_id(asked: Asked, programme_id: str) -> str:
    """
    Return the new report's id: made from the Idempotency-Key where there is one.

    So a request that was killed between taking the report on and remembering its answer makes no second one.
    """
    key = asked.headers.get("idempotency-key", "").strip('"')
    return sha256(f"{asked.who.subject}\n{programme_id}\n{key}".encode()).hexdigest()[:32] if key else new_id()
