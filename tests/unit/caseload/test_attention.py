"""Whom first, and why: a total order that a further reason never turns against anybody, and that paging keeps."""

from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.caseload.attention import (
    HELP_FOR,
    DueContact,
    Facts,
    HeldUntil,
    LastContact,
    NotReachable,
    OpenTask,
    Reach,
    Reason,
    Run,
    Why,
    for_peers,
    place,
    reasons,
)
from chalicelib.caseload.domain import STAFF, How, Outcome
from chalicelib.caseload.following import Row
from chalicelib.caseload.listing import After, Listed, Reader, Workload, caseload, workload
from chalicelib.caseload.written import read, written
from chalicelib.enrollment.channels import NO_END
from chalicelib.enrollment.domain import Person, Record
from chalicelib.enrollment.episodes import Episode, State
from chalicelib.outreach.domain import Hold
from chalicelib.privacy.domain import Role
from chalicelib.tasks.domain import Severity
from tests.build import utc
from tests.fakes_caseload import FakeCopies, FakeRows

NOW = utc("2026-11-24T18:00")
HOUR = timedelta(hours=1)
ALL = Reader(subject="cam", in_full=True, only_care_team=False)

instants = st.integers(-90 * 24, 30 * 24).map(lambda hours: NOW + timedelta(hours=hours))
dates = st.dates(date(2026, 8, 1), date(2026, 12, 31))
zones = st.sampled_from(["America/New_York", "Pacific/Apia", "Asia/Kolkata", "America/Sao_Paulo", "UTC"])
flags = st.builds(
    OpenTask,
    id=st.integers(0, 999).map("flag-rule_a-2026-11-20-{}".format),
    severity=st.sampled_from(Severity),
    owner=st.sampled_from(STAFF),
    opened_at=instants,
    due_at=instants,
    because=st.none() | st.text(max_size=20),
)
chores = st.builds(
    OpenTask,
    id=st.sampled_from(["talk_today-x", "return_to_use-x", "contact_details-mail-1", "mail_complaint-mail"]),
    severity=st.none(),
    owner=st.sampled_from(STAFF),
    opened_at=instants,
    due_at=instants,
)
runs = st.builds(
    Run,
    earlier=st.integers(0, 26),
    closes=st.lists(instants, min_size=1, max_size=2).map(tuple),
    since=dates,
)
facts = st.builds(
    Facts,
    person_id=st.uuids().map(lambda each: each.hex),
    name=st.text(min_size=1, max_size=20),
    zone=zones,
    state=st.sampled_from([State.ENROLLED, State.ACTIVE, State.STEP_DOWN, State.ON_HOLD]),
    admitted_on=dates,
    care_team=st.frozensets(st.sampled_from(["cam", "dr", "pia"])),
    last_contact=st.none()
    | st.builds(
        LastContact,
        at=instants,
        how=st.sampled_from(How),
        outcome=st.sampled_from(Outcome),
        role=st.sampled_from(STAFF),
    ),
    reached_at=st.none() | instants,
    run=st.none() | runs,
    tasks=st.lists(flags | chores, max_size=5, unique_by=lambda task: task.id).map(tuple),
    more_tasks=st.integers(0, 3),
    cadences=st.lists(
        st.builds(DueContact, role=st.sampled_from(STAFF), every_days=st.integers(1, 90), due_on=dates),
        max_size=3,
        unique_by=lambda one: one.role,
    ).map(tuple),
    holds=st.lists(
        st.builds(HeldUntil, kind=st.sampled_from(Hold), until=instants, since=instants),
        max_size=2,
        unique_by=lambda one: one.kind,
    ).map(tuple),
    reach=st.sampled_from([Reach(until=NO_END), Reach(until=None, why=NotReachable.NO_CONSENT), Reach(until=NOW)]),
    help_asked_at=st.none() | instants,
)
some_reasons = st.lists(
    st.builds(Reason, why=st.sampled_from(Why), since=st.none() | instants, task_id=st.none() | st.text(max_size=3)),
    max_size=9,
)


