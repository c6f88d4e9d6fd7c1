"""Settings and a table for every test that wants them."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from chalicelib.edge import config, table

SETTINGS = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
    "CAIRN_STAGE": "local",
    "CAIRN_TABLE": "cairn",
    "CAIRN_DELIVER_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/cairn-deliver",
    "CAIRN_IMPORT_QUEUE_URL": "https://sqs.us-east-1.amazonaws.com/123456789012/cairn-import",
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


@pytest.fixture
def aws(settings: dict[str, str]) -> Iterator[None]:
    """Give an empty table on moto."""
    with mock_aws():
        boto3.client("dynamodb").create_table(
            TableName=settings["CAIRN_TABLE"],
            KeySchema=[{"AttributeName": "pk", "KeyType": "HASH"}, {"AttributeName": "sk", "KeyType": "RANGE"}],
            AttributeDefinitions=[
                {"AttributeName": "pk", "AttributeType": "S"},
                {"AttributeName": "sk", "AttributeType": "S"},
            ],
            BillingMode="PAY_PER_REQUEST",
        )
        yield
