"""The doors to the caseload, with the table's stream behind them: what changed is brought to those who follow it."""

from dataclasses import replace
from datetime import timedelta
from typing import Any

from chalicelib.outreach.domain import Entry, Status
from chalicelib.outreach.kinds import CHECK_IN
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.tasks.domain import Kind, task_for
from chalicelib.tasks.store import DynamoTasks
from tests.routine_api import ADMIN, ANA, RoutineApi
from tests.streaming import Stream
from tests.toy import NOW, Told

CASE_MANAGER = "cam=iop-evening/case-manager"
PEER = "pia=iop-evening/peer-specialist"
PEOPLE = "/programmes/iop-evening/caseload"

CONSENT = {"scope": "contact_email", "textVersion": 1, "locale": "en"}


class CaseloadApi(RoutineApi):
    def __init__(self) -> None:
        super().__init__()
        self.as_whom = "admin=iop-evening/program-admin"
        self.stream = Stream().bring

    def with_a_team(self) -> str:
        """Enrol Ana, who consents to e-mails and whom Pia and Cam hold; return her id."""
        person_id = self.set_up()
        for account in ("pia", "cam"):
            assert self.by(ADMIN, "PUT", f"/people/{person_id}/care-team/{account}").status == 204
        assert self.by(ANA, "POST", f"/people/{person_id}/consents", CONSENT).status == 201
        self.stream()
        return person_id

    def caseload(self, whom: str = CASE_MANAGER, query: str = "") -> list[dict[str, Any]]:
        told = self.by(whom, "GET", PEOPLE + query)
        assert told.status == 200, told.text
        return list(told.json["items"])

    def row(self, person_id: str, whom: str = CASE_MANAGER) -> dict[str, Any]:
        return next(one for one in self.caseload(whom) if one["personId"] == person_id)

    def reasons(self, person_id: str, whom: str = CASE_MANAGER) -> list[str]:
        return [one["why"] for one in self.row(person_id, whom)["attention"]]

    def contact(self, person_id: str, whom: str = CASE_MANAGER, key: str | None = None, **body: Any) -> Told:
        sent = {"how": "call", "outcome": "reached"} | body
        headers = {"idempotency_key": key} if key else {}
        return self.by(whom, "POST", f"/people/{person_id}/contacts", sent, **headers)


def cadence(api: CaseloadApi, person_id: str, role: str = "case-manager", **body: Any) -> Any:
    sent = {"everyDays": 7, "startsOn": "2026-11-20"} | body
    return api.by(CASE_MANAGER, "PUT", f"/people/{person_id}/cadences/{role}", sent)


def asked(api: CaseloadApi, person_id: str, *days_ago: int, status: Status = Status.SENT) -> None:
    """Send check-ins at nine in the morning of these days, by New York's clocks."""
    ledger = DynamoLedger()
    entries = []
    for days in days_ago:
        at = NOW.replace(hour=14) - timedelta(days=days)
        entries.append(
            Entry(
                person_id=person_id,
                kind=CHECK_IN,
                on=at.date(),
                due_at=at,
                status=Status.CLAIMED,
                attempt=1,
                claimed_at=at,
            )
        )
    assert all(ledger.add(entries))
    api.stream()
    assert all(ledger.end([replace(entry, status=status, ended_at=entry.due_at) for entry in entries]))


def open_task(person_id: str, kind: Kind = Kind.TALK_TODAY, *, hours_ago: float = 0, about: str = "x") -> str:
    at = NOW - timedelta(hours=hours_ago)
    task = task_for(kind, about, programme_id="iop-evening", person_id=person_id, at=at)
    assert DynamoTasks().open(task)
    return task.id
