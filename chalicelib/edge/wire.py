"""How data looks on the wire: camelCase JSON that refuses what it doesn't know, pages and cursors, ETags."""

import binascii
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from http import HTTPStatus
from typing import Annotated, Generic, TypeVar
from urllib.parse import urlencode

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, ValidationError
from pydantic.alias_generators import to_camel
from pydantic_core import PydanticCustomError

from chalicelib.edge.problems import Refused, faults_of

_ETAG = re.compile(r'"(0|[1-9][0-9]{0,9})"')
_LONGEST_CURSOR = 700
_LARGEST_BODY = 64 * 1024
_LARGEST_TABLE = 5 * 1024 * 1024
_FIRST_YEAR, _LAST_YEAR = 1900, 2999

Shown = TypeVar("Shown", bound=BaseModel)


def _sane(at: datetime) -> datetime:
    # At either end of the calendar an offset leads out of it.
    if not _FIRST_YEAR <= at.year <= _LAST_YEAR:
        raise PydanticCustomError(
            "year", "must be of the years {first} to {last}", {"first": _FIRST_YEAR, "last": _LAST_YEAR}
        )
    return at.astimezone(UTC)


Instant = Annotated[AwareDatetime, AfterValidator(_sane)]
"""An instant that a caller sends: with its offset, in years that can be counted with. It comes in UTC."""


class Wire(BaseModel):
    """Base of every model that goes in or out: camelCase outside, snake_case inside, no unknown fields."""

    model_config = ConfigDict(
        alias_generator=to_camel, populate_by_name=True, extra="forbid", frozen=True, defer_build=True
    )


class PageQuery(Wire):
    """The query of a door that answers in pages."""

    limit: Annotated[int, Field(ge=1, le=100, description="How many at most in one page.")] = 25
    cursor: Annotated[
        str | None, Field(max_length=_LONGEST_CURSOR, description="Where to go on; take it from `next`.")
    ] = None


class Page(Wire, Generic[Shown]):
    """One page: ``next`` is the address of the page after it, or null."""

    items: Sequence[Shown]
    next: str | None = None


ANYTHING = ("*/*",)
"""What a door takes that may refuse nothing: any body, of any type; what can't be read of it is passed over."""


def cursor_of(sort_key: str) -> str:
    """Return the sort key of a page's last item as a cursor. The partition stays the server's to say."""
    return urlsafe_b64encode(sort_key.encode()).decode().rstrip("=")


def sort_key_of(cursor: str | None, *, prefix: str = "") -> str | None:
    """
    Return the sort key that a cursor stands for; it must begin with ``prefix``, so that it stays in what is paged.

    :raises Refused: 400, if it is no cursor of ours
    """
    if cursor is None:
        return None
    try:
        key = urlsafe_b64decode(cursor.encode("ascii") + b"=" * (-len(cursor) % 4)).decode()
    except (binascii.Error, UnicodeError, ValueError):
        key = ""
    if not key or not key.startswith(prefix) or cursor_of(key) != cursor:
        raise bad_cursor()
    return key


def bad_cursor() -> Refused:
    """Return what is told of a cursor that is none of ours, or of another door's."""
    return Refused(
        status=HTTPStatus.BAD_REQUEST, kind="bad-cursor", detail="The cursor is not one that this door gave."
    )


def next_link(path: str, query: Mapping[str, str], last_sort_key: str | None) -> str | None:
    """Return the address of the next page, the same query with another cursor; None if this was the last."""
    if last_sort_key is None:
        return None
    return f"{path}?{urlencode({**query, 'cursor': cursor_of(last_sort_key)})}"


def etag_of(version: int) -> str:
    """Return the strong entity tag of a version (RFC 9110 8.8.3)."""
    return f'"{version}"'


def version_of(if_match: str | None) -> int:
    """
    Return the version that an edit builds on.

    :raises Refused: 428 without If-Match (RFC 6585 3), 400 if it is not one strong tag of ours
    """
    if if_match is None:
        raise Refused(
            status=HTTPStatus.PRECONDITION_REQUIRED,
            kind="precondition-required",
            detail="Send If-Match with the ETag of what you edit.",
        )
    tag = _ETAG.fullmatch(if_match.strip())
    if tag is None:
        raise Refused(
            status=HTTPStatus.BAD_REQUEST,
            kind="bad-if-match",
            detail='If-Match must be one ETag as it was given, for example "7".',
        )
    return int(tag[1])


def parsed_query(given: Mapping[str, str], model: type[BaseModel] | None) -> BaseModel | None:
    """
    Return the query as the door's model. A door without one takes no parameters.

    :raises Refused: 400, with every fault named
    """
    try:
        if model is None:
            Wire.model_validate(dict(given))
            return None
        return model.model_validate_strings(dict(given), by_alias=True, by_name=False)
    except ValidationError as error:
        faults = faults_of(error.errors(include_url=False, include_input=False, include_context=False))
        raise Refused(
            status=HTTPStatus.BAD_REQUEST, kind="bad-query", detail="The query can't be taken.", faults=faults
        ) from None


def parsed_body(
    raw: bytes, content_type: str | None, *, model: type[BaseModel] | None, media_types: tuple[str, ...]
) -> BaseModel | str | None:
    """
    Return the body as the door's model, or as text for a door that reads it itself. Types are taken strictly.

    :raises Refused: 413 if it is too long, 415 for another media type, 400 if it is no JSON or no UTF-8, 422 with every
        fault named if it is JSON of another shape
    """
    if model is None and not media_types:
        return None
    if media_types == ANYTHING:
        return raw[:_LARGEST_BODY].decode("utf-8", "replace")
    taken = media_types or ("application/json",)
    given = (content_type or taken[0]).partition(";")[0].strip().lower()
    if given not in taken:
        wanted = ", ".join(taken)
        raise Refused(
            status=HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
            kind="unsupported-media-type",
            detail=f"Send the body as {wanted}.",
            headers={"Accept": wanted},
        )
    limit = _LARGEST_TABLE if given == "text/csv" else _LARGEST_BODY
    if len(raw) > limit:
        raise Refused(
            status=HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            kind="too-large",
            detail=f"The body may have {limit} bytes at most.",
        )
    return _text(raw) if model is None else _model(raw, model)


def _text(raw: bytes) -> str:
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise _malformed("The body is not UTF-8.") from None


def _model(raw: bytes, model: type[BaseModel]) -> BaseModel:
    try:
        return model.model_validate_json(raw, strict=True, by_alias=True, by_name=False)
    except ValidationError as error:
        errors = error.errors(include_url=False, include_input=False, include_context=False)
    if any(fault["type"] == "json_invalid" for fault in errors):
        raise _malformed("The body is not valid JSON.")
    raise Refused(
        status=HTTPStatus.UNPROCESSABLE_ENTITY,
        kind="invalid",
        detail="Some of the input breaks a rule.",
        faults=faults_of(errors),
    )


def _malformed(detail: str) -> Refused:
    return Refused(status=HTTPStatus.BAD_REQUEST, kind="malformed", detail=detail)
