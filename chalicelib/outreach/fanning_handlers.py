"""The shells of the fan-out: read the event, make one call, log what came of it; for whatever is fanned out."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from chalicelib.edge.clock import as_instant, utc_now
from chalicelib.edge.log import count, flush, logger, places
from chalicelib.outreach import fanning
from chalicelib.outreach.store import DynamoDues


@dataclass(frozen=True, slots=True)
class Desk:
    """What one thing that is fanned out works with: where it is kept, whom it is for, and its pages' queue."""

    fan_outs: fanning.FanOuts[Any]
    meant: fanning.Meant[Any]
    queue: fanning.FanOutQueue


def fan_out(event: dict[str, Any], *, desks: Mapping[str, Desk]) -> dict[str, list[dict[str, str]]]:
    """Do each page of an SQS event; answer with those to bring again (partial batch response)."""
    again = []
    for record in event["Records"]:
        try:
            _fan_out(json.loads(record["body"]), desks)
        except Exception as error:  # noqa: BLE001 (one page's fault must not hold up the others)
            logger.error(
                "fan-out failed",
                extra={"message_id": record["messageId"], "error": type(error).__name__, "at": places(error)},
            )
            count("FanOutErrors")
            again.append({"itemIdentifier": record["messageId"]})
    flush()
    return {"batchItemFailures": again}


def _fan_out(message: dict[str, Any], desks: Mapping[str, Desk]) -> None:
    name = next(name for name in desks if name in message)
    desk = desks[name]
    step = fanning.fan_out(
        message[name],
        int(message["page"]),
        now=utc_now(),
        fan_outs=desk.fan_outs,
        meant=desk.meant,
        dues=DynamoDues(),
        queue=desk.queue,
    )
    logger.info("fan-out", extra={"correlation_id": message[name], "page": message["page"], "step": step.value})
    count("FanOutPages", 0 if step is fanning.Step.STALE else 1)


def push_on(event: dict[str, Any], *, desks: Mapping[str, Desk]) -> int:
    """
    Begin and push on fan-outs at an EventBridge event's minute; return how many.

    It goes along with the tick, which must not fail with it: whatever is wrong here is seen in the metric and again in
    a minute.
    """
    pushed = 0
    for desk in desks.values():
        try:
            pushed += fanning.push_on(now=as_instant(event["time"]), fan_outs=desk.fan_outs, queue=desk.queue)
        except Exception as error:  # noqa: BLE001 (see above)
            logger.error("fan-outs not pushed on", extra={"error": type(error).__name__, "at": places(error)})
            count("FanOutErrors")
    if pushed:
        logger.info("fan-outs pushed on", extra={"pushed": pushed})
    flush()
    return pushed
