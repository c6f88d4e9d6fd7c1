"""What comes for a person by a rule: how edits, moves, discharge and their limits bear on what waits already."""

from dataclasses import replace
from datetime import date, time, timedelta

import pytest

from chalicelib.enrollment import reminders, service
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import CheckInPreference, HasDied
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.reminders import MOST_REMINDERS, Edit, Plan, TooManyReminders, find_schedule
from chalicelib.errors import Invalid
from chalicelib.outreach.domain import Due, Schedule
from chalicelib.outreach.recurrence import Once, Recurrence
from tests.unit.enrollment.test_service import DAILY, ID, LATER, NOW, PROGRAMME, Practice


def once(on: date, at: time = time(15)) -> Plan:
    return lambda zone: Once(on=on, at=at, zone=zone)


def weekly(zone: str) -> Recurrence:
    return Recurrence(rule="FREQ=WEEKLY;BYDAY=TH", at=time(17), zone=zone, starts_on=date(2026, 11, 1))


def set_reminder(practice: Practice, plan: Plan = weekly) -> Schedule:
    return reminders.set_reminder(
        ID, plan, title="Dr. Lee", keeps_zone=False, now=NOW, people=practice.people, new_id=practice.new_id
    )


def current(practice: Practice, kind: str) -> list[Due]:
    """Return the due rows that delivery wouldn't drop."""
    schedule = find_schedule(practice.record, kind)
    return [due for due in practice.people.dues if (due.kind, due.version) == (kind, schedule.version)]


def test_every_reminder_has_a_kind_of_its_own_and_one_due_row() -> None:
    practice = Practice()

    first, second = set_reminder(practice), set_reminder(practice)

    assert first.kind != second.kind
    assert first.kind.startswith("appointment-")
    assert [due.on for due in current(practice, first.kind)] == [date(2026, 11, 26)]


def test_reminders_that_are_over_make_room_and_those_to_come_do_not() -> None:
    practice = Practice()
    past = set_reminder(practice, once(date(2026, 11, 25)))
    for _ in range(MOST_REMINDERS - 1):
        set_reminder(practice)

    with pytest.raises(TooManyReminders):
        set_reminder(practice)
    reminders.set_reminder(
        ID,
        weekly,
        title="Dr. Lee",
        keeps_zone=False,
        now=NOW + timedelta(days=3),
        people=practice.people,
        new_id=practice.new_id,
    )

    kinds = {schedule.kind for schedule in practice.record.schedules}
    assert past.kind not in kinds
    assert len(kinds - {"check_in"}) == MOST_REMINDERS


def test_a_reminder_that_came_today_cannot_be_moved_to_later_today() -> None:
    practice = Practice()
    kind = set_reminder(practice, once(date(2026, 11, 25), time(9))).kind
    noon = NOW + timedelta(hours=23)

    with pytest.raises(Invalid) as refused:
        reminders.edit_schedule(
            ID, kind, Edit(plan=once(date(2026, 11, 25), time(18))), version=1, now=noon, people=practice.people
        )

    assert [fault.field for fault in refused.value.faults] == ["when"]
    assert find_schedule(practice.record, kind).version == 1


def test_another_title_changes_nothing_of_what_waits_but_its_version() -> None:
    practice = Practice()
    schedule = set_reminder(practice)

    edited = reminders.edit_schedule(
        ID, schedule.kind, Edit(title=" Dr. Kim "), version=1, now=NOW, people=practice.people
    )

    assert edited == replace(schedule, title="Dr. Kim", version=2)
    assert [due.on for due in current(practice, schedule.kind)] == [date(2026, 11, 26)]


def test_another_zone_takes_every_schedule_along() -> None:
    practice = Practice()
    kind = set_reminder(practice).kind

    service.edit_person(
        ID,
        lambda person: replace(person, zone="America/Los_Angeles"),
        version=practice.record.person.version,
        now=NOW,
        people=practice.people,
        programmes=practice.programmes,
    )

    for each, hour in ((kind, 25), ("check_in", 17)):
        (due,) = current(practice, each)
        assert due.version == 2
        assert due.at == NOW.replace(hour=0) + timedelta(days=2 if each == kind else 1, hours=hour)


def test_a_discharge_and_a_new_episode_set_every_schedule_going_again_but_a_paused_one() -> None:
    practice = Practice()
    kind = set_reminder(practice).kind
    paused = set_reminder(practice).kind
    reminders.edit_schedule(ID, paused, Edit(paused=True), version=1, now=NOW, people=practice.people)
    practice.move(State.DISCHARGED_EARLY)

    service.readmit(
        ID,
        programme_id=PROGRAMME.id,
        will=Will(by="ben", via=Via.STAFF),
        admitted_on=date(2026, 12, 1),
        now=LATER + timedelta(days=7),
        people=practice.people,
        programmes=practice.programmes,
    )

    assert [due.on for due in current(practice, kind)] == [date(2026, 12, 3)]
    assert [due.on for due in current(practice, "check_in")] == [date(2026, 12, 3)]
    assert current(practice, paused) == []


def test_check_ins_that_are_paused_stay_so_when_they_get_another_time() -> None:
    practice = Practice()
    reminders.edit_schedule(ID, "check_in", Edit(paused=True), version=1, now=NOW, people=practice.people)

    service.prefer_check_ins(
        ID,
        CheckInPreference(at=time(18), days=DAILY),
        quiet_from=None,
        quiet_to=None,
        version=practice.record.person.version,
        now=NOW,
        people=practice.people,
    )

    assert find_schedule(practice.record, "check_in").paused
    assert current(practice, "check_in") == []


def test_no_reminder_is_set_for_who_has_died() -> None:
    practice = Practice()
    practice.move(State.DECEASED)

    with pytest.raises(HasDied):
        set_reminder(practice)
