"""What the slice does when something was stored."""

from dataclasses import dataclass

from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.milestones.achieving import achieve
from chalicelib.milestones.store import DynamoAwards
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues


@dataclass(frozen=True, slots=True)
class Awards:
    """Award what follows from each answer to a check-in; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "awards"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whoever answered."""
        person_id = stored.under("CHECKINS#")
        return (person_id,) if person_id and not stored.was_removed else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Award what they achieved by now."""
        (person_id,) = about
        return achieve(
            person_id,
            now=utc_now(),
            people=self.people,
            check_ins=DynamoCheckIns(),
            ledger=DynamoLedger(),
            awards=DynamoAwards(),
            dues=DynamoDues(),
        )
