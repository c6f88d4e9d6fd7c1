"""Goals and care plans in the table. The only place for their keys."""

from datetime import UTC, date, datetime

from pynamodb.attributes import (
    JSONAttribute,
    ListAttribute,
    NumberAttribute,
    UnicodeAttribute,
    UTCDateTimeAttribute,
)
from pynamodb.exceptions import TransactWriteError

from chalicelib.edge.table import Item, in_conflict, lost_the_race, transaction
from chalicelib.errors import Stale
from chalicelib.routine.goals import Adjustment, Goal, Kind, Side, State, Step
from chalicelib.routine.store import follows, save


class GoalItem(Item, discriminator="goal"):
    """pk ``GOALS#{person}``, sk ``GOAL#{goal}``: not with the week, which delivery may read."""

    title = UnicodeAttribute()
    matters = UnicodeAttribute(null=True)
    steps = JSONAttribute()
    review_on = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    agreed = ListAttribute(of=UnicodeAttribute)
    changed_by = UnicodeAttribute()
    changed_at = UTCDateTimeAttribute()
    version = NumberAttribute()


class AdjustmentItem(Item, discriminator="adjustment"):
    """pk ``GOALS#{person}``, sk ``HISTORY#{instant}#{id}``: put once, never changed."""

    kind = UnicodeAttribute()
    what = UnicodeAttribute()
    why = UnicodeAttribute(null=True)
    by = UnicodeAttribute()
    at = UTCDateTimeAttribute()
    goal_id = UnicodeAttribute(null=True)


HISTORY = "HISTORY#"
"""What the sort keys of history begin with."""


class DynamoPlans:
    """Implements ``planning.Plans``."""

    def goals(self, person_id: str) -> list[Goal]:
        """Return a person's goals."""
        found = GoalItem.query(f"GOALS#{person_id}", GoalItem.sk.startswith("GOAL#"), consistent_read=True)
        return [_goal_of(item) for item in found]

    def goal(self, person_id: str, goal_id: str) -> Goal | None:
        """Return one of them."""
        try:
            return _goal_of(GoalItem.get(f"GOALS#{person_id}", f"GOAL#{goal_id}", consistent_read=True))
        except GoalItem.DoesNotExist:
            return None

    def save_goal(self, goal: Goal, adjustment: Adjustment) -> None:
        """Put a goal over the version before it, and a line of history, or neither."""
        try:
            with transaction() as write:
                write.save(_goal_item(goal), condition=follows(GoalItem.version, goal.version))
                write.save(_adjustment_item(adjustment), condition=AdjustmentItem.pk.does_not_exist())
        except TransactWriteError as error:
            if lost_the_race(error) or in_conflict(error):
                raise Stale("the goal was changed meanwhile") from error
            raise

    def adjust(self, adjustment: Adjustment) -> None:
        """Add a line of history."""
        save(_adjustment_item(adjustment), AdjustmentItem.pk.does_not_exist())

    def history(self, person_id: str, *, after: str | None, limit: int) -> tuple[list[Adjustment], str | None]:
        """Return lines of history, newest first, and the key to go on after."""
        # "HISTORY$" comes after all of it, and what is between two keys includes both.
        below = AdjustmentItem.sk.between(HISTORY, after or "HISTORY$")
        query = AdjustmentItem.query(
            f"GOALS#{person_id}", below, scan_index_forward=False, limit=limit + 2, consistent_read=True
        )
        items = [item for item in query if item.sk != after][: limit + 1]
        return [_adjustment_of(item) for item in items[:limit]], items[limit - 1].sk if len(items) > limit else None


def _goal_item(goal: Goal) -> GoalItem:
    return GoalItem(
        f"GOALS#{goal.person_id}",
        f"GOAL#{goal.id}",
        title=goal.title,
        matters=goal.matters or None,
        steps=[[step.id, step.text, step.done_on.isoformat() if step.done_on else None] for step in goal.steps],
        review_on=goal.review_on.isoformat() if goal.review_on else None,
        state=goal.state.value,
        agreed=sorted(side.value for side in goal.agreed),
        changed_by=goal.changed_by,
        changed_at=goal.changed_at,
        version=goal.version,
    )


def _goal_of(item: GoalItem) -> Goal:
    return Goal(
        person_id=item.pk.removeprefix("GOALS#"),
        id=item.sk.removeprefix("GOAL#"),
        title=item.title,
        matters=item.matters or "",
        steps=tuple(
            Step(id=step_id, text=text, done_on=date.fromisoformat(done_on) if done_on else None)
            for step_id, text, done_on in item.steps
        ),
        review_on=date.fromisoformat(item.review_on) if item.review_on else None,
        state=State(item.state),
        agreed=frozenset(Side(str(side)) for side in item.agreed),
        changed_by=item.changed_by,
        changed_at=item.changed_at,
        version=int(item.version),
    )


def _adjustment_item(adjustment: Adjustment) -> AdjustmentItem:
    return AdjustmentItem(
        f"GOALS#{adjustment.person_id}",
        f"{HISTORY}{_text(adjustment.at)}#{adjustment.id}",
        kind=adjustment.kind.value,
        what=adjustment.what,
        why=adjustment.why or None,
        by=adjustment.by,
        at=adjustment.at,
        goal_id=adjustment.goal_id,
    )


def _text(at: datetime) -> str:
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _adjustment_of(item: AdjustmentItem) -> Adjustment:
    return Adjustment(
        person_id=item.pk.removeprefix("GOALS#"),
        id=item.sk.rpartition("#")[2],
        kind=Kind(item.kind),
        what=item.what,
        why=item.why or "",
        by=item.by,
        at=item.at,
        goal_id=item.goal_id,
    )
