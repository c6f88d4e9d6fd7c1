"""Look over each rota once an hour: tell its programme of gaps, and staff that their turn begins or ends."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from hashlib import sha256
from typing import Protocol

from chalicelib.crisis.coverage import LOOKS_AHEAD, Gap, HandOver, gaps, hand_overs
from chalicelib.crisis.duty import Tier
from chalicelib.crisis.rota import Rota, no_rota
from chalicelib.crisis.rota_service import Rotas, Staff
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import STAFF_WORK
from chalicelib.outreach.recurrence import next_occurrence
from chalicelib.outreach.service import not_behind
from chalicelib.privacy.domain import Role
from chalicelib.staff.domain import Member

EVERY = timedelta(hours=1)
"""How often a rota is looked over; at once after a change of it."""
WARNS_AHEAD, AGAIN_AHEAD = timedelta(hours=72), timedelta(hours=24)
"""How long before a gap, at least, its programme is told of it, and told again (domain rules 3.4)."""
TELLS_AHEAD = timedelta(hours=2)
"""How long before a hand-over its message is made due; a look later is early enough for what is changed since."""
GAP, TURN = f"{STAFF_WORK}-rota", f"{STAFF_WORK}-turn"
"""The messages: ``staff_work-rota-gaps-{which}``, ``staff_work-turn-{tier}-{hour and minute}{begins or ends}``."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """When a programme's rota was last looked over, and which warnings went out: ``{gap}-{72 or 24}``."""

    programme_id: str
    at: datetime | None = None
    told: frozenset[str] = field(default_factory=frozenset)

    def is_due(self, now: datetime) -> bool:
        """Say whether it is time to look again."""
        return self.at is None or now >= self.at + EVERY


class Looks(Protocol):
    """When each rota was last looked over."""

    def looked(self) -> list[Looked]:
        """Return them all."""
        ...

    def look(self, looked: Looked) -> None:
        """Keep that a rota was looked over."""
        ...


class Dues(Protocol):
    """What is waiting to fall due."""

    def put(self, dues: Iterable[Due]) -> None:
        """Write these due rows; again is the same rows."""
        ...


def nothing_to_start(_programme_id: str, _key: str) -> None:
    """Start no drill."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchDesk:
    """
    What looking over works with.

    ``cares`` says whether a programme has people in care, so that somebody should be on call. ``start_drill`` is given
    a programme and a key: the same key is the same drill.
    """

    rotas: Rotas
    looks: Looks
    staff: Staff
    dues: Dues
    cares: Callable[[str], bool]
    start_drill: Callable[[str, str], object] = nothing_to_start


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """What a look found: hours of the next three days without anybody in the first tier, and whether nobody is told."""

    gap_hours: float = 0
    told: int = 0
    is_untold: bool = False


def all_looked(looks: Looks, programme_ids: Iterable[str]) -> list[Looked]:
    """Return when each programme's rota was last looked over, of those that never kept one as well."""
    found = looks.looked()
    known = {one.programme_id for one in found}
    return [*found, *(Looked(programme_id=name) for name in programme_ids if name not in known)]


def look_over(looked: Looked, *, now: datetime, desk: WatchDesk) -> Seen:
    """
    Look over one programme's rota: warn of each gap once 72 hours ahead and once 24, and have hand-overs told.

    A programme that has people in care and never kept a rota is warned as of one in which nobody has a shift.

    Safe to repeat: what a message is about names it, so that the ledger knows what was told. What was looked over is
    written down last.
    """
    rota = desk.rotas.find(looked.programme_id, since=now - LOOKS_AHEAD)
    if rota is None and not desk.cares(looked.programme_id):
        desk.looks.look(Looked(programme_id=looked.programme_id, at=now.replace(microsecond=0)))
        return Seen()
    rota = rota or no_rota(looked.programme_id, now)
    members = desk.staff.of_programme(looked.programme_id)
    found = [gap for gap in gaps_ahead(rota, members, now=now) if gap.ends > now]
    wanted = {warning_of(gap, now=now): gap for gap in found}
    news = sorted(wanted.keys() - looked.told)
    admins = [one for one in members if Role.PROGRAM_ADMIN in one.roles and one.is_reachable(at=now)]
    dues = [_warning(news, wanted[news[0]], admin, now=now) for admin in admins] if news else []
    desk.dues.put([*dues, *_turn_messages(rota, members, now=now)])
    began = drill_due(rota, since=looked.at or now - EVERY, now=now)
    if began is not None:
        desk.start_drill(rota.programme_id, f"by-rota-{began.isoformat()}")
    told = (looked.told & frozenset(wanted)) | (frozenset(wanted) if admins else frozenset())
    desk.looks.look(Looked(programme_id=looked.programme_id, at=now.replace(microsecond=0), told=told))
    first = [gap for gap in found if gap.tier is Tier.PRIMARY]
    lengths = (min(gap.ends, now + WARNS_AHEAD) - max(gap.starts, now) for gap in first)
    hours = sum(max(length, timedelta()) / timedelta(hours=1) for length in lengths)
    return Seen(gap_hours=hours, told=len(dues), is_untold=bool(news) and not admins)


