"""
What an e-mail says of the list that it belongs to, so that mail programs can offer to leave it.

RFC 2369 (List-Unsubscribe), RFC 8058 (one click) and RFC 2919 (List-Id). Messages that can't be switched off belong to
no list. The words are neutral, like all that a stranger may see.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import quote

from chalicelib.outreach.categories import category_name, category_of
from chalicelib.outreach.domain import Channel, Entry, Recipient
from chalicelib.outreach.kinds import (
    APPOINTMENT,
    CARING,
    CHECK_IN,
    HELLO,
    INVITE,
    MEETING,
    MENTORING,
    MILESTONE,
    NOTICE,
    NUDGE,
    STAY,
    SUPPORTER_UPDATE,
    UPDATES,
)
from chalicelib.outreach.links import Links
from chalicelib.outreach.mime import mailbox

LISTS = {
    CHECK_IN: "hellos",
    APPOINTMENT: "dates",
    INVITE: "calendar",
    MEETING: "plans",
    NOTICE: "news",
    CARING: "greetings",
    NUDGE: "notes",
    MILESTONE: "moments",
    UPDATES: "updates",
    SUPPORTER_UPDATE: "weekly",
    HELLO: "now-and-then",
    STAY: "questions",
    MENTORING: "together",
}
"""The list of each category that can be switched off."""

UNFOLDED = "List-Unsubscribe"
"""The header that must stay on one line: folded, it broke signatures (domain rules 5.1)."""

ASKS_TO_STOP = "unsubscribe"
"""The first word of the subject of an e-mail that asks to stop; the second is its right to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """The list that an e-mail belongs to: its name and id, the page and mailbox to leave it, and the right to do so."""

    name: str
    id: str
    url: str
    mailbox: str
    token: str

    def headers(self) -> Iterator[tuple[str, str]]:
        """Give the headers, as a message has them."""
        subject = quote(f"{ASKS_TO_STOP} {self.token}", safe="")
        yield UNFOLDED, f"<{self.url}>, <mailto:{self.mailbox}?subject={subject}>"
        yield "List-Unsubscribe-Post", "List-Unsubscribe=One-Click"
        yield "List-Id", mailbox(self.name, self.id)


def listing_of(
    entry: Entry, recipient: Recipient, channel: Channel, *, links: Links, from_address: str, mailbox: str
) -> Listing | None:
    """Return the list of an occurrence's e-mail; None for what can't be switched off (account and crisis messages)."""
    if not category_of(entry.kind).opt_out:
        return None
    word = LISTS[category_name(entry.kind)]
    less = links.less(entry, channel)
    return Listing(
        name=f"{recipient.sender_name} {word}",
        id=f"{word}.{from_address.rpartition('@')[2]}",
        url=less.url,
        mailbox=mailbox,
        token=less.token,
    )
