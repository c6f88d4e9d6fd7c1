"""Who decides what a supporter sees: one rule for each thing that can be shared, asked anew each time."""

from collections.abc import Callable, Mapping
from datetime import datetime

from chalicelib.enrollment.domain import Record
from chalicelib.errors import Forbidden, NotFound
from chalicelib.family.domain import Tie, What
from chalicelib.family.seeing import Sources, View, seen
from chalicelib.privacy.domain import (
    Act,
    Actor,
    Caseload,
    Field,
    PersonStanding,
    Relationship,
    Role,
    Rule,
)
from chalicelib.privacy.domain import Tie as Bond
from chalicelib.privacy.domain import View as Much
from chalicelib.privacy.service import Standings, would_be_granted


def _rule(field: Field, *views: Much) -> Rule:
    return Rule(
        act=Act.READ,
        field=field,
        subject="person_id",
        purpose="see as a supporter what is shared",
        views=frozenset({Much.FULL, *views}),
    )


RELEASES = {
    What.MILESTONES: _rule(Field.MILESTONES),
    What.ATTENDANCE: _rule(Field.ATTENDANCE, Much.COUNTS),
    What.GENERAL_PROGRESS: _rule(Field.GENERAL_PROGRESS, Much.PLAIN_WORDS),
    What.FAMILY_SESSIONS: _rule(Field.FAMILY_SESSIONS),
    What.CRISIS_CONTACT: _rule(Field.CRISIS, Much.ALERT_ONLY),
}
"""What each thing takes; who isn't granted it sees what they would see if it had never been shared."""

LOOK = Rule(act=Act.READ, field=Field.SUPPORTERS, subject="person_id", purpose="look at what is shared as a supporter")

_SOMEBODY = "a supporter"


def as_seen(tie: Tie, record: Record, decide: Callable[[Rule], object], *, now: datetime, sources: Sources) -> View:
    """Return what a supporter sees. ``decide`` raises where a rule isn't granted, and writes down what is released."""

    def decides(what: What) -> bool:
        try:
            decide(RELEASES[what])
        except (Forbidden, NotFound):
            # Taken back in this very moment.
            return False
        return True

    return seen(tie, record, decides, now=now, sources=sources)


def as_they_would_see(tie: Tie, record: Record, *, now: datetime, standings: Standings, sources: Sources) -> View:
    """Return the same for the person to look at: what is decided is what would be, and nothing is released by it."""
    who = Actor(subject=_SOMEBODY, roles=frozenset({(tie.programme_id, Role.SUPPORTER)}))
    # Of whom hasn't accepted yet: what they will see.
    as_if = tie if tie.account else tie.accepted_by(_SOMEBODY, at=now)

    def decide(rule: Rule) -> None:
        grant = would_be_granted(
            who,
            rule,
            person_id=tie.person_id,
            programme_id=tie.programme_id,
            now=now,
            standings=_AsIf(standings, tie),
        )
        if grant is None:
            raise Forbidden("they would not see this")

    return as_seen(as_if, record, decide, now=now, sources=sources)


class _AsIf:
    """Standings in which somebody is the supporter of one tie, and nothing else."""

    def __init__(self, standings: Standings, tie: Tie) -> None:
        self._standings = standings
        self._tie = tie

    def of_person(self, person_id: str, *, now: datetime) -> PersonStanding | None:
        """Return how the person stands."""
        return self._standings.of_person(person_id, now=now)

    def ties_of(self, person_id: str, relationship: Relationship, *, now: datetime) -> Mapping[str, Bond]:  # noqa: ARG002
        """Return the one tie."""
        return {_SOMEBODY: Bond(name=self._tie.id)} if relationship is Relationship.SUPPORTER else {}

    def is_on_call(self, subject: str, programme_id: str, *, now: datetime) -> bool:  # noqa: ARG002 (no supporter is)
        """Return no."""
        return False

    def person_of(self, subject: str) -> str | None:  # noqa: ARG002 (a supporter is no person)
        """Return nobody."""
        return None

    def programme(self, programme_id: str) -> Caseload | None:
        """Return how the programme's staff hold its people."""
        return self._standings.programme(programme_id)
