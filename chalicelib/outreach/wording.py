"""Turns a template, which is versioned data, into the words of one message. Discreet unless the person chose more."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.outreach.anniversaries import Anniversaries
from chalicelib.outreach.catalogue import LOCALES, NUMBER, OTHER, TEMPLATES, Local, Template, template
from chalicelib.outreach.categories import category_name, category_of, template_of, told_of
from chalicelib.outreach.clock_words import told_when
from chalicelib.outreach.domain import Channel, DetailLevel, Entry, Recipient
from chalicelib.outreach.kinds import CARING_CONTACTS, DAYS, MILESTONE, SUPPORTER_INVITE

if TYPE_CHECKING:
    from jinja2 import Template as Page

LONGEST_NAME = 40
"""Characters of a first name that a greeting shows."""
PUSH_BODY_ROOM = 178
"""Characters of a push's body that a lock screen shows whole (four lines on an iPhone, fewer than Android's)."""
_HIDDEN = re.compile("[\u061c\u200b\u200e\u200f\u2028\u2029\u202a-\u202e\u2060-\u2069\ufeff]")
"""What reorders or hides text around it (Unicode UAX 9); joiners stay, since names and emoji need them."""
GET_LESS = {"en": "Choose what we send, or stop it", "es": "Elegir qué enviamos, o pararlo"}
"""What the link at the foot of an e-mail says that leads to its reader's choices."""
_LINK = re.compile(r"://|@|\b\w{2,}\.\w{2,}")
SAMPLE_WHEN: Mapping[str, str] = {"when": "6:00 PM today", "zone": "EST"}
"""Stands in where a template is looked at."""
_VARIABLE = re.compile(r"\{(\w+)\}")


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


def words(
    name: str,
    *,
    language: str,
    level: DetailLevel,
    first_name: str,
    about: str = "",
    told: Mapping[str, str] = SAMPLE_WHEN,
    signer: str = "",
    version: int | None = None,
) -> Words:
    """
    Return the words of the template ``name``; a language that it lacks falls back to English.

    ``about`` is what a kind says after its category: which milestone, which page; ``told`` when that is, where a
    template says so (``clock_words``); ``signer`` who signs it. Without ``version`` it is the newest.

    :raises KeyError: if there is no such template, or version of it
    """
    chosen = template(name, version)
    spoken = spoken_language(language)
    local = chosen.locales[spoken]
    said = local.levels[level]
    shown = shown_name(first_name)
    values = {**told, **_values(chosen, local, name=shown, about=about), "signer": signer}
    return Words(
        template=chosen.id,
        language=spoken,
        subject=_filled(said.subject, values),
        preheader=said.preheader,
        greeting=_filled(local.greeting, values) if shown else local.greeting_without_name,
        body=tuple(_filled(paragraph, values) for paragraph in said.body),
        button=said.button,
        footer=local.footer,
        push_title=said.push_title,
        push_body=_filled(said.push_body, values),
    )


def words_for(entry: Entry, recipient: Recipient, channel: Channel) -> Words:
    """
    Return the words of this occurrence for this person on this channel, ending with a line for each thing it carries.

    Where a round of updates tells of one thing only, it speaks as that thing would.
    """
    kinds = [carried.rpartition("#")[2] for carried in entry.carries]
    kind, on = told_of(entry)
    if kind != entry.kind:
        kinds = []
    message = words(
        template_of(kind),
        language=recipient.language,
        level=channel.detail,
        first_name=recipient.first_name,
        about=_about(kind, on, recipient),
        told=_told(entry, recipient),
        signer=shown_name(recipient.signer) or recipient.sender_name,
    )
    return ending_with(message, kinds, channel.detail)


def _told(entry: Entry, recipient: Recipient) -> Mapping[str, str]:
    if recipient.moment is None:
        return {}
    language = spoken_language(recipient.language)
    return told_when(recipient.moment.at, now=entry.claimed_at, zone=recipient.zone, language=language)


def _about(kind: str, on: date, recipient: Recipient) -> str:
    schedule = recipient.schedule(kind)
    if category_of(kind).counts:
        return str(recipient.count)
    if category_name(kind) == SUPPORTER_INVITE:
        return recipient.inviter
    if kind in {DAYS, *CARING_CONTACTS}:
        return schedule.when.name_on(on) or "" if schedule and isinstance(schedule.when, Anniversaries) else ""
    return kind.partition("-")[2]


