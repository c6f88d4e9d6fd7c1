"""The page behind the link at an e-mail's foot in a real browser, served by its own doors over the table."""

from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from playwright.sync_api import Browser

from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.kinds import CHECK_IN
from tests.contract.test_people_routes import Api
from tests.contract.test_preference_routes import WORDS, seen, token_of
from tests.looking import Look, Scheme, open_page
from tests.serving import Told, served

pytestmark = pytest.mark.browser

COMFORTABLE = 44
"""CSS px of a target that is easy to hit (WCAG 2.2, 2.5.5)."""


class Site:
    """The doors at an address of their own, and one person with a link."""

    origin = ""

    def __init__(self, api: Api) -> None:
        self.api = api

    def answer(self, method: str, path: str, sent: str | None, headers: Mapping[str, str]) -> Told:
        told = self.api.send(method, path, sent, Accept_Language=headers["Accept-Language"])
        return Told(status=told.status, headers=told.headers, text=told.text)

    def somebody(self, language: str = "en") -> tuple[str, str]:
        """Return a person who speaks the language, and their link."""
        person_id = self.api.enrol(language=language)
        return person_id, f"{self.origin}/u/{token_of(person_id)}"


@pytest.fixture
def site(kept_keys: None) -> Iterator[Site]:
    del kept_keys
    api = Api()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    made = Site(api)
    with served(made.answer) as made.origin:
        yield made


def small_targets(page: Look) -> list[dict[str, Any]]:
    """Return what can be pressed and is no comfortable target."""
    found: list[dict[str, Any]] = page.page.evaluate(
        """() => [...document.querySelectorAll('main label.choice, main button, main summary, main a')].map(e => {
          const box = e.getBoundingClientRect(); return {name: e.textContent, width: box.width, height: box.height};
        })"""
    )
    assert len(found) > 4
    return [one for one in found if one["height"] < COMFORTABLE or one["width"] < COMFORTABLE]


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_anybody_can_read_and_reach_everything(
    site: Site, browser: Browser, device: str, scheme: Scheme, language: str
) -> None:
    page = open_page(browser, device, scheme)

    assert page.go(site.somebody(language)[1]) == 200
    page.snap(f"less-{device}-{scheme}-{language}")
    page.page.locator("summary").tap()
    page.snap(f"less-open-{device}-{scheme}-{language}")

    assert page.page.title() == "Care Team"
    assert page.page.locator("html").get_attribute("lang") == language
    assert page.page.locator("h1").inner_text() == WORDS[language]["heading"]
    assert page.page.locator("button").count() == 1
    assert page.unreadable() == []
    assert small_targets(page) == []
    assert page.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    page.assert_help_is_in_sight()
    page.assert_kept_to_itself(site.origin)
    page.page.context.close()


@pytest.mark.parametrize(("script", "language"), [(True, "en"), (False, "es")])
def test_one_kind_is_stopped_by_tap_also_without_javascript(
    site: Site, browser: Browser, *, script: bool, language: str
) -> None:
    person_id, link = site.somebody(language)
    page = open_page(browser, "phone", script=script)
    page.go(link)

    page.page.locator("summary").tap()
    page.tap(CHECK_IN, "email")
    page.page.get_by_role("button").tap()

    page.page.get_by_role("heading", name=WORDS[language]["done"][0]).wait_for()
    page.snap(f"less-done-phone-{language}")
    assert seen(person_id).opt_outs == {(CHECK_IN, ChannelKind.EMAIL)}
    page.assert_kept_to_itself(site.origin)
    page.page.context.close()


def test_all_is_stopped_by_keyboard_alone_and_the_help_bar_covers_nothing(site: Site, browser: Browser) -> None:
    person_id, link = site.somebody()
    page = open_page(browser, "short")
    page.go(link)
    keys = page.page.keyboard

    keys.press("Tab")
    keys.press("ArrowDown")
    assert page.assert_focus_is_in_sight()["radio"] == "all=stop"
    keys.press("Tab")
    assert page.assert_focus_is_in_sight()["tag"] == "SUMMARY"
    keys.press("Tab")
    assert page.assert_focus_is_in_sight()["tag"] == "BUTTON"
    keys.press("Enter")

    page.page.get_by_role("heading", name=WORDS["en"]["done"][0]).wait_for()
    assert (CHECK_IN, None) in seen(person_id).opt_outs
    page.page.context.close()


def test_a_press_without_a_choice_changes_nothing_and_says_so(site: Site, browser: Browser) -> None:
    person_id, link = site.somebody()
    page = open_page(browser, "phone", "dark")
    page.go(link)

    page.page.get_by_role("button").tap()

    alert = page.page.get_by_role("alert")
    alert.wait_for()
    assert WORDS["en"]["nothing"] in alert.inner_text()
    page.snap("less-nothing-phone-dark")
    assert page.unreadable() == []
    assert seen(person_id).opt_outs == frozenset()
    page.page.context.close()
