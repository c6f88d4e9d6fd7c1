"""The doors to my plan: read it, save it, say that it is still right, and take it along as text."""

from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.crisis import handlers as crises
from chalicelib.crisis import handling
from chalicelib.crisis.domain import State
from chalicelib.edge.http import Answer, Asked, Doors, Page, PageQuery, Wire
from chalicelib.edge.wire import etag_of
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, Invalid
from chalicelib.helplines.domain import resources
from chalicelib.outreach.domain import Recipient
from chalicelib.plan import service
from chalicelib.plan.domain import (
    LONGEST_PHONE,
    LONGEST_TEXT,
    MOST_ENTRIES,
    Entry,
    Hand,
    Made,
    MyPlan,
    NoSuchPlan,
    Part,
    as_text,
    wording,
)
from chalicelib.plan.store import DynamoMyPlans
from chalicelib.privacy.domain import Act, Field, Relationship, Rule

doors = Doors(__name__)

_SEE = Rule(act=Act.READ, field=Field.PLAN, subject="person_id", purpose="read somebody's own plan for hard hours")
_SAVE = Rule(act=Act.WRITE, field=Field.PLAN, subject="person_id", purpose="change somebody's own plan for hard hours")
_IN_CRISIS = Rule(
    act=Act.READ,
    field=Field.CRISIS,
    subject="person_id",
    purpose="read somebody's plan as the owner of their crisis",
)

_KEPT = {"Cache-Control": "private, no-cache"}
"""Its reader's own device may keep it, and asks again where it can; nothing between may (RFC 9111 5.2.2)."""


class Line(Wire):
    """One line of a part; ``phone`` is a number to call."""

    text: Annotated[str, Described(min_length=1, max_length=LONGEST_TEXT)]
    phone: Annotated[str, Described(max_length=LONGEST_PHONE)] = ""


Lines = Annotated[list[Line], Described(max_length=MOST_ENTRIES)]


class Review(Wire):
    """``together``: said by staff who are with the person; the person needs no such word."""

    together: bool = False


class PlanSent(Review):
    """What the plan shall say, whole: what is left out is empty."""

    notice_first: Lines = []  # noqa: RUF012 (pydantic copies it)
    by_myself: Lines = []  # noqa: RUF012
    takes_my_mind_off: Lines = []  # noqa: RUF012
    people_to_ask: Lines = []  # noqa: RUF012
    professionals: Lines = []  # noqa: RUF012
    where_i_am_safer: Lines = []  # noqa: RUF012

    def parts(self) -> dict[Part, tuple[Entry, ...]]:
        """Return its parts."""
        return {
            part: tuple(Entry(text=line.text.strip(), phone=line.phone.strip()) for line in getattr(self, part))
            for part in Part
        }


class ShownPart(Wire):
    """A part: what it is called and what it asks, in the person's language, and its lines."""

    part: Part
    title: str
    asks: str
    lines: list[Line]


class ShownPlan(Wire):
    """A version of a plan. Of version 0, which says nothing, who and when are null."""

    version: int
    title: str
    intro: str
    parts: list[ShownPart]
    made: Annotated[Made | None, Described(description="`reviewed`: read through, and the same as the one before.")]
    hand: Annotated[Hand | None, Described(description="`together`: by staff, with the person.")]
    by: Annotated[str | None, Described(description="The sign-in's id.")]
    at: Annotated[str | None, Described(description="When this version was saved or read through.")]


@doors.door(
    "GET",
    "/people/{person_id}/plan",
    summary="A person's own plan for hard hours, with ETag; a device may keep it for when it is offline",
    rule=_SEE,
    answer=ShownPlan,
)
def show_plan(asked: Asked, person_id: str) -> Answer:
    """Show its newest version, or say that it is the same as before."""
    plan = service.my_plan(person_id, plans=DynamoMyPlans())
    if etag_of(plan.version) in asked.headers.get("if-none-match", "").replace("W/", "").split(", "):
        return Answer(status=HTTPStatus.NOT_MODIFIED, etag=plan.version, headers=_KEPT)
    return _answer(asked, plan)


@doors.door(
    "PUT",
    "/people/{person_id}/plan",
    summary='Save a plan as its next version (If-Match: "0" for the first); every version stays as it is',
    rule=_SAVE,
    body=PlanSent,
    answer=ShownPlan,
    edits=True,
)
def save_plan(asked: Asked, person_id: str) -> Answer:
    """Save it."""
    sent: PlanSent = asked.body
    plan = service.save_plan(
        person_id,
        sent.parts(),
        names={part: PlanSent.model_fields[part].alias or part for part in Part},
        version=asked.if_match or 0,
        hand=_hand(asked),
        by=asked.who.subject,
        now=asked.now,
        people=DynamoPeople(),
        plans=DynamoMyPlans(),
    )
    return _answer(asked, plan)


