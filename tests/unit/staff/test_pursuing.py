"""Open tasks are pursued: whatever dies or comes twice on the way, each step is told once to each, and none is lost."""

from collections.abc import Iterable
from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import STAFF_DIGEST
from chalicelib.privacy.domain import Role
from chalicelib.staff import pursuing
from chalicelib.staff.domain import Member
from chalicelib.staff.pursuing import Climb, Desk, climb, due_today, objection, open_up
from chalicelib.staff.telling import kind_of
from chalicelib.tasks.domain import Kind, Severity, State, Task
from tests.fakes import Crashed, FakeDues, Moments, Mortal
from tests.fakes_staff import FakeClimbs, FakeStaff
from tests.fakes_tasks import FakeTasks
from tests.unit.staff.test_telling_staff import (
    BOSS,
    CASEY,
    DR,
    DRU,
    EVERYONE,
    MONDAY,
    a_member,
    a_task,
    staffs,
    tasks,
    teams,
)


class Office:
    """A desk with fakes, whose process may die at any call."""

    def __init__(self, *tasks: Task, staff: Iterable[Member] = EVERYONE, care_team: Iterable[str] = ()) -> None:
        self.tasks, self.climbs, self.dues = FakeTasks(), FakeClimbs(), FakeDues()
        self.staff = FakeStaff(*staff)
        self.hurried: list[Due] = []
        self.care_team = frozenset(care_team)
        for task in tasks:
            self.tasks.open(task)

    def desk(self, moments: Moments | None = None) -> Desk:
        def mortal(port: object) -> object:
            return Mortal(port, moments) if moments else port

        return Desk(
            tasks=mortal(self.tasks),  # type: ignore[arg-type]
            members=mortal(self.staff),  # type: ignore[arg-type]
            climbs=mortal(self.climbs),  # type: ignore[arg-type]
            dues=mortal(self.dues),  # type: ignore[arg-type]
            care_team_of=lambda _person: self.care_team,
            hurry=self.hurried.extend,
        )

    def told(self, number: int, task: Task) -> set[str]:
        kind = kind_of(task, task.ladder[number])
        return {due.person_id for due in self.dues.rows.values() if due.kind == kind}

    def pass_by(self, at: object) -> None:
        for coming in self.climbs.coming(by=at, limit=99):  # type: ignore[arg-type]
            climb(coming, now=at, desk=self.desk())  # type: ignore[arg-type]


def test_a_task_that_is_not_pressing_is_told_to_nobody_until_it_is_overdue() -> None:
    task = a_task(severity=Severity.FOLLOW_UP)
    office = Office(task)

    told = open_up("p1", task.id, now=MONDAY, desk=office.desk())

    assert (told.members, told.is_untold, office.dues.rows) == (0, False, {})
    office.pass_by(task.due_at)
    assert office.told(1, task) == {DR.id, DRU.id}


@pytest.mark.parametrize("state", [None, State.DONE])
def test_nothing_follows_from_what_is_done_or_gone(state: State | None) -> None:
    task = a_task(severity=Severity.CRISIS)
    office = Office(*([task.done(by="dr", action="Called.", at=MONDAY)] if state else []))

    assert open_up("p1", task.id, now=MONDAY, desk=office.desk()).members == 0
    assert not climb(
        Climb(at=task.due_at, person_id="p1", task_id=task.id, number=1), now=task.due_at, desk=office.desk()
    ).is_untold

    assert (office.dues.rows, office.climbs.kept) == ({}, set())


def test_the_climb_ends_with_the_last_step() -> None:
    task = a_task(severity=Severity.CRISIS, within=timedelta(minutes=15))
    office = Office(task, care_team={"dr"})
    open_up("p1", task.id, now=MONDAY, desk=office.desk())

    for minutes in range(60):
        office.pass_by(MONDAY + timedelta(minutes=minutes))

    assert [office.told(number, task) for number in range(3)] == [{DR.id}, {DR.id, DRU.id}, {BOSS.id}]
    assert office.climbs.kept == set()
    assert len(office.hurried) == 4


def test_those_who_joined_since_are_told_of_what_is_overdue() -> None:
    task = a_task()
    office = Office(task, staff=[BOSS])
    open_up("p1", task.id, now=MONDAY, desk=office.desk())
    assert office.told(0, task) == {BOSS.id}

    office.staff.save(DR)
    office.pass_by(task.due_at)

    assert office.told(1, task) == {DR.id}


def test_where_a_crisis_is_told_to_others_that_is_said_too() -> None:
    task = a_task(severity=Severity.CRISIS)
    office = Office(task, staff=(CASEY,))

    told = open_up("p1", task.id, now=MONDAY, desk=office.desk())

    assert (told.members, told.is_untold) == (1, True)
    assert office.told(0, task) == {CASEY.id}


