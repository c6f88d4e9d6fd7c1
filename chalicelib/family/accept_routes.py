"""The doors of whoever is invited, and of a supporter to their own record: the invitation's page, a code, a yes."""

from datetime import time
from http import HTTPStatus
from pathlib import Path

from chalicelib.edge import pages
from chalicelib.edge.config import config
from chalicelib.edge.http import Answer, Asked
from chalicelib.edge.ids import new_id
from chalicelib.edge.keys import keys
from chalicelib.edge.pages.answers import answer_with, language_of
from chalicelib.enrollment.channels import Channel, push_auth, push_endpoint, push_key
from chalicelib.enrollment.store import DynamoPeople, people
from chalicelib.errors import Fault, Invalid
from chalicelib.family import service, supporting, words
from chalicelib.family.domain import NoSuchSupporter, Tie
from chalicelib.family.doors import doors
from chalicelib.family.handlers import code_secret
from chalicelib.family.kin import Weekly
from chalicelib.family.kin_store import DynamoSupporters
from chalicelib.family.own_shapes import (
    Acceptance,
    AskedCode,
    NewDevice,
    ShownSelf,
    SupporterChoices,
    shown_self,
)
from chalicelib.family.store import DynamoTies
from chalicelib.family.supporter_routes import OWN
from chalicelib.family.supporter_shapes import LessonList, ShownSupported, shown_lesson
from chalicelib.helplines.domain import resources
from chalicelib.outreach.domain import ChannelKind
from chalicelib.outreach.links import LinkForged, Purpose, Signer
from chalicelib.outreach.quiet import QuietHours
from chalicelib.outreach.sorts import Sort
from chalicelib.privacy.domain import Act, Public, Role

FOLDER = Path(__file__).parent / "pages"


@doors.door(
    "GET",
    "/i/{token}",
    summary="Say what an invitation is. Changes nothing, names nobody, and is the same whatever the link.",
    rule=Public(reason="The page is the same for every link, and says nothing of who invited or who is invited."),
    answer=None,
)
def show_invitation(asked: Asked, token: str) -> Answer:
    """Show the page; a mail scanner follows links too."""
    language = language_of(asked)
    say = pages.words(FOLDER / "words.json", language)
    html = pages.render(
        FOLDER,
        "invitation.html",
        language=language,
        numbers=resources(),
        title=say["title"],
        say=say,
        # Behind the hash, which no server is sent.
        link=f"{config().web_origin}/#invitation={token}",
    )
    return answer_with(pages.Shown(html=html))


@doors.door(
    "POST",
    "/supporting/codes",
    summary="Have a code mailed to the address that an invitation was sent to; the answer is always the same",
    rule=OWN(act=Act.WRITE, purpose="ask for the code of an invitation"),
    body=AskedCode,
    answer=None,
    status=HTTPStatus.ACCEPTED,
)
def ask_code(asked: Asked) -> Answer:
    """Ask for it."""
    tie_id = _tie_id(asked, asked.body.token)
    if tie_id is not None:
        service.ask_code(tie_id, asked.who.subject, now=asked.now, ties=DynamoTies())
    return Answer()


@doors.door(
    "POST",
    "/supporting",
    summary="Accept an invitation with the code that was mailed to its address",
    rule=OWN(act=Act.WRITE, purpose="accept an invitation"),
    body=Acceptance,
    answer=ShownSupported,
    status=HTTPStatus.CREATED,
    created=True,
)
def accept(asked: Asked) -> Answer:
    """Accept it. Unknown, forwarded, used, expired and taken back are answered alike."""
    sent: Acceptance = asked.body
    tie_id = _tie_id(asked, sent.token)
    if tie_id is None:
        raise NoSuchSupporter("there is no such invitation")
    tie, _ = service.accept(
        tie_id,
        asked.who.subject,
        sent.code,
        zone=sent.time_zone,
        secret=code_secret(),
        known=DynamoSupporters().find(asked.who.subject),
        now=asked.now,
        ties=DynamoTies(),
        new_id=new_id,
    )
    return Answer(body=_shown(tie), headers={"Location": f"/supporting/{tie.id}"})


@doors.door(
    "GET",
    "/supporter",
    summary="Oneself as a supporter: how one is reached, and when",
    rule=OWN(act=Act.READ, purpose="see how one is reached as a supporter"),
    answer=ShownSelf,
)
def show_self(asked: Asked) -> Answer:
    """Show it."""
    found = supporting.find_supporter(asked.who.subject, supporters=DynamoSupporters())
    return Answer(body=shown_self(found, at=asked.now), etag=found.version)


