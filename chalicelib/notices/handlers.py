"""What the shells of the fan-out, and outreach when it sends, ask of notices."""

from functools import cache

from chalicelib.edge.clock import utc_now
from chalicelib.edge.config import config
from chalicelib.notices import service
from chalicelib.notices.store import DynamoNotices
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.fanning_handlers import Desk
from chalicelib.outreach.fanning_store import SqsFanOut


def fan_out_desk(members: service.Members) -> Desk:
    """Return what fanning out notices works with."""
    return Desk(DynamoNotices(), service.meant_by(members), _queue())


@cache
def _queue() -> SqsFanOut:
    return SqsFanOut(config().fan_out_queue_url, "notice")


@cache
def _still_true() -> service.StillTrue:
    return service.StillTrue(notices=DynamoNotices(), clock=utc_now)


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is a notice's: for outreach to ask when sending."""
    return _still_true()(due)
