"""Chalice, made to answer in one way: problem details, safe headers, a correlation id, metrics sent off."""

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from http import HTTPStatus
from typing import TYPE_CHECKING, Any, Protocol

from chalice.app import Blueprint, Chalice, Response

from chalicelib.edge.clock import real_now, utc_now
from chalicelib.edge.ids import new_id
from chalicelib.edge.log import flush, logger

if TYPE_CHECKING:
    # Every function imports this module, and only the API needs what stands behind these names.
    from chalicelib.privacy.domain import Actor
    from chalicelib.privacy.service import AuditLog, Standings

CORRELATION_ID = "X-Correlation-Id"

_TRUSTED_ID = re.compile(r"[A-Za-z0-9._=:-]{8,100}")
_TRACE_ROOT = re.compile(r"Root=([0-9a-f-]{35})")
_SAFE = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-site",
    "Referrer-Policy": "no-referrer",
    "Strict-Transport-Security": "max-age=63072000; includeSubDomains",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "X-Robots-Tag": "noindex",
}
_ASKED_HEADERS = "Authorization, Content-Type, Idempotency-Key, If-Match, X-Correlation-Id"
_SHOWN_HEADERS = "Allow, ETag, Idempotency-Replayed, Location, Retry-After, WWW-Authenticate, X-Correlation-Id"
_CHALICE_ERRORS = {
    HTTPStatus.METHOD_NOT_ALLOWED: ("method-not-allowed", "This address doesn't take that method."),
    HTTPStatus.NOT_FOUND: ("not-found", "There is no such address."),
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: ("unsupported-media-type", "This address doesn't take that kind of body."),
}


class Tokens(Protocol):
    """Who is asking. ``identity.Tokens`` is the one that counts."""

    def actor(self, authorization: str | None, *, now: datetime) -> "Actor":
        """
        Return who sent the Authorization header; ``now`` is the real time.

        :raises Refused: 401, 503
        """
        ...


class Replays(Protocol):
    """Answers that were given already, by idempotency key."""

    def once(
        self, subject: str, key: str, fingerprint: str, act: Callable[[], dict[str, Any]], *, context: object
    ) -> dict[str, Any]:
        """
        Act, unless the same was asked before with this key: then return what was answered.

        :raises Refused: 422 if the key came with another request, 409 if that one is still under way
        """
        ...


class Holders(Protocol):
    """Holders of addresses who are no people in care: what the bearers of links sent there may do."""

    def confirm(
        self, holder_id: str, channel_id: str, /, *, revision: int, expires_at: datetime, now: datetime
    ) -> object:
        """
        Take an address for its holder's own, since they followed the link sent there; again changes nothing.

        :raises Conflict: if the link is too old, or the address was changed since
        :raises NotFound: if it was removed
        """
        ...

    def stop_mail(self, holder_id: str, channel_id: str, category: str, /, *, revision: int, now: datetime) -> bool:
        """Stop the e-mails of a category, if they can be; again changes nothing. Say whether the link holds."""
        ...


def no_plan(_person_id: str) -> bool:
    """Know of nobody's plan."""
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """
    What the doors need from outside, put together in app.py when the first request comes.

    ``holders`` are by sort of recipient; ``everybody`` are outreach's recipients of all sorts.
    ``invited`` says, by the kind of group, whether a member may hear of its meetings just now.
    ``has_plan`` says whether a person wrote something into their own plan for hard hours.
    The types of some are those of slices, which edge must not know.
    """

    tokens: Tokens
    standings: "Standings"
    audit: "AuditLog"
    replays: Replays
    web_origin: str
    clock: Callable[[], datetime] = utc_now
    real_clock: Callable[[], datetime] = real_now
    new_id: Callable[[], str] = new_id
    holders: Mapping[str, Holders] = field(default_factory=dict)
    everybody: Any = None
    invited: Mapping[Any, Any] = field(default_factory=dict)
    has_plan: Callable[[str], bool] = no_plan


