"""Look each minute at all crises that aren't over, and page for those whose next step came."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime, timedelta
from functools import partial

from chalicelib.crisis import drilling, following
from chalicelib.crisis.domain import Crisis, Wait
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.paging import Begun, begin, finish, hold
from chalicelib.crisis.ports import Desk

A_MINUTE = timedelta(minutes=1)

BEGUN_BY, FINISHED_BY = 0.6, 0.9
"""By which shares of a look's time those who are known are paged by e-mail and push, and by text; then the others."""

UNKNOWN_AT_ONCE = 10
"""For how many crises of callers whom nobody knows a minute's look pages; the others wait for the next, seen by staff.

So whoever floods from many addresses can't bury the pages of those who are known."""


def look(*, now: datetime, desk: Desk, spent: Callable[[], float], first: Sequence[str] = ()) -> int:
    """
    Look at all crises that aren't over, page for those whose next step came, and return how many were paged.

    ``first`` are the ids of those that come before all others, whatever can be read of those. Nobody who is known waits
    for one whom nobody knows, who may be paged for in hundreds of programmes; and no new call for a reminder.
    """
    looked = guarded(desk.crises.open_ones, desk=desk) or ()
    # Of a drill that nobody answers ``DrillUnanswered`` tells: nobody waits for help in it.
    desk.note("CrisisOpen", sum(not one.is_drill for one in looked))
    desk.note("CrisisUnacked", sum(one.is_unanswered and not one.is_drill for one in looked))
    due = (one for one in looked if one.look_at <= now)
    coming = sorted(due, key=lambda one: (not one.is_pressing, one.look_at, one.id))
    known = dict.fromkeys([*first, *(one.id for one in coming if one.is_known)])
    paged = _page_all(known, now=now, desk=desk, spent=spent)
    for crisis_id in [one.id for one in coming if not one.is_known][:UNKNOWN_AT_ONCE]:
        if spent() >= 1:
            break
        begun = guarded(partial(_look, crisis_id, now=now, desk=desk), desk=desk)
        paged += begun is not None and bool(guarded(partial(finish, begun, now=now, desk=desk), desk=desk))
    return paged


def _page_all(crisis_ids: Iterable[str], *, now: datetime, desk: Desk, spent: Callable[[], float]) -> int:
    """
    Page for these, and return for how many.

    First by e-mail and push for all of them: whoever sends texts may be slow for one, and must not keep the others from
    being paged.
    """
    begun: list[Begun] = []
    for crisis_id in crisis_ids:
        if spent() >= BEGUN_BY:
            break
        one = guarded(partial(_look, crisis_id, now=now, desk=desk), desk=desk)
        begun += [one] if one else []
    paged = 0
    for one in begun:
        if spent() >= FINISHED_BY:
            break
        paged += bool(guarded(partial(_go_on, one, now=now, desk=desk), desk=desk))
    return paged


def is_flooded(crisis: Crisis, *, now: datetime, desk: Desk) -> bool:
    """Say whether so many callers whom nobody knows came within a minute that the look takes their pages in turn."""
    if crisis.is_known:
        return False
    looked = guarded(desk.crises.open_ones, desk=desk) or ()
    return sum(not one.is_known and one.opened_at > now - A_MINUTE for one in looked) > UNKNOWN_AT_ONCE


def _go_on(begun: Begun, *, now: datetime, desk: Desk) -> bool:
    """Finish a step that was begun some seconds ago, unless somebody did something since: then that page is void."""
    present = guarded(partial(desk.crises.find, begun.crisis.id), desk=desk)
    if present is not None and present.heard != begun.crisis.heard:
        return False
    return finish(begun, now=now, desk=desk)


def _look(crisis_id: str, *, now: datetime, desk: Desk) -> Begun | None:
    crisis = desk.crises.find(crisis_id)
    if crisis is None:
        return None
    if crisis.wait is Wait.FOLLOW_UP:
        hold(crisis, now=now, desk=desk)
        following.look(crisis, now=now, desk=desk)
        return None
    if drilling.is_over(crisis, now=now):
        drilling.give_up(crisis, now=now, desk=desk)
        return None
    begun = begin(crisis, now=now, desk=desk)
    if begun is not None:
        # Should this look die before it is done, the next one begins with those that it didn't come to.
        guarded(partial(desk.crises.look_again, crisis, at=now + A_MINUTE / 2), desk=desk)
    hold(crisis, now=now, desk=desk)
    return begun
