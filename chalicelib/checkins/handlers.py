"""What the slice does when something was stored."""

from dataclasses import dataclass
from datetime import date

from chalicelib.checkins.ports import Desk
from chalicelib.checkins.silence import look_for_silence
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.flags.store import DynamoCareRules
from chalicelib.outreach.categories import CHECK_IN
from chalicelib.outreach.domain import Standing
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.tasks.store import DynamoTasks


@dataclass(frozen=True, slots=True)
class Silence:
    """Look at who is silent when a check-in was sent; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "silence"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whoever was asked, and for which date."""
        on, _, kind = stored.sk.partition("#")
        person_id = stored.under("LEDGER#")
        return (person_id, on) if person_id and kind == CHECK_IN and not stored.was_removed else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Open the flags that their silence before that date raises."""
        person_id, on = about
        now = utc_now()
        who = self.people.load(person_id, now=now)
        if who is None or who.standing is not Standing.REACHABLE:
            return 0
        desk = Desk(check_ins=DynamoCheckIns(), care_rules=DynamoCareRules(), tasks=DynamoTasks(), holds=DynamoHolds())
        return len(look_for_silence(who, date.fromisoformat(on), now=now, ledger=DynamoLedger(), desk=desk))
