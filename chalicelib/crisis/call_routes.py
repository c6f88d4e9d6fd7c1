"""The door of staff who call for help for somebody: whoever of them it is, it is open."""

from functools import partial
from http import HTTPStatus

from chalicelib.crisis import calling, handlers
from chalicelib.crisis.calling import Caller
from chalicelib.crisis.domain import Door
from chalicelib.crisis.doors import doors
from chalicelib.crisis.guarding import guarded
from chalicelib.crisis.help_routes import CallTaken, take_call
from chalicelib.edge.http import ANYTHING, Answer, Asked
from chalicelib.enrollment.store import people
from chalicelib.privacy.domain import Act, Field, Relationship, Rule, View

_DOORS = {Relationship.SELF: Door.APP, Relationship.SUPPORTER: Door.SUPPORTER}
"""By which door it came, where it is none of staff's: whoever may call for somebody is heard at this one too."""


@doors.door(
    "POST",
    "/people/{person_id}/crises",
    summary="Call for help for a person, as their staff; a key sent again is the same call",
    rule=Rule(
        act=Act.WRITE,
        field=Field.CRISIS,
        subject="person_id",
        purpose="call for help for somebody",
        views=frozenset(View),
    ),
    raw=ANYTHING,
    answer=CallTaken,
    status=HTTPStatus.CREATED,
)
def call_for_person(asked: Asked, person_id: str) -> Answer:
    """Take it like any other."""
    by = asked.granted.relationship
    # Who they are is known already: a record that can't be read now must not turn the call away.
    recipient = guarded(partial(people().load, person_id, now=asked.now), desk=handlers.desk())
    caller = Caller(
        door=_DOORS.get(by, Door.STAFF) if by else Door.STAFF,
        address=asked.source_ip,
        person_id=person_id,
        programme_id=recipient.programme_id if recipient else asked.granted.programme_id,
        verified=by is not Relationship.SUPPORTER,
        by=asked.who.subject,
    )
    return take_call(asked, caller, calling.read(asked.body or ""), recipient=recipient)
