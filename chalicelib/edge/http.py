"""Every HTTP door: who asks, may they, what do they want, and the answer. A route adds one service call."""

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from hashlib import sha256
from http import HTTPStatus
from typing import Any, ClassVar, cast

from chalice.app import Blueprint, CognitoUserPoolAuthorizer, Request, Response
from pydantic import BaseModel

from chalicelib.edge.app import Cairn, Wiring
from chalicelib.edge.doors import Answer, Asked, Door, View
from chalicelib.edge.log import count, logger, places
from chalicelib.edge.problems import Refused, problem, refusal_of, unexpected
from chalicelib.edge.wire import (
    ANYTHING,
    Instant,
    Page,
    PageQuery,
    Wire,
    bad_cursor,
    cursor_of,
    etag_of,
    next_link,
    parsed_body,
    parsed_query,
    sort_key_of,
    version_of,
)
from chalicelib.errors import DomainError, NotFound
from chalicelib.privacy.domain import Actor, Grant, Public, Rule, SignedIn
from chalicelib.privacy.service import authorise

__all__ = [
    "ANYTHING",
    "Answer",
    "Asked",
    "Cairn",
    "Door",
    "Doors",
    "Instant",
    "Page",
    "PageQuery",
    "Refused",
    "Wire",
    "Wiring",
    "bad_cursor",
    "cursor_of",
    "next_link",
    "sort_key_of",
]

# The template gives the pool's real address. Access tokens of sign-in carry this scope, id tokens carry none.
MEMBERS = CognitoUserPoolAuthorizer(
    "members",
    provider_arns=["arn:aws:cognito-idp:us-east-1:000000000000:userpool/PLACEHOLDER"],
    scopes=["aws.cognito.signin.user.admin"],
)

_PATH_VALUE = re.compile(r"[A-Za-z0-9._][A-Za-z0-9._~:@=-]{0,511}")
_IDEMPOTENCY_KEY = re.compile(r'"?([\x21\x23-\x7e]{1,255})"?')


