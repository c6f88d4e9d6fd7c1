"""Who fits whom, and two on their way: proposed, agreed, kept up, parted."""

from collections.abc import Callable, Iterable
from dataclasses import replace
from datetime import date, datetime, timedelta

from chalicelib.enrollment.after_care import CONTACT
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.errors import Fault, Invalid
from chalicelib.mentors.domain import (
    CONSENT,
    EVERY_DAYS,
    MAY_GO_ON,
    MAY_SEEK,
    ChangedMeanwhile,
    Match,
    Mentorship,
    NoSuchMentor,
    NotPossible,
    Seeker,
    Standing,
    sides,
)
from chalicelib.mentors.finding import mentor_of, record_of
from chalicelib.mentors.matching import Known, are_apart, ranked, ruled_out
from chalicelib.mentors.ports import Desk, Mentors, Records
from chalicelib.partners.domain import State, person, proposed

TRIES = 4


def matches(person_id: str, *, now: datetime, desk: Desk) -> list[Match]:
    """
    Return who would fit somebody who asked for a mentor, the best first, with the reasons.

    :raises NoSuchMentor: if they didn't ask
    """
    record = record_of(person_id, desk)
    seeker = _seeker(record, desk)
    candidates = [one for one in desk.mentors.mentors(seeker.programme_id) if one.standing is Standing.APPROVED]
    known = {person_id: _known(record, now)}
    records = {one.person_id: found for one in candidates if (found := desk.records.record(one.person_id))}
    known |= {mentor_id: _known(found, now) for mentor_id, found in records.items()}
    loads = {one.person_id: load_of(one.person_id, now=now, desk=desk) for one in candidates}
    close = [
        one.person_id
        for one in candidates
        if (found := records.get(one.person_id)) and desk.families.are_close(record, found)
    ]
    before = _before(person_id, desk, now)
    return ranked(seeker, candidates, known=known, loads=loads, before=before, now=now, close=close)


def propose(
    mentee_id: str, mentor_id: str, *, by: str, now: datetime, desk: Desk, new_id: Callable[[], str]
) -> Mentorship:
    """
    Propose a mentor to somebody who asked for one: both have to agree. The same again changes nothing.

    The mentor's places and the newcomer's one are taken in the same write, so that two at once can't fill the last.

    :raises NoSuchMentor: if there is no such mentor, or they didn't ask
    :raises NotPossible: if something rules these two out now
    """
    record = record_of(mentee_id, desk)
    programme_id = record.episode.programme_id
    for _ in range(TRIES):
        seeker, mentor = _seeker(record, desk), mentor_of(programme_id, mentor_id, desk)
        theirs = desk.mentors.of(mentee_id)
        present = next((one for one in theirs if one.holds_place(at=now)), None)
        if present and present.mentor_id == mentor_id:
            return present
        if present or record.episode.state not in MAY_SEEK:
            raise NotPossible("they have a mentor, or aren't looking for one")
        found = desk.records.record(mentor_id)
        reason = ruled_out(
            seeker,
            mentor,
            known={mentee_id: _known(record, now)} | ({mentor_id: _known(found, now)} if found else {}),
            load=load_of(mentor_id, now=now, desk=desk),
            before=_before(mentee_id, desk, now),
            now=now,
            close=[mentor_id] if found and desk.families.are_close(record, found) else (),
        )
        if reason:
            raise NotPossible(f"these two can't be matched now: {reason}")
        old = next((one for one in theirs if mentor_id in {one.mentor_id, one.mentee_id}), None)
        pair = proposed(
            old.pair if old else None,
            sides(mentor_id, mentee_id),
            pair_id=new_id(),
            programme_id=programme_id,
            by=by,
            as_side=None,
            at=now,
        )
        new = Mentorship(pair=pair, mentor_id=mentor_id)
        if desk.mentors.propose(new, mentor=mentor, seeker=seeker):
            return new
    raise ChangedMeanwhile("this is being changed somewhere else; please try again")


def agree(person_id: str, mentorship_id: str, *, now: datetime, desk: Desk) -> Mentorship:
    """
    Say yes, for oneself. Again changes nothing.

    :raises NoSuchMentor: if there is nothing to agree to
    :raises NotPossible: if one of the two can't be matched any more
    """

    def decide(one: Mentorship) -> Mentorship:
        after = one.with_pair(one.pair.agreed_by(person(person_id), at=now))
        if after != one and not stands(after, records=desk.records, mentors=desk.mentors, now=now):
            raise NotPossible("this can't be agreed to now")
        return after

    return _decided(person_id, mentorship_id, decide, desk)


def decline(person_id: str, mentorship_id: str, *, now: datetime, desk: Desk) -> Mentorship:
    """
    Say no; the other isn't told. Staff look for somebody else.

    :raises NoSuchMentor: if there is nothing of the kind to decline
    """
    return _decided(
        person_id, mentorship_id, lambda one: one.with_pair(one.pair.declined_by(person(person_id), at=now)), desk
    )


