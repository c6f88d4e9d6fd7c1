"""The OpenAPI 3.1 document, made from the doors as they are declared. The schemas are pydantic's own."""

from collections.abc import Iterable
from functools import cache
from http import HTTPStatus
from re import findall
from typing import Any

from pydantic import BaseModel

from chalicelib.edge.http import Answer, Asked, Door, Doors
from chalicelib.edge.problems import MEDIA_TYPE
from chalicelib.edge.wire import Wire
from chalicelib.privacy.domain import Public, Rule, SignedIn

doors = Doors(__name__)

VERSION = "0.1.0"


class FaultShown(Wire):
    """One thing wrong with the input."""

    field: str
    reason: str


class Problem(Wire):
    """An error (RFC 9457)."""

    type: str
    title: str
    status: int
    detail: str
    instance: str
    errors: list[FaultShown] | None = None


@doors.door(
    "GET",
    "/openapi.json",
    summary="This document",
    rule=Public(reason="It describes the API and holds nothing of anybody."),
    answer=None,
)
def describe_api(asked: Asked) -> Answer:
    """Answer with the document of every door."""
    del asked
    return Answer(body=_own())


@cache
def _own() -> dict[str, Any]:
    return document(Doors.all)


def document(all_doors: Iterable[Door]) -> dict[str, Any]:
    """Return the OpenAPI document of these doors."""
    from pydantic.json_schema import models_json_schema  # noqa: PLC0415 (only this document needs it)

    known = list(all_doors)
    modes: list[tuple[type[BaseModel], Any]] = [(Problem, "serialization")]
    for door in known:
        modes += [(model, "validation") for model in (door.body, door.query) if model]
        modes += [(door.answer, "serialization")] if door.answer else []
    refs, definitions = models_json_schema(
        list(dict.fromkeys(modes)), by_alias=True, ref_template="#/components/schemas/{model}"
    )
    paths: dict[str, dict[str, Any]] = {}
    for door in known:
        paths.setdefault(door.path, {})[door.method.lower()] = _operation(door, refs, definitions["$defs"])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Cairn",
            "version": VERSION,
            "description": "Keeps the members of a virtual Intensive Outpatient Program connected between sessions.",
            "license": {"name": "Apache 2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/"}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": definitions["$defs"],
            "securitySchemes": {
                "accessToken": {
                    "type": "http",
                    "scheme": "bearer",
                    "bearerFormat": "JWT",
                    "description": "An access token of the programme's Cognito user pool.",
                }
            },
            "responses": {
                "Problem": {
                    "description": "An error, as RFC 9457 problem details.",
                    "content": {MEDIA_TYPE: {"schema": refs[Problem, "serialization"]}},
                }
            },
        },
    }


def _operation(door: Door, refs: dict[Any, Any], schemas: dict[str, Any]) -> dict[str, Any]:
    operation: dict[str, Any] = {
        "operationId": door.name,
        "summary": door.summary,
        "tags": [door.path.split("/")[1]],
        "parameters": _parameters(door, refs, schemas),
        "responses": {str(door.status): _success(door, refs)}
        | {str(int(status)): {"$ref": "#/components/responses/Problem"} for status in _errors(door)},
    }
    match door.rule:
        case Rule() as rule:
            operation["security"] = [{"accessToken": []}]
            operation["x-cairn-access"] = {"act": rule.act, "field": rule.field, "purpose": rule.purpose}
        case SignedIn() as signed_in:
            operation["security"] = [{"accessToken": []}]
            operation["x-cairn-access"] = {"signedIn": signed_in.reason}
        case Public() as public:
            operation["security"] = []
            operation["x-cairn-access"] = {"public": public.reason}
    if door.body:
        content = {"application/json": {"schema": refs[door.body, "validation"]}}
        operation["requestBody"] = {"required": True, "content": content}
    elif door.raw:
        operation["requestBody"] = {
            "required": True,
            "content": {media_type: {"schema": {"type": "string"}} for media_type in door.raw},
        }
    return operation


def _success(door: Door, refs: dict[Any, Any]) -> dict[str, Any]:
    success: dict[str, Any] = {"description": HTTPStatus(door.status).phrase}
    if door.answer:
        success["content"] = {"application/json": {"schema": refs[door.answer, "serialization"]}}
    return success


def _errors(door: Door) -> list[HTTPStatus]:
    errors = {HTTPStatus.BAD_REQUEST, HTTPStatus.INTERNAL_SERVER_ERROR, HTTPStatus.TOO_MANY_REQUESTS}
    if not isinstance(door.rule, Public):
        errors |= {HTTPStatus.UNAUTHORIZED, HTTPStatus.SERVICE_UNAVAILABLE}
    if isinstance(door.rule, Rule):
        errors |= {HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND}
    if "{" in door.path:
        errors |= {HTTPStatus.NOT_FOUND}
    if door.body or door.raw:
        errors |= {
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            HTTPStatus.UNPROCESSABLE_ENTITY,
        }
    if door.created or door.edits or door.method not in {"GET", "HEAD"}:
        errors |= {HTTPStatus.CONFLICT}
    if door.edits:
        errors |= {HTTPStatus.PRECONDITION_FAILED, HTTPStatus.PRECONDITION_REQUIRED}
    return sorted(errors)


def _parameters(door: Door, refs: dict[Any, Any], schemas: dict[str, Any]) -> list[dict[str, Any]]:
    parameters: list[dict[str, Any]] = [
        {"name": name, "in": "path", "required": True, "schema": {"type": "string"}}
        for name in findall(r"{(\w+)}", door.path)
    ]
    if door.query:
        shape = schemas[refs[door.query, "validation"]["$ref"].rpartition("/")[2]]
        required = shape.get("required", [])
        parameters += [
            {"name": name, "in": "query", "required": name in required, "schema": schema}
            for name, schema in shape["properties"].items()
        ]
    if door.edits:
        parameters.append(_header("If-Match", "The ETag of what is edited.", required=True))
    if door.created:
        parameters.append(_header("Idempotency-Key", "Asking again with the same key acts once.", required=False))
    return parameters


def _header(name: str, description: str, *, required: bool) -> dict[str, Any]:
    schema = {"type": "string"}
    return {"name": name, "in": "header", "required": required, "description": description, "schema": schema}
