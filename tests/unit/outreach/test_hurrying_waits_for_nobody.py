"""Hurrying must not make whoever waits for the change itself wait for the queue."""

import socket
from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, datetime

import pytest

from chalicelib.edge.aws import client
from chalicelib.outreach.hurrying import hurry
from chalicelib.outreach.service import at_once

NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
Log = Callable[[], list[dict[str, object]]]


@pytest.mark.usefixtures("settings")
def test_a_queue_that_never_answers_is_waited_for_no_longer_than_a_moment(
    monkeypatch: pytest.MonkeyPatch, log: Log
) -> None:
    with socket.create_server(("127.0.0.1", 0)) as silent:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", f"http://127.0.0.1:{silent.getsockname()[1]}")
        client.cache_clear()
        hurry([at_once("p", "crisis_page-1", zone="UTC", now=NOW)])
        connections = 0
        silent.settimeout(0)
        with suppress(BlockingIOError):
            while True:
                silent.accept()[0].close()
                connections += 1

    assert connections == 1
    assert [line["error"] for line in log() if line["message"] == "not hurried"] == ["ReadTimeoutError"]
    client.cache_clear()
