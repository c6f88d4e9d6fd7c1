import hashlib
import hmac
import json
from base64 import urlsafe_b64encode
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any, ClassVar

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import rsa

from chalicelib.edge.identity import PublishedKeys, Tokens
from chalicelib.edge.problems import Refused
from chalicelib.privacy.domain import Actor, Role

GROUPS = "cognito:groups"
NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)
ISSUER = "https://cognito-idp.us-east-1.amazonaws.com/us-east-1_members"
OURS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
STRANGERS = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CLAIMS: dict[str, Any] = {
    "sub": "sub-1",
    "iss": ISSUER,
    "client_id": "client-1",
    "token_use": "access",
    "scope": "aws.cognito.signin.user.admin",
    "iat": int(NOW.timestamp()) - 60,
    "exp": int(NOW.timestamp()) + 3600,
    "cognito:groups": ["iop/clinician", "evening/program-admin"],
}


def jwk_of(key: rsa.RSAPrivateKey, kid: str) -> dict[str, Any]:
    return {
        **json.loads(jwt.algorithms.RSAAlgorithm.to_jwk(key.public_key())),
        "kid": kid,
        "alg": "RS256",
        "use": "sig",
    }


class FakePool(jwt.PyJWKClient):
    """PyJWT's client with the network left out."""

    def __init__(self, *, is_down: bool = False) -> None:
        super().__init__("https://pool.test/jwks.json", lifespan=3600, cooldown_duration=30)
        self.is_down = is_down
        self.fetched = 0

    def fetch_data(self) -> dict[str, Any]:
        if self.is_down:
            raise jwt.PyJWKClientConnectionError("no route")
        self.fetched += 1
        keys = {"keys": [jwk_of(OURS, "key-1")]}
        assert self.jwk_set_cache
        self.jwk_set_cache.put(jwt.PyJWKSet.from_dict(keys))
        return keys


def a_token(*, key: rsa.RSAPrivateKey = OURS, kid: str | None = "key-1", without: str = "", **claims: object) -> str:
    claims = CLAIMS | {GROUPS if name == "groups" else name: value for name, value in claims.items()}
    payload = {name: value for name, value in claims.items() if name != without}
    return jwt.encode(payload, key, algorithm="RS256", headers={"kid": kid} if kid else {})


def part(value: dict[str, Any] | bytes) -> str:
    raw = value if isinstance(value, bytes) else json.dumps(value).encode()
    return urlsafe_b64encode(raw).decode().rstrip("=")


def ask(authorization: str | None, *, now: datetime = NOW, pool: FakePool | None = None) -> Actor:
    return Tokens(issuer=ISSUER, client_id="client-1", keys=pool or FakePool()).actor(authorization, now=now)


def test_a_good_token_says_who_it_is_and_what_they_are_in_which_programme() -> None:
    assert ask(f"Bearer {a_token()}") == Actor(
        subject="sub-1", roles=frozenset({("iop", Role.CLINICIAN), ("evening", Role.PROGRAM_ADMIN)})
    )


@pytest.mark.parametrize(
    "groups", [None, "iop/clinician", [], ["clinician"], ["/clinician"], ["iop/boss"], ["iop/"], [7], ["iop/Clinician"]]
)
def test_groups_that_are_none_of_ours_give_no_role(groups: object) -> None:
    assert ask(f"Bearer {a_token(groups=groups)}").roles == frozenset()


def test_a_programme_may_have_a_slash_in_its_name_only_the_last_part_is_the_role() -> None:
    assert ask(f"Bearer {a_token(groups=['a/b/mentor'])}").roles == {("a/b", Role.MENTOR)}


@pytest.mark.parametrize("late", [timedelta(seconds=59), timedelta(0), -timedelta(hours=1)])
def test_clocks_may_be_a_minute_apart(late: timedelta) -> None:
    ask(f"Bearer {a_token()}", now=NOW + timedelta(hours=1) + late)


