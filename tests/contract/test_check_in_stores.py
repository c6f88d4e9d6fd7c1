"""One suite for the fakes and for DynamoDB."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from chalicelib.checkins.domain import CheckIn, Source
from chalicelib.checkins.forms import DAILY, WEEKLY
from chalicelib.checkins.ports import CheckIns
from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis.domain import Door
from chalicelib.crisis.store import DynamoCrises
from tests.build import PERSON, said, utc
from tests.fakes import FakeCheckIns
from tests.fakes_crisis import a_call

pytestmark = pytest.mark.usefixtures("aws")

NOON = utc("2026-11-25T17:00")
TODAY = date(2026, 11, 25)


@pytest.fixture(params=[FakeCheckIns, DynamoCheckIns])
def check_ins(request: pytest.FixtureRequest) -> CheckIns:
    found: CheckIns = request.param()
    return found


def test_a_day_without_answers_is_an_empty_check_in(check_ins: CheckIns) -> None:
    assert check_ins.get(PERSON, TODAY, DAILY) == CheckIn(person_id=PERSON, on=TODAY)
    assert list(check_ins.of_people([(PERSON, TODAY)], DAILY)) == []


def test_answers_come_back_as_they_went_with_what_was_left_out_still_missing(check_ins: CheckIns) -> None:
    kept = CheckIn(person_id=PERSON, on=TODAY)
    kept = kept.answered(said(mood=0, note="niño 🌱"), at=NOON, source=Source.LINK)
    kept = kept.answered(said(craving=10, plan="talk"), at=NOON + timedelta(minutes=1), source=Source.STAFF, by="sub-1")

    assert check_ins.save(kept)
    stored = check_ins.get(PERSON, TODAY, DAILY)
    assert stored == replace(kept, version=1)
    assert list(check_ins.of_people([(PERSON, TODAY), (PERSON, TODAY + timedelta(days=1))], DAILY)) == [stored]


def test_the_dates_that_there_is_anything_of_are_known_without_what_was_said(check_ins: CheckIns) -> None:
    for days, form in ((9, DAILY), (1, DAILY), (0, WEEKLY), (0, DAILY)):
        empty = CheckIn(person_id=PERSON, on=TODAY - timedelta(days=days), form=form)
        assert check_ins.save(empty.answered(said(mood=0), at=NOON, source=Source.LINK))
    assert check_ins.save(CheckIn(person_id=PERSON, on=TODAY + timedelta(days=1), disputed_at=NOON))

    assert isinstance(check_ins, FakeCheckIns | DynamoCheckIns)
    assert check_ins.noted_on(PERSON, TODAY - timedelta(days=1), TODAY) == {TODAY - timedelta(days=1), TODAY}
    assert check_ins.noted_on(PERSON, TODAY + timedelta(days=1), TODAY + timedelta(days=1)) == {
        TODAY + timedelta(days=1)
    }
    assert check_ins.noted_on("1f" * 16, TODAY, TODAY) == frozenset()


def test_of_two_answers_at_once_one_has_to_look_again(check_ins: CheckIns) -> None:
    seen = check_ins.get(PERSON, TODAY, DAILY)

    first = check_ins.save(seen.answered(said(mood=1), at=NOON, source=Source.LINK))
    second = check_ins.save(seen.answered(said(mood=2), at=NOON, source=Source.LINK))

    assert (first, second) == (True, False)


def test_a_weekly_check_in_is_kept_beside_the_daily_one_and_both_come_in_order(check_ins: CheckIns) -> None:
    for days, form in ((1, DAILY), (0, WEEKLY), (0, DAILY), (-1, DAILY)):
        empty = CheckIn(person_id=PERSON, on=TODAY + timedelta(days=days), form=form)
        assert check_ins.save(empty.answered(said(mood=days + 1), at=NOON, source=Source.LINK))

    found = check_ins.between(PERSON, TODAY - timedelta(days=1), TODAY)

    assert [(one.on - TODAY, one.form) for one in found] == [
        (timedelta(days=-1), DAILY),
        (timedelta(), DAILY),
        (timedelta(), WEEKLY),
    ]
    assert check_ins.get(PERSON, TODAY, WEEKLY) == found[2]


def test_an_answer_that_is_a_call_for_help_is_stored_with_it_or_not_at_all(check_ins: CheckIns) -> None:
    crises = check_ins.crises if isinstance(check_ins, FakeCheckIns) else DynamoCrises()
    call = a_call(NOON, door=Door.ANSWER)
    kept = CheckIn(person_id=PERSON, on=TODAY).answered(said(mood=0), at=NOON, source=Source.LINK)

    assert check_ins.save(kept, (), call)
    assert not check_ins.save(kept, (), a_call(NOON, key="another"))

    assert [one.id for one in crises.waiting(limit=9)] == [call.id]
