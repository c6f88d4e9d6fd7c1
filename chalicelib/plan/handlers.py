"""Whether there is a plan to open, and what follows from a follow-up after a crisis: somebody looks at it again."""

from dataclasses import dataclass

from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.plan import service
from chalicelib.plan.store import DynamoMyPlans
from chalicelib.tasks.domain import Kind, State, task_for
from chalicelib.tasks.store import DynamoTasks


def has_plan(person_id: str) -> bool:
    """Say whether there is anything in a person's plan that they, or who helps them, could open."""
    return service.has_plan(person_id, plans=DynamoMyPlans())


@dataclass(frozen=True, slots=True)
class FollowedUp:
    """Have staff look at my plan with the person after a follow-up; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "my plan after a crisis"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whose follow-up was done, and after which crisis: its task is named by crisis, version and time."""
        person_id = stored.under("TASKS#")
        if person_id is None or stored.was_removed:
            return None
        kind, state, about = (stored.now.get(name, {}).get("S", "") for name in ("kind", "state", "about"))
        is_done = kind == Kind.CRISIS_FOLLOW_UP and state == State.DONE
        return (person_id, about.rsplit("-", 2)[0]) if is_done else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Open the one task that there is after a crisis."""
        person_id, crisis_id = about
        record = self.people.record(person_id)
        if record is None or record.episode.state is EpisodeState.DECEASED:
            return 0
        programme_id, zone = record.episode.programme_id, record.person.zone
        task = task_for(
            Kind.PLAN_REVIEW, crisis_id, programme_id=programme_id, person_id=person_id, at=utc_now(), zone=zone
        )
        return int(DynamoTasks().open(task))
