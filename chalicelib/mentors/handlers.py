"""What the slice does when something was stored, and whether what it has to say is still right."""

from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from functools import cache

from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.mentors import telling, walking
from chalicelib.mentors.domain import CONSENT, Mentorship, Standing
from chalicelib.mentors.finding import record_of
from chalicelib.mentors.ports import Desk
from chalicelib.mentors.store import DynamoMentors
from chalicelib.milestones.achieving import award
from chalicelib.milestones.store import DynamoAwards
from chalicelib.outreach.domain import Due, Reason
from chalicelib.outreach.kinds import MENTOR_HELLO
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.store import DynamoDues
from chalicelib.partners.domain import State
from chalicelib.partners.store import DynamoPairs
from chalicelib.tasks.domain import Kind
from chalicelib.tasks.store import DynamoTasks

FIRST_MEETING = "first_mentor_meeting"
"""The milestone of the first hello."""

_TOLD_WITHIN = timedelta(minutes=15)
"""So long after an end it can still be told of, by who asks again since an answer got lost."""


@cache
def desk() -> Desk:
    """Return the stores that mentoring works with."""
    return Desk(mentors=DynamoMentors(), records=people(), tasks=DynamoTasks(), pairs=DynamoPairs())


@dataclass(frozen=True, slots=True)
class Walks:
    """Look at the mentorships of who moved on, took a consent back or was due a hello; an ``edge.stream.Listener``."""

    people: DynamoPeople
    name: str = "walks"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whose episode changed its state, who said whether they are to be matched, and whose hello was due."""
        if stored.was_removed:
            return None
        person_id = stored.under("PERSON#")
        if person_id and stored.sk.startswith("EPISODE#"):
            return (person_id,) if stored.before.get("state") != stored.now.get("state") else None
        if person_id and stored.sk.startswith(f"CONSENT#{CONSENT}#"):
            return (person_id,)
        mentor_id = stored.under("LEDGER#")
        return (mentor_id,) if mentor_id and stored.sk.partition("#")[2] == MENTOR_HELLO else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Part those who can't go on, thank both, and have staff look at who is quiet or alone."""
        [person_id] = about
        now = utc_now()
        record = self.people.record(person_id)
        if record is None:
            return 0
        today = local_date(now, record.person.zone)
        news = 0
        for one in desk().mentors.of(person_id):
            if one.pair.state not in {State.ACTIVE, State.PROPOSED}:
                continue
            if not walking.stands(one, records=self.people, mentors=desk().mentors, now=now):
                # What tells of it comes first: who dies on the way is followed up on, and it is still there to end.
                tell_of_end(one, now=now)
                walking.end(person_id, one.id, by_staff=True, now=now, desk=desk())
                news += 1
            elif one.is_quiet(today=today):
                news += walking.open_task(
                    Kind.MENTOR_WANTED, telling.quiet_name(one), one.mentee_id, now=now, desk=desk()
                )
        if record.episode.state is not EpisodeState.ALUMNI:
            for programme_id in {episode.programme_id for episode in record.episodes}:
                mentor = desk().mentors.mentor(programme_id, person_id)
                if mentor and mentor.standing is not Standing.WITHDRAWN:
                    news += desk().mentors.save_mentor(replace(mentor, standing=Standing.WITHDRAWN))
        return news


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is the slice's."""
    return telling.objection(due, people=people(), records=people(), mentors=DynamoMentors(), now=utc_now())


def noted(person_id: str, mentorship_id: str, *, on: date, now: datetime) -> Mentorship:
    """Note a hello, celebrate the first one, and remind of the next."""
    one = walking.said_hello(person_id, mentorship_id, on=on, desk=desk())
    if one.met_on:
        met = {FIRST_MEETING: one.met_on}
        for each in (one.mentor_id, one.mentee_id):
            award(each, lambda _: met, now=now, people=people(), awards=DynamoAwards(), dues=DynamoDues())
    remind(one, now=now)
    return one


def met(person_id: str, now: datetime) -> int:
    """Note, by one tap of a mentor's, that they said hello to whom it was due to; return to how many."""
    today = local_date(now, record_of(person_id, desk()).person.zone)
    found = [
        one for one in desk().mentors.of(person_id) if one.mentor_id == person_id and one.pair.state is State.ACTIVE
    ]
    due = [one for one in found if one.hello_is_due(today=today)]
    # With nothing due the one whom they walk with is meant, if there is only one.
    meant = due or (found if len(found) == 1 else [])
    for one in meant:
        noted(person_id, one.id, on=today, now=now)
    return len(meant)


def tell_of_end(one: Mentorship, *, now: datetime) -> None:
    """
    Thank both, and have staff look whether the newcomer would like somebody else; of a mere proposal nobody hears.

    Where one of them died no message goes out: somebody of the staff has to be the one to tell the other.
    """
    if one.pair.since is None or (one.pair.closed_at and now - one.pair.closed_at > _TOLD_WITHIN):
        # Never begun; or over long ago, and asked for again: who is thanked each day has no end to it.
        return
    both = (one.mentor_id, one.mentee_id)
    alive = [each for each in both if _is_alive(each)]
    if len(alive) == len(both):
        DynamoDues().put(telling.ended(one, records=desk().records, now=now))
        walking.open_task(Kind.MENTOR_WANTED, one.id, one.mentee_id, now=now, desk=desk())
    for each in alive if len(alive) < len(both) else ():
        walking.open_task(Kind.MENTOR_CONCERN, one.id, each, now=now, desk=desk())


def _is_alive(person_id: str) -> bool:
    record = desk().records.record(person_id)
    return record is not None and record.episode.state is not EpisodeState.DECEASED


def remind(one: Mentorship, *, now: datetime) -> None:
    """Have the mentor reminded of the hellos to come."""
    mentor = desk().records.record(one.mentor_id)
    if mentor:
        DynamoDues().put(telling.hellos(one, zone=mentor.person.zone, now=now))
