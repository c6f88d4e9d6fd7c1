"""The shells of the rota: what is looked over once an hour, and what delivery asks when it sends."""

from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache
from math import ceil

from chalicelib.crisis import rota_service, rota_watch
from chalicelib.crisis.duty import OnCall
from chalicelib.crisis.rota_service import Desk, RotaOnCall, Weakness
from chalicelib.crisis.rota_store import DynamoRotas
from chalicelib.crisis.rota_watch import Looked, WatchDesk, all_looked
from chalicelib.edge.clock import utc_now
from chalicelib.edge.config import config
from chalicelib.edge.log import count, flush, logger, places
from chalicelib.enrollment.episodes import IN_CARE
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.store import people
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.store import DynamoDues
from chalicelib.staff.domain import Member
from chalicelib.staff.store import DynamoStaff, ReadableStaff

A_PAGE = 100
"""How many people are read at once to find one who is in care."""

AT_MOST = timedelta(seconds=10)
"""How long a minute's look goes on to another rota: what is left is looked at a minute later."""


class _Members(ReadableStaff):
    """Those of a programme's staff who can be read, by the ways that pages go here."""

    def __init__(self) -> None:
        super().__init__(_log_error)

    def of_programme(self, programme_id: str) -> list[Member]:
        members = super().of_programme(programme_id)
        # A number is no way to page anybody where no pager sends text messages.
        return members if config().pager != "none" else [replace(member, phone=None) for member in members]


def _start_drill(programme_id: str, key: str) -> None:
    # Here, since what pages works with who is on call.
    from chalicelib.crisis import drills, handlers

    drills.start(programme_id, key=key, by=None, now=utc_now(), desk=handlers.desk())


def _cares(programme_id: str) -> bool:
    found, last = people().members(programme_id, after=None, limit=A_PAGE)
    while last and not any(one.state in IN_CARE for one in found):
        found, last = people().members(programme_id, after=last, limit=A_PAGE)
    return any(one.state in IN_CARE for one in found)


@cache
def _desk() -> WatchDesk:
    rotas = DynamoRotas()
    return WatchDesk(
        rotas=rotas, looks=rotas, staff=_Members(), dues=DynamoDues(), cares=_cares, start_drill=_start_drill
    )


@cache
def on_call() -> OnCall:
    """Return who is on duty by the rotas of all programmes."""
    return RotaOnCall(Desk(rotas=DynamoRotas(), staff=_Members()))


def weakness_of(programme_id: str, *, now: datetime) -> Weakness | None:
    """Return what weakens the pages of a programme; None where that can't be known. It never fails."""
    try:
        desk = Desk(rotas=DynamoRotas(), staff=_Members())
        return rota_service.weakness_of(programme_id, now=now, texts=config().pager != "none", desk=desk)
    except Exception as error:  # noqa: BLE001 (the board has to be shown all the same)
        _log_error(error)
        return None


def look_over() -> int:
    """
    Look over the rotas whose hour has come; return how many messages tell of gaps.

    It goes along with the look at crises: what is wrong here is seen in the metric, and looked at again in a minute.
    """
    now, told = utc_now(), 0
    try:
        due = [one for one in all_looked(_desk().looks, DynamoProgrammes().ids()) if one.is_due(now)]
    except Exception as error:  # noqa: BLE001 (see above)
        _log_error(error)
        due = []
    for looked in due:
        if utc_now() >= now + AT_MOST:
            break
        told += _look(looked)
    flush()
    return told


def _look(looked: Looked) -> int:
    try:
        seen = rota_watch.look_over(looked, now=utc_now(), desk=_desk())
    except Exception as error:  # noqa: BLE001 (one programme's fault must not hold up the others)
        _log_error(error)
        return 0
    count("RotaGapHours", ceil(seen.gap_hours))
    if seen.is_untold:
        # Nobody is on call, and nobody can be told so: the alarm on this wakes the operators.
        logger.error("nobody can be told of a gap in a rota")
        count("StaffUntold")
    return seen.told


def still_true(due: Due) -> Reason | None:
    """Return why a message about the rota must not go out any more: for outreach to ask when sending."""
    return rota_watch.objection(due, member_of=DynamoStaff().with_id, rotas=_desk().rotas)


def _log_error(error: Exception) -> None:
    logger.error("rota not looked over", extra={"error": type(error).__name__, "at": places(error)})
    count("RotaErrors")
