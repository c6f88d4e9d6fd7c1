"""The one-tap page in a real browser, by links that really went out."""

import re
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.emulator.conftest import Morning, Someone
from tests.emulator.local_stack import Stack
from tests.looking import Look, Scheme, look

pytestmark = [pytest.mark.emulator, pytest.mark.browser]

WINDOWS = {"phone": {"width": 390, "height": 844}, "desktop": {"width": 1200, "height": 900}}
SHORT_PHONE = {"width": 360, "height": 560}
"""A small phone with the browser's bars in the way, or text made larger."""

TITLES = {"en": "Hello", "es": "Hola"}
THANKS = {"en": "Thank you. We have it.", "es": "Gracias. Ya lo tenemos."}
SEND = {"en": "Send", "es": "Enviar"}


Open = Callable[..., Look]


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Open]:
    """Give a function that opens a page on a device."""
    with ExitStack() as opened:

        def open_(
            *,
            window: dict[str, int] = WINDOWS["phone"],
            scheme: Scheme = "light",
            language: str = "en",
            script: bool = True,
        ) -> Look:
            context: Any = browser.new_context(
                viewport={"width": window["width"], "height": window["height"]},
                color_scheme=scheme,
                locale=language,
                java_script_enabled=script,
                has_touch=True,
            )
            opened.callback(context.close)
            return look(context)

        yield open_


def answer_of(stack: Stack, someone: Someone) -> dict[str, Any] | None:
    """Return what staff see of this person's answer."""
    programme = someone.row["programme"]
    token = stack.token("clinician", programme)
    rows = stack.everything(f"/programmes/{programme}/check-ins?limit=100", token=token)
    answer: dict[str, Any] | None = next(
        row["answer"] for row in rows if row["externalId"] == someone.row["external_id"]
    )
    return answer


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_anybody_can_read_and_reach_everything(
    stack: Stack, morning: Morning, open_page: Open, device: str, scheme: Scheme, language: str
) -> None:
    link = morning.anyone(language=language).link
    seen = open_page(window=WINDOWS[device], scheme=scheme, language=language)

    assert seen.go(link) == 200

    seen.snap(f"one-tap-{device}-{scheme}-{language}")
    assert seen.page.title() == TITLES[language]
    assert seen.page.locator("html").get_attribute("lang") == language
    assert seen.unreadable() == []
    assert seen.too_small() == []
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    seen.assert_help_is_in_sight()
    seen.assert_kept_to_itself(stack.api)


@pytest.mark.parametrize(
    "window", [WINDOWS["phone"], WINDOWS["desktop"], SHORT_PHONE], ids=["phone", "desktop", "short"]
)
def test_the_help_bar_never_covers_what_has_the_focus(
    stack: Stack, morning: Morning, open_page: Open, window: dict[str, int]
) -> None:
    seen = open_page(window=window, language="es")
    seen.go(morning.anyone(language="es").link)
    seen.assert_help_is_in_sight()
    seen.page.evaluate("window.scrollTo(0, 0)")

    forwards = walk(seen, "Tab")
    backwards = walk(seen, "Shift+Tab")

    assert len(forwards) > 8
    assert sum(at["inside"] for at in forwards) == 3, "the three numbers are reached by keyboard"
    assert sum(at["inside"] for at in backwards) >= 2
    seen.assert_kept_to_itself(stack.api)


def walk(seen: Look, key: str) -> list[dict[str, Any]]:
    """Go through the page with a key, and through all choices of each scale; return where the focus was."""
    stops: list[dict[str, Any]] = []
    while len(stops) < 40:
        seen.page.keyboard.press(key)
        if seen.focused()["tag"] in {"BODY", "HTML"}:
            break
        stops.append(seen.assert_focus_is_in_sight())
        if stops[-1]["radio"]:
            first = stops[-1]["radio"]
            for _ in range(12):
                seen.page.keyboard.press("ArrowDown")
                if seen.assert_focus_is_in_sight()["radio"] == first:
                    break
    return stops


@pytest.mark.parametrize(("device", "scheme", "language"), [("phone", "dark", "en"), ("desktop", "light", "es")])
def test_a_check_in_can_be_answered_by_keyboard_alone(
    stack: Stack, morning: Morning, open_page: Open, device: str, scheme: Scheme, language: str
) -> None:
    someone = morning.someone(language=language)
    seen = open_page(window=WINDOWS[device], scheme=scheme, language=language)
    seen.go(someone.link)
    keys = seen.page.keyboard

    # Each scale is entered at "skip", which is chosen; one step on from there, around the end, is 0.
    for steps in (8, 3, 2):
        keys.press("Tab")
        for _ in range(steps):
            keys.press("ArrowRight")
    keys.press("Tab")
    keys.type("Long day.")
    keys.press("Tab")
    seen.snap(f"one-tap-keyboard-{device}-{scheme}-{language}")
    assert seen.focused()["name"].startswith('<button class="wide" name="action" value="answer"')
    keys.press("Enter")

    seen.page.get_by_role("heading", name=THANKS[language]).wait_for()
    assert answer_of(stack, someone) == {"mood": 7, "craving": 2, "plan": "not_fully", "hasNote": True}
    assert seen.page.title() == TITLES[language]
    seen.assert_kept_to_itself(stack.api)


