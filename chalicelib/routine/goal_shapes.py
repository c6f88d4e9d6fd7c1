"""What the doors to goals and care plans take and show."""

from datetime import date, datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Page, Wire
from chalicelib.enrollment.reminders import title_faults
from chalicelib.enrollment.shapes import Clock
from chalicelib.errors import Fault, Invalid
from chalicelib.outreach.rrule import LONGEST_TEXT
from chalicelib.routine.goals import MOST_STEPS, Adjustment, Goal, Kind, Side, State, Wish
from chalicelib.routine.reviewing import Review
from chalicelib.routine.shapes import Title

Words = Annotated[str, Described(max_length=500)]


class StepSent(Wire):
    """A step towards a goal; with the ``id`` of one that is there, that one goes on."""

    id: Annotated[str, Described(max_length=64)] = ""
    text: Annotated[str, Described(min_length=1, max_length=200)]
    done: bool = False


class GoalSent(Wire):
    """
    A goal as somebody wants it.

    ``matters``: why it matters to the person, in their own words. ``why`` goes into the plan's history.
    """

    title: Title
    matters: Words = ""
    steps: Annotated[list[StepSent], Described(max_length=MOST_STEPS)] = []  # noqa: RUF012 (pydantic copies it)
    review_on: date | None = None
    state: State = State.OPEN
    why: Words = ""


class ShownStep(Wire):
    """A step, and on which of the person's dates it was done."""

    id: str
    text: str
    done_on: date | None


class ShownGoal(Wire):
    """
    A goal. ``waitsFor``: who has still to agree to it as it is, null for nobody.

    ``toReview``: its review date has come. ``version`` is its ETag's.
    """

    id: str
    title: str
    matters: str
    steps: list[ShownStep]
    review_on: date | None
    to_review: bool
    state: State
    waits_for: Side | None
    changed_by: str
    changed_at: datetime
    version: int


class GoalList(Wire):
    """A person's goals: open ones, then closed ones, the last changed first."""

    items: list[ShownGoal]


class GoalReminder(Wire):
    """When to come back to what matters: RFC 5545 RRULE of whole days, and a local time."""

    rule: Annotated[str, Described(max_length=LONGEST_TEXT)] = "FREQ=WEEKLY"
    time: Clock


class AdjustmentSent(Wire):
    """What of the care plan was adjusted, and why."""

    what: Annotated[str, Described(min_length=1, max_length=500)]
    why: Annotated[str, Described(min_length=1, max_length=500)]


class ShownAdjustment(Wire):
    """One line of the care plan's history."""

    id: str
    kind: Kind
    what: str
    why: str
    by: str
    at: datetime
    goal_id: str | None


class ShownReview(Wire):
    """What the person said of their goals at the check-in of a local date."""

    on: date
    said: Annotated[str, Described(description="`yes`, `a_little`, `not_this_week`, or `change`: they want others.")]
    at: datetime


class CarePlan(Page[ShownAdjustment]):
    """How the plan was adjusted, newest first, and how the person last saw their goals; null within six weeks: not."""

    last_review: ShownReview | None


def shown_review(review: Review | None) -> ShownReview | None:
    """Show a review."""
    return ShownReview(on=review.on, said=review.said, at=review.at) if review else None


def wish_of(sent: GoalSent) -> Wish:
    """
    Return what was sent as a wish.

    :raises Invalid: names each text that can't be one
    """
    blank = [
        Fault(field=f"steps.{place}.text", reason="is missing")
        for place, step in enumerate(sent.steps)
        if not step.text.strip()
    ]
    if faults := [*title_faults(sent.title), *blank]:
        raise Invalid(*faults)
    return Wish(
        title=sent.title.strip(),
        matters=sent.matters.strip(),
        steps=tuple((step.id, step.text.strip(), step.done) for step in sent.steps),
        review_on=sent.review_on,
        state=sent.state,
        why=sent.why.strip(),
    )


def said(sent: AdjustmentSent) -> tuple[str, str]:
    """
    Return what was adjusted, and why.

    :raises Invalid: if either is blank
    """
    texts = {"what": sent.what.strip(), "why": sent.why.strip()}
    if blank := [Fault(field=name, reason="is missing") for name, text in texts.items() if not text]:
        raise Invalid(*blank)
    return texts["what"], texts["why"]


def shown_goal(goal: Goal, today: date) -> ShownGoal:
    """Show a goal as it stands on a date."""
    return ShownGoal(
        id=goal.id,
        title=goal.title,
        matters=goal.matters,
        steps=[ShownStep(id=step.id, text=step.text, done_on=step.done_on) for step in goal.steps],
        review_on=goal.review_on,
        to_review=goal.is_to_review(on=today),
        state=goal.state,
        waits_for=goal.waits_for,
        changed_by=goal.changed_by,
        changed_at=goal.changed_at,
        version=goal.version,
    )


def shown_adjustment(one: Adjustment) -> ShownAdjustment:
    """Show a line of history."""
    return ShownAdjustment(
        id=one.id, kind=one.kind, what=one.what, why=one.why, by=one.by, at=one.at, goal_id=one.goal_id
    )
