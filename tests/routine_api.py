"""Doors to weeks over the table, for tests of theirs: who asks, and a programme's usual week."""

import re
from typing import Any

from chalicelib.edge.http import Doors
from tests.contract.test_people_routes import Api
from tests.toy import Told

ADMIN = "admin=iop-evening/program-admin"
CLINICIAN = "dr=iop-evening/clinician"
ANA = "ana=iop-evening/participant"

GROUP = {
    "kind": "group",
    "title": "Evening group",
    "rule": "FREQ=WEEKLY;BYDAY=MO,WE,TH",
    "time": "18:00",
    "minutes": 180,
    "startsOn": "2026-11-02",
    "timeZone": "America/New_York",
}
INDIVIDUAL = GROUP | {
    "kind": "individual",
    "title": "With your counselor",
    "rule": "FREQ=WEEKLY;BYDAY=FR",
    "time": "12:00",
    "minutes": 50,
}
HOMEWORK = {
    "kind": "homework",
    "title": "Triggers worksheet",
    "rule": "FREQ=WEEKLY;BYDAY=TU",
    "time": "20:00",
    "minutes": 30,
    "startsOn": "2026-11-02",
}
WALK = HOMEWORK | {"kind": "wellness", "title": "Walk", "rule": "FREQ=DAILY", "time": "07:00", "required": False}
WEEK = {"from": "2026-11-24", "items": [GROUP, INDIVIDUAL, HOMEWORK, WALK]}


class RoutineApi(Api):
    def send(self, method: str, path: str, body: Any = None, **headers: str) -> Told:
        place, _, query = path.partition("?")
        for door in Doors.all:
            found = re.fullmatch(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", door.path), place)
            if found and door.method == method:
                return self.toy.send(
                    method,
                    place,
                    door=door.path,
                    body=body,
                    query={name: [value] for name, _, value in (one.partition("=") for one in query.split("&")) if name}
                    or None,
                    role=None,
                    headers={"Authorization": f"Bearer {self.as_whom}"}
                    | {name.replace("_", "-"): value for name, value in headers.items()},
                    **found.groupdict(),
                )
        raise LookupError(path)

    def by(self, whom: str, method: str, path: str, body: Any = None, **headers: str) -> Told:
        """Send as somebody."""
        before, self.as_whom = self.as_whom, whom
        try:
            return self.send(method, path, body, **headers)
        finally:
            self.as_whom = before

    def set_up(self) -> str:
        """Set up a programme with a week and one person who signs in; return the person's id."""
        assert self.send("POST", "/programmes", {"id": "iop-evening", "name": "Evening"}).status == 201
        told = self.send("PUT", "/programmes/iop-evening/routine", WEEK, if_match='"0"')
        assert told.status == 200, told.text
        person_id = self.enrol()
        assert self.send("PUT", f"/people/{person_id}/sign-in", {"subject": "ana"}).status in {200, 204}
        return person_id

    def item(self, kind: str) -> str:
        """Return the id of the programme's item of a kind."""
        items = self.by(ADMIN, "GET", "/programmes/iop-evening/routine").json["items"]
        return str(next(item["id"] for item in items if item["kind"] == kind))
