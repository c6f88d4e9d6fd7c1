"""What the one-tap page looks like: the questions, a word, and the numbers to call on each."""

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from pathlib import Path
from typing import Any

from chalicelib.checkins.forms import DAILY, WEEKLY, Form, Question, form, versions
from chalicelib.edge import pages
from chalicelib.edge.pages import Shown, Visit
from chalicelib.errors import Fault
from chalicelib.helplines.domain import overdose_lines, resources

FOLDER = Path(__file__).parent / "pages"
ITEM_9 = "phq9.9"
"""Thoughts of being better off dead: whoever says so is told whom to call before anything else."""

REST = "rest"
"""Says that a page asked what the answers before it brought up."""


def _name_of(asked: Form) -> str:
    has_item_9 = any(question.id == ITEM_9 for question in asked.questions)
    return f"{asked.version}.{'9' if has_item_9 else '8'}"


SHOWN = {
    name: {
        _name_of(asked): asked
        for version in versions(name)
        for asked in (form(name, version, reads_item_9=True), form(name, version))
    }
    for name in (DAILY, WEEKLY)
}
"""Every form that a page may have shown, by what the page says of itself."""


def trouble(visit: Visit) -> Shown:
    """Show that something broke on our side, with the numbers to call: a person must never meet a blank page."""
    return word(visit, "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE, offer_help=True)


def _say(visit: Visit) -> dict[str, Any]:
    words = pages.words(FOLDER / "words.json", visit.language)
    said = pages.filled(words, resources(visit.country).spoken(visit.language))
    return {**said, "overdose_lines": overdose_lines(visit.language, visit.country)}


def questions(
    visit: Visit,
    asked: Form,
    *,
    given: Mapping[str, str] | None = None,
    only: Sequence[str] | None = None,
    first: Sequence[str] = (),
    faults: tuple[Fault, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Shown:
    """
    Show a form; ``only`` some of its questions, or those that nothing before them has to bring up.

    ``first``: names of words that come before all else.
    """
    say = _say(visit)
    sent = given or {}
    if sent.get("part") == REST or only is not None:
        part, wanted = REST, set(only or (question.id for question in asked.questions if question.after))
    else:
        part, wanted = "", {question.id for question in asked.questions if question.after is None}
    sections = [
        {
            "words": section.words.get(visit.language, {}),
            "intro": section.instrument.intro[visit.language] if section.instrument else "",
            "questions": [question for question in section.questions if question.id in wanted],
        }
        for section in asked.sections
        if section.asks_in(visit.language) and any(question.id in wanted for question in section.questions)
    ]
    html = pages.render(
        FOLDER,
        "check_in.html",
        language=visit.language,
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        words=asked.words[visit.language],
        part=part,
        shown=_name_of(asked),
        first=[line for key in first for line in say[key]],
        sections=sections,
        given=sent,
        faults=[_fault(asked, fault, visit.language, say) for fault in faults],
        page_id=visit.page_id,
    )
    return Shown(html=html, status=status)


def _fault(asked: Form, fault: Fault, language: str, say: Mapping[str, Any]) -> str:
    question = next((one for one in asked.questions if one.id == fault.field), None)
    if question is None:
        return str(say["faults"]["answers"])
    return f"{question.words[language]} {_wanted(question, fault, say)}"


def _wanted(question: Question, fault: Fault, say: Mapping[str, Any]) -> str:
    if question.length:
        return str(say["faults"]["text"]).format(length=question.length)
    return str(say["faults"]["at_most" if fault.reason.startswith("can't") else "choice"])


def word(
    visit: Visit,
    name: str,
    *,
    lines: tuple[str, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
    offer_change: bool = False,
    offer_help: bool = False,
) -> Shown:
    """Show one of the words that there are, with its lines (or those named), and the button where it is offered."""
    say = _say(visit)
    html = pages.render(
        FOLDER,
        "word.html",
        language=visit.language,
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        heading=say[name],
        lines=[line for key in lines or (f"{name}_lines",) for line in say[key]],
        offer_change=offer_change,
        offer_help=offer_help,
        page_id=visit.page_id,
    )
    return Shown(html=html, status=status)
