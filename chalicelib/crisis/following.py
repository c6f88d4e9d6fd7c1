"""What comes after a crisis: three follow-ups as tasks of its staff, and the end when all of them are done."""

from datetime import datetime, timedelta

from chalicelib.crisis.domain import Crisis, Event, What
from chalicelib.crisis.log import after
from chalicelib.crisis.ports import Desk
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Kind, State, Task

AFTER = {"1d": timedelta(hours=24), "3d": timedelta(hours=72), "7d": timedelta(days=7)}
"""When somebody looks after the person again (domain rules 3.3)."""

LOOKED_AT = timedelta(hours=1)


def follow_ups(crisis: Crisis, *, version: int, now: datetime) -> list[Task]:
    """Return the tasks of a crisis that ends now, at this version; none where nobody knows whom to look after."""
    if crisis.person_id is None:
        return []
    return [
        Task(
            programme_id=crisis.programme_id,
            person_id=crisis.person_id,
            kind=Kind.CRISIS_FOLLOW_UP,
            about=f"{crisis.id}-{version}-{name}",
            owner=Role.CLINICIAN,
            opened_at=now,
            due_at=now + later,
        )
        for name, later in AFTER.items()
    ]


def look(crisis: Crisis, *, now: datetime, desk: Desk) -> Crisis:
    """Note which follow-ups were done, by whom and when; with the last one the crisis is closed."""
    events: list[Event] = []
    present = crisis
    for task_id in crisis.follow_ups:
        task = desk.tasks.find(crisis.person_id or "", task_id)
        if task is not None and task.state is State.DONE:
            done = Event(
                number=present.version + 1,
                what=What.FOLLOW_UP,
                at=task.done_at or now,
                by=task.done_by,
                tasks=(task_id,),
            )
            present = after(present, done)
            events.append(done)
    if not present.follow_ups:
        by = events[-1].by if events else crisis.resolved_by
        events.append(Event(number=present.version + 1, what=What.CLOSE, at=now, by=by))
        present = after(present, events[-1])
    if events:
        desk.crises.save(present, events, look_at=now + LOOKED_AT)
    else:
        desk.crises.look_again(crisis, at=now + LOOKED_AT)
    return present