BAD = {
    "expired": a_token(exp=int(NOW.timestamp()) - 60),
    "expiry that is text": a_token(exp=str(int(NOW.timestamp()) + 3600)),
    "no expiry": a_token(without="exp"),
    "another pool": a_token(iss=ISSUER + "x"),
    "no issuer": a_token(without="iss"),
    "another client": a_token(client_id="client-2"),
    "no client": a_token(without="client_id"),
    "an id token": a_token(token_use="id", aud="client-1"),
    "no use": a_token(without="token_use"),
    "nobody": a_token(without="sub"),
    "a key of somebody else's under our id": a_token(key=STRANGERS),
    "an unknown key": a_token(kid="key-2"),
    "no key named": a_token(kid=None),
    "alg none": f"{part({'alg': 'none', 'kid': 'key-1'})}.{part(CLAIMS)}.",
    "alg None, with a signature": f"{part({'alg': 'None', 'kid': 'key-1'})}.{part(CLAIMS)}.{part(b'x' * 256)}",
    "not a token": "abc",
    "two parts": "a.b",
    "not base64": "?.?.?",
    "a header that is no object": f"{part(b'[]')}.{part(CLAIMS)}.{part(b'x')}",
    "too long": "x" * 9000,
    "empty": "",
    "two tokens": f"{a_token()} {a_token()}",
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_token_is_refused_without_saying_why(name: str) -> None:
    with pytest.raises(Refused) as refused:
        ask(f"Bearer {BAD[name]}")

    assert refused.value.status is HTTPStatus.UNAUTHORIZED
    assert refused.value.headers == {"WWW-Authenticate": 'Bearer error="invalid_token"'}
    assert refused.value.detail in {
        "The access token is not valid.",
        "The Authorization header must be a Bearer token.",
    }


def test_a_token_signed_with_the_public_key_as_a_secret_is_refused() -> None:
    # The classic: HS256 with what everybody may know. PyJWT refuses to make one, so it is made by hand.
    public = OURS.public_key().public_bytes(serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo)
    signed = f"{part({'alg': 'HS256', 'kid': 'key-1'})}.{part(CLAIMS)}"
    signature = hmac.new(public, signed.encode(), hashlib.sha256).digest()

    with pytest.raises(Refused):
        ask(f"Bearer {signed}.{part(signature)}")


@pytest.mark.parametrize("at", [0, 1, 2])
def test_a_token_that_was_tampered_with_is_refused(at: int) -> None:
    parts = a_token().split(".")
    other = a_token(sub="sub-2", groups=["iop/privacy-officer"]).split(".")
    parts[at] = other[at] if at else part({"alg": "RS256", "kid": "key-1", "typ": "at+jwt"})

    with pytest.raises(Refused):
        ask(f"Bearer {'.'.join(parts)}")


def test_without_a_token_the_answer_only_says_how_to_sign_in() -> None:
    with pytest.raises(Refused) as refused:
        ask(None)

    assert refused.value.headers == {"WWW-Authenticate": "Bearer"}


def test_made_up_key_ids_do_not_make_us_press_the_pool() -> None:
    pool = FakePool()

    for number in range(20):
        with pytest.raises(Refused):
            ask(f"Bearer {a_token(kid=f'made-up-{number}')}", pool=pool)

    assert pool.fetched <= 2


class PublishesOneKey(BaseHTTPRequestHandler):
    asked: ClassVar[list[str]] = []

    def do_GET(self) -> None:
        self.asked.append(self.path)
        body = json.dumps({"keys": [jwk_of(OURS, "key-1")]}).encode()
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@pytest.fixture
def jwks_url() -> Iterator[str]:
    PublishesOneKey.asked.clear()
    with ThreadingHTTPServer(("127.0.0.1", 0), PublishesOneKey) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/jwks.json"
        server.shutdown()


def test_the_pools_keys_are_fetched_once_and_kept(jwks_url: str) -> None:
    tokens = Tokens(issuer=ISSUER, client_id="client-1", keys=PublishedKeys(jwks_url))

    assert tokens.actor(f"Bearer {a_token()}", now=NOW).subject == "sub-1"
    for kid in ("key-1", "made-up", "made-up-too"):
        with suppress(Refused):
            tokens.actor(f"Bearer {a_token(kid=kid)}", now=NOW)

    assert PublishesOneKey.asked == ["/jwks.json"]


def test_a_pool_that_can_not_be_reached_is_our_fault_not_the_callers() -> None:
    with pytest.raises(Refused) as refused:
        ask(f"Bearer {a_token()}", pool=FakePool(is_down=True))

    assert refused.value.status is HTTPStatus.SERVICE_UNAVAILABLE
