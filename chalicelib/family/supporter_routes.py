"""The doors of supporters: whom they support, what is shared with them now, and what they say to staff."""

from datetime import datetime
from functools import partial
from http import HTTPStatus

from chalicelib.crisis import handlers as crisis
from chalicelib.crisis.calling import by_another
from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.store import people
from chalicelib.errors import NotFound
from chalicelib.family import concerns, service, words
from chalicelib.family.concerns import Worry
from chalicelib.family.domain import NoSuchSupporter, Tie
from chalicelib.family.doors import doors
from chalicelib.family.handlers import sources
from chalicelib.family.kin import Supporter
from chalicelib.family.kin_store import DynamoSupporters
from chalicelib.family.releasing import LOOK, as_seen
from chalicelib.family.seeing import WEEK, View
from chalicelib.family.store import DynamoConcerns, DynamoTies
from chalicelib.family.supporter_shapes import (
    NewConcern,
    ShownHelp,
    ShownNews,
    ShownPerson,
    ShownSupported,
    ShownTaken,
    ShownUpdate,
    SupportedList,
    shown_lesson,
    shown_numbers,
    shown_person,
    shown_resources,
)
from chalicelib.family.supporting import find_supporter
from chalicelib.family.telling import news
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Act, Field, Role, Rule
from chalicelib.tasks.store import DynamoTasks

OWN = partial(Rule, field=Field.SUPPORTERS, narrows=True)
_SAY = Rule(act=Act.WRITE, field=Field.SUPPORTERS, subject="person_id", purpose="say something as a supporter")


@doors.door(
    "GET",
    "/supporting",
    summary="Whom one supports",
    rule=OWN(act=Act.LIST, purpose="see whom one supports"),
    answer=SupportedList,
)
def list_supported(asked: Asked) -> Answer:
    """List them by the names that they are called."""
    items = []
    for tie in _ties(asked):
        record, _ = _found(asked, tie)
        items.append(ShownSupported(id=tie.id, name=record.person.first_name))
    return Answer(body=SupportedList(items=items))


@doors.door(
    "GET",
    "/supporting/{tie_id}",
    summary="What somebody whom one supports shares right now",
    rule=OWN(act=Act.READ, purpose="see what is shared as a supporter"),
    answer=ShownPerson,
)
def show_supported(asked: Asked, tie_id: str) -> Answer:
    """Show it, each time by the consents that are live now."""
    tie = _tie(asked, tie_id)
    return Answer(body=_shown(asked, tie, _view(asked, tie)))


