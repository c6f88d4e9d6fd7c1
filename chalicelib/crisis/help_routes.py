"""The doors of whoever calls for help: they refuse nobody and nothing, and say what happens, truthfully."""

from collections.abc import Callable
from datetime import datetime
from http import HTTPStatus
from typing import Annotated, TypeVar

from pydantic import Field as Described

from chalicelib.crisis import calling, handlers, saying
from chalicelib.crisis.calling import Caller, Sent
from chalicelib.crisis.domain import Door, Press
from chalicelib.crisis.doors import doors
from chalicelib.crisis.guarding import guarded, insisted
from chalicelib.crisis.page import StatePage, progress_of, promise_of, token_of, trouble
from chalicelib.crisis.saying import Reader, reader_of
from chalicelib.crisis.telling import Promise, Stage
from chalicelib.edge.config import config
from chalicelib.edge.http import ANYTHING, Answer, Asked, Refused, Wire
from chalicelib.edge.identity import claimed
from chalicelib.edge.ids import new_id
from chalicelib.edge.keys import keys
from chalicelib.edge.log import count, logger, places
from chalicelib.edge.pages import Shown
from chalicelib.edge.pages.answers import answer_or, language_of
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.store import people
from chalicelib.errors import NotFound
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.links import Signer
from chalicelib.privacy.domain import Act, Action, Actor, AuditEvent, Field, Outcome, Public, Relationship, SignedIn
from chalicelib.privacy.service import write_down

T = TypeVar("T")

ANYBODY = Public(reason="Whoever calls for help is heard, with an expired sign-in too, or with none.")
WHEN_ISSUED = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
"""Long before any sign-in ends: as of then one is good if we issued it at all."""


class ShownNumbers(Wire):
    """Whom to call, whatever we do."""

    emergency: str
    lifeline: str
    lifeline_text: str


class CallTaken(Wire):
    """What happens now. ``said`` is for showing as it is; ``stateUrl`` shows how far this call is."""

    id: str
    stage: Stage
    at: datetime
    said: list[str]
    on_duty: Annotated[bool | None, Described(description="Whether somebody is on duty; null: not known.")]
    call_by: Annotated[datetime | None, Described(description="Who wasn't reached by then calls the line.")]
    next_from: Annotated[datetime | None, Described(description="When somebody is on duty next, where known.")]
    numbers: ShownNumbers
    state_url: str | None
    has_plan: Annotated[bool, Described(description="Signed in: there is a plan for hard hours to open.")]


class ShownState(Wire):
    """How far one's own latest call is. ``by``: first name, and as what they work."""

    id: str
    stage: Stage
    at: datetime
    by: str | None
    said: list[str]
    numbers: ShownNumbers


@doors.door(
    "POST",
    "/help",
    summary="Call for help now, from anywhere: never refused; a key sent again is the same call",
    rule=ANYBODY,
    raw=ANYTHING,
    answer=CallTaken,
    status=HTTPStatus.CREATED,
)
def call_from_anywhere(asked: Asked) -> Answer:
    """Take it; whoever has no good sign-in is taken as not verified."""
    return take_call(asked, _caller(asked), calling.read(asked.body or ""))


@doors.door(
    "POST",
    "/me/help",
    summary="Call for help now, signed in; with an expired sign-in it is taken as not verified",
    rule=ANYBODY,
    raw=ANYTHING,
    answer=CallTaken,
    status=HTTPStatus.CREATED,
)
def call_signed_in(asked: Asked) -> Answer:
    """Take it: the same as the door beside it, so that no session stands in the way."""
    return take_call(asked, _caller(asked), calling.read(asked.body or ""))


@doors.door(
    "GET",
    "/me/crisis",
    summary="How far one's own latest call for help is",
    rule=SignedIn(reason="It says of the token's owner how far their own call is, and of nobody else."),
    answer=ShownState,
)
def read_own_state(asked: Asked) -> Answer:
    """Show it."""
    person_id = doors.wiring.standings.person_of(asked.who.subject)
    crises = handlers.desk().crises
    found = crises.of_caller(person_id) if person_id else []
    calls = [event.press for event in crises.log(found[0].id) if event.press] if found else []
    kept = crises.kept(calls[-1].id) if calls else None
    if kept is None or person_id is None:
        raise NotFound("There is no such thing, or not for you.")
    reader = reader_of(people().load(person_id, now=asked.now), language=language_of(asked))
    progress, who = progress_of(kept, desk=handlers.desk())
    heading, lines = saying.stage(progress, reader, who=who, now=asked.now)
    return Answer(
        body=ShownState(
            id=kept.press.id,
            stage=progress.stage,
            at=progress.at,
            by=saying.named(who, reader) if who else None,
            said=[heading, *lines],
            numbers=_numbers(reader),
        )
    )


@doors.door(
    "GET",
    "/h/{token}",
    summary="How far one call for help is, as a page. Changes nothing.",
    rule=Public(reason="The signed link tells how far one call is, to whoever made it, and nothing else."),
    answer=None,
)
def show_state(asked: Asked, token: str) -> Answer:
    """Show the page."""
    language = language_of(asked)

    def make() -> Shown:
        page = StatePage(signer=Signer(keys().links), recipients=people(), desk=handlers.desk())
        return page.show(token, language=language, now=asked.now)

    return answer_or(make, lambda: trouble(language))


