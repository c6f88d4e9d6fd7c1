"""What was sent to a person, what was not, and why: for the person and for their staff."""

from datetime import date, datetime, timedelta
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Page, PageQuery, Wire, bad_cursor
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.domain import EARLIEST, Record
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.store import people
from chalicelib.errors import Fault, Forbidden, Invalid, NotFound
from chalicelib.outreach.categories import CATEGORIES, category_name
from chalicelib.outreach.delivering import lately_told
from chalicelib.outreach.domain import ChannelKind, Entry, Reason, Recipient, occurrence_name, occurrence_named
from chalicelib.outreach.due_store import waits
from chalicelib.outreach.endings import DEFERRED, in_words
from chalicelib.outreach.explaining import FURTHEST, Explanation, deferred, explain
from chalicelib.outreach.explaining_steps import Known
from chalicelib.outreach.kinds import CHECK_IN, MILESTONE
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.messages import lateness, page
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.switch import switch
from chalicelib.privacy.domain import Act, Field, Grant, Relationship, Role, Rule

SHOWN_FOR, LONGEST = timedelta(days=30), timedelta(days=366)


class MessagesQuery(PageQuery):
    """Of which local dates."""

    first: Annotated[
        date | None, Described(alias="from", description="First local date; left out: 30 days before `to`.")
    ] = None
    last: Annotated[date | None, Described(alias="to", description="Last local date; left out: today.")] = None


class Report(Wire):
    """What is known of a message after it was handed over."""

    received_at: Annotated[datetime | None, Described(description="The device said that it arrived.")] = None
    delivered_at: Annotated[datetime | None, Described(description="The other side's mail server took it.")] = None
    delayed_at: Annotated[datetime | None, Described(description="The mail server could not take it at first.")] = None
    bounced_at: datetime | None = None
    bounce: Annotated[str | None, Described(description="Why it came back, or that it was called spam.")] = None


class ShownMessage(Wire):
    """One occurrence, and how it ended."""

    occurrence: Annotated[str, Described(description="Its name, for `…/messages/{occurrence}/explain`.")]
    kind: str
    on: Annotated[date, Described(description="The local date that it belongs to.")]
    status: Annotated[
        str,
        Described(description="`sent`, `merged`, `skipped`, `failed`; open yet: `claimed`, `waiting`, `deferred`."),
    ]
    reason: Reason | None
    in_words: Annotated[str, Described(description="The same as a sentence; for the person in their own language.")]
    due_at: datetime
    ended_at: datetime | None
    until: Annotated[datetime | None, Described(description="`deferred`: when it is looked at again.")] = None
    lateness_seconds: Annotated[
        float | None, Described(description="From when it fell due to its end; waiting for quiet hours counts.")
    ]
    channel: ChannelKind | None
    template: Annotated[str | None, Described(description="Which words it was, with their version.")]
    attempts: int
    report: Report
    merged_into: Annotated[str | None, Described(description="The occurrence whose message told of it.")]
    carries: Annotated[list[str], Described(description="Dates and kinds of what its message told of besides.")]


class ShownStep(Wire):
    """One thing that decides, as it stands now."""

    about: str
    passes: Annotated[bool | None, Described(description="No hindrance; null: it doesn't decide.")]
    says: str
    facts: dict[str, str | None]


class ShownExplanation(Wire):
    """Why somebody did or didn't get something."""

    occurrence: str
    kind: str
    on: date
    due_at: datetime | None
    outcome: Annotated[
        str,
        Described(
            description="The ledger's status; without an entry `deferred`, `due`, `ahead`, `not_due` or `no_entry`."
        ),
    ]
    would: Annotated[str | None, Described(description="What the rules say now: `send`, `defer`, `skip:reason` …")]
    answer: str
    steps: Annotated[list[ShownStep], Described(description="For staff; in the order of the rules.")]


