"""The doors to kudos: leave them, read and hide one's own, and, for staff, let words through or turn them away."""

from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge import pages
from chalicelib.edge.http import Answer, Asked, Page, PageQuery, Wire
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Forbidden
from chalicelib.milestones import kudos
from chalicelib.milestones.doors import doors
from chalicelib.milestones.kudos import Kudos, State
from chalicelib.milestones.kudos_store import DynamoKudos
from chalicelib.milestones.store import DynamoStreaks
from chalicelib.outreach.store import DynamoDues
from chalicelib.outreach.wording import milestone_name
from chalicelib.privacy.domain import Act, Field, Relationship, Role, Rule

PHRASES = Path(__file__).parent / "kudos.json"
MOST_SHOWN = 200
_PEERS = frozenset({Role.PARTICIPANT, Role.ALUMNI})
_SHARED = "partner_share:milestones"
_CARE = frozenset({Role.CLINICIAN, Role.CASE_MANAGER, Role.PEER_SPECIALIST})
"""Who lets words through, and whose own words nobody has to."""


class NotTheirs(Forbidden):
    """Nobody leaves kudos for themselves, and only staff who hold the person decide on words."""


class LanguageQuery(Wire):
    """In which language."""

    locale: Annotated[str, Described(pattern=r"^[a-z]{2}(-[A-Z]{2})?$")] = "en"


class Phrase(Wire):
    """One of the phrases: its name, and what the receiver reads."""

    phrase: str
    text: str


class PhraseList(Wire):
    """All phrases that there are."""

    items: list[Phrase]


class NewKudos(Wire):
    """A kind word about a milestone (`d30`): a phrase, words of one's own, or both. Own words wait for staff."""

    which: Annotated[str, Described(pattern=r"^[a-z][0-9]{1,3}$")]
    phrase: Annotated[str | None, Described(max_length=40)] = None
    text: Annotated[str | None, Described(max_length=1000, description="At most 280 characters, without a link.")] = (
        None
    )


class LeftKudos(Wire):
    """What one left. ``waits``: staff read own words first; what became of them isn't said."""

    id: str
    which: str
    phrase: str | None
    text: str | None
    waits: bool


class ShownKudos(Wire):
    """A kind word, in the receiver's language. ``from``: a partner's first name; null for staff, and who isn't now."""

    id: str
    which: str
    milestone: str
    sender: Annotated[str | None, Described(alias="from")]
    by_staff: bool
    phrase: str | None
    text: str | None
    at: datetime


class KudosList(Wire):
    """What one can read, the latest first."""

    items: list[ShownKudos]


class Hidden(Wire):
    """Whether to hide it from oneself. The sender isn't told."""

    hidden: bool


class HeldKudos(Wire):
    """Words that wait for staff. Decide with ``version`` as If-Match."""

    id: str
    person_id: str
    which: str
    phrase: str | None
    text: str | None
    at: datetime
    version: int


class Decision(Wire):
    """Let the words through, or turn them away: the sender isn't told which."""

    let_through: bool


class DecidedKudos(Wire):
    """What was decided, by whom and when."""

    id: str
    state: State
    decided_by: str | None
    decided_at: datetime | None


@doors.door(
    "GET",
    "/programmes/{programme_id}/kudos-phrases",
    summary="The phrases that kudos can be",
    rule=Rule(act=Act.READ, field=Field.PROGRAMME, programme="programme_id", purpose="see what kudos can say"),
    query=LanguageQuery,
    answer=PhraseList,
)
def list_phrases(asked: Asked, programme_id: str) -> Answer:
    """List them."""
    del programme_id
    said = pages.words(PHRASES, asked.query.locale[:2])
    return Answer(body=PhraseList(items=[Phrase(phrase=name, text=text) for name, text in said.items()]))


@doors.door(
    "POST",
    "/people/{person_id}/kudos",
    summary="Leave a kind word about a milestone that one may see; again, while it can't be read, changes it",
    rule=Rule(act=Act.WRITE, field=Field.KUDOS, subject="person_id", purpose="leave a kind word"),
    body=NewKudos,
    answer=LeftKudos,
    status=HTTPStatus.CREATED,
    created=True,
)
def leave_kudos(asked: Asked, person_id: str) -> Answer:
    """Leave it."""
    body: NewKudos = asked.body
    grant, people = asked.granted, DynamoPeople()
    if grant.relationship is Relationship.SELF:
        raise NotTheirs("kudos are for somebody else")
    is_care = grant.role in _CARE
    own = doors.wiring.standings.person_of(asked.who.subject) if grant.role in _PEERS else None
    left = kudos.leave(
        person_id,
        body.which,
        sender=f"person:{own}" if own else f"staff:{asked.who.subject}",
        is_care=is_care,
        phrase=body.phrase,
        text=body.text,
        phrases=frozenset(pages.words(PHRASES, "en")),
        now=asked.now,
        people=people,
        streaks=DynamoStreaks(people),
        kept=DynamoKudos(),
        dues=DynamoDues(),
    )
    waits = left.text is not None and not is_care
    return Answer(body=LeftKudos(id=left.id, which=left.which, phrase=left.phrase, text=left.text, waits=waits))


