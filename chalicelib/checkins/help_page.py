"""A call for help by the link of a page, whatever is wrong with the link, and the page that answers it."""

from dataclasses import dataclass
from datetime import datetime
from functools import partial
from pathlib import Path

from chalicelib.crisis import calling, saying, service
from chalicelib.crisis.calling import Caller, Sent
from chalicelib.crisis.domain import Door
from chalicelib.crisis.guarding import guarded, insisted
from chalicelib.crisis.page import promise_of, token_of
from chalicelib.crisis.ports import Desk
from chalicelib.crisis.saying import Reader
from chalicelib.edge import pages
from chalicelib.edge.pages import Shown
from chalicelib.outreach.domain import Recipient
from chalicelib.outreach.links import LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients

FOLDER = Path(__file__).parent / "pages"
PAGE_ID_LENGTH = 32


@dataclass(frozen=True, slots=True, kw_only=True)
class Pressed:
    """
    The button on one page: the link's token, and the page's id, by which pressing twice is one call.

    ``address``: where it comes from, by which calls are grouped of whom nothing else is known. ``by_answer``: nobody
    pressed it, but answers that could not be kept say that somebody has to come.
    """

    token: str
    page_id: str
    address: str
    language: str
    now: datetime
    by_answer: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpPage:
    """Takes the call over its ports. ``purpose``: of which links it is."""

    signer: Signer
    recipients: Recipients
    crises: Desk
    purpose: Purpose = Purpose.ANSWER

    def take(self, pressed: Pressed) -> Shown:
        """
        Take a call for help as of whoever the link names, or else of nobody known, and show what happens now.

        :raises Exception: only if it could not be written down
        """
        known = insisted(partial(self._named, pressed), desk=self.crises)
        door, recipient = known or (Door.UNSIGNED, None)
        if pressed.by_answer and door is Door.PAGE:
            door = Door.ANSWER
        caller = Caller(
            door=door,
            address=pressed.address,
            person_id=recipient.person_id if recipient else None,
            programme_id=recipient.programme_id if recipient else None,
        )
        sent = Sent(dropped=("answers",)) if pressed.by_answer else Sent()
        # Of a link that nobody signed the id goes by the link: by whom it names it would tell whether we know them.
        key = pressed.page_id if door is not Door.UNSIGNED else f"{pressed.token}#{pressed.page_id}"
        call = calling.call(caller, sent, key=key, at=pressed.now)
        call = service.press(call, now=pressed.now, desk=self.crises)
        reader = saying.reader_of(recipient if call.answers_to else None, language=pressed.language)
        promise = guarded(partial(promise_of, call, desk=self.crises), desk=self.crises)
        token = guarded(partial(token_of, call, self.signer), desk=self.crises)
        lines = [saying.line(reader, "answer_not_kept")] if pressed.by_answer else []
        return _called(reader, [*lines, *saying.promised(promise, reader, now=pressed.now)], token)

    def _named(self, pressed: Pressed) -> tuple[Door, Recipient | None]:
        """Return by which way a call came, and from whom, as far as can be read of the link."""
        try:
            person_id, door = self.signer.open(self.purpose, pressed.token).person_id, Door.PAGE
        except LinkForged:
            person_id, door = self.signer.claimed(self.purpose, pressed.token) or "", Door.UNSIGNED
        # What nobody signed must not get near a key of the table unless it looks like an id of ours.
        is_id = door is Door.PAGE or is_page_id(person_id)
        return door, self.recipients.load(person_id, now=pressed.now) if is_id else None


def is_page_id(text: str) -> bool:
    """Say whether this looks like an id that we made, for example a page's."""
    return len(text) == PAGE_ID_LENGTH and all(letter in "0123456789abcdef" for letter in text)


def _called(reader: Reader, lines: list[str], token: str | None) -> Shown:
    """Show that a call is sent, and what happens now; the page of how far it is follows by itself."""
    html = pages.render(
        FOLDER,
        "called.html",
        language=reader.language,
        numbers=reader.numbers,
        title=saying.line(reader, "title"),
        heading=saying.line(reader, "sent"),
        lines=lines,
        now=reader.spoken["now"],
        look=saying.line(reader, "look_again"),
        state=f"../h/{token}" if token else None,
    )
    return Shown(html=html)
