"""Programmes: a programme's own choices are data."""

import re
import unicodedata
from dataclasses import dataclass
from datetime import time

from chalicelib.enrollment.channels import email_address
from chalicelib.enrollment.showable import UNSHOWN, line_fault
from chalicelib.errors import Conflict, Fault, NotFound
from chalicelib.helplines.domain import countries
from chalicelib.outreach.catalogue import LOCALES
from chalicelib.outreach.quiet import QuietHours
from chalicelib.privacy.domain import Caseload

QUIET_BY_DEFAULT = QuietHours(start=time(21), end=time(8))
"""What a programme begins with (domain rules 5.1)."""

LANGUAGES = LOCALES
"""What messages and pages are written in."""

LONGEST_NAME = 100
_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,39}")

# A sender's name is seen by whoever sees the screen (domain rules 4.2). The lint of words has a longer list, which
# knows that a message is about nothing else; here "Care Team" must pass.
_TELLTALE = re.compile(
    r"addict|recover|\biop\b|rehab|sober|sobri|clean|detox|alcohol|drug|substance|opioid|opiate|methadon|suboxon|"
    r"bupren|naltrex|narcotic|heroin|cocain|fentan|relaps|abstin|overdos|treatment|therap|counsel|"
    r"\b(12|twelve)\W*step|\baa\b|"
    r"adicc|adict|recupera|drog|sustancia|opiace|metadon|cocain|desintox|sobredosis|tratamiento|terap|consejer|"
    r"\b(12|doce)\W*paso",
    re.IGNORECASE,
)
_SPELT_OUT = re.compile(r"\b(\w)\W+(?=\w\b)")


class NoSuchProgramme(NotFound):
    """There is no such programme, or not for this caller."""


class ProgrammeExists(Conflict):
    """A programme of this name is there already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Programme:
    """
    A programme and its own choices. ``emergency_country``: ISO 3166-1 alpha-2, whose help lines are shown.

    ``every_month``: months 4 to 11 are milestones too. ``reply_to`` is a mailbox of theirs that somebody reads, to
    which answers to messages go; None: to the one of the whole system.
    """

    id: str
    name: str
    sender_name: str = "Care Team"
    quiet_hours: QuietHours = QUIET_BY_DEFAULT
    languages: tuple[str, ...] = LANGUAGES
    caseload: Caseload = Caseload.SHARED
    emergency_country: str = "US"
    every_month: bool = False
    reply_to: str | None = None
    version: int = 1


def programme_faults(programme: Programme) -> list[Fault]:
    """Return what is wrong with a programme's own choices."""
    faults = []
    if not _ID.fullmatch(programme.id):
        faults.append(Fault(field="id", reason="must be lower-case letters, digits and hyphens, at most 40"))
    if fault := name_fault(programme.name):
        faults.append(Fault(field="name", reason=fault))
    if fault := _sender_name_fault(programme.sender_name):
        faults.append(Fault(field="senderName", reason=fault))
    if programme.reply_to is not None and (fault := _reply_to_fault(programme.reply_to)):
        faults.append(Fault(field="replyTo", reason=fault))
    if not programme.languages or not set(programme.languages) <= set(LANGUAGES):
        faults.append(Fault(field="languages", reason=f"must be some of {', '.join(LANGUAGES)}"))
    if programme.emergency_country not in countries():
        faults.append(
            Fault(
                field="emergencyCountry",
                reason=f"must be one whose help lines we know: {', '.join(sorted(countries()))}",
            )
        )
    return faults


def _sender_name_fault(text: str) -> str | None:
    if fault := name_fault(text):
        return fault
    # What looks like a word is read as it: wide letters, accents and a letter at a time don't hide one.
    bare = "".join(each for each in unicodedata.normalize("NFKD", text) if unicodedata.category(each) != "Mn")
    if any(unicodedata.category(each) == "Cf" for each in bare):
        return UNSHOWN
    if any(each.isalpha() and not each.isascii() for each in bare):
        return "must be written in the letters of English or Spanish"
    if _TELLTALE.search(bare) or _TELLTALE.search(_SPELT_OUT.sub(r"\1", bare)):
        return "must not tell others what the programme is about"
    return None


def _reply_to_fault(address: str) -> str | None:
    try:
        is_one = email_address(address) == address
    except ValueError:
        is_one = False
    if not is_one:
        return "must be one e-mail address, its domain in lower case"
    # Whoever sees a person's mail sees where the answer goes.
    return "must not tell others what the programme is about" if _TELLTALE.search(address) else None


def name_fault(text: str) -> str | None:
    """Return why this can't be a name, None if it can. Markup and formulas are text like any other."""
    if not text.strip():
        return "is missing"
    if len(text) > LONGEST_NAME:
        return f"is longer than {LONGEST_NAME} characters"
    return line_fault(text)
