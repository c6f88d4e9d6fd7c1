import json
import secrets
from collections.abc import Iterator
from http import HTTPStatus
from pathlib import Path
from typing import Any

import http_ece
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from py_vapid import Vapid02

from infra.keys import renewed
from infra.local.places import stack_now
from infra.local.server.push import NotTaken, PushService, Sent, unbase64url
from infra.local.server.records import Records

ORIGIN = "http://127.0.0.1:8601"
KEYS = renewed(None)


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    kept = Records(tmp_path / "inbox.sqlite3")
    yield kept
    kept.close()


@pytest.fixture
def service(records: Records) -> PushService:
    return PushService(origin=ORIGIN, records=records)


@pytest.fixture
def subscription(service: PushService) -> dict[str, Any]:
    return service.subscribe({"applicationServerKey": KEYS["vapid_public"], "label": "ruth@example.com"})


def name_of(subscription: dict[str, Any]) -> str:
    return str(subscription["endpoint"].rpartition("/")[2])


def vapid(keys: dict[str, Any] = KEYS, **claims: Any) -> str:
    given = {"aud": ORIGIN, "exp": int(stack_now().timestamp()) + 3600, "sub": "mailto:a@example.com", **claims}
    return str(Vapid02.from_pem(keys["vapid_private"].encode()).sign(given)["Authorization"])


def push(subscription: dict[str, Any], *, body: bytes | None = None, **headers: str) -> Sent:
    keys = subscription["keys"]
    encrypted = http_ece.encrypt(
        json.dumps({"title": "A quick hello"}).encode(),
        private_key=ec.generate_private_key(ec.SECP256R1()),
        dh=unbase64url(keys["p256dh"]),
        auth_secret=unbase64url(keys["auth"]),
        version="aes128gcm",
    )
    usual = {"TTL": "60", "Content-Encoding": "aes128gcm", "Authorization": vapid()}
    given = {**usual, **{name.replace("_", "-"): value for name, value in headers.items()}}
    return Sent({name: value for name, value in given.items() if value}, encrypted if body is None else body)


def refusal(service: PushService, subscription: dict[str, Any], sent: Sent) -> HTTPStatus:
    with pytest.raises(NotTaken) as raised:
        service.take(name_of(subscription), sent)
    return raised.value.status


def test_a_push_is_decrypted_and_kept(service: PushService, subscription: dict[str, Any], records: Records) -> None:
    location = service.take(name_of(subscription), push(subscription, Topic="abc", Urgency="high"))

    assert location.startswith(f"{ORIGIN}/message/")
    kept = records.find(to="Ruth@example.com", kind="push")
    assert [message["payload"] for message in kept] == [{"title": "A quick hello"}]


def test_no_token_of_the_sender_is_kept(service: PushService, subscription: dict[str, Any], records: Records) -> None:
    service.take(name_of(subscription), push(subscription))

    assert "vapid" not in json.dumps(records.find())


@pytest.mark.parametrize(
    ("change", "status"),
    [
        ({"TTL": ""}, HTTPStatus.BAD_REQUEST),
        ({"Urgency": "urgent"}, HTTPStatus.BAD_REQUEST),
        ({"Topic": "with a space"}, HTTPStatus.BAD_REQUEST),
        ({"Topic": "x" * 33}, HTTPStatus.BAD_REQUEST),
        ({"Content_Encoding": "aesgcm"}, HTTPStatus.BAD_REQUEST),
        ({"Authorization": ""}, HTTPStatus.UNAUTHORIZED),
        ({"Authorization": "Bearer x"}, HTTPStatus.UNAUTHORIZED),
        ({"Authorization": vapid(aud="https://elsewhere.example")}, HTTPStatus.FORBIDDEN),
        ({"Authorization": vapid(exp=int(stack_now().timestamp()) + 90_000)}, HTTPStatus.FORBIDDEN),
        ({"Authorization": vapid(exp=int(stack_now().timestamp()) - 1)}, HTTPStatus.FORBIDDEN),
        ({"Authorization": vapid(renewed(None))}, HTTPStatus.FORBIDDEN),
        ({"Authorization": vapid()[:-4] + "AAAA"}, HTTPStatus.FORBIDDEN),
    ],
)
def test_what_the_standards_forbid_is_refused(
    service: PushService, subscription: dict[str, Any], change: dict[str, str], status: HTTPStatus
) -> None:
    assert refusal(service, subscription, push(subscription, body=None, **change)) == status


def test_more_than_4096_bytes_are_too_many(service: PushService, subscription: dict[str, Any]) -> None:
    sent = push(subscription, body=secrets.token_bytes(4097))

    assert refusal(service, subscription, sent) == HTTPStatus.REQUEST_ENTITY_TOO_LARGE


def test_what_the_device_can_not_decrypt_is_refused(service: PushService, subscription: dict[str, Any]) -> None:
    assert refusal(service, subscription, push(subscription, body=b"x" * 200)) == HTTPStatus.BAD_REQUEST


def test_an_ended_subscription_is_gone_and_an_unknown_one_is_not_found(
    service: PushService, subscription: dict[str, Any]
) -> None:
    service.unsubscribe(name_of(subscription))

    assert refusal(service, subscription, push(subscription)) == HTTPStatus.GONE
    with pytest.raises(NotTaken) as raised:
        service.take("nobody", push(subscription))
    assert raised.value.status == HTTPStatus.NOT_FOUND
