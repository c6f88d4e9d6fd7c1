"""
Send one notice to many: take it, fan it out page by page, push on what got stuck, cancel it.

A page may be done any number of times, even twice at once: who is on it is written first and once, their due rows are
the same each time, and progress moves on behind a condition (docs/decisions/0020-fan-out.md).
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from chalicelib.notices.domain import (
    PAGE,
    Audience,
    Member,
    NoSuchNotice,
    Notice,
    NoticeTaken,
    Page,
    Stage,
    clean,
    must_be_sound,
    notice_id_of,
    soonest,
)
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.service import STILL_LOOKED_AT

REMEMBERED_FOR = timedelta(seconds=5)
"""How long a process goes by what it last read of a notice before it asks again whether it was cancelled."""

MOST_REMEMBERED = 100


class Notices(Protocol):
    """Where notices and the pages of their recipients are kept."""

    def add(self, notice: Notice) -> Notice:
        """Keep a new notice; return the one that is kept under its id, which may have been there already."""
        ...

    def find(self, notice_id: str) -> Notice | None:
        """Return it as it is now; None if there is none."""
        ...

    def of_programme(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Notice], str | None]:
        """Return notices of a programme, newest first, and the key to go on after; None at the end."""
        ...

    def begun(self, *, by: datetime) -> list[Notice]:
        """Return those whose fan-out began by this instant and isn't known to be over."""
        ...

    def keep_page(self, notice_id: str, page: Page) -> Page:
        """Write who is on a page, unless that is written; return what is."""
        ...

    def pages(self, notice_id: str, *, first: int = 0) -> Iterator[Page]:
        """Give the pages of a notice from this one on, in order, as far as they are written."""
        ...

    def advance(self, notice: Notice, *, pages: int) -> bool:
        """Write how far the fan-out is; False unless it is open and had ``pages`` behind it."""
        ...

    def cancel(self, notice: Notice) -> bool:
        """Write that it is cancelled; False if it was already."""
        ...

    def close(self, notice: Notice) -> None:
        """Let go of the note that this one is to be fanned out; gone already is fine."""
        ...


class Members(Protocol):
    """The people of a programme."""

    def members(self, programme_id: str, *, after: str | None, limit: int) -> tuple[Sequence[Member], str | None]:
        """Return people of a programme in the order of their ids, and the key to go on after; None at the end."""
        ...


class Dues(Protocol):
    """What is waiting to fall due. Kept by outreach."""

    def put(self, dues: Iterable[Due]) -> None:
        """Write these due rows; again is the same rows."""
        ...


class FanOutQueue(Protocol):
    """Brings each page's turn."""

    def put(self, notice_id: str, page: int) -> None:
        """Have this page of the notice done."""
        ...


