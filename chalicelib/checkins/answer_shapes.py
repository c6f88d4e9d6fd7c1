"""What the doors to a person's check-ins take and show."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal

from pydantic import Field as Described

from chalicelib.checkins import service
from chalicelib.checkins.domain import CheckIn, Source, names_opioids
from chalicelib.checkins.forms import DAILY, Choice, Form, Question
from chalicelib.checkins.sharing import said_back
from chalicelib.edge.http import Wire
from chalicelib.helplines.domain import overdose_lines

FormId = Literal["daily", "weekly"]


class ShownChoice(Wire):
    """One answer that may be chosen."""

    value: int | str
    text: str


class ShownQuestion(Wire):
    """
    A question. ``length``: a text of so many characters; else one of ``choices``. It may always be left out.

    ``after``: it is asked once the answers to these add up to ``atLeast``. ``about`` ``goals``: show the person's open
    goals (`GET /people/{person_id}/goals`) beside it.
    """

    id: str
    text: str
    choices: list[ShownChoice]
    length: int | None
    lowest: str | None
    highest: str | None
    after: list[str]
    at_least: int | None
    about: Literal["goals"] | None


class ShownSection(Wire):
    """Questions that belong together. ``licence``: of the instrument whose words they are."""

    title: str | None
    why: str | None
    intro: str | None
    instrument: str | None
    licence: str | None
    questions: list[ShownQuestion]


class ShownForm(Wire):
    """What a check-in asks, in the person's language."""

    form: FormId
    version: int
    hello: str
    intro: str
    why: Annotated[str, Described(description="Why it is asked, and who sees the answers.")]
    sections: list[ShownSection]


class AnswerSent(Wire):
    """An answer to a form. What is not in ``answers`` is missing, never zero."""

    form: FormId = "daily"
    form_version: Annotated[int | None, Described(description="The version that was shown; left out: the newest.")] = (
        None
    )
    on: Annotated[
        date | None,
        Described(description="Local date; left out: today, which begins at 04:00. Up to seven days back."),
    ] = None
    answers: Annotated[
        dict[
            Annotated[str, Described(max_length=40)],
            Annotated[Any, Described(json_schema_extra={"type": ["integer", "string"]})],
        ],
        Described(max_length=80, description="Question to the value of a choice, or to a text."),
    ]


class ShownScore(Wire):
    """A score. ``value`` is null where answers are missing; then it lies from ``lowest`` to ``highest``."""

    score: str
    value: int | None
    lowest: int
    highest: int
    band: str | None
    missing: list[str]


class ShownCheckIn(Wire):
    """What was answered, without texts (`…/texts` has those)."""

    form: FormId
    form_version: int
    on: date
    answers: dict[str, int | str]
    scores: list[ShownScore]
    answered_at: datetime
    changed: Annotated[int, Described(description="How often it was changed.")]
    source: Annotated[Source, Described(description="Of the last: `link`: not known to be the person.")]
    entered_by: Annotated[str | None, Described(description="The sign-in of the staff who entered it.")]
    disputed: bool
    told: Annotated[list[str], Described(description="The same in plain words, with a trend; never a diagnosis.")]
    safety: Annotated[list[str], Described(description="To be shown before all else: an answer that tells of opioids.")]


class CheckInList(Wire):
    """Check-ins, the newest first."""

    items: list[ShownCheckIn]


class Texts(Wire):
    """What the person wrote, by question."""

    texts: dict[str, str]


class FormQuery(Wire):
    """Which form."""

    form: FormId = "daily"


class SpanQuery(Wire):
    """From which local date to which; left out: the last four weeks."""

    first: Annotated[date | None, Described(alias="from")] = None
    last: Annotated[date | None, Described(alias="to")] = None


def shown_form(asked: Form, language: str) -> ShownForm:
    """Return a form in a language, without what isn't there in it."""
    said = asked.words[language]
    return ShownForm(
        form="daily" if asked.id == DAILY else "weekly",
        version=asked.version,
        hello=said["hello"],
        intro=said["intro"],
        why=said["why"],
        sections=[
            ShownSection(
                title=section.words.get(language, {}).get("title"),
                why=section.words.get(language, {}).get("why"),
                intro=section.instrument.intro[language] if section.instrument else None,
                instrument=section.instrument.title if section.instrument else None,
                licence=section.instrument.licence if section.instrument else None,
                questions=[_shown_question(question, language) for question in section.questions],
            )
            for section in asked.sections
            if section.asks_in(language)
        ],
    )


def _shown_question(question: Question, language: str) -> ShownQuestion:
    return ShownQuestion(
        id=question.id,
        text=question.words[language],
        choices=[_shown_choice(choice, language) for choice in question.choices],
        length=question.length or None,
        lowest=question.ends[0][language] if question.ends else None,
        highest=question.ends[1][language] if question.ends else None,
        after=list(question.after[0]) if question.after else [],
        at_least=question.after[1] if question.after else None,
        about="goals" if question.about == "goals" else None,
    )


def _shown_choice(choice: Choice, language: str) -> ShownChoice:
    return ShownChoice(value=choice.value, text=choice.words[language])


def shown_check_in(check_in: CheckIn, known: Sequence[CheckIn], *, language: str) -> ShownCheckIn:
    """Return a check-in, said back in a language; ``known`` are those of the weeks before."""
    last = check_in.revisions[-1]
    asked = service.form_answered(check_in.form, last.answer)
    texts = {question.id for question in asked.questions if question.length}
    first = check_in.on - service.REMEMBERED
    before = [one for one in known if first <= one.on < check_in.on and one.revisions]
    *_, history = service.histories(check_in, before)
    return ShownCheckIn(
        form="daily" if check_in.form == DAILY else "weekly",
        form_version=last.answer.form_version,
        on=check_in.on,
        answers={name: value for name, value in last.answer.values.items() if name not in texts},
        scores=[
            ShownScore(
                score=name,
                value=scored.value,
                lowest=scored.lowest,
                highest=scored.highest,
                band=scored.band,
                missing=list(scored.missing),
            )
            for name, scored in asked.scored(last.answer.values).items()
        ],
        answered_at=check_in.revisions[0].at,
        changed=len(check_in.revisions) - 1,
        source=last.source,
        entered_by=last.by,
        disputed=check_in.disputed_at is not None,
        told=said_back(history.told, asked, language=language),
        safety=list(overdose_lines(language)) if names_opioids(last.answer) else [],
    )
