"""The envelope of an e-mail: the list it belongs to, and nothing that anybody could slip into it."""

import re
from dataclasses import replace
from datetime import date
from email import message_from_bytes
from email.message import EmailMessage
from email.policy import default
from urllib.parse import unquote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.outreach.categories import CATEGORIES, confirm_kind
from chalicelib.outreach.domain import DetailLevel, Entry, Status
from chalicelib.outreach.email import compose
from chalicelib.outreach.kinds import CHECK_IN, CRISIS_PAGE
from chalicelib.outreach.links import PAGES, Links, Purpose, Signer
from chalicelib.outreach.listing import LISTS, listing_of
from chalicelib.outreach.mime import LONGEST_LINE
from chalicelib.outreach.wording import as_html, as_text, words
from tests.build import PERSON, a_recipient, an_email, utc

SIGNER = Signer(("a-key-for-links",))
LINKS = Links(public_url="https://care.example", app_url="https://app.example", signer=SIGNER)
ONCE = "appointment-" + "ab" * 16
"""The longest kind that there is: a category and an id."""
REPLIES = "replies@care.example"


def entry(kind: str) -> Entry:
    return Entry(
        person_id=PERSON,
        kind=kind,
        on=date(2026, 11, 25),
        due_at=utc("2026-11-25T14:00"),
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=utc("2026-11-25T14:00"),
    )


def mime(
    kind: str = CHECK_IN, *, to: str = "ana@example.com", sender_name: str = "Care Team", language: str = "en"
) -> bytes:
    said = words(
        CATEGORIES[kind.partition("-")[0]].template, language=language, level=DetailLevel.DISCREET, first_name="Ana"
    )
    listing = listing_of(
        entry(kind),
        replace(a_recipient(), sender_name=sender_name),
        replace(an_email(), id="cd" * 16),
        links=LINKS,
        from_address="hello@care.example",
        mailbox=REPLIES,
    )
    return compose(
        said,
        "https://care.example/c/t",
        sender_name=sender_name,
        from_address="hello@care.example",
        reply_to=REPLIES,
        to=to,
        name="p_2026-11-25_check_in",
        at=utc("2026-11-25T14:00"),
        listing=listing,
    )


def read(message: bytes) -> EmailMessage:
    return message_from_bytes(message, policy=default)


def lines(message: bytes) -> list[str]:
    return message.partition(b"\r\n\r\n")[0].decode("ascii").split("\r\n")


@pytest.mark.parametrize("kind", [name for name, category in CATEGORIES.items() if category.opt_out])
def test_what_can_be_switched_off_says_how_in_its_headers(kind: str) -> None:
    message = read(mime(kind))

    https, mailto = re.findall("<([^>]*)>", message["List-Unsubscribe"])
    assert https.startswith("https://care.example/u/")
    assert message["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    assert message["List-Id"] == f"Care Team {LISTS[kind]} <{LISTS[kind]}.care.example>"
    assert message["Auto-Submitted"] == "auto-generated"
    token = https.rpartition("/")[2]
    assert unquote(mailto) == f"mailto:{REPLIES}?subject=unsubscribe {token}"
    claims = SIGNER.open(Purpose.UNSUBSCRIBE, token)
    assert (claims.person_id, claims.kind, claims.channel_id, claims.revision) == (PERSON, kind, "cd" * 16, 1)


@pytest.mark.parametrize("kind", [confirm_kind("mail", 1), f"{CRISIS_PAGE}-1"])
def test_account_and_crisis_messages_belong_to_no_list(kind: str) -> None:
    message = read(mime(kind))

    assert [name for name in message if name.lower().startswith("list-")] == []
    assert "/u/" not in mime(kind).decode()


def test_list_unsubscribe_is_one_line_that_is_not_too_long() -> None:
    """A folded one broke DKIM signatures elsewhere."""
    (line,) = [line for line in lines(mime(ONCE)) if line.startswith("List-Unsubscribe:")]

    assert 300 < len(line) <= LONGEST_LINE
    assert line.endswith(">")
    assert not [each for each in lines(mime(ONCE)) if len(each) > 100 and each != line]


def test_a_list_has_a_neutral_word_of_its_own() -> None:
    assert set(LISTS) == {name for name, category in CATEGORIES.items() if category.opt_out}
    assert len(set(LISTS.values())) == len(LISTS)
    assert not re.search("sober|recover|rehab|addict|check-?in|group|crisis|program", " ".join(LISTS.values()))


def test_a_sender_in_another_script_keeps_the_headers_ascii() -> None:
    message = mime(sender_name="Équipe «Soins»")

    assert read(message)["List-Id"] == "Équipe «Soins» hellos <hellos.care.example>"
    assert read(message)["From"] == "Équipe «Soins» <hello@care.example>"
    assert all(line.isascii() for line in lines(message))


def test_the_foot_of_the_email_leads_to_its_readers_choices_in_their_language() -> None:
    message = read(mime(language="es"))

    url = re.findall("<([^>]*)>", message["List-Unsubscribe"])[0]
    text, html = (part.get_content() for part in message.iter_parts())
    assert f"Elegir qué enviamos, o pararlo: {url}" in text
    assert f'href="{url}"' in html


def test_without_a_list_the_foot_offers_nothing() -> None:
    said = words("confirm_channel", language="en", level=DetailLevel.DISCREET, first_name="Ana")

    assert "Choose what we send" not in as_text(said, "x") + as_html(said, "x")


@pytest.mark.parametrize(
    "to",
    [
        "ana@example.com, eve@example.com",
        "ana@example.com\r\nBcc: eve@example.com",
        "ana@example.com\nBcc: eve@example.com",
        "<ana@example.com>",
        "Ana <ana@example.com>",
        "ana",
        "",
    ],
)
def test_a_message_goes_to_exactly_one_address(to: str) -> None:
    with pytest.raises(ValueError, match="not one address"):
        mime(to=to)


@given(name=st.text(max_size=60))
def test_a_name_makes_no_header_and_no_recipient(name: str) -> None:
    try:
        message = mime(sender_name=name)
    except (ValueError, UnicodeEncodeError):
        return
    plain = {line.partition(":")[0] for line in lines(mime()) if not line.startswith((" ", "\t"))}
    assert {line.partition(":")[0] for line in lines(message) if not line.startswith((" ", "\t"))} == plain
    assert read(message)["To"] == "ana@example.com"


@pytest.mark.parametrize("name", ["Care\r\nBcc: eve@example.com", "Care\nTeam", "Care\rTeam"])
def test_a_line_break_in_a_name_is_refused(name: str) -> None:
    with pytest.raises(ValueError, match="linefeed or carriage return"):
        mime(sender_name=name)


@pytest.mark.parametrize("kind", sorted(set(CATEGORIES) - set(PAGES)))
def test_a_message_without_a_page_of_its_own_leads_to_the_web_client_and_bears_no_token(kind: str) -> None:
    channel = replace(an_email(), id="cd" * 16)

    assert (
        LINKS.action(entry(f"{kind}-1"), channel, expires_at=utc("2026-11-25T15:00"), zone="UTC")
        == "https://app.example"
    )
