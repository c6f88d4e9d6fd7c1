"""In-memory caring contacts. tests/contract runs one suite on these and on the table, so that they can't lie."""

from chalicelib.caring.domain import Reply, Series
from chalicelib.enrollment.changing import Change
from chalicelib.tasks.domain import Task
from tests.fakes_enrollment import FakePeople
from tests.fakes_tasks import FakeTasks


class FakeSeries:
    def __init__(self, people: FakePeople) -> None:
        self.people = people
        self.kept: dict[str, Series] = {}

    def find(self, person_id: str) -> Series | None:
        return self.kept.get(person_id)

    def write(self, change: Change, series: Series) -> None:
        self.people.write(change)
        self.kept[series.person_id] = series


class FakeReplies:
    def __init__(self, tasks: FakeTasks) -> None:
        self.tasks = tasks
        self.kept: dict[tuple[str, str], Reply] = {}

    def add(self, reply: Reply, task: Task) -> bool:
        if (reply.person_id, reply.id) in self.kept or not self.tasks.open(task):
            return False
        self.kept[reply.person_id, reply.id] = reply
        return True

    def of_person(self, person_id: str) -> list[Reply]:
        found = [reply for (person, _), reply in self.kept.items() if person == person_id]
        return sorted(found, key=lambda reply: reply.at, reverse=True)