def test_where_nobody_can_be_told_that_is_said_and_the_climb_goes_on() -> None:
    task = a_task(severity=Severity.CRISIS)
    office = Office(task, staff=[CASEY, a_member("dr", reachable=False)])

    assert open_up("p1", task.id, now=MONDAY, desk=office.desk()).is_untold
    (coming,) = office.climbs.kept
    assert climb(coming, now=task.due_at, desk=office.desk()).is_untold
    assert [one.number for one in office.climbs.kept] == [2]


@given(tasks, staffs, teams, st.sets(st.integers(0, 40), max_size=3), st.integers(1, 3))
def test_whoever_dies_and_whatever_comes_again_each_step_is_told_once_and_none_is_lost(
    task: Task, staff: list[Member], care_team: set[str], fatal: set[int], times: int
) -> None:
    office = Office(task, staff=staff, care_team=care_team)
    moments = Moments(fatal=frozenset(fatal))
    last = task.ladder[-1].at

    def tried(call: object) -> None:
        for _ in range(len(fatal) + times):
            try:
                call()  # type: ignore[operator]
            except Crashed:
                continue

    tried(lambda: open_up(task.person_id, task.id, now=task.opened_at, desk=office.desk(moments)))
    for step in task.ladder[1:]:
        for coming in office.climbs.coming(by=step.at, limit=9):
            tried(lambda coming=coming, at=step.at: climb(coming, now=at, desk=office.desk(moments)))
        # A record of the stream that comes late again.
        open_up(task.person_id, task.id, now=step.at, desk=office.desk())
    office.pass_by(last)
    office.pass_by(last)

    fresh = Office(task, staff=staff, care_team=care_team)
    open_up(task.person_id, task.id, now=task.opened_at, desk=fresh.desk())
    for step in task.ladder[1:]:
        fresh.pass_by(step.at)
    names = {due.name for due in office.dues.rows.values()}
    assert names == {due.name for due in fresh.dues.rows.values()}
    # One occurrence in the ledger for a member, a task and a step.
    assert len(names) == len({(due.person_id, due.kind) for due in office.dues.rows.values()})
    assert office.climbs.kept == set()


def test_a_message_about_what_is_done_is_called_off_and_others_are_not() -> None:
    task, other = a_task(), a_task(kind=Kind.TALK_TODAY, severity=None)
    office = Office(task, other)
    for one in (task, other):
        open_up("p1", one.id, now=MONDAY, desk=office.desk())
    dues = {due.kind: due for due in office.dues.rows.values()}
    done = task.done(by="dr", action="Called.", at=MONDAY)
    office.tasks.finish(done)

    assert objection(dues[kind_of(task, task.ladder[0])], desk=office.desk()) is Reason.CANCELLED
    assert objection(dues[kind_of(other, other.ladder[0])], desk=office.desk()) is None
    strange = Due(person_id=DR.id, kind="staff_work-none-1", on=MONDAY.date(), at=MONDAY, due_at=MONDAY, version=1)
    assert objection(strange, desk=office.desk()) is Reason.CANCELLED


def a_day(member_id: str = DR.id, kind: str = STAFF_DIGEST) -> Due:
    return Due(person_id=member_id, kind=kind, on=MONDAY.date(), at=MONDAY, due_at=MONDAY, version=1)


def test_a_day_counts_what_is_theirs_and_only_for_who_is_there() -> None:
    office = Office(a_task(), a_task(owner=Role.CASE_MANAGER, kind=Kind.TALK_TODAY, severity=None))

    assert due_today(a_day(), now=MONDAY, desk=office.desk()) == 1
    assert due_today(a_day("staff-none"), now=MONDAY, desk=office.desk()) == 0
    assert due_today(a_day(kind="check_in"), now=MONDAY, desk=office.desk()) == 0


def test_a_day_counts_what_there_is_besides_tasks() -> None:
    office = Office(a_task())

    assert due_today(a_day(), now=MONDAY, desk=office.desk(), others=lambda _member, _now: 2) == 3
    assert due_today(a_day("staff-none"), now=MONDAY, desk=office.desk(), others=lambda _member, _now: 2) == 0
    most = pursuing.MOST_COUNTED
    assert due_today(a_day(), now=MONDAY, desk=office.desk(), others=lambda _member, _now: most) == most


def test_a_day_stops_counting_where_the_number_says_nothing_more() -> None:
    office = Office(*(a_task_about(number) for number in range(pursuing.MOST_COUNTED + 5)))

    assert due_today(a_day(), now=MONDAY, desk=office.desk()) == pursuing.MOST_COUNTED


def a_task_about(number: int) -> Task:
    return Task(
        programme_id="iop",
        person_id=f"p{number}",
        kind=Kind.FLAG,
        about="x",
        owner=Role.CLINICIAN,
        opened_at=MONDAY,
        due_at=MONDAY,
        severity=Severity.REVIEW,
    )
