"""What the slice does when something was stored, and whether the nudge of a check-in is still right."""

from dataclasses import dataclass
from datetime import date

from chalicelib.checkins.nudging import nudge_of, objection
from chalicelib.checkins.ports import Desk
from chalicelib.checkins.silence import flag_silence, look
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis import handlers as crisis
from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.reach_store import DynamoHolds
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.flags.nudges import To
from chalicelib.flags.store import DynamoCareRules
from chalicelib.outreach.domain import Due, Reason, Standing
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues
from chalicelib.tasks.store import DynamoTasks


def asked_in(stored: Stored) -> tuple[str, str] | None:
    """Return whose check-in came up, and for which date, where that is what was stored."""
    on, _, kind = stored.sk.partition("#")
    person_id = stored.under("LEDGER#")
    return (person_id, on) if person_id and kind == CHECK_IN and not stored.was_removed else None


@dataclass(frozen=True, slots=True)
class Silence:
    """Look at who is silent when a check-in was sent; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "silence"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whoever was asked, and for which date."""
        return asked_in(stored)

    def follow(self, about: tuple[str, ...]) -> int:
        """Open the flags that their silence before that date raises, and have one kind word said to them."""
        person_id, on = about
        now = utc_now()
        who = self.people.load(person_id, now=now)
        if who is None or who.standing is not Standing.REACHABLE:
            return 0
        desk = Desk(
            check_ins=DynamoCheckIns(),
            care_rules=DynamoCareRules(),
            tasks=DynamoTasks(),
            holds=DynamoHolds(),
            crises=crisis.desk(),
        )
        looked = look(who, date.fromisoformat(on), now=now, ledger=DynamoLedger(), check_ins=desk.check_ins)
        news = len(flag_silence(who, looked, now=now, desk=desk))
        rule = desk.care_rules.of(who.programme_id).nudge(To.PARTICIPANT) if looked.silence.missed else None
        due = nudge_of(who, looked, rule=rule, now=now) if rule else None
        if due:
            DynamoDues().put([due])
        return news + bool(due)


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is the nudge of a check-in."""
    return objection(due, people=people(), ledger=DynamoLedger(), dates=DynamoCheckIns(), now=utc_now())
