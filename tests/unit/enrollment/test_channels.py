from base64 import urlsafe_b64encode
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.enrollment.channels import (
    HEARTBEAT_LASTS,
    Channel,
    ChannelChanged,
    Verification,
    email_address,
    push_auth,
    push_endpoint,
    push_key,
)
from chalicelib.outreach.domain import ChannelKind
from tests.build import A_KEY

NOW = datetime(2026, 11, 24, 12, 0, tzinfo=UTC)
EMAIL = Channel(id="c", kind=ChannelKind.EMAIL, address="ana@example.com", added_at=NOW)
DEVICE = Channel(id="d", kind=ChannelKind.PUSH, address="https://push.example/1", added_at=NOW)
ORIGINS = frozenset({"https://fcm.googleapis.com", "https://*.push.apple.com", "http://127.0.0.1:9999"})


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("UPPER.Case+tag@Example.COM", "UPPER.Case+tag@example.com"),
        (" ana@example.org ", "ana@example.org"),
        ("o'brien@example.co.uk", "o'brien@example.co.uk"),
        ("ana@münchen.example", "ana@xn--mnchen-3ya.example"),
    ],
)
def test_an_address_keeps_the_case_of_its_local_part_only(text: str, kept: str) -> None:
    assert email_address(text) == kept


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not-an-address",
        "@example.com",
        "ana@",
        "ana@localhost",
        "ana@example..com",
        "ana@-example.com",
        ".ana@example.com",
        "ana..lee@example.com",
        "ana@lee@example.com",
        "ana lee@example.com",
        "ana@example.com\r\nBcc: x@example.com",
        "ána@example.com",
        "Ana <ana@example.com>",
        "ana@192.168.0.1",
        f"{'a' * 65}@example.com",
        f"ana@{'a.' * 125}com",
    ],
)
def test_what_mail_cannot_be_sent_to_is_no_address(text: str) -> None:
    with pytest.raises(ValueError, match="is not an email address"):
        email_address(text)


@pytest.mark.parametrize(
    "url",
    [
        "https://fcm.googleapis.com/fcm/send/abc",
        "https://web.push.apple.com/abc",
        "https://a.b.push.apple.com/abc",
        "http://127.0.0.1:9999/push/abc",
    ],
)
def test_push_services_that_are_allowed_are_called(url: str) -> None:
    assert push_endpoint(url, origins=ORIGINS) == url


@pytest.mark.parametrize(
    "url",
    [
        "http://fcm.googleapis.com/fcm/send/abc",
        "https://fcm.googleapis.com:444/abc",
        "https://fcm.googleapis.com@evil.example/abc",
        "https://ana:secret@fcm.googleapis.com/abc",
        "https://fcm.googleapis.com.evil.example/abc",
        "https://push.apple.com/abc",
        "https://evilpush.apple.com/abc",
        "http://web.push.apple.com/abc",
        "https://web.push.apple.com:8443/abc",
        "https://169.254.169.254/latest/meta-data",
        "http://127.0.0.1:9998/push/abc",
        "http://127.0.0.1/push",
        "https://fcm.googleapis.com/abc#fragment",
        "https://fcm.googleapis.com\\@evil.example/abc",
        "https://fcm.googleapis.com/a b",
        "https://fcm.googleapis.com:99999/abc",
        "https://[::1/abc",
        "file:///etc/passwd",
        "//fcm.googleapis.com/abc",
        "",
    ],
)
def test_nothing_else_is_called(url: str) -> None:
    with pytest.raises(ValueError, match="is not"):
        push_endpoint(url, origins=ORIGINS)


def test_a_devices_keys_have_the_right_shape() -> None:
    assert push_key(A_KEY + "=") == A_KEY
    assert push_auth("A" * 22 + "==") == "A" * 22
    for wrong in ("", "A" * 87, "BA", "B" * 200, "é" * 87, "!" * 87):
        with pytest.raises(ValueError, match="P-256"):
            push_key(wrong)
    for wrong in ("", "A" * 21, "A" * 24):
        with pytest.raises(ValueError, match="16 bytes"):
            push_auth(wrong)


@given(raw=st.binary(min_size=64, max_size=64), secret=st.integers(min_value=1, max_value=2**255))
def test_a_key_is_taken_exactly_where_the_library_that_encrypts_takes_it(raw: bytes, secret: int) -> None:
    made = ec.derive_private_key(secret, ec.SECP256R1()).public_key()
    good = made.public_bytes(Encoding.X962, PublicFormat.UncompressedPoint)
    for point in (good, b"\x04" + raw, good[:-1] + bytes([good[-1] ^ 1]), b"\x04" + b"\xff" * 64):
        try:
            ec.EllipticCurvePublicKey.from_encoded_point(ec.SECP256R1(), point)
        except ValueError:
            with pytest.raises(ValueError, match="P-256"):
                push_key(urlsafe_b64encode(point).decode())
        else:
            assert push_key(urlsafe_b64encode(point).decode())


def test_an_address_is_used_once_somebody_stands_for_it() -> None:
    attested = EMAIL.attested(by="admin", at=NOW)
    confirmed = EMAIL.confirmed(revision=1, at=NOW)

    assert not EMAIL.is_usable(at=NOW)
    assert attested.is_usable(at=NOW)
    assert (attested.verified_by, attested.verified_at) == ("admin", NOW)
    assert confirmed.is_usable(at=NOW)
    assert confirmed.confirmed(revision=1, at=NOW + timedelta(days=1)) == confirmed


def test_another_address_is_confirmed_anew_and_kills_old_links() -> None:
    moved = replace(EMAIL.confirmed(revision=1, at=NOW), gone_at=NOW, gone_why="bounced").moved_to("ana@example.org")

    assert (moved.revision, moved.verification, moved.gone_at) == (2, Verification.PENDING, None)
    assert moved.moved_to("ana@example.org") == moved
    with pytest.raises(ChannelChanged):
        moved.confirmed(revision=1, at=NOW)


def test_a_device_that_is_silent_for_sixty_days_is_not_used() -> None:
    device = DEVICE.confirmed(revision=1, at=NOW)
    heard = replace(device, heartbeat_at=NOW + timedelta(days=1))

    assert device.is_usable(at=NOW + HEARTBEAT_LASTS - timedelta(seconds=1))
    assert not device.is_usable(at=NOW + HEARTBEAT_LASTS)
    assert heard.is_usable(at=NOW + HEARTBEAT_LASTS)
    assert not replace(heard, gone_at=NOW).is_usable(at=NOW)
