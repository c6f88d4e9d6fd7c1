"""A page at an address of its own, for a real browser, however it is made."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """What is answered."""

    status: int
    headers: Mapping[str, str]
    text: str


Answer = Callable[[str, str, str | None, Mapping[str, str]], Told]
"""Answers a method, a path, what was sent, and headers."""


@contextmanager
def served(answer: Answer) -> Iterator[str]:
    """Serve at 127.0.0.1 while the context lasts; give the origin."""

    class Door(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self._answer("GET", None)

        def do_POST(self) -> None:
            self._answer("POST", self.rfile.read(int(self.headers["Content-Length"])).decode())

        def _answer(self, method: str, sent: str | None) -> None:
            told = answer(method, self.path, sent, dict(self.headers))
            body = told.text.encode()
            self.send_response(told.status)
            for name, value in {**told.headers, "Content-Length": str(len(body))}.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Door)
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.server_address[1]}"
    server.shutdown()
    server.server_close()
    thread.join()
