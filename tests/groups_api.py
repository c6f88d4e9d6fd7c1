"""Doors to groups over the table, for tests of theirs: a programme, staff, and alumni with sign-ins of their own."""

import re
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from app import app
from chalicelib.enrollment import service as enrolling
from chalicelib.enrollment.changing import Marker, change_record, next_of
from chalicelib.enrollment.consents import Via, Will
from chalicelib.enrollment.domain import Person
from chalicelib.enrollment.episodes import State
from chalicelib.enrollment.programme_store import DynamoProgrammes
from chalicelib.enrollment.programmes import Programme
from chalicelib.enrollment.service import Enrolment
from chalicelib.enrollment.standing_store import Standings
from chalicelib.enrollment.store import DynamoPeople
from chalicelib.outreach.domain import DetailLevel
from tests.contract.test_people_routes import TIES, FakeTokens
from tests.toy import NOW, Told, Toy

ADMIN = "admin=iop-evening/program-admin"
FAY = "fay=iop-evening/peer-specialist"
"""Facilitates the group."""
SAM = "sam=iop-evening/peer-specialist"
CLINICIAN = "cleo=iop-evening/clinician"

PLAN = {
    "rule": "FREQ=WEEKLY;BYDAY=TH",
    "time": "18:00",
    "timeZone": "America/New_York",
    "startsOn": "2026-11-26",
    "minutes": 60,
    "link": "https://video.example/room/7",
}
"""Thursdays at six in New York: 23:00 UTC, from 26 November 2026 on; NOW is the 24th, 18:00 UTC."""


class Api:
    """The doors; ``now`` is what they take the time to be."""

    def __init__(self) -> None:
        self.toy = Toy(app=app)
        self.as_whom = ADMIN
        self.at(NOW)
        DynamoProgrammes().add(Programme(id="iop-evening", name="Evening"))

    def at(self, now: datetime) -> None:
        app.use(replace(app.wiring, tokens=FakeTokens(), standings=Standings(TIES), clock=lambda: now))

    def send(self, method: str, path: str, body: Any = None, *, by: str | None = None, **headers: str) -> Told:
        asked = urlsplit(path)
        for door in app.routes:
            match = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", door), asked.path)
            if match and method in app.routes[door]:
                return self.toy.send(
                    method,
                    asked.path,
                    door=door,
                    body=body,
                    query={name: [value] for name, value in parse_qsl(asked.query)} or None,
                    role=None,
                    headers={"Authorization": f"Bearer {by or self.as_whom}"}
                    | {name.replace("_", "-"): value for name, value in headers.items()},
                    **match.groupdict(),
                )
        raise LookupError(path)

    def group(self, **changes: Any) -> str:
        body = {"kind": "alumni", "name": "Thursday circle", "language": "en", "facilitators": ["fay"], "open": True}
        told = self.send("POST", "/programmes/iop-evening/groups", body | changes)
        assert told.status == 201, told.text
        return f"/programmes/iop-evening/groups/{told.json['id']}"

    def series(self, group: str, **changes: Any) -> str:
        told = self.send("POST", f"{group}/series", PLAN | changes)
        assert told.status == 201, told.text
        return f"{group}/series/{told.json['id']}"

    def meetings(self, group: str) -> list[dict[str, Any]]:
        found: list[dict[str, Any]] = self.send("GET", f"{group}/meetings?days=15").json["items"]
        return found

    def as_person(self, person_id: str, role: str = "alumni") -> str:
        return f"{person_id}=iop-evening/{role}"


def enrol(
    number: int, *, state: State = State.ALUMNI, zone: str = "America/Los_Angeles", consents: tuple[str, ...] = ()
) -> str:
    """Enrol an alumnus with a sign-in of their own, who agreed to e-mail and to be contacted as one."""
    programme = DynamoProgrammes().find("iop-evening")
    assert programme is not None
    person = Person(
        id=f"{number:032x}",
        external_id=f"TBH-{number}",
        given_name=f"Ana{number}",
        family_name="Quintero",
        language="en",
        zone=zone,
    )
    given = ("contact_email", "alumni_contact", *consents)
    people = DynamoPeople()
    enrolling.enrol(
        Enrolment(
            person=person,
            state=state,
            admitted_on=date(2026, 11, 1),
            email=f"ana{number}@example.com",
            detail=DetailLevel.DISCREET,
            attested=True,
            consents=tuple((scope, None) for scope in given),
            check_in=None,
            marker=Marker(person_id=person.id),
        ),
        programme=programme,
        will=Will(by="staff", via=Via.STAFF),
        now=NOW - timedelta(days=1),
        people=people,
        new_id=lambda: f"c{number}",
    )
    change_record(person.id, lambda record: replace(next_of(record), sign_in=person.id), people=people)
    return person.id
