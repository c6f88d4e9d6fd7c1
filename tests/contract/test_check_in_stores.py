"""One suite for the fakes and for DynamoDB."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from chalicelib.checkins.domain import CheckIn, HelpRequest, Source
from chalicelib.checkins.forms import DAILY, WEEKLY
from chalicelib.checkins.ports import CheckIns, HelpRequests
from chalicelib.checkins.store import DynamoCheckIns, DynamoHelpRequests
from tests.build import PERSON, said, utc
from tests.fakes import FakeCheckIns, FakeHelpRequests

pytestmark = pytest.mark.usefixtures("aws")

NOON = utc("2026-11-25T17:00")
TODAY = date(2026, 11, 25)


@pytest.fixture(params=[FakeCheckIns, DynamoCheckIns])
def check_ins(request: pytest.FixtureRequest) -> CheckIns:
    found: CheckIns = request.param()
    return found


@pytest.fixture(params=[FakeHelpRequests, DynamoHelpRequests])
def calls(request: pytest.FixtureRequest) -> HelpRequests:
    found: HelpRequests = request.param()
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


def a_call(number: int, at: datetime) -> HelpRequest:
    return HelpRequest(id=f"{number:032x}", programme_id="iop-evening", person_id=PERSON, at=at, verified=False)


def test_calls_for_help_are_kept_once_each_newest_first(calls: HelpRequests) -> None:
    requests = [a_call(number, NOON + timedelta(minutes=number)) for number in range(3)]
    for request in (*requests, replace(requests[0], at=NOON + timedelta(minutes=9, seconds=59))):
        calls.add(request)

    assert list(calls.of_programme("iop-evening", since=NOON + timedelta(minutes=1))) == [requests[2], requests[1]]
    assert list(calls.of_programme("iop-morning", since=NOON)) == []


def test_a_page_that_is_pressed_again_later_calls_again_and_again(calls: HelpRequests) -> None:
    minutes = (0, 5, 10, 19, 20, 300)
    for minute in minutes:
        calls.add(a_call(1, NOON + timedelta(minutes=minute)))

    kept = [call.at - NOON for call in calls.of_programme("iop-evening", since=NOON)]
    assert kept == [timedelta(minutes=minute) for minute in (300, 20, 10, 0)]