class ExplainQuery(Wire):
    """Of which date and kind."""

    on: Annotated[date | None, Described(description="Local date; left out: their today.")] = None
    kind: Annotated[str, Described(max_length=100, pattern=r"^[a-z_]+(-[A-Za-z0-9_-]+)?$")] = CHECK_IN


@doors.door(
    "GET",
    "/people/{person_id}/messages",
    summary="Everything that fell due for a person and how each ended, newest first",
    rule=Rule(act=Act.LIST, field=Field.MESSAGES, subject="person_id", purpose="see what was sent to somebody"),
    query=MessagesQuery,
    answer=Page[ShownMessage],
)
def list_messages(asked: Asked, person_id: str) -> Answer:
    """List a page; what waits for quiet hours to end heads the first one."""
    recipient = _recipient(person_id, asked.now)
    today = local_date(asked.now, recipient.zone)
    last = asked.query.last or today
    if last < EARLIEST:
        raise Invalid(Fault(field="to", reason="is too long ago"))
    first = asked.query.first or last - SHOWN_FOR
    if not timedelta() <= last - first <= LONGEST:
        raise Invalid(Fault(field="from", reason="must not be after `to`, nor more than 366 days before it"))
    before = asked.after(prefix="20")
    try:
        entries, following = page(person_id, first, last, before=before, limit=asked.query.limit, ledger=DynamoLedger())
    except ValueError:
        raise bad_cursor() from None
    language = recipient.language if _is_own(asked.granted) else "en"
    items = [_shown(entry, grant=asked.granted, language=language) for entry in entries]
    if before is None and first <= today <= last:
        items = [*_deferred(recipient, entries, today, now=asked.now, language=language), *items]
    return Answer(body=Page[ShownMessage](items=items, next=asked.next(following)))


@doors.door(
    "GET",
    "/people/{person_id}/messages/{occurrence}/explain",
    summary="Why a person did or didn't get this: from the ledger, or by the rules as things stand now",
    rule=Rule(act=Act.READ, field=Field.MESSAGES, subject="person_id", purpose="see why a message was sent or not"),
    answer=ShownExplanation,
)
def explain_occurrence(asked: Asked, person_id: str, occurrence: str) -> Answer:
    """Explain what has a name, whether it has an entry or not."""
    try:
        whose, on, kind = occurrence_named(occurrence)
    except ValueError:
        whose, on, kind = "", date.min, ""
    if whose != person_id:
        raise NotFound("There is no such occurrence.")
    return _explained(asked, person_id, kind, on)


@doors.door(
    "GET",
    "/people/{person_id}/explain",
    summary="Why a person did or didn't get something of a date, or will",
    rule=Rule(act=Act.READ, field=Field.MESSAGES, subject="person_id", purpose="see why a message was sent or not"),
    query=ExplainQuery,
    answer=ShownExplanation,
)
def explain_date(asked: Asked, person_id: str) -> Answer:
    """Explain what fell due, or falls due, under a local date."""
    on = asked.query.on or local_date(asked.now, _recipient(person_id, asked.now).zone)
    return _explained(asked, person_id, asked.query.kind, on)


def _explained(asked: Asked, person_id: str, kind: str, on: date) -> Answer:
    if category_name(kind) not in CATEGORIES:
        raise Invalid(Fault(field="kind", reason=f"must begin with one of {', '.join(sorted(CATEGORIES))}"))
    if kind in CATEGORIES and kind != CHECK_IN:
        raise Invalid(
            Fault(field="kind", reason=f"must say which: {kind}- and what follows in a schedule or a message")
        )
    if abs(on - asked.now.date()) > FURTHEST:
        raise Invalid(Fault(field="on", reason="must be within 400 days of today"))
    if _hides(kind, asked.granted):
        raise Forbidden("Your roles don't allow this.")
    recipient, ledger = _recipient(person_id, asked.now), DynamoLedger()
    known = Known(
        recipient=recipient,
        entry=ledger.get(person_id, kind, on),
        lately=lately_told(person_id, on, ledger=ledger),
        paused=switch().paused(asked.now),
        why_unusable=_why_unusable(find_person(person_id, people=people()), now=asked.now),
        waits=waits,
    )
    found = explain(kind, on, known, now=asked.now)
    return Answer(body=_shown_explanation(person_id, found, known, grant=asked.granted))


