"""A person's charts in a real browser, served as their door answers: readable on a phone and a desk, day and night."""

from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from playwright.sync_api import Browser, Page

from chalicelib.checkins.domain import Answer, CheckIn, Revision, Source
from chalicelib.flags.rules import defaults
from chalicelib.progress.chart import Sketch
from chalicelib.progress.drawing import HEADERS, MEDIA_TYPE, drawn
from chalicelib.progress.series import Asked, State
from chalicelib.progress.service import Flag, Series, Weeks, measure_named, series_of
from chalicelib.progress.sketching import own_sketch, staff_sketch
from chalicelib.progress.telling import Tongue
from chalicelib.tasks.domain import Kind, Severity, Task
from chalicelib.tasks.domain import State as TaskState
from tests.fakes_progress import a_record
from tests.looking import READABLE, SCREENSHOTS, Scheme, contrast
from tests.serving import Told, served

pytestmark = pytest.mark.browser

TODAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 18, tzinfo=UTC)
WIDTHS = (390, 1280)

_TEXTS = """() => [...document.querySelectorAll('text')].map(e => {
  const box = e.getBoundingClientRect();
  return {text: e.textContent, left: box.left, top: box.top, right: box.right, bottom: box.bottom,
    size: parseFloat(getComputedStyle(e).fontSize), ink: getComputedStyle(e).fill,
    ground: getComputedStyle(document.querySelector('rect')).fill};
})"""
_SHAPES = """() => [...document.querySelectorAll('circle, polygon, polyline, path, line')].map(e => {
  const box = e.getBoundingClientRect(), style = getComputedStyle(e);
  return {tag: e.tagName, name: e.getAttribute('class'), left: box.left, right: box.right, top: box.top,
    bottom: box.bottom, ink: style.stroke, ground: getComputedStyle(document.querySelector('rect')).fill};
})"""


def answered(on: date, values: Mapping[str, int], form: str = "daily") -> CheckIn:
    at = datetime.combine(on, NOW.time(), UTC)
    revision = Revision(answer=Answer(form_version=1, values=values), at=at, source=Source.APP)
    return CheckIn(person_id="p", on=on, form=form, revisions=(revision,))


def weeks_with(check_ins: list[CheckIn], *, language: str = "en", weeks: int = 18) -> Weeks:
    first = TODAY - timedelta(weeks=weeks) + timedelta(days=1)
    return Weeks(record=a_record(language=language), first=first, last=TODAY, check_ins=tuple(check_ins))


