"""What is said to whom: in their language, as much as they chose, and whatever they are called."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import date
from email import message_from_bytes
from email.policy import default
from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outreach.catalogue import LOCALES
from chalicelib.outreach.categories import CATEGORIES, templates_of
from chalicelib.outreach.domain import DetailLevel, Entry, Status
from chalicelib.outreach.email import compose
from chalicelib.outreach.wording import (
    LONGEST_NAME,
    Words,
    as_html,
    as_text,
    short_reference,
    shown_name,
    words,
    words_for,
)
from tests.build import a_recipient, an_email, utc


def every_message() -> Iterator[tuple[str, str, DetailLevel]]:
    for category in CATEGORIES.values():
        for language in LOCALES:
            for level in DetailLevel:
                for name in sorted(templates_of(category)):
                    yield name, language, level


def of(name: str, language: str, level: DetailLevel, first_name: str = "Ana") -> Words:
    return words(name, language=language, level=level, first_name=first_name)


@pytest.mark.parametrize(("name", "language", "level"), list(every_message()))
def test_a_name_is_in_the_greeting_alone(name: str, language: str, level: DetailLevel) -> None:
    said = of(name, language, level, first_name="Xochiquetzal")

    assert "Xochiquetzal" not in str(replace(said, greeting=""))


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("level", DetailLevel)
def test_what_goes_to_an_address_before_it_is_confirmed_says_nothing_that_the_person_wrote(
    language: str, level: DetailLevel
) -> None:
    assert of("confirm_channel", language, level, "Call 555 now") == of("confirm_channel", language, level, "")


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


def entry(kind: str, *carries: str) -> Entry:
    return Entry(
        person_id="p",
        kind=kind,
        on=date(2026, 11, 25),
        due_at=utc("2026-11-25T14:00"),
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=utc("2026-11-25T14:00"),
        carries=tuple(f"2026-11-25#{each}" for each in carries),
    )


def told(kind: str, *carries: str, level: DetailLevel = DetailLevel.DISCREET) -> Words:
    recipient = replace(a_recipient(), language="en", first_name="Ana")
    return words_for(entry(kind, *carries), recipient, an_email(detail=level))


def test_a_message_ends_with_a_line_for_each_sort_of_thing_that_it_carries() -> None:
    plain = told("check_in")

    said = told("check_in", "nudge-a", "milestone-d30", "nudge-b")

    assert said.body == (*plain.body, "Someone left you a short note.", "There is something to celebrate.")
    assert said.push_body == f"{plain.push_body} Someone left you a short note. There is something to celebrate."
    assert said.template == f"{plain.template}+nudge.1+milestone.1"
    assert (said.subject, said.preheader, said.push_title) == (plain.subject, plain.preheader, plain.push_title)


def test_updates_about_one_thing_speak_as_that_thing_would() -> None:
    assert told("updates-1400", "milestone-d30", level=DetailLevel.DETAILED) == told(
        "milestone-d30", level=DetailLevel.DETAILED
    )


def test_updates_about_several_things_list_them() -> None:
    said = told("updates-1400", "milestone-d30", "nudge-a")

    assert said.template == "updates.1+milestone.1+nudge.1"
    assert said.body[-2:] == ("There is something to celebrate.", "Someone left you a short note.")


@pytest.mark.parametrize(
    ("kind", "named"),
    [
        ("milestone-d1", "24 hours"),
        ("milestone-d30", "30 days"),
        ("milestone-m1", "one month"),
        ("milestone-m18", "18 months"),
        ("milestone-y1", "one year"),
        ("milestone-y12", "12 years"),
        ("milestone-first_session", "a milestone"),
        ("milestone-x9", "a milestone"),
        ("milestone-d", "a milestone"),
        ("milestone", "a milestone"),
    ],
)
def test_only_the_detailed_level_names_the_milestone(kind: str, named: str) -> None:
    detailed, standard = told(kind, level=DetailLevel.DETAILED), told(kind, level=DetailLevel.STANDARD)

    assert f"You have reached {named}, and we are happy for you." in detailed.body
    assert named not in f"{standard} {detailed.subject} {detailed.preheader} {detailed.push_title}"


@pytest.mark.parametrize(
    ("kind", "reference"), [("crisis_page-0123abcdef012", "0123ABCD"), ("crisis_page", "-"), ("crisis_page-é", "-")]
)
def test_a_page_carries_a_short_reference_and_no_name(kind: str, reference: str) -> None:
    said = told(kind)

    assert f"Reference: {reference}" in said.body
    assert said.subject == "Urgent: action needed - open dashboard"
    assert "Ana" not in str(said)


@pytest.mark.parametrize(
    ("language", "spoken"), [("es", "es"), ("es-MX", "es"), ("ES_ar", "es"), ("en-GB", "en"), ("fr", "en"), ("", "en")]
)
def test_who_speaks_a_language_that_we_lack_gets_english(language: str, spoken: str) -> None:
    assert words("check_in", language=language, level=DetailLevel.DISCREET, first_name="").language == spoken


@pytest.mark.parametrize(
    ("name", "greeting"),
    [
        ("Ana", "Hi Ana,"),
        ("  José   Luis ", "Hi José Luis,"),
        ("J.R.", "Hi J.R.,"),
        ("O'Brien-Ngũgĩ", "Hi O'Brien-Ngũgĩ,"),
        ("محمد", "Hi محمد,"),
        ("Sam 👩‍🚀", "Hi Sam 👩‍🚀,"),
        ("Ana\r\nBcc: all@example.com", "Hi,"),
        ("Ana\r\nBcc: all", "Hi Ana Bcc: all,"),
        ("Ana\u202egnp.exe", "Hi,"),
        ("Ana\u202e\u2066x", "Hi Anax,"),
        ("evil.example", "Hi,"),
        ("https://x", "Hi,"),
        ("\u200b\ufeff", "Hi,"),
        ("💥", "Hi,"),
        ("", "Hi,"),
        ("{reference}", "Hi {reference},"),
        ("\ud800Ana", "Hi Ana,"),
        ("a" * 41, f"Hi {'a' * 40}…,"),
    ],
)
def test_a_greeting_shows_a_name_only_as_a_name(name: str, greeting: str) -> None:
    assert words("check_in", language="en", level=DetailLevel.DISCREET, first_name=name).greeting == greeting


class Read(HTMLParser):
    """What a mail program makes of a body: its tags with their attributes, and its text."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: list[tuple[str, tuple[tuple[str, str | None], ...]]] = []
        self.said = ""
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, tuple(attrs)))

    def handle_data(self, data: str) -> None:
        self.said += data


