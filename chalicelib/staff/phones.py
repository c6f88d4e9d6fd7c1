"""A telephone number that takes pages as text messages: whose it is, shown by a code that was sent there."""

import re
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from hashlib import sha256
from hmac import compare_digest

from chalicelib.errors import Conflict, TooSoon

CODE_WORKS = timedelta(minutes=10)
MOST_TRIES = 5
"""How often a code may be guessed; then another one has to be sent."""
MOST_CODES, WITHIN = 5, timedelta(hours=24)
"""How many codes are sent to numbers that may be a stranger's, for one member, and in what time."""

# ITU-T E.164: a country code, which begins with no 0, and 15 digits at most in all; no number that can be called has
# fewer than 8 with its country code.
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")
_WRITTEN = re.compile(r"[ ().-]")


class NoPhone(Conflict):
    """There is no number to confirm."""


class WrongCode(Conflict):
    """That isn't the code, or it is too old, or was guessed too often."""


class CodesSentTooOften(TooSoon):
    """Enough codes were sent to numbers that may not be theirs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Phone:
    """
    A number (E.164). ``code`` is the digest of the one that was sent last, ``asked_at`` when each of the last ones was.

    ``tries``: how often the present code was guessed wrongly. ``number`` is empty once it was removed: how many codes
    were sent stays counted.
    """

    number: str
    confirmed_at: datetime | None = None
    code: str | None = None
    tries: int = 0
    asked_at: tuple[datetime, ...] = ()

    @property
    def is_confirmed(self) -> bool:
        """Whether pages may go there."""
        return self.confirmed_at is not None

    @property
    def shown(self) -> str:
        """Return its last digits, for whoever isn't its holder."""
        return f"…{self.number[-2:]}"

    def confirmed(self, code: str, *, at: datetime) -> "Phone":
        """
        Return the number as its holder's own; a wrong code counts as a try. Confirmed already is fine.

        The same phone with one try more comes back for a wrong code: whoever keeps it says that it was wrong.
        """
        if self.is_confirmed:
            return self
        is_open = self.code is not None and self.tries < MOST_TRIES and at < self.asked_at[-1] + CODE_WORKS
        if is_open and self.code is not None and compare_digest(self.code, digest(code, self.number)):
            return replace(self, confirmed_at=at, code=None, tries=0)
        return replace(self, tries=self.tries + 1)


def asked(before: Phone | None, number: str, code: str, *, at: datetime) -> Phone:
    """
    Return the number as it is once this code was sent there. What was asked before stays counted.

    :raises CodesSentTooOften: if that is one too many
    """
    lately = tuple(one for one in (before.asked_at if before else ()) if one > at - WITHIN)
    if len(lately) >= MOST_CODES:
        again_at = lately[-MOST_CODES] + WITHIN
        text = f"too many codes were sent; try again at {again_at.isoformat(timespec='seconds')}"
        raise CodesSentTooOften(text, again_at=again_at)
    return Phone(number=number, code=digest(code, number), asked_at=(*lately, at))


def digest(code: str, number: str) -> str:
    """Return what is kept of a code: with ten minutes and five tries, that is enough."""
    return sha256(f"{number}#{code.strip()}".encode()).hexdigest()


def telephone(text: str) -> str:
    """
    Return a number as E.164 writes it; spaces, dots, dashes and brackets are left out.

    :raises ValueError: if it isn't one with its country code; the message doesn't hold the number
    """
    number = _WRITTEN.sub("", text.strip())
    if not _E164.fullmatch(number):
        raise ValueError("must be a number with its country code, for example +1 555 010 0199")
    return number
