"""
Mentors: alumni who walk a stretch with somebody newer, and how that is offered, agreed, kept up and ended.

A mentorship is a pair (``partners.domain``) in which one is the mentor: both agree each for themselves, nobody learns
who said no, and what ended is just no longer there.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.errors import Conflict, Fault, NotFound
from chalicelib.partners.domain import Pair, Side, State, person

CONSENT = "mentor_match"
"""What both agree to before anybody looks for a match."""

SHARES = "mentor_share:milestones"
"""What lets a mentor see milestones; nothing lets them see more."""

INTERESTS = frozenset(
    {
        "animals",
        "art",
        "cooking",
        "faith",
        "family_life",
        "gaming",
        "gardening",
        "movies",
        "music",
        "nature",
        "parenting",
        "reading",
        "sports",
        "study",
        "travel",
        "volunteering",
        "walking",
        "work",
        "writing",
    }
)
"""What two may have in common, from a list: nothing that tells of health or use."""

TIMES = frozenset({f"{day}_{part}" for day in ("weekday", "weekend") for part in ("morning", "afternoon", "evening")})
"""When somebody tends to have time, in their own zone."""

MOST_AT_ONCE = 3
EVERY = timedelta(days=7)
"""How often a mentor says hello, where the two agree on nothing else."""
EVERY_DAYS = (3, 30)
"""The least and the most of it, in days."""
QUIET_AFTER = 2
"""After so many times that long without a word, staff ask the two how it goes."""

LONGEST_NOTE = 1000
MOST_APART = 50

MAY_SEEK = frozenset({EpisodeState.ENROLLED, EpisodeState.ACTIVE, EpisodeState.STEP_DOWN})
"""Whose present episode stands so may ask for a mentor."""

MAY_GO_ON = MAY_SEEK | {EpisodeState.ON_HOLD, EpisodeState.GRADUATED, EpisodeState.ALUMNI}
"""And so may keep the one they have."""


class NoSuchMentor(NotFound):
    """There is no such mentor, or mentorship, or not for this caller."""


class NotPossible(Conflict):
    """It doesn't fit how the two stand now."""


class ChangedMeanwhile(Conflict):
    """It keeps being changed by somebody else at the same moment."""


