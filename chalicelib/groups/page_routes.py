"""The public doors of the one-tap page of a meeting."""

from functools import cache
from typing import Annotated

from pydantic import ConfigDict
from pydantic import Field as Described

from chalicelib.edge.config import config
from chalicelib.edge.http import Answer, Asked, Wire
from chalicelib.edge.keys import keys
from chalicelib.edge.pages import Shown
from chalicelib.edge.pages.answers import answer_or, language_of
from chalicelib.enrollment.store import people
from chalicelib.groups.doors import doors
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.page import Choice, OneTap
from chalicelib.groups.store import DynamoGroups
from chalicelib.outreach.links import Signer
from chalicelib.privacy.domain import Public

_WHY = Public(reason="The signed link is for one meeting: it takes an answer, or that one leaves, and names nobody.")


class Picked(Wire):
    """What a link may choose beforehand. Mail programs add parameters of their own."""

    model_config = ConfigDict(extra="ignore")

    answer: Annotated[str | None, Described(description="yes, maybe or no: chosen on the page, and not yet sent.")] = (
        None
    )


@doors.door(
    "GET", "/m/{token}", summary="Ask whether one comes. Changes nothing.", rule=_WHY, query=Picked, answer=None
)
def show_meeting_page(asked: Asked, token: str) -> Answer:
    """Show the page."""
    return _answer(_visit(asked, token), None)


@doors.door(
    "POST",
    "/m/{token}",
    summary="Say whether one comes, or leave the group",
    rule=_WHY,
    raw="application/x-www-form-urlencoded",
    answer=None,
)
def take_meeting_page(asked: Asked, token: str) -> Answer:
    """Take what was sent."""
    return _answer(_visit(asked, token), asked.body or "")


@cache
def _one_tap() -> OneTap:
    return OneTap(
        signer=Signer(keys().links),
        # Members may be supporters, too.
        recipients=doors.wiring.everybody or people(),
        groups=DynamoGroups(),
        members=DynamoMembers(),
        app_url=config().web_origin,
        invited=doors.wiring.invited,
    )


def _visit(asked: Asked, token: str) -> Choice:
    picked = (asked.query.answer if asked.query else None) or ""
    return Choice(token=token, now=asked.now, language=language_of(asked), picked=picked)


def _answer(visit: Choice, body: str | None) -> Answer:
    def make() -> Shown:
        return _one_tap().show(visit) if body is None else _one_tap().take(visit, body)

    return answer_or(make, lambda: _one_tap().trouble(visit))
