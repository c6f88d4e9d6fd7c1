"""Offer to be a mentor, be approved, suspended or withdraw; ask for one."""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime
from typing import TypeVar

from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.errors import Fault, Invalid
from chalicelib.mentors.domain import (
    CONSENT,
    MAY_SEEK,
    MOST_AT_ONCE,
    About,
    Approval,
    ChangedMeanwhile,
    Mentor,
    NotPossible,
    Seeker,
    Standing,
)
from chalicelib.mentors.finding import mentor_of, record_of
from chalicelib.mentors.ports import Desk
from chalicelib.outreach.recurrence import local_date

TRIES = 4

_OneT = TypeVar("_OneT", Mentor, Seeker)


def offer(person_id: str, about: About, *, now: datetime, desk: Desk) -> Mentor:
    """
    Offer to be a mentor, or say something else of oneself.

    :raises NotPossible: if they are no alumnus, or didn't agree to be matched
    """
    record = record_of(person_id, desk)
    if record.episode.state is not EpisodeState.ALUMNI:
        raise NotPossible("mentors are alumni")
    _must_agree(record, now)

    def change() -> tuple[Mentor, Mentor | None]:
        before = desk.mentors.mentor(record.episode.programme_id, person_id)
        new = Mentor(person_id=person_id, programme_id=record.episode.programme_id, about=about, offered_at=now)
        return (before.offering(about, at=now) if before else new), before

    return _saved(change, desk.mentors.save_mentor)


def withdraw(person_id: str, *, desk: Desk) -> Mentor:
    """Be no mentor any more: nothing stands from then on, and whom they walked with is parted (handlers.Walks)."""
    return _stand(person_id, lambda mentor: replace(mentor, standing=Standing.WITHDRAWN), desk=desk)


def suspend(person_id: str, *, desk: Desk) -> Mentor:
    """
    Let nobody be matched with a mentor, and nothing of theirs stand; whom they walked with is parted (handlers.Walks).

    :raises NoSuchMentor: if they never offered
    :raises NotPossible: if they aren't approved
    """
    return _stand(person_id, Mentor.suspended, desk=desk)


def _stand(person_id: str, decide: Callable[[Mentor], Mentor], *, desk: Desk) -> Mentor:
    programme_id = record_of(person_id, desk).episode.programme_id

    def change() -> tuple[Mentor, Mentor | None]:
        before = mentor_of(programme_id, person_id, desk)
        return decide(before), before

    return _saved(change, desk.mentors.save_mentor)


def approve(person_id: str, approval: Approval, *, now: datetime, desk: Desk) -> Mentor:
    """
    Say yes to a mentor, on behalf of the programme.

    :raises NoSuchMentor: if they never offered
    :raises NotPossible: if they withdrew, or are no alumnus with their consent
    :raises Invalid: if the capacity or the date of training can't be
    """
    record = record_of(person_id, desk)
    faults = []
    if not 1 <= approval.capacity <= MOST_AT_ONCE:
        faults.append(Fault(field="capacity", reason=f"must be 1 to {MOST_AT_ONCE}"))
    if approval.trained_on > local_date(now, record.person.zone):
        faults.append(Fault(field="trainedOn", reason="is in the future"))
    if faults:
        raise Invalid(*faults)
    if record.episode.state is not EpisodeState.ALUMNI:
        raise NotPossible("mentors are alumni")
    _must_agree(record, now)

    def change() -> tuple[Mentor, Mentor | None]:
        before = mentor_of(record.episode.programme_id, person_id, desk)
        return before.approved(approval), before

    return _saved(change, desk.mentors.save_mentor)


def seek(person_id: str, about: About, *, wants: bool = True, now: datetime, desk: Desk) -> Seeker:
    """
    Ask for a mentor, say something else of oneself, or (not ``wants``) ask no more.

    :raises NotPossible: if they aren't in care, or didn't agree to be matched
    """
    record = record_of(person_id, desk)
    if wants:
        if record.episode.state not in MAY_SEEK:
            raise NotPossible("this is for people in care")
        _must_agree(record, now)

    def change() -> tuple[Seeker, Seeker | None]:
        before = desk.mentors.seeker(record.episode.programme_id, person_id)
        after = Seeker(
            person_id=person_id,
            programme_id=record.episode.programme_id,
            about=about,
            asked_at=before.asked_at if before and before.wants else now,
            wants=wants,
            version=before.version if before else 0,
        )
        return after, before

    return _saved(change, desk.mentors.save_seeker)


def _saved(change: Callable[[], tuple[_OneT, _OneT | None]], save: Callable[[_OneT], bool]) -> _OneT:
    for _ in range(TRIES):
        after, before = change()
        if after == before or save(after):
            return after
    raise ChangedMeanwhile("this is being changed somewhere else; please try again")


def _must_agree(record: Record, now: datetime) -> None:
    if CONSENT not in record.live_consents(at=now):
        raise NotPossible(f"this takes the person's own agreement ({CONSENT})")
