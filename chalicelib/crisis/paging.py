"""Page whoever answers, from how a crisis is stored."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

from chalicelib.crisis import ladder
from chalicelib.crisis.domain import Crisis, Door, Event, Wait, What
from chalicelib.crisis.duty import Duty
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.ladder import Minutes, Step, Whom
from chalicelib.crisis.log import after
from chalicelib.crisis.ports import Desk
from chalicelib.enrollment.holds import hold_for_crisis, settle_after_crisis
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import CRISIS_PAGE
from chalicelib.outreach.service import at_once
from chalicelib.privacy.domain import ALL_PROGRAMMES, Role
from chalicelib.staff.domain import Member

HOURLY = timedelta(hours=1)
"""How often a crisis is looked at that waits for nothing by the minute."""

A_MINUTE = timedelta(minutes=1)

NEWER_AFTER = timedelta(minutes=5)
"""A page so much older than the last one isn't tried any more: after an outage nobody is woken twenty times at once."""

PROGRAMMES_AT_ONCE = 20
"""How many programmes are paged within the request of a caller whom nobody knows, who waits for an answer meanwhile.

Of more the minute's look pages all: it begins anew, and what was handed over is the same page.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Begun:
    """
    A step whose pages by e-mail and push are handed over; texts and the log's line are yet to come.

    ``wanted``: whom it pages; ``handed``: the ids of those who were; ``everybody``: whom it pages if none of them can
    be. ``is_whole``: no programme was left for later.
    """

    crisis: Crisis
    step: Step
    minutes: Minutes
    wanted: tuple[Member, ...]
    handed: frozenset[str]
    everybody: tuple[Member, ...]
    is_whole: bool


def hold(crisis: Crisis, *, now: datetime, desk: Desk) -> None:
    """
    Have celebrations wait for its end, and not for ever after it.

    Where that fails nobody's page waits for it, and whatever is done about it next does it.
    """
    if crisis.person_id is None:
        return
    if crisis.holds:
        guarded(partial(hold_for_crisis, crisis.person_id, now=now, holds=desk.holds), desk=desk)
    else:
        guarded(partial(settle_after_crisis, crisis.person_id, ended_at=crisis.since, holds=desk.holds), desk=desk)


def page(crisis: Crisis, *, now: datetime, desk: Desk, most: int | None = None) -> bool:
    """
    Take the step that is due, if one is, and say whether a page was handed over.

    ``most``: how many programmes at most; where there are more, the step counts as not taken, and the look takes it.

    Safe to repeat: pages are named by the crisis and its version, and what was sent is in the ledger. The log's line
    goes last, so that whoever dies before that leaves it to be done again.
    """
    begun = begin(crisis, now=now, desk=desk, most=most)
    return begun is not None and finish(begun, now=now, desk=desk)


def begin(crisis: Crisis, *, now: datetime, desk: Desk, most: int | None = None) -> Begun | None:
    """Hand over the pages by e-mail and push of the step that is due; None if none is."""
    minutes = minutes_of(crisis, desk=desk)
    step = ladder.due(crisis, minutes, now=now)
    if step is None:
        desk.crises.look_again(crisis, at=look_at(crisis, minutes, now=now))
        return None
    programmes = desk.programmes.ids() if crisis.programme_id == ALL_PROGRAMMES else [crisis.programme_id]
    teams: list[list[Member]] = []
    everybody: list[Member] = []
    for programme_id in programmes[:most]:
        # Whose staff can't be read must not keep the others from being paged.
        found = guarded(partial(desk.members.of_programme, programme_id), desk=desk) or ()
        staff = [member for member in found if member.is_active]
        duty = _duty(programme_id, now=now, desk=desk)
        teams.append(paged_by(crisis, step.whom, duty=duty, staff=staff))
        everybody += staff
    return Begun(
        crisis=crisis,
        step=step,
        minutes=minutes,
        wanted=tuple(member for team in teams for member in team),
        handed=frozenset(_hand_over(crisis, teams, now=now, desk=desk)),
        everybody=tuple(everybody),
        is_whole=most is None or len(programmes) <= most,
    )


def finish(begun: Begun, *, now: datetime, desk: Desk) -> bool:
    """Page by text message, too, and write the step down; say whether anybody was paged in any way."""
    crisis, step = begun.crisis, begun.step
    told = {*begun.handed} | _text(crisis, begun.wanted, now=now, desk=desk)
    if not told:
        told = _hand_over(crisis, [begun.everybody], now=now, desk=desk)
        told |= _text(crisis, begun.everybody, now=now, desk=desk)
    if not begun.is_whole:
        return bool(told)
    if step.is_alarm and not crisis.is_drill:
        desk.note("CrisisEscalated", 1)
    if not told:
        # Nobody can be paged: operators are woken each minute until somebody can.
        desk.note("CrisisUnpaged", 1)
        desk.crises.look_again(crisis, at=now + A_MINUTE)
        return False
    if not crisis.is_drill and (crisis.paged_at is None or crisis.paged_at < crisis.since):
        desk.note("CrisisPagedAfter", max(0.0, (now - crisis.called_at).total_seconds()))
    event = Event(number=crisis.version + 1, what=What.PAGE, at=now, step=step.number, to=tuple(sorted(told)))
    paged = after(crisis, event)
    # Where somebody changed it meanwhile, for example acknowledged, there is one page more than needed.
    desk.crises.save(paged, [event], look_at=look_at(paged, begun.minutes, now=now))
    return True


def look_at(crisis: Crisis, minutes: Minutes, *, now: datetime) -> datetime:
    """Return when a crisis is to be looked at again: at its next step, and once an hour at least."""
    coming = ladder.looked_at(crisis, minutes)
    return now + HOURLY if coming is None else min(max(coming, now), now + HOURLY)


def minutes_of(crisis: Crisis, *, desk: Desk) -> Minutes:
    """Return the minutes that a crisis goes by; the defaults where its programme's own can't be read."""
    try:
        return desk.programmes.minutes(crisis.programme_id)
    except Exception as error:  # noqa: BLE001 (a page must not wait for a setting)
        desk.trouble(error)
        return Minutes()


def objection(due: Due, *, desk: Desk) -> Reason | None:
    """
    Return why a page must not go out any more: somebody has acknowledged since it was decided on, or it is over.

    Or its provider took so long that a newer one, which goes to the same people and more, has taken its place.
    """
    if category_name(due.kind) != CRISIS_PAGE:
        return None
    named, _, version = due.kind.partition("-")[2].removeprefix(f"{Door.DRILL}-").rpartition("-")
    # What can't be read now may still wait for somebody: one page too many does no harm.
    is_one = bool(named) and version.isdecimal()
    crisis = guarded(partial(desk.crises.find, named), desk=desk) if is_one else None
    if crisis is None:
        return None
    is_void = crisis.wait in {Wait.FOLLOW_UP, Wait.NOTHING} or int(version) < crisis.heard
    # One of the same version is the same page, handed over again since the look that first did so died.
    newer_at = crisis.paged_at if int(version) < crisis.paged_by else None
    is_old = newer_at is not None and newer_at - due.due_at >= NEWER_AFTER
    return Reason.CANCELLED if is_void or is_old else None


def kind_of(crisis: Crisis) -> str:
    """Return the kind of a page that is decided on now: its own for each version, and none of them says anything."""
    sort = f"{Door.DRILL}-" if crisis.is_drill else ""
    return f"{CRISIS_PAGE}-{sort}{crisis.id}-{crisis.version}"


def paged_by(crisis: Crisis, whom: Whom, *, duty: Duty, staff: Iterable[Member]) -> list[Member]:
    """
    Return who is paged: of the tiers all who are on duty, the owner, and where nobody is on duty all of the staff.

    ``staff`` are the active members of one programme.
    """
    if not duty.is_covered and (whom.tiers or whom.everybody):
        return sorted(staff, key=lambda member: (Role.CLINICIAN not in member.roles, member.id))
    wanted = {member_id for tier in whom.tiers for member_id in duty.of(tier)}
    wanted |= set(duty.everybody) if whom.everybody else set()
    return [
        member
        for member in staff
        if member.id in wanted
        or (whom.owner and member.account == crisis.owner)
        or (whom.everybody and Role.PROGRAM_ADMIN in member.roles)
    ]


def _duty(programme_id: str, *, now: datetime, desk: Desk) -> Duty:
    try:
        return desk.on_call.on_duty(programme_id, at=now)
    except Exception as error:  # noqa: BLE001 (as if nobody were on duty: everybody is paged)
        desk.trouble(error)
        return Duty()


def _hand_over(crisis: Crisis, teams: Iterable[Iterable[Member]], *, now: datetime, desk: Desk) -> set[str]:
    """
    Have these teams paged by e-mail and push; return the ids of those who will be.

    Each is put by itself, so that one that can't be keeps none of the others from it. All are hurried at once: a queue
    that doesn't answer is waited for once, and not once for each of four hundred programmes.
    """
    put: list[Due] = []
    for team in teams:
        reachable = (member for member in team if member.is_reachable(at=now))
        dues = [at_once(member.id, kind_of(crisis), zone="UTC", now=now) for member in reachable]
        is_put = bool(dues) and guarded(partial(_put, dues, desk), desk=desk)
        put += dues if is_put else []
    if put:
        guarded(partial(desk.hurry, put), desk=desk)
    return {due.person_id for due in put}


def _text(crisis: Crisis, members: Iterable[Member], *, now: datetime, desk: Desk) -> set[str]:
    """Page these by text message; return the ids of those whose was taken."""
    sends = {member.id: partial(desk.pager.page, member.id, crisis.reference, at=now) for member in members}
    return {member_id for member_id, send in sends.items() if guarded(send, desk=desk)}


def _put(dues: list[Due], desk: Desk) -> bool:
    desk.dues.put(dues)
    return True
