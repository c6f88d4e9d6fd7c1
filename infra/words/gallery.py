"""Shows every message as it will look, on one page: `make words` writes .local/words.html."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil
from pathlib import Path

from jinja2 import Environment, FileSystemLoader

from chalicelib.outreach.catalogue import LOCALES, names, template
from chalicelib.outreach.domain import DetailLevel
from chalicelib.outreach.previewing import SAMPLE_NAME, Preview, preview
from infra.local.places import LOCAL

PAGE = LOCAL / "words.html"
CHARACTERS_A_LINE, LINE, GAP, MARGINS = 32, 27, 16, 120
"""Of a body at a phone's width: characters, and pixels of a line, between paragraphs, and around and below it all."""
CARRYING = (("check_in", ("nudge-1", "milestone-d30")), ("updates", ("nudge-1", "milestone-d30")))
"""Messages that tell of other things, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """A template on the page."""

    id: str
    title: str
    about: str
    locales: Sequence[tuple[str, Sequence[Preview]]]


def shown(name: str, *, carries: Sequence[str] = ()) -> Shown:
    """Return the newest version of a template, in every language at every level."""
    one = template(name)
    variables = "".join(f", {{{variable}}}" for variable in sorted(one.variables))
    return Shown(
        id="-".join([name, *carries]),
        title=name.replace("_", " ") + (" that tells of more" if carries else ""),
        about=f"Version {one.version}, to {'a participant' if one.to == 'participant' else one.to}{variables}",
        locales=[
            (locale, [preview(name, language=locale, level=level, carries=carries) for level in DetailLevel])
            for locale in LOCALES
        ],
    )


def height(text: str) -> int:
    """Return how many pixels a body takes at a phone's width, by its plain text: a sandboxed frame can't say itself."""
    paragraphs = text.removesuffix("\n").replace("--\n\n", "").split("\n\n")
    lines = [line for paragraph in paragraphs for line in paragraph.split("\n")]
    return MARGINS + sum(LINE * ceil(len(line) / CHARACTERS_A_LINE) + GAP for line in lines)


def page() -> str:
    """Return the page, complete in itself: nothing is fetched."""
    templates = [*map(shown, names()), *(shown(name, carries=carries) for name, carries in CARRYING)]
    environment = Environment(loader=FileSystemLoader(Path(__file__).parent), autoescape=True)
    return environment.get_template("gallery.html").render(
        templates=templates,
        messages=len(templates) * len(LOCALES) * len(DetailLevel),
        levels=[level.value for level in DetailLevel],
        height=height,
        sample=SAMPLE_NAME,
    )


def main(file: Path = PAGE) -> None:
    """Write the page and say where it is."""
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(page(), encoding="utf-8")
    print(f"every message, as it will look: {file}")


if __name__ == "__main__":
    main()
