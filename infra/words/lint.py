"""
Reads every template at every level in every language against the rules, and says what is wrong with it.

`make lint-words` prints the findings, and fails if there are any.
"""

import re
import sys
import tomllib
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, fields
from functools import cache
from pathlib import Path

from chalicelib.outreach.catalogue import IN_SIGHT, LOCALES, Local, Place, Said, Template, To, names, template, used_in
from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import DetailLevel, Urgency
from chalicelib.outreach.wording import PUSH_BODY_ROOM
from infra.words.reading import sentences, too_hard, words_in

RULES = Path(__file__).with_name("rules.toml")
SHOWN = ("subject", "preheader", "push_title", "push_body", "line")
"""What a stranger may see: rows of an inbox and a locked screen."""
LONGEST = {"subject": 40, "preheader": 45, "push_title": 35, "push_body": 90, "line": 60, "button": 24}
"""Characters that a phone at arm's length shows whole, of each."""
LONGEST_SENTENCE = 20
LONGEST_BODY = 60
"""Words."""
WATCH = {"en": "Messages here are not watched around the clock.", "es": "Estos mensajes no se revisan las 24 horas."}
"""What each message to a participant ends with (domain rule 3.2)."""
PAGE = {"en": "Urgent: action needed - open dashboard", "es": "Urgente: actúa ahora - abre el panel"}
"""The subject of a page to staff, and nothing more (domain rule 3.4)."""
_ADDRESS = re.compile(r"https?:|www\.|\b[\w.+-]+@\w|\b[a-z0-9-]+\.(com|org|net|io|app|example)\b", re.IGNORECASE)
_VARIABLE = re.compile(r"\{\w+\}")
_SHOUTED = re.compile(r"[!¡]|\b[A-ZÁÉÍÓÚÑÜ]{3,}\b|\?\?|\.\.\.")


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What is wrong, where."""

    place: Place
    rule: str
    detail: str

    def __str__(self) -> str:
        """Return the line that is printed."""
        return f"{self.place} [{self.rule}] {self.detail}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A template in one language at one level."""

    template: Template
    locale: str
    level: DetailLevel

    @property
    def local(self) -> Local:
        """What all levels share."""
        return self.template.locales[self.locale]

    @property
    def said(self) -> Said:
        """What this level says."""
        return self.local.levels[self.level]

    def texts(self) -> Iterator[tuple[str, str]]:
        """Give each text with the field that it stands in."""
        for field in fields(Said):
            value = getattr(self.said, field.name)
            yield from ((field.name, text) for text in ([value] if isinstance(value, str) else value) if text)
        yield "greeting", self.local.greeting
        yield "greeting_without_name", self.local.greeting_without_name
        yield from (("footer", text) for text in self.local.footer)
        yield from (("milestones", text) for text in self.local.milestones.values())
        yield from (("messages", text) for text in self.local.messages.values())

    def finding(self, rule: str, field: str, detail: str) -> Finding:
        """Say that a rule is broken in a field."""
        place = Place(template=self.template.id, locale=self.locale, level=self.level.value, field=field)
        return Finding(place=place, rule=rule, detail=detail)


@cache
def patterns() -> dict[str, dict[str, list[tuple[re.Pattern[str], str]]]]:
    """Return what rules.toml bans, as whole words: rule, language, pattern and what to say instead."""
    return {
        rule: {
            locale: [(re.compile(rf"(?<!\w)(?:{pattern})(?!\w)", re.IGNORECASE), instead) for pattern, instead in rows]
            for locale, rows in locales.items()
        }
        for rule, locales in tomllib.loads(RULES.read_text(encoding="utf-8")).items()
    }


def banned_words(message: Message) -> Iterator[Finding]:
    """Give every word that rules.toml bans, and what to say instead."""
    for field, text in message.texts():
        # A template's discreet level tells nothing; others tell it in the body, which only the person opens.
        seen = field in SHOWN or (message.level is DetailLevel.DISCREET and field in {"body", "button", "messages"})
        for rule, locales in patterns().items():
            if rule == "shown" and not seen:
                continue
            for pattern, instead in locales[message.locale]:
                for found in pattern.finditer(text):
                    yield message.finding(rule, field, f"{found[0]!r}; instead: {instead}")


def variables_in_sight(message: Message) -> Iterator[Finding]:
    """Give every variable in what a stranger may see."""
    for field, text in message.texts():
        if field in {*SHOWN, "button"} and (seen := used_in(text) - IN_SIGHT):
            yield message.finding("variable", field, f"{sorted(seen)} may be seen by others")


