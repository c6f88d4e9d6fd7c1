from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import TERMS, Kind, NoSuchTask, State, TaskDone, task_for
from chalicelib.tasks.service import do_task, held_by, person_tasks
from tests.build import utc
from tests.fakes_privacy import FakeStandings
from tests.fakes_tasks import FakeTasks

NOON = utc("2026-11-25T12:00")


@pytest.mark.parametrize("kind", sorted(set(Kind) - {Kind.FLAG}))
def test_every_kind_has_an_owner_and_a_time(kind: Kind) -> None:
    task = task_for(kind, "mail", programme_id="iop", person_id="p", at=NOON)

    assert task.owner is TERMS[kind].owner
    assert not task.is_overdue(at=NOON)
    assert task.is_overdue(at=NOON + TERMS[kind].within)


@given(st.lists(st.tuples(st.sampled_from("ab"), st.sampled_from(["Called.", "Wrote."])), min_size=1, max_size=6))
def test_the_first_who_does_a_task_is_the_one_who_did_it(tries: list[tuple[str, str]]) -> None:
    tasks = FakeTasks()
    tasks.open(task_for(Kind.CONTACT_DETAILS, "mail", programme_id="iop", person_id="p", at=NOON))

    for minute, (by, action) in enumerate(tries):
        try:
            done = do_task(
                "p",
                "contact_details-mail",
                by=by,
                action=action,
                now=NOON + timedelta(minutes=minute),
                tasks=tasks,
            )
        except TaskDone:
            assert (by, action) != tries[0]
        else:
            assert (by, action) == tries[0]
            assert (done.done_by, done.action, done.done_at, done.state) == (*tries[0], NOON, State.DONE)


def test_who_loses_the_race_is_told_so() -> None:
    class Raced(FakeTasks):
        def finish(self, task: object) -> bool:
            del task
            return False

    tasks = Raced()
    tasks.open(task_for(Kind.MAIL_COMPLAINT, "mail", programme_id="iop", person_id="p", at=NOON))

    with pytest.raises(TaskDone):
        do_task("p", "mail_complaint-mail", by="a", action="Called.", now=NOON, tasks=tasks)


def test_nobody_does_what_there_is_not() -> None:
    with pytest.raises(NoSuchTask):
        do_task("p", "mail_complaint-mail", by="a", action="Called.", now=NOON, tasks=FakeTasks())


def test_somebody_without_a_record_is_on_nobodys_caseload() -> None:
    task = task_for(Kind.MAIL_TROUBLE, "mail", programme_id="iop", person_id="p", at=NOON)

    assert held_by([task, task], subject="a", now=NOON, standings=FakeStandings()) == []
    assert person_tasks("p", tasks=FakeTasks()) == []


@pytest.mark.parametrize(
    ("opened", "due"),
    [
        # New York: a Tuesday, a Friday afternoon, a Friday evening that is Saturday in UTC, a Sunday.
        ("2026-11-24T18:00", "2026-11-25T18:00"),
        ("2026-11-27T20:00", "2026-11-30T20:00"),
        ("2026-11-28T02:00", "2026-12-01T02:00"),
        ("2026-11-29T15:00", "2026-11-30T15:00"),
        # Clocks go back on Sunday, 1 November: the hour of the day stays.
        ("2026-10-30T18:00", "2026-11-02T19:00"),
    ],
)
def test_what_is_due_on_the_next_business_day_is_not_due_on_a_weekend(opened: str, due: str) -> None:
    task = task_for(
        Kind.RETURN_TO_USE, "2026-11-24", programme_id="iop", person_id="p1", at=utc(opened), zone="America/New_York"
    )

    assert (task.due_at, task.owner) == (utc(due), Role.CLINICIAN)
