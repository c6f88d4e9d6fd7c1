"""
When supporters are told that there is something: once a week of what is new and shared, and in a crisis where asked.

Everything is asked again at the moment of telling: the tie, the consents, whether there is anything at all.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Protocol

from chalicelib.enrollment.consents import Action
from chalicelib.enrollment.domain import Record
from chalicelib.family.calls import Call
from chalicelib.family.domain import Tie, What, code_of, scope_of, shared_with, supporter_id
from chalicelib.family.seeing import LOOKS_BACK, WEEK, Calls, Sources
from chalicelib.milestones.progress import known_streaks, progress_of
from chalicelib.outreach.categories import category_name
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import SUPPORTER_ALERT, SUPPORTER_CODE, SUPPORTER_INVITE, SUPPORTER_UPDATE
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.sorts import Sort, sort_of


class Ties(Protocol):
    """What ties supporters to people."""

    def record(self, person_id: str) -> Record | None:
        """Return all that is stored with a person."""
        ...

    def find(self, tie_id: str) -> Tie | None:
        """Return a tie as it is now."""
        ...

    def of_person(self, person_id: str) -> list[Tie]:
        """Return all that a person ever had, as they are now."""
        ...

    def of_supporter(self, recipient_id: str) -> list[Tie]:
        """Return all whom a supporter ever supported, as they are now."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Desk:
    """What telling works with; ``secret`` makes the codes that show whose an address is."""

    ties: Ties
    sources: Sources
    secret: Callable[[], str]


def news(tie: Tie, record: Record, *, since: datetime, now: datetime, sources: Sources) -> frozenset[What]:
    """
    Return what is shared with a supporter and has changed since then, or was shared for the first time.

    What was paused, ran out or was taken back, and is shared again, is as if it had been shared all along: a list of
    all of it as new would tell that it hadn't been.
    """
    first = _first_shared(tie, record)
    return frozenset(
        what
        for what in shared_with(tie, record, at=now)
        if first[scope_of(tie.id, what)] > since
        or _has_changed(what, tie, record, since=since, now=now, sources=sources)
    )


def _first_shared(tie: Tie, record: Record) -> dict[str, datetime]:
    """Return since when each thing may have been seen, whatever came of it: nobody sees anything before they accept."""
    found: dict[str, datetime] = {}
    for row in record.consents:
        if row.action is Action.GRANTED:
            found[row.scope] = min(row.at, found.get(row.scope, row.at))
    return {scope: max(at, tie.accepted_at or at) for scope, at in found.items()}


def _has_changed(what: What, tie: Tie, record: Record, *, since: datetime, now: datetime, sources: Sources) -> bool:
    first, today = local_date(since, record.person.zone), local_date(now, record.person.zone)
    match what:
        case What.MILESTONES:
            awards = progress_of(record, known_streaks(record, sources.streaks), now=now).awards
            # What comes a second time changes nothing that is shown, and would tell of a count that ended.
            return bool(
                {one.name for one in awards if one.on > first} - {one.name for one in awards if one.on <= first}
            )
        case What.ATTENDANCE:
            noted = sources.attended(record.person.id, first=today - LOOKS_BACK, last=today)
            return any(one.noted_at > since for one in noted)
        case What.GENERAL_PROGRESS:
            return bool(sources.answers.noted_on(record.person.id, first, today))
        case What.FAMILY_SESSIONS:
            return any(session.at > since for session in sources.sessions.of(tie, now=now))
        case What.CRISIS_CONTACT:
            # Of that they hear at once.
            return False


def objection(due: Due, *, now: datetime, desk: Desk) -> Reason | None:
    """Return why a message to a supporter, or to whoever is invited, must not go out (any more)."""
    if sort_of(due.person_id) is not Sort.KIN:
        return None
    name = category_name(due.kind)
    if name == SUPPORTER_ALERT:
        return _against_alert(due, now=now, desk=desk)
    still = {
        SUPPORTER_INVITE: lambda: _is_open(desk.ties.find(due.kind.rpartition("-")[2]), now=now, desk=desk),
        SUPPORTER_CODE: lambda: bool(code_for(due, now=now, desk=desk)),
        SUPPORTER_UPDATE: lambda: _has_news(due, now=now, desk=desk),
    }
    return None if name not in still or still[name]() else Reason.CANCELLED


def code_for(due: Due, *, now: datetime, desk: Desk) -> int:
    """Return the code that a message is to bring; 0 where it would open nothing."""
    if category_name(due.kind) != SUPPORTER_CODE:
        return 0
    _, tie_id, number = due.kind.split("-")
    tie = desk.ties.find(tie_id)
    if tie is None or tie.code is None or tie.code.number != int(number) or not _is_open(tie, now=now, desk=desk):
        return 0
    return code_of(desk.secret(), tie) if tie.code.is_open(tie.code.account, at=now) else 0


def _is_open(tie: Tie | None, *, now: datetime, desk: Desk) -> bool:
    record = desk.ties.record(tie.person_id) if tie else None
    return tie is not None and record is not None and tie.is_open(record.live_consents(at=now))


def _has_news(due: Due, *, now: datetime, desk: Desk) -> bool:
    for tie in desk.ties.of_supporter(due.person_id):
        record = desk.ties.record(tie.person_id) if tie.is_active else None
        if record and news(tie, record, since=due.due_at - WEEK, now=now, sources=desk.sources):
            return True
    return False


def kind_of_alert(tie: Tie, call: Call) -> str:
    """Return the kind of what tells a supporter of a crisis: once of each, and once more if it begins anew."""
    return f"{SUPPORTER_ALERT}-{tie.id}-{call.crisis_id}-{call.number}"


def alerts(person_id: str, *, now: datetime, ties: Ties, calls: Calls) -> list[Due]:
    """Return what tells those supporters of a crisis whom the person wants told; the same while it is the same."""
    call, record = calls.of(person_id), ties.record(person_id)
    if call is None or record is None:
        return []
    at = call.at.replace(microsecond=0)
    return [
        Due(
            person_id=supporter_id(tie.account),
            kind=kind_of_alert(tie, call),
            on=at.astimezone(UTC).date(),
            at=max(at, now.replace(microsecond=0) - timedelta(minutes=4)),
            due_at=at,
            version=1,
        )
        for tie in ties.of_person(person_id)
        if tie.account and What.CRISIS_CONTACT in shared_with(tie, record, at=now)
    ]


def _against_alert(due: Due, *, now: datetime, desk: Desk) -> Reason | None:
    tie = desk.ties.find(due.kind.split("-")[1])
    record = desk.ties.record(tie.person_id) if tie else None
    if tie is None or record is None or not tie.is_active:
        return Reason.CANCELLED
    if What.CRISIS_CONTACT not in shared_with(tie, record, at=now):
        return Reason.NO_CONSENT
    call = desk.sources.calls.of(tie.person_id)
    return None if call and kind_of_alert(tie, call) == due.kind else Reason.CANCELLED
