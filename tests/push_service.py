"""A push service on this computer, a device of its own, and what it takes to send something there."""

import base64
from datetime import timedelta
from email.message import Message
from http.server import BaseHTTPRequestHandler, HTTPServer

from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat

from chalicelib.outreach.calling import PushHosts
from chalicelib.outreach.domain import Channel, ChannelKind
from chalicelib.outreach.push import WebPush, encrypt
from tests.build import utc

NINE = utc("2026-11-25T14:00")
AUTH = b"0123456789abcdef"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Service(HTTPServer):
    """A push service with one subscription; answers ``status`` and keeps what it was sent. ``date``: by its clock."""

    status = 201
    answer = b""
    extra: tuple[tuple[str, str], ...] = ()
    date: str | None = None

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.asked = 0
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
        self.server.asked += 1
        self.server.headers = self.headers
        self.server.body = self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(self.server.status)
        self.send_header("Location", "/message/1")
        self.send_header("Content-Length", str(len(self.server.answer)))
        for name, value in self.server.extra:
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(self.server.answer)

    def date_time_string(self, timestamp: float | None = None) -> str:
        return super().date_time_string(timestamp) if self.server.date is None else self.server.date

    def log_message(self, *_: object) -> None:
        return


def device(service: Service, *, number: int = 1) -> Channel:
    return Channel(
        id="phone",
        kind=ChannelKind.PUSH,
        address=f"{service.origin}/push/{number}",
        revision=1,
        usable=True,
        push_key=b64(service.public_key),
        push_auth=b64(AUTH),
    )


def a_push(
    service: Service,
    vapid: ec.EllipticCurvePrivateKey,
    origins: frozenset[str] | None = None,
    hosts: PushHosts | None = None,
) -> WebPush:
    return WebPush(
        vapid_private=vapid.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()).decode(),
        contact="replies@care.example",
        origins=frozenset({service.origin}) if origins is None else origins,
        hosts=hosts,
    )


def give(push: WebPush, channel: Channel, *, minutes: float = 0, closes: timedelta = timedelta(hours=19)) -> str:
    now = NINE + timedelta(minutes=minutes)
    return push.send(
        encrypt({"title": "Un saludo rápido"}, channel),
        channel,
        name="p_2026-11-25_check_in",
        now=now,
        expires_at=NINE + closes,
        urgency="normal",
    )


def send(service: Service, vapid: ec.EllipticCurvePrivateKey, origins: frozenset[str] | None = None) -> str:
    return give(a_push(service, vapid, origins), device(service))
