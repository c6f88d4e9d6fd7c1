"""Where attendance is kept: one suite for the fake and for DynamoDB."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.errors import Stale
from chalicelib.routine.attendance import Presence
from chalicelib.routine.attendance_store import DynamoAttendances
from chalicelib.routine.service import Attendances
from chalicelib.tasks.domain import Kind, task_for
from chalicelib.tasks.service import Tasks
from chalicelib.tasks.store import DynamoTasks
from tests.build import PERSON
from tests.fakes_routine import FakeAttendances
from tests.unit.routine.test_attendance import noted

pytestmark = pytest.mark.usefixtures("aws")

FIRST = date(2026, 11, 2)


@pytest.fixture(params=["fake", "dynamo"])
def kept(request: pytest.FixtureRequest) -> tuple[Attendances, Tasks]:
    if request.param == "dynamo":
        return DynamoAttendances(), DynamoTasks()
    fake = FakeAttendances()
    return fake, fake.tasks


def test_what_was_noted_is_found_by_the_date_that_names_it(kept: tuple[Attendances, Tasks]) -> None:
    attendances, _ = kept
    rows = [noted(0, Presence.ATTENDED), noted(2, Presence.EXCUSED), noted(2, None, item="other")]
    for row in rows:
        attendances.save(row)

    assert attendances.between(PERSON, FIRST, FIRST + timedelta(days=2)) == rows
    assert attendances.between(PERSON, FIRST + timedelta(days=1), date(2027, 1, 1)) == rows[1:]
    assert attendances.between(PERSON, date.min, FIRST) == rows[:1]
    assert attendances.between("somebody else", date.min, date.max) == []


def test_it_is_changed_by_one_at_a_time(kept: tuple[Attendances, Tasks]) -> None:
    attendances, _ = kept
    row = noted(0, Presence.ABSENT)
    attendances.save(row)

    for late in (row, replace(row, version=3)):
        with pytest.raises(Stale):
            attendances.save(late)
    attendances.save(replace(row, presence=None, version=2))
    assert [one.presence for one in attendances.between(PERSON, FIRST, FIRST)] == [None]


def test_an_absence_and_its_flags_are_stored_together_or_not_at_all(kept: tuple[Attendances, Tasks]) -> None:
    attendances, tasks = kept
    row = noted(0, Presence.ABSENT)
    flag = task_for(Kind.TALK_TODAY, "x", programme_id="iop", person_id=PERSON, at=row.noted_at)
    other = replace(flag, about="y")
    attendances.save(row, [flag])
    assert tasks.of_person(PERSON) == [flag]

    with pytest.raises(Stale):
        attendances.save(replace(row, version=2), [other, flag])

    assert attendances.between(PERSON, FIRST, FIRST) == [row]
    assert tasks.of_person(PERSON) == [flag]
