"""The page behind the link at the foot of an e-mail: one can get less there, and read nothing."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import time
from email.message import Message
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from chalicelib.edge import pages
from chalicelib.edge.http import Answer
from chalicelib.edge.pages.answers import answer_with
from chalicelib.enrollment.preferences import Less, Off, can_be_switched_off, everything
from chalicelib.errors import Fault, refuse
from chalicelib.helplines.domain import resources
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.quiet import QuietHours

FOLDER = Path(__file__).parent / "pages"
MULTIPART = "multipart/form-data"
MOST_FIELDS = 40
_LONGEST_HEAD = 500
_NAME = re.compile(r'^content-disposition:[ \t]*form-data;[ \t]*name="?([^";\n]*)', re.IGNORECASE | re.MULTILINE)

QUIET = {
    "20-09": QuietHours(start=time(20), end=time(9)),
    "18-10": QuietHours(start=time(18), end=time(10)),
}
"""The quiet hours that the page offers to add."""

PHONE = frozenset({ChannelKind.PUSH, ChannelKind.MOBILE})
_DISCREET = {"email": frozenset({ChannelKind.EMAIL}), "phone": PHONE}


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """
    Who looks, as far as the page may tell: their language, whose numbers to show, and the category of the e-mail.

    The category comes first on the page; it is the one thing that the bearer of the link knows already.
    """

    language: str
    country: str = "US"
    category: str = ""


def is_one_click(body: str, content_type: str) -> bool:
    """Say whether a mail program sent this for somebody who pressed its own button (RFC 8058 3.2), in either form."""
    return _fields(body, content_type).get("List-Unsubscribe") == "One-Click"


def read_less(body: str, content_type: str) -> Less:
    """
    Return what the page's form asks for.

    :raises Invalid: names each field that can't be
    """
    sent = _fields(body, content_type)
    faults = []

    def one_of(name: str, *choices: str) -> str:
        value = sent.get(name, "")
        if value and value not in choices:
            faults.append(Fault(field=name, reason=f"must be one of {', '.join(choices)}, or empty"))
        return value

    off: set[Off] = set(everything()) if one_of("all", "stop") else set()
    for category in can_be_switched_off():
        match one_of(category, "email", "stop"):
            case "email":
                off.add((category, ChannelKind.EMAIL))
            case "stop":
                off.add((category, None))
    discreet = [kinds for name, kinds in _DISCREET.items() if one_of(f"detail-{name}", "less")]
    quiet = one_of("quiet", *QUIET)
    refuse(faults)
    return Less(off=frozenset(off), discreet=frozenset().union(*discreet), quiet=QUIET.get(quiet))


def _fields(body: str, content_type: str) -> dict[str, str]:
    try:
        if content_type.partition(";")[0].strip().lower() == MULTIPART:
            return _parts(body, content_type)
        return {name: values[-1] for name, values in parse_qs(body, max_num_fields=MOST_FIELDS).items()}
    except ValueError:
        # Too many fields for our form: whatever it is, it asks for nothing.
        return {}


def _parts(body: str, content_type: str) -> dict[str, str]:
    """Return the fields of a form (RFC 7578), which has no parts within parts: a reader of mail would follow those."""
    head = Message()
    head["Content-Type"] = content_type
    edge = head.get_boundary()
    if not edge:
        return {}
    _, *parts = body.replace("\r\n", "\n").split(f"--{edge}", MOST_FIELDS + 2)
    if len(parts) > MOST_FIELDS + 1:
        return {}
    found = {}
    for part in parts:
        about, _, value = part.partition("\n\n")
        name = _NAME.search(about[:_LONGEST_HEAD])
        if name:
            found[name[1]] = value.strip()
    return found


def questions(visit: Visit, *, nothing: bool = False) -> Answer:
    """Show what one can get less of. ``nothing``: the form came back with nothing chosen."""
    # Who is no person in care has one list to leave, and nothing else to choose here.
    is_other = bool(visit.category) and visit.category not in can_be_switched_off()
    names = [] if is_other else sorted(can_be_switched_off(), key=lambda name: name != visit.category)
    return _shown(
        visit,
        "less.html",
        status=HTTPStatus.UNPROCESSABLE_ENTITY if nothing else HTTPStatus.OK,
        names=names,
        hours=list(QUIET),
        nothing=nothing,
    )


def word(visit: Visit, name: str, *, status: HTTPStatus = HTTPStatus.OK) -> Answer:
    """Say in a few words how it went: ``done``, ``unknown`` or ``trouble``."""
    return _shown(visit, "less_word.html", status=status, heading=name, again=name != "unknown")


def _shown(visit: Visit, template: str, *, status: HTTPStatus, **values: object) -> Answer:
    say: Mapping[str, Any] = pages.words(FOLDER / "less.json", visit.language)
    html = pages.render(
        FOLDER,
        template,
        language=visit.language if visit.language in pages.LANGUAGES else "en",
        numbers=resources(visit.country),
        title=say["title"],
        say=say,
        **values,
    )
    return answer_with(pages.Shown(html=html, status=status))