@pytest.mark.parametrize(
    ("scheme", "language", "script"), [("light", "en", True), ("dark", "es", True), ("light", "en", False)]
)
def test_a_check_in_can_be_answered_by_tap_also_without_javascript(
    stack: Stack, morning: Morning, open_page: Open, scheme: Scheme, language: str, *, script: bool
) -> None:
    someone = morning.someone(language=language)
    seen = open_page(scheme=scheme, language=language, script=script)
    seen.go(someone.link)
    page = seen.page

    for name, value in (("mood", "4"), ("craving", "9"), ("plan", "talk")):
        seen.tap(name, value)
    page.get_by_role("button", name=SEND[language], exact=True).tap()

    page.get_by_role("heading", name=THANKS[language]).wait_for()
    seen.snap(f"thanks-phone-{scheme}-{language}{'' if script else '-no-script'}")
    assert answer_of(stack, someone) == {"mood": 4, "craving": 9, "plan": "talk", "hasNote": False}
    seen.assert_kept_to_itself(stack.api)
    if script:
        assert seen.unreadable() == []
        assert seen.too_small() == []
        seen.assert_help_is_in_sight()
    page.locator("main a.button").tap()
    page.locator("fieldset").first.wait_for()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_a_mistake_is_named_and_what_was_typed_stays(
    stack: Stack, morning: Morning, open_page: Open, scheme: Scheme
) -> None:
    someone = morning.anyone()
    seen = open_page(scheme=scheme)
    seen.go(someone.link)
    page = seen.page
    too_long = "So much to say. " * 40

    seen.tap("mood", "3")
    seen.tap("plan", "talk")
    page.evaluate("document.getElementById('note').removeAttribute('maxlength')")
    page.get_by_role("textbox").fill(too_long)
    page.get_by_role("button", name="Send", exact=True).tap()

    alert = page.get_by_role("alert")
    alert.wait_for()
    assert "500 characters" in alert.inner_text()
    seen.snap(f"mistake-phone-{scheme}")
    assert page.locator("input[name=mood][value='3']").is_checked()
    assert page.locator("input[name=craving][value='']").is_checked()
    assert page.locator("input[name=plan][value=talk]").is_checked()
    assert page.get_by_role("textbox").input_value() == too_long
    assert seen.unreadable() == []
    assert seen.too_small() == []
    seen.assert_help_is_in_sight()
    seen.assert_kept_to_itself(stack.api)


def test_a_press_on_help_shows_whom_to_call_first(stack: Stack, morning: Morning, open_page: Open) -> None:
    seen = open_page()
    seen.go(morning.someone().link)

    seen.page.get_by_role("button", name="Tell my care team I need help").tap()

    seen.page.get_by_role("heading", name="Your call is sent.").wait_for()
    first, *_ = seen.page.locator("main p").all_inner_texts()
    assert first == "If you are in immediate danger, call 911. You can call or text 988 any time, day or night."
    seen.snap("help-phone-light-en")
    seen.assert_help_is_in_sight()
    seen.assert_kept_to_itself(stack.api)


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_broken_link_leads_to_a_page_that_helps(stack: Stack, open_page: Open, language: str) -> None:
    seen = open_page(language=language, scheme="dark")

    assert seen.go(f"{stack.api}/c/broken") == 404

    seen.snap(f"broken-phone-dark-{language}")
    assert seen.page.locator("html").get_attribute("lang") == language
    assert seen.page.title() == TITLES[language]
    assert seen.unreadable() == []
    seen.assert_help_is_in_sight()
    seen.assert_kept_to_itself(stack.api)


def test_an_address_tells_nothing_about_anybody(morning: Morning) -> None:
    for message in morning.messages[:10]:
        someone = morning.read(message)
        for telling in ("external_id", "given_name", "family_name", "email", "programme"):
            value, link = someone.row[telling].lower(), someone.link.lower()
            # A name of three letters is within a long random token now and then: of such, only as a word.
            assert value not in (link if len(value) > 5 else re.split(r"[^a-z]+", link)), telling


def test_the_inbox_shows_an_email_as_it_looks_and_finds_it_by_address(
    stack: Stack, morning: Morning, open_page: Open
) -> None:
    someone = morning.anyone()
    number = someone.message["id"]
    seen = open_page(window=WINDOWS["desktop"])

    assert seen.go(stack.inbox) == 200
    seen.page.get_by_role("searchbox").fill(someone.row["email"])
    seen.page.get_by_role("button", name="Search").click()
    seen.page.wait_for_url("**/?search=*")
    assert {to.lower() for to in seen.page.locator(".to").all_inner_texts()} == {someone.row["email"].lower()}
    seen.page.locator(f"#m{number} > summary").click()
    frame = seen.page.frame_locator(f"#m{number} iframe")
    button = frame.get_by_role("link").first
    button.wait_for()

    assert button.get_attribute("href") == someone.link
    assert someone.link in seen.page.locator(f"#m{number} pre").first.inner_text()
    seen.page.locator(f"#m{number}").scroll_into_view_if_needed()
    seen.snap("inbox-desktop-light")
    assert seen.unreadable() == []
    seen.assert_kept_to_itself(stack.inbox)
    raw = stack.call("GET", f"{stack.inbox}/messages/{number}/raw").text
    assert raw.startswith("From: ")
    assert "multipart/alternative" in raw


def test_the_inbox_shows_a_push_decrypted_on_a_phone_in_the_dark(
    stack: Stack, morning: Morning, open_page: Open
) -> None:
    someone = morning.anyone(kind="push")
    seen = open_page(scheme="dark")

    seen.go(f"{stack.inbox}/?search={someone.row['email'].lower()}&kind=push")
    message = seen.page.locator(f"#m{someone.message['id']}")
    message.locator("> summary").tap()

    assert someone.message["payload"]["body"] in message.locator("dd").all_inner_texts()
    seen.snap("inbox-phone-dark")
    assert seen.unreadable() == []
    seen.assert_kept_to_itself(stack.inbox)
