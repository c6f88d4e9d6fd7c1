"""What the doors of supporters take and show."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Wire
from chalicelib.family import words
from chalicelib.family.concerns import Worry
from chalicelib.family.domain import Tie, What
from chalicelib.family.seeing import View
from chalicelib.helplines.domain import resources
from chalicelib.outreach.wording import milestone_name


class ShownNumbers(Wire):
    """Whom to call."""

    emergency: str
    lifeline: str
    lifeline_text: str


class ShownNotice(Wire):
    """What goes with everything that is shown of a person (42 CFR 2.32)."""

    statement: str
    lines: list[str]


class ShownMilestone(Wire):
    """A milestone that was reached, without a date."""

    which: str
    text: str


class ShownAttendance(Wire):
    """Sessions of the last four weeks, as numbers."""

    came: int
    did_not: int
    text: str


class ShownProgress(Wire):
    """On how many days a check-in was done."""

    done: int
    of: int
    text: str


class ShownSession(Wire):
    """A family session."""

    id: str
    at: datetime
    minutes: int
    came: bool | None
    person_came: bool | None


class ShownAlert(Wire):
    """Whether the person could use their supporter now; then how to help, and whom to call."""

    alert: bool
    text: str | None
    how_to_help: list[str]


class ShownPerson(Wire):
    """What a supporter sees of a person. Null: not shared right now, and nothing says why."""

    id: str
    name: str
    words: str | None
    milestones: list[ShownMilestone] | None
    attendance: ShownAttendance | None
    progress: ShownProgress | None
    family_sessions: list[ShownSession] | None
    crisis: ShownAlert | None
    numbers: ShownNumbers
    notice: ShownNotice


class ShownSupported(Wire):
    """Somebody whom one supports."""

    id: str
    name: str


class SupportedList(Wire):
    """Whom one supports."""

    items: list[ShownSupported]


class ShownLesson(Wire):
    """A short lesson, with one thing to try."""

    id: str
    minutes: int
    title: str
    body: list[str]
    to_try: str
    done: bool


class LessonList(Wire):
    """All lessons, in the order in which they are meant to be read."""

    items: list[ShownLesson]


class ShownResource(Wire):
    """Something for supporters themselves."""

    title: str
    text: str


class ShownNews(Wire):
    """What is new of somebody whom one supports, since a week ago."""

    person: ShownPerson
    new: list[What]


class ShownUpdate(Wire):
    """The week: what is new, how to help, the next lesson, and what there is for oneself."""

    people: list[ShownNews]
    this_week: str
    next_lesson: ShownLesson | None
    for_yourself: list[ShownResource]


class NewConcern(Wire):
    """
    What one is worried about, for staff to read.

    ``mayName``: staff may tell the person whom it comes from; else they must not.
    """

    worry: Worry
    text: Annotated[str, Described(max_length=4000)] = ""
    may_name: bool = False


class ShownTaken(Wire):
    """
    What was taken down, and what to know at once.

    ``helpNow``: where to have the on-call team alerted; of a danger only.
    """

    id: str
    words: list[str]
    numbers: ShownNumbers
    help_now: str | None


class ShownHelp(Wire):
    """What there is for oneself, and what will happen."""

    words: str
    numbers: ShownNumbers
    resources: list[ShownResource]


def shown_numbers(country: str) -> ShownNumbers:
    """Show whom to call."""
    found = resources(country)
    return ShownNumbers(emergency=found.emergency, lifeline=found.lifeline, lifeline_text=found.lifeline_text)


def shown_person(tie: Tie, view: View, *, language: str, country: str) -> ShownPerson:
    """Show what a supporter sees of a person, in the supporter's language."""
    notice = words.notice(language)
    milestones, came, days = view.milestones, view.attendance, view.progress
    return ShownPerson(
        id=tie.id,
        name=view.name,
        words=None if view.shared else words.said("nothing", language),
        milestones=None
        if milestones is None
        else [ShownMilestone(which=name, text=milestone_name(name, language=language)) for name in milestones],
        attendance=None
        if came is None
        else ShownAttendance(
            came=came.came,
            did_not=came.did_not,
            text=words.said(
                "attendance" if came.came or came.did_not else "attendance_none",
                language,
                came=came.came,
                did_not=came.did_not,
            ),
        ),
        progress=None
        if days is None
        else ShownProgress(
            done=days.done,
            of=days.of,
            text=words.said("progress" if days.done else "progress_none", language, done=days.done, of=days.of),
        ),
        family_sessions=None
        if view.sessions is None
        else [
            ShownSession(id=one.id, at=one.at, minutes=one.minutes, came=one.came, person_came=one.person_came)
            for one in view.sessions
        ],
        crisis=_alert(view, language=language, country=country),
        numbers=shown_numbers(country),
        notice=ShownNotice(statement=notice.statement, lines=list(notice.lines)),
    )


def _alert(view: View, *, language: str, country: str) -> ShownAlert | None:
    if view.in_crisis is None:
        return None
    if not view.in_crisis:
        return ShownAlert(alert=False, text=None, how_to_help=[])
    return ShownAlert(
        alert=True,
        text=words.said("alert", language, name=view.name),
        how_to_help=list(words.lines("how_to_help", language, country=country)),
    )


def shown_lesson(lesson: words.Lesson, learned: Iterable[str]) -> ShownLesson:
    """Show a lesson, and whether one went through it."""
    return ShownLesson(
        id=lesson.id,
        minutes=lesson.minutes,
        title=lesson.title,
        body=list(lesson.body),
        to_try=lesson.to_try,
        done=lesson.id in set(learned),
    )


def shown_resources(language: str, country: str) -> list[ShownResource]:
    """Show what there is for supporters themselves."""
    found = words.for_yourself(language, country=country)
    return [ShownResource(title=one["title"], text=one["text"]) for one in found]
