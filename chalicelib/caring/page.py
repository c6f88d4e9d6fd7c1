"""The small page behind a caring contact: one can write back there, or call for help, and read nothing."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from chalicelib.caring.domain import LONGEST_REPLY, Reply, reply_fault
from chalicelib.checkins.help_page import HelpPage, Pressed, is_page_id
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.ports import Desk
from chalicelib.edge import pages
from chalicelib.edge.pages import Shown, Visit
from chalicelib.errors import TooSoon
from chalicelib.helplines.domain import resources
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.links import LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients

FOLDER = Path(__file__).parent / "pages"
_MOST_FIELDS = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class WriteBack:
    """
    The page over what it needs.

    ``keep`` keeps a reply, as ``replying.write_back`` does; ``crises`` is what calls for help go into.
    """

    signer: Signer
    recipients: Recipients
    keep: Callable[[Reply], object]
    crises: Desk

    def show(self, visit: Visit) -> Shown:
        """Show the empty form, or why the link can't be used. Changes nothing (mail scanners follow every link)."""
        try:
            _, is_open, visit = self._known(visit)
        except LinkForged:
            return _said(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        return _form(visit) if is_open else _said(visit, "expired", status=HTTPStatus.GONE, offer_help=True)

    def take(self, visit: Visit, body: str) -> Shown:
        """Take what was written, or a call for help: with whatever link that counts, and text goes with it."""
        sent = _read(body)
        if sent.get("action") == "help":
            return self._help(visit, sent)
        try:
            recipient, is_open, visit = self._known(visit)
        except LinkForged:
            return _said(visit, "unknown", status=HTTPStatus.NOT_FOUND)
        if not is_open:
            return _said(visit, "expired", status=HTTPStatus.GONE, offer_help=True)
        reply = _reply(recipient, visit, sent)
        if fault := reply_fault(reply.text):
            return _form(replace(visit, page_id=reply.id), text=reply.text, fault=fault)
        if not self._kept(reply):
            return _said(visit, "full", status=HTTPStatus.TOO_MANY_REQUESTS, offer_help=True)
        return _said(visit, "thanks", offer_help=True)

    def _help(self, visit: Visit, sent: Mapping[str, str]) -> Shown:
        """
        Take a call for help, whatever is wrong with the link; then what was written beside it.

        :raises Exception: only if it could not be written down
        """
        helping = HelpPage(
            signer=self.signer, recipients=self.recipients, crises=self.crises, purpose=Purpose.WRITE_BACK
        )
        shown = helping.take(
            Pressed(
                token=visit.token,
                page_id=_page_id(visit, sent),
                address=visit.address,
                language=visit.language,
                now=visit.now,
            )
        )
        guarded(partial(self._keep_words, visit, sent), desk=self.crises)
        return shown

    def _keep_words(self, visit: Visit, sent: Mapping[str, str]) -> None:
        """Keep what was written when help was pressed; an expired link brings none."""
        try:
            recipient, is_open, visit = self._known(visit)
        except LinkForged:
            return
        reply = _reply(recipient, visit, sent)
        if is_open and reply_fault(reply.text) is None:
            self._kept(reply)

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


def _page_id(visit: Visit, sent: Mapping[str, str]) -> str:
    return sent["page"] if is_page_id(sent.get("page", "")) else visit.page_id


def _reply(recipient: Recipient, visit: Visit, sent: Mapping[str, str]) -> Reply:
    text = sent.get("text", "").replace("\r\n", "\n").strip()
    return Reply(id=_page_id(visit, sent), person_id=recipient.person_id, at=visit.now, text=text)


def _read(form: str) -> Mapping[str, str]:
    try:
        return {name: values[-1] for name, values in parse_qs(form, max_num_fields=_MOST_FIELDS).items()}
    except ValueError:
        # Too many fields for our form: it holds no words of ours. A call for help is one all the same.
        return {"action": "help"} if "action=help" in form else {}


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