@doors.door(
    "GET",
    "/people/{person_id}/kudos",
    summary="The kind words that were left for oneself, the latest first",
    rule=Rule(act=Act.READ, field=Field.KUDOS, subject="person_id", purpose="read kind words"),
    answer=KudosList,
)
def list_kudos(asked: Asked, person_id: str) -> Answer:
    """List what can be read and isn't hidden."""
    people = DynamoPeople()
    record = find_person(person_id, people=people)
    found = kudos.readable(person_id, now=asked.now, kept=DynamoKudos())[:MOST_SHOWN]
    said = pages.words(PHRASES, record.person.language[:2])
    # People choose what they are called, and whoever is no partner any more has nothing new to say.
    partners = doors.wiring.standings.ties_of(person_id, Relationship.PARTNER, now=asked.now) if found else {}
    senders = {one.sender.removeprefix("person:") for one in found if one.sender.startswith("person:")} & set(partners)
    names = {
        member.person_id: member.preferred_name or member.given_name
        for member in people.named(record.episode.programme_id, sorted(senders)).values()
    }
    items = [
        ShownKudos(
            id=one.id,
            which=one.which,
            milestone=milestone_name(one.which, language=record.person.language),
            sender=names.get(one.sender.removeprefix("person:")),
            by_staff=one.sender.startswith("staff:"),
            phrase=said.get(one.phrase) if one.phrase else None,
            text=one.text,
            at=one.visible_at or one.at,
        )
        for one in found
    ]
    return Answer(body=KudosList(items=items))


@doors.door(
    "PUT",
    "/people/{person_id}/kudos/{kudos_id}/hidden",
    summary="Hide a kind word from oneself, or show it again; the sender isn't told",
    rule=Rule(act=Act.WRITE, field=Field.KUDOS, subject="person_id", purpose="hide a kind word"),
    body=Hidden,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def hide_kudos(asked: Asked, person_id: str, kudos_id: str) -> Answer:
    """Hide it."""
    if asked.granted.relationship is not Relationship.SELF:
        raise NotTheirs("only they themselves hide what was left for them")
    kudos.hide(person_id, kudos_id, hidden=asked.body.hidden, now=asked.now, kept=DynamoKudos())
    return Answer()


@doors.door(
    "GET",
    "/programmes/{programme_id}/held-kudos",
    summary="Words that wait until staff let them through, the oldest first",
    rule=Rule(
        act=Act.LIST, field=Field.KUDOS, programme="programme_id", purpose="read words before they go on", narrows=True
    ),
    query=PageQuery,
    answer=Page[HeldKudos],
)
def list_held(asked: Asked, programme_id: str) -> Answer:
    """List a page; with a caseload of one's own fewer may be shown than were looked at."""
    found, last = DynamoKudos().held(programme_id, after=asked.after(prefix="20"), limit=asked.query.limit)
    if asked.granted.only_care_team:
        standings = {one.person_id: doors.wiring.standings.of_person(one.person_id, now=asked.now) for one in found}
        held = {who for who, standing in standings.items() if standing and asked.who.subject in standing.care_team}
        found = [one for one in found if one.person_id in held]
    return Answer(body=Page[HeldKudos](items=[_held(one) for one in found], next=asked.next(last)))


@doors.door(
    "POST",
    "/people/{person_id}/kudos/{kudos_id}/decision",
    summary="Let held words through, or turn them away, as they were read",
    rule=Rule(act=Act.WRITE, field=Field.KUDOS, subject="person_id", purpose="decide on words before they go on"),
    body=Decision,
    answer=DecidedKudos,
    edits=True,
)
def decide_on_kudos(asked: Asked, person_id: str, kudos_id: str) -> Answer:
    """Decide, and keep who did."""
    if asked.granted.relationship is not Relationship.CASELOAD:
        raise NotTheirs("only staff who hold the person decide on words")
    one = kudos.decide(
        person_id,
        kudos_id,
        lets_through=asked.body.let_through,
        by=asked.who.subject,
        version=asked.if_match or 0,
        may_still=lambda sender: _may_still(sender, person_id, asked),
        now=asked.now,
        people=DynamoPeople(),
        kept=DynamoKudos(),
        dues=DynamoDues(),
    )
    return Answer(body=DecidedKudos(id=one.id, state=one.state, decided_by=one.decided_by, decided_at=one.decided_at))


def _may_still(sender: str, person_id: str, asked: Asked) -> bool:
    """Say whether a sender is a partner with whom the person shares milestones at this moment."""
    record = find_person(person_id, people=DynamoPeople())
    partner = doors.wiring.standings.ties_of(person_id, Relationship.PARTNER, now=asked.now).get(
        sender.partition(":")[2]
    )
    return bool(partner and partner.shares) and _SHARED in record.live_consents(at=asked.now)


def _held(one: Kudos) -> HeldKudos:
    return HeldKudos(
        id=one.id,
        person_id=one.person_id,
        which=one.which,
        phrase=one.phrase,
        text=one.text,
        at=one.at,
        version=one.version,
    )
