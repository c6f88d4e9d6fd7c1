"""The one-tap check-in page: what a link shows and what it takes. It can add, and read nothing."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from chalicelib.checkins import service
from chalicelib.checkins.domain import NOTE_LENGTH, Answer, CheckInLocked, Plan, Source
from chalicelib.crisis.domain import resources
from chalicelib.edge import pages
from chalicelib.edge.pages import Shown
from chalicelib.enrollment.holds import Holds
from chalicelib.errors import Fault, Invalid
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.links import Claims, LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients

FOLDER = Path(__file__).parent / "pages"
PAGE_ID_LENGTH = 32
MOST_FIELDS = 20


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request to the page: the link's token, the moment, a fresh id for the page that will be shown."""

    token: str
    now: datetime
    language: str
    page_id: str
    country: str = "US"


@dataclass(frozen=True, slots=True, kw_only=True)
class OneTap:
    """The page over its ports."""

    signer: Signer
    recipients: Recipients
    check_ins: service.CheckIns
    help_requests: service.HelpRequests
    holds: Holds

    def show(self, visit: Visit) -> Shown:
        """Show the questions, or why the link can't be used. Changes nothing (mail scanners follow every link)."""
        try:
            claims, recipient, visit = self._known(visit)
            check_in = service.open_link(claims, recipient, now=visit.now, check_ins=self.check_ins)
        except LinkForged:
            return _word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        except service.LinkExpired:
            return _word(visit, "expired", status=HTTPStatus.GONE, offer_help=True)
        locks_at = check_in.locks_at()
        if locks_at and visit.now >= locks_at:
            return _word(visit, "locked", offer_help=True)
        return _questions(visit)

    def take(self, visit: Visit, form: str) -> Shown:  # noqa: PLR0911 (each return is one page)
        """Take what was sent: an answer, a call for help, or word that the link reached somebody else."""
        try:
            claims, recipient, visit = self._known(visit)
        except LinkForged:
            return _word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        sent = _read(form)
        if sent.get("action") == "help":
            return self._help(recipient, visit, sent)
        try:
            service.open_link(claims, recipient, now=visit.now, check_ins=self.check_ins)
            return self._not_me(claims, visit) if sent.get("action") == "not_me" else self._answer(claims, visit, sent)
        except service.LinkExpired:
            return _word(visit, "expired", status=HTTPStatus.GONE, offer_help=True)
        except CheckInLocked:
            return _word(visit, "locked", status=HTTPStatus.CONFLICT, offer_help=True)
        except service.ChangedMeanwhile:
            return _word(visit, "trouble", status=HTTPStatus.CONFLICT, offer_change=True, offer_help=True)
        except Invalid as invalid:
            return _questions(visit, given=sent, faults=invalid.faults, status=HTTPStatus.UNPROCESSABLE_ENTITY)

    def _answer(self, claims: Claims, visit: Visit, sent: Mapping[str, str]) -> Shown:
        said = read_answer(sent)
        service.answer(claims.person_id, claims.on, said, now=visit.now, source=Source.LINK, check_ins=self.check_ins)
        lines = ("talk_lines", "thanks_lines") if said.plan is Plan.TALK else ("thanks_lines",)
        return _word(visit, "thanks", lines=lines, offer_change=True, offer_help=True)

    def _not_me(self, claims: Claims, visit: Visit) -> Shown:
        service.dispute(claims.person_id, claims.on, now=visit.now, check_ins=self.check_ins)
        return _word(visit, "disputed", offer_help=True)

    def _known(self, visit: Visit) -> tuple[Claims, Recipient | None, Visit]:
        """Return what the link says, whose it is, and the visit in their language and country."""
        claims = self.signer.open(Purpose.ANSWER, visit.token)
        recipient = self.recipients.load(claims.person_id, now=visit.now)
        if recipient:
            visit = replace(visit, language=recipient.language, country=recipient.country)
        return claims, recipient, visit

    def _help(self, recipient: Recipient | None, visit: Visit, sent: Mapping[str, str]) -> Shown:
        if recipient is None:
            return _word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        page_id = sent.get("page", "")
        service.ask_for_help(
            recipient,
            request_id=page_id if is_page_id(page_id) else visit.page_id,
            verified=False,
            now=visit.now,
            help_requests=self.help_requests,
            holds=self.holds,
        )
        return _word(visit, "helped")


def trouble(visit: Visit) -> Shown:
    """Show that something broke on our side, with the numbers to call: a person must never meet a blank page."""
    return _word(visit, "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE)


def _read(form: str) -> dict[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(form, max_num_fields=MOST_FIELDS).items()}
    except ValueError:
        # Too many fields for our form: whatever it is, it holds no answer.
        return {}


def is_page_id(text: str) -> bool:
    """Say whether this looks like an id that a page was given."""
    return len(text) == PAGE_ID_LENGTH and all(letter in "0123456789abcdef" for letter in text)


def read_answer(sent: Mapping[str, str]) -> Answer:
    """
    Return the answer that a form holds; what was left out stays missing.

    :raises Invalid: names each field that can't be
    """
    faults = []
    scales: dict[str, int | None] = {}
    for name in ("mood", "craving"):
        text = sent.get(name, "").strip()
        scales[name] = int(text) if text.isascii() and text.isdigit() and len(text) <= len("10") else None
        if text and scales[name] is None:
            faults.append(Fault(field=name, reason="must be a whole number from 0 to 10"))
    plan = sent.get("plan", "")
    if plan and plan not in set(Plan):
        faults.append(Fault(field="plan", reason=f"must be one of {', '.join(Plan)}"))
    if faults:
        raise Invalid(*faults)
    return Answer(**scales, plan=Plan(plan) if plan else None, note=sent.get("note", "").replace("\r\n", "\n").strip())


def _say(language: str) -> dict[str, Any]:
    return pages.words(FOLDER / "words.json", language)


def _questions(
    visit: Visit,
    *,
    given: Mapping[str, str] | None = None,
    faults: tuple[Fault, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
) -> Shown:
    say = _say(visit.language)
    html = pages.render(
        FOLDER,
        "check_in.html",
        language=visit.language,
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        given={name: (given or {}).get(name, "") for name in ("mood", "craving", "plan", "note")},
        faults=[say["faults"][fault.field] for fault in faults],
        note_length=NOTE_LENGTH,
        page_id=visit.page_id,
    )
    return Shown(html=html, status=status)


def _word(
    visit: Visit,
    name: str,
    *,
    lines: tuple[str, ...] = (),
    status: HTTPStatus = HTTPStatus.OK,
    offer_change: bool = False,
    offer_help: bool = False,
) -> Shown:
    say = _say(visit.language)
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
