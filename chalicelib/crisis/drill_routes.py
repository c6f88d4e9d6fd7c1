"""The doors to drills: begin one, see how long each took, give one up."""

from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.crisis import drills, handlers
from chalicelib.crisis.doors import doors
from chalicelib.crisis.drills import Drill
from chalicelib.edge.http import Answer, Asked, Wire
from chalicelib.edge.ids import new_id
from chalicelib.privacy.domain import Act, Field, Rule

_PUT = Rule(act=Act.WRITE, field=Field.ROTA, programme="programme_id", purpose="try out whether somebody answers")


class ShownDrill(Wire):
    """A drill. It is acknowledged like a crisis, which ends it. `id` null: it begins within a minute."""

    id: str | None
    reference: Annotated[str | None, Described(description="What its pages call it.")]
    began_at: datetime
    by: Annotated[str | None, Described(description="The account that began it; null: the rota.")]
    open: bool
    pages: Annotated[int, Described(description="How often somebody was paged.")]
    acknowledged_by: str | None
    acknowledged_at: datetime | None
    seconds: Annotated[float | None, Described(description="Until it was acknowledged; null: nobody has.")]


class DrillList(Wire):
    """Drills, the newest first."""

    items: list[ShownDrill]


@doors.door(
    "POST",
    "/programmes/{programme_id}/drills",
    summary="Begin a drill: whoever is on call is paged as for a crisis, and told in the message that it is a drill",
    rule=_PUT,
    answer=ShownDrill,
    status=HTTPStatus.CREATED,
    created=True,
)
def start_drill(asked: Asked, programme_id: str) -> Answer:
    """Begin it."""
    drill = drills.start(programme_id, key=new_id(), by=asked.who.subject, now=asked.now, desk=handlers.desk())
    return Answer(body=_shown(drill))


@doors.door(
    "GET",
    "/programmes/{programme_id}/drills",
    summary="A programme's drills, the newest first, with the seconds until somebody acknowledged each",
    rule=Rule(act=Act.LIST, field=Field.ROTA, programme="programme_id", purpose="see how long an answer takes"),
    answer=DrillList,
)
def list_drills(_asked: Asked, programme_id: str) -> Answer:
    """List them."""
    return Answer(body=DrillList(items=[_shown(one) for one in drills.listed(programme_id, desk=handlers.desk())]))


@doors.door(
    "POST",
    "/programmes/{programme_id}/drills/{drill_id}/end",
    summary="Give up a drill that nobody has acknowledged; over already is fine",
    rule=_PUT,
    answer=ShownDrill,
)
def end_drill(asked: Asked, programme_id: str, drill_id: str) -> Answer:
    """End it."""
    drill = drills.end(programme_id, drill_id, by=asked.who.subject, now=asked.now, desk=handlers.desk())
    return Answer(body=_shown(drill))


def _shown(drill: Drill) -> ShownDrill:
    return ShownDrill(
        id=drill.id or None,
        reference=drill.reference or None,
        began_at=drill.began_at,
        by=drill.by,
        open=drill.is_open,
        pages=drill.pages,
        acknowledged_by=drill.acknowledged_by,
        acknowledged_at=drill.acknowledged_at,
        seconds=drill.seconds,
    )