def end(person_id: str, mentorship_id: str, *, by_staff: bool = False, now: datetime, desk: Desk) -> Mentorship:
    """
    Part the two, by one of them or by staff. Nobody learns why.

    :raises NoSuchMentor: if there is none
    """
    by = None if by_staff else person(person_id)
    return _decided(person_id, mentorship_id, lambda one: one.with_pair(one.pair.ended_by(by, at=now)), desk)


def said_hello(person_id: str, mentorship_id: str, *, on: date, desk: Desk) -> Mentorship:
    """
    Note that the two were in touch on a date; the same, or an earlier one, changes nothing.

    :raises NoSuchMentor: if they aren't matched
    """
    return _decided(person_id, mentorship_id, lambda one: one.said_hello(on), desk)


def keep_up(person_id: str, mentorship_id: str, *, every_days: int, desk: Desk) -> Mentorship:
    """
    Agree on another cadence.

    :raises Invalid: if it is too short or too long
    :raises NoSuchMentor: if there is none
    """
    least, most = EVERY_DAYS
    if not least <= every_days <= most:
        raise Invalid(Fault(field="everyDays", reason=f"must be {least} to {most}"))
    return _decided(person_id, mentorship_id, lambda one: replace(one, every=timedelta(days=every_days)), desk)


def find(person_id: str, mentorship_id: str, *, desk: Desk) -> Mentorship:
    """
    Return one of somebody's mentorships.

    :raises NoSuchMentor: if they have none of this id
    """
    found = next((one for one in desk.mentors.of(person_id) if one.id == mentorship_id), None)
    if found is None:
        raise NoSuchMentor("there is no such mentorship")
    return found


def load_of(mentor_id: str, *, now: datetime, desk: Desk) -> int:
    """Return with how many a mentor walks, or is asked to."""
    return sum(one.holds_place(at=now) for one in desk.mentors.of(mentor_id) if one.mentor_id == mentor_id)


def stands(one: Mentorship, *, records: Records, mentors: Mentors, now: datetime) -> bool:
    """
    Say whether a mentorship may go on.

    Both agree to be matched still, in its programme; nobody said that they are to stay apart; and the mentor is one,
    and lets themselves be reached.
    """
    programme_id = one.pair.programme_id
    mentor, seeker = mentors.mentor(programme_id, one.mentor_id), mentors.seeker(programme_id, one.mentee_id)
    if mentor is None or mentor.standing is not Standing.APPROVED:
        return False
    if seeker and are_apart(one.mentee_id, seeker.about, one.mentor_id, mentor.about):
        return False
    for person_id, states, scopes in (
        (one.mentor_id, {EpisodeState.ALUMNI}, {CONSENT, CONTACT}),
        (one.mentee_id, MAY_GO_ON, {CONSENT}),
    ):
        record = records.record(person_id)
        if record is None or record.episode.programme_id != programme_id or record.episode.state not in states:
            return False
        if not scopes <= set(record.live_consents(at=now)):
            return False
    return True


def mentors_of(mentee_id: str, *, now: datetime, records: Records, mentors: Mentors) -> frozenset[str]:
    """Return who walks with somebody as their mentor now."""
    return frozenset(
        one.mentor_id
        for one in mentors.of(mentee_id)
        if one.mentee_id == mentee_id
        and one.pair.state is State.ACTIVE
        and stands(one, records=records, mentors=mentors, now=now)
    )


def seen_by(person_id: str, found: Iterable[Mentorship], *, now: datetime) -> list[Mentorship]:
    """Return those that one of the two sees: active ones first, then what is proposed."""
    side = person(person_id)
    seen = [one for one in found if one.pair.seen_as(side, at=now)]
    return sorted(seen, key=lambda one: (one.pair.state is not State.ACTIVE, one.pair.proposed_at, one.id))


def _decided(person_id: str, mentorship_id: str, decide: Callable[[Mentorship], Mentorship], desk: Desk) -> Mentorship:
    for _ in range(TRIES):
        before = find(person_id, mentorship_id, desk=desk)
        after = decide(before)
        if after == before or desk.mentors.save(after):
            return after
    raise ChangedMeanwhile("this is being changed somewhere else; please try again")


def _seeker(record: Record, desk: Desk) -> Seeker:
    found = desk.mentors.seeker(record.episode.programme_id, record.person.id)
    if found is None or not found.wants:
        raise NoSuchMentor("they didn't ask for a mentor")
    return found


def _known(record: Record, now: datetime) -> Known:
    live = record.live_consents(at=now)
    agreed = CONSENT in live and (record.episode.state is not EpisodeState.ALUMNI or CONTACT in live)
    return Known(zone=record.person.zone, language=record.person.language, agreed=agreed)


def _before(person_id: str, desk: Desk, now: datetime) -> frozenset[str]:
    """Return whom somebody was ever paired with, or who said no; what nobody answered may be proposed again."""
    found = [one for one in desk.mentors.of(person_id) if one.pair.state is not State.PROPOSED]
    side = person(person_id)
    partners = (pair.other(side).id for pair in desk.pairs.of(side) if pair.state is not State.PROPOSED)
    return frozenset((*partners, *(one.other_than(person_id) for one in found if not one.holds_place(at=now))))
