"""The shell by which outreach asks whether there is still a kind word to be told of."""

from chalicelib.edge.clock import utc_now
from chalicelib.milestones.kudos import objection
from chalicelib.milestones.kudos_store import DynamoKudos
from chalicelib.outreach.domain import Due, Reason


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is about kudos."""
    return objection(due, kept=DynamoKudos(), now=utc_now())