def somebody(**changes: object) -> Facts:
    plain = Facts(person_id="p", name="Ana", zone="America/New_York", state=State.ACTIVE, admitted_on=date(2026, 11, 1))
    return replace(plain, **changes)  # type: ignore[arg-type]


def whys(one: Facts, at: datetime = NOW) -> list[Why]:
    return [reason.why for reason in reasons(one, at=at)]


def a_task(*, task_id: str = "flag-a-2026-11-20", severity: Severity | None = None, due: int = 1) -> OpenTask:
    return OpenTask(
        id=task_id, severity=severity, owner=Role.CLINICIAN, opened_at=NOW - 9 * HOUR, due_at=NOW + due * HOUR
    )


@given(some_reasons, some_reasons)
def test_of_two_people_exactly_one_comes_first(one: list[Reason], other: list[Reason]) -> None:
    first, second = place(one, "a"), place(other, "b")

    assert (first < second) != (second < first)
    assert place(one, "a") == place(list(reversed(one)), "a")


@given(some_reasons, some_reasons, some_reasons)
def test_the_order_is_transitive(one: list[Reason], two: list[Reason], three: list[Reason]) -> None:
    first, second, third = sorted([place(one, "a"), place(two, "b"), place(three, "c")])

    assert first < second < third
    assert first < third


@given(some_reasons, st.builds(Reason, why=st.sampled_from(Why), since=st.none() | instants), some_reasons)
def test_a_further_reason_never_moves_anybody_down(before: list[Reason], more: Reason, other: list[Reason]) -> None:
    after = [*before, more]

    assert place(after, "m") <= place(before, "m")
    if place(before, "m") < place(other, "n"):
        assert place(after, "m") < place(other, "n")


@given(some_reasons, st.sampled_from(list(Why)[1:]))
def test_who_has_a_more_pressing_reason_comes_first_whatever_else_others_have(rest: list[Reason], why: Why) -> None:
    """No number of lesser reasons outweighs one that presses more: there is no sum."""
    order = list(Why)
    lesser = [reason for reason in rest if order.index(reason.why) >= order.index(why)]
    pressing = Reason(why=order[order.index(why) - 1], since=NOW)

    assert place([pressing], "z") < place(lesser, "a")


@given(facts)
def test_a_row_reads_back_as_it_was_written(one: Facts) -> None:
    text = written(one)

    assert read(one.person_id, text) == one
    assert written(replace(one)) == text
    assert read(one.person_id, text.replace("[1,", "[0,", 1)) is None


@given(facts, st.integers(0, 60 * 24))
def test_nothing_overdue_becomes_less_so_by_waiting(one: Facts, hours: int) -> None:
    """Holds, calls for help and check-ins apart, which end, time alone moves nobody down."""
    still = replace(one, holds=(), help_asked_at=None)

    assert place(reasons(still, at=NOW + hours * HOUR), "p") <= place(reasons(still, at=NOW), "p")


def test_who_needs_nobody_has_no_reason() -> None:
    assert reasons(somebody(), at=NOW) == []


@pytest.mark.parametrize(
    ("severity", "due", "why"),
    [
        (Severity.CRISIS, 1, Why.CRISIS_OPEN),
        (Severity.CRISIS, 0, Why.CRISIS_OVERDUE),
        (Severity.URGENT, 1, Why.URGENT_OPEN),
        (Severity.OUTREACH, -1, Why.OUTREACH_OVERDUE),
        (Severity.FOLLOW_UP, 1, Why.FOLLOW_UP_OPEN),
        (Severity.REVIEW, -1, Why.REVIEW_OVERDUE),
    ],
)
def test_a_flag_is_a_reason_by_its_severity_and_whether_it_is_overdue(severity: Severity, due: int, why: Why) -> None:
    (reason,) = reasons(somebody(tasks=(a_task(severity=severity, due=due),)), at=NOW)

    assert (reason.why, reason.since, reason.task_id) == (why, NOW + due * HOUR, "flag-a-2026-11-20")


