"""The one-tap page, receipts from devices, and how a day's check-ins stand."""

from collections.abc import Callable
from datetime import date, datetime, timedelta
from functools import cache
from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.checkins import answer_routes
from chalicelib.checkins.day import Row, day
from chalicelib.checkins.domain import CheckIn, Plan, Progress, Source
from chalicelib.checkins.doors import desk, doors
from chalicelib.checkins.page import OneTap
from chalicelib.checkins.showing import trouble
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge import pages
from chalicelib.edge.http import Answer, Asked, Page, PageQuery, Wire
from chalicelib.edge.ids import new_id
from chalicelib.edge.keys import keys
from chalicelib.edge.log import logger
from chalicelib.edge.pages import Visit
from chalicelib.edge.pages.answers import answer_or, language_of
from chalicelib.enrollment.domain import Member
from chalicelib.enrollment.reaching import held_by
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, Invalid, NotFound
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import LinkForged, Purpose, Signer
from chalicelib.privacy.domain import Act, Field, Public, Rule

__all__ = ["answer_routes", "doors"]

FORM = "application/x-www-form-urlencoded"
BY_LINK = Public(reason="The signed link is the right to add one answer; it opens nothing to read.")
FURTHEST_DAY = timedelta(days=366)
HELP_IS_RECENT_FOR = timedelta(days=1)


@cache
def _one_tap() -> OneTap:
    return OneTap(signer=Signer(keys().links), recipients=DynamoPeople(), desk=desk())


def _visit(asked: Asked, token: str) -> Visit:
    return Visit(token=token, now=asked.now, language=language_of(asked), page_id=new_id(), address=asked.source_ip)


def _shown(visit: Visit, make: Callable[[], pages.Shown]) -> Answer:
    return answer_or(make, lambda: trouble(visit))


@doors.door("GET", "/c/{token}", summary="Show today's questions. Changes nothing.", rule=BY_LINK, answer=None)
def show_check_in(asked: Asked, token: str) -> Answer:
    """Show the one-tap page."""
    visit = _visit(asked, token)
    return _shown(visit, lambda: _one_tap().show(visit))


@doors.door("POST", "/c/{token}", summary="Take an answer, or a call for help.", rule=BY_LINK, raw=FORM, answer=None)
def take_check_in(asked: Asked, token: str) -> Answer:
    """Take what the one-tap page sent."""
    visit = _visit(asked, token)
    return _shown(visit, lambda: _one_tap().take(visit, asked.body))


@doors.door(
    "POST",
    "/receipts/{token}",
    summary="A device reports that a push arrived.",
    rule=Public(reason="The signed link says which push; a report can only say that it arrived."),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def report_receipt(asked: Asked, token: str) -> Answer:
    """Record that a push arrived; a report that comes too late, or of a device it wasn't sent to, changes nothing."""
    try:
        claims = Signer(keys().links).open(Purpose.RECEIPT, token)
    except LinkForged:
        raise NotFound("There is no such receipt.") from None
    news = asked.now < claims.expires_at and DynamoLedger().received(
        claims.person_id, claims.kind, claims.on, at=asked.now, by_device=True, channel_id=claims.channel_id
    )
    logger.info("receipt", extra={"news": news})
    return Answer()


class DayQuery(PageQuery):
    """Which day to show."""

    on: Annotated[
        date | None,
        Described(description="Local date, `YYYY-MM-DD`, within a year; left out: each person's own today."),
    ] = None


class Answered(Wire):
    """What the person said; null is left out, which is never zero."""

    mood: int | None
    craving: int | None
    plan: Plan | None
    has_note: bool


class CheckInRow(Wire):
    """How one person's check-in stands."""

    person_id: str
    external_id: str
    name: str
    on: date
    time_zone: str
    progress: Progress
    due_at: datetime | None
    sent_at: datetime | None
    channel: str | None
    reason: Annotated[str | None, Described(description="Why it was not sent.")]
    answered_at: datetime | None
    source: Annotated[Source | None, Described(description="`link`: not known to be the person.")]
    disputed: Annotated[bool, Described(description="Somebody said that the link was not meant for them.")]
    answer: Answered | None
    help_asked_at: Annotated[
        datetime | None, Described(description="When they last pressed “I need help now” within a day.")
    ]


@doors.door(
    "GET",
    "/programmes/{programme_id}/check-ins",
    summary="How a day's check-ins stand: who has answered, who has not; a page has whoever needs somebody first.",
    rule=Rule(
        act=Act.LIST,
        field=Field.CHECK_IN_SCORES,
        programme="programme_id",
        purpose="see a day's check-ins",
        narrows=True,
    ),
    query=DayQuery,
    answer=Page[CheckInRow],
)
def list_check_ins(asked: Asked, programme_id: str) -> Answer:
    """List a page of members with their check-in."""
    if asked.query.on and abs(asked.query.on - asked.now.date()) > FURTHEST_DAY:
        raise Invalid(Fault(field="on", reason="must be within a year of today"))
    people = DynamoPeople()
    members, last = people.members(programme_id, after=asked.after(prefix="MEMBER#"), limit=asked.query.limit)
    if asked.granted.only_care_team:
        members = held_by(members, subject=asked.who.subject, people=people)
    by_id = {member.person_id: member for member in members}
    found = [recipient for person_id in by_id if (recipient := people.load(person_id, now=asked.now))]
    rows = day(
        found,
        on=asked.query.on,
        now=asked.now,
        ledger=DynamoLedger(),
        check_ins=DynamoCheckIns(),
        help_asked=DynamoCrises().called_since(programme_id, asked.now - HELP_IS_RECENT_FOR),
    )
    items = [_row(row, by_id[row.recipient.person_id]) for row in rows]
    return Answer(body=Page[CheckInRow](items=items, next=asked.next(last)))


def _row(row: Row, member: Member) -> CheckInRow:
    entry, check_in = row.entry, row.check_in
    return CheckInRow(
        person_id=member.person_id,
        external_id=member.external_id,
        name=f"{member.preferred_name or member.given_name} {member.family_name}".strip(),
        on=row.on,
        time_zone=member.zone,
        progress=row.progress,
        due_at=row.due_at,
        sent_at=entry.ended_at if entry and entry.provider_id is not None else None,
        channel=entry.channel_kind if entry else None,
        reason=entry.reason if entry else None,
        answered_at=check_in.answered_at if check_in else None,
        source=check_in.revisions[-1].source if check_in and check_in.revisions else None,
        disputed=bool(check_in and check_in.disputed_at),
        answer=_answer(check_in),
        help_asked_at=row.help_asked_at,
    )


def _answer(check_in: CheckIn | None) -> Answered | None:
    said = check_in.answer if check_in else None
    if said is None:
        return None
    return Answered(mood=said.mood, craving=said.craving, plan=said.plan, has_note=bool(said.note))
