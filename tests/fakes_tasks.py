"""In-memory tasks. tests/contract runs one suite on these and on the table, so that they can't lie."""

from chalicelib.tasks.domain import State, Task


class FakeTasks:
    def __init__(self) -> None:
        self.kept: dict[tuple[str, str], Task] = {}

    def open(self, task: Task) -> bool:
        key = (task.person_id, task.id)
        if key in self.kept:
            return False
        self.kept[key] = task
        return True

    def find(self, person_id: str, task_id: str) -> Task | None:
        return self.kept.get((person_id, task_id))

    def of_person(self, person_id: str) -> list[Task]:
        return [task for (person, _), task in self.kept.items() if person == person_id]

    def of_programme(
        self, programme_id: str, *, state: State, after: str | None, limit: int
    ) -> tuple[list[Task], str | None]:
        forward = state is State.OPEN
        found = sorted(
            (
                (f"{(task.due_at if forward else task.done_at):%Y-%m-%dT%H:%M:%S.%fZ}#{task.person_id}#{task.id}", task)
                for task in self.kept.values()
                if (task.programme_id, task.state) == (programme_id, state)
            ),
            key=lambda one: one[0],
            reverse=not forward,
        )
        beyond = [one for one in found if not after or (one[0] > after if forward else one[0] < after)]
        return [task for _, task in beyond[:limit]], beyond[limit - 1][0] if len(beyond) > limit else None

    def finish(self, task: Task) -> bool:
        key = (task.person_id, task.id)
        if key not in self.kept or self.kept[key].state is not State.OPEN:
            return False
        self.kept[key] = task
        return True