@doors.door(
    "DELETE",
    "/supporting/{tie_id}",
    summary="Stop being somebody's supporter",
    rule=OWN(act=Act.WRITE, purpose="stop being a supporter"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def leave_supported(asked: Asked, tie_id: str) -> Answer:
    """Leave."""
    service.leave(_tie(asked, tie_id), now=asked.now, ties=DynamoTies())
    return Answer()


@doors.door(
    "POST",
    "/supporting/{tie_id}/concerns",
    summary="Tell staff that one is worried about somebody whom one supports; it changes nothing of theirs",
    rule=OWN(act=Act.WRITE, purpose="raise a concern as a supporter"),
    body=NewConcern,
    answer=ShownTaken,
    status=HTTPStatus.CREATED,
    created=True,
)
def raise_concern(asked: Asked, tie_id: str) -> Answer:
    """Take it down, and say at once whom to call if somebody is in danger."""
    sent: NewConcern = asked.body
    tie = _tie(asked, tie_id)
    record, who = _found(asked, tie, _SAY), _self(asked)
    concern = concerns.raise_concern(
        tie,
        sent.worry,
        sent.text,
        may_name=sent.may_name,
        programme_id=record[0].episode.programme_id,
        zone=record[0].person.zone,
        now=asked.now,
        concerns=DynamoConcerns(),
        new_id=new_id,
    )
    is_danger = sent.worry is Worry.DANGER
    country = _country(tie, now=asked.now)
    said = [words.said("taken", who.language)]
    if is_danger:
        said = [*words.lines("danger", who.language, country=country), words.said("help_now", who.language), *said]
    body = ShownTaken(
        id=concern.id,
        words=said,
        numbers=shown_numbers(country),
        help_now=f"/supporting/{tie.id}/help-now" if is_danger else None,
    )
    return Answer(body=body)


@doors.door(
    "POST",
    "/supporting/{tie_id}/help-now",
    summary="Have the on-call team alerted about somebody whom one supports",
    # Of the field that goes on while the audit log is down.
    rule=Rule(act=Act.WRITE, field=Field.CRISIS, purpose="call for help for somebody as a supporter", narrows=True),
    answer=ShownTaken,
    status=HTTPStatus.CREATED,
    created=True,
)
def press_help_now(asked: Asked, tie_id: str) -> Answer:
    """Take the call, as one that the person didn't make themselves."""
    tie = _tie(asked, tie_id)
    who, country = _self(asked), _country(tie, now=asked.now)
    recipient = people().load(tie.person_id, now=asked.now)
    if recipient is None:
        raise NoSuchSupporter("there is no such person")
    kept = crisis.press(by_another(recipient, new_id(), at=asked.now, by=asked.who.subject), now=asked.now)
    body = ShownTaken(
        id=kept.id,
        words=list(words.lines("danger", who.language, country=country)),
        numbers=shown_numbers(country),
        help_now=None,
    )
    return Answer(body=body)


@doors.door(
    "POST",
    "/supporting/{tie_id}/help",
    summary="Ask for help for oneself: somebody of the programme gets in touch",
    rule=OWN(act=Act.WRITE, purpose="ask for help as a supporter"),
    answer=ShownHelp,
    status=HTTPStatus.CREATED,
    created=True,
)
def ask_for_help(asked: Asked, tie_id: str) -> Answer:
    """Ask for it; the same day again is the same."""
    tie = _tie(asked, tie_id)
    record, _ = _found(asked, tie, _SAY)
    who, country = _self(asked), _country(tie, now=asked.now)
    concerns.ask_for_help(
        tie,
        programme_id=record.episode.programme_id,
        zone=record.person.zone,
        now=asked.now,
        tasks=DynamoTasks(),
    )
    body = ShownHelp(
        words=words.said("asked", who.language),
        numbers=shown_numbers(country),
        resources=shown_resources(who.language, country),
    )
    return Answer(body=body)


@doors.door(
    "GET",
    "/supporter/update",
    summary="The week: what is new of what is shared, how one can help, and what there is for oneself",
    rule=OWN(act=Act.READ, purpose="see what is new as a supporter"),
    answer=ShownUpdate,
)
def show_update(asked: Asked) -> Answer:
    """Show it; of whom nothing is new and shared, nothing is there."""
    who, read = _self(asked), sources()
    country = people().choices(who.programme_id, now=asked.now).emergency_country
    found = []
    for tie in _ties(asked):
        record, _ = _found(asked, tie)
        new = news(tie, record, since=asked.now - WEEK, now=asked.now, sources=read)
        if new:
            shown = _shown(asked, tie, _view(asked, tie))
            found.append(ShownNews(person=shown, new=sorted(new)))
    lesson = words.next_lesson(who.learned, who.language, country=country)
    body = ShownUpdate(
        people=found,
        this_week=words.this_week(who.language, on=local_date(asked.now, who.zone)),
        next_lesson=shown_lesson(lesson, who.learned) if lesson else None,
        for_yourself=shown_resources(who.language, country),
    )
    return Answer(body=body)


def _ties(asked: Asked) -> list[Tie]:
    held = [tie for tie in DynamoTies().of_account(asked.who.subject) if _is_seen(asked, tie)]
    return sorted(held, key=lambda tie: (tie.invited_at, tie.id))


def _is_seen(asked: Asked, tie: Tie) -> bool:
    return tie.is_seen and asked.who.has(Role.SUPPORTER, tie.programme_id)


def _tie(asked: Asked, tie_id: str) -> Tie:
    """
    Return one of one's own ties.

    :raises NoSuchSupporter: if it isn't there, or another's: the answer is the same
    """
    tie = DynamoTies().find(tie_id)
    if tie is None or tie.account != asked.who.subject or not _is_seen(asked, tie):
        raise NoSuchSupporter("there is no such thing, or not for you")
    return tie


def _found(asked: Asked, tie: Tie, rule: Rule = LOOK) -> tuple[Record, bool]:
    """Return the person, and whether they are still here: who moved on to another programme shares nothing here."""
    record = DynamoTies().record(tie.person_id)
    if record is None:
        raise NoSuchSupporter("there is no such person")
    try:
        doors.decide_too(asked, rule, person_id=tie.person_id, programme_id=tie.programme_id)
    except NotFound:
        return record, False
    return record, True


def _view(asked: Asked, tie: Tie) -> View:
    record, is_here = _found(asked, tie)
    if not is_here:
        return View(name=record.person.first_name, shared=frozenset())

    def decide(rule: Rule) -> None:
        doors.decide_too(asked, rule, person_id=tie.person_id, programme_id=tie.programme_id)

    return as_seen(tie, record, decide, now=asked.now, sources=sources())


def _shown(asked: Asked, tie: Tie, view: View) -> ShownPerson:
    return shown_person(tie, view, language=_self(asked).language, country=_country(tie, now=asked.now))


def _self(asked: Asked) -> Supporter:
    return find_supporter(asked.who.subject, supporters=DynamoSupporters())


def _country(tie: Tie, *, now: datetime) -> str:
    return people().choices(tie.programme_id, now=now).emergency_country
