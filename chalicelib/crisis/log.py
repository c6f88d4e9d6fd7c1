"""What each line of a crisis's log does to it: a crisis is what its log adds up to."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import datetime

from chalicelib.crisis.domain import REVIEWED, Crisis, Event, Press, State, Wait, What
from chalicelib.privacy.domain import ALL_PROGRAMMES

MOST_LINES = 300
"""How many calls and pages a log shows, besides the first: whoever floods must not make it too long to be read."""


def bounded(log: Sequence[Event]) -> list[Event]:
    """Return a log without most of very many calls and pages, which no answer has room for; numbers show the gap."""
    by_itself = [event.number for event in log if event.what in {What.PRESS, What.PAGE}]
    left_out = set(by_itself[1:-MOST_LINES])
    return [event for event in log if event.number not in left_out]


def opened(crisis_id: str, press: Press) -> tuple[Crisis, Event]:
    """Return the crisis that a call for help opens, and the first line of its log."""
    event = Event(number=1, what=What.PRESS, at=press.at, by=press.by, press=press)
    crisis = Crisis(
        id=crisis_id,
        caller=press.caller,
        programme_id=press.programme_id,
        person_id=press.person_id,
        opened_at=press.at,
        since=press.at,
        called_at=press.at,
        pressed_at=press.at,
        is_verified=press.verified,
    )
    return crisis, event


def after(crisis: Crisis, event: Event) -> Crisis:
    """
    Return how a crisis stands after one more line of its log.

    :raises ValueError: if the line isn't the next one
    """
    if event.number != crisis.version + 1:
        raise ValueError("this isn't the next line of the log")
    return _DOES[event.what](replace(crisis, version=event.number), event)


def _press(crisis: Crisis, event: Event) -> Crisis:
    is_verified = crisis.is_verified or (event.press is not None and event.press.verified)
    crisis = replace(crisis, pressed_at=max(event.at, crisis.pressed_at), is_verified=is_verified)
    if event.press and event.press.programme_id != ALL_PROGRAMMES:
        if event.press.programme_id != crisis.programme_id:
            # Whoever moved on meanwhile calls those who have them now, who were not paged.
            crisis = replace(crisis, rang_at=None, paged_at=None)
        crisis = replace(crisis, programme_id=event.press.programme_id)
    if crisis.wait is Wait.ACK:
        return replace(crisis, called_at=max(event.at, crisis.called_at))
    return _reopen(crisis, event)


def _page(crisis: Crisis, event: Event) -> Crisis:
    in_turn = event.step is not None
    rounds = event.step + 1 if event.step is not None else crisis.rounds
    # Who acknowledged and then did nothing is as good as nobody.
    is_asked = crisis.wait is Wait.ACK or (crisis.wait is Wait.ATTEMPT and in_turn)
    crisis = replace(crisis, rounds=rounds, paged_at=event.at, paged_by=event.number - 1)
    return replace(crisis, state=State.PAGED, rang_at=event.at) if is_asked else crisis


def _ack(crisis: Crisis, event: Event) -> Crisis:
    programme_id = event.programme_id or crisis.programme_id
    was_theirs = programme_id == crisis.programme_id
    if was_theirs and crisis.wait is Wait.ACK and not crisis.rounds and crisis.rings_at == crisis.since:
        # The call itself had them paged, and they were so quick that the log doesn't have it.
        crisis = replace(crisis, rang_at=crisis.since)
    crisis = replace(crisis, owner=event.by, programme_id=programme_id, attempts=0, tried_at=None)
    return _waits(_heard(crisis), State.ACKNOWLEDGED, Wait.ATTEMPT, event.at)


def _hand_over(crisis: Crisis, event: Event) -> Crisis:
    # Whoever has it from now on is paged at once, however lately somebody else was.
    crisis = _heard(replace(crisis, owner=event.to[0], called_at=event.at, paged_at=None))
    # What the owner before had begun goes on: handing over puts nothing off.
    is_begun = crisis.wait is not Wait.ATTEMPT
    return crisis if is_begun else _waits(crisis, State.ACKNOWLEDGED, Wait.ATTEMPT, event.at)


def _attempt(crisis: Crisis, event: Event) -> Crisis:
    is_first = crisis.wait is Wait.ATTEMPT
    crisis = _heard(replace(crisis, attempts=crisis.attempts + 1, tried_at=event.at))
    return _waits(crisis, State.ACKNOWLEDGED, Wait.REACH, event.at) if is_first else crisis


def _contact(crisis: Crisis, event: Event) -> Crisis:
    return _waits(_heard(crisis), State.CONTACTED, Wait.RESOLUTION, event.at)


def _decision(crisis: Crisis, event: Event) -> Crisis:
    return _waits(_heard(crisis), crisis.state, Wait.RESOLUTION, event.at)


def _disposition(crisis: Crisis, event: Event) -> Crisis:
    crisis = replace(crisis, disposition=event.disposition, resolved_by=event.by)
    if event.disposition in REVIEWED:
        return _waits(_heard(crisis), State.RESOLVED, Wait.REVIEW, event.at)
    return _followed(crisis, event)


def _review(crisis: Crisis, event: Event) -> Crisis:
    return _followed(crisis, event) if event.agreed else _reopen(crisis, event)


def _followed(crisis: Crisis, event: Event) -> Crisis:
    crisis = replace(_heard(crisis), follow_ups=(*crisis.follow_ups, *event.tasks))
    return _waits(crisis, State.FOLLOW_UP, Wait.FOLLOW_UP, event.at)


def _follow_up(crisis: Crisis, event: Event) -> Crisis:
    return replace(crisis, follow_ups=tuple(one for one in crisis.follow_ups if one not in event.tasks))


def _reopen(crisis: Crisis, event: Event) -> Crisis:
    """Return a crisis that somebody has to acknowledge anew, whoever owned it."""
    crisis = replace(crisis, called_at=max(event.at, crisis.called_at))
    crisis = replace(crisis, disposition=None, resolved_by=None)
    return _waits(crisis, State.OPEN, Wait.ACK, event.at)


def _close(crisis: Crisis, event: Event) -> Crisis:
    return _waits(crisis, State.CLOSED, Wait.NOTHING, event.at)


_DOES: Mapping[What, Callable[[Crisis, Event], Crisis]] = {
    What.PRESS: _press,
    What.PAGE: _page,
    What.ACK: _ack,
    What.ATTEMPT: _attempt,
    What.CONTACT: _contact,
    What.HAND_OVER: _hand_over,
    What.DECISION: _decision,
    What.DISPOSITION: _disposition,
    What.REVIEW: _review,
    What.FOLLOW_UP: _follow_up,
    What.REOPEN: _reopen,
    What.CLOSE: _close,
}


def _heard(crisis: Crisis) -> Crisis:
    return replace(crisis, heard=crisis.version)


def _waits(crisis: Crisis, state: State, wait: Wait, at: datetime) -> Crisis:
    return replace(crisis, state=state, wait=wait, since=at, rounds=0)
