"""
The page behind each message after care: answer a hello, say how often, stay in touch or not, ask to talk to somebody.

Its link can add and read nothing: what it shows is the same for everybody who got the same sort of message.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from chalicelib.alumni import service
from chalicelib.checkins import service as checkins
from chalicelib.checkins.domain import CheckInLocked, Source, answer_to
from chalicelib.checkins.forms import DAILY, Form, form
from chalicelib.checkins.help_page import HelpPage, Pressed, is_page_id
from chalicelib.checkins.page import read_values
from chalicelib.checkins.ports import Desk
from chalicelib.edge import pages
from chalicelib.edge.pages import Shown, Visit
from chalicelib.enrollment.after_care import CONTACT, NotAfterCare, Pace
from chalicelib.enrollment.changing import People
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import HasDied
from chalicelib.enrollment.texts import current_text
from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.helplines.domain import resources
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import SILENT, Recipient
from chalicelib.outreach.kinds import HELLO, HELLO_NUDGE, LESS_NUDGE, MENTORING, STAY
from chalicelib.outreach.links import Claims, LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients

FOLDER = Path(__file__).parent / "pages"
MOST_FIELDS = 40
ASKED = form(DAILY)
"""What a hello asks: the same few questions as each day in care, since they say when somebody has to look."""

Met = Callable[[str, datetime], object]
"""Notes that a mentor said hello to whom they walk with."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AfterCare:
    """The page over its ports."""

    signer: Signer
    recipients: Recipients
    people: People
    tasks: service.Tasks
    desk: Desk
    met: Met

    def show(self, visit: Visit) -> Shown:
        """Show what the message is about. Changes nothing: mail scanners follow every link."""
        try:
            claims, recipient, visit = self._known(visit)
        except LinkForged:
            return _word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        if not _is_open(claims, recipient, visit):
            return _word(visit, "expired", status=HTTPStatus.GONE)
        return _page(visit, claims)

    def take(self, visit: Visit, body: str) -> Shown:  # noqa: PLR0911 (each return is one page)
        """Take what was sent. To ask for somebody is never too late, whatever became of the link."""
        sent = _read(body)
        action = sent.get("action", "")
        if action == "help":
            return self._help(visit, sent)
        try:
            claims, recipient, visit = self._known(visit)
        except LinkForged:
            recipient = None
        if recipient is None:
            return _word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        if action == "talk":
            return self._talk(recipient, visit)
        if not _is_open(claims, recipient, visit):
            return _word(visit, "expired", status=HTTPStatus.GONE)
        try:
            return self._taken(action, claims, recipient, visit, sent)
        except CheckInLocked:
            return _word(visit, "locked", status=HTTPStatus.CONFLICT)
        except NotAfterCare:
            # They are in care again, or left it in another way; the link must not say so.
            return _word(visit, "expired", status=HTTPStatus.GONE)
        except Conflict:
            return _word(visit, "trouble", status=HTTPStatus.CONFLICT)
        except Invalid as invalid:
            return _page(visit, claims, given=sent, faults=invalid.faults)

    def _taken(  # noqa: PLR0911 (as above)
        self, action: str, claims: Claims, recipient: Recipient, visit: Visit, sent: Mapping[str, str]
    ) -> Shown:
        will = Will(by=f"link:{claims.channel_id}", via=Via.LINK, ip=visit.address or None)
        match action:
            case "answer" if claims.kind in _ASKS:
                said = answer_to(ASKED, read_values(ASKED, sent))
                checkins.answer(recipient, claims.on, DAILY, said, now=visit.now, source=Source.LINK, desk=self.desk)
                if sent.get("pace"):
                    service.choose(claims.person_id, _pace(sent), now=visit.now, people=self.people)
                return _word(visit, "answered", paces=not sent.get("pace"))
            case "not_me" if claims.kind in _ASKS:
                checkins.dispute(claims.person_id, claims.on, DAILY, now=visit.now, check_ins=self.desk.check_ins)
                return _word(visit, "disputed")
            case "stay" if category_name(claims.kind) == STAY:
                service.stay(
                    claims.person_id,
                    _pace(sent),
                    text_version=int(sent["text"]) if sent.get("text", "").isdecimal() else 0,
                    locale=visit.language,
                    will=will,
                    now=visit.now,
                    people=self.people,
                )
                return _word(visit, "stayed")
            case "no" if category_name(claims.kind) == STAY:
                service.decline(claims.person_id, will=replace(will, by=""), now=visit.now, people=self.people)
                return _word(visit, "declined")
            case "pace":
                service.choose(claims.person_id, _pace(sent), now=visit.now, people=self.people)
                if claims.kind in _ASKS and any(sent.get(question.id) for question in ASKED.questions):
                    # What was filled in beside it isn't sent yet, and isn't lost either.
                    return _page(visit, claims, given=sent, paced=True)
                return _word(visit, "paced")
            case "met" if category_name(claims.kind) == MENTORING:
                self.met(claims.person_id, visit.now)
                return _word(visit, "met_done")
            case _:
                return _page(visit, claims)

    def _talk(self, recipient: Recipient, visit: Visit) -> Shown:
        try:
            service.way_back(recipient.person_id, now=visit.now, people=self.people, tasks=self.tasks)
        except HasDied:
            # Whoever holds this link gets numbers to call, and learns nothing.
            return _word(visit, "expired", status=HTTPStatus.GONE)
        return _word(visit, "talked")

    def _help(self, visit: Visit, sent: Mapping[str, str]) -> Shown:
        page_id = sent.get("page", "")
        pressed = Pressed(
            token=visit.token,
            page_id=page_id if is_page_id(page_id) else visit.page_id,
            address=visit.address,
            language=visit.language,
            now=visit.now,
        )
        page = HelpPage(signer=self.signer, recipients=self.recipients, crises=self.desk.crises, purpose=Purpose.ALUMNI)
        return page.take(pressed)

    def _known(self, visit: Visit) -> tuple[Claims, Recipient | None, Visit]:
        """Return what the link says, whose it is, and the visit in their language and country."""
        claims = self.signer.open(Purpose.ALUMNI, visit.token)
        recipient = self.recipients.load(claims.person_id, now=visit.now)
        if recipient:
            language = recipient.language if recipient.language in pages.LANGUAGES else visit.language
            visit = replace(visit, language=language, country=recipient.country)
        return claims, recipient, visit


