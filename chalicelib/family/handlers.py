"""The shells of supporters: everybody whom outreach reaches, who is told of a crisis, and what delivery asks."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from functools import cache

from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.crisis.domain import OVER
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge.clock import utc_now
from chalicelib.edge.keys import keys
from chalicelib.edge.stream import Stored
from chalicelib.edge.table import Row
from chalicelib.enrollment.store import people
from chalicelib.family import supporting, telling
from chalicelib.family.calls import HeardCalls
from chalicelib.family.domain import may_share
from chalicelib.family.kin_store import DynamoSupporters
from chalicelib.family.recipients import KinRecipients
from chalicelib.family.seeing import Sources
from chalicelib.family.sessions import GroupSessions, is_invited
from chalicelib.family.store import DynamoTies
from chalicelib.groups import handlers as groups
from chalicelib.groups.domain import Group, Kind
from chalicelib.groups.member_store import DynamoMembers
from chalicelib.groups.presence_store import DynamoPresences
from chalicelib.groups.store import DynamoGroups
from chalicelib.milestones.store import DynamoStreaks
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.everybody import Everybody
from chalicelib.outreach.sorts import Sort
from chalicelib.outreach.store import DynamoDues
from chalicelib.privacy.domain import Tie as Bond
from chalicelib.routine.attendance import Attendance
from chalicelib.routine.attendance_store import DynamoAttendances
from chalicelib.routine.attending import attended
from chalicelib.routine.store import DynamoRoutines
from chalicelib.staff.handlers import recipients as staff_recipients

_CALLER, _CRISIS = "CALLER#", "CRISIS#"


@cache
def everybody() -> Everybody:
    """Return this process's recipients: people, staff and supporters."""
    kin = KinRecipients(DynamoSupporters(), DynamoTies(), people())
    return Everybody(people(), {Sort.STAFF: staff_recipients(), Sort.KIN: kin})


class KinHolders:
    """Implements ``edge.app.Holders`` for supporters."""

    def confirm(
        self, holder_id: str, channel_id: str, /, *, revision: int, expires_at: datetime, now: datetime
    ) -> None:
        """Take an address for a supporter's own."""
        supporting.confirm(
            holder_id, channel_id, revision=revision, expires_at=expires_at, now=now, supporters=DynamoSupporters()
        )

    def stop_mail(self, holder_id: str, channel_id: str, category: str, /, *, revision: int, now: datetime) -> bool:
        """Stop e-mails of a category to a supporter."""
        return supporting.stop_mail(
            holder_id, channel_id, category, revision=revision, now=now, supporters=DynamoSupporters()
        )


def supporter_ties(person_id: str, _now: datetime) -> Mapping[str, Bond]:
    """Return what ties a person's supporters to them, by account; who was removed sees that nothing is shared."""
    seen = [tie for tie in DynamoTies().of_person(person_id) if tie.is_seen]
    record = people().record(person_id) if seen else None
    if record is None:
        return {}
    # Who was invited again after they had been removed stands by the newest.
    return {
        tie.account: Bond(name=tie.id, shares=may_share(tie, record))
        for tie in sorted(seen, key=lambda tie: tie.invited_at)
        if tie.account
    }


def _attended(person_id: str, /, *, first: date, last: date) -> list[Attendance]:
    return attended(
        person_id,
        first=first,
        last=last,
        people=people(),
        routines=DynamoRoutines(),
        attendances=DynamoAttendances(),
    )


def calls() -> HeardCalls:
    """Return which calls for help supporters may hear of."""
    return HeardCalls(DynamoCrises(), DynamoTies())


def sources() -> Sources:
    """Return what a supporter's view is read from."""
    return Sources(
        streaks=DynamoStreaks(people()),
        answers=DynamoCheckIns(),
        attended=_attended,
        sessions=GroupSessions(DynamoGroups(), DynamoMembers(), DynamoPresences()),
        calls=calls(),
    )


def code_secret() -> str:
    """Return what the codes that go to invited addresses are made with."""
    return keys().links[-1]


def _desk() -> telling.Desk:
    return telling.Desk(ties=DynamoTies(), sources=sources(), secret=code_secret)


@dataclass(frozen=True, slots=True)
class AlertedSupporters:
    """
    Tell supporters of a crisis whom the person wants told; an ``edge.stream.Listener``.

    What a call, or an end that was none, changes is worked out anew from the crisis: nothing else that is written along
    with it, before or after, has a say.
    """

    name: str = "supporters"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whose crisis began, or was called for again, or goes on after its end."""
        caller = stored.under(_CALLER)
        if caller is None or not stored.sk.startswith(_CRISIS) or stored.was_removed:
            return None
        is_called = stored.before.get("pressed_at") != stored.now.get("pressed_at")
        was_over = _state_of(stored.before) in OVER and _state_of(stored.now) not in OVER
        return (caller,) if not stored.before or is_called or was_over else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Have them told by the next tick; return how many are."""
        (person_id,) = about
        dues = telling.alerts(person_id, now=utc_now(), ties=DynamoTies(), calls=calls())
        DynamoDues().put(dues)
        return len(dues)


def _state_of(row: Row) -> str:
    return str(row.get("state", {}).get("S", ""))


def still_true(due: Due) -> Reason | None:
    """Return why a message to a supporter must not go out any more: for outreach to ask when sending."""
    if not _is_ours(due):
        return None
    return telling.objection(due, now=utc_now(), desk=_desk()) or groups.still_true(due, invited=INVITED)


def _is_invited(group: Group, recipient_id: str, now: datetime) -> bool:
    return is_invited(group, recipient_id, now=now, ties=DynamoTies(), members=DynamoMembers())


INVITED = {Kind.FAMILY: _is_invited}
"""Who may hear of a group's meetings just now, by its kind: asked at each message, and at each look by a link."""


@cache
def number_for(others: Callable[[Due], int]) -> Callable[[Due], int]:
    """Return what says which number a message brings: a code of ours, or what ``others`` count."""
    return lambda due: telling.code_for(due, now=utc_now(), desk=_desk()) if _is_ours(due) else others(due)


def _is_ours(due: Due) -> bool:
    return due.person_id.startswith(f"{Sort.KIN}-")
