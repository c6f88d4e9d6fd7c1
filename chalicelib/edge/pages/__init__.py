"""Small server-rendered pages: no script, no third party, one inline style sheet named by its hash in the policy."""

import base64
import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from http import HTTPStatus
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from jinja2 import Environment

HERE = Path(__file__).parent
LANGUAGES = ("en", "es")
_NAMED = re.compile(r"\{(\w+)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A page and its status."""

    html: str
    status: HTTPStatus = HTTPStatus.OK


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    One request to a page behind a link: the link's token, the moment, and in what language and country to answer.

    ``page_id``: a fresh id for the page that will be shown, by which pressing twice is one call for help. ``address``:
    where it comes from, by which calls are grouped of whom nothing else is known.
    """

    token: str
    now: datetime
    language: str
    country: str = "US"
    page_id: str = ""
    address: str = ""


class Numbers(Protocol):
    """Whom to call (``helplines.domain.Resources``)."""

    def spoken(self, language: str) -> Mapping[str, str]:
        """Return what to say of them: the sentences ``now`` and ``open``, and parts of others."""
        ...


@cache
def _css() -> str:
    return (HERE / "page.css").read_text(encoding="utf-8")


@cache
def headers() -> dict[str, str]:
    """Return the headers that every page goes out with: nothing is kept, framed, referred, indexed or loaded."""
    digest = base64.b64encode(hashlib.sha256(_css().encode()).digest()).decode()
    return {
        "Content-Type": "text/html; charset=utf-8",
        "Content-Security-Policy": (
            f"default-src 'none'; style-src 'sha256-{digest}'; img-src data:; form-action 'self'; "
            "frame-ancestors 'none'; base-uri 'none'"
        ),
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Content-Type-Options": "nosniff",
        "X-Robots-Tag": "noindex, nofollow",
    }


@cache
def words(file: Path, language: str) -> dict[str, Any]:
    """Return a page's words in this language, English where there is none."""
    known = json.loads(file.read_text(encoding="utf-8"))
    return dict(known.get(language) or known["en"])


def filled(said: Any, values: Mapping[str, str]) -> Any:  # noqa: ANN401 (words as JSON has them)
    """Return words, however nested, with these values for their names in braces; other braces stay as they are."""
    match said:
        case str():
            return _NAMED.sub(lambda found: values.get(found[1], found[0]), said).strip()
        case list():
            return [filled(one, values) for one in said]
        case dict():
            return {name: filled(one, values) for name, one in said.items()}
    return said


def preferred_language(accept_language: str) -> str:
    """Return the first language of an Accept-Language header (RFC 9110 12.5.4) that the pages speak, else English."""
    for wanted in accept_language.split(","):
        language = wanted.strip()[:2].lower()
        if language in LANGUAGES:
            return language
    return "en"


@cache
def _environment(folder: Path) -> "Environment":
    # Some 60 ms of a cold start, spent only when somebody opens a page.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([folder, HERE]), autoescape=True, undefined=StrictUndefined, trim_blocks=True
    )


def render(folder: Path, template: str, *, language: str, numbers: Numbers, **values: object) -> str:
    """
    Return the page ``template`` of ``folder``; every value is escaped.

    ``numbers``: whom to call, on every page.
    """
    said = numbers.spoken(language)
    return (
        _environment(folder)
        .get_template(template)
        .render(
            language=language,
            css=_css(),
            numbers=numbers,
            help=dict(said) | filled(words(HERE / "words.json", language)["help"], said),
            **values,
        )
    )
