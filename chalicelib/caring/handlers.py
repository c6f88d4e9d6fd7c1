"""The shells: whether a caring contact may still go out, who signs it, and what follows from changes of a person."""

from dataclasses import dataclass

from chalicelib.caring.sending import objection, signer_of
from chalicelib.caring.service import Desk, keep_up
from chalicelib.caring.store import DynamoSeries
from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.domain import NoSuchPerson
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reach_store import KEY
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import CARING_CONTACTS
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.staff.store import DynamoStaff

SYSTEM = "system"
"""Who ended it, where that followed from a consent that was taken back, or from a death."""


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is a caring contact."""
    return objection(due, people=people(), all_series=DynamoSeries(people()), ledger=DynamoLedger(), now=utc_now())


def signer(due: Due) -> str:
    """Return the first name that a caring contact is signed with; empty for the team's."""
    return signer_of(due, people=people(), all_series=DynamoSeries(people()), staff=DynamoStaff())


@dataclass(frozen=True, slots=True)
class CaringContacts:
    """Keep caring contacts to what a person's record says now; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "caring contacts"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whoever's record changed."""
        person_id = stored.under("PERSON#")
        if person_id is None or stored.sk != KEY or stored.was_removed:
            return None
        # The copy names the person's schedules: whoever has none of this kind is not even read.
        texts = [row.get("record", {}).get("S", "") for row in (stored.before, stored.now)]
        return (
            (person_id,)
            if texts[0] != texts[1] and any(kind in text for kind in CARING_CONTACTS for text in texts)
            else None
        )

    def follow(self, about: tuple[str, ...]) -> int:
        """End them where consent or life did, forget a birthday, and keep their hours out of new quiet hours."""
        (person_id,) = about
        desk = Desk(
            by=SYSTEM,
            now=utc_now(),
            people=self.people,
            programmes=DynamoProgrammes(),
            all_series=DynamoSeries(self.people),
        )
        try:
            return int(keep_up(person_id, desk=desk))
        except NoSuchPerson:
            return 0
