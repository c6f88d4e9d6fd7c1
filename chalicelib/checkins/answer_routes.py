"""The doors to a person's own check-ins: the questions, an answer by app or entered by staff, and what was answered."""

from collections.abc import Iterable
from datetime import date, datetime, timedelta
from functools import partial
from http import HTTPStatus

from chalicelib.checkins import service
from chalicelib.checkins.answer_shapes import (
    AnswerSent,
    CheckInList,
    FormQuery,
    ShownCheckIn,
    ShownForm,
    SpanQuery,
    Texts,
    shown_check_in,
    shown_form,
)
from chalicelib.checkins.asking import ASKED, reads_item_9
from chalicelib.checkins.domain import CheckInLocked, Source, answer_to
from chalicelib.checkins.doors import desk, doors
from chalicelib.checkins.forms import WEEKLY, Form, form, versions
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis.calling import call_of
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.handlers import press
from chalicelib.crisis.page import promise_of
from chalicelib.crisis.saying import line, promised, reader_of
from chalicelib.edge.http import Answer, Asked, Refused
from chalicelib.edge.problems import refusal_of
from chalicelib.enrollment.domain import EARLIEST
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import DomainError, Fault, Invalid, NotFound, refuse
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Act, Field, Relationship, Rule

DAY_BEGINS = timedelta(hours=4)
"""Who answers at half past midnight speaks of the evening (domain rules 6: from 04:00 to 03:59)."""

LATE_FOR = timedelta(days=7)
"""How long after its date a check-in may still be answered by app, or entered by staff."""

LONGEST = timedelta(days=366)
SHOWN_FOR = timedelta(days=28)


@doors.door(
    "GET",
    "/people/{person_id}/check-in-form",
    summary="What a check-in asks the person, in their language",
    rule=Rule(act=Act.READ, field=Field.CHECK_IN_SCORES, subject="person_id", purpose="see what a check-in asks"),
    query=FormQuery,
    answer=ShownForm,
)
def show_form(asked: Asked, person_id: str) -> Answer:
    """Show it."""
    who = _recipient(asked, person_id)
    return Answer(body=shown_form(_form_of(who, asked.query.form, asked.now), who.language))


@doors.door(
    "POST",
    "/people/{person_id}/check-ins",
    summary="Answer a check-in; for staff: enter what the person said. The same again changes nothing",
    rule=Rule(act=Act.WRITE, field=Field.CHECK_IN_SCORES, subject="person_id", purpose="answer a check-in"),
    body=AnswerSent,
    answer=ShownCheckIn,
    status=HTTPStatus.CREATED,
    created=True,
)
def answer_check_in(asked: Asked, person_id: str) -> Answer:
    """Take it, and say it back; what can't be taken may be a call for help all the same."""
    who = _recipient(asked, person_id)
    try:
        return _answered(asked, who)
    except (Invalid, CheckInLocked, service.ChangedMeanwhile) as refused:
        _heed(asked, who, refused)
        raise


def _answered(asked: Asked, who: Recipient) -> Answer:
    body: AnswerSent = asked.body
    today = local_date(asked.now - DAY_BEGINS, who.zone)
    on = body.on or today
    faults = []
    if not today - LATE_FOR <= on <= local_date(asked.now, who.zone):
        faults.append(Fault(field="on", reason=f"must be today, or up to {LATE_FOR.days} days before"))
    if body.form_version is not None and body.form_version not in versions(body.form):
        faults.append(Fault(field="formVersion", reason="is no version of this form; read it again"))
    refuse(faults)
    said = answer_to(_form_of(who, body.form, asked.now, body.form_version, body.answers), body.answers)
    is_own = asked.granted.relationship is Relationship.SELF
    stored = service.answer(
        who,
        on,
        body.form,
        said,
        now=asked.now,
        source=Source.APP if is_own else Source.STAFF,
        by=None if is_own else asked.who.subject,
        desk=desk(),
    )
    earlier = DynamoCheckIns().between(who.person_id, on - service.REMEMBERED, on)
    return Answer(body=shown_check_in(stored, earlier, language=who.language))


