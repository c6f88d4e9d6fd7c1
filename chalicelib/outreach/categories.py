"""How messages of each kind behave: one table of data."""

from datetime import date, datetime, time, timedelta
from functools import partial
from zlib import crc32

from chalicelib.outreach.alumni_categories import FOR_ALUMNI
from chalicelib.outreach.category import CONTACT, Category, IfUnknown
from chalicelib.outreach.domain import DUE_SHARDS, URGENT, ChannelKind, Due, Entry, Urgency
from chalicelib.outreach.kinds import (
    ALUMNI_DAYS,
    APPOINTMENT,
    CARING,
    CARING_CONTACTS,
    CHECK_IN,
    CONFIRM_CHANNEL,
    CRISIS_PAGE,
    DAYS,
    INVITE,
    MEETING,
    MILESTONE,
    NOTICE,
    NUDGE,
    STAFF_ALERT,
    STAFF_DIGEST,
    STAFF_WORK,
    UPDATES,
)
from chalicelib.outreach.recurrence import resolve
from chalicelib.outreach.sorts import Sort
from chalicelib.outreach.supporter_categories import FOR_SUPPORTERS

PROACTIVE_A_DAY = 3
"""Messages a person and day, over all channels and roles, before what can wait has to (domain default)."""
LEFT_TO_OTHERS = 1
"""How many of them celebrations leave to peers and care."""

_WAKES = partial(
    Category,
    urgency=Urgency.CRISIS,
    consent=None,
    alumni_consent=None,
    quiet_hours_defer=False,
    opt_out=False,
    every_channel=True,
    to=Sort.STAFF,
    if_unknown=IfUnknown.AGAIN,
    closes=timedelta(hours=24),
    patience=timedelta(0),
    settles_in=timedelta(0),
    receipt_within=timedelta(minutes=1),
    push_ttl=timedelta(minutes=15),
    push_urgency="high",
)
"""What wakes staff at any hour, over every channel of theirs."""


CATEGORIES: dict[str, Category] = {
    CRISIS_PAGE: _WAKES(template="crisis_page", sorts={"drill": "crisis_page_drill"}),
    STAFF_ALERT: _WAKES(template="staff_alert"),
    # Its moments are chosen by who works when (staff/telling.py), so that quiet hours would only make it late.
    STAFF_WORK: Category(
        template="staff_work",
        sorts={"rota": "staff_work_rota", "turn": "staff_work_turn", "cover": "staff_work_cover"},
        urgency=Urgency.CLINICAL,
        consent=None,
        alumni_consent=None,
        quiet_hours_defer=False,
        opt_out=False,
        to=Sort.STAFF,
        closes=timedelta(hours=24),
        receipt_within=timedelta(minutes=15),
        push_urgency="high",
    ),
    STAFF_DIGEST: Category(
        template="staff_digest",
        urgency=Urgency.CLINICAL,
        consent=None,
        alumni_consent=None,
        recurs=True,
        counts=True,
        opt_out=False,
        to=Sort.STAFF,
        closes=timedelta(hours=6),
        receipt_within=timedelta(hours=1),
    ),
    CONFIRM_CHANNEL: Category(
        confirms=True,
        to=None,
        template="confirm_channel",
        urgency=Urgency.ACCOUNT,
        consent=None,
        alumni_consent=None,
        quiet_hours_defer=False,
        opt_out=False,
        closes=timedelta(hours=48),
        push_urgency="high",
    ),
    **FOR_SUPPORTERS,
    CHECK_IN: Category(
        template="check_in",
        urgency=Urgency.CLINICAL,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        recurs=True,
        cap=1,
        closes=time(4),
        receipt_within=timedelta(minutes=15),
    ),
    APPOINTMENT: Category(
        template="appointment",
        urgency=Urgency.CLINICAL,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        recurs=True,
        closes=timedelta(hours=2),
        receipt_within=timedelta(minutes=15),
        push_urgency="high",
    ),
    INVITE: Category(
        template="invite",
        urgency=Urgency.CLINICAL,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        enters=True,
        closes=timedelta(hours=24),
        channels=(ChannelKind.EMAIL,),
    ),
    NOTICE: Category(
        template="notice",
        urgency=Urgency.CLINICAL,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        closes=timedelta(hours=24),
        receipt_within=timedelta(hours=1),
    ),
    MEETING: Category(
        template="meeting_24h",
        sorts={sort: f"meeting_{sort}" for sort in ("1h", "now", "moved", "cancelled")},
        urgency=Urgency.CLINICAL,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        tells_time=True,
        closes=timedelta(hours=24),
        closes_by={"1h": timedelta(hours=1), "now": timedelta(minutes=12)},
        receipt_within=timedelta(minutes=5),
        push_urgency="high",
    ),
    NUDGE: Category(
        template="nudge",
        sorts={
            CHECK_IN: "nudge_check_in",
            "pair": "nudge_pair",
            "kudos": "nudge_kudos",
            "hello": "nudge_hello",
            "less": "nudge_less",
        },
        urgency=Urgency.PEER,
        consent=CONTACT,
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
        consent=CONTACT,
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
    CARING: Category(
        template="caring",
        urgency=Urgency.CLINICAL,
        consent=CONTACT,
        alumni_consent="caring_contacts",
        also="caring_contacts",
        aftercare=True,
        signed=True,
        sorts={"again": "caring_again"},
        recurring=frozenset(CARING_CONTACTS),
        held_by_holds=True,
        closes=timedelta(days=4),
        receipt_within=timedelta(hours=1),
    ),
    UPDATES: Category(
        template="updates",
        urgency=Urgency.PEER,
        consent=CONTACT,
        alumni_consent="alumni_contact",
        budgeted=True,
        if_unknown=IfUnknown.LEAVE,
        closes=timedelta(hours=48),
        push_ttl=timedelta(hours=24),
        push_urgency="low",
    ),
    **FOR_ALUMNI,
}


def confirm_kind(channel_id: str, revision: int) -> str:
    """Return the kind of an occurrence that asks whether this revision of a channel is the person's own."""
    return f"{CONFIRM_CHANNEL}-{channel_id}-{revision}"


def category_name(kind: str) -> str:
    """Return the name of a kind's category; a kind may carry what it is about after a dash."""
    return kind.partition("-")[0]


def category_of(kind: str) -> Category:
    """Return the category of a kind; a KeyError if there is none."""
    return CATEGORIES[category_name(kind)]


def template_of(kind: str) -> str:
    """
    Return the name of the template that a kind's message is made of.

    :raises KeyError: if there is no such category
    """
    category = category_of(kind)
    return category.sorts.get(_sort_of(kind), category.template)


def _sort_of(kind: str) -> str:
    return kind.partition("-")[2].partition("-")[0]


def shares_cap(kind: str, other: str) -> bool:
    """Say whether two kinds count against one cap, as those with the same words do: kudos leave a nudge its place."""
    return is_known(kind) and is_known(other) and template_of(kind) == template_of(other)


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
    category = category_of(kind)
    closes = category.closes_by.get(_sort_of(kind), category.closes)
    if isinstance(closes, timedelta):
        return due_at + closes
    return resolve(on + timedelta(days=1), closes, zone)


def shard_of(due: Due) -> int:
    """Return the partition within the hour: a person always falls in the same, a crisis in one of its own."""
    if urgency_of(due.kind) is Urgency.CRISIS:
        return URGENT
    return crc32(due.person_id.encode()) % DUE_SHARDS
