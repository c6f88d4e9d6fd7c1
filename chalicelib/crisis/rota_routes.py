"""The doors to a programme's rota: who is on call when, what is left open, and covering for each other."""

from http import HTTPStatus

from chalicelib.crisis import covering
from chalicelib.crisis import rota_service as service
from chalicelib.crisis.doors import doors
from chalicelib.crisis.hand_over_shapes import HandOverList, shown_hand_over, shown_open
from chalicelib.crisis.rota_shapes import (
    AnswerCover,
    AskCover,
    GapList,
    OnCallNow,
    PutRota,
    ShownCover,
    ShownRota,
    shown_cover,
    shown_gap,
    shown_rota,
    shown_watch,
)
from chalicelib.crisis.rota_store import DynamoRotas
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge.config import config
from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import NoSuchProgramme
from chalicelib.privacy.domain import Act, Field, Role, Rule
from chalicelib.staff.store import DynamoStaff

_SEE = Rule(act=Act.READ, field=Field.ROTA, programme="programme_id", purpose="see who is on call")
_OWN = Rule(act=Act.WRITE, field=Field.OWN_WORK, programme="programme_id", purpose="cover for each other on call")


def _desk() -> service.Desk:
    return service.Desk(rotas=DynamoRotas(), staff=DynamoStaff())


@doors.door(
    "GET",
    "/programmes/{programme_id}/rota",
    summary="A programme's rota: shifts, turns, holidays, and the covers that aren't over",
    rule=_SEE,
    answer=ShownRota,
)
def read_rota(asked: Asked, programme_id: str) -> Answer:
    """Show its present version."""
    rota = service.rota_of(programme_id, now=asked.now, desk=_desk())
    return Answer(body=shown_rota(rota), etag=rota.version)


@doors.door(
    "PUT",
    "/programmes/{programme_id}/rota",
    summary='Put a programme\'s rota (If-Match: "0" for the first); what it leaves open is no fault',
    rule=Rule(act=Act.WRITE, field=Field.ROTA, programme="programme_id", purpose="say who is on call"),
    body=PutRota,
    answer=ShownRota,
    edits=True,
)
def put_rota(asked: Asked, programme_id: str) -> Answer:
    """Keep it as the next version."""
    if DynamoProgrammes().find(programme_id) is None:
        raise NoSuchProgramme("there is no such programme")
    wanted = asked.body.rota(programme_id, by=asked.who.subject, at=asked.now)
    rota = service.put_rota(wanted, version=asked.if_match or 0, desk=_desk())
    return Answer(body=shown_rota(rota), etag=rota.version)


@doors.door(
    "GET",
    "/programmes/{programme_id}/rota/gaps",
    summary="When, in the next two weeks, nobody can be paged though somebody is meant to be on call",
    rule=_SEE,
    answer=GapList,
)
def list_gaps(asked: Asked, programme_id: str) -> Answer:
    """List them, in order."""
    found = service.gaps_of(programme_id, now=asked.now, desk=_desk())
    return Answer(body=GapList(items=[shown_gap(gap) for gap in found]))


@doors.door(
    "GET",
    "/programmes/{programme_id}/rota/on-call",
    summary="Who is on call now, how a page reaches them, and what may be said of it",
    rule=_SEE,
    answer=OnCallNow,
)
def read_on_call(asked: Asked, programme_id: str) -> Answer:
    """Show them; who can't be paged is named too."""
    watch = service.watch_of(programme_id, now=asked.now, zone="UTC", desk=_desk())
    return Answer(body=shown_watch(watch, now=asked.now, texts=config().pager != "none"))


@doors.door(
    "GET",
    "/programmes/{programme_id}/rota/hand-over",
    summary="Who hands over to whom, from a day ago to a week ahead, and which crises are open, by reference",
    rule=_SEE,
    answer=HandOverList,
)
def read_hand_overs(asked: Asked, programme_id: str) -> Answer:
    """Show them; of crises nothing but their references and how they stand."""
    found = service.handing_over(programme_id, now=asked.now, desk=_desk())
    crises = DynamoCrises()
    open_ones = crises.many(one.id for one in crises.open_ones() if one.programme_id == programme_id).values()
    in_order = sorted(open_ones, key=lambda one: (not one.is_unanswered, one.opened_at, one.id))
    return Answer(
        body=HandOverList(
            items=[shown_hand_over(one, found.members) for one in found.hand_overs],
            open_crises=[shown_open(one) for one in in_order],
        )
    )


@doors.door(
    "POST",
    "/programmes/{programme_id}/rota/covers",
    summary="Ask somebody to take a time on call, or offer it; a program admin puts it without asking",
    rule=_OWN,
    body=AskCover,
    answer=ShownCover,
    status=HTTPStatus.CREATED,
    created=True,
)
def ask_cover(asked: Asked, programme_id: str) -> Answer:
    """Keep it; the other side is told."""
    sent: AskCover = asked.body
    cover = covering.ask_cover(
        programme_id,
        covering.WantedCover(tier=sent.tier, of=sent.of, by=sent.by, starts=sent.starts, ends=sent.ends),
        asked_by=asked.who.subject,
        puts=_puts(asked, programme_id),
        now=asked.now,
        desk=_desk(),
        new_id=new_id,
    )
    return Answer(body=shown_cover(cover))


@doors.door(
    "PUT",
    "/programmes/{programme_id}/rota/covers/{cover_id}/answer",
    summary="Say yes or no to a cover, for one's own side; the same again changes nothing",
    rule=_OWN,
    body=AnswerCover,
    answer=ShownCover,
)
def answer_cover(asked: Asked, programme_id: str, cover_id: str) -> Answer:
    """Keep the answer; who asked is told."""
    cover = covering.answer_cover(
        programme_id, cover_id, by=asked.who.subject, agrees=asked.body.agrees, now=asked.now, desk=_desk()
    )
    return Answer(body=shown_cover(cover))


@doors.door(
    "DELETE",
    "/programmes/{programme_id}/rota/covers/{cover_id}",
    summary="Withdraw a cover: either side may, and a program admin; again changes nothing",
    rule=_OWN,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def end_cover(asked: Asked, programme_id: str, cover_id: str) -> Answer:
    """End it; the other side is told."""
    covering.end_cover(
        programme_id,
        cover_id,
        by=asked.who.subject,
        puts=_puts(asked, programme_id),
        now=asked.now,
        desk=_desk(),
    )
    return Answer()


def _puts(asked: Asked, programme_id: str) -> bool:
    return asked.who.has(Role.PROGRAM_ADMIN, programme_id)
