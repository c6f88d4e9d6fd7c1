"""The door to what a programme may celebrate this week."""

from datetime import date
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Page, PageQuery, Wire
from chalicelib.enrollment.reaching import held_by
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones.doors import doors
from chalicelib.milestones.recognising import to_celebrate
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.wording import milestone_name
from chalicelib.privacy.domain import Act, Field, Rule


class ShownCelebration(Wire):
    """A milestone of the coming week whose owner agreed that the group celebrates it."""

    person_id: str
    name: Annotated[str, Described(description="What to call them.")]
    which: str
    text: Annotated[str, Described(description="In the person's own language.")]
    on: date


@doors.door(
    "GET",
    "/programmes/{programme_id}/celebrations",
    summary="The milestones of the coming week whose owners agreed that the group celebrates them",
    rule=Rule(
        act=Act.LIST, field=Field.MILESTONES, programme="programme_id", purpose="see what to celebrate", narrows=True
    ),
    query=PageQuery,
    answer=Page[ShownCelebration],
)
def list_celebrations(asked: Asked, programme_id: str) -> Answer:
    """Go through a page of members, of whom few or none may have something; follow ``next``."""
    people = DynamoPeople()
    members, last = people.members(programme_id, after=asked.after(prefix="MEMBER#"), limit=asked.query.limit)
    if asked.granted.only_care_team:
        members = held_by(members, subject=asked.who.subject, people=people)
    found = people.load_all([member.person_id for member in members], now=asked.now)
    known = {who: one for who, one in found.items() if isinstance(one, Recipient) and one.programme_id == programme_id}
    items = [
        ShownCelebration(
            person_id=one.person_id,
            name=known[one.person_id].first_name,
            which=one.which,
            text=milestone_name(one.which, language=known[one.person_id].language),
            on=one.on,
        )
        for one in to_celebrate(known.values(), now=asked.now)
    ]
    return Answer(body=Page[ShownCelebration](items=items, next=asked.next(last)))
