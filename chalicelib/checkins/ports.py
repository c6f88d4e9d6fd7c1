"""What taking answers needs from outside."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Protocol

from chalicelib.checkins.domain import CheckIn
from chalicelib.crisis.domain import Press
from chalicelib.crisis.ports import Desk as Crises
from chalicelib.enrollment.holds import Holds
from chalicelib.flags.service import CareRulesStore
from chalicelib.tasks.domain import Task
from chalicelib.tasks.service import Tasks


class CheckIns(Protocol):
    """Where check-ins are kept."""

    def get(self, person_id: str, on: date, form: str) -> CheckIn:
        """Return the check-in of that date; one without answers if there is none yet."""
        ...

    def of_people(self, keys: Iterable[tuple[str, date]], form: str) -> Iterator[CheckIn]:
        """Give the check-ins of these (person, local date) that exist, in no order."""
        ...

    def between(self, person_id: str, first: date, last: date) -> list[CheckIn]:
        """Return a person's check-ins of both forms from one local date to another, oldest first."""
        ...

    def save(self, check_in: CheckIn, flags: Sequence[Task] = (), call: Press | None = None) -> bool:
        """
        Store it as the next version, with the flags that it raises, and the call for help that it is.

        False if anything changed since it was read.
        """
        ...


class Dates(Protocol):
    """On which dates somebody did anything with a check-in, and nothing of what they said."""

    def noted_on(self, person_id: str, first: date, last: date) -> frozenset[date]:
        """Return the local dates, both ends included, of check-ins that there is anything of."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What taking an answer works with."""

    check_ins: CheckIns
    care_rules: CareRulesStore
    tasks: Tasks
    holds: Holds
    crises: Crises
