"""The shell of receipts: read an SES event, make one call, log what came of it."""

from typing import Any

from chalicelib.edge.clock import as_instant
from chalicelib.edge.log import count, flush, logger
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.receipt_store import DynamoFates
from chalicelib.outreach.reports import Addresses, NotAReport, What, report_of, take
from chalicelib.outreach.sorts import Sort, sort_of
from chalicelib.tasks.store import DynamoTasks

_COUNTED = {
    What.DELIVERED: "MailDelivered",
    What.DELAYED: "MailDelayed",
    What.DEAD: "MailBounced",
    What.TURNED_AWAY: "MailTurnedAway",
    What.COMPLAINED: "MailComplaints",
    What.REFUSED: "MailRefused",
}


def record_receipt(event: dict[str, Any], *, addresses: Addresses) -> bool:
    """
    Take an SES event that came through EventBridge: note what became of the message, and stop dead addresses.

    Return whether it vouches for a claim that has no outcome yet.
    """
    try:
        report = report_of(event["detail"])
    except NotAReport:
        # A message that somebody sent by hand, or an event of a kind that SES made up since.
        logger.warning("not a receipt", extra={"event_id": event.get("id"), "kind": event.get("detail-type")})
        count("ReceiptsNotOurs")
        flush()
        return False
    vouches, task = take(
        report,
        at=as_instant(event["time"]),
        ledger=DynamoLedger(),
        fates=DynamoFates(),
        addresses=addresses,
        tasks=DynamoTasks(),
    )
    logger.info(
        "receipt",
        extra={
            "correlation_id": f"{report.person_id}_{report.on.isoformat()}_{report.kind}",
            "what": report.what.value,
            "vouches": vouches,
            "task": task.value if task else None,
        },
    )
    count("Receipts")
    if task and sort_of(report.person_id) is Sort.STAFF:
        count("StaffMailTrouble")
    if report.what in _COUNTED:
        count(_COUNTED[report.what])
    flush()
    return vouches
