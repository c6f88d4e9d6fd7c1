"""The doors to mentors: offer to be one, be approved or suspended; ask for one; and a programme's list of both."""

from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.service import find_programme
from chalicelib.enrollment.showable import lines_fault
from chalicelib.errors import Fault, Invalid, refuse
from chalicelib.mentors import service, walk_routes
from chalicelib.mentors.domain import (
    INTERESTS,
    TIMES,
    About,
    Approval,
    NoSuchMentor,
    Standing,
    faults_of,
)
from chalicelib.mentors.doors import doors, must_be
from chalicelib.mentors.finding import mentor_of, record_of
from chalicelib.mentors.handlers import desk
from chalicelib.mentors.shapes import (
    AboutSent,
    ApprovalSent,
    MentorList,
    ShownMentor,
    ShownSeeker,
    about_of,
    shown_mentor,
    shown_seeker,
)
from chalicelib.mentors.walk_routes import names_of
from chalicelib.mentors.walking import load_of
from chalicelib.privacy.domain import Act, Field, Relationship, Rule

__all__ = ["doors", "walk_routes"]

_SELF, _STAFF = Relationship.SELF, Relationship.CASELOAD


def _rule(act: Act, purpose: str) -> Rule:
    return Rule(act=act, field=Field.MENTORING, subject="person_id", purpose=purpose)


@doors.door(
    "GET",
    "/people/{person_id}/mentor-profile",
    summary="Somebody as a mentor",
    rule=_rule(Act.READ, "see somebody as a mentor"),
    answer=ShownMentor,
)
def show_mentor(asked: Asked, person_id: str) -> Answer:
    """Show it."""
    must_be(asked, _SELF, _STAFF)
    mentor = mentor_of(record_of(person_id, desk()).episode.programme_id, person_id, desk())
    return Answer(
        body=shown_mentor(mentor, to_staff=_is_staff(asked), load=load_of(person_id, now=asked.now, desk=desk()))
    )


@doors.door(
    "PUT",
    "/people/{person_id}/mentor-profile",
    summary="Offer to be a mentor, or say something else of oneself; staff approve",
    rule=_rule(Act.WRITE, "offer to be a mentor"),
    body=AboutSent,
    answer=ShownMentor,
)
def offer(asked: Asked, person_id: str) -> Answer:
    """Offer it."""
    must_be(asked, _SELF, _STAFF)
    programme_id = record_of(person_id, desk()).episode.programme_id
    before = desk().mentors.mentor(programme_id, person_id)
    about = _about(asked, programme_id, before.about if before else None)
    mentor = service.offer(person_id, about, now=asked.now, desk=desk())
    return Answer(body=shown_mentor(mentor, to_staff=_is_staff(asked)))