def ending_with(message: Words, kinds: Iterable[str], level: DetailLevel) -> Words:
    """Return the message with one line for each sort of thing of these kinds: two notes are told of once."""
    carried = {name: template(name) for name in map(template_of, kinds)}
    lines = [each.locales[message.language].levels[level].line for each in carried.values()]
    return replace(
        message,
        template="+".join([message.template, *(each.id for each in carried.values())]),
        body=(*message.body, *lines),
        push_body=" ".join([message.push_body, *lines]),
    )


def spoken_language(language: str) -> str:
    """Return the language of ours that serves somebody who asked for this one (BCP 47: ``es-MX`` is Spanish)."""
    primary = language.replace("_", "-").partition("-")[0].lower()
    return primary if primary in LOCALES else LOCALES[0]


def shown_name(first_name: str) -> str:
    """
    Return a first name as a greeting may show it, without what would break, reorder or flood the text; empty if none.

    A name that mail programs would turn into a link is none.
    """
    printable = "".join(" " if unicodedata.category(each) in {"Cc", "Cs", "Zl", "Zp"} else each for each in first_name)
    name = " ".join(_HIDDEN.sub("", printable).split())
    if _LINK.search(name) or not any(each.isalnum() for each in name):
        return ""
    if len(name) <= LONGEST_NAME:
        return name
    return name[:LONGEST_NAME].rstrip("\u200d ") + "…"


def short_reference(about: str) -> str:
    """Return what two people can call a thing over the phone: eight characters of its id, that say nothing else."""
    return "".join(each for each in about if each.isascii() and each.isalnum())[:8].upper() or "-"


def milestone_name(about: str, *, language: str) -> str:
    """Return what a milestone is called, in a language or else in English: ``d30`` is "30 days"."""
    return _milestone(template(MILESTONE).locales[spoken_language(language)], about)


def _milestone(local: Local, about: str) -> str:
    number = "".join(each for each in about[1:] if each.isascii() and each.isdigit())
    if about != about[:1] + number or not number:
        return local.milestones[OTHER]
    text = local.milestones.get(about) or local.milestones.get(about[:1]) or local.milestones[OTHER]
    return _filled(text, {NUMBER: number})


def _values(chosen: Template, local: Local, *, name: str, about: str) -> dict[str, str]:
    values = {"name": name, "reference": short_reference(about), "count": about, "inviter": shown_name(about)}
    if "message" in chosen.variables:
        named = about if about in local.messages else about[:1]
        values["message"] = local.messages.get(named) or local.messages[OTHER]
    return values | ({"milestone": _milestone(local, about)} if "milestone" in chosen.variables else {})


def _filled(text: str, values: Mapping[str, str]) -> str:
    """Put values for variables, in one pass: what a value holds is never read as a variable."""
    return _VARIABLE.sub(lambda found: values[found[1]], text)


@cache
def _page() -> "Page":
    # Only an e-mail needs it: neither a push nor a look at the list of templates waits for the import.
    from jinja2 import Environment, FileSystemLoader, select_autoescape

    # Got once: to get it again is to ask the disk whether it changed.
    return Environment(loader=FileSystemLoader(TEMPLATES), autoescape=select_autoescape(["html"])).get_template(
        "email.html"
    )


def as_html(message: Words, link: str, *, less: str | None = None) -> str:
    """Return the e-mail's HTML part; every value is escaped. ``less``: where its reader can stop such messages."""
    return _page().render(
        language=message.language,
        words=message,
        greeting=message.greeting,
        footer=message.footer,
        link=link,
        less=less,
        get_less=GET_LESS[message.language],
    )


def as_text(message: Words, link: str, *, less: str | None = None) -> str:
    """Return the e-mail's plain text part."""
    footer = [*message.footer, *([f"{GET_LESS[message.language]}: {less}"] if less else [])]
    return "\n\n".join([message.greeting, *message.body, f"{message.button}: {link}", "--", "\n".join(footer)]) + "\n"
