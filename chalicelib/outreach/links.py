"""
Signed links: write-only, for one person, one occurrence and one address, with an end.

The token is HMAC-SHA-256 over its claims (itsdangerous); nothing is stored. It lets its bearer add one check-in and ask
for help, or get less, and read nothing (domain rules for one-tap links). Two links, which are in no message, read: a
calendar's address, which has no end and which its person revokes, and that of one call for help, which tells how far
that call is.
"""

import hashlib
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum

from itsdangerous import BadData, URLSafeSerializer

from chalicelib.outreach.categories import category_name, closes_of, told_of
from chalicelib.outreach.domain import Channel, Entry
from chalicelib.outreach.kinds import (
    ALUMNI_DAYS,
    CARING,
    CHECK_IN,
    CHECK_IN_NUDGE,
    CONFIRM_CHANNEL,
    HELLO,
    HELLO_NUDGE,
    LESS_NUDGE,
    MEETING,
    MENTORING,
    NOTICE,
    STAY,
    SUPPORTER_INVITE,
)


class Purpose(StrEnum):
    """What a link is for. A token for one purpose is worthless for another."""

    ANSWER = "answer"
    RECEIPT = "receipt"
    CONFIRM = "confirm"
    READ = "read"
    RSVP = "rsvp"
    ALUMNI = "alumni"
    """Of a message after care: answers it, says how often, or asks for somebody to talk to."""
    UNSUBSCRIBE = "unsubscribe"
    INVITATION = "invitation"
    WRITE_BACK = "write_back"
    CALENDAR = "calendar"
    """Not of a message: a calendar program reads a person's week by it, until they revoke it."""
    HELP = "help"
    """Not of a message: whoever called for help sees by it how far that call is."""


LESS = "u"
"""Where such a link leads, under the public address."""

NO_END = datetime(9999, 12, 31, tzinfo=UTC)
"""When a link runs out that ends with the address only: what it can do is never too late."""


PAGES = {
    CHECK_IN: ("c", Purpose.ANSWER),
    NOTICE: ("n", Purpose.READ),
    SUPPORTER_INVITE: ("i", Purpose.INVITATION),
    MEETING: ("m", Purpose.RSVP),
    CONFIRM_CHANNEL: ("confirm", Purpose.CONFIRM),
    CARING: ("w", Purpose.WRITE_BACK),
    **dict.fromkeys((HELLO, STAY, MENTORING, HELLO_NUDGE, LESS_NUDGE, ALUMNI_DAYS), ("a", Purpose.ALUMNI)),
}
"""
Which messages lead to a page of their own, where, and what for, by kind or category. The others lead to the web client.
"""


LINGERS = {CARING: timedelta(days=90)}
"""Categories whose pages stay open for longer than their messages may go out: who writes back does so when they can."""


class LinkForged(ValueError):
    """The token was not made by us, or not for this."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Claims:
    """What a token says: whom, which occurrence, over which address (and its revision), until when."""

    person_id: str
    kind: str
    on: date
    channel_id: str
    revision: int
    expires_at: datetime


class Signer:
    """Makes and opens tokens. ``keys`` are oldest first: the last one signs, all of them open."""

    def __init__(self, keys: tuple[str, ...]) -> None:
        self._serializers = {
            purpose: URLSafeSerializer(
                list(keys),
                salt=f"cairn.{purpose}",
                signer_kwargs={"digest_method": hashlib.sha256, "key_derivation": "hmac"},
            )
            for purpose in Purpose
        }

    def token(self, purpose: Purpose, claims: Claims) -> str:
        """Return the URL-safe token for these claims."""
        return str(
            self._serializers[purpose].dumps(
                [
                    claims.person_id,
                    claims.kind,
                    claims.on.isoformat(),
                    claims.channel_id,
                    claims.revision,
                    int(claims.expires_at.timestamp()),
                ]
            )
        )

    def open(self, purpose: Purpose, token: str) -> Claims:
        """
        Return what the token says, expired or not: the caller compares ``expires_at`` with its own time.

        :raises LinkForged: if it was not signed by us for this purpose
        """
        try:
            person_id, kind, on, channel_id, revision, expires_at = self._serializers[purpose].loads(token)
            return Claims(
                person_id=person_id,
                kind=kind,
                on=date.fromisoformat(on),
                channel_id=channel_id,
                revision=revision,
                expires_at=datetime.fromtimestamp(expires_at, UTC),
            )
        except (BadData, ValueError, TypeError) as error:
            raise LinkForged("this link was not made by us") from error

    def claimed(self, purpose: Purpose, token: str) -> str | None:
        """
        Return whose link a token says it is, whatever is wrong with it; None if nothing can be read of it.

        For a call for help, which is taken from whoever calls, as from somebody whom nobody has verified.
        """
        try:
            _, payload = self._serializers[purpose].loads_unsafe(token)
            return payload[0] if isinstance(payload[0], str) else None
        except (BadData, IndexError, KeyError, TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True, kw_only=True)
class LessLink:
    """Where to get less: a page whose address also takes a mail program's one click, and its token for an e-mail."""

    url: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Links:
    """Makes the addresses that go into messages: under ``public_url``, or the web client's own, ``app_url``."""

    public_url: str
    app_url: str
    signer: Signer

    def action(self, entry: Entry, channel: Channel, *, expires_at: datetime, zone: str) -> str:
        """
        Return the link that the message is about: what to answer, to read, or to confirm.

        What has no such page is behind the sign-in of the web client, and its link gives no right to anything. ``zone``
        is the person's: a nudge leads to the check-in that it is about, and no longer than that is open.
        """
        kind, on = told_of(entry)
        if kind == CHECK_IN_NUDGE:
            closes = closes_of(CHECK_IN, on=on, due_at=entry.due_at, zone=zone)
            entry, expires_at = replace(entry, kind=CHECK_IN, on=on), min(expires_at, closes)
        name = category_name(entry.kind)
        page, expires_at = PAGES.get(kind) or PAGES.get(name), expires_at + LINGERS.get(name, timedelta())
        return self._url(*page, entry, channel, expires_at) if page else self.app_url

    def receipt(self, entry: Entry, channel: Channel, *, expires_at: datetime) -> str:
        """Return where a device reports that a push arrived."""
        return self._url("receipts", Purpose.RECEIPT, entry, channel, expires_at)

    def less(self, entry: Entry, channel: Channel) -> "LessLink":
        """Return where the message's reader can stop such messages, or get less."""
        token = self.signer.token(Purpose.UNSUBSCRIBE, _claims(entry, channel, NO_END))
        return LessLink(url=f"{self.public_url}/{LESS}/{token}", token=token)

    def _url(self, path: str, purpose: Purpose, entry: Entry, channel: Channel, expires_at: datetime) -> str:
        token = self.signer.token(purpose, _claims(entry, channel, expires_at))
        return f"{self.public_url}/{path}/{token}"


def _claims(entry: Entry, channel: Channel, expires_at: datetime) -> Claims:
    return Claims(
        person_id=entry.person_id,
        kind=entry.kind,
        on=entry.on,
        channel_id=channel.id,
        revision=channel.revision,
        expires_at=expires_at,
    )
