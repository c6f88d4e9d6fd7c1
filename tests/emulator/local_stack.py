"""A whole Cairn on this computer for the tests: what `make run` starts, driven by the commands that people use."""

import csv
import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import boto3
import urllib3

ROOT = Path(__file__).parents[2]
ROSTER = ROOT / "infra" / "local" / "data" / "roster.csv"
OPERATOR = "operator@staff.cairn.example"
"""The demo's admin and case manager of all of its programmes."""

READY_WITHIN = 300.0
STOPPED_WITHIN = 90.0
COMMAND_WITHIN = 180.0
SHOWN_OF_LOG = 6000


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back over HTTP."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def text(self) -> str:
        return self.body.decode()

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def problem(self) -> str:
        """The last part of the problem's type; fails if this is no RFC 9457 problem of the answer's own status."""
        assert self.headers["Content-Type"].partition(";")[0] == "application/problem+json", self
        told = self.json
        assert {"type", "title", "status", "detail", "instance"} <= set(told), told
        assert told["status"] == self.status
        assert told["instance"]
        return str(told["type"]).removeprefix("urn:cairn:problem:")


@dataclass(slots=True)
class Stack:
    """The running stack. Its clock only ever goes on, but for moments in which the tick stands still."""

    folder: Path
    found: dict[str, Any]
    _tokens: dict[tuple[str, ...], str] = field(default_factory=dict)
    _http: urllib3.PoolManager = field(default_factory=lambda: urllib3.PoolManager(retries=False, timeout=60))

    @property
    def api(self) -> str:
        return str(self.found["api"])

    @property
    def inbox(self) -> str:
        return str(self.found["inbox"])

    def command(self, name: str, *arguments: str) -> str:
        """Run one of the project's commands on this stack and return what it printed."""
        done = subprocess.run(  # noqa: S603 (a command of ours)
            [sys.executable, "-m", f"infra.local.{name}", *arguments],
            cwd=ROOT,
            env=environment(self.folder),
            capture_output=True,
            text=True,
            timeout=COMMAND_WITHIN,
            check=False,
        )
        assert done.returncode == 0, done.stdout + done.stderr
        return done.stdout.strip()

    def play(self, start: datetime, end: datetime) -> str:
        """Let the stack's time go from ``start`` to ``end``, as `make day` does."""
        return self.command("day", "--from", start.isoformat(), "--to", end.isoformat())

    def now(self) -> datetime:
        """Return what time it is for the stack."""
        ahead = timedelta(seconds=float((self.folder / "clock").read_text()))
        return datetime.now(UTC) + ahead  # noqa: TID251 (the stack adds its offset to the real time)

    @contextmanager
    def at(self, instant: datetime) -> Iterator[None]:
        """Make it ``instant`` for those who ask, while no tick runs; then it is again what it was."""
        clock = Path(self.found["clock"])
        before = clock.read_text()
        events = self.aws("events")
        rules = [rule["Name"] for rule in events.list_rules()["Rules"] if rule.get("ScheduleExpression")]
        assert rules, "the tick has no rule"
        try:
            for rule in rules:
                events.disable_rule(Name=rule)
            move_clock(clock, instant)
            yield
        finally:
            clock.write_text(before)
            for rule in rules:
                events.enable_rule(Name=rule)
            events.close()

    def token(self, role: str, programme: str = "iop-evening") -> str:
        """Return an access token of the demo's sign-in for a role, as `make token` prints it."""
        return self._token("--role", role, "--programme", programme)

    def token_of(self, external_id: str) -> str:
        """Return an access token of somebody on the roster."""
        return self._token("--person", external_id)

    def _token(self, *arguments: str) -> str:
        if arguments not in self._tokens:
            self._tokens[arguments] = self.command("sign_in", *arguments)
        return self._tokens[arguments]

    def sign_in(self, address: str) -> dict[str, str]:
        """Return all that Cognito gives at sign-in: access, id and refresh token."""
        password = json.loads((self.folder / "sign-ins.json").read_text())["password"]
        cognito = self.aws("cognito-idp")
        answer = cognito.initiate_auth(
            ClientId=self.found["client_id"],
            AuthFlow="USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": address, "PASSWORD": password},
        )
        cognito.close()
        given: dict[str, str] = answer["AuthenticationResult"]
        return given

    def aws(self, service: str) -> Any:
        """Return a client of the emulator."""
        return boto3.client(
            service,  # type: ignore[call-overload]
            endpoint_url=self.found["aws"],
            region_name="us-east-1",
            aws_access_key_id="test",
            aws_secret_access_key="test",
        )

    def call(
        self,
        method: str,
        path: str,
        *,
        token: str | None = None,
        json_: Any = None,
        body: bytes | str | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Answer:
        """Ask the public address; ``path`` may be a whole link of a message."""
        sent = dict(headers or {})
        if token is not None:
            sent["Authorization"] = f"Bearer {token}"
        if json_ is not None:
            body = json.dumps(json_)
            sent.setdefault("Content-Type", "application/json")
        where = path if path.startswith("http") else self.api + path
        answer = self._http.request(method, where, body=body, headers=sent, redirect=False)
        return Answer(answer.status, answer.headers, answer.data)

    def everything(self, path: str, *, token: str) -> list[dict[str, Any]]:
        """Return the items of all pages of a list."""
        items: list[dict[str, Any]] = []
        following: str | None = path
        while following:
            page = self.call("GET", following, token=token)
            assert page.status == 200, page
            items += page.json["items"]
            following = page.json["next"]
        return items

    def submit(self, link: str, **fields: str) -> Answer:
        """Send the form of a page that a link leads to."""
        headers = {"Content-Type": "application/x-www-form-urlencoded"}
        return self.call("POST", link, body=urlencode({"action": "answer", **fields}), headers=headers)

    def messages(self, **asked: str) -> list[dict[str, Any]]:
        """Return what the inbox holds, newest first."""
        answer = self._http.request("GET", f"{self.inbox}/messages?{urlencode({'limit': '10000', **asked})}")
        found: list[dict[str, Any]] = json.loads(answer.data)["messages"]
        return found

    def message(self, number: int) -> dict[str, Any]:
        """Return one message with its raw form and what was reported about it."""
        found: dict[str, Any] = json.loads(self._http.request("GET", f"{self.inbox}/messages/{number}").data)
        return found

    def waiting_in(self, queue: str) -> int:
        """Return how many messages a queue holds, also those that are delayed or being worked on."""
        names = ["", "Delayed", "NotVisible"]
        names = [f"ApproximateNumberOfMessages{name}" for name in names]
        sqs = self.aws("sqs")
        found = sqs.get_queue_attributes(QueueUrl=self.found[queue], AttributeNames=names)["Attributes"]
        sqs.close()
        return sum(int(number) for number in found.values())

    def close(self) -> None:
        self._http.clear()


def environment(folder: Path) -> dict[str, str]:
    """Return what a command needs to work on the stack of this folder."""
    return {**os.environ, "CAIRN_LOCAL_DIR": str(folder), "PYTHONUNBUFFERED": "1"}  # noqa: TID251 (handed on whole)


def move_clock(file: Path, instant: datetime) -> None:
    """Make it ``instant`` now, to the second, for the stack whose clock this is."""
    file.write_text(str(round((instant - datetime.now(UTC)).total_seconds())))  # noqa: TID251 (an offset from real time)


def start(folder: Path) -> tuple[subprocess.Popen[bytes], Stack]:
    """Bring a stack up in this folder; fails with the end of its log if it doesn't come up."""
    emulator = ROOT / ".venv-emulator" / "bin" / "python"
    assert emulator.exists(), "The AWS emulator isn't installed: run `make environments`, then try again."
    log = folder / "run.log"
    with log.open("wb") as out:
        process = subprocess.Popen(
            [sys.executable, "-m", "infra.local.run"],
            cwd=ROOT,
            env=environment(folder),
            stdin=subprocess.DEVNULL,
            stdout=out,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    until = time.monotonic() + READY_WITHIN
    while process.poll() is None and time.monotonic() < until:
        if "\nready after" in log.read_text():
            return process, Stack(folder, json.loads((folder / "endpoints.json").read_text()))
        time.sleep(0.2)
    stop(process)
    logs = [log, *sorted((folder / "logs").glob("*.log"))]
    ends = "\n".join(f"--- {file.name}\n{file.read_text(errors='replace')[-SHOWN_OF_LOG:]}" for file in logs)
    raise AssertionError(f"The stack didn't come up.\n{ends}")


def stop(process: subprocess.Popen[bytes]) -> None:
    """Ask the stack to stop, as Ctrl-C does, and wait for it."""
    if process.poll() is None:
        process.send_signal(signal.SIGTERM)
    try:
        process.wait(STOPPED_WITHIN)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
        raise


def link_of(message: Mapping[str, Any]) -> str:
    """Return the link that a message is about; the one at its foot, for getting less, isn't."""
    if message["kind"] != "email":
        return str(message["payload"]["url"])
    words = str(message["text"]).split()
    lines = [word for word in words if word.startswith("http") and not urlsplit(word).path.startswith("/u/")]
    assert len(lines) == 1, message["text"]
    return lines[0]


def is_check_in(message: Mapping[str, Any]) -> bool:
    """Say whether a message asks for a check-in; the devices' own confirmations are in the inbox too."""
    where = message["payload"].get("url", "") if message["kind"] != "email" else link_of(message)
    return urlsplit(where).path.startswith("/c/")


def roster() -> list[dict[str, str]]:
    """Return the rows of the shipped roster, each with its line."""
    with ROSTER.open(encoding="utf-8-sig", newline="") as file:
        return [{**row, "line": str(line)} for line, row in enumerate(csv.DictReader(file), start=2)]