def _recipient(person_id: str, now: datetime) -> Recipient:
    recipient = people().load(person_id, now=now)
    if recipient is None:
        raise NotFound("There is no such person, or not for you.")
    return recipient


def _why_unusable(record: Record, *, now: datetime) -> dict[str, str]:
    return {channel.id: why for channel in record.channels if (why := channel.why_unusable(at=now)) is not None}


def _is_own(grant: Grant) -> bool:
    return grant.relationship is Relationship.SELF


def _hides(kind: str, grant: Grant) -> bool:
    # A program admin may know how many milestones there were, and not whose (docs/access.md).
    return grant.role is Role.PROGRAM_ADMIN and category_name(kind) == MILESTONE


def _shown(entry: Entry, *, grant: Grant, language: str) -> ShownMessage:
    hidden = _hides(entry.kind, grant)
    kind = category_name(entry.kind) if hidden else entry.kind
    return ShownMessage(
        occurrence=occurrence_name(entry.person_id, entry.on, kind),
        kind=kind,
        on=entry.on,
        status=entry.status,
        reason=entry.reason,
        in_words=in_words(entry.status, reason=entry.reason, channel=entry.channel_kind, language=language),
        due_at=entry.due_at,
        ended_at=entry.ended_at,
        lateness_seconds=lateness(entry),
        channel=entry.channel_kind,
        template=entry.template,
        attempts=entry.attempt,
        report=Report(
            received_at=entry.received_at,
            delivered_at=entry.delivered_at,
            delayed_at=entry.delayed_at,
            bounced_at=entry.bounced_at,
            bounce=entry.bounce,
        ),
        merged_into=entry.merged_into,
        carries=[
            category_name(text.partition("#")[2]) if _hides(text.partition("#")[2], grant) else text
            for text in entry.carries
        ],
    )


def _deferred(
    recipient: Recipient, entries: list[Entry], today: date, *, now: datetime, language: str
) -> list[ShownMessage]:
    ended = {(entry.kind, entry.on) for entry in entries}
    return [
        ShownMessage(
            occurrence=due.name,
            kind=due.kind,
            on=due.on,
            status=DEFERRED,
            reason=None,
            in_words=in_words(DEFERRED, reason=None, channel=None, language=language),
            due_at=due.due_at,
            ended_at=None,
            until=until,
            lateness_seconds=None,
            channel=None,
            template=None,
            attempts=0,
            report=Report(),
            merged_into=None,
            carries=[],
        )
        for on in (today, today - timedelta(days=1))
        for due, until in deferred(recipient, on, now=now, waits=waits)
        if (due.kind, due.on) not in ended
    ]


def _shown_explanation(person_id: str, found: Explanation, known: Known, *, grant: Grant) -> ShownExplanation:
    answer, steps = found.answer, found.steps
    if _is_own(grant):
        # Plain words, in their language; the steps are for staff.
        entry, language = known.entry, known.recipient.language
        steps = ()
        if entry:
            answer = in_words(entry.status, reason=entry.reason, channel=entry.channel_kind, language=language)
        else:
            answer = in_words(found.outcome, reason=None, channel=None, language=language)
    return ShownExplanation(
        occurrence=occurrence_name(person_id, found.on, found.kind),
        kind=found.kind,
        on=found.on,
        due_at=found.due_at,
        outcome=found.outcome,
        would=found.would,
        answer=answer,
        steps=[
            ShownStep(about=step.about, passes=step.passes, says=step.says, facts=dict(step.facts)) for step in steps
        ],
    )
