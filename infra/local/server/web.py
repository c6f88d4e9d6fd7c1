"""The little of HTTP that the servers here share."""

import json
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


class Server(ThreadingHTTPServer):
    """A thread per connection, bound to this machine only."""

    daemon_threads = True
    allow_reuse_address = True
    request_queue_size = 128

    def __init__(self, port: int, handler: type[BaseHTTPRequestHandler]) -> None:
        super().__init__(("127.0.0.1", port), handler)


class Handler(BaseHTTPRequestHandler):
    """Answers with JSON, HTML or bytes; says nothing on the terminal."""

    protocol_version = "HTTP/1.1"
    server_version, sys_version = "cairn-local", ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 (the base class's name)
        """Say nothing: addresses hold tokens."""

    def body(self) -> bytes:
        """Return the request's body."""
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def answer(
        self, status: int, content: bytes | str = b"", *, media_type: str = "", headers: dict[str, str] | None = None
    ) -> None:
        """Send a whole answer."""
        data = content.encode() if isinstance(content, str) else content
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        if media_type:
            self.send_header("Content-Type", media_type)
        if status != HTTPStatus.NO_CONTENT:
            self.send_header("Content-Length", str(len(data)))
        if self.close_connection:
            # Whoever isn't told sends their next request where nobody listens any more.
            self.send_header("Connection", "close")
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(data)

    def answer_json(self, status: int, content: object, *, headers: dict[str, str] | None = None) -> None:
        """Send JSON."""
        self.answer(status, json.dumps(content, ensure_ascii=False), media_type="application/json", headers=headers)
