"""The page on which a notice is read: behind a signed link, the same for everybody, and it names nobody."""

from dataclasses import dataclass, replace
from datetime import date
from http import HTTPStatus
from pathlib import Path
from typing import Any

from chalicelib.edge import pages
from chalicelib.edge.pages import Shown, Visit
from chalicelib.helplines.domain import resources
from chalicelib.notices import reading, service
from chalicelib.notices.domain import NoticeOver
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.links import LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients
from chalicelib.outreach.recurrence import local_date

FOLDER = Path(__file__).parent / "pages"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """The page over its ports."""

    signer: Signer
    recipients: Recipients
    notices: service.Notices

    def show(self, visit: Visit) -> Shown:
        """Show the notice, or why it can't be read. Changes nothing: mail scanners follow every link."""
        try:
            claims = self.signer.open(Purpose.READ, visit.token)
        except LinkForged:
            return _word(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        recipient = self.recipients.load(claims.person_id, now=visit.now)
        if recipient:
            language = recipient.language if recipient.language in pages.LANGUAGES else visit.language
            visit = replace(visit, language=language, country=recipient.country)
        try:
            text = reading.read_notice(claims, recipient, now=visit.now, notices=self.notices)
        except NoticeOver:
            return _word(visit, "over", status=HTTPStatus.GONE)
        return _notice(visit, text, recipient)


def trouble(visit: Visit) -> Shown:
    """Show that something broke on our side, with the numbers to call: a person must never meet a blank page."""
    return _word(visit, "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE)


def paragraphs(text: str) -> list[list[str]]:
    """Return a text's paragraphs, each as its lines: blank lines part them."""
    return [part.split("\n") for part in (part.strip("\n") for part in text.split("\n\n")) if part]


def _say(language: str) -> dict[str, Any]:
    return pages.words(FOLDER / "words.json", language)


def _day(on: date, say: dict[str, Any]) -> str:
    return str(say["day"]).format(day=on.day, month=say["months"][on.month - 1], year=on.year)


def _notice(visit: Visit, text: reading.Text, recipient: Recipient | None) -> Shown:
    say = _say(visit.language)
    on = local_date(text.at, recipient.zone) if recipient else text.at.date()
    html = pages.render(
        FOLDER,
        "notice.html",
        language=visit.language,
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        sender=recipient.sender_name if recipient else "",
        on=on,
        day=_day(on, say),
        text_language=text.language,
        paragraphs=paragraphs(text.words),
    )
    return Shown(html=html)


def _word(visit: Visit, name: str, *, status: HTTPStatus) -> Shown:
    say = _say(visit.language)
    heading, *lines = say[name]
    html = pages.render(
        FOLDER,
        "word.html",
        language=visit.language,
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        heading=heading,
        lines=lines,
    )
    return Shown(html=html, status=status)