@doors.door(
    "PUT",
    "/people/{person_id}/plan/review",
    summary="Say that the plan was read through and is still right: a version with the same words",
    rule=_SAVE,
    body=Review,
    answer=ShownPlan,
    edits=True,
)
def review_plan(asked: Asked, person_id: str) -> Answer:
    """Write it down."""
    plan = service.review_plan(
        person_id,
        version=asked.if_match or 0,
        hand=_hand(asked),
        by=asked.who.subject,
        now=asked.now,
        people=DynamoPeople(),
        plans=DynamoMyPlans(),
    )
    return _answer(asked, plan)


@doors.door(
    "GET",
    "/people/{person_id}/plan/versions",
    summary="What the plan said before, newest first",
    rule=Rule(act=Act.LIST, field=Field.PLAN, subject="person_id", purpose="see what somebody's own plan said before"),
    query=PageQuery,
    answer=Page[ShownPlan],
)
def list_plan_versions(asked: Asked, person_id: str) -> Answer:
    """List a page of them."""
    after = asked.after(prefix="v")
    if after is not None and not after[1:].isdecimal():
        raise NoSuchPlan("there is no such version")
    found, before = DynamoMyPlans().versions(
        person_id, before=int(after[1:]) if after else None, limit=asked.query.limit
    )
    language = _who(asked, person_id).language
    items = [_shown(plan, language) for plan in found]
    return Answer(body=Page[ShownPlan](items=items, next=asked.next(f"v{before}" if before else None)))


@doors.door(
    "GET",
    "/programmes/{programme_id}/crises/{crisis_id}/plan",
    summary="The plan of somebody who called for help, for the owner of the crisis while it isn't closed",
    rule=Rule(act=Act.READ, field=Field.CRISIS, programme="programme_id", purpose="read a plan as a crisis's owner"),
    answer=ShownPlan,
)
def show_plan_in_crisis(asked: Asked, programme_id: str, crisis_id: str) -> Answer:
    """Show it; nobody else learns here whether there is one."""
    crisis = handling.find(crisis_id, programme_id, desk=crises.desk())
    if crisis.person_id is None or crisis.owner != asked.who.subject or crisis.state is State.CLOSED:
        raise NoSuchPlan("There is no such thing, or not for you.")
    # Written down with the person, too: they see who read it.
    doors.decide_too(asked, _IN_CRISIS, person_id=crisis.person_id, programme_id=programme_id)
    plan = service.my_plan(crisis.person_id, plans=DynamoMyPlans())
    return Answer(body=_shown(plan, _who(asked, crisis.person_id).language), etag=plan.version)


@doors.door(
    "GET", "/people/{person_id}/plan/text", summary="The plan as plain text, to print or keep", rule=_SEE, answer=None
)
def show_plan_text(asked: Asked, person_id: str) -> Answer:
    """Give it, beginning with whom to call."""
    who = _who(asked, person_id)
    plan = service.my_plan(person_id, plans=DynamoMyPlans())
    text = as_text(plan, language=who.language, numbers=resources(who.country))
    headers = {"Content-Disposition": 'attachment; filename="plan.txt"'}
    return Answer(body=text, media_type="text/plain; charset=utf-8", headers=headers)


def _hand(asked: Asked) -> Hand:
    """
    Say by whose hand this is done.

    :raises Invalid: if staff don't say that the person is with them
    """
    if asked.granted.relationship is Relationship.SELF:
        return Hand.SELF
    if not asked.body.together:
        raise Invalid(Fault(field="together", reason="must be true: staff change a plan together with the person"))
    return Hand.TOGETHER


def _who(asked: Asked, person_id: str) -> Recipient:
    who = DynamoPeople().load(person_id, now=asked.now)
    if who is None:
        raise NoSuchPlan("there is no such person")
    return who


def _answer(asked: Asked, plan: MyPlan) -> Answer:
    return Answer(body=_shown(plan, _who(asked, plan.person_id).language), etag=plan.version, headers=_KEPT)


def _shown(plan: MyPlan, language: str) -> ShownPlan:
    say = wording(language)
    is_there = plan.version > 0
    return ShownPlan(
        version=plan.version,
        title=say.title,
        intro=say.intro,
        parts=[
            ShownPart(
                part=part,
                title=say.parts[part][0],
                asks=say.parts[part][1],
                lines=[Line(text=entry.text, phone=entry.phone) for entry in plan.parts.get(part, ())],
            )
            for part in Part
        ],
        made=plan.made if is_there else None,
        hand=plan.hand if is_there else None,
        by=plan.by or None,
        at=plan.at.isoformat() if plan.at else None,
    )
