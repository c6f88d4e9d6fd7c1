"""The slice's shells: whether a reminder of an item is still right, who attends nothing, and what edits take along."""

from dataclasses import dataclass

from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.flags.store import DynamoCareRules
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import CHECK_IN, WEEKLY_CHECK_IN
from chalicelib.routine.attendance_store import DynamoAttendances
from chalicelib.routine.attending import Desk, look_for_absence
from chalicelib.routine.carrying import carry, edits_of
from chalicelib.routine.reminding import objection
from chalicelib.routine.store import DynamoRoutines
from chalicelib.tasks.store import DynamoTasks

PAGE = 100
"""So many people's copies are read at once."""


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is a reminder of an item."""
    return objection(due, people=people(), routines=DynamoRoutines(), now=utc_now())


@dataclass(frozen=True, slots=True)
class Absence:
    """Look at who attends nothing when a check-in of theirs came up, sent or not; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "absence flags"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whose check-in came up."""
        person_id = stored.under("LEDGER#")
        _, _, kind = stored.sk.partition("#")
        is_check_in = kind in {CHECK_IN, WEEKLY_CHECK_IN}
        return (person_id,) if person_id and is_check_in and not stored.was_removed else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Open the flags that it raises."""
        (person_id,) = about
        record = self.people.record(person_id)
        if record is None:
            return 0
        desk = Desk(
            people=self.people,
            routines=DynamoRoutines(),
            attendances=DynamoAttendances(),
            care_rules=DynamoCareRules(),
            tasks=DynamoTasks(),
        )
        return len(look_for_absence(record, now=utc_now(), desk=desk))


@dataclass(frozen=True, slots=True)
class Edits:
    """Carry reminders along when a programme's week was edited; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "reminders of edited items"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at a programme's new version."""
        programme_id, version = stored.under("ROUTINE#"), stored.sk.removeprefix("VERSION#")
        return (programme_id, version) if programme_id and version != stored.sk and not stored.was_removed else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Carry the reminders of all of its people."""
        programme_id, version = about
        changed = edits_of(programme_id, int(version), routines=DynamoRoutines())
        carried, after, is_first = 0, None, True
        now = utc_now()
        while changed and (is_first or after):
            is_first = False
            members, after = self.people.members(programme_id, after=after, limit=PAGE)
            for found in self.people.load_all([member.person_id for member in members], now=now).values():
                if isinstance(found, Exception):
                    raise found
                carried += carry(changed, [found], people=self.people, now=now)
        return carried
