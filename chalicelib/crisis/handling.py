"""What staff do about a crisis: each is a line of its log, and says who did it."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from chalicelib.crisis import paging
from chalicelib.crisis.domain import (
    OVER,
    REVIEWED,
    SPOKEN,
    Crisis,
    Disposition,
    Event,
    NoSuchCrisis,
    NotNow,
    OwnedByAnother,
    State,
    Wait,
    What,
)
from chalicelib.crisis.following import follow_ups
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.log import after
from chalicelib.crisis.ports import Desk
from chalicelib.crisis.service import TRIES, TakenByOthers
from chalicelib.enrollment.holds import hold_after_crisis
from chalicelib.errors import Fault, Invalid
from chalicelib.privacy.domain import ALL_PROGRAMMES
from chalicelib.tasks.domain import Task


@dataclass(frozen=True, slots=True, kw_only=True)
class By:
    """Who does it: an account, as somebody of this programme."""

    account: str
    programme_id: str


SAME_FOR = timedelta(minutes=5)
"""The same attempt or contact by the same account within this time is that one, sent again."""

_Lines = tuple[Crisis, Sequence[Event], Sequence[Task]]
"""The crisis as it stands then, the lines that say why, and the tasks that they open."""


def find(crisis_id: str, programme_id: str, *, desk: Desk) -> Crisis:
    """
    Return a programme's crisis; one of a caller whom nobody knows is every programme's, until somebody takes it.

    :raises NoSuchCrisis: if there is none, or it is another programme's
    """
    crisis = desk.crises.find(crisis_id)
    if crisis is None or crisis.programme_id not in {programme_id, ALL_PROGRAMMES}:
        raise NoSuchCrisis("There is no such thing, or not for you.")
    return crisis


def acknowledge(crisis_id: str, by: By, *, now: datetime, desk: Desk) -> Crisis:
    """
    Say that one has it, and own it from then on. The same again changes nothing.

    :raises OwnedByAnother: if somebody else was faster; it names them
    :raises NotNow: if it is over
    """

    def decide(crisis: Crisis) -> _Lines:
        _must_go_on(crisis)
        if not crisis.is_unanswered:
            if crisis.owner != by.account:
                raise OwnedByAnother(f"{_name_of(crisis, desk)} has acknowledged this already")
            return crisis, (), ()
        return _log(crisis, _ack(by, now), *_drilled(crisis, by, now))

    return _act(crisis_id, by, decide, now=now, desk=desk)


def attempt(crisis_id: str, by: By, *, note: str | None, now: datetime, desk: Desk) -> Crisis:
    """Note that one tried to reach the person, and didn't. Whoever tries has it."""
    return _reaching(crisis_id, by, {"what": What.ATTEMPT, "note": note}, now=now, desk=desk)


def contact(crisis_id: str, by: By, *, note: str | None, now: datetime, desk: Desk) -> Crisis:
    """Note that one reached the person. Whoever reaches them has it."""
    return _reaching(crisis_id, by, {"what": What.CONTACT, "note": note}, now=now, desk=desk)


def _reaching(crisis_id: str, by: By, line: dict[str, Any], *, now: datetime, desk: Desk) -> Crisis:
    def decide(crisis: Crisis) -> _Lines:
        _must_go_on(crisis)
        if _is_sent_again(crisis, {**line, "by": by.account}, now=now, desk=desk):
            return crisis, (), ()
        lines = [_ack(by, now)] if crisis.is_unanswered else []
        if crisis.is_drill:
            return _log(crisis, *lines, *_drilled(crisis, by, now))
        return _log(crisis, *lines, {**line, "by": by.account, "at": now})

    return _act(crisis_id, by, decide, now=now, desk=desk)


def _is_sent_again(crisis: Crisis, line: dict[str, Any], *, now: datetime, desk: Desk) -> bool:
    """Say whether this is the line that was noted last: its answer got lost, and one call must not count as three."""
    if crisis.tried_at is None and crisis.state is not State.CONTACTED:
        return False
    lines = [event for event in desk.crises.log(crisis.id) if event.what is not What.PAGE]
    last = lines[-1]
    return (last.what, last.by, last.note) == (line["what"], line["by"], line["note"]) and now < last.at + SAME_FOR


