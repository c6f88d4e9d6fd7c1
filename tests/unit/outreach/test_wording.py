"""A lint over every template, language and level: what goes out must not tell what it is about."""

import json
import re
from collections.abc import Iterator
from email import message_from_bytes
from email.policy import default

import pytest

from chalicelib.outreach.categories import CATEGORIES
from chalicelib.outreach.domain import DetailLevel
from chalicelib.outreach.email import compose
from chalicelib.outreach.wording import TEMPLATES, Words, as_html, as_text, words
from tests.build import utc

LANGUAGES = ("en", "es")
BANNED_ANYWHERE = (
    r"addict|addicto|adicci|alcohol|drug|droga|sober|sobri|rehab|relapse|reca[ií]da|\babus|clean|limpio|"
    r"\bIOP\b|patient|paciente|therap|terap|suicid|you missed|te perdiste"
)
BANNED_OUTSIDE = BANNED_ANYWHERE + r"|recover|recupera|crav|antojo|crisis|program|plan\b|group|grupo|care team|equipo"
LONGEST_SENTENCE = 20


def every_message() -> Iterator[tuple[str, str, DetailLevel]]:
    for category in CATEGORIES.values():
        for language in LANGUAGES:
            for level in DetailLevel:
                yield category.template, language, level


def of(name: str, language: str, level: DetailLevel, first_name: str = "Ana") -> Words:
    return words(name, language=language, level=level, first_name=first_name)


@pytest.mark.parametrize(("name", "language", "level"), list(every_message()))
def test_what_a_stranger_may_see_says_nothing(name: str, language: str, level: DetailLevel) -> None:
    said = of(name, language, level)
    seen = [said.subject, said.push_title, said.push_body]
    if level is DetailLevel.DISCREET:
        seen += [said.preheader, *said.body, said.button]

    assert not [text for text in seen if re.search(BANNED_OUTSIDE, text, re.IGNORECASE)]
    assert not [text for text in seen if "Ana" in text]


@pytest.mark.parametrize(("name", "language", "level"), list(every_message()))
def test_words_are_kind_plain_and_short(name: str, language: str, level: DetailLevel) -> None:
    said = of(name, language, level)
    text = [said.subject, said.preheader, *said.body, *said.footer, said.button]

    assert not [line for line in text if re.search(BANNED_ANYWHERE, line, re.IGNORECASE)]
    for sentence in re.split(r"(?<=[.?!:])\s", " ".join(text)):
        assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


@pytest.mark.parametrize("file", sorted(TEMPLATES.glob("*.json")), ids=lambda file: file.stem)
def test_both_languages_say_the_same_things(file: object) -> None:
    template = json.loads(file.read_text(encoding="utf-8"))  # type: ignore[attr-defined]

    shapes = [
        {level: sorted(said) for level, said in template[language].items() if isinstance(said, dict)}
        for language in LANGUAGES
    ]
    assert shapes[0] == shapes[1]
    assert "discreet" in shapes[0]


def test_a_name_is_shown_as_text() -> None:
    said = of("check_in", "en", DetailLevel.DISCREET, first_name="<script>alert(1)</script>")

    html = as_html(said, "https://care.example/c/t")

    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in html
    assert "<script" not in html


def test_the_email_is_for_one_person_and_says_it_in_text_and_html() -> None:
    said = of("check_in", "es", DetailLevel.DISCREET, first_name="Chloé")

    mime = compose(
        said,
        "https://care.example/c/t",
        sender_name="Care Team",
        from_address="hello@care.example",
        reply_to="replies@care.example",
        to="UPPER.Case+tag@example.com",
        name="p_2026-11-25_check_in",
        at=utc("2026-11-25T14:00"),
    )
    message = message_from_bytes(mime, policy=default)

    assert message["To"] == "UPPER.Case+tag@example.com"
    assert message["From"] == "Care Team <hello@care.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message["Content-Language"] == "es"
    assert (message["Cc"], message["Bcc"]) == (None, None)
    assert [part.get_content_type() for part in message.iter_parts()] == ["text/plain", "text/html"]
    text, html = (part.get_content() for part in message.iter_parts())
    assert "Hola, Chloé:" in text
    assert 'href="https://care.example/c/t"' in html
    assert "https://care.example/c/t" in text
    assert mime.count(b"\r\n") == mime.count(b"\n")
    assert as_text(said, "x").endswith("\n")
    # No pixel, no picture, nothing fetched from anywhere.
    assert not re.search(r"<img|src=|@import|url\(", html)
