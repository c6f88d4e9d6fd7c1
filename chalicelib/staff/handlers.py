"""The shells of telling staff: a task in the table's stream, the tick, and what delivery asks when it sends."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import cache

from chalicelib.edge.clock import utc_now
from chalicelib.edge.log import count, flush, logger, places
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.store import people
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.store import DynamoDues
from chalicelib.staff import pursuing
from chalicelib.staff.pursuing import Climb, Desk, Others, Told
from chalicelib.staff.recipients import StaffRecipients
from chalicelib.staff.service import confirm_address
from chalicelib.staff.store import DynamoClimbs, DynamoStaff, ReadableStaff
from chalicelib.tasks.store import DynamoTasks

AT_MOST = timedelta(seconds=20)
"""How long a tick takes steps: what is left is looked at a minute later, and the tick itself has to end."""

_TASKS = "TASKS#"


@cache
def recipients() -> StaffRecipients:
    """Return this process's members of staff as recipients."""
    return StaffRecipients(DynamoStaff(), people())


@cache
def _desk() -> Desk:
    return Desk(
        tasks=DynamoTasks(),
        members=ReadableStaff(_log_error),
        climbs=DynamoClimbs(),
        dues=DynamoDues(),
        care_team_of=_care_team_of,
        hurry=hurry,
    )


def _care_team_of(person_id: str) -> frozenset[str]:
    standing = people().of_person(person_id, now=utc_now())
    return standing.care_team if standing else frozenset()


class StaffHolders:
    """Implements ``edge.app.Holders`` for members of staff."""

    def confirm(
        self, holder_id: str, channel_id: str, /, *, revision: int, expires_at: datetime, now: datetime
    ) -> None:
        """Take an address for a member's own."""
        confirm_address(holder_id, channel_id, revision=revision, expires_at=expires_at, now=now, staff=DynamoStaff())

    def stop_mail(self, holder_id: str, channel_id: str, category: str, /, *, revision: int, now: datetime) -> bool:  # noqa: ARG002
        """Stop nothing: what staff get belongs to no list."""
        return False


@dataclass(frozen=True, slots=True)
class Opened:
    """Tell of a task when it was opened; an ``edge.stream.Listener``."""

    name: str = "staff"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at a task that wasn't there before."""
        person_id = stored.under(_TASKS)
        return (person_id, stored.sk) if person_id and stored.now and not stored.before else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Tell of it as it is by now; return how many members are told."""
        person_id, task_id = about
        told = _seen(pursuing.open_up(person_id, task_id, now=utc_now(), desk=_desk()))
        flush()
        return told


def climb() -> int:
    """
    Take each overdue task a step further; return how many members are told.

    It goes along with the tick, which must not fail with it: whatever is wrong here is seen in the metric and again in
    a minute.
    """
    now, told = utc_now(), 0
    ends = now + AT_MOST
    try:
        coming = _desk().climbs.coming(by=now, limit=pursuing.A_MINUTE)
    except Exception as error:  # noqa: BLE001 (see above)
        _log_error(error)
        coming = []
    for one in coming:
        if utc_now() >= ends:
            break
        try:
            told += _seen(pursuing.climb(one, now=now, desk=_desk()))
        except Exception as error:  # noqa: BLE001 (one task's fault must not hold up the others)
            _log_error(error)
            _put_off(one)
    flush()
    return told


def _put_off(one: Climb) -> None:
    """Move a step out of the way: as the earliest it would be looked at first each minute, before all others."""
    try:
        pursuing.put_off(one, now=utc_now(), desk=_desk())
    except Exception as error:  # noqa: BLE001 (it stays where it is)
        _log_error(error)


def still_true(due: Due) -> Reason | None:
    """Return why a message to staff must not go out any more: for outreach to ask when sending."""
    return pursuing.objection(due, desk=_desk())


@cache
def due_today(others: Others) -> Callable[[Due], int]:
    """Return what says of how many things a member's day's message has to tell: tasks, and what ``others`` counts."""
    return lambda due: pursuing.due_today(due, now=utc_now(), desk=_desk(), others=others)


def _seen(told: Told) -> int:
    if told.members:
        count("StaffTold", told.members)
    if told.is_untold:
        # Somebody should look at a person, and there is nobody to tell: the alarm on this wakes the operators.
        logger.error("nobody of staff can be told")
        count("StaffUntold")
    return told.members


def _log_error(error: Exception) -> None:
    logger.error("task not pursued", extra={"error": type(error).__name__, "at": places(error)})
    count("StaffErrors")
