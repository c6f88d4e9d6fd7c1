"""The one-tap check-in page: what a link shows and what it takes. It can add, and read nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from chalicelib.checkins import service
from chalicelib.checkins.asking import reads_item_9
from chalicelib.checkins.domain import Answer, CheckInLocked, Plan, Source, answer_to, names_opioids
from chalicelib.checkins.forms import CHANGE, DAILY, GOAL_STEP, WEEKLY, Form, Question, Value, form, versions
from chalicelib.checkins.help_page import HelpPage, Pressed, is_page_id
from chalicelib.checkins.ports import Desk
from chalicelib.edge import pages
from chalicelib.edge.pages import Shown
from chalicelib.errors import Fault, Invalid
from chalicelib.helplines.domain import overdose_lines, resources
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.links import Claims, LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients

FOLDER = Path(__file__).parent / "pages"
ITEM_9 = "phq9.9"
"""Thoughts of being better off dead: whoever says so is told whom to call before anything else."""

REST = "rest"
"""Says that a page asked what the answers before it brought up."""

OVERDOSE = "overdose"
"""Says that a page began with what to know of an overdose, so that the next one does, too."""

MOST_FIELDS = 80


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    One request to the page: the link's token, the moment, a fresh id for the page that will be shown.

    ``address``: where it comes from, by which calls for help are grouped of whom nothing else is known.
    """

    token: str
    now: datetime
    language: str
    page_id: str
    country: str = "US"
    address: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTap:
    """The page over its ports."""

    signer: Signer
    recipients: Recipients
    desk: Desk

    def show(self, visit: Visit) -> Shown:
        """Show the questions, or why the link can't be used. Changes nothing (mail scanners follow every link)."""
        try:
            claims, recipient, visit = self._known(visit)
            who, check_in = service.open_link(claims, recipient, now=visit.now, check_ins=self.desk.check_ins)
        except LinkForged:
            return _word(visit, "unknown", status=HTTPStatus.NOT_FOUND, offer_help=True)
        except service.LinkExpired:
            return _word(visit, "expired", status=HTTPStatus.GONE, offer_help=True)
        locks_at = check_in.locks_at()
        if locks_at and visit.now >= locks_at:
            return _word(visit, "locked", offer_help=True)
        return _questions(visit, self._form(claims, who, visit.now))

    def take(self, visit: Visit, body: str) -> Shown:  # noqa: PLR0911 (each return is one page)
        """Take what was sent: an answer, a call for help, or word that the link reached somebody else."""
        sent = _read(body)
        if sent.get("action") == "help":
            return self._called_for_help(visit, sent.get("page", ""))
        try:
            claims, recipient, visit = self._known(visit)
        except LinkForged:
            return _word(visit, "unknown", status=HTTPStatus.NOT_FOUND, offer_help=True)
        try:
            who, _ = service.open_link(claims, recipient, now=visit.now, check_ins=self.desk.check_ins)
        except service.LinkExpired:
            return _word(visit, "expired", status=HTTPStatus.GONE, offer_help=True)
        asked = self._form(claims, who, visit.now, sent)
        try:
            if sent.get("action") == "not_me":
                return self._not_me(claims, visit)
            return self._answer(asked, claims, who, visit, sent)
        except CheckInLocked:
            return _word(visit, "locked", status=HTTPStatus.CONFLICT, offer_help=True)
        except service.ChangedMeanwhile:
            return _word(visit, "trouble", status=HTTPStatus.CONFLICT, offer_change=True, offer_help=True)
        except Invalid as invalid:
            return _questions(visit, asked, given=sent, faults=invalid.faults, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def _called_for_help(self, visit: Visit, page_id: str) -> Shown:
        pressed = Pressed(
            token=visit.token,
            page_id=page_id if is_page_id(page_id) else visit.page_id,
            address=visit.address,
            language=visit.language,
            now=visit.now,
        )
        return HelpPage(signer=self.signer, recipients=self.recipients, crises=self.desk.crises).take(pressed)

    def _form(self, claims: Claims, recipient: Recipient, now: datetime, sent: Mapping[str, str] | None = None) -> Form:
        """Return the form that is shown, or that was: what is answered on an open page is read as it was asked."""
        name = service.form_of(claims.kind)
        shown = (sent or {}).get("shown", "")
        if shown in _SHOWN[name]:
            return _SHOWN[name][shown]
        reads = name == WEEKLY and reads_item_9(recipient.programme_id, now=now, desk=self.desk)
        return form(name, reads_item_9=reads)

    def _answer(
        self, asked: Form, claims: Claims, recipient: Recipient, visit: Visit, sent: Mapping[str, str]
    ) -> Shown:
        values = read_values(asked, sent)
        is_rest = sent.get("part") == REST
        # What is shown goes by what this page sends, not by what is stored: a forwarded link must read nothing out.
        sent_now = Answer(form_version=asked.version, values=values)
        first = ("overdose_lines",) if names_opioids(sent_now) or sent.get("first") == OVERDOSE else ()
        before = self.desk.check_ins.get(claims.person_id, claims.on, asked.id).answer if is_rest else None
        if before and not values:
            return _word(visit, "thanks", lines=(*first, "thanks_lines"), offer_help=True)
        said = answer_to(asked, {**(before.values if before else {}), **values})
        service.answer(recipient, claims.on, asked.id, said, now=visit.now, source=Source.LINK, desk=self.desk)
        left = [] if is_rest else asked.left_to_ask(said.values, language=visit.language)
        if left:
            return _questions(visit, asked, only=left, first=first)
        lines = [*first, "thanks_lines"]
        if values.get(GOAL_STEP) == CHANGE:
            lines.insert(0, "goal_lines")
        if sent_now.plan is Plan.TALK:
            lines.insert(0, "talk_lines")
        if values.get(ITEM_9, 0):
            lines.insert(0, "harm_lines")
        return _word(visit, "thanks", lines=tuple(lines), offer_change=True, offer_help=True)

    def _not_me(self, claims: Claims, visit: Visit) -> Shown:
        service.dispute(
            claims.person_id, claims.on, service.form_of(claims.kind), now=visit.now, check_ins=self.desk.check_ins
        )
        return _word(visit, "disputed", offer_help=True)

    def _known(self, visit: Visit) -> tuple[Claims, Recipient | None, Visit]:
        """Return what the link says, whose it is, and the visit in their language and country."""
        claims = self.signer.open(Purpose.ANSWER, visit.token)
        recipient = self.recipients.load(claims.person_id, now=visit.now)
        if recipient:
            visit = replace(visit, language=recipient.language, country=recipient.country)
        return claims, recipient, visit


def _name_of(asked: Form) -> str:
    has_item_9 = any(question.id == ITEM_9 for question in asked.questions)
    return f"{asked.version}.{'9' if has_item_9 else '8'}"


_SHOWN = {
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
    return _word(visit, "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE)


def _read(form: str) -> dict[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(form, max_num_fields=MOST_FIELDS).items()}
    except ValueError:
        # Too many fields for our form: whatever it is, it holds no answer. A call for help is one all the same.
        return {"action": "help"} if "action=help" in form else {}


def read_values(asked: Form, sent: Mapping[str, str]) -> dict[str, Value]:
    """Return what was sent for each question, as a choice's value where it is one; what was left out is missing."""
    values: dict[str, Value] = {}
    for question in asked.questions:
        text = sent.get(question.id, "")
        if text:
            values[question.id] = next((one.value for one in question.choices if str(one.value) == text), text)
    return values


def _say(visit: Visit) -> dict[str, Any]:
    words = pages.words(FOLDER / "words.json", visit.language)
    said = pages.filled(words, resources(visit.country).spoken(visit.language))
    return {**said, "overdose_lines": overdose_lines(visit.language, visit.country)}


def _questions(
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


def _word(
    visit: Visit,
    name: str,
    *,
    lines: tuple[str, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
    offer_change: bool = False,
    offer_help: bool = False,
) -> Shown:
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
