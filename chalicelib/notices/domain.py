"""A notice: one text from staff to many people. What it may say, whom it is for, and when each of them gets it."""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar, Protocol

from chalicelib.enrollment.episodes import State
from chalicelib.errors import Conflict, Fault, NotFound, refuse
from chalicelib.outreach.fanning import FanOut, soonest
from chalicelib.outreach.kinds import NOTICE

LONGEST_TEXT = 2000
"""Characters of a notice in one language: a page or so to read."""

MOST_LINES = 60

FURTHEST = timedelta(days=366)

READABLE_FOR = timedelta(days=7)
"""How long a notice's link opens it. It says nothing of the person, so that longer than one-tap links does no harm."""

ADDRESSED = frozenset({State.ENROLLED, State.ACTIVE, State.STEP_DOWN, State.ON_HOLD, State.GRADUATED, State.ALUMNI})
"""Whom a notice may be for. Whether each may be reached (on hold, consent, opt-out) is decided when sending."""


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
class Notice(FanOut):
    """
    One text to many people. ``texts`` has one per language; ``at`` is when the first of them is reached.

    Five fall due in the same second, so that 10,000 take 33 minutes: SES accounts start at 14 messages a second, and
    what else falls due meanwhile always finds room.
    """

    A_SECOND: ClassVar[int] = 5

    programme_id: str
    texts: Mapping[str, str]
    audience: Audience
    by: str
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None

    @property
    def kind(self) -> str:
        """The kind of its occurrences."""
        return f"{NOTICE}-{self.id}"

    def meant(self, members: Iterable[Member]) -> tuple[str, ...]:
        """Return which of these members it is for."""
        return tuple(member.person_id for member in members if self.audience.holds(member, by=self.begins_at))


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
    refuse(faults)


def notice_id_of(kind: str) -> str | None:
    """Return which notice an occurrence of this kind belongs to; None if it is about something else."""
    category, _, notice_id = kind.partition("-")
    return notice_id if category == NOTICE and notice_id else None
