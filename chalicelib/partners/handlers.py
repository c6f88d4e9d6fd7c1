"""What the slice does when a check-in was sent, and whether telling a partner is still right."""

from dataclasses import dataclass
from datetime import date

from chalicelib.checkins.handlers import asked_in
from chalicelib.checkins.silence import look
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.flags.nudges import To
from chalicelib.flags.store import DynamoCareRules
from chalicelib.outreach.domain import Due, Reason, Standing
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from chalicelib.partners.domain import person
from chalicelib.partners.service import active
from chalicelib.partners.store import DynamoPairs
from chalicelib.partners.telling import dues_for, objection


@dataclass(frozen=True, slots=True)
class QuietPartners:
    """Look at who went quiet and has partners when a check-in was sent; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "quiet partners"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whoever was asked, and for which date."""
        return asked_in(stored)

    def follow(self, about: tuple[str, ...]) -> int:
        """Have their partners told, where they let them know of it."""
        person_id, on = about
        now, pairs, ledger = utc_now(), DynamoPairs(), DynamoLedger()
        if not active(person(person_id), pairs=pairs):
            return 0
        who = self.people.load(person_id, now=now)
        if who is None or who.standing is not Standing.REACHABLE:
            return 0
        looked = look(who, date.fromisoformat(on), now=now, ledger=ledger, check_ins=DynamoCheckIns())
        rule = DynamoCareRules().of(who.programme_id).nudge(To.PARTNERS) if looked.silence.missed else None
        dues = dues_for(who, looked, rule=rule, now=now, pairs=pairs, ledger=ledger) if rule else []
        DynamoDues().put(dues)
        return len(dues)


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it tells a partner of somebody quiet."""
    return objection(
        due, people=people(), pairs=DynamoPairs(), ledger=DynamoLedger(), dates=DynamoCheckIns(), now=utc_now()
    )
