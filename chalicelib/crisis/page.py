"""The small page on which whoever called sees how far their call is; it looks again by itself, without a script."""

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import partial
from http import HTTPStatus

from chalicelib.crisis import saying
from chalicelib.crisis.domain import Press
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.ports import Desk, Kept
from chalicelib.crisis.saying import FOLDER, Reader, reader_of
from chalicelib.crisis.telling import Progress, Promise, Stage, progress, promise
from chalicelib.edge import pages
from chalicelib.edge.pages import Shown
from chalicelib.outreach.links import Claims, LinkForged, Purpose, Signer
from chalicelib.outreach.ports import Recipients
from chalicelib.privacy.domain import ALL_PROGRAMMES
from chalicelib.staff.domain import Member

KIND = "help"
LASTS = timedelta(days=7)
"""How long the link to a call's state works."""


def token_of(call: Press, signer: Signer) -> str:
    """Return the token that lets its bearer see how far this one call is, and nothing else."""
    claims = Claims(
        person_id=call.id, kind=KIND, on=_date(call.at), channel_id="", revision=0, expires_at=call.at + LASTS
    )
    return signer.token(Purpose.HELP, claims)


def promise_of(call: Press, *, desk: Desk) -> Promise | None:
    """Return what may be said of the hour of a call; None if it isn't known whose hour it is, or mustn't be shown."""
    if call.programme_id == ALL_PROGRAMMES or call.is_hearsay:
        return None
    minutes = desk.programmes.minutes(call.programme_id)
    return promise(desk.on_call.on_duty(call.programme_id, at=call.at), minutes, at=call.at)


def progress_of(kept: Kept, *, desk: Desk) -> tuple[Progress, Member | None]:
    """Return how far a call is, and who has it, where that is known."""
    if kept.crisis_id is None:
        return Progress(stage=Stage.SENT, at=kept.press.at), None
    crisis = desk.crises.find(kept.crisis_id)
    found = progress(kept.press.at, kept.number, desk.crises.log(kept.crisis_id))
    who = desk.members.find(crisis.programme_id, found.by) if crisis and found.by else None
    return found, who


@dataclass(frozen=True, slots=True, kw_only=True)
class StatePage:
    """The page over its ports."""

    signer: Signer
    recipients: Recipients
    desk: Desk

    def show(self, token: str, *, language: str, now: datetime) -> Shown:
        """Show how far the call of this link is. Changes nothing."""
        unknown = Reader(language=language)
        try:
            claims = self.signer.open(Purpose.HELP, token)
        except LinkForged:
            return word(unknown, "unknown", status=HTTPStatus.NOT_FOUND)
        kept = self.desk.crises.kept(claims.person_id)
        if kept is None:
            return word(unknown, "unknown", status=HTTPStatus.NOT_FOUND)
        if now >= claims.expires_at:
            return word(unknown, "expired", status=HTTPStatus.GONE)
        person_id = kept.press.answers_to
        load = partial(self.recipients.load, person_id or "", now=now)
        reader = reader_of(guarded(load, desk=self.desk) if person_id else None, language=language)
        found, who = progress_of(kept, desk=self.desk)
        heading, lines = saying.stage(found, reader, who=who, now=now)
        if found.stage is Stage.SENT:
            promise = guarded(partial(promise_of, kept.press, desk=self.desk), desk=self.desk)
            lines += saying.promised(promise, reader, now=now)
        return _shown(reader, heading, lines, refresh=saying.refresh_after(found))


def trouble(language: str) -> Shown:
    """Show that something broke on our side, with the numbers to call."""
    return word(Reader(language=language), "trouble", status=HTTPStatus.SERVICE_UNAVAILABLE)


def word(reader: Reader, name: str, *, status: HTTPStatus) -> Shown:
    """Show one of the words that there are for when nothing can be shown."""
    shown = _shown(reader, saying.line(reader, name), saying.lines(reader, f"{name}_lines"), refresh=None)
    return Shown(html=shown.html, status=status)


def _shown(reader: Reader, heading: str, lines: list[str], *, refresh: int | None) -> Shown:
    say = saying.words(reader)
    html = pages.render(
        FOLDER,
        "state.html",
        language=reader.language,
        numbers=reader.numbers,
        title=say["title"],
        say=say,
        heading=heading,
        lines=lines,
        danger=reader.spoken["now"],
        refresh=refresh,
    )
    return Shown(html=html)


def _date(at: datetime) -> date:
    return at.astimezone(UTC).date()
