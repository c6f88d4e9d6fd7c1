"""The shell of the importer: read the event, make one call per chunk, log what came of it."""

import json
from typing import Any

from chalicelib.edge.clock import utc_now
from chalicelib.edge.ids import new_id
from chalicelib.edge.log import count, flush, logger
from chalicelib.enrollment.import_store import DynamoImports
from chalicelib.enrollment.imports import import_chunk
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.hurrying import leave_to_the_tick


def import_roster(event: dict[str, Any]) -> dict[str, list[dict[str, str]]]:
    """Import each chunk of an SQS event; answer with those to bring again (partial batch response)."""
    again = []
    for record in event["Records"]:
        try:
            _import(json.loads(record["body"]))
        except Exception as error:  # noqa: BLE001 (one chunk's fault must not hold up the others)
            # By its kind only: an error's text may hold what stands in a row.
            logger.error("import failed", extra={"message_id": record["messageId"], "error": type(error).__name__})
            count("ImportErrors")
            again.append({"itemIdentifier": record["messageId"]})
    flush()
    return {"batchItemFailures": again}


def _import(message: dict[str, Any]) -> None:
    result = import_chunk(
        message["import_id"],
        message["chunk"],
        now=utc_now(),
        people=DynamoPeople(hurry=leave_to_the_tick),
        programmes=DynamoProgrammes(),
        imports=DynamoImports(),
        new_id=new_id,
    )
    counts = {"enrolled": result.enrolled, "refused": result.refused} if result else {}
    logger.info(
        "chunk",
        extra={"correlation_id": message["import_id"], "chunk": message["chunk"], "again": result is None, **counts},
    )
    for name, number in counts.items():
        count(f"Rows{name.title()}", number)