def drill_due(rota: Rota, *, since: datetime, now: datetime) -> date | None:
    """Return the date of the drill that fell due since the last look, a day ago at most; None if none did."""
    if rota.drills is None:
        return None
    found = next_occurrence(rota.drills, after=max(since, now - timedelta(days=1)))
    return found.on if found and found.at <= now else None


def gaps_ahead(rota: Rota, members: Iterable[Member], *, now: datetime) -> list[Gap]:
    """
    Return the gaps of the next 72 hours and the time to the next look, each with the instant at which it really begins.

    That is looked for two weeks back; one that is older counts as begun on the Monday before: it is told of each week.
    """
    monday = (now - timedelta(days=now.weekday())).replace(hour=0, minute=0, second=0, microsecond=0)
    first = min(now - LOOKS_AHEAD, monday)
    found = gaps(rota, members, first=first, last=now + WARNS_AHEAD + EVERY, now=now)
    return [
        Gap(
            programme_id=gap.programme_id,
            tier=gap.tier,
            starts=monday if gap.starts == first else gap.starts,
            ends=gap.ends,
            why=gap.why,
            accounts=gap.accounts,
        )
        for gap in found
        if gap.ends > now
    ]


def warning_of(gap: Gap, *, now: datetime) -> str:
    """Return the name of the warning that is due for a gap: the first one, or, a day ahead, the last one."""
    ahead = AGAIN_AHEAD if gap.starts - now < AGAIN_AHEAD + EVERY else WARNS_AHEAD
    return f"{gap.reference}-{ahead // timedelta(hours=1)}"


def _warning(news: list[str], gap: Gap, admin: Member, *, now: datetime) -> Due:
    """Return one message about all of these: the rota itself says which they are."""
    at, on = now.replace(microsecond=0), gap.starts.astimezone(UTC).date()
    about = sha256(" ".join(news).encode()).hexdigest()[:16]
    return Due(person_id=admin.id, kind=f"{GAP}-gaps-{about}", on=on, at=at, due_at=at, version=1)


def _turn_messages(rota: Rota, members: Iterable[Member], *, now: datetime) -> list[Due]:
    by_account = {member.account: member for member in members}
    found = hand_overs(rota, first=now, last=now + EVERY + TELLS_AHEAD)
    return [
        not_behind(_turn_message(one, by_account[account], what), now=now)
        for one in found
        for what, accounts in (("begins", one.begins_for), ("ends", one.ends_for))
        for account in accounts
        if account in by_account and by_account[account].is_reachable(at=now)
    ]


def _turn_message(hand_over: HandOver, member: Member, what: str) -> Due:
    at = hand_over.at
    return Due(
        person_id=member.id,
        kind=f"{TURN}-{hand_over.tier}-{at:%H%M}{what}",
        on=at.astimezone(UTC).date(),
        at=at,
        due_at=at,
        version=1,
    )


def objection(due: Due, *, member_of: Callable[[str], Member | None], rotas: Rotas) -> Reason | None:
    """Return why a message about a turn must not go out any more: the rota has changed, and it isn't theirs."""
    if not due.kind.startswith(f"{TURN}-"):
        return None
    member = member_of(due.person_id)
    rota = rotas.find(member.programme_id, since=due.due_at - LOOKS_AHEAD) if member else None
    if member is None or rota is None:
        return Reason.CANCELLED
    tier = Tier(due.kind.split("-")[2])
    found = hand_overs(rota, first=due.due_at, last=due.due_at + timedelta(microseconds=1))
    begins = due.kind.endswith("begins")
    theirs = any(one.tier is tier and member.account in (one.begins_for if begins else one.ends_for) for one in found)
    return None if theirs else Reason.CANCELLED