class Standing(StrEnum):
    """How somebody stands as a mentor."""

    OFFERED = "offered"
    """They would like to; staff have not said yes yet."""
    APPROVED = "approved"
    SUSPENDED = "suspended"
    WITHDRAWN = "withdrawn"


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """
    What somebody says of themselves for a match; ``note`` is free text, for staff only.

    ``apart``: people whom they must not be matched with, by their ids: of one household, or shut out by either.
    """

    languages: frozenset[str]
    interests: frozenset[str] = frozenset()
    times: frozenset[str] = frozenset()
    note: str = ""
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Approval:
    """The programme's yes: by whom, when, when they were trained, and with how many they may walk at once."""

    by: str
    at: datetime
    trained_on: date
    capacity: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentor:
    """Somebody who offered to be a mentor in a programme. ``version`` grows by every change, and by every proposal."""

    person_id: str
    programme_id: str
    about: About
    offered_at: datetime
    standing: Standing = Standing.OFFERED
    approval: Approval | None = None
    version: int = 0

    def approved(self, approval: Approval) -> "Mentor":
        """
        Return them as approved; again with other terms is the newest.

        :raises NotPossible: if they withdrew
        """
        if self.standing is Standing.WITHDRAWN:
            raise NotPossible("they don't want to be a mentor now")
        return replace(self, standing=Standing.APPROVED, approval=approval)

    def suspended(self) -> "Mentor":
        """
        Return them as suspended: nobody new, and those whom they walk with are told kindly.

        :raises NotPossible: if they aren't approved
        """
        if self.standing not in {Standing.APPROVED, Standing.SUSPENDED}:
            raise NotPossible("they are no mentor now")
        return replace(self, standing=Standing.SUSPENDED)

    def offering(self, about: About, *, at: datetime) -> "Mentor":
        """Return them with what they say of themselves now; who had withdrawn offers anew, to be approved again."""
        if self.standing is Standing.WITHDRAWN:
            return replace(self, about=about, standing=Standing.OFFERED, approval=None, offered_at=at)
        return replace(self, about=about)

    @property
    def capacity(self) -> int:
        """With how many they may walk at once now."""
        return self.approval.capacity if self.approval and self.standing is Standing.APPROVED else 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Seeker:
    """Somebody in care who would like a mentor. ``wants`` false: not, or not any more."""

    person_id: str
    programme_id: str
    about: About
    asked_at: datetime
    wants: bool = True
    version: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Mentorship:
    """
    A pair in which ``mentor_id`` is the mentor. ``every``: how often they mean to say hello.

    ``met_on`` is when they first did, ``last_on`` when they last did, by their own word.
    """

    pair: Pair
    mentor_id: str
    every: timedelta = EVERY
    met_on: date | None = None
    last_on: date | None = None

    @property
    def id(self) -> str:
        """The pair's id."""
        return self.pair.id

    @property
    def mentee_id(self) -> str:
        """Whom the mentor walks with."""
        return self.pair.other(person(self.mentor_id)).id

    def other_than(self, person_id: str) -> str:
        """Return the other one's id."""
        return self.mentee_id if person_id == self.mentor_id else self.mentor_id

    def holds_place(self, *, at: datetime) -> bool:
        """Say whether it counts against the mentor's capacity, and as the newcomer's one: active, or still proposed."""
        if self.pair.state is State.ACTIVE:
            return True
        return self.pair.state is State.PROPOSED and self.pair.seen_as(person(self.mentor_id), at=at) is not None

    def said_hello(self, on: date) -> "Mentorship":
        """
        Return it with a hello of this date; an earlier or the same one changes nothing.

        :raises NoSuchMentor: if they aren't matched
        """
        if self.pair.state is not State.ACTIVE:
            raise NoSuchMentor("there is no such mentorship")
        if self.last_on and on <= self.last_on:
            return self
        return replace(self, last_on=on, met_on=self.met_on or on)

    def since_last(self, *, today: date) -> timedelta:
        """Return how long it is since they last said hello, or agreed."""
        last = self.last_on or (self.pair.since.date() if self.pair.since else today)
        return max(timedelta(), today - last)

    def hello_is_due(self, *, today: date) -> bool:
        """Say whether a hello is due from the mentor."""
        return self.pair.state is State.ACTIVE and self.since_last(today=today) >= self.every

    def is_quiet(self, *, today: date) -> bool:
        """Say whether nothing was heard of it for so long that staff ask."""
        return self.pair.state is State.ACTIVE and self.since_last(today=today) >= QUIET_AFTER * self.every

    def with_pair(self, pair: Pair) -> "Mentorship":
        """Return it with its pair as it is now."""
        return replace(self, pair=pair)


class Said(StrEnum):
    """What a note of the two's is."""

    CONCERN = "concern"
    REFLECTION = "reflection"


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """What one of the two wrote for staff: a worry, or what the time was like. The other never sees it."""

    id: str
    mentorship_id: str
    by: str
    said: Said
    text: str
    at: datetime


def faults_of(about: About, *, languages: Iterable[str]) -> list[Fault]:
    """Return what is wrong with what somebody says of themselves."""
    faults = []
    if not about.languages or not about.languages <= set(languages):
        faults.append(Fault(field="languages", reason="must be some of the programme's"))
    if not about.interests <= INTERESTS:
        faults.append(Fault(field="interests", reason=f"must be some of {', '.join(sorted(INTERESTS))}"))
    if not about.times <= TIMES:
        faults.append(Fault(field="times", reason=f"must be some of {', '.join(sorted(TIMES))}"))
    if len(about.apart) > MOST_APART:
        faults.append(Fault(field="apart", reason=f"has more than {MOST_APART}"))
    return faults


def sides(mentor_id: str, mentee_id: str) -> tuple[Side, Side]:
    """Return the two as sides of a pair."""
    return person(mentor_id), person(mentee_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """A mentor who fits, how well, and why: each reason with its points."""

    mentor: Mentor
    points: int
    reasons: tuple[tuple[str, int], ...] = field(default=())
