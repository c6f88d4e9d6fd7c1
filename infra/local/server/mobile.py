"""
SNS as Cairn's functions see it, and the phones behind it.

Requests go on to the emulator unchanged. It takes every push and brings none, so what was published is kept here for
the inbox, an endpoint that is disabled refuses as AWS's would, and the app on the phone does what a browser does.
"""

import json
import threading
import time
from collections.abc import Callable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qs
from xml.sax.saxutils import escape

from infra.local.places import stack_now
from infra.local.server.passing import pass_on
from infra.local.server.push import arrive
from infra.local.server.records import Records
from infra.local.server.told import whom

Attributes = Callable[[str], dict[str, str] | None]
"""Returns what the emulator keeps about an endpoint; None if there is none."""


class Mobile:
    """Passes requests on, keeps pushes, and lets phones answer."""

    def __init__(self, *, emulator_port: int, records: Records, attributes: Attributes) -> None:
        self._port = emulator_port
        self._records = records
        self._attributes = attributes

    def handle(self, method: str, path: str, headers: dict[str, str], body: bytes) -> tuple[int, dict[str, str], bytes]:
        """Pass a request of the SNS API on and return the answer."""
        asked = {name: found[-1] for name, found in parse_qs(body.decode()).items()}
        endpoint = asked.get("TargetArn", "")
        publishes = asked.get("Action") == "Publish" and bool(endpoint)
        known = self._attributes(endpoint) if publishes else None
        if known is not None and known.get("Enabled") == "false":
            return _refusal("EndpointDisabled", "Endpoint is disabled")
        status, answered, content = pass_on(self._port, method, path, headers, body)
        if publishes and status == HTTPStatus.OK:
            self._keep(endpoint, asked, known or {})
        return status, answered, content

    def _keep(self, endpoint: str, asked: dict[str, str], known: dict[str, str]) -> None:
        platform = endpoint.split(":")[5].split("/")[1]
        whole = json.loads(asked["Message"])
        payload = json.loads(whole.get(platform, "{}"))
        title, text, data = shown(platform, payload)
        person, occurrence = whom(data)
        attributes = {
            asked[f"MessageAttributes.entry.{number}.Name"]: asked[
                f"MessageAttributes.entry.{number}.Value.StringValue"
            ]
            for number in range(1, 11)
            if f"MessageAttributes.entry.{number}.Name" in asked
        }
        self._records.add(
            {
                "kind": "mobile",
                "at": stack_now().isoformat(timespec="milliseconds"),
                "realAt": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
                "to": f"{platform} {known.get('Token', '')[:20]}",
                "person": person or known.get("CustomUserData", ""),
                "subject": title,
                "occurrence": occurrence,
                "payload": {"title": title, "body": text, **data},
                "sent": payload,
                "headers": [[name, value] for name, value in sorted(attributes.items())],
                "subscription": endpoint,
                "bytes": len(whole.get(platform, "").encode()),
            }
        )
        threading.Thread(target=arrive, args=(data,), daemon=True).start()


def shown(platform: str, payload: dict[str, Any]) -> tuple[str, str, dict[str, Any]]:
    """Return the title and the text that a phone shows of a push, and what it hands to the app."""
    if platform == "GCM":
        message = payload.get("fcmV1Message", {}).get("message", {})
        notification = message.get("notification", {})
        return str(notification.get("title", "")), str(notification.get("body", "")), dict(message.get("data", {}))
    alert = payload.get("aps", {}).get("alert", {})
    data = {name: value for name, value in payload.items() if name != "aps"}
    return str(alert.get("title", "")), str(alert.get("body", "")), data


def _refusal(code: str, message: str) -> tuple[int, dict[str, str], bytes]:
    text = f"<Error><Type>Sender</Type><Code>{code}</Code><Message>{escape(message)}</Message></Error>"
    whole = f'<ErrorResponse xmlns="http://sns.amazonaws.com/doc/2010-03-31/">{text}</ErrorResponse>'
    return HTTPStatus.BAD_REQUEST, {"Content-Type": "text/xml"}, whole.encode()
