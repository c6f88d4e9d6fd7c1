"""Doors to supporters over the table, for tests of theirs: a person, and whoever stands by them."""

from dataclasses import replace
from datetime import datetime
from typing import Any

import pytest

from app import app
from chalicelib.edge.keys import Keys
from chalicelib.family import handlers
from chalicelib.family.domain import What, code_of, scope_of
from chalicelib.family.store import DynamoTies
from chalicelib.family.telling import Desk
from chalicelib.outreach.links import Claims, Purpose, Signer
from tests.contract.test_people_routes import Api
from tests.milestones_api import enrolled
from tests.toy import NOW, Told

KEYS = Keys(links=("bGluay1rZXk",), vapid_private="", vapid_public="")
NEW = {
    "firstName": "Rosa",
    "email": "rosa@example.org",
    "relation": "parent",
    "language": "en",
    "named": True,
    "textVersion": 1,
    "locale": "en",
}
ALL = frozenset(What)


class FamilyApi(Api):
    """The doors, and the way from an invitation to a supporter."""

    def by(self, whom: str, method: str, path: str, body: Any = None, **headers: str) -> Told:
        self.as_whom = whom
        return self.send(method, path, body, **headers)

    def at(self, now: datetime) -> None:
        app.use(replace(app.wiring, clock=lambda: now))

    def person(self, number: int, **changes: Any) -> str:
        self.as_whom = "admin=iop-evening/program-admin"
        return enrolled(self, externalId=f"TBH-{number}", email=f"p{number}@example.com", **changes)

    def own(self, person_id: str, method: str, path: str, body: Any = None, **headers: str) -> Told:
        return self.by(
            f"{person_id}=iop-evening/participant", method, f"/people/{person_id}/supporters{path}", body, **headers
        )

    def kin(self, account: str, method: str, path: str, body: Any = None, **headers: str) -> Told:
        return self.by(f"{account}=iop-evening/supporter", method, path, body, **headers)

    def invite(self, person_id: str, **changes: Any) -> str:
        told = self.own(person_id, "POST", "", NEW | changes)
        assert told.status == 201, told.text
        return str(told.json["id"])

    def link(self, tie_id: str) -> str:
        """Return the token of the link in the invitation's e-mail."""
        claims = Claims(
            person_id=f"kin-{tie_id}",
            kind=f"supporter_invite-named-{tie_id}",
            on=NOW.date(),
            channel_id=tie_id,
            revision=1,
            expires_at=NOW,
        )
        return Signer(KEYS.links).token(Purpose.INVITATION, claims)

    def code(self, tie_id: str) -> int:
        """Return what the last e-mail to the invited address says."""
        tie = DynamoTies().find(tie_id)
        assert tie is not None
        return code_of(KEYS.links[-1], tie, tie.codes[-1]) if tie.codes else 0

    def ask(self, account: str, tie_id: str) -> Told:
        return self.kin(account, "POST", "/supporting/codes", {"token": self.link(tie_id)})

    def accept(self, account: str, tie_id: str, *, code: int | None = None) -> Told:
        sent = {"token": self.link(tie_id), "code": self.code(tie_id) if code is None else code}
        return self.kin(account, "POST", "/supporting", sent | {"timeZone": "America/New_York"})

    def supporter(self, person_id: str, account: str = "rosa", **changes: Any) -> str:
        tie_id = self.invite(person_id, **{"email": f"{account}@example.org", **changes})
        assert self.ask(account, tie_id).status == 202
        assert self.accept(account, tie_id).status == 201
        return tie_id

    def share(self, person_id: str, tie_id: str, *what: What, **end: Any) -> Told:
        body = {"textVersion": 1, "locale": "en"} | (end or {"ends": "episode"})
        told = None
        for one in what or sorted(What):
            told = self.own(person_id, "PUT", f"/{tie_id}/sharing/{one}", body)
            assert told.status == 200, told.text
        assert told is not None
        return told

    def moved(self, person_id: str, programme_id: str = "iop-morning") -> None:
        """Have another programme admit a person, whose care here came to its end."""
        admin = f"admin={programme_id}/program-admin"
        assert self.by(admin, "POST", "/programmes", {"id": programme_id, "name": "Morning"}).status == 201
        nurse = f"nurse=iop-evening/clinician {programme_id}/case-manager"
        assert self.by(nurse, "POST", f"/people/{person_id}/transitions", {"to": "discharged_early"}).status < 300
        body = {"programmeId": programme_id, "admittedOn": f"{NOW:%Y-%m-%d}"}
        assert self.by(nurse, "POST", f"/people/{person_id}/episodes", body).status == 201

    def view(self, account: str, tie_id: str) -> Told:
        return self.kin(account, "GET", f"/supporting/{tie_id}")


def desk() -> Desk:
    """Return what delivery asks with."""
    return Desk(ties=DynamoTies(), sources=handlers.sources(), secret=lambda: KEYS.links[-1])


@pytest.fixture
def api(kept_keys: None) -> FamilyApi:
    del kept_keys
    api = FamilyApi()
    assert api.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
    return api


@pytest.fixture
def ana(api: FamilyApi) -> str:
    return api.person(1, givenName="Ana")


__all__ = ["ALL", "FamilyApi", "ana", "api", "desk", "scope_of"]
