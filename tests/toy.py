"""A small app of its own on the same edge, and API Gateway's events for it."""

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from http import HTTPStatus
from itertools import count
from typing import Annotated, Any, ClassVar

from pydantic import Field as Described

from chalicelib.edge.app import Cairn, Wiring
from chalicelib.edge.http import Answer, Asked, Door, Doors, Page, PageQuery, Wire
from chalicelib.edge.problems import Refused
from chalicelib.errors import Conflict, Fault, Invalid, Stale
from chalicelib.privacy.domain import Act, Actor, Caseload, Field, PersonStanding, Public, Role, Rule
from chalicelib.privacy.service import AuditLog
from tests.fakes_privacy import FakeAuditLog, FakeReplays, FakeStandings

NOW = datetime(2026, 11, 24, 18, 0, tzinfo=UTC)


class Stone(Wire):
    """Something to put on a cairn."""

    kind: Annotated[str, Described(min_length=1, max_length=40)]
    weight_grams: int
    found_on: date | None = None


class ToyDoors(Doors):
    # A list of its own, so that toys don't appear among Cairn's doors.
    all: ClassVar[list[Door]] = []


doors = ToyDoors("tests.toy")
laid: list[str] = []


def rule(act: Act, name: Field = Field.PROFILE) -> Rule:
    return Rule(act=act, field=name, subject="person_id", purpose="test")


@doors.door("GET", "/people/{person_id}/stone", summary="Read it", rule=rule(Act.READ), answer=Stone)
def read_stone(asked: Asked, person_id: str) -> Answer:
    return Answer(body=Stone(kind=f"{asked.granted.view} of {person_id}", weight_grams=3), etag=7)


@doors.door(
    "PUT",
    "/people/{person_id}/stone",
    summary="Edit it",
    rule=rule(Act.WRITE, Field.PREFERENCES),
    body=Stone,
    answer=Stone,
    edits=True,
)
def edit_stone(asked: Asked, person_id: str) -> Answer:
    del person_id
    if asked.if_match != 7:
        raise Stale("Somebody else edited it meanwhile.")
    return Answer(body=asked.body, etag=8)


@doors.door(
    "POST",
    "/people/{person_id}/stones",
    summary="Lay one",
    rule=rule(Act.WRITE, Field.PREFERENCES),
    body=Stone,
    answer=Stone,
    status=HTTPStatus.CREATED,
    created=True,
)
def lay_stone(asked: Asked, person_id: str) -> Answer:
    del person_id
    if asked.body.kind == "pumice":
        raise Conflict("It floats.")
    laid.append(asked.body.kind)
    return Answer(body=asked.body, headers={"Location": f"/stones/{len(laid)}"})


@doors.door(
    "GET",
    "/people/{person_id}/stones",
    summary="List them",
    rule=rule(Act.LIST),
    answer=Page[Stone],
    query=PageQuery,
)
def list_stones(asked: Asked, person_id: str) -> Answer:
    del person_id
    after = int((asked.after(prefix="STONE#") or "STONE#0")[6:])
    numbers = range(after + 1, min(after + asked.query.limit, 60) + 1)
    stones = [Stone(kind="flint", weight_grams=number) for number in numbers]
    return Answer(body=Page[Stone](items=stones, next=asked.next(f"STONE#{numbers[-1]}" if numbers[-1] < 60 else None)))


@doors.door("POST", "/heaps", summary="Lay many", rule=Public(reason="a toy"), raw="text/csv", answer=None, status=202)
def lay_heap(asked: Asked) -> Answer:
    return Answer(body={"letters": len(asked.body)})


@doors.door("GET", "/broken", summary="Break", rule=Public(reason="a toy"), answer=None)
def break_it(asked: Asked) -> Answer:
    raise ZeroDivisionError(f"the patient's name, at {asked.now}")


@doors.door("POST", "/rules", summary="Break a rule", rule=Public(reason="a toy"), answer=None)
def break_rules(asked: Asked) -> Answer:
    del asked
    raise Invalid(Fault(field="zone", reason="is no zone of the tz database"))


