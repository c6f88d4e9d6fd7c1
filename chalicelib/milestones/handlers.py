"""The shell of the table's stream: read what was stored, and do what follows from it."""

from datetime import date
from typing import Any

from chalicelib.checkins.ports import Desk
from chalicelib.checkins.silence import look_for_silence
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.clock import utc_now
from chalicelib.edge.log import count, flush, logger, places
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.flags.store import DynamoCareRules
from chalicelib.milestones.achieving import achieve as achieve_one
from chalicelib.milestones.store import DynamoAwards
from chalicelib.outreach.categories import CHECK_IN
from chalicelib.outreach.domain import Standing
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from chalicelib.tasks.store import DynamoTasks

_CHECK_INS, _LEDGER = "CHECKINS#", "LEDGER#"


def achieve(event: dict[str, Any], *, people: DynamoPeople) -> dict[str, list[dict[str, str]]]:
    """
    Award what follows from each answer to a check-in, and look at who is silent when a check-in was sent.

    Answers with the first record that has to come again, if any. All behind it come again too, which changes nothing:
    an award and a flag are looked for anew.
    """
    again: list[dict[str, str]] = []
    news = flags = 0
    for record in event["Records"]:
        try:
            news += _achieve(record, people)
            flags += _look_for_silence(record, people)
        except Exception as error:  # noqa: BLE001 (the stream brings it again, and goes on at last)
            logger.error("nothing followed", extra={"error": type(error).__name__, "at": places(error)})
            count("UnexpectedErrors")
            again = [{"itemIdentifier": record["dynamodb"]["SequenceNumber"]}]
            break
    if news:
        logger.info("awarded", extra={"awards": news})
    if flags:
        logger.info("silence flagged", extra={"flags": flags})
    flush()
    return {"batchItemFailures": again}


def _achieve(record: dict[str, Any], people: DynamoPeople) -> int:
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


def _look_for_silence(record: dict[str, Any], people: DynamoPeople) -> int:
    keys = record["dynamodb"]["Keys"]
    on, _, kind = keys["sk"]["S"].partition("#")
    if record["eventName"] == "REMOVE" or not keys["pk"]["S"].startswith(_LEDGER) or kind != CHECK_IN:
        return 0
    now = utc_now()
    who = people.load(keys["pk"]["S"].removeprefix(_LEDGER), now=now)
    if who is None or who.standing is not Standing.REACHABLE:
        return 0
    desk = Desk(check_ins=DynamoCheckIns(), care_rules=DynamoCareRules(), tasks=DynamoTasks(), holds=DynamoHolds())
    return len(look_for_silence(who, date.fromisoformat(on), now=now, ledger=DynamoLedger(), desk=desk))
