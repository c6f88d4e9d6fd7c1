"""The texts that people consent to: data files with a version, one per scope and language. A text never changes."""

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from chalicelib.errors import Fault, Invalid

CURRENT = {
    "contact_email": 1,
    "email_risk_ack": 1,
    "contact_push": 1,
    "detail_level": 1,
    "alumni_contact": 1,
    "group_celebrate": 1,
    "group_membership_visible": 1,
    "caring_contacts": 1,
    "birthday": 1,
    "partner_share:checkin_done": 1,
    "partner_share:milestones": 1,
    "supporter:invitation": 1,
    "supporter:attendance": 1,
    "supporter:milestones": 1,
    "supporter:general_progress": 1,
    "supporter:family_sessions": 1,
    "supporter:crisis_contact": 1,
    "mentor_match": 1,
    "mentor_share:milestones": 1,
}
"""
The version of each text that is shown now. Another wording is another file and the next number here.

A text about supporters is for whichever of them: the scope of the consent says which.
"""

LOCALES = ("en", "es")


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentText:
    """A text as it is shown; ``sha256`` (hexadecimal) goes onto every consent given to it."""

    scope: str
    version: int
    locale: str
    body: str
    sha256: str


@cache
def current_text(scope: str, locale: str) -> ConsentText:
    """
    Return the text that is shown now for a scope.

    :raises Invalid: if the scope has no text yet, or not in this language
    """
    if scope not in CURRENT:
        raise Invalid(Fault(field="scope", reason="this scope can't be granted yet: it has no text"))
    if locale not in LOCALES:
        raise Invalid(Fault(field="locale", reason="there is no text in this language"))
    version = CURRENT[scope]
    raw = (files(__package__) / "consent_texts" / f"{scope.replace(':', '.')}.v{version}.{locale}.txt").read_bytes()
    return ConsentText(
        scope=scope,
        version=version,
        locale=locale,
        body=raw.decode("utf-8").strip(),
        sha256=hashlib.sha256(raw).hexdigest(),
    )
