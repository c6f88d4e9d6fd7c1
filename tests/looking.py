"""What a browser can be asked about a page: is it readable, reachable, big enough, and does it keep to itself."""

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page

SCREENSHOTS = Path(__file__).parents[1] / ".local" / "screenshots"

READABLE = 4.5
"""WCAG 2.2, 1.4.3."""
SMALLEST_TARGET = 24
"""CSS px; WCAG 2.2, 2.5.8."""
CALLING_TARGET = 44
"""CSS px for the links in the worst hour; WCAG 2.2, 2.5.5 (AAA)."""

_TEXTS = """() => {
  const found = [], walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const text = walker.currentNode.textContent.trim(), element = walker.currentNode.parentElement;
    if (!text || !element.checkVisibility()) continue;
    let behind = element, ground = 'rgba(0, 0, 0, 0)';
    while (behind && /rgba\\(.*, 0\\)/.test(ground)) {
      ground = getComputedStyle(behind).backgroundColor; behind = behind.parentElement;
    }
    found.push({text, ink: getComputedStyle(element).color, ground});
  }
  return found;
}"""

_TARGETS = """() => {
  const found = document.querySelectorAll('a, button, textarea, input:not([type=hidden]), summary, select');
  return [...found].map(e => {
    const box = (e.closest('label') || e).getBoundingClientRect(), calls = /^(tel|sms):/.test(e.href || '');
    return {name: e.outerHTML.slice(0, 100), width: box.width, height: box.height, calls};
  });
}"""

_FOCUSED = """() => {
  const e = document.activeElement, help = document.querySelector('.help').getBoundingClientRect();
  const box = ((e.type === 'radio' && e.closest('label')) || e).getBoundingClientRect();
  const inside = !!e.closest('.help');
  return {name: e.outerHTML.slice(0, 100), tag: e.tagName, radio: e.type === 'radio' ? e.name + '=' + e.value : '',
    top: box.top, bottom: box.bottom, helpTop: help.top, inside, window: innerHeight};
}"""

_HELP = """() => [...document.querySelectorAll('.help a')].map(e => {
  const box = e.getBoundingClientRect();
  const on_top = document.elementFromPoint(box.left + box.width / 2, box.top + box.height / 2) === e;
  const within = box.top >= 0 && box.bottom <= innerHeight && box.left >= 0 && box.right <= innerWidth;
  return {name: e.textContent, seen: on_top && within};
})"""


@dataclass  # without slots: Playwright keeps something of its own on whose method listens
class Look:
    """A page in a browser, and everything it asked for or complained about."""

    page: Page
    _requests: list[str] = field(default_factory=list)
    _complaints: list[str] = field(default_factory=list)

    def _hear(self, line: ConsoleMessage) -> None:
        # The browser's own remark on a page that is an answer with status 4xx is none on the page.
        of_the_page_itself = line.location["url"] == self.page.url and line.text.startswith("Failed to load resource")
        if line.type in {"error", "warning"} and not of_the_page_itself:
            self._complaints.append(line.text)

    def go(self, address: str) -> int:
        """Open an address and return the answer's status."""
        answer = self.page.goto(address)
        assert answer is not None
        return answer.status

    def tap(self, name: str, value: str) -> None:
        """Tap one choice of a question."""
        choice = self.page.locator("label", has=self.page.locator(f"input[name={name}][value='{value}']"))
        choice.tap()

    def snap(self, name: str) -> None:
        """Keep a picture of what is in the window, and one of the whole page."""
        SCREENSHOTS.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=SCREENSHOTS / f"{name}.png")
        self.page.screenshot(path=SCREENSHOTS / f"{name}-whole.png", full_page=True)

    def unreadable(self) -> list[dict[str, Any]]:
        """Return the texts that stand out too little from what is behind them."""
        texts: list[dict[str, Any]] = self.page.evaluate(_TEXTS)
        assert len(texts) > 5
        return [{**text, "contrast": c} for text in texts if (c := contrast(text["ink"], text["ground"])) < READABLE]

    def too_small(self) -> list[dict[str, Any]]:
        """Return what can be tapped and is too small for it."""
        targets: list[dict[str, Any]] = self.page.evaluate(_TARGETS)
        assert len(targets) >= 3
        smallest = {True: CALLING_TARGET, False: SMALLEST_TARGET}
        return [t for t in targets if t["height"] < smallest[t["calls"]] or t["width"] < smallest[t["calls"]]]

    def focused(self) -> dict[str, Any]:
        """Return what has the focus and where it is."""
        found: dict[str, Any] = self.page.evaluate(_FOCUSED)
        return found

    def assert_focus_is_in_sight(self) -> dict[str, Any]:
        """WCAG 2.2, 2.4.12: nothing of what has the focus is under the help bar or out of the window."""
        at = self.focused()
        assert at["tag"] != "BODY", "the focus is lost"
        assert at["inside"] or at["bottom"] <= at["helpTop"], f"under the help bar: {at}"
        assert at["top"] >= 0, f"above the window: {at}"
        assert at["bottom"] <= at["window"], f"below the window: {at}"
        return at

    def assert_help_is_in_sight(self) -> None:
        """Wherever the page is scrolled to, the numbers to call can be seen and tapped."""
        height = self.page.evaluate("document.documentElement.scrollHeight")
        for part in (0, 0.25, 0.5, 0.75, 1):
            self.page.evaluate(f"window.scrollTo(0, {part * height})")
            links = self.page.evaluate(_HELP)
            assert [link["seen"] for link in links] == [True] * 3, (part, links)

    def assert_kept_to_itself(self, *origins: str) -> None:
        """Nothing was asked of anybody else, and the browser had nothing to complain about."""
        assert self._requests
        strangers = [url for url in self._requests if not url.startswith((*origins, "data:"))]
        assert not strangers, strangers
        assert not self._complaints, self._complaints


def look(context: BrowserContext) -> Look:
    """Return a new page of this context, watched from the beginning."""
    page = context.new_page()
    page.set_default_timeout(15_000)
    seen = Look(page)
    context.on("request", lambda request: seen._requests.append(request.url))  # noqa: SLF001
    page.on("pageerror", lambda error: seen._complaints.append(str(error)))  # noqa: SLF001
    page.on("console", seen._hear)  # noqa: SLF001
    return seen


def contrast(ink: str, ground: str) -> float:
    """Return the contrast ratio of two opaque CSS colours (WCAG 2.2)."""
    light, dark = sorted((_luminance(ink), _luminance(ground)), reverse=True)
    return (light + 0.05) / (dark + 0.05)


def _luminance(colour: str) -> float:
    parts = [float(part) for part in re.findall(r"[\d.]+", colour)]
    assert len(parts) == 3 or parts[3] == 1, f"no opaque colour: {colour}"
    linear = [part / 255 / 12.92 if part / 255 <= 0.04045 else ((part / 255 + 0.055) / 1.055) ** 2.4 for part in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


Scheme = Literal["light", "dark"]
WINDOWS = {"phone": (390, 844), "desktop": (1200, 900), "short": (320, 480)}


def open_page(browser: Browser, device: str, scheme: Scheme = "light", *, script: bool = True) -> Look:
    """Return a page on a device of this size, watched from the beginning."""
    width, height = WINDOWS[device]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, java_script_enabled=script, has_touch=True
    )
    return look(context)
