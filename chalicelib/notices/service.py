"""Send one notice to many: take it, say whom its pages are for, cancel it (outreach/fanning.py reaches them)."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Protocol

from chalicelib.notices.domain import (
    Audience,
    Member,
    NoSuchNotice,
    Notice,
    NoticeTaken,
    clean,
    must_be_sound,
    notice_id_of,
)
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.fanning import FanOuts, Meant, Stage, soonest

REMEMBERED_FOR = timedelta(seconds=5)
"""How long a process goes by what it last read of a notice before it asks again whether it was cancelled."""

MOST_REMEMBERED = 100


class Notices(FanOuts[Notice], Protocol):
    """Where notices and the pages of their recipients are kept."""

    def add(self, notice: Notice) -> Notice:
        """Keep a new notice; return the one that is kept under its id, which may have been there already."""
        ...

    def of_programme(self, programme_id: str, *, after: str | None, limit: int) -> tuple[list[Notice], str | None]:
        """Return notices of a programme, newest first, and the key to go on after; None at the end."""
        ...

    def cancel(self, notice: Notice) -> bool:
        """Write that it is cancelled; False if it was already."""
        ...


class Members(Protocol):
    """The people of a programme."""

    def members(self, programme_id: str, *, after: str | None, limit: int) -> tuple[Sequence[Member], str | None]:
        """Return people of a programme in the order of their ids, and the key to go on after; None at the end."""
        ...


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


def meant_by(members: Members) -> Meant[Notice]:
    """Return what gives whom a notice is for, of the next so many people of its programme."""

    def meant(notice: Notice, limit: int) -> tuple[Sequence[str], str | None]:
        found, after = members.members(notice.programme_id, after=notice.after, limit=limit)
        return notice.meant(found), after

    return meant


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
