"""What an operator orders from the AWS console: read the order, write it into the audit log, make one call, answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import Field as Described
from pydantic import TypeAdapter, ValidationError

from chalicelib.edge.log import count, flush, logger
from chalicelib.edge.problems import faults_of
from chalicelib.edge.wire import Wire
from chalicelib.errors import Fault
from chalicelib.outreach import operating
from chalicelib.outreach.store import DynamoDues
from chalicelib.outreach.switch import DynamoSwitch
from chalicelib.privacy.domain import ALL_PROGRAMMES, Act, Action, AuditEvent, Field, Outcome, Relationship
from chalicelib.privacy.store import DynamoAuditLog

Sentence = Annotated[str, Described(min_length=3, max_length=300, pattern=r"\S")]
Name = Annotated[str, Described(min_length=2, max_length=100, pattern=r"^[\w.@ -]+$")]


class Order(Wire):
    """``by``: who orders it; the console doesn't tell us."""

    by: Name


class Pause(Order):
    """Stop all outreach but a crisis's."""

    do: Literal["pause"]
    why: Sentence


class Resume(Order):
    """Let outreach go on."""

    do: Literal["resume"]
    why: Sentence = "put right"


class Status(Order):
    """Show how outreach stands."""

    do: Literal["status"]


_ORDER: TypeAdapter[Pause | Resume | Status] = TypeAdapter(
    Annotated[Pause | Resume | Status, Described(discriminator="do")]
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What orders work with."""

    now: datetime
    request_id: str
    new_id: Callable[[], str]


def operate(event: dict[str, Any], *, desk: Desk) -> dict[str, Any]:
    """
    Carry out an order and return what came of it; an order that can't be read is answered with its faults.

    The audit row is written first: without it nothing is done.

    :raises AuditUnavailable: if it could not be written
    """
    try:
        order = _ORDER.validate_python(event)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False, include_context=False))
        logger.info("operate refused", extra={"faults": len(faults)})
        return {"refused": [_shown_fault(fault) for fault in faults]}
    DynamoAuditLog().write(_event(order, desk))
    done = _carry_out(order, desk)
    logger.info("operate", extra={"do": order.do})
    count("Operated")
    flush()
    return done


def _shown_fault(fault: Fault) -> dict[str, str]:
    return {"field": fault.field, "reason": fault.reason}


def _carry_out(order: Pause | Resume | Status, desk: Desk) -> dict[str, Any]:
    match order:
        case Pause() | Resume():
            position, is_new = operating.turn(
                DynamoSwitch(), paused=isinstance(order, Pause), by=order.by, why=order.why, now=desk.now
            )
            return {**_shown(position), "changed": is_new}
        case Status():
            position = DynamoSwitch().position() or operating.NEVER_TURNED
            watermark = DynamoDues().watermark()
            return {**_shown(position), "finishedUntil": watermark.isoformat() if watermark else None}


def _shown(position: operating.Position) -> dict[str, Any]:
    return {
        "outreach": "paused, but for crisis pages" if position.paused else "running",
        "since": position.since.isoformat() if position.since else None,
        "by": position.by,
        "why": position.why,
    }


def _event(order: Pause | Resume | Status, desk: Desk) -> AuditEvent:
    act, purpose = {
        "pause": (Act.WRITE, "pause outreach"),
        "resume": (Act.WRITE, "let outreach go on"),
        "status": (Act.READ, "see whether outreach runs"),
    }[order.do]
    return AuditEvent(
        id=desk.new_id(),
        at=desk.now,
        actor=f"operator:{order.by}",
        role=None,
        relationship=Relationship.NONE,
        subject=None,
        programme_id=ALL_PROGRAMMES,
        action=Action(act),
        asked=act,
        field=Field.MESSAGES,
        purpose=f"{purpose}: {order.why}" if isinstance(order, Pause | Resume) else purpose,
        consent_id=None,
        request_id=desk.request_id,
        outcome=Outcome.ALLOWED,
    )
