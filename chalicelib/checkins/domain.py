"""A check-in: three short answers, each of which may be left out, and how it stands for those who look after it."""

from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.errors import Conflict, Fault, Invalid

LOWEST, HIGHEST = 0, 10
"""The 0-10 numeric rating scales for mood and craving."""

NOTE_LENGTH = 500
"""Characters of the optional line."""

CHANGEABLE_FOR = timedelta(minutes=10)
"""The last answer within this time of the first one counts; then the check-in is locked."""

MOST_REVISIONS = 20


class Plan(StrEnum):
    """The answer to "Did you stay on your plan today?"."""

    YES = "yes"
    NOT_FULLY = "not_fully"
    TALK = "talk"


class Source(StrEnum):
    """How an answer came in. A link's bearer is not known to be the person."""

    LINK = "link"
    APP = "app"
    STAFF = "staff"


class CheckInLocked(Conflict):
    """The time for changing the answer has passed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the person said. None is missing, which is never zero."""

    mood: int | None = None
    craving: int | None = None
    plan: Plan | None = None
    note: str = ""

    def __post_init__(self) -> None:
        """:raises Invalid: names each field that is out of range, or the lack of any answer"""
        faults = [
            Fault(field=name, reason=f"must be a whole number from {LOWEST} to {HIGHEST}")
            for name, value in (("mood", self.mood), ("craving", self.craving))
            if value is not None and not LOWEST <= value <= HIGHEST
        ]
        if len(self.note) > NOTE_LENGTH:
            faults.append(Fault(field="note", reason=f"must be at most {NOTE_LENGTH} characters"))
        if self.mood is None and self.craving is None and self.plan is None and not self.note.strip():
            faults.append(Fault(field="answer", reason="must hold at least one answer"))
        if faults:
            raise Invalid(*faults)


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One submission, kept for good."""

    answer: Answer
    at: datetime
    source: Source


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """
    A person's check-in for one local date: every submission, oldest first.

    ``disputed_at``: somebody said that the link was not meant for them.
    """

    person_id: str
    on: date
    revisions: tuple[Revision, ...] = field(default=())
    disputed_at: datetime | None = None
    version: int = 0

    @property
    def answer(self) -> Answer | None:
        """The answer that counts."""
        return self.revisions[-1].answer if self.revisions else None

    @property
    def answered_at(self) -> datetime | None:
        """When the person first answered."""
        return self.revisions[0].at if self.revisions else None

    def locks_at(self) -> datetime | None:
        """Return when the answer can no longer be changed; None while there is none."""
        return self.revisions[0].at + CHANGEABLE_FOR if self.revisions else None

    def answered(self, answer: Answer, *, at: datetime, source: Source) -> "CheckIn":
        """
        Return the check-in with this answer.

        The same answer again changes nothing, so that a repeated request is harmless.

        :raises CheckInLocked: if it was answered too long ago to change, or changed too often
        """
        if self.answer == answer:
            return self
        locks_at = self.locks_at()
        if locks_at and (at >= locks_at or len(self.revisions) >= MOST_REVISIONS):
            raise CheckInLocked("this check-in was already answered")
        return replace(self, revisions=(*self.revisions, Revision(answer=answer, at=at, source=source)))


@dataclass(frozen=True, slots=True, kw_only=True)
class HelpRequest:
    """
    Somebody pressed "I need help now".

    ``verified`` is False for a link's bearer. ``id`` comes from the page that was shown, so that pressing twice on one
    page is one request; hours later, on a page that stayed open, it is another.
    """

    id: str
    programme_id: str
    person_id: str
    at: datetime
    verified: bool


class Progress(StrEnum):
    """How today's check-in stands."""

    ANSWERED = "answered"
    WAITING = "waiting"
    LATER = "later"
    NOT_SENT = "not_sent"
    NOT_TODAY = "not_today"
