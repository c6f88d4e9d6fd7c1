"""Doors to crises over the table, for tests of theirs: a programme with staff, a person, and sign-ins that fail."""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

import jwt

from app import app
from chalicelib.crisis import handlers
from chalicelib.crisis.domain import Crisis
from chalicelib.crisis.store import DynamoCrises
from chalicelib.edge.ids import new_id
from chalicelib.edge.problems import Refused
from chalicelib.edge.table import Item
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.outreach.store import DueItem
from chalicelib.privacy.domain import Actor, Role
from chalicelib.staff import service
from chalicelib.staff.domain import Member
from chalicelib.staff.store import DynamoStaff
from tests.contract.test_people_routes import Api, FakeTokens
from tests.milestones_api import enrolled
from tests.toy import NOW, Told

PROGRAMME = "iop-evening"
ADMIN = f"admin={PROGRAMME}/program-admin"
DR, SAM, PEER = f"dr={PROGRAMME}/clinician", f"sam={PROGRAMME}/case-manager", f"peer={PROGRAMME}/peer-specialist"


class Tokens(FakeTokens):
    """``expired:`` before a token: good once; ``broken:`` before it: not ours, or nobody can tell."""

    def actor(self, authorization: str | None, *, now: datetime) -> Actor:
        said = (authorization or "").removeprefix("Bearer ")
        if authorization is None or (said.startswith("expired:") and now.year > 1970) or "=" not in said:
            raise Refused(status=HTTPStatus.UNAUTHORIZED, kind="unauthorised", detail="Sign in.")
        return super().actor(said.removeprefix("expired:"), now=now)


def unsigned(subject: str) -> str:
    """Return a token that says whose it is, and that nobody signed for us."""
    return jwt.encode({"sub": subject}, "x" * 32, algorithm="HS256")


@dataclass
class CrisisApi:
    """The doors as somebody opens them."""

    api: Api

    def __post_init__(self) -> None:
        assert self.api.send("POST", "/programmes", {"id": PROGRAMME, "name": "Evening"}).status == 201
        app.use(replace(app.wiring, tokens=Tokens()))
        self.ana = enrolled(self.api)
        handlers.desk.cache_clear()

    def staff(self, account: str, *roles: Role, email: bool = True) -> Member:
        member = Member(
            programme_id=PROGRAMME,
            account=account,
            first_name=account.title(),
            roles=frozenset(roles),
            language="en",
            zone="America/New_York",
            put_by="admin",
            put_at=NOW - timedelta(days=7),
        )
        wanted = service.Wanted(member=member, email=f"{account}@care.example" if email else None, attested=True)
        return service.put_member(
            wanted,
            version=0,
            by="admin",
            now=NOW - timedelta(days=7),
            staff=DynamoStaff(),
            programmes=DynamoProgrammes(),
            new_id=new_id,
        )

    def by(self, whom: str, method: str, path: str, body: Any = None, **headers: str) -> Told:
        self.api.as_whom = whom
        return self.api.send(method, path, body, **headers)

    def help(self, token: str | None = None, *, body: str | None = None, path: str = "/help", **headers: str) -> Told:
        """Press the button, from anywhere."""
        sent = {"Content-Type": "application/json", **{name.replace("_", "-"): text for name, text in headers.items()}}
        if token:
            sent["Authorization"] = f"Bearer {token}"
        return self.api.toy.send("POST", path, body=body, role=None, headers=sent)

    def called(self) -> Crisis:
        """Have the person call, and return the crisis."""
        told = self.help(f"{self.ana}={PROGRAMME}/participant")
        assert told.status == 201, told.text
        return self.present()

    def present(self) -> Crisis:
        found = DynamoCrises().present_of(self.ana)
        assert found is not None
        return found

    def do(self, whom: str, crisis: Crisis, act: str, body: dict[str, Any] | None = None) -> Told:
        return self.by(whom, "POST", f"/programmes/{PROGRAMME}/crises/{crisis.id}/{act}", body)

    def board(self, whom: str = DR) -> list[dict[str, Any]]:
        told = self.by(whom, "GET", f"/programmes/{PROGRAMME}/crises")
        assert told.status == 200, told.text
        items: list[dict[str, Any]] = told.json["items"]
        return items


def pages() -> list[str]:
    """Return the kinds of the pages that wait to be delivered, each once."""
    kinds = {item.sk.split("#")[2] for item in Item.scan() if isinstance(item, DueItem)}
    return sorted(kind for kind in kinds if kind.startswith("crisis_page-"))


def body_of(**fields: Any) -> str:
    return json.dumps(fields)
