"""What Cairn itself holds of a season in the end: read from its doors and stores, in the naive side's terms."""

from __future__ import annotations

from collections import defaultdict
from datetime import timedelta

from chalicelib.checkins.store import DynamoCheckIns
from chalicelib.outreach.domain import Status
from chalicelib.outreach.ledger_store import DynamoLedger
from chalicelib.tasks.store import DynamoTasks
from tests.simulation.season.naive_person import Found, stamp
from tests.simulation.season.people import Person
from tests.simulation.season.play import STARTS_ON, Season
from tests.simulation.season.raw import Log

FIRST, LAST = STARTS_ON - timedelta(days=2), STARTS_ON + timedelta(days=363)


def held(season: Season) -> Found:
    """Return everything that there is."""
    found: Found = defaultdict(dict)
    for person in season.people:
        if person.id:
            _ledger(person, found)
            _answers(season, person, found)
            _tasks(person, found)
            _milestones(season, person, found)
    return found


def _ledger(person: Person, found: Found) -> None:
    for entry in DynamoLedger().between(person.id, FIRST, LAST, limit=100_000):
        if entry.kind in {"check_in", "check_in-weekly"}:
            said = "sent" if entry.status is Status.SENT else str(entry.reason or entry.status)
            found["prompts"][person.name, str(entry.on), entry.kind] = said
        elif entry.kind.startswith("milestone") or entry.kind == "nudge-check_in":
            said = {Status.MERGED: "told", Status.WAITING: "waits"}.get(entry.status, f"not told, {entry.reason}")
            found["celebrations"][person.name, entry.kind, str(entry.on)] = said


def _answers(season: Season, person: Person, found: Found) -> None:
    for check_in in DynamoCheckIns().between(person.id, FIRST, LAST):
        for number, revision in enumerate(check_in.revisions, 1):
            key = (person.name, str(check_in.on), check_in.form, number)
            found["answers"][key] = (stamp(revision.at), sorted(revision.answer.values.items()))
    last = season.stage.now.date() + timedelta(days=1)
    for one in season.own(person, "GET", f"check-ins?from={FIRST}&to={last}").json["items"]:
        for score in one["scores"]:
            found["scores"][person.name, one["on"], one["form"], score["score"]] = (score["lowest"], score["highest"])


def _tasks(person: Person, found: Found) -> None:
    for task in DynamoTasks().of_person(person.id):
        if task.kind.value == "flag":
            rule, _, about = task.about.partition("-")
            found["flags"][person.name, rule, about] = (str(task.severity), str(task.owner), stamp(task.due_at))
        elif task.kind.value in {"return_to_use", "talk_today"}:
            found["tasks"][person.name, task.kind.value, task.about] = stamp(task.due_at)
        if task.done_at is not None:
            found["done"][person.name, task.id] = True


def _milestones(season: Season, person: Person, found: Found) -> None:
    shown = season.own(person, "GET", "milestones").json
    for one in shown["earned"]:
        found["milestones"][person.name, one["run"], one["which"]] = one["on"]
    for one in shown["achieved"]:
        found["achieved"][person.name, one["which"]] = one["on"]
    days = shown["days"]
    found["days"][(person.name,)] = (days["current"], days["longest"], days["total"])


def seen(log: Log) -> Found:
    """Return what the providers took, as the log has it."""
    found: Found = defaultdict(dict)
    for line in log.lines:
        if line["what"] == "taken":
            if line["kind"] in {"check_in", "check_in-weekly"}:
                found["prompts"][line["who"], line["on"], line["kind"]] = "sent"
                found["minutes"].setdefault((line["who"], line["on"], line["kind"]), line["at"][:19])
            for one in line["carries"]:
                on, kind = one.split("#")
                found["celebrations"][line["who"], kind, on] = "told"
    return found
