"""The doors to a person's days: what they reached, the date that they count from, and the word of a return to use."""

from datetime import date, time
from http import HTTPStatus
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field as Described

from chalicelib.edge import pages
from chalicelib.edge.http import Answer, Asked, Page, PageQuery, Wire
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.shapes import Clock
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, Invalid
from chalicelib.flags.store import DynamoCareRules
from chalicelib.helplines.domain import overdose_lines
from chalicelib.milestones import kudos_routes, programme_routes, service
from chalicelib.milestones.domain import Goal, NotTheirWord, Word
from chalicelib.milestones.doors import doors
from chalicelib.milestones.entering import enter
from chalicelib.milestones.progress import Progress, progress
from chalicelib.milestones.shapes import NewEntered, ShownEntered, ShownProgress, shown_entered, shown_progress
from chalicelib.milestones.store import DynamoAwards, DynamoEntries, DynamoStreaks
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.privacy.domain import Act, Field, Relationship, Role, Rule
from chalicelib.tasks.store import DynamoTasks

CalendarDate = date
__all__ = ["doors", "kudos_routes", "programme_routes"]

WORDS = Path(__file__).parent / "words.json"
"""What to say to whoever tells of a return to use (domain rules 2)."""
OPIOIDS = "opioids"
_CARE = frozenset({Role.CLINICIAN, Role.CASE_MANAGER})

WithPerson = Annotated[
    bool, Described(description="A clinician must say so: the person is with them, and it is the person's own word.")
]


class RecoveryDate(Wire):
    """
    The date that a person counts from.

    ``name``: what they call it (left out: as before); no message ever says it.
    """

    date: CalendarDate
    goal: Goal = Goal.ABSTINENCE
    name: Annotated[str | None, Described(max_length=200)] = None
    time: Annotated[
        Clock | None, Described(description="When to congratulate. Left out: as before, else with the check-ins.")
    ] = None
    with_person: WithPerson = False


class Lapse(Wire):
    """A return to use. ``on``: today if left out. ``startsOn``: the person wants to count anew from that date."""

    on: date | None = None
    of: Annotated[
        Literal["opioids", "other"] | None,
        Described(description="`opioids`: a clinician looks the same day, and `overdose` says what to know at once."),
    ] = None
    starts_on: date | None = None
    talk_today: Annotated[bool, Described(description="They want somebody to talk to them today.")] = False
    with_person: WithPerson = False


class Said(Wire):
    """What to say to whoever told of a return to use, in their language, and what the buttons below it are called."""

    said: list[str]
    asks: str
    help: str
    talk: str
    note: str
    safer: Annotated[str, Described(description="Show it to whoever may have used opioids; to all, if in doubt.")]
    overdose: Annotated[list[str], Described(description="To be shown first: of opioids. Else empty.")] = []  # noqa: RUF012 (pydantic copies it)


class LapseTaken(Wire):
    """The answer to a return to use: words, and what still stands."""

    words: Said
    progress: ShownProgress


@doors.door(
    "GET",
    "/people/{person_id}/milestones",
    summary="What a person reached, what comes next, and how many days",
    rule=Rule(act=Act.READ, field=Field.MILESTONES, subject="person_id", purpose="see milestones"),
    answer=ShownProgress,
)
def show_milestones(asked: Asked, person_id: str) -> Answer:
    """Show them; to who is no care of theirs only which, since dates and days tell of what ended."""
    people = DynamoPeople()
    found = progress(person_id, now=asked.now, people=people, streaks=DynamoStreaks(people))
    return _shown(found, in_full=_is_self(asked) or asked.granted.role in _CARE)


@doors.door(
    "PUT",
    "/people/{person_id}/recovery-date",
    summary="Say from which date a person counts; by themselves, or by a clinician with them",
    rule=Rule(act=Act.WRITE, field=Field.MILESTONES, subject="person_id", purpose="set the date to count from"),
    body=RecoveryDate,
    answer=ShownProgress,
    edits=True,
)
def set_recovery_date(asked: Asked, person_id: str) -> Answer:
    """Set it; what is not sent yet follows, and what was told stays."""
    sent: RecoveryDate = asked.body
    people = DynamoPeople()
    found = service.count_from(
        person_id,
        sent.date,
        goal=sent.goal,
        name=(sent.name or "").strip() or None,
        keeps_name="name" not in sent.model_fields_set,
        at=time.fromisoformat(sent.time) if sent.time else None,
        word=_word(asked, with_person=sent.with_person),
        version=asked.if_match or 0,
        now=asked.now,
        people=people,
        programmes=DynamoProgrammes(),
        streaks=DynamoStreaks(people),
        ledger=DynamoLedger(),
    )
    return _shown(found, in_full=True)