class Cairn(Chalice):
    """The application. ``wire`` is called once, at the first request: packaging imports app.py without settings."""

    def __init__(self, app_name: str, *, wire: Callable[[], Wiring]) -> None:
        # With Chalice's own handler each line would be logged twice.
        super().__init__(app_name, configure_logs=False)
        self._wire = wire
        self._wiring: Wiring | None = None
        self.correlation_id = ""

    @property
    def wiring(self) -> Wiring:
        """What the doors need from outside."""
        if self._wiring is None:
            self._wiring = self._wire()
        return self._wiring

    def use(self, wiring: Wiring) -> None:
        """Put this in place of what ``wire`` gives: a blueprint registers once, so tests share the app."""
        self._wiring = wiring

    def register_blueprint(
        self, blueprint: Blueprint, name_prefix: str | None = None, url_prefix: str | None = None
    ) -> None:
        """Register the doors, and let a browser on the client's origin ask about each of their addresses."""
        super().register_blueprint(blueprint, name_prefix, url_prefix)
        # Not by Chalice's CORS: that wants the origin when packaging, and is answered by a mock outside of Cairn.
        for path in list(self.routes):
            if "OPTIONS" not in self.routes[path]:
                self.route(path, methods=["OPTIONS"], content_types=[])(_preflight)

    def __call__(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        """Answer one request of API Gateway."""
        headers = {name.lower(): value for name, value in (event.get("headers") or {}).items()}
        self.correlation_id = _correlation_id(headers) or self.wiring.new_id()
        logger.append_keys(correlation_id=self.correlation_id)
        try:
            return self._finished(event, self._result(event, context))
        finally:
            flush()
            logger.remove_keys(["actor"])

    def _result(self, event: dict[str, Any], context: object) -> dict[str, Any]:
        request_context = event.get("requestContext") or {}
        path = request_context.get("resourcePath")
        if path not in self.routes:
            # Chalice would say 405, and remember the address.
            return self._told(HTTPStatus.NOT_FOUND, {})
        result = super().__call__(event, context)
        status = HTTPStatus(result["statusCode"])
        told_by_us = result["headers"].get("Content-Type", "").startswith(("application/problem+json", "text/html"))
        if status >= HTTPStatus.BAD_REQUEST and not told_by_us:
            return self._told(status, result["headers"])
        return result

    def _told(self, status: HTTPStatus, headers: Mapping[str, str]) -> dict[str, Any]:
        from chalicelib.edge.problems import Refused, problem, unexpected

        if status in _CHALICE_ERRORS:
            kind, detail = _CHALICE_ERRORS[status]
            refused = Refused(status=status, kind=kind, detail=detail)
        elif status < HTTPStatus.INTERNAL_SERVER_ERROR:
            refused = Refused(status=status, kind="refused", detail="The request can't be taken.")
        else:
            refused = unexpected()
        if "Allow" in headers:
            refused.headers["Allow"] = headers["Allow"]
        return problem(refused, instance=self.correlation_id).to_dict()

    def _finished(self, event: dict[str, Any], result: dict[str, Any]) -> dict[str, Any]:
        context = event.get("requestContext") or {}
        path, headers = context.get("resourcePath"), result["headers"]
        added = {
            **_SAFE,
            CORRELATION_ID: self.correlation_id,
            "Access-Control-Allow-Origin": self.wiring.web_origin,
            "Access-Control-Expose-Headers": _SHOWN_HEADERS,
        }
        if context.get("httpMethod") == "OPTIONS" and path in self.routes:
            added |= {
                "Access-Control-Allow-Headers": _ASKED_HEADERS,
                "Access-Control-Allow-Methods": ", ".join(sorted(self.routes[path])),
                "Access-Control-Max-Age": "7200",
            }
        for name, value in added.items():
            headers.setdefault(name, value)
        logger.info(
            "answered",
            # The address as declared, never as sent: that one names people and carries tokens.
            extra={"method": context.get("httpMethod"), "door": path, "status": result["statusCode"]},
        )
        return result


def _preflight(**_path_values: str) -> Response:
    return Response(body="", status_code=HTTPStatus.NO_CONTENT)


def _correlation_id(headers: Mapping[str, str]) -> str | None:
    given = headers.get(CORRELATION_ID.lower(), "")
    if _TRUSTED_ID.fullmatch(given):
        return given
    root = _TRACE_ROOT.search(headers.get("x-amzn-trace-id", ""))
    return root[1] if root else None