def _heed(asked: Asked, who: Recipient, refused: DomainError) -> None:
    """
    Take the call for help that answers are which could not be kept, if they are one.

    :raises Refused: as it was refused, saying that it is one, and whom to call
    """
    body: AnswerSent = asked.body
    crises = desk().crises
    on = body.on or local_date(asked.now - DAY_BEGINS, who.zone)

    def is_call() -> bool:
        version = body.form_version if body.form_version in versions(body.form) else None
        form_asked = form(body.form, version, reads_item_9=any(name.startswith(ASKED) for name in body.answers))
        return service.calls_for_help(who, on, form_asked, body.answers, now=asked.now, desk=desk())

    if not guarded(is_call, desk=crises):
        return
    by = None if asked.granted.relationship is Relationship.SELF else asked.who.subject
    key = f"{on}-{body.form}-refused"
    call = press(call_of(who, key, at=asked.now, verified=True, by=by, kept=False), now=asked.now)
    reader = reader_of(who, language=who.language)
    promise = guarded(partial(promise_of, call, desk=crises), desk=crises)
    said = [reader.spoken["now"], line(reader, "answer_not_kept"), *promised(promise, reader, now=asked.now)]
    shown = refusal_of(refused)
    raise Refused(status=shown.status, kind="taken-as-call", detail=" ".join(said), faults=shown.faults) from refused


@doors.door(
    "GET",
    "/people/{person_id}/check-ins",
    summary="What a person answered, with scores and in plain words, the newest first",
    rule=Rule(act=Act.LIST, field=Field.CHECK_IN_SCORES, subject="person_id", purpose="see what somebody answered"),
    query=SpanQuery,
    answer=CheckInList,
)
def list_own_check_ins(asked: Asked, person_id: str) -> Answer:
    """List them."""
    who = _recipient(asked, person_id)
    last = asked.query.last or local_date(asked.now, who.zone)
    for name, given in (("from", asked.query.first), ("to", last)):
        if given and not EARLIEST <= given <= asked.now.date() + LONGEST:
            raise Invalid(Fault(field=name, reason="is no date that there can be check-ins for"))
    first = asked.query.first or last - SHOWN_FOR
    if not timedelta() <= last - first <= LONGEST:
        raise Invalid(Fault(field="from", reason="must not be after `to`, nor more than 366 days before it"))
    found = DynamoCheckIns().between(person_id, first - service.REMEMBERED, last)
    shown = [
        shown_check_in(check_in, found, language=who.language)
        for check_in in reversed(found)
        if check_in.on >= first and check_in.revisions
    ]
    return Answer(body=CheckInList(items=shown))


@doors.door(
    "GET",
    "/people/{person_id}/check-ins/{on}/texts",
    summary="What the person wrote in a check-in",
    rule=Rule(act=Act.READ, field=Field.FREE_TEXT, subject="person_id", purpose="read what somebody wrote"),
    query=FormQuery,
    answer=Texts,
)
def read_texts(asked: Asked, person_id: str, on: str) -> Answer:
    """Show each text."""
    try:
        check_in = DynamoCheckIns().get(person_id, date.fromisoformat(on), asked.query.form)
    except ValueError:
        raise NotFound("There is nothing written for that day.") from None
    if check_in.answer is None:
        raise NotFound("There is nothing written for that day.")
    texts = {
        question.id for question in service.form_answered(check_in.form, check_in.answer).questions if question.length
    }
    found = {name: str(value) for name, value in check_in.answer.values.items() if name in texts}
    if not found:
        raise NotFound("There is nothing written for that day.")
    return Answer(body=Texts(texts=found))


def _recipient(asked: Asked, person_id: str) -> Recipient:
    found = DynamoPeople().load(person_id, now=asked.now)
    if found is None:
        raise NotFound("There is no such thing, or not for you.")
    return found


def _form_of(
    who: Recipient, form_id: str, now: datetime, version: int | None = None, given: Iterable[str] = ()
) -> Form:
    reads = form_id == WEEKLY and reads_item_9(who.programme_id, given=given, now=now, desk=desk())
    return form(form_id, version, reads_item_9=reads)
