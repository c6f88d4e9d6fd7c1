"""What an operator orders from the AWS console: read the order, write it into the audit log, make one call, answer."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, TypeAdapter, ValidationError, ValidationInfo
from pydantic import Field as Described

from chalicelib.edge.log import count, flush, logger
from chalicelib.edge.problems import faults_of
from chalicelib.edge.wire import Wire
from chalicelib.outreach import operating, parking
from chalicelib.outreach.categories import CATEGORIES, category_name
from chalicelib.outreach.delivering import lately_told
from chalicelib.outreach.domain import occurrence_named
from chalicelib.outreach.due_store import waits
from chalicelib.outreach.explaining import FURTHEST, explain
from chalicelib.outreach.explaining_steps import Known
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.parking import redrive
from chalicelib.outreach.ports import Recipients
from chalicelib.outreach.store import DynamoDues, DynamoParking
from chalicelib.outreach.switch import DynamoSwitch
from chalicelib.privacy.domain import ALL_PROGRAMMES, Act, Action, AuditEvent, Field, Outcome, Relationship
from chalicelib.privacy.store import DynamoAuditLog

Sentence = Annotated[str, Described(min_length=3, max_length=300, pattern=r"\S")]
Name = Annotated[str, Described(min_length=2, max_length=100, pattern=r"^[\w.@ -]+$")]


def _is_a_name(text: str) -> str:
    try:
        _, _, kind = occurrence_named(text)
    except ValueError:
        raise ValueError("holds no date of the calendar") from None
    if category_name(kind) not in CATEGORIES:
        raise ValueError("is of no kind that there is")
    return text


def _is_near(text: str, info: ValidationInfo) -> str:
    assert isinstance(info.context, datetime)  # noqa: S101 (``operate`` says what time it is)
    _, on, _ = occurrence_named(text)
    if abs(on - info.context.date()) > FURTHEST:
        raise ValueError(f"is more than {FURTHEST.days} days from today")
    return text


Occurrence = Annotated[
    str,
    Described(pattern=r"^[0-9a-f]{32}_[0-9]{4}-[0-9]{2}-[0-9]{2}_[A-Za-z0-9_-]{1,100}$"),
    AfterValidator(_is_a_name),
]


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


class Parked(Order):
    """List what could not be handled and was set aside."""

    do: Literal["parked"]
    limit: Annotated[int, Described(ge=1, le=1000)] = 100


class Redrive(Order):
    """Bring back what was set aside: all of it, or these occurrences."""

    do: Literal["redrive"]
    names: Literal["all"] | Annotated[list[Occurrence], Described(min_length=1, max_length=1000)]


class Explain(Order):
    """Say why somebody did or didn't get this."""

    do: Literal["explain"]
    occurrence: Annotated[Occurrence, AfterValidator(_is_near)]


class Rebuild(Order):
    """Work out the rows of a programme's caseload anew, some people at a time."""

    do: Literal["rebuild"]
    programme: Annotated[str, Described(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$")]
    after: Annotated[str | None, Described(pattern=r"^[0-9a-f]{32}$")] = None
    limit: Annotated[int, Described(ge=1, le=1000)] = 500


AnyOrder = Pause | Resume | Status | Parked | Redrive | Explain | Rebuild

_ORDER: TypeAdapter[AnyOrder] = TypeAdapter(Annotated[AnyOrder, Described(discriminator="do")])


Rebuilding = Callable[[str, str | None, int], tuple[int, int, str | None]]
"""Works out a page of a programme's rows: how many people, how many rows changed, and after whom to go on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What orders work with."""

    now: datetime
    request_id: str
    new_id: Callable[[], str]
    recipients: Recipients
    rebuild: Rebuilding


def operate(event: dict[str, Any], *, desk: Desk) -> dict[str, Any]:
    """
    Carry out an order and return what came of it; an order that can't be read is answered with its faults.

    The audit row is written first: without it nothing is done.

    :raises AuditUnavailable: if it could not be written
    """
    try:
        order = _ORDER.validate_python(event, context=desk.now)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False, include_context=False))
        logger.info("operate refused", extra={"faults": len(faults)})
        # Pydantic puts the order's name before its fields, and names none if it can't tell which order it is.
        return {
            "refused": [{"field": fault.field.partition(".")[2] or "do", "reason": fault.reason} for fault in faults]
        }
    DynamoAuditLog().write(_event(order, desk))
    done = _carry_out(order, desk)
    logger.info("operate", extra={"do": order.do})
    count("Operated")
    flush()
    return done


