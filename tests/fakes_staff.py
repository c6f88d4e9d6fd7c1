"""In-memory staff and climbs. tests/contract runs one suite on these and on the table, so that they can't lie."""

from collections.abc import Iterable
from datetime import datetime

from chalicelib.errors import Stale
from chalicelib.outreach.domain import Due
from chalicelib.staff.domain import Member, recipient_id
from chalicelib.staff.pursuing import Climb
from chalicelib.tasks.domain import Task


class FakeStaff:
    def __init__(self, *members: Member) -> None:
        self.kept = {member.id: member for member in members}
        self.dues: list[Due] = []

    def find(self, programme_id: str, account: str) -> Member | None:
        return self.kept.get(recipient_id(programme_id, account))

    def with_id(self, recipient_id: str) -> Member | None:
        return self.kept.get(recipient_id)

    def with_ids(self, recipient_ids: Iterable[str]) -> dict[str, Member | Exception]:
        return {one: self.kept[one] for one in recipient_ids if one in self.kept}

    def of_programme(self, programme_id: str) -> list[Member]:
        found = (member for member in self.kept.values() if member.programme_id == programme_id)
        return sorted(found, key=lambda member: (member.first_name.casefold(), member.id))

    def save(self, member: Member, *, dues: Iterable[Due] = ()) -> None:
        present = self.kept.get(member.id)
        if (present.version if present else 0) != member.version - 1:
            raise Stale("this member was changed meanwhile")
        self.kept[member.id] = member
        self.dues += dues


class FakeClimbs:
    def __init__(self) -> None:
        self.references: dict[str, tuple[str, str]] = {}
        self.kept: set[Climb] = set()

    def keep(self, task: Task) -> None:
        self.references[task.reference] = (task.person_id, task.id)

    def task_of(self, reference: str) -> tuple[str, str] | None:
        return self.references.get(reference)

    def put(self, climb: Climb) -> None:
        self.kept.add(climb)

    def coming(self, *, by: datetime, limit: int) -> list[Climb]:
        found = [climb for climb in self.kept if climb.at <= by]
        return sorted(found, key=lambda climb: (climb.at, climb.person_id, climb.task_id, climb.number))[:limit]

    def remove(self, climb: Climb) -> None:
        self.kept.discard(climb)
