"""Something that a member of staff has to do about a person, and how it was done."""

from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from zoneinfo import ZoneInfo

from chalicelib.errors import Conflict, NotFound
from chalicelib.privacy.domain import Role


class Kind(StrEnum):
    """What has to be done; ``TERMS`` says by whom, and how soon."""

    CONTACT_DETAILS = "contact_details"
    """An address is dead: ask the person for another."""
    MAIL_TROUBLE = "mail_trouble"
    """Mail to an address was turned away several times: ask the person whether it arrives."""
    MAIL_COMPLAINT = "mail_complaint"
    """Somebody at an address called a message spam: find out what they want. The person is not told of it."""
    FLAG = "flag"
    """A rule over answers or silence holds: look at the person. The rule says by whom, and how soon."""
    RETURN_TO_USE = "return_to_use"
    """The person told of a return to use: see how they are, and what of the plan to change with them."""
    TALK_TODAY = "talk_today"
    """The person asked to talk to somebody today."""
    GOAL_TO_CHANGE = "goal_to_change"
    """The person would like to change what they set themselves: talk with them about their goals."""
    SUPPORTER_SIGN_IN = "supporter_sign_in"
    """The person invited a supporter: whoever that is needs a sign-in to accept with."""
    SUPPORTER_HELP = "supporter_help"
    """A supporter asks for help for themselves: talk with them."""
    CONCERN = "concern"
    """A supporter is worried about the person: read what they wrote, and see how the person is."""
    CRISIS_FOLLOW_UP = "crisis_follow_up"
    """A crisis is over: see how the person is. It is for 24 hours, 72 hours or 7 days after its end."""
    CARING_REPLY = "caring_reply"
    """The person wrote back to a caring contact: read it the same working day, and answer where it asks for one."""
    RE_ENGAGEMENT = "re_engagement"
    """Somebody whose care is over would like to talk to someone: call them, and see what they need."""
    MENTOR_WANTED = "mentor_wanted"
    """A mentorship came to its end, went quiet or was declined: see who would like somebody else."""
    MENTOR_CONCERN = "mentor_concern"
    """
    One of two who walk together is worried: hear what about; what they wrote is with the mentorship. Or one of them
    died: tell the other.
    """
    PLAN_REVIEW = "plan_review"
    """After a crisis: look at my plan together with the person, or offer to write one."""


class Severity(StrEnum):
    """How pressing a flag is, the most pressing first."""

    CRISIS = "crisis"
    URGENT = "urgent"
    OUTREACH = "outreach"
    FOLLOW_UP = "follow_up"
    REVIEW = "review"


