"""Cairn's API as a client of it sees it: JSON over the public address."""

import json
import secrets
import time
import urllib.error
import urllib.request
from http import HTTPStatus
from typing import Any

TRIES = 5
Json = Any


class Unexpected(Exception):
    """The API answered with an error."""

    def __init__(self, status: int, content: str) -> None:
        super().__init__(f"{status}: {content[:500]}")
        self.status = status


class Api:
    """Calls made with one access token."""

    def __init__(self, address: str, token: str) -> None:
        self._address = address
        self._token = token

    def call(self, method: str, path: str, content: Json = None, *, media_type: str = "application/json") -> Json:
        """
        Return the answer's JSON, None if it has no body. Waits when it is told that it is too many.

        :raises Unexpected: on an error
        """
        data = (
            content.encode() if isinstance(content, str) else None if content is None else json.dumps(content).encode()
        )
        headers = {"Authorization": f"Bearer {self._token}", "Content-Type": media_type}
        if method == "POST":
            # The same key for each try: a repetition must not create twice.
            headers["Idempotency-Key"] = secrets.token_hex(16)
        for left in reversed(range(TRIES)):
            request = urllib.request.Request(self._address + path, data=data, headers=headers, method=method)  # noqa: S310
            try:
                with urllib.request.urlopen(request, timeout=60) as answer:  # noqa: S310 (our own address)
                    text = answer.read()
                    return json.loads(text) if text else None
            except urllib.error.HTTPError as error:
                busy = error.code in {
                    HTTPStatus.TOO_MANY_REQUESTS,
                    HTTPStatus.BAD_GATEWAY,
                    HTTPStatus.SERVICE_UNAVAILABLE,
                }
                if not busy or not left:
                    raise Unexpected(error.code, error.read().decode(errors="replace")) from error
                time.sleep(0.5 * (TRIES - left))
        raise AssertionError

    def people(self, programme: str) -> list[dict[str, Any]]:
        """Return all people of a programme."""
        found: list[dict[str, Any]] = []
        following = f"/programmes/{programme}/people?limit=100"
        while following:
            page = self.call("GET", following)
            found += page["items"]
            following = (page.get("next") or "").removeprefix(self._address)
        return found
