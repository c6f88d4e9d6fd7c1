"""The shells of the tick and of delivery: read the event, make one call, log what came of it."""

from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from functools import cache
from typing import TYPE_CHECKING, Any, Protocol

from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.edge.clock import as_instant, utc_now, wait_until
from chalicelib.edge.config import config
from chalicelib.edge.log import count, flush, logger, metrics, places
from chalicelib.edge.trace import segment
from chalicelib.outreach import ports, service
from chalicelib.outreach.domain import Channel, ChannelKind, Entry, Recipient
from chalicelib.outreach.sqs import SqsQueue, from_message
from chalicelib.outreach.store import DynamoDues, DynamoLedger

if TYPE_CHECKING:
    from chalicelib.outreach.links import Links

EARLIEST = timedelta(seconds=2)
"""A message that comes earlier than this before its instant goes back to the queue."""


@cache
def _queue() -> SqsQueue:
    return SqsQueue(config().deliver_queue_url)


def tick(event: dict[str, Any]) -> dict[str, int]:
    """Hand over what is due around the minute of an EventBridge event; return the counts that were logged."""
    found = service.hand_over(tick_at=as_instant(event["time"]), now=utc_now(), dues=DynamoDues(), queue=_queue())
    counts = {"ahead": found.ahead, "overdue": found.overdue, "hours": found.hours}
    logger.info("tick", extra=counts)
    count("Ticks")
    count("HandedOver", found.ahead)
    count("Overdue", found.overdue)
    flush()
    return counts


class People(ports.Recipients, ports.Suppressions, Protocol):
    """Whom we reach, and where a dead address is noted. Enrolment implements it."""


def deliver(event: dict[str, Any], *, people: People) -> dict[str, list[dict[str, str]]]:
    """
    Deliver each due occurrence of an SQS event; answer with those to bring again (partial batch response).

    What a provider doesn't take now isn't among them: its due row stays, and the tick brings it every minute.
    Powertools' batch processor would do this loop, at 150 ms of every cold start.
    """
    again = []
    for record in event["Records"]:
        try:
            outcome = _deliver(record, people)
        except Exception as error:  # noqa: BLE001 (one recipient's fault must not hold up the others)
            # By its kind and place only: an error's text may hold an address.
            logger.error(
                "delivery failed",
                extra={"message_id": record["messageId"], "error": type(error).__name__, "at": places(error)},
            )
            count("DeliveryErrors")
            again.append(record)
        else:
            if outcome is service.Outcome.EARLY:
                again.append(record)
    flush()
    return {"batchItemFailures": [{"itemIdentifier": record["messageId"]} for record in again]}


def _deliver(record: dict[str, Any], people: People) -> service.Outcome:
    due = from_message(record["body"])
    # The queue's delay is in whole seconds of another clock than ours: nobody is asked before their time.
    now = wait_until(due.at, at_most=EARLIEST)
    if now < due.at:
        return service.Outcome.EARLY
    with segment("deliver"):
        done = service.deliver(
            due,
            now=now,
            recipients=people,
            dues=DynamoDues(),
            ledger=DynamoLedger(),
            senders=_senders(),
            suppressions=people,
        )
    entry = done.entry
    lateness = (now - due.at).total_seconds()
    logger.info(
        "occurrence",
        extra={
            "correlation_id": due.name,
            "outcome": done.outcome.value,
            "reason": entry.reason.value if entry and entry.reason else None,
            "channel": entry.channel_kind.value if entry and entry.channel_kind else None,
            "attempt": entry.attempt if entry else None,
            "lateness_seconds": round(lateness, 3),
        },
    )
    count(f"Occurrences{done.outcome.value.title().replace('_', '')}")
    if done.outcome is service.Outcome.SENT:
        metrics.add_metric(name="Lateness", unit=MetricUnit.Seconds, value=lateness)
    return done.outcome


@cache
def _senders() -> Mapping[ChannelKind, ports.Sender]:
    return {ChannelKind.EMAIL: _Lazily(_email), ChannelKind.PUSH: _Lazily(_push)}


class _Lazily:
    """A sender that is made when its channel is first used: a batch of e-mails needs no push library, and so on."""

    def __init__(self, make: Callable[[], ports.Sender]) -> None:
        self._made = cache(make)

    def send(self, entry: Entry, recipient: Recipient, channel: Channel, *, closes_at: datetime) -> ports.Handed:
        with segment(f"send.{channel.kind.value}"):
            return self._made().send(entry, recipient, channel, closes_at=closes_at)


def _links() -> "Links":
    from chalicelib.edge.keys import keys
    from chalicelib.outreach.links import Links, Signer

    return Links(public_url=config().public_url, signer=Signer(keys().links))


def _email() -> ports.Sender:
    from chalicelib.outreach.email import EmailSender, Ses

    settings = config()
    return EmailSender(
        links=_links(),
        ses=Ses(from_address=settings.from_address, configuration_set=settings.configuration_set),
        from_address=settings.from_address,
        reply_to=settings.reply_to,
    )


def _push() -> ports.Sender:
    from chalicelib.edge.keys import keys
    from chalicelib.outreach.push import PushSender, WebPush

    settings = config()
    web_push = WebPush(vapid_private=keys().vapid_private, contact=settings.reply_to, origins=settings.push_origins)
    return PushSender(links=_links(), push=web_push)
