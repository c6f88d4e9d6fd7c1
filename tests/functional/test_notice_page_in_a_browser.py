"""The page of a notice in a real browser, served as its door answers."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta

import pytest
from playwright.sync_api import Browser

from chalicelib.edge import pages
from chalicelib.edge.pages import Visit
from chalicelib.notices.domain import LONGEST_TEXT, Audience, Notice
from chalicelib.notices.page import Reading
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.build import PERSON, a_recipient
from tests.fakes import FakeRecipients
from tests.fakes_notices import FakeNotices
from tests.looking import Scheme, open_page
from tests.serving import Told, served

pytestmark = pytest.mark.browser

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

    origin = ""

    def __init__(self) -> None:
        self.notices = FakeNotices()
        self.language = "en"

    def answer(self, _method: str, path: str, _sent: str | None, _headers: Mapping[str, str]) -> Told:
        visit = Visit(token=path.removeprefix("/n/"), now=NOW, language=self.language)
        people = FakeRecipients(a_recipient(language=self.language))
        shown = Reading(signer=SIGNER, recipients=people, notices=self.notices).show(visit)
        return Told(status=shown.status, headers=pages.headers(), text=shown.html)

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
    with served(made.answer) as made.origin:
        yield made


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
