"""What the slice does when something was stored, and whether what it has to say is still right."""

from dataclasses import dataclass, replace
from datetime import datetime
from functools import cache

from chalicelib.edge.clock import utc_now
from chalicelib.edge.stream import Stored
from chalicelib.enrollment.after_care import CONTACT
from chalicelib.enrollment.domain import Record
from chalicelib.enrollment.episodes import State as EpisodeState
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.family.domain import Tie
from chalicelib.family.store import DynamoTies
from chalicelib.mentors import telling, walking
from chalicelib.mentors.domain import CONSENT, ChangedMeanwhile, Mentorship, Standing
from chalicelib.mentors.finding import record_of
from chalicelib.mentors.looking import open_task
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

_STEPS = ("id", "state", "last_on", "every_days")
"""What of a mentorship's row something follows from."""


class TiedFamilies:
    """Implements ``ports.Families`` by supporters: what became of a tie doesn't matter."""

    def are_close(self, one: Record, other: Record) -> bool:
        """Say whether either supports the other, did, or was asked to, by their sign-in or an address of theirs."""
        ties = DynamoTies()
        return any(
            _is_supporter(supporter, tie)
            for whose, supporter in ((one, other), (other, one))
            for tie in ties.of_person(whose.person.id)
        )


def _is_supporter(record: Record, tie: Tie) -> bool:
    addresses = {channel.address.casefold() for channel in record.channels}
    signs_in_so = tie.account is not None and tie.account == record.person.sign_in
    return signs_in_so or tie.address.casefold() in addresses


@cache
def desk() -> Desk:
    """Return the stores that mentoring works with."""
    return Desk(
        mentors=DynamoMentors(), records=people(), tasks=DynamoTasks(), pairs=DynamoPairs(), families=TiedFamilies()
    )


@dataclass(frozen=True, slots=True)
class Walks:
    """
    Look at the mentorships of whoever something changed with, and part those that can't go on.

    An ``edge.stream.Listener``; what two are told of it is ``Steps``'.
    """

    people: DynamoPeople
    name: str = "walks"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at whose episode, consent, standing or word on staying apart changed, and whose hello was due."""
        if stored.was_removed:
            return None
        person_id = stored.under("PERSON#")
        if person_id and stored.sk.startswith("EPISODE#"):
            return (person_id,) if _differ(stored, "state") else None
        if person_id and stored.sk.startswith((f"CONSENT#{CONSENT}#", f"CONSENT#{CONTACT}#")):
            return (person_id,)
        if stored.under("MENTORS#"):
            return (stored.sk.partition("#")[2],) if _differ(stored, "standing", "apart") else None
        mentor_id = stored.under("LEDGER#")
        return (mentor_id,) if mentor_id and stored.sk.partition("#")[2] == MENTOR_HELLO else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Part those who can't go on, and have staff look at who is quiet."""
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
                walking.end(person_id, one.id, by_staff=True, now=now, desk=desk())
                news += 1
            elif one.is_quiet(today=today):
                news += open_task(Kind.MENTOR_WANTED, one, telling.quiet_name(one), now=now, desk=desk())
        if record.episode.state is not EpisodeState.ALUMNI:
            for programme_id in {episode.programme_id for episode in record.episodes}:
                mentor = desk().mentors.mentor(programme_id, person_id)
                if mentor and mentor.standing is not Standing.WITHDRAWN:
                    if not desk().mentors.save_mentor(replace(mentor, standing=Standing.WITHDRAWN)):
                        raise ChangedMeanwhile("it comes again")
                    news += 1
        return news


@dataclass(frozen=True, slots=True)
class Steps:
    """Do what follows from each step of two who are matched, by the mentorship as it is stored; a listener, too."""

    people: DynamoPeople
    name: str = "steps"

    def about(self, stored: Stored) -> tuple[str, ...] | None:
        """Look at a mentorship that took a step: of its two rows, by the mentor's."""
        mentor_id = stored.under("WALKS#")
        if not mentor_id or stored.was_removed or stored.now.get("mentor_id") != {"S": mentor_id}:
            return None
        return (mentor_id, stored.sk.removeprefix("WITH#")) if _differ(stored, *_STEPS) else None

    def follow(self, about: tuple[str, ...]) -> int:
        """Tell the two, or staff, what is to be told as things stand now; again changes nothing."""
        mentor_id, mentee_id = about
        now = utc_now()
        one = next((one for one in desk().mentors.of(mentor_id) if one.mentee_id == mentee_id), None)
        if one is None:
            return 0
        match one.pair.state:
            case State.PROPOSED:
                DynamoDues().put(telling.proposed(one, records=self.people, now=now))
            case State.ACTIVE:
                self._celebrate(one, now)
                self._remind(one, now)
            case State.DECLINED:
                open_task(Kind.MENTOR_WANTED, one, one.id, now=now, desk=desk())
            case State.ENDED:
                self._part(one, now)
        return 1

    def _celebrate(self, one: Mentorship, now: datetime) -> None:
        if one.met_on:
            met = {FIRST_MEETING: one.met_on}
            for each in (one.mentor_id, one.mentee_id):
                award(each, lambda _: met, now=now, people=self.people, awards=DynamoAwards(), dues=DynamoDues())

    def _remind(self, one: Mentorship, now: datetime) -> None:
        """Have the mentor reminded of the hellos to come."""
        mentor = self.people.record(one.mentor_id)
        if mentor:
            DynamoDues().put(telling.hellos(one, zone=mentor.person.zone, now=now))

    def _part(self, one: Mentorship, now: datetime) -> None:
        """
        Thank both, and have staff look whether the newcomer would like somebody else; of a mere proposal nobody hears.

        Where one of them died no message goes out: somebody of the staff has to be the one to tell the other.
        """
        if one.pair.since is None:
            return
        both = (one.mentor_id, one.mentee_id)
        alive = [each for each in both if self._is_alive(each)]
        if len(alive) == len(both):
            DynamoDues().put(telling.ended(one, records=self.people, now=now))
            open_task(Kind.MENTOR_WANTED, one, one.id, now=now, desk=desk())
        for each in alive if len(alive) < len(both) else ():
            open_task(Kind.MENTOR_CONCERN, one, one.id, with_whom=each, now=now, desk=desk())

    def _is_alive(self, person_id: str) -> bool:
        record = self.people.record(person_id)
        return record is not None and record.episode.state is not EpisodeState.DECEASED


def still_true(due: Due) -> Reason | None:
    """Return why an occurrence must not go out any more, where it is the slice's."""
    return telling.objection(due, people=people(), records=people(), mentors=DynamoMentors(), now=utc_now())


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
        walking.said_hello(person_id, one.id, on=today, desk=desk())
    return len(meant)


def _differ(stored: Stored, *names: str) -> bool:
    return any(stored.before.get(name) != stored.now.get(name) for name in names)
