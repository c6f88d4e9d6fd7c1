"""The shells of crises: the minute's look, what delivery asks when it sends, and what all of it works with."""

from datetime import datetime, timedelta
from functools import cache, partial

from chalicelib.crisis import flagged, paging, service
from chalicelib.crisis.domain import Press
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.ladder import Minutes
from chalicelib.crisis.paging_sms import pager
from chalicelib.crisis.ports import Desk
from chalicelib.crisis.rota_handlers import on_call
from chalicelib.crisis.store import DynamoCrises, DynamoMinutes
from chalicelib.edge.clock import utc_now
from chalicelib.edge.ids import new_id
from chalicelib.edge.log import count, flush, logger, measure, places
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.store import DynamoDues
from chalicelib.staff.store import DynamoClimbs, ReadableStaff
from chalicelib.tasks.store import DynamoTasks

AT_MOST = timedelta(seconds=30)
"""How long a minute's look goes on to another crisis: its function is killed after 50 seconds."""


class _Programmes:
    def ids(self) -> list[str]:
        return DynamoProgrammes().ids()

    def minutes(self, programme_id: str) -> Minutes:
        return DynamoMinutes().of(programme_id)[0]


@cache
def desk() -> Desk:
    """Return what crises work with, over the table."""
    return Desk(
        crises=DynamoCrises(),
        on_call=on_call(),
        pager=pager(),
        members=ReadableStaff(_trouble),
        programmes=_Programmes(),
        tasks=DynamoTasks(),
        dues=DynamoDues(),
        holds=DynamoHolds(),
        hurry=hurry,
        new_id=new_id,
        note=_note,
        trouble=_trouble,
    )


def press(call: Press, *, now: datetime) -> Press:
    """Take a call for help, from whichever door: written down first, then paged (``service.press``)."""
    return service.press(call, now=now, desk=desk())


def sweep() -> int:
    """
    Look at all crises once a minute; return for how many somebody was paged.

    Whatever is wrong here is seen in the metric and tried again in a minute.
    """
    now = utc_now()
    paged = guarded(lambda: service.sweep(now=now, desk=desk(), spent=lambda: (utc_now() - now) / AT_MOST), desk=desk())
    flush()
    return paged or 0


def still_true(due: Due) -> Reason | None:
    """Return why a page, or the word of a flag that was paged, must not go out any more: for outreach to ask."""
    found = partial(flagged.objection, due, references=DynamoClimbs(), tasks=DynamoTasks(), crises=desk().crises)
    return paging.objection(due, desk=desk()) or guarded(found, desk=desk())


def _note(name: str, value: float) -> None:
    """Publish a figure at once: whoever is killed a moment later has said it."""
    measure(name, value)
    flush()


def _trouble(error: Exception) -> None:
    logger.error("crisis not looked after", extra={"error": type(error).__name__, "at": places(error)})
    count("CrisisErrors")
    flush()
