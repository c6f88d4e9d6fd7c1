"""Crises as staff see them over the API."""

from datetime import datetime
from typing import Annotated

from pydantic import Field as Described

from chalicelib.crisis import ladder
from chalicelib.crisis.domain import Crisis, Disposition, Door, Event, State, Wait, What
from chalicelib.crisis.ladder import LONGEST, Minutes
from chalicelib.edge.http import Wire
from chalicelib.privacy.domain import ALL_PROGRAMMES
from chalicelib.staff.domain import Member

Note = Annotated[str, Described(min_length=1, max_length=2000)]
SomeMinutes = Annotated[int, Described(ge=1, le=LONGEST)]


class ShownOwner(Wire):
    """Who has it."""

    account: str
    first_name: str | None


class ShownCrisis(Wire):
    """
    A crisis. Who may see only its state sees null for whom it is about.

    ``programmeId`` null: of a caller whom nobody knows; it is the first one's whose staff acknowledge it.
    """

    id: str
    reference: Annotated[str, Described(description="What pages call it.")]
    is_drill: Annotated[bool, Described(description="Nobody called: to acknowledge it is all there is to do.")]
    programme_id: str | None
    person_id: str | None
    name: str | None
    verified: Annotated[bool, Described(description="A sign-in says that it is them, or staff do.")]
    state: State
    waits_for: Wait
    opened_at: datetime
    pressed_at: Annotated[datetime, Described(description="When they last called.")]
    waits_since: datetime
    next_step_at: Annotated[datetime | None, Described(description="When others are paged, or the same again.")]
    owner: ShownOwner | None
    attempts: int
    disposition: Disposition | None
    resolved_by: str | None


class CrisisList(Wire):
    """Crises: those that nobody has acknowledged first, the one that waits longest before all."""

    items: list[ShownCrisis]
    email_only: Annotated[
        bool | None,
        Described(description="Of a board: somebody who would be paged now has e-mail alone, which may go unseen."),
    ] = None


class ShownCall(Wire):
    """A call for help. ``name`` and ``phone`` are what an unknown caller wrote; ``dropped``: what wasn't kept."""

    id: str
    door: Door
    at: datetime
    verified: bool
    name: str | None
    phone: str | None
    note: str | None
    dropped: list[str]


class ShownLine(Wire):
    """
    A line of the log. ``told``: to whose hands a page was given, which says nothing of who saw it.

    ``agreed``: of a review, to the end; of a decision, to a welfare check.
    """

    number: int
    what: What
    at: datetime
    by: str | None
    call: ShownCall | None
    step: int | None
    told: list[str] | None
    to: str | None
    disposition: Disposition | None
    agreed: bool | None
    tasks: list[str] | None
    note: str | None


class CrisisWithLog(Wire):
    """
    A crisis, and its log; null where only the state may be seen.

    ``hasPlan``: the person wrote a plan for hard hours, which its owner may read (`…/plan`).
    """

    crisis: ShownCrisis
    log: list[ShownLine] | None
    has_plan: bool | None


class WithNote(Wire):
    """What there is to say of it, if anything."""

    note: Annotated[str | None, Described(max_length=2000)] = None


class HandOver(Wire):
    """To whom."""

    to: Annotated[str, Described(min_length=1, max_length=128, description="The account.")]


class Decision(Wire):
    """Whether emergency services are asked to look after the person, and why."""

    welfare_check: bool
    note: Note


class Resolution(Wire):
    """How it ended, and what there is to say of it."""

    disposition: Disposition
    note: Note


class Review(Wire):
    """Whether that was the right end, as a second person sees it, and why."""

    agreed: bool
    note: Note


class Reopening(Wire):
    """Why it is opened again."""

    note: Note


_BY_DEFAULT = Minutes()


class MinutesSent(Wire):
    """A programme's own minutes (docs/rules.md)."""

    secondary: SomeMinutes = _BY_DEFAULT.secondary
    supervisor: SomeMinutes = _BY_DEFAULT.supervisor
    everybody: SomeMinutes = _BY_DEFAULT.everybody
    again: SomeMinutes = _BY_DEFAULT.again
    first_attempt: SomeMinutes = _BY_DEFAULT.first_attempt
    try_again: SomeMinutes = _BY_DEFAULT.try_again
    reach: SomeMinutes = _BY_DEFAULT.reach
    tries: Annotated[int, Described(ge=1, le=20)] = _BY_DEFAULT.tries
    resolve: SomeMinutes = _BY_DEFAULT.resolve
    between: SomeMinutes = _BY_DEFAULT.between
    promise: SomeMinutes = _BY_DEFAULT.promise


def shown_crisis(
    crisis: Crisis, *, minutes: Minutes, owner: Member | None, name: str | None, in_full: bool
) -> ShownCrisis:
    """Return a crisis as it is shown."""
    return ShownCrisis(
        id=crisis.id,
        reference=crisis.reference,
        is_drill=crisis.is_drill,
        programme_id=None if crisis.programme_id == ALL_PROGRAMMES else crisis.programme_id,
        person_id=crisis.person_id if in_full else None,
        name=name if in_full else None,
        verified=crisis.is_verified,
        state=crisis.state,
        waits_for=crisis.wait,
        opened_at=crisis.opened_at,
        pressed_at=crisis.pressed_at,
        waits_since=crisis.since,
        next_step_at=ladder.looked_at(crisis, minutes),
        owner=ShownOwner(account=crisis.owner, first_name=owner.first_name if owner else None)
        if crisis.owner
        else None,
        attempts=crisis.attempts,
        disposition=crisis.disposition if in_full else None,
        resolved_by=crisis.resolved_by,
    )


def shown_line(event: Event) -> ShownLine:
    """Return a line of the log as it is shown."""
    call = event.press
    return ShownLine(
        number=event.number,
        what=event.what,
        at=event.at,
        by=event.by,
        call=ShownCall(
            id=call.id,
            door=call.door,
            at=call.at,
            verified=call.verified,
            name=call.name,
            phone=call.phone,
            note=call.note,
            dropped=list(call.dropped),
        )
        if call
        else None,
        step=event.step,
        told=list(event.to) if event.what is What.PAGE else None,
        to=event.to[0] if event.what is What.HAND_OVER else None,
        disposition=event.disposition,
        agreed=event.agreed,
        tasks=list(event.tasks) or None,
        note=event.note,
    )
