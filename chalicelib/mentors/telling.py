"""
What is told to two who are matched: something is proposed, a hello would be good, it has come to its end.

Never who, never why. A hello is asked for when it is due, once more after as long again, and then staff look.
"""

from collections.abc import Iterable
from datetime import date, datetime, time

from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.mentors.domain import QUIET_AFTER, Mentorship
from chalicelib.mentors.ports import Mentors, Records
from chalicelib.mentors.walking import stands
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import MENTOR_ENDED, MENTOR_HELLO, MENTOR_PROPOSED
from chalicelib.outreach.ports import Recipients
from chalicelib.outreach.recurrence import local_date, resolve
from chalicelib.outreach.service import at_once, not_behind
from chalicelib.partners.domain import State, person

HOUR = time(10)
"""When a mentor is reminded, in their own zone."""


def proposed(one: Mentorship, *, records: Records, now: datetime) -> list[Due]:
    """Return what tells both of a proposal, named by its day: however often that follows, it is one message."""
    both = (one.mentor_id, one.mentee_id)
    return _told(MENTOR_PROPOSED, both, since=one.pair.proposed_at, records=records, now=now)


def ended(one: Mentorship, *, records: Records, now: datetime) -> list[Due]:
    """Return what thanks both, where they were matched: in the same words, whoever ended it; named by its day, too."""
    told = (one.mentor_id, one.mentee_id) if one.pair.since else ()
    return _told(MENTOR_ENDED, told, since=one.pair.closed_at or now, records=records, now=now)


def _told(kind: str, who: Iterable[str], *, since: datetime, records: Records, now: datetime) -> list[Due]:
    found = (record for person_id in who if (record := records.record(person_id)))
    return [
        not_behind(at_once(record.person.id, kind, zone=record.person.zone, now=since), now=now)
        for record in found
        if record.episode.state is not EpisodeState.DECEASED
    ]


def hellos(one: Mentorship, *, zone: str, now: datetime) -> list[Due]:
    """
    Return the reminders of the hellos to come, if none is said before: ``QUIET_AFTER`` of them, and no more.

    One date has one reminder, however many the mentor walks with.
    """
    if one.pair.state is not State.ACTIVE:
        return []
    last = one.last_on or local_date(one.pair.since or now, zone)
    dates = [last + number * one.every for number in range(1, QUIET_AFTER + 1)]
    return [_hello(one.mentor_id, on, zone=zone, now=now) for on in dates]


def _hello(mentor_id: str, on: date, *, zone: str, now: datetime) -> Due:
    at = resolve(on, HOUR, zone)
    return not_behind(Due(person_id=mentor_id, kind=MENTOR_HELLO, on=on, at=at, due_at=at, version=1), now=now)


def objection(due: Due, *, people: Recipients, records: Records, mentors: Mentors, now: datetime) -> Reason | None:
    """
    Return why such a message must not go out any more, at the moment of sending.

    While a crisis or a conversation is open with whom a mentor walks with, their team has them: nobody is sent there.
    """
    if due.kind not in {MENTOR_HELLO, MENTOR_PROPOSED}:
        return None
    theirs = [one for one in mentors.of(due.person_id) if stands(one, records=records, mentors=mentors, now=now)]
    if due.kind == MENTOR_PROPOSED:
        side = person(due.person_id)
        waits = any(one.holds_place(at=now) and side not in one.pair.agreed for one in theirs)
        return None if waits else Reason.CANCELLED
    who = people.load(due.person_id, now=now)
    today = local_date(now, who.zone) if who else due.on
    due_to = [one for one in theirs if one.mentor_id == due.person_id and one.hello_is_due(today=today)]
    if not due_to:
        return Reason.CANCELLED
    free = [one for one in due_to if (other := people.load(one.mentee_id, now=now)) and not other.holds]
    return None if free else Reason.HELD


def quiet_name(one: Mentorship) -> str:
    """Return what names one run of silence of a mentorship: the same as long as nothing is heard."""
    since = one.last_on or (one.pair.since.date() if one.pair.since else "never")
    return f"{one.id}-{since}"
