"""Whether a text that somebody wrote can be shown as it was meant, wherever it is shown."""

import unicodedata

UNSHOWN = "holds a character that can't be shown"

_JOINERS = "\u200c\u200d"
"""They are in real names and words, and in emoji."""


def line_fault(text: str) -> str | None:
    """Return why this can't be one line of text, None if it can: no controls, and nothing that turns text around."""
    # Cc and Cf hold control characters and those that turn the direction of text around, Zl and Zp ends of lines.
    return _fault(text, {"Cc", "Cf", "Co", "Cs", "Zl", "Zp"}, but=_JOINERS)


def lines_fault(text: str) -> str | None:
    """Return why this can't be lines of text, None if it can: marks of direction are in words like any other."""
    return _fault(text, {"Cc", "Co", "Cs"}, but="\n\t")


def _fault(text: str, categories: set[str], *, but: str) -> str | None:
    return UNSHOWN if any(unicodedata.category(each) in categories and each not in but for each in text) else None
