"""The doors to caring contacts: start, sign and end them, write back, and read what was written."""

from collections.abc import Callable
from functools import cache, partial
from http import HTTPStatus

from chalicelib.caring import service
from chalicelib.caring.domain import Series
from chalicelib.caring.page import WriteBack, trouble
from chalicelib.caring.replying import ReplyDesk, write_back
from chalicelib.caring.shapes import ReplyList, ShownCaring, StartSent, shown_caring, shown_reply
from chalicelib.caring.store import DynamoReplies, DynamoSeries
from chalicelib.crisis import handlers as crisis
from chalicelib.edge import pages
from chalicelib.edge.http import Answer, Asked, Doors
from chalicelib.edge.ids import new_id
from chalicelib.edge.keys import keys
from chalicelib.edge.pages import Visit
from chalicelib.edge.pages.answers import answer_or, language_of
from chalicelib.enrollment.changing import find_person
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.errors import Forbidden
from chalicelib.flags.store import DynamoCareRules
from chalicelib.outreach.links import Signer
from chalicelib.privacy.domain import Act, Field, Public, Relationship, Rule
from chalicelib.staff.service import active_member
from chalicelib.staff.store import DynamoStaff

doors = Doors(__name__)

FORM = "application/x-www-form-urlencoded"
BY_LINK = Public(reason="The signed link is the right to write back, or to call for help; it opens nothing to read.")

_CHANGE = Rule(act=Act.WRITE, field=Field.CARE_PLAN, subject="person_id", purpose="start or end caring contacts")


class StaffSign(Forbidden):
    """Only a member of staff signs."""


@doors.door(
    "GET",
    "/people/{person_id}/caring",
    summary="Whether a person gets caring contacts, from when on, and who signs them",
    rule=Rule(act=Act.READ, field=Field.CARE_PLAN, subject="person_id", purpose="see somebody's caring contacts"),
    answer=ShownCaring,
)
def show_caring(asked: Asked, person_id: str) -> Answer:
    """Show it."""
    people = DynamoPeople()
    return _shown(asked, person_id, DynamoSeries(people).find(person_id))


@doors.door(
    "PUT",
    "/people/{person_id}/caring",
    summary="Send a person caring contacts for a year, counted from a day; the same again changes nothing",
    rule=_CHANGE,
    body=StartSent,
    answer=ShownCaring,
)
def start_caring(asked: Asked, person_id: str) -> Answer:
    """Start them, in place of those before."""
    sent: StartSent = asked.body
    series = service.start(person_id, because=sent.because, of=sent.of, birthday=sent.birthday, desk=_desk(asked))
    return _shown(asked, person_id, series)


@doors.door(
    "DELETE",
    "/people/{person_id}/caring",
    summary="Send no more of them; again changes nothing, and nobody is told",
    rule=_CHANGE,
    answer=None,
    status=HTTPStatus.NO_CONTENT,
)
def end_caring(asked: Asked, person_id: str) -> Answer:
    """End them."""
    service.end(person_id, desk=_desk(asked))
    return Answer()


@doors.door(
    "PUT",
    "/people/{person_id}/caring/signature",
    summary="Agree to sign them, for oneself; for staff",
    rule=_CHANGE,
    answer=ShownCaring,
)
def sign_caring(asked: Asked, person_id: str) -> Answer:
    """Sign them from now on."""
    return _signed(asked, person_id, signs=True)


@doors.door(
    "DELETE",
    "/people/{person_id}/caring/signature",
    summary="Sign them no longer; another of the care team does, or the team",
    rule=_CHANGE,
    answer=ShownCaring,
)
def unsign_caring(asked: Asked, person_id: str) -> Answer:
    """Sign no longer."""
    return _signed(asked, person_id, signs=False)


@doors.door(
    "PUT",
    "/people/{person_id}/caring/continuation",
    summary="Let them go on after the person was admitted again; they wait until somebody says so",
    rule=_CHANGE,
    answer=ShownCaring,
)
def continue_caring(asked: Asked, person_id: str) -> Answer:
    """Let them go on."""
    return _shown(asked, person_id, service.go_on(person_id, desk=_desk(asked)))


@doors.door(
    "GET",
    "/people/{person_id}/caring/replies",
    summary="What was written back to them, newest first",
    rule=Rule(act=Act.LIST, field=Field.FREE_TEXT, subject="person_id", purpose="read what somebody wrote back"),
    answer=ReplyList,
)
def list_caring_replies(_asked: Asked, person_id: str) -> Answer:
    """List them."""
    return Answer(body=ReplyList(items=[shown_reply(reply) for reply in DynamoReplies().of_person(person_id)]))


@doors.door("GET", "/w/{token}", summary="Show where one can write back. Changes nothing.", rule=BY_LINK, answer=None)
def show_write_back(asked: Asked, token: str) -> Answer:
    """Show the page."""
    visit = _visit(asked, token)
    return _page(visit, lambda: _write_back().show(visit))


@doors.door("POST", "/w/{token}", summary="Take what was written back.", rule=BY_LINK, raw=FORM, answer=None)
def take_write_back(asked: Asked, token: str) -> Answer:
    """Take what the page sent."""
    visit = _visit(asked, token)
    return _page(visit, lambda: _write_back().take(visit, asked.body))


@cache
def _write_back() -> WriteBack:
    people = DynamoPeople()
    desk = ReplyDesk(
        people=people,
        all_series=DynamoSeries(people),
        replies=DynamoReplies(),
        staff=DynamoStaff(),
        care_rules=DynamoCareRules(),
    )
    return WriteBack(
        signer=Signer(keys().links), recipients=people, keep=partial(write_back, desk=desk), crises=crisis.desk()
    )


def _visit(asked: Asked, token: str) -> Visit:
    return Visit(token=token, now=asked.now, language=language_of(asked), page_id=new_id(), address=asked.source_ip)


def _page(visit: Visit, make: Callable[[], pages.Shown]) -> Answer:
    return answer_or(make, lambda: trouble(visit))


def _signed(asked: Asked, person_id: str, *, signs: bool) -> Answer:
    if asked.granted.relationship is Relationship.SELF:
        raise StaffSign("caring contacts are signed by staff")
    if signs:
        # Only who is a member of staff has a name to sign with.
        active_member(asked.granted.programme_id, asked.who.subject, staff=DynamoStaff())
    return _shown(asked, person_id, service.sign(person_id, signs=signs, desk=_desk(asked)))


def _desk(asked: Asked) -> service.Desk:
    people = DynamoPeople()
    return service.Desk(
        by=asked.who.subject,
        now=asked.now,
        people=people,
        programmes=DynamoProgrammes(),
        all_series=DynamoSeries(people),
    )


def _shown(asked: Asked, person_id: str, series: Series | None) -> Answer:
    record = find_person(person_id, people=DynamoPeople())
    return Answer(body=shown_caring(series, record, now=asked.now))
