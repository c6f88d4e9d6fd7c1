"""The small page behind a hello: one can write back there, or call for help, and read nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from chalicelib.caring.domain import LONGEST_REPLY, Reply, reply_fault
from chalicelib.checkins.help_page import is_page_id
from chalicelib.edge import pages
from chalicelib.edge.pages import Shown
from chalicelib.errors import TooSoon
from chalicelib.helplines.domain import resources
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.links import LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients

FOLDER = Path(__file__).parent / "pages"
_MOST_FIELDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One request to the page: the link's token, the moment, a fresh id for the page that will be shown."""

    token: str
    now: datetime
    language: str
    page_id: str
    country: str = "US"


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBack:
    """
    The page over what it needs.

    ``keep`` keeps a reply, as ``replying.write_back`` does; ``help_for`` takes a person's call for help, by its id.
    """

    signer: Signer
    recipients: Recipients
    keep: Callable[[Reply], object]
    help_for: Callable[[Recipient, str, datetime], object]

    def show(self, visit: Visit) -> Shown:
        """Show the empty form, or why the link can't be used. Changes nothing (mail scanners follow every link)."""
        try:
            _, is_open, visit = self._known(visit)
        except LinkForged:
            return _said(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        return _form(visit) if is_open else _said(visit, "expired", status=HTTPStatus.GONE, offer_help=True)

    def take(self, visit: Visit, body: str) -> Shown:
        """Take what was written, or a call for help: with an expired link that still counts, and text goes with it."""
        try:
            recipient, is_open, visit = self._known(visit)
        except LinkForged:
            return _said(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        sent = _read(body)
        page_id = sent.get("page", "")
        reply = Reply(
            id=page_id if is_page_id(page_id) else visit.page_id,
            person_id=recipient.person_id,
            at=visit.now,
            text=sent.get("text", "").replace("\r\n", "\n").strip(),
        )
        fault = reply_fault(reply.text)
        if sent.get("action") == "help":
            # First, whatever becomes of the words.
            self.help_for(recipient, reply.id, visit.now)
            if fault is None and is_open:
                self._kept(reply)
            return _said(visit, "helped")
        if not is_open:
            return _said(visit, "expired", status=HTTPStatus.GONE, offer_help=True)
        if fault:
            return _form(replace(visit, page_id=reply.id), text=reply.text, fault=fault)
        if not self._kept(reply):
            return _said(visit, "full", status=HTTPStatus.TOO_MANY_REQUESTS, offer_help=True)
        return _said(visit, "thanks", offer_help=True)

    def _kept(self, reply: Reply) -> bool:
        try:
            self.keep(reply)
        except TooSoon:
            return False
        return True

    def _known(self, visit: Visit) -> tuple[Recipient, bool, Visit]:
        """
        Return whose link it is, whether it is still open, and the visit in their language and country.

        :raises LinkForged: if it isn't one of ours, or nobody's any more
        """
        claims = self.signer.open(Purpose.WRITE_BACK, visit.token)
        recipient = self.recipients.load(claims.person_id, now=visit.now)
        if recipient is None:
            raise LinkForged("whose link this is isn't known")
        channel = next((one for one in recipient.channels if one.id == claims.channel_id), None)
        is_open = visit.now < claims.expires_at and channel is not None and channel.revision == claims.revision
        return recipient, is_open, replace(visit, language=recipient.language, country=recipient.country)


def trouble(visit: Visit) -> Shown:
    """Show that something broke on our side, with the numbers to call: a person must never meet a blank page."""
    return _said(visit, "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE)


def _read(form: str) -> Mapping[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(form, max_num_fields=_MOST_FIELDS).items()}
    except ValueError:
        return {}


def _say(visit: Visit) -> dict[str, Any]:
    words = pages.words(FOLDER / "words.json", visit.language)
    numbers = resources(visit.country).spoken(visit.language)
    return dict(pages.filled(words, numbers | {"length": str(LONGEST_REPLY)}))


def _form(visit: Visit, *, text: str = "", fault: str | None = None) -> Shown:
    say = _say(visit)
    html = pages.render(
        FOLDER,
        "write.html",
        language=visit.language,
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        text=text,
        fault=say[fault] if fault else "",
        longest=LONGEST_REPLY,
        page_id=visit.page_id,
    )
    return Shown(html=html, status=HTTPStatus.UNPROCESSABLE_ENTITY if fault else HTTPStatus.OK)


def _said(visit: Visit, name: str, *, status: HTTPStatus = HTTPStatus.OK, offer_help: bool = False) -> Shown:
    say = _say(visit)
    heading, *lines = say[name]
    html = pages.render(
        FOLDER,
        "said.html",
        language=visit.language,
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        heading=heading,
        lines=lines,
        offer_help=offer_help,
        page_id=visit.page_id,
    )
    return Shown(html=html, status=status)
