"""A person's row in the list as one text: short, since a page reads those of the whole programme."""

import json
from datetime import UTC, date, datetime
from typing import Any

from chalicelib.caseload.attention import (
    DueContact,
    Facts,
    HeldUntil,
    LastContact,
    NotReachable,
    OpenTask,
    Reach,
    Run,
)
from chalicelib.caseload.domain import How, Outcome
from chalicelib.enrollment.channels import NO_END
from chalicelib.enrollment.episodes import State
from chalicelib.outreach.domain import Hold
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Severity

FORM = 1
"""Which form a text has; one of another form is read by nobody, and replaced. Raise it when the form changes."""


def written(facts: Facts) -> str:
    """Return the text for a row; the same facts give the same text."""
    last, run = facts.last_contact, facts.run
    whole = [
        FORM,
        [facts.name, facts.zone, facts.state.value, facts.admitted_on.isoformat(), sorted(facts.care_team)],
        [_second(last.at), last.how.value, last.outcome.value, last.role.value] if last else None,
        _second(facts.reached_at),
        [_second(facts.answered_at), facts.answered_on.isoformat()] if facts.answered_on else None,
        [run.earlier, [_second(closes) for closes in run.closes], run.since.isoformat()] if run else None,
        [
            [
                task.id,
                task.severity.value if task.severity else None,
                task.owner.value,
                _second(task.opened_at),
                _second(task.due_at),
                task.because,
            ]
            for task in facts.tasks
        ],
        facts.more_tasks,
        [[one.role.value, one.every_days, one.due_on.isoformat()] for one in facts.cadences],
        [[hold.kind.value, _second(hold.until), _second(hold.since)] for hold in facts.holds],
        [_second(facts.reach.until), facts.reach.why.value if facts.reach.why else None],
        _second(facts.help_asked_at),
    ]
    return json.dumps(whole, ensure_ascii=False, separators=(",", ":"))


def read(person_id: str, text: str) -> Facts | None:
    """Return what a text says of a person; None if it is of another form."""
    form, *parts = json.loads(text)
    if form != FORM:
        return None
    who, last, reached, answered, run, tasks, more, cadences, holds, reach, help_asked = parts
    name, zone, state, admitted_on, care_team = who
    return Facts(
        person_id=person_id,
        name=name,
        zone=zone,
        state=State(state),
        admitted_on=date.fromisoformat(admitted_on),
        care_team=frozenset(care_team),
        last_contact=_last_contact(*last) if last else None,
        reached_at=_instant(reached),
        answered_at=_instant(answered[0]) if answered else None,
        answered_on=date.fromisoformat(answered[1]) if answered else None,
        run=_run(*run) if run else None,
        tasks=tuple(_task(*task) for task in tasks),
        more_tasks=more,
        cadences=tuple(
            DueContact(role=Role(role), every_days=every_days, due_on=date.fromisoformat(due_on))
            for role, every_days, due_on in cadences
        ),
        holds=tuple(
            HeldUntil(kind=Hold(kind), until=_known(until), since=_known(since)) for kind, until, since in holds
        ),
        reach=Reach(until=_instant(reach[0]), why=NotReachable(reach[1]) if reach[1] else None),
        help_asked_at=_instant(help_asked),
    )


def _last_contact(at: int, how: str, outcome: str, role: str) -> LastContact:
    return LastContact(at=_known(at), how=How(how), outcome=Outcome(outcome), role=Role(role))


def _run(earlier: int, closes: list[int], since: str) -> Run:
    return Run(earlier=earlier, closes=tuple(map(_known, closes)), since=date.fromisoformat(since))


def _task(task_id: str, severity: str | None, owner: str, opened: int, due: int, because: str | None) -> OpenTask:
    return OpenTask(
        id=task_id,
        severity=Severity(severity) if severity else None,
        owner=Role(owner),
        opened_at=_known(opened),
        due_at=_known(due),
        because=because,
    )


def _second(at: datetime | None) -> int | None:
    if at is None:
        return None
    # Shorter than its seconds, and by far the most frequent.
    return -1 if at == NO_END else int(at.timestamp())


def _instant(seconds: int | None) -> datetime | None:
    return None if seconds is None else _known(seconds)


def _known(seconds: Any) -> datetime:  # noqa: ANN401 (as JSON has it)
    return NO_END if seconds == -1 else datetime.fromtimestamp(seconds, UTC)
