"""The doors to notices: staff send, watch and cancel them; whoever got one reads it behind its link."""

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Doors, Instant, Page, PageQuery, Wire, bad_cursor
from chalicelib.edge.ids import new_id
from chalicelib.edge.keys import keys
from chalicelib.edge.pages import Visit
from chalicelib.edge.pages.answers import answer_or, language_of
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.service import find_programme
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.notices import counting, service
from chalicelib.notices.counting import Outcome
from chalicelib.notices.domain import ADDRESSED, LONGEST_TEXT, Audience, Notice
from chalicelib.notices.page import Reading, trouble
from chalicelib.notices.store import DynamoNotices
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.fanning import Stage
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.links import Signer
from chalicelib.privacy.domain import Act, Field, Public, Rule

doors = Doors(__name__)

Language = Annotated[str, Described(max_length=8)]
Words = Annotated[str, Described(max_length=4 * LONGEST_TEXT)]


class AskedAudience(Wire):
    """A part of the programme's people; what is left out doesn't narrow it."""

    states: Annotated[
        list[State] | None, Described(max_length=10, description="Of their episode; left out: all who may be reached.")
    ] = None
    languages: Annotated[list[Language] | None, Described(max_length=10)] = None


class NewNotice(Wire):
    """One text to many."""

    text: Annotated[
        Mapping[Language, Words],
        Described(
            max_length=10,
            description=f"By language, every one of the programme's; {LONGEST_TEXT} characters each. A blank line "
            "parts paragraphs. It is shown on a page behind a link, never in an email or push.",
        ),
    ]
    at: Annotated[
        Instant | None,
        Described(
            description="When the first are reached, three minutes ahead or more; left out: as soon as it can be."
        ),
    ] = None
    audience: AskedAudience = AskedAudience()


class ShownAudience(Wire):
    """Whom a notice is for."""

    states: list[State]
    languages: Annotated[list[str], Described(description="None named: all.")]


class ShownNotice(Wire):
    """A notice. ``recipients`` grows until ``stage`` is ``complete``."""

    id: str
    text: dict[str, str]
    audience: ShownAudience
    at: datetime
    by: Annotated[str, Described(description="The sign-in's id.")]
    created_at: datetime
    stage: Annotated[Stage, Described(description="`open`: not everybody whom it is for is in line yet.")]
    recipients: int
    cancelled_at: datetime | None
    cancelled_by: str | None


class ShownCounts(Wire):
    """How it came out so far; the parts add up to ``recipients``."""

    recipients: int
    sent: int
    waiting: int
    skipped: Annotated[dict[str, int], Described(description="By reason.")]
    failed: Annotated[dict[str, int], Described(description="By reason.")]


class CountedNotice(ShownNotice):
    """A notice with its numbers, read from the ledger at this moment."""

    counts: ShownCounts


class RecipientQuery(PageQuery):
    """Which recipients."""

    outcome: Annotated[
        Outcome | None,
        Described(description="Only these, of each page that is looked at: it may hold fewer, or none. Follow `next`."),
    ] = None


class ShownRecipient(Wire):
    """How one recipient stands. ``name`` null: no longer on the programme's list."""

    person_id: str
    name: str | None
    outcome: Outcome
    reason: Annotated[str | None, Described(description="Why it was not sent.")]
    channel: ChannelKind | None
    ended_at: datetime | None


@doors.door(
    "POST",
    "/programmes/{programme_id}/notices",
    summary="Send one notice to all, or a part, of a programme's people",
    rule=Rule(act=Act.WRITE, field=Field.NOTICES, programme="programme_id", purpose="send a notice"),
    body=NewNotice,
    answer=ShownNotice,
    status=HTTPStatus.ACCEPTED,
    created=True,
)
def send_notice(asked: Asked, programme_id: str) -> Answer:
    """Take it."""
    body: NewNotice = asked.body
    notice = service.add_notice(
        service.Draft(texts=dict(body.text), at=body.at, audience=_audience(body.audience)),
        notice_id=_notice_id(asked, programme_id),
        programme_id=programme_id,
        languages=find_programme(programme_id, programmes=DynamoProgrammes()).languages,
        by=asked.who.subject,
        now=asked.now,
        notices=DynamoNotices(),
    )
    return Answer(body=_shown(notice), headers={"Location": f"/programmes/{programme_id}/notices/{notice.id}"})


@doors.door(
    "GET",
    "/programmes/{programme_id}/notices",
    summary="A programme's notices, newest first",
    rule=Rule(act=Act.LIST, field=Field.NOTICES, programme="programme_id", purpose="see a programme's notices"),
    query=PageQuery,
    answer=Page[ShownNotice],
)
def list_notices(asked: Asked, programme_id: str) -> Answer:
    """List a page."""
    found, last = DynamoNotices().of_programme(programme_id, after=asked.after(prefix="20"), limit=asked.query.limit)
    return Answer(body=Page[ShownNotice](items=[_shown(notice) for notice in found], next=asked.next(last)))


