"""The doors to what a person gets: their choices, and the links by which an e-mail's reader gets less."""

from datetime import time
from http import HTTPStatus
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Wire
from chalicelib.edge.keys import keys
from chalicelib.edge.log import count, logger
from chalicelib.edge.pages.answers import failed, language_of
from chalicelib.enrollment import preferring
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.preference_page import MULTIPART, Visit, is_one_click, questions, read_less, word
from chalicelib.enrollment.preference_shapes import (
    MessagePreferences,
    ShownMessagePreferences,
    shown_message_preferences,
)
from chalicelib.enrollment.preferences import Choices
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.service import find_programme
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, Invalid
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.links import Claims, LinkForged, Purpose, Signer
from chalicelib.outreach.sorts import Sort, sort_of
from chalicelib.privacy.domain import Act, Field, Public, Relationship, Rule

FORM = "application/x-www-form-urlencoded"
_BY_LINK = Public(reason="The signed link is the right to get less of one person's messages; it opens nothing to read.")


@doors.door(
    "GET",
    "/people/{person_id}/preferences",
    summary="What a person gets: by category and channel, how much it says, and when it is quiet",
    rule=Rule(act=Act.READ, field=Field.PREFERENCES, subject="person_id", purpose="see what somebody gets"),
    answer=ShownMessagePreferences,
)
def show_message_preferences(_asked: Asked, person_id: str) -> Answer:
    """Show it."""
    return _preferences(find_person(person_id, people=DynamoPeople()))


@doors.door(
    "PUT",
    "/people/{person_id}/preferences",
    summary="Choose what a person gets; it holds from the next message on",
    rule=Rule(act=Act.WRITE, field=Field.PREFERENCES, subject="person_id", purpose="choose what somebody gets"),
    body=MessagePreferences,
    answer=ShownMessagePreferences,
    edits=True,
)
def put_message_preferences(asked: Asked, person_id: str) -> Answer:
    """Put it in place of what was chosen before."""
    sent: MessagePreferences = asked.body
    names = [one.category for one in sent.categories]
    ids = [one.id for one in sent.channels]
    twice = [field for field, given in (("categories", names), ("channels", ids)) if len(set(given)) < len(given)]
    if twice:
        raise Invalid(*(Fault(field=field, reason="names one twice") for field in twice))
    is_self = asked.granted.relationship is Relationship.SELF
    record = preferring.prefer(
        person_id,
        Choices(
            off={
                one.category: frozenset(kind for kind in ChannelKind if not getattr(one, kind.value))
                for one in sent.categories
            },
            details={one.id: one.detail for one in sent.channels},
            quiet_from=_clock(sent.quiet_hours.start),
            quiet_to=_clock(sent.quiet_hours.end),
            calendar_invites=sent.calendar_invites,
        ),
        will=Will(by=asked.who.subject, via=Via.WEB if is_self else Via.STAFF),
        version=asked.if_match or 0,
        now=asked.now,
        people=DynamoPeople(),
    )
    return _preferences(record)


def _preferences(record: Record) -> Answer:
    programme = find_programme(record.episode.programme_id, programmes=DynamoProgrammes())
    return Answer(body=shown_message_preferences(record, programme), etag=record.person.version)


def _clock(text: str | None) -> time | None:
    return time.fromisoformat(text) if text else None


@doors.door(
    "GET",
    "/u/{token}",
    summary="Show what an e-mail's reader can stop or get less of. Changes nothing, and shows no setting.",
    rule=_BY_LINK,
    answer=None,
)
def show_less(asked: Asked, token: str) -> Answer:
    """Show the page; a mail scanner follows links too."""
    visit = _stranger(asked)
    try:
        return questions(_theirs(asked, Signer(keys().links).open(Purpose.UNSUBSCRIBE, token)))
    except LinkForged:
        return word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
    except Exception as error:  # noqa: BLE001 (whatever broke, this person must see whom to call)
        return _trouble(visit, error)


