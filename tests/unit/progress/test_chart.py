"""Whatever is drawn for whatever width, no text lies on another, and nothing is outside."""

from datetime import date, timedelta
from itertools import combinations, pairwise
from xml.etree.ElementTree import fromstring

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.progress.chart import (
    NARROWEST,
    WIDEST,
    Flagged,
    Label,
    Shape,
    Sketch,
    Threshold,
    Value,
    laid_out,
)
from chalicelib.progress.drawing import CSS, drawn
from chalicelib.progress.measures import measures
from chalicelib.progress.telling import Tongue

TODAY = date(2026, 11, 24)
SCALES = sorted({(one.lowest, one.highest) for one in measures().values()})


@st.composite
def sketches(draw: st.DrawFn) -> Sketch:
    # One number draws all values: a hundred small choices would take a minute to find.
    chance = draw(st.randoms(use_true_random=False))
    lowest, highest = draw(st.sampled_from(SCALES))
    days = draw(st.integers(1, 26)) * 7
    first = TODAY - timedelta(days=days - 1)
    values = []
    for day in sorted(chance.sample(range(days), draw(st.integers(0, days)))):
        low, high = sorted((chance.randint(lowest, highest), chance.randint(lowest, highest)))
        whole, hollow = chance.random() < 0.8, chance.random() < 0.1
        values.append(Value(on=first + timedelta(days=day), low=low, high=low if whole else high, hollow=hollow))
    tongue = Tongue(language=draw(st.sampled_from(["en", "es"])))
    return Sketch(
        title=draw(st.sampled_from(["Cravings", "Brief Addiction Monitor, 7 days: protective"])),
        says="What it shows <&> in words",
        lowest=lowest,
        highest=highest,
        first=first,
        last=TODAY,
        day=tongue.short_day,
        values=values,
        runs=[[value.on for value in values if value.low == value.high]],
        flags=[
            Flagged(on=value.on, shape=chance.choice(list(Shape)), hollow=chance.random() < 0.5)
            for value in values
            if chance.random() < 0.2
        ],
        thresholds=[
            Threshold(at=at, short=f"≥ {at}", long=f"{at} or more: low_mood_rose_phq9, low_mood_rose_phq8.")
            for at in draw(st.sets(st.integers(lowest, highest), max_size=4))
        ],
        keys=[("gap", tongue.say["chart"]["gap"]), ("partial", tongue.say["chart"]["partial"])],
    )


def touch(one: Label, other: Label) -> bool:
    return (
        one.box[0] < other.box[2]
        and other.box[0] < one.box[2]
        and one.box[1] < other.box[3]
        and other.box[1] < one.box[3]
    )


@given(sketches(), st.integers(NARROWEST, WIDEST))
def test_no_text_lies_on_another_and_all_is_inside(sketch: Sketch, width: int) -> None:
    layout = laid_out(sketch, width=width)

    assert [(one.text, other.text) for one, other in combinations(layout.labels, 2) if touch(one, other)] == []
    for label in layout.labels:
        left, top, right, bottom = label.box
        assert left >= 0, label
        assert right <= width, label
        assert top >= 0, label
        assert bottom <= layout.height, label
    for dot in layout.dots:
        assert layout.left <= dot.x <= layout.right
        assert layout.top <= dot.top <= dot.bottom <= layout.bottom
    marks = [mark.x for mark in layout.marks]
    assert all(after - before >= 30 for before, after in pairwise(marks))
    assert sum(mark.number for mark in layout.marks) == len(sketch.flags)


@given(sketches(), st.integers(NARROWEST, WIDEST))
def test_it_is_one_well_formed_image_without_script_or_reference(sketch: Sketch, width: int) -> None:
    svg = fromstring(drawn(sketch, name="bam7-use", width=width, language="en"))  # noqa: S314 (our own)

    space = "{http://www.w3.org/2000/svg}"
    assert {element.tag.removeprefix(space) for element in svg.iter()} <= {
        *("svg", "title", "desc", "style", "rect", "line", "polyline", "polygon", "path", "circle", "text"),
    }
    assert svg.findtext(f"{space}title") == sketch.title
    assert svg.findtext(f"{space}desc") == sketch.says
    assert svg.findtext(f"{space}style") == CSS
    ids = [element.get("id") for element in svg.iter() if element.get("id")]
    assert (svg.get("aria-labelledby"), svg.get("aria-describedby")) == tuple(ids)
    assert not [name for element in svg.iter() for name in element.attrib if name.startswith("on") or "href" in name]
