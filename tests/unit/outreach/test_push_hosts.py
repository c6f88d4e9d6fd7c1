"""Whom a push is handed to: only a listed service, at a public address, that proves to be the one that was listed."""

import ssl
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from threading import Thread

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from chalicelib.outreach.calling import PushHosts
from chalicelib.outreach.ports import NotAccepted, Refused
from tests.push_service import Service, a_push, device, give, send


def test_no_other_host_is_ever_called(service: Service, vapid: ec.EllipticCurvePrivateKey) -> None:
    with pytest.raises(Refused):
        send(service, vapid, origins=frozenset({"https://fcm.googleapis.com"}))

    assert service.headers is None


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
