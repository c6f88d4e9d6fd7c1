"""Web Push against a push service that reads RFC 8030, 8291 and 8292 for itself."""

import base64
import json
from collections.abc import Iterator
from datetime import timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import http_ece
import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chalicelib.outreach.domain import Channel, ChannelKind
from chalicelib.outreach.ports import NotAccepted, Refused
from chalicelib.outreach.push import WebPush, topic_of
from tests.build import utc

NINE = utc("2026-11-25T14:00")
AUTH = b"0123456789abcdef"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Service(HTTPServer):
    """A push service with one subscription; answers ``status`` and keeps what it was sent."""

    status = 201

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.headers: Message | None = None
        self.body = b""

    @property
    def origin(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    @property
    def public_key(self) -> bytes:
        return self.key.public_key().public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)


class Handler(BaseHTTPRequestHandler):
    server: Service

    def do_POST(self) -> None:
        self.server.headers = self.headers
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.send_header("Location", "/message/1")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def service() -> Iterator[Service]:
    with Service() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture(scope="module")
def vapid() -> ec.EllipticCurvePrivateKey:
    return ec.generate_private_key(ec.SECP256R1())


def device(service: Service) -> Channel:
    return Channel(
        id="phone",
        kind=ChannelKind.PUSH,
        address=f"{service.origin}/push/1",
        revision=1,
        usable=True,
        push_key=b64(service.public_key),
        push_auth=b64(AUTH),
    )


def send(service: Service, vapid: ec.EllipticCurvePrivateKey, origins: frozenset[str] | None = None) -> str:
    pem = vapid.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode()
    push = WebPush(
        vapid_private=pem,
        contact="replies@care.example",
        origins=frozenset({service.origin}) if origins is None else origins,
    )
    return push.send(
        {"title": "Un saludo rápido"},
        device(service),
        name="p_2026-11-25_check_in",
        now=NINE,
        expires_at=NINE + timedelta(hours=19),
        urgency="normal",
    )


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


@pytest.mark.parametrize(("status", "gone"), [(404, True), (410, True), (400, False), (401, False), (413, False)])
def test_a_refusal_says_whether_the_device_is_gone(
    service: Service, vapid: ec.EllipticCurvePrivateKey, status: int, *, gone: bool
) -> None:
    service.status = status

    with pytest.raises(Refused) as refused:
        send(service, vapid)

    assert refused.value.gone is gone


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_service_that_is_full_is_asked_again(
    service: Service, vapid: ec.EllipticCurvePrivateKey, status: int
) -> None:
    service.status = status

    with pytest.raises(NotAccepted):
        send(service, vapid)


def test_no_other_host_is_ever_called(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(Refused):
        send(service, vapid, origins=frozenset({"https://fcm.googleapis.com"}))

    assert service.headers is None


def test_a_redirect_is_not_followed(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    service.status = 307

    with pytest.raises(Refused):
        send(service, vapid)


def test_nobody_listening_is_not_accepted(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    closed = Service()
    closed.server_close()

    with pytest.raises(NotAccepted):
        send(closed, vapid)
    assert service.body == b""
