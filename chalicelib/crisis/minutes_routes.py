"""The doors to a programme's own minutes: how soon others are paged."""

from dataclasses import asdict

from chalicelib.crisis.doors import doors
from chalicelib.crisis.ladder import Minutes, faults_of
from chalicelib.crisis.shapes import MinutesSent
from chalicelib.crisis.store import DynamoMinutes
from chalicelib.edge.http import Answer, Asked
from chalicelib.errors import Stale, refuse
from chalicelib.privacy.domain import Act, Field, Rule


@doors.door(
    "GET",
    "/programmes/{programme_id}/crisis-minutes",
    summary="How soon others are paged where nobody acknowledges a call for help, and the like",
    rule=Rule(act=Act.READ, field=Field.ROTA, programme="programme_id", purpose="see how soon others are paged"),
    answer=MinutesSent,
)
def read_minutes(_asked: Asked, programme_id: str) -> Answer:
    """Show them; version 0 are the defaults."""
    minutes, version = DynamoMinutes().of(programme_id)
    return Answer(body=MinutesSent(**asdict(minutes)), etag=version)


@doors.door(
    "PUT",
    "/programmes/{programme_id}/crisis-minutes",
    summary="Put other minutes in their place; crises that are open go by them at once",
    rule=Rule(act=Act.WRITE, field=Field.ROTA, programme="programme_id", purpose="change how soon others are paged"),
    body=MinutesSent,
    answer=MinutesSent,
    edits=True,
)
def put_minutes(asked: Asked, programme_id: str) -> Answer:
    """Change them."""
    minutes = Minutes(**asked.body.model_dump())
    refuse(faults_of(minutes))
    store = DynamoMinutes()
    if asked.if_match != store.of(programme_id)[1]:
        raise Stale("these minutes were changed meanwhile")
    version = (asked.if_match or 0) + 1
    store.save(programme_id, minutes, version=version, by=asked.who.subject)
    return Answer(body=asked.body, etag=version)
