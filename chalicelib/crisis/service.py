"""Take a call for help: written down first, whatever happens then; grouped into a crisis, and paged at once."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

from chalicelib.crisis import looking, paging
from chalicelib.crisis.domain import UNKNOWN, Crisis, Door, Event, Press, What, press_id
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.log import after, opened
from chalicelib.crisis.ports import Desk
from chalicelib.errors import Conflict

TRIES = 5
"""How often something is decided anew when somebody else's change came between."""

SAME_FOR = timedelta(hours=24)
"""The same key within this time is the same call; later it is another one, since none may be lost."""
SAME_ON_PAGE_FOR = timedelta(minutes=10)
"""The same of a page, which stays open: pressed again an hour later, it is pressed anew."""
ON_PAGES = frozenset({Door.PAGE, Door.ANSWER, Door.UNSIGNED})

AT_ONCE = 1000
"""How many calls that nothing has taken a minute's look reads, the earliest first."""
TAKEN_BY = 0.3
"""By which share of its time it takes calls of those who are known; then it pages."""
TOGETHER = 25
"""How many of one caller's it takes, in one transaction (100 items are its most, and a call is three)."""


class TakenByOthers(Conflict):
    """It kept being changed by others at the same moment."""


def press(call: Press, *, now: datetime, desk: Desk) -> Press:
    """
    Write a call for help down, and have somebody paged. Return it as it is kept: the first one of its key.

    Once it is written nothing stops it: what fails from there on is made good by the minute's look (``sweep``).

    :raises Exception: only if it could not be written down, so that whoever called must be told so
    """
    kept = _keep(call, desk=desk)
    follow(kept, now=now, desk=desk)
    return kept


def follow(kept: Press, *, now: datetime, desk: Desk) -> None:
    """Have somebody paged for a call that is written down; never raises, since it waits to be taken."""
    guarded(partial(take, [kept.id], now=now, desk=desk, most=paging.PROGRAMMES_AT_ONCE), desk=desk)


def take(call_ids: Sequence[str], *, now: datetime, desk: Desk, most: int | None = None) -> Crisis | None:
    """
    Group calls of one caller that wait into their crisis, or open one, and page. None if all were taken before.

    ``most``: how many programmes are paged of a caller whom nobody knows; of more the minute's look pages.

    :raises TakenByOthers: if others kept changing the crisis; the calls still wait
    """
    crisis = _grouped(call_ids, now=now, desk=desk)
    if crisis is not None:
        if not looking.is_flooded(crisis, now=now, desk=desk):
            guarded(partial(paging.page, crisis, now=now, desk=desk, most=most), desk=desk)
        paging.hold(crisis, now=now, desk=desk)
    return crisis


def sweep(*, now: datetime, desk: Desk, spent: Callable[[], float]) -> int:
    """
    Take what waits, and page for all whose next step came, from the stored state alone; return how many were paged.

    ``spent`` says which share of the time is used: what wasn't looked at by its end is looked at a minute later.
    """
    waiting: dict[str, list[str]] = {}
    for call in guarded(partial(desk.crises.waiting, limit=AT_ONCE), desk=desk) or ():
        waiting.setdefault(call.caller, []).append(call.id)
    # Whoever floods has their first ones taken, as everybody else has: nobody waits behind them.
    known = {caller: ids[:TOGETHER] for caller, ids in waiting.items() if not caller.startswith(UNKNOWN)}
    taken: list[str] = []
    for call_ids in known.values():
        if spent() >= TAKEN_BY:
            break
        crisis = guarded(partial(_grouped, call_ids, now=now, desk=desk), desk=desk)
        taken += [crisis.id] if crisis else []
    paged = looking.look(now=now, desk=desk, spent=spent, first=taken)
    # Last: a stranger's call may page many programmes, and nobody who is known waits behind it.
    for call_ids in (ids[:TOGETHER] for caller, ids in waiting.items() if caller not in known):
        if spent() >= 1:
            break
        guarded(partial(take, call_ids, now=now, desk=desk), desk=desk)
    return paged


def _keep(call: Press, *, desk: Desk) -> Press:
    for _ in range(TRIES):
        if desk.crises.keep(call):
            return call
        found = desk.crises.kept(call.id)
        same_for = SAME_ON_PAGE_FOR if call.door in ON_PAGES else SAME_FOR
        if found and call.at < found.press.at + same_for:
            return found.press
        call = replace(call, id=press_id(call.id, call.at.isoformat(timespec="minutes")))
    raise TakenByOthers("this call is being written by others")


def _grouped(call_ids: Sequence[str], *, now: datetime, desk: Desk) -> Crisis | None:
    for _ in range(TRIES):
        found = [desk.crises.kept(call_id) for call_id in call_ids]
        calls = [kept.press for kept in found if kept and kept.crisis_id is None]
        if not calls:
            return None
        crisis = desk.crises.present_of(calls[0].caller)
        events: list[Event] = []
        for call in calls:
            if crisis is None:
                crisis, event = opened(desk.new_id(), call)
            else:
                event = Event(number=crisis.version + 1, what=What.PRESS, at=call.at, by=call.by, press=call)
                crisis = after(crisis, event)
            events.append(event)
        if crisis is not None and desk.crises.save(crisis, events, look_at=now):
            return crisis
    raise TakenByOthers("this crisis is being changed by others")