def lengths(message: Message) -> Iterator[Finding]:
    """Give what is too long to be seen whole, or to be read at a glance."""
    for field, text in message.texts():
        if len(text) > LONGEST.get(field, len(text)):
            yield message.finding("length", field, f"{len(text)} characters, at most {LONGEST[field]}")
        for sentence in sentences(text):
            if len(words_in(sentence)) > LONGEST_SENTENCE:
                yield message.finding("sentence", field, f"{len(words_in(sentence))} words: {sentence!r}")
    total = len(words_in(" ".join(message.said.body)))
    if total > LONGEST_BODY:
        yield message.finding("length", "body", f"{total} words, at most {LONGEST_BODY}")
    pushed = " ".join([message.said.push_body, *_lines(message)])
    if len(pushed) > PUSH_BODY_ROOM:
        yield message.finding(
            "length", "push_body", f"{len(pushed)} characters with every line, at most {PUSH_BODY_ROOM}"
        )


def _lines(message: Message) -> list[str]:
    bundled = sorted(
        {category.template for category in CATEGORIES.values() if category.bundles} - {message.template.name}
    )
    return [template(name).locales[message.locale].levels[message.level].line for name in bundled]


def plainness(message: Message) -> Iterator[Finding]:
    """Say how much too hard the message is as a whole: single sentences are too short to be measured."""
    text = " ".join([*message.local.messages.values(), *message.said.body, *message.local.footer])
    if trouble := too_hard(text, message.locale):
        yield message.finding("reading", "body", trouble)


def one_action(message: Message) -> Iterator[Finding]:
    """Give whatever asks for more than the one button: addresses, and a second question."""
    for field, text in message.texts():
        if _ADDRESS.search(text):
            yield message.finding("action", field, "an address: the button is the only link")
    questions = sum(text.count("?") for text in message.said.body)
    if questions > 1:
        yield message.finding("action", "body", f"{questions} questions, at most one")
    if any("?" in text for text in message.local.messages.values()):
        yield message.finding("action", "messages", "a question: they ask for nothing")


def shouting(message: Message) -> Iterator[Finding]:
    """Give exclamation marks, capitals and dots that press."""
    for field, text in message.texts():
        for found in _SHOUTED.finditer(text):
            yield message.finding("shouting", field, repr(found[0]))


def what_must_be_said(message: Message) -> Iterator[Finding]:
    """Give what is missing: that nobody watches, in each message to a participant; the exact subject of a page."""
    if message.template.to is not To.STAFF and WATCH[message.locale] not in message.local.footer:
        yield message.finding("watched", "footer", f"lacks {WATCH[message.locale]!r}")
    is_page = message.template.name in {c.template for c in CATEGORIES.values() if c.urgency is Urgency.CRISIS}
    if is_page and message.said.subject != PAGE[message.locale]:
        yield message.finding("page", "subject", f"must be {PAGE[message.locale]!r}")
    if message.template.to is To.STAFF and "name" in message.template.variables:
        yield message.finding("page", "greeting", "names a person")


def both_languages(message: Message) -> Iterator[Finding]:
    """Give what says more or less than in the first language, or was left in it."""
    first = Message(template=message.template, locale=LOCALES[0], level=message.level)
    if message.locale == first.locale:
        return
    if len(message.said.body) != len(first.said.body):
        yield message.finding(
            "language", "body", f"{len(message.said.body)} paragraphs, {len(first.said.body)} in English"
        )
    there = set(first.texts())
    for field, text in message.texts():
        if (field, text) in there and words_in(_VARIABLE.sub("", text)):
            yield message.finding("language", field, f"not translated: {text!r}")


CHECKS: tuple[Callable[[Message], Iterable[Finding]], ...] = (
    banned_words,
    variables_in_sight,
    lengths,
    plainness,
    one_action,
    shouting,
    what_must_be_said,
    both_languages,
)


def lint(one: Template) -> list[Finding]:
    """Return what is wrong with a template, at every level in every language."""
    return [
        finding
        for locale in LOCALES
        for level in DetailLevel
        for check in CHECKS
        for finding in check(Message(template=one, locale=locale, level=level))
    ]


def main(newest: Callable[[str], Template] = template) -> int:
    """Print what is wrong with the templates as they are sent now; return how the program should end."""
    findings = [finding for name in names() for finding in lint(newest(name))]
    for finding in findings:
        print(finding)
    messages = len(names()) * len(LOCALES) * len(DetailLevel)
    print(f"{messages} messages read ({len(names())} templates), {len(findings)} findings")
    return 1 if findings else 0


if __name__ == "__main__":
    sys.exit(main())
