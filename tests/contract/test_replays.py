"""What remembers answers by idempotency key must do: the fake that unit tests use, and Powertools on the table."""

from typing import Any

import boto3
import pytest

from chalicelib.edge.idempotency import DynamoReplays
from chalicelib.edge.problems import Refused
from tests.fakes_privacy import FakeReplays

ANSWER = {"status": 201, "headers": {"Location": "/stones/1"}, "body": '{"kind":"flint"}'}
REPLAYED = {**ANSWER, "headers": {"Location": "/stones/1", "Idempotency-Replayed": "true"}}

Replays = FakeReplays | DynamoReplays


class Context:
    """As much of Lambda's context as matters."""

    def __init__(self, left: int) -> None:
        self._left = left

    def get_remaining_time_in_millis(self) -> int:
        return self._left


class Act:
    def __init__(self) -> None:
        self.times = 0

    def __call__(self) -> dict[str, Any]:
        self.times += 1
        return ANSWER


@pytest.fixture(params=["fake", "table"])
def replays(request: pytest.FixtureRequest) -> Replays:
    if request.param == "fake":
        return FakeReplays()
    request.getfixturevalue("aws")
    return DynamoReplays()


def once(
    replays: Replays, act: Any, *, subject: str = "sub-1", key: str = "POST /stones#key-1", what: str = "a"
) -> Any:
    return replays.once(subject, key, what, act, context=Context(30_000))


def test_the_same_request_acts_once_and_gets_the_first_answer(replays: Replays) -> None:
    act = Act()

    assert once(replays, act) == ANSWER
    assert once(replays, act) == REPLAYED
    assert act.times == 1


@pytest.mark.parametrize("other", [{"subject": "sub-2"}, {"key": "POST /stones#key-2"}, {"key": "POST /heaps#key-1"}])
def test_another_person_key_or_door_is_another_request(replays: Replays, other: dict[str, str]) -> None:
    act = Act()
    once(replays, act)

    assert once(replays, act, **other) == ANSWER
    assert act.times == 2


def test_the_same_key_with_another_request_is_refused(replays: Replays) -> None:
    once(replays, Act())

    with pytest.raises(Refused) as refused:
        once(replays, Act(), what="b")

    assert (refused.value.status, refused.value.kind) == (422, "idempotency-key-reused")


def test_a_request_that_failed_may_be_tried_again(replays: Replays) -> None:
    def fail() -> dict[str, Any]:
        raise LookupError

    with pytest.raises(LookupError):
        once(replays, fail)

    assert once(replays, Act()) == ANSWER


def test_a_second_request_while_the_first_is_under_way_is_told_to_wait(replays: Replays) -> None:
    def ask_again() -> dict[str, Any]:
        with pytest.raises(Refused) as refused:
            once(replays, Act())
        assert (refused.value.status, refused.value.kind) == (409, "still-under-way")
        return ANSWER

    assert once(replays, ask_again) == ANSWER


@pytest.mark.usefixtures("aws")
def test_a_killed_request_holds_its_key_only_as_long_as_it_could_have_run() -> None:
    replays, act = DynamoReplays(), Act()

    class Killed(BaseException):
        """The process dies."""

    def die() -> dict[str, Any]:
        raise Killed

    with pytest.raises(Killed):
        replays.once("sub-1", "POST /stones#key-1", "a", die, context=Context(-1))

    assert replays.once("sub-1", "POST /stones#key-1", "a", act, context=Context(-1)) == ANSWER


@pytest.mark.usefixtures("aws")
def test_the_row_is_the_actors_and_goes_by_time_to_live() -> None:
    once(DynamoReplays(), Act())

    (item,) = boto3.client("dynamodb").scan(TableName="cairn")["Items"]

    assert item["pk"] == {"S": "IDEMPOTENCY#sub-1"}
    assert item["sk"]["S"].startswith("http#")
    assert "expires_at" in item