class Doors(Blueprint):
    """A slice's doors. ``all`` holds those of every slice that was imported."""

    all: ClassVar[list[Door]] = []

    def door(
        self,
        method: str,
        path: str,
        *,
        summary: str,
        rule: Rule | SignedIn | Public,
        body: type[BaseModel] | None = None,
        raw: str | tuple[str, ...] = (),
        answer: type[BaseModel] | None,
        status: int = HTTPStatus.OK,
        created: bool = False,
        edits: bool = False,
        query: type[BaseModel] | None = None,
        gateway_auth: bool = True,
    ) -> Callable[[View], View]:
        """
        Declare a door. The function gets what was asked and the path's parameters, by name, and returns an Answer.

        ``raw`` is the media type (or those) of a body that the function reads itself; ``created`` lets a caller send an
        Idempotency-Key; ``edits`` demands If-Match.
        """

        def declare(view: View) -> View:
            door = Door(
                name=view.__name__,
                method=method,
                path=path,
                summary=summary,
                rule=rule,
                body=body,
                raw=(raw,) if isinstance(raw, str) else raw,
                answer=answer,
                status=int(status),
                created=created,
                edits=edits,
                query=query,
                gateway_auth=gateway_auth and not isinstance(rule, Public),
            )
            type(self).all.append(door)

            def handle(**path_values: str) -> Response:
                return self._handle(door, view, path_values)

            # Media types are checked in wire.py: Chalice would want JSON of a request without a body.
            options: dict[str, Any] = {"methods": [method], "content_types": []}
            if door.gateway_auth:
                options["authorizer"] = MEMBERS
            self.route(path, name=view.__name__, **options)(handle)
            return view

        return declare

    @property
    def wiring(self) -> Wiring:
        """What the doors need from outside: the same standings and audit log that decide access."""
        return cast("Cairn", self.current_app).wiring

    def decide_too(self, asked: Asked, rule: Rule, *, person_id: str | None, programme_id: str) -> Grant:
        """
        Decide on a programme that the body names, and write that down as for one that the path names.

        :raises DomainError: as ``authorise`` does
        """
        return _authorised(
            asked.who,
            rule,
            person_id=person_id,
            programme_id=programme_id,
            now=asked.now,
            request_id=asked.correlation_id,
            wiring=self.wiring,
        )

    def _handle(self, door: Door, view: View, path_values: dict[str, str]) -> Response:
        app = cast("Cairn", self.current_app)
        request = self.current_request
        try:
            return self._answer(door, view, path_values, request=request, app=app)
        except Refused as refused:
            return problem(refused, instance=app.correlation_id)
        except DomainError as error:
            return problem(refusal_of(error), instance=app.correlation_id)
        except Exception as error:  # noqa: BLE001 (the last line before the caller; the log gets it without its text)
            # An exception's message may hold what somebody wrote: only its kind and place are logged.
            logger.error("unexpected error", extra={"error": type(error).__name__, "at": places(error)})
            count("UnexpectedErrors")
            return problem(unexpected(), instance=app.correlation_id)

    def _answer(self, door: Door, view: View, path_values: dict[str, str], *, request: Request, app: Cairn) -> Response:
        wiring = app.wiring
        now = wiring.clock()
        actor, grant = self._decide(door, path_values, request=request, app=app, now=now)
        raw = cast("bytes", request.raw_body)
        # People get to public doors by links, and mail and social services add parameters of their own to those.
        takes_query = door.query is not None or not isinstance(door.rule, Public)
        raw_query = one_each(request) if takes_query else {}
        asked = Asked(
            now=now,
            correlation_id=app.correlation_id,
            # Without the stage's name, which the public address doesn't have.
            path=str(request.to_original_event().get("path") or request.context.get("path")),
            source_ip=str(request.context.get("identity", {}).get("sourceIp", "")),
            actor=actor,
            grant=grant,
            if_match=version_of(request.headers.get("if-match")) if door.edits else None,
            query=parsed_query(raw_query, door.query),
            raw_query=raw_query,
            headers=cast("Mapping[str, str]", request.headers),
            body=parsed_body(raw, request.headers.get("content-type"), model=door.body, media_types=door.raw),
        )

        def once() -> dict[str, Any]:
            return _rendered(view(asked, **path_values), door)

        key = _idempotency_key(request) if door.created and actor else None
        if key is None or actor is None:
            rendered = once()
        else:
            rendered = wiring.replays.once(
                actor.subject,
                f"{door.method} {door.path}#{key}",
                sha256(repr((path_values, sorted(raw_query.items()), raw)).encode()).hexdigest(),
                once,
                context=app.lambda_context,
            )
        return Response(body=rendered["body"], status_code=rendered["status"], headers=dict(rendered["headers"]))

    @staticmethod
    def _decide(
        door: Door, path_values: dict[str, str], *, request: Request, app: Cairn, now: datetime
    ) -> tuple[Actor | None, Grant | None]:
        wiring = app.wiring
        if isinstance(door.rule, Public):
            # A mangled link is the view's to answer: it may have to say whom to call.
            return None, None
        actor = wiring.tokens.actor(request.headers.get("authorization"), now=wiring.real_clock())
        logger.append_keys(actor=actor.subject)
        if isinstance(door.rule, SignedIn):
            return actor, None
        if not all(_PATH_VALUE.fullmatch(value) for value in path_values.values()):
            # No id of ours looks like this, and it must not get near a key of the table.
            raise NotFound("There is no such thing, or not for you.")
        grant = _authorised(
            actor,
            door.rule,
            person_id=path_values[door.rule.subject] if door.rule.subject else None,
            programme_id=path_values[door.rule.programme] if door.rule.programme else None,
            now=now,
            request_id=app.correlation_id,
            wiring=wiring,
        )
        return actor, grant


def _authorised(
    actor: Actor,
    rule: Rule,
    *,
    person_id: str | None,
    programme_id: str | None,
    now: datetime,
    request_id: str,
    wiring: Wiring,
) -> Grant:
    try:
        return authorise(
            actor,
            rule,
            person_id=person_id,
            programme_id=programme_id,
            now=now,
            request_id=request_id,
            event_id=wiring.new_id(),
            standings=wiring.standings,
            audit=wiring.audit,
        )
    except DomainError:
        count("AccessDenied")
        raise


def one_each(request: Request) -> dict[str, str]:
    """
    Return the query's parameters.

    :raises Refused: 400, if one is given twice
    """
    params = request.query_params
    values = {name: params.getlist(name) for name in params} if params else {}
    if any(len(given) > 1 for given in values.values()):
        raise Refused(
            status=HTTPStatus.BAD_REQUEST, kind="bad-query", detail="A query parameter is given more than once."
        )
    return {name: given[0] for name, given in values.items()}


def _idempotency_key(request: Request) -> str | None:
    given = request.headers.get("idempotency-key")
    if given is None:
        return None
    key = _IDEMPOTENCY_KEY.fullmatch(given)
    if key is None:
        raise Refused(
            status=HTTPStatus.BAD_REQUEST,
            kind="bad-idempotency-key",
            detail="Idempotency-Key must be 1 to 255 visible ASCII characters.",
        )
    return key[1]


def _rendered(answer: Answer, door: Door) -> dict[str, Any]:
    headers = dict(answer.headers)
    if answer.etag is not None:
        headers["ETag"] = etag_of(answer.etag)
    match answer.body:
        case None:
            body: Any = ""
        case BaseModel() as model:
            body = model.model_dump_json(by_alias=True)
        case other:
            body = other
    if body != "":
        headers.setdefault("Content-Type", answer.media_type)
    return {"status": answer.status or door.status, "headers": headers, "body": body}