def take_call(asked: Asked, caller: Caller, sent: Sent, *, recipient: Recipient | None = None) -> Answer:
    """
    Write a call down and have it paged, and say what happens. After the writing nothing can make it fail.

    :raises Refused: 503 with whom to call, only if it could not be written down: it must not seem as if it were
    """
    key = asked.headers.get("idempotency-key") or sent.key or new_id()
    call = calling.call(caller, sent, key=key, at=asked.now)
    try:
        call = handlers.press(call, now=asked.now)
    except Exception as error:  # noqa: BLE001 (whatever broke, they must be told that nobody knows of it)
        logger.error("call for help not kept", extra={"error": type(error).__name__, "at": places(error)})
        count("CrisisNotKept")
        reader = _reader(asked, recipient)
        detail = f"{reader.spoken['now']} {saying.line(reader, 'not_sent')}"
        raise Refused(
            status=HTTPStatus.SERVICE_UNAVAILABLE, kind="not-sent", detail=detail, headers={"Retry-After": "2"}
        ) from None
    count("CrisisPressed")
    _safely(lambda: _noted(asked, call))
    if recipient is None and call.answers_to:
        recipient = _safely(lambda: people().load(call.answers_to or "", now=asked.now))
    reader = _reader(asked, recipient)
    promise = _safely(lambda: promise_of(call, desk=handlers.desk()))
    has_plan = call.verified and bool(_safely(lambda: doors.wiring.has_plan(call.person_id or "")))
    taken = _safely(lambda: _taken(call, promise, reader, asked.now, has_plan=has_plan))
    # Where the time can't be said in their zone, what is said holds at every hour.
    return Answer(body=taken or _taken(call, None, Reader(language="en"), asked.now, has_plan=has_plan))


def _reader(asked: Asked, recipient: Recipient | None) -> Reader:
    return _safely(lambda: reader_of(recipient, language=language_of(asked))) or Reader(language="en")


def _taken(call: Press, promise: Promise | None, reader: Reader, now: datetime, *, has_plan: bool) -> CallTaken:
    is_theirs = has_plan and call.door is Door.APP
    token = _safely(lambda: token_of(call, Signer(keys().links)))
    return CallTaken(
        id=call.id,
        stage=Stage.SENT,
        at=call.at,
        said=[
            reader.spoken["now"],
            *saying.promised(promise, reader, now=now),
            *([saying.line(reader, "open_plan")] if is_theirs else []),
        ],
        on_duty=promise.is_covered if promise else None,
        call_by=promise.call_by if promise else None,
        next_from=promise.next_from if promise else None,
        numbers=_numbers(reader),
        # How far it is, is the caller's own to know: a supporter who calls for somebody learns nothing of them by it.
        state_url=f"{config().public_url}/h/{token}" if token and call.door is not Door.SUPPORTER else None,
        has_plan=has_plan,
    )


def _caller(asked: Asked) -> Caller:
    """Return who calls: by a good sign-in verified, by an expired or unreadable one as whoever it says, or nobody."""
    authorization = asked.headers.get("authorization")
    sent = _safely(lambda: calling.read(asked.body or "")) or Sent()
    actor, verified = _signed_in(authorization) if authorization else (None, False)
    account = actor.subject if actor else _safely(lambda: claimed(authorization), quietly=True)
    is_ours = actor is not None
    person_id = _insisted(lambda: doors.wiring.standings.person_of(account)) if account else None
    return Caller(
        door=Door.APP if is_ours else Door.UNSIGNED,
        address=asked.source_ip,
        person_id=person_id,
        programme_id=_programme(person_id, actor, sent, asked.now),
        account=account,
        verified=verified,
        by=account if is_ours else None,
    )


def _signed_in(authorization: str) -> tuple[Actor | None, bool]:
    """Return whose sign-in this is, if we issued it at all, and whether it is still good."""
    tokens, now = doors.wiring.tokens, doors.wiring.real_clock()
    actor = _safely(lambda: tokens.actor(authorization, now=now), quietly=True)
    if actor is not None:
        return actor, True
    return _safely(lambda: tokens.actor(authorization, now=WHEN_ISSUED), quietly=True), False


def _programme(person_id: str | None, actor: Actor | None, sent: Sent, now: datetime) -> str | None:
    """Return whose call it is: the programme that has the person, else one that they are of, or named."""
    if person_id:
        recipient = _insisted(lambda: people().load(person_id, now=now))
        if recipient:
            return recipient.programme_id
    of_theirs = min((programme_id for programme_id, _ in actor.roles), default=None) if actor else None
    if of_theirs or not sent.programme_id:
        return of_theirs
    named = _safely(lambda: DynamoProgrammes().find(sent.programme_id or ""))
    return named.id if named else None


def _noted(asked: Asked, call: Press) -> None:
    """Write into the audit log that a call came; while the log is down that is spooled, and the call stands."""
    event = AuditEvent(
        id=doors.wiring.new_id(),
        at=asked.now,
        actor=call.by or "help",
        role=None,
        relationship=Relationship.SELF if call.verified else Relationship.NONE,
        subject=call.person_id,
        programme_id=call.programme_id,
        action=Action.WRITE,
        asked=Act.WRITE,
        field=Field.CRISIS,
        purpose="call for help",
        consent_id=None,
        request_id=asked.correlation_id,
        outcome=Outcome.ALLOWED,
    )
    write_down(event, doors.wiring.audit)


def _numbers(reader: Reader) -> ShownNumbers:
    numbers = reader.numbers
    return ShownNumbers(emergency=numbers.emergency, lifeline=numbers.lifeline, lifeline_text=numbers.lifeline_text)


def _insisted(do: Callable[[], T]) -> T | None:
    return insisted(do, desk=handlers.desk())


def _safely(do: Callable[[], T], *, quietly: bool = False) -> T | None:
    """Do it; None if that fails: a call for help must not wait for it."""
    if not quietly:
        return guarded(do, desk=handlers.desk())
    try:
        return do()
    except Exception:  # noqa: BLE001 (a sign-in that isn't good is nothing out of the ordinary here)
        return None