def test_other_tasks_press_as_much_as_what_they_are_about() -> None:
    tasks = [a_task(task_id=f"{kind}-x") for kind in ("talk_today", "return_to_use", "mail_trouble")]

    assert whys(somebody(tasks=tuple(tasks))) == [Why.URGENT_OPEN, Why.FOLLOW_UP_OPEN, Why.TASK_OPEN]


@pytest.mark.parametrize(
    ("task_id", "rule"),
    [
        ("flag-craving_severe-2026-11-20-daily", "craving_severe"),
        ("flag-silent-2026-11-21", "silent"),
        ("flag-our-own-rule-2026-11-20-weekly", "our-own-rule"),
        ("flag-odd", None),
        ("talk_today-2026-11-20", None),
    ],
)
def test_a_flag_says_which_rule_raised_it(task_id: str, rule: str | None) -> None:
    assert a_task(task_id=task_id).rule == rule


def test_a_call_for_help_is_a_reason_until_somebody_reached_them_after_it() -> None:
    called = somebody(help_asked_at=NOW - HOUR, reached_at=NOW - 2 * HOUR)

    assert whys(called) == [Why.HELP_ASKED]
    assert whys(replace(called, reached_at=NOW - HOUR)) == [Why.HELP_ASKED]
    assert whys(replace(called, reached_at=NOW - HOUR + timedelta(seconds=1))) == []
    assert whys(called, NOW - HOUR + HELP_FOR) == []


def test_missed_check_ins_are_counted_as_their_time_runs_out() -> None:
    run = Run(earlier=1, closes=(NOW, NOW + HOUR), since=date(2026, 11, 22))
    silent = somebody(run=run)

    assert [(one.why, one.number) for one in reasons(silent, at=NOW - HOUR)] == [(Why.MISSED, 1)]
    assert [(one.why, one.number) for one in reasons(silent, at=NOW)] == [(Why.MISSED, 2)]
    (reason,) = reasons(silent, at=NOW + HOUR)
    assert (reason.why, reason.number, reason.since) == (Why.LONG_SILENCE, 3, utc("2026-11-22T05:00"))
    assert reasons(somebody(run=Run(earlier=0, closes=(NOW + HOUR,), since=date(2026, 11, 24))), at=NOW) == []


def test_a_cadence_is_due_on_its_day_by_the_persons_clocks() -> None:
    due = somebody(cadences=(DueContact(role=Role.CLINICIAN, every_days=7, due_on=date(2026, 11, 24)),))

    assert whys(due, utc("2026-11-24T04:59")) == []
    assert whys(due, utc("2026-11-24T05:00")) == [Why.CADENCE_DUE]
    assert whys(due, utc("2026-11-25T04:59")) == [Why.CADENCE_DUE]
    assert whys(due, utc("2026-11-25T05:00")) == [Why.CADENCE_OVERDUE]


def test_whom_no_message_reaches_needs_somebody_unless_they_are_on_hold() -> None:
    lost = somebody(reach=Reach(until=NOW))

    assert whys(lost, NOW - HOUR) == []
    assert whys(lost) == [Why.UNREACHABLE]
    assert whys(replace(lost, state=State.ON_HOLD)) == []


def test_holds_are_reasons_while_they_last() -> None:
    held = somebody(
        holds=tuple(HeldUntil(kind=kind, until=NOW + HOUR, since=NOW - HOUR) for kind in Hold),
    )

    assert whys(held) == [Why.CRISIS_HOLD, Why.CONVERSATION_HOLD]
    assert whys(held, NOW + HOUR) == []


def test_the_week_of_care_is_counted_from_admission() -> None:
    assert [somebody().week(at=utc(f"2026-11-{day:02}T12:00")) for day in (1, 7, 8, 24)] == [1, 1, 2, 4]
    assert somebody(admitted_on=date(2026, 12, 1)).week(at=NOW) is None