@doors.door("GET", "/page/{token}", summary="A page", rule=Public(reason="a toy"), answer=None)
def show_page(asked: Asked, token: str) -> Answer:
    del asked
    return Answer(
        body=f"<p>{len(token)}</p>", media_type="text/html; charset=utf-8", headers={"Content-Security-Policy": "self"}
    )


def nothing() -> Wiring:
    raise LookupError("a toy says what stands behind it")


app = Cairn("toy", wire=nothing)
app.register_blueprint(doors)


class FakeTokens:
    """The token is the actor's name; what they are is known already."""

    def __init__(self) -> None:
        self.asked_at: list[datetime] = []

    def actor(self, authorization: str | None, *, now: datetime) -> Actor:
        self.asked_at.append(now)
        if authorization is None or not authorization.startswith("Bearer "):
            raise Refused(
                status=HTTPStatus.UNAUTHORIZED,
                kind="unauthorised",
                detail="Sign in.",
                headers={"WWW-Authenticate": "Bearer"},
            )
        name = authorization.removeprefix("Bearer ").partition(".")[0]
        return Actor(subject=f"sub-{name}", roles=frozenset({("iop", Role(name))}))


@dataclass
class Toy:
    """The app with what stands behind it."""

    audit: FakeAuditLog = field(default_factory=FakeAuditLog)
    replays: FakeReplays = field(default_factory=FakeReplays)
    tokens: FakeTokens = field(default_factory=FakeTokens)
    standings: FakeStandings = field(default_factory=FakeStandings)
    app: Cairn = app
    log: AuditLog | None = None
    real_now: datetime = NOW
    new_id: Callable[[], str] = field(default_factory=lambda: map("id-{:08}".format, count()).__next__)

    def __post_init__(self) -> None:
        self.standings.programmes["iop"] = Caseload.SHARED
        self.standings.people["p1"] = PersonStanding(programmes=frozenset({"iop"}))
        self.standings.sign_ins["sub-participant"] = "p1"
        wiring = Wiring(
            tokens=self.tokens,
            standings=self.standings,
            audit=self.log or self.audit,
            replays=self.replays,
            web_origin="https://app.example.org",
            clock=lambda: NOW,
            real_clock=lambda: self.real_now,
            new_id=self.new_id,
        )
        self.app.use(wiring)

    def send(
        self,
        method: str,
        path: str,
        *,
        door: str = "",
        body: Any = None,
        query: dict[str, list[str]] | None = None,
        role: Role | None = Role.PARTICIPANT,
        headers: dict[str, str] | None = None,
        **path_values: str,
    ) -> "Told":
        """Send what API Gateway would; ``door`` is the address as declared."""
        text = body if isinstance(body, str) or body is None else json.dumps(body)
        sent = {"Content-Type": "application/json"} | (headers or {})
        if role:
            sent["Authorization"] = f"Bearer {role}"
        event = {
            "resource": door or path,
            "path": path,
            "httpMethod": method,
            "headers": sent,
            "multiValueQueryStringParameters": query,
            "pathParameters": path_values or None,
            "stageVariables": None,
            "body": text,
            "isBase64Encoded": False,
            "requestContext": {
                "httpMethod": method,
                "resourcePath": door or path,
                "path": path,
                "identity": {"sourceIp": "192.0.2.1"},
            },
        }
        return Told(self.app(event, None))


class Told:
    """The answer as a caller sees it."""

    def __init__(self, result: dict[str, Any]) -> None:
        self.status: int = result["statusCode"]
        self.headers: dict[str, str] = result["headers"]
        self.text: str = result["body"]

    @property
    def json(self) -> Any:
        return json.loads(self.text)

    @property
    def kind(self) -> str:
        """The problem's kind, after its shape was checked."""
        told = self.json
        assert self.headers["Content-Type"] == "application/problem+json"
        assert told["status"] == self.status
        assert told["instance"] == self.headers["X-Correlation-Id"]
        assert told.keys() - {"errors"} == {"type", "title", "status", "detail", "instance"}
        return str(told["type"]).removeprefix("urn:cairn:problem:")
