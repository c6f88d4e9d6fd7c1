"""Groups of people who meet again and again: what a group is, who is in it, and what each of them chose."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from types import MappingProxyType

from chalicelib.enrollment.showable import line_fault
from chalicelib.errors import Conflict, Fault, Forbidden, NotFound

MOST_MEMBERS = 10_000
"""Fanned out to in pages of 200, at 25 a second: some seven minutes (docs/groups.md)."""

MOST_GROUPS = 20
"""How many groups somebody may be in."""

MOST_SERIES = 10
"""How many series of meetings a group may have."""

MOST_FACILITATORS = 20
LONGEST_NAME = 80

RULES = 1
"""The version of the rules on confidence that a member says yes to before their first meeting (pages/rules.json)."""

FORMER_FOR = timedelta(days=30)
"""So long it is kept that somebody is in a group no more."""

ANSWERS_LAST = timedelta(days=7)
"""How long after its meeting somebody's answer is kept: whether they came is a matter of its own."""


class NoSuchGroup(NotFound):
    """There is no such group, or not for this caller."""


class NotAMember(NotFound):
    """They aren't in this group."""


class GroupFull(Conflict):
    """The group has as many members as one may have, or the person as many groups."""


class GroupClosed(Conflict):
    """The group doesn't meet any more."""


class MayNotJoin(Forbidden):
    """This group isn't one that they may join by themselves, or not without a consent."""


class NotFacilitator(Forbidden):
    """Only who facilitates the group, or keeps the programme's roster, may do this."""


class RulesFirst(Conflict):
    """The group's rules come before the first meeting."""


class Kind(StrEnum):
    """What a group is for. More are to come: therapy, circles."""

    ALUMNI = "alumni"
    FAMILY = "family"
    """Of persons and those who support them; its members may be either."""


class Tell(StrEnum):
    """Before a meeting, when a member wants to be told of it."""

    DAY = "24h"
    HOUR = "1h"
    NOW = "now"


BEFORE: Mapping[Tell, timedelta] = MappingProxyType(
    {Tell.DAY: timedelta(hours=24), Tell.HOUR: timedelta(hours=1), Tell.NOW: timedelta(minutes=2)}
)
"""How much elapsed time before the start each falls due; “starting now” needs a moment to reach everybody."""

USUAL = frozenset({Tell.DAY, Tell.HOUR})
"""What a member is told who chose nothing."""


class Said(StrEnum):
    """Whether somebody means to come."""

    YES = "yes"
    NO = "no"
    MAYBE = "maybe"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """A member's last answer about a meeting. ``expected``: they once said yes or maybe, and others may count on it."""

    said: Said
    at: datetime
    meets_at: datetime
    expected: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """
    Some people of a programme who meet. ``name`` is for staff and members behind their sign-in, never for a message.

    ``facilitators`` are accounts of staff. ``is_open``: who may be in it can join by themselves. ``series`` are the ids
    of its series of meetings; ``version`` grows by every change of any of this.
    """

    id: str
    programme_id: str
    kind: Kind
    name: str
    language: str
    facilitators: frozenset[str]
    is_open: bool
    by: str
    made_at: datetime
    closed_at: datetime | None = None
    series: tuple[str, ...] = ()
    version: int = 1

    @property
    def is_live(self) -> bool:
        """Whether it still meets."""
        return self.closed_at is None

    def must_be_live(self) -> None:
        """
        Stop what would go on with a group that is closed.

        :raises GroupClosed: if it is
        """
        if not self.is_live:
            raise GroupClosed("this group is closed")


@dataclass(frozen=True, slots=True, kw_only=True)
class Member:
    """
    Somebody in a group: a person, or (where its kind has them) a supporter, by the id that outreach reaches them by.

    ``tell``: of what they want to be told. ``rules_at``: when they said yes to the group's rules. ``replies`` are by
    meeting. ``version`` grows by every change.
    """

    group_id: str
    recipient_id: str
    joined_at: datetime
    by: str
    tell: frozenset[Tell] = USUAL
    rules_at: datetime | None = None
    replies: Mapping[str, Reply] = field(default_factory=lambda: MappingProxyType({}))
    version: int = 1

    def said(self, meeting_id: str) -> Said | None:
        """Return what they last answered about a meeting; None: nothing."""
        reply = self.replies.get(meeting_id)
        return reply.said if reply else None

    def expects(self, meeting_id: str) -> bool:
        """Say whether they ever meant to come, so that they have to hear when it is off."""
        reply = self.replies.get(meeting_id)
        return reply is not None and reply.expected

    def answering(self, meeting_id: str, said: Said, *, meets_at: datetime, at: datetime) -> "Member":
        """Return them with this answer in place of the one before; the same again changes nothing."""
        before = self.replies.get(meeting_id)
        if before and before.said is said:
            return self
        expected = said is not Said.NO or (before is not None and before.expected)
        kept = {name: one for name, one in self.replies.items() if one.meets_at + ANSWERS_LAST > at}
        return replace(
            self, replies={**kept, meeting_id: Reply(said=said, at=at, meets_at=meets_at, expected=expected)}
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Former:
    """Somebody who is in a group no more. Why is nowhere kept: to have left, moved on or died looks the same."""

    group_id: str
    recipient_id: str
    left_at: datetime


def group_faults(group: Group, *, languages: tuple[str, ...]) -> list[Fault]:
    """Return everything that is wrong with a group as somebody asks for it."""
    faults = []
    if not group.name:
        faults.append(Fault(field="name", reason="is missing"))
    elif len(group.name) > LONGEST_NAME:
        faults.append(Fault(field="name", reason=f"is longer than {LONGEST_NAME} characters"))
    elif fault := line_fault(group.name):
        faults.append(Fault(field="name", reason=fault))
    if group.language not in languages:
        faults.append(Fault(field="language", reason="is not a language of the programme"))
    if not group.facilitators or len(group.facilitators) > MOST_FACILITATORS:
        faults.append(Fault(field="facilitators", reason=f"must be 1 to {MOST_FACILITATORS} accounts"))
    if group.is_open and group.kind is not Kind.ALUMNI:
        faults.append(Fault(field="open", reason="is for groups of alumni only"))
    return faults
