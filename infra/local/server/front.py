"""
The public address: stands before the API's stage as a custom domain would.

The emulator's gateway takes bodies of any size; this one holds to API Gateway's limits, which decide what clients see.
"""

import http.client
import json
import threading
import uuid
from http import HTTPStatus
from urllib.parse import SplitResult, urlsplit

from infra.local.server.web import Handler
from infra.package import GATEWAY_PROBLEMS

LONGEST_BODY = 10 * 1024 * 1024
"""API Gateway's quota for a REST API's payload."""

AT_ONCE = 4
"""Requests under way at a time; more wait. Each would start a process of its own, and a laptop has few cores."""

# RFC 9110 7.6.1: these belong to one connection.
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade", "content-length"}
)
_CHUNK = 65536


class Front(Handler):
    """Passes every request on to the stage."""

    target: SplitResult
    free: threading.BoundedSemaphore

    def _pass_on(self) -> None:
        length = int(self.headers.get("Content-Length") or 0)
        if length > LONGEST_BODY or self.headers.get("Transfer-Encoding"):
            self._too_large(length)
            return
        with self.free:
            self._exchange(length)

    def _exchange(self, length: int) -> None:
        upstream = http.client.HTTPConnection(self.target.hostname or "", self.target.port, timeout=35)
        try:
            upstream.putrequest(self.command, self.target.path + self.path, skip_host=True, skip_accept_encoding=True)
            for name, value in self.headers.items():
                if name.lower() not in _HOP_BY_HOP and name.lower() != "expect":
                    upstream.putheader(name, value)
            if length or self.command in {"POST", "PUT", "PATCH"}:
                upstream.putheader("Content-Length", str(length))
            upstream.endheaders()
            while length:
                chunk = self.rfile.read(min(_CHUNK, length))
                if not chunk:
                    break
                length -= len(chunk)
                upstream.send(chunk)
            answer = upstream.getresponse()
            content = answer.read()
            self.send_response_only(answer.status)
            for name, value in answer.getheaders():
                if name.lower() not in _HOP_BY_HOP:
                    self.send_header(name, value)
            if answer.status not in {HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED}:
                size = answer.getheader("Content-Length") if self.command == "HEAD" else len(content)
                self.send_header("Content-Length", str(size or 0))
            self.end_headers()
            self.wfile.write(content)
        except (OSError, http.client.HTTPException):
            self.close_connection = True
            self.answer(HTTPStatus.BAD_GATEWAY, "The stack isn't running.\n", media_type="text/plain")
        finally:
            upstream.close()

    def _too_large(self, length: int) -> None:
        # Read what comes anyway, to a point: a client that is cut off while sending never sees the answer.
        for _ in range(0, min(length, 4 * LONGEST_BODY), _CHUNK):
            if not self.rfile.read(min(_CHUNK, length)):
                break
            length -= _CHUNK
        status, kind, detail = GATEWAY_PROBLEMS["REQUEST_TOO_LARGE"]
        problem = {
            "type": f"urn:cairn:problem:{kind}",
            "title": "Too large",
            "status": status,
            "detail": detail,
            "instance": str(uuid.uuid4()),
        }
        self.close_connection = True
        self.answer(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, json.dumps(problem), media_type="application/problem+json")

    do_GET = do_HEAD = do_POST = do_PUT = do_PATCH = do_DELETE = do_OPTIONS = _pass_on  # noqa: N815


def front(stage_url: str) -> type[Front]:
    """Return a handler that passes every request on to this address."""
    settled = {"target": urlsplit(stage_url), "free": threading.BoundedSemaphore(AT_ONCE)}
    return type("FrontOfStage", (Front,), settled)
