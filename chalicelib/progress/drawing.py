"""
A chart as SVG that everybody can read: named and described, in two colour schemes, without script or motion.

It speaks by shapes and dashes, never by colour alone. Why no library draws it: docs/decisions/0030-charts.md.
"""

from base64 import b64encode
from hashlib import sha256
from xml.etree.ElementTree import Element, SubElement, tostring

from chalicelib.progress.chart import TITLE, Dot, Key, Label, Mark, Shape, Sketch, laid_out

_LIGHT = {"ground": "#ffffff", "ink": "#1f2933", "line": "#0b5cad", "rule": "#c8d0d8", "limit": "#8a3d00"}
_DARK = {"ground": "#14181d", "ink": "#e6eaee", "line": "#7ab8ff", "rule": "#46505b", "limit": "#ffb27a"}

# Presentation attributes give the light scheme even where a page's policy refuses the style sheet.
_PAINT = {
    "ground": {"fill": "ground"},
    "text": {"fill": "ink"},
    "rule": {"stroke": "rule"},
    "axis": {"stroke": "ink"},
    "line": {"stroke": "line"},
    "dot": {"fill": "line", "stroke": "line"},
    "open": {"fill": "ground", "stroke": "line"},
    "limit": {"stroke": "limit"},
    "mark": {"fill": "limit", "stroke": "limit"},
    "done": {"fill": "ground", "stroke": "limit"},
}


def _css() -> str:
    rules = "".join(
        f".cairn-{name}{{{';'.join(f'{what}:{_DARK[colour]}' for what, colour in paint.items())}}}"
        for name, paint in _PAINT.items()
    )
    return f"@media (prefers-color-scheme:dark){{{rules}}}"


CSS = _css()

HEADERS = {
    "Content-Security-Policy": (
        f"default-src 'none'; style-src 'sha256-{b64encode(sha256(CSS.encode()).digest()).decode()}'; "
        "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    ),
    "Cache-Control": "no-store",
    "Content-Disposition": 'inline; filename="chart.svg"',
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex, nofollow",
}
"""What a chart goes out with: nothing is kept, framed, loaded or run."""

MEDIA_TYPE = "image/svg+xml; charset=utf-8"


def drawn(sketch: Sketch, *, name: str, width: int, language: str) -> str:
    """Return the chart as SVG. ``name`` tells its ids from those of other charts on the same page."""
    layout = laid_out(sketch, width=width)
    title_id, says_id = f"cairn-{name}-title", f"cairn-{name}-says"
    svg = Element(
        "svg",
        {
            "xmlns": "http://www.w3.org/2000/svg",
            "role": "img",
            "lang": language,
            "aria-labelledby": title_id,
            "aria-describedby": says_id,
            "width": str(width),
            "height": _short(layout.height),
            "viewBox": f"0 0 {width} {_short(layout.height)}",
            "font-family": "system-ui, sans-serif",
        },
    )
    SubElement(svg, "title", {"id": title_id}).text = sketch.title
    SubElement(svg, "desc", {"id": says_id}).text = sketch.says
    SubElement(svg, "style").text = CSS
    _add(svg, "rect", "ground", width=width, height=layout.height)
    for y in layout.rules:
        _add(svg, "line", "rule", x1=layout.left, x2=layout.right, y1=y, y2=y, stroke_width=1)
    _add(svg, "line", "axis", x1=layout.left, x2=layout.right, y1=layout.bottom, y2=layout.bottom, stroke_width=1.5)
    for y in layout.thresholds:
        _dashed(svg, layout.left, layout.right, y)
    for line in layout.lines:
        places = " ".join(f"{_short(x)},{_short(y)}" for x, y in line)
        _add(svg, "polyline", "line", points=places, fill="none", stroke_width=2.5, stroke_linejoin="round")
    for dot in layout.dots:
        _dot(svg, dot, layout.radius)
    for mark in layout.marks:
        _mark(svg, mark)
    for key in layout.keys:
        _key(svg, key)
    for label in layout.labels:
        _text(svg, label)
    return tostring(svg, encoding="unicode")


def _add(parent: Element, tag: str, paint: str, /, **attributes: float | str) -> Element:
    colours = {name: _LIGHT[colour] for name, colour in _PAINT[paint].items()}
    given = {
        name.replace("_", "-"): value if isinstance(value, str) else _short(value) for name, value in attributes.items()
    }
    return SubElement(parent, tag, {"class": f"cairn-{paint}", **colours, **given})


def _short(number: float) -> str:
    return f"{number:.1f}".removesuffix(".0")


def _dashed(svg: Element, left: float, right: float, y: float) -> None:
    _add(svg, "line", "limit", x1=left, x2=right, y1=y, y2=y, stroke_width=2, stroke_dasharray="7 5")


def _dot(svg: Element, dot: Dot, radius: float) -> None:
    if dot.top == dot.bottom:
        _add(svg, "circle", "open" if dot.hollow else "dot", cx=dot.x, cy=dot.top, r=radius, stroke_width=2)
        return
    _bar(svg, dot.x, dot.top, dot.bottom, radius)


def _bar(svg: Element, x: float, top: float, bottom: float, radius: float) -> None:
    end = radius + 1
    path = (
        f"M{_short(x)} {_short(top)}V{_short(bottom)}"
        f"M{_short(x - end)} {_short(top)}h{_short(2 * end)}M{_short(x - end)} {_short(bottom)}h{_short(2 * end)}"
    )
    _add(svg, "path", "line", d=path, fill="none", stroke_width=2)


def _mark(svg: Element, mark: Mark) -> None:
    _shape(svg, mark.x, mark.y, mark.shape, hollow=mark.hollow)
    if mark.number > 1:
        _text(svg, Label(text=str(mark.number), x=mark.x + 9, y=mark.y + 5))


def _shape(svg: Element, x: float, y: float, shape: Shape, *, hollow: bool) -> None:
    corners = {
        Shape.TRIANGLE: ((0, -7), (7, 6), (-7, 6)),
        Shape.DIAMOND: ((0, -7), (6, 0), (0, 7), (-6, 0)),
    }[shape]
    places = " ".join(f"{_short(x + across)},{_short(y + down)}" for across, down in corners)
    _add(svg, "polygon", "done" if hollow else "mark", points=places, stroke_width=2)


def _key(svg: Element, key: Key) -> None:
    x = 30
    match key.shape:
        case "threshold":
            _dashed(svg, x - 17, x + 15, key.y)
        case "gap":
            _add(svg, "path", "line", d=f"M{x - 16} {_short(key.y)}h11m10 0h11", fill="none", stroke_width=2.5)
        case "partial":
            _bar(svg, x, key.y - 7, key.y + 7, 4.5)
        case "disputed":
            _add(svg, "circle", "open", cx=x, cy=key.y, r=4.5, stroke_width=2)
        case "":
            pass
        case other:
            shape, _, state = other.partition("-")
            _shape(svg, x, key.y, Shape(shape), hollow=state == "done")


def _text(svg: Element, label: Label) -> None:
    element = _add(svg, "text", "text", x=label.x, y=label.y, font_size=label.size, text_anchor=label.anchor)
    if label.size == TITLE:
        element.set("font-weight", "600")
    element.text = label.text
