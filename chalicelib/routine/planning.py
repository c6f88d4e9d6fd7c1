"""Set goals with a person, agree on them, and adjust their care plan, with a history that only grows."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, time
from typing import Protocol

from chalicelib.enrollment.changing import People, find_person
from chalicelib.errors import Forbidden, Stale, refuse
from chalicelib.outreach.checking import when_faults
from chalicelib.outreach.domain import Schedule
from chalicelib.outreach.kinds import APPOINTMENT
from chalicelib.outreach.recurrence import Recurrence, local_date
from chalicelib.routine.goals import (
    MOST_GOALS,
    Adjustment,
    Goal,
    Kind,
    NoSuchGoal,
    Side,
    State,
    TooManyGoals,
    Wish,
    wish_faults,
    wished,
)
from chalicelib.routine.reminding import forget_reminder, put_reminder


class Plans(Protocol):
    """People's goals, and the history of their care plans."""

    def goals(self, person_id: str) -> list[Goal]:
        """Return a person's goals, closed ones too, in the order of their ids."""
        ...

    def goal(self, person_id: str, goal_id: str) -> Goal | None:
        """Return one of them."""
        ...

    def save_goal(self, goal: Goal, adjustment: Adjustment) -> None:
        """
        Put a goal over the version before it, and add a line of history with it.

        :raises Stale: if that isn't the present one
        """
        ...

    def adjust(self, adjustment: Adjustment) -> None:
        """Add a line of history."""
        ...

    def history(self, person_id: str, *, after: str | None, limit: int) -> tuple[list[Adjustment], str | None]:
        """Return lines of history, newest first, and the key to go on after."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Hand:
    """Whose hand a plan is changed by, when, and what that works with."""

    side: Side
    by: str
    now: datetime
    people: People
    plans: Plans
    new_id: Callable[[], str]


def set_goal(person_id: str, wish: Wish, *, hand: Hand) -> Goal:
    """
    Set a goal; it waits for the other side to agree.

    :raises Invalid: names everything that is wrong with it
    :raises TooManyGoals: if the person has as many as anyone may
    """
    record = find_person(person_id, people=hand.people)
    record.must_be_alive()
    zone = record.person.zone
    refuse(wish_faults(wish, None, zone=zone, now=hand.now))
    if sum(goal.state is State.OPEN for goal in hand.plans.goals(person_id)) >= MOST_GOALS:
        raise TooManyGoals(f"a person has at most {MOST_GOALS} open goals")
    fresh = tuple(hand.new_id() for _ in wish.steps)
    goal = wished(
        wish,
        None,
        person_id=person_id,
        goal_id=hand.new_id(),
        fresh=fresh,
        side=hand.side,
        by=hand.by,
        zone=zone,
        now=hand.now,
    )
    hand.plans.save_goal(goal, _line(goal, Kind.GOAL_SET, wish.why, line_id=hand.new_id()))
    return goal


def change_goal(person_id: str, goal_id: str, wish: Wish, *, version: int, hand: Hand) -> Goal:
    """
    Change a goal, tick its steps off, or close it; nothing reminds of one that is closed.

    :raises NoSuchGoal: if the person has none of that name
    :raises Stale: if ``version`` isn't the present one
    :raises Invalid: names everything that is wrong
    """
    record = find_person(person_id, people=hand.people)
    record.must_be_alive()
    present = find_goal(person_id, goal_id, plans=hand.plans)
    if present.version != version:
        raise Stale("the goal was changed meanwhile")
    zone = record.person.zone
    refuse(wish_faults(wish, present, zone=zone, now=hand.now))
    fresh = tuple(hand.new_id() for _ in wish.steps)
    goal = wished(
        wish,
        present,
        person_id=person_id,
        goal_id=goal_id,
        fresh=fresh,
        side=hand.side,
        by=hand.by,
        zone=zone,
        now=hand.now,
    )
    hand.plans.save_goal(goal, _line(goal, Kind.GOAL_CHANGED, wish.why, line_id=hand.new_id()))
    if goal.state is not State.OPEN:
        forget_reminder(person_id, goal_kind(goal_id), people=hand.people, now=hand.now)
    return goal


def agree(person_id: str, goal_id: str, *, version: int, hand: Hand) -> Goal:
    """
    Agree to a goal as it is; again changes nothing.

    :raises NoSuchGoal: if the person has none of that name
    :raises Stale: if ``version`` isn't the present one: nobody agrees to what they didn't read
    :raises GoalClosed: if it isn't open
    """
    present = find_goal(person_id, goal_id, plans=hand.plans)
    if present.version != version:
        raise Stale("the goal was changed meanwhile")
    present.must_be_open()
    if hand.side in present.agreed:
        return present
    agreed = present.agreed | {hand.side}
    goal = replace(present, agreed=agreed, changed_by=hand.by, changed_at=hand.now, version=version + 1)
    hand.plans.save_goal(goal, _line(goal, Kind.GOAL_AGREED, "", line_id=hand.new_id()))
    return goal


def find_goal(person_id: str, goal_id: str, *, plans: Plans) -> Goal:
    """
    Return one of a person's goals.

    :raises NoSuchGoal: if it isn't theirs
    """
    goal = plans.goal(person_id, goal_id)
    if goal is None:
        raise NoSuchGoal("there is no such goal")
    return goal


def remind_of_goal(
    person_id: str, goal_id: str, *, rule: str, at: time, now: datetime, people: People, plans: Plans
) -> Schedule:
    """
    Remind a person, discreetly, to come back to what they said matters to them; the same again changes nothing.

    :raises NoSuchGoal: if it isn't theirs
    :raises GoalClosed: if it isn't open
    :raises Invalid: if the rule can't be kept
    """
    goal = find_goal(person_id, goal_id, plans=plans)
    goal.must_be_open()
    record = find_person(person_id, people=people)
    zone = record.person.zone
    present = next((one.when for one in record.schedules if one.kind == goal_kind(goal_id)), None)
    same = isinstance(present, Recurrence) and (present.rule, present.at) == (rule, at)
    starts_on = present.starts_on if isinstance(present, Recurrence) and same else local_date(now, zone)
    when = Recurrence(rule=rule, at=at, zone=zone, starts_on=starts_on)
    refuse([replace(fault, field=fault.field.removeprefix("when.")) for fault in when_faults(when, now=now)])
    return put_reminder(person_id, goal_kind(goal_id), when, title=goal.title, people=people, now=now)


def goal_kind(goal_id: str) -> str:
    """Return the kind of the reminder of a goal."""
    return f"{APPOINTMENT}-goal-{goal_id}"


def adjust_plan(person_id: str, *, what: str, why: str, hand: Hand) -> Adjustment:
    """
    Write down that the care plan was adjusted, and why.

    :raises Forbidden: if it isn't staff
    """
    if hand.side is not Side.STAFF:
        raise Forbidden("Your care team writes the plan; talk with them about it, or change your goals.")
    find_person(person_id, people=hand.people)
    adjustment = Adjustment(
        person_id=person_id, id=hand.new_id(), kind=Kind.PLAN_ADJUSTED, what=what, why=why, by=hand.by, at=hand.now
    )
    hand.plans.adjust(adjustment)
    return adjustment


def _line(goal: Goal, kind: Kind, why: str, *, line_id: str) -> Adjustment:
    return Adjustment(
        person_id=goal.person_id,
        id=line_id,
        kind=kind,
        what=goal.title,
        why=why,
        by=goal.changed_by,
        at=goal.changed_at,
        goal_id=goal.id,
    )
