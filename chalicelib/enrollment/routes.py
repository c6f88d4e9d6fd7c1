"""The doors to people, their episodes and when they are asked. The slice's other doors are in ``*_routes.py``."""

from dataclasses import replace
from http import HTTPStatus
from typing import Any

from chalicelib.edge.http import Answer, Asked, Page, PageQuery
from chalicelib.edge.ids import new_id
from chalicelib.enrollment import (
    asking_routes,
    consent_routes,
    contact_routes,
    device_routes,
    hold_routes,
    import_routes,
    message_routes,
    preference_routes,
    programme_routes,
    reminder_routes,
    service,
)
from chalicelib.enrollment.changing import Marker, find_person
from chalicelib.enrollment.channels import email_address
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import Person, Record, trimmed
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.reaching import held_by
from chalicelib.enrollment.shapes import (
    EpisodeList,
    NewPerson,
    PersonEdit,
    Readmission,
    ShownEpisode,
    ShownMember,
    ShownPerson,
    Transition,
)
from chalicelib.enrollment.showing import (
    clock,
    preference_of,
    shown_episode,
    shown_member,
    shown_person,
)
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Fault, Invalid
from chalicelib.outreach.domain import DetailLevel
from chalicelib.privacy.domain import Act, Field, Rule, View

__all__ = [
    "asking_routes",
    "consent_routes",
    "contact_routes",
    "device_routes",
    "doors",
    "hold_routes",
    "import_routes",
    "message_routes",
    "preference_routes",
    "programme_routes",
    "reminder_routes",
]

_CONTACT = frozenset({View.FULL, View.CONTACT_ONLY, View.NAME_ONLY})
_ENROL = Rule(act=Act.WRITE, field=Field.ROSTER, programme="programme_id", purpose="enrol somebody")
_READMIT = Rule(act=Act.WRITE, field=Field.EPISODE, subject="person_id", purpose="admit somebody again")


@doors.door(
    "GET",
    "/programmes/{programme_id}/people",
    summary="A programme's people",
    rule=Rule(
        act=Act.LIST,
        field=Field.PROFILE,
        programme="programme_id",
        purpose="see a programme's people",
        views=_CONTACT,
        narrows=True,
    ),
    query=PageQuery,
    answer=Page[ShownMember],
)
def list_people(asked: Asked, programme_id: str) -> Answer:
    """List a page; whoever holds only some of the people may get pages with gaps, down to empty ones."""
    people = DynamoPeople()
    members, last = people.members(programme_id, after=asked.after(prefix="MEMBER#"), limit=asked.query.limit)
    if asked.granted.only_care_team:
        members = held_by(members, subject=asked.who.subject, people=people)
    items = [shown_member(member, asked.granted.view) for member in members]
    return Answer(body=Page[ShownMember](items=items, next=asked.next(last)))


@doors.door(
    "POST",
    "/programmes/{programme_id}/people",
    summary="Enrol somebody; consents are granted on their own",
    rule=_ENROL,
    body=NewPerson,
    answer=ShownPerson,
    status=HTTPStatus.CREATED,
    created=True,
)
def enrol(asked: Asked, programme_id: str) -> Answer:
    """Enrol them."""
    body: NewPerson = asked.body
    person = Person(
        id=new_id(),
        external_id=body.external_id,
        given_name=body.given_name,
        family_name=body.family_name,
        preferred_name=body.preferred_name,
        language=body.language,
        zone=body.time_zone,
        quiet_from=clock(body.quiet_hours.start),
        quiet_to=clock(body.quiet_hours.end),
        recovery_on=body.recovery_date,
    )
    enrolment = service.Enrolment(
        person=trimmed(person),
        state=body.state,
        admitted_on=body.admitted_on,
        email=_email(body.email),
        detail=DetailLevel.DISCREET,
        attested=body.email_attested,
        consents=(),
        check_in=preference_of(body.check_in) if body.check_in else None,
        marker=Marker(person_id=person.id),
    )
    record = service.enrol(
        enrolment,
        programme=service.find_programme(programme_id, programmes=DynamoProgrammes()),
        will=Will(by=asked.who.subject, via=Via.STAFF, on_behalf_of=person.id, ip=asked.source_ip or None),
        now=asked.now,
        people=DynamoPeople(),
        new_id=new_id,
    )
    return _person(record, View.FULL, headers={"Location": f"/people/{person.id}"})