def decide_welfare_check(crisis_id: str, by: By, *, wanted: bool, note: str, now: datetime, desk: Desk) -> Crisis:
    """
    Say, as somebody else than its owner, whether the person is to be looked after by emergency services.

    :raises NotNow: if nobody has it, or tried to reach them yet, somebody did reach them, or one owns it oneself
    """

    def decide(crisis: Crisis) -> _Lines:
        _must_go_on(crisis)
        # Attempts from before they called again are no answer to that call.
        _must_be_acknowledged(crisis)
        if crisis.attempts == 0 or crisis.state is State.CONTACTED:
            raise NotNow("this is decided once somebody has tried to reach them, and hasn't")
        if crisis.owner == by.account:
            raise NotNow("somebody else than the owner decides on a welfare check")
        line = {"what": What.DECISION, "agreed": wanted, "note": _said(note), "by": by.account, "at": now}
        return _log(crisis, line)

    return _act(crisis_id, by, decide, now=now, desk=desk)


def hand_over(crisis_id: str, by: By, *, to: str, now: datetime, desk: Desk) -> Crisis:
    """
    Give it to somebody else of the programme's staff, who is paged at once and owns it from then on.

    :raises NotNow: if nobody has acknowledged it yet, or it is over
    :raises Invalid: if they are no member of the staff, or can't be reached
    """

    def decide(crisis: Crisis) -> _Lines:
        _must_go_on(crisis)
        _must_be_acknowledged(crisis)
        member = desk.members.find(by.programme_id, to)
        if member is None or not member.can_be_paged(at=now):
            raise Invalid(Fault(field="to", reason="must be a member of the staff who can be reached"))
        if crisis.owner == to:
            return crisis, (), ()
        return _log(crisis, {"what": What.HAND_OVER, "to": (to,), "by": by.account, "at": now})

    return _act(crisis_id, by, decide, now=now, desk=desk, pages=True)


def resolve(crisis_id: str, by: By, *, disposition: Disposition, note: str, now: datetime, desk: Desk) -> Crisis:
    """
    Say how it ended. Some ends wait for a second person; then three follow-ups are opened. The same again is the same.

    :raises NotNow: if nobody has it, or that end doesn't fit what was done
    """

    def decide(crisis: Crisis) -> _Lines:
        if crisis.state in OVER and (crisis.disposition, crisis.resolved_by) == (disposition, by.account):
            return crisis, (), ()
        _must_go_on(crisis)
        _must_be_acknowledged(crisis)
        if disposition in SPOKEN and crisis.state is not State.CONTACTED:
            raise NotNow("somebody has to have reached them for this end: note the contact first")
        if disposition is Disposition.UNREACHABLE and not _was_tried_enough(crisis, desk):
            raise NotNow(
                "this end comes after enough attempts to reach them, or a decision on a welfare check: note them first"
            )
        line = {
            "what": What.DISPOSITION,
            "disposition": disposition,
            "note": _said(note),
            "by": by.account,
            "at": now,
        }
        return _log(crisis, line) if disposition in REVIEWED else _ended(crisis, line, now)

    crisis = _act(crisis_id, by, decide, now=now, desk=desk)
    if crisis.person_id is not None:
        # Should this fail, the next look does it.
        guarded(partial(hold_after_crisis, crisis.person_id, now=now, holds=desk.holds), desk=desk)
    return crisis


def review(crisis_id: str, by: By, *, agreed: bool, note: str, now: datetime, desk: Desk) -> Crisis:
    """
    Say, as a second person, whether that was the right end; if not it is open again, and is paged.

    :raises NotNow: if it waits for no review, or one ended it oneself
    """

    def decide(crisis: Crisis) -> _Lines:
        if crisis.wait is not Wait.REVIEW:
            raise NotNow("this waits for no review")
        if crisis.resolved_by == by.account:
            raise NotNow("somebody else than who ended it has to agree")
        line = {"what": What.REVIEW, "agreed": agreed, "note": _said(note), "by": by.account, "at": now}
        return _ended(crisis, line, now) if agreed else _log(crisis, line)

    return _act(crisis_id, by, decide, now=now, desk=desk, pages=not agreed)


