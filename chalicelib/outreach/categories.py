"""How messages of each kind behave: one table of data."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from enum import StrEnum
from zlib import crc32

from chalicelib.outreach.domain import DUE_SHARDS, URGENT, ChannelKind, Due, Entry, Urgency
from chalicelib.outreach.recurrence import resolve

CHECK_IN = "check_in"
WEEKLY_CHECK_IN = f"{CHECK_IN}-weekly"
"""The kind of the weekly one: its message is the same, its page asks more."""
APPOINTMENT = "appointment"
"""A reminder of a date: a session, a meeting, anything with a time; its kinds are ``appointment-{id}``."""
INVITE = "invite"
"""Brings a person's calendar up to date; its kinds are ``invite-{appointment}-{version}``."""
NUDGE = "nudge"
"""A word from a partner or a peer; its kinds are ``nudge-{sort}``, or ``nudge-{id}`` for a note of somebody's."""
CHECK_IN_NUDGE = f"{NUDGE}-{CHECK_IN}"
"""One gentle word where a check-in was not answered, nor the next one yet; its date is that of the one still open."""
PAIR_NUDGE = f"{NUDGE}-pair"
"""Tells a partner that somebody may be glad to hear from them; its kinds are ``nudge-pair-{pair}``."""
KUDOS_NUDGE = f"{NUDGE}-kudos"
"""Somebody left kudos: one for all of a date."""
MILESTONE = "milestone"
"""Something to celebrate; its kinds are ``milestone-{which}``."""
DAYS = "milestone-days"
"""The milestones that come by a schedule, so long after a date of the person's: which one it is, the date says."""
ALUMNI_DAYS = "milestone-alumni"
"""The same, since the person became an alumnus."""
NOTICE = "notice"
"""One text to many people; its kinds are ``notice-{id}``."""
UPDATES = "updates"
"""What waited for a message to go along with and found none; its kinds are ``updates-{hour and minute, UTC}``."""
CRISIS_PAGE = "crisis_page"
"""Somebody on call must act; its kinds are ``crisis_page-{id}``."""
CONFIRM_CHANNEL = "confirm_channel"
"""Asks whether an address is the person's own; its kinds are ``confirm_channel-{channel id}-{revision}``."""

PROACTIVE_A_DAY = 3
"""Messages a person and day, over all channels and roles, before what can wait has to (domain default)."""
LEFT_TO_OTHERS = 1
"""How many of them celebrations leave to peers and care."""


class IfUnknown(StrEnum):
    """What is done where a sender died, or timed out, between handing a message over and writing that down."""

    ASK_THEN_AGAIN = "ask_then_again"
    """Providers' reports are waited for; only what nobody vouched for in ``settles_in`` is sent again."""
    LEAVE = "leave"
    """At most once: without a report it ends as failed, outcome unknown."""
    AGAIN = "again"
    """At least once: sent again at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """
    How messages of one kind behave; ``CATEGORIES`` is the whole table.

    ``sorts``: the templates of those sorts of its kinds (``{category}-{sort}``) that have words of their own.
    ``urgency``: who goes first where not all can.
    ``consent``: the scope needed per channel; none for what a person just asked for themselves, and for staff on call.
    ``confirms``: it asks over the one channel that it is about, confirmed or not.
    ``recurs``: it belongs to a schedule, and a row of an older version of that schedule is void.
    ``recurring``: the kinds of which that is true, where it isn't of all.
    ``bundles``: it may go along with another message, and several of them make one.
    ``cap``: how many a person and local day, by itself; ``budgeted``: it also shares the person's daily budget.
    ``opt_out``: the person can switch it off, and its e-mails carry list headers (RFC 2369, RFC 8058).
    ``held_by_holds``: not while a crisis or a conversation is open with the person.
    ``closes``: too late from this local time on the day after, or this long after it fell due.
    ``patience``: how long a provider that takes nothing is asked again before another channel is tried.
    ``settles_in``: how long a claim without an outcome may still be reported by a receipt.
    ``receipt_within``: a push that no device reported by then is followed by an e-mail.
    ``push_ttl``: how long a push service may keep it (RFC 8030 5.2); none: until it closes.
    """

    template: str
    urgency: Urgency
    consent: dict[ChannelKind, str] | None
    alumni_consent: str | None
    sorts: Mapping[str, str] = field(default_factory=dict)
    confirms: bool = False
    recurs: bool = False
    recurring: frozenset[str] = frozenset()
    quiet_hours_defer: bool = True
    bundles: bool = False
    cap: int | None = None
    budgeted: bool = False
    opt_out: bool = True
    held_by_holds: bool = False
    if_unknown: IfUnknown = IfUnknown.ASK_THEN_AGAIN
    closes: time | timedelta
    patience: timedelta = timedelta(minutes=10)
    settles_in: timedelta = timedelta(minutes=2)
    receipt_within: timedelta | None = None
    push_ttl: timedelta | None = None
    channels: tuple[ChannelKind, ...] = (ChannelKind.PUSH, ChannelKind.MOBILE, ChannelKind.EMAIL)
    push_urgency: str = "normal"


_CONTACT = {
    ChannelKind.EMAIL: "contact_email",
    ChannelKind.PUSH: "contact_push",
    ChannelKind.MOBILE: "contact_push",
}

CATEGORIES: dict[str, Category] = {
    CRISIS_PAGE: Category(
        template="crisis_page",
        urgency=Urgency.CRISIS,
        consent=None,
        alumni_consent=None,
        quiet_hours_defer=False,
        opt_out=False,
        if_unknown=IfUnknown.AGAIN,
        closes=timedelta(hours=24),
        patience=timedelta(0),
        settles_in=timedelta(0),
        receipt_within=timedelta(minutes=1),
        push_ttl=timedelta(minutes=15),
        push_urgency="high",
    ),
    CONFIRM_CHANNEL: Category(
        confirms=True,
        template="confirm_channel",
        urgency=Urgency.ACCOUNT,
        consent=None,
        alumni_consent=None,
        quiet_hours_defer=False,
        opt_out=False,
        closes=timedelta(hours=48),
        push_urgency="high",
    ),
    CHECK_IN: Category(
        template="check_in",
        urgency=Urgency.CLINICAL,
        consent=_CONTACT,
        alumni_consent="alumni_contact",
        recurs=True,
        cap=1,
        closes=time(4),
        receipt_within=timedelta(minutes=15),
    ),
    APPOINTMENT: Category(
        template="appointment",
        urgency=Urgency.CLINICAL,
        consent=_CONTACT,
        alumni_consent="alumni_contact",
        recurs=True,
        closes=timedelta(hours=2),
        receipt_within=timedelta(minutes=15),
        push_urgency="high",
    ),
    INVITE: Category(
        template="invite",
        urgency=Urgency.CLINICAL,
        consent=_CONTACT,
        alumni_consent="alumni_contact",
        closes=timedelta(hours=24),
        channels=(ChannelKind.EMAIL,),
    ),
    NOTICE: Category(
        template="notice",
        urgency=Urgency.CLINICAL,
        consent=_CONTACT,
        alumni_consent="alumni_contact",
        closes=timedelta(hours=24),
        receipt_within=timedelta(hours=1),
    ),
    NUDGE: Category(
        template="nudge",
        sorts={CHECK_IN: "nudge_check_in", "pair": "nudge_pair", "kudos": "nudge_kudos"},
        urgency=Urgency.PEER,
        consent=_CONTACT,
        alumni_consent="alumni_contact",
        bundles=True,
        cap=1,
        budgeted=True,
        held_by_holds=True,
        if_unknown=IfUnknown.LEAVE,
        closes=timedelta(hours=24),
        push_urgency="low",
    ),
    MILESTONE: Category(
        template="milestone",
        urgency=Urgency.CELEBRATION,
        consent=_CONTACT,
        alumni_consent="alumni_contact",
        recurring=frozenset({DAYS, ALUMNI_DAYS}),
        bundles=True,
        budgeted=True,
        held_by_holds=True,
        if_unknown=IfUnknown.LEAVE,
        closes=timedelta(hours=48),
        push_ttl=timedelta(hours=24),
        push_urgency="low",
    ),
    UPDATES: Category(
        template="updates",
        urgency=Urgency.PEER,
        consent=_CONTACT,
        alumni_consent="alumni_contact",
        budgeted=True,
        if_unknown=IfUnknown.LEAVE,
        closes=timedelta(hours=48),
        push_ttl=timedelta(hours=24),
        push_urgency="low",
    ),
}


def confirm_kind(channel_id: str, revision: int) -> str:
    """Return the kind of an occurrence that asks whether this revision of a channel is the person's own."""
    return f"{CONFIRM_CHANNEL}-{channel_id}-{revision}"


