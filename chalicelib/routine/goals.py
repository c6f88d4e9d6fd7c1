"""Goals that a person and their care team set together, and how the care plan was adjusted over time."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.enrollment.showable import lines_fault
from chalicelib.errors import Conflict, Fault, NotFound
from chalicelib.outreach.recurrence import local_date

MOST_GOALS = 20
"""How many goals a person may have that are open: more than that are none."""

MOST_STEPS = 20
REVIEWED_WITHIN = timedelta(days=366)


class NoSuchGoal(NotFound):
    """The person has no such goal."""


class TooManyGoals(Conflict):
    """The person has as many open goals as anyone may."""


class GoalClosed(Conflict):
    """The goal was met or set aside; nothing reminds of it and nobody agrees to it any more."""


class State(StrEnum):
    """Where a goal stands. One that is set aside is no failure: it can be opened again."""

    OPEN = "open"
    MET = "met"
    SET_ASIDE = "set_aside"


class Side(StrEnum):
    """Who sets goals together."""

    PERSON = "person"
    STAFF = "staff"


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """A step towards a goal, and on which of the person's dates it was done, if it was."""

    id: str
    text: str
    done_on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """
    A goal. ``matters`` is why it matters, in the person's own words: to come back to when it gets hard.

    ``agreed`` are the sides that want it as it is; whoever changes its words agrees, and asks the other side anew.
    """

    person_id: str
    id: str
    title: str
    matters: str
    steps: tuple[Step, ...]
    review_on: date | None
    state: State = State.OPEN
    agreed: frozenset[Side]
    changed_by: str
    changed_at: datetime
    version: int = 1

    @property
    def waits_for(self) -> Side | None:
        """The side that has still to agree to an open goal."""
        return next((side for side in Side if self.state is State.OPEN and side not in self.agreed), None)

    def is_to_review(self, *, on: date) -> bool:
        """Say whether it should be looked at together by then."""
        return self.state is State.OPEN and self.review_on is not None and self.review_on <= on

    def must_be_open(self) -> None:
        """
        Stop what only open goals have.

        :raises GoalClosed: if it isn't open
        """
        if self.state is not State.OPEN:
            raise GoalClosed("this goal is closed")


class Kind(StrEnum):
    """What was adjusted."""

    GOAL_SET = "goal_set"
    GOAL_CHANGED = "goal_changed"
    GOAL_AGREED = "goal_agreed"
    PLAN_ADJUSTED = "plan_adjusted"


@dataclass(frozen=True, slots=True, kw_only=True)
class Adjustment:
    """One line of a care plan's history, never changed: ``what`` was adjusted, ``why``, by whom and when."""

    person_id: str
    id: str
    kind: Kind
    what: str
    why: str
    by: str
    at: datetime
    goal_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """
    A goal as somebody wants it. ``steps`` are (id or "" for a new one, text, done).

    ``why`` goes into the plan's history.
    """

    title: str
    matters: str
    steps: tuple[tuple[str, str, bool], ...]
    review_on: date | None
    state: State
    why: str


def wished(
    wish: Wish,
    present: Goal | None,
    *,
    person_id: str,
    goal_id: str,
    fresh: tuple[str, ...],
    side: Side,
    by: str,
    zone: str,
    now: datetime,
) -> Goal:
    """Return the goal as it is wanted, new or in place of the present one. What is done stays done on its date."""
    known = {step.id: step for step in present.steps} if present else {}
    today = local_date(now, zone)
    ids = iter(fresh)
    steps = []
    for step_id, text, is_done in wish.steps:
        before = known.get(step_id)
        done_on = (before.done_on if before and before.done_on else today) if is_done else None
        steps.append(Step(id=step_id if before else next(ids), text=text, done_on=done_on))
    goal = Goal(
        person_id=person_id,
        id=goal_id,
        title=wish.title,
        matters=wish.matters,
        steps=tuple(steps),
        review_on=wish.review_on,
        state=wish.state,
        agreed=frozenset({side}),
        changed_by=by,
        changed_at=now,
        version=present.version + 1 if present else 1,
    )
    # To tick a step off, or to close a goal, asks nobody to agree anew.
    return replace(goal, agreed=present.agreed) if present and _words(goal) == _words(present) else goal


def _words(goal: Goal) -> tuple[object, ...]:
    return (goal.title, goal.matters, goal.review_on, tuple(step.text for step in goal.steps))


def wish_faults(wish: Wish, present: Goal | None, *, zone: str, now: datetime) -> list[Fault]:
    """Return what is wrong with a goal as somebody wants it."""
    faults = []
    known = {step.id for step in present.steps} if present else set()
    named = [step_id for step_id, _, _ in wish.steps if step_id]
    if len(set(named)) < len(named) or not set(named) <= known:
        faults.append(Fault(field="steps", reason="names a step that the goal doesn't have, or one twice"))
    texts = {"title": wish.title, "matters": wish.matters, "why": wish.why}
    texts |= {f"steps.{number}.text": text for number, (_, text, _) in enumerate(wish.steps)}
    faults += [Fault(field=name, reason=fault) for name, text in texts.items() if (fault := lines_fault(text))]
    today = local_date(now, zone)
    is_new = present is None or wish.review_on != present.review_on
    if wish.review_on and is_new and not today <= wish.review_on <= today + REVIEWED_WITHIN:
        faults.append(Fault(field="reviewOn", reason="must be a date from today to a year from now"))
    return faults