@doors.door(
    "DELETE",
    "/people/{person_id}/mentor-profile",
    summary="Be no mentor any more; whom one walked with is told kindly, and not why",
    rule=_rule(Act.WRITE, "be no mentor any more"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def withdraw(asked: Asked, person_id: str) -> Answer:
    """Withdraw."""
    must_be(asked, _SELF, _STAFF)
    service.withdraw(person_id, desk=desk())
    return Answer()


@doors.door(
    "PUT",
    "/people/{person_id}/mentor-profile/approval",
    summary="Approve a mentor, for staff: when they were trained, and with how many they may walk",
    rule=_rule(Act.WRITE, "approve a mentor"),
    body=ApprovalSent,
    answer=ShownMentor,
)
def approve(asked: Asked, person_id: str) -> Answer:
    """Approve them."""
    must_be(asked, _STAFF)
    sent: ApprovalSent = asked.body
    approval = Approval(
        by=asked.who.subject,
        at=asked.now,
        trained_on=sent.trained_on,
        capacity=sent.capacity,
        note=_text("note", sent.note),
    )
    return Answer(body=shown_mentor(service.approve(person_id, approval, now=asked.now, desk=desk()), to_staff=True))


@doors.door(
    "DELETE",
    "/people/{person_id}/mentor-profile/approval",
    summary="Suspend a mentor, for staff; whom they walked with is told kindly, and not why",
    rule=_rule(Act.WRITE, "suspend a mentor"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def suspend(asked: Asked, person_id: str) -> Answer:
    """Suspend them."""
    must_be(asked, _STAFF)
    service.suspend(person_id, desk=desk())
    return Answer()


@doors.door(
    "GET",
    "/people/{person_id}/mentor-wish",
    summary="Whether somebody would like a mentor, and what they said of themselves",
    rule=_rule(Act.READ, "see whether somebody would like a mentor"),
    answer=ShownSeeker,
)
def show_wish(asked: Asked, person_id: str) -> Answer:
    """Show it."""
    must_be(asked, _SELF, _STAFF)
    found = desk().mentors.seeker(record_of(person_id, desk()).episode.programme_id, person_id)
    if found is None:
        raise NoSuchMentor("they didn't ask for a mentor")
    return Answer(body=shown_seeker(found, to_staff=_is_staff(asked)))


@doors.door(
    "PUT",
    "/people/{person_id}/mentor-wish",
    summary="Ask for a mentor; or staff, with the person",
    rule=_rule(Act.WRITE, "ask for a mentor"),
    body=AboutSent,
    answer=ShownSeeker,
)
def wish(asked: Asked, person_id: str) -> Answer:
    """Ask."""
    must_be(asked, _SELF, _STAFF)
    programme_id = record_of(person_id, desk()).episode.programme_id
    before = desk().mentors.seeker(programme_id, person_id)
    about = _about(asked, programme_id, before.about if before else None)
    seeker = service.seek(person_id, about, now=asked.now, desk=desk())
    return Answer(body=shown_seeker(seeker, to_staff=_is_staff(asked)))


@doors.door(
    "DELETE",
    "/people/{person_id}/mentor-wish",
    summary="Ask for a mentor no more; a mentorship that there is stays",
    rule=_rule(Act.WRITE, "ask for a mentor no more"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def wish_no_more(asked: Asked, person_id: str) -> Answer:
    """Take it back."""
    must_be(asked, _SELF, _STAFF)
    before = desk().mentors.seeker(record_of(person_id, desk()).episode.programme_id, person_id)
    if before:
        service.seek(person_id, before.about, wants=False, now=asked.now, desk=desk())
    return Answer()


@doors.door(
    "GET",
    "/programmes/{programme_id}/mentors",
    summary="A programme's mentors and who would like one, for staff",
    rule=Rule(act=Act.LIST, field=Field.MENTORING, programme="programme_id", purpose="see a programme's mentors"),
    answer=MentorList,
)
def list_mentors(asked: Asked, programme_id: str) -> Answer:
    """List them all: there are tens of them, not thousands."""
    mentors = [one for one in desk().mentors.mentors(programme_id) if one.standing is not Standing.WITHDRAWN]
    seekers = [one for one in desk().mentors.seekers(programme_id) if one.wants]
    ids = [*(one.person_id for one in mentors), *(one.person_id for one in seekers)]
    names = names_of(programme_id, ids)
    return Answer(
        body=MentorList(
            mentors=[
                shown_mentor(one, to_staff=True, names=names, load=load_of(one.person_id, now=asked.now, desk=desk()))
                for one in mentors
            ],
            seekers=[shown_seeker(one, to_staff=True, names=names) for one in seekers],
            interests=sorted(INTERESTS),
            times=sorted(TIMES),
        )
    )


def _about(asked: Asked, programme_id: str, before: About | None) -> About:
    sent: AboutSent = asked.body
    if sent.apart is not None and not _is_staff(asked):
        raise Invalid(Fault(field="apart", reason="is for staff to say"))
    about = about_of(sent, apart=before.apart if before else frozenset())
    _text("note", about.note)
    languages = find_programme(programme_id, programmes=DynamoProgrammes()).languages
    refuse(faults_of(about, languages=languages))
    return about


def _text(field: str, text: str) -> str:
    if text and (fault := lines_fault(text)):
        raise Invalid(Fault(field=field, reason=fault))
    return text.strip()


def _is_staff(asked: Asked) -> bool:
    return asked.granted.relationship is _STAFF
