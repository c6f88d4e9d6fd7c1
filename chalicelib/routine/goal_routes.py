"""The doors to goals, which a person and their care team set together, and to the care plan's history."""

from datetime import date, time, timedelta
from http import HTTPStatus

from chalicelib.checkins.service import REMEMBERED
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.http import Answer, Asked, PageQuery
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Act, Field, Relationship, Rule
from chalicelib.routine import planning
from chalicelib.routine.doors import doors
from chalicelib.routine.goal_shapes import (
    AdjustmentSent,
    CarePlan,
    GoalList,
    GoalReminder,
    GoalSent,
    ShownAdjustment,
    ShownGoal,
    said,
    shown_adjustment,
    shown_goal,
    shown_review,
    wish_of,
)
from chalicelib.routine.goals import Goal, Side, State
from chalicelib.routine.plan_store import HISTORY, DynamoPlans
from chalicelib.routine.reminding import forget_reminder
from chalicelib.routine.reviewing import last_review
from chalicelib.routine.shapes import ShownReminder, shown_reminder

_SEE = Rule(act=Act.READ, field=Field.CARE_PLAN, subject="person_id", purpose="see somebody's goals and plan")
_LIST = Rule(act=Act.LIST, field=Field.CARE_PLAN, subject="person_id", purpose="see somebody's goals and plan")
_CHANGE = Rule(act=Act.WRITE, field=Field.CARE_PLAN, subject="person_id", purpose="change somebody's goals and plan")


@doors.door(
    "GET",
    "/people/{person_id}/goals",
    summary="A person's goals, and what they said matters to them",
    rule=_LIST,
    answer=GoalList,
)
def list_goals(asked: Asked, person_id: str) -> Answer:
    """List them."""
    today = _today(asked, person_id)
    goals = sorted(DynamoPlans().goals(person_id), key=lambda goal: goal.changed_at, reverse=True)
    goals.sort(key=lambda goal: goal.state is not State.OPEN)
    return Answer(body=GoalList(items=[shown_goal(goal, today) for goal in goals]))


@doors.door(
    "POST",
    "/people/{person_id}/goals",
    summary="Set a goal with a person, or for oneself; the other side is asked to agree",
    rule=_CHANGE,
    body=GoalSent,
    answer=ShownGoal,
    status=HTTPStatus.CREATED,
    created=True,
)
def add_goal(asked: Asked, person_id: str) -> Answer:
    """Set it."""
    goal = planning.set_goal(
        person_id,
        wish_of(asked.body),
        hand=_hand(asked),
    )
    return _answer(asked, goal, headers={"Location": f"/people/{person_id}/goals/{goal.id}"})


@doors.door("GET", "/people/{person_id}/goals/{goal_id}", summary="One goal", rule=_SEE, answer=ShownGoal)
def show_goal(asked: Asked, person_id: str, goal_id: str) -> Answer:
    """Show it."""
    return _answer(asked, planning.find_goal(person_id, goal_id, plans=DynamoPlans()))


@doors.door(
    "PUT",
    "/people/{person_id}/goals/{goal_id}",
    summary="Change a goal, tick its steps off, or close it; other words ask the other side to agree anew",
    rule=_CHANGE,
    body=GoalSent,
    answer=ShownGoal,
    edits=True,
)
def put_goal(asked: Asked, person_id: str, goal_id: str) -> Answer:
    """Put it in place of the version in hand."""
    goal = planning.change_goal(
        person_id,
        goal_id,
        wish_of(asked.body),
        version=asked.if_match or 0,
        hand=_hand(asked),
    )
    return _answer(asked, goal)


@doors.door(
    "PUT",
    "/people/{person_id}/goals/{goal_id}/agreement",
    summary="Agree to a goal as it is",
    rule=_CHANGE,
    answer=ShownGoal,
    edits=True,
)
def agree_to_goal(asked: Asked, person_id: str, goal_id: str) -> Answer:
    """Agree to the version in hand."""
    goal = planning.agree(
        person_id,
        goal_id,
        version=asked.if_match or 0,
        hand=_hand(asked),
    )
    return _answer(asked, goal)


@doors.door(
    "PUT",
    "/people/{person_id}/goals/{goal_id}/reminder",
    summary="Remind, discreetly, to come back to what the person said matters; again changes nothing",
    rule=_CHANGE,
    body=GoalReminder,
    answer=ShownReminder,
)
def put_goal_reminder(asked: Asked, person_id: str, goal_id: str) -> Answer:
    """Set it, or change when it comes."""
    sent: GoalReminder = asked.body
    schedule = planning.remind_of_goal(
        person_id,
        goal_id,
        rule=sent.rule.upper(),
        at=time.fromisoformat(sent.time),
        now=asked.now,
        people=DynamoPeople(),
        plans=DynamoPlans(),
    )
    return Answer(body=shown_reminder(schedule, now=asked.now))


@doors.door(
    "DELETE",
    "/people/{person_id}/goals/{goal_id}/reminder",
    summary="Remind of it no more; again changes nothing",
    rule=_CHANGE,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_goal_reminder(asked: Asked, person_id: str, goal_id: str) -> Answer:
    """Forget it."""
    forget_reminder(person_id, planning.goal_kind(goal_id), people=DynamoPeople(), now=asked.now)
    return Answer()


@doors.door(
    "GET",
    "/people/{person_id}/care-plan",
    summary="How a person's goals and plan were adjusted: what, why, by whom and when, newest first",
    rule=_LIST,
    query=PageQuery,
    answer=CarePlan,
)
def show_care_plan(asked: Asked, person_id: str) -> Answer:
    """Show a page of it. Whoever may see somebody's plan may see their answers (access.md)."""
    found, last = DynamoPlans().history(person_id, after=asked.after(prefix=HISTORY), limit=asked.query.limit)
    today = _today(asked, person_id)
    review = last_review(DynamoCheckIns().between(person_id, today - REMEMBERED, today + timedelta(days=1)))
    items = [shown_adjustment(one) for one in found]
    return Answer(body=CarePlan(items=items, next=asked.next(last), last_review=shown_review(review)))


@doors.door(
    "POST",
    "/people/{person_id}/care-plan",
    summary="Write down that the care plan was adjusted, and why; for staff",
    rule=_CHANGE,
    body=AdjustmentSent,
    answer=ShownAdjustment,
    status=HTTPStatus.CREATED,
    created=True,
)
def adjust_care_plan(asked: Asked, person_id: str) -> Answer:
    """Write it down."""
    what, why = said(asked.body)
    adjustment = planning.adjust_plan(
        person_id,
        what=what,
        why=why,
        hand=_hand(asked),
    )
    return Answer(body=shown_adjustment(adjustment))


def _hand(asked: Asked) -> planning.Hand:
    return planning.Hand(
        side=Side.PERSON if asked.granted.relationship is Relationship.SELF else Side.STAFF,
        by=asked.who.subject,
        now=asked.now,
        people=DynamoPeople(),
        plans=DynamoPlans(),
        new_id=new_id,
    )


def _today(asked: Asked, person_id: str) -> date:
    return local_date(asked.now, find_person(person_id, people=DynamoPeople()).person.zone)


def _answer(asked: Asked, goal: Goal, headers: dict[str, str] | None = None) -> Answer:
    return Answer(body=shown_goal(goal, _today(asked, goal.person_id)), etag=goal.version, headers=headers or {})
