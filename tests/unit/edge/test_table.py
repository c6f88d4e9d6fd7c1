"""What a store's error says."""

from botocore.exceptions import ReadTimeoutError
from pynamodb.exceptions import PutError

from chalicelib.edge.table import in_conflict, lost_the_race


def test_a_write_that_nobody_answered_is_neither_lost_nor_in_conflict() -> None:
    error = PutError("no answer", ReadTimeoutError(endpoint_url="https://dynamodb.us-east-1.amazonaws.com"))

    assert (lost_the_race(error), in_conflict(error)) == (False, False)
