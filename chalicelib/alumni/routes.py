"""The doors of the time after care: stay in touch, how often, the way back; and the page behind its messages."""

from collections.abc import Callable
from functools import cache
from http import HTTPStatus

from chalicelib.alumni import page, service
from chalicelib.alumni.doors import doors
from chalicelib.alumni.page import AfterCare
from chalicelib.alumni.shapes import ShownTouch, ShownWayBack, Staying, shown_touch, shown_way_back
from chalicelib.checkins.doors import desk
from chalicelib.edge import pages
from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.edge.keys import keys
from chalicelib.edge.pages import Visit
from chalicelib.edge.pages.answers import answer_or, language_of
from chalicelib.enrollment import agreeing
from chalicelib.enrollment.after_care import CONTACT
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.consents import NoSuchConsent, Via, Will
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, Invalid
from chalicelib.helplines.domain import resources
from chalicelib.mentors.handlers import met
from chalicelib.outreach.links import Signer
from chalicelib.privacy.domain import Act, Field, Public, Relationship, Rule
from chalicelib.tasks.store import DynamoTasks

__all__ = ["doors"]

FORM = "application/x-www-form-urlencoded"
BY_LINK = Public(
    reason="The signed link is the right to answer one message, and to ask for somebody; it reads nothing."
)


@doors.door(
    "GET",
    "/people/{person_id}/staying-in-touch",
    summary="Whether and how often somebody hears from their programme after care",
    rule=Rule(act=Act.READ, field=Field.ALUMNI, subject="person_id", purpose="see how somebody stays in touch"),
    answer=ShownTouch,
)
def show_touch(asked: Asked, person_id: str) -> Answer:
    """Show it."""
    record = find_person(person_id, people=DynamoPeople())
    return Answer(body=shown_touch(service.touch_of(record, now=asked.now)))


@doors.door(
    "PUT",
    "/people/{person_id}/staying-in-touch",
    summary="Stay in touch after care, and how often; by the person, or by staff with them. Again changes nothing",
    rule=Rule(act=Act.WRITE, field=Field.ALUMNI, subject="person_id", purpose="say how somebody stays in touch"),
    body=Staying,
    answer=ShownTouch,
)
def put_touch(asked: Asked, person_id: str) -> Answer:
    """Choose the pace; with the text that was read, agree to it too."""
    body: Staying = asked.body
    people = DynamoPeople()
    if body.text_version is not None:
        record = service.stay(
            person_id,
            body.pace,
            text_version=body.text_version,
            locale=body.locale,
            will=_will(asked, person_id),
            now=asked.now,
            people=people,
        )
    elif service.touch_of(find_person(person_id, people=people), now=asked.now).agreed:
        record = service.choose(person_id, body.pace, now=asked.now, people=people)
    else:
        raise Invalid(Fault(field="textVersion", reason="is missing: they haven't agreed to it yet"))
    return Answer(body=shown_touch(service.touch_of(record, now=asked.now)))


@doors.door(
    "DELETE",
    "/people/{person_id}/staying-in-touch",
    summary="Hear nothing more after care, nor be asked again; the way back stays open. Again changes nothing",
    rule=Rule(act=Act.WRITE, field=Field.ALUMNI, subject="person_id", purpose="stop what reaches somebody after care"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def stop_touch(asked: Asked, person_id: str) -> Answer:
    """Take the consent back, or say no to the question."""
    will, people = _will(asked, person_id), DynamoPeople()
    try:
        agreeing.revoke(person_id, CONTACT, will=will, now=asked.now, people=people)
    except NoSuchConsent:
        service.decline(person_id, will=will, now=asked.now, people=people)
    return Answer()


@doors.door(
    "POST",
    "/people/{person_id}/way-back",
    summary="“I'd like to talk to someone”, after care; again while nobody has called is the same",
    rule=Rule(act=Act.WRITE, field=Field.ALUMNI, subject="person_id", purpose="ask for somebody to talk to"),
    answer=ShownWayBack,
    status=HTTPStatus.CREATED,
)
def find_way_back(asked: Asked, person_id: str) -> Answer:
    """Have somebody call them."""
    people = DynamoPeople()
    task = service.way_back(person_id, now=asked.now, people=people, tasks=DynamoTasks())
    who = people.load(person_id, now=asked.now)
    language, country = (who.language, who.country) if who else ("en", "US")
    said = page.say_of(language, country)["talked"]
    return Answer(body=shown_way_back(task, words=said, numbers=resources(country)))


@doors.door("GET", "/a/{token}", summary="Show what a message is about. Changes nothing.", rule=BY_LINK, answer=None)
def show_page(asked: Asked, token: str) -> Answer:
    """Show the page."""
    visit = _visit(asked, token)
    return _shown(visit, lambda: _after_care().show(visit))


@doors.door("POST", "/a/{token}", summary="Take what the page sent.", rule=BY_LINK, raw=FORM, answer=None)
def take_page(asked: Asked, token: str) -> Answer:
    """Take it."""
    visit = _visit(asked, token)
    return _shown(visit, lambda: _after_care().take(visit, asked.body))


@cache
def _after_care() -> AfterCare:
    return AfterCare(
        signer=Signer(keys().links),
        recipients=DynamoPeople(),
        people=DynamoPeople(),
        tasks=DynamoTasks(),
        desk=desk(),
        met=met,
    )


def _visit(asked: Asked, token: str) -> Visit:
    return Visit(token=token, now=asked.now, language=language_of(asked), page_id=new_id(), address=asked.source_ip)


def _shown(visit: Visit, make: Callable[[], pages.Shown]) -> Answer:
    return answer_or(make, lambda: page.trouble(visit))


def _will(asked: Asked, person_id: str) -> Will:
    is_self = asked.granted.relationship is Relationship.SELF
    return Will(
        by=asked.who.subject,
        via=Via.WEB if is_self else Via.STAFF,
        on_behalf_of=None if is_self else person_id,
        ip=asked.source_ip or None,
    )
