"""Let staff take times on call from each other: asked and agreed to, or put by the programme."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from chalicelib.crisis.duty import Tier
from chalicelib.crisis.rota import Cover, Rota, posts
from chalicelib.crisis.rota_service import Desk, rota_of
from chalicelib.errors import Conflict, Fault, NotFound, refuse
from chalicelib.outreach.domain import Due
from chalicelib.outreach.kinds import STAFF_WORK
from chalicelib.outreach.service import at_once
from chalicelib.staff.domain import Member

LONGEST_COVER = timedelta(days=31)
"""A longer absence is an edit of the rota."""
MOST_COVERS = 200
"""How many covers a programme may have that are still to come or asked for."""


class NoSuchCover(NotFound):
    """There is no such cover, or it is no matter of theirs."""


class CoverEnded(Conflict):
    """A side said no, it was withdrawn, or its time is over."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WantedCover:
    """A cover as somebody asks for it, or as the programme puts it."""

    tier: Tier
    of: str | None
    by: str
    starts: datetime
    ends: datetime


def ask_cover(
    programme_id: str,
    wanted: WantedCover,
    *,
    asked_by: str,
    puts: bool,
    now: datetime,
    desk: Desk,
    new_id: Callable[[], str],
) -> Cover:
    """
    Ask somebody to take a time on call, or offer it; or, ``puts``, put it without asking, which the programme may.

    Whoever asks has agreed for their own side. What lies behind ``now`` of it is left out. The other side is told.

    :raises NoRota: if there is none
    :raises Invalid: names what makes no sense
    :raises Conflict: if too many are open
    """
    rota = rota_of(programme_id, now=now, desk=desk)
    members = {member.account: member for member in desk.staff.of_programme(programme_id) if member.is_active}
    wanted = replace(wanted, starts=max(wanted.starts, now))
    refuse(_cover_faults(wanted, rota, members, asked_by=asked_by, puts=puts))
    if len(rota.covers) >= MOST_COVERS:
        raise Conflict("too many covers are open already")
    cover = Cover(
        id=f"{wanted.ends:%Y%m%dT%H%M%SZ}-{new_id()}",
        programme_id=programme_id,
        tier=wanted.tier,
        of=wanted.of,
        by=wanted.by,
        starts=wanted.starts,
        ends=wanted.ends,
        asked_by=asked_by,
        asked_at=now,
        agreed=frozenset({asked_by}) & frozenset({wanted.of, wanted.by}),
        put=puts,
    )
    others = [members[side] for side in sorted(cover.sides - {asked_by}) if side in members]
    desk.rotas.save_cover(cover, dues=[_told(cover, member, "asked", now=now) for member in others])
    return cover


def answer_cover(programme_id: str, cover_id: str, *, by: str, agrees: bool, now: datetime, desk: Desk) -> Cover:
    """
    Say yes or no to a cover for one's own side; who asked is told. The same again changes nothing.

    :raises NoSuchCover: if there is none, or they are no side of it
    :raises CoverEnded: if it ended or is over, or what it was for is somebody else's by now
    """
    cover = _found(programme_id, cover_id, by=by, desk=desk)
    if not agrees:
        return _end(cover, by=by, now=now, desk=desk)
    if by in cover.agreed and cover.ended_at is None:
        return cover
    if cover.ended_at is not None or cover.ends <= now:
        raise CoverEnded("this is over")
    rota = rota_of(programme_id, now=now, desk=desk)
    if not cover.holds and not _is_of_use(rota, cover.tier, cover.of, cover.starts, cover.ends):
        raise CoverEnded("what it was for is somebody else's by now")
    after = replace(cover, agreed=cover.agreed | {by}, version=cover.version + 1)
    desk.rotas.save_cover(after, dues=_asker_told(after, "agreed", but=by, now=now, desk=desk))
    return after


def end_cover(programme_id: str, cover_id: str, *, by: str, puts: bool, now: datetime, desk: Desk) -> Cover:
    """
    Withdraw a cover: a side of it may, and the programme (``puts``). Again changes nothing; the other side is told.

    :raises NoSuchCover: if there is none, or they are no side of it
    :raises CoverEnded: if its time is over
    """
    cover = _found(programme_id, cover_id, by=None if puts else by, desk=desk)
    return _end(cover, by=by, now=now, desk=desk)


def _end(cover: Cover, *, by: str, now: datetime, desk: Desk) -> Cover:
    if cover.ended_at is not None:
        return cover
    if cover.ends <= now:
        raise CoverEnded("this is over")
    after = replace(cover, ended_at=now, ended_by=by, version=cover.version + 1)
    members = {member.account: member for member in desk.staff.of_programme(cover.programme_id)}
    others = (members[side] for side in sorted((cover.sides | {cover.asked_by}) - {by}) if side in members)
    desk.rotas.save_cover(after, dues=[_told(after, member, "ended", now=now) for member in others])
    return after


def _found(programme_id: str, cover_id: str, *, by: str | None, desk: Desk) -> Cover:
    cover = desk.rotas.cover(programme_id, cover_id)
    if cover is None or (by is not None and by not in cover.sides):
        raise NoSuchCover("there is no such cover")
    return cover


def _asker_told(cover: Cover, what: str, *, but: str, now: datetime, desk: Desk) -> list[Due]:
    found = desk.staff.of_programme(cover.programme_id)
    sides = (cover.sides | {cover.asked_by}) - {but}
    return [_told(cover, member, what, now=now) for member in found if member.account in sides and member.is_active]


def _told(cover: Cover, member: Member, what: str, *, now: datetime) -> Due:
    """Return what tells a member of news about a cover; what news, their dashboard says."""
    return at_once(member.id, f"{STAFF_WORK}-cover-{cover.id[-16:].replace('-', '')}-{what}", zone="UTC", now=now)


def _cover_faults(
    wanted: WantedCover, rota: Rota, members: dict[str, Member], *, asked_by: str, puts: bool
) -> list[Fault]:
    faults = []
    if wanted.starts >= wanted.ends:
        faults.append(Fault(field="ends", reason="must be later than starts, and still to come"))
    elif wanted.ends - wanted.starts > LONGEST_COVER:
        faults.append(Fault(field="ends", reason=f"must be {LONGEST_COVER.days} days after starts at most"))
    faults += [
        Fault(field=name, reason="is no member of this programme's staff")
        for name, account in (("of", wanted.of), ("by", wanted.by))
        if account is not None and account not in members
    ]
    if wanted.of == wanted.by:
        faults.append(Fault(field="by", reason="must be somebody else"))
    if not puts and asked_by not in {wanted.of, wanted.by}:
        faults.append(Fault(field="by", reason="must be you, or the place must be yours"))
    if not puts and wanted.of is None:
        faults.append(Fault(field="of", reason="must say whose place it is"))
    if not faults and not _is_of_use(rota, wanted.tier, wanted.of, wanted.starts, wanted.ends):
        faults.append(Fault(field="of", reason="isn't on call in that time"))
    return faults


def _is_of_use(rota: Rota, tier: Tier, of: str | None, starts: datetime, ends: datetime) -> bool:
    """Say whether there is anything to take over."""
    if of is None:
        return True
    return any((post.tier, post.account) == (tier, of) for post in posts(rota, first=starts, last=ends))
