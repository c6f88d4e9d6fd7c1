"""
Whom to page, and when: a pure function of how a crisis stands and what time it is (domain rules 3.3).

Nothing here remembers: a look that was missed, a queue that lost a message or a process that died cost a minute, since
the next look works the same out again.
"""

from collections.abc import Iterator
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from itertools import count, takewhile

from chalicelib.crisis.domain import Crisis, Wait
from chalicelib.crisis.duty import Tier
from chalicelib.errors import Fault


@dataclass(frozen=True, slots=True, kw_only=True)
class Whom:
    """Who is paged by a step: who is on duty in these tiers, its ``owner``, ``everybody`` on call with the admins."""

    tiers: frozenset[Tier] = frozenset()
    owner: bool = True
    everybody: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Minutes:
    """
    A programme's own minutes; the defaults are this project's, no regulation sets them.

    Until somebody acknowledges: ``secondary``, ``supervisor`` and ``everybody`` after the call, then ``again`` and
    again. ``first_attempt`` after that without a contact attempt it goes on to others. ``try_again`` between attempts;
    after ``reach`` or ``tries`` of them a supervisor decides on a welfare check. ``resolve``: how often who owns a
    crisis is reminded to say how it ended, or who reviews one. ``between``: how soon a page follows another where
    somebody calls again and again. ``promise``: after how long whoever called is told to call the line themselves.
    """

    secondary: int = 5
    supervisor: int = 10
    everybody: int = 15
    again: int = 15
    first_attempt: int = 15
    try_again: int = 20
    reach: int = 60
    tries: int = 3
    resolve: int = 240
    between: int = 1
    promise: int = 15


LONGEST = 1440
"""Minutes that any of them may be at most."""


