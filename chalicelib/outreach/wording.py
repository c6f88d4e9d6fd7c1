"""Turns a template, which is versioned data, into the words of one message. Discreet unless the person chose more."""

import json
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, select_autoescape

from chalicelib.outreach.categories import category_of
from chalicelib.outreach.domain import Channel, DetailLevel, Entry, Recipient

TEMPLATES = Path(__file__).parent / "templates"
FALLBACK_LANGUAGE = "en"


@dataclass(frozen=True, slots=True, kw_only=True)
class Words:
    """The words of one message in one language at one level of detail. ``template`` names what they came from."""

    template: str
    language: str
    subject: str
    preheader: str
    greeting: str
    body: tuple[str, ...]
    button: str
    footer: tuple[str, ...]
    push_title: str
    push_body: str


@cache
def _template(name: str) -> dict[str, Any]:
    return dict(json.loads((TEMPLATES / f"{name}.json").read_text(encoding="utf-8")))


@cache
def _html() -> Environment:
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html"]))


def words(name: str, *, language: str, level: DetailLevel, first_name: str) -> Words:
    """
    Return the words of the template ``name``.

    A language that the template lacks falls back to English, a level that it lacks to the discreet one.
    """
    template = _template(name)
    spoken = language if language in template else FALLBACK_LANGUAGE
    local = template[spoken]
    chosen = local.get(level.value) or local[DetailLevel.DISCREET.value]
    return Words(
        template=f"{name}.{template['version']}",
        language=spoken,
        subject=chosen["subject"],
        preheader=chosen["preheader"],
        greeting=chosen["greeting"].replace("{name}", first_name) if first_name else local["greeting_without_name"],
        body=tuple(chosen["body"]),
        button=chosen["button"],
        footer=tuple(local["footer"]),
        push_title=chosen["push_title"],
        push_body=chosen["push_body"],
    )


def words_for(entry: Entry, recipient: Recipient, channel: Channel) -> Words:
    """Return the words of this occurrence for this person on this channel."""
    return words(
        category_of(entry.kind).template,
        language=recipient.language,
        level=channel.detail,
        first_name=recipient.first_name,
    )


def as_html(message: Words, link: str) -> str:
    """Return the e-mail's HTML part; every value is escaped."""
    page = _html().get_template("email.html")
    return page.render(
        language=message.language, words=message, greeting=message.greeting, footer=message.footer, link=link
    )


def as_text(message: Words, link: str) -> str:
    """Return the e-mail's plain text part."""
    return (
        "\n\n".join([message.greeting, *message.body, f"{message.button}: {link}", "--", "\n".join(message.footer)])
        + "\n"
    )
