"""A crisis flag whose answer is a call for help, too: once it is paged, nobody is told a second time that it opened."""

from datetime import timedelta
from typing import Protocol

from chalicelib.crisis.ports import Crises, Tasks
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import STAFF_ALERT
from chalicelib.staff.telling import reference_of

LATELY = timedelta(minutes=1)
"""A page so shortly before an answer is one for it: another one follows at a bounded rate."""


class References(Protocol):
    """What references stand for."""

    def task_of(self, reference: str) -> tuple[str, str] | None:
        """Return the person and the task that a reference stands for."""
        ...


def objection(due: Due, *, references: References, tasks: Tasks, crises: Crises) -> Reason | None:
    """
    Return why the word that a crisis flag opened need not go out: the person's call that came with it is paged.

    Of later steps it says nothing: whoever paged or acknowledged may still leave the flag undone. What can't be read,
    or wasn't paged, or was never a call, is told of.
    """
    reference = reference_of(due.kind) if category_name(due.kind) == STAFF_ALERT else None
    if reference is None or not due.kind.endswith("-0"):
        return None
    named = references.task_of(reference)
    task = tasks.find(*named) if named else None
    crisis = crises.present_of(task.person_id) if task else None
    if task is None or crisis is None or crisis.pressed_at < task.opened_at:
        return None
    is_paged = crisis.paged_at is not None and crisis.paged_at > task.opened_at - LATELY
    return Reason.CANCELLED if is_paged or not crisis.is_unanswered else None