@doors.door(
    "POST",
    "/u/{token}",
    summary="Get less: a mail program's one click (RFC 8058), or what the page sent.",
    rule=_BY_LINK,
    raw=(FORM, MULTIPART),
    answer=None,
)
def take_less(asked: Asked, token: str) -> Answer:
    """Do it; again changes nothing. One click is answered with nothing, whatever the link."""
    visit = _stranger(asked)
    try:
        return _taken(asked, token, visit)
    except Exception as error:  # noqa: BLE001 (whatever broke, this person must see whom to call)
        return _trouble(visit, error)


def _taken(asked: Asked, token: str, visit: Visit) -> Answer:  # noqa: PLR0911 (each return is one answer)
    content_type = asked.headers.get("content-type", FORM)
    try:
        claims = Signer(keys().links).open(Purpose.UNSUBSCRIBE, token)
    except LinkForged:
        if not is_one_click(asked.body, content_type):
            return word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        count("UnsubscribesUnknown")
        return Answer()
    if is_one_click(asked.body, content_type):
        return _one_click(asked, claims)
    visit = _theirs(asked, claims)
    if sort_of(claims.person_id) is not Sort.PERSON:
        _stopped(claims, asked)
        return word(visit, "done")
    try:
        less = read_less(asked.body, content_type)
    except Invalid:
        # It isn't our page's form, and nothing of it is done.
        return questions(visit, nothing=True)
    if not less:
        return questions(visit, nothing=True)
    holds = preferring.take_less(
        claims, less, via=Via.LINK, now=asked.now, people=DynamoPeople(), programmes=DynamoProgrammes()
    )
    logger.info("less by link", extra={"holds": holds})
    # A link to an address that was changed or removed is answered alike: nothing goes there any more.
    return word(visit, "done")


def _stopped(claims: Claims, asked: Asked) -> bool:
    """Stop what an address of another sort of recipient gets: other slices know those."""
    holders = doors.wiring.holders.get(sort_of(claims.person_id))
    return holders is not None and holders.stop_mail(
        claims.person_id, claims.channel_id, category_name(claims.kind), revision=claims.revision, now=asked.now
    )


def _one_click(asked: Asked, claims: Claims) -> Answer:
    if sort_of(claims.person_id) is not Sort.PERSON:
        holds = _stopped(claims, asked)
    else:
        holds = preferring.unsubscribe(
            claims, via=Via.LINK, now=asked.now, people=DynamoPeople(), programmes=DynamoProgrammes()
        )
    count("Unsubscribes")
    logger.info("unsubscribe", extra={"holds": holds})
    return Answer()


class MailedUnsubscribe(Wire):
    """An e-mail that asked to stop: its subject, as it came."""

    subject: Annotated[str, Described(max_length=2000)]


@doors.door(
    "POST",
    "/programmes/{programme_id}/unsubscriptions",
    summary="Apply an e-mail to the reply-to mailbox that asks to stop (RFC 2369); again changes nothing",
    rule=Rule(
        act=Act.WRITE, field=Field.PREFERENCES, programme="programme_id", purpose="stop e-mails as asked by e-mail"
    ),
    body=MailedUnsubscribe,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def take_mailed_unsubscribe(asked: Asked, programme_id: str) -> Answer:
    """Apply it."""
    words = asked.body.subject.split()
    try:
        claims = Signer(keys().links).open(Purpose.UNSUBSCRIBE, words[-1] if words else "")
    except LinkForged:
        raise Invalid(Fault(field="subject", reason="ends in no sign of ours")) from None
    if sort_of(claims.person_id) is not Sort.PERSON:
        _stopped(claims, asked)
        return Answer()
    preferring.in_programme(claims, programme_id, people=DynamoPeople())
    preferring.unsubscribe(claims, via=Via.MAIL, now=asked.now, people=DynamoPeople(), programmes=DynamoProgrammes())
    count("Unsubscribes")
    return Answer()


def _stranger(asked: Asked) -> Visit:
    return Visit(language=language_of(asked))


def _theirs(asked: Asked, claims: Claims) -> Visit:
    """Return the visit in the language and country of the link's person."""
    visit, category = _stranger(asked), category_name(claims.kind)
    recipient = DynamoPeople().load(claims.person_id, now=asked.now)
    if recipient is None:
        return Visit(language=visit.language, category=category)
    return Visit(language=recipient.language, country=recipient.country, category=category)


def _trouble(visit: Visit, error: Exception) -> Answer:
    failed(error)
    return word(visit, "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE)
