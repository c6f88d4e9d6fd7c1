"""Who is asking: a Cognito access token, verified here whatever the gateway did before."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from chalicelib.edge.problems import Refused
from chalicelib.privacy.domain import Actor, Role

if TYPE_CHECKING:
    from jwt import PyJWK

LEEWAY = timedelta(seconds=60)
"""How far Cognito's clock and ours may be apart."""

_LONGEST_TOKEN = 8192
_ACCESS = "access"
_ROLES = {role.value: role for role in Role}


def claimed(authorization: str | None) -> str | None:
    """
    Return the account that a Bearer token says it is, whatever is wrong with it; None if nothing can be read of it.

    For a call for help, which is taken from whoever calls, as from somebody whom nobody has verified.
    """
    import jwt  # noqa: PLC0415 (as below)

    token = (authorization or "").partition(" ")[2].strip()
    if not 0 < len(token) <= _LONGEST_TOKEN:
        return None
    try:
        subject = jwt.decode(token, options={"verify_signature": False, "verify_exp": False}).get("sub")
    except jwt.PyJWTError:
        return None
    return subject if isinstance(subject, str) and subject else None


class SigningKeys(Protocol):
    """The user pool's public keys, by key id. PyJWT's PyJWKClient is one."""

    def get_signing_key(self, kid: str) -> "PyJWK":
        """
        Return the key.

        :raises jwt.PyJWKClientConnectionError: if the keys can't be fetched
        :raises jwt.PyJWKClientError: if there is no such key
        """
        ...


class PublishedKeys:
    """
    The keys published at an address: kept for an hour, fetched anew for an unknown id.

    Not more than once in 30 seconds, so that made-up ids can't be used to press Cognito.
    """

    def __init__(self, jwks_url: str) -> None:
        self._jwks_url = jwks_url
        self._client: SigningKeys | None = None

    def get_signing_key(self, kid: str) -> "PyJWK":
        """Return the key, as SigningKeys says."""
        if self._client is None:
            from jwt import PyJWKClient  # noqa: PLC0415 (part of a cold start, spent only when a token comes)

            self._client = PyJWKClient(self._jwks_url, lifespan=3600, timeout=3, cooldown_duration=30)
        return self._client.get_signing_key(kid)


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a good token looks like."""

    issuer: str
    client_id: str
    keys: SigningKeys

    def actor(self, authorization: str | None, *, now: datetime) -> Actor:
        """
        Return who sent the request. ``now`` is the real time, since Cognito's clock set the expiry.

        :raises Refused: 401 without a good token (RFC 6750 3), 503 if the keys to check it can't be had
        """
        if authorization is None:
            raise _unauthorised("Sign in, and send the access token as a Bearer token.", error=None)
        scheme, _, token = authorization.partition(" ")
        if scheme.lower() != "bearer" or not token or len(token) > _LONGEST_TOKEN:
            raise _unauthorised("The Authorization header must be a Bearer token.")
        claims = self._verified(token.strip())
        if (
            claims["token_use"] != _ACCESS
            or claims["client_id"] != self.client_id
            or not isinstance(claims["sub"], str)
            or not isinstance(claims["exp"], int)
            or now.timestamp() >= claims["exp"] + LEEWAY.total_seconds()
        ):
            raise _unauthorised()
        return Actor(subject=claims["sub"], roles=_roles(claims.get("cognito:groups")))

    def _verified(self, token: str) -> dict[str, Any]:
        import jwt  # noqa: PLC0415 (cryptography is a good part of a cold start)

        try:
            header = jwt.get_unverified_header(token)
            if header.get("alg") != "RS256" or not isinstance(header.get("kid"), str):
                raise _unauthorised()
            key = self.keys.get_signing_key(header["kid"])
            return jwt.decode(
                token,
                key,
                algorithms=["RS256"],
                issuer=self.issuer,
                options={
                    "require": ["exp", "iss", "sub", "token_use", "client_id"],
                    # PyJWT reads the clock itself, and access tokens of Cognito have no audience.
                    "verify_exp": False,
                    "verify_iat": False,
                    "verify_nbf": False,
                    "verify_aud": False,
                },
            )
        except jwt.PyJWKClientConnectionError as error:
            raise Refused(
                status=HTTPStatus.SERVICE_UNAVAILABLE,
                kind="sign-in-unavailable",
                detail="Sign-in can't be checked just now.",
                headers={"Retry-After": "5"},
            ) from error
        except jwt.PyJWTError as error:
            raise _unauthorised() from error


def _roles(groups: object) -> frozenset[tuple[str, Role]]:
    # A pool may hold groups that are none of ours; they give nothing.
    roles = set()
    for group in groups if isinstance(groups, list) else []:
        programme_id, slash, role = str(group).rpartition("/")
        if slash and programme_id and role in _ROLES:
            roles.add((programme_id, _ROLES[role]))
    return frozenset(roles)


def _unauthorised(detail: str = "The access token is not valid.", *, error: str | None = "invalid_token") -> Refused:
    return Refused(
        status=HTTPStatus.UNAUTHORIZED,
        kind="unauthorised",
        detail=detail,
        headers={"WWW-Authenticate": f'Bearer error="{error}"' if error else "Bearer"},
    )
