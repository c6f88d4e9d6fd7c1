"""What the slice does when something was stored, and what operators have it do."""

from dataclasses import dataclass
from datetime import datetime

from chalicelib.caseload.following import Sources, keep_up, keep_up_programme
from chalicelib.caseload.listing import workload
from chalicelib.caseload.store import DynamoCadences, DynamoContacts, DynamoRows
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.reach_store import KEY
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.staff.domain import Member
from chalicelib.tasks.store import DynamoTasks

_ALWAYS = ("CALLER#", "CHECKINS#", "TASKS#", "CONTACTS#", "CADENCES#")
"""Partitions of a person each of whose changes may change the row. A row's own partition is none of them."""


@dataclass(frozen=True, slots=True)
class Caseload:
    """Keep people's rows up to date; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "caseload"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whoever it is about, where it may change their row."""
        for prefix in _ALWAYS:
            if (person_id := stored.under(prefix)) is not None:
                return (person_id,)
        if (person_id := stored.under("LEDGER#")) is not None:
            return (person_id,) if _was_sent(stored) else None
        if (person_id := stored.under("PERSON#")) is not None:
            return (person_id,) if stored.sk == KEY and _changed(stored, "record", "crisis", "conversation") else None
        return None

    def follow(self, about: tuple[str, ...]) -> int:
        """Work their rows out anew."""
        (person_id,) = about
        return keep_up(person_id, now=utc_now(), sources=sources(self.people))


def rebuild(people: DynamoPeople, programme_id: str, after: str | None, limit: int) -> tuple[int, int, str | None]:
    """Bring a page of a programme's rows up to date; return the numbers of people and of changes, and who's last."""
    key = f"MEMBER#{after}" if after else None
    looked_at, changed, last = keep_up_programme(
        programme_id, after=key, limit=limit, now=utc_now(), sources=sources(people)
    )
    return looked_at, changed, last.removeprefix("MEMBER#") if last else None


def cadences_due(member: Member, now: datetime) -> int:
    """Return how many people a member of staff should hear of by their cadences today, or should have before."""
    roles = [(member.programme_id, role) for role in member.roles]
    found = workload(member.account, roles=roles, now=now, rows=DynamoRows())
    return found.cadences_due + found.cadences_overdue


def sources(people: DynamoPeople) -> Sources:
    """Return all that rows are made of, in the table."""
    return Sources(
        people=people,
        contacts=DynamoContacts(),
        cadences=DynamoCadences(),
        answers=DynamoCheckIns(),
        asked=DynamoLedger(),
        tasks=DynamoTasks(),
        calls=DynamoCrises(),
        rows=DynamoRows(),
    )


def _was_sent(stored: Stored) -> bool:
    """Say whether a check-in was sent, or bounced: what else is learned of it changes nobody's row."""
    is_check_in = stored.sk.partition("#")[2] == CHECK_IN
    is_sent = stored.now.get("status") == {"S": Status.SENT.value}
    return is_check_in and is_sent and _changed(stored, "status", "bounced_at")


def _changed(stored: Stored, *names: str) -> bool:
    return any(stored.before.get(name) != stored.now.get(name) for name in names)
