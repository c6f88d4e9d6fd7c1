"""A programme's rota: who is on call at an instant, by shifts, turns, holidays and covers; no store and no clock."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, time, timedelta
from enum import StrEnum

from chalicelib.crisis.duty import Tier
from chalicelib.outreach.recurrence import DAYS, Recurrence, date_exists, local_date, resolve
from chalicelib.staff.domain import Member

_DAY = timedelta(days=1)
_AROUND = 2 * _DAY
"""More than a shift lasts, on the longest day too: whatever cuts one lies in it."""
_WEEK = 7


class Trouble(StrEnum):
    """Why somebody who has a shift can't be paged."""

    LEFT = "left"
    """They are no member of the programme's staff, or no longer."""
    UNREACHABLE = "unreachable"
    """They have no channel that works."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """
    A time that comes every week: from ``start`` on each of these weekdays (``MO`` … ``SU``) up to, not with, ``end``.

    An ``end`` that is not later than ``start`` is on the day after: late shifts go over midnight, and the same wall
    time twice is a whole day.
    """

    days: frozenset[str]
    start: time
    end: time

    def times(self, zone: str, *, first: datetime, last: datetime) -> Iterator[tuple[date, datetime, datetime]]:
        """
        Give each time that lies in part between these instants: the date that it begins on, and its bounds in UTC.

        A wall time in a gap takes the offset before the gap, one that comes twice is the first (RFC 5545 3.3.5). Both
        bounds of it are read so: where one ends at the wall time at which the next begins, no change of clocks leaves a
        hole or a double. A date that the zone never had has none.
        """
        on, until = local_date(first, zone) - 2 * _DAY, local_date(last, zone) + _DAY
        while on <= until:
            if DAYS[on.weekday()] in self.days and date_exists(on, zone):
                starts = resolve(on, self.start, zone)
                ends = resolve(on + _DAY if self.end <= self.start else on, self.end, zone)
                if starts < ends and starts < last and first < ends:
                    yield on, starts, ends
            on += _DAY


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """
    When somebody is on call, and who.

    ``members`` are accounts that take turns, a week each: the first from ``turns_from`` on, which also says on which
    weekday they hand over. With one it is always theirs, with none it is nobody's yet. ``zone`` None is the rota's.
    """

    id: str
    tier: Tier
    span: Span
    members: tuple[str, ...]
    turns_from: date
    zone: str | None = None

    def leads(self, on: date) -> str | None:
        """Return whose turn it is in the week of a date."""
        if not self.members:
            return None
        return self.members[(on - self.turns_from).days // _WEEK % len(self.members)]


@dataclass(frozen=True, slots=True, kw_only=True)
class Holiday:
    """A date on which a shift that begins then is another's (``account``), or, with None, not staffed; and why."""

    on: date
    shift_id: str
    account: str | None
    why: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """
    An interval in which somebody (``by``) takes another's place (``of``) in a tier; ``of`` None: they are on besides.

    It holds once both sides agreed: ``agreed`` are their accounts. What the programme puts holds at once (``put``).
    ``ended_at``: a side said no, or it was withdrawn.
    """

    id: str
    programme_id: str
    tier: Tier
    of: str | None
    by: str
    starts: datetime
    ends: datetime
    asked_by: str
    asked_at: datetime
    agreed: frozenset[str] = frozenset()
    put: bool = False
    ended_at: datetime | None = None
    ended_by: str | None = None
    version: int = 1

    @property
    def sides(self) -> frozenset[str]:
        """Return the accounts that it takes to agree."""
        return frozenset({self.by} if self.of is None else {self.of, self.by})

    @property
    def holds(self) -> bool:
        """Whether it counts."""
        return self.ended_at is None and (self.put or self.agreed >= self.sides)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """
    A programme's rota in one version. ``zone`` is where its wall times are.

    ``hours`` are when the programme means to have somebody on call; none: at every hour. ``drills`` say when one begins
    by itself. ``covers`` lie beside it, and don't change its version.
    """

    programme_id: str
    zone: str
    shifts: tuple[Shift, ...] = ()
    holidays: tuple[Holiday, ...] = ()
    hours: tuple[Span, ...] = ()
    drills: Recurrence | None = None
    covers: tuple[Cover, ...] = ()
    put_by: str
    put_at: datetime
    version: int = 1

    @property
    def tiers(self) -> tuple[Tier, ...]:
        """Return the tiers that anybody means to staff: the first, and each that has a shift."""
        return tuple(tier for tier in Tier if tier is Tier.PRIMARY or any(one.tier is tier for one in self.shifts))


def no_rota(programme_id: str, at: datetime) -> Rota:
    """Return what a programme that never kept a rota has: nobody on call at any hour; version 0."""
    return Rota(programme_id=programme_id, zone="UTC", put_by="", put_at=at, version=0)


