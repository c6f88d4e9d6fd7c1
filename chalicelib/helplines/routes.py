"""The door to the numbers of a country: open to everybody, to be kept by a client's page that works offline."""

from datetime import date
from hashlib import sha256
from http import HTTPStatus
from typing import Annotated, Literal

from pydantic import Field as Described

from chalicelib.edge.http import Answer, Asked, Doors, Wire
from chalicelib.helplines.domain import Kind, Service, kind_name, resources
from chalicelib.privacy.domain import Public

doors = Doors(__name__)

_KEPT = "public, max-age=3600, stale-if-error=2592000"
"""Old numbers are better than none where there is no network (RFC 5861 4)."""


class HelpQuery(Wire):
    """Whose numbers. Without a country, or with one that we know none of, the words speak of local ones."""

    country: Annotated[
        str | None, Described(pattern=r"^[A-Za-z]{2}$", description="ISO 3166-1 alpha-2, for example `US`.")
    ] = None
    language: Literal["en", "es"] = "en"


class ShownService(Wire):
    """A line. ``purpose`` is its kind in words; what it hasn't is null. ``press``: which key, once it answers."""

    kind: Kind
    purpose: str
    name: str
    call: str | None
    press: str | None
    text: str | None
    keyword: Annotated[str | None, Described(description="What to write in the text.")]
    chat: Annotated[str | None, Described(description="A host to open.")]
    languages: list[str]


class ShownResources(Wire):
    """A country's numbers. ``now`` says whom to call, in whole sentences, whether we know the country or not."""

    country: str | None
    known: bool
    now: str
    emergency: str | None
    lifeline: str | None
    lifeline_text: str | None
    services: list[ShownService]
    reviewed_on: date | None
    source: str | None
    verified_by_call: Annotated[bool, Described(description="Somebody rang them; else they are as published.")]


@doors.door(
    "GET",
    "/help-resources",
    summary="Whom to call in a country, now: to be kept for when there is no network. With ETag.",
    rule=Public(reason="Emergency and crisis numbers are everybody's; nothing here is about anybody."),
    query=HelpQuery,
    answer=ShownResources,
)
def show_help_resources(asked: Asked) -> Answer:
    """Show them, or say that they are the same as before."""
    query: HelpQuery = asked.query
    country = query.country.upper() if query.country else ""
    numbers = resources(country)
    shown = ShownResources(
        country=country or None,
        known=numbers.is_known,
        now=numbers.spoken(query.language)["now"],
        emergency=numbers.emergency or None,
        lifeline=numbers.lifeline or None,
        lifeline_text=numbers.lifeline_text or None,
        services=[_shown(service, query.language) for service in numbers.services],
        reviewed_on=numbers.reviewed_on,
        source=numbers.source or None,
        verified_by_call=numbers.called,
    )
    etag = f'"{sha256(shown.model_dump_json().encode()).hexdigest()[:32]}"'
    headers = {"ETag": etag, "Cache-Control": _KEPT}
    if etag in asked.headers.get("if-none-match", ""):
        return Answer(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Answer(body=shown, headers=headers)


def _shown(service: Service, language: str) -> ShownService:
    return ShownService(
        kind=service.kind,
        purpose=kind_name(service.kind, language),
        name=service.name,
        call=service.call or None,
        press=service.press or None,
        text=service.text or None,
        keyword=service.keyword or None,
        chat=service.chat or None,
        languages=list(service.languages),
    )
