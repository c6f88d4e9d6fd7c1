"""Who is told of a task, and when: the rules of docs/rules.md, and what holds for any staff, hours and zone."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, time, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment.channels import Channel
from chalicelib.outreach.categories import category_of, urgency_of
from chalicelib.outreach.domain import ChannelKind, Urgency
from chalicelib.outreach.recurrence import DAYS
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import STAFF_ROLES, Hours, Member
from chalicelib.staff.telling import LEAVES, is_theirs, kind_of, reference_of, telling, told_at, whose
from chalicelib.tasks.domain import AS_MUCH_AGAIN, Kind, Severity, State, Task
from tests.build import utc

MONDAY = utc("2026-11-23T15:00")
"""Ten in the morning in New York."""
ZONES = ("America/New_York", "UTC", "Asia/Kathmandu", "Pacific/Apia", "America/Los_Angeles")


def a_member(
    account: str = "dr",
    *roles: Role,
    zone: str = "America/New_York",
    hours: Hours | None = None,
    reachable: bool = True,
    removed: bool = False,
) -> Member:
    email = Channel(id=account, kind=ChannelKind.EMAIL, address=f"{account}@care.example", added_at=MONDAY)
    return Member(
        programme_id="iop",
        account=account,
        first_name=account.title(),
        roles=frozenset(roles or {Role.CLINICIAN}),
        language="en",
        zone=zone,
        hours=hours or Hours(),
        email=email.attested(by="admin", at=MONDAY) if reachable else email,
        put_by="admin",
        put_at=MONDAY,
        removed_at=MONDAY if removed else None,
    )


def a_task(
    *,
    severity: Severity | None = Severity.URGENT,
    kind: Kind = Kind.FLAG,
    owner: Role = Role.CLINICIAN,
    at: datetime = MONDAY,
    within: timedelta = timedelta(hours=4),
) -> Task:
    return Task(
        programme_id="iop",
        person_id="p1",
        kind=kind,
        about="x",
        owner=owner,
        opened_at=at,
        due_at=at + within,
        severity=severity,
    )


def accounts(members: Sequence[Member]) -> list[str]:
    return sorted(member.account for member in members)


CASEY, CLEO = a_member("casey", Role.CASE_MANAGER), a_member("cleo", Role.CASE_MANAGER)
DR, DRU = a_member("dr", Role.CLINICIAN), a_member("dru", Role.CLINICIAN)
BOSS = a_member("boss", Role.PROGRAM_ADMIN)
EVERYONE = (CASEY, CLEO, DR, DRU, BOSS)


@pytest.mark.parametrize(
    ("roles", "care_team", "staff", "told"),
    [
        ((Role.CLINICIAN,), {"dr", "casey"}, EVERYONE, ["dr"]),
        ((Role.CLINICIAN,), {"casey"}, EVERYONE, ["dr", "dru"]),
        ((Role.CLINICIAN,), {"dr"}, (CASEY, DRU, BOSS), ["dru"]),
        ((Role.CLINICIAN,), {"dr"}, (CASEY, BOSS), ["boss"]),
        ((Role.CLINICIAN,), {"dr"}, (CASEY,), []),
        ((Role.CASE_MANAGER, Role.CLINICIAN), {"casey"}, EVERYONE, ["casey", "dr", "dru"]),
        ((Role.CASE_MANAGER, Role.CLINICIAN), set(), (DR, BOSS), ["dr"]),
        ((Role.PROGRAM_ADMIN,), {"dr"}, EVERYONE, ["boss"]),
        ((Role.CLINICIAN,), {"dr"}, (), []),
    ],
)
def test_those_of_the_care_team_else_of_the_role_else_who_answers_for_it(
    roles: tuple[Role, ...], care_team: set[str], staff: tuple[Member, ...], told: list[str]
) -> None:
    assert accounts(whose(roles, care_team=care_team, staff=staff)) == told


@pytest.mark.parametrize(
    ("severity", "number", "told"),
    [
        (Severity.CRISIS, 0, ["dr"]),
        (Severity.CRISIS, 1, ["dr", "dru"]),
        (Severity.CRISIS, 2, ["boss"]),
        (Severity.URGENT, 1, ["dr"]),
        (Severity.FOLLOW_UP, 1, ["dr"]),
    ],
)
def test_an_overdue_crisis_is_told_beyond_the_care_team(severity: Severity, number: int, told: list[str]) -> None:
    task = a_task(severity=severity)

    dues = telling(task, task.ladder[number], care_team={"dr"}, staff=EVERYONE, now=task.ladder[number].at)

    by_id = {member.id: member.account for member in EVERYONE}
    assert sorted(by_id[due.person_id] for due in dues) == told


def test_who_cannot_be_reached_is_as_good_as_absent() -> None:
    task = a_task()
    staff = (a_member("dr", reachable=False), a_member("dru", removed=True), CASEY, BOSS)

    (due,) = telling(task, task.ladder[0], care_team={"dr"}, staff=staff, now=MONDAY)

    assert due.person_id == BOSS.id


def test_a_crisis_that_none_of_its_own_can_be_told_of_is_told_to_whoever_can_be() -> None:
    """A programme with only a case manager who can be reached: a crisis for clinicians must not wait for an alarm."""
    crisis, urgent = a_task(severity=Severity.CRISIS), a_task()
    staff = (a_member("dr", reachable=False), a_member("boss", Role.PROGRAM_ADMIN, removed=True), CASEY)

    for number in range(3):
        (due,) = telling(crisis, crisis.ladder[number], care_team={"dr"}, staff=staff, now=MONDAY)
        assert due.person_id == CASEY.id
        assert telling(urgent, urgent.ladder[number], care_team={"dr"}, staff=staff, now=MONDAY) == []


FRIDAY_NIGHT = utc("2026-11-28T03:00")
"""Ten in the evening in New York, on Friday the 27th."""


@pytest.mark.parametrize(
    ("task", "number", "at"),
    [
        # A crisis: at once, on a Friday night too, and each step when it is due.
        (a_task(severity=Severity.CRISIS, at=FRIDAY_NIGHT, within=timedelta(minutes=15)), 0, FRIDAY_NIGHT),
        (
            a_task(severity=Severity.CRISIS, at=FRIDAY_NIGHT, within=timedelta(minutes=15)),
            2,
            FRIDAY_NIGHT + timedelta(minutes=30),
        ),
        # Urgent, at work.
        (a_task(), 0, MONDAY),
        # Urgent, due at two in the night: at once.
        (a_task(at=FRIDAY_NIGHT), 0, FRIDAY_NIGHT),
        # Urgent, due on Monday at eleven: when work begins on Monday.
        (a_task(at=FRIDAY_NIGHT, within=timedelta(hours=61)), 0, utc("2026-11-30T14:00")),
        # Urgent, due on Monday at ten to the minute: that still leaves an hour.
        (a_task(at=FRIDAY_NIGHT, within=timedelta(hours=60)), 0, utc("2026-11-30T14:00")),
        # Urgent, due a minute earlier: at once.
        (a_task(at=FRIDAY_NIGHT, within=timedelta(hours=60, minutes=-1)), 0, FRIDAY_NIGHT),
        # Urgent and overdue by night: when it is due.
        (a_task(at=FRIDAY_NIGHT), 1, FRIDAY_NIGHT + timedelta(hours=4)),
        # Nothing pressing, overdue on a Saturday: on Monday.
        (
            a_task(severity=Severity.FOLLOW_UP, at=FRIDAY_NIGHT, within=timedelta(hours=24)),
            1,
            utc("2026-11-30T14:00"),
        ),
        # Somebody asked to talk today.
        (a_task(severity=None, kind=Kind.TALK_TODAY, at=FRIDAY_NIGHT, within=timedelta(hours=2)), 0, FRIDAY_NIGHT),
    ],
)
def test_when_a_member_is_told(task: Task, number: int, at: datetime) -> None:
    assert told_at(task, task.ladder[number], DR) == at


def test_the_last_step_comes_after_as_much_time_again_and_a_day_at_most() -> None:
    short, long = a_task(within=timedelta(minutes=15)), a_task(within=timedelta(days=5))

    assert short.ladder[2].at - short.due_at == timedelta(minutes=15)
    assert long.ladder[2].at - long.due_at == AS_MUCH_AGAIN


def test_a_done_task_went_on_to_nobody_and_an_open_one_by_its_steps() -> None:
    task = a_task(owner=Role.CASE_MANAGER)
    steps = [task.escalated_to(at=MONDAY + timedelta(hours=hours)) for hours in (3, 4, 8)]

    assert steps == [
        (),
        (Role.CASE_MANAGER, Role.CLINICIAN),
        (Role.CASE_MANAGER, Role.CLINICIAN, Role.PROGRAM_ADMIN),
    ]
    done = task.done(by="dr", action="Called.", at=MONDAY + timedelta(hours=9))
    assert done.escalated_to(at=MONDAY + timedelta(hours=10)) == ()


def test_a_kind_tells_which_task_and_nothing_of_it() -> None:
    task = a_task(severity=Severity.CRISIS)

    kind = kind_of(task, task.ladder[1])
    assert reference_of(kind) == task.reference
    assert urgency_of(kind) is Urgency.CRISIS
    assert not category_of(kind).quiet_hours_defer
    assert urgency_of(kind_of(a_task(), task.ladder[0])) is Urgency.CLINICAL
    assert [reference_of(other) for other in ("staff_digest", "check_in", "staff_work-1", "staff_work-1-2-3")] == [
        None
    ] * 4
    assert task.person_id not in kind
    assert task.id not in kind


hours = st.builds(
    lambda days, start, length: Hours(
        days=frozenset(days),
        start=time(start // 60, start % 60),
        end=time(min(start + length, 1439) // 60, min(start + length, 1439) % 60),
    ),
    st.sets(st.sampled_from(DAYS), min_size=1),
    st.integers(0, 1400),
    st.integers(1, 700),
)
members = st.builds(
    lambda number, roles, zone, working, reachable, removed: a_member(
        f"m{number}", *roles, zone=zone, hours=working, reachable=reachable, removed=removed
    ),
    st.integers(0, 6),
    st.sets(st.sampled_from(sorted(STAFF_ROLES)), min_size=1),
    st.sampled_from(ZONES),
    hours,
    st.booleans(),
    st.booleans(),
)
staffs = st.lists(members, max_size=7, unique_by=lambda member: member.account)
instants = st.datetimes(datetime(2026, 1, 1), datetime(2027, 12, 31), timezones=st.just(UTC))
tasks = st.builds(
    lambda severity, kind, owner, at, minutes: a_task(
        severity=severity if kind is Kind.FLAG else None,
        kind=kind,
        owner=owner,
        at=at,
        within=timedelta(minutes=minutes),
    ),
    st.sampled_from(Severity),
    st.sampled_from(Kind),
    st.sampled_from([Role.CLINICIAN, Role.CASE_MANAGER]),
    instants,
    st.integers(1, 6000),
)
teams = st.sets(st.sampled_from([f"m{number}" for number in range(7)]))


@given(tasks, st.integers(0, 2), staffs, teams, st.lists(st.integers(0, 3000), min_size=1, max_size=4))
def test_a_member_gets_at_most_one_message_of_a_step_however_often_it_is_looked_at(
    task: Task, number: int, staff: list[Member], care_team: set[str], delays: list[int]
) -> None:
    step = task.ladder[number]
    names = set()
    for minutes in delays:
        # Between two looks anybody's hours may have been changed.
        moved = [replace(member, hours=Hours(), zone="UTC") for member in staff] if minutes % 2 else staff
        dues = telling(task, step, care_team=care_team, staff=moved, now=step.at + timedelta(minutes=minutes))
        assert max(Counter(due.person_id for due in dues).values(), default=0) <= 1
        names |= {(due.person_id, due.name) for due in dues}

    assert len(names) == len({person for person, _ in names})


@given(tasks, st.integers(0, 2), staffs, teams)
def test_somebody_is_told_wherever_anybody_answers_and_nobody_who_cannot_be(
    task: Task, number: int, staff: list[Member], care_team: set[str]
) -> None:
    step = task.ladder[number]
    told = {due.person_id for due in telling(task, step, care_team=care_team, staff=staff, now=task.ladder[number].at)}

    reachable = [member for member in staff if member.is_reachable(at=step.at)]
    could = [member for member in reachable if member.roles & {*step.roles, Role.PROGRAM_ADMIN}]
    could = could or (reachable if task.is_crisis else [])
    assert bool(told) == bool(could)
    assert told <= {member.id for member in could}
    for role in step.roles:
        of_role = {member.id for member in reachable if role in member.roles}
        assert not of_role or told & of_role


@given(tasks, st.integers(0, 2), members)
def test_a_crisis_waits_for_nobody_and_nothing_pressing_for_longer_than_its_term(
    task: Task, number: int, member: Member
) -> None:
    step = task.ladder[number]

    at = told_at(task, step, member)

    assert at >= step.at
    if task.is_crisis:
        assert at == step.at
    elif task.is_pressing:
        assert at == step.at or at + LEAVES <= task.due_at
    else:
        assert member.works_at(at)


@given(members, instants)
def test_who_is_at_work_is_so_at_once_and_anybody_within_eight_days(member: Member, at: datetime) -> None:
    begins = member.at_work_from(at)

    assert member.works_at(begins)
    assert at <= begins <= at + timedelta(days=8, hours=2)
    assert (begins == at) == member.works_at(at)


@given(tasks, staffs, teams)
def test_each_open_task_is_the_work_of_those_whom_it_is_told_to_and_a_done_one_nobodys(
    task: Task, staff: list[Member], care_team: set[str]
) -> None:
    active = [member for member in staff if member.is_active]
    theirs = {member.id for member in staff if is_theirs(task, member, care_team=care_team, staff=staff)}

    assert theirs == {member.id for member in whose((task.owner,), care_team=care_team, staff=active)}
    done = replace(task, state=State.DONE)
    assert not any(is_theirs(done, member, care_team=care_team, staff=staff) for member in staff)
