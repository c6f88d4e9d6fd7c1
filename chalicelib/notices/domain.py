"""A notice: one text from staff to many people. What it may say, whom it is for, and when each of them gets it."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Protocol

from chalicelib.enrollment.episodes import State
from chalicelib.errors import Conflict, Fault, Invalid, NotFound
from chalicelib.outreach.categories import NOTICE
from chalicelib.outreach.domain import Due

LONGEST_TEXT = 2000
"""Characters of a notice in one language: a page or so to read."""

MOST_LINES = 60

PAGE = 200
"""Members looked at for one message of the queue: some 8 batch writes, far below what the function has time for."""

A_SECOND = 5
"""
Recipients who fall due in the same second: 10,000 take 33 minutes.

SES accounts start at 14 messages a second, so that what else falls due meanwhile always finds room.
"""

LEAD = timedelta(minutes=10)
"""How long before its instant a notice is fanned out: more than 10,000 recipients take."""

SOONEST = timedelta(minutes=3)
"""From now to the earliest full minute for which the due rows are there before the tick looks for them."""

FURTHEST = timedelta(days=366)

READABLE_FOR = timedelta(days=7)
"""How long a notice's link opens it. It says nothing of the person, so that longer than one-tap links does no harm."""

ADDRESSED = frozenset({State.ENROLLED, State.ACTIVE, State.STEP_DOWN, State.ON_HOLD, State.GRADUATED, State.ALUMNI})
"""Whom a notice may be for. Whether each may be reached (on hold, consent, opt-out) is decided when sending."""


class Stage(StrEnum):
    """How far a notice is: ``open`` until everybody whom it is for has a due row, then ``complete``."""

    OPEN = "open"
    COMPLETE = "complete"
    CANCELLED = "cancelled"


class NoSuchNotice(NotFound):
    """There is no such notice, or not for this caller."""


class NoticeOver(NotFound):
    """The notice can't be read any more: its time is over, it was cancelled, or the address changed hands."""


class NoticeTaken(Conflict):
    """A notice of this id says something else."""


