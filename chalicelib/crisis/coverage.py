"""What a rota leaves open, who hands over to whom, and what may truthfully be said at an hour."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from hashlib import sha256
from itertools import pairwise
from zoneinfo import ZoneInfo

from chalicelib.crisis.duty import Duty, Tier
from chalicelib.crisis.rota import Post, Rota, Span, holder, posts, staffing
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member

LOOKS_AHEAD = timedelta(days=14)
"""How far the list of gaps goes, and how far ahead somebody is looked for who will be on call."""

_MOMENT = timedelta(microseconds=1)


class Why(StrEnum):
    """Why nobody can be paged at a time."""

    NO_SHIFT = "no_shift"
    UNSTAFFED = "unstaffed"
    """There is a shift, and nobody has it: none of the staff, or a holiday."""
    LEFT = "left"
    UNREACHABLE = "unreachable"


@dataclass(frozen=True, slots=True, kw_only=True)
class Gap:
    """A time, half-open, in which nobody of a tier can be paged though the programme means to have somebody."""

    programme_id: str
    tier: Tier
    starts: datetime
    ends: datetime
    why: Why
    accounts: tuple[str, ...] = ()

    @property
    def reference(self) -> str:
        """Return what it is called in messages: the same as long as it begins at the same instant."""
        return sha256(f"{self.programme_id}#{self.tier}#{self.starts.isoformat()}".encode()).hexdigest()[:16]

    @property
    def hours(self) -> float:
        """Return how long it is."""
        return (self.ends - self.starts) / timedelta(hours=1)


def gaps(rota: Rota, members: Iterable[Member], *, first: datetime, last: datetime, now: datetime) -> list[Gap]:
    """
    Return every time between two instants, half-open, at which a tier that is meant to be staffed is not.

    Whether somebody can be reached is taken as it is ``now``: of the future nobody knows more.
    """
    by_account = {member.account: member for member in members}
    planned = posts(rota, first=first, last=last)
    found: list[Gap] = []
    for starts, ends in _pieces(rota, planned, first=first, last=last):
        if not is_meant(rota, starts):
            continue
        for tier in rota.tiers:
            of_tier = [post for post in planned if post.tier is tier and post.holds_at(starts)]
            gap = _gap(rota, tier, of_tier, by_account, starts=starts, ends=ends, now=now)
            if gap is not None:
                found.append(gap)
    return _joined(found)


def is_meant(rota: Rota, at: datetime) -> bool:
    """Say whether the programme means to have somebody on call at an instant."""
    return not rota.hours or any(_holds(span, rota.zone, at) for span in rota.hours)


def _holds(span: Span, zone: str, at: datetime) -> bool:
    return any(True for _ in span.times(zone, first=at, last=at + _MOMENT))


def _pieces(rota: Rota, planned: Iterable[Post], *, first: datetime, last: datetime) -> list[tuple[datetime, datetime]]:
    """Return the times between two instants in which nothing changes."""
    bounds = {first, last}
    for post in planned:
        bounds |= {post.starts, post.ends}
    for span in rota.hours:
        for _, starts, ends in span.times(rota.zone, first=first, last=last):
            bounds |= {at for at in (starts, ends) if first < at < last}
    in_order = sorted(bounds)
    return list(pairwise(in_order))


def _gap(
    rota: Rota,
    tier: Tier,
    of_tier: list[Post],
    members: Mapping[str, Member],
    *,
    starts: datetime,
    ends: datetime,
    now: datetime,
) -> Gap | None:
    found = [holder(post, members, at=now) for post in of_tier if post.account]
    if any(one.trouble is None for one in found):
        return None
    troubles = {one.trouble for one in found if one.trouble}
    why = Why.UNSTAFFED if of_tier else Why.NO_SHIFT
    if troubles:
        # Whom nobody can reach may be helped by an address; who left has to be replaced.
        why = max((Why(trouble) for trouble in troubles), key=list(Why).index)
    accounts = tuple(sorted({one.post.account for one in found if one.post.account}))
    return Gap(programme_id=rota.programme_id, tier=tier, starts=starts, ends=ends, why=why, accounts=accounts)


def _joined(found: Iterable[Gap]) -> list[Gap]:
    """Put together what follows on each other for the same reason."""
    joined: dict[tuple[object, ...], list[Gap]] = {}
    for gap in sorted(found, key=lambda one: one.starts):
        run = joined.setdefault((gap.tier, gap.why, gap.accounts), [])
        if run and run[-1].ends == gap.starts:
            run[-1] = Gap(
                programme_id=gap.programme_id,
                tier=gap.tier,
                starts=run[-1].starts,
                ends=gap.ends,
                why=gap.why,
                accounts=gap.accounts,
            )
        else:
            run.append(gap)
    order = list(Tier)
    every = (gap for run in joined.values() for gap in run)
    return sorted(every, key=lambda one: (one.starts, order.index(one.tier)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Turn:
    """A time in which one account is on call in a tier without a break, however many shifts that is."""

    tier: Tier
    account: str
    starts: datetime
    ends: datetime


def turns(rota: Rota, *, first: datetime, last: datetime) -> list[Turn]:
    """Return who is on call between two instants, in order; what lies beyond them cuts a turn off."""
    runs: dict[tuple[Tier, str], list[Turn]] = {}
    for post in posts(rota, first=first, last=last):
        if post.account is None:
            continue
        run = runs.setdefault((post.tier, post.account), [])
        if run and post.starts <= run[-1].ends:
            run[-1] = Turn(
                tier=post.tier, account=post.account, starts=run[-1].starts, ends=max(run[-1].ends, post.ends)
            )
        else:
            run.append(Turn(tier=post.tier, account=post.account, starts=post.starts, ends=post.ends))
    order = list(Tier)
    every = (turn for run in runs.values() for turn in run)
    return sorted(every, key=lambda one: (one.starts, order.index(one.tier), one.account))


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """An instant at which a tier changes hands: whose turn ends, and whose begins."""

    tier: Tier
    at: datetime
    ends_for: tuple[str, ...]
    begins_for: tuple[str, ...]


def hand_overs(rota: Rota, *, first: datetime, last: datetime) -> list[HandOver]:
    """Return when tiers change hands from an instant on, up to another; half-open."""
    found = turns(rota, first=first - LOOKS_AHEAD, last=last + _MOMENT)
    moments = {(turn.tier, at) for turn in found for at in (turn.starts, turn.ends) if first <= at < last}
    order = list(Tier)
    return [
        HandOver(
            tier=tier,
            at=at,
            ends_for=tuple(turn.account for turn in found if turn.tier is tier and turn.ends == at),
            begins_for=tuple(turn.account for turn in found if turn.tier is tier and turn.starts == at),
        )
        for tier, at in sorted(moments, key=lambda one: (one[1], order.index(one[0])))
    ]


class State(StrEnum):
    """Whether the team is on duty, as far as anybody knows."""

    ON_DUTY = "on_duty"
    OFF_DUTY = "off_duty"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True, kw_only=True)
class Saying:
    """
    What may be said of an hour: the team is on duty (at least up to ``until``), isn't until then, or nobody knows.

    ``until`` None, of a team that isn't: nobody is down for the next two weeks. ``until`` is in the zone that was asked
    for. Nothing here says that somebody watches around the clock.
    """

    state: State
    until: datetime | None = None


def saying(duty: Duty | None, now: datetime, zone: str, *, until: datetime | None = None) -> Saying:
    """
    Return what may be said now; ``duty`` None: there is no rota, or it couldn't be read.

    ``until`` is when the last of those who are on call ends, where that is known.
    """
    if duty is None:
        return Saying(state=State.UNKNOWN)
    at = until if duty.is_covered else duty.next_from
    local = at.astimezone(ZoneInfo(zone)) if at and at > now else None
    return Saying(state=State.ON_DUTY if duty.is_covered else State.OFF_DUTY, until=local)


_FIRST_TO_ANSWER = (Tier.PRIMARY, Tier.SECONDARY)


def on_duty(rota: Rota, members: Iterable[Member], at: datetime) -> Duty:
    """Return who answers for a programme at an instant, as the ladder of pages asks for it."""
    members = list(members)
    found = staffing(rota, members, at)
    admins = (one for one in members if Role.PROGRAM_ADMIN in one.roles and one.is_active)
    return Duty(
        primary=tuple(one.id for one in found.of(Tier.PRIMARY)),
        secondary=tuple(one.id for one in found.of(Tier.SECONDARY)),
        supervisor=tuple(one.id for one in found.of(Tier.SUPERVISOR)),
        everybody=tuple(dict.fromkeys(one.id for one in (*found.staff, *admins))),
        next_from=_next_from(rota, members, at),
    )


def covered_until(rota: Rota, members: Iterable[Member], at: datetime) -> datetime | None:
    """Return up to when somebody answers without a break; None if nobody does now, or beyond ``LOOKS_AHEAD``."""
    ends = at
    for post in _answering(rota, members, at):
        if post.starts > ends:
            break
        ends = max(ends, post.ends)
    return ends if at < ends < at + LOOKS_AHEAD else None


def _next_from(rota: Rota, members: Iterable[Member], at: datetime) -> datetime | None:
    return min((post.starts for post in _answering(rota, members, at) if post.starts > at), default=None)


def _answering(rota: Rota, members: Iterable[Member], at: datetime) -> list[Post]:
    """Return the posts from an instant on of those who would answer, as far as can be known then."""
    by_account = {member.account: member for member in members}
    planned = posts(rota, first=at, last=at + LOOKS_AHEAD)
    return [
        post
        for post in planned
        if post.account and post.tier in _FIRST_TO_ANSWER and holder(post, by_account, at=at).trouble is None
    ]