class State(StrEnum):
    """Whether it still has to be done."""

    OPEN = "open"
    DONE = "done"


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Whose work it is, and within which time; ``on_business_days``: not on a weekend, but on the Monday after."""

    owner: Role
    within: timedelta
    on_business_days: bool = False


TERMS = {
    Kind.CONTACT_DETAILS: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=1)),
    Kind.MAIL_TROUBLE: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=3)),
    Kind.MAIL_COMPLAINT: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=2)),
    Kind.RETURN_TO_USE: Terms(owner=Role.CLINICIAN, within=timedelta(days=1), on_business_days=True),
    Kind.TALK_TODAY: Terms(owner=Role.CASE_MANAGER, within=timedelta(hours=2)),
    Kind.GOAL_TO_CHANGE: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=2), on_business_days=True),
    Kind.SUPPORTER_SIGN_IN: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=1), on_business_days=True),
    Kind.SUPPORTER_HELP: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=1), on_business_days=True),
    Kind.CONCERN: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=2), on_business_days=True),
    Kind.PLAN_REVIEW: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=7), on_business_days=True),
    Kind.CRISIS_FOLLOW_UP: Terms(owner=Role.CLINICIAN, within=timedelta(days=1)),
    # The end of the working day, for whoever signs, as caring/replying.py works it out.
    Kind.CARING_REPLY: Terms(owner=Role.CASE_MANAGER, within=timedelta(hours=8)),
    Kind.RE_ENGAGEMENT: Terms(owner=Role.CASE_MANAGER, within=timedelta(days=1), on_business_days=True),
    Kind.MENTOR_WANTED: Terms(owner=Role.PEER_SPECIALIST, within=timedelta(days=2), on_business_days=True),
    Kind.MENTOR_CONCERN: Terms(owner=Role.PEER_SPECIALIST, within=timedelta(days=1), on_business_days=True),
}

OF_WALKS = frozenset({Kind.MENTOR_WANTED, Kind.MENTOR_CONCERN})
"""What is to be done about two who walk together: all that who sees ``walks-only`` sees."""

AS_MUCH_AGAIN = timedelta(hours=24)
"""How long a task waits at most, once it is overdue, before those who answer for the programme are told as well."""

ANSWERS_FOR_IT = Role.PROGRAM_ADMIN
"""Whom a task goes to at last. A clinical supervisor, as soon as that is a role."""

_WEEKEND = frozenset({5, 6})
_TOLD_AT_ONCE = frozenset({Kind.TALK_TODAY, Kind.CARING_REPLY})


class NoSuchTask(NotFound):
    """The person has no such task."""


class TaskDone(Conflict):
    """Somebody did it already, and said something else about it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One rung of a task's ladder: at this instant those of these roles are told that it is still open."""

    number: int
    at: datetime
    roles: tuple[Role, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """
    A task. ``about`` is the one thing that it is about, for example a channel: there is one task per kind and thing.

    Of a flag, ``severity`` says how pressing it is, and ``because`` for which figures its rule holds.

    ``action`` is what ``done_by`` (a sign-in's id) did about it.
    """

    programme_id: str
    person_id: str
    kind: Kind
    about: str
    owner: Role
    opened_at: datetime
    due_at: datetime
    severity: Severity | None = None
    because: str | None = None
    state: State = State.OPEN
    done_by: str | None = None
    done_at: datetime | None = None
    action: str | None = None

    @property
    def id(self) -> str:
        """Its name among the person's tasks: the same for the same kind and thing, so that opening it again is none."""
        return f"{self.kind}-{self.about}"

    @property
    def reference(self) -> str:
        """What two people can call it, and what messages do: 16 hexadecimal digits that say nothing of the person."""
        return sha256(f"{self.person_id}#{self.id}".encode()).hexdigest()[:16]

    @property
    def is_crisis(self) -> bool:
        """Whether a life may hang on it: nothing that defers other messages defers those about it."""
        return self.severity is Severity.CRISIS

    @property
    def is_pressing(self) -> bool:
        """Whether its staff are told when it opens; of others their day's message tells."""
        return self.severity in {Severity.CRISIS, Severity.URGENT} or self.kind in _TOLD_AT_ONCE

    @property
    def ladder(self) -> tuple[Step, ...]:
        """
        Whom to tell while it stays open: its owners, when it is due they and the clinicians, and then who answers.

        The last step comes after as much time again as there was, ``AS_MUCH_AGAIN`` at most. It never closes by itself.
        """
        again = min(self.due_at - self.opened_at, AS_MUCH_AGAIN)
        return (
            Step(number=0, at=self.opened_at, roles=(self.owner,)),
            Step(number=1, at=self.due_at, roles=tuple(dict.fromkeys((self.owner, Role.CLINICIAN)))),
            Step(number=2, at=self.due_at + again, roles=(ANSWERS_FOR_IT,)),
        )

    def escalated_to(self, *, at: datetime) -> tuple[Role, ...]:
        """Return the roles that it went on to by then, since it was overdue; none of one that is done."""
        if self.state is not State.OPEN:
            return ()
        return tuple(dict.fromkeys(role for step in self.ladder[1:] if at >= step.at for role in step.roles))

    def is_overdue(self, *, at: datetime) -> bool:
        """Say whether it should have been done by then."""
        return self.state is State.OPEN and at >= self.due_at

    def done(self, *, by: str, action: str, at: datetime) -> "Task":
        """
        Return the task as done. The same again changes nothing.

        :raises TaskDone: if it was done by somebody else, or in another way
        """
        if self.state is State.OPEN:
            return replace(self, state=State.DONE, done_by=by, done_at=at, action=action)
        if (self.done_by, self.action) != (by, action):
            raise TaskDone("this was done already")
        return self


def task_for(kind: Kind, about: str, *, programme_id: str, person_id: str, at: datetime, zone: str = "UTC") -> Task:
    """Return the open task of this kind about one thing, on the kind's terms; ``zone`` says where weekends begin."""
    terms = TERMS[kind]
    return Task(
        programme_id=programme_id,
        person_id=person_id,
        kind=kind,
        about=about,
        owner=terms.owner,
        opened_at=at,
        due_at=_due_at(terms, at, zone),
    )


def _due_at(terms: Terms, at: datetime, zone: str) -> datetime:
    if not terms.on_business_days:
        return at + terms.within
    due = at.astimezone(ZoneInfo(zone)) + terms.within
    while due.weekday() in _WEEKEND:
        due += timedelta(days=1)
    return due.astimezone(UTC)
