"""The shell of the job that makes reports: read the event, make one call, log what came of it."""

import json
from functools import cache
from typing import Any

from chalicelib.caseload.store import DynamoContacts
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.clock import utc_now
from chalicelib.edge.config import config
from chalicelib.edge.log import count, flush, logger, places
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones.store import DynamoAwards, DynamoStreaks
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.reports import service
from chalicelib.reports.store import DynamoReports, SqsReports
from chalicelib.routine.attendance_store import DynamoAttendances
from chalicelib.tasks.store import DynamoTasks


@cache
def queue() -> SqsReports:
    """Return the queue of the job."""
    return SqsReports(config().report_queue_url)


def make_report(event: dict[str, Any], *, people: DynamoPeople) -> dict[str, list[dict[str, str]]]:
    """Do each page of an SQS event; answer with those to bring again (partial batch response)."""
    again = []
    for record in event["Records"]:
        try:
            _make(json.loads(record["body"]), people)
        except Exception as error:  # noqa: BLE001 (one report's fault must not hold up the others)
            logger.error(
                "report failed",
                extra={"message_id": record["messageId"], "error": type(error).__name__, "at": places(error)},
            )
            count("ReportErrors")
            again.append({"itemIdentifier": record["messageId"]})
    flush()
    return {"batchItemFailures": again}


def _make(message: dict[str, Any], people: DynamoPeople) -> None:
    step = service.make_page(
        message["report"],
        int(message["page"]),
        now=utc_now(),
        reports=DynamoReports(),
        queue=queue(),
        sources=service.Sources(
            people=people,
            members=people,
            check_ins=DynamoCheckIns(),
            ledger=DynamoLedger(),
            tasks=DynamoTasks(),
            awards=DynamoAwards(),
            streaks=DynamoStreaks(people),
            contacts=DynamoContacts(),
            attendances=DynamoAttendances(),
        ),
    )
    logger.info("report", extra={"correlation_id": message["report"], "page": message["page"], "step": step.value})
    count("ReportPages", 0 if step is service.Step.STALE else 1)