@doors.door(
    "PUT",
    "/supporter",
    summary="Choose how one is reached as a supporter; another address is confirmed anew",
    rule=OWN(act=Act.WRITE, purpose="choose how one is reached as a supporter"),
    body=SupporterChoices,
    answer=ShownSelf,
    edits=True,
)
def put_self(asked: Asked) -> Answer:
    """Put it in place of what was chosen before."""
    sent: SupporterChoices = asked.body
    quiet = None
    if sent.quiet_hours.start and sent.quiet_hours.end:
        start, end = (time.fromisoformat(one) for one in (sent.quiet_hours.start, sent.quiet_hours.end))
        quiet = QuietHours(start=start, end=end)
    chosen = supporting.Choices(
        first_name=sent.first_name,
        language=sent.language,
        zone=sent.time_zone,
        email=sent.email,
        quiet_hours=quiet,
        weekly=Weekly(day=sent.weekly.day, at=time.fromisoformat(sent.weekly.time)),
        updates=sent.updates,
    )
    found = supporting.choose(
        asked.who.subject, chosen, version=asked.if_match or 0, now=asked.now, supporters=DynamoSupporters()
    )
    return Answer(body=shown_self(found, at=asked.now), etag=found.version)


@doors.door(
    "POST",
    "/supporter/devices",
    summary="Add a browser that gets pushes; it is used once it is confirmed over itself",
    rule=OWN(act=Act.WRITE, purpose="add a way to be reached as a supporter"),
    body=NewDevice,
    answer=ShownSelf,
    status=HTTPStatus.CREATED,
    created=True,
)
def add_supporter_device(asked: Asked) -> Answer:
    """Add it, and ask over it."""
    sent: NewDevice = asked.body
    try:
        device = Channel(
            id=new_id(),
            kind=ChannelKind.PUSH,
            address=push_endpoint(sent.subscription.endpoint, origins=config().push_origins),
            push_key=push_key(sent.subscription.keys.p256dh),
            push_auth=push_auth(sent.subscription.keys.auth),
            added_at=asked.now,
            heartbeat_at=asked.now,
        )
    except ValueError as error:
        raise Invalid(Fault(field="subscription", reason=str(error))) from error
    found = supporting.add_device(asked.who.subject, device, now=asked.now, supporters=DynamoSupporters())
    return Answer(body=shown_self(found, at=asked.now), etag=found.version)


@doors.door(
    "DELETE",
    "/supporter/devices/{device_id}",
    summary="Forget a browser",
    rule=OWN(act=Act.WRITE, purpose="take away a way to be reached as a supporter"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def remove_device(asked: Asked, device_id: str) -> Answer:
    """Forget it."""
    supporting.remove_device(asked.who.subject, device_id, now=asked.now, supporters=DynamoSupporters())
    return Answer()


@doors.door(
    "GET",
    "/supporter/lessons",
    summary="Short lessons for supporters, and which of them one went through",
    rule=OWN(act=Act.LIST, purpose="see the lessons for supporters"),
    answer=LessonList,
)
def list_lessons(asked: Asked) -> Answer:
    """List them."""
    who = supporting.find_supporter(asked.who.subject, supporters=DynamoSupporters())
    country = people().choices(who.programme_id, now=asked.now).emergency_country
    found = words.lessons(who.language, country=country)
    return Answer(body=LessonList(items=[shown_lesson(lesson, who.learned) for lesson in found]))


@doors.door(
    "PUT",
    "/supporter/lessons/{lesson_id}/done",
    summary="Note that one went through a lesson",
    rule=OWN(act=Act.WRITE, purpose="note a lesson as done"),
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def finish_lesson(asked: Asked, lesson_id: str) -> Answer:
    """Note it."""
    known = [lesson.id for lesson in words.lessons("en", country="US")]
    supporting.learn(asked.who.subject, lesson_id, known=known, now=asked.now, supporters=DynamoSupporters())
    return Answer()


def _tie_id(asked: Asked, token: str) -> str | None:
    """Return which invitation a link is for; None if it is none of ours, is over, or of a programme of others."""
    try:
        claims = Signer(keys().links).open(Purpose.INVITATION, token)
    except LinkForged:
        return None
    tie_id = claims.person_id.removeprefix(f"{Sort.KIN}-")
    tie = DynamoTies().find(tie_id)
    return tie_id if tie and asked.who.has(Role.SUPPORTER, tie.programme_id) else None


def _shown(tie: Tie) -> ShownSupported:
    record = DynamoPeople().record(tie.person_id)
    return ShownSupported(id=tie.id, name=record.person.first_name if record else "")