@given(facts)
def test_a_peer_specialist_learns_of_silence_and_their_own_cadence_alone(one: Facts) -> None:
    for reason in for_peers(reasons(one, at=NOW)):
        assert reason.why in {Why.LONG_SILENCE, Why.MISSED, Why.CADENCE_DUE, Why.CADENCE_OVERDUE}
        assert reason.role in {None, Role.PEER_SPECIALIST}


@given(facts, st.sampled_from(Severity))
def test_what_a_peer_specialist_may_not_know_does_not_show_in_the_order_either(one: Facts, severity: Severity) -> None:
    flagged = replace(one, tasks=(*one.tasks, a_task(task_id="flag-new-2026-11-23", severity=severity)))
    called = replace(flagged, help_asked_at=NOW, holds=(HeldUntil(kind=Hold.CRISIS, until=NO_END, since=NOW),))

    assert place(for_peers(reasons(called, at=NOW)), "p") == place(for_peers(reasons(one, at=NOW)), "p")


def record_of(one: Facts, programme: str = "iop") -> Record:
    person = Person(id=one.person_id, external_id="", given_name=one.name, family_name="", language="en", zone=one.zone)
    episode = Episode(
        number=1, programme_id=programme, state=one.state, admitted_on=one.admitted_on, changed_at=NOW - 99 * HOUR
    )
    return Record(person=person, episodes=(episode,))


def shelf(people: list[Facts]) -> tuple[FakeRows, FakeCopies]:
    rows, copies = FakeRows(), FakeCopies()
    for one in people:
        rows.kept["iop", one.person_id] = Row(version=1, facts=one)
        copies.people[one.person_id] = record_of(one)
        copies.teams[one.person_id] = one.care_team
    return rows, copies


def pages(
    rows: FakeRows,
    copies: FakeCopies,
    sizes: list[int],
    *,
    reader: Reader = ALL,
    between: Callable[[Listed], object] = lambda _: None,
) -> list[str]:
    seen: list[str] = []
    after: After | None = None
    at = NOW
    for size in [*sizes, *[1] * 99]:
        page = caseload("iop", reader=reader, after=after, limit=size, now=at, rows=rows, copies=copies)
        seen += [line.facts.person_id for line in page.lines]
        after = page.after
        at += timedelta(minutes=7)
        if after is None:
            return seen
        between(page)
    raise AssertionError("it never ends")


crowds = st.lists(facts, max_size=12, unique_by=lambda one: one.person_id)
page_sizes = st.lists(st.integers(1, 5), max_size=12)


@given(crowds, page_sizes)
def test_pages_show_everybody_once_in_the_order_of_the_whole(people: list[Facts], sizes: list[int]) -> None:
    rows, copies = shelf(people)

    seen = pages(rows, copies, sizes)

    assert seen == pages(rows, copies, [99])
    assert sorted(seen) == sorted(one.person_id for one in people)
    assert seen == sorted(seen, key=lambda who: place(reasons(found(people, who), at=NOW), who))


def found(people: list[Facts], person_id: str) -> Facts:
    return next(one for one in people if one.person_id == person_id)


@given(crowds.filter(bool), page_sizes, facts, st.data())
def test_what_happens_to_one_while_somebody_pages_takes_nobody_else_away(
    people: list[Facts], sizes: list[int], later: Facts, data: st.DataObject
) -> None:
    rows, copies = shelf(people)
    who = data.draw(st.sampled_from(people)).person_id

    def change(_: Listed) -> None:
        rows.kept["iop", who] = Row(version=2, facts=replace(later, person_id=who))

    seen = [one for one in pages(rows, copies, sizes, between=change) if one != who]

    assert seen == [one for one in pages(*shelf(people), [99]) if one != who]


@given(crowds)
def test_a_list_of_ones_own_holds_only_whom_the_care_team_names_now(people: list[Facts]) -> None:
    rows, copies = shelf(people)
    gone = {one.person_id for one in people[:2]}
    copies.teams = {who: team - {"cam"} if who in gone else team for who, team in copies.teams.items()}

    seen = pages(rows, copies, [3, 3], reader=replace(ALL, only_care_team=True))

    assert set(seen) == {one.person_id for one in people if "cam" in one.care_team} - gone