def daily(number: int, *, language: str = "en") -> tuple[Weeks, Series, list[Asked]]:
    """Return so many days' answers, with a gap of three days in each fortnight where there are many."""
    backs = [back for back in range(number) if number < 12 or back % 14 not in {4, 5, 6}]
    check_ins = [
        answered(TODAY - timedelta(days=back), {"craving": 10 if back == 9 else (back * 7 + back // 3) % 9})
        for back in backs
    ]
    weeks = weeks_with(sorted(check_ins, key=lambda one: one.on), language=language)
    dates = {check_in.on for check_in in check_ins}
    missing = {TODAY - timedelta(days=back) for back in range(number)} - dates
    asked = [Asked(on=on, form="daily", state=State.UNANSWERED) for on in sorted(missing)]
    return weeks, series_of(weeks, measure_named("craving")), asked


def flag(on: date, severity: Severity, *, of: str, rule: str, done: bool = False) -> Flag:
    task = Task(
        programme_id="iop-evening",
        person_id="p",
        kind=Kind.FLAG,
        about=f"{rule}-{on}-daily",
        owner=next(one.owner for one in defaults() if one.id == rule),
        opened_at=NOW,
        due_at=NOW,
        severity=severity,
        state=TaskState.DONE if done else TaskState.OPEN,
    )
    return Flag(task=task, rule=rule, of=of, on=on, form="daily")


def own(number: int, language: str) -> Sketch:
    weeks, series, asked = daily(number, language=language)
    return own_sketch(weeks, series, asked, Tongue(language=language))


def staff(number: int) -> Sketch:
    weeks, series, asked = daily(number)
    flags = [
        flag(
            point.on,
            Severity.URGENT if point.lowest > 8 else Severity.FOLLOW_UP,
            of="craving",
            rule="craving_severe" if point.lowest > 8 else "craving_rose",
            done=place % 3 == 0,
        )
        for place, point in enumerate(series.points)
        if point.lowest > 6
    ]
    return staff_sketch(weeks, series, asked, flags, defaults())


def weekly(number: int) -> Sketch:
    """Return weeks' scores of which every third is partial, and one is disputed."""
    items = ("1", "2", "3", "8", "11", "15")
    check_ins = [
        answered(
            TODAY - timedelta(weeks=back, days=2),
            {f"bam7.{item}": (back + place) % 5 for place, item in enumerate(items) if back % 3 != 1 or place < 4},
            form="weekly",
        )
        for back in reversed(range(number))
    ]
    weeks = weeks_with(check_ins)
    return staff_sketch(weeks, series_of(weeks, measure_named("bam7.risk")), [], [], defaults())


SKETCHES = {
    **{f"own-{number}-{language}": own(number, language) for number in (0, 1, 2, 12, 120) for language in ("en", "es")},
    **{f"staff-{number}": staff(number) for number in (1, 2, 12, 120)},
    **{f"weekly-{number}": weekly(number) for number in (1, 3, 17)},
}


@pytest.fixture(scope="module")
def origin() -> Iterator[str]:
    def answer(_method: str, path: str, _sent: str | None, _headers: Mapping[str, str]) -> Told:
        name, _, width = path.strip("/").partition("/")
        svg = drawn(SKETCHES[name], name="craving", width=int(width), language="es" if name.endswith("es") else "en")
        return Told(status=200, headers={**HEADERS, "Content-Type": MEDIA_TYPE}, text=svg)

    with served(answer) as at:
        yield at


def opened(browser: Browser, address: str, width: int, scheme: Scheme) -> tuple[Page, list[str]]:
    page = browser.new_page(viewport={"width": width, "height": 700}, color_scheme=scheme)
    complaints: list[str] = []
    page.on("console", lambda line: complaints.append(line.text))
    page.on("pageerror", lambda error: complaints.append(str(error)))
    answer = page.goto(address)
    assert answer is not None
    assert answer.status == 200
    return page, complaints


def touch(one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    return bool(
        one["left"] < other["right"]
        and other["left"] < one["right"]
        and one["top"] < other["bottom"]
        and other["top"] < one["bottom"]
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("width", WIDTHS)
@pytest.mark.parametrize("name", SKETCHES)
def test_a_chart_can_be_read(origin: str, browser: Browser, name: str, width: int, scheme: Scheme) -> None:
    page, complaints = opened(browser, f"{origin}/{name}/{width}", width, scheme)

    SCREENSHOTS.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=SCREENSHOTS / f"chart-{name}-{width}-{scheme}.png")
    texts, shapes = page.evaluate(_TEXTS), page.evaluate(_SHAPES)
    page.close()

    assert complaints == []
    assert min(text["size"] for text in texts) >= 14
    overlaps = [
        (one["text"], other["text"])
        for place, one in enumerate(texts)
        for other in texts[place + 1 :]
        if touch(one, other)
    ]
    assert overlaps == []
    assert [text["text"] for text in texts if text["left"] < 0 or text["right"] > width] == []
    assert [text["text"] for text in texts if contrast(text["ink"], text["ground"]) < READABLE] == []
    marks = [shape for shape in shapes if shape["tag"] in {"circle", "polygon", "path"}]
    covered = [(mark["name"], text["text"]) for mark in marks for text in texts if touch(mark, text)]
    assert covered == []
    drawn_with = [shape for shape in shapes if shape["name"] != "cairn-rule"]
    # WCAG 2.2, 1.4.11: three to one for what isn't text.
    assert [shape["name"] for shape in drawn_with if contrast(shape["ink"], shape["ground"]) < 3] == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_the_two_schemes_differ(origin: str, browser: Browser, scheme: Scheme) -> None:
    page, _ = opened(browser, f"{origin}/own-12-en/640", 640, scheme)

    ground = page.evaluate("getComputedStyle(document.querySelector('rect')).fill")
    page.close()

    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 24, 29)"}[scheme]


def test_a_chart_has_a_name_and_a_description_for_who_cant_see_it(origin: str, browser: Browser) -> None:
    page, _ = opened(browser, f"{origin}/own-120-en/640", 640, "light")

    image = page.get_by_role("img", name="Cravings")
    says = page.evaluate(
        "document.getElementById(document.documentElement.getAttribute('aria-describedby')).textContent"
    )
    found = image.count()
    page.close()

    assert found == 1
    assert "On average it was" in says
