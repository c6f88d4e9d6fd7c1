"""Web Push against a push service that reads RFC 8030, 8291 and 8292 for itself."""

import base64
import json
import socket
import ssl
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.message import Message
from email.utils import format_datetime
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread

import http_ece
import jwt
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from cryptography.x509.oid import NameOID
from urllib3.exceptions import HTTPError

from chalicelib.edge.log import flush
from chalicelib.outreach.calling import PushHosts
from chalicelib.outreach.domain import Channel, ChannelKind
from chalicelib.outreach.ports import NotAccepted, Refused
from chalicelib.outreach.push import Busy, WebPush, encrypt
from chalicelib.outreach.topics import topic_of
from tests.build import utc

NINE = utc("2026-11-25T14:00")
AUTH = b"0123456789abcdef"


def b64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


class Service(HTTPServer):
    """A push service with one subscription; answers ``status`` and keeps what it was sent."""

    status = 201
    answer = b""
    extra: tuple[tuple[str, str], ...] = ()

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


Lines = Callable[[], list[dict[str, object]]]


@pytest.fixture
def counted(log: Lines) -> Iterator[Callable[[], set[str]]]:
    """Give which metrics were counted."""
    flush()
    log()

    def names() -> set[str]:
        flush()
        return {name for line in log() for name in line if name.startswith("Push")}

    yield names
    flush()


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


@pytest.mark.parametrize("status", [500, 502, 503, 507])
def test_a_service_that_fails_is_asked_again(service: Service, vapid: ec.EllipticCurvePrivateKey, status: int) -> None:
    service.status = status
    push = a_push(service, vapid)

    for _ in range(2):
        with pytest.raises(NotAccepted):
            give(push, device(service))
    assert service.asked == 2


def test_a_subscription_that_gets_too_much_is_left_alone_as_long_as_asked(
    service: Service, vapid: ec.EllipticCurvePrivateKey, counted: Callable[[], set[str]]
) -> None:
    service.status, service.extra = 429, (("Retry-After", "300"),)
    push = a_push(service, vapid)
    for minutes in (0, 1, 4):
        with pytest.raises(Busy) as busy:
            give(push, device(service), minutes=minutes)
        assert busy.value.wait <= timedelta(minutes=5.5 - minutes)
    assert service.asked == 1
    assert counted() == {"PushWaits"}

    service.status = 201
    give(push, device(service, number=2))
    give(push, device(service), minutes=6)
    assert service.asked == 3


def test_a_date_to_wait_for_is_read_by_the_clock_that_wrote_it(
    service: Service, vapid: ec.EllipticCurvePrivateKey
) -> None:
    # The test's server puts the date of this computer on its answer, which may be years from ours.
    later = format_datetime(datetime.now(UTC) + timedelta(minutes=5), usegmt=True)  # noqa: TID251
    service.status, service.extra = 429, (("Retry-After", later),)

    with pytest.raises(Busy) as busy:
        send(service, vapid)

    assert timedelta(minutes=4.9) < busy.value.wait <= timedelta(minutes=5)


def test_nobody_waits_longer_than_the_message_is_worth(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    service.status, service.extra = 429, (("Retry-After", "3000"),)

    with pytest.raises(Busy) as busy:
        give(a_push(service, vapid), device(service), closes=timedelta(minutes=2))

    assert busy.value.wait == timedelta(minutes=2)


def test_a_service_that_is_down_for_a_while_is_left_alone_by_all(
    service: Service, vapid: ec.EllipticCurvePrivateKey
) -> None:
    service.status, service.extra = 503, (("Retry-After", "120"),)
    push = a_push(service, vapid)
    for number in range(3):
        with pytest.raises(Busy):
            give(push, device(service, number=number))

    assert service.asked == 1


def test_no_other_host_is_ever_called(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(Refused):
        send(service, vapid, origins=frozenset({"https://fcm.googleapis.com"}))

    assert service.headers is None


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


PUBLIC = "142.250.72.10"


@pytest.mark.parametrize(
    "addresses",
    [["127.0.0.1"], ["10.0.0.1"], [PUBLIC, "169.254.169.254"], ["::1"], ["::ffff:127.0.0.1"], ["not an address"], []],
)
def test_a_listed_name_that_leads_into_somebodys_own_network_is_not_called(
    service: Service, vapid: ec.EllipticCurvePrivateKey, addresses: list[str], counted: Callable[[], set[str]]
) -> None:
    asked: list[tuple[str, int]] = []

    def resolve(host: str, port: int) -> list[str]:
        asked.append((host, port))
        return addresses

    push = a_push(service, vapid, frozenset({"https://push.example"}), PushHosts(resolve=resolve))

    with pytest.raises(Refused) as refused:
        give(push, replace(device(service), address="https://push.example/push/1"))

    assert not refused.value.gone
    assert asked == [("push.example", 443)]
    assert counted() == {"PushFault"}


def test_a_name_that_nobody_knows_is_not_accepted(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    def resolve(host: str, port: int) -> list[str]:
        raise OSError(host, port)

    push = a_push(service, vapid, frozenset({"https://push.example"}), PushHosts(resolve=resolve))

    with pytest.raises(NotAccepted):
        give(push, replace(device(service), address="https://push.example/push/1"))


def certificate(tmp_path: Path, name: str) -> tuple[Path, Path]:
    """Return the files of a certificate for a name, signed by itself, and of its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    now = datetime.now(UTC)  # noqa: TID251 (TLS goes by the computer's own clock)
    made = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=1))
        .not_valid_after(now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    files = tmp_path / "cert.pem", tmp_path / "key.pem"
    files[0].write_bytes(made.public_bytes(Encoding.PEM))
    files[1].write_bytes(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    return files


@pytest.mark.parametrize(("name", "taken"), [("push.example", True), ("other.example", False)])
def test_the_number_that_is_called_must_prove_to_be_the_name_that_was_listed(
    vapid: ec.EllipticCurvePrivateKey,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    name: str,
    taken: bool,  # noqa: FBT001 (a column of the table above)
) -> None:
    cert, key = certificate(tmp_path, name)
    monkeypatch.setenv("SSL_CERT_FILE", str(cert))
    with Service() as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(cert, key)
        named: list[str | None] = []
        context.sni_callback = lambda _socket, asked, _context: named.append(asked)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = Thread(target=server.serve_forever)
        thread.start()
        origin = f"https://push.example:{server.server_port}"
        hosts = PushHosts(resolve=lambda *_: ["127.0.0.1"], may_reach=lambda _: True)
        push = a_push(server, vapid, frozenset({origin}), hosts)
        channel = replace(device(server), address=f"{origin}/push/1")
        try:
            if taken:
                assert give(push, channel) == "/message/1"
                assert server.headers is not None
                assert server.headers["Host"] == f"push.example:{server.server_port}"
                assert named == ["push.example"]
            else:
                with pytest.raises(NotAccepted):
                    give(push, channel)
                assert server.headers is None
        finally:
            server.shutdown()
            thread.join()
