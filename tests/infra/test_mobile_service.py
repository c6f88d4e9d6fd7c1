"""The laptop's stand-in for phones: what is published is kept and shown, and a dead endpoint refuses."""

import json
from collections.abc import Iterator
from datetime import timedelta
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, urlencode

import pytest

from chalicelib.outreach.domain import Channel, ChannelKind, Entry, Status
from chalicelib.outreach.links import Links, Signer
from chalicelib.outreach.mobile import MobileSender, Publication
from infra.local.server.inbox import page
from infra.local.server.mobile import Mobile
from infra.local.server.records import Records
from infra.local.server.told import whom
from tests.build import PERSON, a_recipient, utc

NINE = utc("2026-11-25T14:00")


class Emulator(HTTPServer):
    """Takes every request, as the emulator does."""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Taking)
        self.asked: list[dict[str, list[str]]] = []


class Taking(BaseHTTPRequestHandler):
    server: Emulator

    def do_POST(self) -> None:
        self.server.asked.append(parse_qs(self.rfile.read(int(self.headers["Content-Length"])).decode()))
        self.send_response(HTTPStatus.OK)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        return


@pytest.fixture
def emulator() -> Iterator[Emulator]:
    with Emulator() as server:
        thread = Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def records(tmp_path: Path) -> Iterator[Records]:
    kept = Records(tmp_path / "inbox.sqlite3")
    yield kept
    kept.close()


def endpoint(platform: str) -> str:
    return f"arn:aws:sns:us-east-1:000000000000:app/{platform}/cairn/5a"


def publication(platform: str) -> Publication:
    """Return what Cairn publishes for a check-in."""
    sender = MobileSender(
        links=Links(public_url="https://care.example", app_url="https://app.example", signer=Signer(("secret",))),
        sns=None,  # type: ignore[arg-type] # nothing is sent
    )
    entry = Entry(
        person_id=PERSON,
        kind="check_in",
        on=NINE.date(),
        due_at=NINE,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=NINE,
    )
    channel = Channel(id="phone", kind=ChannelKind.MOBILE, address=endpoint(platform), revision=1, usable=True)
    content: Publication = sender.compose(entry, a_recipient(), channel, closes_at=NINE + timedelta(hours=19)).content
    return content


def publish(mobile: Mobile, platform: str, **changes: str) -> tuple[int, bytes]:
    made = publication(platform)
    asked = {"Action": "Publish", "TargetArn": endpoint(platform), "Message": made.message, **changes}
    for number, (name, value) in enumerate(made.attributes.items(), 1):
        asked[f"MessageAttributes.entry.{number}.Name"] = name
        asked[f"MessageAttributes.entry.{number}.Value.StringValue"] = value
    status, _, content = mobile.handle("POST", "/", {}, urlencode(asked).encode())
    return status, content


@pytest.mark.parametrize("platform", ["GCM", "APNS"])
def test_a_push_to_a_phone_is_kept_with_whom_it_is_for(emulator: Emulator, records: Records, platform: str) -> None:
    mobile = Mobile(
        emulator_port=emulator.server_port, records=records, attributes=lambda _: {"Token": "t" * 40, "Enabled": "true"}
    )

    assert publish(mobile, platform) == (200, b"ok")

    (kept,) = records.find(kind="mobile")
    assert (kept["person"], kept["occurrence"]) == (PERSON, f"{PERSON}_2026-11-25_check_in")
    assert kept["subject"]
    assert kept["payload"]["url"].startswith("https://care.example/c/")
    assert len(emulator.asked) == 1
    shown = page([kept], search="", kind="", zone_of=lambda person: "America/New_York" if person == PERSON else None)
    assert "America/New_York" in shown
    assert PERSON in shown


def test_a_phone_without_the_app_refuses_as_aws_would(emulator: Emulator, records: Records) -> None:
    mobile = Mobile(
        emulator_port=emulator.server_port, records=records, attributes=lambda _: {"Token": "t", "Enabled": "false"}
    )

    status, content = publish(mobile, "GCM")

    assert (status, b"<Code>EndpointDisabled</Code>" in content) == (400, True)
    assert records.find() == []
    assert emulator.asked == []


def test_what_is_no_push_is_only_passed_on(emulator: Emulator, records: Records) -> None:
    mobile = Mobile(emulator_port=emulator.server_port, records=records, attributes=lambda _: None)

    mobile.handle("POST", "/", {}, urlencode({"Action": "GetEndpointAttributes", "EndpointArn": "e"}).encode())

    assert records.find() == []
    assert emulator.asked == [{"Action": ["GetEndpointAttributes"], "EndpointArn": ["e"]}]


@pytest.mark.parametrize(
    "payload",
    [{}, {"url": "https://care.example/"}, {"url": 7}, {"url": "https://care.example/c/WzFd.x"}, {"url": "é"}],
)
def test_a_payload_that_says_nothing_is_for_nobody_known(payload: dict[str, Any]) -> None:
    assert whom(payload) == ("", "")


def test_a_long_token_is_read_too() -> None:
    long_kind = "notice-" + "a" * 300
    text = json.loads(json.dumps({"url": _link(long_kind)}))

    assert whom(text) == (PERSON, f"{PERSON}_2026-11-25_{long_kind}")


def _link(kind: str) -> str:
    entry = Entry(
        person_id=PERSON,
        kind=kind,
        on=NINE.date(),
        due_at=NINE,
        status=Status.CLAIMED,
        attempt=1,
        claimed_at=NINE,
    )
    channel = Channel(id="phone", kind=ChannelKind.PUSH, address="a", revision=1, usable=True)
    links = Links(public_url="https://care.example", app_url="https://app.example", signer=Signer(("secret",)))
    return links.receipt(entry, channel, expires_at=NINE)