def reopen(crisis_id: str, by: By, *, note: str, now: datetime, desk: Desk) -> Crisis:
    """
    Open again what is over, and have it paged.

    :raises NotNow: if it isn't over, or its caller has another one that is open
    """

    def decide(crisis: Crisis) -> _Lines:
        if crisis.state not in OVER or crisis.is_drill:
            raise NotNow("this isn't over, or it is a drill")
        present = desk.crises.present_of(crisis.caller)
        if present is not None and present.id != crisis.id:
            raise NotNow("there is a newer crisis of the same caller")
        return _log(crisis, {"what": What.REOPEN, "note": _said(note), "by": by.account, "at": now})

    return _act(crisis_id, by, decide, now=now, desk=desk, pages=True)


def _act(
    crisis_id: str, by: By, decide: Callable[[Crisis], _Lines], *, now: datetime, desk: Desk, pages: bool = False
) -> Crisis:
    """Write down what somebody did; ``pages``: whoever is to know is paged now; should that fail, by the next look."""
    for _ in range(TRIES):
        crisis = find(crisis_id, by.programme_id, desk=desk)
        changed, events, tasks = decide(crisis)
        if not events:
            return crisis
        minutes = paging.minutes_of(changed, desk=desk)
        if desk.crises.save(changed, events, look_at=paging.look_at(changed, minutes, now=now), tasks=tasks):
            if pages:
                guarded(partial(paging.page, changed, now=now, desk=desk), desk=desk)
            paging.hold(changed, now=now, desk=desk)
            return changed
    raise TakenByOthers("this is being changed by others at this moment; try again")


def _log(crisis: Crisis, *lines: dict[str, Any], tasks: Sequence[Task] = ()) -> _Lines:
    events = []
    for line in lines:
        events.append(Event(number=crisis.version + 1, **line))
        crisis = after(crisis, events[-1])
    return crisis, events, tasks


def _ended(crisis: Crisis, line: dict[str, Any], now: datetime) -> _Lines:
    """Return a crisis as it ends: with its follow-ups, or closed where nobody knows whom to look after."""
    tasks = follow_ups(crisis, version=crisis.version + 1, now=now)
    lines = [{**line, "tasks": tuple(task.id for task in tasks)}]
    if not tasks and not crisis.follow_ups:
        lines.append({"what": What.CLOSE, "by": line["by"], "at": now})
    return _log(crisis, *lines, tasks=tasks)


def _ack(by: By, now: datetime) -> dict[str, Any]:
    return {"what": What.ACK, "by": by.account, "programme_id": by.programme_id, "at": now}


def _drilled(crisis: Crisis, by: By, now: datetime) -> list[dict[str, Any]]:
    """Return the line that ends a drill with its acknowledgement: there is nobody to reach."""
    return [{"what": What.CLOSE, "by": by.account, "at": now}] if crisis.is_drill else []


def _must_go_on(crisis: Crisis) -> None:
    if crisis.state in OVER:
        raise NotNow("this is over; reopen it first")


def _must_be_acknowledged(crisis: Crisis) -> None:
    if crisis.owner is None or crisis.is_unanswered:
        raise NotNow("acknowledge it first")


def _was_tried_enough(crisis: Crisis, desk: Desk) -> bool:
    is_decided = crisis.wait is Wait.RESOLUTION and crisis.state is not State.CONTACTED
    return is_decided or crisis.attempts >= paging.minutes_of(crisis, desk=desk).tries


def _said(note: str) -> str:
    said = note.strip()
    if not said:
        raise Invalid(Fault(field="note", reason="must say why"))
    return said


def _name_of(crisis: Crisis, desk: Desk) -> str:
    member = desk.members.find(crisis.programme_id, crisis.owner or "")
    return member.first_name if member else "Somebody else"
