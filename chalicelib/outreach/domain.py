"""Who is reached, when, how and whether at all: types and rules, without a store, a provider or a clock."""

from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from chalicelib.outreach.moments import Moment
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.recurrence import Occurrence, When

DUE_SHARDS = 50
"""Partitions per hour of due rows: a million people can share one nine o'clock (1,000 writes/s each)."""

URGENT = DUE_SHARDS
"""The partition of an hour for what can't wait for others: a crisis. Looked at first, whatever else is paused."""


class ChannelKind(StrEnum):
    """A way to reach a person."""

    EMAIL = "email"
    PUSH = "push"
    """A browser's push subscription (RFC 8030)."""
    MOBILE = "mobile"
    """An app's token at FCM or APNs, reached through SNS."""


class DetailLevel(StrEnum):
    """How much a message may say (domain rule: discreet unless the person chose more)."""

    DISCREET = "discreet"
    STANDARD = "standard"
    DETAILED = "detailed"


class Urgency(StrEnum):
    """Who goes first where not all can: in this order."""

    CRISIS = "crisis"
    ACCOUNT = "account"
    CLINICAL = "clinical"
    PEER = "peer"
    CELEBRATION = "celebration"


class Hold(StrEnum):
    """Why celebrations wait for a better moment."""

    CRISIS = "crisis"
    CONVERSATION = "conversation"


class Reason(StrEnum):
    """Why an occurrence was skipped, or failed."""

    NO_EPISODE = "no_episode"
    ON_HOLD = "on_hold"
    ENDED = "episode_ended"
    NO_CONSENT = "no_consent"
    NO_CHANNEL = "no_channel"
    OPTED_OUT = "opted_out"
    HELD = "held_back"
    OVER_BUDGET = "over_budget"
    CANCELLED = "cancelled"
    LATE = "late"
    REFUSED = "refused_by_provider"
    ERROR = "error"
    UNKNOWN = "outcome_unknown"


class Status(StrEnum):
    """How an occurrence stands in the ledger. ``claimed`` and ``waiting`` (to go along with another) are no ends."""

    CLAIMED = "claimed"
    WAITING = "waiting"
    SENT = "sent"
    MERGED = "merged"
    SKIPPED = "skipped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class Channel:
    """An address of a person. ``revision`` changes with the address, so that old links die with it."""

    id: str
    kind: ChannelKind
    address: str
    revision: int
    usable: bool
    detail: DetailLevel = DetailLevel.DISCREET
    push_key: str = ""
    push_auth: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Schedule:
    """
    What comes for a person by a rule: ``kind`` (for example ``check_in``), when, and a version that grows by edits.

    ``title`` is for the person and their staff, never for a message. ``keeps_zone``: its zone stays when the person's
    changes. A ``paused`` one has no due row. This version counts from ``since`` on, and ``fell_due`` is the last time
    that came by the ones before it.
    """

    person_id: str
    kind: str
    version: int
    when: When
    title: str = ""
    keeps_zone: bool = False
    paused: bool = False
    since: datetime | None = None
    fell_due: Occurrence | None = None


class Standing(StrEnum):
    """What the person's present episode means for outreach."""

    REACHABLE = "reachable"
    ON_HOLD = "on_hold"
    ALUMNI = "alumni"
    AFTERCARE = "aftercare"
    """Their care has ended, and they agreed to caring contacts: nothing else reaches them."""
    ENDED = "ended"
    NONE = "none"