@dataclass(frozen=True, slots=True, kw_only=True)
class Post:
    """A time, half-open, at which an account is on call in a tier. ``account`` None: the shift is there, nobody is."""

    tier: Tier
    account: str | None
    starts: datetime
    ends: datetime
    shift_id: str | None = None
    cover_id: str | None = None

    def holds_at(self, at: datetime) -> bool:
        """Say whether an instant lies in it."""
        return self.starts <= at < self.ends


def posts(rota: Rota, *, first: datetime, last: datetime) -> list[Post]:
    """Return who is on call between two instants, in order: shifts, as holidays and then covers change them."""
    found = _planned(rota, first=first, last=last)
    within = (replace(one, starts=max(one.starts, first), ends=min(one.ends, last)) for one in found)
    return sorted((one for one in within if one.starts < one.ends), key=lambda one: (one.starts, *_rank(one)))


def posts_at(rota: Rota, at: datetime) -> list[Post]:
    """Return who is on call at an instant, each from when to when they are."""
    found = _planned(rota, first=at - _AROUND, last=at + _AROUND)
    return sorted((one for one in found if one.holds_at(at)), key=_rank)


def _planned(rota: Rota, *, first: datetime, last: datetime) -> list[Post]:
    """Return every post that lies in part between two instants, whole."""
    found = [post for shift in rota.shifts for post in _posts_of(shift, rota, first=first, last=last)]
    # In the order in which they were asked for, so that whoever took a shift over can hand it on.
    for cover in sorted(rota.covers, key=lambda one: (one.asked_at, one.id)):
        if cover.holds and cover.starts < last and first < cover.ends:
            found = [part for post in found for part in _covered(post, cover)]
            if cover.of is None:
                found.append(_post_of(cover, cover.starts, cover.ends))
    return found


def _rank(post: Post) -> tuple[int, str, str]:
    return list(Tier).index(post.tier), post.shift_id or "", post.account or ""


def _posts_of(shift: Shift, rota: Rota, *, first: datetime, last: datetime) -> Iterator[Post]:
    changed = {one.on: one.account for one in rota.holidays if one.shift_id == shift.id}
    for on, starts, ends in shift.span.times(shift.zone or rota.zone, first=first, last=last):
        account = changed[on] if on in changed else shift.leads(on)
        yield Post(tier=shift.tier, account=account, starts=starts, ends=ends, shift_id=shift.id)


def _covered(post: Post, cover: Cover) -> list[Post]:
    """Return a post cut where somebody takes the place of its account."""
    if cover.of is None or (post.tier, post.account) != (cover.tier, cover.of):
        return [post]
    starts, ends = max(post.starts, cover.starts), min(post.ends, cover.ends)
    if starts >= ends:
        return [post]
    parts = (
        replace(post, ends=starts),
        replace(_post_of(cover, starts, ends), shift_id=post.shift_id),
        replace(post, starts=ends),
    )
    return [part for part in parts if part.starts < part.ends]


def _post_of(cover: Cover, starts: datetime, ends: datetime) -> Post:
    return Post(tier=cover.tier, account=cover.by, starts=starts, ends=ends, cover_id=cover.id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Holder:
    """Whoever has a post: who they are, and what keeps a page from them, if anything does."""

    post: Post
    member: Member | None
    trouble: Trouble | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Staffing:
    """Who is on call at an instant, those who can't be paged too."""

    at: datetime
    holders: tuple[Holder, ...]

    def of(self, tier: Tier) -> tuple[Member, ...]:
        """Return those of a tier who can be paged, each once."""
        found = {
            one.member.id: one.member
            for one in self.holders
            if one.post.tier is tier and one.member is not None and one.trouble is None
        }
        return tuple(found.values())

    @property
    def staff(self) -> tuple[Member, ...]:
        """Return those of the staff who are on call, each once: they can take a crisis, whether or not a page comes."""
        found = (one.member for one in self.holders if one.member is not None and one.trouble is not Trouble.LEFT)
        return tuple({member.id: member for member in found}.values())


def staffing(rota: Rota, members: Iterable[Member], at: datetime) -> Staffing:
    """Return who is on call at an instant, those who left or can't be reached too; ``members`` are all staff."""
    by_account = {member.account: member for member in members}
    found = posts_at(rota, at)
    return Staffing(at=at, holders=tuple(holder(post, by_account, at=at) for post in found if post.account is not None))


def holder(post: Post, members: Mapping[str, Member], *, at: datetime) -> Holder:
    """Return whoever has a post, and whether they can be paged as of an instant."""
    member = members.get(post.account or "")
    return Holder(post=post, member=member, trouble=trouble_with(member, at=at))


def trouble_with(member: Member | None, *, at: datetime) -> Trouble | None:
    """Return what keeps a page from somebody; None where nothing does."""
    if member is None or not member.is_active:
        return Trouble.LEFT
    return None if member.can_be_paged(at=at) else Trouble.UNREACHABLE
