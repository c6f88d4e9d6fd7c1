"""What the slice does when something was stored, and whether what it has to say is still right."""

from dataclasses import dataclass

from chalicelib.alumni import asking, silence
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.flags.nudges import To
from chalicelib.flags.store import DynamoCareRules
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import HELLO, HELLO_NUDGE, LESS_NUDGE
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.outreach.store import DynamoDues


@dataclass(frozen=True, slots=True)
class Graduates:
    """Ask who graduated whether they want to stay in touch; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "graduates"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whose episode moved on."""
        person_id = stored.under("PERSON#")
        is_news = not stored.was_removed and stored.before.get("state") != stored.now.get("state")
        return (person_id,) if person_id and stored.sk.startswith("EPISODE#") and is_news else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Have them asked, now and once more; nobody else."""
        [person_id] = about
        record = self.people.record(person_id)
        dues = asking.questions(record, now=utc_now()) if record else []
        DynamoDues().put(dues)
        return len(dues)


@dataclass(frozen=True, slots=True)
class Hellos:
    """Look at who leaves hellos unanswered when one was sent; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "hellos"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whoever was greeted."""
        person_id = stored.under("LEDGER#")
        is_one = stored.sk.partition("#")[2] == HELLO
        return (person_id,) if person_id and is_one and not stored.was_removed else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Have one kind word said to them, or fewer offered."""
        [person_id] = about
        now = utc_now()
        who = self.people.load(person_id, now=now)
        if who is None:
            return 0
        care = DynamoCareRules().of(who.programme_id)
        found = {HELLO_NUDGE: care.nudge(To.ALUMNI), LESS_NUDGE: care.nudge(To.ALUMNI_LESS)}
        rules = {kind: rule for kind, rule in found.items() if rule}
        run = silence.look(who, now=now, ledger=DynamoLedger(), dates=DynamoCheckIns())
        due = silence.word_for(who, run, rules=rules, now=now)
        if due:
            DynamoDues().put([due])
        return int(due is not None)


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is the slice's."""
    now = utc_now()
    return asking.objection(due, records=people(), now=now) or silence.objection(
        due, people=people(), ledger=DynamoLedger(), dates=DynamoCheckIns(), now=now
    )