class Step(StrEnum):
    """What became of one message of the fan-out."""

    MOVED = "moved"
    COMPLETED = "completed"
    STALE = "stale"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A notice as it was asked for. ``at`` None: as soon as it can be."""

    texts: dict[str, str]
    at: datetime | None
    audience: Audience


def add_notice(
    draft: Draft,
    *,
    notice_id: str,
    programme_id: str,
    languages: Iterable[str],
    by: str,
    now: datetime,
    notices: Notices,
) -> Notice:
    """
    Take a notice. It is fanned out from the next minute on, or ten minutes before its instant.

    Again with the same id and words is the same notice, so that a request that died can be repeated.

    :raises Invalid: names everything that is wrong
    :raises NoticeTaken: there is one of this id that says something else
    """
    texts = {language: clean(text) for language, text in draft.texts.items()}
    kept = notices.find(notice_id)
    if kept is None:
        at = draft.at or soonest(now)
        must_be_sound(texts, draft.audience, at, languages=languages, now=now)
        taken = now.replace(microsecond=0)
        kept = notices.add(
            Notice(
                id=notice_id,
                programme_id=programme_id,
                texts=texts,
                at=at.astimezone(UTC).replace(microsecond=0),
                audience=draft.audience,
                by=by,
                created_at=taken,
                moved_at=taken,
            )
        )
    if (kept.programme_id, kept.texts, kept.audience) != (programme_id, texts, draft.audience):
        raise NoticeTaken("another notice was sent with this key")
    return kept


def find_notice(notice_id: str, *, programme_id: str, notices: Notices) -> Notice:
    """
    Return a notice of a programme.

    :raises NoSuchNotice: if it has none of this id
    """
    notice = notices.find(notice_id)
    if notice is None or notice.programme_id != programme_id:
        raise NoSuchNotice("there is no such notice")
    return notice


def cancel_notice(notice_id: str, *, programme_id: str, by: str, now: datetime, notices: Notices) -> Notice:
    """
    Stop a notice: nobody is added, and who waits is skipped. Who has it already can't open it any more.

    Again changes nothing.

    :raises NoSuchNotice: if the programme has none of this id
    """
    notice = find_notice(notice_id, programme_id=programme_id, notices=notices)
    if notice.stage is not Stage.CANCELLED:
        notices.cancel(replace(notice, stage=Stage.CANCELLED, cancelled_at=now.replace(microsecond=0), cancelled_by=by))
        notice = find_notice(notice_id, programme_id=programme_id, notices=notices)
    notices.close(notice)
    return notice


def fan_out(
    notice_id: str,
    number: int,
    *,
    now: datetime,
    notices: Notices,
    members: Members,
    dues: Dues,
    queue: FanOutQueue,
) -> Step:
    """
    Do one page of a notice: write who is on it, then their due rows, then how far we are, and ask for the next.

    A message that comes twice, late or out of order finds that it isn't its page's turn, and changes nothing.
    """
    notice = notices.find(notice_id)
    if notice is None:
        return Step.STALE
    if notice.stage is not Stage.OPEN:
        notices.close(notice)
        return Step.STALE
    if notice.pages != number or now < notice.begins_at:
        return Step.STALE
    found, after = members.members(notice.programme_id, after=notice.after, limit=PAGE)
    page = notices.keep_page(notice.id, notice.page(found, after=after))
    notice = notice.not_behind(page, now=now, looked_at=STILL_LOOKED_AT)
    dues.put(notice.dues(page))
    moved = notice.past(page, now=now)
    if not notices.advance(moved, pages=number):
        # Somebody else did it meanwhile, and asks for the next one; or it was cancelled.
        return Step.STALE
    if moved.stage is Stage.OPEN:
        queue.put(notice.id, moved.pages)
        return Step.MOVED
    notices.close(moved)
    return Step.COMPLETED


def push_on(*, now: datetime, notices: Notices, queue: FanOutQueue) -> int:
    """
    Begin the fan-outs whose time has come, and go on with those whose message got lost; return how many.

    Those that are over but still noted as begun are sent on too: their message tidies up.
    """
    pushed = 0
    for notice in notices.begun(by=now):
        if notice.stage is not Stage.OPEN or notice.is_stuck(now=now):
            queue.put(notice.id, notice.pages)
            pushed += 1
    return pushed


@dataclass(slots=True)
class StillTrue:
    """Answers, at the moment of sending, whether a notice still stands; remembers each for a few seconds."""

    notices: Notices
    clock: Callable[[], datetime]
    _known: dict[str, tuple[datetime, Reason | None]] = field(default_factory=dict)

    def __call__(self, due: Due) -> Reason | None:
        """Return why this occurrence must not go out any more, None if nothing speaks against it."""
        notice_id = notice_id_of(due.kind)
        if notice_id is None:
            return None
        now = self.clock()
        known = self._known.get(notice_id)
        # A clock that was moved back counts as the time gone by.
        if known and timedelta() <= now - known[0] < REMEMBERED_FOR:
            return known[1]
        notice = self.notices.find(notice_id)
        reason = Reason.CANCELLED if notice is None or notice.stage is Stage.CANCELLED else None
        if len(self._known) >= MOST_REMEMBERED:
            self._known.clear()
        self._known[notice_id] = (now, reason)
        return reason
