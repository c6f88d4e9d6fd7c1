"""Web Push against a push service that reads RFC 8030, 8291 and 8292 for itself."""

import json
import socket
from collections.abc import Callable
from dataclasses import replace
from threading import Thread

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from urllib3.exceptions import HTTPError

from chalicelib.outreach.ports import NotAccepted, Refused
from chalicelib.outreach.topics import topic_of
from tests.push_service import AUTH, NINE, Service, a_push, b64, device, give, send


def test_the_device_alone_can_read_it(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    assert send(service, vapid) == "/message/1"

    plain = http_ece.decrypt(service.body, private_key=service.key, auth_secret=AUTH, version="aes128gcm")
    assert json.loads(plain) == {"title": "Un saludo rápido"}
    assert b"saludo" not in service.body


def test_the_request_is_what_the_rfcs_ask_for(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    send(service, vapid)

    assert service.headers is not None
    assert service.headers["TTL"] == str(19 * 3600)
    assert service.headers["Urgency"] == "normal"
    assert service.headers["Content-Encoding"] == "aes128gcm"
    assert service.headers["Topic"] == topic_of("p_2026-11-25_check_in")
    assert len(service.headers["Topic"]) <= 32
    scheme, _, fields = service.headers["Authorization"].partition(" ")
    parts = dict(field.strip().split("=", 1) for field in fields.split(","))
    assert scheme == "vapid"
    point = vapid.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    assert parts["k"] == b64(point)
    claims = jwt.decode(
        parts["t"], vapid.public_key(), algorithms=["ES256"], audience=service.origin, options={"verify_exp": False}
    )
    assert 0 < claims["exp"] - NINE.timestamp() <= 24 * 3600
    assert claims["sub"] == "mailto:replies@care.example"


@pytest.mark.parametrize("status", [404, 410])
def test_a_subscription_that_has_ended_is_gone(
    service: Service, vapid: ec.EllipticCurvePrivateKey, status: int, counted: Callable[[], set[str]]
) -> None:
    service.status = status

    with pytest.raises(Refused) as refused:
        send(service, vapid)

    assert refused.value.gone
    assert counted() == set()


@pytest.mark.parametrize(
    ("status", "metrics"),
    [
        (400, {"PushFault"}),
        (401, {"PushFault"}),
        (403, {"PushFault"}),
        (405, {"PushFault"}),
        (301, {"PushFault"}),
        (307, {"PushFault"}),
        (413, {"PushFault", "PushTooLarge"}),
    ],
)
def test_a_fault_of_ours_ends_no_subscription_and_wakes_somebody(
    service: Service, vapid: ec.EllipticCurvePrivateKey, status: int, metrics: set[str], counted: Callable[[], set[str]]
) -> None:
    service.status = status
    service.extra = (("Location", f"{service.origin}/elsewhere"),)

    with pytest.raises(Refused) as refused:
        send(service, vapid)

    assert not refused.value.gone
    assert service.asked == 1, "neither tried again nor sent elsewhere"
    assert counted() == metrics


MISMATCHES = [
    (403, b'{"code": 403, "errno": 105, "error": "VapidKeyMismatch"}'),
    (400, b'{"reason":"VapidPkHashMismatch"}'),
    (401, b'{"message": "VAPID public key mismatch"}'),
    (403, b"the VAPID credentials do not correspond to the credentials used to create the subscriptions."),
]


@pytest.mark.parametrize(("status", "answer"), MISMATCHES)
def test_a_subscription_made_for_another_key_is_gone_where_ours_is_known_to_be_good(
    service: Service, vapid: ec.EllipticCurvePrivateKey, status: int, answer: bytes
) -> None:
    push = a_push(service, vapid)
    give(push, device(service))
    service.status, service.answer = status, answer

    with pytest.raises(Refused) as refused:
        give(push, device(service, number=2))

    assert refused.value.gone


@pytest.mark.parametrize(("status", "answer"), MISMATCHES)
def test_with_a_wrong_key_of_ours_no_subscription_is_lost(
    service: Service,
    vapid: ec.EllipticCurvePrivateKey,
    status: int,
    answer: bytes,
    counted: Callable[[], set[str]],
) -> None:
    push = a_push(service, vapid)
    service.status, service.answer = status, answer

    for number in range(5):
        with pytest.raises(Refused) as refused:
            give(push, device(service, number=number))
        assert not refused.value.gone
    assert counted() == {"PushFault"}


def test_a_long_answer_is_not_read_to_its_end(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    push = a_push(service, vapid)
    service.answer = b"x" * 2_000_000

    assert give(push, device(service)) == "/message/1"
    service.answer = b""
    assert give(push, device(service)) == "/message/1"


def test_nobody_listening_is_not_accepted(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    closed = Service()
    closed.server_close()

    with pytest.raises(NotAccepted):
        send(closed, vapid)
    assert service.body == b""


class Silent:
    """Accepts connections and answers nothing, or hangs up."""

    def __init__(self, *, hangs_up: bool) -> None:
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.origin = f"http://127.0.0.1:{self.listener.getsockname()[1]}"
        self.hangs_up = hangs_up
        Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        connection, _ = self.listener.accept()
        connection.recv(65536)
        if self.hangs_up:
            connection.close()
        else:
            self.kept = connection


def test_a_service_that_hangs_up_leaves_it_open_whether_the_push_went_out(
    service: Service, vapid: ec.EllipticCurvePrivateKey
) -> None:
    silent = Silent(hangs_up=True)
    push = a_push(service, vapid, frozenset({silent.origin}))

    with pytest.raises(HTTPError) as raised:
        give(push, replace(device(service), address=f"{silent.origin}/push/1"))

    assert not isinstance(raised.value, NotAccepted | Refused)
    silent.listener.close()