class Member(Protocol):
    """What decides whether somebody of a programme is meant."""

    @property
    def person_id(self) -> str:
        """Who it is."""
        ...

    @property
    def state(self) -> State:
        """Where their episode stands."""
        ...

    @property
    def language(self) -> str:
        """What they read."""
        ...

    @property
    def joined_at(self) -> datetime | None:
        """When they came into the programme; None: before that was written down."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Audience:
    """Which of a programme's people: by the state of their episode, and by language (none named: all)."""

    states: frozenset[State] = ADDRESSED
    languages: frozenset[str] = frozenset()

    def holds(self, member: Member, *, by: datetime) -> bool:
        """Say whether somebody is meant who was there ``by`` this instant."""
        return (
            member.state in self.states
            and (not self.languages or member.language in self.languages)
            and (member.joined_at is None or member.joined_at.replace(microsecond=0) <= by)
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """
    Recipients of a notice, in order, written once and never changed: a page done again reaches the same people.

    ``first`` is how many recipients come before; ``after`` is the member to go on after, None on the last page.
    """

    number: int
    first: int
    person_ids: tuple[str, ...]
    after: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """
    One text to many people. ``texts`` has one per language; ``at`` is when the first of them is reached.

    ``pages`` and ``recipients`` say how far the fan-out is, ``after`` where it goes on, ``moved_at`` when it last
    moved, ``late_by`` how much later than planned those go out who still come.
    """

    id: str
    programme_id: str
    texts: Mapping[str, str]
    at: datetime
    audience: Audience
    by: str
    created_at: datetime
    moved_at: datetime
    stage: Stage = Stage.OPEN
    pages: int = 0
    recipients: int = 0
    after: str | None = field(default=None)
    late_by: timedelta = timedelta()
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None

    @property
    def kind(self) -> str:
        """The kind of its occurrences."""
        return f"{NOTICE}-{self.id}"

    @property
    def on(self) -> date:
        """
        The date in the name of its occurrences: that of UTC, whatever the recipient's zone.

        A person who moves between two tries of a page would else have two ledger keys, and two messages.
        """
        return self.at.date()

    @property
    def begins_at(self) -> datetime:
        """When the fan-out begins. Who joins later isn't meant."""
        return max(self.created_at, self.at - LEAD)

    def page(self, members: Iterable[Member], *, after: str | None) -> Page:
        """Return the page that comes next, of these members."""
        meant = tuple(member.person_id for member in members if self.audience.holds(member, by=self.begins_at))
        return Page(number=self.pages, first=self.recipients, person_ids=meant, after=after)

    def not_behind(self, page: Page, *, now: datetime, looked_at: timedelta) -> "Notice":
        """
        Return the notice with ``late_by`` moved on if this page's turn was longer than ``looked_at`` ago.

        Nobody looks any more for what should have come before that. All that follow move along, so that they still
        don't come all at once.
        """
        turn = self._turn(page.first) + self.late_by
        if turn >= now - looked_at:
            return self
        return replace(self, late_by=self.late_by + (now.replace(microsecond=0) - turn))

    def dues(self, page: Page) -> list[Due]:
        """Return what falls due for the people of a page: the same for the same page and lateness."""
        return [
            Due(
                person_id=person_id,
                kind=self.kind,
                on=self.on,
                at=self._turn(place) + self.late_by,
                due_at=self._turn(place),
                version=1,
            )
            for place, person_id in enumerate(page.person_ids, start=page.first)
        ]

    def _turn(self, place: int) -> datetime:
        return self.at + timedelta(seconds=place // A_SECOND)

    def past(self, page: Page, *, now: datetime) -> "Notice":
        """Return the notice with this page behind it."""
        return replace(
            self,
            stage=Stage.OPEN if page.after else Stage.COMPLETE,
            pages=page.number + 1,
            recipients=page.first + len(page.person_ids),
            after=page.after,
            moved_at=now.replace(microsecond=0),
        )

    def is_stuck(self, *, now: datetime) -> bool:
        """
        Say whether its fan-out should be pushed on at this minute, because it should have moved and did not.

        Pushed at 1, 2, 4, 8 … minutes, then every hour: a page that can't be done must not fill the dead-letter queue.
        """
        if self.stage is not Stage.OPEN:
            return False
        minutes = (now - max(self.moved_at, self.begins_at)) // timedelta(minutes=1)
        if minutes <= 0:
            return minutes == 0 and self.pages == 0
        return minutes % 60 == 0 if minutes >= 60 else minutes & (minutes - 1) == 0  # noqa: PLR2004 (an hour)


def soonest(now: datetime) -> datetime:
    """Return the earliest instant for which a notice can be asked: a full minute."""
    return now.replace(second=0, microsecond=0) + SOONEST


def clean(text: str) -> str:
    """Return a text as it is kept: lines end in one way, and nothing blank around it."""
    return "\n".join(line.rstrip() for line in text.replace("\r\n", "\n").replace("\r", "\n").strip().split("\n"))


def text_fault(text: str) -> str | None:
    """Return why a cleaned text can't be a notice, None if it can. Markup is text like any other: it is escaped."""
    if not text:
        return "is empty"
    if len(text) > LONGEST_TEXT:
        return f"is longer than {LONGEST_TEXT} characters"
    if text.count("\n") >= MOST_LINES:
        return f"has more than {MOST_LINES} lines"
    # Cc and Cf hold control characters and those that turn the direction of text around; joiners are in real words.
    if any(
        unicodedata.category(character) in {"Cc", "Cf", "Co", "Cs"} and character not in "\n\u200c\u200d"
        for character in text
    ):
        return "holds a character that can't be shown"
    return None


def must_be_sound(
    texts: Mapping[str, str], audience: Audience, at: datetime, *, languages: Iterable[str], now: datetime
) -> None:
    """
    Stop a notice that can't go out as asked: everybody in the programme must be able to read it, in time.

    :raises Invalid: names everything that is wrong
    """
    spoken = tuple(languages)
    faults = [Fault(field=f"text.{language}", reason="is missing") for language in spoken if language not in texts]
    for language, text in texts.items():
        if language not in spoken:
            faults.append(
                Fault(field="text", reason=f"holds a language that the programme hasn't: {', '.join(spoken)}")
            )
        elif fault := text_fault(text):
            faults.append(Fault(field=f"text.{language}", reason=fault))
    if not audience.states or not audience.states <= ADDRESSED:
        faults.append(Fault(field="audience.states", reason=f"must be some of {', '.join(sorted(ADDRESSED))}"))
    if not audience.languages <= set(spoken):
        faults.append(Fault(field="audience.languages", reason=f"must be some of {', '.join(spoken)}"))
    if at < soonest(now):
        faults.append(Fault(field="at", reason="must be three minutes ahead or more; left out: as soon as it can be"))
    elif at > now + FURTHEST:
        faults.append(Fault(field="at", reason="must be within a year"))
    if faults:
        raise Invalid(*faults)


def notice_id_of(kind: str) -> str | None:
    """Return which notice an occurrence of this kind belongs to; None if it is about something else."""
    category, _, notice_id = kind.partition("-")
    return notice_id if category == NOTICE and notice_id else None
