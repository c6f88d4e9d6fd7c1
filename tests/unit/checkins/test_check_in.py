from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.checkins.domain import Answer, CheckIn, CheckInLocked, Plan, Source, answer_to
from chalicelib.checkins.forms import DAILY, form
from chalicelib.checkins.page import read_values
from chalicelib.errors import Fault, Invalid
from tests.build import PERSON, said, utc

NOON = utc("2026-11-25T17:00")
DAILY_FORM = form(DAILY)
EMPTY = CheckIn(person_id=PERSON, on=date(2026, 11, 25))


def test_the_last_answer_within_ten_minutes_counts_and_none_is_lost() -> None:
    first = EMPTY.answered(said(mood=3), at=NOON, source=Source.LINK)
    second = first.answered(said(mood=7), at=NOON + timedelta(minutes=9), source=Source.LINK)

    assert second.answer == said(mood=7)
    assert [revision.answer.mood for revision in second.revisions] == [3, 7]
    assert second.answered_at == NOON


def test_after_ten_minutes_it_is_locked() -> None:
    first = EMPTY.answered(said(mood=3), at=NOON, source=Source.LINK)

    with pytest.raises(CheckInLocked):
        first.answered(said(mood=4), at=NOON + timedelta(minutes=10), source=Source.LINK)


def test_the_same_answer_again_changes_nothing_even_when_locked() -> None:
    first = EMPTY.answered(said(mood=3), at=NOON, source=Source.LINK)

    assert first.answered(said(mood=3), at=NOON + timedelta(hours=3), source=Source.LINK) is first


def read_answer(sent: dict[str, str]) -> Answer:
    return answer_to(DAILY_FORM, read_values(DAILY_FORM, sent))


def test_what_only_adds_to_an_answer_is_taken_later_too() -> None:
    first = EMPTY.answered(said(mood=3), at=NOON, source=Source.LINK)

    later = first.answered(said(mood=3, craving=2), at=NOON + timedelta(hours=3), source=Source.LINK)

    assert later.answer == said(mood=3, craving=2)
    with pytest.raises(CheckInLocked):
        later.answered(said(craving=2), at=NOON + timedelta(hours=4), source=Source.LINK)


def test_a_missing_answer_is_missing_and_not_zero() -> None:
    told = read_answer({"mood": "0", "plan": "not_fully"})

    assert (told.mood, told.craving, told.plan) == (0, None, Plan.NOT_FULLY)


@pytest.mark.parametrize(
    ("sent", "fields"),
    [
        ({"mood": "11"}, ["mood"]),
        ({"mood": "-1", "craving": "x", "plan": "maybe"}, ["mood", "craving", "plan"]),
        ({"mood": "٣"}, ["mood"]),
        ({"mood": "1e1"}, ["mood"]),
        ({"note": "x" * 501}, ["note"]),
        ({}, ["answers"]),
        ({"note": "   "}, ["answers"]),
    ],
)
def test_what_cannot_be_an_answer_is_named_field_by_field(sent: dict[str, str], fields: list[str]) -> None:
    with pytest.raises(Invalid) as refused:
        read_answer(sent)

    assert [fault.field for fault in refused.value.faults] == fields


@given(st.dictionaries(st.sampled_from(["mood", "craving", "plan", "note", "action"]), st.text(max_size=600)))
def test_any_form_is_read_or_refused_by_name(sent: dict[str, str]) -> None:
    told: Answer | None = None
    faults: tuple[Fault, ...] = ()
    try:
        told = read_answer(sent)
    except Invalid as refused:
        faults = refused.faults

    assert (told is None) is bool(faults)
    assert told is None or told.mood is None or 0 <= told.mood <= 10
