"""Settings and a table for every test that wants them."""

import json
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from functools import cache
from io import StringIO
from logging import StreamHandler
from pathlib import Path
from typing import TYPE_CHECKING, Any

import boto3
import pytest
from hypothesis import settings as hypothesis
from moto import mock_aws
from moto.dynamodb.models import DynamoDBBackend
from xdist.remote import Producer  # type: ignore[import-untyped]
from xdist.scheduler import LoadScopeScheduling  # type: ignore[import-untyped]

from chalicelib.edge import config, table
from chalicelib.edge.keys import Keys, keys
from chalicelib.edge.log import logger, metrics
from tests.partiql import batch_execute_statement
from tests.quick_moto import quick

if TYPE_CHECKING:
    from playwright.sync_api import Browser

# A busy machine is no fault of a rule: examples are not timed.
hypothesis.register_profile("cairn", deadline=None)
hypothesis.load_profile("cairn")

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "CAIRN_STAGE": "local",
    "CAIRN_TABLE": "cairn",
    "CAIRN_DELIVER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/cairn-deliver",
    "CAIRN_PAGE_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/cairn-page",
    "CAIRN_SWEEP_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/cairn-sweep",
    "CAIRN_IMPORT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/cairn-import",
    "CAIRN_FAN_OUT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/cairn-fan-out",
    "CAIRN_REPORT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/cairn-report",
    "CAIRN_PUBLIC_URL": "https://care.example",
    "CAIRN_ISSUER": "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_test",
    "CAIRN_CLIENT_ID": "client",
    "CAIRN_KEYS_SECRET": "cairn/keys",
    "CAIRN_FROM_ADDRESS": "hello@care.example",
    "CAIRN_REPLY_TO": "replies@care.example",
    "CAIRN_CONFIGURATION_SET": "cairn",
    "CAIRN_PUSH_ORIGINS": "https://push.example",
    "CAIRN_WEB_ORIGIN": "https://app.example",
    "POWERTOOLS_METRICS_NAMESPACE": "Cairn",
}


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Iterator[dict[str, str]]:
    """Give the process its settings, and forget what was read of them afterwards."""
    for name, value in SETTINGS.items():
        monkeypatch.setenv(name, value)
    config.config.cache_clear()
    table.forget_connection()
    yield SETTINGS
    config.config.cache_clear()
    table.forget_connection()


KEYS = Keys(links=("bGluay1rZXk",), vapid_private="", vapid_public="")


@cache
def client_of(service: str) -> Any:
    """Return this process's client of a service, for what stands on moto: making one takes as long as twenty calls."""
    return boto3.client(service)  # type: ignore[call-overload]


@pytest.fixture
def aws(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Give an empty table on moto."""
    monkeypatch.setattr(DynamoDBBackend, "batch_execute_statement", batch_execute_statement)
    with quick(), mock_aws():
        client_of("dynamodb").create_table(
            TableName=settings["CAIRN_TABLE"],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield


@pytest.fixture
def kept_keys(aws: None, settings: dict[str, str]) -> Iterator[None]:  # noqa: ARG001
    """Keep ``KEYS`` where Cairn reads its keys."""
    secret = {"links": {"k1": KEYS.links[0]}, "vapid_private": "", "vapid_public": ""}
    client_of("secretsmanager").create_secret(Name=settings["CAIRN_KEYS_SECRET"], SecretString=json.dumps(secret))
    keys.cache_clear()
    yield
    keys.cache_clear()


class Clock:
    """Sets the clock that Cairn's functions read, by the setting that moves a laptop's stack in time."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def set(self, instant: datetime) -> None:
        """Make it this instant now."""
        self._file.write_text(str((instant - datetime.now(UTC)).total_seconds()), encoding="utf-8")  # noqa: TID251

    def event_time(self) -> str:
        """Return what EventBridge writes into an event at this moment: it knows nothing of a moved clock."""
        return datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")  # noqa: TID251


@pytest.fixture
def clock(settings: dict[str, str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Clock:  # noqa: ARG001
    """Give the clock of this test."""
    file = tmp_path / "clock"
    monkeypatch.setenv("CAIRN_CLOCK_OFFSET_FILE", str(file))
    config.config.cache_clear()
    return Clock(file)


@pytest.fixture
def log(capsys: pytest.CaptureFixture[str]) -> Iterator[Callable[[], list[dict[str, object]]]]:
    """Give what was logged and measured in this test, line by line."""
    metrics.clear_metrics()
    written = StringIO()
    handler = logger.registered_handler
    assert isinstance(handler, StreamHandler)
    before = handler.setStream(written)

    def lines() -> list[dict[str, object]]:
        text = written.getvalue() + capsys.readouterr().out
        return [json.loads(line) for line in text.splitlines() if line.startswith("{")]

    yield lines
    if before is not None:
        handler.setStream(before)


def _scope(nodeid: str) -> str:
    """Name what one process runs: a file, or all that needs the one stack or the one browser."""
    file = nodeid.partition("::")[0]
    return "shared" if file.startswith("tests/emulator/") or file.endswith("_in_a_browser.py") else file


class Together(LoadScopeScheduling):  # type: ignore[misc]
    """Shares the tests among processes by what needs the same fixtures."""

    def _split_scope(self, nodeid: str) -> str:
        return _scope(nodeid)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Producer) -> Together:
    """Share tests by scopes of our own: xdist's groups (3.8) find no mark with pytest 9.2."""
    return Together(config, log)


@pytest.hookimpl(trylast=True)
def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let what takes longest begin first."""
    items.sort(key=lambda item: _scope(item.nodeid) != "shared")


@pytest.fixture(scope="session")
def browser(pytestconfig: pytest.Config) -> Iterator["Browser"]:
    """Give the one browser of all tests, since Playwright runs once in a thread; say which it is."""
    from tests.browser import chromium  # noqa: PLC0415 (only where a page is looked at)

    capture = pytestconfig.pluginmanager.getplugin("capturemanager")

    def say(words: str) -> None:
        with capture.global_and_fixture_disabled():
            # Where tests share the cores only this gets through to whoever waits.
            sys.stderr.write(f"\n{words}\n")

    with chromium(say) as running:
        yield running
