"""Errors as callers see them: RFC 9457 problem details. Nothing of an exception's inside ever gets out."""

import json
from collections.abc import Iterable, Mapping
from datetime import UTC
from email.utils import format_datetime
from http import HTTPStatus

from chalice.app import Response

from chalicelib.errors import Conflict, DomainError, Fault, Forbidden, Invalid, NotFound, Stale, TooSoon
from chalicelib.privacy.service import AuditUnavailable

MEDIA_TYPE = "application/problem+json"

_KINDS: tuple[tuple[type[DomainError], HTTPStatus, str], ...] = (
    (NotFound, HTTPStatus.NOT_FOUND, "not-found"),
    (Forbidden, HTTPStatus.FORBIDDEN, "forbidden"),
    (Stale, HTTPStatus.PRECONDITION_FAILED, "stale"),
    (Conflict, HTTPStatus.CONFLICT, "conflict"),
    (Invalid, HTTPStatus.UNPROCESSABLE_ENTITY, "invalid"),
    (TooSoon, HTTPStatus.TOO_MANY_REQUESTS, "too-soon"),
    (AuditUnavailable, HTTPStatus.SERVICE_UNAVAILABLE, "audit-unavailable"),
    (DomainError, HTTPStatus.BAD_REQUEST, "refused"),
)


class Refused(Exception):
    """The request can't be answered as asked; ``kind`` is the last part of the problem's type."""

    def __init__(
        self,
        *,
        status: HTTPStatus,
        kind: str,
        detail: str,
        headers: Mapping[str, str] | None = None,
        faults: tuple[Fault, ...] = (),
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.kind = kind
        self.detail = detail
        self.headers = dict(headers or {})
        self.faults = faults


def refusal_of(error: DomainError) -> Refused:
    """Return how a domain error is told to a caller."""
    status, kind = next((status, kind) for type_, status, kind in _KINDS if isinstance(error, type_))
    if isinstance(error, Invalid):
        return Refused(status=status, kind=kind, detail="Some of the input breaks a rule.", faults=error.faults)
    headers = {"Retry-After": "5"} if status is HTTPStatus.SERVICE_UNAVAILABLE else {}
    if isinstance(error, TooSoon):
        headers["Retry-After"] = format_datetime(error.again_at.astimezone(UTC), usegmt=True)
    return Refused(status=status, kind=kind, detail=str(error), headers=headers)


def unexpected() -> Refused:
    """Return what is told of a fault of ours: that there was one, and nothing else."""
    return Refused(
        status=HTTPStatus.INTERNAL_SERVER_ERROR,
        kind="unexpected",
        detail="Something went wrong on our side. Please quote the instance if you report it.",
    )


def problem(refused: Refused, *, instance: str) -> Response:
    """Return the problem+json answer; ``instance`` is the correlation id, by which staff find it in the logs."""
    body: dict[str, object] = {
        "type": f"urn:cairn:problem:{refused.kind}",
        "title": refused.status.phrase,
        "status": int(refused.status),
        "detail": refused.detail,
        "instance": instance,
    }
    if refused.faults:
        body["errors"] = [{"field": fault.field, "reason": fault.reason} for fault in refused.faults]
    return Response(
        body=json.dumps(body), status_code=int(refused.status), headers={"Content-Type": MEDIA_TYPE, **refused.headers}
    )


def faults_of(errors: Iterable[Mapping[str, object]]) -> tuple[Fault, ...]:
    """Return pydantic's errors without the values that were sent."""
    faults = []
    for error in errors:
        place = error.get("loc")
        # Of a field that may be one of several types pydantic also names the type that it tried.
        names = ".".join(str(part) for part in place if "[" not in str(part)) if isinstance(place, tuple) else ""
        reason = "is not a known field" if error.get("type") == "extra_forbidden" else str(error.get("msg"))
        faults.append(Fault(field=names or "body", reason=reason))
    return tuple(faults)
