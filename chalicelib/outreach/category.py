"""What can be said of how messages of one kind behave; categories.py says it of each."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import time, timedelta
from enum import StrEnum

from chalicelib.outreach.domain import ChannelKind, Urgency
from chalicelib.outreach.sorts import Sort


class IfUnknown(StrEnum):
    """What is done where a sender died, or timed out, between handing a message over and writing that down."""

    ASK_THEN_AGAIN = "ask_then_again"
    """Providers' reports are waited for; only what nobody vouched for in ``settles_in`` is sent again."""
    LEAVE = "leave"
    """At most once: without a report it ends as failed, outcome unknown."""
    AGAIN = "again"
    """At least once: sent again at once."""


CONTACT = {
    ChannelKind.EMAIL: "contact_email",
    ChannelKind.PUSH: "contact_push",
    ChannelKind.MOBILE: "contact_push",
}
"""The consent that each channel takes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """
    How messages of one kind behave; ``CATEGORIES`` is the whole table.

    ``sorts``: the templates of those sorts of its kinds (``{category}-{sort}``) that have words of their own.
    ``urgency``: who goes first where not all can.
    ``consent``: the scope needed per channel; none for what a person just asked for themselves, and for staff.
    ``confirms``: it asks over the one channel that it is about, confirmed or not.
    ``recurs``: it belongs to a schedule, and a row of an older version of that schedule is void.
    ``recurring``: the kinds of which that is true, where it isn't of all.
    ``also``: a consent needed besides that of the channel. ``aftercare``: that consent holds on after care has ended.
    ``signed``: its words end with the name of somebody who is asked for when it is sent.
    ``bundles``: it may go along with another message, and several of them make one.
    ``counts``: it brings a number, of things or to type in, found when it is sent; with none there is nothing to tell.
    ``cap``: how many a person and local day, by itself; ``budgeted``: it also shares the person's daily budget.
    ``opt_out``: the person can switch it off, and its e-mails carry list headers (RFC 2369, RFC 8058).
    ``every_channel``: it goes over all channels at once, and not over the first that takes it.
    ``to``: the sort of recipient that it is for; None: of every sort.
    ``held_by_holds``: not while a crisis or a conversation is open with the person; what doesn't bundle waits.
    ``tells_time``: it is about something at an instant, which its message says in the person's own time.
    ``enters``: it is about an entry in a calendar, and brings that of such a thing where it is about one.
    ``closes``: too late from this local time on the day after, or this long after it fell due; ``closes_by``: of sorts.
    ``follows_care``: it may reach who graduated and has not said yet whether they want to stay in touch.
    ``patience``: how long a provider that takes nothing is asked again before another channel is tried.
    ``settles_in``: how long a claim without an outcome may still be reported by a receipt.
    ``receipt_within``: a push that no device reported by then is followed by an e-mail.
    ``push_ttl``: how long a push service may keep it (RFC 8030 5.2); none: until it closes.
    """

    template: str
    urgency: Urgency
    consent: dict[ChannelKind, str] | None
    alumni_consent: str | None
    also: str | None = None
    aftercare: bool = False
    signed: bool = False
    sorts: Mapping[str, str] = field(default_factory=dict)
    confirms: bool = False
    recurs: bool = False
    recurring: frozenset[str] = frozenset()
    quiet_hours_defer: bool = True
    bundles: bool = False
    counts: bool = False
    tells_time: bool = False
    enters: bool = False
    cap: int | None = None
    budgeted: bool = False
    opt_out: bool = True
    every_channel: bool = False
    to: Sort | None = Sort.PERSON
    follows_care: bool = False
    held_by_holds: bool = False
    if_unknown: IfUnknown = IfUnknown.ASK_THEN_AGAIN
    closes: time | timedelta
    closes_by: Mapping[str, timedelta] = field(default_factory=dict)
    patience: timedelta = timedelta(minutes=10)
    settles_in: timedelta = timedelta(minutes=2)
    receipt_within: timedelta | None = None
    push_ttl: timedelta | None = None
    channels: tuple[ChannelKind, ...] = (ChannelKind.PUSH, ChannelKind.MOBILE, ChannelKind.EMAIL)
    push_urgency: str = "normal"
