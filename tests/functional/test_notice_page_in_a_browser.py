"""The page of a notice in a real browser, served as its door answers."""

import threading
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, Literal

import pytest
from playwright.sync_api import Browser

from chalicelib.edge import pages
from chalicelib.notices.domain import LONGEST_TEXT, Audience, Notice
from chalicelib.notices.page import Reading, Visit
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.browser import chromium
from tests.build import PERSON, a_recipient
from tests.emulator.looking import Look, look
from tests.fakes import FakeRecipients
from tests.fakes_notices import FakeNotices

pytestmark = pytest.mark.browser

Scheme = Literal["light", "dark"]
WINDOWS = {"phone": (390, 844), "desktop": (1200, 900), "short": (320, 480)}
NOW = datetime(2026, 11, 26, 17, tzinfo=UTC)
TEXTS = {
    "en": "From Monday on the evening group meets at six instead of seven.\n\n"
    "Please bring:\n· your workbook\n· something to write\n\n"
    "If the new time doesn't work for you, call us and we find another.",
    "es": "A partir del lunes el grupo de la noche se reúne a las seis en lugar de las siete.\n\n"
    "Trae por favor:\n· tu cuaderno\n· algo para escribir\n\n"
    "Si la nueva hora no te conviene, llámanos y buscamos otra.",
}
HARD = "https://example.org/" + "a" * 300 + "\n" + "<script>document.title='x'</script>\n" + "word " * 200
TITLES = {"en": "Update", "es": "Aviso"}
SIGNER = Signer(("key",))


class Site:
    """The page over fakes at an address of its own."""

    def __init__(self) -> None:
        site = self
        self.notices = FakeNotices()
        self.language = "en"

        class Door(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                visit = Visit(token=self.path.removeprefix("/n/"), now=NOW, language=site.language)
                people = FakeRecipients(a_recipient(language=site.language))
                shown = Reading(signer=SIGNER, recipients=people, notices=site.notices).show(visit)
                body = shown.html.encode()
                self.send_response(shown.status)
                for name, value in {**pages.headers(), "Content-Length": str(len(body))}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                pass

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
        self.origin = f"http://127.0.0.1:{self.server.server_address[1]}"

    def link(self, language: str, texts: dict[str, str]) -> str:
        """Return a link to a notice that says this, for somebody who speaks the language."""
        self.language = language
        notice = Notice(
            id=f"{len(self.notices.kept):032x}",
            programme_id="iop-evening",
            texts=texts,
            at=NOW - timedelta(hours=2),
            audience=Audience(),
            by="admin",
            created_at=NOW,
            moved_at=NOW,
        )
        self.notices.add(notice)
        claims = Claims(
            person_id=PERSON,
            kind=notice.kind,
            on=date(2026, 11, 26),
            channel_id="mail",
            revision=1,
            expires_at=NOW + timedelta(hours=22),
        )
        return f"{self.origin}/n/{SIGNER.token(Purpose.READ, claims)}"


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    made = Site()
    thread = threading.Thread(target=made.server.serve_forever, daemon=True)
    thread.start()
    yield made
    made.server.shutdown()
    made.server.server_close()
    thread.join()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    with chromium(lambda _: None) as running:
        yield running


def open_page(browser: Browser, device: str, scheme: Scheme = "light", *, script: bool = True) -> Look:
    width, height = WINDOWS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=script, has_touch=True
    )
    return look(context)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("device", ["phone", "desktop"])
def test_anybody_can_read_it_and_reach_the_numbers(
    site: Site, browser: Browser, device: str, scheme: Scheme, language: str
) -> None:
    seen = open_page(browser, device, scheme)

    assert seen.go(site.link(language, TEXTS)) == 200

    seen.snap(f"notice-{device}-{scheme}-{language}")
    assert seen.page.title() == TITLES[language]
    assert seen.page.locator("html").get_attribute("lang") == language
    assert seen.page.locator("article p").count() == 3
    assert seen.page.locator("h1").count() == 1
    assert seen.unreadable() == []
    assert seen.too_small() == []
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    seen.assert_help_is_in_sight()
    seen.assert_kept_to_itself(site.origin)
    seen.page.context.close()


def test_whatever_a_text_holds_is_text_and_stays_within_a_small_window(site: Site, browser: Browser) -> None:
    seen = open_page(browser, "short")
    assert len(HARD) <= LONGEST_TEXT

    seen.go(site.link("en", {"en": HARD, "es": HARD}))

    seen.snap("notice-short-hard")
    assert seen.page.title() == "Update"
    assert "<script>" in seen.page.locator("article").inner_text()
    assert seen.page.evaluate("document.documentElement.scrollWidth <= innerWidth"), "it scrolls sideways"
    seen.assert_help_is_in_sight()
    seen.assert_kept_to_itself(site.origin)
    seen.page.context.close()


@pytest.mark.parametrize("language", ["en", "es"])
def test_what_is_over_is_told_to_everybody(site: Site, browser: Browser, language: str) -> None:
    seen = open_page(browser, "phone", "dark")
    link = site.link(language, TEXTS)
    site.notices.kept.clear()

    assert seen.go(link) == 410

    seen.snap(f"notice-over-{language}")
    assert seen.page.get_by_role("status").count() == 1
    assert seen.unreadable() == []
    seen.assert_help_is_in_sight()
    seen.page.context.close()
