"""The one-tap check-in page: what a link shows and what it takes. It can add, and read nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from http import HTTPStatus
from urllib.parse import parse_qs

from chalicelib.checkins import service
from chalicelib.checkins.asking import reads_item_9
from chalicelib.checkins.domain import Answer, CheckInLocked, Plan, Source, answer_to, names_opioids
from chalicelib.checkins.forms import CHANGE, GOAL_STEP, WEEKLY, Form, Value, form
from chalicelib.checkins.help_page import HelpPage, Pressed, is_page_id
from chalicelib.checkins.ports import Desk
from chalicelib.checkins.showing import ITEM_9, REST, SHOWN, questions, word
from chalicelib.crisis.guarding import guarded
from chalicelib.edge.pages import Shown, Visit
from chalicelib.errors import Invalid
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.links import Claims, LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients

OVERDOSE = "overdose"
"""Says that a page began with what to know of an overdose, so that the next one does, too."""

MOST_FIELDS = 80


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
            return word(visit, "unknown", status=HTTPStatus.NOT_FOUND, offer_help=True)
        except service.LinkExpired:
            return word(visit, "expired", status=HTTPStatus.GONE, offer_help=True)
        locks_at = check_in.locks_at()
        if locks_at and visit.now >= locks_at:
            return word(visit, "locked", offer_help=True)
        return questions(visit, self._form(claims, who, visit.now))

    def take(self, visit: Visit, body: str) -> Shown:
        """
        Take what was sent: an answer, a call for help, or word that the link reached somebody else.

        An answer that can't be taken and raises a crisis is a call for help, as if the button had been pressed.
        """
        sent = _read(body)
        if sent.get("action") == "help":
            return self._called_for_help(visit, sent)
        try:
            claims, recipient, visit = self._known(visit)
        except LinkForged:
            return word(visit, "unknown", status=HTTPStatus.NOT_FOUND, offer_help=True)
        try:
            who, _ = service.open_link(claims, recipient, now=visit.now, check_ins=self.desk.check_ins)
            if sent.get("action") == "not_me":
                return self._not_me(claims, visit)
            return self._answer(self._form(claims, who, visit.now, sent), claims, who, visit, sent)
        except service.LinkExpired:
            refused = word(visit, "expired", status=HTTPStatus.GONE, offer_help=True)
        except CheckInLocked:
            refused = word(visit, "locked", status=HTTPStatus.CONFLICT, offer_help=True)
        except service.ChangedMeanwhile:
            refused = word(visit, "trouble", status=HTTPStatus.CONFLICT, offer_change=True, offer_help=True)
        except Invalid as invalid:
            asked = self._form(claims, who, visit.now, sent)
            status = HTTPStatus.UNPROCESSABLE_ENTITY
            refused = questions(visit, asked, given=sent, faults=invalid.faults, status=status)
        is_call = recipient is not None and guarded(
            partial(self._is_call, claims, recipient, visit, sent), desk=self.desk.crises
        )
        return self._called_for_help(visit, sent, by_answer=True) if is_call else refused

    def _is_call(self, claims: Claims, who: Recipient, visit: Visit, sent: Mapping[str, str]) -> bool:
        if sent.get("action") == "not_me":
            return False
        asked = self._form(claims, who, visit.now, sent)
        values = read_values(asked, sent)
        return service.calls_for_help(who, claims.on, asked, values, now=visit.now, desk=self.desk)

    def _called_for_help(self, visit: Visit, sent: Mapping[str, str], *, by_answer: bool = False) -> Shown:
        page_id = sent.get("page", "")
        pressed = Pressed(
            token=visit.token,
            page_id=page_id if is_page_id(page_id) else visit.page_id,
            address=visit.address,
            language=visit.language,
            now=visit.now,
            by_answer=by_answer,
        )
        return HelpPage(signer=self.signer, recipients=self.recipients, crises=self.desk.crises).take(pressed)

    def _form(self, claims: Claims, recipient: Recipient, now: datetime, sent: Mapping[str, str] | None = None) -> Form:
        """Return the form that is shown, or that was: what is answered on an open page is read as it was asked."""
        name = service.form_of(claims.kind)
        shown = (sent or {}).get("shown", "")
        if shown in SHOWN[name]:
            return SHOWN[name][shown]
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
            return word(visit, "thanks", lines=(*first, "thanks_lines"), offer_help=True)
        said = answer_to(asked, {**(before.values if before else {}), **values})
        service.answer(recipient, claims.on, asked.id, said, now=visit.now, source=Source.LINK, desk=self.desk)
        left = [] if is_rest else asked.left_to_ask(said.values, language=visit.language)
        if left:
            return questions(visit, asked, only=left, first=first)
        lines = [*first, "thanks_lines"]
        if values.get(GOAL_STEP) == CHANGE:
            lines.insert(0, "goal_lines")
        if sent_now.plan is Plan.TALK:
            lines.insert(0, "talk_lines")
        if values.get(ITEM_9, 0):
            lines.insert(0, "harm_lines")
        return word(visit, "thanks", lines=tuple(lines), offer_change=True, offer_help=True)

    def _not_me(self, claims: Claims, visit: Visit) -> Shown:
        service.dispute(
            claims.person_id, claims.on, service.form_of(claims.kind), now=visit.now, check_ins=self.desk.check_ins
        )
        return word(visit, "disputed", offer_help=True)

    def _known(self, visit: Visit) -> tuple[Claims, Recipient | None, Visit]:
        """Return what the link says, whose it is, and the visit in their language and country."""
        claims = self.signer.open(Purpose.ANSWER, visit.token)
        recipient = self.recipients.load(claims.person_id, now=visit.now)
        if recipient:
            visit = replace(visit, language=recipient.language, country=recipient.country)
        return claims, recipient, visit


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
