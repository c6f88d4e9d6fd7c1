"""Drills: a crisis that nobody has, through the same ladder, to see how long it takes until somebody answers."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.crisis import drilling, service
from chalicelib.crisis.domain import Crisis, Door, Press, State, What, press_id
from chalicelib.crisis.ports import Desk
from chalicelib.errors import Conflict, NotFound


class NoSuchDrill(NotFound):
    """The programme had no such drill."""


class DrillUnderWay(Conflict):
    """One at a time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Drill:
    """
    What came of a drill. ``seconds`` from its beginning to the acknowledgement, by ``acknowledged_by``; None: nobody.

    ``by`` is who began it, None where the rota did. ``pages``: how often somebody was paged.
    """

    id: str
    reference: str
    programme_id: str
    began_at: datetime
    by: str | None
    pages: int
    is_open: bool
    acknowledged_by: str | None
    acknowledged_at: datetime | None

    @property
    def seconds(self) -> float | None:
        """Return how long it took."""
        return None if self.acknowledged_at is None else (self.acknowledged_at - self.began_at).total_seconds()


def caller_of(programme_id: str) -> str:
    """Return whom a programme's drills are grouped by."""
    return f"{Door.DRILL}:{programme_id}"


def start(programme_id: str, *, key: str, by: str | None, now: datetime, desk: Desk) -> Drill:
    """
    Begin a drill, and page as for a crisis. The same key within a day is the same drill.

    :raises DrillUnderWay: if there is one that nobody has acknowledged yet
    """
    caller = caller_of(programme_id)
    call = Press(
        id=press_id(caller, key),
        caller=caller,
        at=now,
        door=Door.DRILL,
        verified=True,
        programme_id=programme_id,
        by=by,
    )
    kept = desk.crises.kept(call.id)
    present = desk.crises.present_of(caller)
    if present is not None and (kept is None or kept.crisis_id != present.id):
        raise DrillUnderWay("a drill is under way")
    call = service.press(call, now=now, desk=desk)
    kept = desk.crises.kept(call.id)
    crisis = desk.crises.find(kept.crisis_id) if kept and kept.crisis_id else None
    # Not taken yet: the minute's look takes it.
    return _drill(crisis, desk=desk) if crisis else _waiting(call, programme_id)


def listed(programme_id: str, *, desk: Desk) -> list[Drill]:
    """Return a programme's drills, the newest first."""
    return [_drill(crisis, desk=desk) for crisis in desk.crises.of_caller(caller_of(programme_id))]


def end(programme_id: str, drill_id: str, *, by: str, now: datetime, desk: Desk) -> Drill:
    """
    Give up a drill that nobody acknowledged. Over already is fine.

    :raises NoSuchDrill: if there is none
    """
    for _ in range(service.TRIES):
        crisis = desk.crises.find(drill_id)
        if crisis is None or crisis.caller != caller_of(programme_id):
            raise NoSuchDrill("there is no such drill")
        if crisis.state is State.CLOSED or drilling.close(crisis, by=by, now=now, desk=desk):
            return _drill(desk.crises.find(drill_id) or crisis, desk=desk)
    raise service.TakenByOthers("this is being changed by others at this moment; try again")


def _drill(crisis: Crisis, *, desk: Desk) -> Drill:
    log = desk.crises.log(crisis.id)
    press = next((event.press for event in log if event.press), None)
    heard = next((event for event in log if event.what is What.ACK), None)
    return Drill(
        id=crisis.id,
        reference=crisis.reference,
        programme_id=crisis.programme_id,
        began_at=crisis.opened_at,
        by=press.by if press else None,
        pages=sum(event.what is What.PAGE for event in log),
        is_open=crisis.state is not State.CLOSED,
        acknowledged_by=heard.by if heard else None,
        acknowledged_at=heard.at if heard else None,
    )


def _waiting(call: Press, programme_id: str) -> Drill:
    return Drill(
        id="",
        reference="",
        programme_id=programme_id,
        began_at=call.at,
        by=call.by,
        pages=0,
        is_open=True,
        acknowledged_by=None,
        acknowledged_at=None,
    )
