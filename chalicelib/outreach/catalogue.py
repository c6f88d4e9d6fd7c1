"""
The templates: words as versioned data, read strictly, so that a faulty one stops a build and never a message.

A version of a template is one file, ``{name}.{version}.json``, that never changes again (``SHA256SUMS`` holds it to
that): the ledger names it, and the record must still be able to say what was said. The highest version is the one sent.
"""

import json
import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, fields, replace
from enum import StrEnum
from functools import cache
from pathlib import Path
from string import Formatter
from typing import Any, NoReturn

from chalicelib.outreach.categories import CATEGORIES, templates_of
from chalicelib.outreach.domain import DetailLevel

TEMPLATES = Path(__file__).parent / "templates"
LOCALES = ("en", "es")
"""Every template says everything in each of them; who speaks another language gets the first."""

VARIABLES = {
    "name": frozenset({"greeting"}),
    "reference": frozenset({"body"}),
    "count": frozenset({"body"}),
    "inviter": frozenset({"body"}),
    "milestone": frozenset({"body"}),
    "message": frozenset({"body"}),
    "signer": frozenset({"body"}),
    "when": frozenset({"subject", "body", "push_body"}),
    "zone": frozenset({"body"}),
}
"""Each variable and the fields that hold it: never what a stranger sees (domain rule for discreet content)."""
IN_SIGHT = frozenset({"when"})
"""But for a time of day, which tells nothing of what it is about."""
DETAILED_ONLY = frozenset({"milestone"})
"""Variables that only the detailed level may hold, and must."""

CHOSEN = {"milestone": "milestones", "message": "messages"}
"""Variables that stand for one of several texts of the template's own, and where it has them."""

OTHER = "other"
NUMBER = "number"
_CHOICE = re.compile(rf"[a-z][0-9]*|{OTHER}")


class To(StrEnum):
    """Whom a template speaks to."""

    PARTICIPANT = "participant"
    STAFF = "staff"
    SUPPORTER = "supporter"


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where in which template."""

    template: str
    locale: str = ""
    level: str = ""
    field: str = ""

    def __str__(self) -> str:
        """Return it as people point at it: ``nudge.1 es/discreet/subject``."""
        inside = "/".join(part for part in (self.locale, self.level, self.field) if part)
        return f"{self.template} {inside}" if inside else self.template

    def refuse(self, reason: str) -> NoReturn:
        """
        Refuse the template for what is here.

        :raises TemplateRefused: always
        """
        raise TemplateRefused(self, reason)


class TemplateRefused(ValueError):
    """A template is not as it must be. ``place`` says which one and where in it, ``reason`` what is wrong."""

    def __init__(self, place: Place, reason: str) -> None:
        super().__init__(f"{place}: {reason}")
        self.place = place
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one level says. ``line``: how another message tells of it in one sentence; empty unless it bundles."""

    subject: str
    preheader: str
    body: tuple[str, ...]
    button: str
    push_title: str
    push_body: str
    line: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Local:
    """
    A template in one language.

    ``milestones`` names them: ``d30`` itself, ``d`` any number of days, ``other``. ``messages`` are whole texts for the
    occurrences of a series, by its names of dates.
    """

    greeting: str
    greeting_without_name: str
    footer: tuple[str, ...]
    levels: Mapping[DetailLevel, Said]
    milestones: Mapping[str, str]
    messages: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Template:
    """One version of a template, complete: each language has each level, and each level each field."""

    name: str
    version: int
    to: To
    variables: frozenset[str]
    locales: Mapping[str, Local]

    @property
    def id(self) -> str:
        """What the ledger calls it."""
        return f"{self.name}.{self.version}"


def versions(name: str) -> list[int]:
    """Return the versions of a template, oldest first; none if there is no such template."""
    found = (file.name.split(".") for file in TEMPLATES.glob(f"{name}.*.json"))
    return sorted(int(version) for stem, version, _ in found if stem == name)


def names() -> list[str]:
    """Return the names of all templates, in order."""
    return sorted({file.name.split(".")[0] for file in TEMPLATES.glob("*.json")})


@cache
def template(name: str, version: int | None = None) -> Template:
    """
    Return a template, its newest version unless another is asked for.

    :raises KeyError: if there is none
    :raises TemplateRefused: if it is not as it must be
    """
    known = versions(name)
    if not known or (version is not None and version not in known):
        raise KeyError(name)
    wanted = known[-1] if version is None else version
    return read((TEMPLATES / f"{name}.{wanted}.json").read_text(encoding="utf-8"), name=name, version=wanted)


def read(text: str, *, name: str, version: int) -> Template:
    """
    Return the template that this JSON text holds; ``name`` and ``version`` are what its file is called.

    :raises TemplateRefused: if anything is missing, unknown, of a wrong type, or uses a variable that it may not
    """
    place = Place(template=f"{name}.{version}")
    try:
        raw = json.loads(text)
    except json.JSONDecodeError as error:
        place.refuse(f"is no JSON: {error}")
    _keys(raw, {"template", "version", "to", "variables", "locales"}, place)
    for key, value in (("template", name), ("version", version)):
        if raw[key] != value:
            replace(place, field=key).refuse(f"must be {value!r}, as the file's name says")
    if raw["to"] not in [to.value for to in To]:
        replace(place, field="to").refuse(f"must be one of {', '.join(To)}")
    declared = replace(place, field="variables")
    variables = frozenset(_texts(raw["variables"], declared, at_least=0))
    for unknown in sorted(variables - set(VARIABLES)):
        declared.refuse(f"declares {{{unknown}}}, which nothing fills")
    _keys(raw["locales"], LOCALES, place, names="locale")
    bundles = any(name in templates_of(category) and category.bundles for category in CATEGORIES.values())
    return Template(
        name=name,
        version=version,
        to=To(raw["to"]),
        variables=variables,
        locales={
            locale: _local(raw["locales"][locale], variables, replace(place, locale=locale), bundles=bundles)
            for locale in LOCALES
        },
    )


