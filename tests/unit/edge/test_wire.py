from datetime import UTC, datetime, timedelta, timezone
from http import HTTPStatus

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from chalicelib.edge.problems import Refused
from chalicelib.edge.wire import Instant, cursor_of, etag_of, next_link, sort_key_of, version_of

SORT_KEYS = st.text(min_size=1, max_size=200).filter(lambda text: text.isprintable())


@given(SORT_KEYS)
def test_a_cursor_gives_back_the_sort_key_it_was_made_of(key: str) -> None:
    assert sort_key_of(cursor_of(key)) == key


@given(st.text(max_size=100))
def test_whatever_comes_as_a_cursor_is_a_sort_key_or_refused(text: str) -> None:
    try:
        key = sort_key_of(text)
    except Refused:
        return

    assert key
    assert cursor_of(key) == text


@pytest.mark.parametrize("text", ["", "?", "YQ=", "YR", "é", "_w", "Y Q"])
def test_what_is_no_cursor_is_a_bad_request(text: str) -> None:
    with pytest.raises(Refused) as refused:
        sort_key_of(text)

    assert (refused.value.status, refused.value.kind) == (HTTPStatus.BAD_REQUEST, "bad-cursor")


@given(SORT_KEYS)
def test_a_cursor_can_not_lead_out_of_what_is_paged(key: str) -> None:
    if not key.startswith("MEMBER#"):
        with pytest.raises(Refused):
            sort_key_of(cursor_of(key), prefix="MEMBER#")


@given(st.datetimes(timezones=st.integers(-1439, 1439).map(lambda minutes: timezone(timedelta(minutes=minutes)))))
def test_an_instant_that_is_taken_can_be_counted_with(at: datetime) -> None:
    try:
        taken = TypeAdapter(Instant).validate_json(f'"{at.isoformat()}"')
    except ValidationError:
        assert not 1900 <= at.year <= 2999
        return

    assert (taken, taken.tzinfo) == (at, UTC)
    assert taken - timedelta(days=366) < taken < taken + timedelta(days=366)


@given(st.integers(min_value=0, max_value=9_999_999_999))
def test_an_etag_gives_back_the_version_it_was_made_of(version: int) -> None:
    assert version_of(etag_of(version)) == version


def test_no_cursor_is_the_beginning_and_no_last_key_the_end() -> None:
    assert sort_key_of(None) is None
    assert next_link("/people", {}, None) is None


def test_the_next_page_keeps_the_query_and_replaces_the_cursor() -> None:
    assert next_link("/people", {"limit": "2", "cursor": "old"}, "a") == "/people?limit=2&cursor=YQ"
