"""What staff note of reaching a person, and how often each role means to: types and rules."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from chalicelib.enrollment.showable import lines_fault
from chalicelib.errors import Conflict, Fault, NotFound, refuse
from chalicelib.outreach.recurrence import local_date
from chalicelib.privacy.domain import Role

LONGEST_NOTE = 1000
"""Characters of a note."""

OLDEST = timedelta(days=30)
"""How long ago a contact may lie that is noted now."""

LONGEST_CADENCE = 90
"""Days; who is to be reached more rarely is no longer followed."""

FURTHEST_START = timedelta(days=366)
"""How far from today a cadence may begin."""

STAFF = (Role.CLINICIAN, Role.CASE_MANAGER, Role.PEER_SPECIALIST)
"""Who reaches people, and may have a cadence."""


class How(StrEnum):
    """By which way somebody of the staff tried."""

    CALL = "call"
    VIDEO = "video"
    MESSAGE = "message"
    EMAIL = "email"
    IN_PERSON = "in_person"
    LETTER = "letter"
    OTHER = "other"


class Outcome(StrEnum):
    """What came of it."""

    REACHED = "reached"
    """They spoke, or wrote to each other: the only outcome that counts as having reached the person."""
    DECLINED = "declined"
    """The person didn't want to, or couldn't just then."""
    LEFT_MESSAGE = "left_message"
    NO_ANSWER = "no_answer"
    WRONG_DETAILS = "wrong_details"
    """The number or address is nobody's, or somebody else's."""
    WITHDRAWN = "withdrawn"
    """Only of a correction: what the line before says never took place."""


class AlreadyCorrected(Conflict):
    """Another line stands in this one's place already."""


class NoSuchCadence(NotFound):
    """There are cadences for clinicians, case managers and peer specialists."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contact:
    """
    A line of the outreach log: that ``by`` (an account, in its ``role``) tried to reach the person at ``at``.

    A line is never changed. ``corrects`` is the line that it stands in the place of, ``corrected_by`` the one that
    stands in its own. ``task_id``: the task that it answers.
    """

    id: str
    person_id: str
    programme_id: str
    at: datetime
    how: How
    outcome: Outcome
    role: Role
    by: str
    noted_at: datetime
    note: str = ""
    task_id: str | None = None
    corrects: str | None = None
    corrected_by: str | None = None

    @property
    def counts(self) -> bool:
        """Whether it took place, as far as is known now."""
        return self.corrected_by is None and self.outcome is not Outcome.WITHDRAWN


def contact_id(at: datetime, unique: str) -> str:
    """Name a contact so that names sort as contacts lie in time: ``20261124T180000123456Z-4f0c…``."""
    return f"{at.astimezone(UTC):%Y%m%dT%H%M%S%fZ}-{unique}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A contact as somebody notes it. ``at`` None: now, or when the corrected line says."""

    how: How
    outcome: Outcome
    at: datetime | None = None
    note: str = ""
    task_id: str | None = None
    corrects: str | None = None


def draft_faults(draft: Draft, *, now: datetime, before: Contact | None) -> list[Fault]:
    """Return what is wrong with a contact, ``before`` being the line that it corrects; the task isn't looked at."""
    faults = []
    if draft.at is not None and draft.at > now:
        faults.append(Fault(field="at", reason="must not be in the future"))
    oldest = now - OLDEST if before is None else min(before.at, now - OLDEST)
    if draft.at is not None and draft.at < oldest:
        faults.append(Fault(field="at", reason=f"must be within the last {OLDEST.days} days"))
    if draft.outcome is Outcome.WITHDRAWN and draft.corrects is None:
        faults.append(Fault(field="outcome", reason="withdrawn is for a line that corrects another"))
    if fault := note_fault(draft.note):
        faults.append(Fault(field="note", reason=fault))
    return faults


def note_fault(text: str) -> str | None:
    """Return why this can't be a note, None if it can: lines of text, or nothing."""
    if len(text) > LONGEST_NOTE:
        return f"is longer than {LONGEST_NOTE} characters"
    return lines_fault(text)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cadence:
    """
    That a role means to reach a person every so many days, from a local date on. ``by``: the account that set it.

    For staff alone: the person isn't asked for anything by it.
    """

    person_id: str
    role: Role
    every_days: int
    starts_on: date
    by: str
    set_at: datetime


def check_cadence(every_days: int, starts_on: date, *, today: date) -> None:
    """
    Stop what can't be a cadence.

    :raises Invalid: names what is wrong
    """
    faults = []
    if not 1 <= every_days <= LONGEST_CADENCE:
        faults.append(Fault(field="everyDays", reason=f"must be from 1 to {LONGEST_CADENCE}"))
    if not today - FURTHEST_START <= starts_on <= today + FURTHEST_START:
        faults.append(Fault(field="startsOn", reason="must be within a year of today"))
    refuse(faults)


def next_due(cadence: Cadence, reached_on: date | None, *, not_before: date) -> date:
    """
    Return the local date on which the role is to reach the person next: so long after it last did.

    Never before the cadence begins, nor before ``not_before``, the day of admission: earlier stays count for nothing.
    """
    first = max(cadence.starts_on, not_before)
    return first if reached_on is None else max(first, reached_on + timedelta(days=cadence.every_days))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stand:
    """How a cadence stands. ``reached_at``: when the role last reached the person."""

    cadence: Cadence
    reached_at: datetime | None
    due_on: date
    today: date

    @property
    def is_due(self) -> bool:
        """Whether the day has come."""
        return self.today >= self.due_on

    @property
    def is_overdue(self) -> bool:
        """Whether the day is over."""
        return self.today > self.due_on


@dataclass(frozen=True, slots=True, kw_only=True)
class Last:
    """Of a person's contacts: the last one, and when each role last reached them."""

    contact: Contact | None
    reached: dict[Role, datetime]

    @property
    def reached_at(self) -> datetime | None:
        """When anybody last reached them."""
        return max(self.reached.values(), default=None)


def last_of(contacts: Iterable[Contact], *, of: Iterable[Role]) -> Last:
    """
    Return what the newest contacts say; ``contacts`` come newest first, and are read no further than needed.

    They are needed up to one that reached the person by anybody, and by each of these roles.
    """
    wanted = set(of)
    last: Contact | None = None
    reached: dict[Role, datetime] = {}
    for contact in contacts:
        if not contact.counts:
            continue
        last = last or contact
        if contact.outcome is Outcome.REACHED:
            reached.setdefault(contact.role, contact.at)
        if reached and wanted <= reached.keys():
            break
    return Last(contact=last, reached=reached)


def stands(cadences: Iterable[Cadence], last: Last, *, zone: str, not_before: date, now: datetime) -> list[Stand]:
    """Return how these cadences stand by the person's clocks, in the order of ``STAFF``."""
    found = []
    for cadence in sorted(cadences, key=lambda one: STAFF.index(one.role)):
        reached_at = last.reached.get(cadence.role)
        reached_on = local_date(reached_at, zone) if reached_at else None
        found.append(
            Stand(
                cadence=cadence,
                reached_at=reached_at,
                due_on=next_due(cadence, reached_on, not_before=not_before),
                today=local_date(now, zone),
            )
        )
    return found