def _carry_out(order: AnyOrder, desk: Desk) -> dict[str, Any]:
    match order:
        case Pause() | Resume():
            position, is_new = operating.turn(
                DynamoSwitch(), paused=isinstance(order, Pause), by=order.by, why=order.why, now=desk.now
            )
            return {**_stands(position), "changed": is_new}
        case Status():
            position = DynamoSwitch().position() or operating.NEVER_TURNED
            watermark = DynamoDues().watermark()
            return {**_stands(position), "finishedUntil": watermark.isoformat() if watermark else None}
        case Parked():
            found = list(DynamoParking().all())
            shown = [_set_aside(one, desk.now) for one in found[: order.limit]]
            return {"count": len(found), "parked": shown, "unreadable": DynamoParking().unreadable()[: order.limit]}
        case Redrive():
            names = None if order.names == "all" else order.names
            done = redrive(
                names,
                now=desk.now,
                recipients=desk.recipients,
                dues=DynamoDues(),
                ledger=DynamoLedger(),
                parking=DynamoParking(),
            )
            return {
                "broughtBack": done.back,
                "staySetAside": list(done.stay),
                "unreadable": DynamoParking().unreadable(),
            }
        case Explain():
            return _explained(order.occurrence, desk)
        case Rebuild():
            people, changed, last = desk.rebuild(order.programme, order.after, order.limit)
            return {"people": people, "changed": changed, "goOnAfter": last}


def _stands(position: operating.Position) -> dict[str, Any]:
    return {
        "outreach": "paused, but for crisis pages" if position.paused else "running",
        "since": position.since.isoformat() if position.since else None,
        "by": position.by,
        "why": position.why,
    }


def _set_aside(parked: parking.Parked, now: datetime) -> dict[str, Any]:
    return {
        "occurrence": parked.due.name,
        "why": parked.why,
        "dueAt": parked.due.due_at.isoformat(),
        "setAsideAt": parked.at.isoformat(),
        "ageMinutes": int((now - parked.at).total_seconds() // 60),
    }


def _explained(occurrence: str, desk: Desk) -> dict[str, Any]:
    person_id, on, kind = occurrence_named(occurrence)
    recipient = desk.recipients.load(person_id, now=desk.now)
    if recipient is None:
        return {"answer": "There is no such person.", "steps": []}
    ledger = DynamoLedger()
    known = Known(
        recipient=recipient,
        entry=ledger.get(person_id, kind, on),
        lately=lately_told(person_id, on, ledger=ledger),
        paused=DynamoSwitch().paused(desk.now),
        waits=waits,
    )
    found = explain(kind, on, known, now=desk.now)
    return {
        "answer": found.answer,
        "outcome": found.outcome,
        "would": found.would,
        "steps": [{"about": step.about, "passes": step.passes, "says": step.says} for step in found.steps],
    }


def _event(order: AnyOrder, desk: Desk) -> AuditEvent:
    subject = None
    match order:
        case Pause():
            act, purpose = Act.WRITE, f"pause outreach: {order.why}"
        case Resume():
            act, purpose = Act.WRITE, f"let outreach go on: {order.why}"
        case Status():
            act, purpose = Act.READ, "see whether outreach runs"
        case Parked():
            act, purpose = Act.LIST, "see what was set aside"
        case Redrive():
            which = "all" if order.names == "all" else f"{len(order.names)} occurrences"
            act, purpose = Act.WRITE, f"bring back what was set aside: {which}"
        case Explain():
            act, purpose, subject = Act.READ, "see why a message was sent or not", order.occurrence.partition("_")[0]
        case Rebuild():
            act, purpose = Act.WRITE, f"work out the caseload of {order.programme} anew"
    return AuditEvent(
        id=desk.new_id(),
        at=desk.now,
        actor=f"operator:{order.by}",
        role=None,
        relationship=Relationship.NONE,
        subject=subject,
        programme_id=ALL_PROGRAMMES,
        action=Action(act),
        asked=act,
        field=Field.MESSAGES,
        purpose=purpose,
        consent_id=None,
        request_id=desk.request_id,
        outcome=Outcome.ALLOWED,
    )
