"""The doors to mentorships: who would fit, propose, yes and no, hellos, words for staff, and what a mentor sees."""

from collections.abc import Iterable
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.showable import lines_fault
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, Invalid
from chalicelib.mentors import walking
from chalicelib.mentors.domain import SHARES, Mentorship, NoSuchMentor, Note
from chalicelib.mentors.doors import doors, must_be
from chalicelib.mentors.finding import record_of
from chalicelib.mentors.handlers import desk
from chalicelib.mentors.looking import tell_staff
from chalicelib.mentors.shapes import (
    Cadence,
    Hello,
    MatchList,
    MentorshipList,
    NewMentorship,
    NewNote,
    NoteList,
    ShownMentee,
    ShownMentorship,
    ShownNote,
    ShownShared,
    shown_match,
    shown_mentorship,
    shown_note,
)
from chalicelib.milestones.progress import known_streaks, progress_of
from chalicelib.milestones.store import DynamoStreaks
from chalicelib.outreach.recurrence import local_date
from chalicelib.outreach.wording import milestone_name
from chalicelib.partners.domain import State
from chalicelib.privacy.domain import Act, Field, Relationship, Rule

_SELF, _STAFF = Relationship.SELF, Relationship.CASELOAD

_RELEASE = Rule(act=Act.READ, field=Field.MILESTONES, subject="person_id", purpose="see milestones as a mentor")


def _rule(act: Act, purpose: str) -> Rule:
    return Rule(act=act, field=Field.MENTORING, subject="person_id", purpose=purpose)


@doors.door(
    "GET",
    "/people/{person_id}/mentor-matches",
    summary="Which mentors would fit somebody who asked for one, the best first, with reasons; for staff",
    rule=_rule(Act.READ, "see which mentors would fit"),
    answer=MatchList,
)
def list_matches(asked: Asked, person_id: str) -> Answer:
    """Rank them."""
    must_be(asked, _STAFF)
    found = walking.matches(person_id, now=asked.now, desk=desk())
    names = names_of(asked.granted.programme_id, [match.mentor.person_id for match in found])
    return Answer(body=MatchList(items=[shown_match(match, names) for match in found]))


@doors.door(
    "POST",
    "/people/{person_id}/mentorships",
    summary="Propose a mentor to somebody who asked for one, for staff; both have to agree",
    rule=_rule(Act.WRITE, "propose a mentor"),
    body=NewMentorship,
    answer=ShownMentorship,
    status=HTTPStatus.CREATED,
    created=True,
)
def propose(asked: Asked, person_id: str) -> Answer:
    """Propose it; both are told that there is something to look at."""
    must_be(asked, _STAFF)
    one = walking.propose(
        person_id, asked.body.mentor_id, by=asked.who.subject, now=asked.now, desk=desk(), new_id=new_id
    )
    return _shown(asked, one, person_id)


@doors.door(
    "GET",
    "/people/{person_id}/mentorships",
    summary="Somebody's mentorships, and what is proposed to them",
    rule=_rule(Act.READ, "see mentorships"),
    answer=MentorshipList,
)
def list_mentorships(asked: Asked, person_id: str) -> Answer:
    """List them as the person sees them."""
    must_be(asked, _SELF, _STAFF)
    seen = walking.seen_by(person_id, desk().mentors.of(person_id), now=asked.now)
    seen = [one for one in seen if _is_shown(asked, one)]
    names = names_of(asked.granted.programme_id, [one.other_than(person_id) for one in seen])
    return Answer(
        body=MentorshipList(
            items=[
                shown_mentorship(one, person_id, names=names, interests=_in_common(one), at=asked.now) for one in seen
            ]
        )
    )


@doors.door(
    "POST",
    "/people/{person_id}/mentorships/{mentorship_id}/agree",
    summary="Say yes, for oneself",
    rule=_rule(Act.WRITE, "say yes to a mentorship"),
    answer=ShownMentorship,
)
def agree(asked: Asked, person_id: str, mentorship_id: str) -> Answer:
    """Agree; once both did, hellos begin."""
    must_be(asked, _SELF)
    return _shown(asked, walking.agree(person_id, mentorship_id, now=asked.now, desk=desk()), person_id)


