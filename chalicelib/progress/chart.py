"""
Where everything of a chart lies, in pixels of the width that it is drawn for. Draws nothing, and knows no colours.

Text is measured by its length: what fonts make of it differs, so there is room to spare.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

NARROWEST, WIDEST, USUAL = 320, 1600, 640
"""CSS px that a chart can be drawn for: readable there without being scaled."""
TEXT, TITLE = 14, 17
"""Font sizes in CSS px."""
_LETTER = 0.6
"""The width of a letter as a part of the font size; most are narrower."""
_LINE = 20
_PLOT = 190
_EDGE = 12
_DAY_STEPS = (1, 2, 7, 14, 28, 56, 91, 182)
_APART = 18
"""The least distance between the base lines of two texts, and between two dates."""
_MARK_ROOM = 34
"""The least distance between two marks of flags: nearer ones are one mark with a number."""
_KEY_INDENT = 40
"""How far to the right of the edge the words of a key begin: its shape is before them."""


class Shape(StrEnum):
    """How a mark looks: pressing flags point up, the others are diamonds; done ones are hollow."""

    TRIANGLE = "triangle"
    DIAMOND = "diamond"


@dataclass(frozen=True, slots=True, kw_only=True)
class Value:
    """An answer to draw: a dot where ``low`` and ``high`` are the same, else a bar between them."""

    on: date
    low: int
    high: int
    hollow: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Flagged:
    """A flag of a date to mark."""

    on: date
    shape: Shape
    hollow: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """A number from which a rule holds, and what to call it: shortly beside the line, at length below the chart."""

    at: int
    short: str
    long: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Sketch:
    """
    What a chart shows, before anything has a place.

    ``day`` writes a date in little room. ``runs`` are the dates that a line joins. ``keys`` explain shapes, by the name
    of the shape.
    """

    title: str
    says: str
    lowest: int
    highest: int
    first: date
    last: date
    day: Callable[[date], str]
    values: Sequence[Value]
    runs: Sequence[Sequence[date]]
    flags: Sequence[Flagged] = ()
    thresholds: Sequence[Threshold] = ()
    keys: Sequence[tuple[str, str]] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """A text at a place: ``x`` is its start, middle or end, as ``anchor`` says; ``y`` its base line."""

    text: str
    x: float
    y: float
    anchor: str = "start"
    size: int = TEXT

    @property
    def box(self) -> tuple[float, float, float, float]:
        """The room that it takes: left, top, right, bottom."""
        length = len(self.text) * self.size * _LETTER
        left = self.x - {"start": 0.0, "middle": length / 2, "end": length}[self.anchor]
        return left, self.y - self.size, left + length, self.y + self.size * 0.25


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """Flags drawn as one shape at a place; ``number``: how many."""

    x: float
    y: float
    shape: Shape
    hollow: bool
    number: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Dot:
    """An answer at its place: from ``top`` to ``bottom``, which are the same for a whole one."""

    x: float
    top: float
    bottom: float
    hollow: bool


@dataclass(frozen=True, slots=True)
class Key:
    """A shape that is explained, and at which height."""

    shape: str
    y: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Layout:
    """A chart with everything in its place. ``rules`` and ``thresholds`` are the heights of solid and dashed lines."""

    width: int
    height: float
    left: float
    right: float
    top: float
    bottom: float
    rules: tuple[float, ...]
    thresholds: tuple[float, ...]
    lines: tuple[tuple[tuple[float, float], ...], ...]
    dots: tuple[Dot, ...]
    radius: float
    marks: tuple[Mark, ...]
    keys: tuple[Key, ...]
    labels: tuple[Label, ...]


def laid_out(sketch: Sketch, *, width: int) -> Layout:
    """Return the chart laid out for a width."""
    heading = [
        Label(text=line, x=_EDGE, y=_EDGE + TITLE + place * (_LINE + 2), size=TITLE)
        for place, line in enumerate(wrapped(sketch.title, width - 2 * _EDGE, size=TITLE))
    ]
    ticks = _steps(sketch.lowest, sketch.highest)
    left = _EDGE + max(_length(str(tick)) for tick in ticks) + 8
    right = width - _EDGE - max([_length(one.short) + 6 for one in sketch.thresholds], default=_length("00") / 2 + 14)
    top = heading[-1].y + 14 + (_MARK_ROOM if sketch.flags else 4)
    bottom = top + _PLOT
    across = _Scale(sketch.first.toordinal(), sketch.last.toordinal(), left + 8, right - 8)
    up = _Scale(sketch.lowest, sketch.highest, bottom, top)
    spacing = (right - left) / max(1, (sketch.last - sketch.first).days)
    radius = min(4.5, max(2.0, spacing * 0.45))
    by_date = {value.on: value for value in sketch.values}
    keys, key_labels, end = _keys(sketch, y=bottom + 2 * _LINE + 16, width=width)
    return Layout(
        width=width,
        height=end,
        left=left,
        right=right,
        top=top,
        bottom=bottom,
        rules=tuple(up(tick) for tick in ticks),
        thresholds=tuple(up(one.at) for one in sketch.thresholds),
        lines=tuple(
            tuple((across(on.toordinal()), up(by_date[on].low)) for on in run) for run in sketch.runs if len(run) > 1
        ),
        dots=tuple(
            Dot(x=across(one.on.toordinal()), top=up(one.high), bottom=up(one.low), hollow=one.hollow)
            for one in sketch.values
        ),
        radius=radius,
        marks=_marks(sketch.flags, across, y=top - 22),
        keys=keys,
        labels=(
            *heading,
            *(Label(text=str(tick), x=left - 8, y=up(tick) + 5, anchor="end") for tick in ticks),
            *_dates(sketch, across, y=bottom + _LINE + 4, within=(_EDGE, width - _EDGE)),
            *_beside(sketch.thresholds, up, x=right + 6),
            *key_labels,
        ),
    )


@dataclass(frozen=True, slots=True)
class _Scale:
    """Where numbers lie between two places."""

    lowest: float
    highest: float
    start: float
    end: float

    def __call__(self, value: float) -> float:
        if self.highest == self.lowest:
            return (self.start + self.end) / 2
        return self.start + (value - self.lowest) / (self.highest - self.lowest) * (self.end - self.start)


def wrapped(text: str, room: float, *, size: int = TEXT) -> list[str]:
    """Return a text in lines that fit into so many pixels."""
    lines = [""]
    for word in text.split():
        longer = f"{lines[-1]} {word}".strip()
        if lines[-1] and _length(longer, size) > room:
            lines.append(word)
        else:
            lines[-1] = longer
    return lines


def _length(text: str, size: int = TEXT) -> float:
    return len(text) * size * _LETTER


def _steps(lowest: int, highest: int) -> range:
    # The smallest step that divides the scale into few enough parts, so that both ends have a number.
    span = highest - lowest
    step = next(step for step in range(1, span + 1) if span % step == 0 and span // step <= 7)  # noqa: PLR2004
    return range(lowest, highest + 1, step)


def _dates(sketch: Sketch, across: _Scale, *, y: float, within: tuple[float, float]) -> list[Label]:
    days = (sketch.last - sketch.first).days
    longest = max(_length(sketch.day(sketch.last.replace(month=month, day=28))) for month in range(1, 13))
    a_day = (across.end - across.start) / max(1, days)
    step = next((step for step in _DAY_STEPS if step * a_day >= longest + _APART), days + 1)
    labels = []
    for ordinal in range(sketch.last.toordinal(), sketch.first.toordinal() - 1, -step):
        text = sketch.day(date.fromordinal(ordinal))
        half = _length(text) / 2
        x = min(max(across(ordinal), within[0] + half), within[1] - half)
        labels.append(Label(text=text, x=x, y=y, anchor="middle"))
    return labels


def _beside(thresholds: Sequence[Threshold], up: _Scale, *, x: float) -> list[Label]:
    ordered = sorted(thresholds, key=lambda one: up(one.at))
    places: list[float] = []
    for one in ordered:
        places.append(max(up(one.at) + 5, places[-1] + _APART if places else 0))
    # What was pushed below the plot moves up again, and what is above it, too.
    lowest = up(up.lowest) + 5
    for place in reversed(range(len(places))):
        lowest = min(places[place], lowest)
        places[place], lowest = lowest, lowest - _APART
    return [Label(text=one.short, x=x, y=y) for one, y in zip(ordered, places, strict=True)]


def _marks(flags: Iterable[Flagged], across: _Scale, *, y: float) -> tuple[Mark, ...]:
    groups: list[tuple[float, list[Flagged]]] = []
    for flag in sorted(flags, key=lambda flag: flag.on):
        x = across(flag.on.toordinal())
        if groups and x - groups[-1][0] < _MARK_ROOM:
            groups[-1][1].append(flag)
        else:
            groups.append((x, [flag]))
    return tuple(
        Mark(
            x=x,
            y=y,
            shape=min((flag.shape for flag in group), key=list(Shape).index),
            hollow=all(flag.hollow for flag in group),
            number=len(group),
        )
        for x, group in groups
    )


def _keys(sketch: Sketch, *, y: float, width: int) -> tuple[tuple[Key, ...], tuple[Label, ...], float]:
    keys, labels = [], []
    for shape, text in _explained(sketch):
        keys.append(Key(shape, y - 5))
        for line in wrapped(text, width - 2 * _EDGE - _KEY_INDENT):
            labels.append(Label(text=line, x=_EDGE + _KEY_INDENT, y=y))
            y += _LINE
        y += 4
    return tuple(keys), tuple(labels), y - _LINE + _EDGE


def _explained(sketch: Sketch) -> Iterator[tuple[str, str]]:
    yield from sketch.keys
    for one in sketch.thresholds:
        yield "threshold", one.long
