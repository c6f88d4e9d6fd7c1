"""The shells of the fan-out: read the event, make one call, log what came of it."""

import json
from functools import cache
from typing import Any

from chalicelib.edge.clock import as_instant, utc_now
from chalicelib.edge.config import config
from chalicelib.edge.log import count, flush, logger, places
from chalicelib.notices import service
from chalicelib.notices.store import DynamoNotices, SqsFanOut
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.store import DynamoDues


@cache
def _queue() -> SqsFanOut:
    return SqsFanOut(config().fan_out_queue_url)


def fan_out(event: dict[str, Any], *, members: service.Members) -> dict[str, list[dict[str, str]]]:
    """Do each page of an SQS event; answer with those to bring again (partial batch response)."""
    again = []
    for record in event["Records"]:
        try:
            _fan_out(json.loads(record["body"]), members)
        except Exception as error:  # noqa: BLE001 (one notice's fault must not hold up the others)
            logger.error(
                "fan-out failed",
                extra={"message_id": record["messageId"], "error": type(error).__name__, "at": places(error)},
            )
            count("FanOutErrors")
            again.append({"itemIdentifier": record["messageId"]})
    flush()
    return {"batchItemFailures": again}


def _fan_out(message: dict[str, Any], members: service.Members) -> None:
    step = service.fan_out(
        message["notice"],
        int(message["page"]),
        now=utc_now(),
        notices=DynamoNotices(),
        members=members,
        dues=DynamoDues(),
        queue=_queue(),
    )
    logger.info("fan-out", extra={"correlation_id": message["notice"], "page": message["page"], "step": step.value})
    count("FanOutPages", 0 if step is service.Step.STALE else 1)


def push_on(event: dict[str, Any]) -> int:
    """
    Begin and push on fan-outs at an EventBridge event's minute; return how many.

    It goes along with the tick, which must not fail with it: whatever is wrong here is seen in the metric and again in
    a minute.
    """
    try:
        pushed = service.push_on(now=as_instant(event["time"]), notices=DynamoNotices(), queue=_queue())
    except Exception as error:  # noqa: BLE001 (see above)
        logger.error("fan-outs not pushed on", extra={"error": type(error).__name__, "at": places(error)})
        count("FanOutErrors")
        pushed = 0
    if pushed:
        logger.info("fan-outs pushed on", extra={"notices": pushed})
    flush()
    return pushed


@cache
def _still_true() -> service.StillTrue:
    return service.StillTrue(notices=DynamoNotices(), clock=utc_now)


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is a notice's: for outreach to ask when sending."""
    return _still_true()(due)
