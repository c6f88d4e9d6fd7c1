"""The doors of crises as a device or a member of staff knows them: where to, what is sent, and what an answer says."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache, partial
from http import HTTPStatus
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from chalicelib.crisis import saying
from tests.simulation.crises.facts import Facts, Held, Press
from tests.simulation.crises.ground import MANGLED, Ground, Told
from tests.simulation.crises.laying import EXPIRED
from tests.simulation.crises.world import Person, World

NOTE = "Written down as it was."
TERMS = {"1d": 86_400.0, "3d": 3 * 86_400.0, "7d": 7 * 86_400.0}


@dataclass(frozen=True, slots=True, kw_only=True)
class Ask:
    """A request."""

    whom: str
    method: str
    path: str
    body: Any = None
    headers: dict[str, str] = field(default_factory=dict)


# -- whoever calls --


def press(call: Press, person: Person, *, staff: str) -> Ask:
    """Return the request that a press of the button is."""
    key = {"key": call.key}
    match call.door:
        case "app":
            return Ask(whom=person.account, method="POST", path="/me/help", body=key)
        case "old_session":
            return Ask(whom=f"{person.account}{EXPIRED}", method="POST", path="/me/help", body=key)
        case "mangled":
            return Ask(whom=f"{MANGLED}{person.account.partition('=')[0]}", method="POST", path="/help", body=key)
        case "staff":
            headers = {"idempotency_key": call.key}
            return Ask(whom=staff, method="POST", path=f"/people/{person.id}/crises", body={}, headers=headers)
        case "nobody":
            named = {"name": "Sam", "phone": "555 0100"} if person.number % 3 else {"programmeId": person.programme}
            return Ask(whom="", method="POST", path="/help", body=key | named)
        case "link" | "old_link":
            link = person.link if call.door == "link" else person.old_link
            form = urlencode({"action": "help", "page": call.key})
            return Ask(whom="", method="POST", path=f"/c/{link}", body=form)
    raise LookupError(call.door)


def look(call: Press, person: Person) -> Ask | None:
    """Return the request by which whoever called sees how far that is."""
    if call.door == "app":
        return Ask(whom=person.account, method="GET", path="/me/crisis")
    taken = call.accepted
    url = (taken.body or {}).get("stateUrl") if taken else None
    return Ask(whom="", method="GET", path="/h/" + url.rpartition("/h/")[2]) if url else None


def answer_of(told: Told) -> Any:
    """Return what an answer says: of a page the stage that its heading tells, and its text."""
    if told.answer is None or not told.answer.text:
        return None
    if "html" not in told.answer.headers.get("Content-Type", ""):
        return told.answer.json
    text = told.answer.text
    heading = re.search(r"<h1>(.*?)</h1>", text, re.DOTALL)
    link = re.search(r'href="([^"]*/h/[^"]+)"', text)
    name = re.search(r"(?:Seen by|La vio) ([A-Z][a-z]+)", text)
    return {
        "stage": _stages().get(heading[1].strip()) if heading else None,
        "by": name[1] if name else None,
        "text": " ".join(re.sub(r"<style.*?</style>|<[^>]+>", " ", text, flags=re.DOTALL).split()),
        "stateUrl": link[1] if link else None,
    }


@cache
def _stages() -> dict[str, str]:
    said = json.loads((Path(saying.__file__).parent / "pages" / "words.json").read_text(encoding="utf-8"))
    return {words[stage]: stage for words in said.values() for stage in ("sent", "acknowledged", "contacted", "over")}


# -- staff --


def board(programme: str, token: str) -> Ask:
    """Return the request for a programme's open crises."""
    return Ask(whom=token, method="GET", path=f"/programmes/{programme}/crises")


def listed(told: Told) -> list[dict[str, Any]]:
    """Return the crises of a list."""
    found = answer_of(told) if told.status == HTTPStatus.OK else None
    return found["items"] if found else []


def read(programme: str, crisis: str, token: str) -> Ask:
    """Return the request for one crisis."""
    return Ask(whom=token, method="GET", path=f"/programmes/{programme}/crises/{crisis}")


def act(what: str, programme: str, crisis: str, token: str, more: dict[str, Any]) -> Ask:
    """Return the request by which a member of staff does something."""
    if what == "follow_up":
        task = more["task"]
        path = f"/people/{task['personId']}/tasks/{task['id']}"
        return Ask(whom=token, method="PUT", path=path, body={"action": "Called them."})
    sent: dict[str, Any] | None = {
        "ack": None,
        "attempt": {"note": NOTE},
        "contact": {"note": NOTE},
        "hand_over": {"to": more.get("to")},
        "decision": {"welfareCheck": more.get("agreed"), "note": NOTE},
        "resolve": {"disposition": more.get("disposition"), "note": NOTE},
        "review": {"agreed": more.get("agreed"), "note": NOTE},
        "reopen": {"note": NOTE},
    }[what]
    door = {"ack": "acknowledge", "attempt": "attempts", "hand_over": "hand-over", "decision": "welfare-check"}
    headers = {"idempotency_key": more["key"]} if "key" in more else {}
    path = f"/programmes/{programme}/crises/{crisis}/{door.get(what, what)}"
    return Ask(whom=token, method="POST", path=path, body=sent, headers=headers)


# -- the end --


def read_all(ground: Ground, world: World, facts: Facts) -> None:
    """Read every crisis with its log, and every task, as staff see them in the end."""
    for crisis, programme in _everything(ground):
        name = programme if programme in world.programmes else world.programmes[0]
        token = world.token(f"dana-{name}")
        shown = ground.do(partial(ground.must, token, "GET", f"/programmes/{name}/crises/{crisis}"))
        facts.crises.append(_held(shown, programme))
    for person in world.people:
        token = world.token(f"dana-{person.programme}")
        if any(one.person_id == person.id for one in facts.crises):
            shown = ground.do(partial(ground.must, token, "GET", f"/people/{person.id}/tasks"))
            facts.tasks[person.id] = [
                one | {"dueAt": _seconds(one["dueAt"]), "doneAt": _seconds(one["doneAt"])} for one in shown["items"]
            ]


def _everything(ground: Ground) -> list[tuple[str, str]]:
    """Return every crisis that there is, and whose it is: the one thing that is read below the doors, none left out."""
    found = []
    for pk, rows in ground.table.held().items():
        if pk.startswith("CRISIS#") and "STATE" in rows:
            found.append((pk.removeprefix("CRISIS#"), json.loads(rows["STATE"]["facts"]["S"])["programme_id"]))
    return sorted(found)


def _held(shown: dict[str, Any], programme: str) -> Held:
    crisis = shown["crisis"]
    log = [
        line
        | {
            "at": _seconds(line["at"]),
            "pressedAt": _seconds(line["call"]["at"]) if line["call"] else None,
            "door": line["call"]["door"] if line["call"] else None,
        }
        for line in shown["log"]
    ]
    return Held(
        id=crisis["id"],
        programme=programme,
        person_id=crisis["personId"],
        state=crisis["state"],
        owner=crisis["owner"]["account"] if crisis["owner"] else None,
        log=log,
    )


def _seconds(text: str | None) -> float | None:
    return datetime.fromisoformat(text).timestamp() if text else None
