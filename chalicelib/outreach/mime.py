"""
Writes e-mails from their parts (RFC 5322, RFC 2045 to 2047): ASCII only, lines of lawful length, CRLF.

Not ``email.message.EmailMessage``, which parses and refolds each header that it is given: half of the CPU of a whole
delivery. The tests read what is written here back with it.
"""

import re
from binascii import b2a_base64, b2a_qp
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

LONGEST_LINE = 998
"""Characters of a line of a message (RFC 5322 2.1.1)."""

_GOOD_LINE = 76
"""Characters of a line that holds encoded words (RFC 2047 2); a line without may have 78."""

_ENCODED_BYTES = 39
"""Written as base64 between ``=?utf-8?b?`` and ``?=`` these are 64 characters: behind ``Subject: `` there are 67."""

_WORDS = re.compile(r"[!-~]{1,70}( [!-~]{1,70})*")
_ATOMS = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~ -]+")
_ASCII = re.compile(r"[ -~]*")

_ALTERNATIVE, _MIXED = "=_1", "=_2"
"""Boundaries. Quoted-printable and base64 have no ``=_`` anywhere, so no part can hold one (RFC 2045 6.7)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Text:
    """One way to say it: ``type`` is like ``text/plain``, ``parameters`` what its Content-Type says besides."""

    type: str
    text: str
    parameters: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attachment:
    """A file that goes along."""

    type: str
    name: str
    content: bytes


def text(value: str) -> str:
    """
    Return a header's text as it is written: as encoded words, where it isn't plain ASCII.

    :raises ValueError: if it would make another header
    """
    _must_be_one_line(value)
    return value if not value or _is_plain(value) else _encoded(value)


def mailbox(name: str, address: str) -> str:
    """
    Return ``name <address>`` as a header has it; a list and its id are written so too (RFC 2919).

    :raises ValueError: if the name would make another header
    """
    _must_be_one_line(name)
    if not name:
        return address
    if not _is_plain(name):
        phrase = _encoded(name)
    elif _ATOMS.fullmatch(name):
        phrase = name
    else:
        phrase = '"' + name.replace("\\", r"\\").replace('"', r"\"") + '"'
    return f"{phrase} <{address}>"


def message(
    headers: Iterable[tuple[str, str]],
    alternatives: Sequence[Text],
    *,
    attachment: Attachment | None = None,
    unfolded: str = "",
) -> bytes:
    """
    Return the message: these headers in their order, and its parts, the one that says least first.

    The values of headers are ASCII, as ``text`` and ``mailbox`` make them. The header ``unfolded`` is kept on one line.

    :raises ValueError: if a value isn't, would make another header, or is too long
    """
    body = _multipart("alternative", _ALTERNATIVE, [_text_part(each) for each in alternatives])
    if attachment:
        body = _multipart("mixed", _MIXED, [body, _attached(attachment)])
    head = [_line(name, value, fold=name != unfolded) for name, value in headers]
    return "\r\n".join([*head, "MIME-Version: 1.0", body]).encode("ascii")


def _must_be_one_line(value: str) -> None:
    if "\r" in value or "\n" in value:
        raise ValueError("a header may not contain linefeed or carriage return characters")


def _is_plain(value: str) -> bool:
    return _WORDS.fullmatch(value) is not None and "=?" not in value


def _encoded(value: str) -> str:
    """Write it as encoded words, each of whole characters (RFC 2047 5.3)."""
    words = [b""]
    for each in value:
        character = each.encode()
        if len(words[-1]) + len(character) > _ENCODED_BYTES:
            words.append(b"")
        words[-1] += character
    return " ".join(f"=?utf-8?b?{b2a_base64(word, newline=False).decode()}?=" for word in words)


def _line(name: str, value: str, *, fold: bool) -> str:
    _must_be_one_line(value)
    if not _ASCII.fullmatch(value):
        raise ValueError("a header holds what isn't ASCII")
    lines = [f"{name}: {value}"]
    if fold and len(lines[0]) > _GOOD_LINE:
        lines = [f"{name}:"]
        for word in value.split(" "):
            # A word that begins a line makes it more than spaces; the name is no line by itself.
            if word and len(lines[-1]) + 1 + len(word) > _GOOD_LINE and lines[-1] != f"{name}:":
                lines.append("")
            lines[-1] += f" {word}"
    if any(len(line) > LONGEST_LINE for line in lines):
        raise ValueError("a header is too long for a message")
    return "\r\n".join(lines)


def _multipart(subtype: str, boundary: str, parts: Iterable[str]) -> str:
    inside = "".join(f"--{boundary}\r\n{part}\r\n" for part in parts)
    return f'Content-Type: multipart/{subtype}; boundary="{boundary}"\r\n\r\n{inside}--{boundary}--\r\n'


def _text_part(part: Text) -> str:
    # Its soft breaks are "\n" too, unless the first line says otherwise.
    encoded = b2a_qp(part.text.replace("\r\n", "\n").replace("\r", "\n").encode()).decode().replace("\n", "\r\n")
    return (
        f'Content-Type: {part.type}; charset="utf-8"{part.parameters}\r\n'
        f"Content-Transfer-Encoding: quoted-printable\r\n\r\n{encoded}"
    )


def _attached(attachment: Attachment) -> str:
    size = 57  # 76 characters a line
    content = [attachment.content[start : start + size] for start in range(0, len(attachment.content), size)]
    encoded = "\r\n".join(b2a_base64(each, newline=False).decode() for each in content)
    return (
        f"Content-Type: {attachment.type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{attachment.name}"\r\n\r\n{encoded}'
    )
