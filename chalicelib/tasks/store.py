"""Tasks in the table. The only place for their keys."""

from collections.abc import Callable
from datetime import UTC, datetime

from pynamodb.attributes import UnicodeAttribute, UTCDateTimeAttribute
from pynamodb.exceptions import TransactWriteError
from pynamodb.expressions.condition import Condition
from pynamodb.transactions import TransactWrite

from chalicelib.edge.table import Item, lost_the_race, transaction, undisturbed
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Kind, Severity, State, Task


class TaskItem(Item, discriminator="task"):
    """pk ``TASKS#{person}``, sk ``{kind}-{about}``: not with the person, whom every message reads."""

    programme_id = UnicodeAttribute()
    kind = UnicodeAttribute()
    about = UnicodeAttribute()
    owner = UnicodeAttribute()
    opened_at = UTCDateTimeAttribute()
    due_at = UTCDateTimeAttribute()
    severity = UnicodeAttribute(null=True)
    because = UnicodeAttribute(null=True)
    state = UnicodeAttribute()
    done_by = UnicodeAttribute(null=True)
    done_at = UTCDateTimeAttribute(null=True)
    action = UnicodeAttribute(null=True)


class ListedTaskItem(Item, discriminator="listed_task"):
    """pk ``TASKLIST#{programme}#{state}``, sk ``{due or done at}#{person}#{kind}-{about}``: a programme's lists."""

    kind = UnicodeAttribute()
    about = UnicodeAttribute()
    owner = UnicodeAttribute()
    opened_at = UTCDateTimeAttribute()
    due_at = UTCDateTimeAttribute()
    severity = UnicodeAttribute(null=True)
    because = UnicodeAttribute(null=True)
    done_by = UnicodeAttribute(null=True)
    done_at = UTCDateTimeAttribute(null=True)
    action = UnicodeAttribute(null=True)


class ClimbItem(Item, discriminator="climb"):
    """pk ``CLIMBS``, sk ``{instant}#{person}#{kind}-{about}#{step}``: a step of an open task to look at; goes then."""


CLIMBS = "CLIMBS"


def climb_item(at: datetime, person_id: str, task_id: str, number: int) -> ClimbItem:
    """Return the row that has a step of a task looked at when its instant comes."""
    return ClimbItem(CLIMBS, f"{text_of(at)}#{person_id}#{task_id}#{number}")


def open_within(write: TransactWrite, task: Task) -> None:
    """Open a task within a transaction, which fails if one of its name is there, and have it looked at."""
    for item, condition in opening(task):
        write.save(item, condition=condition)


def opening(task: Task) -> tuple[tuple[Item, Condition | None], ...]:
    """Return what opens a task, and has it looked at, for a transaction of another slice."""
    return (
        (_item_of(task), TaskItem.pk.does_not_exist()),
        (_listed(task), None),
        # In the same breath, so that none is opened of which nobody hears.
        (climb_item(task.opened_at, task.person_id, task.id, 0), None),
    )


class DynamoTasks:
    """Implements ``service.Tasks``."""

    def open(self, task: Task) -> bool:
        """
        Write a task that isn't there yet, and list it.

        Another's transaction over it says nothing of how that one ends: if it fails, nobody else opens the task. So it
        is tried again, until the task is there or not.
        """

        def write() -> None:
            with transaction() as writes:
                open_within(writes, task)

        return _unless_lost(write)

    def find(self, person_id: str, task_id: str) -> Task | None:
        """Return a task as it is now."""
        try:
            return _task_of(TaskItem.get(f"TASKS#{person_id}", task_id, consistent_read=True))
        except TaskItem.DoesNotExist:
            return None

    def of_person(self, person_id: str) -> list[Task]:
        """Return all of a person's tasks."""
        return [_task_of(item) for item in TaskItem.query(f"TASKS#{person_id}", consistent_read=True)]

    def of_programme(
        self, programme_id: str, *, state: State, after: str | None, limit: int
    ) -> tuple[list[Task], str | None]:
        """Return a page of a programme's list."""
        forward = state is State.OPEN
        beyond = None
        if after:
            beyond = ListedTaskItem.sk > after if forward else ListedTaskItem.sk < after
        items = list(
            ListedTaskItem.query(
                f"TASKLIST#{programme_id}#{state}", beyond, scan_index_forward=forward, limit=limit + 1
            )
        )
        last = items[limit - 1].sk if len(items) > limit else None
        return [_task_of_listed(item, programme_id, state) for item in items[:limit]], last

    def finish(self, task: Task) -> bool:
        """Write a task as done, and move it from one list to the other; tried again like ``open``."""

        def write() -> None:
            with transaction() as writes:
                writes.save(_item_of(task), condition=TaskItem.state == State.OPEN.value)
                writes.delete(ListedTaskItem(*_place(task, State.OPEN)))
                writes.save(_listed(task))

        return _unless_lost(write)


def _unless_lost(write: Callable[[], None]) -> bool:
    try:
        undisturbed(write)
    except TransactWriteError as error:
        if lost_the_race(error):
            return False
        raise
    return True


def _place(task: Task, state: State) -> tuple[str, str]:
    at = task.due_at if state is State.OPEN else task.done_at or task.due_at
    return f"TASKLIST#{task.programme_id}#{state}", f"{text_of(at)}#{task.person_id}#{task.id}"


def text_of(at: datetime) -> str:
    """Write an instant so that text order is time order: UTC, to the microsecond."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


def _item_of(task: Task) -> TaskItem:
    return TaskItem(
        f"TASKS#{task.person_id}",
        task.id,
        programme_id=task.programme_id,
        kind=task.kind.value,
        about=task.about,
        owner=task.owner.value,
        opened_at=task.opened_at,
        due_at=task.due_at,
        severity=task.severity.value if task.severity else None,
        because=task.because,
        state=task.state.value,
        done_by=task.done_by,
        done_at=task.done_at,
        action=task.action,
    )


def _listed(task: Task) -> ListedTaskItem:
    return ListedTaskItem(
        *_place(task, task.state),
        kind=task.kind.value,
        about=task.about,
        owner=task.owner.value,
        opened_at=task.opened_at,
        due_at=task.due_at,
        severity=task.severity.value if task.severity else None,
        because=task.because,
        done_by=task.done_by,
        done_at=task.done_at,
        action=task.action,
    )


def _task_of(item: TaskItem) -> Task:
    return Task(
        programme_id=item.programme_id,
        person_id=item.pk.removeprefix("TASKS#"),
        kind=Kind(item.kind),
        about=item.about,
        owner=Role(item.owner),
        opened_at=item.opened_at,
        due_at=item.due_at,
        severity=Severity(item.severity) if item.severity else None,
        because=item.because,
        state=State(item.state),
        done_by=item.done_by,
        done_at=item.done_at,
        action=item.action,
    )


def _task_of_listed(item: ListedTaskItem, programme_id: str, state: State) -> Task:
    return Task(
        programme_id=programme_id,
        person_id=item.sk.split("#")[1],
        kind=Kind(item.kind),
        about=item.about,
        owner=Role(item.owner),
        opened_at=item.opened_at,
        due_at=item.due_at,
        severity=Severity(item.severity) if item.severity else None,
        because=item.because,
        state=state,
        done_by=item.done_by,
        done_at=item.done_at,
        action=item.action,
    )
