"""How long push services are left alone."""

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outreach.pauses import LONGEST, MANY, USUAL, Pauses, retry_after
from tests.build import utc

NINE = utc("2026-11-25T14:00")
DAY = timedelta(days=1)


@pytest.mark.parametrize(
    ("text", "seconds"),
    [
        ("120", 120),
        (" 7 ", 7),
        ("0", 0),
        ("999999999999999999999", 3600),
        ("Wed, 25 Nov 2026 14:02:00 GMT", 120),
        ("Wednesday, 25-Nov-26 14:02:00 GMT", 120),
        ("Wed Nov 25 14:02:00 2026", 120),
        ("Wed, 25 Nov 2026 13:00:00 GMT", 0),
        ("Thu, 26 Nov 2026 14:00:00 GMT", 3600),
    ],
)
def test_a_wait_is_told_in_seconds_or_as_a_date(text: str, seconds: int) -> None:
    assert retry_after(text, now=NINE) == timedelta(seconds=seconds)


@pytest.mark.parametrize(
    "text", [None, "", "soon", "-5", "1.5", "\u0661\u0662", "25 Smarch 2026", "Wed, 99 Nov 2026 14:02:00 GMT"]
)
def test_what_says_nothing_clear_is_not_guessed_at(text: str | None) -> None:
    assert retry_after(text, now=NINE) is None


@given(st.text(max_size=40))
def test_no_text_makes_anybody_wait_for_long(text: str) -> None:
    found = retry_after(text, now=NINE)

    assert found is None or timedelta() <= found <= LONGEST


def test_a_subscription_that_gets_too_much_delays_no_other() -> None:
    pauses = Pauses()
    pauses.wait("s", "a", asked=timedelta(minutes=5), at_most=DAY, whole=False, now=NINE)

    assert pauses.left("s", "a", now=NINE) >= timedelta(minutes=5)
    assert not pauses.left("s", "b", now=NINE)
    assert not pauses.left("s", "a", now=NINE + timedelta(minutes=6))


def test_several_that_get_too_much_mean_the_service() -> None:
    pauses = Pauses()
    for name in "abc"[:MANY]:
        pauses.wait("s", name, asked=timedelta(minutes=5), at_most=DAY, whole=False, now=NINE)

    assert pauses.left("s", "d", now=NINE)
    assert not pauses.left("t", "d", now=NINE)


def test_what_was_waited_for_is_not_counted_with_what_comes_later() -> None:
    pauses = Pauses()
    for hour, name in enumerate("abcdef"):
        pauses.wait("s", name, asked=USUAL, at_most=DAY, whole=False, now=NINE + timedelta(hours=hour))

    assert not pauses.left("s", "g", now=NINE + timedelta(hours=5))


def test_a_service_that_asks_for_itself_is_left_alone_by_all() -> None:
    pauses = Pauses()
    pauses.wait("s", "a", asked=timedelta(minutes=5), at_most=DAY, whole=True, now=NINE)
    pauses.wait("s", "b", asked=timedelta(minutes=1), at_most=DAY, whole=True, now=NINE)

    assert pauses.left("s", "c", now=NINE + timedelta(minutes=4))


@given(
    st.none() | st.timedeltas(timedelta(), LONGEST),
    st.timedeltas(timedelta(), DAY),
    st.text(max_size=10),
)
def test_nobody_waits_longer_than_the_message_is_worth(asked: timedelta | None, at_most: timedelta, name: str) -> None:
    pauses = Pauses()

    wait = pauses.wait("s", name, asked=asked, at_most=at_most, whole=False, now=NINE)

    assert wait == min(asked if asked is not None else USUAL, at_most)
    assert wait <= pauses.left("s", name, now=NINE) <= wait * 1.1