def _email(text: str | None) -> str | None:
    if text is None:
        return None
    try:
        return email_address(text)
    except ValueError as error:
        raise Invalid(Fault(field="email", reason=str(error))) from None


def _person(record: Record, view: View, headers: dict[str, str] | None = None) -> Answer:
    # The version counts every change of the record, a consent that was taken back too: no name tells that.
    version = None if view is View.NAME_ONLY else record.person.version
    return Answer(body=shown_person(record, view), etag=version, headers=headers or {})


@doors.door(
    "GET",
    "/people/{person_id}",
    summary="A person",
    rule=Rule(act=Act.READ, field=Field.PROFILE, subject="person_id", purpose="see a person", views=_CONTACT),
    answer=ShownPerson,
)
def show_person(asked: Asked, person_id: str) -> Answer:
    """Show them, as far as the one who asks may see."""
    return _person(find_person(person_id, people=DynamoPeople()), asked.granted.view)


@doors.door(
    "PATCH",
    "/people/{person_id}",
    summary="Change what is known of a person; another time zone moves their future check-ins",
    rule=Rule(act=Act.WRITE, field=Field.PROFILE, subject="person_id", purpose="change a person's details"),
    body=PersonEdit,
    answer=ShownPerson,
    edits=True,
)
def edit_person(asked: Asked, person_id: str) -> Answer:
    """Change what was sent."""
    sent: PersonEdit = asked.body

    def edit(person: Person) -> Person:
        names = {"time_zone": "zone"}
        changes: dict[str, Any] = {names.get(name, name): getattr(sent, name) for name in sent.model_fields_set}
        nulls = [name for name in ("given_name", "family_name", "language", "zone") if changes.get(name, "") is None]
        if nulls:
            raise Invalid(*(Fault(field=name, reason="can't be taken away") for name in nulls))
        return trimmed(replace(person, **changes))

    record = service.edit_person(
        person_id,
        edit,
        version=asked.if_match or 0,
        now=asked.now,
        people=DynamoPeople(),
        programmes=DynamoProgrammes(),
    )
    return _person(record, asked.granted.view)


@doors.door(
    "GET",
    "/people/{person_id}/episodes",
    summary="A person's episodes of care",
    rule=Rule(act=Act.LIST, field=Field.EPISODE, subject="person_id", purpose="see the episodes of care"),
    answer=EpisodeList,
)
def list_episodes(_asked: Asked, person_id: str) -> Answer:
    """List them, first to present."""
    record = find_person(person_id, people=DynamoPeople())
    return Answer(body=EpisodeList(items=[shown_episode(episode) for episode in record.episodes]))


@doors.door(
    "POST",
    "/people/{person_id}/episodes",
    summary="Admit again somebody whose last episode is over",
    rule=_READMIT,
    body=Readmission,
    answer=ShownEpisode,
    status=HTTPStatus.CREATED,
    created=True,
)
def readmit(asked: Asked, person_id: str) -> Answer:
    """Begin the new episode; where they never were before, it takes the right to enrol there."""
    programme_id: str = asked.body.programme_id
    if programme_id not in {held for held, _ in asked.who.roles}:
        raise Invalid(Fault(field="programmeId", reason="is no programme, or not one of yours"))
    if programme_id != asked.granted.programme_id:
        known = find_person(person_id, people=DynamoPeople())
        was_there = programme_id in {episode.programme_id for episode in known.episodes}
        rule, about = (_READMIT, person_id) if was_there else (_ENROL, None)
        doors.decide_too(asked, rule, person_id=about, programme_id=programme_id)
    record = service.readmit(
        person_id,
        programme_id=programme_id,
        admitted_on=asked.body.admitted_on,
        will=Will(by=asked.who.subject, via=Via.STAFF, on_behalf_of=person_id, ip=asked.source_ip or None),
        now=asked.now,
        people=DynamoPeople(),
        programmes=DynamoProgrammes(),
    )
    return Answer(body=shown_episode(record.episode))


@doors.door(
    "POST",
    "/people/{person_id}/transitions",
    summary="Move the present episode on; the states it can go to are its `mayBecome`",
    rule=Rule(act=Act.WRITE, field=Field.EPISODE, subject="person_id", purpose="move an episode of care on"),
    body=Transition,
    answer=ShownEpisode,
    created=True,
)
def move_episode(asked: Asked, person_id: str) -> Answer:
    """Move it."""
    record = service.move_episode(person_id, asked.body.to, now=asked.now, people=DynamoPeople())
    return Answer(body=shown_episode(record.episode))
