"""What is written as MIME is read back by the standard library as what was meant, and by nobody as anything else."""

import re
from datetime import UTC, datetime
from email import message_from_bytes
from email.header import decode_header, make_header
from email.message import EmailMessage
from email.policy import default
from email.utils import parseaddr, parsedate_to_datetime

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from chalicelib.outreach.catalogue import LOCALES, TEMPLATES
from chalicelib.outreach.domain import DetailLevel
from chalicelib.outreach.email import compose
from chalicelib.outreach.mime import Attachment, Text, mailbox, message, text
from chalicelib.outreach.wording import as_html, as_text, words

ADDRESS = "hello@care.example"
WRITTEN = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=200)
"""What names and subjects are made of: control characters are refused where they are entered."""
ANYTHING = st.text(st.characters(exclude_categories=["Cs"]), max_size=400)
LINK = "https://care.example/c/" + "aB3-_" * 60


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=default)


def a_message(*, subject: str = "Hello", name: str = "Care Team", said: str = "Hello.\n", to: str = ADDRESS) -> bytes:
    return message(
        [("From", mailbox(name, ADDRESS)), ("To", to), ("Subject", text(subject))],
        [Text(type="text/plain", text=said), Text(type="text/html", text=f"<p>{said}</p>")],
    )


def header_names(content: bytes) -> list[str]:
    head = content.partition(b"\r\n\r\n")[0].decode("ascii")
    return [line.partition(":")[0] for line in head.split("\r\n") if line[0] not in " \t"]


def part_of(content: bytes, kind: str) -> str:
    part = read(content).get_body((kind,))
    assert isinstance(part, EmailMessage)
    raw = part.get_payload(decode=True)
    assert isinstance(raw, bytes)
    return raw.decode()


@pytest.mark.parametrize("language", LOCALES)
@pytest.mark.parametrize("level", DetailLevel)
@pytest.mark.parametrize("name", sorted({path.name.partition(".")[0] for path in TEMPLATES.glob("*.json")}))
def test_every_template_is_read_back_as_it_was_said(name: str, level: DetailLevel, language: str) -> None:
    said = words(name, language=language, level=level, first_name="Zoë «李»", about="d30")
    content = compose(
        said,
        LINK,
        sender_name="Équipe, «Soins»",
        from_address=ADDRESS,
        reply_to="replies@care.example",
        to="ana@example.com",
        name="p_2026-11-25_x",
        at=datetime(2026, 11, 25, 14, tzinfo=UTC),
    )
    got = read(content)

    assert got["Subject"] == said.subject
    assert got["From"].addresses[0].display_name == "Équipe, «Soins»"
    assert got["From"].addresses[0].addr_spec == ADDRESS
    assert (got["To"], got["Reply-To"]) == ("ana@example.com", "replies@care.example")
    assert parsedate_to_datetime(got["Date"]) == datetime(2026, 11, 25, 14, tzinfo=UTC)
    assert (got["Content-Language"], got["MIME-Version"], got["X-Cairn-Id"]) == (language, "1.0", "p_2026-11-25_x")
    assert part_of(content, "plain") == as_text(said, LINK).replace("\n", "\r\n")
    assert part_of(content, "html") == as_html(said, LINK).replace("\n", "\r\n")
    assert got.get_content_type() == "multipart/alternative"
    assert [part.get_content_type() for part in got.iter_parts()] == ["text/plain", "text/html"]
    assert not [defect for part in got.walk() for defect in part.defects]


@settings(deadline=None)
@given(subject=WRITTEN, name=WRITTEN)
@example(subject="=?utf-8?q?not_an_encoded_word?=", name='Care "=?" \\ Team')
@example(subject="a  b", name=" Care ")
@example(subject="x" * 200, name="y" * 200)
def test_subjects_and_names_are_read_back(subject: str, name: str) -> None:
    content = a_message(subject=subject, name=name)
    got = read(content)

    assert got["Subject"] == subject
    assert [each.addr_spec for each in got["From"].addresses] == [ADDRESS]
    # Not by the newer policy, which leaves a space between two encoded words of a name (RFC 2047 6.2 says none).
    phrase, _ = parseaddr(message_from_bytes(content)["From"])
    assert str(make_header(decode_header(phrase))) == name


@settings(deadline=None)
@given(subject=ANYTHING, name=ANYTHING, said=ANYTHING)
@example(subject="é" * 99, name="é" * 99, said="")
def test_whatever_is_said_there_are_no_other_headers_parts_or_long_lines(subject: str, name: str, said: str) -> None:
    if any(each in subject + name for each in "\r\n"):
        with pytest.raises(ValueError, match="linefeed or carriage return"):
            a_message(subject=subject, name=name, said=said)
        return
    content = a_message(subject=subject, name=name, said=said)

    assert header_names(content) == ["From", "To", "Subject", "MIME-Version", "Content-Type"]
    assert len(list(read(content).iter_parts())) == 2
    assert content.isascii()
    assert not re.search(rb"(?<!\r)\n|\r(?!\n)", content)
    assert max(len(line) for line in content.split(b"\r\n")) <= 78
    assert max(len(line) for line in content.split(b"\r\n") if b"=?utf-8?b?" in line or not line) <= 76
    assert not [line for line in content.partition(b"\r\n\r\n")[0].split(b"\r\n") if not line.strip()]


@settings(deadline=None)
@given(said=st.text(st.characters(exclude_categories=["Cs"]), max_size=400))
@example(said="--=_1--\n--=_1\n=_1")
@example(said="trailing \nspace\t\n.\nFrom me\n")
def test_bodies_are_read_back(said: str) -> None:
    lines = said.replace("\r\n", "\n").replace("\r", "\n").replace("\n", "\r\n")

    assert part_of(a_message(said=said), "plain") == lines
    assert part_of(a_message(said=said), "html") == f"<p>{lines}</p>"


@pytest.mark.parametrize("to", ["ana@example.com\r\nBcc: eve@example.com", "ana@example.com\nx", "ana@example.com\r"])
def test_a_value_that_would_make_another_header_is_refused(to: str) -> None:
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        a_message(to=to)


def test_a_value_that_nobody_encoded_is_refused() -> None:
    with pytest.raises(ValueError, match="ASCII"):
        a_message(to="anä@example.com")


def test_a_header_on_one_line_that_is_too_long_is_refused() -> None:
    with pytest.raises(ValueError, match="too long"):
        message([("List-Unsubscribe", "<" + "x " * 600 + ">")], [], unfolded="List-Unsubscribe")


def test_a_file_goes_along_behind_what_is_said() -> None:
    content = bytes(range(256)) * 3
    made = message(
        [("Subject", "Hello")],
        [
            Text(type="text/plain", text="Hello"),
            Text(type="text/calendar", text="BEGIN:VCALENDAR\r\n", parameters="; method=REQUEST"),
        ],
        attachment=Attachment(type="application/ics", name="invite.ics", content=content),
    )
    got = read(made)

    first, second = got.iter_parts()
    assert (got.get_content_type(), first.get_content_type()) == ("multipart/mixed", "multipart/alternative")
    calendar = list(first.iter_parts())[1]
    assert (calendar.get_content_type(), calendar.get_param("method")) == ("text/calendar", "REQUEST")
    assert second.get_filename() == "invite.ics"
    assert second.get_content() == content
    assert max(len(line) for line in made.split(b"\r\n")) <= 78
