"""The shell by which outreach asks whether a reminder of a week's item is still right."""

from chalicelib.edge.clock import utc_now
from chalicelib.enrollment.store import people
from chalicelib.outreach.domain import Due, Reason
from chalicelib.routine.reminding import objection
from chalicelib.routine.store import DynamoRoutines


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is a reminder of an item."""
    return objection(due, people=people(), routines=DynamoRoutines(), now=utc_now())
