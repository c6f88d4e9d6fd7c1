"""What a person lets a supporter see, for how long, and that it ends: acts of theirs alone, each a row of its own."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime

from chalicelib.enrollment.agreeing import given, paused, resumed, taken_back
from chalicelib.enrollment.changing import Change, next_of
from chalicelib.enrollment.consents import Consent, Ends, Will
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.texts import current_text
from chalicelib.errors import Conflict, Fault, Invalid
from chalicelib.family.domain import (
    INVITATION,
    LONGEST_SHARED,
    Closed,
    NoSuchSupporter,
    Tie,
    What,
    scope_of,
    text_of,
)
from chalicelib.family.service import Ties, changed_with, find_theirs, recipient_named


def share(
    person_id: str,
    tie_id: str,
    what: What,
    *,
    until: datetime | Ends,
    text_version: int,
    locale: str,
    will: Will,
    now: datetime,
    ties: Ties,
) -> Tie:
    """
    Let a supporter see something, until a date within a year or an event; again says it anew.

    :raises NoSuchSupporter: if the person has none of this id, invited or accepted
    :raises Invalid: if it can't end then
    :raises Conflict: if the text was replaced
    """
    text = current_text(text_of(what), locale)
    if text.version != text_version:
        raise Conflict("this text is not the present one; show the present one and ask again")
    if isinstance(until, datetime) and not now < until <= now + LONGEST_SHARED:
        raise Invalid(Fault(field="until", reason="must lie ahead, within a year"))

    def rows(record: Record, tie: Tie) -> list[Consent]:
        record.must_be_alive()
        row = given(record, scope_of(tie.id, what), text, will=will, now=now)
        ends = until if isinstance(until, Ends) else None
        expires_at = until if isinstance(until, datetime) else None
        return [replace(row, expires_at=expires_at, ends=ends, to=recipient_named(tie), discloser=tie.programme_id)]

    return _consenting(person_id, tie_id, rows, ties=ties)


def stop_sharing(person_id: str, tie_id: str, what: What, *, will: Will, now: datetime, ties: Ties) -> Tie:
    """
    Take back that a supporter may see something; it holds from the next request on. Again changes nothing.

    :raises NoSuchSupporter: if the person has none of this id
    """

    def rows(record: Record, tie: Tie) -> list[Consent]:
        row = taken_back(record, scope_of(tie.id, what), will=will, now=now)
        return [row] if row else []

    return _consenting(person_id, tie_id, rows, ties=ties)


def pause(person_id: str, tie_id: str, *, on: bool, will: Will, now: datetime, ties: Ties) -> Tie:
    """
    Share nothing with a supporter for now, or what was shared before again, as long as it lasts.

    :raises NoSuchSupporter: if the person has none of this id
    """
    act = paused if on else resumed

    def rows(record: Record, tie: Tie) -> list[Consent]:
        found = (act(record, scope_of(tie.id, what), will=will, now=now) for what in What)
        return [row for row in found if row]

    return _consenting(person_id, tie_id, rows, ties=ties)


def remove(person_id: str, tie_id: str, *, block: bool, will: Will, now: datetime, ties: Ties) -> Tie:
    """
    End it by the person, for good if they ``block``; the supporter isn't told. Again changes nothing.

    All that they shared with this supporter is taken back with it, and an invitation that is open.

    :raises NoSuchSupporter: if the person has none of this id
    """

    def decide(record: Record) -> tuple[Change, Tie]:
        tie = find_theirs(person_id, tie_id, ties=ties)
        found = (taken_back(record, scope_of(tie.id, what), will=will, now=now) for what in (INVITATION, *What))
        closed = tie.ended(Closed.BLOCKED if block else Closed.REMOVED, at=now)
        return replace(next_of(record), consents=tuple(row for row in found if row)), closed

    return changed_with(person_id, decide, ties=ties)


def _consenting(
    person_id: str,
    tie_id: str,
    rows: Callable[[Record, Tie], list[Consent]],
    *,
    ties: Ties,
) -> Tie:
    def decide(record: Record) -> tuple[Change, Tie]:
        tie = find_theirs(person_id, tie_id, ties=ties)
        if tie.closed is not None:
            raise NoSuchSupporter("there is no such supporter")
        return replace(next_of(record), consents=tuple(rows(record, tie))), tie

    return changed_with(person_id, decide, ties=ties)