@doors.door(
    "POST",
    "/people/{person_id}/mentorships/{mentorship_id}/decline",
    summary="Say no; the other isn't told",
    rule=_rule(Act.WRITE, "say no to a mentorship"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def decline(asked: Asked, person_id: str, mentorship_id: str) -> Answer:
    """Decline; staff look for somebody else."""
    must_be(asked, _SELF)
    walking.decline(person_id, mentorship_id, now=asked.now, desk=desk())
    return Answer()


@doors.door(
    "DELETE",
    "/people/{person_id}/mentorships/{mentorship_id}",
    summary="Part the two, by one of them or staff: both are thanked, and nobody is told why",
    rule=_rule(Act.WRITE, "end a mentorship"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def end(asked: Asked, person_id: str, mentorship_id: str) -> Answer:
    """End it."""
    must_be(asked, _SELF, _STAFF)
    by_staff = asked.granted.relationship is _STAFF
    walking.end(person_id, mentorship_id, by_staff=by_staff, now=asked.now, desk=desk())
    return Answer()


@doors.door(
    "POST",
    "/people/{person_id}/mentorships/{mentorship_id}/hellos",
    summary="Note that the two were in touch; the same date again changes nothing",
    rule=_rule(Act.WRITE, "note a hello"),
    body=Hello,
    answer=ShownMentorship,
)
def say_hello(asked: Asked, person_id: str, mentorship_id: str) -> Answer:
    """Note it."""
    must_be(asked, _SELF)
    today = local_date(asked.now, record_of(person_id, desk()).person.zone)
    on = asked.body.on or today
    if on > today:
        raise Invalid(Fault(field="on", reason="is in the future"))
    _must_stand(asked, person_id, mentorship_id)
    return _shown(asked, walking.said_hello(person_id, mentorship_id, on=on, desk=desk()), person_id)


@doors.door(
    "PUT",
    "/people/{person_id}/mentorships/{mentorship_id}/cadence",
    summary="How often the two mean to be in touch",
    rule=_rule(Act.WRITE, "agree on how often to be in touch"),
    body=Cadence,
    answer=ShownMentorship,
)
def keep_up(asked: Asked, person_id: str, mentorship_id: str) -> Answer:
    """Set it."""
    must_be(asked, _SELF)
    _must_stand(asked, person_id, mentorship_id)
    one = walking.keep_up(person_id, mentorship_id, every_days=asked.body.every_days, desk=desk())
    return _shown(asked, one, person_id)


@doors.door(
    "POST",
    "/people/{person_id}/mentorships/{mentorship_id}/notes",
    summary="Write to staff: a worry, or what the time was like. The other never sees it",
    rule=_rule(Act.WRITE, "write to staff about a mentorship"),
    body=NewNote,
    answer=ShownNote,
    status=HTTPStatus.CREATED,
    created=True,
)
def write_note(asked: Asked, person_id: str, mentorship_id: str) -> Answer:
    """Keep it; a worry opens a task."""
    must_be(asked, _SELF)
    text = asked.body.text.strip()
    fault = "is missing" if not text else lines_fault(text)
    if fault:
        raise Invalid(Fault(field="text", reason=fault))
    note = Note(id=new_id(), mentorship_id=mentorship_id, by=person_id, said=asked.body.said, text=text, at=asked.now)
    tell_staff(note, now=asked.now, desk=desk())
    return Answer(body=shown_note(note))


@doors.door(
    "GET",
    "/people/{person_id}/mentorships/{mentorship_id}/notes",
    summary="What the two wrote to staff, for the newcomer's staff; for the mentor's what the mentor did",
    rule=_rule(Act.READ, "read what two wrote to staff"),
    answer=NoteList,
)
def read_notes(asked: Asked, person_id: str, mentorship_id: str) -> Answer:
    """Read them."""
    must_be(asked, _STAFF)
    one = walking.find(person_id, mentorship_id, desk=desk())
    if one.pair.programme_id != asked.granted.programme_id:
        raise NoSuchMentor("there is no such mentorship")
    # Who holds the mentor alone doesn't read what somebody in care wrote, of whom they hold nothing else.
    seen = {one.mentor_id} if person_id == one.mentor_id else {one.mentor_id, one.mentee_id}
    notes = [note for note in desk().mentors.notes(mentorship_id) if note.by in seen]
    return Answer(body=NoteList(items=[shown_note(note) for note in notes]))


@doors.door(
    "GET",
    "/people/{person_id}/mentor-view",
    summary="What a mentor sees of somebody: for the mentor, and for the person to look at",
    rule=_rule(Act.READ, "see what is shared with a mentor"),
    answer=ShownMentee,
)
def show_mentee(asked: Asked, person_id: str) -> Answer:
    """Show it: a name, and milestones where their consent says so."""
    must_be(asked, _SELF, Relationship.MENTOR)
    people = DynamoPeople()
    record = find_person(person_id, people=people)
    milestones = None
    if SHARES in record.live_consents(at=asked.now):
        if asked.granted.relationship is Relationship.MENTOR:
            doors.decide_too(asked, _RELEASE, person_id=person_id, programme_id=asked.granted.programme_id)
        found = progress_of(record, known_streaks(record, DynamoStreaks(people)), now=asked.now)
        language = record.person.language
        milestones = [
            ShownShared(which=name, text=milestone_name(name, language=language))
            for name in dict.fromkeys(each.name for each in found.awards)
        ]
    return Answer(body=ShownMentee(person_id=person_id, name=record.person.first_name, milestones=milestones))


def _is_shown(asked: Asked, one: Mentorship) -> bool:
    """Say whether it is there for who asks: for the two as long as both agree, for staff in its programme."""
    if asked.granted.relationship is _STAFF:
        return one.pair.programme_id == asked.granted.programme_id
    return walking.stands(one, records=desk().records, mentors=desk().mentors, now=asked.now)


def _must_stand(asked: Asked, person_id: str, mentorship_id: str) -> None:
    """
    Go on only with a mentorship that both still agree to.

    :raises NoSuchMentor: if they have none
    """
    if not _is_shown(asked, walking.find(person_id, mentorship_id, desk=desk())):
        raise NoSuchMentor("there is no such mentorship")


def names_of(programme_id: str, person_ids: Iterable[str]) -> dict[str, str]:
    """Return what to call these people of a programme."""
    found = DynamoPeople().named(programme_id, set(person_ids))
    return {key: member.preferred_name or member.given_name for key, member in found.items()}


def _in_common(one: Mentorship) -> list[str]:
    if one.pair.state is not State.ACTIVE:
        return []
    mentor = desk().mentors.mentor(one.pair.programme_id, one.mentor_id)
    seeker = desk().mentors.seeker(one.pair.programme_id, one.mentee_id)
    return sorted(mentor.about.interests & seeker.about.interests) if mentor and seeker else []


def _shown(asked: Asked, one: Mentorship, person_id: str) -> Answer:
    names = names_of(one.pair.programme_id, [one.other_than(person_id)])
    return Answer(body=shown_mentorship(one, person_id, names=names, interests=_in_common(one), at=asked.now))
