"""What mentoring needs from outside."""

from dataclasses import dataclass
from typing import Protocol

from chalicelib.enrollment.domain import Record
from chalicelib.mentors.domain import Mentor, Mentorship, Note, Seeker
from chalicelib.partners.domain import Pair, Side
from chalicelib.tasks.domain import Task


class Mentors(Protocol):
    """Where mentors, seekers and mentorships are kept."""

    def mentor(self, programme_id: str, person_id: str) -> Mentor | None:
        """Return somebody as a mentor of a programme, as they are now."""
        ...

    def mentors(self, programme_id: str) -> list[Mentor]:
        """Return all who ever offered in a programme, by their ids."""
        ...

    def save_mentor(self, mentor: Mentor) -> bool:
        """Put it as the next version; False if it was changed since it was read."""
        ...

    def seeker(self, programme_id: str, person_id: str) -> Seeker | None:
        """Return what somebody asked for in a programme, as it is now."""
        ...

    def seekers(self, programme_id: str) -> list[Seeker]:
        """Return all who ever asked in a programme, by their ids."""
        ...

    def save_seeker(self, seeker: Seeker) -> bool:
        """Put it as the next version; False if it was changed since it was read."""
        ...

    def of(self, person_id: str) -> list[Mentorship]:
        """Return all that somebody was ever part of, as they are now."""
        ...

    def propose(self, mentorship: Mentorship, *, mentor: Mentor, seeker: Seeker) -> bool:
        """Put a proposal, if neither of the two, nor their mentorship, changed since they were read."""
        ...

    def save(self, mentorship: Mentorship) -> bool:
        """Put it as the next version; False if it was changed since it was read."""
        ...

    def note(self, note: Note) -> None:
        """Keep what somebody wrote; the same id again is the same note."""
        ...

    def notes(self, mentorship_id: str) -> list[Note]:
        """Return what was written about a mentorship, oldest first."""
        ...


class Records(Protocol):
    """The records of people."""

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person; None if there is no such person."""
        ...


class Pairs(Protocol):
    """Who are, or were, each other's partners."""

    def of(self, side: Side) -> list[Pair]:
        """Return all that a side was ever part of, as they are now."""
        ...


class Families(Protocol):
    """Who is family, or otherwise close to whom."""

    def are_close(self, one: Record, other: Record) -> bool:
        """Say whether either supports the other, did, or was asked to."""
        ...


class Tasks(Protocol):
    """The tasks, to open one."""

    def open(self, task: Task) -> bool:
        """Write a task that isn't there yet; False if one of its name is there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What mentoring works with."""

    mentors: Mentors
    records: Records
    tasks: Tasks
    pairs: Pairs
    families: Families
