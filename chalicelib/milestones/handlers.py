"""The shell of the table's stream: read what was stored, and award what follows from it."""

from typing import Any

from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.clock import utc_now
from chalicelib.edge.log import count, flush, logger, places
from chalicelib.enrollment.changing import People
from chalicelib.milestones.achieving import achieve as achieve_one
from chalicelib.milestones.store import DynamoAwards
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues

_CHECK_INS = "CHECKINS#"


def achieve(event: dict[str, Any], *, people: People) -> dict[str, list[dict[str, str]]]:
    """
    Award what follows from each answer to a check-in; answer with the first record that has to come again, if any.

    All behind it come again too, which changes nothing: an award is looked for anew.
    """
    again: list[dict[str, str]] = []
    news = 0
    for record in event["Records"]:
        try:
            news += _achieve(record, people)
        except Exception as error:  # noqa: BLE001 (the stream brings it again, and goes on at last)
            logger.error("not awarded", extra={"error": type(error).__name__, "at": places(error)})
            count("UnexpectedErrors")
            again = [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]
            break
    if news:
        logger.info("awarded", extra={"awards": news})
    flush()
    return {"batchItemFailures": again}


def _achieve(record: dict[str, Any], people: People) -> int:
    key = record["dynamodb"]["Keys"]["pk"]["S"]
    if record["eventName"] == "REMOVE" or not key.startswith(_CHECK_INS):
        return 0
    return achieve_one(
        key.removeprefix(_CHECK_INS),
        now=utc_now(),
        people=people,
        check_ins=DynamoCheckIns(),
        ledger=DynamoLedger(),
        awards=DynamoAwards(),
        dues=DynamoDues(),
    )
