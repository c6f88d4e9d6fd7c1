"""Find or install a Chromium that Playwright can drive."""

import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from playwright.sync_api import Browser, Error, Playwright, sync_playwright

INSTALLED = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
OPTIONS = (
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
DEBIAN = ["sh", "-c", "apt-get update -q && apt-get install --yes --no-install-recommends chromium"]
DEBIANS = Path("/usr/bin/chromium")
INSTALLED_WITHIN = 600.0
MISSING = (
    "No browser: the tests of the pages need a Chromium. Install one (Debian: `apt-get install chromium`; anywhere:"
    " `.venv/bin/python -m playwright install --with-deps chromium`), or name it in CAIRN_CHROMIUM. Tried:\n  {tried}"
)


@contextmanager
def chromium(say: Callable[[str], None] = print) -> Iterator[Browser]:
    """
    Give a running Chromium, and say which.

    Takes the one in CAIRN_CHROMIUM, else an installed one, else Playwright's own, else Debian's package.
    """
    with sync_playwright() as playwright:
        browser = _launch(playwright, say)
        yield browser
        browser.close()


def _launch(playwright: Playwright, say: Callable[[str], None]) -> Browser:
    named = os.environ.get("CAIRN_CHROMIUM")  # noqa: TID251 (a developer's own choice, no setting of Cairn's)
    if named:
        return _start(playwright, Path(named), say)
    tried = []
    for path in filter(None, map(shutil.which, INSTALLED)):
        try:
            return _start(playwright, Path(path), say)
        except Error as error:
            tried.append(f"{path}: {error.message.splitlines()[0]}")
    own = Path(playwright.chromium.executable_path)
    for install, browser in (([sys.executable, "-m", "playwright", "install", "chromium"], own), (DEBIAN, DEBIANS)):
        if not browser.exists():
            trouble = _install(install, say)
            if trouble:
                tried.append(trouble)
                continue
        try:
            return _start(playwright, browser, say)
        except Error as error:
            tried.append(f"{browser}: {error.message.splitlines()[0]}")
    raise AssertionError(MISSING.format(tried="\n  ".join(tried)))


def _install(command: list[str], say: Callable[[str], None]) -> str | None:
    """Install a browser; return what went wrong, None if nothing did."""
    words = " ".join(command)
    if command is DEBIAN and (os.geteuid() != 0 or shutil.which("apt-get") is None):
        return f"{words}: needs root and apt-get"
    say(f"no Chromium is installed, which takes a minute: {words}")
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=INSTALLED_WITHIN, check=False)  # noqa: S603 (ours)
    except (OSError, subprocess.TimeoutExpired) as error:
        return f"{words}: {error}"
    if done.returncode:
        return f"{words}: {' '.join((done.stderr or done.stdout).split()[-30:])}"
    return None


def _start(playwright: Playwright, path: Path, say: Callable[[str], None]) -> Browser:
    # Chromium's sandbox refuses to run as root, which is what containers are.
    options = [*OPTIONS, *(["--no-sandbox"] if os.geteuid() == 0 else [])]
    browser = playwright.chromium.launch(executable_path=path, args=options)
    say(f"browser: {path} {browser.version}")
    return browser
