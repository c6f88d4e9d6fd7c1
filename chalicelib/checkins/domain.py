"""A check-in: what was answered to a form, and how it stands for those who look after the person."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from chalicelib.checkins.forms import DAILY, Form, Values
from chalicelib.errors import Conflict, refuse

CHANGEABLE_FOR = timedelta(minutes=10)
"""The last answer within this time of the first one counts; then the check-in is locked."""

MOST_REVISIONS = 20

OPIOIDS = "bam7.7e"
"""Days on which opioids were used: after a break the body takes less than before (domain rules 1.3 and 2)."""


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
    """What the person said to a form in one version. A question that isn't among ``values`` is missing, never zero."""

    form_version: int
    values: Values

    @property
    def mood(self) -> int | None:
        """Mood, 0 very low to 10 very good."""
        return self._number("mood")

    @property
    def craving(self) -> int | None:
        """Craving, 0 none to 10 very strong."""
        return self._number("craving")

    @property
    def plan(self) -> Plan | None:
        """The answer to "Did you stay on your plan today?"."""
        return Plan(str(self.values["plan"])) if "plan" in self.values else None

    @property
    def note(self) -> str:
        """The line that they added."""
        return str(self.values.get("note", ""))

    def _number(self, name: str) -> int | None:
        value = self.values.get(name)
        return value if isinstance(value, int) else None


def names_opioids(said: Answer) -> bool:
    """Say whether an answer tells of opioids, so that its giver has to know at once what keeps them alive."""
    days = said.values.get(OPIOIDS, 0)
    return isinstance(days, int) and days > 0


def answer_to(form: Form, values: Mapping[str, Any]) -> Answer:
    """
    Return an answer to a form. An empty text is no answer; lines end as on Unix.

    :raises Invalid: names each question whose answer can't be, or ``answers`` if there is none
    """
    said = {
        name: value.replace("\r\n", "\n").strip() if isinstance(value, str) else value for name, value in values.items()
    }
    faults = form.faults(said)
    refuse(faults)
    return Answer(
        form_version=form.version,
        values=MappingProxyType({name: value for name, value in said.items() if value != ""}),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Revision:
    """One submission, kept for good. ``by``: the sign-in of who entered it, where that is known."""

    answer: Answer
    at: datetime
    source: Source
    by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CheckIn:
    """
    A person's answers to one form for one local date: every submission, oldest first.

    ``disputed_at``: somebody said that the link was not meant for them.
    """

    person_id: str
    on: date
    form: str = DAILY
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

    def answered(self, answer: Answer, *, at: datetime, source: Source, by: str | None = None) -> "CheckIn":
        """
        Return the check-in with this answer.

        The same answer again changes nothing, so that a repeated request is harmless. What only adds to an answer is no
        change of it, and is taken later too.

        :raises CheckInLocked: if it was answered too long ago to change, or changed too often
        """
        if self.answer == answer:
            return self
        locks_at = self.locks_at()
        is_late = bool(locks_at and at >= locks_at and not self._only_adds(answer))
        if is_late or len(self.revisions) >= MOST_REVISIONS:
            raise CheckInLocked("this check-in was already answered")
        return replace(self, revisions=(*self.revisions, Revision(answer=answer, at=at, source=source, by=by)))

    def _only_adds(self, answer: Answer) -> bool:
        before = self.answer
        return before is not None and before.values.items() <= answer.values.items()


class Progress(StrEnum):
    """How today's check-in stands."""

    ANSWERED = "answered"
    WAITING = "waiting"
    LATER = "later"
    NOT_SENT = "not_sent"
    NOT_TODAY = "not_today"
