"""The doors to programmes and their own choices."""

from dataclasses import replace
from http import HTTPStatus

from chalicelib.edge.http import Answer, Asked
from chalicelib.enrollment import service
from chalicelib.enrollment.doors import doors
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.shapes import NewProgramme, ProgrammeEdit, ProgrammeList, ShownProgramme
from chalicelib.enrollment.showing import clock, shown_programme
from chalicelib.errors import Forbidden
from chalicelib.outreach.quiet import QuietHours
from chalicelib.privacy.domain import Act, Field, Role, Rule


@doors.door(
    "GET",
    "/programmes",
    summary="The programmes in which one has a role",
    rule=Rule(act=Act.LIST, field=Field.PROGRAMME, purpose="see one's programmes"),
    answer=ProgrammeList,
)
def list_programmes(asked: Asked) -> Answer:
    """List them."""
    found = DynamoProgrammes().several({programme_id for programme_id, _ in asked.who.roles})
    return Answer(body=ProgrammeList(items=[shown_programme(programme) for programme in found]))


@doors.door(
    "POST",
    "/programmes",
    summary="Set up a programme; for who is the program-admin of a programme of that id",
    rule=Rule(act=Act.WRITE, field=Field.PROGRAMME, purpose="set up a programme"),
    body=NewProgramme,
    answer=ShownProgramme,
    status=HTTPStatus.CREATED,
    created=True,
)
def add_programme(asked: Asked) -> Answer:
    """Set it up."""
    body: NewProgramme = asked.body
    if not asked.who.has(Role.PROGRAM_ADMIN, body.id):
        raise Forbidden("Your roles don't allow this.")
    programme = _edited(Programme(id=body.id, name=body.name), body)
    service.add_programme(programme, programmes=DynamoProgrammes())
    return Answer(
        body=shown_programme(programme), etag=programme.version, headers={"Location": f"/programmes/{programme.id}"}
    )


@doors.door(
    "GET",
    "/programmes/{programme_id}",
    summary="A programme's own choices",
    rule=Rule(act=Act.READ, field=Field.PROGRAMME, programme="programme_id", purpose="see a programme"),
    answer=ShownProgramme,
)
def show_programme(_asked: Asked, programme_id: str) -> Answer:
    """Show it."""
    programme = service.find_programme(programme_id, programmes=DynamoProgrammes())
    return Answer(body=shown_programme(programme), etag=programme.version)


@doors.door(
    "PATCH",
    "/programmes/{programme_id}",
    summary="Change a programme's own choices",
    rule=Rule(act=Act.WRITE, field=Field.PROGRAMME, programme="programme_id", purpose="change a programme"),
    body=ProgrammeEdit,
    answer=ShownProgramme,
    edits=True,
)
def edit_programme(asked: Asked, programme_id: str) -> Answer:
    """Change what was sent."""
    programme = service.edit_programme(
        programme_id,
        lambda present: _edited(present, asked.body),
        version=asked.if_match or 0,
        programmes=DynamoProgrammes(),
    )
    return Answer(body=shown_programme(programme), etag=programme.version)


def _edited(programme: Programme, sent: ProgrammeEdit) -> Programme:
    quiet = QuietHours(
        start=clock(sent.quiet_from) or programme.quiet_hours.start,
        end=clock(sent.quiet_to) or programme.quiet_hours.end,
    )
    return replace(
        programme,
        name=sent.name or programme.name,
        sender_name=sent.sender_name or programme.sender_name,
        quiet_hours=quiet,
        languages=programme.languages if sent.languages is None else tuple(sent.languages),
        caseload=sent.caseload or programme.caseload,
        emergency_country=sent.emergency_country or programme.emergency_country,
        every_month=programme.every_month if sent.every_month is None else sent.every_month,
        reply_to=sent.reply_to or programme.reply_to,
    )