HOSTILE = st.one_of(
    st.text(),
    st.text(st.characters(categories=["Cc", "Cf", "Zl", "Zp", "Cs"])),
    st.text(alphabet="<>&\"'/={}%\r\n\t\u202e\u2066\u200b\ufeff👩\u200d🚀a.:@"),
    st.sampled_from(
        [
            "Ana\r\nBcc: everybody@example.com",
            "Ana\nSubject: addiction",
            "</p><img src=https://evil.example/x>",
            "{{ words.footer }}{% raw %}",
            "=?utf-8?q?Bcc:_x?=",
            "A" * 5_000,
            "\u202eevil\u2069",
        ]
    ),
)


def sent(first_name: str) -> bytes:
    return compose(
        of("check_in", "en", DetailLevel.DETAILED, first_name=first_name),
        "https://care.example/c/t",
        sender_name="Care Team",
        from_address="hello@care.example",
        reply_to="replies@care.example",
        to="ana@example.com",
        name="p_2026-11-25_check_in",
        at=utc("2026-11-25T14:00"),
    )


def headers_of(mime: bytes) -> list[tuple[str, str]]:
    # A multipart's boundary is drawn anew each time.
    return [
        (name, str(value).partition("boundary")[0]) for name, value in message_from_bytes(mime, policy=default).items()
    ]


@given(HOSTILE)
def test_whatever_somebody_is_called_the_envelope_is_the_same(first_name: str) -> None:
    mime = sent(first_name)

    assert headers_of(mime) == headers_of(sent("Ana"))
    assert len(mime) < len(sent("Ana")) + 2_000


@given(HOSTILE)
def test_whatever_somebody_is_called_it_adds_no_markup_no_link_and_no_line(first_name: str) -> None:
    mime = message_from_bytes(sent(first_name), policy=default)
    calm = message_from_bytes(sent("Ana"), policy=default)
    text, html = (part.get_content() for part in mime.iter_parts())
    calm_text, calm_html = (part.get_content() for part in calm.iter_parts())

    assert Read(html).tags == Read(calm_html).tags
    assert text.split("\n")[1:] == calm_text.split("\n")[1:]
    assert html.count("\n") == calm_html.count("\n")
    assert re.findall(r"https?://\S+", text) == ["https://care.example/c/t"]


@given(HOSTILE)
def test_a_shown_name_is_short_visible_and_stays_what_it_is(first_name: str) -> None:
    shown = shown_name(first_name)

    assert len(shown) <= LONGEST_NAME + 1
    assert shown == "" or any(each.isalnum() for each in shown)
    assert not re.search("[\u0000-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u2028\u2029\ud800-\udfff]", shown)
    assert shown_name(shown).rstrip("…") in {shown.rstrip("…"), shown[:LONGEST_NAME].rstrip("\u200d ")}


@given(name=HOSTILE, about=HOSTILE)
def test_what_a_value_holds_is_never_read_as_a_variable(name: str, about: str) -> None:
    said = words("milestone", language="en", level=DetailLevel.DETAILED, first_name=name, about=about)

    assert said.body[0].startswith("You have reached ")
    assert said.greeting in {f"Hi {shown_name(name)},", "Hi,"}


@given(about=HOSTILE)
def test_a_reference_is_short_and_plain(about: str) -> None:
    assert re.fullmatch(r"[A-Z0-9]{1,8}|-", short_reference(about))


def test_the_largest_message_is_small() -> None:
    """Gmail cuts an e-mail at 102 KB; a push may hold 3,993 bytes of payload (RFC 8030 7.2)."""
    everything = told("check_in", "nudge-a", "milestone-d30", level=DetailLevel.DETAILED)

    assert len(as_html(everything, "https://care.example/c/" + "t" * 400).encode()) < 10_000
    assert len(f"{everything.push_title}{everything.push_body}".encode()) < 400
