"""Hand over at once what may not wait for a tick, which would find it up to two minutes later."""

from collections.abc import Iterable

from chalicelib.edge.config import config
from chalicelib.edge.log import logger, places
from chalicelib.outreach.categories import urgency_of
from chalicelib.outreach.domain import Due, Urgency
from chalicelib.outreach.sqs import SqsQueue

HURRIED = frozenset({Urgency.CRISIS, Urgency.ACCOUNT})
"""What somebody waits for: a counsellor's page, the link that confirms an address."""

PATIENCE = 2.0
"""Seconds that the queue is waited for."""


def hurry(dues: Iterable[Due]) -> None:
    """
    Hand over those of these due rows that somebody waits for; they are stored already, and due now.

    Where that fails nothing is lost: the tick finds them.
    """
    waited_for = [due for due in dues if urgency_of(due.kind) in HURRIED]
    if not waited_for:
        return
    settings = config()
    # Somebody waits for the answer to the change itself: a queue that is slow is left to the tick.
    queue = SqsQueue(
        deliver=settings.deliver_queue_url,
        pages=settings.page_queue_url,
        sweep=settings.sweep_queue_url,
        most_failures=1,
        attempts=1,
        patience=PATIENCE,
    )
    try:
        queue.hand_over(waited_for, now=max(due.at for due in waited_for))
    except Exception as error:  # noqa: BLE001 (the change itself is written, and must not seem to have failed)
        logger.warning("not hurried", extra={"error": type(error).__name__, "at": places(error)})


def leave_to_the_tick(_dues: Iterable[Due]) -> None:
    """Hurry nothing: many at once are better handed over in a tick's waves."""