def used_in(text: str) -> set[str]:
    """
    Return the names of the variables that a text holds.

    :raises ValueError: if a brace in it belongs to none
    """
    return {name for _, name, _, _ in Formatter().parse(text) if name is not None}


def _local(raw: Any, variables: frozenset[str], place: Place, *, bundles: bool) -> Local:  # noqa: ANN401 (JSON)
    named = {texts for variable, texts in CHOSEN.items() if variable in variables}
    _keys(raw, {"greeting", "greeting_without_name", "footer", "levels"} | named, place)
    _keys(raw["levels"], [level.value for level in DetailLevel], place, names="level")
    common = {
        "greeting": _text(raw["greeting"], replace(place, field="greeting")),
        "greeting_without_name": _text(raw["greeting_without_name"], replace(place, field="greeting_without_name")),
    }
    footer = _texts(raw["footer"], replace(place, field="footer"))
    for field, text in (*common.items(), ("footer", "\n".join(footer))):
        _variables(text, variables, replace(place, field=field))
    return Local(
        greeting=common["greeting"],
        greeting_without_name=common["greeting_without_name"],
        footer=footer,
        levels={
            level: _said(raw["levels"][level.value], variables, replace(place, level=level.value), bundles=bundles)
            for level in DetailLevel
        },
        milestones=_choices(raw, "milestones", place) if "milestones" in named else {},
        messages=_choices(raw, "messages", place) if "messages" in named else {},
    )


def _said(raw: Any, variables: frozenset[str], place: Place, *, bundles: bool) -> Said:  # noqa: ANN401 (JSON)
    wanted = {field.name for field in fields(Said)} - (set[str]() if bundles else {"line"})
    _keys(raw, wanted, place)
    texts = {field: _text(raw[field], replace(place, field=field)) for field in sorted(wanted - {"body"})}
    body = _texts(raw["body"], replace(place, field="body"))
    for field, text in (*texts.items(), ("body", "\n".join(body))):
        _variables(text, variables, replace(place, field=field))
    return Said(**texts, body=body)


def _choices(local: Any, name: str, place: Place) -> dict[str, str]:  # noqa: ANN401 (JSON)
    raw, place = local[name], replace(place, field=name)
    if not isinstance(raw, dict) or OTHER not in raw:
        place.refuse(f"must have an entry {OTHER!r}")
    for key, text in raw.items():
        counts = {NUMBER} if len(key) == 1 and name == "milestones" else set[str]()
        if not _CHOICE.fullmatch(key) or _used(_text(text, place), place) != counts:
            place.refuse(f"{key!r} must be like d30, or like d with {{{NUMBER}}} in its text, or {OTHER}")
    return dict(raw)


def _variables(text: str, variables: frozenset[str], place: Place) -> None:
    """Hold a text to the variables that the template declares and that its field may have, and to all of them."""
    due = {
        name
        for name in variables
        if place.field in VARIABLES[name] and (name not in DETAILED_ONLY or place.level == DetailLevel.DETAILED)
    }
    used = _used(text, place)
    for name in sorted(used - due):
        if name not in variables:
            place.refuse(f"{{{name}}} is not declared")
        where = " and ".join(sorted(VARIABLES[name]))
        place.refuse(f"{{{name}}} may stand in {where} only{' (detailed)' * (name in DETAILED_ONLY)}")
    for name in sorted(due - used):
        place.refuse(f"lacks {{{name}}}")


def _used(text: str, place: Place) -> set[str]:
    try:
        return used_in(text)
    except ValueError as error:
        place.refuse(f"has a stray brace: {error}")


def _keys(raw: Any, wanted: Collection[str], place: Place, *, names: str = "field") -> None:  # noqa: ANN401 (JSON)
    if not isinstance(raw, dict):
        place.refuse("must be an object")
    for key in sorted(set(wanted) - set(raw)):
        replace(place, **{names: key}).refuse("is missing")
    for key in sorted(set(raw) - set(wanted)):
        replace(place, **{names: key}).refuse("is unknown")


def _text(value: Any, place: Place) -> str:  # noqa: ANN401 (JSON)
    if not isinstance(value, str) or not value or value != value.strip():
        place.refuse("must be text, without spaces around it")
    if not value.isprintable():
        place.refuse("holds a control character")
    return value


def _texts(value: Any, place: Place, *, at_least: int = 1) -> tuple[str, ...]:  # noqa: ANN401 (JSON)
    if not isinstance(value, list) or len(value) < at_least:
        place.refuse("must be a list of texts")
    return tuple(_text(text, place) for text in value)
