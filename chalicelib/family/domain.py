"""
Supporters: whom a person invited to stand by them, what ties the two, and what the person lets each of them see.

Nobody learns from here that something was taken back: what isn't shared now looks the same, whyever.
"""

import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256

from chalicelib.enrollment.consents import SUPPORTER, Action, Consent, last_of_each
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.errors import Conflict, NotFound, TooSoon
from chalicelib.outreach.sorts import Sort

INVITED_FOR = timedelta(days=14)
"""How long an invitation can be accepted."""

MOST_OPEN = 5
"""How many invitations of a person may be open at once."""
MOST_A_DAY = 5
"""How many a person may send in 24 hours, taken back or not."""
MOST_SUPPORTERS = 10

CODE_LASTS = timedelta(minutes=30)
MOST_CODES = 5
"""How many codes go to an invited address in 24 hours; further ones are asked for in vain, and nobody is told."""
MOST_WRONG = 5
"""So often somebody may mistype a code."""
SHORTEST_CODE, CODES = 100_000, 900_000

LONGEST_SHARED = timedelta(days=366)
"""What is shared until a date ends within a year: it is asked for anew then (42 CFR 2.31 wants an end)."""

MAY_INVITE = frozenset(
    {EpisodeState.ENROLLED, EpisodeState.ACTIVE, EpisodeState.STEP_DOWN, EpisodeState.ON_HOLD, EpisodeState.ALUMNI}
)

A_DAY = timedelta(days=1)


class NoSuchSupporter(NotFound):
    """There is no such supporter or invitation, or not for this caller: the answer is always the same."""


class TooManyInvitations(TooSoon):
    """The person invited as many as one may in a day, or as may be open at once."""


class CannotInvite(Conflict):
    """This address has an invitation already, supports the person already, or was blocked for good."""


class What(StrEnum):
    """What a person can share with a supporter; each is a consent of its own."""

    MILESTONES = "milestones"
    ATTENDANCE = "attendance"
    GENERAL_PROGRESS = "general_progress"
    FAMILY_SESSIONS = "family_sessions"
    CRISIS_CONTACT = "crisis_contact"


INVITATION = "invitation"
"""Stands in a scope for the invitation itself, which is a disclosure too."""


def scope_of(tie_id: str, what: str) -> str:
    """Return the scope of the consent that lets one supporter see this, or be invited."""
    return f"{SUPPORTER}{tie_id}:{what}"


def text_of(what: str) -> str:
    """Return the name of the text that is shown for a consent about supporters."""
    return f"{SUPPORTER}{what}"


class Relation(StrEnum):
    """What a supporter is to the person, as the person says."""

    PARENT = "parent"
    SPOUSE = "spouse"
    CHILD = "child"
    SIBLING = "sibling"
    RELATIVE = "relative"
    FRIEND = "friend"
    OTHER = "other"


class Closed(StrEnum):
    """How the person ended it."""

    REMOVED = "removed"
    BLOCKED = "blocked"
    """For good: neither the account nor the address can be tied to them again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """What was mailed to an invited address for one account to type in; its digits are worked out, never stored."""

    account: str
    number: int
    at: datetime
    wrong: int = 0

    def is_open(self, account: str, *, at: datetime) -> bool:
        """Say whether this account may still try it."""
        return self.account == account and at < self.at + CODE_LASTS and self.wrong < MOST_WRONG


@dataclass(frozen=True, slots=True, kw_only=True)
class Tie:
    """
    One supporter of one person, from the invitation on. The consents about them carry its id.

    ``named``: the person agreed that the invitation says who invited. ``account`` is the supporter's sign-in once they
    accepted. ``code`` is the last one that was asked for, ``codes_at`` when others were, of a day. ``closed`` says that
    the person ended it, ``left_at`` that the supporter did.
    """

    id: str
    person_id: str
    programme_id: str
    first_name: str
    address: str
    relation: Relation
    language: str
    named: bool
    invited_at: datetime
    account: str | None = None
    accepted_at: datetime | None = None
    code: Code | None = None
    codes_at: tuple[datetime, ...] = ()
    closed: Closed | None = None
    closed_at: datetime | None = None
    left_at: datetime | None = None
    version: int = 0

    @property
    def invitee_id(self) -> str:
        """What outreach calls whoever is invited by it."""
        return f"{Sort.KIN}-{self.id}"

    @property
    def is_active(self) -> bool:
        """Whether they are a supporter now: accepted, and ended by nobody."""
        return self.account is not None and self.closed is None and self.left_at is None

    def was_active(self, *, at: datetime) -> bool:
        """Say whether they were a supporter at this instant, whatever came of it since."""
        ends = [end for end in (self.closed_at, self.left_at) if end is not None]
        return self.accepted_at is not None and self.accepted_at <= at and all(at < end for end in ends)

    @property
    def is_seen(self) -> bool:
        """Whether the supporter sees it: who is removed isn't told, and sees that nothing is shared right now."""
        return self.account is not None and self.left_at is None

    def is_open(self, consents: Mapping[str, Consent]) -> bool:
        """Say whether it can be accepted, under the person's consents that are live at that moment."""
        return self.account is None and self.closed is None and scope_of(self.id, INVITATION) in consents

    def asking_code(self, account: str, *, at: datetime) -> "Tie | None":
        """Return it with a new code for an account; None if enough were sent in a day."""
        lately = tuple(one for one in self.codes_at if one > at - A_DAY)
        if len(lately) >= MOST_CODES:
            return None
        number = self.code.number + 1 if self.code else 1
        return replace(self, code=Code(account=account, number=number, at=at), codes_at=(*lately, at))

    def mistyped(self) -> "Tie":
        """Return it with one try less."""
        return replace(self, code=replace(self.code, wrong=self.code.wrong + 1)) if self.code else self

    def accepted_by(self, account: str, *, at: datetime) -> "Tie":
        """Return it as accepted."""
        return replace(self, account=account, accepted_at=at, code=None, codes_at=())

    def ended(self, how: Closed, *, at: datetime) -> "Tie":
        """Return it as ended by the person; the first end stays, but that blocking is more than removing."""
        if self.closed is Closed.BLOCKED or self.closed is how:
            return self
        return replace(self, closed=how, closed_at=self.closed_at or at)


