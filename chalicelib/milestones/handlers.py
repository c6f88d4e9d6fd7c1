"""What the slice does when something was stored."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones import taking_part
from chalicelib.milestones.achieving import achieve, award
from chalicelib.milestones.store import DynamoAwards
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from chalicelib.routine.attendance_store import DynamoAttendances
from chalicelib.routine.plan_store import DynamoPlans
from chalicelib.routine.store import DynamoRoutines

_WHERE = (
    ("CHECKINS#", "", "check-ins"),
    ("ATTENDANCE#", "", "sessions"),
    ("PLAN#", "DONE#", "homework"),
    ("GOALS#", "GOAL#", "goals"),
    ("PERSON#", "EPISODE#", "steps"),
)
"""What is stored where, and which sort of achievement may follow from it."""


@dataclass(frozen=True, slots=True)
class Awards:
    """Award what follows from what a person did; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "awards"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whoever did something, for the sort of achievement that may follow."""
        if stored.was_removed:
            return None
        for prefix, begins, sort in _WHERE:
            person_id = stored.under(prefix)
            if person_id and stored.sk.startswith(begins):
                # An episode is written with every change of the person.
                is_news = sort != "steps" or stored.before.get("state") != stored.now.get("state")
                return (person_id, sort) if is_news else None
        return None

    def follow(self, about: tuple[str, ...]) -> int:
        """Award what they achieved by now."""
        person_id, sort = about
        now, awards, dues = utc_now(), DynamoAwards(), DynamoDues()
        if sort == "check-ins":
            return achieve(
                person_id,
                now=now,
                people=self.people,
                check_ins=DynamoCheckIns(),
                ledger=DynamoLedger(),
                awards=awards,
                dues=dues,
            )
        return award(
            person_id,
            lambda record: _found(sort, record, now=now),
            now=now,
            people=self.people,
            awards=awards,
            dues=dues,
        )


def _found(sort: str, record: Record, *, now: datetime) -> Mapping[str, date]:
    match sort:
        case "sessions":
            return taking_part.sessions(record, now=now, attendances=DynamoAttendances(), routines=DynamoRoutines())
        case "homework":
            return taking_part.homework(record, now=now, routines=DynamoRoutines())
        case "goals":
            return taking_part.goals(record, plans=DynamoPlans())
        case _:
            return taking_part.steps(record)