_ASKS = frozenset({HELLO, HELLO_NUDGE})
"""Which messages lead to the questions of their date."""


def trouble(visit: Visit) -> Shown:
    """Show that something broke on our side, with the numbers to call: a person must never meet a blank page."""
    return _word(visit, "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE)


def _is_open(claims: Claims, recipient: Recipient | None, visit: Visit) -> bool:
    if recipient is None or visit.now >= claims.expires_at:
        return False
    if recipient.standing in SILENT and not recipient.graduated:
        return False
    return any((channel.id, channel.revision) == (claims.channel_id, claims.revision) for channel in recipient.channels)


def _read(body: str) -> dict[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(body, max_num_fields=MOST_FIELDS).items()}
    except ValueError:
        # Too many fields for our form: whatever it is, it says nothing.
        return {}


def _pace(sent: Mapping[str, str]) -> Pace:
    """
    Return the pace that was chosen: nothing is chosen for anybody, lest a program that follows links agrees for them.

    :raises Invalid: if none was
    """
    try:
        return Pace(sent.get("pace", ""))
    except ValueError:
        raise Invalid(Fault(field="pace", reason="must be chosen")) from None


def _page(
    visit: Visit,
    claims: Claims,
    *,
    given: Mapping[str, str] | None = None,
    faults: Sequence[Fault] = (),
    paced: bool = False,
) -> Shown:
    say = say_of(visit.language, visit.country)
    category = category_name(claims.kind)
    asks = claims.kind in _ASKS
    name = "hello" if asks else category if category in {STAY, MENTORING} else "other"
    heading, *lines = say["paced" if paced else name]
    asked: Form = ASKED
    return _rendered(
        visit,
        heading=heading,
        lines=lines,
        questions=[question for question in asked.questions if question.after is None] if asks else [],
        text=current_text(CONTACT, visit.language) if category == STAY else None,
        paces=list(Pace) if (asks and not paced) or category == STAY or claims.kind == LESS_NUDGE else [],
        pace_action="stay" if category == STAY else "pace",
        met=category == MENTORING,
        given=given or {},
        faults=[say["faults"].get(fault.field, say["faults"]["answers"]) for fault in faults],
        status=HTTPStatus.UNPROCESSABLE_ENTITY if faults else HTTPStatus.OK,
    )


def _word(visit: Visit, name: str, *, paces: bool = False, status: HTTPStatus = HTTPStatus.OK) -> Shown:
    heading, *lines = say_of(visit.language, visit.country)[name]
    return _rendered(
        visit,
        heading=heading,
        lines=lines,
        paces=list(Pace) if paces else [],
        # It was just asked for, or there is nobody known whom to call.
        talk=name not in {"talked", "unknown"},
        status=status,
    )


def say_of(language: str, country: str) -> dict[str, Any]:
    """Return the words of the page, with the numbers of a country."""
    words = pages.words(FOLDER / "words.json", language)
    return dict(pages.filled(words, resources(country).spoken(language)))


def _rendered(
    visit: Visit,
    *,
    heading: str,
    lines: Sequence[str],
    status: HTTPStatus,
    questions: Sequence[object] = (),
    text: object = None,
    paces: Sequence[Pace] = (),
    pace_action: str = "pace",
    met: bool = False,
    talk: bool = True,
    given: Mapping[str, str] | None = None,
    faults: Sequence[str] = (),
) -> Shown:
    say = say_of(visit.language, visit.country)
    html = pages.render(
        FOLDER,
        "touch.html",
        language=visit.language,
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        heading=heading,
        lines=lines,
        questions=questions,
        text=text,
        paces=[pace.value for pace in paces],
        pace_action=pace_action,
        met=met,
        talk=talk,
        given=given or {},
        faults=faults,
        page_id=visit.page_id,
    )
    return Shown(html=html, status=status)