@doors.door(
    "POST",
    "/people/{person_id}/lapses",
    summary="Tell of a return to use; by themselves, or by a clinician with them. Nothing earned is taken away",
    rule=Rule(act=Act.WRITE, field=Field.MILESTONES, subject="person_id", purpose="tell of a return to use"),
    body=Lapse,
    answer=LapseTaken,
    status=HTTPStatus.CREATED,
    created=True,
)
def tell_of_lapse(asked: Asked, person_id: str) -> Answer:
    """Take the word, and answer with words of our own."""
    sent: Lapse = asked.body
    people = DynamoPeople()
    found = service.tell_of_lapse(
        person_id,
        sent.on,
        starts_on=sent.starts_on,
        talk_today=sent.talk_today,
        of_opioids=sent.of == OPIOIDS,
        word=_word(asked, with_person=sent.with_person),
        now=asked.now,
        people=people,
        streaks=DynamoStreaks(people),
        holds=DynamoHolds(),
        tasks=DynamoTasks(),
        care_rules=DynamoCareRules(),
    )
    language = found.record.person.language
    overdose = overdose_lines(language) if sent.of == OPIOIDS else ()
    words = Said.model_validate({**pages.words(WORDS, language), "overdose": list(overdose)})
    shown = shown_progress(found, DynamoAwards().of_person(person_id))
    return Answer(body=LapseTaken(words=words, progress=shown), etag=found.record.person.version)


@doors.door(
    "POST",
    "/people/{person_id}/achievements",
    summary="Write down an achievement or a breakthrough, in words; told to nobody",
    rule=Rule(act=Act.WRITE, field=Field.MILESTONES, subject="person_id", purpose="write down what was reached"),
    body=NewEntered,
    answer=ShownEntered,
    status=HTTPStatus.CREATED,
    created=True,
)
def enter_achievement(asked: Asked, person_id: str) -> Answer:
    """Keep it, with who wrote it."""
    sent: NewEntered = asked.body
    entry = enter(
        person_id,
        sent.sort,
        sent.on,
        sent.text,
        by=asked.who.subject,
        own=_is_self(asked),
        now=asked.now,
        people=DynamoPeople(),
        entries=DynamoEntries(),
        new_id=new_id,
    )
    return Answer(body=shown_entered(entry))


@doors.door(
    "GET",
    "/people/{person_id}/achievements",
    summary="What was written down as reached, the latest first",
    rule=Rule(act=Act.LIST, field=Field.FREE_TEXT, subject="person_id", purpose="see what was reached, in words"),
    query=PageQuery,
    answer=Page[ShownEntered],
)
def list_achievements(asked: Asked, person_id: str) -> Answer:
    """List a page: it is free text, for whoever may read that."""
    found, last = DynamoEntries().of_person(person_id, before=asked.after(prefix="ENTERED#"), limit=asked.query.limit)
    items = [shown_entered(entry) for entry in found]
    return Answer(body=Page[ShownEntered](items=items, next=asked.next(last)))


def _shown(found: Progress, *, in_full: bool) -> Answer:
    return Answer(
        body=shown_progress(found, DynamoAwards().of_person(found.record.person.id), in_full=in_full),
        # The version counts every change of the record: a return to use, a consent that was taken back.
        etag=found.record.person.version if in_full else None,
    )


def _is_self(asked: Asked) -> bool:
    return asked.granted.relationship is Relationship.SELF


def _word(asked: Asked, *, with_person: bool) -> Word:
    """
    Return whose word it goes by.

    :raises NotTheirWord: if they are neither the person nor a clinician
    :raises Invalid: if a clinician doesn't say that the person is with them
    """
    if _is_self(asked):
        return Word(by=asked.who.subject, at=asked.now)
    if not asked.who.has(Role.CLINICIAN, asked.granted.programme_id):
        raise NotTheirWord("only the person themselves, or a clinician with them, can say so")
    if not with_person:
        raise Invalid(Fault(field="withPerson", reason="must be true: it takes the person's own word"))
    return Word(by=asked.who.subject, at=asked.now, with_person=True)
