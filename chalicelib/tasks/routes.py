"""The doors to what staff have to do: a programme's list, a person's, and how something is noted as done."""

from datetime import datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Doors, Page, PageQuery, Wire
from chalicelib.errors import Fault, Invalid
from chalicelib.privacy.domain import Act, Field, Role, Rule, View
from chalicelib.tasks import service
from chalicelib.tasks.domain import OF_WALKS, Kind, NoSuchTask, Severity, State, Task
from chalicelib.tasks.store import DynamoTasks

doors = Doors(__name__)

_OF_A_PERSON = frozenset({View.FULL, View.WALKS_ONLY})


class TaskQuery(PageQuery):
    """Which of a programme's tasks."""

    state: Annotated[State, Described(description="`open`: by when they are due; `done`: the latest first.")] = (
        State.OPEN
    )


class ShownTask(Wire):
    """
    Something to do about a person. ``about``: what it is about, for example a channel's id.

    Who may see only that there is something sees its ``reference``, owner, times and state, and null otherwise.
    """

    id: str | None
    reference: Annotated[str, Described(description="What messages to staff call it.")]
    person_id: str | None
    programme_id: str
    kind: Kind | None
    about: str | None
    owner: Annotated[Role, Described(description="Whose work it is.")]
    opened_at: datetime
    due_at: datetime
    overdue: bool
    escalated_to: Annotated[list[Role], Described(description="The roles that it went on to since it was overdue.")]
    severity: Annotated[Severity | None, Described(description="Of a flag: how pressing it is.")]
    because: Annotated[str | None, Described(description="Of a flag: the figures for which its rule holds.")]
    state: State
    done_by: Annotated[str | None, Described(description="The sign-in's id.")]
    done_at: datetime | None
    action: Annotated[str | None, Described(description="What was done about it.")]


class TaskList(Wire):
    """A person's tasks: open ones by when they are due, then done ones, latest first."""

    items: list[ShownTask]


class Done(Wire):
    """What was done about a task."""

    action: Annotated[str, Described(min_length=1, max_length=500)]


@doors.door(
    "GET",
    "/programmes/{programme_id}/tasks",
    summary="What the staff of a programme have to do, the most urgent first, or have done",
    rule=Rule(
        act=Act.LIST,
        field=Field.TASKS,
        programme="programme_id",
        purpose="see what has to be done",
        views=frozenset({View.FULL, View.STATE_ONLY, View.WALKS_ONLY}),
        narrows=True,
    ),
    query=TaskQuery,
    answer=Page[ShownTask],
)
def list_programme_tasks(asked: Asked, programme_id: str) -> Answer:
    """List a page; with a caseload of one's own fewer may be shown than were looked at."""
    found, last = DynamoTasks().of_programme(
        programme_id, state=asked.query.state, after=asked.after(prefix="20"), limit=asked.query.limit
    )
    if asked.granted.only_care_team:
        found = service.held_by(found, subject=asked.who.subject, now=asked.now, standings=doors.wiring.standings)
    is_whole = asked.granted.view is not View.STATE_ONLY
    seen = [task for task in found if _is_seen(asked, task)]
    items = [_shown(task, now=asked.now) if is_whole else _without_whom(task, now=asked.now) for task in seen]
    return Answer(body=Page[ShownTask](items=items, next=asked.next(last)))


@doors.door(
    "GET",
    "/people/{person_id}/tasks",
    summary="What has to be done about a person, and what was",
    rule=Rule(
        act=Act.LIST,
        field=Field.TASKS,
        subject="person_id",
        purpose="see what has to be done about somebody",
        views=_OF_A_PERSON,
    ),
    answer=TaskList,
)
def list_person_tasks(asked: Asked, person_id: str) -> Answer:
    """List all of them."""
    found = [task for task in service.person_tasks(person_id, tasks=DynamoTasks()) if _is_seen(asked, task)]
    return Answer(body=TaskList(items=[_shown(task, now=asked.now) for task in found]))


@doors.door(
    "PUT",
    "/people/{person_id}/tasks/{task_id}",
    summary="Note that a task is done, and what was done; the same again changes nothing",
    rule=Rule(
        act=Act.WRITE,
        field=Field.TASKS,
        subject="person_id",
        purpose="note that something was done",
        views=_OF_A_PERSON,
    ),
    body=Done,
    answer=ShownTask,
)
def do_task(asked: Asked, person_id: str, task_id: str) -> Answer:
    """Note it, with who and when."""
    action = asked.body.action.strip()
    if not action:
        raise Invalid(Fault(field="action", reason="must say what was done"))
    found = DynamoTasks().find(person_id, task_id)
    if found is None or not _is_seen(asked, found):
        raise NoSuchTask("there is no such task")
    task = service.do_task(person_id, task_id, by=asked.who.subject, action=action, now=asked.now, tasks=DynamoTasks())
    return Answer(body=_shown(task, now=asked.now))


def _is_seen(asked: Asked, task: Task) -> bool:
    return asked.granted.view is not View.WALKS_ONLY or task.kind in OF_WALKS


def _without_whom(task: Task, *, now: datetime) -> ShownTask:
    shown = _shown(task, now=now)
    hidden = ("id", "person_id", "kind", "about", "severity", "because", "done_by", "action")
    return shown.model_copy(update=dict.fromkeys(hidden))


def _shown(task: Task, *, now: datetime) -> ShownTask:
    return ShownTask(
        id=task.id,
        reference=task.reference[:8].upper(),
        person_id=task.person_id,
        programme_id=task.programme_id,
        kind=task.kind,
        about=task.about,
        owner=task.owner,
        opened_at=task.opened_at,
        due_at=task.due_at,
        overdue=task.is_overdue(at=now),
        escalated_to=list(task.escalated_to(at=now)),
        severity=task.severity,
        because=task.because,
        state=task.state,
        done_by=task.done_by,
        done_at=task.done_at,
        action=task.action,
    )
