"""One suite for the fakes and for DynamoDB."""

from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from chalicelib.checkins.domain import Answer, CheckIn, HelpRequest, Plan, Source
from chalicelib.checkins.service import CheckIns, HelpRequests
from chalicelib.checkins.store import DynamoCheckIns, DynamoHelpRequests
from tests.build import PERSON, utc
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
    assert check_ins.get(PERSON, TODAY) == CheckIn(person_id=PERSON, on=TODAY)
    assert list(check_ins.of_people([(PERSON, TODAY)])) == []


def test_answers_come_back_as_they_went_with_what_was_left_out_still_missing(check_ins: CheckIns) -> None:
    said = CheckIn(person_id=PERSON, on=TODAY)
    said = said.answered(Answer(mood=0, note="niño 🌱"), at=NOON, source=Source.LINK)
    said = said.answered(Answer(craving=10, plan=Plan.TALK), at=NOON + timedelta(minutes=1), source=Source.STAFF)

    assert check_ins.save(said)
    stored = check_ins.get(PERSON, TODAY)
    assert stored == replace(said, version=1)
    assert list(check_ins.of_people([(PERSON, TODAY), (PERSON, TODAY + timedelta(days=1))])) == [stored]


def test_of_two_answers_at_once_one_has_to_look_again(check_ins: CheckIns) -> None:
    seen = check_ins.get(PERSON, TODAY)

    first = check_ins.save(seen.answered(Answer(mood=1), at=NOON, source=Source.LINK))
    second = check_ins.save(seen.answered(Answer(mood=2), at=NOON, source=Source.LINK))

    assert (first, second) == (True, False)


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