@doors.door(
    "GET",
    "/programmes/{programme_id}/notices/{notice_id}",
    summary="A notice, with how many it has reached, how many not and why, and how many wait",
    rule=Rule(act=Act.READ, field=Field.NOTICES, programme="programme_id", purpose="see how a notice goes"),
    answer=CountedNotice,
)
def show_notice(_asked: Asked, programme_id: str, notice_id: str) -> Answer:
    """Show and count it."""
    notices = DynamoNotices()
    notice = service.find_notice(notice_id, programme_id=programme_id, notices=notices)
    found = counting.counts(notice, notices=notices, ledger=DynamoLedger())
    shown = ShownCounts(
        recipients=found.recipients,
        sent=found.sent,
        waiting=found.waiting,
        skipped=dict(found.skipped),
        failed=dict(found.failed),
    )
    return Answer(body=CountedNotice(**dict(_shown(notice)), counts=shown))


@doors.door(
    "POST",
    "/programmes/{programme_id}/notices/{notice_id}/cancellation",
    summary="Stop a notice: whoever still waits is skipped, and nobody can open it any more. Again changes nothing",
    rule=Rule(act=Act.WRITE, field=Field.NOTICES, programme="programme_id", purpose="cancel a notice"),
    answer=ShownNotice,
)
def cancel_notice(asked: Asked, programme_id: str, notice_id: str) -> Answer:
    """Cancel it."""
    notice = service.cancel_notice(
        notice_id, programme_id=programme_id, by=asked.who.subject, now=asked.now, notices=DynamoNotices()
    )
    return Answer(body=_shown(notice))


@doors.door(
    "GET",
    "/programmes/{programme_id}/notices/{notice_id}/recipients",
    summary="Whom a notice has reached, and whom not and why, in the order of their turn",
    rule=Rule(act=Act.LIST, field=Field.MESSAGES, programme="programme_id", purpose="see whom a notice has reached"),
    query=RecipientQuery,
    answer=Page[ShownRecipient],
)
def list_recipients(asked: Asked, programme_id: str, notice_id: str) -> Answer:
    """List a page."""
    notices, after = DynamoNotices(), asked.after()
    if after is not None and not counting.is_place(after):
        raise bad_cursor()
    notice = service.find_notice(notice_id, programme_id=programme_id, notices=notices)
    found, last = counting.results(notice, after=after, limit=asked.query.limit, notices=notices, ledger=DynamoLedger())
    wanted = [result for result in found if asked.query.outcome in {None, result.outcome}]
    members = DynamoPeople().named(programme_id, [result.person_id for result in wanted])
    items = []
    for result in wanted:
        member, entry = members.get(result.person_id), result.entry
        items.append(
            ShownRecipient(
                person_id=result.person_id,
                name=f"{member.preferred_name or member.given_name} {member.family_name}".strip() if member else None,
                outcome=result.outcome,
                reason=result.reason,
                channel=entry.channel_kind if entry else None,
                ended_at=entry.ended_at if entry else None,
            )
        )
    return Answer(body=Page[ShownRecipient](items=items, next=asked.next(last)))


@doors.door(
    "GET",
    "/n/{token}",
    summary="Read a notice. Changes nothing.",
    rule=Public(reason="The signed link opens one text that went to many and says nothing of the person."),
    answer=None,
)
def read_notice(asked: Asked, token: str) -> Answer:
    """Show the notice's page."""
    visit = Visit(token=token, now=asked.now, language=language_of(asked))
    return answer_or(lambda: _reading().show(visit), lambda: trouble(visit))


@cache
def _reading() -> Reading:
    return Reading(signer=Signer(keys().links), recipients=DynamoPeople(), notices=DynamoNotices())


def _notice_id(asked: Asked, programme_id: str) -> str:
    """
    Return the new notice's id: made from the Idempotency-Key where there is one.

    So a request that was killed between taking the notice and remembering its answer makes no second one.
    """
    key = asked.headers.get("idempotency-key", "").strip('"')
    return sha256(f"{asked.who.subject}\n{programme_id}\n{key}".encode()).hexdigest()[:32] if key else new_id()


def _audience(given: AskedAudience) -> Audience:
    return Audience(
        states=ADDRESSED if given.states is None else frozenset(given.states),
        languages=frozenset(given.languages or ()),
    )


def _shown(notice: Notice) -> ShownNotice:
    return ShownNotice(
        id=notice.id,
        text=dict(notice.texts),
        audience=ShownAudience(states=sorted(notice.audience.states), languages=sorted(notice.audience.languages)),
        at=notice.at,
        by=notice.by,
        created_at=notice.created_at,
        stage=notice.stage,
        recipients=notice.recipients,
        cancelled_at=notice.cancelled_at,
        cancelled_by=notice.cancelled_by,
    )