def category_name(kind: str) -> str:
    """Return the name of a kind's category; a kind may carry what it is about after a dash."""
    return kind.partition("-")[0]


def category_of(kind: str) -> Category:
    """
    Return the category of a kind.

    :raises KeyError: if there is none
    """
    return CATEGORIES[category_name(kind)]


def template_of(kind: str) -> str:
    """
    Return the name of the template that a kind's message is made of.

    :raises KeyError: if there is no such category
    """
    category = category_of(kind)
    sort = kind.partition("-")[2].partition("-")[0]
    return category.sorts.get(sort, category.template)


def templates_of(category: Category) -> frozenset[str]:
    """Return the names of all templates of a category."""
    return frozenset({category.template, *category.sorts.values()})


def told_of(entry: Entry) -> tuple[str, date]:
    """Return the kind and local date of what a message is about; a round of updates about one thing is about that."""
    if category_name(entry.kind) == UPDATES and len(entry.carries) == 1:
        on, _, kind = entry.carries[0].partition("#")
        return kind, date.fromisoformat(on)
    return entry.kind, entry.on


def has_schedule(kind: str) -> bool:
    """Say whether a kind belongs to a schedule, so that it is void where there is none."""
    category = category_of(kind)
    return category.recurs or kind in category.recurring


def is_known(kind: str) -> bool:
    """Say whether there is a category for a kind: rows outlive a deployment that is taken back."""
    return category_name(kind) in CATEGORIES


def urgency_of(kind: str) -> Urgency:
    """Return how urgent a kind is; one that isn't known is no crisis, and lets all others go first."""
    return category_of(kind).urgency if is_known(kind) else list(Urgency)[-1]


def closes_at(due: Due, zone: str) -> datetime:
    """Return the instant from which this occurrence is too late to send or to answer."""
    return closes_of(due.kind, on=due.on, due_at=due.due_at, zone=zone)


def closes_of(kind: str, *, on: date, due_at: datetime, zone: str) -> datetime:
    """Return the instant from which an occurrence of this kind, date and instant is too late."""
    closes = category_of(kind).closes
    if isinstance(closes, timedelta):
        return due_at + closes
    return resolve(on + timedelta(days=1), closes, zone)


def shard_of(due: Due) -> int:
    """Return the partition within the hour: a person always falls in the same, a crisis in one of its own."""
    if urgency_of(due.kind) is Urgency.CRISIS:
        return URGENT
    return crc32(due.person_id.encode()) % DUE_SHARDS
