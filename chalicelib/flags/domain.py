"""A programme's rules with who approved them, and the flag that one of them raises: a task to look at a person."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, datetime

from chalicelib.flags import nudges
from chalicelib.flags.nudges import Nudge, To
from chalicelib.flags.rules import Raised, Rule, defaults
from chalicelib.flags.working import WORKING_TIME, WorkingTime, due_at
from chalicelib.tasks.domain import Kind, Task


@dataclass(frozen=True, slots=True, kw_only=True)
class CareRules:
    """
    A programme's table of rules. ``approved_by`` and ``approved_on``: the clinician who answers for its thresholds.

    ``reads_item_9``: somebody reads item 9 of the PHQ while answers come in; only then is it asked.
    Version 0 are the defaults that nobody has approved yet: they hold all the same, since no rule would be worse.
    """

    programme_id: str
    rules: Sequence[Rule] = field(default_factory=defaults)
    nudges: Sequence[Nudge] = field(default_factory=nudges.defaults)
    reads_item_9: bool = False
    working: WorkingTime = WORKING_TIME
    approved_by: str | None = None
    approved_on: date | None = None
    version: int = 0

    def nudge(self, to: To) -> Nudge | None:
        """Return the rule on whom to nudge; None where the programme wants none."""
        return next((nudge for nudge in self.nudges if nudge.to is to), None)


def flag_for(raised: Raised, about: str, *, care: CareRules, person_id: str, zone: str, at: datetime) -> Task:
    """
    Return the flag that a rule raises about something, for example the check-in of a date; the same for the same.

    It stays open until somebody notes what they did, with their name and the time (tasks.service.do_task).
    """
    return Task(
        programme_id=care.programme_id,
        person_id=person_id,
        kind=Kind.FLAG,
        about=f"{raised.rule.id}-{about}",
        owner=raised.rule.owner,
        opened_at=at,
        due_at=due_at(raised.rule.within, at=at, zone=zone, working=care.working),
        severity=raised.rule.severity,
        because=raised.because,
    )
