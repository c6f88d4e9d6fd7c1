"""The shells of the tick, of its helpers and of delivery: read the event, make one call, log what came of it."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol

from aws_lambda_powertools.metrics import MetricUnit

from chalicelib.edge.log import count, flush, logger, metrics, places
from chalicelib.edge.trace import segment
from chalicelib.outreach import parking as setting_aside
from chalicelib.outreach import ticking
from chalicelib.outreach.cases import Delivery, Outcome
from chalicelib.outreach.categories import urgency_of
from chalicelib.outreach.delivering import deliver as deliver_all
from chalicelib.outreach.domain import ChannelKind, Due, Urgency
from chalicelib.outreach.pacing import LONGEST_TURN
from chalicelib.outreach.parking import Parking
from chalicelib.outreach.ports import Dues, Means, Queue
from chalicelib.outreach.sqs import BATCH, from_message

EARLIEST = timedelta(seconds=2)
"""A message that comes earlier than this before its instant goes back to the queue."""

PARKED_AFTER = timedelta(minutes=30)
"""An occurrence that still fails so long after it fell due, by a fault of its own, is set aside."""

POISON = (LookupError, ValueError, TypeError, AttributeError, ArithmeticError)
"""Errors of what is stored or written, which another try won't mend; a store's or a provider's are none of these."""


class Clock(Protocol):
    """What handlers ask of the clock; ``edge.clock`` is one."""

    def utc_now(self) -> datetime:
        """Return the present instant."""
        ...

    def as_instant(self, text: str) -> datetime:
        """Return the instant that AWS wrote into an event."""
        ...

    def wait_until(self, instant: datetime, *, at_most: timedelta) -> datetime:
        """Return the present instant: ``instant`` or later, unless that is further off than ``at_most``."""
        ...


class Switch(Protocol):
    """Whether all but crisis outreach is paused."""

    def paused(self, now: datetime) -> bool:
        """Say whether it is."""
        ...


class Pace(Protocol):
    """Whose turn it is to send e-mails, where the account takes no more."""

    def turn(self, letters: int, urgency: Urgency, *, now: datetime) -> datetime | None:
        """Take a turn for so many; return when it begins, or None if that is later than they may wait."""
        ...

    def give_back(self, letters: int, *, now: datetime) -> None:
        """Let others have what was not used."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Ticking:
    """What the tick and its helpers work with."""

    dues: Dues
    queue: Queue
    switch: Switch
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivering:
    """What delivery works with."""

    means: Means
    pace: Pace
    switch: Switch
    parking: Parking
    clock: Clock


def tick(event: dict[str, Any], *, using: Ticking) -> dict[str, int]:
    """Hand over what is due around the minute of an EventBridge event; return the counts that were logged."""
    now = using.clock.utc_now()
    paused = using.switch.paused(now)
    found = ticking.hand_over(
        tick_at=using.clock.as_instant(event["time"]), now=now, dues=using.dues, queue=using.queue, paused=paused
    )
    counts = {"ahead": found.ahead, "overdue": found.overdue, "again": found.again, "hours": found.hours}
    logger.info("tick", extra={**counts, "helpers": found.helpers, "paused": paused})
    for error in found.failures:
        logger.error("not handed over", extra={"error": type(error).__name__, "at": places(error)})
    if found.failures:
        count("HandOverErrors", len(found.failures))
    count("Ticks")
    count("HandedOver", found.ahead)
    # Due minus ended: what fell due a minute ago or more and has no end yet.
    count("DueNotEnded", found.overdue)
    count("Paused", int(paused))
    oldest = (now - found.oldest).total_seconds() if found.oldest else 0.0
    metrics.add_metric(name="OldestWaitingSeconds", unit=MetricUnit.Seconds, value=oldest)
    flush()
    return counts


def sweep(event: dict[str, Any], *, using: Ticking) -> int:
    """Hand over partitions that hold more than a tick has time for; return how many rows were taken."""
    taken = 0
    for record in event["Records"]:
        body = json.loads(record["body"])
        taken += ticking.sweep(
            datetime.fromisoformat(body["hour"]),
            int(body["shard"]),
            first=datetime.fromisoformat(body["first"]),
            before=datetime.fromisoformat(body["before"]),
            now=using.clock.utc_now(),
            dues=using.dues,
            queue=using.queue,
        )
    logger.info("sweep", extra={"taken": taken})
    count("HandedOver", taken)
    flush()
    return taken


def deliver(event: dict[str, Any], *, using: Delivering) -> dict[str, list[dict[str, str]]]:
    """
    Deliver each due occurrence of an SQS event; answer with those to bring again (partial batch response).

    What a provider doesn't take now isn't among them: its due row stays, and the tick brings it every minute.
    Powertools' batch processor would do this loop, at 150 ms of every cold start.
    """
    again: list[str] = []
    ready: list[Due] = []
    for record in event["Records"]:
        try:
            dues = from_message(record["body"])
        except (ValueError, KeyError, TypeError):
            logger.error("unreadable message", extra={"message_id": record["messageId"]})
            again.append(record["messageId"])
            continue
        # The queue's delay is in whole seconds of another clock than ours: nobody is asked before their time.
        if dues and using.clock.wait_until(dues[0].at, at_most=EARLIEST) < dues[0].at:
            again.append(record["messageId"])
            count("OccurrencesEarly", len(dues))
        else:
            ready += dues
    # A crisis waits for nobody's turn, and for nothing that goes wrong with the others.
    crises = [due for due in ready if urgency_of(due.kind) is Urgency.CRISIS]
    if crises:
        _deliver(crises, using=using)
    others = [due for due in ready if due not in crises]
    if others:
        _deliver_in_turn(others, using=using)
    flush()
    return {"batchItemFailures": [{"itemIdentifier": name} for name in again]}


def _deliver_in_turn(dues: list[Due], *, using: Delivering) -> None:
    """Deliver these unless outreach is paused, and no faster than the account takes e-mails: the rest is left."""
    if using.switch.paused(using.clock.utc_now()):
        count("OccurrencesPaused", len(dues))
        return
    if len(dues) < BATCH:
        # A batch that isn't full means that nothing waits behind it, so the account's rate is not at stake.
        _deliver(dues, using=using)
        return
    going = _wait_for_a_turn(dues, using=using)
    # Somebody may have paused it meanwhile.
    if going and using.switch.paused(using.clock.utc_now()):
        count("OccurrencesPaused", len(going))
        _give_back(len(going), using=using)
        return
    done = _deliver(going, using=using) if going else []
    emails = sum(1 for one in done if one.entry and one.entry.channel_kind is ChannelKind.EMAIL)
    if emails < len(going):
        _give_back(len(going) - emails, using=using)


def _wait_for_a_turn(dues: list[Due], *, using: Delivering) -> list[Due]:
    """Return those whose turn has come, most urgent first, as if each were an e-mail: who they are isn't read yet."""
    now, begins, going = using.clock.utc_now(), [], list[Due]()
    by_urgency: dict[Urgency, list[Due]] = {urgency: [] for urgency in Urgency}
    for due in dues:
        by_urgency[urgency_of(due.kind)].append(due)
    for urgency, some in by_urgency.items():
        if not some:
            continue
        turn = _turn(len(some), urgency, now=now, using=using)
        if turn is None:
            count("OccurrencesPaced", len(some))
        else:
            begins.append(turn)
            going += some
    if begins:
        using.clock.wait_until(max(begins), at_most=LONGEST_TURN)
    return going


