"""What a fresh stack needs to be of use: a verified sender, sign-ins, the demo's programmes, roster and devices."""

import json
import time
from collections.abc import Callable
from contextlib import suppress
from http import HTTPStatus
from typing import Any

from infra.keys import AwsClient
from infra.local import devices
from infra.local.api import Api, Unexpected
from infra.local.oracle import ROSTER
from infra.local.people import OPERATOR, PROGRAMMES, ROLES, SignIns, address_of
from infra.local.places import LOCAL
from infra.local.stack import FROM_ADDRESS

DONE = LOCAL / "seeded.json"
LONGEST_IMPORT = 300.0


def sender(ses: AwsClient) -> None:
    """Verify the domain that Cairn's email comes from; the emulator believes it at once."""
    with suppress(ses.exceptions.AlreadyExistsException):
        ses.create_email_identity(EmailIdentity=FROM_ADDRESS.partition("@")[2])


def demo(found: dict[str, Any], sign_ins: SignIns, say: Callable[[str], None]) -> None:
    """Make the sign-ins, programmes and people of the demo, unless an earlier run of this stack did."""
    if DONE.exists():
        say(f"the demo's roster is there: {json.loads(DONE.read_text())}")
        return
    for role in ROLES:
        sign_ins.make(address_of(role, PROGRAMMES[0]), programme=PROGRAMMES[0], role=role)
    for programme in PROGRAMMES:
        for role in ("program-admin", "case-manager"):
            sign_ins.make(OPERATOR, programme=programme, role=role)
    say("there is a sign-in for each role")
    api = Api(found["api"], sign_ins.token(OPERATOR))
    for programme in PROGRAMMES:
        _programme(api, programme)
    say(f"there are {len(PROGRAMMES)} programmes")
    counts = _import(api, say)
    made = devices.register(found, sign_ins, say)
    DONE.write_text(json.dumps({**counts, "devices": made}))


def _programme(api: Api, programme: str) -> None:
    try:
        api.call("POST", "/programmes", {"id": programme, "name": programme.removeprefix("iop-").capitalize()})
    except Unexpected as error:
        if error.status != HTTPStatus.CONFLICT:
            raise


def _import(api: Api, say: Callable[[str], None]) -> dict[str, int]:
    job = api.call("POST", "/imports", ROSTER.read_text(encoding="utf-8"), media_type="text/csv")
    until = time.monotonic() + LONGEST_IMPORT
    shown = ""
    while job["status"] != "done":
        if time.monotonic() > until:
            raise SystemExit(f"the roster is not in after five minutes: {job['says']}")
        if shown != job["says"]:
            say(shown := job["says"])
        time.sleep(0.5)
        job = api.call("GET", f"/imports/{job['id']}")
    counts = {name: job[name] for name in ("rows", "enrolled", "unchanged", "refused")}
    say(f"the roster is in: {counts}")
    return counts
