"""The doors to what a person agreed to, and to the texts."""

from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.enrollment import agreeing
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.shapes import ConsentList, LocaleQuery, NewConsent, ShownConsent, ShownText
from chalicelib.enrollment.showing import shown_consent
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.enrollment.texts import current_text
from chalicelib.errors import Invalid, NotFound
from chalicelib.privacy.domain import Act, Field, Public, Relationship, Rule


@doors.door(
    "GET",
    "/consent-texts/{scope}",
    summary="The text that is to be shown for a consent now",
    rule=Public(reason="The texts are the same for everybody and name nobody."),
    query=LocaleQuery,
    answer=ShownText,
)
def show_text(asked: Asked, scope: str) -> Answer:
    """Show it."""
    try:
        text = current_text(scope, asked.query.locale)
    except Invalid:
        raise NotFound("There is no such text.") from None
    return Answer(body=ShownText.model_validate(text, from_attributes=True))


@doors.door(
    "GET",
    "/people/{person_id}/consents",
    summary="Everything that a person agreed to and took back",
    rule=Rule(act=Act.LIST, field=Field.CONSENTS, subject="person_id", purpose="see what somebody agreed to"),
    answer=ConsentList,
)
def list_consents(asked: Asked, person_id: str) -> Answer:
    """List the rows, oldest first."""
    record = find_person(person_id, people=DynamoPeople())
    live = record.live_consents(at=asked.now)
    rows = sorted(record.consents, key=lambda row: (row.at, row.scope))
    return Answer(body=ConsentList(items=[shown_consent(row, live=live) for row in rows]))


@doors.door(
    "POST",
    "/people/{person_id}/consents",
    summary="Record that a person agrees to the text that they were shown",
    rule=Rule(act=Act.WRITE, field=Field.CONSENTS, subject="person_id", purpose="record an agreement"),
    body=NewConsent,
    answer=ShownConsent,
    status=HTTPStatus.CREATED,
    created=True,
)
def grant_consent(asked: Asked, person_id: str) -> Answer:
    """Record it."""
    sent: NewConsent = asked.body
    row = agreeing.grant(
        person_id,
        sent.scope,
        value=sent.value,
        text_version=sent.text_version,
        locale=sent.locale,
        will=_will(asked, person_id),
        expires_at=sent.expires_at,
        now=asked.now,
        people=DynamoPeople(),
    )
    return Answer(body=shown_consent(row, live={row.scope: row}))


@doors.door(
    "POST",
    "/people/{person_id}/consents/{scope}/revocations",
    summary="Record that a person takes a consent back; it holds at once",
    rule=Rule(
        act=Act.WRITE, field=Field.CONSENTS, subject="person_id", purpose="record that an agreement is taken back"
    ),
    answer=ShownConsent,
    status=HTTPStatus.CREATED,
    created=True,
)
def revoke_consent(asked: Asked, person_id: str, scope: str) -> Answer:
    """Record it."""
    row = agreeing.revoke(person_id, scope, will=_will(asked, person_id), now=asked.now, people=DynamoPeople())
    return Answer(body=shown_consent(row, live={}))


def _will(asked: Asked, person_id: str) -> Will:
    is_self = asked.granted.relationship is Relationship.SELF
    return Will(
        by=asked.who.subject,
        via=Via.WEB if is_self else Via.STAFF,
        on_behalf_of=None if is_self else person_id,
        ip=asked.source_ip or None,
    )
