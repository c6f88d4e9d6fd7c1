"""
Stands in for DynamoDB, SQS and SES over HTTP on 127.0.0.1, so that Cairn's clients do all of their own work.

The table is memory.py's. Of SQS it knows what the tick sends, and hands it out as Lambda's runtime interface would:
``GET /next`` answers with one event. Mail is taken as soon as its line is written to the file ``BENCH_TAKEN``, and
answered after ``BENCH_PROVIDER_MS``.
"""

import asyncio
import json
import os
import sys
from collections import deque
from typing import Any

from tests.benchmarks.memory import Failed, Table

PROVIDER_SECONDS = float(os.environ.get("BENCH_PROVIDER_MS", "0")) / 1000


class Services:
    """What the three services hold."""

    def __init__(self) -> None:
        self.table = Table()
        self.queue: deque[str] = deque()
        self.taken = os.open(os.environ.get("BENCH_TAKEN", os.devnull), os.O_WRONLY | os.O_APPEND | os.O_CREAT, 0o600)
        self.mails = 0

    def answer(self, path: str, target: str, body: bytes) -> tuple[int, dict[str, Any], float]:  # noqa: PLR0911 (a table of doors)
        """Return status, answer, and the seconds to wait before it is given."""
        asked = json.loads(body) if body else {}
        service, _, operation = target.partition(".")
        if service == "DynamoDB_20120810":
            try:
                return 200, self.table.call(operation, asked), 0
            except Failed as failed:
                kind = f"com.amazonaws.dynamodb.v20120810#{failed.code}"
                return 400, {"__type": kind, "message": str(failed), **failed.more}, 0
        if service == "AmazonSQS":
            return 200, self._queue(operation, asked), 0
        if service == "secretsmanager":
            return 200, {"SecretString": os.environ["BENCH_SECRET"]}, 0
        if path == "/v2/email/account":
            return 200, {"SendQuota": {"MaxSendRate": 1_000_000.0}}, 0
        if path == "/v2/email/outbound-emails":
            return 200, self._mail(asked), PROVIDER_SECONDS
        if path == "/load":
            self.table.load(iter(asked))
            return 200, {}, 0
        if path.startswith("/next"):
            batch = int(path.rpartition("=")[2])
            bodies = [self.queue.popleft() for _ in range(min(batch, len(self.queue)))]
            records = [
                {"messageId": f"m{number}", "body": text, "attributes": {"ApproximateReceiveCount": "1"}}
                for number, text in enumerate(bodies)
            ]
            return 200, {"Records": records}, 0
        return 404, {}, 0

    def _queue(self, operation: str, asked: dict[str, Any]) -> dict[str, Any]:
        if operation == "GetQueueAttributes":
            return {"Attributes": {"ApproximateNumberOfMessages": "0"}}
        entries = asked.get("Entries") or [{"Id": "0", "MessageBody": asked["MessageBody"]}]
        if "sweep" not in asked["QueueUrl"]:
            self.queue.extend(entry["MessageBody"] for entry in entries)
        return {"Successful": [{"Id": e["Id"], "MessageId": e["Id"], "MD5OfMessageBody": ""} for e in entries]}

    def _mail(self, asked: dict[str, Any]) -> dict[str, Any]:
        self.mails += 1
        name = next(tag["Value"] for tag in asked["EmailTags"] if tag["Name"] == "occurrence")
        os.write(self.taken, f"{name}\n".encode())
        return {"MessageId": f"provider-{self.mails:08}"}


class Connection(asyncio.Protocol):
    """One client: requests one after the other, bodies of a length told beforehand."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._waiting = b""
        self._out: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._out = transport  # type: ignore[assignment]

    def data_received(self, data: bytes) -> None:
        """Take what came; answer each request that is whole."""
        self._waiting += data
        while (end := self._waiting.find(b"\r\n\r\n")) >= 0:
            lines = self._waiting[:end].decode("latin-1").split("\r\n")
            headers = {name.lower(): value.strip() for name, _, value in (line.partition(":") for line in lines[1:])}
            whole = end + 4 + int(headers.get("content-length", 0))
            if len(self._waiting) < whole:
                if "100-continue" in headers.get("expect", "") and self._out:
                    self._out.write(b"HTTP/1.1 100 Continue\r\n\r\n")
                return
            body, self._waiting = self._waiting[end + 4 : whole], self._waiting[whole:]
            self._one(lines[0].split(" ")[1], headers.get("x-amz-target", ""), body)

    def _one(self, path: str, target: str, body: bytes) -> None:
        status, answer, late = self._services.answer(path, target, body)
        text = json.dumps(answer).encode()
        kind = "application/json" if path.startswith("/v2/") else "application/x-amz-json-1.0"
        head = f"HTTP/1.1 {status} OK\r\nContent-Type: {kind}\r\nContent-Length: {len(text)}\r\n\r\n".encode()
        if late:
            asyncio.get_running_loop().call_later(late, self._give, head + text)
        else:
            self._give(head + text)

    def _give(self, answer: bytes) -> None:
        if self._out and not self._out.is_closing():
            self._out.write(answer)


async def serve(port: int) -> None:
    """Serve until the process is ended."""
    services = Services()
    server = await asyncio.get_running_loop().create_server(lambda: Connection(services), "127.0.0.1", port)
    await server.serve_forever()


if __name__ == "__main__":
    asyncio.run(serve(int(sys.argv[1])))