def code_of(secret: str, tie: Tie) -> int:
    """Return the code that belongs to the last request of a tie: six digits that only we can work out; 0 if none."""
    if tie.code is None:
        return 0
    about = f"supporter-code/{tie.id}/{tie.code.account}/{tie.code.number}"
    digest = hmac.new(secret.encode(), about.encode(), sha256).digest()
    return SHORTEST_CODE + int.from_bytes(digest[:8], "big") % CODES


def supporter_id(account: str) -> str:
    """Return what outreach calls an account as a supporter: always the same, no person's id, and it tells nothing."""
    return f"{Sort.KIN}-{sha256(f'supporter/{account}'.encode()).hexdigest()[:24]}"


def must_have_room(ties: Iterable[Tie], address: str, consents: Mapping[str, Consent], *, at: datetime) -> None:
    """
    Stop an invitation that would be one too many, or one too much for its address.

    :raises TooManyInvitations: if the person invited enough
    :raises CannotInvite: if the address has an invitation, belongs to a supporter, or was blocked
    """
    ties = list(ties)
    same = [tie for tie in ties if tie.address.casefold() == address.casefold()]
    if any(tie.is_active or tie.is_open(consents) or tie.closed is Closed.BLOCKED for tie in same):
        raise CannotInvite("this address can't be invited")
    lately = sorted(tie.invited_at for tie in ties if tie.invited_at > at - A_DAY)
    if len(lately) >= MOST_A_DAY:
        again_at = lately[-MOST_A_DAY] + A_DAY
        raise TooManyInvitations("that would be more invitations than one sends in a day", again_at=again_at)
    waiting = sorted(tie.invited_at for tie in ties if tie.is_open(consents))
    if len(waiting) >= MOST_OPEN or sum(tie.is_active for tie in ties) >= MOST_SUPPORTERS:
        raise CannotInvite("there are as many supporters and open invitations as there may be")


def shared_with(tie: Tie, record: Record, *, at: datetime) -> frozenset[What]:
    """Return what the person shares with a supporter at this instant: nothing once it ended, or the person died."""
    if not tie.is_active or not may_share(tie, record):
        return frozenset()
    live = record.live_consents(at=at)
    return frozenset(what for what in What if scope_of(tie.id, what) in live)


def may_share(tie: Tie, record: Record) -> bool:
    """Say whether anything of this person may reach the supporter at all, whatever they consented to."""
    is_here = record.episode.programme_id == tie.programme_id
    return tie.is_active and is_here and record.episode.state is not EpisodeState.DECEASED


class Sharing(StrEnum):
    """How it stands with one thing that can be shared: for the person and their staff, never for the supporter."""

    NEVER = "never"
    GRANTED = "granted"
    PAUSED = "paused"
    EXPIRED = "expired"
    REVOKED = "revoked"


def sharing_of(tie: Tie, what: What, record: Record, *, at: datetime) -> tuple[Sharing, Consent | None]:
    """Return how it stands with one thing, and the consent row that says so."""
    scope = scope_of(tie.id, what)
    row = last_of_each(record.consents, at=at).get(scope)
    if row is None:
        return Sharing.NEVER, None
    if scope in record.live_consents(at=at):
        return Sharing.GRANTED, row
    if row.action is Action.PAUSED and row.lasts(at=at):
        return Sharing.PAUSED, row
    return (Sharing.REVOKED if row.action is Action.REVOKED else Sharing.EXPIRED), row