def _turn(letters: int, urgency: Urgency, *, now: datetime, using: Delivering) -> datetime | None:
    try:
        return using.pace.turn(letters, urgency, now=now)
    except Exception as error:  # noqa: BLE001 (no message may hang on it: the mail service says when it is too much)
        _log_pace(error)
        return now


def _give_back(letters: int, *, using: Delivering) -> None:
    try:
        using.pace.give_back(letters, now=using.clock.utc_now())
    except Exception as error:  # noqa: BLE001 (then the next ones wait a little longer than they need)
        _log_pace(error)


def _log_pace(error: Exception) -> None:
    logger.warning("no word from the pace", extra={"error": type(error).__name__, "at": places(error)})


def _deliver(dues: list[Due], *, using: Delivering) -> Sequence[Delivery]:
    now = using.clock.utc_now()
    try:
        with segment("deliver"):
            done: Sequence[Delivery] = deliver_all(dues, now=now, means=using.means)
    except Exception as error:  # noqa: BLE001 (a fault of the store, or one occurrence that spoils a shared call)
        _log_error("delivery failed", error, count=len(dues))
        if len(dues) > 1 and isinstance(error, POISON):
            return [delivery for due in dues for delivery in _deliver([due], using=using)]
        done = [Delivery(due=due, outcome=Outcome.ERROR, error=error) for due in dues]
    for delivery in done:
        _log(delivery, now)
        # Anything else that went wrong is not the occurrence's fault: its due row stays, and the tick brings it.
        is_poison = delivery.outcome is Outcome.ERROR and isinstance(delivery.error, POISON)
        is_crisis = urgency_of(delivery.due.kind) is Urgency.CRISIS
        if is_poison and not is_crisis and now - delivery.due.at >= PARKED_AFTER:
            _park(delivery, now=now, using=using)
    for outcome, number in Counter(delivery.outcome for delivery in done).items():
        count(f"Occurrences{outcome.value.title().replace('_', '')}", number)
    return done


def _park(delivery: Delivery, *, now: datetime, using: Delivering) -> None:
    error = delivery.error
    why = f"{type(error).__name__} at {places(error)[-1]}" if error else "unknown"
    setting_aside.park(
        delivery.due,
        why=why,
        now=now,
        dues=using.means.dues,
        ledger=using.means.ledger,
        parking=using.parking,
    )
    logger.error("set aside", extra={"correlation_id": delivery.due.name, "why": why})
    count("Parked")


def _log(delivery: Delivery, now: datetime) -> None:
    due, entry = delivery.due, delivery.entry
    lateness = (now - due.at).total_seconds()
    logger.info(
        "occurrence",
        extra={
            "correlation_id": due.name,
            "outcome": delivery.outcome.value,
            "reason": entry.reason.value if entry and entry.reason else None,
            "channel": entry.channel_kind.value if entry and entry.channel_kind else None,
            "attempt": entry.attempt if entry else None,
            "carries": len(entry.carries) if entry else 0,
            "lateness_seconds": round(lateness, 3),
        },
    )
    if delivery.error:
        _log_error("occurrence failed", delivery.error, count=1)
    if delivery.outcome is Outcome.SENT:
        metrics.add_metric(name="Lateness", unit=MetricUnit.Seconds, value=lateness)


def _log_error(text: str, error: Exception, *, count: int) -> None:
    # By its kind and place only: an error's text may hold an address.
    logger.error(text, extra={"error": type(error).__name__, "at": places(error), "count": count})
    metrics.add_metric(name="DeliveryErrors", unit=MetricUnit.Count, value=count)
