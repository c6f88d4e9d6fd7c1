"""Open tasks for staff, list them, and note what was done."""

from collections.abc import Iterable
from datetime import datetime
from typing import Protocol

from chalicelib.privacy.service import Standings
from chalicelib.tasks.domain import NoSuchTask, State, Task, TaskDone


class Tasks(Protocol):
    """The tasks of all people."""

    def open(self, task: Task) -> bool:
        """Write a task that isn't there yet; False if one of its name is there, open or done, which stays as it is."""
        ...

    def find(self, person_id: str, task_id: str) -> Task | None:
        """Return a task as it is now."""
        ...

    def of_person(self, person_id: str) -> list[Task]:
        """Return all of a person's tasks, in no order."""
        ...

    def of_programme(
        self, programme_id: str, *, state: State, after: str | None, limit: int
    ) -> tuple[list[Task], str | None]:
        """Return open tasks by when they are due, or done ones latest first, and the key to go on after."""
        ...

    def finish(self, task: Task) -> bool:
        """Write a task that was open as done; False if somebody else did so meanwhile."""
        ...


def person_tasks(person_id: str, *, tasks: Tasks) -> list[Task]:
    """Return a person's tasks: the open ones by when they are due, then the done ones, latest first."""
    found = tasks.of_person(person_id)
    still_open = sorted((task for task in found if task.state is State.OPEN), key=lambda task: (task.due_at, task.id))
    finished = [(task.done_at, task.id, task) for task in found if task.done_at is not None]
    return still_open + [task for _, _, task in sorted(finished, key=lambda one: one[:2], reverse=True)]


def do_task(person_id: str, task_id: str, *, by: str, action: str, now: datetime, tasks: Tasks) -> Task:
    """
    Note that a task is done, by whom, when, and what they did. The same again changes nothing.

    :raises NoSuchTask: if the person has none of this name
    :raises TaskDone: if somebody did it already
    """
    task = tasks.find(person_id, task_id)
    if task is None:
        raise NoSuchTask("there is no such task")
    done = task.done(by=by, action=action, at=now)
    if done is not task and not tasks.finish(done):
        raise TaskDone("this was done already")
    return done


def held_by(found: Iterable[Task], *, subject: str, now: datetime, standings: Standings) -> list[Task]:
    """Return those tasks that are about people whose care team names this account."""
    held: dict[str, bool] = {}
    kept = []
    for task in found:
        if task.person_id not in held:
            standing = standings.of_person(task.person_id, now=now)
            held[task.person_id] = standing is not None and subject in standing.care_team
        if held[task.person_id]:
            kept.append(task)
    return kept
