"""How messages of each kind behave: one table of data."""

from dataclasses import dataclass
from datetime import datetime, time, timedelta

from chalicelib.outreach.domain import ChannelKind, Due
from chalicelib.outreach.recurrence import resolve

CHECK_IN = "check_in"
CONFIRM_CHANNEL = "confirm_channel"
"""Asks whether an address is the person's own; its kinds are ``confirm_channel-{channel id}-{revision}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Category:
    """
    How messages of one kind behave; ``CATEGORIES`` is the whole table.

    ``consent``: the scope needed per channel; none for what a person just asked for themselves.
    ``recurs``: it belongs to a schedule, and a row of an older version of that schedule is void.
    ``closes``: too late from this local time on the day after, or this long after it fell due.
    ``patience``: how long a provider that takes nothing is asked again before another channel is tried.
    ``settles_in``: how long a claim without an outcome may still be reported by a receipt before it is tried again.
    """

    template: str
    path: str
    consent: dict[ChannelKind, str] | None
    alumni_consent: str | None
    recurs: bool
    quiet_hours_defer: bool
    closes: time | timedelta
    patience: timedelta
    settles_in: timedelta
    channels: tuple[ChannelKind, ...]
    push_urgency: str


CATEGORIES: dict[str, Category] = {
    CHECK_IN: Category(
        template="check_in",
        path="c",
        consent={ChannelKind.EMAIL: "contact_email", ChannelKind.PUSH: "contact_push"},
        alumni_consent="alumni_contact",
        recurs=True,
        quiet_hours_defer=True,
        closes=time(4),
        patience=timedelta(minutes=10),
        settles_in=timedelta(minutes=2),
        channels=(ChannelKind.PUSH, ChannelKind.EMAIL),
        push_urgency="normal",
    ),
    CONFIRM_CHANNEL: Category(
        template="confirm_channel",
        path="confirm",
        consent=None,
        alumni_consent=None,
        recurs=False,
        quiet_hours_defer=False,
        closes=timedelta(hours=48),
        patience=timedelta(minutes=10),
        settles_in=timedelta(minutes=2),
        channels=(ChannelKind.PUSH, ChannelKind.EMAIL),
        push_urgency="high",
    ),
}


def confirm_kind(channel_id: str, revision: int) -> str:
    """Return the kind of an occurrence that asks whether this revision of a channel is the person's own."""
    return f"{CONFIRM_CHANNEL}-{channel_id}-{revision}"


def category_of(kind: str) -> Category:
    """Return the category of a kind, which may carry what it is about after a dash."""
    return CATEGORIES[kind.partition("-")[0]]


def closes_at(due: Due, zone: str) -> datetime:
    """Return the instant from which this occurrence is too late to send or to answer."""
    closes = category_of(due.kind).closes
    if isinstance(closes, timedelta):
        return due.due_at + closes
    return resolve(due.on + timedelta(days=1), closes, zone)