def test_who_is_no_longer_in_care_here_is_left_out_at_once() -> None:
    people = [somebody(person_id=name) for name in ("a", "b", "c", "d")]
    rows, copies = shelf(people)
    copies.people["b"] = record_of(replace(people[1], state=State.DISCHARGED_EARLY))
    copies.people["c"] = record_of(people[2], programme="other")
    del copies.people["d"]

    assert pages(rows, copies, [9]) == ["a"]


def test_who_falls_overdue_while_somebody_pages_keeps_their_place() -> None:
    late = somebody(person_id="a", tasks=(a_task(severity=Severity.URGENT, due=1),))
    first = somebody(person_id="b", tasks=(a_task(severity=Severity.URGENT, due=-1),))
    rows, copies = shelf([late, first])

    one = caseload("iop", reader=ALL, after=None, limit=1, now=NOW, rows=rows, copies=copies)
    two = caseload("iop", reader=ALL, after=one.after, limit=1, now=NOW + 2 * HOUR, rows=rows, copies=copies)

    assert [line.facts.person_id for line in (*one.lines, *two.lines)] == ["b", "a"]
    assert two.as_of == NOW
    assert two.lines[0].reasons[0].why is Why.URGENT_OPEN


def test_pages_of_yesterday_go_on_as_of_now() -> None:
    rows, copies = shelf([somebody(person_id=name) for name in ("a", "b")])
    old = After(as_of=NOW - timedelta(days=2), place=place([], "a"))

    page = caseload("iop", reader=ALL, after=old, limit=9, now=NOW, rows=rows, copies=copies)

    assert (page.as_of, [line.facts.person_id for line in page.lines]) == (NOW, ["b"])
    ahead = replace(old, as_of=NOW + HOUR)
    assert caseload("iop", reader=ALL, after=ahead, limit=9, now=NOW, rows=rows, copies=copies).as_of == NOW


def test_a_workload_counts_what_is_due_by_the_end_of_the_day_for_ones_own_people_and_roles() -> None:
    def task(number: int, due_at: datetime, owner: Role = Role.CASE_MANAGER) -> OpenTask:
        return OpenTask(
            id=f"flag-{number}-2026-11-20",
            severity=Severity.URGENT,
            owner=owner,
            opened_at=NOW - 9 * HOUR,
            due_at=due_at,
        )

    busy = somebody(
        care_team=frozenset({"cam"}),
        tasks=(
            task(1, NOW - HOUR),
            task(2, NOW),
            task(3, utc("2026-11-25T04:59")),
            task(4, utc("2026-11-25T05:00")),
            task(5, NOW - HOUR, Role.CLINICIAN),
        ),
        cadences=(
            DueContact(role=Role.CASE_MANAGER, every_days=7, due_on=date(2026, 11, 24)),
            DueContact(role=Role.CLINICIAN, every_days=7, due_on=date(2026, 11, 1)),
            DueContact(role=Role.PEER_SPECIALIST, every_days=7, due_on=date(2026, 11, 23)),
        ),
    )
    others = replace(busy, person_id="q", care_team=frozenset({"dr"}))
    rows, _ = shelf([busy, others])

    def of(*roles: Role, programme: str = "iop") -> Workload:
        return workload("cam", roles=[(programme, role) for role in roles], now=NOW, rows=rows)

    assert of(Role.CASE_MANAGER) == Workload(tasks_due=1, tasks_overdue=2, cadences_due=1)
    assert of(Role.CASE_MANAGER, Role.PEER_SPECIALIST) == Workload(
        tasks_due=1, tasks_overdue=2, cadences_due=1, cadences_overdue=1
    )
    assert of(Role.CASE_MANAGER, programme="other") == Workload()
    assert of() == Workload()
    assert UTC is NOW.tzinfo