def faults_of(minutes: Minutes) -> list[Fault]:
    """Return what is wrong with a programme's minutes."""
    names = [field.name for field in fields(Minutes)]
    found = [
        Fault(field=name, reason=f"must be 1 to {LONGEST}")
        for name in names
        if not 1 <= getattr(minutes, name) <= LONGEST
    ]
    if not minutes.secondary < minutes.supervisor < minutes.everybody:
        found.append(Fault(field="everybody", reason="must be later than supervisor, and that later than secondary"))
    return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One rung: from this instant these are paged. ``number`` counts from 0 within one wait; None: out of turn.

    ``is_alarm``: so late that operators hear of it, too.
    """

    number: int | None
    at: datetime
    whom: Whom
    is_alarm: bool = False


_FIRST = Whom(tiers=frozenset({Tier.PRIMARY}))
_SECOND = Whom(tiers=_FIRST.tiers | {Tier.SECONDARY})
_THIRD = Whom(tiers=_SECOND.tiers | {Tier.SUPERVISOR})
_ALL = Whom(tiers=_THIRD.tiers, everybody=True)
_OWNER = Whom()
_ABOVE = Whom(tiers=frozenset({Tier.SUPERVISOR}))
_REVIEWER = Whom(tiers=_ABOVE.tiers, owner=False)


def steps(crisis: Crisis, minutes: Minutes) -> Iterator[Step]:
    """Give the ladder of what a crisis waits for, in the order of time; without an end, unless it waits for nothing."""
    return (
        Step(number=number, at=crisis.since + timedelta(minutes=offset), whom=whom, is_alarm=is_alarm)
        for number, offset, whom, is_alarm in _ladder(crisis, minutes)
    )


def due(crisis: Crisis, minutes: Minutes, *, now: datetime) -> Step | None:
    """
    Return the step to take now, None if none.

    After a time in which nobody looked it is the last one that came meanwhile: who should have been paged ten minutes
    ago is paged by it, too.
    """
    came = takewhile(lambda step: step.at <= now, steps(crisis, minutes))
    newest = None
    for step in came:
        newest = step
    if newest is not None and newest.number is not None and newest.number >= crisis.rounds:
        return newest
    if crisis.wait in {Wait.FOLLOW_UP, Wait.NOTHING}:
        return None
    again_at = _again_at(crisis, minutes)
    if again_at is None or again_at > now:
        return None
    present = _OWNER if crisis.wait is not Wait.ACK else newest.whom if newest is not None else _FIRST
    return Step(number=None, at=again_at, whom=present)


def looked_at(crisis: Crisis, minutes: Minutes) -> datetime | None:
    """Return when the next step comes; None if nothing is waited for by the minute."""
    coming = next((step.at for step in steps(crisis, minutes) if (step.number or 0) >= crisis.rounds), None)
    again_at = None if crisis.wait in {Wait.FOLLOW_UP, Wait.NOTHING} else _again_at(crisis, minutes)
    return min((at for at in (coming, again_at) if at is not None), default=None)


def _again_at(crisis: Crisis, minutes: Minutes) -> datetime | None:
    """Return when those who were paged are paged again, since somebody called after that; at a bounded rate."""
    if crisis.wait is not Wait.ACK and crisis.called_at < crisis.since:
        # They called before somebody said that they have it: that is answered, also where no page of it is in the log.
        return None
    if crisis.wait is Wait.ACK and not crisis.rounds:
        # The first step pages for every call until then.
        return None
    if crisis.paged_at is None:
        return crisis.called_at
    if crisis.called_at <= crisis.paged_at:
        return None
    return max(crisis.called_at, crisis.paged_at + timedelta(minutes=minutes.between))


_Rung = tuple[int, float, Whom, bool]
"""Its number, minutes after the wait began, whom it pages, and whether it is an alarm."""


def _ladder(crisis: Crisis, minutes: Minutes) -> Iterator[_Rung]:
    match crisis.wait:
        case Wait.ACK:
            yield 0, (crisis.rings_at - crisis.since) / timedelta(minutes=1), _FIRST, False
            yield from _widening(1, minutes.secondary, minutes)
        case Wait.ATTEMPT:
            yield from _widening(0, minutes.first_attempt, minutes)
        case Wait.REACH:
            yield from _reaching(crisis, minutes)
        case Wait.RESOLUTION:
            yield 0, minutes.resolve, _OWNER, False
            yield from _for_ever(1, 2 * minutes.resolve, minutes.resolve, _ABOVE)
        case Wait.REVIEW:
            yield 0, 0, _REVIEWER, False
            yield from _for_ever(1, minutes.resolve, minutes.resolve, _THIRD)


def _widening(number: int, first: float, minutes: Minutes) -> Iterator[_Rung]:
    """Go on from the secondary at ``first`` to the supervisor and to everybody, who are paged again and again."""
    late = first - minutes.secondary
    yield number, first, _SECOND, False
    yield number + 1, late + minutes.supervisor, _THIRD, False
    yield from _for_ever(number + 2, late + minutes.everybody, minutes.again, _ALL, is_alarm=True)


def _reaching(crisis: Crisis, minutes: Minutes) -> Iterator[_Rung]:
    """Remind the owner to try again, as often as they haven't, and then have a supervisor decide."""
    for number in range(minutes.tries - 1):
        at = minutes.try_again * (number + 1)
        if at < minutes.reach and crisis.attempts <= number + 1:
            yield number, at, _OWNER, False
    decides = float(minutes.reach)
    if crisis.attempts >= minutes.tries and crisis.tried_at is not None:
        # So often tried is as good as so long tried.
        decides = min(decides, (crisis.tried_at - crisis.since) / timedelta(minutes=1))
    yield minutes.tries - 1, decides, _ABOVE, False
    yield from _for_ever(minutes.tries, decides + minutes.again, minutes.again, _ALL, is_alarm=True)


def _for_ever(number: int, first: float, every: float, whom: Whom, *, is_alarm: bool = False) -> Iterator[_Rung]:
    for later in count():
        yield number + later, first + later * every, whom, is_alarm