SILENT = frozenset({Standing.AFTERCARE, Standing.ENDED, Standing.NONE})
"""Whoever stands so is reached by nothing that belongs to care."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Waiting:
    """An occurrence that waits with its person, to be told along with the next message to them."""

    kind: str
    on: date
    due_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Recipient:
    """
    A person, a member of staff or a supporter, as outreach sees them at the moment of sending.

    ``consents`` are the scopes live at that moment; of others, supporters agreed to be
    written to by accepting, and staff reach no category that needs one.

    ``sender_name`` and ``country`` (ISO 3166-1 alpha-2, whose help lines are shown) are their programme's.
    ``opt_outs`` are categories that they switched off, each on one channel or (None) on all. ``holds`` are live at that
    moment. ``waiting`` is what may go along with a message to them. ``calendar_invites``: they want appointments as
    calendar entries too. ``count`` is the number that a category that ``counts`` brings, ``signer`` who signs one that
    is ``signed``, and ``moment`` when that takes place which one that ``tells_time`` is about, all as of that moment.
    ``reply_to`` is their programme's mailbox, where it has one. ``graduated``: their care has just ended as planned,
    and what ``follows_care`` may still reach them. ``inviter``: who asked to have them invited, as far as that may be
    said.
    """

    person_id: str
    programme_id: str
    first_name: str
    language: str
    zone: str
    standing: Standing
    quiet_hours: QuietHours
    consents: frozenset[str]
    channels: tuple[Channel, ...]
    schedules: tuple[Schedule, ...] = field(default=())
    sender_name: str = "Care Team"
    country: str = "US"
    opt_outs: frozenset[tuple[str, ChannelKind | None]] = frozenset()
    holds: frozenset[Hold] = frozenset()
    calendar_invites: bool = False
    waiting: tuple[Waiting, ...] = ()
    count: int = 0
    inviter: str = ""
    moment: Moment | None = None
    signer: str = ""
    reply_to: str = ""
    graduated: bool = False

    def schedule(self, kind: str) -> Schedule | None:
        """Return the person's schedule of this kind, if any."""
        return next((schedule for schedule in self.schedules if schedule.kind == kind), None)


def occurrence_name(person_id: str, on: date, kind: str) -> str:
    """Name an occurrence in one word of letters, digits, ``-`` and ``_``; ``occurrence_named`` reads it back."""
    return f"{person_id}_{on.isoformat()}_{kind}"


def occurrence_named(name: str) -> tuple[str, date, str]:
    """
    Return person, local date and kind of a name that ``occurrence_name`` made.

    :raises ValueError: if it did not
    """
    person_id, on, kind = name.split("_", 2)
    return person_id, date.fromisoformat(on), kind


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """
    Something is due for someone at an instant.

    ``at`` is when to act; ``due_at`` when it fell due by its rule (they differ once it was deferred); ``on`` is the
    local date that names the occurrence.
    """

    person_id: str
    kind: str
    on: date
    at: datetime
    due_at: datetime
    version: int

    @property
    def name(self) -> str:
        """The occurrence in one word, the same as its ledger entry's."""
        return occurrence_name(self.person_id, self.on, self.kind)

    @property
    def was_deferred(self) -> bool:
        """Whether it waited for quiet hours to end."""
        return self.at != self.due_at


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    The ledger's row for one occurrence: claimed before anything is sent, then how it ended, and why.

    ``attempt`` counts claims from 1; ``provider_id`` is the provider's name for the message. ``carries`` are other
    occurrences that its message tells of, and ``merged_into`` the occurrence whose message tells of this one.
    ``received_at`` is when a device said that the push arrived; ``reported_at`` when a provider said that it took a
    message whose sender has not written that down; ``fallback``: no device said anything, so an e-mail follows.
    ``delivered_at``, ``delayed_at``, ``bounced_at`` and ``bounce`` are what mail servers said of an e-mail since.
    ``ways``, where it went over all channels at once, say what each did with it: ``{kind}:{channel}:{what}``.
    """

    person_id: str
    kind: str
    on: date
    due_at: datetime
    status: Status
    attempt: int
    claimed_at: datetime
    ended_at: datetime | None = None
    reason: Reason | None = None
    channel_id: str | None = None
    channel_kind: ChannelKind | None = None
    provider_id: str | None = None
    template: str | None = None
    carries: tuple[str, ...] = ()
    merged_into: str | None = None
    received_at: datetime | None = None
    reported_at: datetime | None = None
    fallback: bool = False
    ways: tuple[str, ...] = ()
    delivered_at: datetime | None = None
    delayed_at: datetime | None = None
    bounced_at: datetime | None = None
    bounce: str | None = None

    @property
    def name(self) -> str:
        """The occurrence in one word: for logs, tags and headers."""
        return occurrence_name(self.person_id, self.on, self.kind)
