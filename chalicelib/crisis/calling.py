"""Make a call for help of whatever came in: what can't be read is passed over, and nothing is refused."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import sha256
from ipaddress import IPv6Address, ip_address
from typing import Any
from urllib.parse import parse_qs

from chalicelib.crisis.domain import STRANGER, Door, Press, press_id
from chalicelib.enrollment.showable import line_fault
from chalicelib.outreach.domain import Recipient
from chalicelib.privacy.domain import ALL_PROGRAMMES

MOST_DROPPED, LONGEST_NAME = 20, 40
MOST_FIELDS = 80

LONGEST = {"name": 100, "phone": 40, "note": 500, "key": 255, "programmeId": 40}
"""What may come with a call, and how long it may be."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """
    What came with a call.

    ``dropped``: names of what was not understood, ``body`` where that was all of it; ``answers`` where these could not
    be kept.
    """

    name: str | None = None
    phone: str | None = None
    note: str | None = None
    key: str | None = None
    programme_id: str | None = None
    dropped: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """
    Who calls, as far as that is known. ``address``: where from, of somebody of whom nothing else is.

    ``account`` is of who signed in and has no record of their own. ``by``: the account of who pressed for the person.
    """

    door: Door
    address: str
    person_id: str | None = None
    programme_id: str | None = None
    account: str | None = None
    verified: bool = False
    by: str | None = None

    @property
    def id(self) -> str:
        """
        By what their calls are grouped: the person, or else what stands for them and tells nothing.

        Several strangers may share an address. Whoever of them calls another programme must not take along there what
        the staff of the first one are at.
        """
        if self.person_id:
            return self.person_id
        of = f"#{self.programme_id}" if self.programme_id else ""
        if self.account:
            return f"account-{_short(f'{self.account}{of}')}"
        return f"{STRANGER}{_short(f'{_network(self.address)}{of}')}"


def read(body: str) -> Sent:
    """Read what came with a call, as JSON or as a form; what is no text, or too long, is dropped and named."""
    fields = _fields(body)
    if fields is None:
        return Sent(dropped=("body",))
    found: dict[str, str] = {}
    dropped = []
    for name, value in fields.items():
        if name in LONGEST and isinstance(value, str) and _fits(value, LONGEST[name]):
            found[name] = value.strip()
        else:
            dropped.append(name)
    return Sent(
        name=found.get("name"),
        phone=found.get("phone"),
        note=found.get("note"),
        key=found.get("key"),
        programme_id=found.get("programmeId"),
        dropped=tuple(_named(name) for name in dropped[:MOST_DROPPED]),
    )


def call(caller: Caller, sent: Sent, *, key: str, at: datetime) -> Press:
    """Return the call that this is; the same for the same caller and key."""
    # Of whom nobody signed for, the id goes by what they sent alone: it would tell whether we know them.
    is_signed = caller.door is not Door.UNSIGNED
    sender = caller if is_signed else replace(caller, person_id=None, programme_id=sent.programme_id)
    return Press(
        id=press_id(sender.id, key),
        caller=caller.id,
        at=at,
        door=caller.door,
        verified=caller.verified,
        programme_id=caller.programme_id or ALL_PROGRAMMES,
        person_id=caller.person_id,
        by=caller.by,
        name=sent.name,
        phone=sent.phone,
        note=sent.note,
        dropped=sent.dropped,
    )


def by_another(person: Recipient, key: str, *, at: datetime, by: str) -> Press:
    """Return the call of somebody who supports the person, and worries about them: not the person's own word."""
    caller = Caller(
        door=Door.SUPPORTER, address="", person_id=person.person_id, programme_id=person.programme_id, by=by
    )
    return call(caller, Sent(), key=key, at=at)


def call_of(person: Recipient, key: str, *, at: datetime, verified: bool, by: str | None, kept: bool = True) -> Press:
    """Return the call that an answer of a person's is; ``kept``: it is stored, and can be looked at."""
    caller = Caller(
        door=Door.ANSWER,
        address="",
        person_id=person.person_id,
        programme_id=person.programme_id,
        verified=verified,
        by=by,
    )
    # Of its own kind: no key that somebody sends at another door is that of an answer, which would be refused then.
    sent = Sent() if kept else Sent(dropped=("answers",))
    return replace(call(caller, sent, key=key, at=at), id=press_id(Door.ANSWER, f"{person.person_id}#{key}"))


def _fields(body: str) -> Mapping[str, Any] | None:
    if not body.strip():
        return {}
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        try:
            found = {name: values[-1] for name, values in parse_qs(body, max_num_fields=MOST_FIELDS).items()} or None
        except ValueError:
            found = None
    return found if isinstance(found, dict) else None


def _fits(value: str, longest: int) -> bool:
    said = value.strip()
    return 0 < len(said) <= longest and line_fault(said) is None


def _named(name: str) -> str:
    """Return the name of what was dropped, as far as it can be shown to those who look."""
    shown = name[:LONGEST_NAME].strip()
    return shown if shown and line_fault(shown) is None else "?"


def _network(address: str) -> str:
    """Return an address as far as one subscriber has it alone: of IPv6 the first half, whose rest they choose."""
    try:
        found = ip_address(address)
    except ValueError:
        return address
    is_whole = not isinstance(found, IPv6Address) or found.ipv4_mapped is not None
    return address if is_whole else str(IPv6Address(int(found) >> 64 << 64))


def _short(text: str) -> str:
    # Half a character (a surrogate) is none in UTF-8, and no reason to turn a call away.
    return sha256(text.encode("utf-8", "surrogatepass")).hexdigest()[:24]
